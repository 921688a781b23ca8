/* Contamination, by canary strings: one that turns up in an answer, and those that a model can complete.
 *
 * The suite integrity/canary gives the first half of a string and has the model score its second half among as many
 * strings made at random. Whoever never read the string finds it as often as chance has it; the rank of the true one
 * among candidates is the exposure of Carlini et al., The Secret Sharer (USENIX Security 2019). Each string is asked
 * for once, so that answers are independent. */
#include <math.h>

#include "reports/audit/audit_check_internal.h"
#include "reports/stats/stats_dist.h"

#define KNOWN_FAIL 0.01
#define KNOWN_WARN 0.05
static const Str PROBE = {"integrity/canary", 16};

/* ---- in answers ---- */

static bool seen(Checks *k, const CheckGroup *g) {
    double n = 0.0, with = 0.0;
    for (size_t i = 0; i < g->n; i++)
        if (!g->v[i]->sealed && !g->v[i]->arm.n) n++, with += g->v[i]->canary;
    CardCheck f = {.model = g->model, .suite = g->suite, .value = with / n, .limit = 0.0, .n = n};
    if (n == 0.0) return true;
    f.result = with > 0.0 ? CHECK_FAIL : CHECK_PASS;
    if (with > 0.0) f.why = WORD("an answer holds a canary string that its prompt does not");
    return checks__add(k, "canary-seen", f);
}

/* ---- known ---- */

/* P(X >= x), X binomial. */
static double upper_tail(double x, double n, double p) {
    return x <= 0.0 ? 1.0 : stat_betainc(x, n - x + 1.0, p);
}

/* The suites whose strings were found; each item's domain names the one that it marks. */
static bool blame(Checks *k, const CheckGroup *g) {
    for (size_t i = 0; i < g->n; i++) {
        const AuditRow *r = g->v[i];
        CardCheck f = {.model = g->model, .suite = r->domain, .value = 1.0, .limit = NAN, .n = 1.0};
        if (!r->scored || r->value < 1.0 || !r->domain.n) continue;
        f.result = CHECK_FAIL, f.why = WORD("the model completes the canary string of this suite");
        if (!checks__add(k, "canary-known", f)) return false;
    }
    return true;
}

static bool known(Checks *k, const CheckGroup *g) {
    double n = 0.0, found = 0.0, chance = 0.0;
    for (size_t i = 0; i < g->n; i++) {
        const AuditRow *r = g->v[i];
        if (!r->scored || r->options < 2 || r->epoch != 1 || !str_eqz(r->transform, "plain")) continue;
        if (i && str_eq(r->sample, g->v[i - 1]->sample)) continue; /* another effort of the same */
        n++, found += r->value == 1.0, chance += 1.0 / (double)r->options;
    }
    if (n == 0.0) return true;
    CardCheck f = {.model = g->model, .suite = g->suite, .value = found / n, .limit = chance / n, .n = n};
    double p = upper_tail(found, n, chance / n);
    f.result = p < KNOWN_FAIL ? CHECK_FAIL : p < KNOWN_WARN ? CHECK_WARN : CHECK_PASS;
    if (f.result != CHECK_PASS)
        f.why =
            WORD("it completes canary strings more often than guessing would: it has read the suites that they mark");
    return checks__add(k, "canary-known", f) && (f.result != CHECK_FAIL || blame(k, g));
}

bool checks__canary(Checks *k) {
    for (size_t i = 0; i < k->n_groups; i++) {
        bool probe = card__suite_fits(k->groups[i].suite, PROBE);
        if (probe ? !known(k, &k->groups[i]) : !seen(k, &k->groups[i])) return false;
    }
    return true;
}
