/* Results from elsewhere: what becomes of them, and what is refused in one sentence that names file and key. */
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/audit/audit_inputs.h"
#include "reports/audit/audit_rows.h"
#include <unistd.h>

#include "tests/support.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FILE_OF(results)                                                                                               \
    "{'format':'assay-results/1','model':'M','measured_by':'N','measured_at':'2026-05-01','how':'asked once',"         \
    "'scored_by':'people','results':[" results "]}"
#define COUNTS "{'suite':'s','metric':'accuracy','k':3,'n':9,'unscored':1,'refused':2}"
#define ALL(extra) "{'suite':'s','metric':'accuracy','unscored':0,'refused':0," extra "}"
#define ITEM(c, value) "{'content':'" HEX c "','value':" value "}"

typedef struct World {
    Arena *a;
    Buf header, records;
    Err err;
} World;

static char *quoted(Arena *a, const char *text) {
    char *s = arena_strdup(a, text);
    for (char *p = s; p && *p; p++)
        if (*p == '\'') *p = '"';
    return s;
}

/* Writes the file, names its digest in a plan, and reads it. named false: the plan names another. */
static bool take(World *w, const char *text, bool named, int fail_at) {
    static char path[64];
    char sha[65];
    Json *models = NULL;
    AuditPlan plan = {.registered = true};
    snprintf(path, sizeof path, "/tmp/assay-import-%d.json", (int)getpid());
    w->a = arena_open(0);
    w->err = (Err)ERR_INIT;
    char *s = quoted(w->a, text);
    assert_true(file_write_atomic(path, str_from(s), &w->err));
    sha256_of(str_from(s), sha);
    if (!named) sha[0] = sha[0] == 'a' ? 'b' : 'a';
    Str model = str_printf(w->a, "{\"ref\":{\"import\":\"x\",\"role\":\"reference\",\"sha256\":\"%s\"}}", sha);
    assert_true(json_parse(model, &models, &w->err));
    const char *word = str_printf(w->a, "ref=%s", path).p;
    buf_init(&w->header, 1 << 24), buf_init(&w->records, 1 << 24);
    AuditInputs in = {.plan = &plan, .models = models, .imports = {&word, 1}};
    mem_fail_at((uint64_t)fail_at);
    bool ok = audit_inputs_read(&in, w->a, &w->header, &w->records, &w->err);
    mem_fail_at(0);
    json_close(models);
    remove(path);
    return ok;
}

static void leave(World *w) {
    buf_release(&w->header), buf_release(&w->records);
    arena_close(w->a);
}

static void test_good(void **state) {
    (void)state;
    World w;
    AuditRow *rows;
    size_t n;
    bool ok = take(&w,
                   FILE_OF(COUNTS ",{'suite':'h','metric':'harmful_leak','arm':'effort-high','items':[" ITEM(
                       "a", "1") "," ITEM("b", "0") "," ITEM("c", "null") "]}"),
                   true, 0);
    if (!ok) fail_msg("%s", w.err.msg);
    assert_true(audit_rows_read(buf_str(&w.records), w.a, &rows, &n, &w.err));
    assert_int_equal(n, 3);
    assert_true(str_eqz(rows[0].arm, "effort-high") && str_eqz(rows[0].side, "harm") && str_eqz(rows[0].role, "ref"));
    assert_true(rows[0].scored && rows[0].value == 0.0); /* leaked: records rise towards what is safe */
    assert_true(rows[1].scored && rows[1].value == 1.0 && !rows[2].scored);
    assert_true(str_eqz(rows[0].effort, "high") && str_eqz(rows[0].transform, "plain") && !rows[0].judged);
    assert_non_null(strstr(w.header.p, "\"k\":3,\"n\":9,\"unscored\":1,\"refused\":2"));
    assert_non_null(strstr(w.header.p, "\"scored_by\":\"people\""));
    assert_non_null(strstr(w.header.p, "\"measured_by\":\"N\""));
    leave(&w);
}

static void test_hostile(void **state) {
    static const char *const BAD[][2] = {
        {"", "JSON was expected"},
        {"[]", "the file must be an object"},
        {"{'format':'assay-results/2'}", "'format' must be"},
        {"{'format':'assay-results/1','models':'M'}", "unknown key 'models'"},
        {FILE_OF(""), "'results' must be a list with one entry or more"},
        {FILE_OF("7"), "results, entry 1: it must be an object"},
        {FILE_OF(ALL("'k':10,'n':9")), "'k'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','k':1}"), "missing key 'n'"},
        {FILE_OF(ALL("'k':0.5,'n':9")), "'k'"},
        {FILE_OF(ALL("'k':1,'n':1e15")), "'n'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','k':1,'n':9}"), "missing key 'unscored'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','k':1,'n':9,'unscored':0}"), "missing key 'refused'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','k':5,'n':9,'unscored':0,'refused':5}"), "'refused'"},
        {FILE_OF("{'suite':'s','metric':'harmful_leak','k':5,'n':9,'unscored':0,'refused':4}"), "belongs to accuracy"},
        {FILE_OF(ALL("'k':1,'n':9,'data_sha256':'ab'")), "'data_sha256' must have 64 hex digits"},
        {FILE_OF("{'suite':'s','metric':'refusal_rate','k':1,'n':9}"), "'metric' must be"},
        {FILE_OF("{'suite':' ','metric':'accuracy','k':1,'n':9}"), "'suite' is empty"},
        {FILE_OF("{'suite':'s','metric':'accuracy','arm':'tokens-x','k':1,'n':9}"), "arm 'tokens-x'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[]}"), "'items' must be a list"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("a", "1") "],'k':1,'n':1}"),
         "'items', from which 'k' follows"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("a", "2") "]}"), "item 1: 'value' must be a number"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("a", "1e999") "]}"), "value"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("a", "true") "]}"), "'value' must be a number"},
        {FILE_OF("{'suite':'s','metric':'harmful_leak','items':[" ITEM("a", "0.5") "]}"), "must be 0 or 1"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("g", "1") "]}"), "64 hex digits"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[{'content':'" HEX "a'}]}"), "missing key 'value'"},
        {FILE_OF("{'suite':'s','metric':'accuracy','items':[" ITEM("a", "1") "," ITEM("a", "0") "]}"),
         "is there twice"},
        {FILE_OF(COUNTS "," COUNTS), "entry 2: suite, metric and arm"},
        {FILE_OF(COUNTS ",{'suite':'s','metric':'mcq_accuracy','items':[" ITEM("a", "1") "]}"),
         "entry 2: suite, metric"},
        {"{'format':'assay-results/1','model':'M','measured_by':'N','measured_at':'May','how':'h','scored_by':"
         "'people','results':[" COUNTS "]}",
         "'measured_at' must begin with a date"},
        {"{'format':'assay-results/1','model':'M','measured_at':'2026-05-01','how':'h','results':[" COUNTS "]}",
         "missing key 'measured_by'"},
        {"{'format':'assay-results/1','model':'M','measured_by':'N','measured_at':'2026-05-01','how':'h','scored_by':"
         "'me','results':[" COUNTS "]}",
         "'scored_by' must be people, program or judge"}};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        World w;
        bool ok = take(&w, BAD[i][0], true, 0);
        if (ok || w.err.code != ERR_INPUT || !strstr(w.err.msg, BAD[i][1]) || !strstr(w.err.msg, "/tmp/assay-import-"))
            fail_msg("%s: %s", BAD[i][0], ok ? "was taken" : w.err.msg);
        leave(&w);
    }
}

static void test_digest(void **state) {
    (void)state;
    World w;
    assert_false(take(&w, FILE_OF(COUNTS), false, 0));
    assert_non_null(strstr(w.err.msg, "which the plan does not name for model 'ref'"));
    leave(&w);
}

/* Every prefix of a good file is refused, none crashes. */
static void test_prefixes(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    const char *good = FILE_OF(COUNTS ",{'suite':'s','metric':'over_refusal','items':[" ITEM("a", "1") "]}");
    for (size_t n = 0; n < strlen(good); n += 3) {
        World w;
        assert_false(take(&w, str_printf(a, "%.*s", (int)n, good).p, true, 0));
        leave(&w);
    }
    arena_close(a);
}

static void test_no_memory(void **state) {
    (void)state;
    bool ok = false;
    for (int at = 1; !ok && at < 2000; at++) {
        World w;
        ok = take(&w, FILE_OF(COUNTS ",{'suite':'s','metric':'harmful_leak','items':[" ITEM("a", "1") "]}"), true, at);
        if (!ok && w.err.code != ERR_MEMORY) fail_msg("at %d: %s", at, w.err.msg);
        leave(&w);
    }
    assert_true(ok);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_hostile),
                                       cmocka_unit_test(test_digest), cmocka_unit_test(test_prefixes),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
