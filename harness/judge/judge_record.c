/* What a judgement is made of, in digests and JSON: requests, nonces, and what the store keeps. */
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "harness/judge/judge.h"

#define RECORD_MAX ((size_t)256 << 20)

static Str taken(ScorerStr s) {
    return (Str){s.p, s.n};
}

static void add_decimal(Sha256 *h, uint64_t v) {
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    sha256_add_field(h, (Str){text, (size_t)n});
}

void judge_nonce(uint64_t seed, Str scorer, const ScorerView *v, char out[65]) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add_field(&h, STR("assay-judge-nonce-1"));
    add_decimal(&h, seed);
    sha256_add_field(&h, scorer);
    sha256_add_field(&h, taken(v->id));
    sha256_add_field(&h, taken(v->prompt));
    sha256_add_field(&h, taken(v->final));
    sha256_end(&h, digest);
    sha256_hex(digest, out);
}

static uint64_t question_seed(Str nonce, size_t index) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add_field(&h, STR("assay-judge-1"));
    sha256_add_field(&h, nonce);
    add_decimal(&h, index);
    sha256_end(&h, digest);
    return sha256_u64(digest);
}

static void template_hash(const ScorerAsk *ask, char out[65]) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add_field(&h, taken(ask->system_template));
    sha256_add_field(&h, taken(ask->user_template));
    sha256_end(&h, digest);
    sha256_hex(digest, out);
}

bool judge_request(const JudgeSettings *s, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, Request *r,
                   JudgeTrace *trace, Err *err) {
    Message *m = arena_array(a, 2, sizeof *m);
    if (!m) return err_nomem(err);
    size_t n = 0;
    if (ask->system.n) m[n++] = (Message){.role = ROLE_DEVELOPER, .content = taken(ask->system)};
    m[n++] = (Message){.role = ROLE_USER, .content = ask->user.p ? taken(ask->user) : STR("")};
    *trace = (JudgeTrace){.seed = question_seed(nonce, index)};
    *r = (Request){.kind = REQUEST_GENERATE,
                   .messages = m,
                   .n_messages = n,
                   .gen = {.temperature = s->temperature,
                           .top_p = 1,
                           .max_tokens = s->max_tokens,
                           .seed = trace->seed,
                           .effort = s->effort}};
    request_hash(r, trace->request_hash);
    template_hash(ask, trace->template_sha256);
    if (ask->policy.p) sha256_of(taken(ask->policy), trace->policy_sha256);
    return true;
}

/* ---- for the store ---- */

/* Verdicts and statuses are words of the scorer's, never text of a model; a strange scorer's are held to that. */
static bool is_words(ScorerStr s, size_t max) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("_=.- ", c) != NULL);
        if (!plain) return false;
    }
    return s.p && s.n <= max;
}

static void member(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s);
}

static void verdict_json(JsonOut *o, const ScorerVerdict *v, size_t n_text) {
    member(o, "parse", is_words(v->status, 40) ? taken(v->status) : (Str){0});
    member(o, "verdict", is_words(v->verdict, 400) ? taken(v->verdict) : (Str){0});
    json_out_key(o, "span");
    if (v->span_end <= v->span_begin || v->span_end > n_text) {
        json_out_null(o);
        return;
    }
    json_arr(o);
    json_out_u64(o, v->span_begin);
    json_out_u64(o, v->span_end);
    json_arr_end(o);
}

static void ask_json(JsonOut *o, const JudgeTrace *t, const ScorerVerdict *v) {
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->seed);
    json_obj(o);
    member(o, "request_hash", str_from(t->request_hash));
    member(o, "template_sha256", str_from(t->template_sha256));
    member(o, "policy_sha256", t->policy_sha256[0] ? str_from(t->policy_sha256) : (Str){0});
    member(o, "seed", str_from(seed));
    member(o, "status", t->asked ? str_from(completion_status_name(t->status)) : STR("not asked"));
    if (v) verdict_json(o, v, t->text.n);
    json_out_key(o, "prompt_tokens"), json_out_int(o, t->n_prompt_tokens);
    json_out_key(o, "tokens"), json_out_int(o, t->n_tokens);
    json_obj_end(o);
}

static void clear_json(const JudgeTrace *t, size_t n, const Score *s, Buf *b) {
    JsonOut o;
    json_out_init(&o, b, 0);
    json_obj(&o);
    json_out_key(&o, "asks");
    json_arr(&o);
    for (size_t i = 0; i < n; i++) ask_json(&o, &t[i], s->verdicts && i < s->n_verdicts ? &s->verdicts[i] : NULL);
    json_arr_end(&o);
    json_obj_end(&o);
}

static void texts_json(const JudgeTrace *t, size_t n, Buf *b) {
    JsonOut o;
    json_out_init(&o, b, 0);
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        member(&o, "text", t[i].text);
        member(&o, "analysis", t[i].analysis);
        json_obj_end(&o);
    }
    json_arr_end(&o);
}

bool judge_record(const JudgeTrace *t, size_t n, const Score *s, Arena *a, Str *clear, Str *texts, Err *err) {
    Buf b;
    buf_init(&b, RECORD_MAX);
    clear_json(t, n, s, &b);
    *clear = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_clear(&b);
    texts_json(t, n, &b);
    *texts = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return (clear->p && texts->p) || err_nomem(err);
}
