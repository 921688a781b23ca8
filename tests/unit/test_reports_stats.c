/* Statistics against the reference vectors (mpmath, SciPy, published examples), and properties at the edges. */
#include "tests/support.h"

#include <math.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "reports/stats/stats.h"

/* ---- reference vectors ---- */

typedef struct Case {
    const char *id;
    const Json *args, *expect;
    int checked;
} Case;

static double arg(Case *c, const char *key) {
    const Json *j = json_get(c->args, key);
    assert_non_null(j);
    return json_num(j);
}

static size_t arg_array(Case *c, const char *key, double *out, size_t max) {
    size_t n = 0;
    for (const Json *j = json_first(json_get(c->args, key)); j; j = json_next(j)) {
        assert_true(n < max);
        out[n++] = json_num(j);
    }
    return n;
}

static void near(Case *c, const char *key, const Json *want, double got) {
    if (!want) return;
    if (json_type(want) != JSON_NUMBER) { /* null: undefined */
        assert_true(json_type(want) == JSON_NULL && isnan(got));
        return;
    }
    double w = json_num(want);
    if (!(fabs(got - w) <= 1e-9 + 1e-9 * fabs(w))) fail_msg("%s %s: got %.17g, expected %.17g", c->id, key, got, w);
    c->checked++;
}

static void expect(Case *c, const char *key, double got) {
    near(c, key, json_get(c->expect, key), got);
}

static void expect_pair(Case *c, const char *key, StatRange got) {
    const Json *lo = json_first(json_get(c->expect, key));
    assert_non_null(lo);
    near(c, key, lo, got.lo);
    near(c, key, json_next(lo), got.hi);
}

static void do_special(Case *c) {
    const Json *name = json_get(c->args, "name");
    Str s = json_str(name);
    double got;
    if (str_eqz(s, "norm_cdf"))
        got = stat_norm_cdf(arg(c, "x"));
    else if (str_eqz(s, "norm_ppf"))
        got = stat_norm_ppf(arg(c, "x"));
    else if (str_eqz(s, "betainc"))
        got = stat_betainc(arg(c, "a"), arg(c, "b"), arg(c, "x"));
    else if (str_eqz(s, "t_ppf"))
        got = stat_t_ppf(arg(c, "p"), arg(c, "df"));
    else
        got = stat_chi2_sf_df1(arg(c, "x"));
    expect(c, "value", got);
}

enum { MAX = 4096 };
static double x[MAX], y[MAX];

static void do_mean(Case *c) {
    StatMean m = stat_mean(x, arg_array(c, "x", x, MAX), arg(c, "conf"));
    expect(c, "n", (double)m.n), expect(c, "mean", m.mean), expect(c, "var", m.var), expect(c, "sd", m.sd);
    expect(c, "se", m.se), expect(c, "z_lo", m.z.lo), expect(c, "z_hi", m.z.hi);
    expect(c, "t_lo", m.t.lo), expect(c, "t_hi", m.t.hi);
}

static void do_clustered(Case *c) {
    static uint32_t cluster[MAX];
    static Str names[MAX];
    size_t n = arg_array(c, "x", x, MAX), g = 0, i = 0;
    for (const Json *j = json_first(json_get(c->args, "cluster")); j; j = json_next(j), i++) {
        size_t k = 0;
        while (k < g && !str_eq(names[k], json_str(j))) k++;
        if (k == g) names[g++] = json_str(j);
        cluster[i] = (uint32_t)k;
    }
    StatClustered r = stat_clustered(x, cluster, n, g, arg(c, "conf"), y);
    expect(c, "n", (double)r.n), expect(c, "g", (double)r.g), expect(c, "mean", r.mean);
    expect(c, "se_naive", r.se_naive), expect(c, "se_cr0", r.se_cr0), expect(c, "se_cr1", r.se_cr1);
    expect(c, "deff", r.deff), expect(c, "t_lo", r.t.lo), expect(c, "t_hi", r.t.hi);
}

static void do_repeats(Case *c) {
    size_t n = 0, k = 0;
    for (const Json *row = json_first(json_get(c->args, "x")); row; row = json_next(row), n++) {
        k = 0;
        for (const Json *j = json_first(row); j; j = json_next(j)) x[n * json_count(row) + k++] = json_num(j);
    }
    StatRepeats r = stat_repeats(x, n, k);
    expect(c, "n", (double)r.n), expect(c, "k", (double)r.k), expect(c, "mean", r.mean), expect(c, "se", r.se);
    expect(c, "se_naive_flat", r.se_naive_flat), expect(c, "within_var", r.within_var);
    expect(c, "between_var", r.between_var), expect(c, "se_k_inf", r.se_k_inf);
}

static void do_paired(Case *c) {
    size_t n = arg_array(c, "a", x, MAX);
    arg_array(c, "b", y, MAX);
    StatPaired r = stat_paired(x, y, n, arg(c, "conf"));
    expect(c, "n", (double)r.n), expect(c, "diff", r.diff), expect(c, "se", r.se), expect(c, "z", r.z);
    expect(c, "p_z", r.p_z), expect(c, "p_t", r.p_t), expect(c, "corr", r.corr);
    expect(c, "se_unpaired", r.se_unpaired), expect(c, "lo", r.ci.lo), expect(c, "hi", r.ci.hi);
}

static void do_mcnemar(Case *c) {
    StatMcNemar r = stat_mcnemar((uint64_t)arg(c, "b"), (uint64_t)arg(c, "c"));
    expect(c, "chi2", r.chi2), expect(c, "p_chi2", r.p_chi2), expect(c, "chi2_cc", r.chi2_cc);
    expect(c, "p_cc", r.p_cc), expect(c, "p_exact", r.p_exact), expect(c, "p_midp", r.p_midp);
}

static void do_proportion(Case *c) {
    uint64_t k = (uint64_t)arg(c, "k"), n = (uint64_t)arg(c, "n");
    expect_pair(c, "wilson", stat_wilson((double)k, (double)n, arg(c, "conf")));
    expect_pair(c, "clopper_pearson", stat_clopper_pearson(k, n, arg(c, "conf")));
}

static void do_newcombe(Case *c) {
    StatNewcombe r = stat_newcombe_paired((uint64_t)arg(c, "n11"), (uint64_t)arg(c, "n10"), (uint64_t)arg(c, "n01"),
                                          (uint64_t)arg(c, "n00"), arg(c, "conf"));
    expect(c, "diff", r.diff), expect(c, "phi", r.phi), expect(c, "lo", r.lo), expect(c, "hi", r.hi);
}

static void do_zero(Case *c) {
    expect(c, "exact", stat_zero_event_upper((uint64_t)arg(c, "n"), arg(c, "conf")));
}

static double total_variance(Case *c) {
    return arg(c, "omega2") + arg(c, "sigma2_a") / arg(c, "k_a") + arg(c, "sigma2_b") / arg(c, "k_b");
}

static void do_power(Case *c) {
    expect(c, "n", stat_power_n(total_variance(c), arg(c, "delta"), arg(c, "alpha"), arg(c, "power")));
}

static void do_mde(Case *c) {
    expect(c, "delta", stat_mde(total_variance(c), arg(c, "n"), arg(c, "alpha"), arg(c, "power")));
}

static void do_adjust(Case *c) {
    static double out[MAX];
    static size_t scratch[MAX];
    size_t n = arg_array(c, "p", x, MAX), i = 0;
    stat_adjust_bh(x, n, out, scratch);
    for (const Json *j = json_first(json_get(c->expect, "bh")); j; j = json_next(j)) near(c, "bh", j, out[i++]);
    i = 0;
    stat_adjust_holm(x, n, out, scratch);
    for (const Json *j = json_first(json_get(c->expect, "holm")); j; j = json_next(j)) near(c, "holm", j, out[i++]);
}

static const struct {
    const char *fn;
    void (*run)(Case *);
} FNS[] = {
    {"special", do_special},
    {"mean_stats", do_mean},
    {"clustered", do_clustered},
    {"repeats", do_repeats},
    {"paired", do_paired},
    {"mcnemar", do_mcnemar},
    {"proportion_ci", do_proportion},
    {"newcombe_paired", do_newcombe},
    {"zero_event_upper", do_zero},
    {"power_n_paired", do_power},
    {"mde_paired", do_mde},
    {"p_adjust", do_adjust},
};

static void test_reference(void **state) {
    (void)state;
    NEED_SHARED(path, "golden/statistics.json");
    Err err = ERR_INIT;
    Buf text;
    Json *root = NULL;
    int cases = 0;
    buf_init(&text, 1 << 24);
    if (!file_read(path, &text, &err) || !json_parse(buf_str(&text), &root, &err)) fail_msg("%s", err.msg);
    for (const Json *j = json_first(json_get(root, "cases")); j; j = json_next(j)) {
        Str fn = json_str(json_get(j, "fn"));
        for (size_t i = 0; i < sizeof FNS / sizeof *FNS; i++) {
            if (!str_eqz(fn, FNS[i].fn)) continue;
            Case c = {json_str(json_get(j, "id")).p, json_get(j, "args"), json_get(j, "expect"), 0};
            FNS[i].run(&c);
            if (c.checked == 0) fail_msg("%s: nothing was compared", c.id);
            cases++;
        }
    }
    print_message("%d reference cases\n", cases);
    assert_true(cases >= 60);
    json_close(root);
    buf_release(&text);
}

/* ---- edges ---- */

static void test_undefined(void **state) {
    (void)state;
    double one[] = {0.5};
    StatMean m = stat_mean(one, 1, 0.95);
    assert_true(m.mean == 0.5 && isnan(m.se) && isnan(m.t.lo));
    assert_true(isnan(stat_mean(one, 0, 0.95).mean));
    double same[] = {1, 1, 1};
    StatPaired p = stat_paired(same, same, 3, 0.95);
    assert_true(p.diff == 0 && p.se == 0 && isnan(p.p_t) && isnan(p.corr));
    uint32_t cluster[] = {0, 0, 0};
    double scratch[3];
    assert_true(isnan(stat_clustered(same, cluster, 3, 1, 0.95, scratch).se_cr1));
    assert_true(isnan(stat_wilson(0, 0, 0.95).lo) && isnan(stat_clopper_pearson(2, 1, 0.95).lo));
    assert_true(isnan(stat_norm_ppf(-0.1)) && isnan(stat_norm_ppf(NAN)) && stat_norm_ppf(1) == INFINITY);
    assert_true(isnan(stat_mde(0.1, 0, 0.05, 0.8)));
}

/* The quantile functions invert the distribution functions, far into the tails. */
static void test_inverses(void **state) {
    (void)state;
    const double ps[] = {1e-300, 1e-30, 1e-12, 1e-6, 0.01, 0.2, 0.49999, 0.5, 0.7, 0.975, 0.999999};
    for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
        double p = ps[i];
        assert_true(fabs(stat_norm_cdf(stat_norm_ppf(p)) - p) <= 1e-12 * p);
        for (double df = 1; df < 1e5; df *= 7) {
            double t = stat_t_ppf(p, df), tail = p < 0.5 ? p : 1 - p;
            double got = 0.5 * stat_t_two_sided(t, df);
            if (p > 1e-20 && !(fabs(got - tail) <= 1e-9 * tail)) fail_msg("p %g df %g: %.17g", p, df, got);
        }
    }
}

static void test_adjust_ignores_undefined(void **state) {
    (void)state;
    double p[] = {0.04, NAN, 0.01}, out[3];
    size_t scratch[3];
    stat_adjust_bh(p, 3, out, scratch);
    assert_true(fabs(out[0] - 0.04) < 1e-15 && isnan(out[1]) && fabs(out[2] - 0.02) < 1e-15);
    stat_adjust_holm(p, 3, out, scratch);
    assert_true(fabs(out[0] - 0.04) < 1e-15 && isnan(out[1]) && fabs(out[2] - 0.02) < 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_inverses),
        cmocka_unit_test(test_adjust_ignores_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
