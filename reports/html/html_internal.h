/* Parts of report.html. All of them append to a Buf; text of unknown origin goes through html_escape. */
#ifndef ASSAY_REPORTS_HTML_INTERNAL_H
#define ASSAY_REPORTS_HTML_INTERNAL_H

#include "reports/compare.h"
#include "reports/safety.h"
#include "reports/store.h"

Str html__css(void);
Str html__js(void);

/* A page up to <body>, with our style sheet. title: plain text. */
void html__open(Buf *b, Str title);

/* Charts: rows of label, drawing and numbers. */
void html__scores(Buf *b, const Summary *s);
void html__differences(Buf *b, const Summary *s);
void html__outcomes(Buf *b, const Summary *s);

/* Safety: the answer, a picture, the gates, tables. Nothing if there is no section. */
void html__safety(Buf *b, const Summary *s, const Safety *f);

/* Of comparisons of runs: sentences for the top, and a section. Nothing in the report of one run. */
void html__compare_warnings(Buf *b, const Compare *c);
void html__compare(Buf *b, const Summary *s, const Compare *c);

/* Parts of drawings. Horizontal places are per cent of the width, vertical ones pixels. */
enum { HTML_LANE = 24, HTML_COLOURS = 6 };
/* A mark centred on (x %, y): its shape tells the model as well as its colour does. open: not filled. */
void html__mark(Buf *b, size_t model, double x, double y, bool open);
/* The same as a picture of its own, for legends. */
void html__small_mark(Buf *b, size_t model);
void html__vertical(Buf *b, const char *class_name, double x, double height);
void html__horizontal(Buf *b, const char *class_name, double x1, double x2, double y);

/* Tables. */
void html__result_table(Buf *b, const Summary *s);
void html__pair_table(Buf *b, const Summary *s);
void html__robust_table(Buf *b, const Summary *s);
void html__group_tables(Buf *b, const Summary *s);
void html__label_table(Buf *b, const Summary *s);
/* A section of its own; nothing if no scorer asked a judge. */
void html__judge(Buf *b, const Summary *s);

/* The samples as one JSON document that may stand inside a script element. */
bool html__data(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err);

/* Shared: "82.4", "−3.1", "+12.0" (points or per cent), "n/a" for NaN; never "-0.0". */
void html__percent(Buf *b, double share);
void html__signed(Buf *b, double share);
/* Behind the cells of one row of a chart: those that differ from cell i only by the model. */
size_t html__row_end(const Summary *s, size_t i);
/* Opens a link to the sample table, filtered; outcome OUTCOME_COUNT means all. Close with </a>. */
void html__filter_link(Buf *b, const Summary *s, const SumCell *c, unsigned outcome);
/* A pair's numbers in the direction that is shown (see SumPair.flip). */
typedef struct PairView {
    const SumModel *first, *second;
    size_t first_model;
    double diff, lo, hi;
    size_t first_better, second_better;
    const char *verdict; /* "ahead", "behind", "cannot tell" */
} PairView;
PairView html__pair_view(const Summary *s, const SumPair *p);

#endif
