/* Many p-values at once. In input order; NaN entries stay NaN and do not count; results are capped at 1. Holm for gates
 * (no false alarms), Benjamini-Hochberg for tables that explore. scratch: [n] indices; out may not be p. */
#ifndef ASSAY_REPORTS_STATS_ADJUST_H
#define ASSAY_REPORTS_STATS_ADJUST_H

#include "reports/stats/stats_dist.h"

void stat_adjust_bonferroni(const double *p, size_t n, double *out);
void stat_adjust_holm(const double *p, size_t n, double *out, size_t *scratch);     /* Holm 1979 */
void stat_adjust_hochberg(const double *p, size_t n, double *out, size_t *scratch); /* Hochberg 1988 */
void stat_adjust_bh(const double *p, size_t n, double *out, size_t *scratch);       /* Benjamini, Hochberg 1995 */
void stat_adjust_by(const double *p, size_t n, double *out, size_t *scratch);       /* Benjamini, Yekutieli 2001 */

#endif
