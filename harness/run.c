/* The loop: keep the engine full, append what is finished, have it scored, put the scores.
 *
 *   TODO --submit--> in flight --READY--> append (one transaction) --> STORED --threads--> put scores (one more) -->
 * SCORED ^                   |                                                |
 *    '--- cancelled -----'                       killed here: the next process scores it from the store
 *
 * Invariants. (1) Only this thread talks to the engine and the store; scoring threads touch nothing but their Item, the
 * scorers (read-only) and the sandbox (thread-safe). (2) An item is appended at most once: its state leaves TODO only
 * by a commit, and the store refuses a second record of the same key. (3) What a completion says depends on the request
 * alone, so the order of finishing shows nowhere but in the rows' ids. (4) A scorer or sandbox that fails is an outcome
 * of its sample; memory, disk and a broken engine end the run with everything committed so far intact. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "harness/manifest.h"
#include "harness/run_internal.h"
#include "reports/report.h"

/* Finished generations that wait for a scoring thread; beyond it nothing new is submitted. */
#define JOBS_PENDING_MAX 256

/* ---- signals ---- */

static volatile sig_atomic_t n_signals;

static void on_signal(int sig) {
    (void)sig;
    if (++n_signals > 1) _exit(EXIT_INCOMPLETE);
}

void run_catch_signals(void) {
    struct sigaction sa = {.sa_handler = on_signal};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

bool run_interrupted(void) {
    return n_signals > 0;
}

/* ---- items ---- */

static Item *item_new(Run *r, Err *err) {
    Item *it = r->free;
    if (it) {
        r->free = it->next;
    } else {
        it = mem_alloc(sizeof *it);
        if (it) it->arena = arena_open(0);
        if (!it || !it->arena) {
            mem_free(it);
            err_nomem(err);
            return NULL;
        }
    }
    Arena *a = it->arena;
    *it = (Item){.arena = a, .err = ERR_INIT};
    return it;
}

static void item_free(Run *r, Item *it) {
    arena_reset(it->arena);
    it->next = r->free;
    r->free = it;
}

static void list_close(Item *it) {
    while (it) {
        Item *next = it->next;
        arena_close(it->arena);
        mem_free(it);
        it = next;
    }
}

static Item *take_flying(Run *r, uint64_t ordinal) {
    for (Item **at = &r->flying; *at; at = &(*at)->next) {
        Item *it = *at;
        if ((uint64_t)it->w.ordinal != ordinal) continue;
        *at = it->next;
        return it;
    }
    return NULL;
}

/* ---- scoring threads ---- */

static void score_item(void *ctx, Job *job) {
    Run *r = ctx;
    Item *it = (Item *)job;
    it->scored = scoring_all(r->sets[it->w.suite], run__sample(r, &it->w), it->user_text, &it->completion, r->sandbox,
                             it->arena, &it->rows, &it->err);
}

/* Commits the scores of one finished job and lets its item go. */
static bool put_scores(Run *r, Item *it, Err *err) {
    const ScorerSet *set = r->sets[it->w.suite];
    bool ok = it->scored;
    if (!ok)
        *err = it->err;
    else
        ok = store_put_scores(r->store, it->record_id, it->rows, set->n, err);
    if (ok) {
        r->state[it->w.ordinal] = ITEM_SCORED;
        r->n_scored++;
        progress_score(&r->progress, run__cell(r, &it->w), set->n ? &it->rows[0].score : NULL);
    }
    item_free(r, it);
    return ok;
}

/* Takes back what is scored; wait: at least one, if any is on its way. */
static bool collect(Run *r, bool wait, Err *err) {
    for (Job *j; (j = jobs_take(r->jobs, wait)); wait = false)
        if (!put_scores(r, (Item *)j, err)) return false;
    return true;
}

/* ---- generating ---- */

static bool dup_str(Arena *a, Str *s) {
    if (!s->p) return true;
    *s = str_dup(a, *s);
    return s->p != NULL;
}

/* The engine lends a completion until the next poll; scoring outlives that. */
static bool keep_completion(Arena *a, const Completion *c, Completion *out) {
    *out = *c;
    uint32_t *ids = arena_array(a, c->ids.n, sizeof *ids);
    ChoiceScore *scores = arena_array(a, c->n_choice_scores, sizeof *scores);
    if (!ids || !scores) return false;
    if (c->ids.n) memcpy(ids, c->ids.p, c->ids.n * sizeof *ids);
    if (c->n_choice_scores) memcpy(scores, c->choice_scores, c->n_choice_scores * sizeof *scores);
    out->ids.p = ids;
    out->choice_scores = scores;
    return dup_str(a, &out->analysis) && dup_str(a, &out->commentary) && dup_str(a, &out->final) &&
           dup_str(a, &out->malformed) && dup_str(a, &out->error);
}

/* One transaction; then the item is STORED and on its way to be scored. */
static bool append(Run *r, Item *it, const Completion *c, Err *err) {
    const PlanSuite *ps = run__suite(r, &it->w);
    const Sample *sample = run__sample(r, &it->w);
    char hash[65];
    Buf prompt;
    if (!keep_completion(it->arena, c, &it->completion)) return err_nomem(err);
    request_hash(&it->request, hash); /* the key by which a replay finds it */
    buf_init(&prompt, (size_t)1 << 30);
    prompt_messages_json(&it->request, &prompt);
    Record rec = {.key = {.model = r->plan->models[it->w.model].name,
                          .suite = ps->suite->id,
                          .sample = sample->id,
                          .effort = it->w.effort,
                          .epoch = it->w.epoch},
                  .ordinal = it->w.ordinal,
                  .group = sample->group,
                  .cluster = sample->cluster,
                  .content_hash = sample->content_hash,
                  .request_hash = str_from(hash),
                  .prompt = buf_str(&prompt),
                  .target = prompt_target_text(sample, it->arena),
                  .started_at = str_from(it->started_at),
                  .completion = it->completion,
                  .sealed = ps->suite->hazard == HAZARD_SEALED};
    bool ok = !prompt.failed ? store_append(r->store, &rec, &it->record_id, err) : err_nomem(err);
    buf_release(&prompt);
    if (!ok) return false;
    r->state[it->w.ordinal] = ITEM_STORED;
    progress_record(&r->progress, run__cell(r, &it->w), c->n_tokens);
    jobs_push(r->jobs, &it->job);
    return true;
}

static bool finish(Run *r, const Completion *c, Err *err) {
    Item *it = take_flying(r, c->tag);
    if (!it) return err_set(err, ERR_INTERNAL, "the engine answered a request that was not asked");
    if (c->status == COMPLETION_CANCELLED) {
        item_free(r, it);
        return true;
    }
    if (append(r, it, c, err)) return true;
    item_free(r, it);
    return false;
}

/* A request that the engine refuses as senseless is a failed sample, not the end of the run. */
static bool refused(Run *r, Item *it, const Err *why, Err *err) {
    Completion c = {.tag = (uint64_t)it->w.ordinal, .status = COMPLETION_FAILED, .error = str_from(why->msg)};
    if (append(r, it, &c, err)) return true;
    item_free(r, it);
    return false;
}

static bool submit(Run *r, int64_t ordinal, Err *err) {
    Item *it = item_new(r, err);
    if (!it) return false;
    it->w = plan_item(r->plan, ordinal);
    const PlanSuite *ps = run__suite(r, &it->w);
    GenOptions gen = plan_gen(r->plan, &it->w);
    Err why = ERR_INIT;
    clock_utc(it->started_at);
    if (!prompt_build(ps->suite, ps->fewshot, run__sample(r, &it->w), &gen, (uint64_t)ordinal, it->arena, &it->request,
                      err)) {
        item_free(r, it);
        return err_wrap(err, "suite " STR_FMT, STR_ARG(ps->suite->id));
    }
    it->user_text = prompt_user_text(&it->request);
    if (!engine_submit(r->engine, &it->request, &why)) {
        if (why.code == ERR_INPUT) return refused(r, it, &why, err);
        item_free(r, it);
        *err = why;
        return false;
    }
    it->next = r->flying;
    r->flying = it;
    return true;
}

/* Submits while there is room; *next moves on. */
static bool feed(Run *r, int64_t *next, int64_t end, Err *err) {
    while (*next < end && !run_interrupted() && jobs_pending(r->jobs) < JOBS_PENDING_MAX &&
           engine_has_room(r->engine)) {
        int64_t ordinal = (*next)++;
        if (r->state[ordinal] == ITEM_TODO && !submit(r, ordinal, err)) return false;
    }
    return true;
}

static bool run_model(Run *r, int m, Err *err) {
    int64_t next = m * r->per_model, end = next + r->per_model;
    if (!run__has_todo(r, m)) return true;
    if (!run__engine(r, m, err)) return false;
    while (!run_interrupted()) {
        Completion c;
        if (!feed(r, &next, end, err)) return false;
        EnginePoll p = engine_poll(r->engine, &c, err);
        if (p == ENGINE_BROKEN) return err_wrap(err, "model " STR_FMT, STR_ARG(r->plan->models[m].name));
        if (p == ENGINE_READY && !finish(r, &c, err)) return false;
        if (p == ENGINE_IDLE && next >= end) return true;
        /* idle with work left: scoring has fallen behind, wait for it */
        if (!collect(r, p == ENGINE_IDLE, err)) return false;
        progress_tick(&r->progress, clock_mono_ns());
    }
    return true;
}

/* ---- what an earlier process left unscored ---- */

static Str user_text_of(Str prompt_json, Arena *a) {
    Json *j = NULL;
    Err ignored;
    Str text = {0};
    if (!json_parse(prompt_json, &j, &ignored)) return text;
    for (const Json *m = json_first(j); m; m = json_next(m))
        if (str_eqz(json_str(json_get(m, "role")), "user")) text = json_str(json_get(m, "content"));
    if (text.p) text = str_dup(a, text);
    json_close(j);
    return text;
}

static bool score_stored(Run *r, const Unscored *u, Err *err) {
    Record rec;
    Item *it = item_new(r, err);
    if (!it) return false;
    it->w = plan_item(r->plan, u->ordinal);
    it->record_id = u->record_id;
    if (!store_read(r->store, u->record_id, it->arena, &rec, err)) {
        item_free(r, it);
        return false;
    }
    it->completion = rec.completion;
    it->user_text = user_text_of(rec.prompt, it->arena);
    jobs_push(r->jobs, &it->job);
    return true;
}

static bool score_leftovers(Run *r, Err *err) {
    while (r->next_unscored < r->n_unscored && !run_interrupted()) {
        if (!score_stored(r, &r->unscored[r->next_unscored++], err)) return false;
        if (!collect(r, jobs_pending(r->jobs) >= JOBS_PENDING_MAX, err)) return false;
        progress_tick(&r->progress, clock_mono_ns());
    }
    return true;
}

/* ---- the end ---- */

/* Waits for scores; after a signal only for those that a thread has begun. */
static bool drain(Run *r, Err *err) {
    while (jobs_pending(r->jobs)) {
        for (Job *j; run_interrupted() && (j = jobs_cancel(r->jobs));) item_free(r, (Item *)j);
        if (!collect(r, true, err)) return false;
        progress_tick(&r->progress, clock_mono_ns());
    }
    return true;
}

static bool put_finished(Run *r, Err *err) {
    char now[21];
    Str there;
    if (!store_manifest_get(r->store, "finished_at", r->arena, &there, err)) return false;
    if (there.p) return true;
    clock_utc(now);
    Str json = str_printf(r->arena, "\"%s\"", now);
    return json.p ? store_manifest_put(r->store, "finished_at", json, err) : err_nomem(err);
}

/* The manifest says by which scorers the scores are now, and by which suite files they were configured. */
static bool put_rescored(Run *r, Err *err) {
    char now[21];
    clock_utc(now);
    Str scorers = manifest_scorers(r->plan, r->sets, r->arena), suites = manifest_suites(r->plan, r->arena);
    Str entry = str_printf(r->arena, "{\"suites\":%.*s,\"finished_at\":\"%s\"}", (int)suites.n, suites.p, now);
    if (!scorers.p || !suites.p || !entry.p) return err_nomem(err);
    return store_manifest_put(r->store, "scorers", scorers, err) &&
           store_manifest_put(r->store, "rescored", entry, err);
}

static bool rescore(Run *r, Err *err) {
    if (!score_leftovers(r, err) || !drain(r, err)) return false;
    if ((size_t)r->n_scored == r->n_unscored) return put_rescored(r, err);
    return err_set(err, ERR_INTERRUPTED, "interrupted: %lld of %zu samples are scored anew", (long long)r->n_scored,
                   r->n_unscored);
}

static bool loop(Run *r, Err *err) {
    if (r->o->rescore) return rescore(r, err);
    if (!score_leftovers(r, err)) return false;
    for (int m = 0; m < (int)r->plan->n_models && !run_interrupted(); m++)
        if (!run_model(r, m, err)) return false;
    if (!drain(r, err)) return false;
    if (r->n_scored == r->n_items) return put_finished(r, err);
    return err_set(err, ERR_INTERRUPTED, "interrupted: %lld of %lld samples are done and kept", (long long)r->n_scored,
                   (long long)r->n_items);
}

bool run_loop(Run *r, Err *err) {
    int threads = r->plan->threads > 0 ? r->plan->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    r->progress.f = r->o->err;
    r->progress.tty = r->o->tty;
    r->progress.color = r->o->color;
    r->progress.quiet = r->o->quiet;
    if (!jobs_open(threads, score_item, r, &r->jobs, err)) return false;
    progress_start(&r->progress, clock_mono_ns());
    bool ok = loop(r, err);
    progress_clear(&r->progress);
    return ok;
}

const char *const run_files[RUN_FILES] = {"report.json", "report.html"};

bool run_reports(Run *r, Err *err) {
    static const char *const formats[RUN_FILES] = {"json", "html"};
    for (size_t i = 0; i < RUN_FILES; i++) {
        const Report *rep = reports_find(formats[i]);
        if (rep && !report_write_file(rep, r->store, r->dir, err)) return false;
    }
    return true;
}

void run_close(Run *r) {
    if (!r) return;
    /* threads first: they read everything else */
    while (r->jobs) {
        Job *j = jobs_cancel(r->jobs);
        if (!j && !(j = jobs_take(r->jobs, true))) break;
        item_free(r, (Item *)j);
    }
    jobs_close(r->jobs);
    engine_close(r->engine);
    list_close(r->flying);
    list_close(r->free);
    for (size_t i = 0; r->sets && i < r->plan->n_suites; i++) scorer_set_close(r->sets[i]);
    if (r->sandbox) sandbox_close(r->sandbox);
    store_close(r->store);
}

/* ---- facts ---- */

const char *run_dir(const Run *r) {
    return r->dir;
}
RunStore *run_store(Run *r) {
    return r->store;
}
int64_t run_total(const Run *r) {
    return r->n_items;
}
int64_t run_finished(const Run *r) {
    return r->n_scored;
}

static void add_quoted(Buf *out, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:=,@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        buf_adds(out, word);
        return;
    }
    buf_addc(out, '\'');
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, *c);
    }
    buf_addc(out, '\'');
}

void run_resume_line(const Run *r, Buf *out) {
    buf_adds(out, "assay run --resume ");
    add_quoted(out, r->dir);
    for (size_t i = 0; i < r->table.n_plugins; i++) {
        buf_adds(out, " --scorer ");
        add_quoted(out, r->table.plugins[i].path);
    }
}
