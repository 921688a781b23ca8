/* A scorer in a shared object, as a stranger would write it: it sees scorer.h and libc alone.
 *
 * "starts": correct if the answer begins with a target, or with the option `prefix`. Build:
 *     cc -std=c17 -fPIC -shared -I<where scorers/scorer.h is> good.c -o good.so
 * and name it on the command line: assay run PLAN.yaml --scorer ./good.so */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scorers/scorer.h"

#define TEXT(lit) ((ScorerStr){("" lit), sizeof(lit) - 1})

typedef struct Starts {
    size_t n;
    char prefix[64];
} Starts;

static bool starts_open(const ScorerHost *host, const ScorerKV *opts, size_t n, void **self, ScorerErr *err) {
    (void)host;
    Starts *s = calloc(1, sizeof *s);
    if (!s) return false;
    for (size_t i = 0; i < n; i++) {
        if (opts[i].key.n != 6 || memcmp(opts[i].key.p, "prefix", 6) != 0 || opts[i].value.n >= sizeof s->prefix) {
            snprintf(err->msg, sizeof err->msg, "the only option is 'prefix', of at most 63 bytes");
            free(s);
            return false;
        }
        s->n = opts[i].value.n;
        memcpy(s->prefix, opts[i].value.p, s->n);
    }
    *self = s;
    return true;
}

static bool begins(ScorerStr text, const char *p, size_t n) {
    return n > 0 && text.n >= n && memcmp(text.p, p, n) == 0;
}

static bool starts_score(void *self, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    const Starts *s = self;
    size_t hit = begins(v->final, s->prefix, s->n) ? s->n : 0;
    (void)host;
    (void)err;
    for (size_t i = 0; i < v->n_targets && !hit; i++)
        if (begins(v->final, v->targets[i].p, v->targets[i].n)) hit = v->targets[i].n;
    out->status = SCORE_SCORED;
    out->outcome = hit ? OUTCOME_CORRECT : v->final.n ? OUTCOME_WRONG : OUTCOME_NO_ANSWER;
    out->value = hit ? 1 : 0;
    out->rule = TEXT("starts");
    out->span_end = hit;
    out->answer = (ScorerStr){v->final.p, hit};
    return true;
}

static const Scorer starts = {
    .abi = SCORER_ABI,
    .size = sizeof(Scorer),
    .name = "starts",
    .version = "1.0",
    .help = "the answer begins with a target",
    .open = starts_open,
    .score = starts_score,
    .close = free,
};

const Scorer *scorer_entry(void) {
    return &starts;
}
