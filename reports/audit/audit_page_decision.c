/* The decision: what the machine says, which nobody can edit, who signed it, and what people decided. All but the first
 * is told by the member `decisions` (audit_decisions.h). */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

static const Json *last(const Json *list) {
    const Json *found = NULL;
    for (const Json *e = json_first(list); e; e = json_next(e)) found = e;
    return found;
}

static const Json *decisions(const Page *p) {
    return json_get(json_get(p->card, "decisions"), "decisions");
}

Str page__decided(const Page *p) {
    const Json *d = last(decisions(p));
    if (!d) return str_from(words(p->lang, WORD("No human decision has been signed.")));
    Str at = page__text(d, "at"), key = page__text(d, "key");
    return page__true(d, "departs")
               ? page__printf(
                     p, WORD("Decided %.*s, signed by key %.*s: the decision departs from the machine’s verdict."),
                     STR_ARG(at), STR_ARG(key))
               : page__printf(p,
                              WORD("Decided %.*s, signed by key %.*s: the decision agrees with the machine’s verdict."),
                              STR_ARG(at), STR_ARG(key));
}

/* "" where the plan asks for no signature of the verdict. */
Str page__signatures(const Page *p) {
    const Json *v = json_get(json_get(p->card, "decisions"), "verdict");
    double need = page__number(v, "need"), have = page__number(v, "have");
    if (isnan(need) || need == 0.0) return STR("");
    return page__true(v, "met")
               ? page__printf(p, WORD("The verdict is signed by %.0f keys, and the plan asks for %.0f."), have, need)
               : page__printf(p, WORD("The verdict is not yet signed as the plan asks: %.0f of %.0f signatures."), have,
                              need);
}

static void sentence(Buf *b, Str s) {
    if (!s.n) return;
    buf_adds(b, "<p>");
    html__sentence(b, s);
    buf_adds(b, "</p>\n");
}

static void signature_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {
        {"", WORD("Verdict signed by key")}, {"", WORD("When")}, {"", WORD("Counts")}, {NULL, NULL}};
    const Json *list = json_get(json_get(json_get(p->card, "decisions"), "verdict"), "signed");
    if (!json_count(list)) return;
    page__table(b, p, WORD("Signatures of the verdict"), HEADS);
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        page__row_head(b, page__text(s, "key"));
        page__td_time(b, page__text(s, "at"));
        buf_adds(b, "<td>");
        if (page__true(s, "counts"))
            html__say(b, p->lang, WORD("yes"));
        else
            page__say_told(b, p, page__text(s, "why"));
        buf_adds(b, "</td></tr>\n");
    }
    html__table_end(b);
}

static void decided_table(Buf *b, const Page *p, const Json *d) {
    static const PageHead HEADS[] = {
        {"", WORD("Category")}, {"", WORD("Machine")}, {"", WORD("Decided")}, {NULL, NULL}};
    page__table(b, p, WORD("What was decided"), HEADS);
    for (const Json *c = json_first(json_get(d, "categories")); c; c = json_next(c)) {
        page__row_head(b, page__word(p, page__text(c, "category")));
        page__td_verdict(b, p, page__text(c, "machine"));
        page__td_verdict(b, p, page__text(c, "decided"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
    if (page__text(d, "by").n) sentence(b, page__printf(p, WORD("Decided by: %.*s"), STR_ARG(page__text(d, "by"))));
    if (page__text(d, "reason").n) sentence(b, page__printf(p, WORD("Reason: %.*s"), STR_ARG(page__text(d, "reason"))));
}

static void unsealing_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("When")},       {"", WORD("Key")},    {"", WORD("Items")},
                                     {"num", WORD("Samples")}, {"", WORD("Reason")}, {NULL, NULL}};
    const Json *list = json_get(json_get(p->card, "decisions"), "unsealings");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("Sealed texts that were opened"));
    page__table(b, p, WORD("Sealed texts that were opened"), HEADS);
    for (const Json *u = json_first(list); u; u = json_next(u)) {
        page__row_head(b, page__text(u, "at"));
        page__td_code(b, page__text(u, "opened_by"));
        page__td(b, page__text(u, "items"));
        page__td_number(b, p, page__number(u, "n"), 12);
        page__td(b, page__text(u, "why"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

void page__decision(Buf *b, const Page *p) {
    size_t n = json_count(decisions(p));
    html__section(b, p->lang, "decision", WORD("Decision"));
    buf_adds(b, "<p>");
    html__say(b, p->lang, WORD("The machine’s verdict, which nobody can edit:"));
    buf_adds(b, " <strong>");
    html__sentence(b, page__answer(p));
    buf_adds(b, "</strong></p>\n");
    sentence(b, page__signatures(p));
    signature_table(b, p);
    if (page__true(last(decisions(p)), "departs")) {
        buf_adds(b, "<p class=\"caution\"><strong>");
        html__sentence(b, page__decided(p));
        buf_adds(b, "</strong></p>\n");
    } else {
        sentence(b, page__decided(p));
    }
    if (n) decided_table(b, p, last(decisions(p)));
    if (n > 1)
        sentence(b, page__printf(p, WORD("Earlier decisions on this scorecard: %zu. The log holds them."), n - 1));
    unsealing_table(b, p);
    buf_adds(b, "</section>\n");
}
