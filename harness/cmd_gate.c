#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/arms.h"
#include "harness/gate_adaptive.h"
#include "harness/gate_policy.h"

static const char usage[] =
    "usage: assay gate BASELINE CANDIDATE --policy FILE.yaml [--junit FILE] [--markdown FILE] [--html FILE]\n"
    "       assay gate --adaptive PLAN... --baseline SPEC --candidate SPEC --policy FILE.yaml [--out DIR]\n"
    "\n"
    "Says whether a candidate may take the place of a baseline, by a policy written beforehand. BASELINE\n"
    "and CANDIDATE are stored runs, DIR or DIR:MODEL, of the same suites. Policies to start from:\n"
    "suites/policies/fine-tune-gate.yaml and deployment-check.yaml.\n"
    "\n"
    "  --policy FILE.yaml  what is checked, and the margins\n"
    "  --junit FILE        one test case for each check, for CI\n"
    "  --markdown FILE     a summary for a pull request\n"
    "  --html FILE         the same as a page\n"
    "\n"
    "--adaptive asks both models the same questions in random order and stops as soon as the policy's\n"
    "differences are decided; looking after every question is paid for. Its folder is a run like any other.\n"
    "\n"
    "  --baseline SPEC, --candidate SPEC   the models, as of assay run --model\n"
    "  --out DIR, --resume DIR, --seed S, --limit N, --set KEY=VALUE, --seal-to FILE.pub, --judge SPEC,\n"
    "  --threads T, --batch N, --device cpu|cuda, --offline   as of assay run\n"
    "\n"
    "Exit status: 0 pass, 1 fail, 5 cannot tell (it says what would decide), 3 a run is not finished.\n";

typedef struct Outputs {
    const char *junit, *markdown, *html;
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

static bool write_to(CmdCtx *c, const char *file, Buf *b, bool made) {
    bool ok = !made || ((!b->failed || err_nomem(&c->fail)) && file_write_atomic(file, buf_str(b), &c->fail));
    buf_release(b);
    return ok;
}

static bool write_files(CmdCtx *c, RunStore *candidate, const GateReport *g, const Outputs *o, double seconds) {
    Buf junit, md, html;
    buf_init(&junit, (size_t)1 << 28);
    buf_init(&md, (size_t)1 << 28);
    buf_init(&html, (size_t)1 << 28);
    if (o->junit) gate_junit(g, started_at(c, candidate), seconds, &junit);
    if (o->markdown) gate_markdown(g, &md);
    if (o->html) gate_html(g, &html);
    bool a = write_to(c, o->junit, &junit, o->junit), b = a && write_to(c, o->markdown, &md, o->markdown);
    if (!a) buf_release(&md);
    if (!b) buf_release(&html);
    return b && write_to(c, o->html, &html, o->html);
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
    bool ok = finished(c, arms) && store_union(arms->v, arms->n, &both, &c->fail) &&
              gate_judge(both, policy, c->arena, &g, &c->fail) &&
              write_files(c, arms->v[1].store, &g, o, (double)(clock_mono_ns() - begun) / 1e9) && print(c, &g, o);
    store_close(both);
    return ok ? STATUS[g.verdict] : CMD_FAILED;
}

static bool two_arms(CmdCtx *c, const ArgList *words, Arms *arms) {
    if (words->n != 2)
        return err_set(&c->fail, ERR_INPUT, "name two runs: assay gate BASELINE CANDIDATE --policy FILE.yaml");
    if (!arms_open(c, words->v, 2, arms)) return false;
    return arms->n == 2 ||
           err_set(&c->fail, ERR_INPUT, "the runs have %zu models; name one of each as DIR:MODEL", arms->n);
}

typedef struct GateArgs {
    ArgList words, sets;
    const char *policy;
    bool adaptive;
    int limit;
    Outputs out;
    AdaptiveOptions o;
} GateArgs;

static bool parse(CmdCtx *c, int argc, char **argv, GateArgs *w) {
    RunOptions *r = &w->o.run;
    PlanOverrides *p = &r->over;
    const ArgSpec specs[] = {
        {"policy", 'p', ARG_TEXT, &w->policy},
        {"junit", 0, ARG_TEXT, &w->out.junit},
        {"markdown", 0, ARG_TEXT, &w->out.markdown},
        {"html", 0, ARG_TEXT, &w->out.html},
        {"adaptive", 0, ARG_FLAG, &w->adaptive},
        {"baseline", 0, ARG_TEXT, &w->o.baseline},
        {"candidate", 0, ARG_TEXT, &w->o.candidate},
        {"out", 'o', ARG_TEXT, &p->out},
        {"resume", 0, ARG_TEXT, &r->resume},
        {"seed", 0, ARG_U64, &p->seed, .given = &p->has_seed},
        {"limit", 0, ARG_INT, &w->limit, .given = &p->has_limit},
        {"set", 0, ARG_LIST, &w->sets},
        {"seal-to", 0, ARG_LIST, &r->seal_to},
        {"judge", 0, ARG_TEXT, &p->judge},
        {"threads", 't', ARG_INT, &p->threads, .lo = 1, .hi = 1024, .given = &p->has_threads},
        {"batch", 0, ARG_INT, &p->batch, .lo = 1, .hi = 4096, .given = &p->has_batch},
        {"device", 0, ARG_TEXT, &p->device},
        {"offline", 0, ARG_FLAG, &r->offline},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &w->words)) return false;
    p->limit = w->limit;
    p->sets = w->sets.v;
    p->n_sets = w->sets.n;
    if (!w->policy)
        return err_set(&c->fail, ERR_INPUT,
                       "--policy FILE.yaml is missing; suites/policies/fine-tune-gate.yaml is one to start from");
    bool asks = w->o.baseline || w->o.candidate || p->out || r->resume || p->has_seed || p->has_limit || w->sets.n;
    if (!w->adaptive && asks)
        return err_set(&c->fail, ERR_INPUT,
                       "options about asking models belong to --adaptive; stored runs are judged as they are");
    if (w->adaptive && (w->out.junit || w->out.markdown || w->out.html))
        return err_set(&c->fail, ERR_INPUT, "--junit, --markdown and --html are of stored runs; --adaptive has --json");
    w->o.plans = w->words;
    return true;
}

static int gate_run(CmdCtx *c, int argc, char **argv) {
    GateArgs w = {0};
    Arms arms = {0};
    GatePolicy policy;
    int status = CMD_FAILED;
    if (!parse(c, argc, argv, &w) || !gate_policy_read(w.policy, c->arena, &policy, &c->fail)) return CMD_FAILED;
    if (w.adaptive) return gate_adaptive(c, &w.o, &policy);
    if (two_arms(c, &w.words, &arms)) status = judge(c, &arms, &policy, &w.out);
    arms_close(&arms);
    return status;
}

const Cmd cmd_gate = {.name = "gate",
                      .summary = "say whether a candidate may take the place of a baseline",
                      .usage = usage,
                      .run = gate_run};
