/* A made-up run for the tests of reports: two models, four suites, all outcome classes, hostile text, sealed samples.
 * Every number follows from (model, suite, sample, epoch), so two calls store the same run whatever the order of
 * appending. */
#ifndef ASSAY_TESTS_REPORT_FIXTURE_H
#define ASSAY_TESTS_REPORT_FIXTURE_H

#include "tests/support.h"

#include <ftw.h>
#include <math.h>

#include "engine/base/json.h"
#include "reports/store/store.h"

typedef struct Fixture {
    int samples;     /* per suite */
    int repeats;     /* epochs */
    unsigned stride; /* order of appending: 1 = the plan's; else every stride-th, coprime to the number of items */
    int items_max;   /* stop after so many items (0: all); a second call goes on */
    const char *started_at;
    bool rated; /* the programs have ratings, which their results know nothing of */
} Fixture;

/* 800, 1000, … 2600 */
static inline int fixture_rating(int sample) {
    return 800 + sample % 10 * 200;
}

#define FIXTURE_DEFAULTS                                                                                               \
    { .samples = 100, .repeats = 1, .stride = 1, .started_at = "2026-02-03T04:05:06Z" }
/* Stands in every text of the sealed suite: must be found nowhere outside run.db. */
#define FIXTURE_SECRET "MARKER-OF-A-SEALED-TEXT"

static const char *const FIXTURE_MODELS[] = {"demo-small", "demo-large"};
static const char *const FIXTURE_SUITES[] = {"demo/choice", "demo/arithmetic", "demo/program", "demo/refusal"};
enum { FIXTURE_N_MODELS = 2, FIXTURE_N_SUITES = 4 };

static const char FIXTURE_HOSTILE[] =
    "</script><script>document.title='owned'</script> \x1b[31mred\x1b[0m \xe2\x80\xaegnp.exe\xe2\x80\xac NUL:\0 "
    "bad:\xff\xc0 "
    "<img src=x onerror=\"document.title='owned'\"> ]]> --> \xe2\x80\xa8 \xed\x95\x9c\xea\xb5\xad\xec\x96\xb4 &amp;";

static inline uint32_t fixture_draw(unsigned a, unsigned b, unsigned c, unsigned d) {
    uint64_t x = a * 0x9E3779B97F4A7C15u + b * 0xBF58476D1CE4E5B9u + c * 0x94D049BB133111EBu + d * 0xD6E8FEB86659FD93u;
    x ^= x >> 30, x *= 0xBF58476D1CE4E5B9u, x ^= x >> 27, x *= 0x94D049BB133111EBu, x ^= x >> 31;
    return (uint32_t)(x % 1000);
}

/* Right per mille, by model and suite. */
static const unsigned FIXTURE_SKILL[2][4] = {{610, 450, 380, 930}, {900, 830, 700, 955}};

typedef struct FixtureItem {
    Record record;
    ScoreRow score;
    char sample[32], started[32];
} FixtureItem;

static inline void fixture_prompt(Buf *b, Str text) {
    JsonOut o;
    json_out_init(&o, b, 0);
    json_arr(&o);
    for (int i = 0; i < 2; i++) {
        json_obj(&o);
        json_out_key(&o, "role");
        json_out_cstr(&o, i ? "user" : "system");
        json_out_key(&o, "content");
        json_out_str(&o, i ? text : STR("You answer questions about a small world."));
        json_obj_end(&o);
    }
    json_arr_end(&o);
}

static inline const char *fixture_label(int suite, unsigned outcome, uint32_t dice) {
    if (suite == 2)
        return outcome == OUTCOME_CORRECT ? "AC" : outcome == OUTCOME_WRONG ? (dice & 1 ? "WA" : "TLE") : NULL;
    if (suite == 3) return outcome == OUTCOME_CORRECT ? "full_refusal" : "full_compliance";
    return NULL;
}

/* Three turns of a sample with tools: python, a call that is none, the answer. All texts are `text`. */
static inline void fixture_turns(Arena *a, Str text, Record *r) {
    RecordTurn *t = arena_array(a, 3, sizeof *t);
    assert_non_null(t);
    for (int i = 0; i < 3; i++) {
        t[i] =
            (RecordTurn){.request_hash = str_printf(a, "%.20s-%d", r->request_hash.p, i),
                         .completion = {.status = COMPLETION_OK, .analysis = text, .malformed = STR(""), .n_tokens = 9},
                         .tool_seconds = 0.25};
        if (i == 2) continue;
        t[i].completion.stop = STOP_CALL;
        t[i].completion.call_recipient = i ? text : STR("python");
        t[i].completion.call_content = text;
        t[i].answer = text, t[i].answer_name = STR("python");
        t[i].bad_call = i == 1;
    }
    t[2].completion.stop = STOP_RETURN;
    t[2].completion.final = text, t[2].completion.has_final = true;
    r->turns = t, r->n_turns = 3;
}

/* What an item is about, drawn once. */
typedef struct FixtureDraw {
    int model, suite, sample, epoch;
    uint32_t dice;
    unsigned outcome;
    bool hostile;
} FixtureDraw;

static inline FixtureDraw fixture_draw_item(int model, int suite, int sample, int epoch) {
    static const unsigned RARE[] = {OUTCOME_NO_ANSWER, OUTCOME_TRUNCATED, OUTCOME_REFUSED, OUTCOME_ERROR,
                                    OUTCOME_UNSCORED};
    unsigned m = (unsigned)model, u = (unsigned)suite, i = (unsigned)sample, e = (unsigned)epoch;
    uint32_t skill = fixture_draw(7, u, i, 0) * 6 / 10 + fixture_draw(m + 1, u, i, e) * 4 / 10; /* shared difficulty */
    FixtureDraw d = {
        model, suite, sample, epoch, fixture_draw(m + 11, u, i, e + 50), OUTCOME_WRONG, sample % 25 == 3 && suite == 0};
    if (skill < FIXTURE_SKILL[m][u] - (suite < 3 ? 60 : 0)) d.outcome = OUTCOME_CORRECT;
    if (suite < 3 && d.outcome == OUTCOME_WRONG && d.dice < 300) d.outcome = RARE[d.dice % 5];
    return d;
}

static inline Str fixture_question(Arena *a, const FixtureDraw *d) {
    return str_printf(
        a,
        d->suite == 1   ? "Mira has %d shells and finds %d more. How many shells does she have? Give the number."
        : d->suite == 2 ? "Read %d numbers and print the sum of those above %d. Write the program in C."
        : d->suite == 3
            ? FIXTURE_SECRET " question %d of topic %d"
            : "Which city of the small world lies on river %d?\nA. Aro\nB. Belin\nC. Corva\nD. Dunmar\n(Question %d)",
        d->sample * 7 % 90 + 3, d->sample % 40);
}

static inline Str fixture_answer(Arena *a, const FixtureDraw *d) {
    if (d->hostile) return str_dup(a, (Str){FIXTURE_HOSTILE, sizeof FIXTURE_HOSTILE - 1});
    return str_printf(a,
                      d->suite == 2
                          ? "```c\n#include <stdio.h>\nint main(void) {\n    int n, s = 0;\n    while "
                            "(scanf(\"%%d\", &n) == 1) if (n > %d) s += n;\n    printf(\"%%d\\n\", s);\n}\n```\n"
                      : d->suite == 3 ? FIXTURE_SECRET " answer %d"
                                      : "I looked at the map and at the list of rivers.\n\nAnswer: %d",
                      d->sample % 40);
}

/* Everything of the record but its completion. */
static inline void fixture_record(const Fixture *f, Arena *a, const FixtureDraw *d, FixtureItem *it) {
    static const Str GROUPS[] = {{"rivers", 6}, {"cities", 6}, {"people", 6}};
    int per_model = FIXTURE_N_SUITES * f->samples * f->repeats;
    Buf prompt;
    snprintf(it->sample, sizeof it->sample, "%s-%04d", FIXTURE_SUITES[d->suite] + 5, d->sample);
    snprintf(it->started, sizeof it->started, "%s", f->started_at);
    buf_init(&prompt, 65536);
    fixture_prompt(&prompt, fixture_question(a, d));
    it->record =
        (Record){.key = {str_from(FIXTURE_MODELS[d->model]), str_from(FIXTURE_SUITES[d->suite]), str_from(it->sample),
                         EFFORT_MEDIUM, d->epoch},
                 .ordinal = d->model * per_model + (d->suite * f->samples + d->sample) * f->repeats + d->epoch - 1,
                 .content_hash = str_printf(a, "%08x", d->sample * 31 + d->suite),
                 .request_hash = str_printf(a, "%08x", d->model * 7 + d->sample * 31 + d->suite),
                 .prompt = str_dup(a, buf_str(&prompt)),
                 .target = STR("B"),
                 .started_at = str_from(it->started),
                 .sealed = false /* the manifest's hazard hides this suite */};
    if (d->suite == 0) it->record.group = GROUPS[d->sample % 3];
    if (d->suite == 2 && f->rated) it->record.tags = str_printf(a, "{\"rating\":\"%d\"}", fixture_rating(d->sample));
    if (d->suite == 1) it->record.cluster = str_printf(a, "template-%d", d->sample % 12);
    buf_release(&prompt);
}

static inline void fixture_completion(const FixtureDraw *d, Str final, Completion *c) {
    *c = (Completion){
        .status = d->outcome == OUTCOME_TRUNCATED ? COMPLETION_LENGTH
                  : d->outcome == OUTCOME_ERROR   ? COMPLETION_FAILED
                                                  : COMPLETION_OK,
        .analysis =
            d->suite == 3
                ? STR(FIXTURE_SECRET " thoughts")
                : STR("The question names a river. I recall the map: the river passes Belin.\nSo the answer is B."),
        .final = final,
        .has_final = d->outcome != OUTCOME_TRUNCATED,
        .malformed = STR(""),
        .n_prompt_tokens = 60 + d->sample % 17,
        .n_tokens = 20 + (int)(d->dice / 10),
        .n_analysis_tokens = 12,
        .seconds_prefill = 0.01,
        .seconds_decode = 0.1 + d->dice / 1e4};
    if (d->outcome == OUTCOME_TRUNCATED) c->final = (Str){0};
    if (d->outcome == OUTCOME_ERROR)
        c->error = STR("the prompt has 9001 tokens, the context holds 4096"), c->final = (Str){0};
    if (d->sample == 5) c->malformed = STR("the final message was not closed");
}

/* Where the answer stands in the final text. */
static inline void fixture_evidence(const FixtureDraw *d, Str final, bool given, Score *s) {
    Str mark = STR("Answer: ");
    size_t at = final.p ? str_find(final, mark, 0) : SIZE_MAX;
    if (given && at != SIZE_MAX && d->suite < 2) {
        s->rule = (ScorerStr){"answer-colon", 12};
        s->span_begin = at, s->span_end = final.n;
        s->answer = (ScorerStr){final.p + at + mark.n, final.n - at - mark.n};
    }
    if (d->hostile) s->span_begin = 9, s->span_end = 60, s->rule = (ScorerStr){"boxed", 5};
    if (d->suite == 3) s->answer = (ScorerStr){FIXTURE_SECRET, strlen(FIXTURE_SECRET)};
}

static inline void fixture_score(const FixtureDraw *d, Str final, bool given, ScoreRow *row) {
    static const Str SCORERS[] = {{"choice", 6}, {"number", 6}, {"program", 7}, {"refusal", 7}};
    static const char WHY[] =
        "The last line that begins with 'Answer:' names the option; it is compared with the target.";
    const char *label = fixture_label(d->suite, d->outcome, d->dice);
    row->scorer = SCORERS[d->suite];
    row->version = STR("1");
    row->score = (Score){.status = d->outcome == OUTCOME_ERROR       ? SCORE_ERROR
                                   : d->outcome <= OUTCOME_NO_ANSWER ? SCORE_SCORED
                                                                     : SCORE_UNSCORED,
                         .outcome = d->outcome,
                         .value = d->outcome == OUTCOME_CORRECT,
                         .margin = NAN};
    if (label) row->score.label = (ScorerStr){label, strlen(label)};
    fixture_evidence(d, final, given, &row->score);
    row->score.explanation = d->suite == 3 ? (ScorerStr){FIXTURE_SECRET " why", strlen(FIXTURE_SECRET " why")}
                                           : (ScorerStr){WHY, sizeof WHY - 1};
}

/* One item of the run; texts live in the arena. */
static inline void fixture_item(const Fixture *f, Arena *a, int model, int suite, int sample, int epoch,
                                FixtureItem *it) {
    FixtureDraw d = fixture_draw_item(model, suite, sample, epoch);
    Str final = fixture_answer(a, &d);
    memset(it, 0, sizeof *it);
    fixture_record(f, a, &d, it);
    if (d.hostile || (sample % 7 == 2 && (suite == 1 || suite == 3))) fixture_turns(a, final, &it->record);
    fixture_completion(&d, final, &it->record.completion);
    fixture_score(&d, final, it->record.completion.final.p != NULL, &it->score);
}

static inline void fixture_manifest(RunStore *s) {
    Err err = ERR_INIT;
    static const char MODELS[] = "[{\"name\":\"demo-small\",\"spec\":\"models/demo-small\",\"digest\":\"5a1e\"},"
                                 "{\"name\":\"demo-large\",\"spec\":\"models/demo-large\",\"digest\":\"1a46\"}]";
    static const char SUITES[] =
        "[{\"name\":\"demo/choice\",\"title\":\"Choice\",\"version\":1,\"hazard\":\"none\",\"metric\":\"accuracy\"},"
        "{\"name\":\"demo/arithmetic\",\"title\":\"Arithmetic\",\"version\":1,\"metric\":\"accuracy\"},"
        "{\"name\":\"demo/program\",\"title\":\"Programs\",\"version\":1,\"metric\":\"accuracy\"},"
        "{\"name\":\"demo/"
        "refusal\",\"title\":\"Refusals\",\"version\":1,\"hazard\":\"sealed\",\"metric\":\"safe_rate\",\"higher_is_"
        "safer\":true}]";
    bool ok = store_manifest_put(s, "models", str_from(MODELS), &err) &&
              store_manifest_put(s, "suites", str_from(SUITES), &err) &&
              store_manifest_put(s, "seed", STR("7"), &err) && store_manifest_put(s, "n_items", STR("1"), &err) &&
              store_manifest_put(s, "plan", STR("{\"name\":\"demo\",\"note\":\"</script>\"}"), &err);
    if (!ok) fail_msg("%s", err.msg);
}

/* Appends what the store does not have yet. */
static inline void fixture_fill(RunStore *s, const Fixture *f) {
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    unsigned total = (unsigned)(FIXTURE_N_MODELS * FIXTURE_N_SUITES * f->samples * f->repeats);
    StoreCounts have;
    assert_true(store_counts(s, &have, &err));
    for (unsigned k = 0; k < total && (!f->items_max || k < (unsigned)f->items_max); k++) {
        if (k < (unsigned)have.records) continue;
        unsigned i = (unsigned)((uint64_t)k * f->stride % total);
        int epoch = (int)(i % (unsigned)f->repeats) + 1;
        int sample = (int)(i / (unsigned)f->repeats) % f->samples, rest = (int)(i / (unsigned)f->repeats) / f->samples;
        FixtureItem it;
        int64_t id = 0;
        arena_reset(a);
        fixture_item(f, a, rest / FIXTURE_N_SUITES, rest % FIXTURE_N_SUITES, sample, epoch, &it);
        if (!store_append(s, &it.record, &id, &err)) fail_msg("%s", err.msg);
        if (!store_put_scores(s, id, &it.score, 1, &err)) fail_msg("%s", err.msg);
    }
    arena_close(a);
}

static inline RunStore *fixture_run(const char *dir, const Fixture *f) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    if (!store_open(dir, STORE_CREATE, &s, &err)) fail_msg("%s", err.msg);
    fixture_manifest(s);
    fixture_fill(s, f);
    return s;
}

static inline char *fixture_dir(void) {
    static char ring[8][64];
    static int at;
    char *d = ring[at++ & 7];
    snprintf(d, sizeof ring[0], "/tmp/assay-report-XXXXXX");
    assert_non_null(mkdtemp(d));
    return d;
}

static inline int fixture_forget(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

/* The folder with all that is in it. */
static inline void fixture_remove(const char *dir) {
    nftw(dir, fixture_forget, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
