#include "reports/stats/stats_rating.h"

#include <math.h>

#define NONE ((double)NAN)

static const double L = 0.0057564627324851142; /* ln 10 / 400 */

static double solves(double rating, double difficulty) {
    return 1.0 / (1.0 + exp(L * (difficulty - rating)));
}

typedef struct Problems {
    const double *d, *w; /* [n]; w NULL: all 1 */
    size_t n;
    double solved, attempts; /* sum w y, sum w */
    double mu, precision;    /* of the prior; precision 0: none */
} Problems;

static double expected(const Problems *p, double rating) {
    double s = 0.0;
    for (size_t i = 0; i < p->n; i++) s += (p->w ? p->w[i] : 1.0) * solves(rating, p->d[i]);
    return s;
}

/* The score over L: falls as the rating rises. */
static double score(const Problems *p, double rating) {
    double prior = p->precision > 0.0 ? (rating - p->mu) * p->precision / L : 0.0;
    return p->solved - expected(p, rating) - prior;
}

static double halve(const Problems *p, double lo, double hi) {
    for (int i = 0; i < 200; i++) {
        double mid = 0.5 * (lo + hi);
        if (mid <= lo || mid >= hi) break;
        if (score(p, mid) > 0.0)
            lo = mid;
        else
            hi = mid;
    }
    return 0.5 * (lo + hi);
}

/* Wider and wider around the difficulties and the prior until the root is inside. */
static double root(const Problems *p) {
    double lo = p->precision > 0.0 ? p->mu : p->d[0], hi = lo;
    for (size_t i = 0; i < p->n; i++) lo = fmin(lo, p->d[i]), hi = fmax(hi, p->d[i]);
    for (double step = 400.0; score(p, lo) < 0.0; step *= 2.0) lo -= step;
    for (double step = 400.0; score(p, hi) > 0.0; step *= 2.0) hi += step;
    return halve(p, lo, hi);
}

static StatRating rated(const Problems *p, double rating) {
    double information = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double q = solves(rating, p->d[i]), not_q = solves(p->d[i], rating);
        information += p->w[i] * q * not_q;
    }
    return (StatRating){rating, 1.0 / sqrt(L * L * information + p->precision), expected(p, rating)};
}

/* Totals; false if a number is out of its range. */
static bool add_up(Problems *p, const double *y) {
    for (size_t i = 0; i < p->n; i++) {
        if (!isfinite(p->d[i]) || !(y[i] >= 0.0 && y[i] <= 1.0) || !(p->w[i] >= 0.0) || !isfinite(p->w[i]))
            return false;
        p->solved += p->w[i] * y[i];
        p->attempts += p->w[i];
    }
    return true;
}

StatRating stat_elo_mle(const double *d, const double *y, const double *w, size_t n) {
    Problems p = {.d = d, .w = w, .n = n};
    if (!add_up(&p, y) || !(p.solved > 0.0) || !(p.solved < p.attempts)) return (StatRating){NONE, NONE, NONE};
    return rated(&p, root(&p));
}

StatRating stat_elo_map(const double *d, const double *y, const double *w, size_t n, double mu, double sd) {
    Problems p = {.d = d, .w = w, .n = n, .mu = mu, .precision = 1.0 / (sd * sd)};
    if (!(sd > 0.0) || !isfinite(sd) || !isfinite(mu) || !add_up(&p, y)) return (StatRating){NONE, NONE, NONE};
    return rated(&p, root(&p));
}

/* A contest is a set of problems too: the contestant beats j with probability P, and rank - 1 others beat him, so that
 * n - (rank - 1) are "solved". */
double stat_elo_performance(const double *ratings, size_t n, double rank) {
    double others = (double)n;
    if (n < 1 || !(rank >= 1.0) || !(rank < others + 1.0)) return NONE;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(ratings[i])) return NONE;
    Problems p = {.d = ratings, .n = n, .solved = others - (fmax(rank, 1.5) - 1.0), .attempts = others};
    return root(&p);
}
