/* A Completion as JSON and back: the one place that knows the keys. Absent texts and zero counts are left out, so that
 * a line for a test can be as short as {"status":"ok","final":"Paris"}. */
#include "engine/engine_internal.h"

#include <limits.h>
#include <string.h>

static void put_str(JsonOut *o, const char *key, Str s) {
    if (!s.p) return;
    json_out_key(o, key);
    json_out_str(o, s);
}

static void put_count(JsonOut *o, const char *key, int n) {
    if (!n) return;
    json_out_key(o, key);
    json_out_int(o, n);
}

static void put_seconds(JsonOut *o, const char *key, double s) {
    if (!(s > 0)) return;
    json_out_key(o, key);
    json_out_num(o, s);
}

static const char *const STOPS[] = {
    [STOP_NONE] = "none", [STOP_RETURN] = "return", [STOP_CALL] = "call", [STOP_OTHER] = "other"};

static void put_stop(JsonOut *o, const Completion *c) {
    if (c->stop == STOP_NONE) return;
    json_out_key(o, "stop");
    json_out_cstr(o, STOPS[c->stop]);
    put_str(o, "call_recipient", c->call_recipient);
    put_str(o, "call_content", c->call_content);
}

static void put_scores(JsonOut *o, const Completion *c) {
    if (!c->n_choice_scores) return;
    json_out_key(o, "choice_scores");
    json_arr(o);
    for (size_t i = 0; i < c->n_choice_scores; i++) {
        const ChoiceScore *s = &c->choice_scores[i];
        json_obj(o);
        json_out_key(o, "logprob");
        json_out_num(o, s->logprob);
        json_out_key(o, "n_tokens");
        json_out_int(o, s->n_tokens);
        json_out_key(o, "is_greedy");
        json_out_bool(o, s->is_greedy);
        json_obj_end(o);
    }
    json_arr_end(o);
}

void completion_to_json(const Completion *c, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "status");
    json_out_cstr(&o, completion_status_name(c->status));
    put_str(&o, "analysis", c->analysis);
    put_str(&o, "commentary", c->commentary);
    put_str(&o, "final", c->final);
    json_out_key(&o, "has_final");
    json_out_bool(&o, c->has_final);
    put_str(&o, "malformed", c->malformed.n ? c->malformed : (Str){0});
    put_str(&o, "error", c->error.n ? c->error : (Str){0});
    if (c->ids.n) {
        json_out_key(&o, "ids");
        json_arr(&o);
        for (size_t i = 0; i < c->ids.n; i++) json_out_int(&o, c->ids.p[i]);
        json_arr_end(&o);
    }
    put_stop(&o, c);
    put_count(&o, "n_prompt_tokens", c->n_prompt_tokens);
    put_count(&o, "n_tokens", c->n_tokens);
    put_count(&o, "n_analysis_tokens", c->n_analysis_tokens);
    put_scores(&o, c);
    put_seconds(&o, "seconds_prefill", c->seconds_prefill);
    put_seconds(&o, "seconds_decode", c->seconds_decode);
    json_obj_end(&o);
}

typedef struct Reader {
    const Json *j;
    NulMark mark;
    Arena *a;
    Err *err;
} Reader;

static bool get_str(const Reader *r, const char *key, Str *out) {
    Str s = {0};
    if (!json_want_str(r->j, key, false, &s, r->err)) return false;
    if (!s.p) return true;
    Str whole = nul_restore(&r->mark, r->a, s);
    *out = whole.p ? str_dup(r->a, whole) : (Str){0};
    return out->p ? true : err_nomem(r->err);
}

static bool get_count(const Reader *r, const char *key, int *out) {
    int64_t v = *out;
    if (!json_want_int(r->j, key, false, 0, INT_MAX, &v, r->err)) return false;
    *out = (int)v;
    return true;
}

static bool get_ids(const Reader *r, Ids *out) {
    const Json *list = json_get(r->j, "ids");
    if (!list || json_type(list) == JSON_NULL) return true;
    if (json_type(list) != JSON_ARRAY) return err_set(r->err, ERR_INPUT, "'ids' must be a list of token ids");
    out->p = arena_array(r->a, json_count(list), sizeof *out->p);
    if (!out->p) return err_nomem(r->err);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        int64_t id;
        if (!json_int(c, 0, UINT32_MAX, &id))
            return err_set(r->err, ERR_INPUT, "'ids' must hold integers from 0 to 2^32-1");
        out->p[out->n++] = (uint32_t)id;
    }
    return true;
}

static bool get_scores(const Reader *r, Completion *out) {
    const Json *list = json_get(r->j, "choice_scores");
    if (!list || json_type(list) == JSON_NULL) return true;
    if (json_type(list) != JSON_ARRAY) return err_set(r->err, ERR_INPUT, "'choice_scores' must be a list");
    ChoiceScore *s = arena_array(r->a, json_count(list), sizeof *s);
    if (!s) return err_nomem(r->err);
    out->choice_scores = s;
    for (const Json *c = json_first(list); c; c = json_next(c), s++) {
        int64_t n = 1;
        if (!json_want_num(c, "logprob", true, &s->logprob, r->err) ||
            !json_want_int(c, "n_tokens", false, 1, INT_MAX, &n, r->err) ||
            !json_want_bool(c, "is_greedy", false, &s->is_greedy, r->err))
            return err_wrap(r->err, "choice_scores");
        s->n_tokens = (int)n;
        out->n_choice_scores++;
    }
    return true;
}

/* A call needs no "stop": whom it calls says it. */
static bool get_stop(const Reader *r, Completion *out) {
    Str stop = {0};
    if (!json_want_str(r->j, "stop", false, &stop, r->err) || !get_str(r, "call_recipient", &out->call_recipient) ||
        !get_str(r, "call_content", &out->call_content))
        return false;
    out->stop = out->call_recipient.p ? STOP_CALL : STOP_NONE;
    if (stop.p) {
        size_t k = 0, n = sizeof STOPS / sizeof *STOPS;
        while (k < n && !str_eqz(stop, STOPS[k])) k++;
        if (k == n)
            return err_set(r->err, ERR_INPUT, "'stop' must be none, return, call or other, not \"%.40s\"", stop.p);
        out->stop = (StopKind)k;
    }
    if (out->call_content.p && !out->call_recipient.p)
        return err_set(r->err, ERR_INPUT, "'call_content' needs a 'call_recipient'");
    if (out->call_recipient.p && out->stop != STOP_CALL)
        return err_set(r->err, ERR_INPUT, "'call_recipient' needs \"stop\": \"call\"");
    return true;
}

static bool read_all(const Reader *r, Completion *c) {
    Str status = {0};
    if (json_type(r->j) != JSON_OBJECT)
        return err_set(r->err, ERR_INPUT, "a completion must be an object with 'status'");
    if (!json_want_str(r->j, "status", true, &status, r->err)) return false;
    if (!completion_status_parse(status, &c->status))
        return err_set(r->err, ERR_INPUT, "unknown 'status' \"%.40s\"", status.p);
    if (!get_str(r, "analysis", &c->analysis) || !get_str(r, "commentary", &c->commentary) ||
        !get_str(r, "final", &c->final))
        return false;
    c->has_final = c->final.p != NULL;
    c->malformed = c->error = STR("");
    return json_want_bool(r->j, "has_final", false, &c->has_final, r->err) && get_str(r, "malformed", &c->malformed) &&
           get_str(r, "error", &c->error) && get_ids(r, &c->ids) && get_stop(r, c) &&
           get_count(r, "n_prompt_tokens", &c->n_prompt_tokens) && get_count(r, "n_tokens", &c->n_tokens) &&
           get_count(r, "n_analysis_tokens", &c->n_analysis_tokens) && get_scores(r, c) &&
           json_want_num(r->j, "seconds_prefill", false, &c->seconds_prefill, r->err) &&
           json_want_num(r->j, "seconds_decode", false, &c->seconds_decode, r->err);
}

bool completion_read(const Json *j, const NulMark *mark, Arena *a, Completion *out, Err *err) {
    Reader r = {.j = j, .mark = *mark, .a = a, .err = err};
    Completion c = {0};
    if (!read_all(&r, &c)) return false;
    *out = c;
    return true;
}

bool completion_from_json(Str json, Arena *a, Completion *out, Err *err) {
    Json *root;
    NulMark mark;
    if (!json_parse_nul(json, a, &root, &mark, err)) return false;
    bool ok = completion_read(root, &mark, a, out, err);
    json_close(root);
    return ok;
}
