/* Functions of `assay stats` on samples: one mean, pairs, proportions, repeats, resampling. Formulas:
 * reports/stats/stats_*.h. */
#include <math.h>
#include <stdio.h>

#include "harness/stats/stats_call.h"
#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_repeat.h"

#define ARGS(...)                                                                                                      \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

enum { ROUNDS_MAX = 10000000 };

static void special(StatsCall *c) {
    Str name = json_str(json_get(c->args, "name"));
    double v = NAN;
    if (str_eqz(name, "norm_cdf"))
        v = stat_norm_cdf(stats_num(c, "x"));
    else if (str_eqz(name, "norm_ppf"))
        v = stat_norm_ppf(stats_num(c, json_get(c->args, "p") ? "p" : "x"));
    else if (str_eqz(name, "betainc"))
        v = stat_betainc(stats_num(c, "a"), stats_num(c, "b"), stats_num(c, "x"));
    else if (str_eqz(name, "t_ppf"))
        v = stat_t_ppf(stats_num(c, "p"), stats_num(c, "df"));
    else if (str_eqz(name, "chi2_sf_df1"))
        v = stat_chi2_sf_df1(stats_num(c, "x"));
    else
        stats_refuse(c, "'name' must be one of norm_cdf, norm_ppf, betainc, t_ppf, chi2_sf_df1");
    stats_put(c, "value", v);
}

static bool same_length(StatsCall *c, size_t a, size_t b, const char *names) {
    return a == b || stats_refuse(c, "%s must have the same number of entries", names);
}

static bool some(StatsCall *c, size_t n, const char *name) {
    return n || stats_refuse(c, "'%s' is empty", name);
}

static void mean_stats(StatsCall *c) {
    StatsNumbers x = stats_list(c, "x");
    double conf = stats_conf(c);
    if (!some(c, x.n, "x")) return;
    StatMean m = stat_mean(x.v, x.n, conf);
    stats_put(c, "n", (double)x.n);
    stats_put(c, "mean", m.mean);
    stats_put(c, "var", m.var);
    stats_put(c, "sd", m.sd);
    stats_put(c, "se", m.se);
    stats_put_lo_hi(c, m.z, "z_lo", "z_hi");
    stats_put_lo_hi(c, m.t, "t_lo", "t_hi");
}

static void clustered(StatsCall *c) {
    StatsNumbers x = stats_list(c, "x");
    size_t g;
    uint32_t *id = stats_clusters(c, x.n, true, &g);
    double conf = stats_conf(c), *scratch = arena_array(c->a, g + 1, sizeof *scratch);
    if (c->failed || !some(c, x.n, "x")) return;
    if (!scratch) {
        c->failed = !err_nomem(c->err);
        return;
    }
    StatClustered m = stat_clustered(x.v, id, x.n, g, conf, scratch);
    stats_put(c, "n", (double)x.n);
    stats_put(c, "g", (double)g);
    stats_put(c, "mean", m.mean);
    stats_put(c, "se_naive", m.se_naive);
    stats_put(c, "se_cr0", m.se_cr0);
    stats_put(c, "se_cr1", m.se_cr1);
    stats_put(c, "deff", m.deff);
    stats_put_lo_hi(c, m.t, "t_lo", "t_hi");
}

/* "x": n rows of k numbers each. */
static StatsNumbers matrix(StatsCall *c, size_t *n, size_t *k) {
    const Json *rows = json_get(c->args, "x");
    StatsNumbers out = {0};
    *n = json_type(rows) == JSON_ARRAY ? json_count(rows) : 0;
    *k = *n ? json_count(json_first(rows)) : 0;
    size_t cells;
    if (!*n || !*k || !size_mul(*n, *k, &cells)) {
        stats_refuse(c, "'x' must be a list of rows, one for each question, of equally many numbers");
        return out;
    }
    out.v = arena_array(c->a, cells, sizeof *out.v);
    if (!out.v) {
        c->failed = !err_nomem(c->err);
        return out;
    }
    for (const Json *r = json_first(rows); r; r = json_next(r)) {
        if (json_type(r) != JSON_ARRAY || json_count(r) != *k) {
            stats_refuse(c, "'x': all rows must have %zu numbers", *k);
            return out;
        }
        for (const Json *e = json_first(r); e; e = json_next(e)) {
            if (json_type(e) != JSON_NUMBER || !isfinite(json_num(e))) stats_refuse(c, "'x' must hold numbers");
            out.v[out.n++] = json_num(e);
        }
    }
    return out;
}

static void repeats(StatsCall *c) {
    size_t n, k;
    StatsNumbers x = matrix(c, &n, &k);
    if (c->failed) return;
    StatRepeats r = stat_repeats(x.v, n, k);
    stats_put(c, "n", (double)n);
    stats_put(c, "k", (double)k);
    stats_put(c, "mean", r.mean);
    stats_put(c, "se", r.se);
    stats_put(c, "se_naive_flat", r.se_naive_flat);
    stats_put(c, "within_var", r.within_var);
    stats_put(c, "between_var", r.between_var);
    stats_put(c, "se_k_inf", r.se_k_inf);
}

static void paired(StatsCall *c) {
    StatsNumbers a = stats_list(c, "a"), b = stats_list(c, "b");
    double conf = stats_conf(c);
    if (c->failed || !same_length(c, a.n, b.n, "'a' and 'b'") || !some(c, a.n, "a")) return;
    StatPaired p = stat_paired(a.v, b.v, a.n, conf);
    stats_put(c, "n", (double)a.n);
    stats_put(c, "diff", p.diff);
    stats_put(c, "se", p.se);
    stats_put(c, "z", p.z);
    stats_put(c, "p_z", p.p_z);
    stats_put(c, "p_t", p.p_t);
    stats_put(c, "corr", p.corr);
    stats_put(c, "se_unpaired", p.se_unpaired);
    stats_put_lo_hi(c, p.ci, "lo", "hi");
}

static void unpaired(StatsCall *c) {
    StatsNumbers a = stats_list(c, "a"), b = stats_list(c, "b");
    if (c->failed || !some(c, a.n, "a") || !some(c, b.n, "b")) return;
    StatUnpaired p = stat_unpaired(a.v, a.n, b.v, b.n);
    stats_put(c, "diff", p.diff);
    stats_put(c, "se", p.se);
    stats_put(c, "z", p.z);
    stats_put(c, "p_z", p.p_z);
    stats_put(c, "welch_df", p.welch_df);
    stats_put(c, "p_welch", p.p_welch);
}

static void signflip_exact(StatsCall *c) {
    StatsNumbers d = stats_list(c, "d");
    if (c->failed || !some(c, d.n, "d")) return;
    if (d.n > STAT_SIGNFLIP_EXACT)
        stats_refuse(c, "'d' has %zu entries; beyond %d use signflip_random", d.n, STAT_SIGNFLIP_EXACT);
    else
        stats_put(c, "p", stat_signflip_exact(d.v, d.n));
}

static size_t rounds(StatsCall *c) {
    uint64_t b = stats_count(c, "b");
    if (!c->failed && (b < 1 || b > ROUNDS_MAX)) stats_refuse(c, "'b' must be 1 to %d", ROUNDS_MAX);
    return (size_t)b;
}

static void signflip_random(StatsCall *c) {
    StatsNumbers d = stats_list(c, "d");
    uint64_t seed = stats_seed(c);
    size_t b = rounds(c);
    if (!c->failed && some(c, d.n, "d")) stats_put(c, "p", stat_signflip_random(d.v, d.n, seed, b));
}

static void mcnemar(StatsCall *c) {
    uint64_t b = stats_count(c, "b"), d = stats_count(c, "c");
    if (c->failed) return;
    StatMcNemar m = stat_mcnemar(b, d);
    stats_put(c, "chi2", m.chi2);
    stats_put(c, "p_chi2", m.p_chi2);
    stats_put(c, "chi2_cc", m.chi2_cc);
    stats_put(c, "p_cc", m.p_cc);
    stats_put(c, "p_exact", m.p_exact);
    stats_put(c, "p_midp", m.p_midp);
}

static void proportion_ci(StatsCall *c) {
    uint64_t k = stats_count(c, "k"), n = stats_count(c, "n");
    double conf = stats_conf(c), x = (double)k, y = (double)n;
    if (c->failed || !stats_k_of_n(c, k, n, "'k', 'n'") || (n < 1 && !stats_refuse(c, "'n' must be at least 1")))
        return;
    stats_put(c, "p", x / y);
    stats_put_range(c, "wald", stat_wald(x, y, conf));
    stats_put_range(c, "wilson", stat_wilson(x, y, conf));
    stats_put_range(c, "wilson_cc", stat_wilson_cc(x, y, conf));
    stats_put_range(c, "clopper_pearson", stat_clopper_pearson(k, n, conf));
    stats_put_range(c, "agresti_coull", stat_agresti_coull(x, y, conf));
    stats_put_range(c, "jeffreys", stat_jeffreys(x, y, conf));
}

static void zero_event_upper(StatsCall *c) {
    uint64_t n = stats_count(c, "n");
    double conf = stats_conf(c);
    if (c->failed || (n < 1 && !stats_refuse(c, "'n' must be at least 1"))) return;
    stats_put(c, "exact", stat_zero_event_upper(n, conf));
    stats_put(c, "rule", stat_zero_event_rule(n, conf));
}

static void newcombe_diff(StatsCall *c) {
    uint64_t k1 = stats_count(c, "k1"), n1 = stats_count(c, "n1"), k2 = stats_count(c, "k2"), n2 = stats_count(c, "n2");
    double conf = stats_conf(c);
    if (c->failed || !stats_k_of_n(c, k1, n1, "'k1', 'n1'") || !stats_k_of_n(c, k2, n2, "'k2', 'n2'") ||
        !some(c, (size_t)n1, "n1") || !some(c, (size_t)n2, "n2"))
        return;
    StatNewcombe w = stat_newcombe_diff((double)k1, (double)n1, (double)k2, (double)n2, conf);
    stats_put(c, "diff", w.diff);
    stats_put(c, "lo", w.lo);
    stats_put(c, "hi", w.hi);
}

static void newcombe_paired(StatsCall *c) {
    uint64_t n11 = stats_count(c, "n11"), n10 = stats_count(c, "n10"), n01 = stats_count(c, "n01"),
             n00 = stats_count(c, "n00");
    double conf = stats_conf(c);
    if (c->failed || !some(c, (size_t)(n11 + n10 + n01 + n00), "n11 + n10 + n01 + n00")) return;
    StatNewcombe w = stat_newcombe_paired(n11, n10, n01, n00, conf);
    stats_put(c, "diff", w.diff);
    stats_put(c, "phi", w.phi);
    stats_put(c, "lo", w.lo);
    stats_put(c, "hi", w.hi);
}

/* n samples, c of them right, k drawn. */
typedef struct Draws {
    uint64_t n, c, k;
} Draws;

static bool draws(StatsCall *c, Draws *d) {
    *d = (Draws){stats_count(c, "n"), stats_count(c, "c"), stats_count(c, "k")};
    if (c->failed) return false;
    if (!d->k || d->k > d->n)
        return stats_refuse(c, "'k' must be 1 to n: %llu of %llu samples cannot be drawn", (unsigned long long)d->k,
                            (unsigned long long)d->n);
    return stats_k_of_n(c, d->c, d->n, "'c', 'n'");
}

static void pass_at_k(StatsCall *c) {
    Draws d;
    if (!draws(c, &d)) return;
    stats_put(c, "pass_at_k", stat_pass_at_k(d.n, d.c, d.k));
    stats_put(c, "pass_hat_k", stat_pass_hat_k(d.n, d.c, d.k));
}

static void g_pass_at_k(StatsCall *c) {
    Draws d;
    double tau = stats_num(c, "tau");
    if (!draws(c, &d)) return;
    if (!(tau >= 0.0 && tau <= 1.0))
        stats_refuse(c, "'tau' must lie in [0, 1]");
    else
        stats_put(c, "value", stat_g_pass_at_k(d.n, d.c, d.k, tau));
}

static void majority_vote(StatsCall *c) {
    const Json *list = json_get(c->args, "answers");
    size_t n = json_type(list) == JSON_ARRAY ? json_count(list) : 0, i = 0;
    Str *answers = arena_array(c->a, n + 1, sizeof *answers);
    if (!answers) {
        c->failed = !err_nomem(c->err);
        return;
    }
    if (n > 100000 || !n) stats_refuse(c, "'answers' must be a list of 1 to 100000 texts");
    for (const Json *e = c->failed ? NULL : json_first(list); e; e = json_next(e), i++) {
        answers[i] = json_str(e);
        if (json_type(e) != JSON_STRING && json_type(e) != JSON_NULL)
            stats_refuse(c, "'answers' must hold texts; null does not vote");
    }
    if (c->failed) return;
    size_t w = stat_majority(answers, n);
    json_out_key(c->o, "winner");
    json_out_str(c->o, w < n ? answers[w] : (Str){0});
}

/* ---- fixed generators ---- */

static void put_words(StatsCall *c, uint64_t n, uint64_t (*next)(void *), void *state) {
    char text[24];
    json_out_key(c->o, "u64");
    json_arr(c->o);
    for (uint64_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)next(state));
        json_out_cstr(c->o, text);
    }
    json_arr_end(c->o);
}

static uint64_t how_many(StatsCall *c) {
    uint64_t n = stats_count(c, "n");
    if (!c->failed && n > 1000000) stats_refuse(c, "'n' must be at most 1000000");
    return n;
}

static uint64_t next_splitmix(void *state) {
    return stat_splitmix64(state);
}
static uint64_t next_xoshiro(void *state) {
    return stat_rng_next(state);
}

static void rng_splitmix64(StatsCall *c) {
    uint64_t seed = stats_seed(c), n = how_many(c);
    if (!c->failed) put_words(c, n, next_splitmix, &seed);
}

static void rng_xoshiro256ss(StatsCall *c) {
    StatRng r;
    uint64_t seed = stats_seed(c), n = how_many(c);
    stat_rng_seed(&r, seed);
    if (!c->failed) put_words(c, n, next_xoshiro, &r);
}

static void rng_below(StatsCall *c) {
    StatRng r;
    uint64_t seed = stats_seed(c), n = how_many(c), bound = stats_count(c, "bound");
    if (c->failed) return;
    stat_rng_seed(&r, seed);
    json_out_key(c->o, "values");
    json_arr(c->o);
    for (uint64_t i = 0; i < n; i++) json_out_u64(c->o, stat_rng_below(&r, bound));
    json_arr_end(c->o);
}

/* ---- bootstrap ---- */

/* Rows or clusters as sums, in order of first appearance. */
static StatSums *sums(StatsCall *c, StatsNumbers x, size_t *g) {
    uint32_t *id = stats_clusters(c, x.n, false, g);
    if (!id) *g = x.n;
    StatSums *s = arena_array(c->a, *g + 1, sizeof *s);
    if (!s) c->failed = !err_nomem(c->err);
    for (size_t i = 0; s && !c->failed && i < x.n; i++) {
        StatSums *one = &s[id ? id[i] : i];
        one->num += x.v[i];
        one->den += 1.0;
    }
    return s;
}

static double *round_space(StatsCall *c, size_t b) {
    double *v = c->failed ? NULL : arena_array(c->a, b, sizeof *v);
    if (!v && !c->failed) c->failed = !err_nomem(c->err);
    return v;
}

static void bootstrap_mean(StatsCall *c) {
    StatsNumbers x = stats_list(c, "x");
    size_t g, b = rounds(c);
    StatSums *s = sums(c, x, &g);
    uint64_t seed = stats_seed(c);
    double conf = stats_conf(c), *space = round_space(c, b);
    if (c->failed || !some(c, x.n, "x")) return;
    StatBoot r = stat_boot_percentile(NULL, s, g, seed, conf, space, b);
    stats_put(c, "boot_mean", r.boot_mean);
    stats_put(c, "boot_se", r.boot_se);
    stats_put(c, "lo", r.ci.lo);
    stats_put(c, "hi", r.ci.hi);
}

static void bca_mean(StatsCall *c) {
    StatsNumbers x = stats_list(c, "x");
    size_t g, b = rounds(c);
    StatSums *s = sums(c, x, &g);
    uint64_t seed = stats_seed(c);
    double conf = stats_conf(c), *space = round_space(c, b);
    if (c->failed || !some(c, x.n, "x")) return;
    StatBca r = stat_bca(NULL, s, g, seed, space, b);
    stats_put(c, "mean", r.estimate);
    stats_put(c, "z0", r.z0);
    stats_put(c, "acceleration", r.accel);
    stats_put(c, "lo", stat_bca_quantile(&r, 0.5 * (1.0 - conf)));
    stats_put(c, "hi", stat_bca_quantile(&r, 1.0 - 0.5 * (1.0 - conf)));
}

const StatsFunction stats_samples[] = {
    {"special", ARGS("name", "x?", "p?", "a?", "b?", "df?"), special},
    {"mean_stats", ARGS("x", "conf"), mean_stats},
    {"clustered", ARGS("x", "cluster", "conf"), clustered},
    {"repeats", ARGS("x"), repeats},
    {"paired", ARGS("a", "b", "conf"), paired},
    {"unpaired", ARGS("a", "b", "conf?"), unpaired},
    {"signflip_exact", ARGS("d"), signflip_exact},
    {"signflip_random", ARGS("d", "seed", "b"), signflip_random},
    {"mcnemar", ARGS("b", "c"), mcnemar},
    {"proportion_ci", ARGS("k", "n", "conf"), proportion_ci},
    {"zero_event_upper", ARGS("n", "conf"), zero_event_upper},
    {"newcombe_diff", ARGS("k1", "n1", "k2", "n2", "conf"), newcombe_diff},
    {"newcombe_paired", ARGS("n11", "n10", "n01", "n00", "conf"), newcombe_paired},
    {"pass_at_k", ARGS("n", "c", "k"), pass_at_k},
    {"g_pass_at_k", ARGS("n", "c", "k", "tau"), g_pass_at_k},
    {"majority_vote", ARGS("answers"), majority_vote},
    {"rng_splitmix64", ARGS("seed", "n"), rng_splitmix64},
    {"rng_xoshiro256ss", ARGS("seed", "n"), rng_xoshiro256ss},
    {"rng_below", ARGS("seed", "bound", "n"), rng_below},
    {"bootstrap_mean", ARGS("x", "b", "seed", "conf", "cluster?"), bootstrap_mean},
    {"bca_mean", ARGS("x", "b", "seed", "conf", "cluster?"), bca_mean},
    {0},
};
