/* The plans before this one: what became looser, on the first screen; and every change of every step, in a table. */
#include "reports/audit/audit_page_internal.h"

#include "reports/html/html_internal.h"
#include "reports/visible.h"

enum { VALUE_SHOWN = 160 };

static const Json *history(const Page *p) {
    return json_get(p->card, "history");
}

/* "indicators.leak.threshold" */
static Str path_of(const Page *p, const Json *change) {
    Str out = STR("");
    for (const Json *e = json_first(json_get(change, "path")); e; e = json_next(e))
        out = page__keep(p, str_printf(p->arena, STR_FMT "%s" STR_FMT, STR_ARG(out), out.n ? "." : "",
                                       STR_ARG(str_sub(json_str(e), 0, VALUE_SHOWN))));
    return out;
}

static Str value_of(const Page *p, const Json *j) {
    Buf b;
    JsonOut o;
    if (!j || json_type(j) == JSON_NULL) return STR("–");
    Str s = json_str(j);
    buf_init(&b, (size_t)1 << 24);
    json_out_init(&o, &b, 0);
    if (!s.p) json_out_node(&o, j);
    Str whole = s.p ? s : buf_str(&b), cut = str_sub(whole, 0, VALUE_SHOWN);
    cut.n -= utf8_incomplete(cut);
    Str out = page__keep(p, b.failed ? (Str){0}
                                     : str_printf(p->arena, STR_FMT "%s", STR_ARG(cut), cut.n < whole.n ? "…" : ""));
    buf_release(&b);
    return out;
}

static const char *effect_word(const Json *change) {
    Str e = page__text(change, "effect");
    return str_eqz(e, "looser") ? WORD("looser") : str_eqz(e, "stricter") ? WORD("stricter") : WORD("other");
}

/* ---- sentences ---- */

static Str change_sentence(const Page *p, const Json *step, const Json *c) {
    Str path = path_of(p, c), was = value_of(p, json_get(c, "was")), is = value_of(p, json_get(c, "is"));
    return page__printf(p,
                        page__true(step, "data_before")
                            ? WORD("Loosened after data existed: %.*s was %.*s and is %.*s.")
                            : WORD("Loosened: %.*s was %.*s and is %.*s."),
                        STR_ARG(path), STR_ARG(was), STR_ARG(is));
}

static Str not_given(const Page *p, const Json *h) {
    return page__printf(p,
                        WORD("An earlier plan (%.*s) was not given: what was changed from it, and whether a threshold "
                             "was loosened, cannot be shown."),
                        STR_ARG(page__text(h, "missing")));
}

Str *page__history(const Page *p, size_t *n) {
    const Json *h = history(p);
    size_t most = 2;
    *n = 0;
    for (const Json *s = json_first(json_get(h, "plans")); s; s = json_next(s))
        most += json_count(json_get(s, "changes")) + 1;
    Str *out = arena_array(p->arena, most, sizeof *out);
    page__keep(p, (Str){(const char *)out, 0});
    if (!h || !out) return NULL;
    bool english;
    if (!page__true(h, "whole")) out[(*n)++] = not_given(p, h);
    for (const Json *s = json_first(json_get(h, "plans")); s; s = json_next(s)) {
        Str order = page__told(p, page__text(s, "order"), &english);
        if (order.n) out[(*n)++] = page__printf(p, WORD("The order of the plans is in doubt: %.*s."), STR_ARG(order));
        for (const Json *c = json_first(json_get(s, "changes")); c; c = json_next(c))
            if (str_eqz(page__text(c, "effect"), "looser")) out[(*n)++] = change_sentence(p, s, c);
    }
    return out;
}

/* ---- the page ---- */

void page__history_banner(Buf *b, const Page *p) {
    size_t n;
    const Json *h = history(p);
    Str *v = page__history(p, &n);
    if (!v || !n) return;
    buf_adds(b, "<div class=\"caution banner\"><p><strong>");
    html__sayf(b, p->lang,
               WORD("This plan took the place of another. Settings made looser: %.0f, of these after data "
                    "existed: %.0f."),
               page__number(h, "looser"), page__number(h, "looser_after_data"));
    buf_adds(b, "</strong> <a href=\"#history\">");
    html__say(b, p->lang, WORD("How the plan came to be"));
    buf_adds(b, "</a></p>\n<ul>\n");
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, "<li>");
        html__sentence(b, v[i]);
        buf_adds(b, "</li>\n");
    }
    buf_adds(b, "</ul></div>\n");
}

static void pair(Buf *b, const Page *p, const char *name, Str value) {
    if (!value.n) return;
    buf_adds(b, "<dt>");
    html__say(b, p->lang, name);
    buf_adds(b, "</dt><dd>");
    html__sentence(b, value);
    buf_adds(b, "</dd>");
}

static Str joined(const Page *p, const Json *list) {
    Str out = STR("");
    for (const Json *e = json_first(list); e; e = json_next(e))
        out = page__keep(
            p, str_printf(p->arena, STR_FMT "%s" STR_FMT, STR_ARG(out), out.n ? ", " : "", STR_ARG(json_str(e))));
    return out;
}

static Str signing(const Page *p, const Json *step) {
    bool english;
    if (!page__true(step, "registered")) return page__told(p, page__text(step, "why"), &english);
    return page__printf(p, WORD("%.*s, by %.*s"), STR_ARG(page__text(step, "signed_at")),
                        STR_ARG(joined(p, json_get(step, "keys"))));
}

static Str data(const Page *p, const Json *step) {
    bool english;
    Str told = page__told(p, page__text(step, "data"), &english), at = page__text(step, "data_at");
    return at.n ? page__printf(p, WORD("%.*s (the earliest %.*s)"), STR_ARG(told), STR_ARG(at)) : told;
}

static void changes(Buf *b, const Page *p, const Json *step) {
    static const PageHead HEADS[] = {
        {"", WORD("Setting")}, {"", WORD("Was")}, {"", WORD("Is")}, {"", WORD("Change")}, {NULL, NULL}};
    const Json *list = json_get(step, "changes");
    if (!json_count(list)) return;
    page__table(b, p, WORD("What was changed"), HEADS);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        page__row_head(b, path_of(p, c));
        page__td(b, value_of(p, json_get(c, "was")));
        page__td(b, value_of(p, json_get(c, "is")));
        buf_adds(b, str_eqz(page__text(c, "effect"), "looser") ? "<td><strong>" : "<td>");
        html__say(b, p->lang, effect_word(c));
        if (page__true(step, "data_before")) {
            buf_adds(b, ", ");
            html__say(b, p->lang, WORD("after data existed"));
        }
        buf_adds(b, str_eqz(page__text(c, "effect"), "looser") ? "</strong></td></tr>\n" : "</td></tr>\n");
    }
    html__table_end(b);
}

void page__history_section(Buf *b, const Page *p) {
    const Json *h = history(p);
    if (!h) return;
    html__section(b, p->lang, "history", WORD("How the plan came to be"));
    for (const Json *s = json_first(json_get(h, "plans")); s; s = json_next(s)) {
        buf_adds(b, "<h3><code>");
        html_escape(b, page__text(s, "plan_sha256"));
        buf_adds(b, "</code></h3>\n<dl class=\"facts\">");
        pair(b, p, WORD("Signed"), signing(p, s));
        pair(b, p, WORD("Reason"), page__text(s, "reason"));
        pair(b, p, WORD("Data by then"), data(p, s));
        buf_adds(b, "</dl>\n");
        changes(b, p, s);
    }
    if (!page__true(h, "whole")) {
        buf_adds(b, "<p class=\"caution\">");
        html__sentence(b, not_given(p, h));
        buf_adds(b, "</p>\n");
    }
    buf_adds(b, "</section>\n");
}

/* ---- lines ---- */

Str page__history_step(const Page *p, const Json *step) {
    Str sha256 = page__text(step, "plan_sha256"), reason = page__text(step, "reason"), by = signing(p, step);
    if (!reason.n) return page__printf(p, WORD("Plan %.*s, signed: %.*s."), STR_ARG(sha256), STR_ARG(by));
    return page__printf(p, WORD("Plan %.*s, signed: %.*s. Reason: %.*s. Data by then: %.*s."), STR_ARG(sha256),
                        STR_ARG(by), STR_ARG(reason), STR_ARG(data(p, step)));
}

Str page__history_change(const Page *p, const Json *step, const Json *c) {
    Str path = path_of(p, c), was = value_of(p, json_get(c, "was")), is = value_of(p, json_get(c, "is"));
    const char *effect = words(p->lang, effect_word(c));
    return page__printf(p,
                        page__true(step, "data_before") ? WORD("%.*s: was %.*s, is %.*s (%s, after data existed)")
                                                        : WORD("%.*s: was %.*s, is %.*s (%s)"),
                        STR_ARG(path), STR_ARG(was), STR_ARG(is), effect);
}
