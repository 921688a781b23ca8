#include <string.h>

#include "harness/gate/adaptive.h"

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/gate/arms.h"
#include "harness/gate/gate_policy.h"
#include "harness/term.h"

static const char usage[] =
    "usage: assay gate BASELINE CANDIDATE --policy FILE.yaml [--junit FILE] [--markdown FILE] [--html FILE]\n"
    "       assay gate --adaptive PLAN... --baseline SPEC --candidate SPEC --policy FILE.yaml [--out DIR]\n"
    "       assay gate --adaptive --resume DIR --policy FILE.yaml\n"
    "\n"
    "Says whether a candidate may take the place of a baseline, by a policy written beforehand. BASELINE\n"
    "and CANDIDATE are stored runs, DIR or DIR:MODEL, of the same suites. Policies to start from:\n"
    "suites/policies/fine-tune-gate.yaml and deployment-check.yaml.\n"
    "\n"
    "  --policy FILE.yaml  what is checked, and the margins\n"
    "  --junit FILE        one test case for each check, for CI\n"
    "  --markdown FILE     a summary for a pull request\n"
    "  --html FILE         the same as a page\n"
    "  --lang en|ko        language of what people read; --json speaks English\n"
    "\n"
    "With --adaptive both models are asked now, question by question in random order, and the run ends as soon as the\n"
    "checks are decided. It leaves a run in DIR, which is not finished: assay run --resume DIR asks the rest.\n"
    "\n"
    "  --baseline SPEC     and --candidate SPEC: [NAME=]SPEC as of assay run --model\n"
    "  --out DIR           where to write; default runs/PLAN-DATE-TIME\n"
    "  --resume DIR        go on with an adaptive gate that was interrupted\n"
    "  --seed S, --limit N, --repeats N, --effort LIST, --set KEY=VALUE, --threads T, --batch N, --device D,\n"
    "  --precision NAME, --judge SPEC, --seal-to FILE.pub, --offline   as of assay run\n"
    "\n"
    "Exit status: 0 pass, 1 fail, 5 cannot tell (it says what would decide), 3 a run is not finished.\n";

typedef struct Outputs {
    const char *junit, *markdown, *html;
    Lang lang;
} Outputs;

static Str started_at(CmdCtx *c, RunStore *s) {
    Str text = {0};
    Json *j = NULL;
    Err ignored = ERR_INIT;
    if (!store_manifest_get(s, "started_at", c->arena, &text, &ignored) || !text.p || !json_parse(text, &j, &ignored))
        return STR("");
    Str at = str_dup(c->arena, json_str(j));
    json_close(j);
    return at.p ? at : STR("");
}

static bool stage(CmdCtx *c, const char *file, Buf *b) {
    bool ok = (!b->failed || err_nomem(&c->fail)) && file_stage(file, buf_str(b), &c->fail);
    buf_release(b);
    return ok;
}

static bool stage_all(CmdCtx *c, RunStore *candidate, const GateReport *g, const Outputs *o, double seconds) {
    Buf b;
    buf_init(&b, (size_t)1 << 28);
    if (o->junit) gate_junit(g, started_at(c, candidate), seconds, &b);
    if (o->junit && !stage(c, o->junit, &b)) return false;
    buf_init(&b, (size_t)1 << 28);
    if (o->markdown) gate_markdown(g, &b);
    if (o->markdown && !stage(c, o->markdown, &b)) return false;
    buf_init(&b, (size_t)1 << 28);
    if (o->html) gate_html(g, &b);
    return !o->html || stage(c, o->html, &b);
}

/* All or none: a verdict for CI beside an older page for people would be two answers. */
static bool write_files(CmdCtx *c, RunStore *candidate, const GateReport *g, const Outputs *o, double seconds) {
    const char *const files[] = {o->junit, o->markdown, o->html};
    bool ok = stage_all(c, candidate, g, o, seconds);
    for (size_t i = 0; i < 3; i++) {
        if (files[i] && ok) ok = file_commit(files[i], &c->fail);
        if (files[i] && !ok) file_unstage(files[i]);
    }
    return ok;
}

static bool print(CmdCtx *c, const GateReport *g, const Outputs *o) {
    Buf b;
    buf_init(&b, (size_t)1 << 28);
    if (c->json)
        gate_json(g, &b, &c->fail);
    else if (c->quiet)
        buf_addf(&b, "%s\n", g->words);
    else
        gate_terminal(g, &b);
    bool ok = !b.failed || err_nomem(&c->fail);
    if (ok) fwrite(b.p, 1, b.n, c->out);
    const char *files[] = {o->junit, o->markdown, o->html};
    for (size_t i = 0; ok && !c->json && i < 3; i++)
        if (files[i]) fprintf(c->out, "%s\n", files[i]);
    buf_release(&b);
    return ok;
}

static bool finished(CmdCtx *c, const Arms *arms) {
    for (size_t i = 0; i < arms->n_stores; i++) {
        Str text = {0};
        Json *j = NULL;
        StoreCounts n;
        int64_t items = 0;
        bool ok = store_manifest_get(arms->stores[i], "n_items", c->arena, &text, &c->fail) &&
                  store_counts(arms->stores[i], &n, &c->fail) && (!text.p || json_parse(text, &j, &c->fail));
        bool told = ok && j && json_int(j, 0, INT64_MAX, &items);
        if (ok && j && !told)
            ok = err_set(&c->fail, ERR_INPUT, "manifest key 'n_items' must be a whole number of answers");
        if (!ok) err_wrap(&c->fail, STR_FMT, STR_ARG(arms->v[i < arms->n ? i : 0].run));
        json_close(j);
        if (!ok) return false;
        if (told && n.records < items)
            return err_set(
                &c->fail, ERR_INTERRUPTED,
                STR_FMT ": this run is not finished (%lld of %lld answers): go on with assay run --resume, then judge",
                STR_ARG(arms->v[i < arms->n ? i : 0].run), (long long)n.records, (long long)items);
    }
    return true;
}

static int judge(CmdCtx *c, const Arms *arms, const GatePolicy *policy, const Outputs *o) {
    static const int STATUS[] = {EXIT_DONE, EXIT_NO, EXIT_UNDECIDED};
    GateReport g;
    RunStore *both = NULL;
    uint64_t begun = clock_mono_ns();
    bool ok = finished(c, arms) && store_union(arms->v, arms->n, &both, &c->fail);
    if (ok) store_speak(both, o->lang);
    ok = ok && gate_judge(both, policy, c->arena, &g, &c->fail) &&
         write_files(c, arms->v[1].store, &g, o, (double)(clock_mono_ns() - begun) / 1e9);
    if (ok && c->json && o->lang != LANG_EN) { /* programs read English */
        store_speak(both, LANG_EN);
        ok = gate_judge(both, policy, c->arena, &g, &c->fail);
    }
    ok = ok && print(c, &g, o);
    store_close(both);
    return ok ? STATUS[g.verdict] : CMD_FAILED;
}

/* ---- adaptive ---- */

typedef struct AdaptiveArgs {
    bool on;
    const char *policy, *baseline, *candidate;
    RunOptions run;
    ArgList sets;
    int limit;
} AdaptiveArgs;

/* "baseline=SPEC" unless the SPEC has a name of its own. */
static const char *named(CmdCtx *c, const char *name, const char *spec) {
    const char *eq = strchr(spec, '='), *path = strpbrk(spec, "/+:");
    if (eq && eq != spec && (!path || eq < path)) return spec;
    return str_printf(c->arena, "%s=%s", name, spec).p;
}

static bool set_models(CmdCtx *c, AdaptiveArgs *x, const ArgList *words) {
    PlanOverrides *p = &x->run.over;
    const char **models = arena_array(c->arena, 2, sizeof *models);
    if (!words->n || !x->baseline || !x->candidate)
        return err_set(&c->fail, ERR_INPUT,
                       "name a plan or suites, and both models: assay gate --adaptive PLAN --baseline SPEC --candidate "
                       "SPEC --policy FILE.yaml");
    if (models) models[0] = named(c, "baseline", x->baseline), models[1] = named(c, "candidate", x->candidate);
    if (!models || !models[0] || !models[1]) return err_nomem(&c->fail);
    p->models = models;
    p->n_models = 2;
    x->run.plans = *words;
    return true;
}

static bool complete(CmdCtx *c, AdaptiveArgs *x, const ArgList *words) {
    PlanOverrides *p = &x->run.over;
    x->run.err = c->err;
    x->run.tty = term_is_live(c->err);
    x->run.quiet = c->quiet;
    x->run.color = c->color_err;
    p->limit = x->limit;
    p->sets = x->sets.v;
    p->n_sets = x->sets.n;
    if (!x->run.resume) return set_models(c, x, words);
    if (!words->n && !x->baseline && !x->candidate && !p->out) return true;
    return err_set(&c->fail, ERR_INPUT,
                   "--resume goes on with its own plan and models, in its own folder; leave the others out");
}

/* Reports of an interrupted run go as far as it went. */
static bool run_on(CmdCtx *c, Run *r, const char *policy) {
    Err ignored = ERR_INIT;
    if (run_loop(r, &c->fail)) return run_reports(r, &c->fail);
    if (c->fail.code == ERR_INTERRUPTED) {
        run_reports(r, &ignored);
        fprintf(c->err, "go on with\n  assay gate --adaptive --resume %s --policy %s\n", run_dir(r), policy);
    }
    return false;
}

static int adaptive(CmdCtx *c, AdaptiveArgs *x, const ArgList *words, const GatePolicy *policy, const Outputs *o) {
    static const int STATUS[] = {EXIT_DONE, EXIT_NO, EXIT_UNDECIDED};
    GateReport g;
    Adaptive *d;
    Run *r = NULL;
    uint64_t begun = clock_mono_ns();
    run_catch_signals();
    bool ok = complete(c, x, words) && adaptive_open(&x->run, policy, c->arena, &d, &c->fail) &&
              run_open(&x->run, c->arena, &r, &c->fail) && run_on(c, r, x->policy);
    if (ok) store_speak(run_store(r), o->lang);
    ok = ok && adaptive_report(d, r, c->arena, &g, &c->fail) &&
         write_files(c, run_store(r), &g, o, (double)(clock_mono_ns() - begun) / 1e9);
    if (ok && c->json && o->lang != LANG_EN) {
        store_speak(run_store(r), LANG_EN);
        ok = adaptive_report(d, r, c->arena, &g, &c->fail);
    }
    ok = ok && print(c, &g, o);
    if (ok && !c->json && !c->quiet)
        for (size_t i = 0; i < RUN_FILES; i++) fprintf(c->out, "%s/%s\n", run_dir(r), run_files[i]);
    run_close(r);
    return ok ? STATUS[g.verdict] : CMD_FAILED;
}

static bool two_arms(CmdCtx *c, const ArgList *words, Arms *arms) {
    if (words->n != 2)
        return err_set(&c->fail, ERR_INPUT, "name two runs: assay gate BASELINE CANDIDATE --policy FILE.yaml");
    if (!arms_open(c, words->v, 2, arms)) return false;
    return arms->n == 2 ||
           err_set(&c->fail, ERR_INPUT, "the runs have %zu models; name one of each as DIR:MODEL", arms->n);
}

static bool only_adaptive(CmdCtx *c, const AdaptiveArgs *x) {
    const PlanOverrides *p = &x->run.over;
    bool any = x->run.resume || x->baseline || x->candidate || p->out || p->has_seed || p->has_limit ||
               p->has_repeats || p->efforts || x->sets.n || p->has_threads || p->has_batch || p->device ||
               p->precision || p->judge || x->run.seal_to.n || x->run.offline;
    return !any || err_set(&c->fail, ERR_INPUT,
                           "two stored runs are judged as they are: options about asking models belong to --adaptive");
}

static int gate_run(CmdCtx *c, int argc, char **argv) {
    const char *policy_path = NULL, *language = NULL;
    Outputs o = {0};
    ArgList words = {0};
    Arms arms = {0};
    GatePolicy policy;
    AdaptiveArgs x = {0};
    PlanOverrides *p = &x.run.over;
    const ArgSpec specs[] = {{"policy", 'p', ARG_TEXT, &policy_path},
                             {"junit", 0, ARG_TEXT, &o.junit},
                             {"markdown", 0, ARG_TEXT, &o.markdown},
                             {"html", 0, ARG_TEXT, &o.html},
                             {"lang", 0, ARG_TEXT, &language},
                             {"adaptive", 0, ARG_FLAG, &x.on},
                             {"baseline", 0, ARG_TEXT, &x.baseline},
                             {"candidate", 0, ARG_TEXT, &x.candidate},
                             {"out", 0, ARG_TEXT, &p->out},
                             {"resume", 0, ARG_TEXT, &x.run.resume},
                             {"seed", 0, ARG_U64, &p->seed, .given = &p->has_seed},
                             {"limit", 0, ARG_INT, &x.limit, .given = &p->has_limit},
                             {"repeats", 0, ARG_INT, &p->repeats, .lo = 1, .hi = 10000, .given = &p->has_repeats},
                             {"effort", 0, ARG_TEXT, &p->efforts},
                             {"set", 0, ARG_LIST, &x.sets},
                             {"threads", 0, ARG_INT, &p->threads, .lo = 1, .hi = 1024, .given = &p->has_threads},
                             {"batch", 0, ARG_INT, &p->batch, .lo = 1, .hi = 4096, .given = &p->has_batch},
                             {"device", 0, ARG_TEXT, &p->device},
                             {"precision", 0, ARG_TEXT, &p->precision},
                             {"judge", 0, ARG_TEXT, &p->judge},
                             {"seal-to", 0, ARG_LIST, &x.run.seal_to},
                             {"offline", 0, ARG_FLAG, &x.run.offline}};
    int status = CMD_FAILED;
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (language && !lang_find(language, &o.lang))
        err_set(&c->fail, ERR_INPUT, "--lang: the gate speaks en (English) and ko (Korean), not '%s'", language);
    else if (!policy_path)
        err_set(&c->fail, ERR_INPUT,
                "--policy FILE.yaml is missing; suites/policies/fine-tune-gate.yaml is one to start from");
    else if (!gate_policy_read(policy_path, c->arena, &policy, &c->fail))
        status = CMD_FAILED;
    else if (x.on)
        x.policy = policy_path, status = adaptive(c, &x, &words, &policy, &o);
    else if (only_adaptive(c, &x) && two_arms(c, &words, &arms))
        status = judge(c, &arms, &policy, &o);
    arms_close(&arms);
    return status;
}

const Cmd cmd_gate = {.name = "gate",
                      .summary = "say whether a candidate may take the place of a baseline",
                      .usage = usage,
                      .run = gate_run};
