/* Time. Only for people and timings; nothing that is scored depends on it. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_ns(void); /* monotonic nanoseconds */
void clock_utc(char out[21]); /* "2026-11-23T06:45:00Z" */

#endif
