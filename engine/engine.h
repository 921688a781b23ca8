/* The one door of the engine room.
 *
 * Engine     a loaded model that answers. Opened from a SPEC: a checkpoint (a directory or a .gguf), or "replay:DIR".
 * Request    what is asked: messages (or raw token ids), how to sample, and what to do: generate, or score given
 *            continuations by log-likelihood.
 * Completion what came back: first of all a status, then the channels, the raw token ids, counts and timings. A failure
 *            is a status, never a text.
 * Vocab      the tokenizer and the harmony renderer of a checkpoint; needs no weights.
 *
 * Calls on one Engine come from one thread. The engine uses its own threads inside. */
#ifndef ASSAY_ENGINE_H
#define ASSAY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/str.h"

/* ---- messages ---- */

typedef enum Role { ROLE_SYSTEM, ROLE_DEVELOPER, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL } Role;
typedef enum Effort { EFFORT_LOW, EFFORT_MEDIUM, EFFORT_HIGH } Effort;

const char *role_name(Role r);
const char *effort_name(Effort e);
bool effort_parse(Str name, Effort *out);

typedef struct Ids {
    uint32_t *p;
    size_t n;
} Ids;

/* All Str of a Message may be absent. */
typedef struct Message {
    Role role;
    Str name;         /* tool messages: the tool's name */
    Str channel;      /* assistant: analysis, commentary, final; absent on a chat message means final */
    Str recipient;    /* "functions.f"; absent = all */
    Str content_type; /* "<|constrain|>json" */
    Str content;
    /* Requests only. An assistant's whole turn exactly as it was sampled: Completion.ids of an earlier request, its
     * stop token included, and that request's prefill if it had one. It is written as it stands behind
     * "<|start|>assistant" (with <|end|> for a last <|return|>), and everything above but role is ignored by an engine
     * that works on ids; one that works on text reads those instead. When the history rule drops analysis of the turn,
     * or when it was cut off, it is written anew from the messages that it parses to. */
    Ids sampled;
    Str prefill_channel, prefill_text;
} Message;

/* ---- requests ---- */

typedef enum RequestKind {
    REQUEST_GENERATE, /* sample a completion */
    REQUEST_SCORE     /* log-likelihood of each of `choices` as the continuation of the prompt */
} RequestKind;

typedef struct GenOptions {
    double temperature; /* 0 = greedy */
    double top_p;       /* (0, 1] */
    int max_tokens;     /* > 0; reaching it gives COMPLETION_LENGTH */
    uint64_t seed;      /* of this request alone; with the position it determines every draw */
    Effort effort;
    Str date;        /* "YYYY-MM-DD" or absent: no date line */
    bool ignore_eos; /* go on after stop tokens (plumbing and bench only) */
} GenOptions;

#define GEN_DEFAULTS                                                                                                   \
    { .temperature = 1.0, .top_p = 1.0, .max_tokens = 2048, .effort = EFFORT_MEDIUM }

typedef enum PythonTool {
    PYTHON_NONE,
    PYTHON_STATEFUL, /* harmony's own description: state is kept between calls */
    PYTHON_STATELESS /* each call stands alone */
} PythonTool;

typedef struct Request {
    uint64_t tag; /* the caller's; comes back on the Completion */
    RequestKind kind;
    /* Chat form: rendered by harmony, the default system message is written first. History: while the last assistant
     * message is not final (a call is in progress) all of it stays; else analysis before the first final message is
     * dropped, as the reference does in one call. A tool's message has the name that was called ("functions.f",
     * "python"); absent recipient and channel mean assistant and the channel of the call. */
    const Message *messages;
    size_t n_messages;
    const uint32_t *ids; /* or: the exact prompt tokens; messages must then be NULL */
    size_t n_ids;
    /* When prefill_channel is present the assistant's turn is opened for it: the prompt goes on with
     * <|channel|>CHANNEL<|message|>PREFILL_TEXT. */
    Str prefill_channel, prefill_text;
    const Str *choices; /* REQUEST_SCORE */
    size_t n_choices;
    /* Chat form: what the model may call. functions: a JSON list as in chat completions' "tools", rendered as the
     * developer message's namespace `functions`; python: the built-in tool of the system message. Absent: none. */
    Str functions;
    PythonTool python;
    GenOptions gen;
} Request;

/* ---- completions ---- */

#define COMPLETION_STATUS_MAP(X)                                                                                       \
    X(COMPLETION_OK, "ok")             /* ended with a stop token */                                                   \
    X(COMPLETION_LENGTH, "length")     /* cut off at max_tokens or at the end of the context */                        \
    X(COMPLETION_FILTERED, "filtered") /* the serving stack blocked it */                                              \
    X(COMPLETION_TIMEOUT, "timeout")                                                                                   \
    X(COMPLETION_CANCELLED, "cancelled")                                                                               \
    X(COMPLETION_FAILED, "failed") /* `error` says why; e.g. the prompt is longer than the context */

typedef enum CompletionStatus {
#define X(id, name) id,
    COMPLETION_STATUS_MAP(X)
#undef X
} CompletionStatus;

const char *completion_status_name(CompletionStatus s);
bool completion_status_parse(Str name, CompletionStatus *out);

typedef struct ChoiceScore {
    double logprob; /* sum of ln p over the choice's tokens */
    int n_tokens;
    bool is_greedy; /* each of its tokens was the most likely one */
} ChoiceScore;

/* How a generation ended, as harmony sees it. */
typedef enum StopKind {
    STOP_NONE,   /* cut off, cancelled, failed, or nothing was generated */
    STOP_RETURN, /* <|return|> */
    STOP_CALL,   /* <|call|>: the last message calls a tool */
    STOP_OTHER   /* <|endoftext|> */
} StopKind;

/* Borrowed from the engine until the next engine_poll or engine_close. */
typedef struct Completion {
    uint64_t tag;
    CompletionStatus status;
    Str analysis, commentary,
        final;      /* contents of the channels, joined by a blank line if there are several messages */
    bool has_final; /* a final message was begun */
    Str malformed;  /* "": well-formed harmony; else what is wrong, "; "-joined */
    Str error;      /* one sentence why: COMPLETION_FAILED and the like, and COMPLETION_LENGTH by the context */
    Ids ids;        /* every sampled token, the stop token included */
    StopKind stop;
    /* STOP_CALL: whom the last message calls ("functions.f", "python"), and what it says to them. Absent otherwise. */
    Str call_recipient, call_content;
    int n_prompt_tokens, n_tokens, n_analysis_tokens;
    const ChoiceScore *choice_scores; /* REQUEST_SCORE: one per choice */
    size_t n_choice_scores;
    double seconds_prefill, seconds_decode; /* wall time while in flight; not repeatable */
} Completion;

/* ---- engines ---- */

typedef struct EngineOptions {
    const char *spec;      /* checkpoint (engine/spec.h), or "replay:DIR" */
    int threads;           /* 0 = all cores */
    int batch;             /* sequences in flight at most; 0 = default (16). Changes speed, never tokens */
    int context;           /* positions per sequence at most; 0 = what the model allows, bounded by memory. One that
                            * does not fit is refused before anything is reserved, see EngineMemory */
    const char *device;    /* "cpu" (default when NULL) or "cuda" */
    const char *precision; /* "exact" (default when NULL), or a faster setting of the backend, by name */
    uint64_t leave_bytes;  /* of the memory that is free: others will need so much of it */
    bool inspect;          /* for looking only: engine_info, engine_vocab and engine_memory; nothing is reserved */
    bool no_digest;        /* EngineInfo.digest stays "": for plumbing, which need not read every byte of the weights */
} EngineOptions;

/* Strings live as long as the engine. */
typedef struct EngineInfo {
    const char *engine, *backend, *layout; /* "local", "cpu-avx512", "huggingface" */
    const char *digest;                    /* 64 hex digits over the config, tokenizer and weight files' content */
    uint64_t weight_bytes, kv_bytes;
    uint64_t n_params;
    int context, vocab_size, batch, threads, n_layers;
    const char *summary_json; /* one JSON object with shapes and dtypes, for `assay model --json` */
    uint64_t work_bytes;      /* buffers beside weights and kv */
    uint64_t active_bytes;    /* of the weights, what one decoded token reads */
    const char *precision;    /* "exact", or the faster setting; NULL: computes nothing here */
    const char *note;         /* "" or a sentence: a context that was chosen because memory is scarce */
    const char *warning;      /* "" or a sentence: why this will be slow */
} EngineInfo;

/* What a context and a batch would take, in bytes, and what is free now. Weights are mapped files: the kernel drops
 * their pages and reads them again before it kills, so they may exceed what is free. Keys, values and work may not. */
typedef enum MemoryFit {
    MEMORY_FITS,     /* weights, work, and `batch` sequences of the whole context */
    MEMORY_SHARED,   /* the same with one such sequence: the batch shares the rest, long ones wait for each other */
    MEMORY_SLOW,     /* as before, but not with all weights at once: they will be read from disk again and again */
    MEMORY_TOO_LARGE /* refused */
} MemoryFit;

typedef struct EngineMemory {
    int context, batch;
    uint64_t weights, weights_least; /* all of them; what one token reads */
    uint64_t kv, kv_least;           /* keys and values of `batch` sequences, of one */
    uint64_t work;
    uint64_t free;   /* the least that the machine or a control group leaves */
    char bound[120]; /* which of them: "this machine", "the control group /a" */
    MemoryFit fit;
} EngineMemory;

typedef struct Engine Engine;

typedef enum EnginePoll { ENGINE_IDLE, ENGINE_WORKING, ENGINE_READY, ENGINE_BROKEN } EnginePoll;

/* *out is NULL on failure. A missing model gives ERR_INPUT with a hint how to get one. */
bool engine_open(const EngineOptions *o, Engine **out, Err *err);
void engine_close(Engine *e); /* NULL is fine */
/* For any context (0: the engine's) and batch (0: the engine's); reserves nothing. ERR_INPUT: the engine computes
 * nothing here, or the context is beyond the model's. */
bool engine_memory(Engine *e, int context, int batch, EngineMemory *out, Err *err);
const EngineInfo *engine_info(const Engine *e);
/* True if a further request can be taken now. */
bool engine_has_room(const Engine *e);
/* Takes a copy of everything in r. A request that can never be answered (prompt too long) is accepted and comes back
 * as a Completion with COMPLETION_FAILED. false: no room, no memory, or the request makes no sense (ERR_INPUT). */
bool engine_submit(Engine *e, const Request *r, Err *err);
/* Does a slice of work (one step of the batch) and says what happened: READY fills *out. IDLE: nothing is in flight.
 * BROKEN: *err says why; every request in flight is lost. */
EnginePoll engine_poll(Engine *e, Completion *out, Err *err);
void engine_cancel(Engine *e, uint64_t tag);
/* Called in order of position; logits [vocab_size] are borrowed. false, with *err set, ends the call that made it. */
typedef bool (*EngineRow)(void *ctx, size_t position, const float *logits, Err *err);
/* Logits after the last token, or after each (all). */
bool engine_logits(Engine *e, const uint32_t *ids, size_t n, bool all, EngineRow row, void *ctx, Err *err);
/* The same piece by piece, for those who compare two models row by row. begin > 0 forgets what was fed before and makes
 * room for so many tokens in all; 0 goes on behind it. Logits are given after ids[first], ids[first + 1], ... */
bool engine_feed(Engine *e, size_t begin, const uint32_t *ids, size_t n, size_t first, EngineRow row, void *ctx,
                 Err *err);

/* ---- vocabulary, harmony; no weights ---- */

typedef struct Vocab Vocab;

/* From a checkpoint SPEC: its tokenizer.json, .tiktoken or GGUF metadata, and its configuration; no weights. */
bool vocab_open(const char *spec, Vocab **out, Err *err);
void vocab_close(Vocab *v);
const Vocab *engine_vocab(const Engine *e); /* NULL for engines without one */
size_t vocab_size(const Vocab *v);

/* special: special-token spellings in text become special tokens; else they are plain text. *out lives in the arena. */
bool vocab_encode(const Vocab *v, Str text, bool special, Arena *a, Ids *out, Err *err);
/* Exact bytes; ids without text add nothing. false: an id is outside the vocabulary. */
bool vocab_decode(const Vocab *v, const uint32_t *ids, size_t n, Buf *out, Err *err);

typedef struct RenderOptions {
    Effort effort;
    Str date;
} RenderOptions;

/* Both conversation forms of specs/cli.md ("Conversations for render"). json: one object. */
bool vocab_render(const Vocab *v, Str json, const RenderOptions *o, Arena *a, Buf *text, Ids *ids, Err *err);
/* One line of `assay parse`: {"ids"|"text", "role"?} in, the answer object (without newline) out. */
bool vocab_parse(const Vocab *v, Str json, bool strict, Arena *a, Buf *out, Err *err);

/* ---- what stores and replays share ---- */

/* 64 hex digits over all of r that determines its answer: kind, messages or ids, prefill, choices, tools, options; not
 * the tag. The key by which replay:DIR finds a recorded completion. */
void request_hash(const Request *r, char out[65]);

/* A Completion as one JSON object, and back (strings live in the arena). */
void completion_to_json(const Completion *c, Buf *out);
bool completion_from_json(Str json, Arena *a, Completion *out, Err *err);

/* The settings for EngineOptions.precision of a device (NULL: cpu), "exact" first, and one line on what each costs;
 * NULL beyond the last, or for a device that is not there. */
const char *engine_precision_at(const char *device, size_t i, const char **help);

/* The engines that a SPEC can name, for `assay list engines`: name and the SPEC's form; NULL beyond the last. */
const char *engine_name_at(size_t i, const char **spec_form);

#endif
