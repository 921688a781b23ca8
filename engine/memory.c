#include "engine/memory.h"

#include <stdio.h>
#include <string.h>

#include "engine/sampler/sampler.h"
#include "engine/sched/sched.h"

/* ---- what is needed ---- */

BackendOptions memory_options(const MemoryAsk *a, int context, int batch) {
    size_t b = (size_t)batch;
    return (BackendOptions){
        .model = a->model,
        .pool = a->pool,
        .max_rows = b > LOCAL_STEP_ROWS ? b : LOCAL_STEP_ROWS,
        .max_logits = b > LOCAL_STEP_LOGITS ? b : LOCAL_STEP_LOGITS,
        .n_seqs = sched_seqs(b) + 1, /* one for engine_logits */
        .n_full = b,
        .context = (size_t)context,
        .precision = a->precision,
    };
}

static MemoryFit fit(const EngineMemory *m) {
    uint64_t all = m->weights + m->kv + m->work, shared = m->weights + m->kv_least + m->work,
             least = m->weights_least + m->kv_least + m->work;
    return all <= m->free      ? MEMORY_FITS
           : shared <= m->free ? MEMORY_SHARED
           : least <= m->free  ? MEMORY_SLOW
                               : MEMORY_TOO_LARGE;
}

bool memory_need(const MemoryAsk *a, int context, int batch, EngineMemory *out, Err *err) {
    BackendNeed n;
    BackendOptions o = memory_options(a, context, batch);
    if (!a->ops->plan) return err_set(err, ERR_ENV, "the device %s has memory of its own", a->ops->device);
    if (!a->ops->plan(&o, &n, err)) return false;
    *out =
        (EngineMemory){.context = context,
                       .batch = batch,
                       .weights = model_mapped_bytes(a->model),
                       .weights_least = model_active_bytes(a->model),
                       .kv = n.kv_full,
                       .kv_least = n.kv_least,
                       .work = n.work + (uint64_t)pool_threads(a->pool) * sampler_bytes((size_t)a->model->config.vocab),
                       .free = a->mem.free > a->leave ? a->mem.free - a->leave : 0};
    snprintf(out->bound, sizeof out->bound, "%s", a->mem.bound);
    out->fit = fit(out);
    return true;
}

static uint64_t least(const EngineMemory *m) {
    return m->weights_least + m->kv_least + m->work;
}

/* ---- choosing ---- */

enum { LEAST_CONTEXT = 256, SLOW_CONTEXT = 8192 };

/* The next smaller round number: 131072, 98304, 65536, 49152, ... (powers of two and half-way between). */
static int smaller_context(int context) {
    int p = LEAST_CONTEXT;
    while (p <= INT32_MAX / 2 && 2 * p < context) p *= 2;
    return p + p / 2 < context ? p + p / 2 : p;
}

/* The largest round context, at most `from`, whose need is at most `grade` and leaves `spare` percent of what is free
 * beside the weights (all of them, or those of one token) to others; 0: none. */
static int largest_context(const MemoryAsk *a, int from, int batch, MemoryFit grade, int spare) {
    for (int c = from; c > 0; c = c > LEAST_CONTEXT ? smaller_context(c) : 0) {
        EngineMemory m;
        if (!memory_need(a, c, batch, &m, NULL)) continue;
        uint64_t weights = grade == MEMORY_SLOW ? m.weights_least : m.weights;
        uint64_t room = m.free > weights ? (m.free - weights) / 100 * (uint64_t)(100 - spare) : 0;
        if (m.fit <= grade && m.kv_least + m.work <= room) return c;
    }
    return 0;
}

/* ---- sentences ---- */

/* What to ask for instead: tried, with a little room for what others take meanwhile. */
static void suggest(const MemoryAsk *a, int context, int batch, char *out, size_t cap) {
    static const MemoryFit grades[] = {MEMORY_SHARED, MEMORY_SLOW};
    enum { SPARE = 3, USEFUL = 1024 };
    int below = context > LEAST_CONTEXT ? smaller_context(context) : 0;
    for (size_t i = 0; i < 2; i++) {
        int c = below ? largest_context(a, below, batch, grades[i], SPARE) : 0;
        if (c >= USEFUL || (c && batch == 1)) {
            snprintf(out, cap, "use --context %d", c);
            return;
        }
    }
    for (int b = batch / 2; b > 0; b /= 2) {
        EngineMemory m;
        bool ok = memory_need(a, context, b, &m, NULL) && least(&m) + m.free / 100 * SPARE <= m.free;
        int c = ok ? context : below ? largest_context(a, below, b, MEMORY_SLOW, SPARE) : 0;
        if (c) {
            snprintf(out, cap, c == context ? "use --batch %d" : "use --batch %d and --context %d", b, c);
            return;
        }
    }
    snprintf(out, cap, "no context fits; free some memory, or use a smaller model or a larger machine");
}

static bool too_large(const MemoryAsk *a, const EngineMemory *m, Err *err) {
    char instead[96];
    suggest(a, m->context, m->batch, instead, sizeof instead);
    return err_set(
        err, ERR_MEMORY,
        "a context of %d with a batch of %d needs %s (keys and values %s, work %s, weights of one token %s), "
        "%s free (%s): %s",
        m->context, m->batch, size_text(least(m)).text, size_text(m->kv_least).text, size_text(m->work).text,
        size_text(m->weights_least).text, size_text(m->free).text, m->bound, instead);
}

static void warn_slow(const MemoryAsk *a, const EngineMemory *m, bool asked, char *out, size_t cap) {
    int c = asked && m->context > LEAST_CONTEXT
                ? largest_context(a, smaller_context(m->context), m->batch, MEMORY_SHARED, 0)
                : 0;
    char hint[64] = "";
    if (c) snprintf(hint, sizeof hint, "; --context %d would keep all in memory", c);
    snprintf(out, cap,
             "needs %s (of it %s of weights), %s free (%s): parts of the weights will be read from disk again and "
             "again, which is slow%s",
             size_text(m->weights + m->kv_least + m->work).text, size_text(m->weights).text, size_text(m->free).text,
             m->bound, hint);
}

/* ---- the plan ---- */

/* As many pages as the batch can use, but half of what is free beside the weights stays for others unless all of it was
 * asked for and fits. */
static uint64_t kv_budget(const EngineMemory *m, bool asked) {
    uint64_t held = m->weights + m->work, room = m->free > held ? m->free - held : 0;
    if (asked && m->kv <= room) return m->kv;
    room /= 2;
    if (room > m->kv) room = m->kv;
    return room > m->kv_least ? room : m->kv_least;
}

/* Nobody said how long: the model's own context if half of the free memory holds it, else the largest that it holds;
 * with the weights in memory if that is possible at all. */
static int choose_context(const MemoryAsk *a, int batch) {
    int all = a->model->config.context, c = largest_context(a, all, batch, MEMORY_SHARED, 50);
    if (c >= SLOW_CONTEXT || c == all) return c;
    int slow = largest_context(a, all < SLOW_CONTEXT ? all : SLOW_CONTEXT, batch, MEMORY_SLOW, 10);
    return slow > c ? slow : c;
}

static void note_choice(const MemoryAsk *a, const EngineMemory *m, bool batch_too, char *out, size_t cap) {
    char batch[48] = "";
    if (batch_too) snprintf(batch, sizeof batch, " and a batch of %d", m->batch);
    snprintf(out, cap,
             "context of %d positions%s chosen (the model allows %d), as %s are free (%s); --context N asks "
             "for another",
             m->context, batch, a->model->config.context, size_text(m->free).text, m->bound);
}

bool memory_plan(const MemoryAsk *a, int context, int batch, MemoryPlan *out, Err *err) {
    EngineMemory m;
    int all = a->model->config.context, b = batch ? batch : LOCAL_BATCH, c = context;
    *out = (MemoryPlan){.context = c ? c : all, .batch = b};
    if (!a->ops->plan) return true;
    if (!c) c = choose_context(a, b);
    while (!c && !batch && b > 1) c = choose_context(a, b /= 2);
    if (!memory_need(a, c ? c : all < LEAST_CONTEXT ? all : LEAST_CONTEXT, b, &m, err)) return false;
    if (m.fit == MEMORY_TOO_LARGE) return too_large(a, &m, err);
    if (m.fit == MEMORY_SLOW) warn_slow(a, &m, context != 0, out->warning, sizeof out->warning);
    if (!context && (m.context < all || (!batch && b < LOCAL_BATCH)))
        note_choice(a, &m, !batch && b < LOCAL_BATCH, out->note, sizeof out->note);
    out->context = m.context;
    out->batch = b;
    out->kv_budget = kv_budget(&m, context != 0);
    return true;
}
