/* Shared by the files of this room only.
 *
 * render.c        turns -> tokens and text
 * request.c       a Request -> its prompt: turns, tools, sampled turns, prefill
 * content.c       the text of system and developer messages
 * tools.c         tool namespaces as TypeScript-like text
 * schema.c        JSON schema -> type
 * value.c         JSON values as text
 * conversation.c  the two JSON forms of `assay render` -> turns
 * header.c        header text -> role, channel, recipient, type
 * stream.c        tokens -> events, one at a time
 * parse.c         events -> messages; names of defects */
#ifndef ASSAY_CHAT_INTERNAL_H
#define ASSAY_CHAT_INTERNAL_H

#include "engine/base/json_nul.h"
#include "engine/chat/chat.h"

bool chat__role_parse(Str name, Role *out);

/* ---- rendering ---- */

/* A message whose content may have several parts: each is encoded by itself. Absent Str are not written; empty ones
 * are, as in the reference (" to=", an empty channel). */
typedef struct Turn {
    Role role;
    Str name, channel, recipient, content_type;
    const Str *parts;
    size_t n_parts;
} Turn;

/* Where rendered fragments go. The first failure is kept in *err and everything later is ignored. */
typedef struct Render {
    const Tokenizer *t;
    const HarmonyIds *h;
    Arena *a;
    Buf *text; /* may be NULL */
    Ids *ids;
    size_t cap;         /* of ids */
    const NulMark *nul; /* what stands for NUL in the texts; may be NULL */
    bool failed;
    Err *err;
} Render;

/* Ordinary text: never becomes a special token. */
void render_text(Render *r, Str s);
/* Ids as they stand; a special token. */
void render_ids(Render *r, const uint32_t *ids, size_t n);
void render_special(Render *r, uint32_t id);
void render_turn(Render *r, const Turn *t);
/* Harmony's history rule: how many leading turns lose their analysis; 0 while a call is in progress. */
size_t history_dropped(const Turn *t, size_t n);
bool turn_is_dropped(const Turn *t, size_t i, size_t dropped);
/* All turns; drop: under the history rule. */
void render_turns(Render *r, const Turn *t, size_t n, bool drop);
/* "<|start|>assistant" */
void render_opening(Render *r);

/* ---- content ---- */

typedef struct Tool {
    Str name, description;
    const Json *parameters; /* JSON schema, or NULL: takes none */
} Tool;

typedef struct Namespace {
    Str key, name, description; /* description may be absent */
    const Tool *tools;
    size_t n_tools;
} Namespace;

typedef struct Tools {
    const Namespace *v; /* in byte order of their keys */
    size_t n;
} Tools;

/* {"functions": {"name", "description", "tools": [{"name", "description", "parameters"}]}}. Absent or null: none. */
bool tools_from_namespaces(const Json *j, Arena *a, Tools *out, Err *err);
/* [{"type": "function", "function": {"name", "description", "parameters"}}] -> the namespace "functions" */
bool tools_from_functions(const Json *j, Arena *a, Tools *out, Err *err);
/* The built-in tool of the system message. */
Tools tools_python(PythonTool kind);
/* Is there a non-empty namespace "functions"? */
bool tools_has_functions(const Tools *t);
/* Appends "# Tools" and all namespaces. */
void tools_text(Buf *out, const Tools *t);
/* Appends the type for a JSON schema, its lines indented by `indent` spaces. */
void schema_type(Buf *out, const Json *schema, int indent);

/* Request.functions, read. Its texts live in `json`; `nul` stands for NUL in them. */
typedef struct RequestTools {
    Json *json;
    NulMark nul;
    Tools tools;
} RequestTools;

bool request_tools_read(Str json, Arena *a, RequestTools *out, Err *err); /* false: nothing to release */
void request_tools_release(RequestTools *t);

/* The channel of an assistant's message that names none: functions are called on commentary, built-in tools on
 * analysis, everybody hears an answer. */
Str chat__default_channel(Str recipient);

/* Appends a JSON value on one line as the reference writes it. */
void chat__value_text(Buf *out, const Json *j);

/* Absent Str and n_channels 0 leave their section out; an empty Str leaves its line. */
typedef struct SystemContent {
    Str identity, cutoff, date, effort;
    const Str *channels;
    size_t n_channels;
    bool channel_required;
    Tools tools;
} SystemContent;

/* Identity, cutoff 2024-06, three required channels; date may be absent. */
SystemContent content_default_system(Effort effort, Str date);
/* Both append to out. has_functions: some developer message of the conversation defines functions. */
void content_system(Buf *out, const SystemContent *c, bool has_functions);
void content_developer(Buf *out, Str instructions, const Tools *tools);

/* ---- conversations ---- */

typedef struct Conversation {
    Turn *turns;
    size_t n;
    bool drop_analysis, completion;
} Conversation;

/* json: one object in either form. Everything in *out lives in the arena or in the document. */
bool conversation_read(const Json *json, const RenderOptions *o, Arena *a, Conversation *out, Err *err);

/* ---- headers ---- */

typedef struct Header {
    Role role;
    Str name, channel, recipient, content_type;
    Str rest; /* words that found no place, joined by single spaces; absent if none */
    ChatDefect defect[4];
    size_t n_defects;
} Header;

/* known: the role given from outside, or NULL. rest_only: take no recipient and type, all words are content (a message
 * that never reached <|message|>). Never fails but for memory: defects are data. */
bool header_parse(Str text, const Role *known, bool rest_only, Arena *a, Header *out, Err *err);

/* Does a message with this header speak to a tool? */
bool chat__is_call(Role role, Str recipient);

#endif
