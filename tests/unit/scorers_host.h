/* What the scorer tests share: a host with an arena of its own that can fail the n-th allocation, and views built from
 * C strings. */
#ifndef ASSAY_TESTS_SCORERS_HOST_H
#define ASSAY_TESTS_SCORERS_HOST_H

#include "scorers/scorers.h"
#include "scorers/text.h"
#include "tests/support.h"

#include <math.h>

typedef struct TestArena {
    void *blocks[4096];
    size_t n, calls, fail_at; /* fail_at: 1 = the first call; 0 = never */
} TestArena;

static void *test_alloc(void *ctx, size_t n) {
    TestArena *a = ctx;
    if (++a->calls == a->fail_at || a->n == 4096) return NULL;
    return a->blocks[a->n++] = calloc(1, n ? n : 1); /* exact, so that the sanitizer sees each byte too many */
}

static inline void test_release(TestArena *a) {
    for (size_t i = 0; i < a->n; i++) free(a->blocks[i]);
    a->n = a->calls = 0;
}

static void test_log(void *ctx, int level, const char *msg) {
    (void)ctx;
    (void)level;
    (void)msg;
}

static inline ScorerHost test_host(TestArena *a) {
    return (ScorerHost){SCORER_ABI, sizeof(ScorerHost), test_alloc, test_log, a};
}

typedef struct TestScorer {
    const Scorer *scorer;
    void *self;
    TestArena arena;
    ScorerHost host;
    ScorerErr err;
} TestScorer;

/* Options as "key", "value", …, NULL. */
static inline bool test_open(TestScorer *t, const char *name, const char *const *options) {
    ScorerKV kv[8];
    size_t n = 0;
    memset(t, 0, sizeof *t);
    t->host = test_host(&t->arena);
    t->scorer = scorers_find(name);
    assert_non_null(t->scorer);
    for (; options && options[2 * n]; n++) kv[n] = (ScorerKV){text_from(options[2 * n]), text_from(options[2 * n + 1])};
    return t->scorer->open(&t->host, kv, n, &t->self, &t->err);
}

static inline void test_close(TestScorer *t) {
    test_release(&t->arena);
    t->scorer->close(t->self);
}

static inline Score test_score_view(TestScorer *t, const ScorerView *v) {
    Score s = {.size = sizeof s};
    t->err.msg[0] = 0;
    if (!t->scorer->score(t->self, &t->host, v, &s, &t->err)) fail_msg("score failed: %s", t->err.msg);
    return s;
}

/* The score points into t's arena until the next test_release. */
static inline Score test_score(TestScorer *t, const char *final, const char *target) {
    ScorerStr target_str = text_from(target);
    ScorerView v = {.size = sizeof v, .final = text_from(final), .targets = &target_str, .n_targets = target != NULL};
    return test_score_view(t, &v);
}

static inline bool str_is(ScorerStr s, const char *want) {
    return text_eq(s, text_from(want));
}

/* Fails each allocation of `score` in turn: it must answer false with a sentence, and succeed once nothing fails. */
static inline void test_fail_allocations(TestScorer *t, const ScorerView *v) {
    for (size_t at = 1; at < 200; at++) {
        Score s = {.size = sizeof s};
        test_release(&t->arena);
        t->arena.fail_at = at;
        t->err.msg[0] = 0;
        bool ok = t->scorer->score(t->self, &t->host, v, &s, &t->err);
        bool reached = t->arena.calls >= at;
        t->arena.fail_at = 0;
        if (!reached) {
            assert_true(ok);
            return;
        }
        assert_false(ok);
        assert_true(strlen(t->err.msg) > 10);
    }
    fail_msg("more than 200 allocations for one score");
}

/* Texts that no scorer may stumble over; i from 0 until it gives false. The text lives until the next call. */
static inline bool hostile_text(size_t i, ScorerStr *out) {
    static char big[100001];
    static const char *const pieces[] = {
        "\\boxed{",
        "(",
        "\xEF\xBB\xBF",
        "\xE2\x80\x8B",
        "\xE2\x80\xAE",
        "\xED\xA0\x80",
        "\xFF",
        "```",
        "```python\n",
        "answer is ",
        "Answer: A, ",
        "**A**",
        "1,",
        "<<1=",
        "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
        "\xEC\xA3\x84\xEC\x86\xA1",
        "i can not ",
        "\n",
        "'",
        "'t n't ",
        "A ",
        "- ",
        ". ",
        "\\frac{",
        "=",
        "$",
        "1/",
        "\xEF\xBC\x91",
        "sorry ",
        " ",
    };
    size_t n_pieces = sizeof pieces / sizeof *pieces;
    if (i < n_pieces) { /* one piece over and over, 100,000 bytes */
        size_t n = strlen(pieces[i]);
        for (size_t k = 0; k < 100000; k++) big[k] = pieces[i][k % n];
        *out = (ScorerStr){big, 100000};
        return true;
    }
    if (i < n_pieces + 40) { /* seeded noise, with NUL bytes */
        uint32_t x = (uint32_t)i * 2654435761u + 1;
        size_t n = 37 * (i - n_pieces);
        for (size_t k = 0; k < n; k++) {
            x = x * 1664525u + 1013904223u;
            big[k] = (char)(x >> 24);
        }
        *out = (ScorerStr){big, n};
        return true;
    }
    if (i == n_pieces + 40) {
        *out = (ScorerStr){NULL, 0};
        return true;
    }
    return false;
}

/* The text in a block of its own, with nothing behind it. */
static inline char *exact_copy(ScorerStr s) {
    char *p = malloc(s.n ? s.n : 1);
    if (s.n) memcpy(p, s.p, s.n);
    return p;
}

/* Scores every hostile text and every prefix of `valid`. */
static inline void test_hostile(TestScorer *t, const char *valid, const ScorerKV *meta, size_t n_meta) {
    ScorerStr text, target = TEXT("1"), choices[3] = {TEXT("one"), TEXT("two"), TEXT("one or two")};
    size_t n_valid = strlen(valid), i = 0;
    for (bool more = true; more; i++) {
        if (i <= n_valid)
            text = (ScorerStr){valid, i};
        else if (!(more = hostile_text(i - n_valid - 1, &text)))
            break;
        char *copy = text.p ? exact_copy(text) : NULL;
        ScorerView v = {.size = sizeof v,
                        .final = {copy, text.n},
                        .targets = &target,
                        .n_targets = 1,
                        .choices = choices,
                        .n_choices = 3,
                        .meta = meta,
                        .n_meta = n_meta};
        Score s = {.size = sizeof s};
        if (t->scorer->score(t->self, &t->host, &v, &s, &t->err)) {
            assert_true(s.span_begin <= s.span_end);
            assert_true(s.span_end <= text.n);
        }
        test_release(&t->arena);
        free(copy);
    }
}

#endif
