/* Rating from problem difficulties: a problem of rating d is solved with probability P = 1/(1 + 10^((d-R)/400)).
 * Ratings of different harnesses cannot be compared: only the same problems, paired. */
#ifndef ASSAY_REPORTS_STATS_RATING_H
#define ASSAY_REPORTS_STATS_RATING_H

#include "reports/stats/stats_dist.h"

typedef struct StatRating {
    double rating, se, expected_solved; /* sum w P at the rating */
} StatRating;

/* d: [n] difficulties, y: [n] solved shares in [0,1], w: [n] attempts >= 0. Solves sum w (y - P) = 0;
 * se = 1/sqrt(L^2 sum w P (1-P)), L = ln 10 / 400. All or none solved, or no attempts: NaN (use the MAP). */
StatRating stat_elo_mle(const double *d, const double *y, const double *w, size_t n);
/* With a normal prior (mu, sd): -(R - mu)/sd^2 is added to the score and 1/sd^2 to the information. */
StatRating stat_elo_map(const double *d, const double *y, const double *w, size_t n, double mu, double sd);
/* Performance in a contest: R with 1 + sum_j 1/(1 + 10^((R - r_j)/400)) = rank, where 1 < rank < n + 1; a rank between
 * 1 and 1.5 counts as 1.5 (rank 1 has no finite solution). Else NaN. Codeforces' open formula of October 2015. */
double stat_elo_performance(const double *ratings, size_t n, double rank);

#endif
