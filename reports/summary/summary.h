/* Summary: every number of a run's report, computed once. The JSON, the HTML and the terminal table all draw from this
 * struct, so they cannot disagree.
 *
 * cell    model x suite x transform x effort x scorer: counts by outcome, mean with interval, bounds, groups, labels
 * pair    two models on the same questions of a suite: difference, interval, test, verdict
 * Rules (specs: statistics.md section 0). The unit is the question: repeats are averaged first. Clusters widen the
 * errors. Means are taken over scored rows only, and what was left out is counted beside them. Undefined is NaN. */
#ifndef ASSAY_REPORTS_SUMMARY_H
#define ASSAY_REPORTS_SUMMARY_H

#include "reports/calibration.h"
#include "reports/store/store.h"

#define SUM_CONF 0.95
#define SUM_ALPHA 0.05
#define SUM_POWER 0.80
#define SUM_GROUPS_MAX 200

typedef struct SumModel {
    Str name, spec, digest; /* spec and digest absent if the manifest does not tell */
    Str precision;          /* absent: exact */
} SumModel;

typedef struct SumSuite {
    Str name, title, version, metric; /* title: name if the manifest tells none; metric: "" */
    bool sealed;                      /* hazard "sealed": no text of its samples is shown */
    bool higher_is_safer;             /* values rise towards safe answers, else towards right ones */
} SumSuite;

/* One way of putting the questions; "plain" is as they are. */
typedef struct SumTransform {
    Str name, family; /* "story+b64", "role play + encoding" */
} SumTransform;

typedef struct SumCounts {
    int64_t total, scored, outcome[OUTCOME_COUNT]; /* outcomes add up to total */
    int64_t cut_off;                               /* the completion hit its token limit, whatever the score */
    int64_t open;      /* cut off, refused, failed or unscored: neither right nor wrong is known */
    int64_t malformed; /* the completion was not well-formed harmony */
} SumCounts;

typedef struct SumEstimate {
    size_t n_questions; /* with at least one scored row */
    size_t n_clusters;  /* 0 if each question is its own */
    double mean, se, lo, hi;
    const char *method; /* "wilson", "t", "normal", "clustered t"; NULL if there is no interval */
} SumEstimate;

typedef struct SumGroup {
    Str name;
    SumCounts counts;
    SumEstimate est;
} SumGroup;

typedef struct SumLabel {
    Str name;
    int64_t n;
} SumLabel;

/* One question of a cell: its rows (repeats) together. */
typedef struct SumQuestion {
    Str sample, content_hash, group, cluster, kind; /* the last three may be absent */
    double rating;                                  /* how hard it is (tag "rating"); NaN: nobody says */
    int n_rows, n_scored, n_open;
    int n_below;        /* decided, with a value below 1 */
    bool whole;         /* every scored value is 0 or 1 */
    double sum;         /* of scored values */
    double sum_decided; /* of scored values whose completion was not cut off */
    int n_decided;      /* their count; n_decided + n_open = n_rows */
    Str lang;           /* may be absent */
    int n_positive;     /* scored, with the label that the run's calibration card calls positive; 0 without a card */
    int n_form, n_form_positive; /* of these, decided by the answer's form alone (it is empty): no judge erred there */
} SumQuestion;

/* Whether the run's calibration card counts for a cell. */
/* How far what a score was asked with is what the run's calibration card was made with; a later one outweighs. */
typedef enum SumFit { SUM_FITS, SUM_FIT_UNTOLD, SUM_FITS_NOT } SumFit;

typedef enum SumCalibration {
    SUM_UNCALIBRATED, /* there is none */
    SUM_OTHER_SCORER,
    SUM_OTHER_JUDGE,     /* or another precision, effort or temperature */
    SUM_OTHER_QUESTIONS, /* some answers were put to the judge otherwise, or by another policy */
    SUM_UNTOLD,          /* run or card, of an older version, say too little for anyone to know */
    SUM_OUT_OF_DATE,
    SUM_TOO_WEAK, /* sensitivity and specificity say too little for a correction */
    SUM_CALIBRATED
} SumCalibration;

/* The questions of a cell in one language, and the judge's rates that correct them. */
typedef struct SumJudgedLang {
    Str language;        /* absent: of questions without one */
    const CalPart *part; /* of the card, in that language; NULL: it has none */
    bool own;            /* by the part's rates, which rest on CAL_LANGUAGE_LEAST cases or more; else by all rows' */
    size_t n;            /* questions */
    double observed, corrected; /* the latter not clipped; NaN if the cell has none */
} SumJudgedLang;

/* Of cells whose scorer asked a judge model. Shares are of the card's positive label over questions with a score, each
 * the mean of its repeats; NaN where there is no card, or none that counts.
 *
 * Corrected by Rogan and Gladen (Am J Epidemiol 107:71, 1978), each question by the rates of its language, so that
 * languages weigh as they do among the questions. The error is the delta method's: that of the mean of the corrected
 * questions, with clusters, and beside it the judge's (stat_judge_variance) of each set of rates. The interval is never
 * narrower than that of the observed share. summary_correct.c has the formulas. */
typedef struct SumJudged {
    bool asked;
    int64_t n_unread, n_disputed; /* without a verdict, and with two that differ: both unscored */
    SumCalibration calibration;
    Str weak_language; /* SUM_TOO_WEAK: in which language it is; absent: over all */
    bool meets_bars;   /* the card does, in every language of the questions that it tells of any */
    double observed, corrected, se, lo, hi;
    double observed_lo, observed_hi; /* the observed share's own interval, as of any mean */
    const SumJudgedLang *languages;  /* by name */
    size_t n_languages;
} SumJudged;

typedef struct SumCell {
    size_t model, suite; /* indices */
    size_t transform;    /* index */
    Effort effort;
    Str scorer, scorer_version;
    bool primary; /* the suite's first scorer */
    SumCounts counts;
    int repeats; /* rows per question at most */
    SumEstimate est;
    double bound_lo, bound_hi; /* mean with everything open wrong, right */
    int64_t tokens_prompt, tokens, tokens_analysis;
    int64_t n_turns, n_calls, n_bad_calls;  /* of samples with tools; n_turns 0: it has none */
    double prefill_seconds, decode_seconds; /* sums; times */
    const SumGroup *groups;                 /* by name; none if no sample has a group */
    size_t n_groups;
    const SumLabel *labels; /* by name */
    size_t n_labels;
    const SumQuestion *questions; /* by sample id */
    size_t n_questions;
    SumJudged judged;
    SumFit asked; /* the worst of its scored rows */
} SumCell;

/* The run's judge, as its manifest tells; all absent: there was none, or it does not tell. */
typedef struct SumJudge {
    Str digest, precision, effort;
} SumJudge;

typedef enum SumVerdict { SUM_CANNOT_TELL, SUM_A_AHEAD, SUM_B_AHEAD } SumVerdict;

/* The questions of one group of a pair. Undefined numbers are NaN. */
typedef struct SumPairGroup {
    Str name;
    size_t n, n_clusters, a_better, b_better;
    double diff, se, lo, hi; /* mean of a - b */
    const char *method;
    double p, p_adjusted; /* Benjamini-Hochberg over all groups of primary pairs of this report */
    const char *p_method;
    double mde;
    SumVerdict verdict;
} SumPairGroup;

typedef struct SumPair {
    size_t a, b; /* cells; a's model stands before b's in the plan */
    bool primary;
    size_t n;           /* matched questions, scored on both sides */
    size_t n_unmatched; /* questions that only one side has, or scored on one side only, or of different content */
    size_t n_clusters;
    double diff, se, lo, hi; /* mean of a - b */
    const char *method;      /* of the interval; NULL if there is none */
    /* Of diff, over all questions that both were asked, if what is open (cut off, refused, failed, unscored) were wrong
     * of a and right of b; the other way round; all wrong; all right. */
    double bound_lo, bound_hi, bound_wrong, bound_right;
    SumPairGroup *groups; /* by name; of primary pairs whose questions have 2 to SUM_GROUPS_MAX groups */
    size_t n_groups;
    double p;
    const char *p_method; /* "McNemar mid-p", … */
    double p_adjusted;    /* Benjamini-Hochberg over the pairs of this report with the same `primary` */
    size_t a_better, b_better, both_right, both_wrong; /* questions; the last two only count whole scores */
    bool whole;
    double mde; /* smallest difference that this many questions show with 80 % power; above 1: none */
    SumVerdict verdict;
    const char *sentence; /* in words */
    bool flip; /* b leads the two models' headline: pictures and tables show b - a, so that ahead is to the right */
} SumPair;

/* A share of questions with its interval. */
typedef struct SumShare {
    size_t n; /* questions */
    double share, lo, hi;
    const char *method; /* NULL if there is no interval */
} SumShare;

typedef struct SumRobustFamily {
    Str name;
    SumShare any; /* wrong under at least one transform of the family */
} SumRobustFamily;

/* The questions of one kind of a suite under all transforms together (summary_robust.c). */
typedef struct SumRobust {
    size_t model, suite; /* indices */
    Effort effort;
    Str kind; /* of the samples: "harm", "twin"; absent if they have none */
    size_t n_transforms, n_clusters;
    int64_t n_open; /* answers left out: cut off, refused, failed or unscored */
    SumShare any;   /* wrong under at least one transform */
    SumShare mean;  /* mean over the transforms of each */
    size_t worst;   /* the transform with the largest share of wrong ones */
    double worst_share;
    size_t worst_n; /* questions that it was asked */
    SumRobustFamily *families;
    size_t n_families;
} SumRobust;

/* lead answers in one sentence; detail gives its numbers ("" if there are none). */
typedef struct SumHeadline {
    const char *lead, *detail;
} SumHeadline;

typedef struct Summary {
    Arena *arena;   /* holds everything below */
    bool rescoring; /* begun, and not ended: scores are mixed */
    Lang lang;      /* of sentences and words */
    SumModel *models;
    size_t n_models;
    SumSuite *suites;
    size_t n_suites;
    SumTransform *transforms; /* in the manifest's order; at least "plain" where there are cells */
    size_t n_transforms;
    SumCell *cells; /* by suite, effort, transform, scorer, model: the ones to compare stand together */
    size_t n_cells;
    SumPair *pairs;
    size_t n_pairs;
    SumRobust *robust; /* by the cells' order, then kind; none unless the run has several transforms */
    size_t n_robust;
    int n_efforts; /* different ones that occur */
    StoreCounts stored;
    StoreSealMode seal; /* what became of sealed texts */
    bool revealed;      /* sealed texts are shown */
    SumJudge judge;
    const CalCard *card;   /* of the judge; NULL: none */
    int64_t n_items;       /* work items of the plan; -1 if the manifest does not tell */
    bool joined;           /* several runs are read as one */
    bool adaptive;         /* the answers decided when the run ended (assay gate --adaptive) */
    SumHeadline *headline; /* at least one */
    size_t n_headline;
    bool safety_leads;     /* headline[0] speaks of safety (safety_headline) */
    const char **cautions; /* what limits the answer: unfinished, unscored, cut off */
    size_t n_cautions;
} Summary;

/* Everything lives in the arena, which must outlive *out. An empty run gives empty tables and a headline that says so.
 */
bool summary_build(RunStore *s, Arena *a, Summary *out, Err *err);
/* The same with its sentences in that language; summary_build's are English. */
bool summary_build_in(RunStore *s, Lang lang, Arena *a, Summary *out, Err *err);

const char *outcome_name(unsigned outcome);  /* "no_answer" */
const char *outcome_words(unsigned outcome); /* "no answer" */
/* The outcome of a record without any score: what its completion's status says. */
unsigned outcome_without_score(CompletionStatus status);
/* True for manifest entries that only a resume needs and that name folders of the machine: reports leave them out. */
bool summary_private_key(Str key);
/* True of a row that says that its sample is not for its scorer: it is shown and counted nowhere. */
bool summary_not_asked(const Score *s);
/* How sure a model was of the option that was scored: the likeliest one's share of the probability of all (softmax).
 * NaN where there are no two options with log-likelihoods, and where the scorer divided these by lengths: what it then
 * chose need not be the likeliest. */
double summary_surest(const Completion *c, const Score *s);
/* True if the record's texts must not be shown. */
bool summary_hides(const Summary *s, const Record *r);
/* What is told in place of a hidden text: how long it is at most. kind: "final", or "final@2". */
int64_t summary_length_class(const Record *r, const char *kind, Str text);
/* A pair of cells as it would be if every row of b without a score counted as `open` (0 or 1), of the questions that a
 * has scores of. Only n, n_clusters, diff, se, what stands on the interval and the test, the counts of questions and
 * `whole` are set. Lives in the arena; false: no memory. */
bool summary_pair_open(Arena *arena, const SumCell *a, const SumCell *b, double open, SumPair *out);
/* "demo/choice", with ", b64" behind it if the run has several transforms, ", high" if the run has several efforts, and
 * the scorer if it is not the first. */
const char *summary_cell_name(const Summary *s, const SumCell *c, Arena *a);
/* The same with the suite's title. */
const char *summary_cell_title(const Summary *s, const SumCell *c, Arena *a);

const char *summary_calibration_name(SumCalibration c); /* "out of date" */

/* Within the room: the value of a question with a score. */
typedef double SumValue(const SumQuestion *q, const void *ctx);
/* Within the room: mean and interval of the list's values, one for each question; sorts the list by cluster. */
bool summary__estimate(Arena *a, const SumQuestion **list, size_t n, SumValue *value, const void *ctx, SumEstimate *e);

/* Within the room: the run's card, needed to count its label among the rows (summary_judge.c). */
bool summary__card(Summary *s, RunStore *store, Err *err);
/* Within the room: how far a score's questions ({"asks": [...]}; absent: not told) are those of the card; k may be
 * NULL. */
bool summary__asked(const CalCard *k, Str judge, SumFit *out, Err *err);
/* Within the room: fills the shares of c->judged (summary_correct.c); may find that the card is too weak. false: no
 * memory. */
bool summary__correct(const CalCard *k, SumCell *c, Arena *a);

/* Within the room: fills `judged` of every cell (summary_judge.c). */
bool summary__judges(Summary *s, RunStore *store, Err *err);
/* Within the room: the caution number 0 to 2 about judges; appends nothing if all is well. */
void summary__judge_caution(const Summary *s, int which, Buf *b);
/* Within the room: fills pairs but for their sentences (summary_pairs.c). false: no memory. */
bool summary__pairs(Summary *s);
/* Within the room: fills pairs and headline from the cells. */
bool summary__compare(Summary *s, Err *err);
/* Fills cautions (summary_cautions.c). false: no memory. */
bool summary__cautions(Summary *s);
/* Fills robust. */
bool summary__robust(Summary *s, Err *err);

#endif
