/* A run that goes on: a small page that asks for its figures (live.js), and the figures as JSON. */
#include "reports/report.h"

#include <math.h>

#include "engine/base/json.h"
#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- figures ---- */

static void write_cell(JsonOut *o, const Summary *s, const SumCell *c) {
    json_obj(o);
    json_out_key(o, "model"), json_out_str(o, s->models[c->model].name);
    json_out_key(o, "cell"), json_out_cstr(o, summary_cell_title(s, c, s->arena));
    json_out_key(o, "answers"), json_out_int(o, c->counts.total);
    json_out_key(o, "score"), json_out_num(o, c->est.mean);
    json_out_key(o, "low"), json_out_num(o, c->est.method ? c->est.lo : NAN);
    json_out_key(o, "high"), json_out_num(o, c->est.method ? c->est.hi : NAN);
    json_obj_end(o);
}

/* Every answer is stored and scored. A run that was stopped in between has no word of its end, but its counts. */
bool report_is_complete(RunStore *store, Arena *a, bool *yes, Err *err) {
    StoreCounts c;
    Str planned, finished;
    if (!store_counts(store, &c, err) || !store_manifest_get(store, "n_items", a, &planned, err) ||
        !store_manifest_get(store, "finished_at", a, &finished, err))
        return false;
    Json *n = NULL;
    int64_t want = INT64_MAX;
    if (planned.p && !json_parse(planned, &n, err)) return false;
    if (n && !json_int(n, 0, INT64_MAX, &want)) want = INT64_MAX;
    json_close(n);
    *yes = finished.p || (c.records >= want && c.records_without_scores == 0);
    return true;
}

static void write_figures(Buf *out, const Summary *s, bool complete) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "stored"), json_out_int(&o, s->stored.records);
    json_out_key(&o, "planned");
    if (s->n_items >= 0)
        json_out_int(&o, s->n_items);
    else
        json_out_null(&o);
    json_out_key(&o, "complete"), json_out_bool(&o, complete);
    json_out_key(&o, "results");
    json_arr(&o);
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].primary) write_cell(&o, s, &s->cells[i]);
    json_arr_end(&o);
    json_obj_end(&o);
}

bool report_progress(RunStore *store, Buf *out, Err *err) {
    Arena *a = arena_open(0);
    Summary s;
    bool complete;
    if (!a) return err_nomem(err);
    bool ok = summary_build(store, a, &s, err) && report_is_complete(store, a, &complete, err);
    if (ok) write_figures(out, &s, complete);
    if (ok && out->failed) ok = err_nomem(err);
    arena_close(a);
    return ok;
}

/* ---- the page ---- */

static void figures(Buf *b, Lang l) {
    html__section(b, l, "figures", WORD("Figures so far"));
    html__p(b, l, "note", WORD("They move while the run goes on. The report comes by itself when it is complete."));
    html__table(b, "", str_from(words(l, WORD("Figures so far"))), false);
    html__th(b, l, "", WORD("Model"));
    html__th(b, l, "", WORD("Suite"));
    html__th(b, l, "num", WORD("Answers"));
    html__th(b, l, "num", WORD("Score"));
    html__th(b, l, "num", WORD("95\u00a0% interval"));
    buf_adds(b, "</tr></thead><tbody id=\"live-rows\">");
    html__table_end(b);
    buf_adds(b, "<p><a href=\"report.html\">");
    html__say(b, l, WORD("The report as it stands"));
    buf_adds(b, "</a></p></section>\n");
}

bool report_live(Lang l, Buf *b, Err *err) {
    html__open(b, l, str_from(words(l, WORD("A run in progress"))));
    buf_adds(b, "<header><p class=\"eyebrow\">assay view</p>\n<div role=\"status\"><h1 id=\"live-count\">");
    html__say(b, l, WORD("A run in progress"));
    buf_adds(b, "</h1></div>\n<progress id=\"live-bar\" max=\"1\" value=\"0\" aria-label=\"");
    html__say_attr(b, l, WORD("Answers stored"));
    buf_adds(b, "\"></progress>\n<p class=\"caution\" id=\"live-trouble\" hidden>");
    html__say(b, l, WORD("The server does not answer any more: was assay view ended?"));
    buf_adds(b, "</p><noscript>");
    html__p(b, l, "note", WORD("Figures that move need JavaScript; the report does not."));
    buf_adds(b, "</noscript>\n</header>\n<main id=\"main\"><div id=\"live\" hidden data-count=\"");
    html__say_attr(b, l, WORD("{0} of {1} answers are stored."));
    buf_adds(b, "\" data-range=\"");
    html__say_attr(b, l, WORD("{0} to {1}"));
    buf_adds(b, "\"></div>\n");
    figures(b, l);
    buf_adds(b, "</main>\n");
    html__script(b, html__live_js());
    html__close(b, l);
    return !b->failed || err_nomem(err);
}
