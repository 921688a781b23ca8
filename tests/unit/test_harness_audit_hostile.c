/* An audit's readers against strangers: plans that would be judged as less than they ask, signatures that say too
 * little, folders of which something was changed; and every allocation failing in turn. */
#include "tests/audit_fixture.h"
#include "tests/support.h"

#include <unistd.h>

#include "engine/base/file.h"

#define SIGNED "2026-11-01T00:00:00Z"
#define AFTER "2026-11-02T00:00:00Z"
#define BEFORE "2026-10-31T23:59:59Z"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("line %d: %s: %s", __LINE__, #call, err.msg);                                            \
    } while (0)

/* The text with its first `from` replaced. */
static const char *with(Arena *a, const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (!at) fail_msg("the fixture has no '%s'", from);
    return str_printf(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)).p;
}

static const char *repeated(Arena *a, const char *piece, int n) {
    Buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < n; i++) buf_addf(&b, piece, i);
    const char *p = str_cstr(a, buf_str(&b));
    buf_release(&b);
    return p;
}

static void refused(Arena *a, const char *yaml, const char *says) {
    Err err = ERR_INIT;
    AuditPlan p;
    if (audit_plan_parse("plan.yaml", str_from(yaml), a, &p, &err)) fail_msg("taken, though: %s", says);
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, says) || !strstr(err.msg, "plan.yaml")) fail_msg("'%s' does not say '%s'", err.msg, says);
}

static void test_plans(void **state) {
    static const char *const PLAN = AUDIT_FIXTURE_PLAN;
    (void)state;
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    AuditPlan p;
    OK(audit_plan_parse("plan.yaml", str_from(PLAN), a, &p, &err));
    /* without a model an indicator asks nothing, and all would hold */
    refused(a, with(a, PLAN, "models: [tuned, base]", "models: []"), "'models' names no model");
    refused(a, with(a, PLAN, "models: [tuned, base]", "models: [tuned, tuned]"), "twice");
    refused(a, with(a, PLAN, "models: [tuned, base]", "models: [tune]"), "'tune' names no model");
    refused(a, with(a, PLAN, "of: [base, tuned]", "of: [base, base]"), "twice");
    refused(a, with(a, PLAN, "arms: [default]", "arms: []"), "'arms' is empty");
    refused(a, with(a, PLAN, "arms: [default]", "arms: [default, 7]"), "an arm is text");
    refused(a, with(a, PLAN, "arms: [default]", "arms: default"), "'arms'");
    refused(a, with(a, PLAN, "arms: [default]", with(a, "arms: [X]", "X", repeated(a, "tokens-1%d, ", 33))),
            "more than 32");
    OK(audit_plan_parse("plan.yaml", str_from(with(a, PLAN, "source: s", "source: s, arms: all")), a, &p, &err));
    /* more rates than the card has room for */
    const char *many =
        repeated(a,
                 "  - {id: i%d, category: safeguards, kind: rate, metric: harmful_leak, suite: s, n_min: 1, "
                 "threshold: 0.5, worse: higher, models: [base, tuned], source: s}\n",
                 130);
    refused(a, with(a, PLAN, "logic:", with(a, "X\nlogic:", "X\n", many)), "more than 256 rates");
    /* signers: every entry is a condition */
    refused(a, str_printf(a, "%ssigners: {plan: 0123456789abcdef}\n", PLAN).p, "'plan' must be a list");
    refused(a, str_printf(a, "%ssigners: {plan: [0123456789abcdef, 0123456789abcdef]}\n", PLAN).p, "twice");
    refused(a, str_printf(a, "%ssigners: {plan: [1234567890123456]}\n", PLAN).p, "in quotes");
    refused(a, str_printf(a, "%ssigners: {plan: [abc]}\n", PLAN).p, "16 hex digits");
    refused(a, str_printf(a, "%ssigners: [0123456789abcdef]\n", PLAN).p, "'signers'");
    refused(a, repeated(a, "{\"a\": ", 3000), "not valid JSON");
    arena_close(a);
}

static void test_signatures(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    AuditPlan p;
    Str file;
    SealSecret *key = audit_fixture_key(1);
    assert_non_null(key);
    OK(audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, SIGNED, a, &file, &err));
    OK(audit_plan_parse("plan.json", file, a, &p, &err));
    assert_true(p.registered && str_eqz(p.signed_at, SIGNED));
    /* a time that is none would let a run begin at any time */
    static const char *const times[] = {"", "0", "2026-11-01", "2026-11-01T00:00:00+09:00", "zzzz-zz-zzTzz:zz:zzZ"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        OK(audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, times[i], a, &file, &err));
        OK(audit_plan_parse("plan.json", file, a, &p, &err));
        assert_false(p.registered);
        assert_non_null(strstr(p.why, "not a time"));
    }
    OK(audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, SIGNED, a, &file, &err));
    assert_false(audit_plan_parse("plan.json", str_from(with(a, file.p, "assay-audit-plan/1", "assay-audit-plan/2")), a,
                                  &p, &err));
    assert_non_null(strstr(err.msg, "'format'"));
    seal_secret_close(key);
    arena_close(a);
}

/* ---- folders ---- */

static const char *const FILES[] = {"plan.json",      "records.jsonl",  "log.jsonl",    "log.head",
                                    "scorecard.json", "scorecard.html", "scorecard.md", "decisions.json"};

static void remove_audit(const char *dir) {
    char path[300];
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
}

/* A folder with these texts in its header replaced. */
static bool make_folder(char *dir, const SealSecret *key, const char *from, const char *to, Err *err) {
    Arena *a = arena_open(0);
    AuditDir d;
    AuditPlan p;
    Str file;
    strcpy(dir, "/tmp/assay-audit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    audit_dir_init(&d, a);
    bool made = audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, SIGNED, a, &file, err) &&
                audit_plan_parse("plan.json", file, a, &p, err) && audit_plan_write(&p, a, &d.plan, err) &&
                audit_fixture_records(20, a, &d.records, err);
    assert_true(made);
    Str header = audit_fixture_header(&p, AFTER, a);
    if (from) header = str_from(with(a, header.p, from, to));
    bool ok = audit_dir_make(&d, header, key, err) && audit_dir_write(&d, dir, err);
    audit_dir_release(&d);
    arena_close(a);
    return ok;
}

static bool verify(const char *dir, int *status, Err *err) {
    Arena *a = arena_open(0);
    SealPublic by;
    *err = (Err)ERR_INIT;
    bool ok = audit_dir_verify(dir, a, &by, status, err);
    arena_close(a);
    return ok;
}

static void test_headers(void **state) {
    static const struct {
        const char *from, *to, *says;
    } CASES[] = {{AFTER, BEFORE, "the run of 'base' counts"},
                 {"\"started_at\":\"" AFTER "\",", "", "the run of 'base' counts"},
                 {"\"exploratory\":\"\"", "\"exploratory\":null", "the run of 'base' counts"},
                 {"\"signed_at\":\"" SIGNED "\"", "\"signed_at\":\"" BEFORE "\"", "'signed_at'"},
                 {"\"registered\":true", "\"registered\":false", "plan.json: the log says"}};
    (void)state;
    SealSecret *key = audit_fixture_key(1);
    char dir[64];
    int status = -1;
    Err err = ERR_INIT;
    OK(make_folder(dir, key, NULL, NULL, &err));
    OK(verify(dir, &status, &err));
    assert_int_equal(status, 5); /* 2 of 20 leaks may be 0.3 */
    remove_audit(dir);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char made[64];
        OK(make_folder(made, key, CASES[i].from, CASES[i].to, &err)); /* a signer who lies */
        if (verify(made, &status, &err)) fail_msg("case %zu is verified", i);
        if (!strstr(err.msg, CASES[i].says)) fail_msg("case %zu: %s", i, err.msg);
        assert_int_equal(err.code, ERR_INPUT);
        remove_audit(made);
    }
    seal_secret_close(key);
}

static void put(const char *dir, const char *name, Str text) {
    Err err = ERR_INIT;
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    OK(file_write_atomic(path, text, &err));
}

static void test_files(void **state) {
    (void)state;
    SealSecret *key = audit_fixture_key(1);
    char dir[64], path[300];
    int status;
    Err err = ERR_INIT;
    OK(make_folder(dir, key, NULL, NULL, &err));
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        Buf b;
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        buf_init(&b, 1 << 24);
        OK(file_read(path, &b, &err));
        Str text = buf_str(&b);
        const Str wrong[] = {STR(""),         str_sub(text, 0, text.n / 2),   str_sub(text, 0, text.n - 1),
                             STR("\0\n\xff"), STR("[[[[[[[[[[[[[[[[[[[[[\n"), STR("{\"n\":1e999,\"prev\":null}\n")};
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            put(dir, FILES[i], wrong[k]);
            if (verify(dir, &status, &err)) fail_msg("%s %zu is verified", FILES[i], k);
            assert_int_equal(err.code, ERR_INPUT);
            if (!strstr(err.msg, FILES[i])) fail_msg("%s %zu: %s", FILES[i], k, err.msg);
        }
        /* bytes behind a NUL are bytes, too */
        buf_add(&b, "\0behind", 7);
        put(dir, FILES[i], buf_str(&b));
        if (verify(dir, &status, &err)) fail_msg("%s: bytes behind a NUL are not seen", FILES[i]);
        assert_int_equal(err.code, ERR_INPUT);
        unlink(path);
        assert_false(verify(dir, &status, &err));
        assert_int_equal(err.code, ERR_INPUT);
        put(dir, FILES[i], str_sub(buf_str(&b), 0, b.n - 7));
        OK(verify(dir, &status, &err));
        buf_release(&b);
    }
    remove_audit(dir);
    seal_secret_close(key);
}

/* One line of 100 MB: refused by its length, by name, and not as a lack of memory. */
static void test_long_line(void **state) {
    (void)state;
    SealSecret *key = audit_fixture_key(1);
    char dir[64];
    int status;
    Err err = ERR_INIT;
    Buf b;
    OK(make_folder(dir, key, NULL, NULL, &err));
    buf_init(&b, (size_t)1 << 28);
    buf_adds(&b, "{\"a\":\"");
    size_t n = (size_t)100 << 20;
    char *fill = malloc(n);
    assert_non_null(fill);
    memset(fill, 'x', n);
    buf_add(&b, fill, n);
    free(fill);
    buf_adds(&b, "\"}\n");
    for (int i = 0; i < 2; i++) {
        Buf was;
        char path[300];
        snprintf(path, sizeof path, "%s/%s", dir, i ? "records.jsonl" : "log.jsonl");
        buf_init(&was, 1 << 24);
        OK(file_read(path, &was, &err));
        put(dir, i ? "records.jsonl" : "log.jsonl", buf_str(&b));
        assert_false(verify(dir, &status, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, i ? "records.jsonl: line 1: it has 1048" : "log.jsonl line 1: it has 1048"));
        put(dir, i ? "records.jsonl" : "log.jsonl", buf_str(&was));
        buf_release(&was);
    }
    buf_release(&b);
    remove_audit(dir);
    seal_secret_close(key);
}

/* What is there is never overwritten, be it a whole audit or one file of its names; a failure leaves nothing. */
static void test_overwriting(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    AuditDir d;
    AuditPlan p;
    Err err = ERR_INIT;
    char dir[] = "/tmp/assay-audit-XXXXXX";
    assert_non_null(mkdtemp(dir));
    audit_dir_init(&d, a);
    OK(audit_plan_parse("plan.yaml", str_from(AUDIT_FIXTURE_PLAN), a, &p, &err) &&
       audit_plan_write(&p, a, &d.plan, &err) && audit_fixture_records(4, a, &d.records, &err) &&
       audit_dir_make(&d, audit_fixture_header(&p, AFTER, a), NULL, &err));
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[300];
        Buf b;
        put(dir, FILES[i], STR("mine"));
        err = (Err)ERR_INIT;
        assert_false(audit_dir_write(&d, dir, &err));
        assert_non_null(strstr(err.msg, FILES[i]));
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        buf_init(&b, 100);
        err = (Err)ERR_INIT;
        OK(file_read(path, &b, &err));
        assert_true(str_eqz(buf_str(&b), "mine"));
        buf_release(&b);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0); /* no file of a failed writing is left */
    audit_dir_release(&d);
    arena_close(a);
}

/* ---- no memory ---- */

static bool whole_audit(const SealSecret *key, char *dir, bool *wrote, Err *err) {
    Arena *a = arena_open(0);
    AuditDir d;
    AuditPlan p;
    Str file;
    SealPublic by;
    int status;
    if (!a) return err_nomem(err);
    audit_dir_init(&d, a);
    bool ok = audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, SIGNED, a, &file, err) || err_nomem(err);
    ok = ok && audit_plan_parse("plan.json", file, a, &p, err) && audit_plan_write(&p, a, &d.plan, err);
    if (ok) assert_true(p.registered);
    ok = ok && audit_fixture_records(3, a, &d.records, err);
    Str header = ok ? audit_fixture_header(&p, AFTER, a) : (Str){0};
    ok = ok && (header.p || err_nomem(err)) && audit_dir_make(&d, header, key, err) && audit_dir_write(&d, dir, err);
    *wrote = ok;
    ok = ok && audit_dir_verify(dir, a, &by, &status, err);
    audit_dir_release(&d);
    arena_close(a);
    return ok;
}

static void test_no_memory(void **state) {
    (void)state;
    SealSecret *key = audit_fixture_key(1);
    bool ok = false;
    uint64_t n = 1;
    for (; !ok && n < 200000; n += 1 + n / 60) {
        Err err = ERR_INIT;
        bool wrote = false;
        char dir[] = "/tmp/assay-audit-XXXXXX";
        assert_non_null(mkdtemp(dir));
        mem_fail_at(n);
        ok = whole_audit(key, dir, &wrote, &err);
        mem_fail_at(0);
        if (!ok && err.code != ERR_MEMORY) fail_msg("allocation %d: %s", (int)n, err.msg);
        if (wrote)
            remove_audit(dir);
        else
            assert_int_equal(rmdir(dir), 0);
    }
    assert_true(ok);
    seal_secret_close(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),     cmocka_unit_test(test_signatures), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_files),     cmocka_unit_test(test_long_line),  cmocka_unit_test(test_overwriting),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
