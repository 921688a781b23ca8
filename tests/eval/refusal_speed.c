/* How many answers a second the refusal scorer reads on one core. Standard input: texts, each behind its length in
 * bytes as a line. Driven by refusal_speed.py; not a test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scorers/scorers.h"
#include "scorers/text.h"

enum { TEXTS_MAX = 100000, ROUNDS = 10 };
static char *memory;
static size_t used, room = (size_t)64 << 20;

/* As the host promises: zeroed. Reset behind each sample. */
static void *take(void *ctx, size_t n) {
    (void)ctx;
    n = (n + 15) & ~(size_t)15;
    if (n > room - used) return NULL;
    void *p = memset(memory + used, 0, n);
    used += n;
    return p;
}

static size_t read_texts(ScorerStr *texts) {
    size_t n = 0, bytes;
    while (n < TEXTS_MAX && scanf("%zu", &bytes) == 1 && getchar() == '\n') {
        char *p = malloc(bytes + 1);
        if (!p || fread(p, 1, bytes, stdin) != bytes) exit(1);
        texts[n++] = (ScorerStr){p, bytes};
    }
    return n;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void) {
    static ScorerStr texts[TEXTS_MAX];
    const Scorer *s = scorers_find("refusal");
    ScorerHost host = {SCORER_ABI, sizeof host, take, NULL, NULL};
    ScorerErr err;
    void *self = NULL;
    memory = malloc(room);
    size_t n = read_texts(texts), bytes = 0;
    if (!memory || n == 0 || !s->open(&host, NULL, 0, &self, &err)) return 1;
    for (size_t i = 0; i < n; i++) bytes += texts[i].n;
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now();
        for (size_t i = 0; i < n; i++) {
            ScorerView v = {.size = sizeof v, .final = texts[i]};
            Score score = {.size = sizeof score};
            used = 0;
            if (!s->score(self, &host, &v, &score, &err)) return 1;
        }
        double seconds = now() - begin;
        if (seconds < best) best = seconds;
    }
    printf("%zu answers of %.0f bytes on average: %.0f answers and %.1f MB a second of processor time (best of %d)\n",
           n, (double)bytes / (double)n, (double)n / best, (double)bytes / best / 1e6, ROUNDS);
    s->close(self);
    return 0;
}
