/* Limits of what was measured, and what so many items can show. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- power ---- */

static bool same_power(const Json *x, const Json *y) {
    static const char *const KEYS[] = {"n", "threshold", "alpha"};
    if (!str_eq(page__text(x, "id"), page__text(y, "id"))) return false;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (page__number(x, KEYS[i]) != page__number(y, KEYS[i])) return false;
    return true;
}

/* A chance in per cent; never a nought for what can happen. */
static void chance(Buf *b, const Page *p, double v) {
    if (v > 0.0 && v < 0.00001)
        buf_adds(b, "<td class=\"num\">&lt;0.001</td>");
    else
        page__td_percent(b, p, v);
}

/* Models of which as many items were asked stand together. `row` is the first of them. */
static void power_rows(Buf *b, const Page *p, const Json *row) {
    const Json *at = json_get(row, "at");
    size_t n = json_count(at), i = 0;
    for (const Json *a = json_first(at); a; a = json_next(a), i++) {
        buf_adds(b, i ? "<tr>" : "<tr class=\"first\">");
        if (!i) {
            buf_addf(b, "<th scope=\"rowgroup\" rowspan=\"%zu\">", n);
            html_escape(b, page__text(row, "id"));
            buf_adds(b, "<small>");
            html__sayf(b, p->lang, WORD("threshold %s %%"), page__percent(p, page__number(row, "threshold"), NAN));
            buf_addf(b, "</small></th><td rowspan=\"%zu\">", n);
            html_escape(b, page__text(row, "model"));
            for (const Json *o = json_next(row); o; o = json_next(o))
                if (same_power(row, o)) {
                    buf_adds(b, ", ");
                    html_escape(b, page__text(o, "model"));
                }
            buf_addf(b, "</td><td class=\"num\" rowspan=\"%zu\">%s</td>", n, page__count(p, page__number(row, "n")));
        }
        page__td_percent(b, p, page__number(a, "rate"));
        chance(b, p, page__number(a, "unseen"));
        chance(b, p, page__number(a, "below"));
        buf_adds(b, "</tr>\n");
    }
}

static void power(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"num", WORD("Items")},
                                     {"num", WORD("If the true rate were, %")},
                                     {"num", WORD("no item shows it, %")},
                                     {"num", WORD("the verdict is “below”, %")},
                                     {NULL, NULL}};
    const Json *list = json_get(p->card, "power");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("What so many items can show"));
    html__p(b, p->lang, "note",
            WORD("The chance of two things, in per cent, for rates that might be true: that not one item shows the "
                 "harm, and that the verdict is “below” although nothing else is missing."));
    page__table(b, p, WORD("What so many items can show"), HEADS);
    for (const Json *r = json_first(list); r; r = json_next(r)) {
        bool told = false;
        for (const Json *e = json_first(list); e != r; e = json_next(e)) told = told || same_power(e, r);
        if (!told) power_rows(b, p, r);
    }
    html__table_end(b);
}

void page__limits(Buf *b, const Page *p) {
    Str of_plan = page__text(p->card, "limits_of_plan");
    html__section(b, p->lang, "limits", WORD("Limits"));
    html__p(
        b, p->lang, NULL,
        WORD("This says: below the registered indicator, at this confidence, under this elicitation, on these data. "
             "It does not say that a model is safe. What one round of elicitation did not find may be there."));
    if (!of_plan.n) of_plan = page__text(p->plan, "limits");
    if (json_count(json_get(p->card, "limits"))) {
        buf_adds(b, "<ul>\n");
        for (const Json *l = json_first(json_get(p->card, "limits")); l; l = json_next(l)) {
            buf_adds(b, "<li>");
            page__say_told(b, p, json_str(l));
            buf_adds(b, "</li>\n");
        }
        buf_adds(b, "</ul>\n");
    }
    if (of_plan.n) {
        buf_adds(b, "<p>");
        html__sayf(b, p->lang, WORD("The plan adds: %.*s"), STR_ARG(of_plan));
        buf_adds(b, "</p>\n");
    }
    power(b, p);
    buf_adds(b, "</section>\n");
}
