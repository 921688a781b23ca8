/* The scorecard in lines: for a terminal, aligned, and as Markdown. Both are made of the same few tables of cells. */
#include <math.h>
#include <string.h>

#include "reports/audit/audit_page_internal.h"
#include "reports/visible.h"

enum { COLUMNS = 8 };

/* A table: its first row is the head. */
typedef struct Grid {
    Str *cells; /* [n_rows * n_columns] */
    size_t n_rows, n_columns, max_rows;
    unsigned right; /* bit i: column i holds numbers */
} Grid;

typedef struct Text {
    const Page *p;
    Buf *b;
    bool markdown;
    void (*put)(Buf *, Str);
} Text;

static bool grid_open(Grid *g, const Page *p, size_t max_rows, size_t n_columns, unsigned right) {
    size_t n;
    *g = (Grid){.n_columns = n_columns, .max_rows = max_rows, .right = right};
    if (!size_mul(max_rows, n_columns, &n)) return false;
    g->cells = arena_array(p->arena, n + 1, sizeof *g->cells);
    return g->cells != NULL;
}

static void grid_row(Grid *g, const Str *cells) {
    if (g->n_rows == g->max_rows) return;
    memcpy(g->cells + g->n_rows++ * g->n_columns, cells, g->n_columns * sizeof *cells);
}

/* ---- drawing a table ---- */

static void spaces(Buf *b, size_t n) {
    while (n--) buf_addc(b, ' ');
}

static void draw_aligned(const Text *t, const Grid *g) {
    size_t width[COLUMNS] = {0};
    for (size_t i = 0; i < g->n_rows * g->n_columns; i++) {
        size_t w = visible_width(g->cells[i]);
        if (w > width[i % g->n_columns]) width[i % g->n_columns] = w;
    }
    for (size_t r = 0; r < g->n_rows; r++) {
        for (size_t c = 0; c < g->n_columns; c++) {
            Str s = g->cells[r * g->n_columns + c];
            size_t pad = width[c] - visible_width(s);
            if (c) buf_adds(t->b, "  ");
            if (g->right >> c & 1) spaces(t->b, pad);
            t->put(t->b, s);
            if (!(g->right >> c & 1) && c + 1 < g->n_columns) spaces(t->b, pad);
        }
        buf_addc(t->b, '\n');
    }
}

static void draw_piped(const Text *t, const Grid *g) {
    for (size_t r = 0; r < g->n_rows; r++) {
        buf_addc(t->b, '|');
        for (size_t c = 0; c < g->n_columns; c++) {
            buf_addc(t->b, ' ');
            t->put(t->b, g->cells[r * g->n_columns + c]);
            buf_adds(t->b, " |");
        }
        buf_addc(t->b, '\n');
        if (r) continue;
        buf_addc(t->b, '|');
        for (size_t c = 0; c < g->n_columns; c++) buf_adds(t->b, g->right >> c & 1 ? "--:|" : "---|");
        buf_addc(t->b, '\n');
    }
}

static void draw(const Text *t, const Grid *g, const char *title) {
    if (g->n_rows < 2) return;
    buf_adds(t->b, t->markdown ? "\n## " : "\n");
    t->put(t->b, str_from(words(t->p->lang, title)));
    buf_adds(t->b, t->markdown ? "\n\n" : "\n");
    if (t->markdown)
        draw_piped(t, g);
    else
        draw_aligned(t, g);
}

static Str word(const Page *p, const char *english) {
    return str_from(words(p->lang, english));
}

static Str share(const Page *p, double v) {
    return isnan(v) ? STR("–") : page__printf(p, WORD("%s %%"), page__percent(p, v, NAN));
}

/* ---- the tables ---- */

static bool rates(const Text *t) {
    const Page *p = t->p;
    Grid g;
    const Str head[COLUMNS] = {word(p, WORD("Verdict")), word(p, WORD("Indicator")), word(p, WORD("Model")),
                               word(p, WORD("Seen")),    word(p, WORD("Bound")),     word(p, WORD("Threshold")),
                               word(p, WORD("Items")),   word(p, WORD("Arms"))};
    if (!grid_open(&g, p, p->n_rates + 1, COLUMNS, 0xe8)) return false;
    grid_row(&g, head);
    for (size_t i = 0; i < p->n_rates; i++) {
        const PageRate *r = &p->rates[i];
        const Str cells[COLUMNS] = {page__word(p, r->verdict),
                                    r->id,
                                    page__text(r->j, "model"),
                                    share(p, r->point),
                                    page__bound(p, r),
                                    share(p, r->threshold),
                                    str_from(page__count(p, r->n)),
                                    r->n_arms < r->n_wanted
                                        ? page__printf(p, WORD("%zu of %zu"), r->n_arms, r->n_wanted)
                                        : str_from(page__count(p, (double)r->n_arms))};
        grid_row(&g, cells);
    }
    draw(t, &g, WORD("Every indicator"));
    return true;
}

static bool differences(const Text *t, const PageDiff *v, size_t n, const char *title) {
    const Page *p = t->p;
    Grid g;
    const Str head[COLUMNS] = {word(p, WORD("Verdict")), word(p, WORD("Indicator")), word(p, WORD("Against")),
                               word(p, WORD("Model")),   word(p, WORD("Points")),    word(p, WORD("Bounds")),
                               word(p, WORD("Margin")),  word(p, WORD("Pairs"))};
    if (!grid_open(&g, p, n + 1, COLUMNS, 0xf0)) return false;
    grid_row(&g, head);
    for (size_t i = 0; i < n; i++) {
        const PageDiff *d = &v[i];
        const Str cells[COLUMNS] = {
            page__word(p, d->verdict),
            d->id,
            d->from < p->n_models ? p->models[d->from].name : STR("–"),
            d->to < p->n_models ? p->models[d->to].name : STR("–"),
            str_from(page__points(p, d->diff)),
            page__printf(p, WORD("%s to %s"), page__points(p, d->lower), page__points(p, d->upper)),
            str_from(page__percent(p, d->margin, NAN)),
            str_from(page__count(p, d->pairs))};
        grid_row(&g, cells);
    }
    draw(t, &g, title);
    return true;
}

/* What the audit says of each category, and why it is open. */
static bool verdicts(const Text *t) {
    const Page *p = t->p;
    const Json *list = json_get(p->card, "verdicts");
    Grid g;
    bool english;
    const Str head[4] = {word(p, WORD("Category")), word(p, WORD("Verdict")), word(p, WORD("Read from")),
                         word(p, WORD("Why"))};
    if (!grid_open(&g, p, json_count(list) + 1, 4, 0)) return false;
    grid_row(&g, head);
    for (const Json *v = json_first(list); v; v = json_next(v)) {
        Str from = page__text(v, "read_from"), why = page__told(p, page__text(v, "why"), &english);
        const Str cells[4] = {page__word(p, page__text(v, "category")), page__word(p, page__text(v, "verdict")),
                              from.n ? from : STR("–"), why.n ? why : STR("–")};
        grid_row(&g, cells);
    }
    draw(t, &g, WORD("Verdicts"));
    return true;
}

/* What the indicators of one model come to. Where that is below and the category is not, the cell says both. */
static Str of_model(const Page *p, Str category, Str verdict) {
    Str said = page__word(p, verdict);
    if (!page__below_but_open(p, category, verdict)) return said;
    Str overall = page__word(p, page__text(page__overall(p, category), "verdict"));
    return page__printf(p, WORD("%.*s; the category: %.*s"), STR_ARG(said), STR_ARG(overall));
}

static bool categories(const Text *t) {
    const Page *p = t->p;
    const Json *list = json_get(p->card, "categories");
    Grid g;
    const Str head[4] = {word(p, WORD("Category")), word(p, WORD("Model")), word(p, WORD("Its indicators")),
                         word(p, WORD("Decided by"))};
    if (!grid_open(&g, p, json_count(list) + 1, 4, 0)) return false;
    grid_row(&g, head);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        Str model = page__text(c, "model"), category = page__text(c, "category");
        const PageRate *r = page__driving(p, category, page__model(p, model));
        const Str cells[4] = {page__word(p, category), model, of_model(p, category, page__text(c, "verdict")),
                              r ? r->id : STR("–")};
        grid_row(&g, cells);
    }
    draw(t, &g, WORD("What each model’s indicators show, which is no verdict on a category"));
    return true;
}

static bool checks(const Text *t) {
    const Page *p = t->p;
    const Json *list = json_get(p->card, "checks");
    Grid g;
    bool english;
    const Str head[7] = {word(p, WORD("Result")), word(p, WORD("Check")), word(p, WORD("Model")),
                         word(p, WORD("Suite")),  word(p, WORD("Value")), word(p, WORD("Limit")),
                         word(p, WORD("Why"))};
    if (!grid_open(&g, p, json_count(list) + 1, 7, 48)) return false;
    grid_row(&g, head);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        const Str cells[7] = {page__word(p, page__text(c, "result")),
                              page__told(p, page__text(c, "check"), &english),
                              page__text(c, "model"),
                              page__text(c, "suite"),
                              page__check_value(p, c),
                              page__check_limit(p, c),
                              page__told(p, page__text(c, "why"), &english)};
        Str filled[7];
        for (size_t i = 0; i < 7; i++) filled[i] = cells[i].n ? cells[i] : STR("–");
        grid_row(&g, filled);
    }
    draw(t, &g, WORD("Integrity checks"));
    return true;
}

/* ---- sentences ---- */

static void bullet(const Text *t, Str s) {
    buf_adds(t->b, t->markdown ? "- " : "  ");
    t->put(t->b, s);
    buf_addc(t->b, '\n');
}

static void exploratory(const Text *t) {
    const Page *p = t->p;
    bool english;
    if (!page__true(p->header, "registered")) {
        Str why = page__told(p, page__text(p->header, "why"), &english);
        bullet(t, page__printf(p, WORD("Exploratory: no verdict of this audit can be “below”: %.*s."), STR_ARG(why)));
        return;
    }
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r)) {
        if (!page__text(r, "exploratory").n) continue;
        Str why = page__told(p, page__text(r, "exploratory"), &english);
        bullet(t, page__printf(p, WORD("Exploratory: no verdict of %.*s can be “below”: %.*s."),
                               STR_ARG(page__text(r, "role")), STR_ARG(why)));
    }
}

static void opening(const Text *t) {
    const Page *p = t->p;
    size_t n, n_history;
    Str *v = page__findings(p, &n), *history = page__history(p, &n_history), asked;
    buf_adds(t->b, t->markdown ? "# " : "");
    t->put(t->b, page__answer(p));
    buf_adds(t->b, t->markdown ? "\n\n" : "\n");
    asked = page__printf(p, WORD("Asked: %.*s"), STR_ARG(page__text(p->card, "question")));
    if (t->markdown) {
        t->put(t->b, asked);
        buf_adds(t->b, "\n\n");
    } else {
        bullet(t, asked);
    }
    exploratory(t);
    for (size_t i = 0; history && i < n_history; i++) bullet(t, history[i]);
    for (size_t i = 0; v && i < n; i++) bullet(t, v[i]);
}

/* Every plan of the chain, and every change of it. */
static void plans(const Text *t) {
    const Page *p = t->p;
    const Json *list = json_get(json_get(p->card, "history"), "plans");
    if (!json_count(list)) return;
    buf_adds(t->b, t->markdown ? "\n## " : "\n");
    t->put(t->b, word(p, WORD("How the plan came to be")));
    buf_adds(t->b, t->markdown ? "\n\n" : "\n");
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        bullet(t, page__history_step(p, s));
        for (const Json *c = json_first(json_get(s, "changes")); c; c = json_next(c)) {
            buf_adds(t->b, "  ");
            bullet(t, page__history_change(p, s, c));
        }
    }
}

static size_t count_checks(const Page *p, const char *result) {
    size_t n = 0;
    for (const Json *c = json_first(json_get(p->card, "checks")); c; c = json_next(c))
        n += str_eqz(page__text(c, "result"), result);
    return n;
}

/* Whether two checks say the same of two models. */
static bool same_told(const Json *a, const Json *b) {
    static const char *const KEYS[] = {"check", "suite", "result", "why"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (!str_eq(page__text(a, KEYS[i]), page__text(b, KEYS[i]))) return false;
    return true;
}

/* " (tuned, demo/choice)": the models of which the same is told, and the suite; "" if it is of all. */
static Str told_of(const Page *p, const Json *check) {
    Str all = STR(""), suite = page__text(check, "suite");
    for (const Json *c = check; c; c = json_next(c)) {
        Str model = page__text(c, "model");
        if (!model.n || !same_told(check, c)) continue;
        all =
            page__keep(p, str_printf(p->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), all.n ? ", " : "", STR_ARG(model)));
    }
    if (suite.n)
        all =
            page__keep(p, str_printf(p->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), all.n ? ", " : "", STR_ARG(suite)));
    return all.n ? page__keep(p, str_printf(p->arena, " (" STR_FMT ")", STR_ARG(all))) : all;
}

/* "fail: order of options (tuned, demo/choice): more answers follow …" */
static void told_checks(const Text *t, const char *result) {
    const Page *p = t->p;
    const Json *list = json_get(p->card, "checks");
    bool english;
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        bool before = false;
        if (!str_eqz(page__text(c, "result"), result)) continue;
        for (const Json *e = json_first(list); e != c; e = json_next(e)) before = before || same_told(e, c);
        if (before) continue;
        Str said = page__word(p, str_from(result)), of = told_of(p, c),
            name = page__told(p, page__text(c, "check"), &english), why = page__told(p, page__text(c, "why"), &english);
        bullet(t, page__keep(p, str_printf(p->arena, STR_FMT ": " STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(said),
                                           STR_ARG(name), STR_ARG(of), why.n ? ": " : "", STR_ARG(why))));
    }
}

static void decision(const Text *t) {
    const Page *p = t->p;
    const Json *d = NULL;
    Str signatures = page__signatures(p);
    if (signatures.n) {
        t->put(t->b, signatures);
        buf_adds(t->b, t->markdown ? "\n\n" : "\n");
    }
    t->put(t->b, page__decided(p));
    buf_addc(t->b, '\n');
    for (const Json *e = json_first(json_get(json_get(p->card, "decisions"), "decisions")); e; e = json_next(e)) d = e;
    for (const Json *c = json_first(json_get(d, "categories")); c; c = json_next(c))
        if (page__true(c, "departs"))
            bullet(t, page__printf(p, WORD("%.*s: the machine says “%.*s”, decided was “%.*s”."),
                                   STR_ARG(page__word(p, page__text(c, "category"))),
                                   STR_ARG(page__word(p, page__text(c, "machine"))),
                                   STR_ARG(page__word(p, page__text(c, "decided")))));
    if (page__text(d, "reason").n) bullet(t, page__printf(p, WORD("Reason: %.*s"), STR_ARG(page__text(d, "reason"))));
}

static void closing(const Text *t) {
    const Page *p = t->p;
    buf_addc(t->b, '\n');
    if (!t->markdown) {
        t->put(t->b, page__printf(p, WORD("Integrity checks: %zu pass, %zu with a warning, %zu fail, %zu not done."),
                                  count_checks(p, "pass"), count_checks(p, "warn"), count_checks(p, "fail"),
                                  count_checks(p, "not done")));
        buf_addc(t->b, '\n');
        told_checks(t, "fail");
        told_checks(t, "warn");
        told_checks(t, "not done"); /* why: what must be run for it */
    }
    decision(t);
    if (!t->markdown) return;
    buf_addc(t->b, '\n');
    t->put(t->b,
           word(p, WORD("This says: below the registered indicator, at this confidence, under this elicitation, on "
                        "these data. It does not say that a model is safe. What one round of elicitation did not "
                        "find may be there.")));
    buf_adds(t->b, "\n\n");
    t->put(t->b, word(p, WORD("Plan (SHA-256)")));
    buf_adds(t->b, " `");
    t->put(t->b, page__text(p->header, "plan_sha256"));
    buf_adds(t->b, "`\n");
}

static bool write_text(const Text *t) {
    opening(t);
    bool ok = verdicts(t) && categories(t) && rates(t) &&
              differences(t, t->p->erosions, t->p->n_erosions, WORD("Refusals kept")) &&
              differences(t, t->p->uplifts, t->p->n_uplifts, WORD("Beyond a reference")) && (!t->markdown || checks(t));
    plans(t);
    closing(t);
    return ok;
}

static bool from_card(Str card, Lang lang, bool markdown, Buf *out, Err *err) {
    Json *j = NULL;
    Page p;
    Arena *a = arena_open(0);
    Text t = {&p, out, markdown, markdown ? visible_markdown : visible_term};
    bool ok = a || err_nomem(err);
    ok = ok && json_parse(card, &j, err) &&
         ((page__read(&p, j, lang, a) && write_text(&t) && !*p.lost) || err_nomem(err));
    json_close(j);
    arena_close(a);
    return ok && (!out->failed || err_nomem(err));
}

bool audit_markdown(Str card, Lang lang, Buf *out, Err *err) {
    return from_card(card, lang, true, out, err);
}

bool audit_terminal(Str card, Lang lang, Buf *out, Err *err) {
    return from_card(card, lang, false, out, err);
}
