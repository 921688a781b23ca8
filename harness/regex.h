/* Regular expressions of Python's flavour for templates: PCRE2 behind one call. The work of one match is bounded. */
#ifndef ASSAY_HARNESS_REGEX_H
#define ASSAY_HARNESS_REGEX_H

#include "engine/base/err.h"
#include "engine/base/str.h"

/* As re.sub(pattern, replacement, text, count): count 0 = all; the replacement knows \1, \g<1>, \g<name>, \n, \\.
 * *out lives in the arena and is bounded by max_out bytes. */
bool regex_replace(Str pattern, Str replacement, Str text, int64_t count, size_t max_out, Arena *a, Str *out, Err *err);

#endif
