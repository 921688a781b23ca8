/* What the tests of the run store share: a folder of its own for each test, small records and scores. */
#ifndef ASSAY_TESTS_STORE_SUPPORT_H
#define ASSAY_TESTS_STORE_SUPPORT_H

#include <math.h>
#include <unistd.h>

#include "reports/store/store.h"
#include "tests/support.h"

static inline char *temp_dir(void) {
    static char ring[8][64];
    static int at;
    char *d = ring[at++ & 7];
    snprintf(d, sizeof ring[0], "/tmp/assay-store-XXXXXX");
    assert_non_null(mkdtemp(d));
    return d;
}

static inline void remove_dir(const char *dir) {
    const char *names[] = {"run.db", "run.db-wal", "run.db-shm",
                           "run.db-journal"}; /* the journal: killed within the first open */
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0); /* the store leaves no other file */
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)

static inline Record simple_record(const char *sample, int64_t ordinal) {
    return (Record){
        .key = {STR("m"), STR("demo/choice"), str_from(sample), EFFORT_LOW, 1},
        .ordinal = ordinal,
        .prompt = STR("[{\"role\":\"user\",\"content\":\"2+2?\"}]"),
        .completion = {.status = COMPLETION_OK, .final = STR("4"), .has_final = true, .malformed = STR("")},
    };
}

static inline ScoreRow score_row(const char *scorer, double value) {
    return (ScoreRow){str_from(scorer),
                      STR("1"),
                      {.status = SCORE_SCORED,
                       .outcome = value > 0.5 ? OUTCOME_CORRECT : OUTCOME_WRONG,
                       .value = value,
                       .answer = {"B", 1},
                       .rule = {"answer-colon", 12},
                       .span_begin = 3,
                       .span_end = 9,
                       .margin = NAN}};
}

#endif
