/* Statistics of the reports, by subject. Every function states its formula and where it comes from. Undefined values (n
 * too small, no variance) are NaN, never zero: who prints them says "n/a". z_q is the standard normal quantile; "sd"
 * always has n - 1 below.
 *
 * Not included here: stats_boot.h (fixed generators, bootstrap, BCa), stats_repeat.h (pass@k, majority), stats_gate.h
 * (non-inferiority, Bayes), stats_judge.h (imperfect judges), stats_rating.h (Elo), stats_sequential.h (stop as soon as
 * the data decide), stats_safety.h (rates of published safety sets). */
#ifndef ASSAY_REPORTS_STATS_H
#define ASSAY_REPORTS_STATS_H

#include "reports/stats/stats_adjust.h"
#include "reports/stats/stats_dist.h"
#include "reports/stats/stats_mean.h"
#include "reports/stats/stats_paired.h"
#include "reports/stats/stats_power.h"
#include "reports/stats/stats_prop.h"

#endif
