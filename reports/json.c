/* report.json: everything in a run, for programs. Published schema: reports/schema/report.schema.json.
 *
 * Order is the plan's, never that of finishing; no row ids and no paths of ours. Times stand only under the names
 * started_at, finished_at, …_seconds and tokens_per_second: without those members two runs of one plan are equal, byte
 * for byte, also if one of them was killed and resumed; of sealed suites the commitments differ too, for their salts
 * are random. */
#include "reports/findings.h"
#include "reports/report_list.h"

#include <math.h>
#include <stdio.h>

#include "engine/base/hash.h"
#include "reports/compare/compare.h"
#include "reports/json_keys.h"
#include "reports/safety/safety_out.h"

/* ---- manifest ---- */

typedef struct ManifestOut {
    JsonOut *o;
    Arena *a;
    Err *err;
    bool ok;
} ManifestOut;

static bool manifest_entry(void *ctx, Str key, Str json) {
    ManifestOut *m = ctx;
    Json *root = NULL;
    if (summary_private_key(key)) return true;
    arena_reset(m->a);
    char *name = str_cstr(m->a, key);
    m->ok = (name || err_nomem(m->err)) && json_parse(json, &root, m->err);
    if (!m->ok) return false;
    json_out_key(m->o, name);
    json_out_node(m->o, root);
    json_close(root);
    return true;
}

static bool write_manifest(JsonOut *o, RunStore *s, Arena *a, Err *err) {
    ManifestOut m = {o, a, err, true};
    key_obj(o, "manifest");
    bool ok = store_each_manifest(s, manifest_entry, &m, err) && m.ok;
    json_obj_end(o);
    return ok;
}

/* ---- results ---- */

static void write_counts(JsonOut *o, const SumCounts *c) {
    key_int(o, "n_total", c->total);
    key_int(o, "n_scored", c->scored);
    key_obj(o, "outcomes");
    for (unsigned i = 0; i < OUTCOME_COUNT; i++) key_int(o, outcome_name(i), c->outcome[i]);
    json_obj_end(o);
    key_int(o, "n_cut_off", c->cut_off);
    key_int(o, "n_open", c->open);
    key_int(o, "n_malformed", c->malformed);
}

static void write_estimate(JsonOut *o, const SumEstimate *e) {
    key_int(o, "n_questions", (int64_t)e->n_questions);
    json_out_key(o, "n_clusters");
    if (e->n_clusters)
        json_out_int(o, (int64_t)e->n_clusters);
    else
        json_out_null(o);
    key_num(o, "mean", e->mean);
    key_num(o, "standard_error", e->se);
    key_interval(o, e->lo, e->hi, SUM_CONF, e->method);
}

static void write_judged_language(JsonOut *o, const SumJudgedLang *l) {
    json_obj(o);
    key_str(o, "language", l->language);
    key_cstr(o, "rates", l->own ? "own" : "all");
    key_int(o, "positives", l->part ? l->part->positives : 0);
    key_int(o, "negatives", l->part ? l->part->negatives : 0);
    key_int(o, "n_questions", (int64_t)l->n);
    key_num(o, "observed", l->observed);
    key_num(o, "corrected", l->corrected);
    json_obj_end(o);
}

/* Of cells whose scorer asked a judge. */
static void write_judged(JsonOut *o, const Summary *s, const SumJudged *j) {
    if (!j->asked) return;
    key_obj(o, "judge");
    key_int(o, "n_unread", j->n_unread);
    key_int(o, "n_disputed", j->n_disputed);
    key_cstr(o, "calibration", summary_calibration_name(j->calibration));
    key_str(o, "card", s->card ? s->card->id : (Str){0});
    json_out_key(o, "meets_bars");
    if (s->card)
        json_out_bool(o, j->meets_bars);
    else
        json_out_null(o);
    key_str(o, "label", s->card ? s->card->positive : (Str){0});
    key_num(o, "observed", j->observed);
    key_num(o, "observed_lo", j->observed_lo);
    key_num(o, "observed_hi", j->observed_hi);
    key_num(o, "corrected", j->corrected);
    key_num(o, "standard_error", j->se);
    key_interval(o, j->lo, j->hi, SUM_CONF, j->calibration == SUM_CALIBRATED && !isnan(j->lo) ? "rogan-gladen" : NULL);
    json_out_key(o, "languages");
    json_arr(o);
    for (size_t i = 0; i < j->n_languages; i++) write_judged_language(o, &j->languages[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static void write_cell(JsonOut *o, const Summary *s, const SumCell *c) {
    json_obj(o);
    key_str(o, "model", s->models[c->model].name);
    key_str(o, "suite", s->suites[c->suite].name);
    key_str(o, "transform", s->transforms[c->transform].name);
    key_str(o, "family", s->transforms[c->transform].family);
    key_cstr(o, "effort", effort_name(c->effort));
    key_str(o, "scorer", c->scorer);
    key_str(o, "scorer_version", c->scorer_version);
    key_bool(o, "primary", c->primary);
    key_int(o, "repeats", c->repeats);
    write_counts(o, &c->counts);
    write_estimate(o, &c->est);
    key_obj(o, "bounds");
    key_num(o, "open_wrong", c->bound_lo);
    key_num(o, "open_right", c->bound_hi);
    json_obj_end(o);
    key_obj(o, "tokens");
    key_int(o, "prompt", c->tokens_prompt);
    key_int(o, "completion", c->tokens);
    key_int(o, "analysis", c->tokens_analysis);
    key_num(o, "completion_mean", c->counts.total ? (double)c->tokens / (double)c->counts.total : NAN);
    json_obj_end(o);
    if (c->n_turns) {
        key_int(o, "n_turns", c->n_turns);
        key_int(o, "n_calls", c->n_calls);
        key_int(o, "n_bad_calls", c->n_bad_calls);
    }
    write_judged(o, s, &c->judged);
    key_num(o, "prefill_seconds", c->prefill_seconds);
    key_num(o, "decode_seconds", c->decode_seconds);
    key_num(o, "tokens_per_second", c->decode_seconds > 0 ? (double)c->tokens / c->decode_seconds : NAN);
    key_arr(o, "groups");
    for (size_t i = 0; i < c->n_groups; i++) {
        json_obj(o);
        key_str(o, "group", c->groups[i].name);
        write_counts(o, &c->groups[i].counts);
        write_estimate(o, &c->groups[i].est);
        json_obj_end(o);
    }
    json_arr_end(o);
    key_arr(o, "labels");
    for (size_t i = 0; i < c->n_labels; i++) {
        json_obj(o);
        key_str(o, "label", c->labels[i].name);
        key_int(o, "n", c->labels[i].n);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static const char *const PAIR_VERDICTS[] = {"cannot_tell", "a_ahead", "b_ahead"};

static void write_pair_group(JsonOut *o, const SumPairGroup *g) {
    json_obj(o);
    key_str(o, "group", g->name);
    key_int(o, "n_matched", (int64_t)g->n);
    json_out_key(o, "n_clusters");
    if (g->n_clusters)
        json_out_int(o, (int64_t)g->n_clusters);
    else
        json_out_null(o);
    key_num(o, "difference", g->diff);
    key_num(o, "standard_error", g->se);
    key_interval(o, g->lo, g->hi, SUM_CONF, g->method);
    key_num(o, "p_value", g->p);
    key_cstr(o, "p_method", g->p_method);
    key_num(o, "p_adjusted", g->p_adjusted);
    key_int(o, "a_better", (int64_t)g->a_better);
    key_int(o, "b_better", (int64_t)g->b_better);
    key_num(o, "minimum_detectable_effect", g->mde);
    key_cstr(o, "verdict", PAIR_VERDICTS[g->verdict]);
    json_obj_end(o);
}

static void write_pair(JsonOut *o, const Summary *s, const SumPair *p) {
    const SumCell *a = &s->cells[p->a];
    json_obj(o);
    key_str(o, "model_a", s->models[a->model].name);
    key_str(o, "model_b", s->models[s->cells[p->b].model].name);
    key_str(o, "suite", s->suites[a->suite].name);
    key_str(o, "transform", s->transforms[a->transform].name);
    key_cstr(o, "effort", effort_name(a->effort));
    key_str(o, "scorer", a->scorer);
    key_bool(o, "primary", p->primary);
    key_int(o, "n_matched", (int64_t)p->n);
    key_int(o, "n_unmatched", (int64_t)p->n_unmatched);
    json_out_key(o, "n_clusters");
    if (p->n_clusters)
        json_out_int(o, (int64_t)p->n_clusters);
    else
        json_out_null(o);
    key_num(o, "difference", p->diff);
    key_num(o, "standard_error", p->se);
    key_interval(o, p->lo, p->hi, SUM_CONF, p->method);
    key_obj(o, "bounds");
    key_num(o, "low", p->bound_lo);
    key_num(o, "high", p->bound_hi);
    key_num(o, "all_wrong", p->bound_wrong);
    key_num(o, "all_right", p->bound_right);
    json_obj_end(o);
    key_num(o, "p_value", p->p);
    key_cstr(o, "p_method", p->p_method);
    key_num(o, "p_adjusted", p->p_adjusted);
    key_obj(o, "flips");
    key_int(o, "a_better", (int64_t)p->a_better);
    key_int(o, "b_better", (int64_t)p->b_better);
    json_obj_end(o);
    key_num(o, "minimum_detectable_effect", p->mde);
    key_cstr(o, "verdict", PAIR_VERDICTS[p->verdict]);
    key_cstr(o, "words", p->sentence);
    key_arr(o, "groups");
    for (size_t i = 0; i < p->n_groups; i++) write_pair_group(o, &p->groups[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static void write_share(JsonOut *o, const SumShare *v) {
    json_obj(o);
    key_int(o, "n_questions", (int64_t)v->n);
    key_num(o, "share", v->share);
    key_interval(o, v->lo, v->hi, SUM_CONF, v->method);
    json_obj_end(o);
}

static void write_robust(JsonOut *o, const Summary *s, const SumRobust *r) {
    json_obj(o);
    key_str(o, "model", s->models[r->model].name);
    key_str(o, "suite", s->suites[r->suite].name);
    key_cstr(o, "effort", effort_name(r->effort));
    key_str(o, "kind", r->kind);
    key_int(o, "n_transforms", (int64_t)r->n_transforms);
    key_int(o, "n_clusters", (int64_t)r->n_clusters);
    key_int(o, "n_open", r->n_open);
    json_out_key(o, "any_wrong"), write_share(o, &r->any);
    json_out_key(o, "mean_wrong"), write_share(o, &r->mean);
    key_obj(o, "worst");
    key_str(o, "transform", s->transforms[r->worst].name);
    key_num(o, "share", r->worst_share);
    json_obj_end(o);
    key_arr(o, "families");
    for (size_t i = 0; i < r->n_families; i++) {
        json_obj(o);
        key_str(o, "family", r->families[i].name);
        json_out_key(o, "any_wrong"), write_share(o, &r->families[i].any);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void write_names(JsonOut *o, const Summary *s) {
    key_arr(o, "models");
    for (size_t i = 0; i < s->n_models; i++) {
        json_obj(o);
        key_str(o, "name", s->models[i].name);
        key_str(o, "digest", s->models[i].digest);
        key_str(o, "precision", s->models[i].precision.p ? s->models[i].precision : STR("exact"));
        json_obj_end(o);
    }
    json_arr_end(o);
    key_arr(o, "suites");
    for (size_t i = 0; i < s->n_suites; i++) {
        json_obj(o);
        key_str(o, "name", s->suites[i].name);
        key_str(o, "title", s->suites[i].title);
        key_str(o, "version", s->suites[i].version);
        key_str(o, "metric", s->suites[i].metric);
        key_bool(o, "higher_is_safer", s->suites[i].higher_is_safer);
        key_bool(o, "sealed", s->suites[i].sealed);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* ---- samples ---- */

/* Stored JSON as it is; what is no JSON stays a string. */
static void write_parsed(JsonOut *o, Str json) {
    Json *root = NULL;
    Err err = ERR_INIT;
    if (json.p && json_parse(json, &root, &err))
        json_out_node(o, root);
    else
        json_out_str(o, json);
    json_close(root);
    if (err.code == ERR_MEMORY) o->buf->failed = true;
}

static void write_prompt(JsonOut *o, Str prompt) {
    json_out_key(o, "prompt");
    write_parsed(o, prompt);
}

static Str from_score(ScorerStr v) {
    return (Str){v.p, v.n};
}

static void write_score(JsonOut *o, const ScoreRow *row, bool hide) {
    static const char *const STATUSES[] = {"scored", "unscored", "error"};
    const Score *sc = &row->score;
    json_obj(o);
    key_str(o, "scorer", row->scorer);
    key_str(o, "version", row->version);
    key_cstr(o, "status", sc->status <= SCORE_ERROR ? STATUSES[sc->status] : "error");
    key_cstr(o, "outcome", outcome_name(sc->outcome));
    key_num(o, "value", sc->status == SCORE_SCORED ? sc->value : NAN);
    key_str(o, "label", from_score(sc->label));
    key_str(o, "rule", from_score(sc->rule));
    json_out_key(o, "span");
    if (!hide && sc->span_end > sc->span_begin) {
        json_arr(o);
        json_out_int(o, (int64_t)sc->span_begin);
        json_out_int(o, (int64_t)sc->span_end);
        json_arr_end(o);
    } else {
        json_out_null(o);
    }
    if (!hide) {
        key_str(o, "answer", from_score(sc->answer));
        key_str(o, "explanation", from_score(sc->explanation));
    }
    key_num(o, "margin", sc->margin);
    if (row->judge.p) {
        json_out_key(o, "judge");
        write_parsed(o, row->judge);
    }
    if (row->judge_text.p && !hide) {
        json_out_key(o, "judge_text");
        write_parsed(o, row->judge_text);
    }
    json_obj_end(o);
}

static void write_channels(JsonOut *o, const Completion *c) {
    key_str(o, "analysis", c->analysis);
    key_str(o, "commentary", c->commentary);
    key_str(o, "final", c->final);
    key_str(o, "malformed", c->malformed);
    key_str(o, "error", c->error);
}

static void write_texts(JsonOut *o, const Record *r) {
    write_prompt(o, r->prompt);
    key_str(o, "target", r->target);
    write_channels(o, &r->completion);
}

static void write_commitments(JsonOut *o, const Record *r) {
    char hex[65];
    key_arr(o, "commitments");
    for (size_t i = 0; i < r->n_seals; i++) {
        const RecordSeal *s = &r->seals[i];
        sha256_hex(s->commitment, hex);
        json_obj(o);
        key_str(o, "scorer", s->scorer.n ? s->scorer : (Str){0});
        key_str(o, "kind", s->kind);
        key_cstr(o, "sha256", hex);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* What may be told of a sealed sample: that the texts are there, how long they are at most, and what binds to them. */
static void write_lengths(JsonOut *o, const Record *r) {
    key_obj(o, "bytes");
    key_int(o, "prompt", summary_length_class(r, "prompt", r->prompt));
    key_int(o, "analysis", summary_length_class(r, "analysis", r->completion.analysis));
    key_int(o, "final", summary_length_class(r, "final", r->completion.final));
    json_obj_end(o);
    write_commitments(o, r);
}

static void write_times(JsonOut *o, const Completion *c) {
    key_num(o, "prefill_seconds", c->seconds_prefill);
    key_num(o, "decode_seconds", c->seconds_decode);
}

static void write_tokens(JsonOut *o, const Completion *c) {
    key_obj(o, "tokens");
    key_int(o, "prompt", c->n_prompt_tokens);
    key_int(o, "completion", c->n_tokens);
    key_int(o, "analysis", c->n_analysis_tokens);
    json_obj_end(o);
}

static void write_turn_texts(JsonOut *o, const RecordTurn *t) {
    write_channels(o, &t->completion);
    key_str(o, "recipient", t->completion.call_recipient);
    key_str(o, "arguments", t->completion.call_content);
    key_str(o, "answer", t->answer);
}

static void turn_length(JsonOut *o, const Record *r, size_t i, const char *name, Str text) {
    char kind[40];
    snprintf(kind, sizeof kind, "%s@%zu", name, i + 1);
    key_int(o, name, summary_length_class(r, kind, text));
}

static void write_turn_lengths(JsonOut *o, const Record *r, size_t i) {
    const RecordTurn *t = &r->turns[i];
    key_obj(o, "bytes");
    turn_length(o, r, i, "analysis", t->completion.analysis);
    turn_length(o, r, i, "arguments", t->completion.call_content);
    turn_length(o, r, i, "answer", t->answer);
    turn_length(o, r, i, "final", t->completion.final);
    json_obj_end(o);
}

static void write_turn(JsonOut *o, const Record *r, size_t i, bool hide) {
    static const char *const STOPS[] = {"none", "return", "call", "other"};
    const RecordTurn *t = &r->turns[i];
    const Completion *c = &t->completion;
    json_obj(o);
    key_str(o, "request_hash", t->request_hash);
    key_cstr(o, "status", completion_status_name(c->status));
    key_cstr(o, "stop", STOPS[(unsigned)c->stop <= STOP_OTHER ? c->stop : STOP_NONE]);
    key_bool(o, "bad_call", t->bad_call);
    write_tokens(o, c);
    if (hide)
        write_turn_lengths(o, r, i);
    else
        write_turn_texts(o, t);
    write_times(o, c);
    key_num(o, "tool_seconds", t->tool_seconds);
    json_obj_end(o);
}

/* Of samples with tools alone. */
static void write_turns(JsonOut *o, const Record *r, bool hide) {
    if (!r->n_turns) return;
    key_int(o, "n_calls", r->n_calls);
    key_int(o, "n_bad_calls", r->n_bad_calls);
    key_str(o, "limit", r->limit);
    key_arr(o, "turns");
    for (size_t i = 0; r->turns && i < r->n_turns; i++) write_turn(o, r, i, hide);
    json_arr_end(o);
}

typedef struct SamplesOut {
    JsonOut *o;
    const Summary *s;
} SamplesOut;

static bool write_sample(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    SamplesOut *x = ctx;
    JsonOut *o = x->o;
    const Completion *c = &r->completion;
    bool hide = summary_hides(x->s, r);
    (void)id;
    json_obj(o);
    key_str(o, "model", r->key.model);
    key_str(o, "suite", r->key.suite);
    key_str(o, "sample", r->key.sample);
    key_str(o, "transform", r->key.transform);
    key_cstr(o, "effort", effort_name(r->key.effort));
    key_int(o, "epoch", r->key.epoch);
    key_str(o, "group", r->group);
    key_str(o, "cluster", r->cluster);
    if (r->tags.p) json_out_key(o, "tags"), json_out_raw(o, r->tags);
    key_str(o, "content_hash", r->content_hash);
    key_str(o, "request_hash", r->request_hash);
    key_cstr(o, "outcome", outcome_name(n ? rows[0].score.outcome : outcome_without_score(c->status)));
    key_cstr(o, "status", completion_status_name(c->status));
    key_bool(o, "has_final", c->has_final);
    key_arr(o, "scores");
    for (size_t i = 0; i < n; i++)
        if (!summary_not_asked(&rows[i].score)) write_score(o, &rows[i], hide);
    json_arr_end(o);
    write_tokens(o, c);
    write_turns(o, r, hide);
    key_bool(o, "sealed", hide);
    if (hide)
        write_lengths(o, r);
    else
        write_texts(o, r);
    key_str(o, "started_at", r->started_at);
    write_times(o, c);
    json_obj_end(o);
    return !o->buf->failed;
}

/* ---- the document ---- */

static void write_words(JsonOut *o, const Summary *s) {
    key_arr(o, "headline");
    for (size_t i = 0; i < s->n_headline; i++) {
        json_obj(o);
        key_cstr(o, "lead", s->headline[i].lead);
        key_cstr(o, "detail", s->headline[i].detail);
        json_obj_end(o);
    }
    json_arr_end(o);
    key_arr(o, "cautions");
    for (size_t i = 0; i < s->n_cautions; i++) json_out_cstr(o, s->cautions[i]);
    json_arr_end(o);
}

static void write_results(JsonOut *o, const Summary *s, const Safety *f, const Compare *c) {
    key_cstr(o, "format", "assay-report/1");
    if (s->revealed) key_bool(o, "revealed", true);
    write_words(o, s);
    write_names(o, s);
    key_obj(o, "counts");
    key_int(o, "records", s->stored.records);
    key_int(o, "scores", s->stored.scores);
    key_int(o, "records_without_scores", s->stored.records_without_scores);
    json_out_key(o, "planned");
    if (s->n_items >= 0)
        json_out_int(o, s->n_items);
    else
        json_out_null(o);
    json_obj_end(o);
    key_arr(o, "results");
    for (size_t i = 0; i < s->n_cells; i++) write_cell(o, s, &s->cells[i]);
    json_arr_end(o);
    key_arr(o, "comparisons");
    for (size_t i = 0; i < s->n_pairs; i++) write_pair(o, s, &s->pairs[i]);
    json_arr_end(o);
    if (s->n_transforms > 1) {
        key_arr(o, "robustness");
        for (size_t i = 0; i < s->n_robust; i++) write_robust(o, s, &s->robust[i]);
        json_arr_end(o);
    }
    safety_json(o, s, f);
    compare_json(o, s, c);
}

static bool write_samples(JsonOut *o, RunStore *store, const Summary *s, Arena *scratch, Err *err) {
    SamplesOut x = {o, s};
    key_arr(o, "samples");
    bool ok = store_each(store, true, scratch, write_sample, &x, err);
    json_arr_end(o);
    return ok;
}

/* samples: with the manifest and the samples, too. */
static bool write_members(JsonOut *o, Findings *all, bool samples, Err *err) {
    const Found *x = findings_in(all, LANG_EN, err);
    if (!x) return false;
    write_results(o, &x->s, &x->f, &x->c);
    Arena *scratch = samples ? arena_open(0) : NULL;
    bool ok = !samples || ((scratch || err_nomem(err)) && write_manifest(o, findings_store(all), scratch, err) &&
                           write_samples(o, findings_store(all), &x->s, scratch, err));
    arena_close(scratch);
    return ok && found_whole(x, o->buf, err);
}

bool report_results(Findings *all, JsonOut *o, Err *err) {
    return write_members(o, all, false, err);
}

static bool json_write(Findings *all, Buf *out, Err *err) {
    JsonOut o;
    json_out_init(&o, out, 1);
    json_obj(&o);
    bool ok = write_members(&o, all, true, err);
    json_obj_end(&o);
    buf_addc(out, '\n');
    return ok && (!out->failed || err_nomem(err));
}

const Report report_json = {"json", "report.json", "everything in the run, for programs (schema: report.schema.json)",
                            json_write};
