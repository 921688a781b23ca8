/* Tags: what a sample is, in a few short words that stay with its record, so that reports can tell harmful items from
 * their twins without the dataset. */
#ifndef ASSAY_HARNESS_TAGS_H
#define ASSAY_HARNESS_TAGS_H

#include "harness/dataset.h"

#define TAG_MAX 64 /* bytes; longer texts are no tags */

/* {"kind":"harm","lang":"en",…}: of the columns kind, pair, of, lang, expected, severity, domain, stage, rating those
 * that the sample has as texts; pair and of name others, and may be as long as ids. `rating`, how hard a problem is on
 * a scale like Codeforces', may be a number: "1600". Absent: it has none. false only without memory. */
bool tags_of(const Sample *s, Arena *a, Str *out);

#endif
