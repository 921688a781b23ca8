/* Within `assay stats`: the named arguments of one call, read from a line of JSON, and the table of functions.
 *
 * Getters fail softly: the first thing wrong fills *err, later calls give harmless values, and one look at the end
 * suffices. */
#ifndef ASSAY_STATS_CALL_H
#define ASSAY_STATS_CALL_H

#include "engine/base/json.h"
#include "reports/stats/stats.h"

typedef struct StatsCall {
    const Json *args;
    Arena *a;
    JsonOut *o; /* the answer's open object */
    Err *err;
    bool failed;
    const char *const *used; /* names that the function knows; an argument beyond them is an error */
} StatsCall;

typedef struct StatsNumbers {
    double *v;
    size_t n;
} StatsNumbers;

/* "a must be b", once; always false. */
bool stats_refuse(StatsCall *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

double stats_num(StatsCall *c, const char *key);
double stats_num_or(StatsCall *c, const char *key, double otherwise);
/* lo < value < hi, both ends out. */
double stats_open(StatsCall *c, const char *key, double lo, double hi);
double stats_conf(StatsCall *c);                     /* "conf", in (0,1) */
uint64_t stats_count(StatsCall *c, const char *key); /* a whole number from 0 to 2^53 */
uint64_t stats_seed(StatsCall *c);                   /* "seed": any 64 bits, as a number or a text */
StatsNumbers stats_list(StatsCall *c, const char *key);
/* A list of k of n within another: k <= n. */
bool stats_k_of_n(StatsCall *c, uint64_t k, uint64_t n, const char *names);
/* "cluster" beside n rows, numbered in order of first appearance; NULL if it is absent and not required. */
uint32_t *stats_clusters(StatsCall *c, size_t n, bool required, size_t *groups);

void stats_put(StatsCall *c, const char *key, double v); /* NaN and infinity: null */
void stats_put_range(StatsCall *c, const char *key, StatRange r);
void stats_put_lo_hi(StatsCall *c, StatRange r, const char *lo, const char *hi);

typedef struct StatsFunction {
    const char *name;
    const char *const *args; /* NULL-terminated; a '?' behind a name: may be left out */
    void (*call)(StatsCall *c);
} StatsFunction;

extern const StatsFunction stats_samples[]; /* means, pairs, proportions, resampling (stats_samples.c) */
extern const StatsFunction stats_designs[]; /* power, many tests, gates, ratings, judges (stats_designs.c) */
/* Both end with a name of NULL. */

#endif
