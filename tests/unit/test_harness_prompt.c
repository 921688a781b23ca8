/* Sample and templates to a request. */
#include "harness/plan/plan.h"
#include "harness/prompt.h"
#include "tests/unit/harness_support.h"

#define HEAD "suite: t/s\nversion: 1\ntitle: T\nscorers: [choice]\n"

typedef struct Case {
    TestDir d;
    Suite *s;
    Dataset *data, *few;
} Case;

static const GenOptions GEN = GEN_DEFAULTS;

static void open_case(Case *c, const char *yaml) {
    Err err = ERR_INIT;
    dir_open(&c->d);
    dir_put(&c->d, "t/s/s.jsonl",
            "{\"id\": 1, \"q\": \"x?\", \"a\": \"B\", \"o\": [\"u\", \"v\"], \"g\": \"G\"}\n"
            "{\"id\": 2, \"q\": \"z?\", \"a\": [\"A\", \"B\"], \"o\": [\"m\", \"n\"], \"g\": \"H\"}\n");
    dir_put(&c->d, "t/s/f.jsonl",
            "{\"q\": \"h1\", \"a\": \"A\", \"g\": \"H\"}\n{\"q\": \"g1\", \"a\": \"B\", \"g\": \"G\"}\n{\"q\": \"g2\", "
            "\"a\": \"A\", \"g\": \"G\"}\n");
    const char *p = dir_put(&c->d, "t/s/suite.yaml", yaml);
    if (!suite_load(p, NULL, c->d.a, &c->s, &err) || !suite_open_data(c->s, c->d.a, &c->data, &c->few, &err))
        fail_msg("%s", err.msg);
}

static Request build(Case *c, size_t i) {
    Request r;
    Err err = ERR_INIT;
    if (!prompt_build(c->s, c->few, &c->data->samples[i], &GEN, 42, c->d.a, &r, &err)) fail_msg("%s", err.msg);
    return r;
}

static void assert_json(const Request *r, const char *want) {
    Buf b;
    buf_init(&b, 1 << 20);
    prompt_messages_json(r, r->n_messages, &b);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void test_messages(void **state) {
    (void)state;
    Case c;
    open_case(&c, HEAD "dataset: {path: s.jsonl, fields: {target: a, choices: o, group: g}}\n"
                       "prompt:\n  developer: 'Be {{ g | lower }}'\n  user: |-\n    {{ q }}\n    {%- for x in "
                       "sample.choices %}\n    {{ sample.letters[loop.index0] }}) {{ x }}\n    {%- endfor %}\n"
                       "prefill: {text: 'The {{ sample.id }}'}\n");
    Request r = build(&c, 0);
    assert_int_equal(r.kind, REQUEST_GENERATE);
    assert_int_equal(r.tag, 42);
    assert_json(&r,
                "[{\"role\":\"developer\",\"content\":\"Be g\"},{\"role\":\"user\",\"content\":\"x?\\nA) u\\nB) v\"},"
                "{\"role\":\"assistant\",\"channel\":\"final\",\"content\":\"The 1\"}]");
    assert_true(str_eqz(prompt_user_text(&r), "x?\nA) u\nB) v"));
    assert_true(str_eqz(prompt_target_text(&c.data->samples[1], c.d.a), "A | B"));
    dir_close(&c.d);
}

static void test_few_shot_turns_of_the_same_group(void **state) {
    (void)state;
    Case c;
    open_case(&c,
              HEAD "dataset: {path: s.jsonl, fields: {target: a, group: g}}\nprompt: 'Q: {{ q }}'\n"
                   "fewshot: {count: 2, per_group: true, path: f.jsonl, assistant: 'Answer: {{ sample.target }}'}\n");
    Request r = build(&c, 0);
    assert_json(&r, "[{\"role\":\"user\",\"content\":\"Q: g1\"},{\"role\":\"assistant\",\"content\":\"Answer: B\"},"
                    "{\"role\":\"user\",\"content\":\"Q: g2\"},{\"role\":\"assistant\",\"content\":\"Answer: "
                    "A\"},{\"role\":\"user\",\"content\":\"Q: x?\"}]");
    Err err = ERR_INIT;
    assert_false(prompt_build(c.s, c.few, &c.data->samples[1], &GEN, 0, c.d.a, &r, &err));
    assert_has(&err, "suite t/s, sample 2: the suite wants 2 few-shot examples of group 'H', but there are only 1");
    dir_close(&c.d);
}

static void test_few_shot_as_variable(void **state) {
    (void)state;
    Case c;
    open_case(&c,
              HEAD "dataset: {path: s.jsonl}\nprompt: '{% for e in fewshot %}{{ e.q }}={{ e.a }} {% endfor %}{{ q }}'\n"
                   "fewshot: {count: 2, as: variable, path: f.jsonl}\n");
    Request r = build(&c, 0);
    assert_json(&r, "[{\"role\":\"user\",\"content\":\"h1=A g1=B x?\"}]");
    dir_close(&c.d);
}

static void test_log_likelihood(void **state) {
    (void)state;
    Case c;
    open_case(&c, HEAD "dataset: {path: s.jsonl, fields: {target: a, choices: o}}\nprompt: q\nmode: "
                       "loglikelihood\nchoices_as: '{{ letter }}{{ index }}{{ choice }}{{ q }}'\n");
    Request r = build(&c, 0);
    assert_int_equal(r.kind, REQUEST_SCORE);
    assert_int_equal(r.n_choices, 2);
    assert_true(str_eqz(r.choices[1], "B1vx?"));
    assert_true(str_eqz(r.prefill_channel, "final"));
    dir_close(&c.d);
}

static void test_errors_name_suite_and_sample(void **state) {
    (void)state;
    Case c;
    Request r;
    Err err = ERR_INIT;
    open_case(&c, HEAD "dataset: {path: s.jsonl}\nprompt: '{{ qq }}'\n");
    assert_false(prompt_build(c.s, c.few, &c.data->samples[1], &GEN, 0, c.d.a, &r, &err));
    assert_has(&err, "suite t/s, sample 2: prompt, template line 1: 'qq' is not defined; there are: sample, row, "
                     "fewshot, id, q, a, o, g");
    assert_int_equal(err.code, ERR_INPUT);
    dir_close(&c.d);
}

/* Every part of a request that may change the answer changes its digest; the tag does not. */
static void test_request_hash(void **state) {
    (void)state;
    Case c;
    char a[65], b[65];
    open_case(&c, HEAD "dataset: {path: s.jsonl}\nprompt: q\n");
    const Request base = build(&c, 0);
    Message m = base.messages[0];
    Request r = base;
    request_hash(&base, a);
    assert_int_equal(strlen(a), 64);
    r.tag = 7;
    request_hash(&r, b);
    assert_string_equal(a, b);
#define CHANGES(what)                                                                                                  \
    do {                                                                                                               \
        r = base;                                                                                                      \
        r.messages = &m;                                                                                               \
        m = base.messages[0];                                                                                          \
        what;                                                                                                          \
        request_hash(&r, b);                                                                                           \
        assert_string_not_equal(a, b);                                                                                 \
    } while (0)
    CHANGES(r.kind = REQUEST_SCORE);
    CHANGES(m.content = STR("x?!"));
    CHANGES(m.role = ROLE_DEVELOPER);
    CHANGES(m.channel = STR(""));
    CHANGES(r.prefill_channel = STR("final"));
    CHANGES(r.prefill_text = STR(""));
    CHANGES(r.gen.temperature = 0.25);
    CHANGES(r.gen.top_p = 0.5);
    CHANGES(r.gen.max_tokens++);
    CHANGES(r.gen.seed++);
    CHANGES(r.gen.effort = EFFORT_LOW);
    CHANGES(r.gen.date = STR("2025-01-01"));
    CHANGES(r.choices = &m.content; r.n_choices = 1);
    dir_close(&c.d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_few_shot_turns_of_the_same_group),
        cmocka_unit_test(test_few_shot_as_variable),
        cmocka_unit_test(test_log_likelihood),
        cmocka_unit_test(test_errors_name_suite_and_sample),
        cmocka_unit_test(test_request_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
