/* assay validate: suites, plans, policies of gates and plans of audits against the schema, their data, their scorers'
 * options, and every prompt once. */
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/audit/audit_plan.h"
#include "harness/gate/gate_policy.h"
#include "harness/plan/plan.h"
#include "harness/prompt.h"
#include "harness/scoring.h"
#include "harness/term.h"

static const char usage[] = "usage: assay validate FILE.yaml|FOLDER... [--set data=DIR]\n"
                            "\n"
                            "Checks suites, plans, policies of gates and plans of audits: keys and types, data files, "
                            "scorers and their\n"
                            "options, tools and their programs, and that every prompt renders.\n"
                            "Nothing is written. Exit status 2 if one of them is not valid.\n"
                            "\n"
                            "  --set data=DIR   the folder of data that suites with $data read (also data.SUITE=DIR)\n"
                            "  --no-data        check the YAML alone\n"
                            "  --json           one object per file\n";

typedef struct Verdict {
    const char *kind; /* "suite", "plan", "policy", "audit plan" */
    Str id;
    size_t n_suites, n_samples, n_checks; /* of a plan of an audit: its indicators */
    bool data_checked;
    Str tools; /* of a single suite, in words; absent: none */
    bool programs_unchecked;
} Verdict;

typedef struct Options {
    ArgList sets;
    bool no_data;
} Options;

/* Renders each prompt of a suite in a scratch arena. */
static bool check_prompts(const PlanSuite *ps, Err *err) {
    Arena *a = arena_open(0);
    GenOptions gen = GEN_DEFAULTS;
    bool ok = a || err_nomem(err);
    for (size_t i = 0; ok && i < ps->data->n; i++) {
        Request r;
        ok = prompt_build(ps->suite, ps->fewshot, &ps->data->samples[i], &gen, 0, a, &r, err);
        arena_reset(a);
    }
    arena_close(a);
    return ok;
}

static bool check_scorers(const Suite *s, Arena *a, Err *err) {
    static const ScorerTable no_plugins;
    ScorerSet *set;
    if (!scorer_set_open(s, &no_plugins, NULL, 0, a, &set, err)) return false;
    scorer_set_close(set);
    return true;
}

/* Programs of tools are read by the interpreter, if there is a sandbox for it here. */
static bool check_tools(const Suite *s, Verdict *v, Arena *a, Err *err) {
    Sandbox *box = NULL;
    ToolBox *tools = NULL;
    Err ignored = ERR_INIT;
    bool programs = false;
    if (!s->tools) return true;
    v->tools = tools_words(s->tools, a);
    for (size_t i = 0; i < s->tools->n_functions; i++)
        programs = programs || s->tools->functions[i].kind == TOOL_PROGRAM;
    if (!programs) return v->tools.p || err_nomem(err);
    v->programs_unchecked = !sandbox_open(1, &box, &ignored);
    bool ok = v->programs_unchecked || toolbox_open(s->tools, &s->tools->limits, box, a, &tools, err);
    toolbox_close(tools);
    sandbox_close(box);
    return ok;
}

/* A suite whose files the user has not named can be checked but for them. */
static bool lacks_data(const Err *err) {
    return strstr(err->msg, "--set data=DIR") != NULL;
}

static bool load_plan(const char *path, const Options *o, bool data, Arena *a, Plan **out, Err *err) {
    static const char *const any_model[] = {"any=."};
    YamlNode *root;
    const char *file = file_is_dir(path) ? path_join(a, path, "suite.yaml") : path;
    const char **sets = arena_array(a, o->sets.n + 1, sizeof *sets);
    if (!file || !sets) return err_nomem(err);
    if (!yaml_load(file, a, &root, NULL, err)) return false;
    bool suite = suite_is_suite(root);
    if (!suite && !yaml_get(root, "plan"))
        return yaml_fail(root, err,
                         "expected the key 'suite', 'plan', 'gate' or 'audit', which says what this file is");
    PlanOverrides over = {.sets = sets};
    for (; over.n_sets < o->sets.n; over.n_sets++) sets[over.n_sets] = o->sets.v[over.n_sets];
    if (!data) sets[over.n_sets++] = "data=.";
    if (suite) over.models = any_model, over.n_models = 1;
    return plan_load(&file, 1, &over, a, out, err);
}

/* Whether the file is YAML (or JSON, as `assay audit sign` writes) with this key. */
static bool has_key(const char *path, const char *key, Arena *a) {
    YamlNode *root;
    Err ignored = ERR_INIT;
    return !file_is_dir(path) && yaml_load(path, a, &root, NULL, &ignored) && yaml_get(root, key);
}

static bool check_policy(const char *path, Arena *a, Verdict *v, Err *err) {
    GatePolicy policy;
    v->kind = "policy";
    if (!gate_policy_read(path, a, &policy, err)) return false;
    v->id = policy.name;
    v->n_checks = policy.n_checks;
    return true;
}

static bool check_audit_plan(const char *path, Arena *a, Verdict *v, Err *err) {
    AuditPlan plan;
    Json *j = NULL;
    v->kind = "audit plan";
    if (!audit_plan_load(path, a, &plan, err) || !json_parse(plan.canonical, &j, err)) return false;
    v->id = str_dup(a, json_str(json_get(j, "audit")));
    v->n_checks = (size_t)json_count(json_get(j, "indicators"));
    json_close(j);
    return v->id.p || err_nomem(err);
}

static bool check_file(const char *path, const Options *o, Arena *a, Verdict *v, Err *err) {
    Plan *p;
    Err first = ERR_INIT;
    if (has_key(path, "gate", a)) return check_policy(path, a, v, err);
    if (has_key(path, "audit", a) || has_key(path, "signatures", a)) return check_audit_plan(path, a, v, err);
    v->data_checked = !o->no_data;
    if (!load_plan(path, o, v->data_checked, a, &p, &first)) {
        if (o->no_data || !lacks_data(&first)) {
            *err = first;
            return false;
        }
        v->data_checked = false;
        if (!load_plan(path, o, false, a, &p, err)) return false;
    }
    bool suite = p->n_suites == 1 && str_eq(p->name, p->suites[0].suite->id);
    v->kind = suite ? "suite" : "plan";
    v->id = p->name;
    v->n_suites = p->n_suites;
    for (size_t i = 0; i < p->n_suites; i++)
        if (!check_scorers(p->suites[i].suite, a, err) || !check_tools(p->suites[i].suite, v, a, err)) return false;
    if (!v->data_checked) return true;
    if (!plan_open_data(p, a, err)) return false;
    for (size_t i = 0; i < p->n_suites; i++) {
        v->n_samples += p->suites[i].data->n;
        if (!check_prompts(&p->suites[i], err)) return false;
    }
    return true;
}

static void print_verdict(CmdCtx *c, const char *path, const Verdict *v, const Err *err) {
    Buf b;
    buf_init(&b, 1 << 20);
    if (c->json) {
        JsonOut o;
        json_out_init(&o, &b, 0);
        json_obj(&o);
        json_out_key(&o, "file");
        json_out_cstr(&o, path);
        json_out_key(&o, "valid");
        json_out_bool(&o, !err);
        json_out_key(&o, "kind");
        json_out_cstr(&o, v->kind);
        json_out_key(&o, "id");
        json_out_str(&o, v->id);
        json_out_key(&o, "samples");
        if (v->data_checked && !err)
            json_out_int(&o, (int64_t)v->n_samples);
        else
            json_out_null(&o);
        json_out_key(&o, "error");
        json_out_cstr(&o, err ? err->msg : NULL);
        json_obj_end(&o);
    } else if (err) {
        term_escape(&b, str_from(err->msg));
    } else {
        term_escape(&b, str_from(path));
        buf_addf(&b, ": valid %s ", v->kind);
        term_escape(&b, v->id);
        if (v->n_suites > 1) buf_addf(&b, ", %zu suites", v->n_suites);
        if (v->n_checks)
            buf_addf(&b, ", %zu %s%s", v->n_checks, v->kind[0] == 'a' ? "indicator" : "check",
                     v->n_checks == 1 ? "" : "s");
        else if (v->data_checked)
            buf_addf(&b, ", %zu samples, every prompt renders", v->n_samples);
        else
            buf_adds(&b, " (its data was not looked at; name it with --set data=DIR)");
        if (v->tools.p && v->n_suites == 1) buf_addf(&b, ", tools: " STR_FMT, STR_ARG(v->tools));
        if (v->programs_unchecked) buf_adds(&b, " (their programs were not read: there is no sandbox here)");
    }
    FILE *f = err && !c->json ? c->err : c->out;
    if (err || c->json || !c->quiet) fprintf(f, "%s%s\n", err && !c->json ? "assay: " : "", b.p ? b.p : "");
    buf_release(&b);
}

static int validate_run(CmdCtx *c, int argc, char **argv) {
    Options o = {0};
    ArgList words = {0};
    const ArgSpec specs[] = {{"set", 0, ARG_LIST, &o.sets}, {"no-data", 0, ARG_FLAG, &o.no_data}};
    if (!args_parse(c, argc, argv, specs, 2, &words)) return CMD_FAILED;
    if (!words.n) {
        err_set(&c->fail, ERR_INPUT, "name a suite, a plan or a policy: assay validate FILE.yaml");
        return CMD_FAILED;
    }
    int status = EXIT_DONE;
    for (size_t i = 0; i < words.n; i++) {
        Arena *a = arena_open(0);
        Verdict v = {0};
        Err err = ERR_INIT;
        bool ok = a ? check_file(words.v[i], &o, a, &v, &err) : err_nomem(&err);
        print_verdict(c, words.v[i], &v, ok ? NULL : &err);
        if (!ok && status < err_exit_status(err.code)) status = err_exit_status(err.code);
        arena_close(a);
    }
    return status;
}

const Cmd cmd_validate = {.name = "validate",
                          .summary = "check suites, plans and policies without running them",
                          .usage = usage,
                          .run = validate_run};
