/* samples.csv: one row per sample and scorer, for a spreadsheet or a data frame (RFC 4180, UTF-8). Labels and numbers
 * alone: no prompt, no answer of a model, so that sealed samples look like all others. */
#include "reports/report_list.h"

#include <math.h>

#include "engine/base/json.h"
#include "reports/export/export.h"

/* A spreadsheet runs a cell that begins so; the wide forms are read as the narrow ones where those are written. */
static bool would_run(Str s) {
    static const char *const BEGINNINGS[] = {"=",  "+",      "-",      "@",      "\t",    "\r",
                                             "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
        if (str_starts(s, str_from(BEGINNINGS[i]))) return true;
    return false;
}

/* Quoted where it must be; with a ' before what would run. */
static void field(Buf *b, Str s) {
    Buf clean;
    buf_init(&clean, (size_t)1 << 24);
    if (would_run(s)) buf_addc(&clean, '\'');
    visible_term(&clean, s);
    bool quote = false;
    for (size_t i = 0; i < clean.n; i++) quote = quote || clean.p[i] == '"' || clean.p[i] == ',' || clean.p[i] == ' ';
    if (quote) buf_addc(b, '"');
    for (size_t i = 0; i < clean.n; i++) {
        if (clean.p[i] == '"') buf_addc(b, '"');
        buf_addc(b, clean.p[i]);
    }
    if (quote) buf_addc(b, '"');
    if (clean.failed) b->failed = true;
    buf_release(&clean);
}

static void text(Buf *b, Str s) {
    buf_addc(b, ',');
    field(b, s);
}

static void whole(Buf *b, int64_t v) {
    buf_addf(b, ",%lld", (long long)v);
}

/* Empty where there is none. */
static void number(Buf *b, double v) {
    JsonOut o;
    buf_addc(b, ',');
    if (isnan(v)) return;
    json_out_init(&o, b, 0);
    json_out_num(&o, v);
}

static const char HEAD[] =
    "model,suite,sample,transform,effort,epoch,group,cluster,kind,lang,status,scorer,scorer_version,"
    "score_status,outcome,value,label,rule,margin,prompt_tokens,completion_tokens,"
    "analysis_tokens,sealed,content_hash,request_hash\r\n";

typedef struct CsvOut {
    Buf *b;
    const Summary *s;
} CsvOut;

static Str tag(const Json *tags, const char *name) {
    return json_str(json_get(tags, name));
}

static void item_columns(Buf *b, const Record *r, const Json *tags) {
    field(b, r->key.model);
    text(b, r->key.suite);
    text(b, r->key.sample);
    text(b, r->key.transform.p ? r->key.transform : STR("plain"));
    text(b, str_from(effort_name(r->key.effort)));
    whole(b, r->key.epoch);
    text(b, r->group);
    text(b, r->cluster);
    text(b, tag(tags, "kind"));
    text(b, tag(tags, "lang"));
    text(b, str_from(completion_status_name(r->completion.status)));
}

static void score_columns(Buf *b, const Record *r, const ScoreRow *row) {
    static const char *const STATUSES[] = {"scored", "unscored", "error"};
    if (!row) {
        buf_adds(b, ",,,");
        text(b, str_from(outcome_name(outcome_without_score(r->completion.status))));
        buf_adds(b, ",,,,");
        return;
    }
    const Score *sc = &row->score;
    text(b, row->scorer);
    text(b, row->version);
    text(b, str_from(sc->status <= SCORE_ERROR ? STATUSES[sc->status] : "error"));
    text(b, str_from(outcome_name(sc->outcome)));
    number(b, sc->status == SCORE_SCORED ? sc->value : NAN);
    text(b, (Str){sc->label.p, sc->label.n});
    text(b, (Str){sc->rule.p, sc->rule.n});
    number(b, sc->margin);
}

static void line(CsvOut *x, const Record *r, const ScoreRow *row, const Json *tags) {
    const Completion *c = &r->completion;
    item_columns(x->b, r, tags);
    score_columns(x->b, r, row);
    whole(x->b, c->n_prompt_tokens);
    whole(x->b, c->n_tokens);
    whole(x->b, c->n_analysis_tokens);
    text(x->b, summary_hides(x->s, r) ? STR("yes") : STR("no"));
    text(x->b, r->content_hash);
    text(x->b, r->request_hash);
    buf_adds(x->b, "\r\n");
}

static bool sample(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    CsvOut *x = ctx;
    Json *tags = NULL;
    Err ignored = ERR_INIT;
    size_t lines = 0;
    (void)id;
    if (r->tags.p && !json_parse(r->tags, &tags, &ignored)) tags = NULL;
    if (ignored.code == ERR_MEMORY) x->b->failed = true;
    for (size_t i = 0; i < n; i++)
        if (!summary_not_asked(&rows[i].score)) line(x, r, &rows[i], tags), lines++;
    if (!lines) line(x, r, NULL, tags);
    json_close(tags);
    return !x->b->failed;
}

static bool csv_write(Findings *all, Buf *out, Err *err) {
    const Found *found = findings_in(all, LANG_EN, err);
    if (!found) return false;
    Arena *scratch = arena_open(0);
    CsvOut x = {out, &found->s};
    buf_adds(out, HEAD);
    bool ok = (scratch || err_nomem(err)) && store_each(findings_store(all), false, scratch, sample, &x, err);
    if (ok && out->failed) ok = err_set(err, ERR_MEMORY, "the table is too large for memory");
    arena_close(scratch);
    return ok;
}

const Report report_csv = {"csv", "samples.csv", "one row per sample and score, without texts", csv_write};
