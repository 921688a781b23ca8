/* report.json and the summary behind it: numbers against hand counts, order against finishing order, hostile and sealed
 * texts. `test_reports_json --write DIR` leaves a filled run with all reports for other tests. */
#include "tests/report_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "reports/report.h"
#include "reports/stats/stats.h"
#include "reports/summary/summary.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)

static char *json_of(RunStore *s, size_t *n) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, (size_t)1 << 30);
    OK(report_write(reports_find("json"), s, &b, &err));
    *n = b.n;
    return b.p;
}

/* ---- small runs by hand ---- */

typedef struct Item {
    const char *model, *sample, *cluster;
    int epoch;
    double value; /* NaN: unscored; SILENT: 0, for want of an answer */
    CompletionStatus status;
} Item;

#define SILENT (-1.0)

static void put_items(RunStore *s, const Item *items, size_t n) {
    Err err = ERR_INIT;
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        Record r = {
            .key = {str_from(items[i].model), STR("suite"), str_from(items[i].sample), EFFORT_LOW, items[i].epoch},
            .ordinal = (int64_t)i,
            .cluster = str_from(items[i].cluster),
            .completion = {.status = items[i].status, .n_tokens = 10}};
        bool scored = !isnan(items[i].value);
        ScoreRow row = {STR("exact"),
                        STR("1"),
                        {.status = scored ? SCORE_SCORED : SCORE_UNSCORED,
                         .value = items[i].value == SILENT ? 0 : items[i].value,
                         .margin = NAN,
                         .outcome = !scored                    ? OUTCOME_UNSCORED
                                    : items[i].value == 1      ? OUTCOME_CORRECT
                                    : items[i].value == SILENT ? OUTCOME_NO_ANSWER
                                                               : OUTCOME_WRONG}};
        OK(store_append(s, &r, &id, &err));
        OK(store_put_scores(s, id, &row, 1, &err));
    }
}

static void with_items(const Item *items, size_t n, void (*check)(const Summary *)) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = fixture_dir();
    Arena *a = arena_open(0);
    Summary sum;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_manifest_put(s, "n_items", STR("1"), &err));
    put_items(s, items, n);
    OK(summary_build(s, a, &sum, &err));
    check(&sum);
    store_close(s);
    arena_close(a);
    fixture_remove(dir);
}

#define NEAR(got, want)                                                                                                \
    do {                                                                                                               \
        double g_ = (got), w_ = (want);                                                                                \
        if (!(fabs(g_ - w_) <= 1e-12)) fail_msg("%s = %.17g, expected %.17g", #got, g_, w_);                           \
    } while (0)

/* Four questions, one cut off, one unscored: the mean over scored rows, Wilson, bounds. */
static void check_one(const Summary *s) {
    const SumCell *c = &s->cells[0];
    assert_int_equal(s->n_cells, 1);
    assert_int_equal(s->n_pairs, 0);
    assert_int_equal(c->counts.total, 5);
    assert_int_equal(c->counts.scored, 4);
    assert_int_equal(c->counts.outcome[OUTCOME_UNSCORED], 1);
    assert_int_equal(c->counts.cut_off, 1);
    NEAR(c->est.mean, 0.5);
    StatRange w = stat_wilson(2, 4, 0.95);
    NEAR(c->est.lo, w.lo);
    NEAR(c->est.hi, w.hi);
    assert_int_equal(c->counts.open, 2);
    NEAR(c->bound_lo, 2.0 / 5);
    NEAR(c->bound_hi, 4.0 / 5);
    assert_string_equal(c->est.method, "wilson");
    assert_non_null(strstr(s->headline[0].lead, "50.0 %"));
}

static void test_one_cell(void **state) {
    (void)state;
    const Item items[] = {{"m", "a", NULL, 1, 1, COMPLETION_OK},
                          {"m", "b", NULL, 1, 0, COMPLETION_OK},
                          {"m", "c", NULL, 1, 1, COMPLETION_OK},
                          {"m", "d", NULL, 1, 0, COMPLETION_LENGTH},
                          {"m", "e", NULL, 1, NAN, COMPLETION_OK}};
    with_items(items, 5, check_one);
}

/* A model that gives nothing to read is not simply ignorant: the report says so, above one answer in five. */
static void check_silent(const Summary *s) {
    NEAR(s->cells[0].est.mean, 1.0 / 3);
    assert_int_equal(s->n_cautions, 1);
    assert_non_null(strstr(s->cautions[0], "1 of 3 answers ended without an answer"));
}

static void test_silent(void **state) {
    (void)state;
    const Item items[] = {{"m", "a", NULL, 1, 1, 0}, {"m", "b", NULL, 1, 0, 0}, {"m", "c", NULL, 1, SILENT, 0}};
    with_items(items, 3, check_silent);
}

/* Repeats are averaged first: three questions, not six rows. */
static void check_repeats(const Summary *s) {
    const SumCell *c = &s->cells[0];
    double x[] = {0.5, 1, 0};
    StatMean m = stat_mean(x, 3, 0.95);
    assert_int_equal(c->est.n_questions, 3);
    assert_int_equal(c->repeats, 2);
    NEAR(c->est.mean, 0.5);
    NEAR(c->est.se, m.se);
    assert_string_equal(c->est.method, "t");
    assert_true(c->est.lo == 0 && c->est.hi == 1); /* clipped: t with 2 df is wide */
}

static void test_repeats(void **state) {
    (void)state;
    const Item items[] = {{"m", "a", NULL, 1, 1, 0}, {"m", "a", NULL, 2, 0, 0}, {"m", "b", NULL, 1, 1, 0},
                          {"m", "b", NULL, 2, 1, 0}, {"m", "c", NULL, 1, 0, 0}, {"m", "c", NULL, 2, 0, 0}};
    with_items(items, 6, check_repeats);
}

/* Two questions per template: clustered errors, in the mean and in the comparison. */
static void check_clusters(const Summary *s) {
    double x[] = {1, 1, 1, 1, 0, 0, 1, 0}, y[] = {0, 0, 0, 0, 0, 0, 0, 0}, scratch[4];
    uint32_t id[] = {0, 0, 1, 1, 2, 2, 3, 3};
    StatClustered c = stat_clustered(x, id, 8, 4, 0.95, scratch);
    (void)y;
    assert_int_equal(s->cells[0].est.n_clusters, 4);
    NEAR(s->cells[0].est.se, c.se_cr1);
    assert_int_equal(s->n_pairs, 1);
    NEAR(s->pairs[0].diff, 5.0 / 8);
    NEAR(s->pairs[0].se, c.se_cr1); /* b is all wrong: d = a */
    /* sums of the clusters 2, 2, 0, 1: of 16 patterns of signs the four with both 2s alike reach 5 in size */
    assert_string_equal(s->pairs[0].p_method, "sign flip");
    NEAR(s->pairs[0].p, 4.0 / 16);
    /* all wrong in every cluster: no spread, so the interval counts clusters, not questions */
    assert_string_equal(s->cells[1].est.method, "wilson over clusters");
    NEAR(s->cells[1].est.hi, stat_wilson(0, 4, 0.95).hi);
}

static void test_clusters(void **state) {
    (void)state;
    static const char *const IDS[] = {"a", "b", "c", "d", "e", "f", "g", "h"}, *const T[] = {"t0", "t1", "t2", "t3"};
    const double v[] = {1, 1, 1, 1, 0, 0, 1, 0};
    Item items[16];
    for (int i = 0; i < 16; i++) items[i] = (Item){i < 8 ? "x" : "y", IDS[i % 8], T[i % 8 / 2], 1, i < 8 ? v[i] : 0, 0};
    with_items(items, 16, check_clusters);
}

/* Eight flips one way, none back: exact numbers of McNemar and the words. */
static void check_pair(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_int_equal(p->n, 12);
    assert_int_equal(p->a_better, 0);
    assert_int_equal(p->b_better, 8);
    assert_int_equal(p->n_unmatched, 1);
    NEAR(p->diff, -8.0 / 12);
    NEAR(p->p, 2 * ldexp(1, -8) - ldexp(1, -8));
    assert_int_equal(p->verdict, SUM_B_AHEAD);
    assert_non_null(strstr(s->headline[0].lead, "y is ahead of x on 1 of 1 suite"));
    assert_non_null(strstr(p->sentence, "y is better than x by 67 points"));
}

static void test_pair(void **state) {
    (void)state;
    static char ids[13][4];
    Item items[25];
    for (int i = 0; i < 13; i++) snprintf(ids[i], sizeof ids[i], "q%d", i);
    for (int i = 0; i < 12; i++) {
        items[i] = (Item){"x", ids[i], NULL, 1, i >= 8 && i < 10, 0};
        items[12 + i] = (Item){"y", ids[i], NULL, 1, i < 10, 0};
    }
    items[24] = (Item){"y", ids[12], NULL, 1, 1, 0}; /* x never saw it */
    with_items(items, 25, check_pair);
}

/* Equal everywhere: cannot tell, with what could be told; never NaN in words. */
static void check_equal(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_int_equal(p->verdict, SUM_CANNOT_TELL);
    NEAR(p->diff, 0);
    NEAR(p->p, 1);
    assert_true(p->mde > 0.3 && p->method != NULL);
    assert_null(strstr(p->sentence, "nan"));
    assert_non_null(strstr(s->headline[0].lead, "Cannot tell"));
}

static void test_equal(void **state) {
    (void)state;
    const Item items[] = {{"x", "a", NULL, 1, 1, 0}, {"x", "b", NULL, 1, 0, 0}, {"x", "c", NULL, 1, 1, 0},
                          {"y", "a", NULL, 1, 1, 0}, {"y", "b", NULL, 1, 0, 0}, {"y", "c", NULL, 1, 1, 0}};
    with_items(items, 6, check_equal);
}

static void check_nothing_common(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_int_equal(p->n, 0);
    assert_true(isnan(p->diff) && isnan(p->p));
    assert_null(strstr(s->headline[0].lead, "nan"));
    assert_non_null(strstr(p->sentence, "no question"));
}

static void test_nothing_common(void **state) {
    (void)state;
    const Item items[] = {
        {"x", "a", NULL, 1, 1, 0}, {"y", "b", NULL, 1, 0, 0}, {"x", "c", NULL, 1, NAN, 0}, {"y", "c", NULL, 1, 0, 0}};
    with_items(items, 4, check_nothing_common);
}

static void check_empty(const Summary *s) {
    assert_int_equal(s->n_cells, 0);
    assert_int_equal(s->n_headline, 1);
}

static void test_empty(void **state) {
    (void)state;
    with_items(NULL, 0, check_empty);
}

/* ---- the document ---- */

static bool is_time(const char *key) {
    size_t n = strlen(key);
    return strcmp(key, "started_at") == 0 || strcmp(key, "finished_at") == 0 || strcmp(key, "tokens_per_second") == 0 ||
           (n > 8 && strcmp(key + n - 8, "_seconds") == 0);
}

/* Where the run was started from is for the resume alone. */
static void test_no_folders(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = 2;
    RunStore *s = fixture_run(dir, &f);
    OK(store_manifest_put(s, "command", STR("{\"cwd\": \"/home/ada/secret\"}"), &err));
    for (size_t i = 0; i < reports_count(); i++) {
        Buf b;
        if (!reports_at(i)->write) continue; /* those with a folder: tests/e2e/test_exports.sh */
        buf_init(&b, (size_t)1 << 26);
        OK(report_write(reports_at(i), s, &b, &err));
        assert_true(str_find(buf_str(&b), STR("/home/ada"), 0) == SIZE_MAX);
        buf_release(&b);
    }
    store_close(s);
    fixture_remove(dir);
}

/* Broken off, resumed, in another order of finishing: the same document. */
static void test_order(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *plain = fixture_dir(), *broken = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = 20, f.repeats = 2;
    RunStore *s = fixture_run(plain, &f);
    size_t na = 0, nb = 0;
    char *a = json_of(s, &na);
    store_close(s);
    f.stride = 77; /* coprime to 2*4*20*2 */
    f.items_max = 101;
    s = fixture_run(broken, &f);
    store_close(s);
    OK(store_open(broken, STORE_RESUME, &s, &err));
    f.items_max = 0;
    fixture_fill(s, &f);
    char *b = json_of(s, &nb);
    store_close(s);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    mem_free(a), mem_free(b);
    fixture_remove(plain), fixture_remove(broken);
}

static void walk_times(const Json *j, int *n) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        if (json_key(c) && is_time(json_key(c)))
            ++*n;
        else
            walk_times(c, n);
    }
}

static void test_document(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    RunStore *s = fixture_run(dir, &f);
    size_t n = 0;
    char *text = json_of(s, &n);
    store_close(s);
    assert_null(memmem(text, n, FIXTURE_SECRET, strlen(FIXTURE_SECRET)));
    assert_null(memmem(text, n, dir, strlen(dir)));
    assert_null(memchr(text, 0, n));
    assert_true(utf8_valid((Str){text, n}));
    Json *root = NULL;
    /* our own reader refuses NUL inside strings, which the hostile answer holds; that alone is cut out here */
    for (char *at; (at = memmem(text, n, "\\u0000", 6));) memcpy(at, "      ", 6);
    OK(json_parse((Str){text, n}, &root, &err));
    assert_int_equal(json_count(json_get(root, "samples")), 800);
    assert_int_equal(json_count(json_get(root, "results")), 8);
    assert_int_equal(json_count(json_get(root, "comparisons")), 4);
    int times = 0, total = 0;
    walk_times(root, &times);
    assert_int_equal(times, 8 * 3 + 800 * 3 + 64 * 3 * 3); /* 64 samples have three turns, each with three times */
    for (const Json *r = json_first(json_get(root, "results")); r; r = json_next(r)) {
        double sum = 0;
        for (const Json *o = json_first(json_get(r, "outcomes")); o; o = json_next(o)) sum += json_num(o);
        assert_true(sum == json_num(json_get(r, "n_total")));
        total += (int)sum;
    }
    assert_int_equal(total, 800);
    json_close(root);
    mem_free(text);
    fixture_remove(dir);
}

static void test_terminal(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    RunStore *s = fixture_run(dir, &f);
    Record r = {.key = {STR("evil\x1b[31m\nmodel"), STR("demo/choice"), STR("x"), EFFORT_MEDIUM, 1}, .ordinal = 9999};
    int64_t id;
    OK(store_append(s, &r, &id, &err));
    Buf b;
    buf_init(&b, 1 << 20);
    Findings *all = NULL;
    OK(findings_open(s, &all, &err));
    OK(report_summary(all, &b, &err));
    findings_close(all);
    assert_null(memchr(b.p, 0x1b, b.n));
    assert_non_null(strstr(b.p, "evil\\u{1b}[31m\\u{a}model"));
    assert_non_null(strstr(b.p, "demo-large is ahead of demo-small on"));
    assert_null(strstr(b.p, FIXTURE_SECRET));
    assert_null(strstr(b.p, "nan"));
    buf_release(&b);
    store_close(s);
    fixture_remove(dir);
}

static uint64_t fnv1a(uint64_t sum, int c) {
    return (sum ^ (unsigned)c) * 0x100000001b3;
}

/* Of the bytes of all files in a folder and those below it, in whatever order. */
static uint64_t print_of(const char *path) {
    struct stat st;
    uint64_t sum = 0xcbf29ce484222325;
    if (stat(path, &st) != 0) return 0;
    if (!S_ISDIR(st.st_mode)) {
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        for (int c; (c = getc(f)) != EOF;) sum = fnv1a(sum, c);
        fclose(f);
        return sum;
    }
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char below[512];
        if (e->d_name[0] == '.') continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        sum += print_of(below);
    }
    closedir(d);
    return sum;
}

/* *print: of what was written. Files, which are slow to write, only where there are several. */
static bool write_once(const Report *r, RunStore *s, const char *dir, uint64_t *print, Err *err) {
    Findings *all = NULL;
    Buf b;
    buf_init(&b, (size_t)1 << 28);
    bool ok = findings_open(s, &all, err) && (r->write ? r->write(all, &b, err) : report_write_file(r, all, dir, err));
    findings_close(all);
    *print = 1;
    for (size_t i = 0; i < b.n; i++) *print = fnv1a(*print, b.p[i]);
    buf_release(&b);
    return ok;
}

/* Every allocation in turn fails: a sentence, or the whole document; never a crash, never a part. */
static void test_no_memory(void **state) {
    (void)state;
    char *dir = fixture_dir(), path[512], quick[] = "/dev/shm/assay-report-XXXXXX";
    const char *to = mkdtemp(quick) ? quick : dir; /* thousands of files that nobody needs on a disk */
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = 2;
    RunStore *s = fixture_run(dir, &f);
    for (size_t r = 0; r < reports_count(); r++) {
        const Report *rep = reports_at(r);
        uint64_t whole = 0, used = 1, got;
        snprintf(path, sizeof path, "%s/%s", to, rep->file_name);
        for (uint64_t n = 0; n <= used; n++) {
            Err err = ERR_INIT;
            mem_fail_at(n);
            bool ok = write_once(rep, s, to, &got, &err);
            uint64_t counted = mem_fail_at(0);
            if (ok && !rep->write) got = print_of(path);
            if (n == 0) whole = got, used = counted;
            if (!ok && err.code != ERR_MEMORY) fail_msg("%s, allocation %d: %s", rep->name, (int)n, err.msg);
            if (ok && got != whole) fail_msg("%s, allocation %d: not whole", rep->name, (int)n);
        }
        assert_true(whole && used > 100);
    }
    store_close(s);
    fixture_remove(dir);
    fixture_remove(to);
}

static int write_for_others(const char *dir, int samples) {
    Err err = ERR_INIT;
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = samples, f.rated = true;
    uint64_t t0 = clock_mono_ns();
    RunStore *s = fixture_run(dir, &f);
    uint64_t t1 = clock_mono_ns();
    Findings *all = NULL;
    bool ok = findings_open(s, &all, &err);
    for (size_t i = 0; ok && i < reports_count(); i++) ok = report_write_file(reports_at(i), all, dir, &err);
    fprintf(stderr, "%d records stored at %.0f/s; reports written in %.2f s\n", samples * 8,
            samples * 8 / ((double)(t1 - t0) / 1e9), (double)(clock_mono_ns() - t1) / 1e9);
    Buf b;
    buf_init(&b, 1 << 20);
    if (ok && report_summary(all, &b, &err)) printf("%s", b.p);
    findings_close(all);
    buf_release(&b);
    store_close(s);
    if (!ok) fprintf(stderr, "%s\n", err.msg);
    return ok ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc >= 3 && strcmp(argv[1], "--write") == 0)
        return write_for_others(argv[2], argc > 3 ? (int)strtol(argv[3], NULL, 10) : 100);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_cell),  cmocka_unit_test(test_repeats),  cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_pair),      cmocka_unit_test(test_equal),    cmocka_unit_test(test_nothing_common),
        cmocka_unit_test(test_empty),     cmocka_unit_test(test_silent),   cmocka_unit_test(test_no_folders),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_document), cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
