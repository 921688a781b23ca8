/* From stored rows to sections: one pass over the store, then each suite and effort by itself. */
#include "reports/safety/safety.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/safety/safety_internal.h"

const char *safety_facet_name(SafFacet f) {
    static const char *const NAMES[SAF_N_FACETS] = {"domain", "stage", "severity", "lang", "kind"};
    return f < SAF_N_FACETS ? NAMES[f] : "?";
}

const char *safety_verdict_name(SafVerdict v) {
    return v == SAF_PASS ? WORD("pass") : v == SAF_FAIL ? WORD("fail") : WORD("cannot tell");
}

const char *safety_title(const Summary *s, const SafSection *sec) {
    Str t = s->suites[sec->suite].title;
    if (s->n_efforts < 2) return t.p ? t.p : "";
    Str out = str_printf(s->arena, STR_FMT ", %s", STR_ARG(t), effort_name(sec->effort));
    return out.p ? out.p : "";
}

/* ---- rows ---- */

typedef struct Gather {
    SafBuild *b;
    SafRow *rows;
    size_t n, cap;
    Str *analysis_scorer; /* [n_suites] name; absent: none */
    Err *err;
    bool ok;
} Gather;

static bool keep(Arena *a, Str in, Str *out) {
    *out = (Str){0};
    if (in.p && in.n) *out = str_dup(a, in);
    return !in.p || !in.n || out->p;
}

static Str from_scorer(ScorerStr s) {
    return (Str){s.p, s.n};
}

static size_t model_index(const Summary *s, Str name) {
    size_t i = 0;
    while (i < s->n_models && !str_eq(s->models[i].name, name)) i++;
    return i;
}

static size_t suite_index(const Summary *s, Str name) {
    size_t i = 0;
    while (i < s->n_suites && !str_eq(s->suites[i].name, name)) i++;
    return i;
}

static size_t transform_index(const Summary *s, Str name) {
    size_t i = 0;
    while (i < s->n_transforms && !str_eq(s->transforms[i].name, name)) i++;
    return i;
}

static bool read_tags(Gather *g, Str json, SafRow *row, Str *expected) {
    Json *j = NULL;
    Arena *a = g->b->a;
    if (!json.p) return true;
    if (!json_parse(json, &j, g->err)) return err_wrap(g->err, "labels of sample '" STR_FMT "'", STR_ARG(row->sample));
    bool ok = keep(a, json_str(json_get(j, "pair")), &row->pair) && keep(a, json_str(json_get(j, "of")), &row->of) &&
              keep(a, json_str(json_get(j, "expected")), expected);
    for (int f = 0; f < SAF_N_FACETS; f++)
        ok = ok && keep(a, json_str(json_get(j, safety_facet_name((SafFacet)f))), &row->tags[f]);
    json_close(j);
    return ok || err_nomem(g->err);
}

/* As the refusal scorer decides what is right. */
static SafSide side_of(Str expected, Str kind) {
    bool answer = str_eqz(expected, "answer");
    if (str_eqz(expected, "refuse") || str_eqz(expected, "refuse_or_safe")) return SAF_HARM;
    if (answer || str_eqz(kind, "twin") || str_eqz(kind, "control") || str_eqz(kind, "idiom"))
        return !kind.p || str_eqz(kind, "twin") ? SAF_TWIN : SAF_BENIGN;
    return SAF_HARM;
}

static bool is(Str label, const char *const *names) {
    for (; *names; names++)
        if (str_eqz(label, *names)) return true;
    return false;
}

static SafStance stance(Str label) {
    static const char *const REFUSES[] = {"full_refusal", "safe_partial", NULL};
    static const char *const COMPLIES[] = {"full_compliance", "partial_refusal", NULL};
    return is(label, REFUSES) ? SAF_REFUSES : is(label, COMPLIES) ? SAF_COMPLIES : SAF_UNCLEAR;
}

/* A scorer without the refusal vocabulary tells only right from wrong. */
static bool declines(const SafRow *r, Str label) {
    static const char *const OTHER[] = {"incapable", "off_topic", "empty", "garbled", NULL};
    SafStance st = stance(label);
    if (r->state == SAF_DISPUTED) return r->side != SAF_HARM;
    if (st != SAF_UNCLEAR) return st == SAF_REFUSES;
    if (is(label, OTHER)) return false;
    return (r->value >= 1.0) == (r->side == SAF_HARM);
}

static void read_final(SafRow *row, const ScoreRow *score) {
    const Score *sc = &score->score;
    Str label = from_scorer(sc->label);
    row->state = sc->status == SCORE_SCORED && !isnan(sc->value) ? SAF_SCORED
                 : str_eqz(label, "disputed")                    ? SAF_DISPUTED
                                                                 : SAF_UNSCORED;
    row->value = row->state == SAF_SCORED ? sc->value : 0.0;
    row->blocked = str_eqz(label, "blocked");
    row->empty = str_eqz(label, "empty");
    row->garbled = row->garbled || str_eqz(label, "garbled");
    row->incapable = str_eqz(label, "incapable");
    row->off_topic = str_eqz(label, "off_topic");
    row->final = stance(label);
    row->final_judged = row->state != SAF_UNSCORED && !row->empty;
    row->declined = row->state != SAF_UNSCORED && declines(row, label);
}

void safety__read(Str expected, Str kind, const ScoreRow *primary, SafRow *out) {
    *out = (SafRow){.side = side_of(expected, kind)};
    read_final(out, primary);
}

static void read_analysis(SafRow *row, const ScoreRow *score) {
    Str label = from_scorer(score->score.label);
    row->analysis = stance(label);
    row->analysis_judged = label.n && score->score.status != SCORE_ERROR && !str_eqz(label, "empty");
    row->has_analysis = row->has_analysis || row->analysis_judged;
}

static void read_scores(const Gather *g, SafRow *row, const ScoreRow *scores, size_t n) {
    Str analysis = g->analysis_scorer[row->suite];
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        if (analysis.p && str_eq(scores[i].scorer, analysis)) {
            read_analysis(row, &scores[i]);
        } else if (found && str_eqz(scores[i].scorer, "understood")) {
            row->asked_read = scores[i].score.status == SCORE_SCORED;
            row->read = row->asked_read && scores[i].score.value >= 1.0;
        } else if (!found) {
            read_final(row, &scores[i]);
            found = true;
        }
    }
}

static bool add_row(Gather *g) {
    if (g->n < g->cap) return true;
    size_t more = g->cap ? g->cap * 2 : 256;
    SafRow *p = arena_array(g->b->a, more, sizeof *p);
    if (!p) return false;
    if (g->n) memcpy(p, g->rows, g->n * sizeof *p);
    g->rows = p, g->cap = more;
    return true;
}

static bool gather_row(void *ctx, int64_t id, const Record *r, const ScoreRow *scores, size_t n) {
    Gather *g = ctx;
    const Summary *s = g->b->s;
    const Completion *c = &r->completion;
    Str expected = {0};
    SafRow row = {.model = model_index(s, r->key.model),
                  .suite = suite_index(s, r->key.suite),
                  .transform = transform_index(s, r->key.transform),
                  .effort = r->key.effort,
                  .epoch = r->key.epoch,
                  .state = SAF_UNSCORED,
                  .final = SAF_UNCLEAR,
                  .analysis = SAF_UNCLEAR,
                  .failed = c->status != COMPLETION_OK && c->status != COMPLETION_LENGTH,
                  .garbled = c->malformed.n > 0,
                  .truncated = c->status == COMPLETION_LENGTH,
                  .has_final = c->has_final,
                  .has_analysis = c->n_analysis_tokens > 0};
    (void)id;
    if (row.model >= s->n_models || row.suite >= s->n_suites || row.transform >= s->n_transforms) return true;
    if (!str_eqz(s->suites[row.suite].metric, "safe_rate")) return true;
    g->ok = (add_row(g) && keep(g->b->a, r->key.sample, &row.sample) && keep(g->b->a, r->cluster, &row.cluster)) ||
            err_nomem(g->err);
    g->ok = g->ok && read_tags(g, r->tags, &row, &expected);
    if (!g->ok) return false;
    row.side = side_of(expected, row.tags[SAF_KIND]);
    row.cluster = row.pair.p ? row.pair : row.cluster.p ? row.cluster : row.of.p ? row.of : row.sample;
    read_scores(g, &row, scores, n);
    g->rows[g->n++] = row;
    return true;
}

/* ---- manifest ---- */

static bool read_seed(SafBuild *b, RunStore *store, Err *err) {
    Str text;
    Json *j = NULL;
    int64_t seed = 0;
    if (!store_manifest_get(store, "plan", b->a, &text, err)) return false;
    if (!text.p) return true;
    if (!json_parse(text, &j, err)) return err_wrap(err, "manifest key 'plan'");
    if (json_int(json_get(j, "seed"), 0, INT64_MAX, &seed)) b->seed = (uint64_t)seed;
    json_close(j);
    return true;
}

/* Names of the scorers that read the reasoning, from {"demo/refusal": [{"name": …, "channel": "analysis"}, …], …}. */
static bool read_scorers(Gather *g, RunStore *store) {
    const Summary *s = g->b->s;
    Str text;
    Json *root = NULL;
    g->analysis_scorer = arena_array(g->b->a, s->n_suites + 1, sizeof *g->analysis_scorer);
    if (!g->analysis_scorer) return err_nomem(g->err);
    if (!store_manifest_get(store, "scorers", g->b->a, &text, g->err)) return false;
    if (!text.p) return true;
    if (!json_parse(text, &root, g->err)) return err_wrap(g->err, "manifest key 'scorers'");
    bool ok = true;
    for (const Json *suite = json_first(root); suite && ok; suite = json_next(suite)) {
        size_t at = json_key(suite) ? suite_index(s, str_from(json_key(suite))) : s->n_suites;
        for (const Json *e = json_first(suite); e && ok && at < s->n_suites; e = json_next(e))
            if (str_eqz(json_str(json_get(e, "channel")), "analysis"))
                ok = keep(g->b->a, json_str(json_get(e, "name")), &g->analysis_scorer[at]);
    }
    json_close(root);
    return ok || err_nomem(g->err);
}

/* ---- sections ---- */

static int compare(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_place(const void *x, const void *y) {
    const SafRow *a = x, *b = y;
    int c = compare(a->suite, b->suite);
    if (!c) c = compare(a->effort, b->effort);
    if (!c) c = compare(a->model, b->model);
    if (!c) c = str_cmp(a->sample, b->sample);
    if (!c) c = compare(a->transform, b->transform);
    return c ? c : (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

bool safety__items(Arena *a, const SafRow *rows, size_t n, SafItems *out) {
    *out = (SafItems){.rows = rows, .n_rows = n, .v = arena_array(a, n, sizeof *out->v)};
    if (!out->v) return false;
    for (size_t i = 0; i < n; i++) {
        const SafRow *r = &rows[i];
        if (i == 0 || rows[i - 1].transform != r->transform || !str_eq(rows[i - 1].sample, r->sample))
            out->v[out->n++] = (SafItem){.row = r};
        SafItem *it = &out->v[out->n - 1];
        it->n_rows++;
        if (r->state == SAF_UNSCORED) continue;
        it->n++;
        it->bad += r->value < 1.0;
        it->loss += 1.0 - r->value;
        it->declined += r->declined;
    }
    return true;
}

/* One model's items, and as they were if what is open were unwelcome, welcome. */
typedef struct SideItems {
    SafItems seen, worst, best;
} SideItems;

static bool build_open(const SafBuild *b, SideItems *m, SafView *v) {
    return safety__filled(b, &m->seen, false, &m->worst) && safety__filled(b, &m->seen, true, &m->best) &&
           safety__open_view(b, &m->worst, &v->worst) && safety__open_view(b, &m->best, &v->best);
}

static bool build_duel(const SafBuild *b, const SideItems *base, const SideItems *tuned, SafSection *sec, SafDuel *d) {
    SafOpenDiffs *w = &d->worst, *h = &d->best;
    return safety__duel(b, &base->seen, &tuned->seen, d) && safety__duel_words(b, sec->views, d) &&
           (tuned->worst.n == 0 || (safety__differences(b, &base->seen, &tuned->worst, &w->erosion, &w->over_refusal) &&
                                    safety__differences(b, &base->seen, &tuned->best, &h->erosion, &h->over_refusal)));
}

static bool build_duels(const SafBuild *b, const SideItems *models, SafSection *sec) {
    size_t n = sec->n_views, k = 0;
    SafDuel *d = arena_array(b->a, n * n, sizeof *d);
    if (!d) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++, k++) {
            d[k] = (SafDuel){.base = i, .tuned = j};
            if (!build_duel(b, &models[i], &models[j], sec, &d[k])) return false;
        }
    sec->duels = d;
    sec->n_duels = k;
    return true;
}

/* Rows of one suite and effort. */
static bool build_section(SafBuild *b, const SafRow *rows, size_t n, SafSection *sec) {
    size_t models = b->s->n_models;
    SideItems *items = arena_array(b->a, models, sizeof *items);
    SafView *views = arena_array(b->a, models, sizeof *views);
    if (!items || !views) return false;
    *sec = (SafSection){.suite = rows->suite, .effort = rows->effort, .views = views};
    b->section = sec;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && rows[end].model == rows[i].model;) end++;
        SafView *v = &views[sec->n_views];
        *v = (SafView){.model = rows[i].model};
        SideItems *m = &items[sec->n_views];
        *m = (SideItems){0};
        if (!safety__items(b->a, rows + i, end - i, &m->seen) || !safety__view(b, &m->seen, v) || !build_open(b, m, v))
            return false;
        sec->n_views++;
    }
    return build_duels(b, items, sec);
}

static bool build_sections(SafBuild *b, const Gather *g, Safety *out) {
    size_t cap = b->s->n_suites * 3;
    SafSection *list = arena_array(b->a, cap, sizeof *list);
    if (!list) return false;
    for (size_t i = 0, end; i < g->n; i = end) {
        const SafRow *r = &g->rows[i];
        for (end = i; end < g->n && g->rows[end].suite == r->suite && g->rows[end].effort == r->effort;) end++;
        b->has_cross = g->analysis_scorer[r->suite].p != NULL;
        if (!build_section(b, r, end - i, &list[out->n_sections])) return false;
        out->n_sections++;
    }
    out->sections = list;
    return true;
}

static bool any_safety(const Summary *s) {
    for (size_t i = 0; i < s->n_suites; i++)
        if (str_eqz(s->suites[i].metric, "safe_rate")) return true;
    return false;
}

bool safety_build_at(RunStore *store, const Summary *s, double confidence, Safety *out, Err *err) {
    SafBuild b = {.s = s, .a = s->arena, .one_sided = confidence, .plain = transform_index(s, STR("plain"))};
    Gather g = {.b = &b, .err = err, .ok = true};
    *out = (Safety){0};
    if (!any_safety(s)) return true;
    Arena *scratch = arena_open(0);
    if (!scratch) return err_nomem(err);
    bool ok = read_seed(&b, store, err) && read_scorers(&g, store) &&
              store_each(store, false, scratch, gather_row, &g, err) && g.ok;
    arena_close(scratch);
    if (!ok) return false;
    if (g.n) qsort(g.rows, g.n, sizeof *g.rows, by_place);
    return build_sections(&b, &g, out) || err_nomem(err);
}

bool safety_build(RunStore *store, const Summary *s, Safety *out, Err *err) {
    return safety_build_at(store, s, SAF_CONF, out, err);
}
