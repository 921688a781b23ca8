/* The plans before a plan, in its file and as they are given: what does not belong is refused, what is missing is
 * missing, the file holds what it was given, and memory may fail at any allocation. */
#include "tests/audit_fixture.h"
#include "tests/unit/harness_support.h"

#include "engine/base/mem.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("line %d: %s: %s", __LINE__, #call, err.msg);                                            \
    } while (0)

enum { CHAIN = 3 };

/* CHAIN plans, each of which supersedes the one before; [0] is the first. Their own file names no other plan. */
typedef struct Plans {
    TestDir dir;
    SealSecret *key;
    AuditPlan p[CHAIN];
    const char *path[CHAIN];
} Plans;

static void open_plans(Plans *t) {
    Err err = ERR_INIT;
    dir_open(&t->dir);
    Arena *a = t->dir.a;
    t->key = audit_fixture_key(1);
    for (int i = 0; i < CHAIN; i++) {
        Str yaml =
                i ? str_printf(a, "%ssupersedes: \"%s\"\nreason: plan %d\n", AUDIT_FIXTURE_PLAN, t->p[i - 1].sha256, i)
                  : str_from(AUDIT_FIXTURE_PLAN),
            file;
        OK(audit_fixture_sign(yaml.p, t->key, str_printf(a, "2026-11-0%dT00:00:00Z", i + 1).p, a, &file, &err));
        OK(audit_plan_parse("p", file, a, &t->p[i], &err));
        t->path[i] = str_printf(a, "%s/plan%d.json", t->dir.path, i).p;
        OK(file_write_atomic(t->path[i], file, &err));
    }
}

static void close_plans(Plans *t) {
    seal_secret_close(t->key);
    dir_close(&t->dir);
}

static Str written(const AuditPlan *p, Arena *a) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, 1 << 22);
    OK(audit_plan_write(p, a, &b, &err));
    Str s = str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

static void test_any_order(void **state) {
    (void)state;
    Plans t;
    Err err = ERR_INIT;
    AuditPlan again;
    open_plans(&t);
    Arena *a = t.dir.a;
    const char *orders[][2] = {{t.path[0], t.path[1]}, {t.path[1], t.path[0]}};
    Str first = {0};
    for (int i = 0; i < 2; i++) {
        AuditPlan p = t.p[2];
        OK(audit_plan_add_earlier(&p, orders[i], 2, a, &err));
        assert_int_equal(p.n_earlier, 2);
        assert_string_equal(p.earlier[0].sha256, t.p[1].sha256);
        assert_string_equal(p.earlier[1].sha256, t.p[0].sha256);
        assert_true(p.earlier[0].registered && str_eqz(p.earlier[1].signed_at, "2026-11-01T00:00:00Z"));
        Str file = written(&p, a);
        if (i) assert_true(str_eq(file, first));
        first = file;
    }
    OK(audit_plan_parse("again", first, a, &again, &err));
    assert_int_equal(again.n_earlier, 2);
    assert_string_equal(again.sha256, t.p[2].sha256);
    assert_true(str_eq(written(&again, a), first));
    /* a file brings the plans that it holds */
    const char *middle = str_printf(a, "%s/middle.json", t.dir.path).p;
    AuditPlan p = t.p[1];
    OK(audit_plan_add_earlier(&p, &t.path[0], 1, a, &err));
    OK(file_write_atomic(middle, written(&p, a), &err));
    p = t.p[2];
    OK(audit_plan_add_earlier(&p, &middle, 1, a, &err));
    assert_true(str_eq(written(&p, a), first));
    /* the middle one alone: the chain ends there, and says so */
    p = t.p[2];
    OK(audit_plan_add_earlier(&p, &t.path[1], 1, a, &err));
    assert_true(p.n_earlier == 1 && p.earlier[0].supersedes.p);
    /* the oldest alone does not belong to it */
    p = t.p[2];
    assert_false(audit_plan_add_earlier(&p, &t.path[0], 1, a, &err));
    assert_has(&err, t.p[0].sha256);
    assert_has(&err, "no plan of this chain supersedes that");
    close_plans(&t);
}

/* Of two copies of a plan the one that is signed as it should be is kept. */
static void test_better_copy(void **state) {
    (void)state;
    Plans t;
    Err err = ERR_INIT;
    open_plans(&t);
    Arena *a = t.dir.a;
    const char *bare = str_printf(a, "%s/bare.json", t.dir.path).p;
    Str file = str_printf(a, "{\"format\":\"" AUDIT_PLAN_FORMAT "\",\"plan\":%s}", t.p[1].canonical.p);
    OK(file_write_atomic(bare, file, &err));
    const char *orders[][2] = {{bare, t.path[1]}, {t.path[1], bare}};
    for (int i = 0; i < 2; i++) {
        AuditPlan p = t.p[2];
        OK(audit_plan_add_earlier(&p, orders[i], 2, a, &err));
        assert_true(p.n_earlier == 1 && p.earlier[0].registered);
    }
    close_plans(&t);
}

static void test_opened(void **state) {
    static const struct {
        const char *line, *says;
    } CASES[] = {
        {"{\"type\":\"verdict\",\"header\":{\"plan_sha256\":\"@\"}}", "not the first line"},
        {"{\"type\":\"open\",\"header\":{\"plan_sha256\":\"00\"}}", "made with another plan"},
        {"{\"type\":\"open\"}", "made with another plan"},
        {"[]", "not the first line"},
        {"{\"type\":\"open\",\"header\":{\"plan_sha256\":\"@\"},\"signature\":\"AA==\"}", "missing key 'at'"},
    };
    (void)state;
    Plans t;
    Err err = ERR_INIT;
    open_plans(&t);
    Arena *a = t.dir.a;
    OK(file_write_atomic(path_join(a, t.dir.path, "plan.json"), written(&t.p[1], a), &err));
    const char *log = path_join(a, t.dir.path, "log.jsonl"), *dir = t.dir.path;
    for (size_t i = 0; i <= sizeof CASES / sizeof *CASES; i++) {
        bool good = i == sizeof CASES / sizeof *CASES;
        const char *line =
                       good ? "{\"type\":\"open\",\"header\":{\"plan_sha256\":\"@\",\"runs\":[{\"started_at\":\"S\"}]}}"
                            : CASES[i].line,
                   *at = strchr(line, '@');
        Str text = at ? str_printf(a, "%.*s%s%s\n", (int)(at - line), line, t.p[1].sha256, at + 1) : str_from(line);
        OK(file_write_atomic(log, text, &err));
        AuditPlan p = t.p[2];
        err = (Err)ERR_INIT;
        if (audit_plan_add_earlier(&p, &dir, 1, a, &err) != good) fail_msg("case %zu: %s", i, err.msg);
        if (!good) assert_has(&err, CASES[i].says);
        if (!good) assert_has(&err, "log.jsonl line 1");
        if (!good) continue;
        Str json, file = written(&p, a);
        OK(audit_plan_history(&p, a, &json, &err));
        assert_non_null(strstr(json.p, "\"runs\":[{\"started_at\":\"S\""));
        OK(audit_plan_parse("again", file, a, &p, &err));
        assert_true(p.earlier[0].opened.p != NULL);
        char *told = strstr((char *)(uintptr_t)file.p, "\"type\":\"open\"");
        memcpy(told, "\"type\":\"oven\"", 13);
        assert_false(audit_plan_parse("again", file, a, &p, &err));
        assert_has(&err, "again: earlier plan 1: opened");
    }
    close_plans(&t);
}

static void test_no_memory(void **state) {
    (void)state;
    Plans t;
    bool ok = false;
    open_plans(&t);
    AuditPlan whole = t.p[2];
    Err err = ERR_INIT;
    OK(audit_plan_add_earlier(&whole, &t.path[1], 1, t.dir.a, &err));
    Str file = written(&whole, t.dir.a);
    for (uint64_t n = 1; !ok && n < 200000; n += 1 + n / 40) {
        Arena *a = arena_open(0);
        AuditPlan p;
        Str json;
        err = (Err)ERR_INIT;
        mem_fail_at(n);
        ok = audit_plan_parse("p", file, a, &p, &err) && audit_plan_add_earlier(&p, t.path, 1, a, &err) &&
             audit_plan_history(&p, a, &json, &err);
        mem_fail_at(0);
        if (!ok && err.code != ERR_MEMORY) fail_msg("allocation %d: %s", (int)n, err.msg);
        arena_close(a);
    }
    assert_true(ok);
    close_plans(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_better_copy),
        cmocka_unit_test(test_opened),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("harness_audit_earlier", tests, NULL, NULL);
}
