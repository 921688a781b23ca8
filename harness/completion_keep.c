#include "harness/completion_keep.h"

#include <string.h>

bool completion_keep(const Completion *c, Arena *a, Completion *out) {
    *out = *c;
    uint32_t *ids = arena_array(a, c->ids.n, sizeof *ids);
    ChoiceScore *scores = arena_array(a, c->n_choice_scores, sizeof *scores);
    if (!ids || !scores) return false;
    if (c->ids.n) memcpy(ids, c->ids.p, c->ids.n * sizeof *ids);
    if (c->n_choice_scores) memcpy(scores, c->choice_scores, c->n_choice_scores * sizeof *scores);
    out->ids.p = ids;
    out->choice_scores = scores;
    Str *texts[] = {&out->analysis, &out->commentary,     &out->final,       &out->malformed,
                    &out->error,    &out->call_recipient, &out->call_content};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->p && !(*texts[i] = str_dup(a, *texts[i])).p) return false;
    return true;
}
