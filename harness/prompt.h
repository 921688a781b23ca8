/* Prompt: Sample + templates + few-shot examples -> Request.
 *
 * What a template sees: every column of the row by its name; `row` (all columns, for names that are no identifiers);
 * `sample` with id, index, target, targets, choices, letters, group; `fewshot`, the list of example rows when the suite
 * says `as: variable`. loglikelihood: `choices_as` also sees `choice`, `letter` and `index`. */
#ifndef ASSAY_HARNESS_PROMPT_H
#define ASSAY_HARNESS_PROMPT_H

#include "harness/suite.h"

/* Fills out->kind, messages, prefill and choices; gen and tag are copied in. Everything lives in the arena. */
bool prompt_build(const Suite *s, const Dataset *fewshot, const Sample *sample, const GenOptions *gen, uint64_t tag,
                  Arena *a, Request *out, Err *err);

/* `sample`, as templates see it. */
bool prompt_sample_value(const Sample *s, Arena *a, Value *out, Err *err);

/* [{"role":…,"content":…}…] of the first n messages, for Record.prompt. The prefill, if any, is a last
 * {"role":"assistant","channel",…}. */
void prompt_messages_json(const Request *r, size_t n, Buf *out);
/* Content of the last user message: the scorer's view of the prompt. */
Str prompt_user_text(const Request *r);
/* "A", "or"-free list of the targets joined by " | ", for people (Record.target). */
Str prompt_target_text(const Sample *sample, Arena *a);

#endif
