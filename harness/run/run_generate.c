/* Generating: from a work item to its record, once or, with tools, turn after turn. The states and invariants stand in
 * run.c. */
#include "engine/base/clock.h"
#include "harness/completion_keep.h"
#include "harness/run/run_internal.h"
#include "harness/tags.h"

/* Samples with tools that are under way, whether with the engine or with a tool: each may hold an interpreter. */
#define LOOPS_MAX SANDBOX_MAX_SESSIONS

#define COLLECT_MS 200 /* how long to wait for a thread before looking up */

/* ---- items ---- */

Item *run__item_new(Run *r, Err *err) {
    Item *it = r->free;
    if (it) {
        r->free = it->next;
    } else {
        it = mem_alloc(sizeof *it);
        if (it) it->arena = r->sealed ? arena_open_private(0) : arena_open(0);
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

void run__item_free(Run *r, Item *it) {
    if (it->loop.tools) {
        loop_close(&it->loop);
        it->loop.tools = NULL;
        r->n_loops--;
    }
    arena_reset(it->arena);
    it->next = r->free;
    r->free = it;
}

void run__items_close(Item *it) {
    while (it) {
        Item *next = it->next;
        if (it->loop.tools) loop_close(&it->loop);
        arena_close(it->arena);
        mem_free(it);
        it = next;
    }
}

bool run__take_sample(Run *r, Item *it, Err *err) {
    Str unfit;
    return transform_sample(&plan_transform(r->plan, &it->w)->chain, run__suite(r, &it->w)->suite,
                            run__sample(r, &it->w), it->arena, &it->sample, &unfit, err);
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

/* ---- threads: tools and scores ---- */

void run__work(void *ctx, Job *job) {
    Run *r = ctx;
    Item *it = (Item *)job;
    if (it->answering) {
        it->answered = loop_answer(&it->loop, it->arena, &it->err);
        return;
    }
    loop_close(&it->loop); /* here, since ending an interpreter takes its time */
    it->scored = scoring_all(r->sets[it->w.suite], it->sample, it->user_text, &it->completion, &it->calls, &r->help,
                             it->arena, &it->rows, &it->err);
}

static bool append_scored(Run *r, Item *it, Err *err);

/* Commits the scores of one finished job and lets its item go. */
static bool put_scores(Run *r, Item *it, Err *err) {
    const ScorerSet *set = r->sets[it->w.suite];
    bool ok = it->scored;
    if (!ok && it->err.code == ERR_INTERRUPTED) { /* stored, and scored by the next process */
        run__item_free(r, it);
        return true;
    }
    if (!ok)
        *err = it->err;
    else if (it->sealed)
        ok = append_scored(r, it, err);
    else
        ok = store_put_scores(r->store, it->record_id, it->rows, set->n, err);
    if (ok) {
        r->state[it->w.ordinal] = ITEM_SCORED;
        r->n_scored++;
        progress_score(&r->progress, run__cell(r, &it->w), set->n ? &it->rows[0].score : NULL);
        if (r->o->steering) r->o->steering->scored(r->o->steering->ctx, it->w.ordinal, it->rows, set->n);
    }
    run__item_free(r, it);
    return ok;
}

/* ---- generating ---- */

/* Its next turn comes before any sample that has not begun, first come first served. */
static void make_ready(Run *r, Item *it) {
    Item **end = &r->ready;
    while (*end) end = &(*end)->next;
    it->next = NULL;
    *end = it;
}

/* What the record says beside the completion; the turns of a loop. */
static void describe_turns(const Item *it, Record *rec) {
    const ToolLoop *l = &it->loop;
    if (!l->tools) return;
    rec->turns = l->turns;
    rec->n_turns = l->n_turns;
    rec->n_calls = l->n_calls;
    rec->n_bad_calls = l->n_bad_calls;
    rec->limit = l->limit;
}

/* The key by which a replay finds it: of the request, with tools of the first. */
static Str hash_of(const Item *it, char hash[65]) {
    if (it->loop.tools && it->loop.n_turns) return it->loop.turns[0].request_hash;
    request_hash(&it->request, hash);
    return str_from(hash);
}

/* What is stored of an item; `prompt` and the item's arena hold the texts. */
static bool describe(const Run *r, const Item *it, char hash[65], Buf *prompt, Record *rec, Err *err) {
    const PlanSuite *ps = run__suite(r, &it->w);
    const Sample *sample = it->sample;
    prompt_messages_json(&it->request, it->n_prompt, prompt);
    *rec = (Record){.key = {.model = r->plan->models[it->w.model].name,
                            .suite = ps->suite->id,
                            .sample = sample->id,
                            .transform = plan_transform(r->plan, &it->w)->chain.name,
                            .effort = it->w.effort,
                            .epoch = it->w.epoch},
                    .ordinal = it->w.ordinal,
                    .group = sample->group,
                    .cluster = sample->cluster,
                    .content_hash = sample->content_hash,
                    .request_hash = hash_of(it, hash),
                    .prompt = buf_str(prompt),
                    .target = prompt_target_text(sample, it->arena),
                    .started_at = str_from(it->started_at),
                    .completion = it->completion,
                    .sealed = it->sealed};
    describe_turns(it, rec);
    return ((!prompt->failed && tags_of(sample, it->arena, &rec->tags)) || err_nomem(err)) &&
           probe_json(&it->probes, it->arena, &rec->probes, err);
}

/* Scores wait for a thread; a sealed record waits with them. */
static bool append(Run *r, Item *it, Err *err) {
    char hash[65];
    Buf prompt;
    Record rec;
    it->sealed = run__sealed(r, &it->w);
    buf_init(&prompt, (size_t)1 << 30);
    bool ok = describe(r, it, hash, &prompt, &rec, err);
    it->calls = (ScoringCalls){rec.turns, rec.n_turns, rec.n_bad_calls, rec.probes};
    if (!it->sealed) {
        ok = ok && store_append(r->store, &rec, &it->record_id, err);
        if (ok) {
            r->state[it->w.ordinal] = ITEM_STORED;
            progress_record(&r->progress, run__cell(r, &it->w), it->completion.n_tokens);
        }
    }
    buf_release(&prompt);
    if (ok) jobs_push(r->jobs, &it->job);
    return ok;
}

static bool append_scored(Run *r, Item *it, Err *err) {
    char hash[65];
    Buf prompt;
    Record rec;
    buf_init(&prompt, (size_t)1 << 30);
    bool ok = describe(r, it, hash, &prompt, &rec, err) &&
              store_append_scored(r->store, &rec, it->rows, r->sets[it->w.suite]->n, &it->record_id, err);
    buf_release(&prompt);
    if (ok) progress_record(&r->progress, run__cell(r, &it->w), it->completion.n_tokens);
    return ok;
}

static bool append_or_free(Run *r, Item *it, Err *err) {
    if (append(r, it, err)) return true;
    run__item_free(r, it);
    return false;
}

/* The sample's answer is whole: it is probed if a scorer wants that, then stored. Of several turns the first counts:
 * the others depend on what was answered. */
static bool whole(Run *r, Item *it, Err *err) {
    const ScorerSet *set = r->sets[it->w.suite];
    const Completion *c = it->loop.n_turns ? &it->loop.turns[0].completion : &it->completion;
    bool answered = c->status == COMPLETION_OK || c->status == COMPLETION_LENGTH;
    if (set->probes && answered && it->request.kind == REQUEST_GENERATE &&
        !probe_begin(&it->probes, set->openings, set->n, &it->request, it->n_prompt, c->analysis, it->arena, err)) {
        run__item_free(r, it);
        return false;
    }
    if (!it->probes.active) return append_or_free(r, it, err);
    make_ready(r, it);
    return true;
}

static bool finish_probe(Run *r, Item *it, const Completion *c, Err *err) {
    if (!probe_take(&it->probes, c, it->arena, err)) {
        run__item_free(r, it);
        return false;
    }
    if (!it->probes.active) return append_or_free(r, it, err);
    make_ready(r, it);
    return true;
}

/* A completed turn of a sample with follow-ups: the user insists, or the sample is done. */
static bool finish_followed(Run *r, Item *it, const Completion *c, Err *err) {
    bool goes_on = false, refused = false;
    bool ok =
        scoring_refuses(r->sets[it->w.suite], it->sample, it->user_text, c, it->arena, &refused, err) &&
        follow_take(&it->loop, &it->request, c, engine_info(r->engine)->context, refused, it->arena, &goes_on, err) &&
        (goes_on || loop_completion(&it->loop, it->arena, &it->completion, err));
    if (!ok) {
        run__item_free(r, it);
        return false;
    }
    if (!goes_on) return whole(r, it, err);
    make_ready(r, it);
    return true;
}

/* A completed turn of a sample with tools: a tool answers it, or the sample is done. */
static bool finish_turn(Run *r, Item *it, const Completion *c, Err *err) {
    bool calls = false;
    if (follow_is(&it->loop)) return finish_followed(r, it, c, err);
    if (!loop_take(&it->loop, &it->request, c, engine_info(r->engine)->context, it->arena, &calls, err) ||
        (!calls && !loop_completion(&it->loop, it->arena, &it->completion, err))) {
        run__item_free(r, it);
        return false;
    }
    if (!calls) return whole(r, it, err);
    it->answering = true;
    r->n_answering++;
    jobs_push(r->jobs, &it->job);
    return true;
}

static bool finish(Run *r, const Completion *c, Err *err) {
    Item *it = take_flying(r, c->tag);
    if (!it) return err_set(err, ERR_INTERNAL, "the engine answered a request that was not asked");
    if (c->status == COMPLETION_CANCELLED) {
        run__item_free(r, it);
        return true;
    }
    if (it->probes.active) return finish_probe(r, it, c, err);
    if (it->loop.tools) return finish_turn(r, it, c, err);
    if (completion_keep(c, it->arena, &it->completion)) return whole(r, it, err);
    run__item_free(r, it);
    return err_nomem(err);
}

/* A request that the engine refuses as senseless is a failed sample, not the end of the run. */
static bool refused(Run *r, Item *it, const Err *why, Err *err) {
    Completion c = {.tag = (uint64_t)it->w.ordinal,
                    .status = COMPLETION_FAILED,
                    .malformed = STR(""),
                    .error = str_dup(it->arena, str_from(why->msg))};
    if (it->probes.active) return finish_probe(r, it, &c, err);
    if (it->loop.tools) return finish_turn(r, it, &c, err);
    it->completion = c;
    return append_or_free(r, it, err);
}

/* Gives it to the engine, or stores why the engine will not have it. */
static bool submit_item(Run *r, Item *it, Err *err) {
    Err why = ERR_INIT;
    if (!engine_submit(r->engine, it->probes.active ? &it->probes.request : &it->request, &why)) {
        if (why.code == ERR_INPUT) return refused(r, it, &why, err);
        run__item_free(r, it);
        *err = why;
        return false;
    }
    it->next = r->flying;
    r->flying = it;
    return true;
}

/* The templates of tools see the sample as those of the prompt do. */
static bool begin_loop(Run *r, Item *it, const PromptExtra *extra, Err *err) {
    const PlanSuite *ps = run__suite(r, &it->w);
    const Sample *sample = it->sample;
    ToolLoop *l = &it->loop;
    if (extra->n_follow_ups) {
        if (!follow_begin(l, extra->follow_ups, extra->n_follow_ups, &it->request, it->arena, err)) return false;
        r->n_loops++;
        return true;
    }
    if (!ps->suite->tools) return true;
    l->row = sample->row;
    if (!prompt_sample_value(sample, it->arena, &l->sample, err) ||
        !loop_begin(l, r->boxes[it->w.suite], sample->tools, sample->n_tools, &it->request, it->arena, err)) {
        l->tools = NULL;
        return false;
    }
    r->n_loops++;
    return true;
}

static bool submit(Run *r, int64_t ordinal, Err *err) {
    Item *it = run__item_new(r, err);
    if (!it) return false;
    it->w = plan_item(r->plan, ordinal);
    const PlanSuite *ps = run__suite(r, &it->w);
    GenOptions gen = plan_gen(r->plan, &it->w);
    PromptExtra extra;
    clock_utc(it->started_at);
    if (!run__take_sample(r, it, err) ||
        !prompt_build_as(&plan_transform(r->plan, &it->w)->chain, ps->suite, ps->fewshot, &ps->kin,
                         run__sample(r, &it->w), &gen, (uint64_t)ordinal, it->arena, &it->request, &extra, err) ||
        !begin_loop(r, it, &extra, err)) {
        run__item_free(r, it);
        return err_wrap(err, "suite " STR_FMT, STR_ARG(ps->suite->id));
    }
    it->n_prompt = it->request.n_messages;
    it->user_text = prompt_user_text(&it->request);
    return submit_item(r, it, err);
}

/* ---- what the threads give back ---- */

/* A tool has answered: the sample goes on, before any that has not begun. */
static bool take_answer(Run *r, Item *it, Err *err) {
    bool goes_on = false;
    r->n_answering--;
    it->answering = false;
    if (run_interrupted()) return run__item_free(r, it), true;
    bool ok = it->answered || (*err = it->err, false);
    ok = ok && loop_continue(&it->loop, &it->request, it->arena, &goes_on, err);
    ok = ok && (goes_on || loop_completion(&it->loop, it->arena, &it->completion, err));
    if (!ok) {
        run__item_free(r, it);
        return false;
    }
    if (!goes_on) return whole(r, it, err);
    make_ready(r, it);
    return true;
}

bool run__collect(Run *r, bool wait, Err *err) {
    if (run_interrupted() && r->sandbox) sandbox_stop_sessions(r->sandbox);
    if (run_interrupted() && r->judge) judge_stop(r->judge);
    if (wait) jobs_wait(r->jobs, COLLECT_MS);
    for (Job *j; (j = jobs_take(r->jobs, false));)
        if (!(((Item *)j)->answering ? take_answer : put_scores)(r, (Item *)j, err)) return false;
    return true;
}

/* ---- the engine's side ---- */

/* Submits while there is room; f->next moves on. */
static bool feed(Run *r, RunFeed *f, Err *err) {
    while (r->ready && !run_interrupted() && engine_has_room(r->engine)) {
        Item *it = r->ready;
        r->ready = it->next;
        if (!submit_item(r, it, err)) return false;
    }
    while (f->next < f->end && r->n_loops < LOOPS_MAX && !run_interrupted() &&
           jobs_pending(r->jobs) < JOBS_PENDING_MAX && engine_has_room(r->engine)) {
        int64_t ordinal = f->list ? f->list[f->next] : f->next;
        f->next++;
        if (r->state[ordinal] == ITEM_TODO && !submit(r, ordinal, err)) return false;
    }
    return true;
}

bool run__generate(Run *r, int m, RunFeed f, Err *err) {
    if (!run__engine(r, m, err)) return false;
    while (!run_interrupted()) {
        Completion c;
        if (!feed(r, &f, err)) return false;
        EnginePoll p = engine_poll(r->engine, &c, err);
        if (p == ENGINE_BROKEN) return err_wrap(err, "model " STR_FMT, STR_ARG(r->plan->models[m].name));
        if (p == ENGINE_READY && !finish(r, &c, err)) return false;
        if (p == ENGINE_IDLE && f.next >= f.end && !r->n_answering && !r->ready) return true;
        /* idle with work left: tools are at work, or scoring has fallen behind; wait for them */
        if (!run__collect(r, p == ENGINE_IDLE && !r->ready, err)) return false;
        progress_tick(&r->progress, clock_mono_ns());
    }
    return true;
}
