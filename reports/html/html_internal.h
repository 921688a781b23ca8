/* Parts of the pages. All of them append to a Buf; text of unknown origin goes through html_escape.
 *
 * To make a page of another kind (comparison, gate, audit):
 *
 *   html__open(b, lang, title);
 *   buf_adds(b, "<header>"); … one <h1> that answers the question …; buf_adds(b, "</header>\n<main id=\"main\">\n");
 *   html__section(b, lang, "numbers", WORD("All numbers")); … buf_adds(b, "</section>\n");
 *   buf_adds(b, "</main>\n");
 *   html__close(b, lang);
 *
 * Sentences go through html__say and html__sayf with their English text, and get a Korean entry
 * (reports/words/words.h). Tables are opened by html__table, so that each has a caption, a place to scroll in and heads
 * with a scope; one of the class "sortable" can be sorted by its heads (page.js). Looks live in report.css alone: the
 * content policy allows no style attribute, and no script but page.js, report.js and live.js. Pictures are SVG with
 * role="img" and a spoken label, and never tell anything by colour alone. */
#ifndef ASSAY_REPORTS_HTML_INTERNAL_H
#define ASSAY_REPORTS_HTML_INTERNAL_H

#include "reports/compare/compare.h"
#include "reports/safety/safety.h"
#include "reports/store/store.h"
#include "reports/words/words.h"

Str html__css(void);
Str html__page_js(void); /* tables, printing: on every page */
Str html__js(void);      /* the list of samples */
Str html__live_js(void); /* the page of a run that goes on */

/* ---- a page ---- */

/* Up to <body> and the link that skips to #main. title: plain text. */
void html__open(Buf *b, Lang lang, Str title);
/* A script of ours, one of the three above. */
void html__script(Buf *b, Str script);
/* page.js and the end. */
void html__close(Buf *b, Lang lang);
/* <section id="…"> with its heading. */
void html__section(Buf *b, Lang lang, const char *id, const char *heading);

/* ---- sentences: their English text, looked up and escaped ---- */

void html__say(Buf *b, Lang lang, const char *english);
void html__sayf(Buf *b, Lang lang, const char *english, ...) __attribute__((format(printf, 3, 4)));
/* The same for a double-quoted attribute's value. */
void html__say_attr(Buf *b, Lang lang, const char *english);
void html__sayf_attr(Buf *b, Lang lang, const char *english, ...) __attribute__((format(printf, 3, 4)));
/* A finished sentence of ours, escaped; no line ends before a per cent sign. */
void html__sentence(Buf *b, Str text);
/* <p class="…">…</p>; class_name NULL: none. */
void html__p(Buf *b, Lang lang, const char *class_name, const char *english);

/* ---- tables ---- */

/* Up to the first <th>. caption: plain text, in the page's language; shown if `shown`, else for screen readers alone.
 */
void html__table(Buf *b, const char *class_name, Str caption, bool shown);
/* A column's head; class_name "" or "num", "num wide". */
void html__th(Buf *b, Lang lang, const char *class_name, const char *english);
void html__table_body(Buf *b);
void html__table_end(Buf *b);

/* ---- parts of the run's page ---- */

/* Charts: rows of label, drawing and numbers. */
void html__scores(Buf *b, const Summary *s);
void html__differences(Buf *b, const Summary *s);
void html__outcomes(Buf *b, const Summary *s);
/* A section: score against tokens, where a model was run at several efforts; nothing else. */
void html__effort(Buf *b, const Summary *s);
/* A section: the share solved against how hard the problems are, where samples have a rating; nothing else. */
void html__rating(Buf *b, const Summary *s);
/* A section: how sure a model was against how often it was right, where choices were scored by likelihood. */
bool html__reliability(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err);

/* Safety: the answer, a picture, the gates, tables. Nothing if there is no section. */
void html__safety(Buf *b, const Summary *s, const Safety *f);
/* Domain x stage, for each language and model. */
void html__heat(Buf *b, const Summary *s, const SafSection *sec);
/* The tables behind them: by facet, under transforms, how answers ended. */
void html__safety_tables(Buf *b, const Summary *s, const SafSection *sec);
/* "3.8 %" as a cell holds it, "–" if undefined. "3 of 60". The four cells and heads of a rate. */
void html__share(Buf *b, double share);
void html__count_of(Buf *b, Lang lang, const SafRate *r);
void html__rate_cells(Buf *b, Lang lang, const SafRate *r);
void html__rate_heads(Buf *b, Lang lang);

/* A list of the methods behind the page's numbers. */
void html__methods(Buf *b, const Summary *s);
/* One of them in words, as the text of an attribute; an unknown one as it is, NULL as nothing. */
void html__method(Buf *b, Lang l, const char *method);

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
/* A row of five ticks above a picture's rows, in points: -half … half. middle: the word for 0; NULL: the number. */
void html__axis(Buf *b, Lang lang, double half, const char *middle);
/* A row from 0 to `end` of a share, in per cent. */
void html__axis_shares(Buf *b, double end);
/* A model's name behind its mark, as an entry of <ul class="legend">. */
void html__legend_model(Buf *b, const Summary *s, size_t model);

/* Tables. */
void html__result_table(Buf *b, const Summary *s);
void html__pair_table(Buf *b, const Summary *s);
void html__robust_table(Buf *b, const Summary *s);
void html__group_tables(Buf *b, const Summary *s);
void html__label_table(Buf *b, const Summary *s);
/* A section of its own; nothing if no scorer asked a judge. */
void html__judge(Buf *b, const Summary *s);

/* The list of samples: what stands in the page, and the data for it (html_data.c says how they are laid out). */
void html__samples(Buf *b, const Summary *s);
bool html__data(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err);

/* Shared: "82.4", "−3.1", "+12.0" (points or per cent), "–" for NaN; never "-0.0". */
void html__percent(Buf *b, double share);
void html__signed(Buf *b, double share);
/* The smallest difference that can be shown; "–" if that is none, as none is larger than 100 points. */
void html__mde(Buf *b, double mde);
/* "82.4 to 91.0" */
void html__range(Buf *b, Lang lang, double lo, double hi, void (*number)(Buf *, double));
/* Behind the cells of one row of a chart: those that differ from cell i only by the model. */
size_t html__row_end(const Summary *s, size_t i);
/* Opens a link to the sample table, filtered; outcome OUTCOME_COUNT means all. Close with </a>. */
void html__filter_link(Buf *b, const Summary *s, const SumCell *c, unsigned outcome);
/* A pair's numbers in the direction that is shown (see SumPair.flip). */
typedef struct PairView {
    const SumModel *first, *second;
    size_t first_model;
    double diff, lo, hi, bound_lo, bound_hi;
    size_t first_better, second_better;
    const char *verdict; /* "ahead", "behind", "cannot tell"; to be looked up */
} PairView;
PairView html__pair_view(const Summary *s, const SumPair *p);

#endif
