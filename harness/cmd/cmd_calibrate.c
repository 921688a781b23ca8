/* assay calibrate: how often a judge is right about answers that people have labelled, as a calibration card. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/args.h"
#include "harness/jobs.h"
#include "harness/score_line.h"
#include "reports/calibration.h"

static const char usage[] =
    "usage: assay calibrate [--positive LABEL] [--origin TEXT] [--judge SPEC] [--out FILE]\n"
    "       assay calibrate SCORER --judge SPEC [--set KEY=VALUE]... [--positive LABEL] [--origin TEXT] [--out FILE]\n"
    "\n"
    "Reads labelled rows from standard input, one object a line, and writes a calibration card: sensitivity,\n"
    "specificity and kappa with lower bounds, by language and by label. Without SCORER each row is\n"
    "  {\"verdict\", \"label\", \"lang\"?}        a verdict of null: the judge gave none; \"disputed\": its two passes "
    "differ\n"
    "With SCORER the judge is asked about each row, which is as for `assay score`:\n"
    "  {\"output\", \"prompt\"?, \"label\", \"lang\"?, ...}\n"
    "Use the card in a plan as `judge: {calibration: FILE}`, or with `assay run --calibration FILE`.\n"
    "\n"
    "  --positive LABEL    the label whose sensitivity is meant (default violates); all others are negative\n"
    "  --origin TEXT       where the labels come from, for the card\n"
    "  --out FILE          where to write the card; default standard output\n"
    "  --judge SPEC        the judge; without SCORER only named on the card\n"
    "  --judge-set KEY=VALUE  effort, max_tokens, temperature, seed, precision or context of the judge\n"
    "  --config FILE.yaml, --set KEY=VALUE, --set-file KEY=FILE  the scorer's options, as for `assay score`\n";

/* One row on its way through a scoring thread. */
typedef struct Labelled {
    Job job;
    struct Calibrate *c;
    size_t number;
    Arena *arena; /* holds line and all that scoring makes */
    Str line;
    CalRow row; /* texts in the arena above */
    AskLog log;
    Err err;
    bool ok;
} Labelled;

typedef struct Calibrate {
    CmdCtx *cmd;
    const char *positive, *origin, *out, *config, *judge_spec;
    ArgList sets, files, judge_sets, words;
    JudgeSettings settings;
    AskHelp help;
    BoundScorer bound; /* scorer NULL: rows bring their verdicts */
    CalRow *rows;
    size_t n, cap;
    Sha256 hash; /* over the lines */
    ScorerOptions options;
    Str templates[CAL_TEMPLATES_MAX], policy;
    size_t n_templates;
} Calibrate;

/* ---- one row ---- */

static bool want_label(const Value *row, const char *key, bool required, Arena *a, Str *out, Err *err) {
    const Value *v = value_get(row, str_from(key));
    if (v && v->type == VALUE_NULL) v = NULL;
    if (!v && required) return err_set(err, ERR_INPUT, "missing key '%s'", key);
    if (!v) return true;
    if (v->type == VALUE_LIST || v->type == VALUE_MAP)
        return err_set(err, ERR_INPUT, "'%s' must be a label, not %s", key, value_type_name(v->type));
    *out = value_to_meta(v, a);
    if (!out->p) return err_nomem(err);
    if (out->n == 0 || out->n > 100) return err_set(err, ERR_INPUT, "'%s' must have 1 to 100 bytes", key);
    return true;
}

static bool ask_judge(Labelled *l, const Value *row, Err *err) {
    Sample sample;
    Completion completion;
    Str prompt;
    ScorerView view;
    Score s;
    if (!score_line_read(row, l->arena, &sample, &completion, &prompt, err) ||
        !scoring_view(&sample, prompt, &completion, NULL, l->arena, &view, err) ||
        !scoring_one(&l->c->bound, &view, &l->c->help, l->arena, &s, &l->log, err))
        return false;
    Str label = {s.label.p, s.label.n};
    if (s.status == SCORE_ERROR)
        return err_set(err, ERR_INPUT, STR_FMT, STR_ARG(((Str){s.explanation.p, s.explanation.n})));
    l->row.disputed = str_eqz(label, "disputed");
    if (s.status == SCORE_SCORED) l->row.verdict = label;
    if (s.status != SCORE_SCORED || label.n) return true;
    return err_set(err, ERR_INPUT, "scorer %s gives no labels, only values; there is nothing to compare with 'label'",
                   l->c->bound.scorer->name);
}

static bool read_row(Labelled *l, Err *err) {
    Json *j = NULL;
    Value row;
    Str verdict = {0};
    if (!json_parse(l->line, &j, err)) return false;
    bool ok = value_from_json(j, l->arena, &row, err);
    json_close(j);
    if (ok && row.type != VALUE_MAP) ok = err_set(err, ERR_INPUT, "expected an object");
    ok = ok && want_label(&row, "label", true, l->arena, &l->row.label, err) &&
         want_label(&row, "lang", false, l->arena, &l->row.language, err);
    if (!ok || l->c->bound.scorer) return ok && ask_judge(l, &row, err);
    if (!value_get(&row, STR("verdict"))) return err_set(err, ERR_INPUT, "missing key 'verdict'");
    if (!want_label(&row, "verdict", false, l->arena, &verdict, err)) return false;
    l->row.disputed = verdict.p && str_eqz(verdict, "disputed");
    if (!l->row.disputed) l->row.verdict = verdict;
    return true;
}

static void work(void *ctx, Job *job) {
    Labelled *l = (Labelled *)job;
    (void)ctx;
    l->ok = read_row(l, &l->err);
}

/* ---- all rows ---- */

static Str keep(Calibrate *c, Str s) {
    return s.p ? str_dup(c->cmd->arena, s) : s;
}

/* The templates and the policy that were asked with: the same for every row, so those of any row do. */
static bool note_templates(Calibrate *c, const AskLog *log) {
    for (size_t i = 0; i < log->n && c->n_templates < CAL_TEMPLATES_MAX; i++) {
        Str hash = str_from(log->traces[i].template_sha256);
        size_t k = 0;
        while (k < c->n_templates && !str_eq(c->templates[k], hash)) k++;
        if (k < c->n_templates) continue;
        if (!(c->templates[c->n_templates++] = keep(c, hash)).p) return false;
    }
    if (c->policy.p || !log->n || !log->traces[0].policy_sha256[0]) return true;
    return (c->policy = keep(c, str_from(log->traces[0].policy_sha256))).p != NULL;
}

/* Takes a row back; rows keep the order of the lines whatever the order of finishing. */
static bool take_row(Calibrate *c, Labelled *l) {
    CalRow r = l->row;
    bool ok = l->ok;
    if (!ok) {
        c->cmd->fail = l->err;
        if (l->err.code == ERR_INPUT) err_wrap(&c->cmd->fail, "row %zu", l->number);
    } else {
        CalRow *to = &c->rows[l->number - 1];
        *to = (CalRow){keep(c, r.verdict), keep(c, r.label), keep(c, r.language), r.disputed};
        ok = to->label.p && (to->verdict.p || !r.verdict.p) && (to->language.p || !r.language.p) &&
             note_templates(c, &l->log);
        if (!ok) err_nomem(&c->cmd->fail);
    }
    arena_close(l->arena);
    mem_free(l);
    return ok;
}

static Labelled *new_row(Calibrate *c, Str line) {
    Labelled *l = mem_alloc(sizeof *l);
    Arena *a = l ? arena_open(0) : NULL;
    Str copy = a ? str_dup(a, line) : (Str){0};
    if (!copy.p) {
        arena_close(a);
        mem_free(l);
        return NULL;
    }
    *l = (Labelled){.c = c, .number = c->n + 1, .arena = a, .line = copy, .err = ERR_INIT};
    return l;
}

static bool push_row(Calibrate *c, Jobs *jobs, Str line) {
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 1024;
        CalRow *more = arena_array(c->cmd->arena, cap, sizeof *more);
        if (!more) return err_nomem(&c->cmd->fail);
        if (c->n) memcpy(more, c->rows, c->n * sizeof *more);
        c->rows = more;
        c->cap = cap;
    }
    Labelled *l = new_row(c, line);
    if (!l) return err_nomem(&c->cmd->fail);
    sha256_add_field(&c->hash, line);
    c->n++;
    jobs_push(jobs, &l->job);
    return true;
}

/* Every line, with a bounded number on the way. Empty lines are skipped and not counted. */
static bool read_lines(Calibrate *c, Jobs *jobs) {
    enum { PENDING_MAX = 256 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool ok = true;
    while (ok && (errno = 0, n = getline(&line, &cap, c->cmd->in)) >= 0) {
        Str s = str_trim((Str){line, (size_t)n});
        if (s.n) ok = push_row(c, jobs, s);
        for (Job *j; ok && (j = jobs_take(jobs, jobs_pending(jobs) >= PENDING_MAX));) ok = take_row(c, (Labelled *)j);
    }
    if (ok && ferror(c->cmd->in)) ok = err_errno(&c->cmd->fail, errno, "cannot read", "standard input");
    for (Job *j; ok && (j = jobs_take(jobs, true));) ok = take_row(c, (Labelled *)j);
    free(line);
    return ok;
}

static bool read_rows(Calibrate *c) {
    Jobs *jobs = NULL;
    Err kept;
    if (!jobs_open(c->help.judge ? JUDGE_BATCH : 1, work, NULL, &jobs, &c->cmd->fail)) return false;
    bool ok = read_lines(c, jobs);
    kept = c->cmd->fail; /* the first mistake counts; what else was on its way is let go */
    if (c->help.judge && !ok) judge_stop(c->help.judge);
    for (Job *j; (j = jobs_cancel(jobs)) || (j = jobs_take(jobs, true));) take_row(c, (Labelled *)j);
    c->cmd->fail = kept;
    jobs_close(jobs);
    if (ok && !c->n) return err_set(&c->cmd->fail, ERR_INPUT, "there are no labelled rows on standard input");
    return ok;
}

/* ---- the card ---- */

/* The policy has a digest of its own. */
static void options_json(const Calibrate *c, JsonOut *o) {
    json_out_key(o, "options");
    json_obj(o);
    for (size_t i = 0; i < c->options.n; i++) {
        Str key = {c->options.v[i].key.p, c->options.v[i].key.n};
        char *name = str_eqz(key, "policy") ? NULL : str_cstr(c->cmd->arena, key);
        if (!name) continue;
        json_out_key(o, name);
        json_out_str(o, (Str){c->options.v[i].value.p, c->options.v[i].value.n});
    }
    json_obj_end(o);
}

static bool scorer_json(const Calibrate *c, Str *out, Err *err) {
    Buf b;
    JsonOut o;
    if (!c->bound.scorer) return true;
    buf_init(&b, 1 << 16);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "scorer"), json_out_cstr(&o, c->bound.scorer->name);
    json_out_key(&o, "version"), json_out_str(&o, c->bound.version);
    json_out_key(&o, "template_sha256");
    json_arr(&o);
    for (size_t i = 0; i < c->n_templates; i++) json_out_str(&o, c->templates[i]);
    json_arr_end(&o);
    json_out_key(&o, "policy_sha256"), json_out_str(&o, c->policy);
    options_json(c, &o);
    json_obj_end(&o);
    *out = b.failed ? (Str){0} : str_dup(c->cmd->arena, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(err);
}

typedef struct Figure {
    char text[24];
} Figure;

static Figure figure(double v) {
    Figure f = {"unknown"};
    if (!isnan(v)) snprintf(f.text, sizeof f.text, "%.3f", v);
    return f;
}

static void tell(const Calibrate *c, const CalPart *p) {
    fprintf(c->cmd->err,
            "%lld rows, %lld without a verdict, %lld disputed: sensitivity %s (at least %s), specificity %s (at least "
            "%s), kappa %s; %s\n",
            (long long)p->n, (long long)p->n_unread, (long long)p->n_disputed, figure(p->sensitivity).text,
            figure(p->sensitivity_lower).text, figure(p->specificity).text, figure(p->specificity_lower).text,
            figure(p->kappa).text,
            p->meets_bars ? "good enough for gates"
            : p->usable   ? "not good enough for gates"
                          : "too weak to correct rates by");
}

static bool write_card(Calibrate *c) {
    CmdCtx *cmd = c->cmd;
    char now[21], hex[65];
    unsigned char digest[32];
    CalPart all;
    Buf b;
    CalAbout about = {.positive = str_from(c->positive), .origin = str_from(c->origin)};
    clock_utc(now);
    sha256_end(&c->hash, digest);
    sha256_hex(digest, hex);
    about.date = str_from(now);
    about.rows_sha256 = (Str){hex, 64};
    if (!scorer_json(c, &about.scorer, &cmd->fail)) return false;
    if (c->help.judge && !(about.judge = judge_describe(c->help.judge, cmd->arena)).p) return err_nomem(&cmd->fail);
    buf_init(&b, (size_t)1 << 24);
    bool ok = cal_write(c->rows, c->n, &about, cmd->arena, &b, &cmd->fail) &&
              cal_part(c->rows, c->n, (Str){0}, about.positive, &all, &cmd->fail);
    if (ok && c->out) ok = file_write_atomic(c->out, buf_str(&b), &cmd->fail);
    if (ok && !c->out) fwrite(b.p, 1, b.n, cmd->out);
    if (ok && !cmd->quiet) tell(c, &all);
    buf_release(&b);
    return ok;
}

/* ---- the command ---- */

static bool bind(Calibrate *c) {
    CmdCtx *cmd = c->cmd;
    ScorerTable *t = arena_alloc(cmd->arena, sizeof *t);
    if (!t) return err_nomem(&cmd->fail);
    if (!c->words.n && (c->config || c->sets.n || c->files.n))
        return err_set(&cmd->fail, ERR_INPUT, "--config, --set and --set-file are options of a scorer; name one");
    if (!c->words.n) return true;
    if (c->words.n > 1) return err_set(&cmd->fail, ERR_INPUT, "name one scorer, not %zu", c->words.n);
    Str name = str_from(c->words.v[0]);
    if (!scorer_options_read(c->config, &c->sets, &c->files, cmd->arena, &c->options, &cmd->fail) ||
        !scorer_bind(t, name, name, c->options.v, c->options.n, cmd->arena, &c->bound, &cmd->fail))
        return false;
    unsigned asks = scorer_asks(c->bound.scorer);
    if (asks & 1u << SCORER_ASK_MODEL && !c->judge_spec)
        return err_set(&cmd->fail, ERR_INPUT, "scorer %s asks a judge model, and none is named; add --judge SPEC",
                       c->bound.scorer->name);
    return !(asks & 1u << SCORER_ASK_PROGRAM) || sandbox_open(1, &c->help.sandbox, &cmd->fail);
}

static bool open_judge(Calibrate *c) {
    JudgeOpen o = {0};
    if (!judge_words_read(c->judge_spec, &c->judge_sets, c->cmd->arena, &c->settings, &c->cmd->fail)) return false;
    return !c->judge_spec || judge_open(&c->settings, &o, &c->help.judge, &c->cmd->fail);
}

static int calibrate_run(CmdCtx *cmd, int argc, char **argv) {
    Calibrate c = {.cmd = cmd, .positive = "violates"};
    const ArgSpec specs[] = {{"positive", 0, ARG_TEXT, &c.positive}, {"origin", 0, ARG_TEXT, &c.origin},
                             {"out", 'o', ARG_TEXT, &c.out},         {"judge", 0, ARG_TEXT, &c.judge_spec},
                             {"config", 0, ARG_TEXT, &c.config},     {"set", 0, ARG_LIST, &c.sets},
                             {"set-file", 0, ARG_LIST, &c.files},    {"judge-set", 0, ARG_LIST, &c.judge_sets}};
    if (!args_parse(cmd, argc, argv, specs, sizeof specs / sizeof *specs, &c.words)) return CMD_FAILED;
    sha256_init(&c.hash);
    bool ok = bind(&c) && open_judge(&c) && read_rows(&c) && write_card(&c);
    scorer_unbind(&c.bound);
    judge_close(c.help.judge);
    if (c.help.sandbox) sandbox_close(c.help.sandbox);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_calibrate = {.name = "calibrate",
                           .summary = "how often a judge is right, from labelled rows",
                           .usage = usage,
                           .run = calibrate_run,
                           .plumbing = true};
