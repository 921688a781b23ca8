#include "engine/base/clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_mono_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_utc(char out[21]) {
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    if (strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) out[0] = '\0';
}
