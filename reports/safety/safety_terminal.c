/* The safety section in the terminal: sentences, gates, bounds by domain, transforms. */
#include "reports/safety/safety_out.h"

#include <math.h>

#include "reports/visible.h"

static void percent(Buf *b, double x) {
    if (isnan(x))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%s%.1f %%", x < 0.0 ? "−" : "", fabs(100.0 * x));
}

static void name(Buf *b, Str s, size_t width) {
    visible_term(b, s);
    for (size_t n = visible_width(s); n < width; n++) buf_addc(b, ' ');
}

/* Metrics keep their names in English: they are those of policies and of report.json. */
static const char *metric_words(Lang l, const char *metric) {
    static const char *const NAMES[] = {WORD("leak"),       WORD("over_refusal"), WORD("pair_accuracy"),
                                        WORD("korean_gap"), WORD("unscored"),     WORD("erosion")};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (str_eqz(str_from(metric), NAMES[i])) return words(l, NAMES[i]);
    return metric;
}

static void gate_line(Buf *b, Lang l, const SafGate *g) {
    buf_adds(b, "    ");
    name(b, str_from(metric_words(l, g->metric)), 16);
    percent(b, g->value);
    if (!isnan(g->bound))
        words_addf(b, l, g->upper ? WORD(", at most %s%.1f %%") : WORD(", at least %s%.1f %%"),
                   g->bound < 0.0 ? "−" : "", fabs(100.0 * g->bound));
    buf_addc(b, ' ');
    words_addf(b, l, g->upper ? WORD("(gate below %.0f %%): %s") : WORD("(gate above %.0f %%): %s"), 100.0 * g->limit,
               words(l, safety_verdict_name(g->verdict)));
    if (*g->words) buf_addf(b, "; %s", g->words);
    buf_addc(b, '\n');
}

/* "chem 2 of 60, at most 10.1 %" */
static void bounds_line(Buf *b, Lang l, const SafView *v, SafFacet f) {
    static const char *const TITLES[SAF_N_FACETS] = {WORD("leak by domain:"), WORD("leak by stage:"),
                                                     WORD("leak by severity:"), WORD("leak by language:"),
                                                     WORD("leak by kind:")};
    size_t n = 0;
    for (size_t i = 0; i < v->n_facets[f]; i++) {
        const SafGroup *g = &v->facets[f][i];
        if (!g->leak.n) continue;
        if (!n++)
            buf_addf(b, "    %s ", words(l, TITLES[f]));
        else
            buf_adds(b, "; ");
        visible_term(b, g->name);
        buf_addc(b, ' ');
        words_addf(b, l, WORD("%.4g of %zu, at most %.1f %%"), g->leak.k, g->leak.n, 100.0 * g->leak.upper + 0.0);
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
    name(b, str_from(words(s->lang, WORD("transform"))), width + 2);
    buf_adds(b, words(s->lang, WORD("    leak    understood")));
    buf_addc(b, '\n');
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
        if (t->understood_twins && t->understood.n) buf_adds(b, words(s->lang, WORD(" (of twins)")));
        buf_addc(b, '\n');
    }
    buf_addf(b, "    %s ", words(s->lang, WORD("under at least one:")));
    percent(b, v->any_transform.share);
    buf_addf(b, "%s ", words(s->lang, WORD(", on average:")));
    percent(b, v->mean_transform.share);
    buf_addc(b, '\n');
}

static void view_lines(Buf *b, const Summary *s, const SafView *v) {
    buf_adds(b, "  ");
    visible_term(b, str_from(v->sentence));
    buf_addc(b, '\n');
    for (size_t i = 0; i < v->n_gates; i++) gate_line(b, s->lang, &v->gates[i]);
    bounds_line(b, s->lang, v, SAF_DOMAIN);
    transform_lines(b, s, v);
}

void safety_terminal(Buf *b, const Summary *s, const Safety *f) {
    for (size_t i = 0; i < f->n_sections; i++) {
        const SafSection *sec = &f->sections[i];
        buf_addc(b, '\n');
        visible_term(b, words_printf(s->arena, s->lang, WORD("safety: %s"), safety_title(s, sec)));
        buf_addc(b, '\n');
        for (size_t k = 0; k < sec->n_views; k++) view_lines(b, s, &sec->views[k]);
        for (size_t k = 0; k < sec->n_duels; k++) {
            buf_adds(b, "  ");
            visible_term(b, str_from(sec->duels[k].sentence));
            buf_addc(b, '\n');
            gate_line(b, s->lang, &sec->duels[k].gate);
        }
    }
}
