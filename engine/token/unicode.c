#include "engine/token/token_internal.h"

#include <string.h>

static const struct ClassRun {
    uint32_t begin;
    uint8_t cls;
} runs[] = {
#include "engine/token/unicode_ranges.inc"
};

/* One byte per code point: a look-up is one load, and the planes without letters are never touched. */
void unicode_fill(uint8_t classes[UNICODE_POINTS]) {
    const size_t n = sizeof runs / sizeof *runs;
    for (size_t i = 0; i < n; i++) {
        uint32_t end = i + 1 < n ? runs[i + 1].begin : UNICODE_POINTS;
        if (runs[i].cls != UC_OTHER) memset(classes + runs[i].begin, runs[i].cls, end - runs[i].begin);
    }
}
