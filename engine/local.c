/* Our own engine: chat -> tokens -> scheduler -> backend -> sampler -> chat, nothing else. */
#include <stdio.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/engine_internal.h"
#include "engine/memory.h"
#include "engine/sampler/sampler.h"
#include "engine/sched/sched.h"
#include "engine/spec.h"
#include "engine/vocab_internal.h"

enum { MAX_BATCH = 1024 };

/* One request, from submit until the poll after the one that returned it. Everything of it is in its arena. */
typedef struct Entry {
    bool busy;
    uint64_t tag;
    Arena *arena;
    const char *refused; /* why it can never be answered; not in the scheduler then */
    Str prefill_channel, prefill_text;
    bool knows_recipients; /* a chat request says whom the model may call; bare ids do not */
    Str *recipients;
    size_t n_recipients;
    SchedJob job;
} Entry;

typedef struct Local {
    Engine base;
    Arena *arena; /* the parts of the SPEC */
    Model *model;
    Vocab *vocab; /* NULL: the checkpoint has no tokenizer */
    Pool *pool;
    Backend *backend;
    Sampler **samplers; /* one for each thread */
    Sched *sched;
    Entry *entries; /* [n_entries] */
    size_t n_entries, batch;
    Entry *returned; /* given out by the last poll */
    Buf summary;
    bool no_digest;
    char precision[32];
    MemoryAsk memory;
    MemoryPlan plan;
    size_t n_fed, n_room; /* of the sequence that engine_feed and engine_logits use */
    char digest[65];
    EngineInfo info;
} Local;

static void local_close(Engine *e) {
    if (!e) return;
    Local *l = (Local *)e;
    sched_close(l->sched);
    for (int i = 0; l->samplers && i < pool_threads(l->pool); i++) sampler_close(l->samplers[i]);
    mem_free(l->samplers);
    if (l->backend) l->backend->ops->close(l->backend);
    pool_close(l->pool);
    vocab_close(l->vocab);
    model_close(l->model);
    for (size_t i = 0; l->entries && i < l->n_entries; i++) arena_close(l->entries[i].arena);
    mem_free(l->entries);
    buf_release(&l->summary);
    arena_close(l->arena);
    mem_free(l);
}

/* ---- opening ---- */

static bool check_options(const EngineOptions *o, Err *err) {
    if (o->batch < 0 || o->batch > MAX_BATCH)
        return err_set(err, ERR_INPUT, "the batch must be between 1 and %d, not %d", MAX_BATCH, o->batch);
    if (o->context < 0) return err_set(err, ERR_INPUT, "the context must not be negative, but is %d", o->context);
    return true;
}

static const BackendOps *find_backend(const char *device, Err *err) {
    static const BackendOps *const all[] = {&backend_cpu, &backend_cuda};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!device || strcmp(device, all[i]->device) == 0) return all[i];
    err_set(err, ERR_INPUT, "unknown device '%.40s'; cpu or cuda was expected", device);
    return NULL;
}

const char *engine_precision_at(const char *device, size_t i, const char **help) {
    const BackendOps *ops = find_backend(device, NULL);
    size_t n = 0;
    const BackendPrecision *all = ops && ops->precisions ? ops->precisions(&n) : NULL;
    if (i >= n) return NULL;
    *help = all[i].help;
    return all[i].name;
}

static bool open_samplers(Local *l, Err *err) {
    int n = pool_threads(l->pool);
    l->samplers = mem_alloc((size_t)n * sizeof *l->samplers);
    if (!l->samplers) return err_nomem(err);
    for (int i = 0; i < n; i++)
        if (!sampler_open((size_t)l->model->config.vocab, &l->samplers[i], err)) return false;
    return true;
}

static bool take_precision(Local *l, const EngineOptions *o, Err *err) {
    const char *name = o->precision ? o->precision : "exact";
    if (strlen(name) >= sizeof l->precision) return err_set(err, ERR_INPUT, "unknown precision '%.40s'", name);
    snprintf(l->precision, sizeof l->precision, "%s", name);
    return true;
}

/* Before anything is reserved. */
static bool plan_memory(Local *l, const EngineOptions *o, Err *err) {
    l->memory = (MemoryAsk){.ops = find_backend(o->device, err),
                            .model = l->model,
                            .pool = l->pool,
                            .precision = l->precision,
                            .leave = o->leave_bytes};
    if (!l->memory.ops) return false;
    if (o->context > l->model->config.context)
        return err_set(err, ERR_INPUT, "the context of %d is more than the model's %d positions", o->context,
                       l->model->config.context);
    if (!sysmem_read("", &l->memory.mem, err)) return false;
    if (!o->inspect) return memory_plan(&l->memory, o->context, o->batch, &l->plan, err);
    l->plan = (MemoryPlan){.context = o->context ? o->context : l->model->config.context,
                           .batch = o->batch ? o->batch : LOCAL_BATCH};
    EngineMemory unused; /* options that the backend refuses are refused here too */
    return !l->memory.ops->plan || memory_need(&l->memory, l->plan.context, l->plan.batch, &unused, err);
}

static bool open_backend(Local *l, Err *err) {
    BackendOptions b = memory_options(&l->memory, l->plan.context, l->plan.batch);
    b.kv_budget = l->plan.kv_budget;
    if (!l->memory.ops->open(&b, &l->backend, err)) return false;
    SchedOptions s = {.backend = l->backend,
                      .pool = l->pool,
                      .samplers = l->samplers,
                      .n_slots = l->batch,
                      .max_rows = b.max_rows,
                      .max_logits = b.max_logits,
                      .vocab = (size_t)l->model->config.vocab};
    return sched_open(&s, &l->sched, err);
}

static bool open_entries(Local *l, Err *err) {
    l->n_entries = 2 * l->batch + 1; /* running, waiting, returned */
    l->entries = mem_alloc(l->n_entries * sizeof *l->entries);
    for (size_t i = 0; l->entries && i < l->n_entries; i++)
        if (!(l->entries[i].arena = arena_open(16 * 1024))) return err_nomem(err);
    return l->entries || err_nomem(err);
}

static bool fill_info(Local *l, Err *err) {
    const Model *m = l->model;
    BackendInfo none = {0}; /* inspect */
    if (!l->backend) none.name = l->memory.ops->device;
    const BackendInfo *b = l->backend ? l->backend->ops->info(l->backend) : &none;
    buf_init(&l->summary, 1u << 20);
    model_summary(m, &l->summary);
    if (l->summary.failed) return err_nomem(err);
    l->info = (EngineInfo){.engine = "local",
                           .backend = b->name,
                           .layout = m->layout,
                           .digest = "",
                           .weight_bytes = model_mapped_bytes(m),
                           .kv_bytes = b->kv_bytes,
                           .work_bytes = b->work_bytes,
                           .active_bytes = model_active_bytes(m),
                           .n_params = m->n_params,
                           .context = l->plan.context,
                           .precision = l->precision,
                           .note = l->plan.note,
                           .warning = l->plan.warning,
                           .vocab_size = m->config.vocab,
                           .batch = (int)l->batch,
                           .threads = pool_threads(l->pool),
                           .n_layers = m->config.n_layers,
                           .summary_json = l->summary.p};
    return true;
}

/* The tokenizer's file that is not the model's own, so that the digest covers it. *has: there is one at all; a GGUF
 * says so itself once it is open. */
static bool find_vocab(Local *l, const Spec *parts, const char **other, bool *has, Err *err) {
    *other = NULL, *has = false;
    if (!parts->tokenizer && !file_is_dir(parts->path)) return true;
    const char *own = path_join(l->arena, parts->path, "tokenizer.json");
    if (!own) return err_nomem(err);
    if (!vocab_find(parts, l->arena, other, err)) return false;
    *has = *other != NULL;
    if (*has && !parts->tokenizer && strcmp(*other, own) == 0) *other = NULL;
    return true;
}

/* The vocabulary, unless there is none: then the model works on token ids alone. */
static bool open_vocab(Local *l, const char *spec, bool has, Err *err) {
    if (!has && !l->model->has_tokenizer) return true;
    if (!vocab_open(spec, &l->vocab, err)) return false;
    size_t n = vocab_size(l->vocab), rows = (size_t)l->model->config.vocab;
    return n <= rows ||
           err_set(err, ERR_INPUT,
                   "the tokenizer has ids up to %zu, but the model only %zu: they do not belong together", n - 1, rows);
}

static bool open_model(Local *l, const char *spec, bool inspect, Err *err) {
    Spec parts;
    const char *tokenizer;
    bool has_vocab;
    l->arena = arena_open(4096);
    if (!l->arena) return err_nomem(err);
    if (!spec_parse(spec, l->arena, &parts, err) || !find_vocab(l, &parts, &tokenizer, &has_vocab, err)) return false;
    ModelSource src = {
        .path = parts.path, .loras = parts.loras, .n_loras = parts.n_loras, .tokenizer = tokenizer, .inspect = inspect};
    return model_open(&src, &l->model, err) && open_vocab(l, spec, has_vocab, err);
}

static bool local_open(const EngineOptions *o, const char *spec, Engine **out, Err *err) {
    *out = NULL;
    if (!check_options(o, err)) return false;
    Local *l = mem_alloc(sizeof *l);
    if (!l) return err_nomem(err);
    l->base.ops = &engine_local;
    l->no_digest = o->no_digest;
    bool ok = open_model(l, spec, o->inspect, err) && pool_open(o->threads, &l->pool, err) &&
              take_precision(l, o, err) && plan_memory(l, o, err);
    l->batch = (size_t)l->plan.batch;
    if (ok && !o->inspect) ok = open_samplers(l, err) && open_backend(l, err) && open_entries(l, err);
    ok = ok && fill_info(l, err);
    if (!ok) {
        local_close(&l->base);
        return false;
    }
    *out = &l->base;
    return true;
}

/* The digest reads every byte of the weights, so it waits until somebody asks. */
static const EngineInfo *local_info(Engine *e) {
    Local *l = (Local *)e;
    if (!l->no_digest && !l->digest[0]) {
        Err ignored = ERR_INIT; /* no memory or unreadable: the digest stays empty, the next call tries again */
        if (model_digest(l->model, l->pool, l->digest, &ignored))
            l->info.digest = l->digest;
        else
            l->digest[0] = '\0';
    }
    return &l->info;
}

static const Vocab *local_vocab(const Engine *e) {
    return ((const Local *)e)->vocab;
}

static bool local_memory(Engine *e, int context, int batch, EngineMemory *out, Err *err) {
    Local *l = (Local *)e;
    if (context > l->model->config.context || context < 0 || batch < 0 || batch > MAX_BATCH)
        return err_set(err, ERR_INPUT, "a context of %d with a batch of %d is beyond the model's %d positions, or %d",
                       context, batch, l->model->config.context, MAX_BATCH);
    return sysmem_read("", &l->memory.mem, err) &&
           memory_need(&l->memory, context ? context : l->plan.context, batch ? batch : l->plan.batch, out, err);
}

/* ---- submitting ---- */

static Entry *free_entry(const Local *l) {
    for (size_t i = 0; i < l->n_entries; i++)
        if (!l->entries[i].busy) return &l->entries[i];
    return NULL;
}

static bool local_has_room(const Engine *e) {
    return ((const Local *)e)->sched && sched_in_flight(((const Local *)e)->sched) < 2 * ((const Local *)e)->batch &&
           free_entry((const Local *)e);
}

static bool copy_ids(const Local *l, const Request *r, Arena *a, Ids *out, Err *err) {
    out->p = arena_array(a, r->n_ids, sizeof *out->p);
    if (!out->p) return err_nomem(err);
    out->n = r->n_ids;
    for (size_t i = 0; i < r->n_ids; i++) {
        if (r->ids[i] >= (uint32_t)l->model->config.vocab)
            return err_set(err, ERR_INPUT, "token id %u (number %zu) is outside the vocabulary of %d", r->ids[i], i,
                           l->model->config.vocab);
        out->p[i] = r->ids[i];
    }
    return true;
}

static bool encode_choices(const Local *l, const Request *r, Entry *e, Err *err) {
    Ids *ids = arena_array(e->arena, r->n_choices, sizeof *ids);
    e->job.scores = arena_array(e->arena, r->n_choices, sizeof *e->job.scores);
    if (!ids || !e->job.scores) return err_nomem(err);
    for (size_t i = 0; i < r->n_choices; i++) {
        if (!vocab_encode(l->vocab, r->choices[i], false, e->arena, &ids[i], err)) return false;
        if (ids[i].n == 0) return err_set(err, ERR_INPUT, "choice %zu is empty; a text to score was expected", i + 1);
    }
    e->job.choices = ids;
    e->job.n_choices = r->n_choices;
    return true;
}

static bool plan_generation(const Local *l, const Request *r, Entry *e, Err *err) {
    SchedJob *j = &e->job;
    size_t context = (size_t)l->info.context;
    j->sample = (SamplerOptions){r->gen.temperature, r->gen.top_p, r->gen.seed};
    j->max_tokens = (size_t)r->gen.max_tokens;
    if (j->max_tokens > context + 1) j->max_tokens = context + 1; /* no sequence can be longer */
    if (!r->gen.ignore_eos) {
        const HarmonyIds *h = vocab_harmony(l->vocab);
        const uint32_t stops[] = {h->ret, h->call, h->endoftext};
        memcpy(j->stops, stops, sizeof stops), j->n_stops = sizeof stops / sizeof *stops;
    }
    j->out = arena_array(e->arena, j->max_tokens, sizeof *j->out);
    return j->out || err_nomem(err);
}

/* Without a tokenizer there is neither text nor a stop token: only ids that go on until max_tokens. */
static bool check_vocab(const Local *l, const Request *r, Err *err) {
    if (l->vocab || (r->n_ids && r->kind == REQUEST_GENERATE && r->gen.ignore_eos && !r->prefill_channel.p))
        return true;
    return err_set(err, ERR_INPUT,
                   "the model has no tokenizer, so it can only continue token ids and ignore stop tokens; add "
                   "+tokenizer=PATH (a tokenizer.json, .tiktoken or GGUF file) to the model for anything else");
}

/* Ids that the model has rows for may lack a text: it can sample them, so they can be in its history. */
static bool check_sampled(const Local *l, const Request *r, Err *err) {
    for (size_t k = 0; k < r->n_messages; k++) {
        Ids ids = r->messages[k].sampled;
        for (size_t i = 0; i < ids.n; i++)
            if (ids.p[i] >= (uint32_t)l->model->config.vocab)
                return err_set(err, ERR_INPUT,
                               "message %zu: its sampled token id %u (number %zu) is outside the vocabulary of %d", k,
                               ids.p[i], i, l->model->config.vocab);
    }
    return true;
}

static bool prepare(const Local *l, const Request *r, Entry *e, Err *err) {
    Ids prompt = {0};
    if (!check_vocab(l, r, err) || !check_sampled(l, r, err)) return false;
    bool ok = r->n_ids
                  ? copy_ids(l, r, e->arena, &prompt, err)
                  : chat_render_request(vocab_tokenizer(l->vocab), vocab_harmony(l->vocab), r, e->arena, &prompt, err);
    if (!ok) return false;
    e->job.prompt = prompt.p;
    e->job.n_prompt = prompt.n;
    e->knows_recipients = r->n_messages > 0;
    if (!chat_recipients(r, e->arena, &e->recipients, &e->n_recipients, err)) return false;
    if (r->prefill_channel.p) {
        e->prefill_channel = str_dup(e->arena, r->prefill_channel);
        e->prefill_text = str_dup(e->arena, r->prefill_text.p ? r->prefill_text : STR(""));
        if (!e->prefill_channel.p || !e->prefill_text.p) return err_nomem(err);
    }
    return r->kind == REQUEST_SCORE ? encode_choices(l, r, e, err) : plan_generation(l, r, e, err);
}

static bool local_submit(Engine *engine, const Request *r, Err *err) {
    Local *l = (Local *)engine;
    Entry *e = free_entry(l);
    if (!e || !local_has_room(engine)) return err_set(err, ERR_ENV, "the engine has no room for a further request now");
    Arena *a = e->arena;
    arena_reset(a);
    *e = (Entry){.arena = a, .tag = r->tag};
    if (!prepare(l, r, e, err)) return false;
    e->busy = true;
    e->refused = sched_refuse(l->sched, &e->job, a);
    if (!e->refused) sched_submit(l->sched, &e->job);
    return true;
}

/* ---- polling ---- */

static Str joined(Arena *a, const ChatParsed *p, const char *channel, bool *ok) {
    Buf b;
    Str out = {0};
    buf_init(&b, SIZE_MAX / 2);
    size_t n = 0;
    for (size_t i = 0; i < p->n_messages; i++) {
        if (!str_eqz(p->messages[i].channel, channel)) continue;
        if (n++) buf_adds(&b, "\n\n");
        buf_addstr(&b, p->messages[i].content);
    }
    if (n) out = str_dup(a, b.n ? buf_str(&b) : STR(""));
    if (b.failed || (n && !out.p)) *ok = false;
    buf_release(&b);
    return out;
}

/* A message that max_tokens cut off is not malformed: COMPLETION_LENGTH says it. */
static Str joined_defects(Arena *a, const ChatDefects *d, bool *ok) {
    Buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < d->n_kinds; i++) {
        if (d->kind[i] == CHAT_CUT_IN_CONTENT) continue;
        if (b.n) buf_adds(&b, "; ");
        chat_defects_put(d, i, &b);
    }
    Str out = b.n ? str_dup(a, buf_str(&b)) : STR("");
    if (b.failed || !out.p) *ok = false;
    buf_release(&b);
    return out;
}

/* How it ended, and the call if it is one: a whole message to somebody, ended with <|call|>. */
static void read_stop(const Local *l, const SchedJob *j, const ChatParsed *p, Completion *out) {
    const HarmonyIds *h = vocab_harmony(l->vocab);
    if (j->end != SCHED_STOP || j->n_out == 0) return;
    uint32_t last = j->out[j->n_out - 1];
    out->stop = last == h->ret ? STOP_RETURN : last == h->call ? STOP_CALL : STOP_OTHER;
    const Message *m = p->n_messages ? &p->messages[p->n_messages - 1] : NULL;
    if (out->stop != STOP_CALL || !m || !p->end.ends_in_call) return;
    out->call_recipient = m->recipient;
    out->call_content = m->content;
}

static bool parse_answer(const Local *l, Entry *e, Completion *out, Err *err) {
    const Tokenizer *t = vocab_tokenizer(l->vocab);
    const HarmonyIds *h = vocab_harmony(l->vocab);
    const SchedJob *j = &e->job;
    static const Role assistant = ROLE_ASSISTANT;
    const ChatParseOptions o = {.role = &assistant,
                                .prefill_channel = e->prefill_channel,
                                .prefill_text = e->prefill_text,
                                .knows_recipients = e->knows_recipients,
                                .recipients = e->recipients,
                                .n_recipients = e->n_recipients};
    ChatParsed p;
    bool ok = chat_parse_with(t, h, &o, j->out, j->n_out, e->arena, &p, err);
    if (!ok) return false;
    out->analysis = joined(e->arena, &p, "analysis", &ok);
    out->commentary = joined(e->arena, &p, "commentary", &ok);
    out->final = joined(e->arena, &p, "final", &ok);
    out->has_final = p.end.has_final;
    out->malformed = joined_defects(e->arena, &p.end.defects, &ok);
    read_stop(l, j, &p, out);
    out->n_analysis_tokens = p.end.n_analysis_tokens;
    return ok || err_nomem(err);
}

static bool finish(const Local *l, Entry *e, Completion *out, Err *err) {
    static const CompletionStatus status[] = {[SCHED_STOP] = COMPLETION_OK,
                                              [SCHED_LENGTH] = COMPLETION_LENGTH,
                                              [SCHED_CANCELLED] = COMPLETION_CANCELLED,
                                              [SCHED_NOT_A_NUMBER] = COMPLETION_FAILED,
                                              [SCHED_SCORED] = COMPLETION_OK};
    const SchedJob *j = &e->job;
    *out = (Completion){.tag = e->tag, .malformed = STR(""), .error = STR(""), .n_prompt_tokens = (int)j->n_prompt};
    if (e->refused) {
        out->status = COMPLETION_FAILED;
        out->error = str_from(e->refused);
        return true;
    }
    out->status = status[j->end];
    out->seconds_prefill = j->seconds_prefill, out->seconds_decode = j->seconds_decode;
    if (j->end == SCHED_NOT_A_NUMBER)
        out->error =
            STR("the model's logits are not numbers; its weight files are damaged or not of this architecture");
    if (j->end == SCHED_LENGTH && j->n_out < j->max_tokens) {
        out->error = str_printf(e->arena,
                                "cut off at the end of the context of %d positions (a prompt of %zu tokens and %zu "
                                "sampled); a larger context gives more room",
                                l->info.context, j->n_prompt, j->n_out);
        if (!out->error.p) return err_nomem(err);
    }
    if (j->end == SCHED_SCORED) out->choice_scores = j->scores, out->n_choice_scores = j->n_choices;
    if (j->n_choices) return true;
    out->ids = (Ids){j->out, j->n_out};
    out->n_tokens = (int)j->n_out;
    return !l->vocab || parse_answer(l, e, out, err);
}

static Entry *refused_entry(const Local *l) {
    for (size_t i = 0; i < l->n_entries; i++)
        if (l->entries[i].busy && l->entries[i].refused) return &l->entries[i];
    return NULL;
}

static Entry *entry_of(const Local *l, const SchedJob *j) {
    for (size_t i = 0; i < l->n_entries; i++)
        if (&l->entries[i].job == j) return &l->entries[i];
    return NULL;
}

static EnginePoll give(Local *l, Entry *e, Completion *out, Err *err) {
    l->returned = e;
    return finish(l, e, out, err) ? ENGINE_READY : ENGINE_BROKEN;
}

static EnginePoll local_poll(Engine *engine, Completion *out, Err *err) {
    Local *l = (Local *)engine;
    if (!l->sched) return ENGINE_IDLE;
    if (l->returned) l->returned->busy = false, l->returned->refused = NULL;
    l->returned = NULL;
    Entry *e = refused_entry(l);
    if (e) return give(l, e, out, err);
    SchedJob *j = sched_next(l->sched);
    if (j) return give(l, entry_of(l, j), out, err);
    if (sched_in_flight(l->sched) == 0) return ENGINE_IDLE;
    if (!sched_step(l->sched, err)) return ENGINE_BROKEN;
    j = sched_next(l->sched);
    return j ? give(l, entry_of(l, j), out, err) : ENGINE_WORKING;
}

static void local_cancel(Engine *engine, uint64_t tag) {
    Local *l = (Local *)engine;
    for (size_t i = 0; i < l->n_entries; i++)
        if (l->entries[i].busy && l->entries[i].tag == tag) l->entries[i].job.cancel = true;
}

/* ---- logits ---- */

/* Tokens ids[0, n) at positions from `at`; row is called for those from index `first` on. */
static bool logits_piece(Local *l, const uint32_t *ids, size_t n, size_t at, size_t first, EngineRow row, void *ctx,
                         Err *err) {
    BatchRow rows[LOCAL_STEP_ROWS];
    const BackendOps *ops = l->backend->ops;
    uint32_t seq = (uint32_t)sched_seqs(l->batch);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] >= (uint32_t)l->model->config.vocab)
            return err_set(err, ERR_INPUT, "token id %u (number %zu) is outside the vocabulary of %d", ids[i], at + i,
                           l->model->config.vocab);
        rows[i] = (BatchRow){seq, (uint32_t)(at + i), ids[i], i >= first};
    }
    if (!ops->forward(l->backend, rows, n, err)) return false;
    for (size_t i = first, k = 0; i < n; i++)
        if (!row(ctx, at + i, ops->logits(l->backend, k++), err)) return false;
    return true;
}

static bool feed_pieces(Local *l, const uint32_t *ids, size_t n, size_t first, EngineRow row, void *ctx, Err *err) {
    for (size_t at = 0, piece; at < n; at += piece) {
        /* many rows at a time where no logits are wanted, as many as there is room for logits else */
        size_t most = at < first ? LOCAL_STEP_ROWS : LOCAL_STEP_LOGITS;
        piece = n - at < most ? n - at : most;
        if (at < first && at + piece > first + 1) piece = first + 1 - at;
        if (!logits_piece(l, ids + at, piece, l->n_fed, first > at ? first - at : 0, row, ctx, err)) return false;
        l->n_fed += piece;
    }
    return true;
}

static bool local_feed(Engine *engine, size_t begin, const uint32_t *ids, size_t n, size_t first, EngineRow row,
                       void *ctx, Err *err) {
    Local *l = (Local *)engine;
    uint32_t seq = (uint32_t)sched_seqs(l->batch);
    if (!l->backend) return err_set(err, ERR_INPUT, "the model was opened for looking only");
    const BackendOps *ops = l->backend->ops;
    if (begin) {
        l->n_fed = l->n_room = 0;
        if (begin > (size_t)l->info.context || !ops->kv_reserve(l->backend, seq, begin))
            return err_set(err, ERR_INPUT, "%zu tokens are more than the context has room for now (%d)", begin,
                           l->info.context);
        l->n_room = begin;
    }
    if (n > l->n_room - l->n_fed)
        return err_set(err, ERR_INPUT, "%zu tokens are more than the %zu that room was made for", l->n_fed + n,
                       l->n_room);
    return feed_pieces(l, ids, n, first, row, ctx, err);
}

static bool local_logits(Engine *engine, const uint32_t *ids, size_t n, bool all, EngineRow row, void *ctx, Err *err) {
    Local *l = (Local *)engine;
    if (n == 0) return err_set(err, ERR_INPUT, "no token was given; logits need at least one");
    bool ok = local_feed(engine, n, ids, n, all ? 0 : n - 1, row, ctx, err);
    if (l->backend) l->backend->ops->kv_drop(l->backend, (uint32_t)sched_seqs(l->batch));
    l->n_fed = l->n_room = 0;
    return ok;
}

const EngineOps engine_local = {
    .name = "local",
    .scheme = "",
    .open = local_open,
    .close = local_close,
    .info = local_info,
    .vocab = local_vocab,
    .memory = local_memory,
    .has_room = local_has_room,
    .submit = local_submit,
    .poll = local_poll,
    .cancel = local_cancel,
    .logits = local_logits,
    .feed = local_feed,
};
