/* What people do about an audit: lines that are well signed and still do not belong, and memory that fails at any
 * allocation of an append, which leaves the folder as it was. */
#include "tests/audit_fixture.h"
#include "tests/unit/harness_support.h"

#include "harness/audit/audit_acts.h"
#include "reports/audit/audit_decisions.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("line %d: %s: %s", __LINE__, #call, err.msg);                                            \
    } while (0)

static void make(TestDir *t, const SealSecret *key) {
    Err err = ERR_INIT;
    AuditDir d;
    AuditPlan p;
    Str file;
    audit_dir_init(&d, t->a);
    OK(audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, "2026-11-01T00:00:00Z", t->a, &file, &err));
    OK(audit_plan_parse("plan.json", file, t->a, &p, &err));
    OK(audit_plan_write(&p, t->a, &d.plan, &err));
    OK(audit_fixture_records(6, t->a, &d.records, &err));
    OK(audit_dir_make(&d, audit_fixture_header(&p, "2026-11-02T00:00:00Z", t->a), key, &err));
    OK(audit_dir_write(&d, t->path, &err));
    audit_dir_release(&d);
}

static bool verify(TestDir *t, Err *err) {
    SealPublic by;
    int status;
    *err = (Err)ERR_INIT;
    return audit_dir_verify(t->path, t->a, &by, &status, err);
}

static bool raw_body(void *ctx, AuditDir *d, Str *body, Err *err) {
    const char *format = ctx;
    Str sum = json_str(json_get(d->lines.v[2].json, "scorecard_sha256"));
    Buf b;
    buf_init(&b, 1 << 20);
    for (const char *p = format; *p; p++) {
        if (*p == '@')
            buf_addstr(&b, sum);
        else
            buf_addc(&b, *p);
    }
    *body = str_dup(d->arena, buf_str(&b));
    buf_release(&b);
    return body->p || err_nomem(err);
}

/* Signed and chained as they should be: what they say is what does not fit. */
static void test_lines(void **state) {
    static const char self[] = "{\"category\":\"self_improve\",\"verdict\":\"CANNOT_RULE_OUT\"}",
                      safe[] = "{\"category\":\"safeguards\",\"verdict\":\"CANNOT_RULE_OUT\"}";
    (void)state;
    TestDir t;
    dir_open(&t);
    const struct {
        const char *type, *body, *says;
    } CASES[] = {
        {"verdict", "{\"scorecard_sha256\":\"00\",\"status\":5}", "it signs another scorecard"},
        {"verdict", "{\"scorecard_sha256\":\"@\",\"status\":0}", "it signs another scorecard"},
        {"verdict", "{\"scorecard_sha256\":\"@\"}", "it signs another scorecard"},
        {"open", "{\"header\":{}}", "does not belong there"},
        {"plan", "{\"x\":1}", "does not belong there"},
        {"decision", "{\"scorecard_sha256\":\"00\",\"decided\":[]}", "decides on another scorecard"},
        {"decision", "{\"scorecard_sha256\":\"@\",\"decided\":[]}", "does not decide every category"},
        {"decision", str_printf(t.a, "{\"scorecard_sha256\":\"@\",\"decided\":[%s,%s]}", safe, self).p,
         "decides another category"},
        {"decision", str_printf(t.a, "{\"scorecard_sha256\":\"@\",\"decided\":[%s,%s,%s]}", self, safe, safe).p,
         "does not decide every category"},
        {"decision",
         "{\"scorecard_sha256\":\"@\",\"reason\":\"r\",\"decided\":[{\"category\":\"self_improve\",\"verdict\":"
         "\"SAFE\"}]}",
         "in other words"},
        {"decision",
         str_printf(t.a,
                    "{\"scorecard_sha256\":\"@\",\"reason\":\" \",\"decided\":[{\"category\":\"self_improve\","
                    "\"verdict\":\"BELOW\"},%s]}",
                    safe)
             .p,
         "without a reason"},
    };
    SealSecret *key = audit_fixture_key(1), *second = audit_fixture_key(2);
    make(&t, key);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Err err = ERR_INIT;
        AuditDir d;
        audit_dir_init(&d, t.a);
        if (audit_dir_append(&d, t.path, CASES[i].type, raw_body, (void *)CASES[i].body, second, &err))
            fail_msg("case %zu is taken", i);
        assert_has(&err, CASES[i].says);
        assert_has(&err, "log.jsonl line 4");
        audit_dir_release(&d);
        OK(verify(&t, &err));
    }
    /* and what must be signed is not taken without */
    for (int i = 0; i < 2; i++) {
        Err err = ERR_INIT;
        AuditDir d;
        audit_dir_init(&d, t.a);
        assert_false(audit_dir_append(&d, t.path, i ? "decision" : "verdict", raw_body,
                                      (void *)"{\"scorecard_sha256\":\"@\",\"status\":5}", NULL, &err));
        assert_has(&err, "must be signed");
        audit_dir_release(&d);
    }
    seal_secret_close(key), seal_secret_close(second);
    dir_close(&t);
}

static void test_words(void **state) {
    (void)state;
    assert_string_equal(audit_verdict_word(STR("below")), "BELOW");
    assert_string_equal(audit_verdict_word(STR("At-Or_above")), "AT_OR_ABOVE");
    assert_string_equal(audit_verdict_word(STR("cannot-rule-out")), "CANNOT_RULE_OUT");
    static const char *const none[] = {"", "belo", "below ", "BELOW\n", "at or above", "SAFE"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_null(audit_verdict_word(str_from(none[i])));
    Err err = ERR_INIT;
    OK(audit_anchor_check("00000000000000000001c2d8b1f6", &err));
    static const char *const bad[] = {"", "two words", "a\"b", "a\\b", "é", "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (Err)ERR_INIT;
        assert_false(audit_anchor_check(bad[i], &err));
    }
}

static void test_no_memory(void **state) {
    static const char *const agree[] = {"agree"};
    (void)state;
    const AuditChoice c = {agree, 1, STR("as it is"), STR("a board")};
    TestDir t;
    bool ok = false;
    dir_open(&t);
    SealSecret *key = audit_fixture_key(1);
    make(&t, key);
    for (uint64_t n = 1; !ok && n < 200000; n += 1 + n / 40) {
        Err err = ERR_INIT;
        Arena *a = arena_open(0);
        AuditDir d;
        audit_dir_init(&d, a);
        mem_fail_at(n);
        ok = audit_decide(&d, t.path, &c, key, &err);
        mem_fail_at(0);
        if (!ok && err.code != ERR_MEMORY) fail_msg("allocation %d: %s", (int)n, err.msg);
        audit_dir_release(&d);
        arena_close(a);
        if (!ok) OK(verify(&t, &err));
    }
    Err err = ERR_INIT;
    assert_true(ok);
    OK(verify(&t, &err));
    seal_secret_close(key);
    dir_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("harness_audit_acts", tests, NULL, NULL);
}
