/* Whether the errors of the judge are known that gave the verdicts which a check looks at. */
#include "reports/gate/gate_internal.h"

static bool falls_short(const SumCell *c) {
    return c && c->judged.asked && !c->judged.meets_bars;
}

/* Counts are no verdicts. A failure stays one: a gate errs on the closed side. */
void gate__judged(const GatePolicy *p, const SumCell *base, const SumCell *cand, GateResult *r) {
    bool alone = r->check->kind == GATE_AT_LEAST || r->check->kind == GATE_AT_MOST;
    if (p->any_judge || gate_is_count(r->check->metric)) return;
    r->judge_short = falls_short(cand) || (!alone && falls_short(base));
    if (r->judge_short && r->verdict == GATE_PASS) r->verdict = GATE_INCONCLUSIVE;
}

void gate__judged_words(Buf *b, Lang l) {
    buf_adds(b,
             words(l, WORD("A judge model gave these verdicts, and no calibration card that counts shows it to be good "
                           "enough for a gate in every language of the questions: calibrate it (assay calibrate), and "
                           "name the card with --calibration. The policy may do without (limits: {judge: any}).")));
}
