/* Judge: a second model that answers what scorers ask about the answers of the first.
 *
 * One thread owns the judge's engine; scoring threads hand it their questions and wait, so that questions of many
 * samples share its batch. What it says to a question depends on the question alone: the seed follows from the
 * question's sample and answer, and the engine gives the same tokens in any batch. The judge is opened before the
 * models under test; what it needs in memory is taken off what they may plan with (judge_bytes). */
#ifndef ASSAY_HARNESS_JUDGE_H
#define ASSAY_HARNESS_JUDGE_H

#include "engine/base/json.h"
#include "engine/engine.h"
#include "scorers/scorer.h"

/* What a plan's `judge` says. */
typedef struct JudgeSettings {
    Str model; /* engine SPEC, its paths resolved; absent: there is no judge */
    Effort effort;
    int max_tokens;
    double temperature;
    uint64_t seed;
    Str precision;   /* absent: exact */
    Str calibration; /* a card's file, resolved; absent: uncalibrated */
    int context;     /* positions per question; 0: JUDGE_CONTEXT */
} JudgeSettings;

#define JUDGE_SETTINGS_DEFAULT                                                                                         \
    { .effort = EFFORT_MEDIUM, .max_tokens = 2048 }
#define JUDGE_CONTEXT 16384
#define JUDGE_BATCH 16

typedef struct JudgeOpen {
    int threads;          /* 0: all */
    const char *device;   /* NULL: cpu */
    uint64_t leave_bytes; /* what the model under test will need */
    bool offline;         /* no engine that needs a network */
} JudgeOpen;

typedef struct Judge Judge;

/* *out is NULL on failure; errors begin with "judge". settings must outlive the judge. */
bool judge_open(const JudgeSettings *s, const JudgeOpen *o, Judge **out, Err *err);
void judge_close(Judge *j); /* NULL is fine; nobody may be waiting any more */

/* From any thread: every question that waits, and all later ones, fail with ERR_INTERRUPTED. */
void judge_stop(Judge *j);

const EngineInfo *judge_info(const Judge *j);
/* Bytes that the judge may come to hold: its weights, keys, values and work. */
uint64_t judge_bytes(const Judge *j);
/* For the manifest and cards: {"model" digest, engine, precision, effort, …}. {NULL,0} without memory. */
Str judge_describe(const Judge *j, Arena *a);
uint64_t judge_seed(const Judge *j);

/* What becomes of one question; all of it lives in the arena. */
typedef struct JudgeTrace {
    char request_hash[65], template_sha256[65], policy_sha256[65]; /* the last is "" without a policy */
    uint64_t seed;
    CompletionStatus status;
    bool asked; /* false: there was no judge, and status says nothing */
    Str text, analysis;
    int n_prompt_tokens, n_tokens;
} JudgeTrace;

/* Puts a question and waits. nonce: of the view; index: which question about this sample, from 0. An engine that fails
 * at this question fills reply->error and returns true; false: no memory, a broken engine, or ERR_INTERRUPTED. */
bool judge_ask_model(Judge *j, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, ScorerReply *reply,
                     JudgeTrace *trace, Err *err);
/* Fills what the trace says of a question before it is asked, and the request that would be sent; r->messages is
 * [2] and lives in the arena. settings as of the judge that would be asked. */
bool judge_request(const JudgeSettings *s, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, Request *r,
                   JudgeTrace *trace, Err *err);

/* 64 hexadecimal digits over the judge's seed, the scorer's name, the sample and the answer: what verdicts repeat. */
void judge_nonce(uint64_t seed, Str scorer, const ScorerView *v, char out[65]);

/* A score's traces and verdicts for the store. *clear: {"asks": [...]} without any text of a model; *texts:
 * [{"text", "analysis"}...]. False without memory. */
bool judge_record(const JudgeTrace *t, size_t n, const Score *s, Arena *a, Str *clear, Str *texts, Err *err);

#endif
