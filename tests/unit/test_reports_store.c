/* The run store: what goes in comes out, nothing twice, one writer. What damages it: test_reports_store_damage.c. */
#include <sqlite3.h>

#include "tests/store_support.h"

/* ---- round trip ---- */

static void check_str(Str got, Str want) {
    assert_int_equal(got.p == NULL, want.p == NULL);
    assert_int_equal(got.n, want.n);
    if (want.n) assert_memory_equal(got.p, want.p, want.n);
}

static const char HOSTILE[] = "</script>\0\x1b[31m\xff\xfe\xed\xa0\x80 \xe2\x80\xae"
                              "abc";

static void test_round_trip(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    uint32_t ids[] = {1, 200006, 0xffffffffu};
    ChoiceScore choices[] = {{-1.25, 3, true}, {-INFINITY, 1, false}};
    Str hostile = {HOSTILE, sizeof HOSTILE - 1};
    Record in = {
        .key = {STR("demo-large"), STR("demo/choice"), hostile, EFFORT_HIGH, 7},
        .ordinal = 41,
        .group = STR("geo"),
        .content_hash = STR("c0ffee"),
        .prompt = hostile,
        .target = STR(""),
        .started_at = STR("2026-01-01T00:00:00Z"),
        .completion = {.status = COMPLETION_LENGTH,
                       .analysis = hostile,
                       .final = STR(""),
                       .has_final = true,
                       .malformed = STR("final message was not closed"),
                       .ids = {ids, 3},
                       .n_prompt_tokens = 11,
                       .n_tokens = 3,
                       .n_analysis_tokens = 2,
                       .choice_scores = choices,
                       .n_choice_scores = 2,
                       .seconds_prefill = 0.5,
                       .seconds_decode = 0.25},
        .tags = STR("{\"kind\":\"harm\"}"),
    };
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &in, &id, &err));
    Record out;
    OK(store_read(s, id, a, &out, &err));
    check_str(out.key.model, in.key.model);
    check_str(out.key.sample, in.key.sample);
    assert_int_equal(out.key.effort, EFFORT_HIGH);
    assert_int_equal(out.key.epoch, 7);
    assert_int_equal(out.ordinal, 41);
    check_str(out.group, in.group);
    check_str(out.cluster, in.cluster); /* absent stays absent */
    check_str(out.prompt, in.prompt);
    check_str(out.target, in.target); /* empty stays empty */
    check_str(out.tags, in.tags);
    check_str(out.started_at, in.started_at);
    check_str(out.completion.analysis, in.completion.analysis);
    check_str(out.completion.commentary, in.completion.commentary);
    check_str(out.completion.final, in.completion.final);
    check_str(out.completion.malformed, in.completion.malformed);
    assert_int_equal(out.completion.status, COMPLETION_LENGTH);
    assert_int_equal(out.completion.ids.n, 3);
    assert_memory_equal(out.completion.ids.p, ids, sizeof ids);
    assert_int_equal(out.completion.n_prompt_tokens, 11);
    assert_int_equal(out.completion.n_analysis_tokens, 2);
    assert_int_equal(out.completion.n_choice_scores, 2);
    assert_true(out.completion.choice_scores[0].logprob == -1.25 && out.completion.choice_scores[0].is_greedy);
    assert_true(isinf(out.completion.choice_scores[1].logprob) && out.completion.choice_scores[1].n_tokens == 1);
    assert_true(out.completion.seconds_prefill == 0.5 && out.completion.seconds_decode == 0.25);
    assert_false(out.sealed); /* test_reports_store_seal.c */
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

typedef struct Seen {
    int n;
    int64_t ordinals[64];
    ScoreRow row; /* first score of the last record; its texts die with the arena */
    char answer[64];
    size_t n_rows;
    bool texts;
    int n_tags; /* records that have them */
} Seen;

static bool see(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Seen *seen = ctx;
    (void)id;
    seen->ordinals[seen->n++] = r->ordinal;
    seen->n_rows = n;
    seen->texts = r->prompt.p != NULL || r->completion.final.p != NULL;
    seen->n_tags += r->tags.p != NULL;
    if (n) seen->row = rows[0];
    if (n) snprintf(seen->answer, sizeof seen->answer, "%.*s", (int)rows[0].score.answer.n, rows[0].score.answer.p);
    return seen->n < 64;
}

/* ---- turns ---- */

static void check_turn(const RecordTurn *got, const RecordTurn *want) {
    const Completion *g = &got->completion, *w = &want->completion;
    check_str(got->request_hash, want->request_hash);
    check_str(got->answer, want->answer);
    check_str(got->answer_name, want->answer_name);
    check_str(g->analysis, w->analysis);
    check_str(g->final, w->final);
    check_str(g->call_recipient, w->call_recipient);
    check_str(g->call_content, w->call_content);
    assert_int_equal(g->status, w->status);
    assert_int_equal(g->stop, w->stop);
    assert_int_equal(g->ids.n, w->ids.n);
    if (w->ids.n) assert_memory_equal(g->ids.p, w->ids.p, w->ids.n * sizeof *w->ids.p);
    assert_int_equal(g->n_tokens, w->n_tokens);
    assert_int_equal(got->bad_call, want->bad_call);
    assert_true(got->tool_seconds == want->tool_seconds && g->seconds_decode == w->seconds_decode);
}

static bool count_turns(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id, (void)rows, (void)n;
    assert_null(r->turns); /* without texts only the counts */
    assert_int_equal(r->n_turns, 12);
    assert_int_equal(r->n_calls, 11);
    assert_int_equal(r->n_bad_calls, 6);
    assert_string_equal(r->limit.p, "tokens");
    ++*(int *)ctx;
    return true;
}

static void test_turns(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    uint32_t ids[] = {5, 200012};
    Str hostile = {HOSTILE, sizeof HOSTILE - 1};
    RecordTurn turns[12];
    for (int i = 0; i < 12; i++)
        turns[i] = (RecordTurn){.request_hash = str_printf(a, "hash %d", i),
                                .completion = {.status = COMPLETION_OK,
                                               .stop = i < 11 ? STOP_CALL : STOP_RETURN,
                                               .analysis = hostile,
                                               .final = i < 11 ? (Str){0} : STR(""),
                                               .call_recipient = i < 11 ? STR("functions.f") : (Str){0},
                                               .call_content = i < 11 ? str_printf(a, "{\"i\":%d}", i) : (Str){0},
                                               .ids = {ids, i % 3},
                                               .n_tokens = i,
                                               .seconds_decode = i / 4.0},
                                .answer = i % 2 ? hostile : (Str){0},
                                .answer_name = i % 2 ? STR("functions.f") : (Str){0},
                                .bad_call = i % 2 == 0,
                                .tool_seconds = i / 8.0};
    Record in = simple_record("one", 0), out;
    in.turns = turns, in.n_turns = 12, in.limit = STR("tokens");
    int64_t id = 0;
    int seen = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &in, &id, &err));
    OK(store_read(s, id, a, &out, &err));
    assert_int_equal(out.n_turns, 12);
    for (int i = 0; i < 12; i++) {
        if (!turns[i].completion.ids.n) turns[i].completion.ids.p = NULL;
        check_turn(&out.turns[i], &turns[i]);
    }
    check_str(out.completion.final, STR("4")); /* of the record itself, not of a turn */
    OK(store_each(s, false, a, count_turns, &seen, &err));
    assert_int_equal(seen, 1);
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

/* A store from before there were tools is read as it stands, and taken up again. */
static void test_version_1(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir(), command[400];
    Arena *a = arena_open(0);
    Record in = simple_record("one", 0), out;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &in, &id, &err));
    store_close(s);
    snprintf(command, sizeof command, "python3 tests/tools/old_store.py %s/run.db 1", dir);
    assert_int_equal(system(command), 0);
    OK(store_open(dir, STORE_READ, &s, &err));
    OK(store_read(s, id, a, &out, &err));
    assert_int_equal(out.n_turns, 0);
    store_close(s);
    RecordTurn turn = {.request_hash = STR("h"), .completion = {.final = STR("f")}};
    Record more = simple_record("two", 1);
    more.turns = &turn, more.n_turns = 1;
    OK(store_open(dir, STORE_RESUME, &s, &err));
    OK(store_append(s, &more, &id, &err));
    store_close(s);
    OK(store_open(dir, STORE_READ, &s, &err));
    OK(store_read(s, id, a, &out, &err));
    assert_int_equal(out.n_turns, 1);
    check_str(out.turns[0].completion.final, STR("f"));
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

static bool count_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id, (void)r, (void)rows, (void)n;
    ++*(int *)ctx;
    return true;
}

/* What a store holds about a record that nothing is wrong with, and that has no log-likelihoods. */
static void check_sound(const char *dir, int64_t id) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    Arena *a = arena_open(0);
    Record out;
    int n = 0;
    OK(store_open(dir, STORE_READ, &s, &err));
    OK(store_read(s, id, a, &out, &err));
    check_str(out.completion.malformed, STR(""));
    check_str(out.completion.error, STR(""));
    assert_int_equal(out.completion.n_choice_scores, 0);
    OK(store_each_options(s, a, count_record, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    arena_close(a);
}

/* That nothing went wrong takes no row, and no likelihoods take no list; as earlier versions stored both, it is read.
 */
static void test_nothing_wrong(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    sqlite3 *db = NULL;
    ChoiceScore none[1] = {{0}};
    char *dir = temp_dir(), path[300];
    Record in = simple_record("one", 0);
    in.completion.error = STR(""), in.completion.choice_scores = none;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &in, &id, &err));
    store_close(s);
    check_sound(dir, id);
    snprintf(path, sizeof path, "%s/run.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    static const char EARLIER[] = "UPDATE records SET choice_scores = '[]' WHERE choice_scores IS NULL;"
                                  "INSERT INTO texts(record, scorer, kind, sealed, bytes) VALUES"
                                  "(1, '', 'error', 0, x''), (1, '', 'malformed', 0, x'');";
    assert_int_equal(sqlite3_exec(db, EARLIER, NULL, NULL, NULL), SQLITE_OK); /* not there yet, or it would fail */
    assert_int_equal(sqlite3_changes(db), 2);
    sqlite3_close(db);
    check_sound(dir, id);
    remove_dir(dir);
}

/* What statistics read of the texts: one line a record. */
static bool see_told(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Buf *b = ctx;
    (void)id;
    buf_addf(b, "%lld tags " STR_FMT " error " STR_FMT " malformed " STR_FMT " judge " STR_FMT " final " STR_FMT "\n",
             (long long)r->ordinal, STR_ARG(r->tags), STR_ARG(r->completion.error), STR_ARG(r->completion.malformed),
             STR_ARG(n ? rows[0].judge : (Str){0}), STR_ARG(r->completion.final));
    return true;
}

static void read_told(const char *dir, StoreMode mode, Buf *b) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    Arena *a = arena_open(0);
    buf_init(b, 1 << 20);
    OK(store_open(dir, mode, &s, &err));
    OK(store_each(s, false, a, see_told, b, &err));
    OK(store_each(s, false, a, see_told, b, &err)); /* and again */
    store_close(s);
    arena_close(a);
}

/* A reader looks for texts only where there are some: it finds those that a writer finds, first and last among them. */
static void test_told(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir(), name[8];
    int64_t id = 0;
    Buf reader, writer;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, (i * 7) % 40);
        ScoreRow row = score_row("j", 1);
        if (i % 13 == 0) r.tags = STR("{\"kind\":\"twin\"}"); /* 0, 13, 26, 39 */
        if (i % 11 == 1) r.completion.error = STR("no reply");
        if (i % 11 == 2) r.completion.malformed = STR("cut off");
        if (i % 11 == 3) row.judge = STR("{\"asked\":1}");
        OK(store_append_scored(s, &r, &row, 1, &id, &err));
    }
    store_close(s);
    read_told(dir, STORE_READ, &reader);
    read_told(dir, STORE_RESUME, &writer);
    assert_int_equal(reader.n, writer.n);
    assert_memory_equal(reader.p, writer.p, writer.n);
    buf_addc(&reader, 0);
    int found[4] = {0};
    static const char *const what[] = {"twin", "no reply", "cut off", "asked"};
    for (int k = 0; k < 4; k++)
        for (const char *p = reader.p; (p = strstr(p, what[k])); p++) found[k]++;
    assert_int_equal(found[0], 2 * 4);
    for (int k = 1; k < 4; k++) assert_int_equal(found[k], 2 * 4);
    assert_null(strstr(reader.p, "final 4"));
    buf_release(&reader);
    buf_release(&writer);
    remove_dir(dir);
}

static bool see_key(void *ctx, int64_t id, const RecordKey *k, int n_scores) {
    Buf *b = ctx;
    (void)id, (void)n_scores;
    buf_addf(b, STR_FMT "/" STR_FMT " ", STR_ARG(k->sample), STR_ARG(k->transform));
    return true;
}

/* The transform is part of the key: the same sample under another one is another record, under the same one is not. */
static void test_transform(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    int64_t id = 0;
    Record r = simple_record("one", 0), out;
    Buf keys;
    buf_init(&keys, 1000);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &r, &id, &err));
    r.key.transform = STR("story+b64"), r.ordinal = 1;
    OK(store_append(s, &r, &id, &err));
    OK(store_read(s, id, a, &out, &err));
    check_str(out.key.transform, STR("story+b64"));
    assert_false(store_append(s, &r, &id, &err));
    assert_non_null(strstr(err.msg, "(transform story+b64, effort"));
    r.key.transform = STR("plain");
    assert_false(store_append(s, &r, &id, &err)); /* absent was plain */
    OK(store_each_key(s, see_key, &keys, &err));
    check_str(buf_str(&keys), STR("one/plain one/story+b64 "));
    buf_release(&keys);
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

/* A store from before there were transforms: every record is plain, and resuming may add more. */
static void test_version_2(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir(), command[400];
    Arena *a = arena_open(0);
    Record in = simple_record("one", 0), out;
    int64_t id = 0;
    Seen seen = {0};
    Buf keys;
    buf_init(&keys, 1000);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_append(s, &in, &id, &err));
    store_close(s);
    snprintf(command, sizeof command, "python3 tests/tools/old_store.py %s/run.db 2", dir);
    assert_int_equal(system(command), 0);
    OK(store_open(dir, STORE_READ, &s, &err));
    OK(store_read(s, id, a, &out, &err));
    check_str(out.key.transform, STR("plain"));
    OK(store_each(s, true, a, see, &seen, &err));
    assert_int_equal(seen.n, 1);
    OK(store_each_key(s, see_key, &keys, &err));
    store_close(s);
    Record more = simple_record("two", 1);
    OK(store_open(dir, STORE_RESUME, &s, &err));
    OK(store_append(s, &more, &id, &err));
    assert_false(store_append(s, &in, &id, &err));
    store_close(s);
    OK(store_open(dir, STORE_READ, &s, &err));
    OK(store_each_key(s, see_key, &keys, &err));
    check_str(buf_str(&keys), STR("one/plain one/plain two/plain "));
    buf_release(&keys);
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

static void test_scores(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    int64_t id[3];
    Record r[3] = {simple_record("c", 2), simple_record("a", 0), simple_record("b", 1)};
    r[1].tags = STR("{\"kind\":\"twin\"}");
    for (int i = 0; i < 3; i++) OK(store_append(s, &r[i], &id[i], &err));
    ScoreRow rows[2] = {score_row("zeta", 1), score_row("alpha", 0)};
    OK(store_put_scores(s, id[0], rows, 2, &err));
    StoreCounts c;
    OK(store_counts(s, &c, &err));
    assert_int_equal(c.records, 3);
    assert_int_equal(c.scores, 2);
    assert_int_equal(c.records_without_scores, 2);

    /* by ordinal, not by the order of finishing; scores in the given order, not by name */
    Seen seen = {0};
    OK(store_each(s, true, a, see, &seen, &err));
    assert_int_equal(seen.n, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(seen.ordinals[i], i);
    assert_int_equal(seen.n_rows, 2);
    assert_true(seen.texts);
    assert_string_equal(seen.answer, "B");
    assert_true(seen.row.score.value == 1 && seen.row.score.span_begin == 3 && isnan(seen.row.score.margin));
    Seen light = {0};
    OK(store_each(s, false, a, see, &light, &err));
    assert_false(light.texts);
    assert_int_equal(light.n_tags, 1); /* statistics need them */
    assert_string_equal(light.answer, "");

    /* scoring again replaces; an unscored row has no value even if the scorer left one */
    ScoreRow again = score_row("zeta", 1);
    again.score.status = SCORE_UNSCORED, again.score.outcome = OUTCOME_UNSCORED;
    again.score.answer = (ScorerStr){0};
    OK(store_put_scores(s, id[0], &again, 1, &err));
    seen = (Seen){0};
    OK(store_each(s, true, a, see, &seen, &err));
    OK(store_counts(s, &c, &err));
    assert_int_equal(c.scores, 2);
    store_close(s);
    OK(store_open(dir, STORE_READ, &s, &err));
    seen = (Seen){0};
    OK(store_each(s, true, a, see, &seen, &err));
    assert_int_equal(seen.n_rows, 2);
    assert_true(isnan(seen.row.score.value));
    assert_int_equal(seen.row.score.status, SCORE_UNSCORED);
    assert_string_equal(seen.answer, "");
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

static void test_refusals(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL, *second = NULL;
    char *dir = temp_dir();
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    Record r = simple_record("a", 0);
    OK(store_append(s, &r, &id, &err));
    assert_false(store_append(s, &r, &id, &err)); /* twice */
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "stored already"));
    ScoreRow row = score_row("x", 1);
    assert_false(store_put_scores(s, id + 1, &row, 1, &err)); /* no such record */
    row.score.value = NAN;
    assert_false(store_put_scores(s, id, &row, 1, &err));
    assert_false(store_manifest_put(s, "plan", STR("{\"a\":"), &err));
    StoreCounts c;
    OK(store_counts(s, &c, &err));
    assert_int_equal(c.records, 1);
    assert_int_equal(c.scores, 0);

    assert_false(store_open(dir, STORE_RESUME, &second, &err)); /* one writer */
    assert_null(second);
    assert_int_equal(err.code, ERR_ENV);
    OK(store_open(dir, STORE_READ, &second, &err)); /* beside a reader */
    assert_false(store_append(second, &r, &id, &err));
    store_close(second);
    store_close(s);
    assert_false(store_open(dir, STORE_CREATE, &s, &err)); /* a run is there */
    assert_int_equal(err.code, ERR_INPUT);
    OK(store_open(dir, STORE_RESUME, &s, &err));
    store_close(s);
    remove_dir(dir);
    assert_false(store_open(dir, STORE_RESUME, &s, &err)); /* nothing is there */
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(store_open(dir, STORE_READ, &s, &err));
}

static bool gather_keys(void *ctx, Str key, Str json) {
    buf_addstr(ctx, key);
    buf_addc(ctx, '=');
    buf_addstr(ctx, json);
    buf_addc(ctx, ';');
    return true;
}

static void test_manifest(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    Str got;
    Buf all;
    buf_init(&all, 4096);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_manifest_put(s, "seed", STR("1"), &err));
    OK(store_manifest_put(s, "plan", STR("{}"), &err));
    OK(store_manifest_put(s, "seed", STR("2"), &err));
    OK(store_manifest_get(s, "seed", a, &got, &err));
    check_str(got, STR("2"));
    OK(store_manifest_get(s, "nothing", a, &got, &err));
    assert_null(got.p);
    OK(store_each_manifest(s, gather_keys, &all, &err));
    check_str(buf_str(&all), STR("plan={};seed=2;"));
    buf_release(&all);
    store_close(s);
    arena_close(a);
    remove_dir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_turns),     cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_transform),     cmocka_unit_test(test_version_2), cmocka_unit_test(test_scores),
        cmocka_unit_test(test_nothing_wrong), cmocka_unit_test(test_told),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
