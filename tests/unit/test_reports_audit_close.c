/* The close of a run: its roots are RFC 6962's over the leaves that the header describes, and whatever figures are made
 * of cannot change behind it. */
#include "reports/audit/audit_close.h"

#include "engine/base/hash.h"
#include "reports/seal/seal_sign.h"
#include "tests/store_support.h"

static const char PLAN[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

typedef struct Fixture {
    char *dir;
    RunStore *s;
    Arena *a;
    SealSecret *key;
    int64_t id[3];
} Fixture;

static Fixture fixture(size_t n) {
    static const char *const names[] = {"one", "two", "three"};
    static const unsigned char seed[SEAL_KEY_BYTES] = {7};
    Err err = ERR_INIT;
    Fixture f = {.dir = temp_dir(), .a = arena_open(0)};
    OK(store_open(f.dir, STORE_CREATE, &f.s, &err));
    OK(sign__from_seed(seed, &f.key, &err));
    for (size_t i = 0; i < n; i++) {
        Record r = simple_record(names[i], (int64_t)i);
        ScoreRow row = score_row("choice", i == 1 ? 0.0 : 1.0);
        OK(store_append(f.s, &r, &f.id[i], &err));
        OK(store_put_scores(f.s, f.id[i], &row, 1, &err));
    }
    return f;
}

static void finish(Fixture *f) {
    seal_secret_close(f->key);
    store_close(f->s);
    arena_close(f->a);
    remove_dir(f->dir);
}

static void close_run(Fixture *f, const SealSecret *key) {
    Err err = ERR_INIT;
    Str json;
    OK(audit_close_make(f->s, str_from(PLAN), key, f->a, &json, &err));
    OK(store_manifest_put(f->s, "run_close", json, &err));
}

static AuditClose check(Fixture *f, const char *plan) {
    Err err = ERR_INIT;
    AuditClose c;
    OK(audit_close_check(f->s, plan ? str_from(plan) : (Str){0}, f->a, &c, &err));
    return c;
}

static void leaf(const char *text, unsigned char out[32]) {
    Sha256 h;
    sha256_init(&h);
    sha256_add(&h, "\0", 1);
    sha256_add(&h, text, strlen(text));
    sha256_end(&h, out);
}

static void node(const unsigned char a[32], const unsigned char b[32], char hex[65]) {
    Sha256 h;
    unsigned char out[32];
    sha256_init(&h);
    sha256_add(&h, "\1", 1);
    sha256_add(&h, a, 32);
    sha256_add(&h, b, 32);
    sha256_end(&h, out);
    sha256_hex(out, hex);
}

/* The manifest is empty and there is one record: the roots are SHA-256(1 || manifest's leaf || record's leaf), with the
 * leaves written out by hand. Without a record the root is the manifest's leaf. */
static void test_root(void **state) {
    static const char empty[] = "{\"manifest\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
                      key[] = "\"effort\":\"low\",\"epoch\":1,";
    char answer[600], scores[600], texts[65], want[65];
    unsigned char bytes[32], manifest[32], record[32];
    AuditRoots got;
    Err err = ERR_INIT;
    Sha256 h;
    Fixture f = fixture(1), none = fixture(0);
    (void)state;
    sha256_init(&h); /* two fields with their lengths: no analysis, "4" */
    sha256_add_field(&h, STR(""));
    sha256_add_field(&h, STR("4"));
    sha256_end(&h, bytes);
    sha256_hex(bytes, texts);
    snprintf(answer, sizeof answer,
             "{\"cluster\":\"\",\"content\":\"\",%s\"final\":true,\"model\":\"m\",\"request\":\"\",\"sample\":\"one\","
             "\"status\":0,\"suite\":\"demo/choice\",\"tags\":\"\",\"texts\":\"%s\",\"transform\":\"plain\"}",
             key, texts);
    snprintf(scores, sizeof scores,
             "{%s\"model\":\"m\",\"sample\":\"one\",\"scores\":[{\"label\":\"\",\"outcome\":0,\"rule\":"
             "\"answer-colon\",\"scorer\":\"choice\",\"status\":0,\"value\":1,\"version\":\"1\"}],\"suite\":"
             "\"demo/choice\",\"transform\":\"plain\"}",
             key);
    OK(audit_close_roots(f.s, &got, &err));
    assert_int_equal(got.records, 1);
    leaf(empty, manifest);
    leaf(answer, record);
    node(manifest, record, want);
    assert_string_equal(got.answers, want);
    leaf(scores, record);
    node(manifest, record, want);
    assert_string_equal(got.scores, want);
    OK(audit_close_roots(none.s, &got, &err));
    assert_int_equal(got.records, 0);
    sha256_hex(manifest, want);
    assert_string_equal(got.answers, want);
    finish(&f), finish(&none);
}

static void test_states(void **state) {
    Fixture f = fixture(3);
    (void)state;
    assert_int_equal(check(&f, PLAN).state, CLOSE_NONE);
    close_run(&f, NULL);
    assert_int_equal(check(&f, PLAN).state, CLOSE_UNSIGNED);
    assert_string_equal(check(&f, PLAN).by.id, "");
    close_run(&f, f.key);
    AuditClose c = check(&f, PLAN);
    assert_int_equal(c.state, CLOSE_SIGNED);
    assert_string_equal(c.by.id, seal_secret_public(f.key)->id);
    assert_int_equal(strlen(c.at), 20);
    assert_int_equal(c.closes, 2); /* closed again, and it says so */
    assert_true(c.signature && c.same_answers);
    assert_int_equal(check(&f, NULL).state, CLOSE_CHANGED); /* another plan, or none */
    finish(&f);
}

typedef void (*Change)(Fixture *f, ScoreRow *row);

static void value(Fixture *f, ScoreRow *row) {
    (void)f;
    row->score.value = 1.0;
}
static void outcome(Fixture *f, ScoreRow *row) {
    (void)f;
    row->score.outcome = OUTCOME_UNSCORED;
}
static void version(Fixture *f, ScoreRow *row) {
    (void)f;
    row->version = STR("2");
}
static void rule(Fixture *f, ScoreRow *row) {
    (void)f;
    row->score.rule.p = "other";
    row->score.rule.n = 5;
}
static void status(Fixture *f, ScoreRow *row) {
    (void)f;
    row->score.status = SCORE_UNSCORED;
}

static void test_changes(void **state) {
    static const Change all[] = {value, outcome, version, rule, status};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        Err err = ERR_INIT;
        Fixture f = fixture(3);
        ScoreRow row = score_row("choice", 0.0);
        close_run(&f, f.key);
        OK(store_put_scores(f.s, f.id[1], &row, 1, &err));
        assert_int_equal(check(&f, PLAN).state, CLOSE_SIGNED); /* the same score once more */
        all[i](&f, &row);
        OK(store_put_scores(f.s, f.id[1], &row, 1, &err));
        AuditClose c = check(&f, PLAN);
        assert_int_equal(c.state, CLOSE_CHANGED);
        assert_true(c.same_answers); /* as after rescoring */
        finish(&f);
    }
}

/* The manifest says whose answers they are, and when they were got; but for a judge's card, which may come later. */
static void test_manifest(void **state) {
    static const struct {
        const char *key;
        AuditCloseState after;
        bool same_answers;
    } CASES[] = {
        {"calibration", CLOSE_SIGNED, true},   {"models", CLOSE_CHANGED, false},  {"started_at", CLOSE_CHANGED, false},
        {"suites", CLOSE_CHANGED, false},      {"judge", CLOSE_CHANGED, true},    {"scorers", CLOSE_CHANGED, true},
        {"a_later_one", CLOSE_CHANGED, false}, {"rescored", CLOSE_CHANGED, true}, {"rescoring", CLOSE_CHANGED, true}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Err err = ERR_INIT;
        Fixture f = fixture(2);
        close_run(&f, f.key);
        OK(store_manifest_put(f.s, CASES[i].key, STR("{\"x\":1}"), &err));
        AuditClose c = check(&f, PLAN);
        if (c.state != CASES[i].after || c.same_answers != CASES[i].same_answers) fail_msg("%s", CASES[i].key);
        finish(&f);
    }
}

/* An extracted answer counts where questions are repeated, for there majorities are figures. */
static void test_repeats(void **state) {
    (void)state;
    for (int repeats = 1; repeats <= 2; repeats++) {
        Err err = ERR_INIT;
        Fixture f = fixture(2);
        ScoreRow row = score_row("choice", 0.0);
        OK(store_manifest_put(f.s, "plan", repeats == 1 ? STR("{\"repeats\":1}") : STR("{\"repeats\":2}"), &err));
        close_run(&f, f.key);
        row.score.answer.p = "C";
        OK(store_put_scores(f.s, f.id[1], &row, 1, &err));
        assert_int_equal(check(&f, PLAN).state, repeats == 1 ? CLOSE_SIGNED : CLOSE_CHANGED);
        finish(&f);
    }
}

static void test_more_records(void **state) {
    Err err = ERR_INIT;
    Fixture f = fixture(2);
    Record r = simple_record("late", 2);
    int64_t id;
    (void)state;
    close_run(&f, f.key);
    OK(store_append(f.s, &r, &id, &err));
    assert_int_equal(check(&f, PLAN).state, CLOSE_CHANGED);
    finish(&f);
}

/* Any byte of the statement: never a signed close. */
static void test_statement(void **state) {
    Err err = ERR_INIT;
    Fixture f = fixture(2);
    Str json;
    (void)state;
    OK(audit_close_make(f.s, str_from(PLAN), f.key, f.a, &json, &err));
    for (size_t i = 0; i < json.n; i++) {
        Str copy = str_dup(f.a, json);
        ((char *)copy.p)[i] ^= 1;
        if (!store_manifest_put(f.s, "run_close", copy, &err)) { /* the store takes JSON alone */
            err = (Err)ERR_INIT;
            continue;
        }
        AuditClose c = check(&f, PLAN);
        if (c.state == CLOSE_SIGNED || (c.signature && c.same_answers))
            fail_msg("byte %zu of the close does not matter: %.*s", i, (int)copy.n, copy.p);
    }
    finish(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),         cmocka_unit_test(test_states),    cmocka_unit_test(test_changes),
        cmocka_unit_test(test_more_records), cmocka_unit_test(test_statement), cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_repeats),
    };
    return cmocka_run_group_tests_name("reports_audit_close", tests, NULL, NULL);
}
