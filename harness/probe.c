#include "harness/probe.h"

#include <limits.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"

#define JSON_MAX ((size_t)16 << 20)

static const char *const PLACES[SCORER_PLACES] = {"start", "analysis"};

/* ---- openings ---- */

static void digest(const Str *texts, size_t n, char out[65]) {
    Sha256 h;
    unsigned char raw[32];
    sha256_init(&h);
    for (size_t i = 0; i < n; i++) sha256_add_field(&h, texts[i]);
    sha256_end(&h, raw);
    sha256_hex(raw, out);
}

bool probe_texts_read(const Scorer *s, void *self, Str name, Arena *a, ProbeTexts *out, Err *err) {
    bool has = s->size >= offsetof(Scorer, opening) + sizeof s->opening && s->opening;
    *out = (ProbeTexts){.scorer = name};
    if (!has) return true;
    Str *v = arena_array(a, PROBE_OPENINGS_MAX, sizeof *v);
    ScorerStr text;
    if (!v) return err_nomem(err);
    for (size_t i = 0; s->opening(self, i, &text); i++) {
        if (i == PROBE_OPENINGS_MAX || !text.n)
            return err_set(err, ERR_INPUT, "scorer %s: %s", s->name,
                           text.n ? "it has more than 256 openings" : "one of its openings is empty");
        v[out->n++] = (Str){text.p, text.n};
    }
    out->texts = v;
    digest(v, out->n, out->sha256);
    return true;
}

/* ---- asking ---- */

/* The prompt, and for the second place the analysis behind it; then the final message is opened. */
static void make_request(Probes *p) {
    const ProbeTexts *t = &p->list[p->next / SCORER_PLACES];
    bool behind = p->next % SCORER_PLACES == SCORER_AT_ANALYSIS;
    bool begun = !behind && str_eqz(p->prefill_channel, "final");
    if (behind)
        p->messages[p->n_prompt] =
            (Message){.role = ROLE_ASSISTANT, .channel = STR("analysis"), .content = p->analysis};
    p->request.messages = p->messages;
    p->request.n_messages = p->n_prompt + behind;
    p->request.prefill_channel = STR("final");
    p->request.prefill_text = begun && p->prefill_text.p ? p->prefill_text : STR("");
    p->request.choices = t->texts;
    p->request.n_choices = t->n;
    p->active = true;
}

/* The next place that can be probed from p->next on. */
static void advance(Probes *p) {
    p->active = false;
    for (; p->next < p->n_list * SCORER_PLACES; p->next++) {
        bool behind = p->next % SCORER_PLACES == SCORER_AT_ANALYSIS;
        if (!p->list[p->next / SCORER_PLACES].n || (behind && !p->analysis.n)) continue;
        make_request(p);
        return;
    }
}

bool probe_begin(Probes *p, const ProbeTexts *list, size_t n, const Request *asked, size_t n_prompt, Str analysis,
                 Arena *a, Err *err) {
    *p = (Probes){.list = list, .n_list = n, .n_prompt = n_prompt, .analysis = analysis};
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) wanted += list[i].n != 0;
    if (!wanted) return true;
    p->messages = arena_array(a, n_prompt + 1, sizeof *p->messages);
    p->results = arena_array(a, n * SCORER_PLACES, sizeof *p->results);
    if (!p->messages || !p->results) return err_nomem(err);
    if (n_prompt) memcpy(p->messages, asked->messages, n_prompt * sizeof *p->messages);
    p->request = *asked;
    p->request.kind = REQUEST_SCORE;
    p->prefill_channel = asked->prefill_channel;
    p->prefill_text = asked->prefill_text;
    advance(p);
    return true;
}

bool probe_take(Probes *p, const Completion *c, Arena *a, Err *err) {
    ProbeResult *r = &p->results[p->n_results++];
    *r = (ProbeResult){.texts = &p->list[p->next / SCORER_PLACES], .at = (ScorerPlace)(p->next % SCORER_PLACES)};
    request_hash(&p->request, r->request_hash);
    if (c->n_choice_scores == r->texts->n) {
        ChoiceScore *v = arena_array(a, c->n_choice_scores, sizeof *v);
        if (!v) return err_nomem(err);
        memcpy(v, c->choice_scores, c->n_choice_scores * sizeof *v);
        r->scores = v;
    } else {
        r->error = str_dup(a, c->error.n ? c->error : STR("the engine took no likelihoods"));
        if (!r->error.p) return err_nomem(err);
    }
    p->next++;
    advance(p);
    return true;
}

/* ---- out and in ---- */

static void put_result(JsonOut *o, const ProbeResult *r) {
    json_obj(o);
    json_out_key(o, "scorer"), json_out_str(o, r->texts->scorer);
    json_out_key(o, "openings"), json_out_cstr(o, r->texts->sha256);
    json_out_key(o, "at"), json_out_cstr(o, PLACES[r->at]);
    json_out_key(o, "request"), json_out_cstr(o, r->request_hash);
    if (r->error.p) json_out_key(o, "error"), json_out_str(o, r->error);
    json_out_key(o, "scores");
    json_arr(o);
    for (size_t i = 0; r->scores && i < r->texts->n; i++) {
        json_arr(o);
        json_out_num(o, r->scores[i].logprob);
        json_out_int(o, r->scores[i].n_tokens);
        json_out_bool(o, r->scores[i].is_greedy);
        json_arr_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

bool probe_json(const Probes *p, Arena *a, Str *out, Err *err) {
    JsonOut o;
    Buf b;
    *out = (Str){0};
    if (!p->n_results) return true;
    buf_init(&b, JSON_MAX);
    json_out_init(&o, &b, 0);
    json_arr(&o);
    for (size_t i = 0; i < p->n_results; i++) put_result(&o, &p->results[i]);
    json_arr_end(&o);
    if (!b.failed) *out = str_dup(a, buf_str(&b));
    buf_release(&b);
    return out->p != NULL || err_nomem(err);
}

/* One [logprob, tokens, greedy]. */
static bool read_score(const Json *item, ChoiceScore *out) {
    const Json *lp = json_first(item), *n = lp ? json_next(lp) : NULL, *greedy = n ? json_next(n) : NULL;
    int64_t tokens = 0;
    if (!greedy || json_type(lp) != JSON_NUMBER || !json_int(n, 1, INT_MAX, &tokens)) return false;
    out->logprob = json_num(lp);
    out->n_tokens = (int)tokens;
    return json_bool(greedy, &out->is_greedy);
}

/* *out NULL: the list is damaged or empty. */
static bool read_scores(const Json *entry, Arena *a, ChoiceScore **out, size_t *n, Err *err) {
    const Json *list = json_get(entry, "scores");
    ChoiceScore *v = arena_array(a, PROBE_OPENINGS_MAX, sizeof *v);
    *out = NULL;
    *n = 0;
    if (!v) return err_nomem(err);
    for (const Json *c = json_first(list); c; c = json_next(c))
        if (*n == PROBE_OPENINGS_MAX || !read_score(c, &v[(*n)++])) return true;
    if (*n) *out = v;
    return true;
}

static bool lend(const ChoiceScore *v, size_t n, Arena *a, ScorerProbe *out, Err *err) {
    double *logprobs = arena_array(a, n, sizeof *logprobs);
    int32_t *tokens = arena_array(a, n, sizeof *tokens);
    if (!logprobs || !tokens) return err_nomem(err);
    for (size_t i = 0; i < n; i++) logprobs[i] = v[i].logprob, tokens[i] = v[i].n_tokens;
    *out = (ScorerProbe){.logprobs = logprobs, .tokens = tokens, .n = n};
    return true;
}

static bool lend_entry(const Json *entry, const ProbeTexts *texts, Arena *a, ScorerProbe *out, Err *err) {
    ChoiceScore *v;
    size_t n, at = 0;
    if (!str_eq(json_str(json_get(entry, "scorer")), texts->scorer) ||
        !str_eqz(json_str(json_get(entry, "openings")), texts->sha256))
        return true;
    while (at < SCORER_PLACES && !str_eqz(json_str(json_get(entry, "at")), PLACES[at])) at++;
    if (at == SCORER_PLACES) return true;
    if (!read_scores(entry, a, &v, &n, err)) return false;
    if (v && n == texts->n) return lend(v, n, a, &out[at], err);
    Str why = json_str(json_get(entry, "error"));
    if (why.p && !(why = str_dup(a, why)).p) return err_nomem(err);
    out[at].error = (ScorerStr){why.p, why.n};
    return true;
}

bool probe_lend(Str json, const ProbeTexts *texts, Arena *a, ScorerProbe *out, Err *err) {
    Json *j = NULL;
    Err unread = ERR_INIT;
    for (int i = 0; i < SCORER_PLACES; i++) out[i] = (ScorerProbe){0};
    if (!json.p) return true;
    if (!json_parse(json, &j, &unread)) return unread.code != ERR_MEMORY || err_nomem(err);
    bool ok = true;
    for (const Json *c = json_first(j); ok && c; c = json_next(c)) ok = lend_entry(c, texts, a, out, err);
    json_close(j);
    return ok;
}

bool probe_each(Str json, bool (*fn)(void *ctx, Str request_hash, const Completion *c), void *ctx, Arena *a, Err *err) {
    Json *j = NULL;
    if (!json.p) return true;
    if (!json_parse(json, &j, err)) return err_wrap(err, "the probes of a record");
    bool ok = true;
    for (const Json *c = json_first(j); ok && c; c = json_next(c)) {
        ChoiceScore *v;
        Completion answer = {.status = COMPLETION_OK, .malformed = STR(""), .error = STR("")};
        ok = read_scores(c, a, &v, &answer.n_choice_scores, err);
        answer.choice_scores = v;
        if (ok && v) ok = fn(ctx, json_str(json_get(c, "request")), &answer);
    }
    json_close(j);
    return ok;
}
