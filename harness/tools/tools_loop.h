/* The turns of one sample that has tools: the model calls, the harness answers, the model goes on.
 *
 *   loop_begin ----> a request, which the engine answers: loop_take
 *   loop_take -----> it calls: loop_answer, on a worker's thread; else it is done, or a limit is reached
 *   loop_answer ---> loop_continue: the next request; or the tool failed, and it is done
 *   done ----------> loop_completion: what scorers and the store see of all turns together
 *
 * Everything follows from the plan: turn k's seed from the item's seed and k, so that threads, batch and the order of
 * finishing change nothing. What the model wrote goes back to it as the exact ids that it sampled. One thread owns a
 * loop at a time; nothing of it is stored before it is done, so a killed run begins the sample anew. */
#ifndef ASSAY_HARNESS_TOOLS_LOOP_H
#define ASSAY_HARNESS_TOOLS_LOOP_H

#include "harness/tools/tools.h"
#include "reports/store/store.h"

typedef struct ToolLoop {
    const SuiteTools *tools; /* NULL: the sample has none, and nothing below is used */
    const ToolBox *box;
    const ToolLimits *limits;
    GenOptions gen; /* of the item: each turn's are made from it */
    Value row, sample;
    const bool *given; /* which tools the sample has */
    Message *messages; /* of the next request */
    size_t n_messages, cap_messages;
    RecordTurn *turns;
    size_t n_turns, cap_turns;
    int64_t n_tokens;
    int n_calls, n_bad_calls;
    Str limit;   /* absent, or which limit ended it: "turns", "tokens", "context" */
    Str failure; /* absent, or why it could not go on: one sentence */
    SandboxSession *python;
    const Str *follow_ups; /* of the loops of follow_loop.h, which have no tools */
    size_t n_follow_ups;
} ToolLoop;

/* Gives the request the tools of these names (NULL: all of the suite's). l->row and l->sample are set already; messages
 * and the arena must live as long as the loop. */
bool loop_begin(ToolLoop *l, const ToolBox *box, const Str *names, size_t n_names, Request *r, Arena *a, Err *err);
/* Keeps what came back (c is copied; `request` is what was asked). *calls: a tool must answer now. context: positions
 * of the engine. */
bool loop_take(ToolLoop *l, const Request *request, const Completion *c, int context, Arena *a, bool *calls, Err *err);
/* Runs the tool. May take long; touches the loop and the arena alone. */
bool loop_answer(ToolLoop *l, Arena *a, Err *err);
/* The next request. *goes_on false: the tool failed, and the sample is done. */
bool loop_continue(ToolLoop *l, Request *r, Arena *a, bool *goes_on, Err *err);
/* All turns as one: channels joined by blank lines, `final` the last one, counts and times summed, the status the
 * last one's; a limit makes it COMPLETION_LENGTH, a failure COMPLETION_FAILED; `error` then says which. */
bool loop_completion(const ToolLoop *l, Arena *a, Completion *out, Err *err);
/* Ends the sample's interpreter. */
void loop_close(ToolLoop *l);

/* The first turn has the item's own seed; turn k > 1 the first 8 bytes, little-endian, of SHA-256 over the
 * length-prefixed fields "assay-turn-1", the item's seed (decimal), k (decimal). */
uint64_t loop_seed(uint64_t item_seed, size_t turn);

#endif
