/* A judge played by a function, for tests of the scorers that ask one. */
#ifndef ASSAY_TESTS_JUDGE_HOST_H
#define ASSAY_TESTS_JUDGE_HOST_H

#include "scorers/judge.h"
#include "tests/unit/scorers_host.h"

#define NONCE "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff0000"
#define CODE1 "aaaaaaaaaa"
#define CODE2 "bbbbbbbbbb"

#define PLAYED_MAX 128

typedef struct Played {
    ScorerReply replies[PLAYED_MAX];
    ScorerAsk asks[PLAYED_MAX];
    size_t n;
} Played;

/* Asks until nothing is asked; the i-th answer is texts[i] (the last one again and again), "@" standing for the right
 * code. The replies hang on the view. */
static inline void play(TestScorer *t, ScorerView *v, const char *const *texts, Played *p) {
    size_t n_texts = 0;
    memset(p, 0, sizeof *p);
    while (texts[n_texts]) n_texts++;
    v->replies = p->replies;
    for (v->n_replies = 0; v->n_replies < PLAYED_MAX; v->n_replies++) {
        ScorerAsk ask = {0};
        size_t i = v->n_replies;
        if (!t->scorer->ask(t->self, &t->host, v, &ask, &t->err)) fail_msg("ask failed: %s", t->err.msg);
        p->n = i;
        if (ask.kind == SCORER_ASK_NONE) return;
        assert_int_equal(ask.kind, SCORER_ASK_MODEL);
        p->asks[i] = ask;
        const char *text = texts[i < n_texts ? i : n_texts - 1], *at = strchr(text, '@');
        ScorerStr head = {"VERDICT ", 8};
        size_t code = text_rfind(ask.user, head, ask.user.n);
        assert_true(code != TEXT_NONE && code + 18 < ask.user.n);
        ScorerStr filled =
            at ? text_printf(&t->host, "%.*s%.*s%s", (int)(at - text), text, 10, ask.user.p + code + 8, at + 1)
               : text_from(text);
        p->replies[i] = (ScorerReply){.kind = SCORER_ASK_MODEL, .text = filled};
    }
    fail_msg("the scorer asks without end");
}

static inline ScorerView judged_view(const char *prompt, const char *final) {
    return (ScorerView){.size = sizeof(ScorerView),
                        .id = TEXT("s1"),
                        .prompt = text_from(prompt),
                        .final = text_from(final),
                        .nonce = {NONCE, 64}};
}

#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Everything from the questions to the score. */
static inline Score judged(TestScorer *t, ScorerView *v, const char *const *texts) {
    static Played p;
    play(t, v, texts, &p);
    return test_score_view(t, v);
}

#endif
