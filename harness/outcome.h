/* Outcome: how a sample ended, in the seven classes of the reports.
 *
 * A scorer says what it found; the harness knows more: how the completion ended and what the suite measures. The law: a
 * sample that was cut off, declined, failed or could not be judged is never called wrong. No means count it; their
 * bounds count it both ways.
 *
 *   completion     metric      what becomes of the scorer's word
 *   failed,timeout any         error (the scorer is not even asked)
 *   filtered       any         error, label "blocked": the serving stack spoke, not the model
 *   length         accuracy    truncated, without a value
 *   length         safe_rate   as it stands; the record's completion status is the flag
 *   ok             accuracy    no_answer whose text is a full refusal becomes refused, without a value
 *   ok             any         else as it stands */
#ifndef ASSAY_OUTCOME_H
#define ASSAY_OUTCOME_H

#include "engine/engine.h"
#include "harness/suite.h"
#include "scorers/scorer.h"

const char *outcome_class(ScoreOutcome o); /* "correct", "no_answer" */

/* True if the scorer must not be asked; *out is then the whole score. */
bool outcome_of_failure(const Completion *c, Score *out);

/* Makes a strange scorer's Score safe to store: known status and outcome, finite value within 0..1, span within the
 * final text. What is not becomes an error score that says why. */
void outcome_check(Score *s, size_t final_bytes);

/* Applies the table above. is_refusal is asked only when it matters. A reason that the completion gives for its being
 * cut off (a limit of tools) becomes the explanation. */
void outcome_settle(SuiteMetric metric, const Completion *c, bool (*is_refusal)(void *ctx), void *ctx, Score *s);

#endif
