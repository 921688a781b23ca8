/* A judge's calibration card. What loads has counts that add up, and rates that follow from them: none beyond 0..1, a
 * lower bound never above its rate, nothing undefined where there is something to divide by. */
#include <math.h>
#include <string.h>

#include "engine/base/mem.h"
#include "reports/calibration.h"
#include "tests/fuzz/fuzz.h"

static const CalRow rows[] = {
    {{"yes", 3}, {"yes", 3}, {"en", 2}, false}, {{"yes", 3}, {"yes", 3}, {"ko", 2}, false},
    {{"no", 2}, {"no", 2}, {"en", 2}, false},   {{"yes", 3}, {"no", 2}, {"ko", 2}, false},
    {{"no", 2}, {"yes", 3}, {"en", 2}, false},  {{0}, {"no", 2}, {"en", 2}, false},
    {{"no", 2}, {"no", 2}, {0}, true},
};

static void seeds(FuzzGive *give, void *ctx) {
    const CalAbout about = {
        .positive = STR("yes"),
        .date = STR("2026-11-01T00:00:00Z"),
        .origin = STR("two people"),
        .rows_sha256 = STR("ab"),
        .judge = STR("{\"digest\":\"d\",\"precision\":\"exact\",\"effort\":\"low\",\"temperature\":0.5}"),
        .scorer = STR("{\"scorer\":\"safety\",\"version\":\"1\",\"policy_sha256\":\"p\",\"template_sha256\":"
                      "[\"t\"],\"options\":{\"passes\":\"2\"}}"),
    };
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, 1 << 20);
    fuzz_must(a && cal_write(rows, sizeof rows / sizeof *rows, &about, a, &b, &err), "cannot write the seed");
    give(ctx, "card", b.p, b.n);
    buf_release(&b);
    arena_close(a);
}

/* of: how many rows the rate is over. */
static void check_rate(double rate, double lower, int64_t of) {
    fuzz_must(isnan(rate) == (of == 0) && (isnan(rate) || (rate >= 0 && rate <= 1)), "a rate");
    fuzz_must(isnan(lower) || (lower >= 0 && lower <= rate), "the lower bound of a rate");
}

static void check_part(const CalPart *p) {
    fuzz_must(p->n == p->n_scored + p->n_unread + p->n_disputed && p->n_scored == p->positives + p->negatives,
              "counts that add up");
    check_rate(p->sensitivity, p->sensitivity_lower, p->positives);
    check_rate(p->specificity, p->specificity_lower, p->negatives);
    fuzz_must(isnan(p->kappa) || (p->kappa >= -1 && p->kappa <= 1), "kappa");
    fuzz_must(!p->usable || p->sensitivity + p->specificity > 1, "a usable judge");
    fuzz_must(!p->meets_bars || (p->usable && p->sensitivity_lower >= CAL_BAR_RATE), "a judge that meets the bars");
}

static bool run(const uint8_t *p, size_t n) {
    Arena *a = arena_open(0);
    CalCard card;
    Err err = ERR_INIT;
    bool ok = cal_read((Str){(const char *)p, n}, a, &card, &err);
    if (ok) {
        int64_t sum = 0;
        fuzz_must(card.id.n == 64 && card.date.p && card.positive.p && !card.all.language.p, "what a card must have");
        check_part(&card.all);
        for (size_t i = 0; i < card.n_languages; i++) {
            check_part(&card.languages[i]);
            sum += card.languages[i].n;
        }
        fuzz_must(sum <= card.all.n, "languages beyond all rows");
        fuzz_must(!isinf(card.judge_temperature), "a temperature");
    } else {
        fuzz_refused(&err);
    }
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"judgecard", FUZZ_TEXT, NULL, 1500, seeds, run};
