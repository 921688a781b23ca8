/* A judge's calibration card: what is taken has rates that are shares, and corrects any count to a share within an
 * interval that is no narrower than the count's. */
#include <math.h>
#include <string.h>

#include "engine/base/mem.h"
#include "reports/calibration.h"
#include "reports/summary/summary.h"
#include "tests/fuzz/fuzz.h"

#define SCORER                                                                                                         \
    "{\"scorer\":\"policy\",\"version\":\"1\",\"template_sha256\":[\"t1\",\"t2\"],\"policy_sha256\":\"p1\","           \
    "\"options\":{\"passes\":\"2\"}}"

static void seed(FuzzGive *give, void *ctx, const char *name, bool languages, int wrong) {
    CalRow rows[90];
    Err err = ERR_INIT;
    Buf b;
    Arena *a = arena_open(0);
    for (int i = 0; i < 90; i++) {
        bool yes = i % 2, says = yes != (i < wrong);
        rows[i] = (CalRow){.verdict = says ? STR("violates") : STR("complies"),
                           .label = yes ? STR("violates") : STR("complies"),
                           .language = !languages ? (Str){0}
                                       : i < 70   ? STR("en")
                                                  : STR("ko"),
                           .disputed = i == 88};
        if (i == 89) rows[i].verdict = (Str){0};
    }
    CalAbout about = {.positive = STR("violates"),
                      .date = STR("2026-01-01"),
                      .origin = STR("by hand"),
                      .rows_sha256 = STR("ab"),
                      .judge = STR("{\"digest\":\"d\",\"precision\":\"exact\",\"effort\":\"low\",\"temperature\":0}"),
                      .scorer = STR(SCORER)};
    buf_init(&b, 1 << 20);
    fuzz_must(cal_write(rows, 90, &about, a, &b, &err), "a seed's card");
    give(ctx, name, b.p, b.n);
    buf_release(&b);
    arena_close(a);
}

static void seeds(FuzzGive *give, void *ctx) {
    seed(give, ctx, "languages", true, 6);
    seed(give, ctx, "one", false, 0);
    seed(give, ctx, "weak", true, 40);
}

static bool is_share(double x) {
    return x >= 0 && x <= 1;
}

static void check_part(const CalPart *p) {
    fuzz_must(p->positives >= p->true_positives && p->negatives >= p->true_negatives, "more right than there are");
    fuzz_must(p->positives + p->negatives <= p->n_scored && p->n_scored <= p->n, "more rows of a kind than rows");
    fuzz_must(isnan(p->sensitivity) || (is_share(p->sensitivity) && p->sensitivity_lower <= p->sensitivity),
              "a sensitivity is no share");
    fuzz_must(isnan(p->specificity) || (is_share(p->specificity) && p->specificity_lower <= p->specificity),
              "a specificity is no share");
    fuzz_must(isnan(p->kappa) || fabs(p->kappa) <= 1, "a kappa beyond 1");
    fuzz_must(!p->meets_bars || p->usable, "a judge that meets the bars tells too little");
}

static void check_correction(const CalCard *k, int n_positive, Arena *a) {
    SumQuestion q[12];
    SumCell c = {.questions = q, .n_questions = 12, .judged = {.asked = true, .calibration = SUM_CALIBRATED}};
    for (int i = 0; i < 12; i++)
        q[i] = (SumQuestion){.n_rows = 1,
                             .n_scored = 1,
                             .n_positive = i < n_positive,
                             .lang = i % 3 == 0   ? (Str){0}
                                     : i % 3 == 1 ? STR("en")
                                                  : STR("ko")};
    fuzz_must(summary__correct(k, &c, a), "no memory");
    const SumJudged *j = &c.judged;
    if (j->calibration != SUM_CALIBRATED) return;
    fuzz_must(is_share(j->corrected) && is_share(j->lo) && is_share(j->hi), "a corrected share is none");
    fuzz_must(j->lo <= j->corrected + 1e-12 && j->corrected <= j->hi + 1e-12, "an interval without its share");
    fuzz_must(j->hi - j->lo >= j->observed_hi - j->observed_lo - 1e-12, "correction narrows an interval");
}

static bool run(const uint8_t *p, size_t n) {
    Arena *a = arena_open(0);
    CalCard k;
    Err err = ERR_INIT;
    bool ok = cal_read((Str){(const char *)p, n}, a, &k, &err);
    if (!ok) fuzz_refused(&err);
    if (ok) check_part(&k.all);
    for (size_t i = 0; ok && i < k.n_languages; i++) check_part(&k.languages[i]);
    for (int i = 0; ok && i <= 12; i += 3) check_correction(&k, i, a);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"calibration", FUZZ_TEXT, NULL, 2000, seeds, run};
