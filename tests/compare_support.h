/* What the tests of several runs together share: small runs written answer by answer, and a union of them. */
#ifndef ASSAY_TESTS_COMPARE_SUPPORT_H
#define ASSAY_TESTS_COMPARE_SUPPORT_H

#include <math.h>

#include "reports/store/store_union.h"
#include "reports/summary/summary.h"
#include "tests/unit/harness_support.h"

enum { RUNS_MAX = 4 };

typedef struct Runs {
    TestDir d;
    const char *dirs[RUNS_MAX];
    RunStore *s[RUNS_MAX]; /* being written, then read */
    size_t n;
    int64_t ordinal;
    RunStore *both;
} Runs;

/* One answer. Zeros are: effort low, epoch 1, model "m", suite "s", transform plain. */
typedef struct Answer {
    const char *sample, *hash; /* hash NULL: none */
    double value;              /* NaN: cut off and unscored */
    const char *model, *suite, *transform;
    Effort effort;
    int epoch, tokens;
    const ChoiceScore *options;
    size_t n_options;
    double margin; /* of the score; 0: none */
} Answer;

static inline void runs_begin(Runs *r) {
    memset(r, 0, sizeof *r);
    dir_open(&r->d);
}

static inline void runs_end(Runs *r) {
    store_close(r->both);
    for (size_t i = 0; i < r->n; i++) store_close(r->s[i]);
    dir_close(&r->d);
}

static inline void manifest_put(Runs *r, const char *key, const char *json) {
    Err err = ERR_INIT;
    if (!store_manifest_put(r->s[r->n - 1], key, str_from(json), &err)) fail_msg("%s", err.msg);
}

/* Another run, which the next answers belong to. */
static inline void run_new(Runs *r) {
    Err err = ERR_INIT;
    assert_true(r->n < RUNS_MAX);
    r->dirs[r->n] = path_join(r->d.a, r->d.path, str_printf(r->d.a, "run%zu", r->n).p);
    if (!store_open(r->dirs[r->n], STORE_CREATE, &r->s[r->n], &err)) fail_msg("%s", err.msg);
    r->n++;
    r->ordinal = 0;
}

static inline void put(Runs *r, Answer a) {
    Err err = ERR_INIT;
    int64_t id;
    bool scored = !isnan(a.value);
    Record rec = {.key = {.model = str_from(a.model ? a.model : "m"),
                          .suite = str_from(a.suite ? a.suite : "s"),
                          .sample = str_from(a.sample),
                          .effort = a.effort ? a.effort : EFFORT_LOW,
                          .epoch = a.epoch ? a.epoch : 1,
                          .transform = str_from(a.transform)},
                  .ordinal = r->ordinal++,
                  .group = str_from(a.sample), /* what the run calls it, whatever a union does */
                  .content_hash = str_from(a.hash),
                  .request_hash = STR("r"),
                  .started_at = STR("t"),
                  .completion = {.status = scored ? COMPLETION_OK : COMPLETION_LENGTH,
                                 .final = STR("f"),
                                 .malformed = STR(""),
                                 .n_tokens = a.tokens,
                                 .choice_scores = a.options,
                                 .n_choice_scores = a.n_options}};
    ScoreRow row = {.scorer = STR("scorer"),
                    .version = STR("1"),
                    .score = {.size = sizeof row.score,
                              .status = scored ? SCORE_SCORED : SCORE_UNSCORED,
                              .outcome = !scored        ? OUTCOME_TRUNCATED
                                         : a.value == 1 ? OUTCOME_CORRECT
                                                        : OUTCOME_WRONG,
                              .value = scored ? a.value : 0,
                              .margin = a.margin != 0 ? a.margin : NAN}};
    if (!store_append_scored(r->s[r->n - 1], &rec, &row, 1, &id, &err)) fail_msg("%s", err.msg);
}

/* The runs are closed and opened for reading. */
static inline void runs_reopen(Runs *r) {
    Err err = ERR_INIT;
    for (size_t i = 0; i < r->n; i++) {
        store_close(r->s[i]);
        r->s[i] = NULL;
        if (!store_open(r->dirs[i], STORE_READ, &r->s[i], &err)) fail_msg("%s", err.msg);
    }
}

/* Every run's model "m", called "A", "B" … in the union. */
static inline RunStore *unite(Runs *r) {
    static const char *const NAMES[RUNS_MAX] = {"A", "B", "C", "D"}, *const RUN[RUNS_MAX] = {"run0", "run1", "run2",
                                                                                             "run3"};
    StoreArm arms[RUNS_MAX];
    Err err = ERR_INIT;
    runs_reopen(r);
    for (size_t i = 0; i < r->n; i++) arms[i] = (StoreArm){r->s[i], STR("m"), str_from(NAMES[i]), str_from(RUN[i])};
    if (!store_union(arms, r->n, &r->both, &err)) fail_msg("%s", err.msg);
    return r->both;
}

#endif
