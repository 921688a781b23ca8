/* The table of engines, and what holds for all of them. */
#include "engine/engine_internal.h"

#include <math.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/chat/chat.h"

static const EngineOps *const engines[] = {&engine_replay, &engine_local};

bool engine_open(const EngineOptions *o, Engine **out, Err *err) {
    *out = NULL;
    const char *spec = o->spec ? o->spec : "";
    if (!*spec) return err_set(err, ERR_INPUT, "no model was given; a checkpoint or replay:DIR was expected");
    if (strncmp(spec, "openai:", 7) == 0)
        return err_set(err, ERR_INPUT,
                       "%.200s: this version cannot ask OpenAI-compatible servers; give a checkpoint or replay:DIR",
                       spec);
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        size_t n = strlen(engines[i]->scheme);
        if (strncmp(spec, engines[i]->scheme, n) == 0) return engines[i]->open(o, spec + n, out, err);
    }
    return err_set(err, ERR_INPUT, "nothing here understands the model '%.200s'", spec);
}

const char *engine_name_at(size_t i, const char **spec_form) {
    if (i >= sizeof engines / sizeof *engines) return NULL;
    *spec_form = *engines[i]->scheme ? engines[i]->scheme : "a checkpoint";
    return engines[i]->name;
}

void engine_close(Engine *e) {
    if (e) e->ops->close(e);
}

/* The digest is made when it is first asked for, so this is not const inside. */
const EngineInfo *engine_info(const Engine *e) {
    return e->ops->info((Engine *)(uintptr_t)e);
}
const Vocab *engine_vocab(const Engine *e) {
    return e->ops->vocab ? e->ops->vocab(e) : NULL;
}
bool engine_memory(Engine *e, int context, int batch, EngineMemory *out, Err *err) {
    if (!e->ops->memory) return err_set(err, ERR_INPUT, "the %s engine computes nothing here", e->ops->name);
    return e->ops->memory(e, context, batch, out, err);
}
bool engine_has_room(const Engine *e) {
    return e->ops->has_room(e);
}
bool engine_submit(Engine *e, const Request *r, Err *err) {
    return request_check(r, err) && e->ops->submit(e, r, err);
}
EnginePoll engine_poll(Engine *e, Completion *out, Err *err) {
    return e->ops->poll(e, out, err);
}
void engine_cancel(Engine *e, uint64_t tag) {
    e->ops->cancel(e, tag);
}

bool engine_logits(Engine *e, const uint32_t *ids, size_t n, bool all, EngineRow row, void *ctx, Err *err) {
    if (!e->ops->logits) return err_set(err, ERR_INPUT, "the %s engine gives no logits", e->ops->name);
    return e->ops->logits(e, ids, n, all, row, ctx, err);
}

bool engine_feed(Engine *e, size_t begin, const uint32_t *ids, size_t n, size_t first, EngineRow row, void *ctx,
                 Err *err) {
    if (!e->ops->feed) return err_set(err, ERR_INPUT, "the %s engine gives no logits", e->ops->name);
    return e->ops->feed(e, begin, ids, n, first, row, ctx, err);
}

static bool check_tools(const Request *r, Err *err) {
    bool any = r->functions.p || r->python != PYTHON_NONE;
    if (any && r->n_ids)
        return err_set(err, ERR_INPUT, "a request of token ids cannot declare tools; they stand in its tokens already");
    if (r->python < PYTHON_NONE || r->python > PYTHON_STATELESS)
        return err_set(err, ERR_INPUT, "python must be none, stateful or stateless, not number %d", (int)r->python);
    return chat_check_functions(r->functions, err);
}

bool request_check(const Request *r, Err *err) {
    const GenOptions *g = &r->gen;
    if ((r->n_messages == 0) == (r->n_ids == 0))
        return err_set(err, ERR_INPUT, "a request needs either messages or token ids");
    if (r->kind == REQUEST_SCORE && r->n_choices == 0)
        return err_set(err, ERR_INPUT, "a request to score needs choices");
    if (r->kind != REQUEST_SCORE && g->max_tokens <= 0)
        return err_set(err, ERR_INPUT, "max_tokens must be above 0, not %d", g->max_tokens);
    if (!(g->temperature >= 0) || !isfinite(g->temperature))
        return err_set(err, ERR_INPUT, "temperature must be 0 or more, not %g", g->temperature);
    if (!(g->top_p > 0 && g->top_p <= 1))
        return err_set(err, ERR_INPUT, "top_p must be above 0 and at most 1, not %g", g->top_p);
    return check_tools(r, err);
}

/* ---- the key of a request ---- */

static void add_u64(Sha256 *h, uint64_t v) {
    unsigned char b[8];
    for (int i = 0; i < 8; i++) b[i] = (unsigned char)(v >> (8 * i));
    sha256_add(h, b, sizeof b);
}

static void add_double(Sha256 *h, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    add_u64(h, bits);
}

/* Absent and empty are different. */
static void add_str(Sha256 *h, Str s) {
    add_u64(h, s.p != NULL);
    sha256_add_field(h, s);
}

/* What came later is added only where it is there, each behind its name: a request without it keeps its hash. */
static void add_sampled(Sha256 *h, const Message *m) {
    if (m->sampled.n == 0) return;
    add_str(h, STR("sampled"));
    add_u64(h, m->sampled.n);
    for (size_t i = 0; i < m->sampled.n; i++) add_u64(h, m->sampled.p[i]);
    add_str(h, m->prefill_channel), add_str(h, m->prefill_text);
}

static void add_tools(Sha256 *h, const Request *r) {
    if (r->functions.p) add_str(h, STR("functions")), add_str(h, r->functions);
    if (r->python) add_str(h, STR("python")), add_u64(h, (uint64_t)r->python);
}

void request_hash(const Request *r, char out[65]) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    add_str(&h, STR("assay request 1"));
    add_u64(&h, r->kind);
    add_u64(&h, r->n_messages);
    for (size_t i = 0; i < r->n_messages; i++) {
        const Message *m = &r->messages[i];
        add_str(&h, str_from(role_name(m->role)));
        add_str(&h, m->name), add_str(&h, m->channel), add_str(&h, m->recipient);
        add_str(&h, m->content_type), add_str(&h, m->content);
        add_sampled(&h, m);
    }
    add_u64(&h, r->n_ids);
    for (size_t i = 0; i < r->n_ids; i++) add_u64(&h, r->ids[i]);
    add_str(&h, r->prefill_channel), add_str(&h, r->prefill_text);
    add_u64(&h, r->n_choices);
    for (size_t i = 0; i < r->n_choices; i++) add_str(&h, r->choices[i]);
    add_double(&h, r->gen.temperature), add_double(&h, r->gen.top_p);
    add_u64(&h, (uint64_t)r->gen.max_tokens), add_u64(&h, r->gen.seed);
    add_str(&h, str_from(effort_name(r->gen.effort))), add_str(&h, r->gen.date);
    add_u64(&h, r->gen.ignore_eos);
    add_tools(&h, r);
    sha256_end(&h, digest);
    sha256_hex(digest, out);
}
