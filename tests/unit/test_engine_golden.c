/* The forward pass against the reference outputs of shared/golden: every case of the three tiny models. */
#include "tests/engine_support.h"

static const char *const models[] = {"golden/tiny-a/hf",
                                     "golden/tiny-b/hf",
                                     "golden/tiny-e/hf",
                                     "golden/tiny-a/hf-sharded",
                                     "golden/tiny-a/original",
                                     "golden/tiny-a/tiny-a-bf16-mxfp4.gguf",
                                     "golden/tiny-b/tiny-b-bf16-mxfp4.gguf",
                                     "golden/tiny-e/tiny-e-bf16-mxfp4.gguf",
                                     "golden/tiny-a/tiny-a-q8_0-mxfp4.gguf",
                                     "golden/tiny-b/tiny-b-q8_0-mxfp4.gguf",
                                     "golden/tiny-e/tiny-e-q8_0-mxfp4.gguf"};
enum { FIRST_Q8_0 = 8 }; /* other weights, so references of their own */
static const char *const refs[] = {"golden/tiny-a/ref", "golden/tiny-b/ref", "golden/tiny-e/ref", "golden/tiny-a/ref",
                                   "golden/tiny-a/ref", "golden/tiny-a/ref", "golden/tiny-b/ref", "golden/tiny-e/ref",
                                   "golden/tiny-a/ref", "golden/tiny-b/ref", "golden/tiny-e/ref"};

/* golden/README.md, "Tolerances": about ten times what two float32 engines differ by */
static const double LOGIT_MAX = 5e-4, LOGIT_MEAN = 5e-5, HIDDEN_MAX = 3e-4, NLL_RELATIVE = 1e-5;

typedef struct Golden {
    Json *root;
    const char *dir;
    bool q8_0;
} Golden;

/* An entry of a case: "logits", or "logits_q8_0" for those files. */
static const Json *entry(const Golden *g, const Json *c, const char *key) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", key, g->q8_0 ? "_q8_0" : "");
    const Json *j = json_get(c, name);
    if (!j) fail_msg("the reference has no '%s'", name);
    return j;
}

static Golden golden_open(const char *dir) {
    Golden g = {.dir = dir};
    char path[1200];
    Buf text;
    snprintf(path, sizeof path, "%s/golden.json", dir);
    buf_init(&text, 1 << 20);
    must(file_read(path, &text, err));
    must(json_parse(buf_str(&text), &g.root, err));
    buf_release(&text);
    return g;
}

static uint32_t *read_ids(const Json *list, size_t *n) {
    uint32_t *ids = calloc(json_count(list) + 1, sizeof *ids);
    *n = 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) ids[(*n)++] = (uint32_t)json_num(c);
    return ids;
}

static FileMap map_ref(const Golden *g, Str name) {
    char path[1400];
    FileMap m;
    snprintf(path, sizeof path, "%s/%.*s", g->dir, (int)name.n, name.p);
    must(file_map(path, &m, err));
    return m;
}

typedef struct Diff {
    double max, sum;
    size_t n;
} Diff;

static void diff_add(Diff *d, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - (double)b[i]);
        if (!(e <= d->max)) d->max = e; /* catches NaN too */
        d->sum += e;
        d->n++;
    }
}

static void check_logits(const Golden *g, const Json *c, const float *all, size_t v, const char *label) {
    FileMap m = map_ref(g, json_str(entry(g, c, "logits")));
    const float *ref = (const float *)(const void *)m.p;
    Diff d = {0};
    for (const Json *p = json_first(entry(g, c, "positions")); p; p = json_next(p), ref += v)
        diff_add(&d, all + (size_t)json_num(p) * v, ref, v);
    assert_int_equal(m.n, d.n * sizeof(float));
    printf("%-28s %-9s max %.2e mean %.2e\n", label, json_str(json_get(c, "name")).p, d.max, d.sum / (double)d.n);
    assert_true(d.max <= LOGIT_MAX);
    assert_true(d.sum / (double)d.n <= LOGIT_MEAN);
    file_unmap(&m);
}

static double nll(const float *logits, size_t v, uint32_t id) {
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < v; i++) max = fmax(max, (double)logits[i]);
    for (size_t i = 0; i < v; i++) sum += exp((double)logits[i] - max);
    return log(sum) + max - (double)logits[id];
}

static void check_nll(const Json *c, const float *all, size_t v, const uint32_t *ids, size_t n) {
    double sum = 0, want = json_num(json_get(c, "prompt_nll_sum"));
    const Json *first = json_first(json_get(c, "prompt_nll_first5"));
    for (size_t i = 0; i + 1 < n; i++) {
        double x = nll(all + i * v, v, ids[i + 1]);
        sum += x;
        if (!first) continue;
        assert_true(fabs(x - json_num(first)) < 1e-4);
        first = json_next(first);
    }
    assert_true(fabs(sum - want) <= NLL_RELATIVE * want);
}

static uint32_t argmax(const float *l, size_t v) {
    size_t best = 0;
    for (size_t i = 1; i < v; i++)
        if (l[i] > l[best]) best = i;
    return (uint32_t)best;
}

/* 32 greedy tokens; a difference where the margin is below twice the tolerance ends the comparison without failing. */
static void check_greedy(Rig *r, const Golden *g, const Json *c, const uint32_t *ids, size_t n) {
    size_t v = rig_vocab(r);
    const BackendOps *ops = r->be->ops;
    assert_true(ops->kv_reserve(r->be, 0, n + 32));
    BatchRow rows[512];
    for (size_t i = 0; i < n; i++) rows[i] = (BatchRow){0, (uint32_t)i, ids[i], i + 1 == n};
    must(ops->forward(r->be, rows, n, err));
    const Json *want = json_first(entry(g, c, "greedy32")),
               *margin = json_first(json_get(c, g->q8_0 ? "greedy32_q8_0_margins" : "greedy32_margins"));
    assert_int_equal(json_count(entry(g, c, "greedy32")), 32);
    assert_non_null(margin);
    for (size_t i = 0; want; i++, want = json_next(want), margin = json_next(margin)) {
        uint32_t id = argmax(ops->logits(r->be, 0), v);
        if (id != (uint32_t)json_num(want) && json_num(margin) < 2 * LOGIT_MAX) return;
        assert_int_equal(id, json_num(want));
        rows[0] = (BatchRow){0, (uint32_t)(n + i), id, true};
        must(ops->forward(r->be, rows, 1, err));
    }
}

static void each_case(size_t model, int threads,
                      void (*fn)(Rig *r, const Golden *g, const Json *c, const char *label)) {
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    Golden g = golden_open(ref);
    g.q8_0 = model >= FIRST_Q8_0;
    Rig r = rig_open(dir, threads, 2, NULL, NULL);
    for (const Json *c = json_first(json_get(g.root, "cases")); c; c = json_next(c)) fn(&r, &g, c, models[model]);
    rig_close(&r);
    json_close(g.root);
}

static void case_logits(Rig *r, const Golden *g, const Json *c, const char *label) {
    size_t n, v = rig_vocab(r);
    uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
    float *all = rig_run(r, 0, ids, n, 512);
    check_logits(g, c, all, v, label);
    if (!g->q8_0) check_nll(c, all, v, ids, n); /* there is no such reference */
    check_greedy(r, g, c, ids, n);
    free(all);
    free(ids);
}

/* Pieces cut anywhere, also across the edge of the window's ring: the same bits. */
static void case_pieces(Rig *r, const Golden *g, const Json *c, const char *label) {
    static const size_t pieces[] = {1, 7, 64, 100};
    size_t n, v = rig_vocab(r);
    (void)g, (void)label;
    uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
    float *whole = rig_run(r, 0, ids, n, 512);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        float *other = rig_run(r, 1, ids, n, pieces[i]);
        assert_memory_equal(whole, other, n * v * sizeof *whole);
        free(other);
    }
    free(whole);
    free(ids);
}

static void test_logits(void **state) {
    each_case(*(const size_t *)*state, 2, case_logits);
}
static void test_pieces(void **state) {
    each_case(*(const size_t *)*state, 1, case_pieces);
}

/* The same weights in another layout: the same bits, as all sums run in the same order. */
static void test_layouts_agree(void **state) {
    static const size_t pairs[][2] = {{0, 3}, {0, 4}, {0, 5}, {1, 6}, {2, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        NEED_SHARED(one, models[pairs[i][0]]);
        NEED_SHARED(two, models[pairs[i][1]]);
        NEED_SHARED(ref, refs[pairs[i][0]]);
        Golden g = golden_open(ref);
        Rig a = rig_open(one, 1, 1, NULL, NULL), b = rig_open(two, 1, 1, NULL, NULL);
        for (const Json *c = json_first(json_get(g.root, "cases")); c; c = json_next(c)) {
            size_t n, v = rig_vocab(&a);
            uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
            float *x = rig_run(&a, 0, ids, n, 512), *y = rig_run(&b, 0, ids, n, 512);
            assert_memory_equal(x, y, n * v * sizeof *x);
            free(x), free(y), free(ids);
        }
        rig_close(&a), rig_close(&b);
        json_close(g.root);
    }
}

/* ---- faster settings ---- */

/* golden/README.md: keys and values in half change logits by 0.014 at most; 0.05 is asked for. */
static const double KV_HALF_MAX = 0.05;

static void test_kv_half(void **state) {
    size_t model = *(const size_t *)*state, n;
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    Golden g = golden_open(ref);
    Rig r = rig_open_as(dir, 2, 2, "kv-f16");
    size_t v = rig_vocab(&r);
    double worst = 0;
    for (const Json *c = json_first(json_get(g.root, "cases")); c; c = json_next(c)) {
        uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
        float *all = rig_run(&r, 0, ids, n, 512);
        FileMap m = map_ref(&g, json_str(json_get(c, "logits")));
        const float *want = (const float *)(const void *)m.p;
        Diff d = {0};
        for (const Json *p = json_first(json_get(c, "positions")); p; p = json_next(p), want += v)
            diff_add(&d, all + (size_t)json_num(p) * v, want, v);
        printf("%-28s %-9s kv-f16: max %.2e mean %.2e\n", models[model], json_str(json_get(c, "name")).p, d.max,
               d.sum / (double)d.n);
        assert_true(d.max <= KV_HALF_MAX);
        if (!(d.max <= worst)) worst = d.max;
        file_unmap(&m);
        free(all);
        free(ids);
    }
    assert_true(worst > LOGIT_MEAN); /* else nothing was rounded */
    rig_close(&r);
    json_close(g.root);
}

/* The same README for int8 activations: on tiny-e (all experts are chosen always) 0.6 and a mean of 0.06, and the same
 * best token wherever the reference has a margin above 0.6, case by case. On tiny-a and tiny-b experts flip, which is
 * another model for all positions from there on, and README calls only a mean of 0.15 meaningful. It does not say over
 * what; its own figures are means over all stored positions of a file, so that is what is bounded here.
 *
 * A mean over a file would hide a case that is wrong, so two more things are asked for on these models, case by case:
 *   - before the first position at which a flip happened nothing is another model, so tiny-e's bounds hold in full;
 *   - the mean over a case stays below A8_MEAN_CASE. A case of a Q8_0 file has four positions, so one flip shows: 0.184
 *     in "near-tie" of tiny-a, 0.151 in "short", above 0.15 both. Twice that bound still is far from a mistake's. */
static const double A8_MAX = 0.6, A8_MEAN = 0.06, A8_MEAN_FLAT = 0.15, A8_MEAN_CASE = 0.3;

enum { ROUTE_LAYERS = 8, ROUTE_ROWS = 512 };

/* The chosen experts as a set of bits, by layer and position. */
typedef struct Routes {
    uint64_t set[ROUTE_LAYERS][ROUTE_ROWS];
} Routes;

static void see_routes(void *ctx, TapStage stage, int layer, size_t row, const float *values, size_t n) {
    Routes *r = ctx;
    if (stage != TAP_EXPERTS) return;
    assert_true(layer < ROUTE_LAYERS && row < ROUTE_ROWS);
    r->set[layer][row] = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(values[i] < 64);
        r->set[layer][row] |= UINT64_C(1) << (unsigned)values[i];
    }
}

/* Logits of all positions in one piece, and the experts of each. */
static float *run_routed(const char *dir, const char *precision, const uint32_t *ids, size_t n, Routes *routes) {
    Rig r = {0};
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(2, &r.pool, err));
    BackendOptions o = rig_options(&r, 1);
    o.precision = precision, o.tap = see_routes, o.tap_ctx = routes;
    memset(routes, 0, sizeof *routes);
    must(backend_cpu.open(&o, &r.be, err));
    float *all = rig_run(&r, 0, ids, n, ROUTE_ROWS);
    rig_close(&r);
    return all;
}

/* The first of n positions at which some layer chose otherwise; n: none. */
static size_t first_flip(const Routes *a, const Routes *b, size_t n) {
    for (size_t t = 0; t < n; t++)
        for (size_t l = 0; l < ROUTE_LAYERS; l++)
            if (a->set[l][t] != b->set[l][t]) return t;
    return n;
}

static void check_best(const float *got, const float *want, size_t v) {
    size_t best = argmax(want, v);
    double second = -INFINITY;
    for (size_t i = 0; i < v; i++)
        if (i != best) second = fmax(second, (double)want[i]);
    if ((double)want[best] - second > A8_MAX) assert_int_equal(argmax(got, v), best);
}

/* Against the reference, at the positions that it has. */
static Diff check_int8(const Golden *g, const Json *c, const float *all, size_t v, const char *label) {
    FileMap m = map_ref(g, json_str(entry(g, c, "logits")));
    const float *want = (const float *)(const void *)m.p;
    Diff d = {0};
    for (const Json *p = json_first(entry(g, c, "positions")); p; p = json_next(p), want += v)
        diff_add(&d, all + (size_t)json_num(p) * v, want, v);
    double mean = d.sum / (double)d.n;
    printf("%-28s %-9s int8: max %.2e mean %.2e", label, json_str(json_get(c, "name")).p, d.max, mean);
    assert_true(mean > LOGIT_MEAN); /* else nothing was rounded */
    assert_true(mean <= A8_MEAN_CASE);
    file_unmap(&m);
    return d;
}

/* Against our own exact logits, which test_logits holds to the reference, at the n positions before the first flip. */
static void check_unflipped(const float *got, const float *want, size_t n, size_t v) {
    Diff d = {0};
    for (size_t t = 0; t < n; t++) {
        diff_add(&d, got + t * v, want + t * v, v);
        check_best(got + t * v, want + t * v, v);
    }
    if (n) printf("; %zu positions before a flip: max %.2e mean %.2e", n, d.max, d.sum / (double)d.n);
    printf("\n");
    assert_true(d.max <= A8_MAX && d.sum <= A8_MEAN * (double)d.n);
}

static void test_int8(void **state) {
    size_t model = *(const size_t *)*state, n, unflipped = 0;
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    static Routes exact, rounded;
    Golden g = golden_open(ref);
    g.q8_0 = model >= FIRST_Q8_0;
    size_t v = (size_t)json_num(json_get(g.root, "vocab_size"));
    double sum = 0, count = 0;
    for (const Json *c = json_first(json_get(g.root, "cases")); c; c = json_next(c)) {
        uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
        float *want = run_routed(dir, NULL, ids, n, &exact), *all = run_routed(dir, "int8", ids, n, &rounded);
        size_t flip = first_flip(&exact, &rounded, n);
        Diff d = check_int8(&g, c, all, v, models[model]);
        check_unflipped(all, want, flip, v);
        if (strstr(refs[model], "tiny-e")) assert_int_equal(flip, n);
        sum += d.sum, count += (double)d.n, unflipped += flip;
        free(want), free(all), free(ids);
    }
    printf("%-28s all       int8: mean %.3f\n", models[model], sum / count);
    assert_true(sum <= A8_MEAN_FLAT * count);
    assert_true(unflipped > 0);
    json_close(g.root);
}

/* ---- inside: residual streams, experts ---- */

typedef struct Seen {
    size_t hidden, k, n;
    float hiddens[5][16][256], after_attn[5][16][256];
    float experts[5][16][8], weights[5][16][8];
} Seen;

static void remember(void *ctx, TapStage stage, int layer, size_t row, const float *values, size_t n) {
    Seen *s = ctx;
    float *to = stage == TAP_EMBED         ? s->hiddens[0][row]
                : stage == TAP_AFTER_ATTN  ? s->after_attn[layer][row]
                : stage == TAP_AFTER_LAYER ? s->hiddens[layer + 1][row]
                : stage == TAP_EXPERTS     ? s->experts[layer][row]
                                           : s->weights[layer][row];
    memcpy(to, values, n * sizeof *values);
}

static void check_stream(const Golden *g, const Json *c, const char *key, float (*got)[16][256], size_t hidden) {
    const Json *entry = json_get(c, key), *shape = json_first(json_get(entry, "shape"));
    size_t layers = (size_t)json_num(shape), tokens = (size_t)json_num(json_next(shape));
    FileMap m = map_ref(g, json_str(json_get(entry, "file")));
    const float *ref = (const float *)(const void *)m.p;
    Diff d = {0};
    for (size_t l = 0; l < layers; l++)
        for (size_t t = 0; t < tokens; t++, ref += hidden) diff_add(&d, got[l][t], ref, hidden);
    assert_int_equal(m.n, d.n * sizeof(float));
    printf("  %-12s max %.2e\n", key, d.max);
    assert_true(d.max <= HIDDEN_MAX);
    file_unmap(&m);
}

static void check_experts(const Json *c, const Seen *s) {
    size_t l = 0, t = 0, k = 0;
    const Json *wl = json_first(json_get(c, "expert_weights"));
    for (const Json *jl = json_first(json_get(c, "experts")); jl; jl = json_next(jl), wl = json_next(wl), l++) {
        const Json *wt = json_first(wl);
        t = 0;
        for (const Json *jt = json_first(jl); jt; jt = json_next(jt), wt = json_next(wt), t++) {
            const Json *wk = json_first(wt);
            k = 0;
            for (const Json *jk = json_first(jt); jk; jk = json_next(jk), wk = json_next(wk), k++) {
                assert_int_equal(s->experts[l][t][k], json_num(jk));
                assert_true(fabs((double)s->weights[l][t][k] - json_num(wk)) < 1e-5);
            }
        }
    }
    assert_true(l > 0 && t > 0 && k > 0);
}

static void test_inside(void **state) {
    size_t model = *(const size_t *)*state, n;
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    Golden g = golden_open(ref);
    const Json *c = json_first(json_get(g.root, "cases"));
    assert_string_equal(json_str(json_get(c, "name")).p, "short");
    static Seen seen;
    Rig r = rig_open(dir, 1, 1, remember, &seen);
    uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
    free(rig_run(&r, 0, ids, n, 512));
    check_stream(&g, c, "hidden", seen.hiddens, (size_t)r.model->config.hidden);
    check_stream(&g, c, "after_attn", seen.after_attn, (size_t)r.model->config.hidden);
    check_experts(c, &seen);
    free(ids);
    rig_close(&r);
    json_close(g.root);
}

/* ---- batches and threads ---- */

/* Sixteen sequences at once, each another rotation of the case's tokens, decode and prefill mixed: every logit equals
 * that of a run alone on one thread. */
static void test_batch(void **state) {
    size_t model = *(const size_t *)*state, n;
    enum { SEQS = 16, LEN = 150 };
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    Golden g = golden_open(ref);
    const Json *c = json_first(json_get(g.root, "cases"));
    while (strcmp(json_str(json_get(c, "name")).p, "long") != 0) c = json_next(c);
    uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
    assert_true(n >= LEN);
    Rig one = rig_open(dir, 1, 1, NULL, NULL), many = rig_open(dir, 2, SEQS, NULL, NULL);
    size_t v = rig_vocab(&one), at[SEQS] = {0};
    float *want[SEQS];
    uint32_t seqs[SEQS][LEN];
    for (size_t s = 0; s < SEQS; s++) {
        for (size_t i = 0; i < LEN; i++) seqs[s][i] = ids[(i + 13 * s) % n];
        want[s] = rig_run(&one, 0, seqs[s], LEN, 512);
        assert_true(many.be->ops->kv_reserve(many.be, (uint32_t)s, LEN));
    }
    for (size_t step = 0;; step++) {
        BatchRow rows[512];
        size_t k = 0;
        for (size_t s = 0; s < SEQS; s++) {
            size_t take = (step + s) % 3 == 0 ? 1 : (step * 7 + s) % 23;
            for (size_t i = 0; i < take && at[s] < LEN; i++, at[s]++)
                rows[k++] = (BatchRow){(uint32_t)s, (uint32_t)at[s], seqs[s][at[s]], true};
        }
        if (k) must(many.be->ops->forward(many.be, rows, k, err));
        for (size_t i = 0; i < k; i++)
            assert_memory_equal(many.be->ops->logits(many.be, i), want[rows[i].seq] + rows[i].pos * v,
                                v * sizeof(float));
        size_t done = 0;
        for (size_t s = 0; s < SEQS; s++) done += at[s] == LEN;
        if (done == SEQS) break;
    }
    for (size_t s = 0; s < SEQS; s++) free(want[s]);
    free(ids);
    rig_close(&one);
    rig_close(&many);
    json_close(g.root);
}

/* Every instruction set gives the same bits. */
static void test_kernels_agree(void **state) {
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    size_t model = *(const size_t *)*state, n;
    NEED_SHARED(dir, models[model]);
    NEED_SHARED(ref, refs[model]);
    Golden g = golden_open(ref);
    const Json *c = json_first(json_get(g.root, "cases"));
    while (strcmp(json_str(json_get(c, "name")).p, "boundary") != 0) c = json_next(c);
    uint32_t *ids = read_ids(json_get(c, "prompt_ids"), &n);
    float *want = NULL;
    for (size_t i = 0; i < 3; i++) {
        Err e = ERR_INIT;
        Backend *be;
        setenv("ASSAY_CPU", names[i], 1);
        Rig r = {0};
        must(model_open(&(ModelSource){.path = dir}, &r.model, err));
        must(pool_open(1, &r.pool, err));
        BackendOptions o = {
            .model = r.model, .pool = r.pool, .max_rows = 512, .max_logits = 512, .n_seqs = 1, .context = 512};
        if (backend_cpu.open(&o, &be, &e)) {
            r.be = be;
            float *got = rig_run(&r, 0, ids, n, 50);
            if (want) assert_memory_equal(got, want, n * rig_vocab(&r) * sizeof(float));
            if (!want)
                want = got;
            else
                free(got);
        } else {
            printf("skipped: this processor has no %s\n", names[i]);
        }
        rig_close(&r);
    }
    unsetenv("ASSAY_CPU");
    free(want);
    free(ids);
    json_close(g.root);
}

int main(void) {
    static size_t n[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_logits, &n[0]),        cmocka_unit_test_prestate(test_logits, &n[1]),
        cmocka_unit_test_prestate(test_logits, &n[2]),        cmocka_unit_test_prestate(test_logits, &n[3]),
        cmocka_unit_test_prestate(test_logits, &n[4]),        cmocka_unit_test_prestate(test_logits, &n[5]),
        cmocka_unit_test_prestate(test_logits, &n[6]),        cmocka_unit_test_prestate(test_logits, &n[7]),
        cmocka_unit_test_prestate(test_logits, &n[8]),        cmocka_unit_test_prestate(test_logits, &n[9]),
        cmocka_unit_test_prestate(test_logits, &n[10]),       cmocka_unit_test(test_layouts_agree),
        cmocka_unit_test_prestate(test_pieces, &n[8]),        cmocka_unit_test_prestate(test_pieces, &n[0]),
        cmocka_unit_test_prestate(test_pieces, &n[1]),        cmocka_unit_test_prestate(test_pieces, &n[2]),
        cmocka_unit_test_prestate(test_kv_half, &n[0]),       cmocka_unit_test_prestate(test_kv_half, &n[1]),
        cmocka_unit_test_prestate(test_kv_half, &n[2]),       cmocka_unit_test_prestate(test_int8, &n[0]),
        cmocka_unit_test_prestate(test_int8, &n[1]),          cmocka_unit_test_prestate(test_int8, &n[2]),
        cmocka_unit_test_prestate(test_int8, &n[5]),          cmocka_unit_test_prestate(test_int8, &n[7]),
        cmocka_unit_test_prestate(test_int8, &n[8]),          cmocka_unit_test_prestate(test_int8, &n[9]),
        cmocka_unit_test_prestate(test_int8, &n[10]),         cmocka_unit_test_prestate(test_inside, &n[0]),
        cmocka_unit_test_prestate(test_inside, &n[1]),        cmocka_unit_test_prestate(test_inside, &n[2]),
        cmocka_unit_test_prestate(test_batch, &n[0]),         cmocka_unit_test_prestate(test_batch, &n[1]),
        cmocka_unit_test_prestate(test_kernels_agree, &n[0]), cmocka_unit_test_prestate(test_kernels_agree, &n[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
