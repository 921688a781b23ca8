#include "reports/export/inspect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "reports/json_keys.h"

static const char HIDDEN[] = "(sealed: assay shows no text of this sample)";

static Str from_score(ScorerStr v) {
    return (Str){v.p, v.n};
}

void inspect_usage(JsonOut *o, int64_t in, int64_t out, int64_t analysis) {
    json_obj(o);
    key_int(o, "input_tokens", in);
    key_int(o, "output_tokens", out);
    key_int(o, "total_tokens", in + out);
    key_int(o, "reasoning_tokens", analysis);
    json_obj_end(o);
}

void inspect_value(JsonOut *o, double v) {
    if (isnan(v))
        json_out_raw(o, STR("NaN"));
    else
        json_out_num(o, v);
}

const char *inspect_sample_id(Arena *a, Str sample) {
    Buf b;
    char hex[65];
    bool changed = false;
    buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < sample.n;) {
        char put[4];
        uint32_t cp = utf8_next(sample, &i);
        bool keep = cp > 0x20 && cp != '/' && cp != '\\' && cp != ':' && cp != 0xFFFD && !visible_is_hidden(cp);
        changed = changed || !keep;
        if (keep)
            buf_add(&b, put, utf8_put(cp, put));
        else
            buf_addc(&b, '_');
    }
    if (changed || !sample.n) {
        sha256_of(sample, hex);
        buf_addf(&b, "~%.8s", hex);
    }
    char *out = b.failed ? NULL : str_cstr(a, buf_str(&b));
    buf_release(&b);
    return out;
}

void inspect_put_id(JsonOut *o, Arena *a, Str sample) {
    const char *id = inspect_sample_id(a, sample);
    json_out_cstr(o, id);
    if (!id) o->buf->failed = true;
}

/* ---- messages ---- */

/* Inspect knows system, user, assistant and tool. */
static const char *role_of(Str role) {
    if (str_eqz(role, "developer") || str_eqz(role, "system")) return "system";
    if (str_eqz(role, "assistant")) return "assistant";
    return str_eqz(role, "tool") ? "tool" : "user";
}

static void message_id(JsonOut *o, const InspectLog *log, const Record *r, size_t at) {
    char more[64];
    snprintf(more, sizeof more, "%d/%zu/", r->key.epoch, at);
    Str whole = str_printf(log->run->scratch, "%s" STR_FMT, more, STR_ARG(r->key.sample));
    key_cstr(o, "id", export_id(log->run, log->cell, "message", whole).text);
}

/* The stored prompt's messages. *at counts the messages of the sample. */
static void prompt_messages(JsonOut *o, const InspectLog *log, const Record *r, size_t *at) {
    Json *root = NULL;
    Err err = ERR_INIT;
    if (r->prompt.p && !json_parse(r->prompt, &root, &err) && err.code == ERR_MEMORY) o->buf->failed = true;
    for (const Json *m = json_type(root) == JSON_ARRAY ? json_first(root) : NULL; m; m = json_next(m)) {
        json_obj(o);
        message_id(o, log, r, (*at)++);
        Str content = json_str(json_get(m, "content"));
        key_str(o, "content", content.p ? content : STR(""));
        key_cstr(o, "source", "input");
        key_cstr(o, "role", role_of(json_str(json_get(m, "role"))));
        json_obj_end(o);
    }
    json_close(root);
}

static void content_parts(JsonOut *o, const Completion *c) {
    key_arr(o, "content");
    if (c->analysis.n) {
        json_obj(o);
        key_cstr(o, "type", "reasoning");
        key_str(o, "reasoning", c->analysis);
        key_bool(o, "redacted", false);
        json_obj_end(o);
    }
    Str said = c->final.n ? c->final : c->commentary;
    json_obj(o);
    key_cstr(o, "type", "text");
    key_str(o, "text", said.p ? said : STR(""));
    json_obj_end(o);
    json_arr_end(o);
}

static Str function_name(Str recipient) {
    Str prefix = STR("functions.");
    return str_starts(recipient, prefix) ? str_sub(recipient, prefix.n, recipient.n) : recipient;
}

/* Arguments that are no JSON object, such as python's code, stand under "input". */
static void tool_call(JsonOut *o, const Completion *c, size_t turn) {
    char id[32];
    Json *args = NULL;
    Err err = ERR_INIT;
    snprintf(id, sizeof id, "call_%zu", turn + 1);
    if (!json_parse(c->call_content, &args, &err) && err.code == ERR_MEMORY) o->buf->failed = true;
    key_arr(o, "tool_calls");
    json_obj(o);
    key_cstr(o, "id", id);
    key_str(o, "function", function_name(c->call_recipient.p ? c->call_recipient : STR("unknown")));
    json_out_key(o, "arguments");
    if (json_type(args) == JSON_OBJECT) {
        json_out_node(o, args);
    } else {
        json_obj(o);
        key_str(o, "input", c->call_content.p ? c->call_content : STR(""));
        json_obj_end(o);
    }
    key_cstr(o, "type", "function");
    json_obj_end(o);
    json_arr_end(o);
    json_close(args);
}

static void assistant(JsonOut *o, const InspectLog *log, const Record *r, const Completion *c, size_t at, size_t turn) {
    json_obj(o);
    message_id(o, log, r, at);
    content_parts(o, c);
    key_cstr(o, "source", "generate");
    key_cstr(o, "role", "assistant");
    if (c->stop == STOP_CALL) tool_call(o, c, turn);
    key_str(o, "model", log->model);
    json_obj_end(o);
}

/* What the tool said; or, of a follow-up, the user. */
static void answer(JsonOut *o, const InspectLog *log, const Record *r, size_t turn, size_t at) {
    const RecordTurn *t = &r->turns[turn];
    char id[32];
    bool user = str_eqz(t->answer_name, "user");
    snprintf(id, sizeof id, "call_%zu", turn + 1);
    json_obj(o);
    message_id(o, log, r, at);
    key_str(o, "content", t->answer);
    key_cstr(o, "source", "input");
    key_cstr(o, "role", user ? "user" : "tool");
    if (!user) {
        key_cstr(o, "tool_call_id", id);
        key_str(o, "function", function_name(t->answer_name));
    }
    json_obj_end(o);
}

/* The sample's own messages behind those of the prompt; the last one is that of `output`. */
static void own_messages(JsonOut *o, const InspectLog *log, const Record *r, size_t at) {
    if (!r->n_turns || !r->turns) {
        assistant(o, log, r, &r->completion, at, 0);
        return;
    }
    for (size_t i = 0; i < r->n_turns; i++) {
        assistant(o, log, r, &r->turns[i].completion, at++, i);
        if (r->turns[i].answer.p) answer(o, log, r, i, at++);
    }
}

/* ---- output ---- */

/* Which of Inspect's limits ended the answer; NULL: none. */
static const char *limit_type(const Record *r) {
    if (str_eqz(r->limit, "turns")) return "turn";
    if (str_eqz(r->limit, "context") || (r->completion.status == COMPLETION_LENGTH && r->completion.error.n))
        return "context";
    return r->completion.status == COMPLETION_LENGTH || r->limit.p ? "token" : NULL;
}

static const char *stop_reason(const Record *r) {
    switch (r->completion.status) {
    case COMPLETION_OK:
        return r->completion.stop == STOP_CALL ? "tool_calls" : "stop";
    case COMPLETION_LENGTH:
        return strcmp(limit_type(r), "context") == 0 ? "model_length" : "max_tokens";
    case COMPLETION_FILTERED:
        return "content_filter";
    default:
        return "unknown";
    }
}

static bool failed(const Record *r) {
    CompletionStatus s = r->completion.status;
    return s == COMPLETION_FAILED || s == COMPLETION_TIMEOUT || s == COMPLETION_CANCELLED;
}

static void output(JsonOut *o, const InspectLog *log, const Record *r, bool hide, size_t at) {
    const Completion *c = &r->completion;
    const Completion *last = r->n_turns && r->turns ? &r->turns[r->n_turns - 1].completion : c;
    key_obj(o, "output");
    key_str(o, "model", log->model);
    key_arr(o, "choices");
    if (!failed(r)) {
        json_obj(o);
        json_out_key(o, "message");
        if (hide) {
            json_obj(o);
            key_cstr(o, "content", HIDDEN);
            key_cstr(o, "role", "assistant");
            json_obj_end(o);
        } else {
            assistant(o, log, r, last, at, r->n_turns ? r->n_turns - 1 : 0);
        }
        key_cstr(o, "stop_reason", stop_reason(r));
        json_obj_end(o);
    }
    json_arr_end(o);
    key_str(o, "completion", hide ? str_from(HIDDEN) : c->final.p ? c->final : STR(""));
    json_out_key(o, "usage");
    inspect_usage(o, c->n_prompt_tokens, c->n_tokens, c->n_analysis_tokens);
    if (!hide) key_num(o, "time", c->seconds_prefill + c->seconds_decode);
    json_obj_end(o);
}

/* ---- scores ---- */

static void score(JsonOut *o, const ScoreRow *row, const Record *r, bool hide) {
    const Score *sc = &row->score;
    json_out_key(o, "value");
    inspect_value(o, sc->status == SCORE_SCORED ? sc->value : NAN);
    if (!hide && sc->answer.p) key_str(o, "answer", from_score(sc->answer));
    if (!hide && sc->explanation.p) key_str(o, "explanation", from_score(sc->explanation));
    key_obj(o, "metadata");
    key_cstr(o, "outcome", outcome_name(sc->outcome));
    key_str(o, "label", from_score(sc->label));
    key_str(o, "rule", from_score(sc->rule));
    key_str(o, "version", row->version);
    if (!isnan(sc->margin)) key_num(o, "margin", sc->margin);
    key_bool(o, "truncated", r->completion.status == COMPLETION_LENGTH);
    json_obj_end(o);
    key_arr(o, "history");
    json_arr_end(o);
}

static void scores(JsonOut *o, const Record *r, const ScoreRow *rows, size_t n, bool hide) {
    if (failed(r)) return;
    key_obj(o, "scores");
    for (size_t i = 0; i < n; i++) {
        char name[256];
        if (summary_not_asked(&rows[i].score)) continue;
        snprintf(name, sizeof name, STR_FMT, STR_ARG(rows[i].scorer));
        key_obj(o, name);
        score(o, &rows[i], r, hide);
        json_obj_end(o);
    }
    json_obj_end(o);
}

/* ---- the sample ---- */

static void metadata(JsonOut *o, const InspectLog *log, const Record *r, const ScoreRow *rows, size_t n, bool hide) {
    key_obj(o, "metadata");
    key_str(o, "sample", r->key.sample);
    key_str(o, "group", r->group);
    key_str(o, "cluster", r->cluster);
    key_str(o, "transform", log->run->s.transforms[log->cell->transform].name);
    key_cstr(o, "effort", effort_name(r->key.effort));
    key_cstr(o, "status", completion_status_name(r->completion.status));
    key_cstr(o, "outcome", outcome_name(n ? rows[0].score.outcome : outcome_without_score(r->completion.status)));
    key_str(o, "content_hash", r->content_hash);
    key_str(o, "request_hash", r->request_hash);
    key_bool(o, "sealed", hide);
    if (r->tags.p) json_out_key(o, "tags"), json_out_raw(o, r->tags);
    if (!hide && r->completion.malformed.n) key_str(o, "malformed", r->completion.malformed);
    json_obj_end(o);
}

static void error_text(JsonOut *o, const Record *r, bool hide) {
    Str e = r->completion.error;
    json_out_str(o, hide || !e.n ? str_from(completion_status_name(r->completion.status)) : e);
}

static void limit(JsonOut *o, const InspectLog *log, const Record *r) {
    const char *type = limit_type(r);
    if (!type) return;
    bool token = strcmp(type, "token") == 0 && log->max_tokens >= 0;
    key_obj(o, "limit");
    key_cstr(o, "type", type);
    key_int(o, "limit",
            token                       ? log->max_tokens
            : strcmp(type, "turn") == 0 ? (int64_t)r->n_turns
                                        : (int64_t)r->completion.n_tokens);
    json_obj_end(o);
}

static void times(JsonOut *o, const InspectLog *log, const Record *r, bool hide) {
    if (r->started_at.p) key_str(o, "started_at", export_time(log->run->scratch, r->started_at));
    if (hide) return;
    double seconds = r->completion.seconds_prefill + r->completion.seconds_decode;
    key_num(o, "total_time", seconds);
    key_num(o, "working_time", seconds);
}

static void model_usage(JsonOut *o, const InspectLog *log, const Completion *c) {
    char name[256];
    snprintf(name, sizeof name, STR_FMT, STR_ARG(log->model));
    key_obj(o, "model_usage");
    json_out_key(o, name);
    inspect_usage(o, c->n_prompt_tokens, c->n_tokens, c->n_analysis_tokens);
    json_obj_end(o);
    key_obj(o, "role_usage");
    json_obj_end(o);
}

static void uuid(JsonOut *o, const InspectLog *log, const Record *r) {
    Str whole = str_printf(log->run->scratch, "%d/" STR_FMT, r->key.epoch, STR_ARG(r->key.sample));
    key_cstr(o, "uuid", export_id(log->run, log->cell, "sample", whole).text);
}

static void head(JsonOut *o, const InspectLog *log, const Record *r) {
    json_out_key(o, "id"), inspect_put_id(o, log->run->scratch, r->key.sample);
    key_int(o, "epoch", r->key.epoch);
}

void inspect_sample(JsonOut *o, InspectLog *log, const Record *r, const ScoreRow *rows, size_t n) {
    bool hide = summary_hides(&log->run->s, r);
    size_t at = 0;
    json_obj(o);
    head(o, log, r);
    json_out_key(o, "input");
    if (hide) {
        json_out_cstr(o, HIDDEN);
    } else {
        json_arr(o);
        prompt_messages(o, log, r, &at);
        json_arr_end(o);
    }
    key_str(o, "target", hide || !r->target.p ? STR("") : r->target);
    key_arr(o, "messages");
    if (!hide) {
        at = 0;
        prompt_messages(o, log, r, &at);
        if (!failed(r)) own_messages(o, log, r, at);
    }
    json_arr_end(o);
    output(o, log, r, hide, at);
    scores(o, r, rows, n, hide);
    metadata(o, log, r, rows, n, hide);
    key_obj(o, "store");
    json_obj_end(o);
    key_arr(o, "events");
    json_arr_end(o);
    model_usage(o, log, &r->completion);
    times(o, log, r, hide);
    uuid(o, log, r);
    if (failed(r)) {
        key_obj(o, "error");
        json_out_key(o, "message"), error_text(o, r, hide);
        key_cstr(o, "traceback", "");
        key_cstr(o, "traceback_ansi", "");
        json_obj_end(o);
    }
    limit(o, log, r);
    key_obj(o, "attachments");
    json_obj_end(o);
    json_obj_end(o);
}

/* At most about 1 kB, as Inspect shortens what its lists show. */
static Str shortened(Str s) {
    size_t n = s.n < 1000 ? s.n : 1000 - utf8_incomplete(str_sub(s, 0, 1000));
    return str_sub(s, 0, n);
}

/* {NULL, 0} without memory. */
static Str last_user_text(Arena *a, Str prompt) {
    Json *root = NULL;
    Err err = ERR_INIT;
    Str out = STR("");
    if (prompt.p && json_parse(prompt, &root, &err) && json_type(root) == JSON_ARRAY)
        for (const Json *m = json_first(root); m; m = json_next(m))
            if (str_eqz(json_str(json_get(m, "role")), "user")) out = json_str(json_get(m, "content"));
    out = err.code == ERR_MEMORY ? (Str){0} : str_dup(a, shortened(out.p ? out : STR("")));
    json_close(root);
    return out;
}

void inspect_summary(JsonOut *o, InspectLog *log, const Record *r, const ScoreRow *rows, size_t n) {
    bool hide = summary_hides(&log->run->s, r);
    json_obj(o);
    head(o, log, r);
    Str input = hide ? str_from(HIDDEN) : last_user_text(log->run->scratch, r->prompt);
    if (!input.p) o->buf->failed = true;
    key_str(o, "input", input);
    key_str(o, "target", hide || !r->target.p ? STR("") : shortened(r->target));
    key_obj(o, "metadata");
    key_str(o, "group", r->group);
    json_obj_end(o);
    scores(o, r, rows, n, hide);
    model_usage(o, log, &r->completion);
    times(o, log, r, hide);
    uuid(o, log, r);
    if (failed(r)) json_out_key(o, "error"), error_text(o, r, hide);
    if (limit_type(r)) key_cstr(o, "limit", limit_type(r));
    key_bool(o, "completed", !failed(r));
    json_obj_end(o);
}
