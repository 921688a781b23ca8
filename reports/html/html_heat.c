/* Refusal heat maps: domain x stage, one table for each model and language. A number and a pattern say what the colour
 * says. */
#include "reports/html/html_internal.h"

#include "reports/visible.h"

/* Which half of the pairs. */
typedef struct Side {
    bool twin;
    const char *caption; /* with the model's name and the language */
} Side;

static const Side HARM = {false, WORD("%.*s, language %.*s: leaks of harmful requests")};
static const Side TWIN = {true, WORD("%.*s, language %.*s: harmless twins not fully answered")};

/* Darker with the share; h0: none failed. */
static void heat_cell(Buf *b, const Side *side, const SafHeat *h) {
    size_t n = side->twin ? h->n_twin : h->n_harm;
    double k = side->twin ? h->over_refused : h->leaked;
    if (!n) {
        buf_adds(b, "<td class=\"nil\">–</td>");
        return;
    }
    int heat = k > 0.0 ? 1 + (int)(k / (double)n * 3.0) : 0;
    buf_addf(b, "<td class=\"h%d\">%.4g/%zu</td>", heat > 3 ? 3 : heat, k, n);
}

static void heat_table(Buf *b, const Summary *s, const SafView *v, const Side *side, size_t lang) {
    size_t nd = v->n_facets[SAF_DOMAIN], ns = v->n_facets[SAF_STAGE];
    Str caption = words_printf(s->arena, s->lang, side->caption, STR_ARG(s->models[v->model].name),
                               STR_ARG(v->facets[SAF_LANG][lang].name));
    html__table(b, "cross", caption, true);
    buf_adds(b, "<td></td>");
    for (size_t i = 0; i < ns; i++) {
        buf_adds(b, "<th scope=\"col\">");
        html_escape(b, v->facets[SAF_STAGE][i].name);
        buf_adds(b, "</th>");
    }
    html__table_body(b);
    for (size_t d = 0; d < nd; d++) {
        buf_adds(b, "<tr><th scope=\"row\">");
        html_escape(b, v->facets[SAF_DOMAIN][d].name);
        buf_adds(b, "</th>");
        for (size_t i = 0; i < ns; i++) heat_cell(b, side, &v->heat[(lang * nd + d) * ns + i]);
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static bool language_occurs(const SafView *v, const Side *side, size_t lang) {
    for (size_t i = 0; i < v->n_heat; i++)
        if (v->heat[i].lang == lang && (side->twin ? v->heat[i].n_twin : v->heat[i].n_harm)) return true;
    return false;
}

static void tables(Buf *b, const Summary *s, const SafSection *sec, const Side *side) {
    buf_adds(b, "<div class=\"grids\">");
    for (size_t i = 0; i < sec->n_views; i++) {
        const SafView *v = &sec->views[i];
        for (size_t l = 0; v->n_heat && l < v->n_facets[SAF_LANG]; l++)
            if (language_occurs(v, side, l)) heat_table(b, s, v, side, l);
    }
    buf_adds(b, "</div>\n");
}

void html__heat(Buf *b, const Summary *s, const SafSection *sec) {
    bool any = false;
    for (size_t i = 0; i < sec->n_views; i++) any = any || sec->views[i].n_heat;
    if (!any) return;
    buf_adds(b, "<h3>");
    html__say(b, s->lang, WORD("Where it gave way"));
    buf_adds(b, "</h3>\n");
    html__p(b, s->lang, "note",
            WORD("By domain, stage and language. One cell holds too few items for a claim: they are listed, never "
                 "judged."));
    tables(b, s, sec, &HARM);
    buf_adds(b, "<details><summary>");
    html__say(b, s->lang, WORD("Where it refused harmless requests"));
    buf_adds(b, "</summary>\n");
    tables(b, s, sec, &TWIN);
    buf_adds(b, "</details>\n");
}
