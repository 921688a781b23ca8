/* Functions of `assay stats` for designs and decisions: power, many tests, gates, ratings, judges. */
#include <math.h>

#include "harness/stats/stats_call.h"
#include "reports/stats/stats_gate.h"
#include "reports/stats/stats_judge.h"
#include "reports/stats/stats_rating.h"
#include "reports/stats/stats_sequential.h"

#define ARGS(...)                                                                                                      \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

static double variance(StatsCall *c) {
    double ka = stats_num(c, "k_a"), kb = stats_num(c, "k_b");
    if (!c->failed && !(ka > 0.0 && kb > 0.0)) stats_refuse(c, "'k_a' and 'k_b' must be above 0");
    return stat_paired_variance(stats_num(c, "omega2"), stats_num(c, "sigma2_a"), ka, stats_num(c, "sigma2_b"), kb);
}

static double alpha(StatsCall *c) {
    return stats_open(c, "alpha", 0.0, 1.0);
}
static double power(StatsCall *c) {
    return stats_open(c, "power", 0.0, 1.0);
}

static void put_n(StatsCall *c, double n) {
    stats_put(c, "n", n);
    stats_put(c, "n_ceil", stat_ceil_n(n));
}

static void power_n_paired(StatsCall *c) {
    double v = variance(c), delta = stats_num(c, "delta"), al = alpha(c), pw = power(c);
    if (!c->failed) put_n(c, stat_power_n(v, delta, al, pw));
}

static void mde_paired(StatsCall *c) {
    double v = variance(c), n = stats_num(c, "n"), al = alpha(c), pw = power(c);
    if (!c->failed) stats_put(c, "delta", stat_mde(v, n, al, pw));
}

static void power_n_mcnemar(StatsCall *c) {
    double d = stats_num(c, "p_disc"), delta = stats_num(c, "delta"), al = alpha(c), pw = power(c);
    if (!c->failed) put_n(c, stat_power_n_mcnemar(d, delta, al, pw));
}

static void power_n_two_prop(StatsCall *c) {
    double p1 = stats_num(c, "p1"), p2 = stats_num(c, "p2"), al = alpha(c), pw = power(c);
    if (!c->failed) put_n(c, stat_power_n_two_prop(p1, p2, al, pw));
}

static void power_n_noninferiority(StatsCall *c) {
    double v = stats_num(c, "variance"), diff = stats_num(c, "diff"), margin = stats_num(c, "margin"), al = alpha(c),
           pw = power(c);
    if (!c->failed) put_n(c, stat_power_n_noninferiority(v, diff, margin, al, pw));
}

static void put_list(StatsCall *c, const char *key, const double *v, size_t n) {
    json_out_key(c->o, key);
    json_arr(c->o);
    for (size_t i = 0; i < n; i++) json_out_num(c->o, v[i]);
    json_arr_end(c->o);
}

static void p_adjust(StatsCall *c) {
    StatsNumbers p = stats_list(c, "p");
    double *out = arena_array(c->a, p.n + 1, sizeof *out);
    size_t *scratch = arena_array(c->a, p.n + 1, sizeof *scratch);
    if (!out || !scratch) c->failed = !err_nomem(c->err);
    for (size_t i = 0; !c->failed && i < p.n; i++)
        if (!(p.v[i] >= 0.0 && p.v[i] <= 1.0)) stats_refuse(c, "'p': entry %zu does not lie in [0, 1]", i + 1);
    if (c->failed) return;
    stat_adjust_bonferroni(p.v, p.n, out), put_list(c, "bonferroni", out, p.n);
    stat_adjust_holm(p.v, p.n, out, scratch), put_list(c, "holm", out, p.n);
    stat_adjust_hochberg(p.v, p.n, out, scratch), put_list(c, "hochberg", out, p.n);
    stat_adjust_bh(p.v, p.n, out, scratch), put_list(c, "bh", out, p.n);
    stat_adjust_by(p.v, p.n, out, scratch), put_list(c, "by", out, p.n);
}

static void noninferiority(StatsCall *c) {
    double diff = stats_num(c, "diff"), se = stats_num(c, "se"), margin = stats_num(c, "margin"), al = alpha(c);
    if (c->failed) return;
    StatNonInferiority r = stat_noninferiority(diff, se, margin, al);
    stats_put(c, "z", r.z);
    stats_put(c, "p", r.p);
    json_out_key(c->o, "noninferior");
    if (isnan(r.p))
        json_out_null(c->o);
    else
        json_out_bool(c->o, r.noninferior);
    stats_put(c, "lower", r.lower);
}

static void beta_posterior(StatsCall *c) {
    double k = stats_num(c, "k"), n = stats_num(c, "n"), a = stats_num(c, "a"), b = stats_num(c, "b");
    double conf = stats_conf(c), threshold = stats_num(c, "threshold");
    if (!c->failed && !(k >= 0 && k <= n && a > 0 && b > 0)) stats_refuse(c, "need 0 <= k <= n, a > 0, b > 0");
    if (c->failed) return;
    StatBeta r = stat_beta_posterior(k, n, a, b, conf, threshold);
    stats_put(c, "mean", r.mean);
    stats_put(c, "var", r.var);
    stats_put_lo_hi(c, r.ci, "lo", "hi");
    stats_put(c, "p_gt", r.p_gt);
}

static void prob_superiority(StatsCall *c) {
    double a1 = stats_num(c, "a1"), b1 = stats_num(c, "b1"), a2 = stats_num(c, "a2"), b2 = stats_num(c, "b2");
    if (!c->failed && !(a1 > 0 && b1 > 0 && a2 > 0 && b2 > 0)) stats_refuse(c, "all four must be above 0");
    if (!c->failed) stats_put(c, "p", stat_prob_superiority(a1, b1, a2, b2));
}

static void macro_mean(StatsCall *c) {
    StatsNumbers m = stats_list(c, "means"), s = stats_list(c, "ses");
    if (!c->failed && (m.n != s.n || !m.n))
        stats_refuse(c, "'means' and 'ses' must have the same number of entries, at least one");
    if (c->failed) return;
    StatMacro r = stat_macro_mean(m.v, s.v, m.n);
    stats_put(c, "mean", r.mean);
    stats_put(c, "se", r.se);
}

static void lm_eval_pooled_stderr(StatsCall *c) {
    StatsNumbers s = stats_list(c, "ses"), n = stats_list(c, "sizes");
    if (!c->failed && (n.n != s.n || !n.n))
        stats_refuse(c, "'ses' and 'sizes' must have the same number of entries, at least one");
    if (!c->failed) stats_put(c, "se", stat_lm_eval_pooled_se(s.v, n.v, n.n));
}

static void calibration(StatsCall *c) {
    StatsNumbers p = stats_list(c, "p"), y = stats_list(c, "y");
    uint64_t bins = stats_count(c, "bins");
    if (!c->failed && (p.n != y.n || !p.n))
        stats_refuse(c, "'p' and 'y' must have the same number of entries, at least one");
    if (!c->failed && (bins < 1 || bins > 1000000)) stats_refuse(c, "'bins' must be 1 to 1000000");
    double *scratch = c->failed ? NULL : arena_array(c->a, (size_t)bins, sizeof *scratch);
    if (!scratch && !c->failed) c->failed = !err_nomem(c->err);
    if (c->failed) return;
    StatCalibration r = stat_calibration(p.v, y.v, p.n, (size_t)bins, scratch);
    stats_put(c, "ece", r.ece);
    stats_put(c, "brier", r.brier);
}

/* ---- ratings ---- */

static void put_rating(StatsCall *c, StatRating r) {
    stats_put(c, "rating", r.rating);
    stats_put(c, "se", r.se);
    stats_put(c, "expected_solved", r.expected_solved);
}

static bool problems(StatsCall *c, StatsNumbers *d, StatsNumbers *y, StatsNumbers *w) {
    *d = stats_list(c, "d"), *y = stats_list(c, "y"), *w = stats_list(c, "w");
    if (c->failed) return false;
    return (d->n == y->n && d->n == w->n && d->n) ||
           stats_refuse(c, "'d', 'y' and 'w' must have the same number of entries, at least one");
}

static void elo_mle(StatsCall *c) {
    StatsNumbers d, y, w;
    if (problems(c, &d, &y, &w)) put_rating(c, stat_elo_mle(d.v, y.v, w.v, d.n));
}

static void elo_map(StatsCall *c) {
    StatsNumbers d, y, w;
    double mu = stats_num(c, "mu"), sd = stats_num(c, "sd");
    if (!c->failed && !(sd > 0)) stats_refuse(c, "'sd' must be above 0");
    if (problems(c, &d, &y, &w)) put_rating(c, stat_elo_map(d.v, y.v, w.v, d.n, mu, sd));
}

static void elo_performance(StatsCall *c) {
    StatsNumbers r = stats_list(c, "ratings");
    double rank = stats_num(c, "rank");
    if (!c->failed) stats_put(c, "rating", stat_elo_performance(r.v, r.n, rank));
}

/* ---- judges ---- */

static void cohen_kappa(StatsCall *c) {
    const Json *rows = json_get(c->args, "table");
    size_t k = json_type(rows) == JSON_ARRAY ? json_count(rows) : 0, n = 0;
    double *t = k > 0 && k <= 1000 ? arena_array(c->a, k * k, sizeof *t) : NULL;
    bool ok = t != NULL;
    for (const Json *r = ok ? json_first(rows) : NULL; ok && r; r = json_next(r)) {
        ok = json_type(r) == JSON_ARRAY && json_count(r) == k;
        for (const Json *e = ok ? json_first(r) : NULL; ok && e; e = json_next(e)) {
            ok = json_type(e) == JSON_NUMBER && json_num(e) >= 0;
            t[n++] = json_num(e);
        }
    }
    if (!ok) {
        stats_refuse(c, "'table' must be a square list of rows of counts, at most 1000 wide");
        return;
    }
    StatKappa r = stat_kappa(t, k);
    stats_put(c, "po", r.po);
    stats_put(c, "pe", r.pe);
    stats_put(c, "kappa", r.kappa);
    stats_put(c, "se", r.se);
}

static void rogan_gladen(StatsCall *c) {
    uint64_t qk = stats_count(c, "q_k"), qn = stats_count(c, "q_n"), sek = stats_count(c, "sens_k"),
             sen = stats_count(c, "sens_n"), spk = stats_count(c, "spec_k"), spn = stats_count(c, "spec_n");
    double conf = stats_conf(c);
    if (c->failed || !stats_k_of_n(c, qk, qn, "'q_k', 'q_n'") || !stats_k_of_n(c, sek, sen, "'sens_k', 'sens_n'") ||
        !stats_k_of_n(c, spk, spn, "'spec_k', 'spec_n'"))
        return;
    if (!qn || !sen || !spn) {
        stats_refuse(c, "'q_n', 'sens_n' and 'spec_n' must be above 0");
        return;
    }
    double q = (double)qk / (double)qn;
    StatCorrected r = stat_rogan_gladen(q, q * (1.0 - q) / (double)qn, (double)sek / (double)sen, (double)sen,
                                        (double)spk / (double)spn, (double)spn, STAT_JUDGE_FLOOR, conf);
    stats_put(c, "theta", r.theta);
    stats_put(c, "se", r.se);
    stats_put_lo_hi(c, r.range, "lo", "hi");
}

/* ---- stop as soon as the data decide ---- */

static void paired_sequential(StatsCall *c) {
    StatsNumbers d = stats_list(c, "d"), items = {0};
    StatSeq s;
    Str target = json_str(json_get(c->args, "target"));
    if (json_get(c->args, "items")) items = stats_list(c, "items");
    double largest = 1.0, total = 0.0;
    for (size_t i = 0; i < items.n; i++) largest = fmax(largest, items.v[i]), total += items.v[i];
    if (!c->failed && items.v && items.n != d.n)
        stats_refuse(c, "'d' and 'items' must have the same number of entries");
    if (target.p && !str_eqz(target, "questions") && !str_eqz(target, "set"))
        stats_refuse(c, "'target' must be 'questions' or 'set'");
    StatSeqPlan plan = {.margin = stats_num(c, "margin"),
                        .alpha = stats_num(c, "alpha"),
                        .target = str_eqz(target, "set") ? STAT_SEQ_SET : STAT_SEQ_QUESTIONS,
                        .largest = stats_num_or(c, "largest", largest)};
    plan.regression = stats_num_or(c, "regression", plan.margin);
    plan.units = json_get(c->args, "units") ? (size_t)stats_count(c, "units") : d.n;
    plan.total_items = stats_num_or(c, "total_items", items.v && plan.units == d.n ? total : (double)plan.units);
    if (c->failed) return;
    bool ok = stat_seq_init(&s, &plan, c->err);
    for (size_t i = 0; ok && i < d.n; i++) {
        Err e = ERR_INIT;
        stat_seq_add(&s, d.v[i], items.v ? items.v[i] : 1.0, &e);
        ok = e.code == ERR_OK || err_set(c->err, e.code, "entry %zu: %s", i + 1, e.msg);
    }
    if (!ok) {
        c->failed = true;
        return;
    }
    StatRange ci = stat_seq_interval(&plan, d.v, items.v, d.n, 1.0 - 2.0 * plan.alpha);
    json_out_key(c->o, "state"), json_out_cstr(c->o, stat_seq_state_name(s.state));
    stats_put(c, "decided_at", (double)s.decided_at);
    stats_put(c, "p_pass", stat_seq_p_pass(&s));
    stats_put(c, "p_fail", stat_seq_p_fail(&s));
    stats_put(c, "mean", s.items > 0 ? s.sum / s.items : NAN);
    stats_put(c, "lo", ci.lo);
    stats_put(c, "hi", ci.hi);
}

const StatsFunction stats_designs[] = {
    {"power_n_paired", ARGS("omega2", "sigma2_a", "sigma2_b", "k_a", "k_b", "delta", "alpha", "power"), power_n_paired},
    {"mde_paired", ARGS("omega2", "sigma2_a", "sigma2_b", "k_a", "k_b", "n", "alpha", "power"), mde_paired},
    {"power_n_mcnemar", ARGS("p_disc", "delta", "alpha", "power"), power_n_mcnemar},
    {"power_n_two_prop", ARGS("p1", "p2", "alpha", "power"), power_n_two_prop},
    {"power_n_noninferiority", ARGS("variance", "diff", "margin", "alpha", "power"), power_n_noninferiority},
    {"p_adjust", ARGS("p"), p_adjust},
    {"noninferiority", ARGS("diff", "se", "margin", "alpha"), noninferiority},
    {"beta_posterior", ARGS("k", "n", "a", "b", "conf", "threshold"), beta_posterior},
    {"prob_superiority", ARGS("a1", "b1", "a2", "b2"), prob_superiority},
    {"macro_mean", ARGS("means", "ses"), macro_mean},
    {"lm_eval_pooled_stderr", ARGS("ses", "sizes"), lm_eval_pooled_stderr},
    {"calibration", ARGS("p", "y", "bins"), calibration},
    {"elo_mle", ARGS("d", "y", "w"), elo_mle},
    {"elo_map", ARGS("d", "y", "w", "mu", "sd"), elo_map},
    {"elo_performance", ARGS("ratings", "rank"), elo_performance},
    {"cohen_kappa", ARGS("table"), cohen_kappa},
    {"rogan_gladen", ARGS("q_k", "q_n", "sens_k", "sens_n", "spec_k", "spec_n", "conf"), rogan_gladen},
    {"paired_sequential",
     ARGS("d", "margin", "alpha", "regression?", "items?", "largest?", "units?", "total_items?", "target?"),
     paired_sequential},
    {0},
};
