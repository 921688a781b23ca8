/* From a stored run to public records. Settings of the requests are those of the manifest's plan. */
#include <math.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "reports/audit/audit_canary.h"
#include "reports/audit/audit_rows.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)

/* ---- answers that are alike ---- */

/* Open addressing; keys are digests of item and answer, epoch 0 is an empty place. */
typedef struct Seen {
    struct SeenPlace {
        unsigned char key[16];
        int64_t epoch;
    } * v;
    size_t n, cap;
} Seen;

static struct SeenPlace *place(Seen *s, const unsigned char *key) {
    size_t i = (size_t)sha256_u64(key) & (s->cap - 1);
    while (s->v[i].epoch && memcmp(s->v[i].key, key, 16) != 0) i = (i + 1) & (s->cap - 1);
    return &s->v[i];
}

static bool grow(Seen *s) {
    Seen bigger = {.cap = s->cap ? 2 * s->cap : 1024};
    size_t bytes;
    if (!size_mul(bigger.cap, sizeof *s->v, &bytes) || !(bigger.v = mem_alloc(bytes))) return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->v[i].epoch) *place(&bigger, s->v[i].key) = s->v[i];
    bigger.n = s->n;
    mem_free(s->v);
    *s = bigger;
    return true;
}

/* The first epoch that gave this answer, or this one. */
static bool first_alike(Seen *s, const RecordKey *k, Str answer, int64_t *epoch) {
    unsigned char key[32];
    Sha256 h;
    if (2 * (s->n + 1) > s->cap && !grow(s)) return false;
    sha256_init(&h);
    sha256_add_field(&h, k->suite);
    sha256_add_field(&h, k->sample);
    sha256_add_field(&h, k->transform);
    sha256_add_field(&h, str_from(effort_name(k->effort)));
    sha256_add_field(&h, answer);
    sha256_end(&h, key);
    struct SeenPlace *p = place(s, key);
    if (!p->epoch) {
        memcpy(p->key, key, sizeof p->key);
        p->epoch = k->epoch;
        s->n++;
    }
    *epoch = p->epoch;
    return true;
}

/* ---- one line ---- */

typedef struct Writer {
    Str model, role;
    int64_t run;
    const Json *plan; /* of the manifest */
    bool repeats;
    AuditChain *chain;
    Arena *a;
    Buf *out;
    int64_t n;
    Seen seen;
    Err *err;
    bool ok;
} Writer;

static void member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

static void flag(JsonOut *o, const char *key, bool v) {
    json_out_key(o, key);
    json_out_bool(o, v);
}

static void whole(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void real(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

bool audit_row_write(const AuditRow *r, AuditChain *chain, Arena *a, Buf *out, Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, LINE_MAX_BYTES);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    member(&o, "role", r->role), member(&o, "suite", r->suite), member(&o, "sample", r->sample);
    member(&o, "content", r->content), member(&o, "effort", r->effort), member(&o, "transform", r->transform);
    member(&o, "cluster", r->cluster), member(&o, "label", r->label), member(&o, "lang", r->lang);
    member(&o, "side", r->side), member(&o, "pair", r->pair), member(&o, "of", r->of);
    member(&o, "domain", r->domain), member(&o, "policy", r->policy), member(&o, "arm", r->arm);
    whole(&o, "epoch", r->epoch), whole(&o, "tokens", r->tokens), whole(&o, "fewshot", r->fewshot);
    whole(&o, "same", r->same), whole(&o, "run", r->run);
    whole(&o, "options", r->options), whole(&o, "chosen", r->chosen);
    flag(&o, "sealed", r->sealed), flag(&o, "canary", r->canary);
    real(&o, "temperature", r->temperature), real(&o, "value", r->value);
    flag(&o, "tools", r->tools), flag(&o, "scored", r->scored), flag(&o, "truncated", r->truncated);
    flag(&o, "empty", r->empty), flag(&o, "refused", r->refused), flag(&o, "judged", r->judged);
    json_obj_end(&o);
    bool ok = (!b.failed || err_nomem(err)) && audit_chain_add(chain, buf_str(&b), a, out, err);
    buf_release(&b);
    return ok;
}

/* ---- from a record ---- */

/* As the refusal scorer decides what is right (safety.c). */
static const char *side_of(const Json *tags) {
    Str expected = json_str(json_get(tags, "expected")), kind = json_str(json_get(tags, "kind"));
    if (str_eqz(expected, "refuse") || str_eqz(expected, "refuse_or_safe")) return "harm";
    if (str_eqz(kind, "twin")) return "twin";
    if (str_eqz(expected, "answer") || str_eqz(kind, "control") || str_eqz(kind, "idiom")) return "benign";
    return str_eqz(kind, "harm") ? "harm" : "";
}

/* A scorer without the refusal vocabulary tells refusals by its outcome. */
static bool is_refused(const Score *s) {
    Str l = {s->label.p, s->label.n};
    return s->outcome == OUTCOME_REFUSED || str_eqz(l, "full_refusal") || str_eqz(l, "safe_partial");
}

/* "4"; beyond 26 there are no letters. */
static int64_t options_of(Str s) {
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || i > 1) return 0;
        n = 10 * n + (s.p[i] - '0');
    }
    return n <= 26 ? n : 0;
}

static int64_t place_of(Str answer, int64_t options) {
    int64_t at = answer.n == 1 ? answer.p[0] - 'A' + 1 : 0;
    return at >= 1 && at <= options ? at : 0;
}

static void take_tags(const Record *r, const Json *tags, AuditRow *row) {
    row->pair = json_str(json_get(tags, "pair"));
    row->of = json_str(json_get(tags, "of"));
    row->domain = json_str(json_get(tags, "domain"));
    row->lang = json_str(json_get(tags, "lang"));
    row->side = str_from(side_of(tags));
    row->cluster = row->pair.p ? row->pair : r->cluster;
    row->options = options_of(json_str(json_get(tags, "options")));
}

static bool take_score(Writer *w, const Record *r, const ScoreRow *s, AuditRow *row) {
    Json *judge = NULL;
    if (!s) return true;
    row->scored = s->score.status == SCORE_SCORED && isfinite(s->score.value);
    row->value = row->scored ? s->score.value : 0.0;
    row->label = (Str){s->score.label.p, s->score.label.n};
    row->refused = is_refused(&s->score);
    row->judged = s->judge.p != NULL;
    if (row->judged && json_parse(s->judge, &judge, NULL))
        row->policy = str_dup(w->a, json_str(json_get(json_first(json_get(judge, "asks")), "policy_sha256")));
    json_close(judge);
    Str answer = {s->score.answer.p, s->score.answer.n};
    if (r->sealed || !answer.p) return true;
    row->chosen = place_of(answer, row->options);
    if (!w->repeats) return true;
    return first_alike(&w->seen, &r->key, answer, &row->same) || err_nomem(w->err);
}

/* Of the request, by the manifest's plan. */
static void take_settings(const Writer *w, AuditRow *row) {
    for (const Json *s = json_first(json_get(w->plan, "suites")); s; s = json_next(s)) {
        const Json *g = json_get(s, "generation");
        if (!str_eq(json_str(json_get(s, "suite")), row->suite)) continue;
        json_int(json_get(g, "max_tokens"), 0, INT64_C(1) << 53, &row->tokens);
        json_int(json_get(s, "fewshot"), 0, INT32_MAX, &row->fewshot);
        row->temperature = json_num(json_get(g, "temperature"));
        row->tools = json_type(json_get(s, "tools")) == JSON_OBJECT;
    }
}

static bool put_record(Writer *w, const Record *r, const ScoreRow *score) {
    Json *tags = NULL;
    const Completion *c = &r->completion;
    if (r->tags.p && !json_parse(r->tags, &tags, w->err)) return false;
    AuditRow row = {.role = w->role,
                    .run = w->run,
                    .suite = r->key.suite,
                    .sample = r->key.sample,
                    .content = r->content_hash,
                    .effort = str_from(effort_name(r->key.effort)),
                    .transform = r->key.transform.p ? r->key.transform : STR("plain"),
                    .epoch = r->key.epoch,
                    .empty = c->status == COMPLETION_OK && !c->has_final};
    take_tags(r, tags, &row);
    take_settings(w, &row);
    row.sealed = r->sealed;
    row.canary = !r->sealed && (audit_canary_new(c->final, r->prompt) || audit_canary_new(c->analysis, r->prompt) ||
                                audit_canary_new(c->commentary, r->prompt));
    bool ok = take_score(w, r, score, &row);
    row.truncated = c->status == COMPLETION_LENGTH || (score && score->score.outcome == OUTCOME_TRUNCATED);
    ok = ok && audit_row_write(&row, w->chain, w->a, w->out, w->err);
    json_close(tags);
    return ok;
}

static bool write_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Writer *w = ctx;
    (void)id;
    if (!str_eq(r->key.model, w->model)) return true;
    w->ok = put_record(w, r, n ? &rows[0] : NULL);
    arena_reset(w->a);
    w->n++;
    return w->ok;
}

static bool read_plan(RunStore *s, Arena *a, Json **out, Err *err) {
    Str text;
    if (!store_manifest_get(s, "plan", a, &text, err)) return false;
    return !text.p || json_parse(text, out, err) || err_wrap(err, "manifest entry 'plan'");
}

bool audit_rows_write(RunStore *s, Str model, Str role, int64_t run, AuditChain *chain, Buf *out, int64_t *n,
                      Err *err) {
    Arena *scratch = arena_open(0), *line = arena_open(0);
    Json *plan = NULL;
    int64_t repeats = 1;
    Writer w = {
        .model = model, .role = role, .run = run, .chain = chain, .a = line, .out = out, .err = err, .ok = true};
    bool ok = ((scratch && line) || err_nomem(err)) && read_plan(s, scratch, &plan, err);
    json_int(json_get(plan, "repeats"), 1, INT32_MAX, &repeats);
    w.plan = plan;
    w.repeats = repeats > 1;
    ok = ok && store_each(s, true, scratch, write_record, &w, err) && w.ok;
    mem_free(w.seen.v);
    json_close(plan);
    arena_close(scratch);
    arena_close(line);
    *n = w.n;
    return ok;
}
