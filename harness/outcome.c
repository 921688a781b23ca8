#include "harness/outcome.h"

#include <math.h>

#define TEXT(lit) ((ScorerStr){("" lit), sizeof(lit) - 1})

const char *outcome_class(ScoreOutcome o) {
    static const char *const names[OUTCOME_COUNT] = {"correct", "wrong", "no_answer", "truncated",
                                                     "refused", "error", "unscored"};
    return (unsigned)o < OUTCOME_COUNT ? names[o] : "?";
}

static void error_score(Score *s, ScorerStr rule, ScorerStr why) {
    *s = (Score){.size = sizeof *s,
                 .status = SCORE_ERROR,
                 .outcome = OUTCOME_ERROR,
                 .rule = rule,
                 .explanation = why,
                 .margin = NAN};
}

bool outcome_of_failure(const Completion *c, Score *out) {
    ScorerStr why = {c->error.p, c->error.n};
    switch (c->status) {
    case COMPLETION_OK:
    case COMPLETION_LENGTH:
        return false;
    case COMPLETION_FILTERED:
        error_score(out, TEXT("completion"), why.n ? why : TEXT("the serving stack blocked the answer"));
        out->label = TEXT("blocked");
        return true;
    case COMPLETION_TIMEOUT:
        error_score(out, TEXT("completion"), why.n ? why : TEXT("no answer came in time"));
        return true;
    case COMPLETION_CANCELLED:
    case COMPLETION_FAILED:
        break;
    }
    error_score(out, TEXT("completion"), why.n ? why : TEXT("the engine failed"));
    return true;
}

void outcome_check(Score *s, size_t final_bytes) {
    if (s->status > SCORE_ERROR || s->outcome >= OUTCOME_COUNT)
        error_score(s, TEXT("scorer"), TEXT("the scorer returned a status or an outcome that does not exist"));
    else if (s->status == SCORE_SCORED && !(s->value >= 0 && s->value <= 1))
        error_score(s, TEXT("scorer"), TEXT("the scorer returned a value outside 0 to 1"));
    /* a status that says "no verdict" beside a verdict would be counted twice */
    if (s->status == SCORE_UNSCORED && s->outcome <= OUTCOME_WRONG) s->outcome = OUTCOME_UNSCORED;
    if (s->status == SCORE_ERROR) s->outcome = OUTCOME_ERROR;
    if (s->status != SCORE_SCORED) s->value = 0;
    if (s->span_begin > s->span_end || s->span_end > final_bytes) s->span_begin = s->span_end = 0;
}

/* Neither right nor wrong: means leave it out, and their bounds count it both ways. */
static void without_verdict(Score *s, ScoreOutcome class) {
    s->status = SCORE_UNSCORED;
    s->outcome = (uint32_t) class;
    s->value = 0;
}

void outcome_settle(SuiteMetric metric, const Completion *c, bool (*is_refusal)(void *ctx), void *ctx, Score *s) {
    if (metric != METRIC_ACCURACY || s->status == SCORE_ERROR || s->outcome == OUTCOME_UNSCORED) return;
    if (c->status == COMPLETION_LENGTH) {
        without_verdict(s, OUTCOME_TRUNCATED);
        if (c->error.n) {
            s->rule = TEXT("limit");
            s->explanation = (ScorerStr){c->error.p, c->error.n};
        }
    } else if (s->outcome == OUTCOME_NO_ANSWER && is_refusal(ctx)) {
        without_verdict(s, OUTCOME_REFUSED);
    }
}
