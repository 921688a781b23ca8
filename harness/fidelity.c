#include "harness/fidelity.h"

#include <math.h>
#include <stdlib.h>

void fidelity_init(Fidelity *f, size_t vocab) {
    *f = (Fidelity){.vocab = vocab, .max_kl = -1, .max_diff = -1};
}

void fidelity_release(Fidelity *f) {
    mem_free(f->kl);
    f->kl = NULL;
}

typedef struct Row {
    size_t top;
    double log_sum; /* ln sum exp */
} Row;

/* log-sum-exp with the largest taken out, so that nothing overflows. false: not finite. */
static bool read_row(const float *x, size_t n, Row *out) {
    size_t top = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) return false;
        if (x[i] > x[top]) top = i;
    }
    for (size_t i = 0; i < n; i++) sum += exp((double)x[i] - (double)x[top]);
    *out = (Row){top, (double)x[top] + log(sum)};
    return true;
}

static double divergence(const float *a, const float *b, size_t n, double log_a, double log_b) {
    double kl = 0;
    for (size_t i = 0; i < n; i++) {
        double lp = (double)a[i] - log_a, lq = (double)b[i] - log_b;
        kl += exp(lp) * (lp - lq);
    }
    return kl > 0 ? kl : 0; /* it cannot be negative; rounding can */
}

static void add_differences(Fidelity *f, size_t at, const float *a, const float *b) {
    double sum = 0;
    for (size_t i = 0; i < f->vocab; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        sum += d;
        if (d > f->max_diff) f->max_diff = d, f->max_diff_at = at, f->max_diff_id = (uint32_t)i;
    }
    f->sum_diff += sum / (double)f->vocab;
}

static bool push(Fidelity *f, double kl, Err *err) {
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 1024, bytes;
        double *p = size_mul(cap, sizeof *p, &bytes) ? mem_realloc(f->kl, bytes) : NULL;
        if (!p) return err_nomem(err);
        f->kl = p;
        f->cap = cap;
    }
    f->kl[f->n++] = kl;
    return true;
}

bool fidelity_add(Fidelity *f, size_t at, const float *a, const float *b, uint32_t next, Err *err) {
    Row ra, rb;
    BUG_ON(next != FIDELITY_NO_NEXT && next >= f->vocab);
    bool ok_a = read_row(a, f->vocab, &ra);
    if (!ok_a || !read_row(b, f->vocab, &rb))
        return err_set(
            err, ERR_INPUT,
            "a logit of the %s model at position %zu is not a finite number; its weight files are damaged or "
            "not of this architecture",
            ok_a ? "second" : "first", at);
    double kl = divergence(a, b, f->vocab, ra.log_sum, rb.log_sum);
    if (!push(f, kl, err)) return false;
    f->sum_kl += kl;
    if (kl > f->max_kl) f->max_kl = kl, f->max_kl_at = at;
    f->n_same_top += ra.top == rb.top;
    add_differences(f, at, a, b);
    if (next == FIDELITY_NO_NEXT) return true;
    f->n_next++;
    f->nll_a += ra.log_sum - (double)a[next];
    f->nll_b += rb.log_sum - (double)b[next];
    return true;
}

static int by_value(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

/* Of a sorted list; type 7 of Hyndman and Fan 1996, as R and numpy have it by default. */
static double quantile(const double *v, size_t n, double p) {
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? v[i] + (at - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

FidelityResult fidelity_result(Fidelity *f) {
    BUG_ON(f->n == 0);
    double n = (double)f->n, m = (double)f->n_next;
    qsort(f->kl, f->n, sizeof *f->kl, by_value);
    return (FidelityResult){.n = f->n,
                            .n_next = f->n_next,
                            .kl_mean = f->sum_kl / n,
                            .kl_median = quantile(f->kl, f->n, 0.5),
                            .kl_p99 = quantile(f->kl, f->n, 0.99),
                            .kl_max = f->max_kl,
                            .top1 = (double)f->n_same_top / n,
                            .diff_mean = f->sum_diff / n,
                            .diff_max = f->max_diff,
                            .perplexity_a = f->n_next ? exp(f->nll_a / m) : NAN,
                            .perplexity_b = f->n_next ? exp(f->nll_b / m) : NAN,
                            .kl_max_at = f->max_kl_at,
                            .diff_max_at = f->max_diff_at,
                            .diff_max_id = f->max_diff_id};
}
