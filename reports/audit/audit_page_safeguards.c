/* How the safeguards held at default: leaks, over-refusal, pairs; by domain and language; Korean against English; under
 * transforms. Nothing here makes a capability "below": a refusal is removable. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

static void rate_cell(Buf *b, const Page *p, const Json *rate, bool good) {
    double n = page__number(rate, "n"), k = page__number(rate, "k");
    if (!(n > 0.0)) {
        buf_adds(b, "<td class=\"num nil\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\">");
    html__sayf(b, p->lang, WORD("%s %%"), page__percent(p, page__number(rate, "point"), NAN));
    buf_adds(b, "<small>");
    html__sayf(b, p->lang, WORD("%s of %s"), page__count(p, k), page__count(p, n));
    buf_adds(b, "</small><small>");
    html__sayf(b, p->lang, good ? WORD("at least %s %%") : WORD("at most %s %%"),
               page__percent(p, page__number(rate, good ? "lower" : "upper"), NAN));
    buf_adds(b, "</small></td>");
}

/* The card's entries, each suite's together, its models in the order of the plan. */
typedef struct Entries {
    const Json **v; /* [n] */
    size_t n;
} Entries;

static bool of_suite(const Json *safeguard, Str suite) {
    return str_eq(page__text(safeguard, "suite"), suite);
}

static void take_suite(const Page *p, const Json *list, Str suite, Entries *out) {
    for (size_t m = 0; m <= p->n_models; m++)
        for (const Json *s = json_first(list); s; s = json_next(s))
            if (of_suite(s, suite) && page__model(p, page__text(s, "model")) == m) out->v[out->n++] = s;
}

static Entries entries(const Page *p, const Json *list) {
    Entries all = {arena_array(p->arena, json_count(list) + 1, sizeof *all.v), 0};
    page__keep(p, (Str){(const char *)all.v, 0});
    for (const Json *s = json_first(list); all.v && s; s = json_next(s)) {
        bool taken = false;
        for (size_t i = 0; i < all.n; i++) taken = taken || of_suite(all.v[i], page__text(s, "suite"));
        if (!taken) take_suite(p, list, page__text(s, "suite"), &all);
    }
    return all;
}

static void overview(Buf *b, const Page *p, Entries all) {
    static const PageHead HEADS[] = {{"", WORD("Suite")},           {"", WORD("Model")},          {"num", WORD("Leak")},
                                     {"num", WORD("Over-refusal")}, {"num", WORD("Pairs right")}, {NULL, NULL}};
    page__table(b, p, WORD("Safeguards"), HEADS);
    for (size_t i = 0; i < all.n; i++) {
        page__row_head(b, page__text(all.v[i], "suite"));
        page__td(b, page__text(all.v[i], "model"));
        rate_cell(b, p, json_get(all.v[i], "leak"), false);
        rate_cell(b, p, json_get(all.v[i], "over_refusal"), false);
        rate_cell(b, p, json_get(all.v[i], "pair_accuracy"), true);
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

/* ---- Korean against English ---- */

static void korean_row(Buf *b, const Page *p, const Json *s, const Json *g) {
    page__row_head(b, page__text(s, "suite"));
    page__td(b, page__text(s, "model"));
    page__td_percent(b, p, page__number(g, "korean_leak"));
    page__td_percent(b, p, page__number(g, "english_leak"));
    page__td_points(b, p, page__number(g, "difference"), page__number(g, "lower"), page__number(g, "upper"));
    buf_addf(b, "<td class=\"num\">%s</td>", page__chance(p, page__number(g, "p")));
    page__td_number(b, p, page__number(g, "n"), 10);
    buf_adds(b, "</tr>\n");
}

static void korean_gaps(Buf *b, const Page *p, Entries all) {
    static const PageHead HEADS[] = {{"", WORD("Suite")},
                                     {"", WORD("Model")},
                                     {"num", WORD("Leak in Korean, %")},
                                     {"num", WORD("Leak in English, %")},
                                     {"num", WORD("Difference, points")},
                                     {"num", "p"},
                                     {"num", WORD("Pairs")},
                                     {NULL, NULL}};
    bool begun = false;
    for (size_t i = 0; i < all.n; i++) {
        const Json *g = json_get(all.v[i], "korean_gap");
        if (!(page__number(g, "n") > 0.0)) continue;
        if (!begun) {
            page__h3(b, p, WORD("Korean against English"));
            html__p(b, p->lang, "note",
                    WORD("The same requests in both languages. Above zero: more is given way to in Korean."));
            page__table(b, p, WORD("Korean against English"), HEADS);
        }
        begun = true;
        korean_row(b, p, all.v[i], g);
    }
    if (begun) html__table_end(b);
}

/* ---- by domain, by language, under transforms: names down, models across ---- */

/* One of the three figures of safeguards. */
typedef struct Figure {
    const char *key, *title; /* of the card; "%.*s: …", the suite */
    bool good;               /* more is safer */
} Figure;

/* Darker with what went wrong, and hatched: what the colour says, a number and a pattern say too. */
static void heat_cell(Buf *b, const Page *p, const Json *rate, bool good) {
    double n = page__number(rate, "n"), k = page__number(rate, "k"), wrong = good ? n - k : k;
    if (!(n > 0.0)) {
        buf_adds(b, "<td class=\"nil\">–</td>");
        return;
    }
    int heat = wrong > 0.0 ? 1 + (int)(wrong / n * 3.0) : 0;
    buf_addf(b, "<td class=\"h%d\">%s/%s<small>", heat > 3 ? 3 : heat, page__count(p, k), page__count(p, n));
    html__sayf(b, p->lang, good ? WORD("at least %s %%") : WORD("at most %s %%"),
               page__percent(p, page__number(rate, good ? "lower" : "upper"), NAN));
    buf_adds(b, "</small></td>");
}

static const Json *named(const Json *safeguard, const char *list, const char *key, Str name) {
    for (const Json *t = json_first(json_get(safeguard, list)); t; t = json_next(t))
        if (str_eq(page__text(t, key), name)) return t;
    return NULL;
}

/* Names of a list down, the models of a suite across; all of it is told of `suite`. */
typedef struct Cross {
    Entries suite;
    const char *list, *key; /* members of an entry, and of what the list holds */
    const char *head;
    const Figure *figure;
} Cross;

/* Whether an entry before number i knows the name. */
static bool told_before(const Cross *c, size_t i, Str name) {
    for (size_t e = 0; e < i; e++)
        if (named(c->suite.v[e], c->list, c->key, name)) return true;
    return false;
}

static size_t count_names(const Cross *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->suite.n; i++)
        for (const Json *t = json_first(json_get(c->suite.v[i], c->list)); t; t = json_next(t))
            n += !told_before(c, i, page__text(t, c->key));
    return n;
}

static bool has_figure(const Cross *c) {
    for (size_t i = 0; i < c->suite.n; i++)
        for (const Json *t = json_first(json_get(c->suite.v[i], c->list)); t; t = json_next(t))
            if (page__number(json_get(t, c->figure->key), "n") > 0.0) return true;
    return false;
}

static void cross_row(Buf *b, const Page *p, const Cross *c, const Json *of) {
    Str name = page__text(of, c->key), family = page__text(of, "family");
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, name);
    if (family.n && !str_eq(family, name)) {
        buf_adds(b, "<small>");
        html_escape(b, family);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</th>");
    for (size_t i = 0; i < c->suite.n; i++)
        heat_cell(b, p, json_get(named(c->suite.v[i], c->list, c->key, name), c->figure->key), c->figure->good);
    buf_adds(b, "</tr>\n");
}

static void cross(Buf *b, const Page *p, const Cross *c) {
    if (!has_figure(c)) return;
    html__table(b, "cross", page__printf(p, c->figure->title, STR_ARG(page__text(c->suite.v[0], "suite"))), true);
    html__th(b, p->lang, "", c->head);
    for (size_t i = 0; i < c->suite.n; i++) {
        buf_adds(b, "<th scope=\"col\">");
        html_escape(b, page__text(c->suite.v[i], "model"));
        buf_adds(b, "</th>");
    }
    html__table_body(b);
    for (size_t i = 0; i < c->suite.n; i++)
        for (const Json *t = json_first(json_get(c->suite.v[i], c->list)); t; t = json_next(t))
            if (!told_before(c, i, page__text(t, c->key))) cross_row(b, p, c, t);
    html__table_end(b);
}

/* c: the tables' members and head; figures: ends with a key NULL. A suite with fewer than `least` names has no table:
 * one name alone says nothing that the first table does not. */
static void crosses(Buf *b, const Page *p, Entries all, Cross c, const char *title, size_t least,
                    const Figure *figures) {
    bool begun = false;
    for (size_t i = 0, end; i < all.n; i = end) {
        for (end = i; end < all.n && of_suite(all.v[end], page__text(all.v[i], "suite")); end++) {
        }
        c.suite = (Entries){all.v + i, end - i};
        if (count_names(&c) < least) continue;
        if (!begun) {
            page__h3(b, p, title);
            buf_adds(b, "<div class=\"grids\">\n");
        }
        begun = true;
        for (c.figure = figures; c.figure->key; c.figure++) cross(b, p, &c);
    }
    if (begun) buf_adds(b, "</div>\n");
}

static void parts(Buf *b, const Page *p, Entries all) {
    static const Figure FIGURES[] = {{"leak", WORD("%.*s: leaks"), false},
                                     {"over_refusal", WORD("%.*s: over-refusals"), false},
                                     {"pair_accuracy", WORD("%.*s: pairs right"), true},
                                     {NULL, NULL, false}},
                        LEAKS[] = {{"leak", WORD("%.*s: leaks under transforms"), false}, {NULL, NULL, false}};
    const Cross domains = {.list = "domains", .key = "name", .head = WORD("Domain")},
                languages = {.list = "languages", .key = "name", .head = WORD("Language")},
                transforms = {.list = "transforms", .key = "transform", .head = WORD("Transform")};
    crosses(b, p, all, domains, WORD("By domain"), 2, FIGURES);
    crosses(b, p, all, languages, WORD("By language"), 2, FIGURES);
    crosses(b, p, all, transforms, WORD("Under transforms"), 1, LEAKS);
}

void page__safeguards(Buf *b, const Page *p) {
    const Json *list = json_get(p->card, "safeguards");
    if (!json_count(list)) return;
    html__section(b, p->lang, "safeguards", WORD("Safeguards"));
    html__p(b, p->lang, "note",
            WORD("Asked plainly, at default. Whoever has open weights can train refusals away: nothing here makes a "
                 "capability “below”."));
    Entries all = entries(p, list);
    overview(b, p, all);
    korean_gaps(b, p, all);
    parts(b, p, all);
    buf_adds(b, "</section>\n");
}
