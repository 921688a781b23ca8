/* A target as a test: its seeds, every file of tests/fuzz/regress/NAME, every prefix of each seed, and a number of
 * seeded changes. Cases run in a child, so that a crash or a hang costs one case and names it.
 *
 *   fuzz_NAME           short sweep
 *   fuzz_NAME N [DIR]   N changes per seed; DIR: where inputs that end the child are written
 *   fuzz_NAME FILE      one input, in this process */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "tests/fuzz/fuzz.h"

enum {
    CASE_SECONDS = 10,
    MAX_SEEDS = 64,
    GROWTH = 4096,         /* room for changes */
    DENSE = 24 * 1024,     /* each prefix up to here is tried in a long sweep; */
    SHORT_DENSE = 1024,    /* ... in a short one; */
    SPARSE = 997,          /* then every 997th */
    SHORT_PREFIXES = 1500, /* of one seed in a short sweep */
    MAX_FAILURES = 20
};

typedef struct Seed {
    char name[64];
    uint8_t *p;
    size_t n;
} Seed;

typedef struct Shared {
    volatile uint64_t at, taken, refused; /* the case that runs; what is done */
} Shared;

static Seed seeds[MAX_SEEDS];
static size_t n_seeds;
static Shared *shared;
static const char *keep_dir;

static void add_seed(void *ctx, const char *name, const void *p, size_t n) {
    (void)ctx;
    fuzz_must(n_seeds < MAX_SEEDS, "too many seeds");
    Seed *s = &seeds[n_seeds++];
    snprintf(s->name, sizeof s->name, "%s", name);
    s->p = fuzz_copy(p, n);
    s->n = n;
}

static void run_exact(const uint8_t *p, size_t n) {
    uint8_t *copy = fuzz_copy(p, n);
    if (fuzz_target.run(copy, n))
        shared->taken++;
    else
        shared->refused++;
    free(copy);
}

/* ---- cases by number, so that the one that ended a child can be made again ---- */

typedef struct Plan {
    bool brief;
    size_t changes; /* per seed */
    uint64_t prefixes[MAX_SEEDS], total;
} Plan;

static size_t prefix_step(const Plan *p, const Seed *s) {
    size_t dense = p->brief ? SHORT_DENSE : DENSE;
    return s->n > dense ? SPARSE : 1;
}

/* Lengths 0 .. dense-1, then with steps. */
static size_t prefix_length(const Plan *p, const Seed *s, uint64_t i) {
    size_t dense = p->brief ? SHORT_DENSE : DENSE;
    return i < dense ? (size_t)i : dense + (size_t)(i - dense) * prefix_step(p, s);
}

static uint64_t count_prefixes(const Plan *p, const Seed *s) {
    size_t dense = p->brief ? SHORT_DENSE : DENSE;
    uint64_t n = s->n <= dense ? s->n : dense + (s->n - dense + SPARSE - 1) / SPARSE;
    return p->brief && n > SHORT_PREFIXES ? SHORT_PREFIXES : n;
}

static Plan make_plan(size_t changes, bool brief) {
    Plan p = {.brief = brief, .changes = changes};
    for (size_t i = 0; i < n_seeds; i++) {
        p.prefixes[i] = count_prefixes(&p, &seeds[i]);
        p.total += 1 + p.prefixes[i] + changes;
    }
    return p;
}

/* Case `number` as bytes; release with free. */
static uint8_t *make_case(const Plan *plan, uint64_t number, size_t *n) {
    size_t i = 0;
    while (number >= 1 + plan->prefixes[i] + plan->changes) number -= 1 + plan->prefixes[i++] + plan->changes;
    const Seed *s = &seeds[i];
    uint8_t *p = malloc(s->n + GROWTH);
    memcpy(p, s->p, s->n);
    *n = s->n;
    if (number == 0) return p;
    if (number <= plan->prefixes[i]) {
        *n = prefix_length(plan, s, number - 1);
        return p;
    }
    uint64_t state = (number - plan->prefixes[i]) * 1000003 + i * 7919;
    for (uint64_t k = 1 + fuzz_draw(&state, 3); k; k--)
        *n = fuzz_mutate(p, *n, s->n + GROWTH, fuzz_target.kind, &state);
    return p;
}

static void arm(int seconds) {
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = seconds}, NULL);
}

static void run_cases(const Plan *plan, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++) {
        size_t n;
        uint8_t *p = make_case(plan, i, &n);
        shared->at = i;
        arm(CASE_SECONDS);
        run_exact(p, n);
        arm(0);
        free(p);
    }
}

static void report_failure(const Plan *plan, uint64_t number, int status) {
    size_t n;
    uint8_t *p = make_case(plan, number, &n);
    bool hang = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    printf("FAILED: case %llu of %zu bytes %s\n", (unsigned long long)number, n,
           hang ? "took too long" : "ended the process");
    if (keep_dir) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s-case-%llu", keep_dir, fuzz_target.name, (unsigned long long)number);
        FILE *f = fopen(path, "wb");
        if (f && fwrite(p, 1, n, f) == n) printf("  written to %s\n", path);
        if (f) fclose(f);
    }
    free(p);
}

/* A child takes the cases [from, to); true if it came to the end. */
static bool child(const Plan *plan, uint64_t from, uint64_t to) {
    int status;
    fflush(NULL);
    pid_t pid = fork();
    fuzz_must(pid >= 0, "cannot fork");
    if (pid == 0) {
        run_cases(plan, from, to);
        exit(0); /* not _exit: the leak check and the folder's removal hang on it */
    }
    fuzz_must(waitpid(pid, &status, 0) == pid, "lost the child");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    report_failure(plan, shared->at, status);
    return false;
}

static size_t sweep(const Plan *plan) {
    size_t failures = 0;
    for (uint64_t from = 0; from < plan->total && failures < MAX_FAILURES;) {
        if (child(plan, from, plan->total)) break;
        from = shared->at + 1;
        failures++;
    }
    return failures;
}

/* ---- files ---- */

static void run_file(const char *path) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, (size_t)256 << 20);
    if (!file_read(path, &b, &err)) fprintf(stderr, "%s\n", err.msg);
    fuzz_must(err.code == ERR_OK, "cannot read the input");
    arm(CASE_SECONDS);
    run_exact((const uint8_t *)b.p, b.n);
    arm(0);
    buf_release(&b);
}

/* What was found once: tests/fuzz/regress/NAME. Each file is one test. */
static size_t run_regress(void) {
    char dir[200], path[500];
    size_t n = 0;
    snprintf(dir, sizeof dir, "tests/fuzz/regress/%s", fuzz_target.name);
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        run_file(path);
        n++;
    }
    if (d) closedir(d);
    return n;
}

static bool seeds_are_taken(void) {
    bool all = n_seeds > 0;
    for (size_t i = 0; i < n_seeds; i++) {
        uint8_t *copy = fuzz_copy(seeds[i].p, seeds[i].n);
        if (!fuzz_target.run(copy, seeds[i].n)) {
            printf("FAILED: the valid seed %s is refused: %s\n", seeds[i].name, fuzz_last_refusal());
            all = false;
        }
        free(copy);
    }
    return all;
}

int main(int argc, char **argv) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *end = NULL;
    size_t changes = argc > 1 ? strtoul(argv[1], &end, 10) : 0;
    if (argc > 1 && *end) return run_file(argv[1]), 0;
    keep_dir = argc > 2 ? argv[2] : NULL;
    fuzz_target.seeds(add_seed, NULL);
    bool taken = seeds_are_taken();
    size_t known = run_regress();
    Plan plan = make_plan(argc > 1 ? changes : fuzz_target.sweep_cap, argc == 1);
    size_t failures = sweep(&plan);
    printf("%-16s %zu seeds, %zu known, %llu cases: %llu taken, %llu refused, %zu failures\n", fuzz_target.name,
           n_seeds, known, (unsigned long long)plan.total, (unsigned long long)shared->taken,
           (unsigned long long)shared->refused, failures);
    for (size_t i = 0; i < n_seeds; i++) free(seeds[i].p);
    size_t failed = failures + !taken;
    printf("[  PASSED  ] %zu test(s).\n", 1 + known + taken - (failures > 0));
    if (failed) printf("[  FAILED  ] %zu test(s).\n", failed);
    return failed != 0;
}
