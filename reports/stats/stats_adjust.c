#include "reports/stats/stats_adjust.h"

#include <math.h>

#define NONE ((double)NAN)

/* Indices of the entries that are numbers, by ascending p, equal ones in input order: a bottom-up heap sort, because
 * qsort has no context to compare through. */
static bool before(const double *p, size_t i, size_t j) {
    return p[i] < p[j] || (p[i] == p[j] && i < j);
}

static void sift(const double *p, size_t *h, size_t root, size_t n) {
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(p, h[child], h[child + 1])) child++;
        if (!before(p, h[root], h[child])) return;
        size_t swap = h[root];
        h[root] = h[child], h[child] = swap;
    }
}

static size_t sorted_by_p(const double *p, size_t n, size_t *index) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i])) index[m++] = i;
    for (size_t i = m / 2; i-- > 0;) sift(p, index, i, m);
    for (size_t end = m; end > 1;) {
        size_t swap = index[0];
        index[0] = index[--end], index[end] = swap;
        sift(p, index, 0, end);
    }
    return m;
}

static void clear(double *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = NONE;
}

void stat_adjust_bonferroni(const double *p, size_t n, double *out) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++) m += !isnan(p[i]);
    for (size_t i = 0; i < n; i++) out[i] = isnan(p[i]) ? NONE : fmin(1.0, p[i] * (double)m);
}

void stat_adjust_holm(const double *p, size_t n, double *out, size_t *scratch) {
    size_t m = sorted_by_p(p, n, scratch);
    double high = 0.0;
    clear(out, n);
    for (size_t i = 0; i < m; i++) {
        high = fmax(high, fmin(1.0, p[scratch[i]] * (double)(m - i)));
        out[scratch[i]] = high;
    }
}

void stat_adjust_hochberg(const double *p, size_t n, double *out, size_t *scratch) {
    size_t m = sorted_by_p(p, n, scratch);
    double low = 1.0;
    clear(out, n);
    for (size_t i = m; i-- > 0;) {
        low = fmin(low, p[scratch[i]] * (double)(m - i));
        out[scratch[i]] = low;
    }
}

static void step_up(const double *p, size_t n, double *out, size_t *scratch, bool any_dependence) {
    size_t m = sorted_by_p(p, n, scratch);
    double low = 1.0, factor = (double)m;
    clear(out, n);
    if (any_dependence) {
        double harmonic = 0.0;
        for (size_t j = m; j > 0; j--) harmonic += 1.0 / (double)j;
        factor *= harmonic;
    }
    for (size_t i = m; i-- > 0;) {
        low = fmin(low, p[scratch[i]] * factor / (double)(i + 1));
        out[scratch[i]] = low;
    }
}

void stat_adjust_bh(const double *p, size_t n, double *out, size_t *scratch) {
    step_up(p, n, out, scratch, false);
}

void stat_adjust_by(const double *p, size_t n, double *out, size_t *scratch) {
    step_up(p, n, out, scratch, true);
}
