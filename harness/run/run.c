/* The loop: keep the engine full, append what is finished, have it scored, put the scores.
 *
 *   TODO ---submit---> in flight: with the engine; cancelled, it is TODO again
 *   in flight -READY-> append, one transaction: STORED; killed here, the next process scores it from the store
 *   STORED --threads-> put scores, one more transaction: SCORED
 *
 * A sealed sample goes another way, for the next process could not read it: READY --threads--> append with its scores
 * (one transaction) --> SCORED. Killed before, it is TODO.
 *
 * A sample with tools goes round before it is appended (tools_loop.h): READY --calls--> a thread runs the tool -->
 * submitted again, first of all. Killed there, it is TODO. Generating is run_generate.c; here is the rest.
 *
 * Invariants. (1) Only this thread talks to the engine and the store; scoring threads touch nothing but their Item, the
 * scorers (read-only) and the sandbox (thread-safe). (2) An item is appended at most once: its state leaves TODO only
 * by a commit, and the store refuses a second record of the same key. (3) What a completion says depends on the request
 * alone, so the order of finishing shows nowhere but in the rows' ids. (4) A scorer or sandbox that fails is an outcome
 * of its sample; memory, disk and a broken engine end the run with everything committed so far intact. */
#include <signal.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/pool.h"
#include "harness/manifest.h"
#include "harness/run/run_internal.h"
#include "reports/report.h"

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
    Item *it = run__item_new(r, err);
    if (!it) return false;
    it->w = plan_item(r->plan, u->ordinal);
    it->record_id = u->record_id;
    if (!run__take_sample(r, it, err) || !store_read(r->store, u->record_id, it->arena, &rec, err)) {
        run__item_free(r, it);
        return false;
    }
    it->completion = rec.completion;
    it->user_text = user_text_of(rec.prompt, it->arena);
    it->calls = (ScoringCalls){rec.turns, rec.n_turns, rec.n_bad_calls, rec.probes};
    jobs_push(r->jobs, &it->job);
    return true;
}

static bool score_leftovers(Run *r, Err *err) {
    while (r->next_unscored < r->n_unscored && !run_interrupted()) {
        if (!score_stored(r, &r->unscored[r->next_unscored++], err)) return false;
        if (!run__collect(r, jobs_pending(r->jobs) >= JOBS_PENDING_MAX, err)) return false;
        progress_tick(&r->progress, clock_mono_ns());
    }
    return true;
}

/* ---- the end ---- */

/* Waits for scores; after a signal only for those that a thread has begun. */
static bool drain(Run *r, Err *err) {
    while (jobs_pending(r->jobs)) {
        for (Job *j; run_interrupted() && (j = jobs_cancel(r->jobs));) run__item_free(r, (Item *)j);
        if (!run__collect(r, true, err)) return false;
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
    Str judge = r->judge ? judge_describe(r->judge, r->arena) : STR("null");
    if (!judge.p) return err_nomem(err);
    return store_manifest_put(r->store, "scorers", scorers, err) && store_manifest_put(r->store, "judge", judge, err) &&
           store_manifest_put(r->store, "rescored", entry, err) &&
           store_manifest_put(r->store, "rescoring", STR("null"), err);
}

static bool rescore(Run *r, Err *err) {
    if (!score_leftovers(r, err) || !drain(r, err)) return false;
    if ((size_t)r->n_scored == r->n_unscored) return put_rescored(r, err) && run__audit_rescored(r, err);
    return err_set(err, ERR_INTERRUPTED, "interrupted: %lld of %zu samples are scored anew", (long long)r->n_scored,
                   r->n_unscored);
}

static bool loop(Run *r, Err *err) {
    if (r->o->rescore) return rescore(r, err);
    if (!score_leftovers(r, err)) return false;
    if (r->o->steering) return drain(r, err) && r->o->steering->steer(r->o->steering->ctx, r, err);
    for (int m = 0; m < (int)r->plan->n_models && !run_interrupted(); m++) {
        RunFeed all = {.next = m * r->per_model, .end = (m + 1) * r->per_model};
        if (run__has_todo(r, m) && !run__generate(r, m, all, err)) return false;
    }
    if (!drain(r, err)) return false;
    if (r->n_scored == r->n_items) return put_finished(r, err) && run__audit_end(r, err);
    return err_set(err, ERR_INTERRUPTED, "interrupted: %lld of %lld samples are done and kept", (long long)r->n_scored,
                   (long long)r->n_items);
}

bool run_loop(Run *r, Err *err) {
    int threads = r->plan->threads > 0 ? r->plan->threads : pool_cpus();
    /* who asks a judge waits: as many as its batch takes must be able to */
    if (r->judge && threads < JUDGE_BATCH) threads = JUDGE_BATCH;
    r->progress.f = r->o->err;
    r->progress.tty = r->o->tty;
    r->progress.color = r->o->color;
    r->progress.quiet = r->o->quiet;
    if (!jobs_open(threads, run__work, r, &r->jobs, err)) return false;
    progress_start(&r->progress, clock_mono_ns());
    bool ok = loop(r, err);
    progress_clear(&r->progress);
    return ok;
}

bool run_some(Run *r, const int64_t *ordinals, size_t n, Err *err) {
    for (size_t i = 0; i < n; i++) {
        if (r->state[ordinals[i]] != ITEM_TODO) continue;
        return run__generate(r, (int)(ordinals[i] / r->per_model), (RunFeed){ordinals, 0, (int64_t)n}, err) &&
               drain(r, err);
    }
    return true;
}

const char *const run_files[RUN_FILES] = {"report.json", "report.html"};

/* A key that was given for scoring shows nothing in reports. */
bool run_reports(Run *r, Err *err) {
    static const char *const formats[RUN_FILES] = {"json", "html"};
    store_forget_keys(r->store);
    findings_close(r->found);
    bool ok = findings_open(r->store, &r->found, err);
    for (size_t i = 0; ok && i < RUN_FILES; i++) {
        const Report *rep = reports_find(formats[i]);
        ok = !rep || report_write_file(rep, r->found, r->dir, err);
    }
    return ok;
}

Findings *run_found(Run *r) {
    return r->found;
}

void run_close(Run *r) {
    if (!r) return;
    /* threads first: they read everything else */
    if (r->judge) judge_stop(r->judge);
    while (r->jobs) {
        Job *j = jobs_cancel(r->jobs);
        if (!j && !(j = jobs_take(r->jobs, true))) break;
        run__item_free(r, (Item *)j);
    }
    jobs_close(r->jobs);
    judge_close(r->judge);
    engine_close(r->engine);
    engine_close(r->parked);
    run__items_close(r->flying);
    run__items_close(r->ready);
    run__items_close(r->free);
    for (size_t i = 0; r->boxes && i < r->plan->n_suites; i++) toolbox_close(r->boxes[i]);
    for (size_t i = 0; r->sets && i < r->plan->n_suites; i++) scorer_set_close(r->sets[i]);
    if (r->sandbox) sandbox_close(r->sandbox);
    seal_secret_close(r->audit_key);
    findings_close(r->found);
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
