/* The two JSON forms of a conversation (specs/cli.md, "Conversations for render") -> turns.
 *
 * Harmony's own JSON carries system and developer content as objects and is taken as it stands. A conversation without
 * such a message is harmony's too if it says `mode` or `auto_drop_analysis` and all its contents are lists of parts.
 * Everything else is in the chat completions form, for which the system message is written and instructions, tools and
 * tool calls are put in their places. */
#include "engine/chat/chat_internal.h"

#include <string.h>

#define CONTENT_MAX_BYTES ((size_t)256 << 20)

/* ---- what both forms share ---- */

static bool is_absent(const Json *j) {
    return !j || json_type(j) == JSON_NULL;
}

/* Which function a tool call was for, by the call's id: open addressing, at most half full. */
typedef struct Call {
    Str id, name; /* id absent: free */
} Call;

typedef struct Reader {
    const RenderOptions *o;
    Arena *a;
    Conversation *out;
    Tools tools;        /* chat completions: the developer's functions */
    bool has_functions; /* some developer message defines functions */
    const Json *messages;
    Call *calls; /* [call_mask + 1] */
    size_t call_mask;
    Err *err;
} Reader;

/* Copies what a builder wrote into the arena. */
static bool keep(Reader *r, Buf *b, Str *out) {
    *out = b->failed ? (Str){NULL, 0} : str_dup(r->a, buf_str(b));
    buf_release(b);
    return out->p ? true : err_nomem(r->err);
}

static bool read_role(const Json *m, Role *out, Err *err) {
    Str role;
    if (json_type(m) != JSON_OBJECT) return err_set(err, ERR_INPUT, "it must be an object");
    if (!json_want_str(m, "role", true, &role, err)) return false;
    if (chat__role_parse(role, out)) return true;
    return err_set(err, ERR_INPUT, "role '" STR_FMT "' is not one of system, developer, user, assistant, tool",
                   STR_ARG(str_sub(role, 0, 60)));
}

static bool read_labels(const Json *m, Turn *t, Err *err) {
    return json_want_str(m, "name", false, &t->name, err) && json_want_str(m, "channel", false, &t->channel, err) &&
           json_want_str(m, "recipient", false, &t->recipient, err) &&
           json_want_str(m, "content_type", false, &t->content_type, err);
}

/* Chat completions: clients send "" for what they do not have. */
static bool read_chat_labels(const Json *m, Turn *t, Err *err) {
    Str *const labels[] = {&t->name, &t->channel, &t->recipient, &t->content_type};
    if (!read_labels(m, t, err)) return false;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (labels[i]->n == 0) *labels[i] = (Str){NULL, 0};
    return true;
}

static Str part_type(const Json *part) {
    return json_str(json_get(part, "type"));
}

static bool read_text_part(const Json *part, Str *out, Err *err) {
    if (json_type(part) == JSON_STRING) return *out = json_str(part), true;
    if (json_type(part) != JSON_OBJECT || !str_eqz(part_type(part), "text"))
        return err_set(err, ERR_INPUT,
                       "a content part must be {\"type\": \"text\", \"text\": \"...\"}, but its type is '" STR_FMT "'",
                       STR_ARG(str_sub(part_type(part), 0, 60)));
    return json_want_str(part, "text", true, out, err);
}

/* The next free turn; room was made for all of them. */
static Turn *next_turn(Reader *r) {
    return &r->out->turns[r->out->n++];
}

static bool one_part(Reader *r, Turn *t, Str content) {
    Str *part = arena_alloc(r->a, sizeof *part);
    if (!part) return err_nomem(r->err);
    *part = content;
    t->parts = part;
    t->n_parts = 1;
    return true;
}

/* ---- harmony's own JSON ---- */

static bool is_object_part(const Json *part) {
    Str type = part_type(part);
    return str_eqz(type, "system_content") || str_eqz(type, "developer_content");
}

/* content is, or holds, an object of system or developer content */
static bool has_object(const Json *content) {
    if (is_absent(content)) return false;
    if (json_type(content) == JSON_OBJECT) return true;
    if (json_type(content) != JSON_ARRAY) return false;
    for (const Json *p = json_first(content); p; p = json_next(p))
        if (is_object_part(p)) return true;
    return false;
}

static bool is_harmony(const Json *json, const Json *messages) {
    bool parts_only = !is_absent(json_get(json, "mode")) || !is_absent(json_get(json, "auto_drop_analysis"));
    if (!is_absent(json_get(json, "tools"))) parts_only = false;
    for (const Json *m = json_first(messages); m; m = json_next(m)) {
        const Json *content = json_get(m, "content");
        if (has_object(content)) return true;
        if (is_absent(content) || json_type(content) != JSON_ARRAY || json_get(m, "tool_calls")) parts_only = false;
    }
    return parts_only;
}

static bool read_effort(const Json *j, Str *out, Err *err) {
    static const char *const spelled[][2] = {{"Low", "low"}, {"Medium", "medium"}, {"High", "high"}};
    Str s = {NULL, 0};
    if (!json_want_str(j, "reasoning_effort", false, &s, err)) return false;
    if (!s.p) return true;
    for (int i = 0; i < 3; i++)
        if (str_eqz(s, spelled[i][0]) || str_eqz(s, spelled[i][1])) return *out = str_from(spelled[i][1]), true;
    return err_set(err, ERR_INPUT, "'reasoning_effort' is '" STR_FMT "', but Low, Medium or High was expected",
                   STR_ARG(str_sub(s, 0, 60)));
}

static bool read_channels(const Json *config, SystemContent *c, Arena *a, Err *err) {
    if (is_absent(config)) return true;
    const Json *list = json_get(config, "valid_channels");
    if (!list || json_type(list) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "'channel_config' needs a list 'valid_channels'");
    Str *v = arena_array(a, json_count(list), sizeof *v);
    if (!v) return err_nomem(err);
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        if (json_type(j) != JSON_STRING) return err_set(err, ERR_INPUT, "'valid_channels' must be a list of texts");
        v[c->n_channels++] = json_str(j);
    }
    c->channels = v;
    return json_want_bool(config, "channel_required", false, &c->channel_required, err);
}

static bool read_system_content(Reader *r, const Json *j, Str *out) {
    SystemContent c = {0};
    if (!json_want_str(j, "model_identity", false, &c.identity, r->err) ||
        !json_want_str(j, "knowledge_cutoff", false, &c.cutoff, r->err) ||
        !json_want_str(j, "conversation_start_date", false, &c.date, r->err) || !read_effort(j, &c.effort, r->err) ||
        !read_channels(json_get(j, "channel_config"), &c, r->a, r->err) ||
        !tools_from_namespaces(json_get(j, "tools"), r->a, &c.tools, r->err))
        return false;
    Buf b;
    buf_init(&b, CONTENT_MAX_BYTES);
    content_system(&b, &c, r->has_functions);
    return keep(r, &b, out);
}

static bool read_developer_content(Reader *r, const Json *j, Str *out) {
    Str instructions = {NULL, 0};
    Tools tools;
    if (!json_want_str(j, "instructions", false, &instructions, r->err) ||
        !tools_from_namespaces(json_get(j, "tools"), r->a, &tools, r->err))
        return false;
    Buf b;
    buf_init(&b, CONTENT_MAX_BYTES);
    content_developer(&b, instructions, &tools);
    return keep(r, &b, out);
}

static bool read_harmony_part(Reader *r, Role role, const Json *part, Str *out) {
    Str type = part_type(part);
    bool system = str_eqz(type, "system_content"), developer = str_eqz(type, "developer_content");
    /* an object without "type" is what its role says */
    if (!type.p && json_type(part) == JSON_OBJECT && !json_get(part, "text")) {
        system = role == ROLE_SYSTEM;
        developer = role == ROLE_DEVELOPER;
    }
    if (system && role != ROLE_SYSTEM)
        return err_set(r->err, ERR_INPUT, "system content stands in a message of role %s", role_name(role));
    if (developer && role != ROLE_DEVELOPER)
        return err_set(r->err, ERR_INPUT, "developer content stands in a message of role %s", role_name(role));
    if (system) return read_system_content(r, part, out);
    if (developer) return read_developer_content(r, part, out);
    return read_text_part(part, out, r->err);
}

static bool read_harmony_message(Reader *r, const Json *m) {
    Turn *t = next_turn(r);
    const Json *content = json_get(m, "content");
    if (!read_role(m, &t->role, r->err) || !read_labels(m, t, r->err)) return false;
    if (is_absent(content)) return err_set(r->err, ERR_INPUT, "missing key 'content'");
    bool list = json_type(content) == JSON_ARRAY;
    Str *parts = arena_array(r->a, list ? json_count(content) : 1, sizeof *parts);
    if (!parts) return err_nomem(r->err);
    t->parts = parts;
    if (!list) return t->n_parts = 1, read_harmony_part(r, t->role, content, parts);
    for (const Json *p = json_first(content); p; p = json_next(p))
        if (!read_harmony_part(r, t->role, p, &parts[t->n_parts++])) return false;
    return true;
}

static bool defines_functions(const Json *part) {
    const Json *functions = json_get(json_get(part, "tools"), "functions");
    const Json *list = functions ? json_get(functions, "tools") : NULL;
    return list && json_type(list) == JSON_ARRAY && json_first(list);
}

/* The system message, which comes first, says whether a developer message defines functions. */
static bool any_functions(const Json *messages) {
    for (const Json *m = json_first(messages); m; m = json_next(m)) {
        const Json *content = json_get(m, "content");
        if (!str_eqz(json_str(json_get(m, "role")), "developer") || is_absent(content)) continue;
        if (json_type(content) == JSON_OBJECT && defines_functions(content)) return true;
        for (const Json *p = json_type(content) == JSON_ARRAY ? json_first(content) : NULL; p; p = json_next(p))
            if (defines_functions(p)) return true;
    }
    return false;
}

static bool each_message(Reader *r, bool (*read)(Reader *, const Json *)) {
    size_t i = 0;
    for (const Json *m = json_first(r->messages); m; m = json_next(m), i++)
        if (!read(r, m)) return err_wrap(r->err, "'messages' entry %zu", i);
    return true;
}

static bool read_harmony(Reader *r) {
    r->has_functions = any_functions(r->messages);
    return each_message(r, read_harmony_message);
}

/* ---- chat completions ---- */

static bool is_instruction(const Json *m) {
    Str role = json_str(json_get(m, "role"));
    return str_eqz(role, "system") || str_eqz(role, "developer");
}

/* String or text parts -> parts of the turn; null or absent: none. */
static bool read_content(Reader *r, const Json *content, Turn *t) {
    if (is_absent(content)) return true;
    if (json_type(content) == JSON_STRING) return one_part(r, t, json_str(content));
    if (json_type(content) != JSON_ARRAY)
        return err_set(r->err, ERR_INPUT, "'content' must be a text or a list of text parts");
    Str *parts = arena_array(r->a, json_count(content), sizeof *parts);
    if (!parts) return err_nomem(r->err);
    t->parts = parts;
    for (const Json *p = json_first(content); p; p = json_next(p))
        if (!read_text_part(p, &parts[t->n_parts++], r->err)) return false;
    return true;
}

static bool add_instruction(Reader *r, const Json *m, Buf *joined) {
    Turn t = {0};
    Role role;
    if (!read_role(m, &role, r->err) || !read_content(r, json_get(m, "content"), &t)) return false;
    size_t n = 0;
    for (size_t i = 0; i < t.n_parts; i++) n += t.parts[i].n;
    if (n && joined->n) buf_adds(joined, "\n\n");
    for (size_t i = 0; i < t.n_parts; i++) buf_addstr(joined, t.parts[i]);
    return true;
}

/* System and developer messages, wherever they stand, joined by blank lines; with the tools they make one message. */
static bool read_instructions(Reader *r) {
    Buf joined, content;
    Str part;
    size_t i = 0;
    bool ok = true;
    buf_init(&joined, CONTENT_MAX_BYTES);
    for (const Json *m = json_first(r->messages); m && ok; m = json_next(m), i++) {
        if (!is_instruction(m)) continue;
        ok = add_instruction(r, m, &joined);
        if (!ok) err_wrap(r->err, "'messages' entry %zu", i);
    }
    if (ok && joined.failed) ok = err_nomem(r->err);
    if (ok && (joined.n || r->tools.n)) {
        Turn *t = next_turn(r);
        t->role = ROLE_DEVELOPER;
        buf_init(&content, CONTENT_MAX_BYTES);
        content_developer(&content, joined.n ? buf_str(&joined) : (Str){NULL, 0}, &r->tools);
        ok = keep(r, &content, &part) && one_part(r, t, part);
    }
    buf_release(&joined);
    return ok;
}

static bool write_system(Reader *r) {
    SystemContent c = content_default_system(r->o->effort, r->o->date);
    Turn *t = next_turn(r);
    Str part;
    Buf b;
    buf_init(&b, CONTENT_MAX_BYTES);
    content_system(&b, &c, tools_has_functions(&r->tools));
    t->role = ROLE_SYSTEM;
    return keep(r, &b, &part) && one_part(r, t, part);
}

static bool function_name(Reader *r, Str name, Str *out) {
    if (name.n > 256) return err_set(r->err, ERR_INPUT, "the function's name is longer than 256 bytes");
    *out = str_printf(r->a, "functions.%.*s", (int)name.n, name.p);
    return out->p ? true : err_nomem(r->err);
}

/* The slot of this id, or the free one where it belongs. A later call with the same id takes the slot over: ids may
 * repeat between turns. */
static Call *call_slot(Reader *r, Str id) {
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < id.n; i++) h = (h ^ (unsigned char)id.p[i]) * 1099511628211u;
    size_t at = (h ^ h >> 32) & r->call_mask;
    while (r->calls[at].id.p && !str_eq(r->calls[at].id, id)) at = (at + 1) & r->call_mask;
    return &r->calls[at];
}

/* {"id", "type": "function", "function": {"name", "arguments"}} */
static bool read_tool_call(Reader *r, const Json *call) {
    const Json *function = json_get(call, "function");
    const Json *arguments = json_get(function, "arguments");
    Turn *t = next_turn(r);
    Str name, text, id = {NULL, 0};
    if (!function) return err_set(r->err, ERR_INPUT, "missing key 'function'");
    if (!json_want_str(function, "name", true, &name, r->err) || !function_name(r, name, &t->recipient)) return false;
    if (!json_want_str(call, "id", false, &id, r->err)) return false;
    if (id.p) *call_slot(r, id) = (Call){id, name};
    t->role = ROLE_ASSISTANT;
    t->channel = STR("commentary");
    t->content_type = STR("<|constrain|>json");
    if (is_absent(arguments)) return one_part(r, t, STR("{}"));
    if (json_type(arguments) == JSON_STRING) return one_part(r, t, json_str(arguments));
    Buf b; /* some clients send the object itself */
    buf_init(&b, CONTENT_MAX_BYTES);
    chat__value_text(&b, arguments);
    return keep(r, &b, &text) && one_part(r, t, text);
}

/* The text beside tool calls is a preamble, and those are commentary; without calls it is the answer. */
static bool read_assistant(Reader *r, const Json *m) {
    const Json *calls = json_get(m, "tool_calls");
    Turn t = {.role = ROLE_ASSISTANT};
    size_t n = 0;
    if (!is_absent(calls) && json_type(calls) != JSON_ARRAY)
        return err_set(r->err, ERR_INPUT, "'tool_calls' must be a list");
    bool has_calls = !is_absent(calls) && json_first(calls);
    if (!read_chat_labels(m, &t, r->err) || !read_content(r, json_get(m, "content"), &t)) return false;
    for (size_t i = 0; i < t.n_parts; i++) n += t.parts[i].n;
    if (!t.channel.n) t.channel = has_calls ? STR("commentary") : chat__default_channel(t.recipient);
    if (n || !has_calls) *next_turn(r) = t;
    for (const Json *c = has_calls ? json_first(calls) : NULL; c; c = json_next(c))
        if (!read_tool_call(r, c)) return err_wrap(r->err, "a tool call");
    return true;
}

/* <|start|>functions.f to=assistant<|channel|>commentary<|message|>... */
static bool read_tool_answer(Reader *r, const Json *m) {
    Turn *t = next_turn(r);
    Str id = {NULL, 0};
    t->role = ROLE_TOOL;
    if (!read_chat_labels(m, t, r->err) || !json_want_str(m, "tool_call_id", false, &id, r->err)) return false;
    if (id.p) {
        Str called = call_slot(r, id)->name;
        if (called.p && !function_name(r, called, &t->name)) return false;
        if (!called.p && !t->name.n)
            return err_set(r->err, ERR_INPUT, "it answers the call '" STR_FMT "', which no message before it made",
                           STR_ARG(str_sub(id, 0, 80)));
    }
    if (!t->name.n) return err_set(r->err, ERR_INPUT, "a tool message needs 'tool_call_id' or 'name'");
    /* a bare name is a function's; "browser.search" and "functions.f" say themselves where they belong */
    if (str_find(t->name, STR("."), 0) == SIZE_MAX && !str_eqz(t->name, "python") &&
        !function_name(r, t->name, &t->name))
        return false;
    if (!t->recipient.n) t->recipient = STR("assistant");
    if (!t->channel.n) t->channel = STR("commentary");
    return read_content(r, json_get(m, "content"), t);
}

static bool read_chat_message(Reader *r, const Json *m) {
    Role role;
    if (!read_role(m, &role, r->err)) return false;
    if (role == ROLE_SYSTEM || role == ROLE_DEVELOPER) return true; /* read_instructions took it */
    if (role == ROLE_ASSISTANT) return read_assistant(r, m);
    if (role == ROLE_TOOL) return read_tool_answer(r, m);
    Turn *t = next_turn(r);
    t->role = role;
    return read_chat_labels(m, t, r->err) && read_content(r, json_get(m, "content"), t);
}

static bool read_chat(Reader *r, const Json *json) {
    return tools_from_functions(json_get(json, "tools"), r->a, &r->tools, r->err) && write_system(r) &&
           read_instructions(r) && each_message(r, read_chat_message);
}

/* ---- either ---- */

/* Two turns of our own, one for each message, one for each tool call. */
static bool make_room(Reader *r) {
    size_t turns = 2, calls = 0, slots = 2;
    for (const Json *m = json_first(r->messages); m; m = json_next(m), turns++) {
        const Json *list = json_get(m, "tool_calls");
        if (!is_absent(list)) calls += json_count(list);
    }
    while (slots < 2 * calls) slots *= 2;
    r->out->turns = arena_array(r->a, turns + calls, sizeof *r->out->turns);
    r->calls = arena_array(r->a, slots, sizeof *r->calls);
    r->call_mask = slots - 1;
    return r->out->turns && r->calls ? true : err_nomem(r->err);
}

static bool read_mode(const Json *json, Conversation *out, Err *err) {
    Str mode = STR("completion");
    out->drop_analysis = true;
    if (!json_want_str(json, "mode", false, &mode, err) ||
        !json_want_bool(json, "auto_drop_analysis", false, &out->drop_analysis, err))
        return false;
    out->completion = str_eqz(mode, "completion");
    if (out->completion || str_eqz(mode, "conversation")) return true;
    return err_set(err, ERR_INPUT, "'mode' is '" STR_FMT "', but completion or conversation was expected",
                   STR_ARG(str_sub(mode, 0, 60)));
}

bool conversation_read(const Json *json, const RenderOptions *o, Arena *a, Conversation *out, Err *err) {
    Reader r = {.o = o, .a = a, .out = out, .messages = json_get(json, "messages"), .err = err};
    *out = (Conversation){0};
    if (json_type(json) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "a conversation must be an object with 'messages'");
    if (is_absent(r.messages) || json_type(r.messages) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "missing key 'messages' (a list)");
    if (!read_mode(json, out, err) || !make_room(&r)) return false;
    return is_harmony(json, r.messages) ? read_harmony(&r) : read_chat(&r, json);
}
