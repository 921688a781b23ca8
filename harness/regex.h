/* Regular expressions of Python's flavour for templates: PCRE2 behind one call. The work of one match is bounded. */
#ifndef ASSAY_HARNESS_REGEX_H
#define ASSAY_HARNESS_REGEX_H

#include "engine/base/err.h"
#include "engine/base/str.h"

/* As re.sub(pattern, replacement, text, count): count 0 = all; the replacement knows \1, \g<1>, \g<name>, \n, \\.
 * *out lives in the arena and is bounded by max_out bytes. */
bool regex_replace(Str pattern, Str replacement, Str text, int64_t count, size_t max_out, Arena *a, Str *out, Err *err);

/* As re.search: whether the pattern is found anywhere in the text (U+FFFD stands for what is not UTF-8). false: the
 * pattern is wrong, or needs too much work on this text. */
bool regex_search(Str pattern, Str text, bool *found, Err *err);

#endif
