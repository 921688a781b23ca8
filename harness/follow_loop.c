#include "harness/follow_loop.h"

#include <limits.h>
#include <string.h>

/* Each turn has generation.max_tokens; there are no calls to count. */
static const SuiteTools none;
static const ToolLimits unlimited = {.max_turns = INT_MAX, .max_tokens = INT_MAX};

bool follow_is(const ToolLoop *l) {
    return l->tools == &none;
}

bool follow_begin(ToolLoop *l, const Str *follow_ups, size_t n, Request *r, Arena *a, Err *err) {
    *l = (ToolLoop){.tools = &none,
                    .limits = &unlimited,
                    .gen = r->gen,
                    .follow_ups = follow_ups,
                    .n_follow_ups = n,
                    .cap_messages = r->n_messages + 2 * n};
    l->messages = arena_array(a, l->cap_messages, sizeof *l->messages);
    if (!l->messages) return err_nomem(err);
    memcpy(l->messages, r->messages, r->n_messages * sizeof *l->messages);
    l->n_messages = r->n_messages;
    r->messages = l->messages;
    return true;
}

bool follow_take(ToolLoop *l, Request *r, const Completion *c, int context, bool refused, Arena *a, bool *goes_on,
                 Err *err) {
    bool calls;
    *goes_on = false;
    if (!loop_take(l, r, c, context, a, &calls, err)) return false;
    RecordTurn *t = &l->turns[l->n_turns - 1];
    if (!refused || c->status != COMPLETION_OK || !c->has_final || l->n_turns > l->n_follow_ups) return true;
    t->answer_name = STR("user");
    t->answer = l->follow_ups[l->n_turns - 1];
    l->messages[l->n_messages++] =
        (Message){.role = ROLE_ASSISTANT, .channel = STR("final"), .content = t->completion.final};
    l->messages[l->n_messages++] = (Message){.role = ROLE_USER, .content = t->answer};
    r->n_messages = l->n_messages;
    r->gen.seed = loop_seed(l->gen.seed, l->n_turns + 1);
    return *goes_on = true;
}
