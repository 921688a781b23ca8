#include "reports/summary/summary.h"

#include <math.h>

/* The options' log-likelihoods were divided before one was chosen: the margin between the best two is another. */
static bool divided(double margin, const Score *s) {
    bool told = isfinite(s->margin) && s->rule.n && str_eqz((Str){s->rule.p, s->rule.n}, "loglikelihood");
    return told && !(fabs(s->margin - margin) <= 1e-9 * fmax(1.0, margin));
}

double summary_surest(const Completion *c, const Score *s) {
    double top = -INFINITY, second = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < c->n_choice_scores; i++) {
        double x = c->choice_scores[i].logprob;
        second = x > top ? top : fmax(second, x);
        top = fmax(top, x);
    }
    if (c->n_choice_scores < 2 || !isfinite(top) || divided(top - second, s)) return NAN;
    for (size_t i = 0; i < c->n_choice_scores; i++) sum += exp(c->choice_scores[i].logprob - top);
    return 1.0 / sum;
}
