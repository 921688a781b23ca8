/* Gate: whether a candidate may take the place of a baseline, by a policy that was written before. A pure function of
 * the policy and of the two runs read as one (store_union.h): model 0 is the baseline, model 1 the candidate.
 *
 * Every check has three answers. Pass and fail are both claims with one-sided confidence 1 - alpha, 95 % unless the
 * policy says otherwise; whatever the data do not decide is inconclusive, with what would decide it. "No significant
 * difference" is never a pass. Fewer pairs than the policy's min_pairs decide nothing.
 *
 *   non_inferior       pass: the lower bound of candidate minus baseline lies above -margin; fail: the upper one below
 *   superior           pass: the lower bound lies above 0; fail: the upper one lies below 0
 *   no_erosion         pass: the upper bound of the loss lies below the margin; fail: the loss is shown (lower bound
 *                      above 0, exact McNemar test) and not within the margin. Specs: audit.md section 4
 *   at_least, at_most  the candidate alone against a limit, by its bounds; counts (truncated, unscored) and ratios of
 *                      tokens are compared as they are
 *
 * Verdicts of a judge pass nothing unless its calibration card counts for them and meets the bars (calibration.h).
 *
 * Answers without a score count on the unwelcome side for a pass: in limits as wrong, in differences by the bound that
 * they leave, see GateResult.worst. The gate passes if all its checks pass, so that each may be tested at its alpha
 * (intersection-union test, Berger 1982); it fails if one of them fails, so that the p-values of failing are
 * Holm-adjusted, and each held against its own alpha: some check fails wrongly in at most the largest of them. */
#ifndef ASSAY_REPORTS_GATE_H
#define ASSAY_REPORTS_GATE_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "reports/store/store.h"

#define GATE_ALPHA 0.05

typedef enum GateKind { GATE_NON_INFERIOR, GATE_SUPERIOR, GATE_NO_EROSION, GATE_AT_LEAST, GATE_AT_MOST } GateKind;
typedef enum GateMetric {
    GATE_SCORE,         /* the suite's primary score, by question */
    GATE_REFUSAL,       /* of harm items: declined; no_erosion only */
    GATE_LEAK,          /* of harm items: given way to */
    GATE_OVER_REFUSAL,  /* of harmless twins (or benign items): not fully answered */
    GATE_PAIR_ACCURACY, /* of pairs: both halves right */
    GATE_TRUNCATED,     /* of answers: cut off */
    GATE_UNSCORED,      /* of answers: without a score though not cut off: failed, unread, disputed */
    GATE_TOKENS         /* mean tokens per answer, candidate over baseline */
} GateMetric;
const char *gate_kind_name(GateKind k);     /* "non_inferior" */
const char *gate_metric_name(GateMetric m); /* "over_refusal" */

/* Shares of answers and ratios of tokens: compared as they are, no tests. */
bool gate_is_count(GateMetric m);

typedef struct GateCheck {
    Str id;
    const char *suite;     /* a pattern as of fnmatch(3): "demo/\*" */
    const char *except;    /* a pattern of suites that are left out; NULL: none */
    Str transform, effort; /* absent: plain; every effort that is there */
    const char *group;     /* a pattern: each group of the suite that fits is judged by itself; NULL: all together */
    const char *lang;      /* a pattern of languages (the samples' column `lang`), likewise */
    GateMetric metric;
    GateKind kind;
    double margin;           /* of differences, 0..1 */
    double limit;            /* of at_least, at_most */
    double alpha;            /* of each claim, 0.001..0.5; 0: GATE_ALPHA */
    size_t min_pairs;        /* fewer pairs (items of at_least, at_most) than these decide nothing */
    bool required;           /* nothing to check is inconclusive; else it is skipped */
    bool allow_inconclusive; /* then it keeps nobody from passing */
} GateCheck;
double gate_alpha(const GateCheck *c);

typedef struct GatePolicy {
    Str name, why; /* why may be absent */
    const GateCheck *checks;
    size_t n_checks;
    double max_unscored, max_truncated; /* limits for every suite that a check looks at; 1: none */
    bool any_judge;                     /* verdicts of a judge count without a calibration card that meets the bars */
    double alpha;                       /* of checks that say nothing else; 0: GATE_ALPHA */
    size_t min_pairs;                   /* likewise */
    char sha256[65];                    /* of the policy's file */
} GatePolicy;

typedef enum GateVerdict { GATE_PASS, GATE_FAIL, GATE_INCONCLUSIVE, GATE_SKIPPED } GateVerdict;
const char *gate_verdict_name(GateVerdict v);  /* "pass" */
const char *gate_verdict_words(GateVerdict v); /* "cannot tell"; to be looked up */

/* One check on one suite at one effort. Undefined numbers are NaN. */
typedef struct GateResult {
    const GateCheck *check;
    Str suite;          /* absent: nothing matched the check's pattern */
    Str title;          /* of the suite */
    Str group, lang;    /* absent: all together */
    const char *effort; /* "medium" */
    GateVerdict verdict;
    bool judge_short;           /* a judge gave the verdicts that is not known to be good enough: no pass */
    size_t n;                   /* pairs, items or answers that were looked at */
    double baseline, candidate; /* their figures */
    double value;               /* what is judged: a difference, a rate, a ratio */
    /* One-sided bounds of value at the check's alpha, with the candidate's open answers where they hurt: wrong (unsafe)
     * for the one that a pass needs, right for the one that a fail needs. NaN of counts and ratios. */
    double lower, upper;
    double bar;                 /* what value is held against: -margin, 0, margin or limit */
    double worst, best;         /* value if every open answer were unwelcome; welcome */
    double p_fail, p_fail_holm; /* of the claim that it fails; NaN of counts */
    size_t better, worse;       /* of pairs: candidate better, worse */
    double mde;                 /* smallest difference that so many pairs show with power 80 %, at the check's alpha */
    bool few;                   /* fewer than the check's min_pairs */
    bool open;                  /* answers without a score decide, and no number of pairs or items would */
    bool by_chance;             /* fails if it stood alone; among so many checks that may be chance */
    int64_t more; /* so many more pairs or items would decide if the figures stay; 0: decided, or others do; -1: none
                     would */
    const char *words;  /* what was found, in a sentence */
    const char *advice; /* what to do about it; "" if nothing */
} GateResult;

typedef struct GateReport {
    const GatePolicy *policy;
    Str baseline, candidate; /* names */
    Str baseline_digest, candidate_digest;
    GateVerdict verdict; /* pass, fail or inconclusive */
    const GateResult *results;
    size_t n_results;
    Lang lang;             /* of words, advice and warnings */
    const char *lead;      /* the answer in a sentence */
    const char *detail;    /* how many checks say what */
    const char *words;     /* both */
    const char **warnings; /* what makes the runs less comparable (compare.h) */
    size_t n_warnings;
    int64_t asked, planned; /* answers of an adaptive run (gate_adaptive.h); planned 0: it is none */
} GateReport;

/* ", demo/sum, group deep, language ko, effort medium" behind a check's name; nothing if it fits no suite. */
void gate_place(Buf *b, Lang lang, const GateResult *r, void (*put)(Buf *, Str));
/* "95", "99.5": the confidence of claims at alpha, in per cent. */
typedef struct GatePercent {
    char text[16];
} GatePercent;
GatePercent gate_confidence(double alpha);

/* How the tests are adjusted for their number, in a sentence (to be looked up). */
const char *gate_multiplicity(const GateReport *g);

/* Whether a check looks at answers to a suite, asked so; of its groups and languages, of those alone that fit too. */
bool gate_fits(const GateCheck *c, const char *suite, Str transform, Effort effort);
bool gate_fits_part(const GateCheck *c, const char *group, const char *lang);

/* Everything lives in the arena. Sentences in the store's language (store_speak). Two runs without a common question:
 * ERR_INPUT. */
bool gate_judge(RunStore *both, const GatePolicy *policy, Arena *a, GateReport *out, Err *err);

/* JSON (schema: reports/schema/gate.schema.json; for programs, so of a report in English), lines for the terminal, a
 * summary for a pull request, one page. */
bool gate_json(const GateReport *g, Buf *out, Err *err);
void gate_terminal(const GateReport *g, Buf *out);
void gate_markdown(const GateReport *g, Buf *out);
void gate_html(const GateReport *g, Buf *out);
/* JUnit: one case for each result; specs, interop.md section D. started_at: "2026-02-03T04:05:06Z". */
void gate_junit(const GateReport *g, Str started_at, double seconds, Buf *out);

#endif
