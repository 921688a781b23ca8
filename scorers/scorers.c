#include "scorers/scorers.h"

#include <string.h>

/* One line per scorer; each lives in the file of its name. */
extern const Scorer scorer_choice, scorer_cue, scorer_hierarchy, scorer_number, scorer_policy, scorer_program,
    scorer_refusal, scorer_refusal_margin, scorer_rubric, scorer_safety, scorer_strongreject, scorer_understood,
    scorer_xstest;

static const Scorer *const TABLE[] = {
    &scorer_choice,       &scorer_cue,        &scorer_hierarchy,      &scorer_number, &scorer_policy,
    &scorer_program,      &scorer_refusal,    &scorer_refusal_margin, &scorer_rubric, &scorer_safety,
    &scorer_strongreject, &scorer_understood, &scorer_xstest,
};

size_t scorers_count(void) {
    return sizeof TABLE / sizeof *TABLE;
}

const Scorer *scorers_at(size_t i) {
    return i < scorers_count() ? TABLE[i] : NULL;
}

const Scorer *scorers_find(const char *name) {
    for (size_t i = 0; name && i < scorers_count(); i++)
        if (strcmp(TABLE[i]->name, name) == 0) return TABLE[i];
    return NULL;
}
