/* Calibration: how often a judge is right, from answers that people have labelled; and the card that keeps it.
 *
 * A card is one JSON object ("assay-calibration/1"): how many rows, sensitivity and specificity of one label (the
 * positive one) and kappa, each with a one-sided 95 % lower bound, for all rows and by language; how often each true
 * label was met; the whole table; where the labels come from, when it was made, and of which judge. Rows without a
 * verdict and disputed ones are counted and left out of the rates. A card's id is the SHA-256 of its bytes. */
#ifndef ASSAY_REPORTS_CALIBRATION_H
#define ASSAY_REPORTS_CALIBRATION_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define CAL_FORMAT "assay-calibration/1"
#define CAL_CONF 0.95
/* What a judge must reach, in a language, to be used in a gate; lower bounds for the first. */
#define CAL_BAR_RATE 0.90
#define CAL_BAR_KAPPA 0.80
#define CAL_BAR_UNREAD 0.01
/* Rates of one language correct that language's answers if so many rows of it are labelled positive, and so many
 * negative. With fewer (28 or less) not even a judge that is right every time can be shown to reach CAL_BAR_RATE, and
 * the error that so few rows leave is larger than most differences between languages. Else the rates of all rows are
 * used, and reports say so. */
#define CAL_LANGUAGE_LEAST 30
#define CAL_LABELS_MAX 32
#define CAL_DAYS 365 /* a card counts for so long */

typedef struct CalRow {
    Str verdict;  /* absent: none could be read */
    Str label;    /* what people say */
    Str language; /* absent: not told */
    bool disputed;
} CalRow;

/* Rates are NaN where there is nothing to divide by. */
typedef struct CalPart {
    Str language; /* absent: all rows */
    int64_t n, n_scored, n_unread, n_disputed;
    int64_t positives, negatives, true_positives, true_negatives; /* of n_scored */
    double sensitivity, sensitivity_lower, specificity, specificity_lower, kappa, kappa_lower, unread;
    bool usable; /* sensitivity + specificity - 1 is at least STAT_JUDGE_LEAST */
    bool meets_bars;
} CalPart;

/* What stands on a card beside numbers. JSON texts may be absent. */
typedef struct CalAbout {
    Str positive; /* a label */
    Str date;     /* UTC */
    Str origin;   /* of the labels, in words; absent: not told */
    Str rows_sha256;
    Str judge, scorer; /* JSON objects */
} CalAbout;

/* language absent: of all rows. false: no memory, or more than CAL_LABELS_MAX labels. */
bool cal_part(const CalRow *rows, size_t n, Str language, Str positive, CalPart *out, Err *err);

/* Appends the card, indented. The positive label must occur among the labels, and another one too. */
bool cal_write(const CalRow *rows, size_t n, const CalAbout *about, Arena *a, Buf *out, Err *err);

typedef struct CalOption {
    Str key, value;
} CalOption;

#define CAL_TEMPLATES_MAX 8
#define CAL_OPTIONS_MAX 16

typedef struct CalCard {
    Str id; /* of the text that was read */
    Str date, positive, origin;
    Str scorer, scorer_version;       /* absent: of verdicts from elsewhere */
    Str policy_sha256;                /* absent: there was none */
    Str templates[CAL_TEMPLATES_MAX]; /* SHA-256 of what was asked with; none: not told */
    size_t n_templates;
    CalOption options[CAL_OPTIONS_MAX]; /* of the scorer, without its policy */
    size_t n_options;
    bool tells_options;                              /* false: made before cards told them */
    Str judge_digest, judge_precision, judge_effort; /* absent: not told */
    double judge_temperature;                        /* NaN: not told */
    CalPart all;
    const CalPart *languages;
    size_t n_languages;
} CalCard;

/* Everything lives in the arena. ERR_INPUT names the key: of what is missing or wrong, of counts that do not add up, of
 * a figure that its counts do not give. A language without a table of its own (an older card) has no kappa. */
bool cal_read(Str json, Arena *a, CalCard *out, Err *err);

/* The card in a run's manifest: entry is {"id", "card"}, or null. *there false: none, and *out is untouched. */
bool cal_read_entry(Str entry, Arena *a, CalCard *out, bool *there, Err *err);

/* Whether a card made at `date` counts for a run begun at `run`; both "YYYY-MM-DD…". In date: made before the run, as
 * an audit wants it, for whoever has seen figures might choose among cards. Near: before it or after it, as a report
 * takes it, for the judge is the same. */
bool cal_in_date(Str date, Str run);
bool cal_is_near(Str date, Str run);
/* Days from `date` to `now`; NaN if one of them is no date. */
double cal_days(Str date, Str now);
/* Whether a card is from the future, by a clock that may differ from another's by a day. */
bool cal_is_ahead(Str date, Str now);

#endif
