/* The run store: what goes in comes out, nothing twice, one writer, and intact after kill -9 and a full disk. */
#include "tests/support.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "reports/store.h"

static char *temp_dir(void) {
    static char ring[8][64];
    static int at;
    char *d = ring[at++ & 7];
    snprintf(d, sizeof ring[0], "/tmp/assay-store-XXXXXX");
    assert_non_null(mkdtemp(d));
    return d;
}

static void remove_dir(const char *dir) {
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

static Record simple_record(const char *sample, int64_t ordinal) {
    return (Record){
        .key = {STR("m"), STR("demo/choice"), str_from(sample), EFFORT_LOW, 1},
        .ordinal = ordinal,
        .prompt = STR("[{\"role\":\"user\",\"content\":\"2+2?\"}]"),
        .completion = {.status = COMPLETION_OK, .final = STR("4"), .has_final = true, .malformed = STR("")},
    };
}

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
        .sealed = true,
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
    assert_true(out.sealed);
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
} Seen;

static bool see(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Seen *seen = ctx;
    (void)id;
    seen->ordinals[seen->n++] = r->ordinal;
    seen->n_rows = n;
    seen->texts = r->prompt.p != NULL || r->completion.final.p != NULL;
    if (n) seen->row = rows[0];
    if (n) snprintf(seen->answer, sizeof seen->answer, "%.*s", (int)rows[0].score.answer.n, rows[0].score.answer.p);
    return seen->n < 64;
}

static ScoreRow score_row(const char *scorer, double value) {
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
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3; d = sqlite3.connect('%s/run.db'); d.executescript('drop table turns; pragma "
             "user_version=1;'); d.close()\"",
             dir);
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

static void test_scores(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    Arena *a = arena_open(0);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    int64_t id[3];
    Record r[3] = {simple_record("c", 2), simple_record("a", 0), simple_record("b", 1)};
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

/* ---- other people's files ---- */

/* Without fsync: these are many. */
static void write_named(const char *dir, const char *name, Str bytes) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *dir, const void *p, size_t n) {
    write_named(dir, "run.db", (Str){p, n});
}

static void test_foreign_files(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    write_file(dir, "hello, this is not a database at all, but it is long enough to be read as one ............", 90);
    assert_false(store_open(dir, STORE_READ, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(store_open(dir, STORE_RESUME, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    /* killed within store_open: an empty file is an empty run to a writer, and a sentence to a reader */
    write_file(dir, "", 0);
    assert_false(store_open(dir, STORE_READ, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    OK(store_open(dir, STORE_RESUME, &s, &err));
    store_close(s);
    OK(store_open(dir, STORE_READ, &s, &err));
    store_close(s);
    remove_dir(dir);
}

static bool count_rows(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id, (void)r, (void)rows, (void)n;
    ++*(int *)ctx;
    return true;
}

/* Every truncation and a mutation of every 7th byte of a valid file: refused or read, never a crash. */
static void test_damaged_files(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir(), path[256];
    Arena *a = arena_open(0);
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (int i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, i);
        ScoreRow row = score_row("choice", i & 1);
        OK(store_append(s, &r, &id, &err));
        OK(store_put_scores(s, id, &row, 1, &err));
    }
    store_close(s);
    snprintf(path, sizeof path, "%s/run.db", dir);
    Buf whole;
    buf_init(&whole, 1 << 24);
    OK(file_read(path, &whole, &err));
    char *copy = malloc(whole.n);
    for (size_t i = 0; i < whole.n; i += i < 200 ? 1 : 997) {
        write_file(dir, whole.p, i); /* prefix */
        if (store_open(dir, STORE_READ, &s, &err)) {
            int n = 0;
            store_each(s, true, a, count_rows, &n, &err);
            store_close(s);
        }
        memcpy(copy, whole.p, whole.n);
        copy[i] ^= 0x55;
        write_file(dir, copy, whole.n);
        if (store_open(dir, STORE_READ, &s, &err)) {
            int n = 0;
            store_each(s, true, a, count_rows, &n, &err);
            store_close(s);
        }
    }
    free(copy);
    buf_release(&whole);
    arena_close(a);
    remove_dir(dir);
}

/* ---- kill -9 ---- */

/* Appends records for ever; tells the parent through the pipe after each commit. */
static void append_until_killed(const char *dir, bool there, int from, int fd) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    if (!store_open(dir, there ? STORE_RESUME : STORE_CREATE, &s, &err)) _exit(1);
    for (int i = from;; i++) {
        char name[16];
        int64_t id = 0;
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, i);
        ScoreRow row = score_row("choice", 1);
        if (!store_append(s, &r, &id, &err)) _exit(2);
        if (write(fd, &i, sizeof i) != sizeof i) _exit(3);
        if (!store_put_scores(s, id, &row, 1, &err)) _exit(4);
    }
}

static void test_kill_9(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir(), path[256];
    int stored = 0; /* records that a fresh writer finds */
    snprintf(path, sizeof path, "%s/run.db", dir);
    for (int round = 0; round < 14; round++) {
        int fds[2], last = stored - 1;
        bool there = file_exists(path); /* the first rounds are killed while the file is being made */
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) append_until_killed(dir, there, stored, fds[1]);
        close(fds[1]);
        /* after a few commits, at no particular point of the next ones; the first rounds within the making of the file
         */
        for (int i, k = 0; k < 2 * (round - 2) && read(fds[0], &i, sizeof i) == sizeof i; k++) last = i;
        usleep((useconds_t)(round < 3 ? 300 + 700 * round : (round * 7919) % 5000));
        kill(pid, SIGKILL);
        for (int i; read(fds[0], &i, sizeof i) == sizeof i;) last = i;
        close(fds[0]);
        int status = 0;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status)); /* it did not fail by itself */
        RunStore *s = NULL;
        StoreCounts c = {0};
        if (!file_exists(path)) continue;
        OK(store_open(dir, STORE_RESUME, &s, &err));
        OK(store_counts(s, &c, &err));
        store_close(s);
        /* nothing that was reported as stored is lost; at most the one in flight more */
        assert_true(c.records >= last + 1 && c.records <= last + 2);
        assert_true(c.records_without_scores <= round + 1);
        stored = (int)c.records;
    }
    assert_true(stored > 5);
    remove_dir(dir);
}

/* ---- power cut ---- */

static void read_named(const char *dir, const char *name, Buf *out) {
    char path[256];
    Err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    buf_init(out, 1 << 24);
    OK(file_read(path, out, &err));
}

/* The log cut at any length, as after a power cut: what was committed before the cut is there, whole calls only. */
static void test_torn_log(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir(), path[256];
    pid_t pid = fork();
    if (pid == 0) { /* dies without closing: the log is not folded in */
        RunStore *s = NULL;
        bool ok = store_open(dir, STORE_CREATE, &s, &err);
        for (int i = 0; ok && i < 12; i++) {
            char name[16];
            int64_t id;
            snprintf(name, sizeof name, "s%d", i);
            Record r = simple_record(name, i);
            ScoreRow row = score_row("choice", 1);
            ok = store_append(s, &r, &id, &err) && store_put_scores(s, id, &row, 1, &err);
        }
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    Buf db, wal;
    read_named(dir, "run.db", &db);
    read_named(dir, "run.db-wal", &wal);
    int64_t before = 0;
    for (size_t cut = 0; cut <= wal.n; cut += cut + 1777 > wal.n && cut < wal.n ? wal.n - cut : 1777) {
        RunStore *s = NULL;
        StoreCounts c;
        snprintf(path, sizeof path, "%s/run.db-shm", dir);
        unlink(path);
        write_named(dir, "run.db", buf_str(&db));
        write_named(dir, "run.db-wal", (Str){wal.p, cut});
        OK(store_open(dir, STORE_RESUME, &s, &err));
        OK(store_counts(s, &c, &err));
        store_close(s);
        assert_true(c.records >= before && c.records - c.scores <= 1);
        before = c.records;
    }
    assert_int_equal(before, 12);
    buf_release(&db);
    buf_release(&wal);
    remove_dir(dir);
}

/* ---- full disk ---- */

/* In a child: no file may grow beyond `limit` bytes. Exit 0: the store said ERR_IO and stayed as it was. */
static void fill_up(const char *dir, rlim_t limit) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    StoreCounts before = {0}, after = {0};
    static char big[20000];
    memset(big, 'x', sizeof big);
    signal(SIGXFSZ, SIG_IGN);
    if (!store_open(dir, STORE_RESUME, &s, &err)) _exit(10);
    struct rlimit rl = {limit, limit};
    setrlimit(RLIMIT_FSIZE, &rl);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        int64_t id = 0;
        snprintf(name, sizeof name, "f%d", i);
        Record r = simple_record(name, i);
        r.completion.final = (Str){big, sizeof big};
        if (!store_counts(s, &before, &err)) _exit(11);
        if (store_append(s, &r, &id, &err)) continue;
        if (err.code != ERR_IO) _exit(12);
        if (!store_counts(s, &after, &err)) _exit(13);
        store_close(s);
        _exit(after.records == before.records ? 0 : 14);
    }
    _exit(15);
}

static void test_full_disk(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir();
    RunStore *s = NULL;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    Record r = simple_record("first", 0);
    OK(store_append(s, &r, &id, &err));
    store_close(s);
    pid_t pid = fork();
    if (pid == 0) fill_up(dir, 300000);
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* with room again the run goes on */
    OK(store_open(dir, STORE_RESUME, &s, &err));
    r = simple_record("after", 1);
    OK(store_append(s, &r, &id, &err));
    StoreCounts c;
    OK(store_counts(s, &c, &err));
    assert_true(c.records > 2);
    store_close(s);
    remove_dir(dir);
}

static void test_create_without_room(void **state) {
    (void)state;
    char *dir = temp_dir();
    pid_t pid = fork();
    if (pid == 0) {
        Err err = ERR_INIT;
        RunStore *s = NULL;
        struct rlimit rl = {5000, 5000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &rl);
        bool made = store_open(dir, STORE_CREATE, &s, &err);
        _exit(made ? 1 : err.code == ERR_IO ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing is left behind */
}

static void test_read_only_dir(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir();
    RunStore *s = NULL;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    Record r = simple_record("a", 0);
    OK(store_append(s, &r, &id, &err));
    store_close(s);
    if (geteuid() == 0) { /* root writes anywhere: become nobody in a child */
        chmod(dir, 0755);
        char path[256];
        snprintf(path, sizeof path, "%s/run.db", dir);
        chmod(path, 0644);
        pid_t pid = fork();
        if (pid == 0) {
            StoreCounts c;
            if (setuid(65534) != 0) _exit(9);
            if (store_open(dir, STORE_RESUME, &s, &err) || err.code != ERR_IO) _exit(1);
            if (!store_open(dir, STORE_READ, &s, &err)) _exit(2);
            if (!store_counts(s, &c, &err) || c.records != 1) _exit(3);
            store_close(s);
            _exit(0);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    remove_dir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_foreign_files),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_kill_9),
        cmocka_unit_test(test_torn_log),
        cmocka_unit_test(test_full_disk),

        cmocka_unit_test(test_create_without_room),
        cmocka_unit_test(test_read_only_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
