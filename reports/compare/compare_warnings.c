/* What makes two runs less comparable than two models of one run, in sentences. Each says what to do about it, or that
 * nothing need be done. */
#include "reports/compare/compare.h"

#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"

enum { WARNINGS_MAX = 64, SENTENCE_MAX = 4000, VALUE_MAX = 1 << 30 };

/* What has been said, by the first 64 bits of each sentence's SHA-256; 0 is an empty place. */
typedef struct Said {
    uint64_t *at;
    size_t n, cap; /* cap: a power of 2, more than twice n */
} Said;

typedef struct Warn {
    const Summary *s;
    Compare *c;
    Buf b;
    Said said;
    Err *err;
    bool failed; /* no memory to hold values against each other */
} Warn;

static uint64_t *place_of(const Said *k, uint64_t key) {
    size_t i = (size_t)key & (k->cap - 1);
    while (k->at[i] && k->at[i] != key) i = (i + 1) & (k->cap - 1);
    return &k->at[i];
}

static bool grow(Arena *a, Said *k) {
    Said more = {.cap = k->cap ? 2 * k->cap : 256, .n = k->n};
    more.at = arena_array(a, more.cap, sizeof *more.at);
    if (!more.at) return false;
    memset(more.at, 0, more.cap * sizeof *more.at);
    for (size_t i = 0; i < k->cap; i++)
        if (k->at[i]) *place_of(&more, k->at[i]) = k->at[i];
    *k = more;
    return true;
}

/* Takes the sentence in b, if there is one that has not been said. Beyond the most that are shown it is only counted.
 */
static bool said(Warn *w) {
    if (!w->b.n && !w->b.failed) return true;
    if (w->b.failed || (2 * w->said.n >= w->said.cap && !grow(w->s->arena, &w->said))) return err_nomem(w->err);
    Sha256 h;
    unsigned char digest[32];
    sha256_init(&h);
    sha256_add(&h, w->b.p, w->b.n);
    sha256_end(&h, digest);
    uint64_t key = sha256_u64(digest) | 1, *place = place_of(&w->said, key);
    bool again = *place == key;
    char *text = again || w->said.n >= WARNINGS_MAX ? NULL : str_cstr(w->s->arena, buf_str(&w->b));
    buf_clear(&w->b);
    if (again) return true;
    *place = key;
    if (w->said.n++ >= WARNINGS_MAX) return true;
    w->c->warnings[w->c->n_warnings++] = text;
    return text || err_nomem(w->err);
}

/* The last of those that are shown says how many are not. */
static bool say_more(Warn *w) {
    size_t n = w->said.n - w->c->n_warnings;
    if (!n) return true;
    Str text = words_printf(w->s->arena, w->s->lang, WORD("And %zu more like these."), n);
    w->c->warnings[w->c->n_warnings++] = text.p;
    return text.p || err_nomem(w->err);
}

static bool read_key(Warn *w, const StoreArm *arm, const char *key, Json **out) {
    Str text;
    *out = NULL;
    if (!store_manifest_get(arm->store, key, w->s->arena, &text, w->err)) return false;
    return !text.p || json_parse(text, out, w->err) || err_wrap(w->err, "manifest key '%s'", key);
}

/* Without memory they count as equal, so that no warning is made up; the whole fails then. */
static bool equal(Warn *w, const Json *a, const Json *b) {
    Buf x, y;
    JsonOut o;
    buf_init(&x, VALUE_MAX);
    buf_init(&y, VALUE_MAX);
    json_out_init(&o, &x, 0);
    if (a) json_out_node(&o, a);
    json_out_init(&o, &y, 0);
    if (b) json_out_node(&o, b);
    bool failed = x.failed || y.failed, same = failed || str_eq(buf_str(&x), buf_str(&y));
    w->failed = w->failed || failed;
    buf_release(&x);
    buf_release(&y);
    return same;
}

static const Json *member_named(const Json *list, const char *key, Str name) {
    for (const Json *e = json_first(list); e; e = json_next(e))
        if (str_eq(json_str(json_get(e, key)), name)) return e;
    return NULL;
}

/* ---- one arm ---- */

typedef struct Counting {
    int64_t n;
} Counting;

static bool count_key(void *ctx, int64_t id, const RecordKey *k, int n_scores) {
    (void)id, (void)k, (void)n_scores;
    ((Counting *)ctx)->n++;
    return true;
}

static bool unfinished(Warn *w, const StoreArm *arm) {
    Json *planned = NULL;
    Counting stored = {0};
    int64_t n = 0;
    bool ok = read_key(w, arm, "n_items", &planned);
    if (ok && planned && !json_int(planned, 0, INT64_MAX, &n))
        ok = err_set(w->err, ERR_INPUT, STR_FMT ": manifest key 'n_items' must be a whole number of answers",
                     STR_ARG(arm->run));
    bool told = planned != NULL;
    json_close(planned);
    ok = ok && (!told || store_each_key(arm->store, count_key, &stored, w->err));
    if (ok && !told)
        words_addf(&w->b, w->s->lang,
                   WORD("Run %.*s does not say how many answers it planned: whether it is finished cannot be checked."),
                   STR_ARG(arm->run));
    if (ok && told && stored.n < n)
        words_addf(&w->b, w->s->lang,
                   WORD("Run %.*s is not finished: %lld of %lld answers are stored. The comparison covers what is "
                        "there; go on with assay run --resume, and compare again."),
                   STR_ARG(arm->run), (long long)stored.n, (long long)n);
    return ok && said(w);
}

static bool mixed(Warn *w, const StoreArm *arm) {
    Json *since = NULL;
    if (!read_key(w, arm, "rescoring", &since)) return false;
    if (json_str(since).p)
        words_addf(
            &w->b, w->s->lang,
            WORD("Scoring run %.*s again was interrupted, and its scores are partly old and partly new: begin it "
                 "again with assay rescore before you compare."),
            STR_ARG(arm->run));
    json_close(since);
    return said(w);
}

/* ---- two arms ---- */

static bool weights(Warn *w, size_t a, size_t b) {
    const SumModel *x = &w->s->models[a], *y = &w->s->models[b];
    const StoreArm *p = &w->c->arms[a], *q = &w->c->arms[b];
    if (!x->digest.n || !y->digest.n) return true;
    bool same_weights = str_eq(x->digest, y->digest), same_name = str_eq(p->model, q->model);
    if (same_name && !same_weights)
        words_addf(&w->b, w->s->lang,
                   WORD("Both runs call a model %.*s, but the weights differ: they are two models here."),
                   STR_ARG(p->model));
    if (same_weights && p->store != q->store && str_eq(x->precision, y->precision))
        words_addf(
            &w->b, w->s->lang,
            WORD("%.*s and %.*s are the same weights: differences are those of plans, seeds or programs, or of a store "
                 "that was changed."),
            STR_ARG(x->name), STR_ARG(y->name));
    return said(w);
}

static bool suite_versions(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    for (const Json *u = json_first(x); u; u = json_next(u)) {
        const Json *v = member_named(y, "name", json_str(json_get(u, "name")));
        if (!v || (equal(w, json_get(u, "sha256"), json_get(v, "sha256")) &&
                   equal(w, json_get(u, "data_sha256"), json_get(v, "data_sha256"))))
            continue;
        int64_t mine = 0, other = 0;
        bool versions = json_int(json_get(u, "version"), 0, INT64_MAX, &mine) &&
                        json_int(json_get(v, "version"), 0, INT64_MAX, &other) && mine != other;
        if (versions)
            words_addf(
                &w->b, w->s->lang,
                WORD("%.*s is version %lld in %.*s and version %lld in %.*s: scores of two versions may not mean "
                     "the same. Only questions with the same content are compared."),
                STR_ARG(json_str(json_get(u, "name"))), (long long)mine, STR_ARG(p->run), (long long)other,
                STR_ARG(q->run));
        else
            words_addf(
                &w->b, w->s->lang,
                WORD("%.*s is not the same suite in %.*s and %.*s (its file or its data changed): only questions "
                     "with the same content are compared."),
                STR_ARG(json_str(json_get(u, "name"))), STR_ARG(p->run), STR_ARG(q->run));
        if (!said(w)) return false;
    }
    return true;
}

static bool plans(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    if (!equal(w, json_get(x, "seed"), json_get(y, "seed")))
        words_addf(
            &w->b, w->s->lang,
            WORD("The seeds of %.*s and %.*s differ: where answers are sampled, part of the difference is the draw."),
            STR_ARG(p->run), STR_ARG(q->run));
    if (!said(w)) return false;
    for (const Json *u = json_first(json_get(x, "suites")); u; u = json_next(u)) {
        const Json *v = member_named(json_get(y, "suites"), "suite", json_str(json_get(u, "suite")));
        if (!v || equal(w, json_get(u, "generation"), json_get(v, "generation"))) continue;
        words_addf(&w->b, w->s->lang,
                   WORD("%.*s was asked with other settings in %.*s and %.*s (temperature, token limit or date): the "
                        "difference is that of model and settings together."),
                   STR_ARG(json_str(json_get(u, "suite"))), STR_ARG(p->run), STR_ARG(q->run));
        if (!said(w)) return false;
    }
    return true;
}

static bool scorers(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    for (const Json *u = json_first(x); u; u = json_next(u)) {
        const Json *v = json_get(y, json_key(u));
        for (const Json *e = v ? json_first(u) : NULL; e; e = json_next(e)) {
            const Json *f = member_named(v, "name", json_str(json_get(e, "name")));
            if (f && equal(w, json_get(e, "version"), json_get(f, "version"))) continue;
            words_addf(&w->b, w->s->lang,
                       WORD("%s was scored by another version of %.*s in %.*s and %.*s: score both again with assay "
                            "rescore before you compare."),
                       json_key(u), STR_ARG(json_str(json_get(e, "name"))), STR_ARG(p->run), STR_ARG(q->run));
            if (!said(w)) return false;
        }
    }
    return true;
}

static bool programs(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    if (!equal(w, json_get(x, "version"), json_get(y, "version")))
        words_addf(&w->b, w->s->lang, WORD("Other versions of assay made %.*s and %.*s."), STR_ARG(p->run),
                   STR_ARG(q->run));
    return said(w);
}

static bool cards(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    if ((x || y) && !equal(w, json_get(x, "id"), json_get(y, "id")))
        words_addf(&w->b, w->s->lang,
                   WORD("The judges of %.*s and %.*s have other calibration cards. Differences are those of the "
                        "verdicts as they are; corrected rates use the first card there is."),
                   STR_ARG(p->run), STR_ARG(q->run));
    return said(w);
}

/* What one run tells and the other does not cannot be checked. */
static bool untold(Warn *w, const StoreArm *p, const StoreArm *q, const char *what, bool x, bool y) {
    if (x == y || !what) return true;
    words_addf(&w->b, w->s->lang,
               WORD("Run %.*s does not record its %s: how far it agrees in that with %.*s cannot be checked."),
               STR_ARG((x ? q : p)->run), words(w->s->lang, what), STR_ARG((x ? p : q)->run));
    return said(w);
}

/* What makes a judge say other things, and what each run tells of it. */
typedef struct JudgeLook {
    bool same, first_tells, second_tells;
} JudgeLook;

/* What it may hold in memory, or where it lies, changes no verdict. Precision is told since there is a choice. */
static JudgeLook look_at_judges(Warn *w, const Json *x, const Json *y) {
    static const char *const keys[] = {"digest", "effort", "temperature", "max_tokens", "seed"};
    Str p = json_str(json_get(x, "precision")), q = json_str(json_get(y, "precision"));
    JudgeLook k = {str_eq(p.p ? p : STR("exact"), q.p ? q : STR("exact")), true, true};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const Json *a = json_get(x, keys[i]), *b = json_get(y, keys[i]);
        k.first_tells = k.first_tells && a;
        k.second_tells = k.second_tells && b;
        k.same = k.same && (!a || !b || equal(w, a, b));
    }
    return k;
}

/* Where both runs have one. */
static bool judges(Warn *w, const StoreArm *p, const StoreArm *q, const Json *x, const Json *y) {
    if (json_type(x) != JSON_OBJECT || json_type(y) != JSON_OBJECT) return true;
    JudgeLook k = look_at_judges(w, x, y);
    if (k.same) return untold(w, p, q, WORD("judge"), k.first_tells, k.second_tells);
    words_addf(&w->b, w->s->lang,
               WORD("The verdicts of %.*s and %.*s are of two judges, or of one with other settings: part of a "
                    "difference between verdicts is theirs. Score both with one judge (assay rescore --judge) "
                    "before you compare."),
               STR_ARG(p->run), STR_ARG(q->run));
    return said(w);
}

static bool manifests(Warn *w, const StoreArm *p, const StoreArm *q) {
    static const struct {
        const char *key, *what; /* what: NULL if a run need not have it */
        bool (*look)(Warn *, const StoreArm *, const StoreArm *, const Json *, const Json *);
    } LOOKS[] = {{"suites", WORD("suites"), suite_versions},
                 {"plan", WORD("plan"), plans},
                 {"scorers", WORD("scorers"), scorers},
                 {"harness", WORD("program"), programs},
                 {"judge", NULL, judges},
                 {"calibration", NULL, cards}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof LOOKS / sizeof *LOOKS; i++) {
        Json *x = NULL, *y = NULL;
        ok = read_key(w, p, LOOKS[i].key, &x) && read_key(w, q, LOOKS[i].key, &y);
        if (ok && LOOKS[i].what && (!x || !y))
            ok = untold(w, p, q, LOOKS[i].what, x, y);
        else
            ok = ok && LOOKS[i].look(w, p, q, x, y);
        json_close(x);
        json_close(y);
    }
    return ok;
}

static bool unmatched(Warn *w) {
    const Summary *s = w->s;
    for (size_t i = 0; i < w->c->n_matches; i++) {
        const CmpMatch *m = &w->c->matches[i];
        if (m->n_arms < 2 && s->n_models > 1)
            words_addf(&w->b, w->s->lang, WORD("%.*s is in one run only and is not compared."),
                       STR_ARG(s->suites[m->suite].name));
        else if (m->n_all == 0)
            words_addf(&w->b, w->s->lang, WORD("%.*s: no question has the same content in all runs."),
                       STR_ARG(s->suites[m->suite].name));
        if (!said(w)) return false;
    }
    return true;
}

bool compare__warnings(const Summary *s, Compare *c, Err *err) {
    Warn w = {.s = s, .c = c, .err = err};
    c->warnings = arena_array(s->arena, WARNINGS_MAX + 1, sizeof *c->warnings);
    if (!c->warnings) return err_nomem(err);
    buf_init(&w.b, SENTENCE_MAX * 4);
    bool ok = true;
    for (size_t i = 0; ok && i < c->n_arms; i++) {
        bool first = true;
        for (size_t j = 0; j < i; j++) first = first && c->arms[j].store != c->arms[i].store;
        ok = !first || (unfinished(&w, &c->arms[i]) && mixed(&w, &c->arms[i]));
    }
    for (size_t i = 0; ok && i < c->n_arms; i++)
        for (size_t j = i + 1; ok && j < c->n_arms; j++)
            ok = weights(&w, i, j) && (c->arms[i].store == c->arms[j].store || manifests(&w, &c->arms[i], &c->arms[j]));
    ok = ok && unmatched(&w) && say_more(&w);
    buf_release(&w.b);
    return ok && ((!w.failed && !arena_failed(s->arena)) || err_nomem(err));
}
