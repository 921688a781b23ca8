/* From stored rows to cells. Rows of one model x suite x effort are gathered first ("pile"), because a record that
 * lacks a scorer's row still counts in that scorer's cell, as unscored. */
#include "reports/summary/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/stats/stats.h"
#include "reports/store/store_union.h"

typedef struct RowScore {
    size_t scorer; /* index in the suite's list */
    bool not_asked;
    uint32_t status, outcome;
    double value;
    Str label;
    bool by_form; /* the answer's form decided, and nobody was asked */
    SumFit asked;
} RowScore;

typedef struct Row {
    Str sample, content_hash, group, cluster, kind, lang;
    double rating;
    int epoch;
    CompletionStatus status;
    bool malformed;
    int tokens_prompt, tokens, tokens_analysis;
    int n_turns, n_calls, n_bad_calls;
    double prefill_seconds, decode_seconds;
    const RowScore *scores;
    size_t n_scores;
} Row;

typedef struct Pile {
    size_t model, suite, transform;
    Effort effort;
    Row *rows;
    size_t n, cap;
} Pile;

/* Scorers of a suite in the order of their positions, as first met. */
typedef struct ScorerList {
    Str names[64], versions[64];
    size_t n;
} ScorerList;

typedef struct Gather {
    Summary *s;
    Arena *a; /* keeps */
    Pile *piles;
    size_t n_piles, cap_piles, cap_models, cap_suites, cap_transforms, cap_scorers;
    ScorerList **scorers; /* [cap_scorers], beside suites */
    Err *err;
    const char *path; /* of the store, for errors */
    bool failed;
} Gather;

static const char *const OUTCOME_NAMES[OUTCOME_COUNT] = {"correct", "wrong", "no_answer", "truncated",
                                                         "refused", "error", "unscored"};
static const char *const OUTCOME_WORDS[OUTCOME_COUNT] = {WORD("correct"),   WORD("wrong"),   WORD("no answer"),
                                                         WORD("truncated"), WORD("refused"), WORD("error"),
                                                         WORD("unscored")};

const char *outcome_name(unsigned o) {
    return o < OUTCOME_COUNT ? OUTCOME_NAMES[o] : "unscored";
}
const char *outcome_words(unsigned o) {
    return o < OUTCOME_COUNT ? OUTCOME_WORDS[o] : "unscored";
}

unsigned outcome_without_score(CompletionStatus status) {
    return status == COMPLETION_OK || status == COMPLETION_LENGTH ? OUTCOME_UNSCORED : OUTCOME_ERROR;
}

bool summary_private_key(Str key) {
    return str_eqz(key, "command") || str_eqz(key, "seal_keys");
}

bool summary_not_asked(const Score *s) {
    return s->status == SCORE_UNSCORED && str_eqz((Str){s->rule.p, s->rule.n}, SCORER_NOT_ASKED);
}

bool summary_hides(const Summary *s, const Record *r) {
    if (s->revealed) return false;
    if (r->sealed) return true;
    for (size_t i = 0; i < s->n_suites; i++)
        if (str_eq(s->suites[i].name, r->key.suite)) return s->suites[i].sealed;
    return false;
}

int64_t summary_length_class(const Record *r, const char *kind, Str text) {
    for (size_t i = 0; i < r->n_seals; i++)
        if (!r->seals[i].scorer.n && str_eqz(r->seals[i].kind, kind)) return (int64_t)r->seals[i].length_class;
    return (int64_t)seal_length_class(text.n);
}

static const char *cell_words(const Summary *s, const SumCell *c, Str name, Arena *a) {
    Str more = c->primary ? STR("") : c->scorer, how = s->n_transforms > 1 ? s->transforms[c->transform].name : STR("");
    Str out = str_printf(a, STR_FMT "%s" STR_FMT "%s%s%s" STR_FMT, STR_ARG(name), how.n ? ", " : "", STR_ARG(how),
                         s->n_efforts > 1 ? ", " : "", s->n_efforts > 1 ? effort_name(c->effort) : "",
                         more.n ? ", " : "", STR_ARG(more));
    return out.p ? out.p : "";
}

const char *summary_cell_name(const Summary *s, const SumCell *c, Arena *a) {
    return cell_words(s, c, s->suites[c->suite].name, a);
}

const char *summary_cell_title(const Summary *s, const SumCell *c, Arena *a) {
    return cell_words(s, c, s->suites[c->suite].title, a);
}

/* ---- growing lists in the arena ---- */

/* Makes room for one more element; old blocks stay in the arena until it goes. */
static bool grow(Arena *a, void **list, size_t n, size_t *cap, size_t size) {
    if (n < *cap) return true;
    size_t more = *cap ? *cap * 2 : 8;
    void *p = arena_array(a, more, size);
    if (!p) return false;
    if (n) memcpy(p, *list, n * size);
    *list = p;
    *cap = more;
    return true;
}

static bool keep(Arena *a, Str in, Str *out) {
    *out = (Str){0};
    if (in.p) *out = str_dup(a, in);
    return !in.p || out->p;
}

/* ---- manifest ---- */

static bool model_add(Gather *g, Str name, Str spec, Str digest, size_t *index) {
    Summary *s = g->s;
    for (*index = 0; *index < s->n_models; ++*index)
        if (str_eq(s->models[*index].name, name)) return true;
    if (!grow(g->a, (void **)&s->models, s->n_models, &g->cap_models, sizeof *s->models)) return err_nomem(g->err);
    SumModel *m = &s->models[s->n_models++];
    return (keep(g->a, name, &m->name) && keep(g->a, spec, &m->spec) && keep(g->a, digest, &m->digest)) ||
           err_nomem(g->err);
}

static bool suite_add(Gather *g, Str name, size_t *index) {
    Summary *s = g->s;
    for (*index = 0; *index < s->n_suites; ++*index)
        if (str_eq(s->suites[*index].name, name)) return true;
    if (!grow(g->a, (void **)&s->suites, s->n_suites, &g->cap_suites, sizeof *s->suites) ||
        !grow(g->a, (void **)&g->scorers, s->n_suites, &g->cap_scorers, sizeof *g->scorers))
        return err_nomem(g->err);
    g->scorers[s->n_suites] = arena_alloc(g->a, sizeof **g->scorers);
    SumSuite *u = &s->suites[s->n_suites];
    if (!g->scorers[s->n_suites++] || !keep(g->a, name, &u->name)) return err_nomem(g->err);
    u->title = u->name;
    u->version = u->metric = STR("");
    return true;
}

static bool transform_add(Gather *g, Str name, Str family, size_t *index) {
    Summary *s = g->s;
    for (*index = 0; *index < s->n_transforms; ++*index)
        if (str_eq(s->transforms[*index].name, name)) return true;
    if (!grow(g->a, (void **)&s->transforms, s->n_transforms, &g->cap_transforms, sizeof *s->transforms))
        return err_nomem(g->err);
    SumTransform *t = &s->transforms[s->n_transforms++];
    return (keep(g->a, name, &t->name) && keep(g->a, family, &t->family)) || err_nomem(g->err);
}

static bool read_transforms(Gather *g, const Json *list) {
    size_t i;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        Str name = json_str(json_get(j, "name")), family = json_str(json_get(j, "family"));
        if (name.p && !transform_add(g, name, family.p ? family : name, &i)) return false;
    }
    return true;
}

static bool read_models(Gather *g, const Json *list) {
    size_t i;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        Str name = json_str(json_get(j, "name"));
        if (!name.p) continue;
        if (!model_add(g, name, json_str(json_get(j, "spec")), json_str(json_get(j, "digest")), &i)) return false;
        if (!keep(g->a, json_str(json_get(j, "precision")), &g->s->models[i].precision)) return err_nomem(g->err);
    }
    return true;
}

/* A number or a text. */
static bool suite_version(Arena *a, const Json *j, SumSuite *u) {
    int64_t n;
    Str text = j ? json_str(j) : (Str){0};
    if (text.n) return keep(a, text, &u->version);
    if (j && json_int(j, 0, INT32_MAX, &n)) u->version = str_printf(a, "%lld", (long long)n);
    return u->version.p != NULL;
}

static bool read_n_items(Gather *g, const Json *number) {
    return json_int(number, 0, INT64_MAX, &g->s->n_items) ||
           err_set(g->err, ERR_INPUT, "%s: manifest key 'n_items' must be a whole number of answers", g->path);
}

static bool read_adaptive(Gather *g, const Json *entry) {
    g->s->adaptive = json_get(entry, "policy") != NULL;
    return true;
}

static bool read_suites(Gather *g, const Json *list) {
    size_t i;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        Str name = json_str(json_get(j, "name")), title = json_str(json_get(j, "title"));
        if (!name.p) continue;
        if (!suite_add(g, name, &i)) return false;
        SumSuite *u = &g->s->suites[i];
        u->sealed = str_eqz(json_str(json_get(j, "hazard")), "sealed");
        json_bool(json_get(j, "higher_is_safer"), &u->higher_is_safer);
        Str metric = json_str(json_get(j, "metric"));
        if ((title.n && !keep(g->a, title, &u->title)) || (metric.n && !keep(g->a, metric, &u->metric)) ||
            !suite_version(g->a, json_get(j, "version"), u))
            return err_nomem(g->err);
    }
    return true;
}

static bool read_manifest(Gather *g, RunStore *store) {
    const struct {
        const char *key;
        bool (*read)(Gather *, const Json *);
    } parts[] = {{"models", read_models},
                 {"suites", read_suites},
                 {"transforms", read_transforms},
                 {"n_items", read_n_items},
                 {"adaptive", read_adaptive}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        Str text;
        Json *root = NULL;
        if (!store_manifest_get(store, parts[i].key, g->a, &text, g->err)) return false;
        if (!text.p) continue;
        if (!json_parse(text, &root, g->err)) return err_wrap(g->err, "manifest key '%s'", parts[i].key);
        bool ok = parts[i].read(g, root);
        json_close(root);
        if (!ok) return false;
    }
    return true;
}

/* ---- rows ---- */

static Pile *pile_of(Gather *g, size_t model, size_t suite, size_t transform, Effort effort) {
    for (size_t i = 0; i < g->n_piles; i++) {
        Pile *p = &g->piles[i];
        if (p->model == model && p->suite == suite && p->transform == transform && p->effort == effort) return p;
    }
    if (!grow(g->a, (void **)&g->piles, g->n_piles, &g->cap_piles, sizeof *g->piles)) return NULL;
    Pile *p = &g->piles[g->n_piles++];
    *p = (Pile){.model = model, .suite = suite, .transform = transform, .effort = effort};
    return p;
}

static bool scorer_index(Gather *g, size_t suite, Str name, Str version, size_t *index) {
    ScorerList *l = g->scorers[suite];
    for (*index = 0; *index < l->n; ++*index)
        if (str_eq(l->names[*index], name)) return true;
    if (l->n == sizeof l->names / sizeof *l->names)
        return err_set(g->err, ERR_INPUT, "a suite has more than 64 scorers: '" STR_FMT "'", STR_ARG(name));
    l->n++;
    return (keep(g->a, name, &l->names[*index]) && keep(g->a, version, &l->versions[*index])) || err_nomem(g->err);
}

static bool row_scores(Gather *g, size_t suite, const ScoreRow *rows, size_t n, Row *out) {
    RowScore *scores = arena_array(g->a, n, sizeof *scores);
    if (!scores) return err_nomem(g->err);
    for (size_t i = 0; i < n; i++) {
        const Score *sc = &rows[i].score;
        if (!scorer_index(g, suite, rows[i].scorer, rows[i].version, &scores[i].scorer)) return false;
        scores[i].not_asked = summary_not_asked(sc);
        scores[i].status = sc->status;
        scores[i].outcome = sc->outcome < OUTCOME_COUNT ? sc->outcome : OUTCOME_UNSCORED;
        scores[i].value = sc->value;
        scores[i].by_form = str_eqz((Str){sc->rule.p, sc->rule.n}, "form");
        if (scores[i].status == SCORE_SCORED && isnan(sc->value)) scores[i].status = SCORE_UNSCORED;
        if (!keep(g->a, (Str){sc->label.p, sc->label.n}, &scores[i].label)) return err_nomem(g->err);
        if (!summary__asked(g->s->card, rows[i].judge, &scores[i].asked, g->err)) return false;
    }
    out->scores = scores;
    out->n_scores = n;
    return true;
}

/* "1600"; NaN if it is no number, or none that a rating can be. */
static double rating_of(Str text) {
    char digits[65] = {0}, *end = digits;
    if (text.n == 0 || text.n >= sizeof digits) return NAN;
    memcpy(digits, text.p, text.n);
    double v = strtod(digits, &end);
    return *end || !(fabs(v) <= 10000.0) ? NAN : v;
}

/* The tags "kind", "lang" and "rating" of a record. */
static bool tags_of_row(Gather *g, Str tags, Row *out) {
    Json *j = NULL;
    out->rating = NAN;
    if (!tags.p) return true;
    if (!json_parse(tags, &j, g->err)) return err_wrap(g->err, "a record's tags");
    bool ok = (keep(g->a, json_str(json_get(j, "kind")), &out->kind) &&
               keep(g->a, json_str(json_get(j, "lang")), &out->lang)) ||
              err_nomem(g->err);
    out->rating = rating_of(json_str(json_get(j, "rating")));
    json_close(j);
    return ok;
}

static bool gather_row(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Gather *g = ctx;
    const Completion *c = &r->completion;
    Str how = r->key.transform;
    size_t model, suite, transform;
    (void)id;
    g->failed = true;
    if (!model_add(g, r->key.model, (Str){0}, (Str){0}, &model) || !suite_add(g, r->key.suite, &suite) ||
        !transform_add(g, how, how, &transform))
        return false;
    Pile *p = pile_of(g, model, suite, transform, r->key.effort);
    if (!p || !grow(g->a, (void **)&p->rows, p->n, &p->cap, sizeof *p->rows)) return err_nomem(g->err);
    Row *row = &p->rows[p->n];
    *row = (Row){.epoch = r->key.epoch,
                 .status = c->status,
                 .malformed = c->malformed.n > 0,
                 .tokens_prompt = c->n_prompt_tokens,
                 .tokens = c->n_tokens,
                 .tokens_analysis = c->n_analysis_tokens,
                 .n_turns = (int)r->n_turns,
                 .n_calls = r->n_calls,
                 .n_bad_calls = r->n_bad_calls,
                 .prefill_seconds = c->seconds_prefill,
                 .decode_seconds = c->seconds_decode};
    if (!keep(g->a, r->key.sample, &row->sample) || !keep(g->a, r->content_hash, &row->content_hash) ||
        !keep(g->a, r->group, &row->group) || !keep(g->a, r->cluster, &row->cluster))
        return err_nomem(g->err);
    if (!tags_of_row(g, r->tags, row) || !row_scores(g, suite, rows, n, row)) return false;
    p->n++;
    g->failed = false;
    return true;
}

static int by_sample(const void *a, const void *b) {
    const Row *x = a, *y = b;
    int c = str_cmp(x->sample, y->sample);
    return c ? c : (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

/* ---- one scorer's reading of a row ---- */

typedef struct Reading {
    bool scored, cut_off, not_asked; /* not_asked: the row is not for this scorer, and counts nowhere */
    bool by_form;
    SumFit asked;
    unsigned outcome;
    double value;
    Str label;
} Reading;

static Reading read_row(const Row *r, size_t scorer) {
    Reading v = {.outcome = outcome_without_score(r->status), .cut_off = r->status == COMPLETION_LENGTH};
    for (size_t i = 0; i < r->n_scores; i++) {
        const RowScore *s = &r->scores[i];
        if (s->scorer != scorer) continue;
        v.not_asked = s->not_asked;
        v.scored = s->status == SCORE_SCORED;
        v.outcome = s->outcome;
        v.value = s->value;
        v.label = s->label;
        v.by_form = s->by_form;
        v.asked = s->by_form ? SUM_FITS : s->asked;
    }
    if (v.outcome == OUTCOME_TRUNCATED) v.cut_off = true;
    return v;
}

/* Nobody knows what a longer, or another, attempt would have given. */
static bool is_open(const Reading *v) {
    return v->cut_off || !v->scored;
}

static void count(SumCounts *c, const Row *r, const Reading *v) {
    c->total++;
    c->scored += v->scored;
    c->outcome[v->outcome]++;
    c->cut_off += v->cut_off;
    c->open += is_open(v);
    c->malformed += r->malformed;
}

/* What a scored row says of the label that the card calls positive. */
static void count_label(SumQuestion *q, const Reading *v, Str positive) {
    bool says = positive.p && v->label.p && str_eq(v->label, positive);
    q->n_positive += says;
    q->n_form += v->by_form;
    q->n_form_positive += v->by_form && says;
}

/* Rows sorted by sample become questions. */
static bool build_questions(Arena *a, SumCell *cell, const Pile *p, size_t scorer, Str positive) {
    SumQuestion *list = arena_array(a, p->n, sizeof *list);
    size_t n = 0;
    if (!list) return false;
    for (size_t i = 0; i < p->n; i++) {
        const Row *r = &p->rows[i];
        Reading v = read_row(r, scorer);
        if (v.not_asked) continue;
        if (n == 0 || !str_eq(list[n - 1].sample, r->sample))
            list[n++] = (SumQuestion){.sample = r->sample,
                                      .content_hash = r->content_hash,
                                      .group = r->group,
                                      .cluster = r->cluster,
                                      .kind = r->kind,
                                      .lang = r->lang,
                                      .rating = r->rating,
                                      .whole = true};
        SumQuestion *q = &list[n - 1];
        q->n_rows++;
        q->n_open += is_open(&v);
        if (q->n_rows > cell->repeats) cell->repeats = q->n_rows;
        if (!v.scored) continue;
        if (v.asked > cell->asked) cell->asked = v.asked;
        q->n_scored++;
        q->sum += v.value;
        count_label(q, &v, positive);
        if (v.value != 0.0 && v.value != 1.0) q->whole = false;
        if (is_open(&v)) continue;
        q->n_decided++;
        q->sum_decided += v.value;
        q->n_below += v.value < 1.0;
    }
    cell->questions = list;
    cell->n_questions = n;
    return true;
}

/* ---- estimates ---- */

static int by_cluster(const void *a, const void *b) {
    const SumQuestion *const *x = a, *const *y = b;
    int c = str_cmp((*x)->cluster, (*y)->cluster);
    return c ? c : (*x > *y) - (*x < *y); /* both lie in one array, in order of sample */
}

static double clip(double x) {
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

static void set_range(SumEstimate *e, StatRange r, const char *method) {
    if (isnan(r.lo) || isnan(r.hi)) return;
    e->lo = clip(r.lo);
    e->hi = clip(r.hi);
    e->method = method;
}

/* A spread that sums of equal parts leave in rounding is none. */
#define ROUNDING 1e-10

/* Which interval: clusters first; whole scores one per question are proportions, hence Wilson; fractions by t or, from
 * 100 questions on, the normal. Where a spread of zero would give an interval of no width, Wilson on the same count. */
static void choose_interval(SumEstimate *e, const StatMean *m, const StatClustered *c, bool whole) {
    double n = (double)m->n;
    if (e->n_clusters) {
        e->se = c->se_cr1;
        if (c->se_cr1 > ROUNDING * m->se)
            set_range(e, c->t, "clustered t");
        else
            set_range(e, stat_wilson(m->mean * (double)c->g, (double)c->g, SUM_CONF), "wilson over clusters");
    } else if (whole || !(m->sd > ROUNDING * fabs(m->mean))) {
        set_range(e, stat_wilson(clip(m->mean) * n, n, SUM_CONF), "wilson");
    } else {
        set_range(e, m->n >= 100 ? m->z : m->t, m->n >= 100 ? "normal" : "t");
    }
}

bool summary__estimate(Arena *a, const SumQuestion **list, size_t n, SumValue *value, const void *ctx, SumEstimate *e) {
    *e = (SumEstimate){.n_questions = n, .mean = NAN, .se = NAN, .lo = NAN, .hi = NAN};
    if (n == 0) return true;
    double *x = arena_array(a, n, sizeof *x), *scratch = arena_array(a, n, sizeof *scratch);
    uint32_t *cluster = arena_array(a, n, sizeof *cluster);
    if (!x || !scratch || !cluster) return false;
    bool whole = true;
    size_t g = 0;
    qsort(list, n, sizeof *list, by_cluster);
    for (size_t i = 0; i < n; i++) {
        x[i] = value(list[i], ctx);
        if (x[i] != 0.0 && x[i] != 1.0) whole = false;
        bool same = i > 0 && list[i]->cluster.p && str_eq(list[i]->cluster, list[i - 1]->cluster);
        g += !same;
        cluster[i] = (uint32_t)(g - 1);
    }
    StatMean m = stat_mean(x, n, SUM_CONF);
    StatClustered c = {0};
    e->mean = m.mean;
    e->se = m.se;
    if (g < n) {
        e->n_clusters = g;
        c = stat_clustered(x, cluster, n, g, SUM_CONF, scratch);
    }
    choose_interval(e, &m, &c, whole);
    return true;
}

static double score(const SumQuestion *q, const void *ctx) {
    (void)ctx;
    return q->sum / q->n_scored;
}

static bool estimate_where(Arena *a, const SumCell *cell, const Str *group, SumEstimate *e) {
    const SumQuestion **list = arena_array(a, cell->n_questions, sizeof *list);
    size_t n = 0;
    if (!list) return false;
    for (size_t i = 0; i < cell->n_questions; i++) {
        const SumQuestion *q = &cell->questions[i];
        if (q->n_scored && (!group || str_eq(q->group, *group))) list[n++] = q;
    }
    return summary__estimate(a, list, n, score, NULL, e);
}

/* What the mean would be if all open rows were wrong, or right. */
static void bounds(SumCell *cell) {
    double lo = 0.0, hi = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < cell->n_questions; i++) {
        const SumQuestion *q = &cell->questions[i];
        int rows = q->n_decided + q->n_open;
        if (rows == 0) continue;
        lo += q->sum_decided / rows;
        hi += (q->sum_decided + q->n_open) / rows;
        n++;
    }
    cell->bound_lo = n ? lo / (double)n : NAN;
    cell->bound_hi = n ? hi / (double)n : NAN;
}

/* ---- groups and labels ---- */

static int by_label(const void *a, const void *b) {
    return str_cmp(((const SumLabel *)a)->name, ((const SumLabel *)b)->name);
}
static int by_group(const void *a, const void *b) {
    return str_cmp(((const SumGroup *)a)->name, ((const SumGroup *)b)->name);
}

static bool add_label(Arena *a, SumLabel **list, size_t *n, size_t *cap, Str name) {
    for (size_t i = 0; i < *n; i++)
        if (str_eq((*list)[i].name, name)) return (*list)[i].n++, true;
    if (!grow(a, (void **)list, *n, cap, sizeof **list)) return false;
    (*list)[(*n)++] = (SumLabel){name, 1};
    return true;
}

static SumGroup *find_group(Arena *a, SumGroup **list, size_t *n, size_t *cap, Str name) {
    for (size_t i = 0; i < *n; i++)
        if (str_eq((*list)[i].name, name)) return &(*list)[i];
    if (!grow(a, (void **)list, *n, cap, sizeof **list)) return NULL;
    (*list)[*n] = (SumGroup){.name = name};
    return &(*list)[(*n)++];
}

/* Counts of the whole cell, of its groups and of its labels in one walk over the rows. */
static bool tally(Arena *a, SumCell *cell, const Pile *p, size_t scorer) {
    SumGroup *groups = NULL;
    SumLabel *labels = NULL;
    size_t cap_groups = 0, cap_labels = 0;
    for (size_t i = 0; i < p->n; i++) {
        const Row *r = &p->rows[i];
        Reading v = read_row(r, scorer);
        if (v.not_asked) continue;
        count(&cell->counts, r, &v);
        cell->tokens_prompt += r->tokens_prompt;
        cell->tokens += r->tokens;
        cell->tokens_analysis += r->tokens_analysis;
        cell->n_turns += r->n_turns;
        cell->n_calls += r->n_calls;
        cell->n_bad_calls += r->n_bad_calls;
        cell->prefill_seconds += r->prefill_seconds;
        cell->decode_seconds += r->decode_seconds;
        if (v.label.n && !add_label(a, &labels, &cell->n_labels, &cap_labels, v.label)) return false;
        if (!r->group.p) continue;
        SumGroup *g = find_group(a, &groups, &cell->n_groups, &cap_groups, r->group);
        if (!g) return false;
        count(&g->counts, r, &v);
    }
    if (cell->n_labels) qsort(labels, cell->n_labels, sizeof *labels, by_label);
    if (cell->n_groups) qsort(groups, cell->n_groups, sizeof *groups, by_group);
    for (size_t i = 0; i < cell->n_groups; i++)
        if (!estimate_where(a, cell, &groups[i].name, &groups[i].est)) return false;
    cell->groups = groups;
    cell->labels = labels;
    return true;
}

/* ---- cells ---- */

static bool build_cell(Gather *g, const Pile *p, size_t scorer, SumCell *cell) {
    const ScorerList *l = g->scorers[p->suite];
    *cell = (SumCell){.model = p->model,
                      .suite = p->suite,
                      .transform = p->transform,
                      .effort = p->effort,
                      .primary = scorer == 0,
                      .scorer = scorer < l->n ? l->names[scorer] : STR(""),
                      .scorer_version = scorer < l->n ? l->versions[scorer] : STR("")};
    Str positive = g->s->card ? g->s->card->positive : (Str){0};
    if (!build_questions(g->a, cell, p, scorer, positive) || !tally(g->a, cell, p, scorer) ||
        !estimate_where(g->a, cell, NULL, &cell->est))
        return err_nomem(g->err);
    bounds(cell);
    return true;
}

/* Suite, effort, transform, primary scorer first, then the models in the plan's order. */
static int by_place(const void *a, const void *b) {
    const SumCell *x = a, *y = b;
    if (x->suite != y->suite) return x->suite < y->suite ? -1 : 1;
    if (x->effort != y->effort) return x->effort < y->effort ? -1 : 1;
    if (x->transform != y->transform) return x->transform < y->transform ? -1 : 1;
    if (x->primary != y->primary) return x->primary ? -1 : 1;
    int c = str_cmp(x->scorer, y->scorer);
    if (c) return c;
    return (x->model > y->model) - (x->model < y->model);
}

static bool build_cells(Gather *g) {
    Summary *s = g->s;
    size_t cap = 0;
    bool seen[3] = {false};
    for (size_t i = 0; i < g->n_piles; i++) {
        Pile *p = &g->piles[i];
        qsort(p->rows, p->n, sizeof *p->rows, by_sample);
        seen[p->effort] = true;
        size_t n_scorers = g->scorers[p->suite]->n;
        for (size_t k = 0; k < (n_scorers ? n_scorers : 1); k++) {
            if (!grow(g->a, (void **)&s->cells, s->n_cells, &cap, sizeof *s->cells)) return err_nomem(g->err);
            if (!build_cell(g, p, k, &s->cells[s->n_cells])) return false;
            if (s->cells[s->n_cells].counts.total || k == 0) s->n_cells++; /* else it was asked about none of them */
        }
    }
    s->n_efforts = seen[0] + seen[1] + seen[2];
    if (s->n_cells) qsort(s->cells, s->n_cells, sizeof *s->cells, by_place);
    return true;
}

bool summary_build_in(RunStore *store, Lang lang, Arena *a, Summary *out, Err *err) {
    Gather g = {.s = out, .a = a, .err = err, .path = store_place(store)};
    size_t n_arms;
    *out = (Summary){.arena = a, .lang = lang, .n_items = -1, .revealed = store_reveals(store)};
    out->joined = store_arms(store, &n_arms) != NULL;
    Arena *scratch = arena_open(0);
    if (!scratch) return err_nomem(err);
    bool ok = store_counts(store, &out->stored, err) && read_manifest(&g, store) &&
              store_seal_mode(store, &out->seal, err) && summary__card(out, store, err) &&
              store_each(store, false, scratch, gather_row, &g, err) && !g.failed;
    arena_close(scratch);
    return ok && build_cells(&g) && summary__judges(out, store, err) && summary__compare(out, err) &&
           summary__robust(out, err) && (!arena_failed(a) || err_nomem(err));
}

bool summary_build(RunStore *store, Arena *a, Summary *out, Err *err) {
    return summary_build_in(store, LANG_EN, a, out, err);
}
