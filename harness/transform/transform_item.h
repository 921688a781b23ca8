/* Items under a transform: what suites and plans name, and the request that a sample becomes.
 *
 * The transform is applied to the rendered user message, so that it works with any suite. past, future, paraphrase,
 * ko-mixed and ko replace the row's column `text` before the prompt is rendered. */
#ifndef ASSAY_HARNESS_TRANSFORM_ITEM_H
#define ASSAY_HARNESS_TRANSFORM_ITEM_H

#include "harness/suite.h"
#include "harness/transform/transform.h"

/* Which sample is another's Korean counterpart: its column `of` names the other's id. */
typedef struct Counterparts {
    const struct Counterpart *v; /* [n] by `of` */
    size_t n;
} Counterparts;

bool counterparts_open(const Dataset *d, Arena *a, Counterparts *out, Err *err);

/* What an item has beside its request. */
typedef struct PromptExtra {
    const Str *follow_ups; /* as Transformed.follow_ups */
    size_t n_follow_ups;
    Str unfit; /* absent; or why the sample is not asked under this transform: then there is no request */
} PromptExtra;

/* As prompt_build, under a transform. kin may be NULL for chains that want no counterpart. */
bool prompt_build_as(const TransformChain *c, const Suite *s, const Dataset *fewshot, const Counterparts *kin,
                     const Sample *sample, const GenOptions *gen, uint64_t tag, Arena *a, Request *out,
                     PromptExtra *extra, Err *err);

/* The sample as scorers must see it under the transform: itself, or with its options in another order (turn-options):
 * choices, targets and the columns that hold them. *unfit: absent, or why it is not asked so; then *out is the sample.
 */
bool transform_sample(const TransformChain *c, const Suite *s, const Sample *sample, Arena *a, const Sample **out,
                      Str *unfit, Err *err);

/* ERR_INPUT if a suite cannot be asked under the transform, whatever the sample. */
bool transform_suits(const TransformChain *c, const Suite *s, Err *err);

#endif
