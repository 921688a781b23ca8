/* lm-eval/: results and samples as EleutherAI's lm-evaluation-harness writes them, for programs that read those: one
 * folder for each model (and effort, where there are several), one task for each suite and transform. Field by field:
 * the project's interoperability specification, section B.
 *
 * A task is called as its file is ("demo__choice"), since lm-eval's readers find the one by the other; its alias is the
 * suite's own name. Options of a suite of log-likelihoods are called by their letters: their texts are not kept.
 *
 * Its format has no word for answers that were cut off, refused or not scored. The mean is taken over the scored ones,
 * as in our own report; how many were left out stands under "x_harness", and with each sample under "x_harness" too. */
#include <math.h>
#include <stdio.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "reports/export/export.h"
#include "reports/json_keys.h"
#include "reports/report.h"
#include "reports/report_list.h"

#define FILE_MAX ((size_t)1 << 30)

typedef struct Task {
    ExportRun *run;
    const SumCell *cell;
    const char *name;
    Buf lines;
    Sha256 hashes; /* over doc, prompt and target hash of all samples */
    int64_t doc;   /* index of the current sample; -1 before the first */
    Str last;      /* its id */
    double start, end;
} Task;

static const char *metric_name(const ExportRun *x, const SumCell *c) {
    Str metric = x->s.suites[c->suite].metric;
    if (!c->primary) return str_cstr(x->keep, c->scorer);
    if (str_eqz(metric, "accuracy") || !metric.n) return "acc";
    return str_cstr(x->keep, metric);
}

static bool same_group(const SumCell *a, const SumCell *b) {
    return a->model == b->model && a->effort == b->effort;
}

static bool same_task(const SumCell *a, const SumCell *b) {
    return same_group(a, b) && a->suite == b->suite && a->transform == b->transform;
}

/* ---- samples ---- */

static void doc(JsonOut *o, const Record *r) {
    json_obj(o);
    key_str(o, "id", r->key.sample);
    key_str(o, "group", r->group);
    json_obj_end(o);
}

/* As Python's json.dumps(doc, indent=2, ensure_ascii=False) writes it; equal for texts without control characters. */
static bool doc_hash(const Record *r, char hex[65]) {
    JsonOut o;
    Buf b;
    buf_init(&b, FILE_MAX);
    json_out_init(&o, &b, 2);
    doc(&o, r);
    sha256_of(buf_str(&b), hex);
    bool ok = !b.failed;
    buf_release(&b);
    return ok;
}

static Str shown(Str text, bool hide) {
    return hide || !text.p ? STR("") : text;
}

static bool is_choice(const ExportRun *x, const SumCell *c) {
    return str_eqz(json_str(json_get(export_suite_plan(x, c), "mode")), "loglikelihood");
}

/* One request for each option, its letter in place of the text. */
static void choice_arguments(JsonOut *o, const Record *r, bool hide) {
    char key[32], letter[2] = {0};
    for (size_t i = 0; i < r->completion.n_choice_scores; i++) {
        snprintf(key, sizeof key, "gen_args_%zu", i);
        letter[0] = (char)(i < 26 ? 'A' + (int)i : '?');
        key_obj(o, key);
        key_str(o, "arg_0", shown(r->prompt, hide));
        key_cstr(o, "arg_1", letter);
        json_obj_end(o);
    }
}

static void arguments(JsonOut *o, const Task *t, const Record *r, bool hide) {
    const Json *g = json_get(export_suite_plan(t->run, t->cell), "generation");
    key_obj(o, "arguments");
    if (is_choice(t->run, t->cell) && r->completion.n_choice_scores) {
        choice_arguments(o, r, hide);
        json_obj_end(o);
        return;
    }
    key_obj(o, "gen_args_0");
    key_str(o, "arg_0", shown(r->prompt, hide));
    key_obj(o, "arg_1");
    key_arr(o, "until");
    json_arr_end(o);
    if (json_get(g, "max_tokens")) json_out_key(o, "max_gen_toks"), json_out_node(o, json_get(g, "max_tokens"));
    if (json_get(g, "temperature")) json_out_key(o, "temperature"), json_out_node(o, json_get(g, "temperature"));
    json_obj_end(o);
    json_obj_end(o);
    json_obj_end(o);
}

/* ["-12.3", "False"], as Python writes both. */
static void option(JsonOut *o, const ChoiceScore *c) {
    char text[40];
    snprintf(text, sizeof text, "%.17g", c->logprob);
    json_arr(o);
    json_out_cstr(o, text);
    json_out_cstr(o, c->is_greedy ? "True" : "False");
    json_arr_end(o);
}

/* resps: a list of repeats for each request; filtered_resps: what the filter left of them. */
static void response(JsonOut *o, const Task *t, const Record *r, bool hide) {
    const Completion *c = &r->completion;
    size_t n = is_choice(t->run, t->cell) ? c->n_choice_scores : 0;
    for (int filtered = 0; filtered < 2; filtered++) {
        key_arr(o, filtered ? "filtered_resps" : "resps");
        for (size_t i = 0; i < n || (i == 0 && n == 0); i++) {
            if (!filtered) json_arr(o);
            if (n)
                option(o, &c->choice_scores[i]);
            else
                json_out_str(o, shown(c->final, hide));
            if (!filtered) json_arr_end(o);
        }
        json_arr_end(o);
    }
    key_cstr(o, "filter", "none");
}

static const ScoreRow *row_of(const SumCell *c, const ScoreRow *rows, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(rows[i].scorer, c->scorer)) return &rows[i];
    return NULL;
}

/* Every metric of the task, with each sample: readers expect the same columns everywhere. */
static void metrics(JsonOut *o, const Task *t, const ScoreRow *rows, size_t n) {
    const ExportRun *x = t->run;
    key_arr(o, "metrics");
    for (size_t i = 0; i < x->s.n_cells; i++)
        if (same_task(&x->s.cells[i], t->cell)) json_out_cstr(o, metric_name(x, &x->s.cells[i]));
    json_arr_end(o);
    for (size_t i = 0; i < x->s.n_cells; i++) {
        if (!same_task(&x->s.cells[i], t->cell)) continue;
        const char *name = metric_name(x, &x->s.cells[i]);
        const ScoreRow *row = row_of(&x->s.cells[i], rows, n);
        if (name) key_num(o, name, row && row->score.status == SCORE_SCORED ? row->score.value : NAN);
        if (!name) o->buf->failed = true;
    }
}

static void extra(JsonOut *o, const Record *r, const ScoreRow *rows, size_t n, bool hide) {
    key_obj(o, "x_harness");
    key_int(o, "epoch", r->key.epoch);
    key_cstr(o, "status", completion_status_name(r->completion.status));
    key_cstr(o, "outcome", outcome_name(n ? rows[0].score.outcome : outcome_without_score(r->completion.status)));
    key_str(o, "content_hash", r->content_hash);
    key_str(o, "request_hash", r->request_hash);
    key_bool(o, "sealed", hide);
    json_obj_end(o);
}

static void hashes(JsonOut *o, Task *t, const Record *r, bool hide) {
    char of_doc[65], of_prompt[65], of_target[65];
    if (!doc_hash(r, of_doc)) o->buf->failed = true;
    sha256_of(shown(r->prompt, hide), of_prompt);
    sha256_of(shown(r->target, hide), of_target);
    key_cstr(o, "doc_hash", of_doc);
    key_cstr(o, "prompt_hash", of_prompt);
    key_cstr(o, "target_hash", of_target);
    sha256_add(&t->hashes, of_doc, 64);
    sha256_add(&t->hashes, of_prompt, 64);
    sha256_add(&t->hashes, of_target, 64);
}

static bool same_doc(Task *t, const Record *r) {
    if (t->last.p && str_eq(t->last, r->key.sample)) return true;
    t->last = str_dup(t->run->keep, r->key.sample);
    t->doc++;
    return t->last.p != NULL;
}

/* Repeats of a question are lines of their own, with the same doc_id. */
static bool line(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Task *t = ctx;
    JsonOut o;
    bool hide = summary_hides(&t->run->s, r);
    (void)id;
    if (!same_doc(t, r)) t->lines.failed = true;
    json_out_init(&o, &t->lines, 0);
    json_obj(&o);
    key_int(&o, "doc_id", t->doc);
    json_out_key(&o, "doc"), doc(&o, r);
    key_str(&o, "target", shown(r->target, hide));
    arguments(&o, t, r, hide);
    response(&o, t, r, hide);
    metrics(&o, t, rows, n);
    hashes(&o, t, r, hide);
    extra(&o, r, rows, n, hide);
    json_obj_end(&o);
    buf_addc(&t->lines, '\n');
    return !t->lines.failed;
}

/* ---- files ---- */

/* As lm-eval makes them: "2026-02-03T04-05-06". */
static Str file_time(const ExportRun *x) {
    Str utc = x->started.p ? x->started : STR("1970-01-01T00:00:00Z");
    return export_file_part(x->keep, str_ends(utc, STR("Z")) ? str_sub(utc, 0, utc.n - 1) : utc);
}

/* Runs of characters that a file system may not like become "__". In the arena, so that its failure tells. */
static Str sanitized(Arena *a, Str s) {
    size_t most, n = 0;
    char *out = size_mul(s.n, 2, &most) && size_add(most, 1, &most) ? arena_alloc(a, most) : NULL;
    bool before = false;
    if (!out) return (Str){0};
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool bad = c < 0x21 || c == 0x7F || str_find(STR("\"<>:/\\|?*[]"), (Str){s.p + i, 1}, 0) != SIZE_MAX;
        if (!bad) out[n++] = (char)c;
        if (bad && !before) out[n++] = '_', out[n++] = '_';
        before = bad;
    }
    /* "." and ".." are folders already */
    if (n && out[0] == '.') out[0] = '_';
    return (Str){out, n};
}

static const char *task_name(const ExportRun *x, const SumCell *c) {
    const char *task = export_task(x, c);
    return task ? sanitized(x->keep, str_from(task)).p : NULL;
}

static Str model_name(const ExportRun *x, const SumCell *c) {
    Str name = x->s.models[c->model].name;
    return x->s.n_efforts > 1 ? str_printf(x->keep, STR_FMT "-%s", STR_ARG(name), effort_name(c->effort)) : name;
}

static bool task_open(ExportRun *x, const SumCell *cell, Task *t, Err *err) {
    *t = (Task){.run = x, .cell = cell, .name = task_name(x, cell), .doc = -1};
    buf_init(&t->lines, FILE_MAX);
    sha256_init(&t->hashes);
    return t->name || err_nomem(err);
}

/* Writes the samples' file; task_hash is over its lines. */
static bool write_samples(ExportRun *x, const SumCell *cell, const char *folder, char task_hash[65], Err *err) {
    Task t;
    unsigned char digest[32];
    bool ok = task_open(x, cell, &t, err) && export_each(x, cell, line, &t, err);
    if (ok && t.lines.failed) ok = err_set(err, ERR_MEMORY, "the samples of '%s' are too many for memory", t.name);
    if (ok) {
        Str when = file_time(x), name = str_printf(x->keep, "samples_%s_" STR_FMT ".jsonl", t.name, STR_ARG(when));
        char *path = when.p && name.p ? path_join(x->keep, folder, name.p) : NULL;
        ok = (path || err_nomem(err)) && export_whole(x, &t.lines, err) &&
             file_write_atomic(path, buf_str(&t.lines), err);
    }
    sha256_end(&t.hashes, digest);
    sha256_hex(digest, task_hash);
    buf_release(&t.lines);
    return ok;
}

/* ---- results ---- */

static void task_metric(JsonOut *o, const ExportRun *x, const SumCell *c) {
    char key[320];
    const char *name = metric_name(x, c);
    if (!name) {
        o->buf->failed = true;
        return;
    }
    snprintf(key, sizeof key, "%s,none", name);
    key_num(o, key, c->est.mean);
    snprintf(key, sizeof key, "%s_stderr,none", name);
    json_out_key(o, key);
    if (isnan(c->est.se))
        json_out_cstr(o, "N/A");
    else
        json_out_num(o, c->est.se);
}

/* Begins the object of a task. */
static void key_task(JsonOut *o, const ExportRun *x, const SumCell *c) {
    const char *name = task_name(x, c);
    key_obj(o, name ? name : "");
    if (!name) o->buf->failed = true;
}

static void task_results(JsonOut *o, const ExportRun *x, const SumCell *c) {
    key_task(o, x, c);
    key_cstr(o, "name", task_name(x, c));
    key_cstr(o, "alias", export_task(x, c));
    key_int(o, "sample_len", (int64_t)c->n_questions);
    for (size_t i = 0; i < x->s.n_cells; i++)
        if (same_task(&x->s.cells[i], c)) task_metric(o, x, &x->s.cells[i]);
    json_obj_end(o);
}

/* What stands with each sample. */
static void metric_list(JsonOut *o, const ExportRun *x, const SumCell *c) {
    key_arr(o, "metric_list");
    for (size_t i = 0; i < x->s.n_cells; i++) {
        if (!same_task(&x->s.cells[i], c)) continue;
        json_obj(o);
        key_cstr(o, "metric", metric_name(x, &x->s.cells[i]));
        key_cstr(o, "aggregation", "mean");
        key_bool(o, "higher_is_better", true);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void task_config(JsonOut *o, const ExportRun *x, const SumCell *c) {
    const Json *plan = export_suite_plan(x, c), *g = json_get(plan, "generation");
    key_task(o, x, c);
    key_cstr(o, "task", task_name(x, c));
    key_cstr(o, "task_alias", export_task(x, c));
    key_cstr(o, "output_type", is_choice(x, c) ? "multiple_choice" : "generate_until");
    metric_list(o, x, c);
    key_int(o, "repeats", c->repeats);
    json_out_key(o, "num_fewshot");
    if (json_get(plan, "fewshot"))
        json_out_node(o, json_get(plan, "fewshot"));
    else
        json_out_int(o, 0);
    if (g) json_out_key(o, "generation_kwargs"), json_out_node(o, g);
    json_obj_end(o);
}

static void task_version(JsonOut *o, const ExportRun *x, const SumCell *c) {
    const char *name = task_name(x, c);
    if (name) key_str(o, name, x->s.suites[c->suite].version);
}

static void task_shots(JsonOut *o, const ExportRun *x, const SumCell *c) {
    int64_t n = 0;
    json_int(json_get(export_suite_plan(x, c), "fewshot"), 0, INT64_MAX, &n);
    const char *name = task_name(x, c);
    if (name) key_int(o, name, n);
}

static void task_direction(JsonOut *o, const ExportRun *x, const SumCell *c) {
    key_task(o, x, c);
    for (size_t i = 0; i < x->s.n_cells; i++) {
        const char *name = same_task(&x->s.cells[i], c) ? metric_name(x, &x->s.cells[i]) : NULL;
        if (name) key_bool(o, name, true);
    }
    json_obj_end(o);
}

static void task_counts(JsonOut *o, const ExportRun *x, const SumCell *c) {
    key_task(o, x, c);
    key_int(o, "original", (int64_t)c->n_questions);
    key_int(o, "effective", (int64_t)c->est.n_questions);
    json_obj_end(o);
}

static void task_extra(JsonOut *o, const ExportRun *x, const SumCell *c) {
    key_task(o, x, c);
    for (unsigned i = 0; i < OUTCOME_COUNT; i++) key_int(o, outcome_name(i), c->counts.outcome[i]);
    key_int(o, "cut_off", c->counts.cut_off);
    key_num(o, "open_wrong", c->bound_lo);
    key_num(o, "open_right", c->bound_hi);
    json_obj_end(o);
}

static void each_task(JsonOut *o, const ExportRun *x, const SumCell *first, const char *key,
                      void (*write)(JsonOut *, const ExportRun *, const SumCell *)) {
    key_obj(o, key);
    for (size_t i = 0; i < x->s.n_cells; i++)
        if (x->s.cells[i].primary && same_group(&x->s.cells[i], first)) write(o, x, &x->s.cells[i]);
    json_obj_end(o);
}

static void nulls(JsonOut *o, const char *const *keys, size_t n) {
    for (size_t i = 0; i < n; i++) json_out_key(o, keys[i]), json_out_null(o);
}

static void run_config(JsonOut *o, const ExportRun *x, const SumCell *c) {
    static const char *const UNKNOWN[] = {"batch_size", "device",          "use_cache",
                                          "limit",      "bootstrap_iters", "gen_kwargs"};
    const SumModel *m = &x->s.models[c->model];
    key_obj(o, "config");
    key_cstr(o, "model", "assay");
    key_str(o, "model_args", m->name);
    key_str(o, "model_sha", m->digest);
    nulls(o, UNKNOWN, sizeof UNKNOWN / sizeof *UNKNOWN);
    json_out_key(o, "random_seed");
    if (json_get(x->plan, "seed"))
        json_out_node(o, json_get(x->plan, "seed"));
    else
        json_out_null(o);
    json_obj_end(o);
}

typedef struct TaskHash {
    const char *name;
    char hex[65];
} TaskHash;

static void results(JsonOut *o, const ExportRun *x, const SumCell *first, const TaskHash *hashes_of, size_t n) {
    static const char *const UNKNOWN[] = {"git_hash",           "transformers_version",   "lm_eval_version",
                                          "system_instruction", "system_instruction_sha", "chat_template",
                                          "chat_template_sha"};
    double started = export_unix(x->started);
    json_obj(o);
    each_task(o, x, first, "results", task_results);
    key_obj(o, "group_subtasks");
    json_obj_end(o);
    each_task(o, x, first, "configs", task_config);
    each_task(o, x, first, "versions", task_version);
    each_task(o, x, first, "n-shot", task_shots);
    each_task(o, x, first, "higher_is_better", task_direction);
    each_task(o, x, first, "n-samples", task_counts);
    run_config(o, x, first);
    key_num(o, "date", started);
    nulls(o, UNKNOWN, sizeof UNKNOWN / sizeof *UNKNOWN);
    key_obj(o, "task_hashes");
    for (size_t i = 0; i < n; i++) key_cstr(o, hashes_of[i].name, hashes_of[i].hex);
    json_obj_end(o);
    key_cstr(o, "model_source", "assay");
    key_str(o, "model_name", model_name(x, first));
    key_str(o, "model_name_sanitized", sanitized(x->keep, model_name(x, first)));
    key_bool(o, "fewshot_as_multiturn", false);
    key_num(o, "start_time", started);
    key_num(o, "end_time", export_unix(x->finished));
    key_obj(o, "x_harness");
    key_str(o, "version", x->version);
    key_bool(o, "complete", x->complete);
    key_cstr(o, "effort", effort_name(first->effort));
    each_task(o, x, first, "counts", task_extra);
    json_obj_end(o);
    json_obj_end(o);
    buf_addc(o->buf, '\n');
}

static bool write_results(ExportRun *x, const SumCell *first, const char *folder, const TaskHash *h, size_t n,
                          Err *err) {
    JsonOut o;
    Buf b;
    Str when = file_time(x), name = str_printf(x->keep, "results_" STR_FMT ".json", STR_ARG(when));
    char *path = when.p && name.p ? path_join(x->keep, folder, name.p) : NULL;
    buf_init(&b, FILE_MAX);
    json_out_init(&o, &b, 2);
    results(&o, x, first, h, n);
    bool ok = (path || err_nomem(err)) && export_whole(x, &b, err) && file_write_atomic(path, buf_str(&b), err);
    buf_release(&b);
    return ok;
}

/* All tasks of one model and effort. */
static bool write_group(ExportRun *x, const SumCell *first, const char *folder, Err *err) {
    Str name = sanitized(x->keep, model_name(x, first));
    char *dir = name.p ? path_join(x->keep, folder, name.p) : NULL;
    TaskHash *h = arena_array(x->keep, x->s.n_cells, sizeof *h);
    size_t n = 0;
    bool ok = ((dir && h) || err_nomem(err)) && file_mkdirs(dir, err);
    for (size_t i = 0; ok && i < x->s.n_cells; i++) {
        const SumCell *c = &x->s.cells[i];
        if (!c->primary || !same_group(c, first)) continue;
        h[n].name = task_name(x, c);
        ok = (h[n].name || err_nomem(err)) && write_samples(x, c, dir, h[n].hex, err);
        n++;
    }
    return ok && write_results(x, first, dir, h, n, err);
}

static bool seen_before(const ExportRun *x, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (same_group(&x->s.cells[j], &x->s.cells[i])) return true;
    return false;
}

static bool lm_eval_write(Findings *all, const char *folder, Err *err) {
    ExportRun x;
    if (!export_open(all, &x, err)) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < x.s.n_cells; i++)
        if (!seen_before(&x, i)) ok = write_group(&x, &x.s.cells[i], folder, err);
    export_close(&x);
    return ok;
}

const Report report_lm_eval = {.name = "lm-eval",
                               .file_name = "lm-eval",
                               .help = "results and samples as lm-evaluation-harness writes them",
                               .write_folder = lm_eval_write};
