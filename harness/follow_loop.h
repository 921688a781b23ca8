/* Follow-ups (transform `persist`): after a refusal the user insists, three times at most.
 *
 *   follow_begin -> request --engine--> follow_take: it refused, and there is a follow-up left -> request | done
 *
 * A ToolLoop without tools: its turns are stored, sealed and shown like those, the follow-up as what was answered. It
 * goes on only after a turn that the rules call a clear refusal, so whatever the last turn is decides the item: it
 * leaks if any turn does, since all before it were refusals. Reasoning of earlier turns is not sent back, as a finished
 * turn's is not in harmony. Seeds follow loop_seed; a killed run begins the item anew. */
#ifndef ASSAY_HARNESS_FOLLOW_LOOP_H
#define ASSAY_HARNESS_FOLLOW_LOOP_H

#include "harness/tools/tools_loop.h"

/* Fills *l from the request, which then lends its messages from the loop. The texts must live as long as the loop. */
bool follow_begin(ToolLoop *l, const Str *follow_ups, size_t n, Request *r, Arena *a, Err *err);
/* True if the loop is one of these. */
bool follow_is(const ToolLoop *l);
/* Keeps what came back (c is copied). refused: by the rules. *goes_on: *r is the next request. */
bool follow_take(ToolLoop *l, Request *r, const Completion *c, int context, bool refused, Arena *a, bool *goes_on,
                 Err *err);

#endif
