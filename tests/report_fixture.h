/* A made-up run for the tests of reports: two models, four suites, all outcome classes, hostile text, sealed samples.
 * Every number follows from (model, suite, sample, epoch), so two calls store the same run whatever the order of
 * appending. */
#ifndef ASSAY_TESTS_REPORT_FIXTURE_H
#define ASSAY_TESTS_REPORT_FIXTURE_H

#include "tests/support.h"

#include <math.h>

#include "engine/base/json.h"
#include "reports/store.h"

typedef struct Fixture {
    int samples;     /* per suite */
    int repeats;     /* epochs */
    unsigned stride; /* order of appending: 1 = the plan's; else every stride-th, coprime to the number of items */
    int items_max;   /* stop after so many items (0: all); a second call goes on */
    const char *started_at;
} Fixture;

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

/* One item of the run; texts live in the arena. */
static inline void fixture_item(const Fixture *f, Arena *a, int model, int suite, int sample, int epoch,
                                FixtureItem *it) {
    unsigned m = (unsigned)model, u = (unsigned)suite, i = (unsigned)sample, e = (unsigned)epoch;
    uint32_t skill = fixture_draw(7, u, i, 0) * 6 / 10 + fixture_draw(m + 1, u, i, e) * 4 / 10; /* shared difficulty */
    uint32_t dice = fixture_draw(m + 11, u, i, e + 50);
    unsigned outcome = skill < FIXTURE_SKILL[m][u] - (suite < 3 ? 60 : 0) ? OUTCOME_CORRECT : OUTCOME_WRONG;
    static const unsigned RARE[] = {OUTCOME_NO_ANSWER, OUTCOME_TRUNCATED, OUTCOME_REFUSED, OUTCOME_ERROR,
                                    OUTCOME_UNSCORED};
    if (suite < 3 && outcome == OUTCOME_WRONG && dice < 300) outcome = RARE[dice % 5];
    bool scored = outcome <= OUTCOME_NO_ANSWER, hostile = sample % 25 == 3 && suite == 0;
    memset(it, 0, sizeof *it);
    snprintf(it->sample, sizeof it->sample, "%s-%04d", FIXTURE_SUITES[suite] + 5, sample);
    snprintf(it->started, sizeof it->started, "%s", f->started_at);

    Str question = str_printf(
        a,
        suite == 1   ? "Mira has %d shells and finds %d more. How many shells does she have? Give the number."
        : suite == 2 ? "Read %d numbers and print the sum of those above %d. Write the program in C."
        : suite == 3
            ? FIXTURE_SECRET " question %d of topic %d"
            : "Which city of the small world lies on river %d?\nA. Aro\nB. Belin\nC. Corva\nD. Dunmar\n(Question %d)",
        sample * 7 % 90 + 3, sample % 40);
    Str final =
        str_printf(a,
                   suite == 2   ? "```c\n#include <stdio.h>\nint main(void) {\n    int n, s = 0;\n    while "
                                  "(scanf(\"%%d\", &n) == 1) if (n > %d) s += n;\n    printf(\"%%d\\n\", s);\n}\n```\n"
                   : suite == 3 ? FIXTURE_SECRET " answer %d"
                                : "I looked at the map and at the list of rivers.\n\nAnswer: %d",
                   sample % 40);
    if (hostile) final = str_dup(a, (Str){FIXTURE_HOSTILE, sizeof FIXTURE_HOSTILE - 1});
    Buf prompt;
    buf_init(&prompt, 65536);
    fixture_prompt(&prompt, question);

    Record *r = &it->record;
    int per_model = FIXTURE_N_SUITES * f->samples * f->repeats;
    *r = (Record){.key = {str_from(FIXTURE_MODELS[model]), str_from(FIXTURE_SUITES[suite]), str_from(it->sample),
                          EFFORT_MEDIUM, epoch},
                  .ordinal = model * per_model + (suite * f->samples + sample) * f->repeats + epoch - 1,
                  .content_hash = str_printf(a, "%08x", sample * 31 + suite),
                  .request_hash = str_printf(a, "%08x", model * 7 + sample * 31 + suite),
                  .prompt = str_dup(a, buf_str(&prompt)),
                  .target = STR("B"),
                  .started_at = str_from(it->started),
                  .sealed = false /* the manifest's hazard hides this suite */};
    if (suite == 0) r->group = sample % 3 == 0 ? STR("rivers") : sample % 3 == 1 ? STR("cities") : STR("people");
    if (suite == 1) r->cluster = str_printf(a, "template-%d", sample % 12);
    if (hostile || (sample % 7 == 2 && (suite == 1 || suite == 3))) fixture_turns(a, final, r);
    buf_release(&prompt);
    Completion *c = &r->completion;
    *c = (Completion){
        .status = outcome == OUTCOME_TRUNCATED ? COMPLETION_LENGTH
                  : outcome == OUTCOME_ERROR   ? COMPLETION_FAILED
                                               : COMPLETION_OK,
        .analysis =
            suite == 3
                ? STR(FIXTURE_SECRET " thoughts")
                : STR("The question names a river. I recall the map: the river passes Belin.\nSo the answer is B."),
        .final = final,
        .has_final = outcome != OUTCOME_TRUNCATED,
        .malformed = STR(""),
        .n_prompt_tokens = 60 + sample % 17,
        .n_tokens = 20 + (int)(dice / 10),
        .n_analysis_tokens = 12,
        .seconds_prefill = 0.01,
        .seconds_decode = 0.1 + dice / 1e4};
    if (outcome == OUTCOME_TRUNCATED) c->final = (Str){0};
    if (outcome == OUTCOME_ERROR)
        c->error = STR("the prompt has 9001 tokens, the context holds 4096"), c->final = (Str){0};
    if (sample == 5) c->malformed = STR("the final message was not closed");

    Score *sc = &it->score.score;
    const char *label = fixture_label(suite, outcome, dice);
    it->score.scorer = suite == 3   ? STR("refusal")
                       : suite == 2 ? STR("program")
                       : suite == 1 ? STR("number")
                                    : STR("choice");
    it->score.version = STR("1");
    *sc = (Score){.status = outcome == OUTCOME_ERROR ? SCORE_ERROR
                            : scored                 ? SCORE_SCORED
                                                     : SCORE_UNSCORED,
                  .outcome = outcome,
                  .value = outcome == OUTCOME_CORRECT,
                  .margin = NAN};
    if (label) sc->label = (ScorerStr){label, strlen(label)};
    Str mark = STR("Answer: ");
    size_t at = final.p ? str_find(final, mark, 0) : SIZE_MAX;
    if (c->final.p && at != SIZE_MAX && suite < 2) {
        sc->rule = (ScorerStr){"answer-colon", 12};
        sc->span_begin = at, sc->span_end = final.n;
        sc->answer = (ScorerStr){final.p + at + mark.n, final.n - at - mark.n};
    }
    if (hostile) sc->span_begin = 9, sc->span_end = 60, sc->rule = (ScorerStr){"boxed", 5};
    if (suite == 3) sc->answer = (ScorerStr){FIXTURE_SECRET, strlen(FIXTURE_SECRET)};
    static const char WHY[] =
        "The last line that begins with 'Answer:' names the option; it is compared with the target.";
    sc->explanation = suite == 3 ? (ScorerStr){FIXTURE_SECRET " why", strlen(FIXTURE_SECRET " why")}
                                 : (ScorerStr){WHY, sizeof WHY - 1};
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
              store_manifest_put(s, "seed", STR("7"), &err) &&
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

static inline void fixture_remove(const char *dir) {
    const char *names[] = {"run.db", "run.db-wal", "run.db-shm", "report.json", "report.html"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    remove(dir);
}

#endif
