/* The local engine through its public door: generation, scoring, sampling, limits; on a random checkpoint that the test
 * writes, and on the tiny golden models. */
#include <unistd.h>

#include "engine/engine.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char own_[64]; /* the checkpoint of this test */

static Engine *open_engine(const char *dir, int threads, int batch, int context) {
    Engine *e;
    EngineOptions o = {.spec = dir, .threads = threads, .batch = batch, .context = context};
    must(engine_open(&o, &e, err));
    return e;
}

static EnginePoll wait_one(Engine *e, Completion *c) {
    EnginePoll p;
    do must((p = engine_poll(e, c, err)) != ENGINE_BROKEN);
    while (p == ENGINE_WORKING);
    return p;
}

/* 200 ids that look like text. */
static void some_ids(uint32_t *ids, size_t n, uint32_t from) {
    for (size_t i = 0; i < n; i++) ids[i] = 20 + (from + (uint32_t)i * 37u + (uint32_t)(i * i) * 11u) % 280;
}

static void test_generate_is_greedy(void **state) {
    (void)state;
    NEED_SHARED(dir, "golden/tiny-a/hf");
    NEED_SHARED(ref, "golden/tiny-a/ref/golden.json");
    Buf text;
    Json *root;
    buf_init(&text, 1 << 20);
    must(file_read(ref, &text, err));
    must(json_parse(buf_str(&text), &root, err));
    Engine *e = open_engine(dir, 2, 4, 0);
    uint64_t tag = 0;
    for (const Json *c = json_first(json_get(root, "cases")); c; c = json_next(c), tag++) {
        uint32_t ids[512];
        size_t n = 0;
        for (const Json *p = json_first(json_get(c, "prompt_ids")); p; p = json_next(p))
            ids[n++] = (uint32_t)json_num(p);
        Request r = {.tag = tag, .ids = ids, .n_ids = n, .gen = {.top_p = 1, .max_tokens = 32, .ignore_eos = true}};
        must(engine_submit(e, &r, err));
    }
    Completion c;
    size_t seen = 0;
    while (wait_one(e, &c) == ENGINE_READY) {
        const Json *jc = json_first(json_get(root, "cases"));
        for (uint64_t i = 0; i < c.tag; i++) jc = json_next(jc);
        if (strcmp(json_str(json_get(jc, "name")).p, "near-tie") == 0) continue;
        assert_int_equal(c.status, COMPLETION_LENGTH);
        assert_int_equal(c.n_prompt_tokens, json_num(json_get(jc, "n_tokens")));
        const Json *want = json_first(json_get(jc, "greedy32"));
        assert_int_equal(c.ids.n, 32);
        for (size_t i = 0; i < 32; i++, want = json_next(want)) assert_int_equal(c.ids.p[i], json_num(want));
        seen++;
    }
    assert_int_equal(seen, 4);
    engine_close(e);
    json_close(root);
    buf_release(&text);
}

/* ---- the same tokens whatever the company ---- */

enum { N = 24 };
typedef struct Answers {
    uint32_t ids[N][40];
    size_t n[N];
    double logprob[N][3];
    CompletionStatus status[N];
} Answers;

static void submit_one(Engine *e, size_t i) {
    static const Str choices[] = {
        {" one and only", 13}, {"B", 1}, {" a rather longer choice, so that it needs several tokens", 56}};
    static const Message messages[] = {{.role = ROLE_USER, .content = {"What is it?", 11}}};
    uint32_t ids[200];
    some_ids(ids, 200, (uint32_t)i);
    Request r = {.tag = i,
                 .ids = ids,
                 .n_ids = 5 + i * 8,
                 .gen = {.temperature = 1.0, .top_p = i % 2 ? 0.9 : 1.0, .max_tokens = 10 + (int)i, .seed = 7 * i}};
    if (i % 5 == 0) r.ids = NULL, r.n_ids = 0, r.messages = messages, r.n_messages = 1;
    if (i % 4 == 3) r.kind = REQUEST_SCORE, r.choices = choices, r.n_choices = 3;
    must(engine_submit(e, &r, err));
}

static Answers *ask_all(const char *dir, int threads, int batch) {
    Answers *a = calloc(1, sizeof *a);
    Engine *e = open_engine(dir, threads, batch, 1024);
    size_t sent = 0, got = 0;
    while (got < N) {
        Completion c;
        while (sent < N && engine_has_room(e)) submit_one(e, sent++);
        assert_int_equal(wait_one(e, &c), ENGINE_READY);
        got++;
        a->status[c.tag] = c.status;
        a->n[c.tag] = c.ids.n;
        if (c.ids.n) memcpy(a->ids[c.tag], c.ids.p, c.ids.n * sizeof(uint32_t));
        for (size_t i = 0; i < c.n_choice_scores; i++) a->logprob[c.tag][i] = c.choice_scores[i].logprob;
    }
    engine_close(e);
    return a;
}

static void test_company_changes_nothing(void **state) {
    (void)state;
    const char *dirs[] = {own_, shared_path("golden/tiny-a/hf"), shared_path("golden/tiny-b/hf")};
    for (size_t i = 0; i < 3; i++) {
        const char *dir = dirs[i];
        if (!dir) continue;
        Answers *want = ask_all(dir, 1, 1);
        static const int shapes[][2] = {{1, 16}, {2, 16}, {2, 3}};
        for (size_t k = 0; k < 3; k++) {
            Answers *got = ask_all(dir, shapes[k][0], shapes[k][1]);
            assert_memory_equal(want, got, sizeof *want);
            free(got);
        }
        assert_true(want->n[1] > 0 && want->logprob[3][0] < 0 && want->logprob[3][2] < 0);
        free(want);
    }
}

/* ---- scoring against logits ---- */

typedef struct Sum {
    const uint32_t *ids; /* prompt and choice */
    size_t n_prompt, n, vocab;
    double logprob;
    bool greedy;
} Sum;

static bool add_row(void *ctx, size_t position, const float *l, Err *err) {
    Sum *s = ctx;
    (void)err;
    if (position + 1 < s->n_prompt || position + 1 == s->n) return true;
    double max = -INFINITY, sum = 0;
    size_t best = 0;
    for (size_t i = 0; i < s->vocab; i++) {
        if (l[i] > l[best]) best = i;
        max = fmax(max, (double)l[i]);
    }
    for (size_t i = 0; i < s->vocab; i++) sum += exp((double)l[i] - max);
    s->logprob += (double)l[s->ids[position + 1]] - max - log(sum);
    s->greedy &= best == s->ids[position + 1];
    return true;
}

/* Choices long enough to run round the ring of a sliding layer, after a prompt that ends inside a block. */
static void test_score_equals_logits(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 2, 2, 1024);
    const Vocab *v = engine_vocab(e);
    Arena *a = arena_open(0);
    char longer[400];
    for (size_t i = 0; i < sizeof longer; i++) longer[i] = "the cat sat on a mat "[i * 7 % 21];
    Str choices[3] = {{longer, sizeof longer}, STR(" yes"), {longer + 3, 190}};
    uint32_t prompt[300];
    some_ids(prompt, 300, 5);
    Request r = {
        .kind = REQUEST_SCORE, .ids = prompt, .n_ids = 150, .choices = choices, .n_choices = 3, .gen = {.top_p = 1}};
    must(engine_submit(e, &r, err));
    Completion c;
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_OK);
    assert_int_equal(c.n_choice_scores, 3);
    for (size_t i = 0; i < 3; i++) {
        Ids ids;
        must(vocab_encode(v, choices[i], false, a, &ids, err));
        uint32_t *all = arena_array(a, 150 + ids.n, sizeof *all);
        memcpy(all, prompt, 150 * sizeof *all);
        memcpy(all + 150, ids.p, ids.n * sizeof *all);
        Sum s = {all, 150, 150 + ids.n, vocab_size(v), 0, true};
        must(engine_logits(e, all, s.n, true, add_row, &s, err));
        assert_int_equal(c.choice_scores[i].n_tokens, ids.n);
        assert_true(fabs(c.choice_scores[i].logprob - s.logprob) < 1e-9 * fabs(s.logprob));
        assert_int_equal(c.choice_scores[i].is_greedy, s.greedy);
    }
    assert_true(c.choice_scores[0].n_tokens > 300);
    arena_close(a);
    engine_close(e);
}

/* ---- limits ---- */

static void test_limits(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 1, 2, 100);
    uint32_t ids[200];
    Completion c;
    some_ids(ids, 200, 1);
    Request r = {.tag = 1, .ids = ids, .n_ids = 150, .gen = {.top_p = 1, .max_tokens = 5, .ignore_eos = true}};
    must(engine_submit(e, &r, err));
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_FAILED);
    assert_non_null(strstr(c.error.p, "150"));
    assert_non_null(strstr(c.error.p, "100"));
    r.n_ids = 90, r.gen.max_tokens = 50; /* the context ends first */
    must(engine_submit(e, &r, err));
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_LENGTH);
    assert_non_null(strstr(c.error.p, "end of the context of 100 positions (a prompt of 90 tokens and 11 sampled)"));
    assert_int_equal(c.ids.n, 11); /* positions 90..99 are fed, and one more is drawn */
    r.n_ids = 100;
    must(engine_submit(e, &r, err));
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.ids.n, 1);
    r.n_ids = 10, r.tag = 7;
    must(engine_submit(e, &r, err));
    must(engine_poll(e, &c, err) == ENGINE_WORKING);
    engine_cancel(e, 7);
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_CANCELLED);
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_IDLE);
    engine_close(e);
}

typedef struct Rows {
    float *p;
    size_t vocab, n, next; /* next: the position that must come */
} Rows;

static bool take_row(void *ctx, size_t position, const float *logits, Err *err) {
    Rows *r = ctx;
    (void)err;
    assert_int_equal(position, r->next++);
    memcpy(r->p + r->n++ * r->vocab, logits, r->vocab * sizeof *logits);
    return true;
}

/* Fed in pieces, with a lead-in that gives no rows, the bits are those of one call. */
static void test_feed(void **state) {
    (void)state;
    enum { N_FED = 400, LEAD = 290 };
    Engine *e = open_engine(own_, 2, 1, 512);
    uint32_t ids[N_FED];
    Err why = ERR_INIT;
    some_ids(ids, N_FED, 3);
    Rows all = {.p = calloc(N_FED * 300, sizeof(float)), .vocab = 300}, part = all;
    part.p = calloc(N_FED * 300, sizeof(float));
    must(engine_logits(e, ids, N_FED, true, take_row, &all, err));
    part.next = LEAD;
    must(engine_feed(e, N_FED, ids, 10, 10, take_row, &part, err));
    must(engine_feed(e, 0, ids + 10, 340, LEAD - 10, take_row, &part, err));
    must(engine_feed(e, 0, ids + 350, 50, 0, take_row, &part, err));
    assert_int_equal(part.n, N_FED - LEAD);
    assert_memory_equal(part.p, all.p + LEAD * 300, part.n * 300 * sizeof(float));
    assert_false(engine_feed(e, 0, ids, 1, 1, take_row, &part, &why)); /* no room was made for it */
    assert_non_null(strstr(why.msg, "401"));
    assert_false(engine_feed(e, 513, ids, 1, 1, take_row, &part, &why));
    must(engine_feed(e, 5, ids, 5, 5, take_row, &part, err)); /* and anew */
    free(all.p), free(part.p);
    engine_close(e);
}

static void test_refusals(void **state) {
    (void)state;
    Engine *e;
    Err err = ERR_INIT;
    assert_false(engine_open(&(EngineOptions){.spec = "/nonexistent/model"}, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "Hugging Face"));
    assert_null(e);
    assert_false(engine_open(&(EngineOptions){.spec = ""}, &e, &err));
    assert_false(engine_open(&(EngineOptions){.spec = "openai:gpt@http://localhost"}, &e, &err));
    assert_false(engine_open(&(EngineOptions){.spec = "replay:/nonexistent"}, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    const char *dir = own_;
    assert_false(engine_open(&(EngineOptions){.spec = dir, .device = "cuda"}, &e, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_false(engine_open(&(EngineOptions){.spec = dir, .batch = -1}, &e, &err));
    assert_false(engine_open(&(EngineOptions){.spec = dir, .context = 1 << 30}, &e, &err));
    e = open_engine(dir, 1, 1, 64);
    uint32_t bad[] = {1, 300};
    assert_false(engine_submit(e, &(Request){.ids = bad, .n_ids = 2, .gen = GEN_DEFAULTS}, &err));
    assert_false(engine_submit(e, &(Request){.ids = bad, .n_ids = 1, .gen = {.top_p = 0, .max_tokens = 1}}, &err));
    assert_false(engine_submit(e, &(Request){.ids = bad, .n_ids = 1, .gen = {.top_p = 1, .max_tokens = 0}}, &err));
    assert_false(engine_submit(e, &(Request){.gen = GEN_DEFAULTS}, &err));
    const EngineInfo *info = engine_info(e);
    assert_int_equal(strlen(info->digest), 64);
    assert_int_equal(info->vocab_size, 300);
    assert_int_equal(info->context, 64);
    engine_close(e);
}

/* Waiting requests enter in order and all come back, with a queue that is always full. */
static void test_many(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 2, 4, 256);
    uint64_t sent = 0, got = 0, sum = 0;
    Completion c;
    while (got < 60) {
        uint32_t ids[40];
        some_ids(ids, 40, (uint32_t)sent);
        Request r = {.tag = sent + 1,
                     .ids = ids,
                     .n_ids = 3 + sent % 37,
                     .gen = {.top_p = 1, .max_tokens = 1 + (int)(sent % 9), .ignore_eos = true}};
        while (sent < 60 && engine_has_room(e)) {
            must(engine_submit(e, &r, err));
            r.tag = ++sent + 1;
        }
        assert_int_equal(wait_one(e, &c), ENGINE_READY);
        got++;
        sum += c.tag;
    }
    assert_int_equal(sum, 60 * 61 / 2);
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_IDLE);
    engine_close(e);
}

/* Weights that are not numbers: a failure with a reason, not an answer, and the others go on. */
static void test_not_a_number(void **state) {
    (void)state;
    char dir[] = "/tmp/assay-nan-XXXXXX", path[128];
    assert_non_null(mkdtemp(dir));
    CkSpec s = CK_SPEC_TINY;
    assert_true(ck_write(dir, &s));
    CkList l = ck_list(&s);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, -(long)l.bytes + (long)(l.p[0].at + 7 * 64 * 2), SEEK_END); /* the embedding of token 7 */
    fwrite("\xc0\x7f", 1, 2, f);
    fclose(f);
    free(l.p);
    Engine *e = open_engine(dir, 1, 4, 128);
    static const Str choices[] = {{"ab", 2}};
    uint32_t bad[] = {5, 7, 9}, good[] = {5, 6, 9};
    must(engine_submit(e, &(Request){.tag = 1, .ids = bad, .n_ids = 3, .gen = GEN_DEFAULTS}, err));
    must(engine_submit(
        e, &(Request){.tag = 2, .ids = good, .n_ids = 3, .gen = {.top_p = 1, .max_tokens = 4, .ignore_eos = true}},
        err));
    must(engine_submit(e,
                       &(Request){.tag = 3,
                                  .kind = REQUEST_SCORE,
                                  .ids = bad,
                                  .n_ids = 3,
                                  .choices = choices,
                                  .n_choices = 1,
                                  .gen = GEN_DEFAULTS},
                       err));
    Completion c;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_one(e, &c), ENGINE_READY);
        assert_int_equal(c.status, c.tag == 2 ? COMPLETION_LENGTH : COMPLETION_FAILED);
        if (c.tag != 2) assert_non_null(strstr(c.error.p, "not numbers"));
    }
    engine_close(e);
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    for (int i = 0; i < 3; i++) snprintf(path, sizeof path, "%s/%s", dir, names[i]), unlink(path);
    rmdir(dir);
}

/* A chat request gives channels; a prefilled channel goes on in it. */
static void test_chat(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 1, 2, 1024);
    const Message m[] = {{.role = ROLE_USER, .content = STR("Say something.")}};
    Completion c;
    Request r = {.messages = m,
                 .n_messages = 1,
                 .prefill_channel = STR("final"),
                 .prefill_text = STR("It is"),
                 .gen = {.temperature = 1, .top_p = 1, .max_tokens = 6, .ignore_eos = true}};
    must(engine_submit(e, &r, err));
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_LENGTH);
    assert_true(c.has_final);
    assert_true(str_starts(c.final, STR("It is")));
    assert_true(c.n_prompt_tokens > 50);
    engine_close(e);
}

/* What the model can sample can be in its history, with or without a text; what it has no row for cannot. */
static void test_foreign_ids(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 1, 1, 1024);
    Err why = ERR_INIT;
    uint32_t ids[] = {5, 299};
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")}, {.role = ROLE_ASSISTANT, .sampled = {ids, 2}}};
    Request r = {.messages = m, .n_messages = 2, .gen = {.temperature = 1, .top_p = 1, .max_tokens = 1}};
    Completion c;
    must(engine_submit(e, &r, err));
    assert_int_equal(wait_one(e, &c), ENGINE_READY);
    ids[1] = 300;
    assert_false(engine_submit(e, &r, &why));
    assert_int_equal(why.code, ERR_INPUT);
    assert_non_null(strstr(why.msg, "message 1: its sampled token id 300 (number 1) is outside the vocabulary of 300"));
    engine_close(e);
}

/* How an answer ended is what its last token says, and only a whole message to somebody is a call: a random model ends
 * in <|call|> now and then, without having called anybody. */
static void test_stops(void **state) {
    (void)state;
    Engine *e = open_engine(own_, 2, 8, 1024);
    const Vocab *v = engine_vocab(e);
    Arena *a = arena_open(0);
    Ids call, ret, eot;
    must(vocab_encode(v, STR("<|call|>"), true, a, &call, err));
    must(vocab_encode(v, STR("<|return|>"), true, a, &ret, err));
    must(vocab_encode(v, STR("<|endoftext|>"), true, a, &eot, err));
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")}};
    int seen[4] = {0};
    Completion c;
    for (uint64_t sent = 0, got = 0; got < 40; got++) {
        Request r = {.messages = m,
                     .n_messages = 1,
                     .functions = STR("[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"),
                     .gen = {.temperature = 1.5, .top_p = 1, .max_tokens = 60}};
        for (; sent < 40 && engine_has_room(e); sent++) {
            r.gen.seed = sent;
            must(engine_submit(e, &r, err));
        }
        assert_int_equal(wait_one(e, &c), ENGINE_READY);
        assert_true(c.ids.n > 0);
        uint32_t last = c.ids.p[c.ids.n - 1];
        StopKind want = last == call.p[0]  ? STOP_CALL
                        : last == ret.p[0] ? STOP_RETURN
                        : last == eot.p[0] ? STOP_OTHER
                                           : STOP_NONE;
        assert_int_equal(c.stop, want);
        assert_int_equal(c.status == COMPLETION_LENGTH, want == STOP_NONE);
        assert_true(!c.call_recipient.p && !c.call_content.p);
        seen[want]++;
    }
    assert_true(seen[STOP_CALL] && seen[STOP_RETURN] && seen[STOP_OTHER] && seen[STOP_NONE]);
    arena_close(a);
    engine_close(e);
}

/* One request on an engine, with the n-th allocation failing; true if all went well. */
static bool try_all(uint64_t n, Err *err) {
    const Message m[] = {{.role = ROLE_USER, .content = STR("Hello")}};
    const Request r = {.messages = m, .n_messages = 1, .gen = {.temperature = 1, .top_p = 1, .max_tokens = 3}};
    Engine *e = NULL;
    Completion c;
    EnginePoll p = ENGINE_WORKING;
    mem_fail_at(n);
    bool ok = engine_open(&(EngineOptions){.spec = own_, .threads = 1, .batch = 1, .context = 512}, &e, err);
    if (ok) ok = engine_info(e)->digest[0] != '\0' || err_nomem(err);
    ok = ok && engine_submit(e, &r, err);
    while (ok && p == ENGINE_WORKING) p = engine_poll(e, &c, err);
    mem_fail_at(0);
    ok = ok && p == ENGINE_READY;
    engine_close(e);
    return ok;
}

/* Every allocation fails once: a clear failure, no crash, nothing leaks (under the sanitizers). */
static void test_no_memory(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        Err err = ERR_INIT;
        if (try_all(n, &err)) break;
        assert_true(err.code == ERR_MEMORY || err.code == ERR_INPUT); /* a parser without memory may blame the text */
        assert_true(err.msg[0] != '\0' && n < 100000);
    }
}

int main(void) {
    snprintf(own_, sizeof own_, "/tmp/assay-local-XXXXXX");
    CkSpec s = CK_SPEC_TINY;
    s.context = 2048;
    if (!mkdtemp(own_) || !ck_write(own_, &s)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generate_is_greedy),
        cmocka_unit_test(test_company_changes_nothing),
        cmocka_unit_test(test_score_equals_logits),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_foreign_ids),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    char path[128];
    for (int i = 0; i < 3; i++) snprintf(path, sizeof path, "%s/%s", own_, names[i]), unlink(path);
    rmdir(own_);
    return failed;
}
