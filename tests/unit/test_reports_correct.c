/* The share that a judge counts, corrected for its errors: against the formulas written out by hand, by language, with
 * clusters, with answers that no judge saw, and never with a narrower interval than before. */
#include "tests/support.h"

#include <math.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/mem.h"
#include "reports/calibration.h"
#include "reports/stats/stats_dist.h"
#include "reports/stats/stats_prop.h"
#include "reports/summary/summary.h"

static Arena *arena;

/* Labelled rows of one language: positives and how many of them were found, negatives and how many were left alone. */
typedef struct Labelled {
    const char *language;
    int positives, found, negatives, left;
} Labelled;

/* Answers to one question. */
typedef struct Answer {
    const char *sample, *language, *cluster, *label, *rule, *judge;
    int epoch;
} Answer;

typedef struct World {
    RunStore *store;
    char dir[32];
    int64_t n;
    Summary s;
} World;

static size_t rows_of(const Labelled *l, size_t n, CalRow *rows) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        Str lang = str_from(l[i].language);
        for (int j = 0; j < l[i].positives; j++)
            rows[k++] = (CalRow){j < l[i].found ? STR("violates") : STR("complies"), STR("violates"), lang, false};
        for (int j = 0; j < l[i].negatives; j++)
            rows[k++] = (CalRow){j < l[i].left ? STR("complies") : STR("violates"), STR("complies"), lang, false};
    }
    return k;
}

static void put_manifest(World *w, const char *key, Str json) {
    Err err = ERR_INIT;
    if (!store_manifest_put(w->store, key, json, &err)) fail_msg("%s", err.msg);
}

#define JUDGE "{\"digest\":\"d1\",\"precision\":\"exact\",\"effort\":\"medium\",\"temperature\":0}"

#define ASKS                                                                                                           \
    "{\"asks\":[{\"template_sha256\":\"t1\",\"policy_sha256\":\"p1\"},{\"template_sha256\":\"t2\",\"policy_sha256\":"  \
    "\"p1\"}]}"

#define SCORER "{\"scorer\":\"policy\",\"version\":\"1\",\"template_sha256\":[\"t1\",\"t2\"],\"policy_sha256\":\"p1\"}"

static void put_card(World *w, const Labelled *l, size_t n, Str judge, Str scorer) {
    static CalRow rows[4000];
    Err err = ERR_INIT;
    Buf b;
    CalAbout about = {.positive = STR("violates"),
                      .date = STR("2026-01-01"),
                      .rows_sha256 = STR("ab"),
                      .judge = judge,
                      .scorer = scorer};
    buf_init(&b, 1 << 20);
    if (!cal_write(rows, rows_of(l, n, rows), &about, arena, &b, &err)) fail_msg("%s", err.msg);
    put_manifest(w, "calibration", str_printf(arena, "{\"id\":\"c\",\"card\":" STR_FMT "}", STR_ARG(buf_str(&b))));
    buf_release(&b);
}

static void open_world(World *w, const Labelled *l, size_t n) {
    Err err = ERR_INIT;
    *w = (World){.dir = "/tmp/assay-correct-XXXXXX"};
    arena = arena_open(0);
    assert_non_null(mkdtemp(w->dir));
    assert_true(store_open(w->dir, STORE_CREATE, &w->store, &err));
    put_manifest(w, "models", STR("[{\"name\":\"m\",\"spec\":\"s\"}]"));
    put_manifest(w, "suites", STR("[{\"name\":\"t/s\",\"title\":\"T\",\"version\":1,\"metric\":\"safe_rate\"}]"));
    put_manifest(w, "scorers",
                 STR("{\"t/s\":[{\"name\":\"policy\",\"scorer\":\"policy\",\"version\":\"1\",\"asks\":\"model\"}]}"));
    put_manifest(w, "started_at", STR("\"2026-02-01T00:00:00Z\""));
    put_manifest(w, "judge", STR(JUDGE));
    put_card(w, l, n, STR(JUDGE), STR(SCORER));
}

static void close_world(World *w) {
    char path[64];
    store_close(w->store);
    snprintf(path, sizeof path, "%s/run.db", w->dir);
    unlink(path);
    rmdir(w->dir);
    arena_close(arena);
}

static void put(World *w, Answer a) {
    Err err = ERR_INIT;
    int64_t id;
    static char final[] = "text";
    bool scored = strcmp(a.label, "disputed") != 0 && strncmp(a.label, "judge_", 6) != 0;
    bool violates = strcmp(a.label, "violates") == 0;
    Record r = {.key = {.model = STR("m"),
                        .suite = STR("t/s"),
                        .sample = str_from(a.sample),
                        .transform = STR("plain"),
                        .effort = EFFORT_MEDIUM,
                        .epoch = a.epoch ? a.epoch : 1},
                .ordinal = w->n++,
                .content_hash = str_from(a.sample),
                .request_hash = STR("h"),
                .prompt = STR("[]"),
                .started_at = STR("2026-01-01T00:00:00Z"),
                .cluster = str_from(a.cluster),
                .completion = {.status = COMPLETION_OK, .final = {final, 4}, .has_final = true, .malformed = STR("")}};
    if (a.language) r.tags = str_printf(arena, "{\"lang\":\"%s\"}", a.language);
    ScoreRow row = {.scorer = STR("policy"), .version = STR("1"), .judge = str_from(a.judge ? a.judge : ASKS)};
    if (!row.judge.n || (a.rule && strcmp(a.rule, "form") == 0)) row.judge = (Str){0};
    row.score = (Score){.status = scored ? SCORE_SCORED : SCORE_UNSCORED,
                        .outcome = !scored    ? OUTCOME_UNSCORED
                                   : violates ? OUTCOME_WRONG
                                              : OUTCOME_CORRECT,
                        .value = scored ? !violates : 0,
                        .label = {a.label, strlen(a.label)},
                        .rule = {a.rule ? a.rule : "judge", strlen(a.rule ? a.rule : "judge")},
                        .margin = NAN};
    if (!store_append(w->store, &r, &id, &err) || !store_put_scores(w->store, id, &row, 1, &err))
        fail_msg("%s", err.msg);
}

/* n questions in a language, k of them called violations; `per` of them share a cluster (0: none does). */
static void put_many(World *w, const char *language, int n, int k, int per) {
    for (int i = 0; i < n; i++)
        put(w, (Answer){.sample = str_printf(arena, "%s-%04d", language, i).p,
                        .language = language,
                        .cluster = per ? str_printf(arena, "c%03d", i / per).p : NULL,
                        .label = i < k ? "violates" : "complies"});
}

static const SumJudged *summed(World *w) {
    Err err = ERR_INIT;
    if (!summary_build(w->store, arena, &w->s, &err)) fail_msg("%s", err.msg);
    assert_int_equal(w->s.n_cells, 1);
    return &w->s.cells[0].judged;
}

static void near(double got, double want) {
    if (!(fabs(got - want) < 1e-12)) fail_msg("%.15g instead of %.15g", got, want);
}

static bool warns(const Summary *s, const char *words) {
    for (size_t i = 0; i < s->n_cautions; i++)
        if (strstr(s->cautions[i], words)) return true;
    return false;
}

/* ---- by hand ---- */

static double theta(double q, double se, double sp) {
    return (q + sp - 1) / (se + sp - 1);
}

/* k right of n: one right and one wrong are added. */
static double added(double k, double n) {
    double p = (k + 1) / (n + 2);
    return p * (1 - p) / (n + 2);
}

static double of_judge(double t, const Labelled *l) {
    double se = (double)l->found / l->positives, sp = (double)l->left / l->negatives, y = se + sp - 1;
    return (t * t * added(l->found, l->positives) + (1 - t) * (1 - t) * added(l->left, l->negatives)) / y / y;
}

/* The variance of the mean of values that are a on k of n questions and b on the others of the first part, … */
typedef struct Values {
    double value;
    int n;
} Values;

static double of_mean(const Values *v, size_t parts) {
    double sum = 0, n = 0, ss = 0;
    for (size_t i = 0; i < parts; i++) sum += v[i].value * v[i].n, n += v[i].n;
    for (size_t i = 0; i < parts; i++) ss += (v[i].value - sum / n) * (v[i].value - sum / n) * v[i].n;
    return ss / (n - 1) / n;
}

#define Z 1.959963984540054

/* Wilson's limits: from q downwards, and upwards. */
static double wilson(double q, double n, int side) {
    double middle = (q + Z * Z / 2 / n) / (1 + Z * Z / n);
    double half = Z * sqrt(q * (1 - q) / n + Z * Z / 4 / n / n) / (1 + Z * Z / n);
    return side < 0 ? q - (middle - half) : middle + half - q;
}

/* The interval: `of_mean` and `of_judge` are variances, t their quantile, q the observed share of n, y what divides. */
static void check_interval(const SumJudged *j, double t, double of_questions, double judge, double q, double n,
                           double y) {
    double below = fmax(t * sqrt(of_questions), wilson(q, n, -1) / y);
    double above = fmax(t * sqrt(of_questions), wilson(q, n, 1) / y);
    near(j->se, sqrt(of_questions + judge));
    near(j->lo, fmax(0, j->corrected - sqrt(below * below + t * t * judge)));
    near(j->hi, j->corrected + sqrt(above * above + t * t * judge));
}

/* ---- tests ---- */

static const Labelled EN = {"en", 100, 95, 100, 98}, KO = {"ko", 100, 70, 100, 95};

static void test_by_language(void **state) {
    (void)state;
    World w;
    open_world(&w, (const Labelled[]){EN, KO}, 2);
    put_many(&w, "en", 60, 6, 0);
    put_many(&w, "ko", 40, 8, 0);
    const SumJudged *j = summed(&w);
    double en = theta(.1, .95, .98), ko = theta(.2, .70, .95), want = .6 * en + .4 * ko;
    assert_int_equal(j->calibration, SUM_CALIBRATED);
    near(j->observed, .14);
    near(j->corrected, want);
    /* over all rows: sensitivity 165/200, specificity 193/200 */
    assert_true(fabs(want - theta(.14, .825, .965)) > .01);
    assert_int_equal(j->n_languages, 2);
    assert_true(str_eqz(j->languages[0].language, "en") && j->languages[0].own && j->languages[0].n == 60);
    assert_true(str_eqz(j->languages[1].language, "ko") && j->languages[1].own && j->languages[1].n == 40);
    near(j->languages[0].corrected, en);
    near(j->languages[1].corrected, ko);
    near(j->languages[1].observed, .2);
    Values v[] = {{.98 / .93, 6}, {-.02 / .93, 54}, {.95 / .65, 8}, {-.05 / .65, 32}};
    check_interval(j, Z, of_mean(v, 4), .36 * of_judge(en, &EN) + .16 * of_judge(ko, &KO), .14, 100, .93);
    assert_false(warns(&w.s, "over all languages"));
    close_world(&w);
}

/* Reference vectors: the estimate is theirs, and the interval no narrower: it holds the judge's error also where the
 * judge made no mistake, and a question's variance over n - 1. */
static void test_golden(void **state) {
    (void)state;
    NEED_SHARED(path, "golden/statistics.json");
    Err err = ERR_INIT;
    Buf b;
    Json *root;
    int seen = 0;
    buf_init(&b, 1 << 24);
    assert_true(file_read(path, &b, &err) && json_parse(buf_str(&b), &root, &err));
    for (const Json *c = json_first(json_get(root, "cases")); c; c = json_next(c)) {
        const Json *x = json_get(c, "args"), *e = json_get(c, "expect");
        World w;
        if (!str_eqz(json_str(json_get(c, "fn")), "rogan_gladen") || json_num(json_get(x, "conf")) != .95) continue;
        Labelled l = {"en", (int)json_num(json_get(x, "sens_n")), (int)json_num(json_get(x, "sens_k")),
                      (int)json_num(json_get(x, "spec_n")), (int)json_num(json_get(x, "spec_k"))};
        open_world(&w, &l, 1);
        put_many(&w, "en", (int)json_num(json_get(x, "q_n")), (int)json_num(json_get(x, "q_k")), 0);
        const SumJudged *j = summed(&w);
        double want = json_num(json_get(e, "theta")), se = json_num(json_get(e, "se"));
        assert_float_equal(j->languages[0].corrected, want, 1e-9);
        assert_float_equal(j->corrected, fmax(0, want), 1e-9);
        assert_true(j->se > se && j->se < 1.5 * se);
        assert_true(j->lo <= json_num(json_get(e, "lo")) && j->hi >= json_num(json_get(e, "hi")));
        close_world(&w);
        seen++;
    }
    assert_true(seen >= 2);
    json_close(root);
    buf_release(&b);
}

/* Where the card has too few rows in a language, the rates of all rows correct it, and the report says so. */
static void test_too_few(void **state) {
    (void)state;
    for (int least = CAL_LANGUAGE_LEAST - 1; least <= CAL_LANGUAGE_LEAST; least++) {
        World w;
        Labelled ko = {"ko", least, 20, 100, 95}, all = {NULL, 100 + least, 115, 200, 193};
        open_world(&w, (const Labelled[]){EN, ko}, 2);
        put_many(&w, "en", 60, 6, 0);
        put_many(&w, "ko", 40, 8, 0);
        const SumJudged *j = summed(&w);
        double en = theta(.1, .95, .98), own = theta(.2, 20.0 / least, .95);
        double rest = theta(.2, 115.0 / (100 + least), 193.0 / 200);
        bool enough = least == CAL_LANGUAGE_LEAST;
        assert_int_equal(j->languages[1].own, enough);
        near(j->corrected, .6 * en + .4 * (enough ? own : rest));
        assert_int_equal(warns(&w.s, "“ko” are corrected by its rates over all languages: the calibration card has 29 "
                                     "positive and 100 negative rows in that one, and 30 of each are needed. How far"),
                         !enough);
        if (!enough) { /* the rows of all hold those of en: both errors are taken to go the same way */
            double y = 115.0 / 129 + 193.0 / 200 - 1;
            Values v[] = {{.98 / .93, 6}, {-.02 / .93, 54}, {(193.0 / 200) / y, 8}, {(193.0 / 200 - 1) / y, 32}};
            double sd = .6 * sqrt(of_judge(en, &EN)) + .4 * sqrt(of_judge(rest, &all));
            check_interval(j, Z, of_mean(v, 4), sd * sd, .14, 100, .93);
        }
        close_world(&w);
    }
}

/* Items whose language the card does not know, or that have none. */
static void test_other_languages(void **state) {
    (void)state;
    World w;
    open_world(&w, &EN, 1);
    put_many(&w, "fr", 20, 4, 0);
    put(&w, (Answer){.sample = "x", .label = "violates"});
    const SumJudged *j = summed(&w);
    assert_true(j->n_languages == 2 && !j->languages[0].own && !j->languages[1].own);
    near(j->corrected, theta(5.0 / 21, .95, .98));
    assert_true(warns(&w.s, "“fr” are corrected by its rates over all languages: the calibration card has 0 positive"));
    close_world(&w);
}

/* One rate, and clusters: the error of the observed share over clusters, over sensitivity + specificity - 1. */
static void test_clusters(void **state) {
    (void)state;
    World w;
    open_world(&w, &EN, 1);
    put_many(&w, "en", 100, 20, 5); /* twenty clusters; in four of them all are violations */
    const SumJudged *j = summed(&w);
    double ss = 4 * 25 * .8 * .8 + 16 * 25 * .2 * .2, se = sqrt(ss * 20 / 19) / 100, t = stat_two_sided_t(.95, 19);
    near(j->observed_hi - j->observed_lo, 2 * t * se);
    near(j->se, sqrt(se * se / .93 / .93 + of_judge(theta(.2, .95, .98), &EN)));
    near(j->hi, theta(.2, .95, .98) + t * j->se);
    assert_true(se * se > 2 * .2 * .8 / 100); /* what it would be without clusters, more than twice */
    close_world(&w);
}

static void test_never_narrower(void **state) {
    (void)state;
    static const int ns[] = {1, 3, 20, 60}, pers[] = {0, 3};
    for (size_t i = 0; i < sizeof ns / sizeof *ns; i++)
        for (int k = 0; k <= ns[i]; k += ns[i] < 20 ? 1 : ns[i] / 4)
            for (size_t c = 0; c < 2; c++) {
                World w;
                open_world(&w, &(const Labelled){"en", 400, 396, 400, 396}, 1);
                put_many(&w, "en", ns[i], k, pers[c]);
                const SumJudged *j = summed(&w);
                double width = j->observed_hi - j->observed_lo;
                if (!isnan(width) && !(j->hi - j->lo >= width - 1e-12 && j->lo >= 0 && j->hi <= 1))
                    fail_msg("%d of %d, clusters of %d: %g..%g from %g..%g", k, ns[i], pers[c], j->lo, j->hi,
                             j->observed_lo, j->observed_hi);
                assert_true(isnan(width) == isnan(j->lo));
                assert_true(j->corrected >= 0 && j->corrected <= 1);
                close_world(&w);
            }
}

/* An empty answer was shown to no judge, so none can have called it a violation by mistake. */
static void test_answers_that_nobody_judged(void **state) {
    (void)state;
    World w;
    open_world(&w, &EN, 1);
    put_many(&w, "en", 50, 10, 0);
    for (int i = 0; i < 50; i++)
        put(&w, (Answer){.sample = str_printf(arena, "z%d", i).p, .language = "en", .label = "empty", .rule = "form"});
    const SumJudged *j = summed(&w);
    near(j->observed, .1);
    near(j->corrected, .5 * theta(.2, .95, .98));
    Values v[] = {{.98 / .93, 10}, {-.02 / .93, 40}, {0, 50}};
    check_interval(j, Z, of_mean(v, 3), .25 * of_judge(theta(.2, .95, .98), &EN), .1, 100, .93);
    close_world(&w);
}

/* The unit is the question; what has no verdict, or two, is neither right nor wrong. */
static void test_questions_are_the_unit(void **state) {
    (void)state;
    World w;
    open_world(&w, &EN, 1);
    put(&w, (Answer){.sample = "a", .language = "en", .label = "violates"});
    put(&w, (Answer){.sample = "a", .language = "en", .label = "disputed", .epoch = 2});
    put(&w, (Answer){.sample = "a", .language = "en", .label = "judge_unparsed", .epoch = 3});
    for (int i = 1; i <= 3; i++) put(&w, (Answer){.sample = "b", .language = "en", .label = "complies", .epoch = i});
    put(&w, (Answer){.sample = "c", .language = "en", .label = "disputed"});
    const SumJudged *j = summed(&w);
    near(j->observed, .5); /* of a, and of b; not one of four rows */
    near(j->corrected, theta(.5, .95, .98));
    assert_int_equal(j->n_disputed, 2);
    assert_int_equal(j->n_unread, 1);
    assert_true(j->n_languages == 1 && j->languages[0].n == 2);
    close_world(&w);
}

/* Good over all, useless in one language: nothing is corrected, and the language is named. */
static void test_weak_in_one_language(void **state) {
    (void)state;
    World w;
    open_world(&w, (const Labelled[]){{"en", 300, 297, 300, 297}, {"ko", 40, 24, 40, 26}}, 2);
    put_many(&w, "en", 40, 4, 0);
    const SumJudged *j = summed(&w);
    assert_true(j->calibration == SUM_CALIBRATED && j->meets_bars);
    put_many(&w, "ko", 10, 4, 0);
    j = summed(&w);
    assert_true(w.s.card->all.usable && j->calibration == SUM_TOO_WEAK && !j->meets_bars);
    assert_true(str_eqz(j->weak_language, "ko") && isnan(j->corrected) && isnan(j->lo));
    near(j->observed, .16);
    assert_true(warns(&w.s, "too weak in the language “ko” for its rates to be corrected"));
    close_world(&w);
}

/* Rates over all rows correct nothing where each language has its own, so their weakness is nobody's. */
static void test_weak_over_all_alone(void **state) {
    (void)state;
    World w;
    open_world(&w, (const Labelled[]){{"en", 100, 95, 100, 98}, {"xx", 900, 300, 900, 300}}, 2);
    put_many(&w, "en", 40, 4, 0);
    const SumJudged *j = summed(&w);
    assert_true(!w.s.card->all.usable && j->calibration == SUM_CALIBRATED);
    near(j->corrected, theta(.1, .95, .98));
    put(&w, (Answer){.sample = "z", .label = "complies"}); /* and one that needs them */
    j = summed(&w);
    assert_true(j->calibration == SUM_TOO_WEAK && !j->weak_language.p && isnan(j->corrected));
    close_world(&w);
}

/* Nothing was scored: there is nothing to correct, and a weak judge is weak all the same. */
static void test_nothing_scored(void **state) {
    (void)state;
    for (int weak = 0; weak < 2; weak++) {
        World w;
        open_world(&w, &(const Labelled){"en", 100, weak ? 50 : 95, 100, 60}, 1);
        put(&w, (Answer){.sample = "a", .language = "en", .label = "judge_timeout"});
        const SumJudged *j = summed(&w);
        assert_int_equal(j->calibration, weak ? SUM_TOO_WEAK : SUM_CALIBRATED);
        assert_true(isnan(j->observed) && isnan(j->corrected) && isnan(j->lo) && isnan(j->se) && !j->n_languages);
        close_world(&w);
    }
}

/* For use in a gate the judge must be good enough in every language of the questions (specs, safety scoring, 15). */
static void test_bars_by_language(void **state) {
    (void)state;
    World w;
    open_world(&w, (const Labelled[]){{"en", 300, 297, 300, 297}, {"ko", 60, 54, 60, 58}}, 2);
    put_many(&w, "en", 40, 4, 0);
    assert_true(summed(&w)->meets_bars && w.s.card->all.meets_bars);
    assert_false(warns(&w.s, "misses the bars"));
    put_many(&w, "ko", 10, 4, 0);
    const SumJudged *j = summed(&w);
    assert_true(j->calibration == SUM_CALIBRATED && !j->meets_bars && w.s.card->all.meets_bars);
    assert_true(warns(&w.s, "its calibration misses the bars"));
    close_world(&w);
}

/* The card counts for the judge that gave the scores, as it was used: whatever a store says else, or does not say. */
static void test_other_judges(void **state) {
    (void)state;
    static const struct {
        const char *judge;
        SumCalibration want;
    } rows[] = {
        {JUDGE, SUM_CALIBRATED},
        {"{\"digest\":\"d1\",\"effort\":\"medium\",\"temperature\":0,\"new\":1}", SUM_CALIBRATED},
        {"{\"digest\":\"d2\",\"precision\":\"exact\",\"effort\":\"medium\",\"temperature\":0}", SUM_OTHER_JUDGE},
        {"{\"digest\":\"d1\",\"precision\":\"int8\",\"effort\":\"medium\",\"temperature\":0}", SUM_OTHER_JUDGE},
        {"{\"digest\":\"d1\",\"precision\":\"exact\",\"effort\":\"high\",\"temperature\":0}", SUM_OTHER_JUDGE},
        {"{\"digest\":\"d1\",\"precision\":\"exact\",\"effort\":\"medium\",\"temperature\":1}", SUM_OTHER_JUDGE},
        {"{\"digest\":\"d1\",\"precision\":\"exact\",\"effort\":\"medium\"}", SUM_UNTOLD},
        {"{\"precision\":\"exact\",\"effort\":\"medium\",\"temperature\":0}", SUM_UNTOLD},
        {"{\"digest\":\"d1\",\"temperature\":0}", SUM_UNTOLD},
        {"{\"effort\":\"high\",\"temperature\":0}", SUM_OTHER_JUDGE}, /* what is told is enough to know better */
        {"null", SUM_UNTOLD},
        {"[]", SUM_UNTOLD},
    };
    World w;
    open_world(&w, &EN, 1);
    put_many(&w, "en", 40, 4, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_manifest(&w, "judge", str_from(rows[i].judge));
        const SumJudged *j = summed(&w);
        if (j->calibration != rows[i].want) fail_msg("%s: %s", rows[i].judge, summary_calibration_name(j->calibration));
        near(j->observed, .1);
        assert_int_equal(isnan(j->corrected), rows[i].want != SUM_CALIBRATED);
        assert_int_equal(warns(&w.s, "the calibration card is not of this judge"), rows[i].want == SUM_OTHER_JUDGE);
        assert_int_equal(warns(&w.s, "cannot be told from what the run and the card say of it"),
                         rows[i].want == SUM_UNTOLD);
    }
    /* scores of two judges, as far as anyone knows */
    put_manifest(&w, "judge", STR(JUDGE));
    put_manifest(&w, "rescoring", STR("\"2026-02-02T00:00:00Z\""));
    assert_int_equal(summed(&w)->calibration, SUM_UNTOLD);
    assert_true(warns(&w.s, "Scoring this run again was interrupted"));
    put_manifest(&w, "rescoring", STR("null"));
    assert_int_equal(summed(&w)->calibration, SUM_CALIBRATED);
    assert_false(warns(&w.s, "interrupted"));
    close_world(&w);
}

/* What was asked about each answer must be what the card's judge was asked. */
static void test_other_questions(void **state) {
    (void)state;
    static const struct {
        const char *judge, *rule;
        SumCalibration want;
    } rows[] = {
        {"{\"asks\":[{\"template_sha256\":\"t2\",\"policy_sha256\":\"p1\"}]}", NULL, SUM_CALIBRATED},
        {NULL, "form", SUM_CALIBRATED}, /* nobody was asked */
        {"{\"asks\":[{\"template_sha256\":\"t1\",\"policy_sha256\":\"p2\"}]}", NULL, SUM_OTHER_QUESTIONS},
        {"{\"asks\":[{\"template_sha256\":\"t1\",\"policy_sha256\":\"p1\"},{\"template_sha256\":\"t3\"}]}", NULL,
         SUM_OTHER_QUESTIONS},
        {"{\"asks\":[{\"policy_sha256\":\"p1\"}]}", NULL, SUM_UNTOLD},
        {"{\"asks\":[{\"template_sha256\":\"t1\"}]}", NULL, SUM_UNTOLD},
        {"{\"asks\":[]}", NULL, SUM_UNTOLD},
        {"{}", NULL, SUM_UNTOLD},
        {"", NULL, SUM_UNTOLD}, /* none is stored */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        World w;
        open_world(&w, &EN, 1);
        put_many(&w, "en", 40, 4, 0);
        put(&w,
            (Answer){
                .sample = "z", .language = "en", .label = "complies", .judge = rows[i].judge, .rule = rows[i].rule});
        const SumJudged *j = summed(&w);
        if (j->calibration != rows[i].want)
            fail_msg("row %zu, %s: %s", i, rows[i].judge, summary_calibration_name(j->calibration));
        assert_int_equal(isnan(j->corrected), rows[i].want != SUM_CALIBRATED);
        assert_int_equal(warns(&w.s, "of other questions to the judge, or of another policy"),
                         rows[i].want == SUM_OTHER_QUESTIONS);
        close_world(&w);
    }
    World w;
    Err err = ERR_INIT;
    open_world(&w, &EN, 1);
    put(&w, (Answer){.sample = "z", .language = "en", .label = "complies", .judge = "{\"asks\":"});
    assert_false(summary_build(w.store, arena, &w.s, &err));
    assert_non_null(strstr(err.msg, "what a score says of its judge"));
    close_world(&w);
}

/* Cards that tell less of what they are of than cards do now: nothing is corrected by them, and that is said. */
static void test_cards_that_tell_less(void **state) {
    (void)state;
    static const struct {
        const char *judge, *scorer;
    } rows[] = {
        {NULL,
         "{\"scorer\":\"policy\",\"version\":\"1\",\"template_sha256\":[\"t1\",\"t2\"],\"policy_sha256\":\"p1\"}"},
        {"{\"digest\":\"d1\",\"temperature\":0}", SCORER},
        {"{\"digest\":\"d1\",\"effort\":\"medium\"}", SCORER},
        {JUDGE, NULL},
        {JUDGE, "{\"scorer\":\"policy\",\"version\":\"1\",\"policy_sha256\":\"p1\"}"},
        {JUDGE, "{\"scorer\":\"policy\",\"version\":\"1\",\"template_sha256\":[\"t1\",\"t2\"]}"},
        {JUDGE, "{\"scorer\":\"policy\",\"template_sha256\":[\"t1\",\"t2\"],\"policy_sha256\":\"p1\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        World w;
        open_world(&w, &EN, 1);
        put_card(&w, &EN, 1, str_from(rows[i].judge), str_from(rows[i].scorer));
        put_many(&w, "en", 40, 4, 0);
        const SumJudged *j = summed(&w);
        if (j->calibration != SUM_UNTOLD) fail_msg("row %zu: %s", i, summary_calibration_name(j->calibration));
        assert_true(isnan(j->corrected) && !j->meets_bars);
        close_world(&w);
    }
    World w;
    open_world(&w, &EN, 1);
    put_card(&w, &EN, 1, STR("{\"digest\":\"d1\",\"effort\":\"medium\",\"temperature\":0}"), STR(SCORER));
    put_many(&w, "en", 40, 4, 0);
    assert_int_equal(summed(&w)->calibration, SUM_CALIBRATED); /* precision: there was no other */
    close_world(&w);
}

/* A card that an older version stored and this one does not believe: a sentence that says what to do. */
static void test_unreadable_card(void **state) {
    (void)state;
    World w;
    Err err = ERR_INIT;
    open_world(&w, &EN, 1);
    put_manifest(&w, "calibration", STR("{\"id\":\"c\",\"card\":{\"format\":\"assay-calibration/1\"}}"));
    assert_false(summary_build(w.store, arena, &w.s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "the run's calibration card (to replace it: assay run --resume DIR --calibration "
                                    "FILE): missing key 'all'"));
    put_manifest(&w, "calibration", STR("null"));
    put(&w, (Answer){.sample = "z", .label = "complies"});
    assert_int_equal(summed(&w)->calibration, SUM_UNCALIBRATED);
    close_world(&w);
}

/* Clusters with the same share, and questions with the same fraction, leave no spread but that of rounding: intervals
 * have a width all the same. */
static void test_no_spread(void **state) {
    (void)state;
    for (int of = 3; of <= 11; of++) {
        World w;
        open_world(&w, &EN, 1);
        for (int i = 0; i < 8 * of; i++)
            put(&w, (Answer){.sample = str_printf(arena, "q%03d", i).p,
                             .language = "en",
                             .cluster = str_printf(arena, "c%d", i / of).p,
                             .label = i % of == 0 ? "violates" : "complies"});
        const SumJudged *j = summed(&w);
        StatRange want = stat_wilson(8.0 / of, 8, SUM_CONF);
        near(j->observed_lo, want.lo);
        near(j->observed_hi, want.hi);
        assert_string_equal(w.s.cells[0].est.method, "wilson over clusters");
        assert_true(j->hi - j->lo >= j->observed_hi - j->observed_lo);
        close_world(&w);
        open_world(&w, &EN, 1);
        for (int i = 0; i < 20 * of; i++)
            put(&w, (Answer){.sample = str_printf(arena, "q%02d", i / of).p,
                             .language = "en",
                             .epoch = 1 + i % of,
                             .label = i % of == 0 ? "violates" : "complies"});
        j = summed(&w);
        want = stat_wilson(20.0 / of, 20, SUM_CONF);
        near(j->observed_lo, want.lo);
        near(j->observed_hi, want.hi);
        close_world(&w);
    }
}

static void test_without_memory(void **state) {
    (void)state;
    World w;
    open_world(&w, (const Labelled[]){EN, KO}, 2);
    put_many(&w, "en", 3, 1, 0);
    put_many(&w, "ko", 3, 1, 2);
    for (int at = 1;; at++) {
        Err err = ERR_INIT;
        Summary s;
        Arena *a = arena_open(0); /* one that failed stays so */
        assert_non_null(a);
        mem_fail_at(at);
        bool ok = summary_build(w.store, a, &s, &err);
        mem_fail_at(0);
        arena_close(a);
        if (ok) break;
        assert_int_equal(err.code, ERR_MEMORY);
    }
    close_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_language),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_other_languages),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_never_narrower),
        cmocka_unit_test(test_answers_that_nobody_judged),
        cmocka_unit_test(test_questions_are_the_unit),
        cmocka_unit_test(test_weak_in_one_language),
        cmocka_unit_test(test_weak_over_all_alone),
        cmocka_unit_test(test_nothing_scored),
        cmocka_unit_test(test_bars_by_language),
        cmocka_unit_test(test_other_judges),
        cmocka_unit_test(test_other_questions),
        cmocka_unit_test(test_cards_that_tell_less),
        cmocka_unit_test(test_unreadable_card),
        cmocka_unit_test(test_no_spread),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
