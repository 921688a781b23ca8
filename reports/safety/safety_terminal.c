/* The safety section in the terminal: sentences, gates, bounds by domain, transforms. */
#include "reports/safety/safety_out.h"

#include <math.h>

#include "reports/visible.h"

static void percent(Buf *b, double x) {
    if (isnan(x))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%.1f %%", 100.0 * x + 0.0);
}

static void word(Buf *b, const char *s, size_t width) {
    buf_addf(b, "%-*s", (int)width, s);
}

static void name(Buf *b, Str s, size_t width) {
    visible_term(b, s);
    for (size_t n = visible_width(s); n < width; n++) buf_addc(b, ' ');
}

static void gate_line(Buf *b, const SafGate *g) {
    buf_adds(b, "    ");
    word(b, g->metric, 16);
    percent(b, g->value);
    if (!isnan(g->bound)) {
        buf_adds(b, g->upper ? ", at most " : ", at least ");
        percent(b, g->bound);
    }
    buf_addf(b, " (gate %s %.0f %%): %s", g->upper ? "below" : "above", 100.0 * g->limit,
             safety_verdict_name(g->verdict));
    if (*g->words) buf_addf(b, "; %s", g->words);
    buf_addc(b, '\n');
}

/* "chem 2 of 60, at most 10.1 %" */
static void bounds_line(Buf *b, const SafView *v, SafFacet f) {
    size_t n = 0;
    for (size_t i = 0; i < v->n_facets[f]; i++) {
        const SafGroup *g = &v->facets[f][i];
        if (!g->leak.n) continue;
        if (!n++)
            buf_addf(b, "    leak by %s: ", safety_facet_name(f));
        else
            buf_adds(b, "; ");
        visible_term(b, g->name);
        buf_addf(b, " %.4g of %zu, at most ", g->leak.k, g->leak.n);
        percent(b, g->leak.upper);
    }
    if (n) buf_addc(b, '\n');
}

static void transform_lines(Buf *b, const Summary *s, const SafView *v) {
    if (v->n_transforms < 2) return;
    size_t width = 9;
    for (size_t i = 0; i < v->n_transforms; i++) {
        size_t w = visible_width(s->transforms[v->transforms[i].transform].name);
        width = w > width ? w : width;
    }
    buf_adds(b, "    ");
    name(b, STR("transform"), width + 2);
    buf_adds(b, "    leak    understood\n");
    for (size_t i = 0; i < v->n_transforms; i++) {
        const SafTransform *t = &v->transforms[i];
        buf_adds(b, "    ");
        name(b, s->transforms[t->transform].name, width + 2);
        if (isnan(t->leak.share))
            buf_adds(b, "     n/a");
        else
            buf_addf(b, "%6.1f %%", 100.0 * t->leak.share);
        buf_adds(b, "      ");
        percent(b, t->understood.share);
        buf_adds(b, t->understood_twins && t->understood.n ? " (of twins)\n" : "\n");
    }
    buf_adds(b, "    under at least one: ");
    percent(b, v->any_transform.share);
    buf_adds(b, ", on average: ");
    percent(b, v->mean_transform.share);
    buf_addc(b, '\n');
}

static void view_lines(Buf *b, const Summary *s, const SafView *v) {
    buf_adds(b, "  ");
    visible_term(b, str_from(v->sentence));
    buf_addc(b, '\n');
    for (size_t i = 0; i < v->n_gates; i++) gate_line(b, &v->gates[i]);
    bounds_line(b, v, SAF_DOMAIN);
    transform_lines(b, s, v);
}

void safety_terminal(Buf *b, const Summary *s, const Safety *f) {
    for (size_t i = 0; i < f->n_sections; i++) {
        const SafSection *sec = &f->sections[i];
        buf_adds(b, "\nsafety: ");
        visible_term(b, str_from(safety_title(s, sec)));
        buf_addc(b, '\n');
        for (size_t k = 0; k < sec->n_views; k++) view_lines(b, s, &sec->views[k]);
        for (size_t k = 0; k < sec->n_duels; k++) {
            buf_adds(b, "  ");
            visible_term(b, str_from(sec->duels[k].sentence));
            buf_addc(b, '\n');
            gate_line(b, &sec->duels[k].gate);
        }
    }
}
