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
 * developer messages and the functions, history rules, "<|start|>assistant", then the prefill if there is one. Ids of
 * sampled turns are written as they are; the caller knows whether the model has rows for them, the tokenizer does not.
 */
bool chat_render_request(const Tokenizer *t, const HarmonyIds *h, const Request *r, Arena *a, Ids *out, Err *err);

/* Request.functions: a list of tools whose names are sound and differ. The error names the entry. Absent: fine. */
bool chat_check_functions(Str json, Err *err);

/* ---- what can be wrong with sampled text ----
 *
 * id, is it an error when strict (what the reference refuses), name. The names are stable: stores and scripts may
 * compare them. */
#define CHAT_DEFECT_MAP(X)                                                                                             \
    X(CHAT_EMPTY, true, "the text is empty")                                                                           \
    X(CHAT_CUT_IN_HEADER, true, "the text ends inside a header")                                                       \
    X(CHAT_CUT_IN_CONTENT, false, "the text ends inside a message")                                                    \
    X(CHAT_CUT_CALL, false, "the text ends inside a call")                                                             \
    X(CHAT_STOP_IN_HEADER, true, "a header without <|message|>")                                                       \
    X(CHAT_STRAY_TEXT, true, "text outside a message")                                                                 \
    X(CHAT_STRAY_STOP, true, "a stop token outside a message")                                                         \
    X(CHAT_ENDOFTEXT, true, "<|endoftext|> instead of a stop token")                                                   \
    X(CHAT_HEADER_UTF8, true, "a header that is not valid UTF-8")                                                      \
    X(CHAT_CONTENT_UTF8, false, "content that is not valid UTF-8")                                                     \
    X(CHAT_NO_ROLE, true, "a header without a role")                                                                   \
    X(CHAT_UNKNOWN_ROLE, true, "an unknown role")                                                                      \
    X(CHAT_RECIPIENT_FOR_ROLE, false, "a header that begins with a recipient")                                         \
    X(CHAT_NO_CHANNEL, false, "an assistant's message without <|channel|>")                                            \
    X(CHAT_EMPTY_CHANNEL, true, "<|channel|> without a name")                                                          \
    X(CHAT_UNKNOWN_CHANNEL, false, "an unknown channel")                                                               \
    X(CHAT_TWO_CHANNELS, true, "a second <|channel|> in one header")                                                   \
    X(CHAT_STRAY_WORDS, true, "words in a header that are neither role, recipient nor type")                           \
    X(CHAT_UNKNOWN_RECIPIENT, false, "an unknown recipient")                                                           \
    X(CHAT_CALL_TO_NOBODY, false, "<|call|> without a recipient")                                                      \
    X(CHAT_NO_CALL, false, "a message to a tool that does not end in <|call|>")

typedef enum ChatDefect {
#define X(id, strict, name) id,
    CHAT_DEFECT_MAP(X)
#undef X
        CHAT_N_DEFECTS
} ChatDefect;

const char *chat_defect_name(ChatDefect d);

typedef struct ChatDefects {
    int count[CHAT_N_DEFECTS];
    ChatDefect kind[CHAT_N_DEFECTS]; /* [n_kinds], in order of first appearance */
    size_t n_kinds;
} ChatDefects;

/* "NAME", or "NAME (3 times)", of the k-th kind. */
void chat_defects_put(const ChatDefects *d, size_t k, Buf *out);

/* ---- parsing as a stream ---- */

typedef enum ChatEventKind {
    CHAT_BEGIN,    /* a message's header is complete */
    CHAT_TEXT,     /* a piece of its content, whole characters only; invalid bytes are U+FFFD */
    CHAT_END,      /* its end: a stop token, or the end of the text */
    CHAT_MALFORMED /* before the message that it concerns begins, or before it ends */
} ChatEventKind;

/* Everything pointed to lives until the sink returns. */
typedef struct ChatEvent {
    ChatEventKind kind;
    const Message *message; /* BEGIN, TEXT, END: the header; content is absent */
    Str text;               /* TEXT */
    int n_tokens;           /* END: ids of its content */
    ChatDefect defect;      /* MALFORMED */
} ChatEvent;

/* false, with *err set, ends the parse. */
typedef bool ChatSink(void *ctx, const ChatEvent *e, Err *err);

/* Texts are borrowed until chat_parser_close. */
typedef struct ChatParseOptions {
    const Role *role; /* of the first message, given from outside: the text begins in its header. NULL: the text begins
                         with its own <|start|> */
    Str prefill_channel, prefill_text; /* present: the text begins in that content of the assistant, behind this text */
    bool strict;                       /* defects that the reference refuses are errors */
    bool knows_recipients;             /* whom the assistant may call is known: */
    const Str *recipients;
    size_t n_recipients;
    ChatSink *sink; /* may be NULL */
    void *ctx;
} ChatParseOptions;

typedef enum ChatPlace { CHAT_BETWEEN, CHAT_IN_HEADER, CHAT_IN_CONTENT, CHAT_IN_STRAY } ChatPlace;

typedef struct ChatEnd {
    const char *stop;      /* "return", "call", "end", "length": by the last id */
    ChatPlace place;       /* where the text ended */
    bool ends_in_call;     /* the last message is the assistant's to a recipient and was ended by <|call|> */
    bool has_final;        /* the assistant began a message on final */
    int n_analysis_tokens; /* content tokens of messages on analysis */
    ChatDefects defects;
} ChatEnd;

/* Reads ids one at a time. Holds the header or the unfinished character at hand and nothing else, so its memory does
 * not grow with the content. Contains: the state, the header of the message at hand, the counts of defects. */
typedef struct ChatParser ChatParser;

bool chat_parser_open(const Tokenizer *t, const HarmonyIds *h, const ChatParseOptions *o, ChatParser **out, Err *err);
void chat_parser_close(ChatParser *p); /* NULL is fine */
/* The next id, and the end of the text. false: strict and malformed (ERR_INPUT), the sink's failure, or no memory;
 * then nothing but chat_parser_close may follow. Lenient parsing fails for no other reason, whatever the ids. */
bool chat_parser_feed(ChatParser *p, uint32_t id, Err *err);
bool chat_parser_finish(ChatParser *p, ChatEnd *out, Err *err);

/* ---- parsing at once ---- */

typedef struct ChatParsed {
    Message *messages; /* in order; contents are valid UTF-8 */
    size_t n_messages;
    ChatEnd end;
} ChatParsed;

/* All ids through the parser above; sink and ctx of *o are not used. *out lives in the arena. */
bool chat_parse_with(const Tokenizer *t, const HarmonyIds *h, const ChatParseOptions *o, const uint32_t *ids, size_t n,
                     Arena *a, ChatParsed *out, Err *err);

/* What follows "<|start|>assistant" (role_known), or a whole conversation. */
bool chat_parse(const Tokenizer *t, const HarmonyIds *h, const uint32_t *ids, size_t n, bool role_known, bool strict,
                Arena *a, ChatParsed *out, Err *err);

/* What follows a prefilled channel. */
bool chat_parse_prefilled(const Tokenizer *t, const HarmonyIds *h, Str channel, Str prefill_text, const uint32_t *ids,
                          size_t n, Arena *a, ChatParsed *out, Err *err);

/* Whom the assistant may call under a chat Request: its functions as "functions.NAME", and "python". */
bool chat_recipients(const Request *r, Arena *a, Str **out, size_t *n, Err *err);

#endif
