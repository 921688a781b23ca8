/* Scorecards from a few lines: a plan as JSON, rows by number, members by path. */
#ifndef ASSAY_TESTS_AUDIT_CARD_SUPPORT_H
#define ASSAY_TESTS_AUDIT_CARD_SUPPORT_H

#include <math.h>

#include "reports/audit/audit_card.h"
#include "tests/support.h"

enum { ROWS_MOST = 4000 };

typedef struct CardTest {
    Arena *a;
    AuditRow rows[ROWS_MOST];
    size_t n;
    Json *plan, *history, *header, *card; /* history: NULL, unless a test sets it */
    Buf out;
    int status;
    Err err;
} CardTest;

#define NEAR(got, want, tolerance)                                                                                     \
    do {                                                                                                               \
        double g_ = (got), w_ = (want);                                                                                \
        if (!(fabs(g_ - w_) <= (tolerance))) fail_msg("line %d: %.9g, not %.9g", __LINE__, g_, w_);                    \
    } while (0)
#define TEXT(j, key, want) assert_string_equal(json_str(json_get(j, key)).p, want)

static CardTest *card_test(void) {
    CardTest *t = test_calloc(1, sizeof *t);
    t->a = arena_open(0);
    t->err = (Err)ERR_INIT;
    return t;
}

/* JSON with ' for ". */
static inline Json *json_of(CardTest *t, const char *text) {
    Json *j = NULL;
    char *s = arena_strdup(t->a, text);
    for (char *p = s; *p; p++)
        if (*p == '\'') *p = '"';
    if (!json_parse(str_from(s), &j, &t->err)) fail_msg("%s", t->err.msg);
    return j;
}

/* A row as `audit run` writes it of suite "s": asked plainly, budget 100, temperature 1, scored. */
static inline AuditRow *row(CardTest *t, const char *model, size_t sample, int epoch, double value) {
    AuditRow *r = &t->rows[t->n++];
    assert_true(t->n <= ROWS_MOST);
    Str id = str_printf(t->a, "i%04zu", sample);
    *r = (AuditRow){.role = str_from(model),
                    .suite = STR("s"),
                    .sample = id,
                    .content = str_printf(t->a, "c%04zu", sample),
                    .effort = STR("medium"),
                    .transform = STR("plain"),
                    .cluster = STR(""),
                    .label = STR(""),
                    .lang = STR(""),
                    .side = STR(""),
                    .pair = STR(""),
                    .of = STR(""),
                    .domain = STR(""),
                    .policy = STR(""),
                    .arm = STR(""),
                    .epoch = epoch,
                    .tokens = 100,
                    .temperature = 1.0,
                    .scored = true,
                    .value = value};
    return r;
}

static inline bool make_card(CardTest *t, const char *plan, const char *header) {
    json_close(t->plan), json_close(t->header), json_close(t->card);
    t->card = NULL;
    t->plan = json_of(t, plan);
    t->header = json_of(t, header);
    buf_release(&t->out);
    buf_init(&t->out, (size_t)64 << 20);
    if (!audit_card(t->plan, t->history, t->header, t->rows, t->n, &t->out, &t->status, &t->err)) return false;
    assert_true(json_parse(buf_str(&t->out), &t->card, &t->err));
    return true;
}

/* The entry of a list of the card whose member `key` is this text (and `key2` that one). */
static inline const Json *entry2(const Json *list, const char *key, const char *is, const char *key2, const char *is2) {
    for (const Json *j = json_first(list); j; j = json_next(j))
        if (str_eqz(json_str(json_get(j, key)), is) && (!key2 || str_eqz(json_str(json_get(j, key2)), is2))) return j;
    return NULL;
}

static inline const Json *entry1(const Json *list, const char *key, const char *is) {
    return entry2(list, key, is, NULL, NULL);
}

static inline double num(const Json *obj, const char *key) {
    const Json *j = json_get(obj, key);
    return json_type(j) == JSON_NUMBER ? json_num(j) : NAN;
}

static inline bool yes(const Json *obj, const char *key) {
    bool b = false;
    assert_true(json_bool(json_get(obj, key), &b));
    return b;
}

static inline void card_done(CardTest *t) {
    json_close(t->plan), json_close(t->history), json_close(t->header), json_close(t->card);
    buf_release(&t->out);
    arena_close(t->a);
    test_free(t);
}

#endif
