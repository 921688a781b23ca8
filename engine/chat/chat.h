/* Messages to harmony tokens, and tokens to messages: specs/harmony.md. */
#ifndef ASSAY_CHAT_H
#define ASSAY_CHAT_H

#include "engine/engine.h"
#include "engine/token/tokenizer.h"

/* The special ids that harmony needs, looked up by text in the model's own tokenizer. */
typedef struct HarmonyIds {
    uint32_t start, end, message, channel, constrain, ret, call, endoftext;
} HarmonyIds;

bool harmony_ids(const Tokenizer *t, HarmonyIds *out, Err *err); /* false names the token that is missing */
/* <|return|>, <|call|>, <|endoftext|>: where generation stops; never <|end|>. */
bool harmony_is_stop(const HarmonyIds *h, uint32_t id);

/* The prompt of a chat Request: default system message (effort, date, python), developer message made of system and
 * developer messages and the functions, history rules, "<|start|>assistant", then the prefill if there is one. */
bool chat_render_request(const Tokenizer *t, const HarmonyIds *h, const Request *r, Arena *a, Ids *out, Err *err);

/* Request.functions: a list of tools whose names are sound and differ. The error names the entry. Absent: fine. */
bool chat_check_functions(Str json, Err *err);

typedef struct ChatParsed {
    Message *messages; /* in order; contents are valid UTF-8 */
    size_t n_messages;
    const char *stop;  /* "return", "call", "end", "length" */
    Str malformed[16]; /* what was wrong, in order of appearance */
    size_t n_malformed;
    int n_analysis_tokens; /* content tokens of messages on analysis */
    bool has_final;
    bool ends_in_call; /* the last message is the assistant's to a recipient and was ended by <|call|> */
} ChatParsed;

/* Parses what follows "<|start|>assistant" (role_known) or a whole conversation. Lenient unless strict; a strict
 * violation returns false with ERR_INPUT. */
bool chat_parse(const Tokenizer *t, const HarmonyIds *h, const uint32_t *ids, size_t n, bool role_known, bool strict,
                Arena *a, ChatParsed *out, Err *err);

/* As chat_parse for a completion whose prompt ended inside a prefilled channel: parsing begins in that content. */
bool chat_parse_prefilled(const Tokenizer *t, const HarmonyIds *h, Str channel, Str prefill_text, const uint32_t *ids,
                          size_t n, Arena *a, ChatParsed *out, Err *err);

#endif
