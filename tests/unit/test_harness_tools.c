/* Tools: answers without a sandbox, the loop's turns, seeds and limits. What needs a sandbox is in test_tools.sh. */
#include "tests/unit/harness_support.h"

#include "engine/base/hash.h"
#include "harness/suite.h"
#include "harness/tools/tools_loop.h"

static TestDir g_dir;

static const char HEAD[] = "suite: a/b\nversion: 1\ntitle: T\ndataset: {path: s.jsonl}\nprompt: q\nscorers: [number]\n";
static const char TOOLS[] =
    "tools:\n"
    "  functions:\n"
    "    - name: price\n"
    "      description: What it costs.\n"
    "      parameters: {type: object, properties: {item: {type: string}, n: {type: integer}}, required: [item]}\n"
    "      table:\n"
    "        - {arguments: {item: pen, n: 2}, answer: two pens}\n"
    "        - {arguments: {item: pen}, answer: {cents: 120}}\n"
    "        - {arguments: {item: ghost}, error: not for sale}\n"
    "      otherwise: {error: never heard of it}\n"
    "    - name: hi\n"
    "      parameters: {type: object, properties: {name: {type: string}}}\n"
    "      template: 'Hi {{ name }} of {{ row.town }}, {{ sample.id }}'\n"
    "    - name: now\n"
    "      table: []\n"
    "      otherwise: noon\n"
    "  limits: {max_turns: 2, max_tokens: 100, output_bytes: 60}\n";

static const Suite *suite_of(const char *tools) {
    Suite *s;
    Err err = ERR_INIT;
    Str text = str_printf(g_dir.a, "%s%s", HEAD, tools);
    const char *path = dir_put_n(&g_dir, "a/b/suite.yaml", text);
    if (!suite_load(path, NULL, g_dir.a, &s, &err)) fail_msg("%s", err.msg);
    return s;
}

typedef struct World {
    const Suite *s;
    ToolBox *box;
    ToolLimits limits;
    Value row, sample;
    SandboxSession *python;
} World;

static void world_open(World *w) {
    static const ValueMember row[] = {{{"town", 4}, {.type = VALUE_STR, .s = {"Bath", 4}}}},
                             sample[] = {{{"id", 2}, {.type = VALUE_STR, .s = {"s1", 2}}}};
    Err err = ERR_INIT;
    *w = (World){.s = suite_of(TOOLS), .row = value_map(row, 1), .sample = value_map(sample, 1)};
    w->limits = w->s->tools->limits;
    assert_true(toolbox_open(w->s->tools, &w->limits, NULL, g_dir.a, &w->box, &err));
}

static ToolAnswer answer(World *w, Str to, Str content) {
    ToolAnswer out;
    Err err = ERR_INIT;
    ToolCall c = {w->box, w->row, w->sample, tools_given(w->s->tools, NULL, 0, g_dir.a), to, content, 1, &w->python};
    if (!tool_answer(&c, g_dir.a, &out, &err)) fail_msg("%s", err.msg);
    return out;
}

static void says(World *w, const char *to, const char *content, const char *text, bool bad) {
    ToolAnswer out = answer(w, str_from(to), str_from(content));
    assert_string_equal(out.text.p, text);
    assert_int_equal(out.bad, bad);
    assert_null(out.failure.p);
}

static void test_answers(void **state) {
    (void)state;
    World w;
    world_open(&w);
    says(&w, "functions.price", "{\"item\": \"pen\"}", "{\"cents\":120}", false);
    says(&w, "functions.price", " {\"n\":2, \"item\":\"pen\"}\n", "two pens", false);
    says(&w, "functions.price", "{\"item\": \"pen\", \"n\": 3}", "{\"cents\":120}", false);
    says(&w, "functions.price", "{\"item\": \"ghost\"}", "error: not for sale", false);
    says(&w, "functions.price", "{\"item\": \"x\"}", "error: never heard of it", false);
    says(&w, "functions.hi", "{\"name\": \"Ada\"}", "Hi Ada of Bath, s1", false);
    says(&w, "functions.now", "{}", "noon", false);
    says(&w, "functions.now", "", "noon", false);
    /* no use of a tool */
    says(&w, "functions.now", "{\"a\": 1}", "error: 'now' takes no arguments", true);
    says(&w, "functions.price", "{}", "error: the arguments must have 'item'", true);
    says(&w, "functions.price", "{\"item\": 3}", "error: 'item' must be of type string, not integer", true);
    says(&w, "functions.pric", "{}", "error: there is no function 'pric'; there is: price, hi, now", true);
    says(&w, "python", "1", "error: there is no tool 'python' here", true);
    says(&w, "browser.search", "{}", "error: there is no tool 'browser.search' here", true);
    says(&w, "price", "{}", "error: there is no tool 'price' here", true);
    says(&w, "", "{}", "error: the call names no tool", true);
    says(&w, "functions.price", "[1]",
         "error: the arguments are not valid JSON: they must be a JSON object, not a list", true);
    static const char *const broken[] = {"{",
                                         "{\"item\": \"pen\"",
                                         "pen",
                                         "{\"item\":\"a\",\"item\":\"b\"}",
                                         "{} {}",
                                         "{\"item\": NaN}",
                                         "{\"n\": 123456789012345678901234567890}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        ToolAnswer out = answer(&w, STR("functions.price"), str_from(broken[i]));
        assert_true(out.bad && str_starts(out.text, STR("error: the arguments are not valid JSON: ")));
    }
    toolbox_close(w.box);
}

/* UTF-8 without anything that a terminal or a reader of lines would obey. */
static void assert_one_line(Str s) {
    if (!utf8_valid(s)) fail_msg("not UTF-8: %.*s", (int)s.n, s.p);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028) fail_msg("U+%04X in: %.*s", cp, (int)s.n, s.p);
    }
}

/* Whatever bytes a model writes: a plain text comes back, in a name that can stand in a header. */
static void test_hostile_calls(void **state) {
    (void)state;
    World w;
    world_open(&w);
    static char big[3 << 20];
    memset(big, '[', sizeof big);
    Str odd[] = {{"functions.\0price", 16},
                 {"\xff\xfe", 2},
                 {"functions.<|call|>", 18},
                 {" ", 1},
                 {"functions.\n", 11},
                 {big, 100000},
                 {"functions.", 10},
                 {"python\0", 7},
                 {"functions.a\nb\x1b[31m\xe2\x80\xa8", 19},
                 {"functions.\xc2", 11},
                 {NULL, 0}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        ToolAnswer out = answer(&w, odd[i], STR("{}"));
        assert_true(out.bad && out.text.n < 4000 && out.name.n > 0 && out.name.n <= 200);
        assert_one_line(out.text);
        for (size_t k = 0; k < out.name.n; k++) assert_true(out.name.p[k] > ' ' && out.name.p[k] < 0x7f);
    }
    char accents[60 * 2 + 1] = ""; /* a message that quotes 120 bytes of the key cuts one through */
    for (int i = 0; i < 60; i++) memcpy(accents + 2 * i, "\xc3\xa9", 3);
    Str content[] = {{big, sizeof big},
                     {big, 100000},
                     {"{\"item\":\"\\u0000\"}", 17},
                     {"\0", 1},
                     {"{\"item\":\"\xff\"}", 13},
                     str_printf(g_dir.a, "{\"a%s\":1,\"a%s\":1}", accents, accents)};
    for (size_t i = 0; i < sizeof content / sizeof *content; i++) {
        ToolAnswer out = answer(&w, STR("functions.price"), content[i]);
        assert_true(utf8_valid(out.text) && out.text.n < 4000);
        assert_true(!out.bad || str_find(out.text, STR("\n"), 0) == SIZE_MAX);
    }
    char letters[34 * 2 + 1] = "";
    for (int i = 0; i < 34; i++) memcpy(letters + 2 * i, "\xc3\xa9", 3);
    ToolAnswer cut = answer(&w, STR("functions.hi"), str_printf(g_dir.a, "{\"name\": \"%s\"}", letters));
    /* "Hi " and 28 letters of two bytes are 59; the 29th would be cut through */
    assert_true(utf8_valid(cut.text) && str_ends(cut.text, STR("\n[output cut: 59 of 83 bytes are shown]")));
    toolbox_close(w.box);
}

/* The answer's name stands in the place of a role: no model gets a message of the developer by calling one. */
static void test_called_roles(void **state) {
    (void)state;
    World w;
    world_open(&w);
    static const char *const roles[] = {"system", "developer",        "user", "assistant",
                                        "tool",   "developer:python", "user:"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        ToolAnswer out = answer(&w, str_from(roles[i]), STR("{}"));
        assert_true(out.bad);
        assert_string_equal(out.name.p, "functions");
    }
    assert_string_equal(answer(&w, STR("systems.open"), STR("{}")).name.p, "systems.open");
    toolbox_close(w.box);
}

/* A template that the suite got wrong is no fault of the model. */
static void test_template_fails(void **state) {
    (void)state;
    World w;
    world_open(&w);
    ToolAnswer out = answer(&w, STR("functions.hi"), STR("{}"));
    assert_false(out.bad);
    assert_true(str_starts(out.failure, STR("functions.hi: ")) && str_find(out.failure, STR("name"), 0) != SIZE_MAX);
    toolbox_close(w.box);
}

static void test_description(void **state) {
    (void)state;
    const Suite *s =
        suite_of("tools: {python: stateless, functions: [{name: f, description: D, parameters: {type: object, "
                 "properties: {b: {type: string}, a: {type: integer, default: 1}}}, template: x}, {name: g, "
                 "table: []}]}\n");
    assert_int_equal(s->tools->python, PYTHON_STATELESS);
    Str json;
    assert_true(tools_functions_json(s->tools, tools_given(s->tools, NULL, 0, g_dir.a), g_dir.a, &json));
    assert_string_equal(json.p,
                        "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"D\",\"parameters\":{"
                        "\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"type\":\"integer\","
                        "\"default\":1}}}}},{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]");
    Str only[] = {STR("python"), STR("g")};
    assert_true(tools_functions_json(s->tools, tools_given(s->tools, only, 2, g_dir.a), g_dir.a, &json));
    assert_string_equal(json.p, "[{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]");
    assert_true(tools_functions_json(s->tools, tools_given(s->tools, only, 1, g_dir.a), g_dir.a, &json));
    assert_null(json.p);
    assert_true(tools_need_sandbox(s->tools));
    assert_false(tools_need_sandbox(suite_of(TOOLS)->tools));
    assert_string_equal(tools_words(s->tools, g_dir.a).p, "python (stateless), 2 functions");
}

/* A row of `true` does not answer 1, deep down neither. */
static void test_table_types(void **state) {
    (void)state;
    World w;
    Err err = ERR_INIT;
    world_open(&w);
    toolbox_close(w.box);
    w.s =
        suite_of("tools:\n  functions:\n    - name: f\n      parameters: {properties: {a: {}}}\n      table:\n"
                 "        - {arguments: {a: true}, answer: yes it is}\n        - {arguments: {a: [1]}, answer: list}\n"
                 "        - {arguments: {a: 1}, answer: one}\n");
    w.limits = w.s->tools->limits;
    assert_true(toolbox_open(w.s->tools, &w.limits, NULL, g_dir.a, &w.box, &err));
    says(&w, "functions.f", "{\"a\": 1}", "one", false);
    says(&w, "functions.f", "{\"a\": 1.0}", "one", false);
    says(&w, "functions.f", "{\"a\": true}", "yes it is", false);
    says(&w, "functions.f", "{\"a\": [1.0]}", "list", false);
    says(&w, "functions.f", "{\"a\": [true]}", "error: there is no answer for these arguments", false);
    toolbox_close(w.box);
}

/* The digest of a suite counts the files of its programs. */
static void test_digest(void **state) {
    (void)state;
    static const char tools[] = "tools: {functions: [{name: f, program: f.py}]}\n";
    dir_put(&g_dir, "a/b/f.py", "print(1)\n");
    Str one = suite_of(tools)->sha256;
    assert_string_equal(suite_of(tools)->tools->functions[0].program.p, "print(1)\n");
    assert_true(str_eq(one, suite_of(tools)->sha256));
    dir_put(&g_dir, "a/b/f.py", "print(2)\n");
    assert_false(str_eq(one, suite_of(tools)->sha256));
}

/* A sample may have some of the suite's tools, or none: the others are not there for it. */
static void test_given(void **state) {
    (void)state;
    World w;
    Err err = ERR_INIT;
    Dataset *data = NULL, *fewshot = NULL;
    Str some = str_printf(g_dir.a, "%s", TOOLS);
    world_open(&w);
    Str only[] = {STR("now")};
    ToolAnswer out;
    ToolCall c = {.box = w.box, .given = tools_given(w.s->tools, only, 1, g_dir.a), .python = &w.python};
    c.recipient = STR("functions.price"), c.content = STR("{}");
    assert_true(tool_answer(&c, g_dir.a, &out, &err));
    assert_string_equal(out.text.p, "error: there is no function 'price'; there is: now");
    c.given = tools_given(w.s->tools, only, 0, g_dir.a);
    assert_true(tool_answer(&c, g_dir.a, &out, &err));
    assert_string_equal(out.text.p, "error: there is no tool 'functions.price' here");
    toolbox_close(w.box);

    static const char head[] = "suite: a/b\nversion: 1\ntitle: T\ndataset: {path: t.jsonl, fields: {tools: tools}}\n"
                               "prompt: q\nscorers: [number]\n";
    const char *path = dir_put_n(&g_dir, "a/b/suite.yaml", str_printf(g_dir.a, "%s%s", head, some.p));
    Suite *s;
    dir_put(&g_dir, "a/b/t.jsonl",
            "{\"id\": \"1\", \"q\": \"x\", \"tools\": [\"now\", \"hi\"]}\n"
            "{\"id\": \"2\", \"q\": \"x\", \"tools\": []}\n"
            "{\"id\": \"3\", \"q\": \"x\", \"tools\": null}\n");
    if (!suite_load(path, NULL, g_dir.a, &s, &err) || !suite_open_data(s, g_dir.a, &data, &fewshot, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(data->samples[0].n_tools, 2);
    assert_true(data->samples[1].tools && data->samples[1].n_tools == 0);
    assert_null(data->samples[2].tools);
    dir_put(&g_dir, "a/b/t.jsonl", "\n{\"id\": \"1\", \"q\": \"x\", \"tools\": [\"nowt\"]}\n");
    assert_false(suite_open_data(s, g_dir.a, &data, &fewshot, &err));
    assert_has(&err, "t.jsonl line 2");
    assert_has(&err, "the suite has no tool 'nowt'");
    err = (Err)ERR_INIT;
    path = dir_put(&g_dir, "a/b/suite.yaml", head);
    assert_false(suite_load(path, NULL, g_dir.a, &s, &err));
    assert_has(&err, "suite.yaml line 4 column 42: dataset.fields names 'tools'");
    err = (Err)ERR_INIT;
    path =
        dir_put_n(&g_dir, "a/b/suite.yaml",
                  str_printf(g_dir.a, "%sfewshot: {count: 1, path: t.jsonl, fields: {tools: tools}}\n%s", HEAD, TOOLS));
    assert_false(suite_load(path, NULL, g_dir.a, &s, &err));
    assert_has(&err, "line 7 column 52: 'tools' is for dataset.fields");
}

/* ---- the loop ---- */

static uint32_t g_ids[] = {7, 8, 9};

static Completion calls(const char *to, const char *content, int tokens) {
    return (Completion){.status = COMPLETION_OK,
                        .stop = STOP_CALL,
                        .analysis = STR("hm"),
                        .malformed = STR(""),
                        .ids = {g_ids, 3},
                        .call_recipient = str_from(to),
                        .call_content = str_from(content),
                        .n_prompt_tokens = 50,
                        .n_tokens = tokens};
}

typedef struct LoopWorld {
    World w;
    ToolLoop l;
    Request r;
    Message m[1];
} LoopWorld;

static void loop_world(LoopWorld *x, const char *tools) {
    Err err = ERR_INIT;
    memset(x, 0, sizeof *x);
    x->w.s = suite_of(tools);
    x->w.limits = x->w.s->tools->limits;
    assert_true(toolbox_open(x->w.s->tools, &x->w.limits, NULL, g_dir.a, &x->w.box, &err));
    x->m[0] = (Message){.role = ROLE_USER, .content = STR("q")};
    x->r = (Request){.messages = x->m, .n_messages = 1, .gen = {.max_tokens = 60, .seed = 11}};
    assert_true(loop_begin(&x->l, x->w.box, NULL, 0, &x->r, g_dir.a, &err));
}

static bool take(LoopWorld *x, Completion c, int context) {
    Err err = ERR_INIT;
    bool again = false;
    assert_true(loop_take(&x->l, &x->r, &c, context, g_dir.a, &again, &err));
    return again;
}

static void go_on(LoopWorld *x) {
    Err err = ERR_INIT;
    bool goes = false;
    assert_true(loop_answer(&x->l, g_dir.a, &err) && loop_continue(&x->l, &x->r, g_dir.a, &goes, &err));
    assert_true(goes);
}

static Completion done(LoopWorld *x) {
    Completion c;
    Err err = ERR_INIT;
    assert_true(loop_completion(&x->l, g_dir.a, &c, &err));
    loop_close(&x->l);
    return c;
}

static void test_turns(void **state) {
    (void)state;
    LoopWorld x;
    loop_world(&x, TOOLS);
    assert_true(x.r.functions.p && x.r.python == PYTHON_NONE && x.r.gen.seed == 11 && x.r.gen.max_tokens == 60);
    assert_true(take(&x, calls("functions.now", "{}", 55), 1000));
    go_on(&x);
    assert_int_equal(x.r.n_messages, 3);
    assert_int_equal(x.r.messages[1].sampled.n, 3);
    assert_int_equal(x.r.messages[1].sampled.p[2], 9);
    assert_int_equal(x.r.messages[2].role, ROLE_TOOL);
    assert_string_equal(x.r.messages[2].name.p, "functions.now");
    assert_string_equal(x.r.messages[2].content.p, "noon");
    assert_int_equal(x.r.gen.max_tokens, 45); /* 100 over the sample, 55 are gone */
    assert_true(x.r.gen.seed != 11 && x.r.gen.seed == loop_seed(11, 2));
    Completion last = {.status = COMPLETION_OK,
                       .stop = STOP_RETURN,
                       .analysis = STR("so"),
                       .final = STR("12"),
                       .has_final = true,
                       .malformed = STR("odd"),
                       .ids = {g_ids, 2},
                       .n_prompt_tokens = 70,
                       .n_tokens = 2,
                       .n_analysis_tokens = 1};
    assert_false(take(&x, last, 1000));
    Completion c = done(&x);
    assert_int_equal(c.status, COMPLETION_OK);
    assert_string_equal(c.analysis.p, "hm\n\nso");
    assert_string_equal(c.final.p, "12");
    assert_string_equal(c.malformed.p, "odd");
    assert_int_equal(c.ids.n, 5);
    assert_int_equal(c.n_tokens, 57);
    assert_int_equal(c.n_prompt_tokens, 120);
    assert_int_equal(x.l.n_calls, 1);
    assert_null(x.l.limit.p);
}

/* The documented formula, computed here by itself. */
static void test_seeds(void **state) {
    (void)state;
    unsigned char text[64], digest[32];
    Sha256 h;
    size_t n = 0;
    const char *fields[] = {"assay-turn-1", "11", "2"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(fields[i]);
        memset(text + n, 0, 8);
        text[n] = (unsigned char)len;
        memcpy(text + n + 8, fields[i], len);
        n += 8 + len;
    }
    sha256_init(&h);
    sha256_add(&h, text, n);
    sha256_end(&h, digest);
    uint64_t want = 0;
    for (int i = 7; i >= 0; i--) want = want << 8 | digest[i];
    assert_true(loop_seed(11, 2) == want && loop_seed(11, 1) == 11);
}

static void test_limits(void **state) {
    (void)state;
    LoopWorld x;
    loop_world(&x, TOOLS); /* two calls are answered, the third is not */
    for (int i = 0; i < 2; i++) {
        assert_true(take(&x, calls("functions.now", "{}", 1), 1000));
        go_on(&x);
    }
    assert_false(take(&x, calls("functions.now", "{}", 1), 1000));
    Completion c = done(&x);
    assert_int_equal(c.status, COMPLETION_LENGTH);
    assert_string_equal(x.l.limit.p, "turns");
    assert_true(str_find(c.error, STR("more than 2 times"), 0) != SIZE_MAX);

    loop_world(&x, TOOLS); /* all tokens of the sample are gone */
    assert_true(take(&x, calls("functions.now", "{}", 60), 1000));
    go_on(&x);
    assert_int_equal(x.r.gen.max_tokens, 40);
    assert_false(take(&x, calls("functions.now", "{}", 40), 1000));
    c = done(&x);
    assert_string_equal(x.l.limit.p, "tokens");
    assert_int_equal(c.status, COMPLETION_LENGTH);

    loop_world(&x, TOOLS); /* one turn is cut off */
    Completion cut = {.status = COMPLETION_LENGTH, .malformed = STR(""), .n_prompt_tokens = 50, .n_tokens = 60};
    assert_false(take(&x, cut, 1000));
    c = done(&x);
    assert_string_equal(x.l.limit.p, "tokens");
    assert_true(str_find(c.error, STR("generation.max_tokens"), 0) != SIZE_MAX);

    loop_world(&x, TOOLS); /* cut off at the end of the context, which holds all but the last token */
    assert_false(take(&x, cut, 109));
    assert_string_equal(x.l.limit.p, "context");
    done(&x);
    loop_world(&x, TOOLS); /* there was room for one more */
    assert_false(take(&x, cut, 110));
    assert_string_equal(x.l.limit.p, "tokens");
    done(&x);
}

/* A prompt that outgrows the context in a later turn is cut off; one that never fitted is an error. */
static void test_context(void **state) {
    (void)state;
    LoopWorld x;
    Completion no = {
        .status = COMPLETION_FAILED, .malformed = STR(""), .error = STR("too long"), .n_prompt_tokens = 500};
    loop_world(&x, TOOLS);
    assert_true(take(&x, calls("functions.now", "{}", 1), 400));
    go_on(&x);
    assert_false(take(&x, no, 400));
    Completion c = done(&x);
    assert_int_equal(c.status, COMPLETION_LENGTH);
    assert_string_equal(x.l.limit.p, "context");
    assert_true(str_find(c.error, STR("turn 2"), 0) != SIZE_MAX && str_find(c.error, STR("500"), 0) != SIZE_MAX);
    loop_world(&x, TOOLS);
    assert_false(take(&x, no, 400));
    c = done(&x);
    assert_int_equal(c.status, COMPLETION_FAILED);
    assert_string_equal(c.error.p, "too long");
    assert_null(x.l.limit.p);
    loop_world(&x, TOOLS); /* another failure in a later turn stays one */
    assert_true(take(&x, calls("functions.now", "{}", 1), 400));
    go_on(&x);
    no.n_prompt_tokens = 80;
    assert_false(take(&x, no, 400));
    assert_int_equal(done(&x).status, COMPLETION_FAILED);
}

static void test_failure(void **state) {
    (void)state;
    LoopWorld x;
    Err err = ERR_INIT;
    bool goes = true;
    loop_world(&x, TOOLS);
    assert_true(take(&x, calls("functions.hi", "{}", 1), 400));
    assert_true(loop_answer(&x.l, g_dir.a, &err) && loop_continue(&x.l, &x.r, g_dir.a, &goes, &err));
    assert_false(goes);
    Completion c = done(&x);
    assert_int_equal(c.status, COMPLETION_FAILED);
    assert_true(str_starts(c.error, STR("functions.hi: ")));
}

/* Without memory each step says so and breaks nothing. */
static void test_without_memory(void **state) {
    (void)state;
    bool finished = false;
    for (uint64_t i = 1; !finished && i < 1000; i++) {
        LoopWorld x;
        Err err = ERR_INIT;
        Completion c = calls("functions.price", "{\"item\": \"pen\"}", 1), all;
        bool again = false, goes = false;
        loop_world(&x, TOOLS);
        Arena *a = arena_open(64);
        mem_fail_at(i);
        bool ok = loop_take(&x.l, &x.r, &c, 400, a, &again, &err) && loop_answer(&x.l, a, &err) &&
                  loop_continue(&x.l, &x.r, a, &goes, &err) && loop_completion(&x.l, a, &all, &err);
        finished = mem_fail_at(0) < i;
        /* want of memory is never told to the model as a fault of its own */
        if (!finished && !ok) assert_int_equal(err.code, ERR_MEMORY);
        if (!finished && ok) assert_false(x.l.n_bad_calls);
        arena_close(a);
    }
    assert_true(finished);
}

/* The section read with each allocation failing once: a sentence about memory, or the whole suite. */
static void test_reading_without_memory(void **state) {
    (void)state;
    bool finished = false;
    Str text = str_printf(g_dir.a, "%s%s", HEAD, TOOLS);
    const char *path = dir_put_n(&g_dir, "a/b/suite.yaml", text);
    for (uint64_t i = 1; !finished && i < 5000; i++) {
        Arena *a = arena_open(256);
        Suite *s;
        Err err = ERR_INIT;
        mem_fail_at(i);
        bool ok = suite_load(path, NULL, a, &s, &err);
        finished = mem_fail_at(0) < i;
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        if (ok) assert_int_equal(s->tools->n_functions, 3);
        arena_close(a);
    }
    assert_true(finished);
}

static int setup(void **state) {
    (void)state;
    dir_open(&g_dir);
    dir_put(&g_dir, "a/b/s.jsonl", "{\"id\": \"s1\", \"q\": \"x\", \"town\": \"Bath\"}\n");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    dir_close(&g_dir);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),        cmocka_unit_test(test_hostile_calls),
        cmocka_unit_test(test_template_fails), cmocka_unit_test(test_description),
        cmocka_unit_test(test_digest),         cmocka_unit_test(test_turns),
        cmocka_unit_test(test_seeds),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_context),        cmocka_unit_test(test_reading_without_memory),
        cmocka_unit_test(test_given),          cmocka_unit_test(test_failure),
        cmocka_unit_test(test_without_memory), cmocka_unit_test(test_called_roles),
        cmocka_unit_test(test_table_types),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
