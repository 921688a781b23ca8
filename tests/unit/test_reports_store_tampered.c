/* A run.db that is valid SQLite, but in which somebody else wrote: each reader refuses it in a sentence that names the
 * column or the thing, and no text is read as the number 0. */
#include "tests/store_support.h"

#include <sqlite3.h>

static void make(const char *dir) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    int64_t id;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, i);
        ScoreRow row = score_row("choice", i & 1);
        OK(store_append_scored(s, &r, &row, 1, &id, &err));
    }
    store_close(s);
}

static void tamper(const char *dir, const char *sql) {
    char path[256], *why = NULL;
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/run.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA ignore_check_constraints=ON; PRAGMA foreign_keys=OFF", NULL, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", sql, why);
    sqlite3_close(db);
}

static bool count(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id, (void)r, (void)rows, (void)n;
    ++*(int *)ctx;
    return true;
}

static bool read_through(const char *dir, Err *err) {
    RunStore *s = NULL;
    int n = 0;
    if (!store_open(dir, STORE_READ, &s, err)) return false;
    Arena *a = arena_open(0);
    bool ok = store_each(s, true, a, count, &n, err);
    arena_close(a);
    store_close(s);
    return ok && n == 3;
}

/* One line of SQL, and what the sentence must name. */
static void refused(const char *sql, const char *names) {
    Err err = ERR_INIT;
    char *dir = temp_dir();
    make(dir);
    OK(read_through(dir, &err));
    tamper(dir, sql);
    if (read_through(dir, &err)) fail_msg("taken: %s", sql);
    if (err.code != ERR_INPUT || !strstr(err.msg, names) || !strstr(err.msg, "run.db"))
        fail_msg("%s: code %d, '%s'", sql, (int)err.code, err.msg);
    remove_dir(dir);
}

static void test_values(void **state) {
    (void)state;
    static const char *const VALUES[] = {"'abc'", "x'00'", "9e999", "-9e999", "1.5", "-0.1", "NULL"};
    char sql[200];
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        snprintf(sql, sizeof sql, "UPDATE scores SET value = %s WHERE record = 2", VALUES[i]);
        refused(sql, "record 2: 'value'");
    }
    refused("UPDATE scores SET status = 1", "'value'"); /* unscored, with a value */
    refused("UPDATE scores SET status = 7", "'status'");
    refused("UPDATE scores SET outcome = 'right'", "'outcome'");
    refused("UPDATE scores SET span_end = -1", "'span_end'");
    refused("UPDATE scores SET span_begin = 10", "'span_end'"); /* 9 */
    refused("UPDATE scores SET margin = 9e999", "'margin'");
}

static void test_counts(void **state) {
    (void)state;
    static const char *const COLUMNS[] = {"n_prompt_tokens", "n_tokens", "n_analysis_tokens", "has_final", "sealed"};
    static const char *const VALUES[] = {"'many'", "x'01'", "-1", "4294967296", "0.5"};
    char sql[200], names[64];
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        for (size_t j = 0; j < sizeof VALUES / sizeof *VALUES; j++) {
            snprintf(sql, sizeof sql, "UPDATE records SET %s = %s WHERE id = 3", COLUMNS[i], VALUES[j]);
            snprintf(names, sizeof names, "record 3: '%s'", COLUMNS[i]);
            refused(sql, names);
        }
    refused("UPDATE records SET epoch = 4294967297 WHERE id = 2", "'epoch'"); /* 1, cut to 32 bits */
    refused("UPDATE records SET ordinal = 'first'", "'ordinal'");
    refused("UPDATE records SET seconds_decode = 9e999", "'seconds_decode'");
    refused("UPDATE records SET seconds_prefill = -1", "'seconds_prefill'");
}

/* A trigger or view could run code of the file's author, or show other rows to other readers. */
static void test_schema(void **state) {
    (void)state;
    refused("CREATE VIEW harmless AS SELECT 1", "view harmless");
    refused("ALTER TABLE scores RENAME TO s2; CREATE VIEW scores AS SELECT * FROM s2", "view scores");
    refused("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM scores; END", "trigger t");
    refused("ALTER TABLE scores DROP COLUMN margin; ALTER TABLE scores ADD COLUMN margin REAL AS (status * 0.5)",
            "generated column margin");
    refused("DROP TABLE scores", "no such table: scores");
    refused("ALTER TABLE records RENAME COLUMN n_tokens TO n", "no such column: n_tokens");
}

/* A text is a text: a number, bytes or nothing in its place is no name of anything. */
static void test_texts(void **state) {
    (void)state;
    static const char *const TEXTS[] = {"model", "suite", "sample", "transform"};
    static const char *const PLAIN = "PRAGMA writable_schema=1; UPDATE sqlite_master SET sql = replace(sql, ' NOT "
                                     "NULL', ''); PRAGMA writable_schema=RESET; ";
    char sql[400], names[64];
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        snprintf(names, sizeof names, "record 2: '%s'", TEXTS[i]);
        snprintf(sql, sizeof sql, "UPDATE records SET %s = x'6d' WHERE id = 2", TEXTS[i]);
        refused(sql, names);
        snprintf(sql, sizeof sql, "%sUPDATE records SET %s = NULL WHERE id = 2", PLAIN, TEXTS[i]);
        refused(sql, names);
    }
    refused("UPDATE records SET group_name = x'00' WHERE id = 2", "record 2: 'group_name'");
    refused("UPDATE records SET content_hash = x'00' WHERE id = 2", "record 2: 'content_hash'");
    refused("UPDATE scores SET label = x'00' WHERE record = 2", "record 2: 'label'");
    refused("UPDATE scores SET scorer = x'00' WHERE record = 2", "record 2: 'scorer'");
    refused("UPDATE scores SET position = 'first' WHERE record = 2", "record 2: 'position'");
}

#define OTHER_TABLE(name, columns)                                                                                     \
    "ALTER TABLE " name " RENAME TO old; CREATE TABLE " name "(" columns "); INSERT INTO " name                        \
    " SELECT * FROM old; DROP TABLE old; "
#define RECORDS_ANYHOW                                                                                                 \
    "PRAGMA legacy_alter_table=1; DROP INDEX records_by_ordinal; " OTHER_TABLE(                                        \
        "records",                                                                                                     \
        "id INTEGER PRIMARY KEY, model, suite, sample, effort, epoch, ordinal, group_name, cluster, "                  \
        "content_hash, request_hash, started_at, status, has_final, n_prompt_tokens, n_tokens, "                       \
        "n_analysis_tokens, choice_scores, seconds_prefill, seconds_decode, sealed, transform") "CREATE INDEX "        \
                                                                                                "records_by_ordinal "  \
                                                                                                "ON records(ordinal, " \
                                                                                                "id); "
#define SCORES_ANYHOW                                                                                                  \
    "PRAGMA legacy_alter_table=1; " OTHER_TABLE("scores", "record, scorer, version, position, status, outcome, "       \
                                                          "value, label, rule, span_begin, span_end, margin")

/* What columns and texts hold must be what we write there, not something that reads as nothing. */
static void test_within(void **state) {
    (void)state;
    static const char *const CHOICES[] = {"5",
                                          "{}",
                                          "[5]",
                                          "[[]]",
                                          "[[-1,1]]",
                                          "[[\"x\",1,true]]",
                                          "[[-1,-1,true]]",
                                          "[[1e999,1,true]]",
                                          "[[-1,1,7]]",
                                          "[[-1,1,true,0]]"};
    char sql[200];
    for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
        snprintf(sql, sizeof sql, "UPDATE records SET choice_scores = '%s' WHERE id = 2", CHOICES[i]);
        refused(sql, "record 2: 'choice_scores'");
    }
    refused("UPDATE records SET choice_scores = '[' WHERE id = 2", "record 2: 'choice_scores': line 1 column 1");
    refused("UPDATE texts SET bytes = 5 WHERE record = 2", "record 2: 'bytes'");
    refused("UPDATE texts SET kind = x'00' WHERE record = 2 AND kind = 'final'", "record 2: 'kind'");
    refused("UPDATE texts SET length_class = -1 WHERE record = 2", "record 2: 'length_class'");
    refused("UPDATE texts SET run_key = -1 WHERE record = 2", "record 2: 'run_key'");
    refused("UPDATE texts SET commitment = x'00' WHERE record = 2", "record 2: 'commitment'");
    refused("UPDATE texts SET kind = 'ids', bytes = x'010203' WHERE record = 2 AND kind = 'final'",
            "record 2: token ids of 3 bytes");
}

static bool any_entry(void *ctx, Str key, Str json) {
    (void)ctx, (void)key, (void)json;
    return true;
}

static void test_manifest(void **state) {
    (void)state;
    static const char *const VALUES[] = {"x'7b7d'", "'{'", "''", "5"};
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        Err err = ERR_INIT, each = ERR_INIT;
        char *dir = temp_dir(), sql[100];
        RunStore *s = NULL;
        Str text;
        make(dir);
        snprintf(sql, sizeof sql, "INSERT INTO manifest VALUES('plan', %s)", VALUES[i]);
        tamper(dir, sql);
        OK(store_open(dir, STORE_READ, &s, &err));
        Arena *a = arena_open(0);
        bool read = store_manifest_get(s, "plan", a, &text, &err), all = store_each_manifest(s, any_entry, NULL, &each);
        assert_int_equal(read, i == 3); /* a number becomes the text 5, which is JSON */
        assert_int_equal(all, i == 3);
        if (i < 3) assert_non_null(strstr(err.msg, "run.db: manifest key 'plan': "));
        if (i < 3) assert_string_equal(err.msg, each.msg);
        arena_close(a);
        store_close(s);
        remove_dir(dir);
    }
}

/* One question counted as two, and a score that hangs on nothing. */
static void test_counted_twice(void **state) {
    (void)state;
    refused(RECORDS_ANYHOW "UPDATE records SET sample = 's0' WHERE id = 2", "records 1 and 2");
    refused(SCORES_ANYHOW "INSERT INTO scores SELECT * FROM scores WHERE record = 2", "do not stand in the order");
    refused("PRAGMA foreign_keys=0; UPDATE scores SET record = 9 WHERE record = 3", "score of record 9");
    refused("PRAGMA foreign_keys=0; DELETE FROM records WHERE id = 1", "score of record 1");
}

/* The index by which the records are walked gives one of them twice: it still holds what the table held before. */
static void test_index(void **state) {
    (void)state;
    static const char *const HIDE =
        "CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'records_by_ordinal'; "
        "PRAGMA writable_schema=1; DELETE FROM sqlite_master WHERE name = "
        "'records_by_ordinal'; PRAGMA writable_schema=RESET; ";
    static const char *const SHOW = "; PRAGMA writable_schema=1; INSERT INTO sqlite_master SELECT * FROM kept; PRAGMA "
                                    "writable_schema=RESET; DROP TABLE kept";
    char sql[800];
    snprintf(sql, sizeof sql, "%sUPDATE records SET ordinal = 7 WHERE id = 2%s", HIDE, SHOW);
    refused(sql, "records_by_ordinal");
    snprintf(sql, sizeof sql, "%sDELETE FROM scores WHERE record = 3; DELETE FROM records WHERE id = 3%s", HIDE, SHOW);
    refused(sql, "records_by_ordinal");
    refused("DROP INDEX records_by_ordinal", "no such index");
}

/* What is not a file is never opened: a pipe would hold the reader for ever. */
static void test_no_file(void **state) {
    (void)state;
    for (int pipe = 0; pipe < 2; pipe++) {
        Err err = ERR_INIT;
        RunStore *s = NULL;
        char *dir = temp_dir(), path[256];
        snprintf(path, sizeof path, "%s/run.db", dir);
        assert_int_equal(pipe ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
        for (int mode = STORE_RESUME; mode <= STORE_READ; mode++) {
            assert_false(store_open(dir, (StoreMode)mode, &s, &err));
            assert_int_equal(err.code, ERR_INPUT);
            assert_non_null(strstr(err.msg, pipe ? "run.db: this is no regular file" : "run.db: this is a folder"));
        }
        remove(path);
        remove_dir(dir);
    }
}

static void test_no_file_beside(void **state) {
    (void)state;
    static const char *const NAMES[] = {"run.db-wal", "run.db-journal", "run.db-shm"};
    for (size_t i = 0; i < 2 * sizeof NAMES / sizeof *NAMES; i++) {
        Err err = ERR_INIT;
        RunStore *s = NULL;
        const char *name = NAMES[i / 2];
        char *dir = temp_dir(), path[256];
        make(dir);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        assert_int_equal(i % 2 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
        for (int mode = STORE_RESUME; mode <= STORE_READ; mode++) {
            assert_false(store_open(dir, (StoreMode)mode, &s, &err));
            assert_int_equal(err.code, ERR_INPUT);
            assert_non_null(strstr(err.msg, path));
        }
        remove(path);
        remove_dir(dir);
    }
}

/* A writer refuses them too: its inserts would fire the trigger. */
static void test_resume(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    make(dir);
    tamper(dir, "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM scores; END");
    assert_false(store_open(dir, STORE_RESUME, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    remove_dir(dir);
}

/* A scorer's margin without a number is none: what is written can be read again. */
static void test_margin_without_number(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    int64_t id;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (int i = 0; i < 3; i++) {
        static const double MARGINS[] = {HUGE_VAL, -HUGE_VAL, NAN};
        Record r = simple_record(i == 0 ? "a" : i == 1 ? "b" : "c", i);
        ScoreRow row = score_row("choice", 1);
        row.score.margin = MARGINS[i];
        OK(store_append_scored(s, &r, &row, 1, &id, &err));
    }
    store_close(s);
    OK(read_through(dir, &err));
    remove_dir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_schema),        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_within),        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_counted_twice), cmocka_unit_test(test_index),
        cmocka_unit_test(test_no_file),       cmocka_unit_test(test_no_file_beside),
        cmocka_unit_test(test_resume),        cmocka_unit_test(test_margin_without_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
