#include "reports/stats/stats_repeat.h"

#include <math.h>

#include "reports/stats/stats_internal.h"

#define NONE ((double)NAN)

static bool drawn(uint64_t n, uint64_t c, uint64_t k) {
    return k >= 1 && k <= n && c <= n;
}

/* C(n-c,k)/C(n,k), symmetric in c and k, as its logarithm: the sum of ln(1 - big/i) over the last `small` i up to n.
 */
enum { LONG_PRODUCT = 1 << 20 };
static double ln_none(uint64_t n, uint64_t c, uint64_t k) {
    uint64_t small = c < k ? c : k, big = c < k ? k : c;
    double sum = 0.0;
    for (uint64_t i = n - small + 1; i <= n; i++) sum += log1p(-(double)big / (double)i);
    return sum;
}

/* P(Hypergeometric(n, c, k) = j) from three binomial probabilities at p = k/n, in which the large parts cancel (as in
 * Loader 2000). */
static double hypergeometric(double n, double c, double k, double j) {
    if (k == n) return j == c ? 1.0 : 0.0;
    double p = k / n, q = (n - k) / n;
    return stat__binomial(j, c, p, q) * stat__binomial(k - j, n - c, p, q) / stat__binomial(k, n, p, q);
}

double stat_pass_at_k(uint64_t n, uint64_t c, uint64_t k) {
    if (!drawn(n, c, k)) return NONE;
    if (n - c < k) return 1.0;
    if ((c < k ? c : k) <= LONG_PRODUCT) return -expm1(ln_none(n, c, k));
    return 1.0 - hypergeometric((double)n, (double)c, (double)k, 0.0);
}

double stat_pass_hat_k(uint64_t n, uint64_t c, uint64_t k) {
    if (!drawn(n, c, k)) return NONE;
    if (c < k) return 0.0;
    if ((n - c < k ? n - c : k) <= LONG_PRODUCT) return exp(ln_none(n, n - c, k));
    return hypergeometric((double)n, (double)c, (double)k, (double)k);
}

/* P(X >= m), from its largest term outward until the terms no longer count. */
static double upper_tail(double n, double c, double k, double m) {
    double first = fmax(m, fmax(0.0, k - (n - c))), last = fmin(k, c);
    if (m > last) return 0.0;
    if (m <= fmax(0.0, k - (n - c))) return 1.0;
    double mode = floor((k + 1.0) * (c + 1.0) / (n + 2.0)), top = fmin(last, fmax(first, mode));
    double start = hypergeometric(n, c, k, top), sum = start, t = start;
    for (double j = top; j < last && t > 1e-18 * sum; j++) {
        t *= (c - j) * (k - j) / ((j + 1.0) * (n - c - k + j + 1.0));
        sum += t;
    }
    t = start;
    for (double j = top; j > first && t > 1e-18 * sum; j--) {
        t *= j * (n - c - k + j) / ((c - j + 1.0) * (k - j + 1.0));
        sum += t;
    }
    return fmin(1.0, sum);
}

double stat_g_pass_at_k(uint64_t n, uint64_t c, uint64_t k, double tau) {
    if (!drawn(n, c, k) || !(tau >= 0.0 && tau <= 1.0)) return NONE;
    double m = fmax(1.0, ceil((double)k * tau - 1e-12));
    return upper_tail((double)n, (double)c, (double)k, m);
}

size_t stat_majority(const Str *answers, size_t n) {
    size_t best = n, votes = 0;
    for (size_t i = 0; i < n; i++) {
        size_t same = 0, first = i;
        if (!answers[i].p) continue;
        for (size_t j = 0; j < n; j++) {
            if (!answers[j].p || !str_eq(answers[i], answers[j])) continue;
            same++;
            if (j < first) first = j;
        }
        if (first == i && same > votes) best = i, votes = same;
    }
    return best;
}
