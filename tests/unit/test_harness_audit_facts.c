/* Facts for integrity checks from stored runs: second runs and tuning data, and every allocation that may fail. */
#include "engine/base/file.h"
#include "harness/audit/audit_inputs.h"
#include "reports/audit/audit_rows.h"
#include "tests/report_fixture.h"

typedef struct World {
    Arena *a;
    char *first, *again, *data;
    Json *models, *header;
    AuditPlan plan;
    Buf head, records;
    Err err;
} World;

enum { SAMPLES = 4 };

static char *stored(const char *started, bool greedy) {
    static const char plan[] =
        "{\"suites\":[{\"suite\":\"demo/choice\",\"generation\":{\"temperature\":%d}},{\"suite\":"
        "\"demo/arithmetic\",\"generation\":{\"temperature\":%d}}]}";
    Fixture f = FIXTURE_DEFAULTS;
    Err err = ERR_INIT;
    char *dir = fixture_dir(), text[256], at[64];
    f.samples = SAMPLES;
    RunStore *s = fixture_run(dir, &f);
    snprintf(text, sizeof text, plan, !greedy, !greedy);
    snprintf(at, sizeof at, "\"%s\"", started);
    if (!store_manifest_put(s, "plan", str_from(text), &err) ||
        !store_manifest_put(s, "started_at", str_from(at), &err))
        fail_msg("%s", err.msg);
    store_close(s);
    return dir;
}

static void open_world(World *w, bool greedy) {
    *w = (World){.a = arena_open(0), .plan = {.registered = true}, .err = ERR_INIT};
    w->first = stored("2026-11-26T07:00:00Z", greedy), w->again = stored("2026-11-26T08:00:00Z", greedy);
    w->data = path_join(w->a, w->first, "data.jsonl");
    assert_true(json_parse(STR("{\"m\":{\"sha256\":\"5a1e\",\"role\":\"base\"}}"), &w->models, &w->err));
    assert_true(
        file_write_atomic(w->data,
                          STR("{\"text\":\"mira has 7 shells and finds 14 more how many shells does she have give "
                              "the number\"}\n{\"text\":\"Mira has 10 shells and finds 1 more.\"}\n"),
                          &w->err));
}

static bool take(World *w, const char *run, const char *again, const char *data, uint64_t fail_at) {
    const char *runs = str_printf(w->a, "m=%s", run).p, *repeats = str_printf(w->a, "m=%s", again).p,
               *tuning = str_printf(w->a, "m=%s", data).p;
    AuditInputs in = {
        .plan = &w->plan, .models = w->models, .runs = {&runs, 1}, .repeats = {&repeats, 1}, .tuning = {&tuning, 1}};
    buf_init(&w->head, 1 << 24), buf_init(&w->records, 1 << 24);
    mem_fail_at(fail_at);
    return audit_inputs_read(&in, w->a, &w->head, &w->records, &w->err);
}

static void forget(World *w) {
    json_close(w->header);
    w->header = NULL;
    buf_release(&w->head), buf_release(&w->records);
}

static void close_world(World *w) {
    json_close(w->models);
    fixture_remove(w->first), fixture_remove(w->again);
    arena_close(w->a);
}

static int64_t count(const Json *j, const char *key) {
    int64_t n = -1;
    assert_true(json_int(json_get(j, key), 0, 1000000, &n));
    return n;
}

static const Json *suite_of(const Json *overlap, const char *name) {
    for (const Json *s = json_first(json_get(overlap, "suites")); s; s = json_next(s))
        if (str_eqz(json_str(json_get(s, "suite")), name)) return s;
    fail_msg("no suite %s", name);
    return NULL;
}

static void test_facts(void **state) {
    (void)state;
    World w;
    open_world(&w, true);
    if (!take(&w, w.first, w.again, w.data, 0)) fail_msg("%s", w.err.msg);
    assert_true(json_parse(buf_str(&w.head), &w.header, &w.err));
    const Json *r = json_first(json_get(w.header, "repeats"));
    assert_int_equal(count(r, "n_stored"), 2 * SAMPLES); /* two suites at temperature 0, one of the two models */
    assert_int_equal(count(r, "n"), 2 * SAMPLES);
    assert_int_equal(count(r, "n_different"), 0);
    const Json *o = json_first(json_get(w.header, "overlap"));
    assert_int_equal(count(o, "lines"), 2);
    /* sample k asks for 7k mod 90 + 3 and k shells: of the fixture's four, none has 7 and 14; "Mira has 10 shells and
     * finds 1 more" are fewer than 13 words of sample 1 */
    assert_int_equal(count(suite_of(o, "demo/arithmetic"), "k"), 0);
    assert_int_equal(count(suite_of(o, "demo/arithmetic"), "n"), SAMPLES);
    forget(&w);
    assert_true(file_write_atomic(
        w.data, STR("[\"MIRA has 10 shells, and finds 1 more: how many shells does she have?\"]"), &w.err));
    assert_true(take(&w, w.first, w.again, w.data, 0));
    assert_true(json_parse(buf_str(&w.head), &w.header, &w.err));
    const Json *s = suite_of(json_first(json_get(w.header, "overlap")), "demo/arithmetic");
    assert_int_equal(count(s, "k"), 1);
    assert_true(str_eqz(json_str(json_first(json_get(s, "items"))), "arithmetic-0001"));
    forget(&w);
    close_world(&w);
}

/* At another temperature nothing is promised, and nothing is compared. A run does not repeat itself. */
static void test_not_comparable(void **state) {
    (void)state;
    World w;
    open_world(&w, false);
    assert_true(take(&w, w.first, w.again, w.data, 0));
    assert_true(json_parse(buf_str(&w.head), &w.header, &w.err));
    assert_int_equal(count(json_first(json_get(w.header, "repeats")), "n"), 0);
    forget(&w);
    close_world(&w);
    open_world(&w, true);
    assert_false(take(&w, w.first, w.first, w.data, 0));
    assert_non_null(strstr(w.err.msg, "this is the run that it should repeat"));
    forget(&w);
    close_world(&w);
}

static void test_no_memory(void **state) {
    (void)state;
    World w;
    open_world(&w, true);
    for (uint64_t n = 1;; n += 1 + n / 16) {
        w.err = (Err)ERR_INIT;
        bool ok = take(&w, w.first, w.again, w.data, n);
        bool reached = mem_fail_at(0) >= n;
        if (!ok && w.err.code != ERR_MEMORY) fail_msg("allocation %llu: %s", (unsigned long long)n, w.err.msg);
        forget(&w);
        if (reached) continue;
        assert_true(ok);
        break;
    }
    close_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts), cmocka_unit_test(test_not_comparable),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
