/* The first table: category x model, each with its verdict, a small picture of the figure that decides it, and the
 * figure. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

enum { MINI = 16 }; /* pixels */

static void model_head(Buf *b, const Page *p, const PageModel *m) {
    buf_adds(b, "<th scope=\"col\">");
    html_escape(b, m->name);
    if (!str_eq(m->name, m->role)) {
        buf_adds(b, "<small>");
        html_escape(b, page__word(p, m->role));
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</th>");
}

/* Two rows: what is a verdict on a category, and what is of one model alone. */
static void heads(Buf *b, const Page *p) {
    bool verdicts = json_count(json_get(p->card, "verdicts")) > 0;
    buf_adds(b, "<th scope=\"col\" rowspan=\"2\">");
    html__say(b, p->lang, WORD("Category"));
    buf_adds(b, "</th>");
    if (verdicts) {
        buf_adds(b, "<th scope=\"col\" rowspan=\"2\" class=\"together\">");
        html__say(b, p->lang, WORD("Verdict on the category"));
        buf_adds(b, "</th>");
    }
    buf_addf(b, "<th scope=\"colgroup\" colspan=\"%zu\">", p->n_models ? p->n_models : 1);
    html__say(b, p->lang, WORD("What each model’s indicators show"));
    buf_adds(b, "</th></tr>\n<tr>");
    for (size_t i = 0; i < p->n_models; i++) model_head(b, p, &p->models[i]);
    html__table_body(b);
}

/* The category's verdict, read from one model's column: cards of earlier versions have none. */
static void together(Buf *b, const Page *p, Str category) {
    const Json *v = page__overall(p, category);
    if (!json_count(json_get(p->card, "verdicts"))) return;
    buf_adds(b, v ? "<td class=\"together\">" : "<td class=\"together nil\">–");
    if (v) {
        page__verdict(b, p, page__text(v, "verdict"));
        if (page__text(v, "read_from").n) {
            buf_adds(b, "<small>");
            html__sayf(b, p->lang, WORD("read from %.*s"), STR_ARG(page__text(v, "read_from")));
            buf_adds(b, "</small>");
        }
        if (page__text(v, "why").n) {
            buf_adds(b, "<small>");
            page__say_told(b, p, page__text(v, "why"));
            buf_adds(b, "</small>");
        }
    }
    buf_adds(b, "</td>");
}

/* On a phone the table is stacked, and each cell says whose it is. */
static void open_cell(Buf *b, const Page *p, size_t model, bool empty) {
    Str name = model < p->n_models ? p->models[model].name : STR("–");
    buf_addf(b, "<td%s><span class=\"whose\">", empty ? " class=\"nil\"" : "");
    html__sayf(b, p->lang, WORD("indicators of %.*s"), STR_ARG(name));
    buf_adds(b, "</span> ");
}

/* All cells have the scale of the picture below; the text beside it says the same. */
static void mini(Buf *b, size_t model, PageSense sense, const double *lower_point_upper_limit, double zero,
                 double scale) {
    const double *v = lower_point_upper_limit;
    if (isnan(v[1])) return;
    buf_addf(b, "<svg class=\"track mini\" height=\"%d\" aria-hidden=\"true\">", MINI);
    html__horizontal(b, "grid", 0, 100, MINI / 2.0);
    html__vertical(b, "zero", zero, MINI);
    if (!isnan(v[3])) html__vertical(b, "limit", zero + scale * v[3], MINI);
    buf_addf(b, "<g class=\"m%zu\">", model % HTML_COLOURS);
    if (!isnan(v[0]) && !isnan(v[2]))
        html__horizontal(b, "whisker", fmax(zero + scale * v[0], 0), fmin(zero + scale * v[2], 100), MINI / 2.0);
    html__mark(b, model, zero + scale * v[1], MINI / 2.0, sense != PAGE_HOLDS);
    buf_adds(b, "</g></svg>");
}

static void figure(Buf *b, const Page *p, const PageRate *r) {
    Str bound = page__bound(p, r);
    mini(b, r->model, r->sense, (const double[]){r->lower, r->point, r->upper, r->threshold}, 0.0,
         100.0 / page__reach_rates(p));
    buf_adds(b, "<small><b>");
    html_escape(b, r->id);
    buf_adds(b, "</b> ");
    if (isnan(r->point))
        html__sayf(b, p->lang, WORD("no figure; threshold %s %%"), page__percent(p, r->threshold, NAN));
    else
        html__sayf(b, p->lang, WORD("%s %%, %.*s; threshold %s %%"), page__percent(p, r->point, NAN), STR_ARG(bound),
                   page__percent(p, r->threshold, NAN));
    buf_adds(b, "</small><small>");
    if (r->n_arms < r->n_wanted)
        html__sayf(b, p->lang, WORD("n %s, %zu of %zu arms run"), page__count(p, r->n), r->n_arms, r->n_wanted);
    else
        html__sayf(b, p->lang, r->n_arms == 1 ? WORD("n %s, %zu arm") : WORD("n %s, worst of %zu arms"),
                   page__count(p, r->n), r->n_arms);
    buf_adds(b, "</small>");
}

/* Why a model's cell is what it is, where the indicator does not say it. */
static void why(Buf *b, const Page *p, Str category, size_t model) {
    for (const Json *c = json_first(json_get(p->card, "categories")); c; c = json_next(c)) {
        if (!str_eq(page__text(c, "category"), category) || page__model(p, page__text(c, "model")) != model) continue;
        if (!page__text(c, "why").n) continue;
        buf_adds(b, "<small>");
        page__say_told(b, p, page__text(c, "why"));
        buf_adds(b, "</small>");
    }
}

static void category_cell(Buf *b, const Page *p, Str category, size_t model) {
    Str verdict = page__category_verdict(p, category, model);
    const PageRate *r = page__driving(p, category, model);
    open_cell(b, p, model, !verdict.n);
    if (verdict.n) {
        page__verdict(b, p, verdict);
        if (page__below_but_open(p, category, verdict)) {
            Str overall = page__word(p, page__text(page__overall(p, category), "verdict"));
            buf_adds(b, "<small class=\"open\">");
            html__sayf(b, p->lang, WORD("these indicators alone; the category: %.*s"), STR_ARG(overall));
            buf_adds(b, "</small>");
        }
        if (r) figure(b, p, r);
        why(b, p, category, model);
    } else {
        html__say(b, p->lang, WORD("not measured"));
    }
    buf_adds(b, "</td>");
}

static Str rule_of(const Page *p, Str category) {
    for (const Json *c = json_first(json_get(p->card, "categories")); c; c = json_next(c))
        if (str_eq(page__text(c, "category"), category)) return page__text(c, "rule");
    return STR("");
}

static void category_row(Buf *b, const Page *p, Str category) {
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, page__word(p, category));
    if (str_eqz(rule_of(p, category), "bottleneck")) {
        buf_adds(b, "<small>");
        html_escape(b, page__word(p, STR("bottleneck")));
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</th>");
    together(b, p, category);
    for (size_t i = 0; i < p->n_models; i++) category_cell(b, p, category, i);
    buf_adds(b, "</tr>\n");
}

static void difference(Buf *b, const Page *p, const PageDiff *d, const char *against) {
    page__verdict(b, p, d->verdict);
    mini(b, d->to, d->sense, (const double[]){d->lower, d->diff, d->upper, d->margin}, 50.0,
         50.0 / page__reach_diffs(p));
    buf_adds(b, "<small><b>");
    html_escape(b, d->id);
    buf_adds(b, "</b> ");
    if (isnan(d->diff))
        buf_adds(b, "–");
    else
        html__sayf(b, p->lang, WORD("%s points (%s to %s); margin %s"), page__points(p, d->diff),
                   page__points(p, d->lower), page__points(p, d->upper), page__percent(p, d->margin, NAN));
    buf_adds(b, "</small><small>");
    html__sayf(b, p->lang, against, STR_ARG(d->from < p->n_models ? p->models[d->from].name : STR("–")),
               page__count(p, d->pairs));
    buf_adds(b, "</small>");
}

static void difference_row(Buf *b, const Page *p, const PageDiff *v, size_t n, const char *title, const char *against) {
    if (!n) return;
    buf_adds(b, "<tr><th scope=\"row\">");
    html__say(b, p->lang, title);
    buf_adds(b, "</th>");
    if (json_count(json_get(p->card, "verdicts"))) buf_adds(b, "<td class=\"together nil\">–</td>");
    for (size_t m = 0; m < p->n_models; m++) {
        bool any = false;
        for (size_t i = 0; i < n; i++) any = any || v[i].to == m;
        open_cell(b, p, m, !any);
        for (size_t i = 0; i < n; i++)
            if (v[i].to == m) difference(b, p, &v[i], against);
        if (!any) buf_adds(b, "–");
        buf_adds(b, "</td>");
    }
    buf_adds(b, "</tr>\n");
}

void page__matrix(Buf *b, const Page *p) {
    size_t n;
    Str *categories = page__categories(p, &n);
    if (!categories || n + p->n_erosions + p->n_uplifts == 0) return;
    html__section(b, p->lang, "verdicts", WORD("Verdicts"));
    buf_adds(b, "<p class=\"note\">");
    html__sayf(b, p->lang,
               WORD("“Below” says: below the registered threshold, with %s %% one-sided confidence for a category "
                    "together, under this elicitation, on these data. It never says that a model is safe. Each cell "
                    "names the indicator that decides it."),
               page__count(p, 100.0 * p->confidence));
    buf_adds(b, "</p>\n");
    html__table(b, "matrix", str_from(words(p->lang, WORD("Verdict by category and model"))), false);
    heads(b, p);
    for (size_t i = 0; i < n; i++) category_row(b, p, categories[i]);
    difference_row(b, p, p->erosions, p->n_erosions, WORD("Refusals kept"), WORD("against %.*s, %s pairs"));
    difference_row(b, p, p->uplifts, p->n_uplifts, WORD("Beyond a reference"), WORD("against %.*s, %s pairs"));
    html__table_end(b);
    buf_adds(b, "</section>\n");
}
