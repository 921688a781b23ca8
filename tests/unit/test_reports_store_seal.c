/* Sealed records in the store: what is in the file, what comes back with the key and without, older versions. */
#include <math.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "reports/store/store.h"
#include "tests/unit/harness_support.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)
#define MARK "PLANTED-7QX"
#define MARKED(n) ((Str){MARK " " n "\0\xff", sizeof(MARK " " n "\0\xff") - 1})
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
/* A question as it is noted; one whose parts a strange scorer filled with the answer. */
#define JUDGE                                                                                                          \
    "{\"asks\":[{\"request_hash\":\"" MARK "\",\"template_sha256\":\"" HEX64                                           \
    "\",\"policy_sha256\":null,\"seed\":\"" MARK "\",\"status\":\"ok\",\"parse\":\"ok\",\"verdict\":\"refusal=0 "      \
    "label=full_refusal\",\"span\":[3,9],\"prompt_tokens\":1234,\"tokens\":4321},{\"template_sha256\":\"" HEX64        \
    "\",\"policy_sha256\":null,\"status\":\"not asked\",\"parse\":\"" MARK " parse\",\"verdict\":\"" MARK              \
    " said so\"}]}"

typedef struct World {
    TestDir d;
    SealPublic to;
    SealSecret *key;
    uint32_t ids[2];
    RecordTurn turns[2];
    Record r;
    ScoreRow rows[2];
} World;

static void world_open(World *w) {
    Err err = ERR_INIT;
    memset(w, 0, sizeof *w);
    dir_open(&w->d);
    OK(seal_keygen(path_join(w->d.a, w->d.path, "k"), &w->to, &err));
    OK(seal_secret_load(path_join(w->d.a, w->d.path, "k.key"), &w->key, &err));
    w->ids[0] = 200006, w->ids[1] = 0xdeadbeef;
    Completion c = {.status = COMPLETION_OK,
                    .analysis = MARKED("analysis"),
                    .commentary = MARKED("commentary"),
                    .final = MARKED("final"),
                    .has_final = true,
                    .malformed = MARKED("malformed"),
                    .error = MARKED("error"),
                    .ids = {w->ids, 2},
                    .n_prompt_tokens = 11,
                    .n_tokens = 70,
                    .n_analysis_tokens = 2,
                    .seconds_prefill = 0.5,
                    .seconds_decode = 0.1};
    for (int i = 0; i < 2; i++)
        w->turns[i] = (RecordTurn){
            .request_hash = i ? STR(MARK "-hash") : STR("c0de"),
            .completion = c,
            .answer = MARKED("tool"),
            .answer_name = STR(MARK ".tool"),
            .tool_seconds = 0.25,
        };
    w->turns[0].completion.call_recipient = STR(MARK ".recipient");
    w->turns[0].completion.call_content = MARKED("arguments");
    w->r =
        (Record){.key = {.model = STR("m"), .suite = STR("s"), .sample = STR("one"), .effort = EFFORT_LOW, .epoch = 1},
                 .request_hash = STR("c0de"),
                 .prompt = STR("[\"" MARK " prompt\"]"),
                 .target = STR(MARK " target"),
                 .completion = c,
                 .sealed = true,
                 .turns = w->turns,
                 .n_turns = 2};
    w->rows[0] = (ScoreRow){.scorer = STR("a"),
                            .version = STR("1"),
                            .score = {.status = SCORE_SCORED,
                                      .outcome = OUTCOME_CORRECT,
                                      .value = 1,
                                      .label = {"full_refusal", 12},
                                      .rule = {MARK " a rule", sizeof MARK " a rule" - 1},
                                      .answer = {MARK " answer", sizeof MARK " answer" - 1},
                                      .explanation = {MARK " why", sizeof MARK " why" - 1},
                                      .span_begin = 3,
                                      .span_end = 9,
                                      .margin = 0.5},
                            .judge = STR(JUDGE),
                            .judge_text = STR(MARK " judge")};
    w->rows[1] = w->rows[0];
    w->rows[1].scorer = STR("b");
    w->rows[1].score.label = (ScorerStr){MARK " label", sizeof MARK " label" - 1};
}

static void world_close(World *w) {
    seal_secret_close(w->key);
    dir_close(&w->d);
}

static RunStore *fresh(World *w, bool keys) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    OK(store_open(w->d.path, STORE_CREATE, &s, &err));
    OK(store_seal_begin(s, &w->to, keys, STR("plan"), &err));
    return s;
}

/* How often the marker stands in the store's files as they are now, log included. */
static int planted(World *w) {
    static const char *const files[] = {"run.db", "run.db-wal", "run.db-shm", "run.db-journal"};
    int n = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Err err = ERR_INIT;
        FileMap m;
        const char *path = path_join(w->d.a, w->d.path, files[i]);
        if (!file_exists(path)) continue;
        OK(file_map(path, &m, &err));
        Str all = {(const char *)m.p, m.n};
        for (size_t at = 0; (at = str_find(all, STR(MARK), at)) != SIZE_MAX; at++) n++;
        n += str_find(all, (Str){(const char *)w->ids, sizeof w->ids}, 0) != SIZE_MAX;
        file_unmap(&m);
    }
    return n;
}

static void check_str(Str a, Str b) {
    if (a.n != b.n || !a.p != !b.p || (a.n && memcmp(a.p, b.p, a.n) != 0))
        fail_msg("'" STR_FMT "' is not '" STR_FMT "'", STR_ARG(a), STR_ARG(b));
}

static void check_completion(const Completion *a, const Completion *b) {
    check_str(a->analysis, b->analysis);
    check_str(a->commentary, b->commentary);
    check_str(a->final, b->final);
    check_str(a->malformed, b->malformed);
    check_str(a->error, b->error);
    assert_int_equal(a->ids.n, b->ids.n);
    assert_memory_equal(a->ids.p, b->ids.p, b->ids.n * 4);
    assert_int_equal(a->n_prompt_tokens, b->n_prompt_tokens);
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_int_equal(a->n_analysis_tokens, b->n_analysis_tokens);
    assert_true(a->seconds_prefill == b->seconds_prefill && a->seconds_decode == b->seconds_decode);
}

static void check_open(const World *w, const Record *r) {
    check_completion(&r->completion, &w->r.completion);
    check_str(r->prompt, w->r.prompt);
    check_str(r->target, w->r.target);
    check_str(r->probes, w->r.probes);
    assert_int_equal(r->n_turns, 2);
    for (int i = 0; i < 2; i++) {
        check_completion(&r->turns[i].completion, &w->turns[i].completion);
        check_str(r->turns[i].request_hash, w->turns[i].request_hash);
        check_str(r->turns[i].answer, w->turns[i].answer);
        check_str(r->turns[i].answer_name, w->turns[i].answer_name);
        assert_true(r->turns[i].tool_seconds == 0.25);
    }
    check_str(r->turns[0].completion.call_recipient, w->turns[0].completion.call_recipient);
    check_str(r->turns[0].completion.call_content, w->turns[0].completion.call_content);
}

static void check_scorer_str(ScorerStr a, const char *b) {
    check_str((Str){a.p, a.n}, str_from(b));
}

/* What the judge was asked about the answer: hash, seed and counts follow from the answer. */
static void check_judge(Str got, bool open) {
    if (open) {
        check_str(got, STR(JUDGE));
        return;
    }
    check_str(got, STR("{\"asks\":[{\"template_sha256\":\"" HEX64
                       "\",\"policy_sha256\":null,\"status\":\"ok\",\"parse\":\"ok\","
                       "\"verdict\":\"refusal=0 label=full_refusal\"},{\"template_sha256\":\"" HEX64
                       "\",\"policy_sha256\":null,\"status\":\"not asked\",\"parse\":null,\"verdict\":null}]}"));
}

typedef struct Seen {
    World *w;
    int n;
    bool open, texts;
} Seen;

static bool see(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Seen *s = ctx;
    (void)id;
    s->n++;
    assert_int_equal(n, 2);
    assert_true(r->sealed);
    check_str(r->tags, s->w->r.tags); /* in the clear: reports go by them */
    check_scorer_str(rows[0].score.label, "full_refusal");
    assert_true(rows[0].score.margin == 0.5 && rows[0].score.value == 1);
    if (s->open) {
        check_open(s->w, r);
        check_scorer_str(rows[0].score.answer, MARK " answer");
        check_scorer_str(rows[0].score.explanation, MARK " why");
        check_scorer_str(rows[0].score.rule, MARK " a rule");
        check_scorer_str(rows[1].score.label, MARK " label");
        check_str(rows[0].judge_text, STR(MARK " judge"));
        check_judge(rows[0].judge, true);
        assert_true(rows[0].score.span_begin == 3 && rows[0].score.span_end == 9);
        return true;
    }
    check_str(r->completion.malformed, STR("(sealed)")); /* that it was is counted */
    assert_null(r->completion.final.p);
    assert_null(r->prompt.p);
    assert_null(rows[0].score.answer.p);
    assert_null(rows[0].judge_text.p);
    check_scorer_str(rows[0].score.rule, "(sealed)");
    check_scorer_str(rows[1].score.label, "(sealed)");
    assert_true(rows[0].score.span_end == 0);
    assert_int_equal(r->completion.n_tokens, 256);
    assert_int_equal(r->completion.n_prompt_tokens, 64);
    assert_true(r->completion.seconds_decode == 0);
    assert_int_equal(r->n_seals > 0, s->texts);
    if (!s->texts) return true;
    check_judge(rows[0].judge, false);
    check_str(r->turns[0].request_hash, STR("c0de"));
    check_str(r->turns[1].request_hash, STR(""));
    assert_true(r->turns[1].tool_seconds == 0 && r->turns[1].completion.n_tokens == 256);
    for (size_t i = 0; i < r->n_seals; i++) assert_null(r->seals[i].text.p);
    return true;
}

static void look(World *w, bool key, bool open) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    Arena *a = arena_open(0);
    OK(store_open(w->d.path, STORE_READ, &s, &err));
    if (key) OK(store_unseal(s, w->key, &err));
    for (int texts = 0; texts < 2; texts++) {
        Seen seen = {w, 0, open && texts, texts != 0};
        OK(store_each(s, texts, a, see, &seen, &err));
        assert_int_equal(seen.n, 1);
    }
    store_close(s);
    arena_close(a);
}

static void test_sealed(void **state) {
    (void)state;
    Err err = ERR_INIT;
    World w;
    int64_t id = 0;
    world_open(&w);
    RunStore *s = fresh(&w, true);
    OK(store_append_scored(s, &w.r, w.rows, 2, &id, &err));
    assert_int_equal(planted(&w), 0);
    store_close(s);
    assert_int_equal(planted(&w), 0);
    look(&w, false, false);
    look(&w, true, true);
    /* another process scores it again: with a key of its own */
    OK(store_open(w.d.path, STORE_RESUME, &s, &err));
    OK(store_seal_begin(s, NULL, 0, STR("another plan"), &err));
    OK(store_put_scores(s, id, w.rows, 2, &err));
    store_close(s);
    assert_int_equal(planted(&w), 0);
    look(&w, true, true);
    world_close(&w);
}

static void test_ephemeral(void **state) {
    (void)state;
    Err err = ERR_INIT;
    World w;
    world_open(&w);
    RunStore *s = fresh(&w, false);
    OK(store_append_scored(s, &w.r, w.rows, 2, NULL, &err));
    store_close(s);
    assert_int_equal(planted(&w), 0);
    look(&w, false, false);
    OK(store_open(w.d.path, STORE_RESUME, &s, &err));
    assert_false(store_unseal(s, w.key, &err));
    assert_has(&err, "without a key");
    assert_false(store_seal_begin(s, &w.to, 1, STR("plan"), &err));
    assert_has(&err, "was begun without a key");
    store_close(s);
    world_close(&w);
}

/* Fails closed: without a word on sealing nothing is stored at all. */
static void test_refused(void **state) {
    (void)state;
    Err err = ERR_INIT;
    World w;
    RunStore *s = NULL;
    StoreCounts n;
    SealPublic other;
    SealSecret *wrong = NULL;
    world_open(&w);
    OK(store_open(w.d.path, STORE_CREATE, &s, &err));
    assert_false(store_append(s, &w.r, NULL, &err));
    assert_has(&err, "nothing says to whom");
    OK(store_counts(s, &n, &err));
    assert_int_equal(n.records, 0);
    assert_int_equal(planted(&w), 0);
    assert_false(store_unseal(s, w.key, &err));
    assert_has(&err, "no sealed texts");
    OK(store_seal_begin(s, &w.to, 1, STR("plan"), &err));
    OK(seal_keygen(path_join(w.d.a, w.d.path, "o"), &other, &err));
    OK(seal_secret_load(path_join(w.d.a, w.d.path, "o.key"), &wrong, &err));
    assert_false(store_unseal(s, wrong, &err));
    assert_has(&err, other.id);
    assert_has(&err, w.to.id);
    SealPublic both[2] = {w.to, other};
    assert_false(store_seal_begin(s, both, 2, STR("plan"), &err));
    assert_has(&err, "keeps the keys that it began with");
    OK(store_seal_begin(s, &w.to, 1, STR("plan"), &err));
    seal_secret_close(wrong);
    store_close(s);
    world_close(&w);
}

/* What versions 1 to 3 hold in the clear can be sealed; before, it is read as it was. */
static void test_older(void **state) {
    (void)state;
    for (int version = 1; version <= 3; version++) {
        Err err = ERR_INIT;
        World w;
        StoreSeal info;
        RunStore *s = NULL;
        char command[400];
        int64_t n = 0;
        world_open(&w);
        w.r.sealed = false;
        if (version == 1) w.r.turns = NULL, w.r.n_turns = 0;
        OK(store_open(w.d.path, STORE_CREATE, &s, &err));
        OK(store_append_scored(s, &w.r, w.rows, 2, NULL, &err));
        store_close(s);
        snprintf(
            command, sizeof command,
            "python3 -c \"import sqlite3; d = sqlite3.connect('%s/run.db'); d.execute('update records set sealed = "
            "1'); d.execute('update texts set sealed = 1'); d.commit()\" && python3 tests/tools/old_store.py "
            "%s/run.db %d",
            w.d.path, w.d.path, version);
        assert_int_equal(system(command), 0);
        OK(store_open(w.d.path, STORE_READ, &s, &err));
        OK(store_seal_info(s, &info, &err));
        assert_true(info.n_plain > 10 && info.mode == STORE_SEAL_NONE);
        store_close(s);
        assert_true(planted(&w) > 10);
        OK(store_open(w.d.path, STORE_RESUME, &s, &err));
        assert_false(store_seal_plain(s, &n, &err)); /* to whom? */
        OK(store_seal_begin(s, &w.to, 1, STR("plan"), &err));
        OK(store_seal_plain(s, &n, &err));
        assert_int_equal(n, 1);
        OK(store_seal_plain(s, &n, &err));
        assert_int_equal(n, 0);
        OK(store_seal_info(s, &info, &err));
        assert_int_equal(info.n_plain, 0);
        assert_int_equal(planted(&w), 0);
        store_close(s);
        assert_int_equal(planted(&w), 0);
        if (version > 1) look(&w, true, true);
        if (version > 1) look(&w, false, false);
        world_close(&w);
    }
}

/* Without memory nothing is half stored, and nothing in the clear. */
static void test_no_memory(void **state) {
    (void)state;
    for (uint64_t at = 1;; at += 1 + at / 12) {
        Err err = ERR_INIT;
        World w;
        StoreCounts n;
        world_open(&w);
        RunStore *s = fresh(&w, true);
        mem_fail_at(at);
        bool ok = store_append_scored(s, &w.r, w.rows, 2, NULL, &err);
        mem_fail_at(0);
        Err after = ERR_INIT;
        if (!store_counts(s, &n, &after)) fail_msg("%s", after.msg);
        assert_int_equal(n.records, ok);
        assert_int_equal(planted(&w), 0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        if (!ok) err = (Err)ERR_INIT;
        if (!ok) OK(store_append_scored(s, &w.r, w.rows, 2, NULL, &err)); /* and it goes on */
        store_close(s);
        look(&w, true, true);
        world_close(&w);
        if (ok) break;
        assert_true(at < 10000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed), cmocka_unit_test(test_ephemeral), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_older),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
