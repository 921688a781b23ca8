/* The judge's thread and what passes between it and those who ask.
 *
 *   asker: push Question, wait --> thread: submit --> engine --> thread: copy the answer, wake the asker
 *
 * Invariants. (1) After judge_open has returned only the thread touches the engine. (2) A Question belongs to its asker
 * until pushed and after `done`; in between to the thread, which writes into the asker's arena while the asker sleeps.
 * (3) `stop` and `broken` never go back; with either set nothing is submitted and all that waits is answered. */
#include "harness/judge/judge.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "harness/recorded.h"

typedef struct Question {
    struct Question *next;
    const Request *request;
    uint64_t tag;
    Arena *arena;
    Completion completion; /* texts in the arena */
    bool done, ok;
    Err err;
} Question;

struct Judge {
    const JudgeSettings *settings;
    Engine *engine;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    Question *waiting, **end; /* first come first served */
    Question *flying;         /* the thread's alone */
    uint64_t next_tag;
    bool stop, broken;
    Err why; /* of broken */
};

/* ---- the thread ---- */

static bool keep(Arena *a, Str *s) {
    if (!s->p) return true;
    *s = str_dup(a, *s);
    return s->p != NULL;
}

static void finish(Judge *j, Question *q, bool ok, const Err *err) {
    pthread_mutex_lock(&j->lock);
    q->ok = ok;
    if (!ok) q->err = *err;
    q->done = true;
    pthread_cond_broadcast(&j->answered);
    pthread_mutex_unlock(&j->lock);
}

static void deliver(Judge *j, const Completion *c) {
    for (Question **at = &j->flying; *at; at = &(*at)->next) {
        Question *q = *at;
        if (q->tag != c->tag) continue;
        Err err = ERR_INIT;
        *at = q->next;
        q->completion = *c;
        q->completion.ids = (Ids){0};
        bool ok = keep(q->arena, &q->completion.final) && keep(q->arena, &q->completion.analysis) &&
                  keep(q->arena, &q->completion.error);
        if (!ok) err_nomem(&err);
        finish(j, q, ok, &err);
        return;
    }
}

/* A request that the engine refuses as senseless is this question's failure. */
static void submit(Judge *j, Question *q) {
    Err err = ERR_INIT;
    Request r = *q->request;
    r.tag = q->tag;
    if (engine_submit(j->engine, &r, &err)) {
        q->next = j->flying;
        j->flying = q;
        return;
    }
    q->completion = (Completion){.status = COMPLETION_FAILED, .error = str_dup(q->arena, str_from(err.msg))};
    finish(j, q, err.code == ERR_INPUT && q->completion.error.p, &err);
}

static Question *take(Judge *j) {
    Question *q = NULL;
    pthread_mutex_lock(&j->lock);
    if (!j->stop && (q = j->waiting)) {
        j->waiting = q->next;
        if (!j->waiting) j->end = &j->waiting;
        q->tag = j->next_tag++;
    }
    pthread_mutex_unlock(&j->lock);
    return q;
}

static void fail_all(Judge *j, Question *list, const Err *err) {
    while (list) {
        Question *next = list->next;
        finish(j, list, false, err);
        list = next;
    }
}

/* Ends the thread's work: everything in flight and everything that waits fails with the same words. */
static void give_up(Judge *j, const Err *err, bool broken) {
    pthread_mutex_lock(&j->lock);
    Question *waiting = j->waiting, *flying = j->flying;
    j->waiting = j->flying = NULL;
    j->end = &j->waiting;
    if (broken) {
        j->broken = true;
        j->why = *err;
    }
    pthread_mutex_unlock(&j->lock);
    fail_all(j, flying, err);
    fail_all(j, waiting, err);
}

static bool stopped(Judge *j) {
    pthread_mutex_lock(&j->lock);
    while (!j->stop && !j->waiting && !j->flying) pthread_cond_wait(&j->asked, &j->lock);
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return stop;
}

static void *serve(void *p) {
    Judge *j = p;
    Err err = ERR_INIT;
    while (!stopped(j)) {
        Completion c;
        for (Question *q; engine_has_room(j->engine) && (q = take(j));) submit(j, q);
        EnginePoll poll = engine_poll(j->engine, &c, &err);
        if (poll == ENGINE_READY) deliver(j, &c);
        if (poll != ENGINE_BROKEN) continue;
        err_wrap(&err, "judge");
        give_up(j, &err, true);
        return NULL;
    }
    err_set(&err, ERR_INTERRUPTED, "interrupted while the judge was being asked");
    give_up(j, &err, false);
    return NULL;
}

/* ---- life ---- */

static bool open_engine(Judge *j, const JudgeOpen *o, Err *err) {
    const JudgeSettings *s = j->settings;
    Arena *a = arena_open(0);
    char *spec = a ? str_cstr(a, s->model) : NULL, *precision = NULL;
    bool ok = spec && (!s->precision.p || (precision = str_cstr(a, s->precision)));
    if (!ok) err_nomem(err);
    EngineOptions eo = {.spec = spec,
                        .threads = o->threads,
                        .batch = JUDGE_BATCH,
                        .context = s->context ? s->context : JUDGE_CONTEXT,
                        .device = o->device,
                        .precision = precision ? precision : "exact",
                        .leave_bytes = o->leave_bytes};
    if (ok && o->offline && strncmp(spec, "openai:", 7) == 0)
        ok = err_set(err, ERR_INPUT, "it needs a network, which --offline forbids");
    ok = ok && recorded_engine_open(&eo, STR("judge"), NULL, NULL, &j->engine, err);
    arena_close(a);
    return ok || err_wrap(err, "judge");
}

/* Signals belong to the thread that runs the loop. */
static bool start(Judge *j, Err *err) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    j->running = pthread_create(&j->thread, NULL, serve, j) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return j->running || err_set(err, ERR_ENV, "cannot start a thread for the judge");
}

bool judge_open(const JudgeSettings *s, const JudgeOpen *o, Judge **out, Err *err) {
    *out = NULL;
    Judge *j = mem_alloc(sizeof *j);
    if (!j) return err_nomem(err);
    j->settings = s;
    j->end = &j->waiting;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->asked, NULL);
    pthread_cond_init(&j->answered, NULL);
    if (!open_engine(j, o, err) || !start(j, err)) {
        judge_close(j);
        return false;
    }
    *out = j;
    return true;
}

void judge_stop(Judge *j) {
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_broadcast(&j->asked);
    pthread_mutex_unlock(&j->lock);
}

void judge_close(Judge *j) {
    if (!j) return;
    judge_stop(j);
    if (j->running) pthread_join(j->thread, NULL);
    engine_close(j->engine);
    pthread_cond_destroy(&j->asked);
    pthread_cond_destroy(&j->answered);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}

/* ---- facts ---- */

const EngineInfo *judge_info(const Judge *j) {
    return engine_info(j->engine);
}

uint64_t judge_bytes(const Judge *j) {
    const EngineInfo *i = engine_info(j->engine);
    return i->weight_bytes + i->kv_bytes + i->work_bytes;
}

uint64_t judge_seed(const Judge *j) {
    return j->settings->seed;
}

static void member(JsonOut *o, const char *key, const char *value) {
    if (!value) return;
    json_out_key(o, key);
    json_out_cstr(o, value);
}

Str judge_describe(const Judge *j, Arena *a) {
    const JudgeSettings *s = j->settings;
    const EngineInfo *i = engine_info(j->engine);
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "spec"), json_out_str(&o, s->model);
    member(&o, "digest", i->digest);
    member(&o, "engine", i->engine);
    member(&o, "backend", i->backend);
    member(&o, "layout", i->layout);
    member(&o, "precision", i->precision ? i->precision : "exact");
    member(&o, "effort", effort_name(s->effort));
    json_out_key(&o, "temperature"), json_out_num(&o, s->temperature);
    json_out_key(&o, "max_tokens"), json_out_int(&o, s->max_tokens);
    json_out_key(&o, "context"), json_out_int(&o, i->context);
    json_out_key(&o, "seed"), json_out_u64(&o, s->seed);
    json_obj_end(&o);
    Str out = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return out;
}

/* ---- one question ---- */

static bool put(Judge *j, Question *q, Err *err) {
    pthread_mutex_lock(&j->lock);
    if (j->broken) {
        *err = j->why;
    } else if (j->stop) {
        err_set(err, ERR_INTERRUPTED, "interrupted while the judge was being asked");
    } else {
        *j->end = q;
        j->end = &q->next;
        pthread_cond_signal(&j->asked);
        while (!q->done) pthread_cond_wait(&j->answered, &j->lock);
        if (!q->ok) *err = q->err;
    }
    pthread_mutex_unlock(&j->lock);
    return q->ok;
}

static const char *failure_words(CompletionStatus s) {
    switch (s) {
    case COMPLETION_TIMEOUT:
        return "the judge ran out of time";
    case COMPLETION_FILTERED:
        return "the judge's reply was blocked";
    default:
        return "the judge's engine failed";
    }
}

static bool fill_reply(const Completion *c, Arena *a, ScorerReply *reply) {
    Str text = c->final.p ? c->final : STR("");
    reply->completion = (uint32_t)c->status;
    if (c->status == COMPLETION_OK || c->status == COMPLETION_LENGTH) {
        reply->text = (ScorerStr){text.p, text.n};
        return true;
    }
    Str why = str_printf(a, "%s%s" STR_FMT, failure_words(c->status), c->error.n ? ": " : "", STR_ARG(c->error));
    reply->error = (ScorerStr){why.p, why.n};
    return why.p != NULL;
}

bool judge_ask_model(Judge *j, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, ScorerReply *reply,
                     JudgeTrace *trace, Err *err) {
    Request request;
    Question q = {.arena = a, .err = ERR_INIT, .request = &request};
    if (!judge_request(j->settings, ask, nonce, index, a, &request, trace, err) || !put(j, &q, err)) return false;
    const Completion *c = &q.completion;
    trace->asked = true;
    trace->status = c->status;
    trace->text = c->final;
    trace->analysis = c->analysis;
    trace->n_prompt_tokens = c->n_prompt_tokens;
    trace->n_tokens = c->n_tokens;
    return fill_reply(c, a, reply) || err_nomem(err);
}
