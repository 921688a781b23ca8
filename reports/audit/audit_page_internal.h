/* What the page, the Markdown and the terminal lines of a scorecard share: the card as they read it, and its words. */
#ifndef ASSAY_REPORTS_AUDIT_PAGE_INTERNAL_H
#define ASSAY_REPORTS_AUDIT_PAGE_INTERNAL_H

#include "engine/base/json.h"
#include "reports/audit/audit_page.h"

/* What a code comes to: BELOW, NOT_ERODED, NO_UPLIFT and "pass" hold; AT_OR_ABOVE, ERODED, UPLIFT and "fail" fail. */
typedef enum PageSense { PAGE_OPEN, PAGE_HOLDS, PAGE_FAILS, PAGE_WARNS, PAGE_ABSENT } PageSense;

typedef struct PageModel {
    Str name, role; /* of the plan; "tuned", "candidate" */
} PageModel;

/* An indicator with a threshold, of one model. Shares, 0..1; NaN where the card has null. */
typedef struct PageRate {
    const Json *j;
    size_t model; /* n_models: one that the plan does not know */
    Str id, category, verdict, why;
    PageSense sense;
    double point, lower, upper, threshold;
    double n; /* scored items of the arm whose point is the figure */
    size_t n_arms, n_wanted;
} PageRate;

/* A paired difference between two models of the plan: erosion, or uplift over a reference. In shares. */
typedef struct PageDiff {
    const Json *j;
    size_t from, to; /* the model that is held against, the one that is judged */
    Str id, verdict, why;
    PageSense sense;
    double diff, lower, upper, margin, pairs;
    size_t n_lost, n_gained;
} PageDiff;

typedef struct Page {
    Lang lang;
    Arena *arena;
    const Json *card, *plan, *header;
    PageModel *models; /* [n_models] base, candidate, adversarial, reference, others */
    size_t n_models;
    PageRate *rates;
    size_t n_rates;
    PageDiff *erosions, *uplifts;
    size_t n_erosions, n_uplifts;
    double confidence;
    bool *lost; /* memory ran out for a text: what was drawn is not whole */
} Page;

/* false: no memory. The card must outlive the page. */
bool page__read(Page *p, const Json *card, Lang lang, Arena *a);

/* A text that the arena was asked for; "" and p->lost without memory. */
Str page__keep(const Page *p, Str text);
#define page__printf(p, ...) page__keep(p, words_printf((p)->arena, (p)->lang, __VA_ARGS__))

/* ---- members of the card ---- */

Str page__text(const Json *obj, const char *key);      /* "" if absent */
double page__number(const Json *obj, const char *key); /* NaN if absent or null */
bool page__true(const Json *obj, const char *key);
size_t page__model(const Page *p, Str name); /* n_models if there is none */

/* The rate that decides a category for a model: the worst verdict, then the bound nearest to its threshold (or furthest
 * beyond it). NULL: nothing was measured. */
const PageRate *page__driving(const Page *p, Str category, size_t model);
/* The categories that occur in the card, in its order. *n: how many. */
Str *page__categories(const Page *p, size_t *n);
/* The verdict of the card for a category and a model; "" if there is none. */
Str page__category_verdict(const Page *p, Str category, size_t model);
/* The category's own verdict, an entry of `verdicts`; NULL: cards of earlier versions have none. */
const Json *page__overall(const Page *p, Str category);
/* Whether a model's indicators are below while the category is not: a reader must not take the one for the other. */
bool page__below_but_open(const Page *p, Str category, Str verdict);
/* "" if every run counts, else why it does not; the banner's sentence for model i. */
Str page__exploratory(const Page *p, size_t model);

/* ---- words ---- */

PageSense page__sense(Str code);
/* A code of the card in words: categories, verdicts, roles, metrics, checks, results. Unknown ones come back as they
 * are. */
Str page__word(const Page *p, Str code);
/* A sentence of the card in the page's language; *english: it had no entry. */
Str page__told(const Page *p, Str english_text, bool *english);
/* "85.0", in per cent; more decimals where that would print v and the limit alike though they differ. "–" for NaN. */
const char *page__percent(const Page *p, double v, double limit);
const char *page__points(const Page *p, double v); /* "+52.0" */
const char *page__count(const Page *p, double v);  /* "100", "97.5" */
const char *page__chance(const Page *p, double v); /* "0.018", "<0.001", of p-values */
const char *page__p(const Page *p, double v);      /* "p = 0.018", "p < 0.001" */
/* "at most 90.5 %", or "at least 39.5 %" of what fails. */
Str page__bound(const Page *p, const PageRate *r);
/* One sentence on a rate or difference that does not hold. */
Str page__rate_finding(const Page *p, const PageRate *r);
Str page__diff_finding(const Page *p, const PageDiff *d);
/* One sentence on a category that cannot be ruled out. */
Str page__category_finding(const Page *p, const Json *overall);
/* The answer: what the card says, in the page's language. */
Str page__answer(const Page *p);
/* What people decided: one sentence; that nobody has, if so. */
Str page__decided(const Page *p);
/* Who signed the verdict: one sentence; "" where the plan asks for nobody. */
Str page__signatures(const Page *p);
/* "2.0 %", "+4.0 points", "12 days": what a check found, and its limit; "" where it has none. */
Str page__check_value(const Page *p, const Json *check);
Str page__check_limit(const Page *p, const Json *check);
/* All findings, failures first, then categories that are open; *n: how many. NULL: no memory. */
Str *page__findings(const Page *p, size_t *n);

/* ---- parts of the page; each appends a section, or nothing where the card has nothing for it ---- */

void page__say_told(Buf *b, const Page *p, Str english_text);
/* <span class="verdict …"> with its mark and word. */
void page__verdict(Buf *b, const Page *p, Str code);
void page__model_name(Buf *b, const Page *p, size_t model);
/* <h3>; the cells of a row: a text, a share in per cent, a number; "–" for what is not there. */
void page__h3(Buf *b, const Page *p, const char *english);
void page__row_head(Buf *b, Str text);
void page__td(Buf *b, Str text);
void page__td_time(Buf *b, Str text);
void page__td_word(Buf *b, const Page *p, Str code);
void page__td_code(Buf *b, Str text);
void page__td_percent(Buf *b, const Page *p, double v);
void page__td_points(Buf *b, const Page *p, double diff, double lower, double upper);
void page__td_number(Buf *b, const Page *p, double v, int digits);
void page__td_verdict(Buf *b, const Page *p, Str code);
/* "fail 1 · pass 9", with their marks. */
void page__check_counts(Buf *b, const Page *p);
/* A table of the class "numbers"; heads: {class, WORD(text)}, ends with {NULL, NULL}. Close with html__table_end. */
typedef struct PageHead {
    const char *class_name, *text;
} PageHead;
void page__table(Buf *b, const Page *p, const char *caption, const PageHead *heads);

/* The right end of the axis of all shares, 0.05 to 1; of all differences, from -this to this. */
double page__reach_rates(const Page *p);
double page__reach_diffs(const Page *p);

void page__matrix(Buf *b, const Page *p);
void page__picture(Buf *b, const Page *p);
void page__safeguards(Buf *b, const Page *p);
void page__differences(Buf *b, const Page *p);
void page__checks(Buf *b, const Page *p);
void page__decision(Buf *b, const Page *p);
void page__basis(Buf *b, const Page *p);
void page__limits(Buf *b, const Page *p);
void page__annex(Buf *b, const Page *p);
void page__curves(Buf *b, const Page *p);
void page__runs(Buf *b, const Page *p);

/* ---- audit_page_history.c: the plans before this one; nothing, where the plan supersedes none ---- */

void page__history_banner(Buf *b, const Page *p);
void page__history_section(Buf *b, const Page *p);
/* What a reader must not miss: every setting that became looser, a plan that was not given. *n: how many. */
Str *page__history(const Page *p, size_t *n);
/* One plan, one of its changes, in a line. */
Str page__history_step(const Page *p, const Json *step);
Str page__history_change(const Page *p, const Json *step, const Json *change);

#endif
