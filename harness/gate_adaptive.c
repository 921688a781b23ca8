#include "harness/gate_adaptive.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/adaptive.h"
#include "harness/term.h"

static void put_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

static void put_text(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v);
}

static void json_test(JsonOut *o, const AdaptiveTest *t, size_t n_tests) {
    json_obj(o);
    put_text(o, "check", t->check->id);
    put_text(o, "suite", t->suite);
    put_text(o, "effort", str_from(effort_name(t->effort)));
    put_text(o, "verdict", str_from(gate_verdict_name(t->verdict)));
    put_num(o, "margin", t->check->margin);
    put_num(o, "units", (double)t->units);
    put_num(o, "units_asked", (double)t->asked);
    put_num(o, "decided_at", t->decided_at ? (double)t->decided_at : NAN);
    put_num(o, "pairs", (double)t->pairs);
    put_num(o, "difference", t->mean);
    put_num(o, "lower", t->interval.lo);
    put_num(o, "upper", t->interval.hi);
    put_num(o, "p_pass", t->p_pass);
    put_num(o, "p_fail_adjusted", fmin(1.0, t->p_fail * (double)n_tests));
    json_obj_end(o);
}

static void to_json(const AdaptiveResult *r, const GatePolicy *policy, Buf *b, int indent) {
    JsonOut o;
    json_out_init(&o, b, indent);
    json_obj(&o);
    put_text(&o, "format", STR("assay-adaptive-gate/1"));
    put_text(&o, "verdict", str_from(gate_verdict_name(r->verdict)));
    put_text(&o, "policy", policy->name);
    put_text(&o, "policy_sha256", str_from(policy->sha256));
    put_num(&o, "answers_asked", (double)r->asked);
    put_num(&o, "answers_of_a_whole_run", (double)r->total);
    json_out_key(&o, "tests");
    json_arr(&o);
    for (size_t i = 0; i < r->n_tests; i++) json_test(&o, &r->tests[i], r->n_tests);
    json_arr_end(&o);
    json_out_key(&o, "left_to_a_whole_run");
    json_arr(&o);
    for (size_t i = 0; i < r->n_left; i++) json_out_str(&o, r->left[i]->id);
    json_arr_end(&o);
    json_obj_end(&o);
}

static void points(Buf *b, double v) {
    if (isnan(v))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%s%.1f", v < -0.0005 ? "−" : "", fabs(100.0 * v));
}

static void test_line(Buf *b, const AdaptiveTest *t) {
    static const char *const WORDS[] = {"pass", "FAIL", "cannot tell", "skipped"};
    buf_addf(b, "%-12s ", WORDS[t->verdict]);
    term_escape(b, t->check->id);
    buf_adds(b, ", ");
    term_escape(b, t->suite);
    buf_addf(b, ", effort %s: ", effort_name(t->effort));
    if (t->decided_at)
        buf_addf(b, "decided after %zu of %zu", t->decided_at, t->units);
    else
        buf_addf(b, "not decided by %zu of %zu", t->asked, t->units);
    buf_addf(b, " questions or clusters; difference ");
    points(b, t->mean);
    buf_adds(b, " points (");
    points(b, t->interval.lo);
    buf_adds(b, " to ");
    points(b, t->interval.hi);
    buf_addf(b, ", margin %.1f)\n", 100.0 * t->check->margin);
}

static void answer_line(Buf *b, const AdaptiveResult *r) {
    static const char *const WORDS[] = {"Pass", "Fail", "Cannot tell"};
    buf_addf(b, "\n%s, after %lld of %lld answers", WORDS[r->verdict], (long long)r->asked, (long long)r->total);
    if (r->asked < r->total) buf_addf(b, " (%.0f %% saved)", 100.0 * (1.0 - (double)r->asked / (double)r->total));
    buf_adds(b, ".\n");
    if (r->verdict == GATE_INCONCLUSIVE)
        buf_adds(b, "All questions were asked: more of them, or more repeats, would be needed to decide.\n");
    for (size_t i = 0; i < r->n_left; i++) {
        buf_adds(b, i ? ", " : "Not judged here, only by assay gate on a whole run: ");
        term_escape(b, r->left[i]->id);
        if (i + 1 == r->n_left) buf_adds(b, ".\n");
    }
}

static void tell_round(void *ctx, const AdaptiveResult *r) {
    CmdCtx *c = ctx;
    size_t open = 0;
    for (size_t i = 0; i < r->n_tests; i++) open += r->tests[i].verdict == GATE_INCONCLUSIVE;
    if (!c->quiet)
        fprintf(c->err, "%lld of %lld answers; %zu of %zu tests not decided yet\n", (long long)r->asked,
                (long long)r->total, open, r->n_tests);
}

static bool report(CmdCtx *c, Run *r, const AdaptiveResult *res, const GatePolicy *policy) {
    Buf json, out;
    buf_init(&json, (size_t)1 << 26);
    buf_init(&out, (size_t)1 << 26);
    to_json(res, policy, &json, 0);
    bool ok = !json.failed || err_nomem(&c->fail);
    ok = ok && store_manifest_put(run_store(r), "adaptive", buf_str(&json), &c->fail) && run_reports(r, &c->fail);
    if (c->json)
        to_json(res, policy, &out, 1);
    else if (!c->quiet)
        for (size_t i = 0; i < res->n_tests; i++) test_line(&out, &res->tests[i]);
    if (!c->json) answer_line(&out, res);
    ok = ok && (!out.failed || err_nomem(&c->fail));
    if (ok) fprintf(c->out, "%s%s", out.p, c->json ? "\n" : "");
    for (size_t i = 0; ok && !c->json && i < RUN_FILES; i++) fprintf(c->out, "%s/%s\n", run_dir(r), run_files[i]);
    buf_release(&json);
    buf_release(&out);
    return ok;
}

/* "baseline=SPEC" unless the SPEC has a name of its own. */
static const char *named(CmdCtx *c, const char *name, const char *spec) {
    const char *eq = strchr(spec, '='), *slash = strpbrk(spec, "/+:");
    if (eq && eq != spec && (!slash || eq < slash)) return spec;
    return str_printf(c->arena, "%s=%s", name, spec).p;
}

static bool set_models(CmdCtx *c, AdaptiveOptions *o) {
    const char **models = arena_array(c->arena, 2, sizeof *models);
    if (o->run.resume) {
        if (o->baseline || o->candidate || o->plans.n)
            return err_set(&c->fail, ERR_INPUT, "--resume goes on with its own plan and models; leave the others out");
        return true;
    }
    if (!o->baseline || !o->candidate || !o->plans.n)
        return err_set(
            &c->fail, ERR_INPUT,
            "name a plan or suites, and both models: assay gate --adaptive PLAN --baseline SPEC --candidate SPEC "
            "--policy FILE.yaml");
    if (models) models[0] = named(c, "baseline", o->baseline), models[1] = named(c, "candidate", o->candidate);
    if (!models || !models[0] || !models[1]) return err_nomem(&c->fail);
    o->run.over.models = models;
    o->run.over.n_models = 2;
    o->run.plans = o->plans;
    return true;
}

/* A policy that does not fit is found out once the suites are read, and the folder is there by then. */
static void forget_folder(CmdCtx *c, const char *dir) {
    static const char *const FILES[] = {"run.db", "run.db-wal", "run.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        const char *path = path_join(c->arena, dir, FILES[i]);
        if (path) unlink(path);
    }
    rmdir(dir);
}

int gate_adaptive(CmdCtx *c, AdaptiveOptions *o, const GatePolicy *policy) {
    static const int STATUS[] = {EXIT_DONE, EXIT_NO, EXIT_UNDECIDED};
    AdaptiveResult res;
    Run *r = NULL;
    if (!set_models(c, o)) return CMD_FAILED;
    o->run.err = c->err;
    o->run.tty = term_is_live(c->err);
    o->run.quiet = true; /* rounds are told instead */
    run_catch_signals();
    bool ok = run_open(&o->run, c->arena, &r, &c->fail);
    if (ok && run_plan(r)->n_models != 2)
        ok = err_set(&c->fail, ERR_INPUT, "the run in %s has %zu models; an adaptive gate has two", run_dir(r),
                     run_plan(r)->n_models);
    ok = ok && adaptive_gate(r, policy, c->arena, tell_round, c, &res, &c->fail) && report(c, r, &res, policy);
    if (!ok && r && c->fail.code == ERR_INTERRUPTED)
        fprintf(c->err, "go on with\n  assay gate --adaptive --resume %s --policy FILE.yaml\n", run_dir(r));
    bool forget = !ok && r && c->fail.code == ERR_INPUT && !o->run.resume && !run_finished(r);
    const char *dir = forget ? str_cstr(c->arena, str_from(run_dir(r))) : NULL;
    run_close(r);
    if (dir) forget_folder(c, dir);
    return ok ? STATUS[res.verdict] : CMD_FAILED;
}
