/* Long contexts against a second forward pass in double: a sliding and a full layer, far beyond the window, across
 * block edges and ring wraps, fed in uneven pieces, decoded token by token, and continued in copies.
 *
 * The queries are made large, so that a far position's attention rests on few of the many keys: an average over 100,000
 * of them would hide any mistake. The test measures that itself: a window that is one too short or long, or blocks that
 * are left out, must show. ASSAY_SLOW=1 feeds all of 131,072 positions. */
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

#include <unistd.h>

#include "engine/kv/kv.h"

static const double TOLERANCE = 5e-4; /* golden/README.md */
enum { CONTEXT = 131072, MAX_WANTED = 256, SHARPEN = 4 /* queries times 2^4 */ };

/* ---- the checkpoint, once more in double ---- */

typedef struct Weights {
    const CkSpec *s;
    CkList list;
    unsigned char *data;
    double **t; /* [list.n] as numbers; NULL for codes and scales */
} Weights;

static size_t find(const Weights *w, int layer, const char *name) {
    char full[96];
    if (layer < 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    for (size_t i = 0; i < w->list.n; i++)
        if (strcmp(w->list.p[i].name, full) == 0) return i;
    fail_msg("no tensor %s", full);
    return 0;
}

static const double *tensor(const Weights *w, int layer, const char *name) {
    return w->t[find(w, layer, name)];
}

/* The MXFP4 pair behind "mlp.experts.NAME_blocks" and "_scales", as numbers under the place of the blocks. */
static void decode_experts(Weights *w, int layer, const char *blocks, const char *scales) {
    static const double value[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    size_t b = find(w, layer, blocks), s = find(w, layer, scales), n = 2 * w->list.p[b].elements;
    double *out = malloc(n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        int byte = w->data[w->list.p[b].at + i / 2], code = i % 2 ? byte >> 4 : byte & 15;
        out[i] = (code & 8 ? -1 : 1) * value[code & 7] * ldexp(1, w->data[w->list.p[s].at + i / 32] - 127);
    }
    w->t[b] = out;
}

/* Writes the checkpoint, sharpens its queries in the file, and reads all of it. */
static Weights weights_open(const CkSpec *s, const char *dir) {
    char path[128];
    FileMap map;
    Weights w = {.s = s, .list = ck_list(s)};
    assert_true(ck_write(dir, s));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    must(file_map(path, &map, err));
    w.data = malloc(w.list.bytes);
    size_t header = map.n - w.list.bytes;
    memcpy(w.data, map.p + header, w.list.bytes);
    file_unmap(&map);
    w.t = calloc(w.list.n, sizeof *w.t);
    for (size_t i = 0; i < w.list.n; i++) {
        CkTensor *t = &w.list.p[i];
        if (t->kind != CK_NUMBERS) continue;
        w.t[i] = malloc(t->elements * sizeof **w.t);
        for (size_t k = 0; k < t->elements; k++) {
            uint16_t h;
            memcpy(&h, w.data + t->at + 2 * k, 2);
            if (strstr(t->name, "q_proj"))
                h = (uint16_t)(h + (SHARPEN << 7)); /* the exponent; none is 0 or near the top */
            memcpy(w.data + t->at + 2 * k, &h, 2);
            w.t[i][k] = (double)ck_widen(h);
        }
    }
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, (long)header, SEEK_SET);
    assert_int_equal(fwrite(w.data, 1, w.list.bytes, f), w.list.bytes);
    fclose(f);
    for (int l = 0; l < s->layers; l++) {
        decode_experts(&w, l, "mlp.experts.gate_up_proj_blocks", "mlp.experts.gate_up_proj_scales");
        decode_experts(&w, l, "mlp.experts.down_proj_blocks", "mlp.experts.down_proj_scales");
    }
    return w;
}

static void weights_close(Weights *w) {
    for (size_t i = 0; i < w->list.n; i++) free(w->t[i]);
    free(w->t), free(w->data), free(w->list.p);
}

/* ---- the reference, from specs/gpt-oss-model.md section 2 ---- */

/* What a wrong engine might do, to see that it would be seen. */
typedef struct Mistake {
    int window;       /* added to the window */
    bool holes;       /* full layers leave out every eighth block */
    bool float_angle; /* pos * f_j in float32 */
} Mistake;

typedef struct Ref {
    const Weights *w;
    const Mistake *m;
    size_t n;              /* tokens */
    double *x, *q, *k, *v; /* [n, hidden], [n, heads*d], [n, kv_heads*d] twice */
    double *f, m_rope;     /* [d/2] frequencies; concentration */
    double *p;             /* [n] scratch */
} Ref;

static void linear(const double *w, const double *b, const double *x, size_t rows, size_t cols, double *y) {
    for (size_t i = 0; i < rows; i++) {
        y[i] = b ? b[i] : 0;
        for (size_t j = 0; j < cols; j++) y[i] += w[i * cols + j] * x[j];
    }
}

static void norm(const double *w, const double *x, size_t h, double *y) {
    double sum = 0;
    for (size_t i = 0; i < h; i++) sum += x[i] * x[i];
    for (size_t i = 0; i < h; i++) y[i] = x[i] / sqrt(sum / (double)h + 1e-5) * w[i];
}

static void frequencies(Ref *r) {
    const CkSpec *s = r->w->s;
    int h = s->head_dim / 2;
    double pi = acos(-1), low = h * log(s->original / (32 * 2 * pi)) / log(s->theta),
           high = h * log(s->original / (2 * pi)) / log(s->theta);
    r->m_rope = 0.1 * log(s->factor) + 1;
    for (int j = 0; j < h; j++) {
        double ramp = fmin(1, fmax(0, (j - low) / (high - low)));
        r->f[j] = pow(s->theta, -(double)j / h) * ((1 - ramp) + ramp / s->factor);
    }
}

static void rotate(const Ref *r, double *x, size_t heads, size_t pos) {
    size_t d = (size_t)r->w->s->head_dim, h = d / 2;
    for (size_t k = 0; k < heads; k++, x += d)
        for (size_t j = 0; j < h; j++) {
            double angle = r->m->float_angle ? (double)((float)pos * (float)r->f[j]) : (double)pos * r->f[j];
            double c = r->m_rope * cos(angle), s = r->m_rope * sin(angle), a = x[j], b = x[j + h];
            x[j] = a * c - b * s;
            x[j + h] = b * c + a * s;
        }
}

static void attention(const Ref *r, int layer, size_t t, double *out) {
    const CkSpec *s = r->w->s;
    size_t d = (size_t)s->head_dim, kv = (size_t)s->kv_heads * d, group = (size_t)(s->heads / s->kv_heads);
    bool sliding = layer % 2 == 0;
    size_t window = (size_t)(s->window + r->m->window), from = sliding && t + 1 > window ? t + 1 - window : 0;
    const double *q = r->q + t * (size_t)s->heads * d, *sinks = tensor(r->w, layer, "self_attn.sinks");
    for (size_t h = 0; h < (size_t)s->heads; h++) {
        double max = sinks[h], sum;
        for (size_t j = from; j <= t; j++) {
            double dot = 0;
            const double *k = r->k + j * kv + h / group * d;
            for (size_t i = 0; i < d; i++) dot += q[h * d + i] * k[i];
            bool hole = !sliding && r->m->holes && j / KV_BLOCK % 8 == 3;
            r->p[j] = hole ? -INFINITY : dot / sqrt((double)d);
            max = fmax(max, r->p[j]);
        }
        sum = exp(sinks[h] - max);
        for (size_t j = from; j <= t; j++) sum += r->p[j] = exp(r->p[j] - max);
        for (size_t i = 0; i < d; i++) out[h * d + i] = 0;
        for (size_t j = from; j <= t; j++)
            for (size_t i = 0; i < d; i++) out[h * d + i] += r->p[j] / sum * r->v[j * kv + h / group * d + i];
    }
}

/* Every expert is used (no routing that rounding could flip). */
static void experts(const Ref *r, int layer, const double *t, double *x) {
    const CkSpec *s = r->w->s;
    size_t h = (size_t)s->hidden, w = (size_t)s->width, n = (size_t)s->experts;
    double logit[4], sum = 0, gu[256], act[128], y[128];
    linear(tensor(r->w, layer, "mlp.router.weight"), tensor(r->w, layer, "mlp.router.bias"), t, n, h, logit);
    for (size_t e = 0; e < n; e++) sum += exp(logit[e]);
    for (size_t e = 0; e < n; e++) {
        linear(tensor(r->w, layer, "mlp.experts.gate_up_proj_blocks") + e * 2 * w * h,
               tensor(r->w, layer, "mlp.experts.gate_up_proj_bias") + e * 2 * w, t, 2 * w, h, gu);
        for (size_t c = 0; c < w; c++) {
            double g = fmin(gu[2 * c], 7), u = fmax(-7, fmin(gu[2 * c + 1], 7));
            act[c] = g / (1 + exp(-1.702 * g)) * (u + 1);
        }
        linear(tensor(r->w, layer, "mlp.experts.down_proj_blocks") + e * h * w,
               tensor(r->w, layer, "mlp.experts.down_proj_bias") + e * h, act, h, w, y);
        for (size_t i = 0; i < h; i++) x[i] += exp(logit[e]) / sum * y[i];
    }
}

static void one_row(const Ref *r, int l, size_t t) {
    const CkSpec *s = r->w->s;
    size_t h = (size_t)s->hidden, nq = (size_t)(s->heads * s->head_dim);
    double a[512], o[128], n[128], *x = r->x + t * h;
    attention(r, l, t, a);
    linear(tensor(r->w, l, "self_attn.o_proj.weight"), tensor(r->w, l, "self_attn.o_proj.bias"), a, h, nq, o);
    for (size_t i = 0; i < h; i++) x[i] += o[i];
    norm(tensor(r->w, l, "post_attention_layernorm.weight"), x, h, n);
    experts(r, l, n, x);
}

static void qkv(const Ref *r, int l) {
    const CkSpec *s = r->w->s;
    size_t h = (size_t)s->hidden, nq = (size_t)(s->heads * s->head_dim), kv = (size_t)(s->kv_heads * s->head_dim);
    const double *in = tensor(r->w, l, "input_layernorm.weight"), *w[3], *b[3];
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "self_attn.%c_proj.weight", "qkv"[i]);
        w[i] = tensor(r->w, l, name);
        snprintf(name, sizeof name, "self_attn.%c_proj.bias", "qkv"[i]);
        b[i] = tensor(r->w, l, name);
    }
    for (size_t i = 0; i < r->n; i++) {
        double t[128];
        norm(in, r->x + i * h, h, t);
        linear(w[0], b[0], t, nq, h, r->q + i * nq);
        linear(w[1], b[1], t, kv, h, r->k + i * kv);
        linear(w[2], b[2], t, kv, h, r->v + i * kv);
        rotate(r, r->q + i * nq, (size_t)s->heads, i);
        rotate(r, r->k + i * kv, (size_t)s->kv_heads, i);
    }
}

/* Logits at the wanted positions; release with free. The last layer computes only those. */
static double *reference(const Weights *w, const uint32_t *ids, size_t n, const size_t *wanted, size_t n_wanted,
                         const Mistake *m) {
    const CkSpec *s = w->s;
    size_t h = (size_t)s->hidden, d = (size_t)s->head_dim, nq = (size_t)s->heads * d, kv = (size_t)s->kv_heads * d;
    Ref r = {.w = w, .m = m, .n = n};
    r.x = malloc(n * h * sizeof(double)), r.q = malloc(n * nq * sizeof(double)), r.k = malloc(n * kv * sizeof(double)),
    r.v = malloc(n * kv * sizeof(double)), r.f = malloc(d * sizeof(double)), r.p = malloc(n * sizeof(double));
    double *logits = malloc(n_wanted * (size_t)s->vocab * sizeof *logits), t[128];
    frequencies(&r);
    for (size_t i = 0; i < n; i++)
        memcpy(r.x + i * h, tensor(w, -1, "model.embed_tokens.weight") + ids[i] * h, h * sizeof(double));
    for (int l = 0; l < s->layers; l++) {
        bool last = l + 1 == s->layers;
        qkv(&r, l);
        for (size_t i = 0; i < (last ? n_wanted : n); i++) one_row(&r, l, last ? wanted[i] : i);
    }
    for (size_t i = 0; i < n_wanted; i++) {
        norm(tensor(w, -1, "model.norm.weight"), r.x + wanted[i] * h, h, t);
        linear(tensor(w, -1, "lm_head.weight"), NULL, t, (size_t)s->vocab, h, logits + i * (size_t)s->vocab);
    }
    free(r.x), free(r.q), free(r.k), free(r.v), free(r.f), free(r.p);
    return logits;
}

/* ---- the engine ---- */

static Rig open_long(const char *dir, size_t n, size_t n_seqs) {
    Rig r = {0};
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    assert_int_equal(r.model->config.context, CONTEXT);
    must(pool_open(2, &r.pool, err));
    BackendOptions o = {
        .model = r.model, .pool = r.pool, .max_rows = 256, .max_logits = 64, .n_seqs = n_seqs, .context = n};
    must(backend_cpu.open(&o, &r.be, err));
    return r;
}

static bool is_wanted(const size_t *wanted, size_t n, size_t pos) {
    for (size_t i = 0; i < n; i++)
        if (wanted[i] == pos) return true;
    return false;
}

/* Feeds ids[from, to) in uneven pieces, one by one from `single` on; logits of wanted positions go to out[wanted]. */
static void feed(Rig *r, uint32_t seq, const uint32_t *ids, size_t from, size_t to, size_t single, const size_t *wanted,
                 size_t n_wanted, float *out) {
    static const size_t pieces[] = {256, 1, 63, 64, 65, 255, 7, 128, 193};
    BatchRow rows[256];
    size_t v = rig_vocab(r);
    for (size_t at = from, i = 0, piece; at < to; at += piece, i++) {
        size_t k = 0;
        piece = at >= single ? 1 : pieces[i % (sizeof pieces / sizeof *pieces)];
        if (at < single && at + piece > single) piece = single - at;
        if (at + piece > to) piece = to - at;
        for (size_t p = 0; p < piece; p++)
            rows[p] = (BatchRow){seq, (uint32_t)(at + p), ids[at + p], is_wanted(wanted, n_wanted, at + p)};
        must(r->be->ops->forward(r->be, rows, piece, err));
        for (size_t w = 0; w < n_wanted; w++) /* rising, as the rows are */
            if (wanted[w] >= at && wanted[w] < at + piece)
                memcpy(out + w * v, r->be->ops->logits(r->be, k++), v * sizeof *out);
    }
}

static double worst(const float *got, const double *want, size_t n) {
    double w = 0;
    for (size_t i = 0; i < n; i++) w = fmax(w, fabs((double)got[i] - want[i]));
    return w;
}

static double apart(const double *a, const double *b, size_t n) {
    double w = 0;
    for (size_t i = 0; i < n; i++) w = fmax(w, fabs(a[i] - b[i]));
    return w;
}

/* ---- the test ---- */

/* Both sides of block edges, far ones too, and the end. */
static size_t choose(size_t n, size_t window, size_t *out) {
    size_t k = 0, at[] = {0, 1, window - 1, window, window + 1};
    for (size_t i = 0; i < 5; i++) out[k++] = at[i];
    for (size_t p = 448; p + 130 < n && k + 40 < MAX_WANTED; p += p / 512 * 64 + 64)
        for (size_t e = 0; e < 2; e++) out[k++] = p - 1 + e;
    for (size_t p = n - 70; p < n; p += 3) out[k++] = p;
    out[k++] = n - 1;
    return out[k - 1] == out[k - 2] ? k - 1 : k;
}

static void remove_dir(const char *dir) {
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    char path[128];
    for (int i = 0; i < 3; i++) snprintf(path, sizeof path, "%s/%s", dir, names[i]), unlink(path);
    rmdir(dir);
}

typedef struct Case {
    const uint32_t *ids;
    size_t n, n_wanted, wanted[MAX_WANTED];
    double *want;
} Case;

/* What a sequence that holds `at` positions gives from there on, against the reference. */
static void finish(Rig *r, uint32_t seq, const Case *c, size_t at, const char *what) {
    size_t v = rig_vocab(r), first = 0;
    while (c->wanted[first] < at) first++;
    float *got = calloc(c->n_wanted * v, sizeof *got);
    feed(r, seq, c->ids, at, c->n, c->n - 100, c->wanted + first, c->n_wanted - first, got);
    double w = worst(got, c->want + first * v, (c->n_wanted - first) * v);
    printf("  %s at %zu, continued: max %.2e\n", what, at, w);
    assert_true(w < TOLERANCE && c->n_wanted - first > 20);
    free(got);
}

/* Uneven pieces, then token by token; a copy at a block's edge and one inside a block, both continued on their own. */
static void compare(Rig *r, const Case *c, const char *label) {
    size_t v = rig_vocab(r), edge = (c->n - 200) / KV_BLOCK * KV_BLOCK, inside = edge + 77;
    float *got = calloc(c->n_wanted * v, sizeof *got);
    size_t n_before = 0;
    while (c->wanted[n_before] < edge) n_before++;
    assert_true(r->be->ops->kv_reserve(r->be, 0, c->n));
    feed(r, 0, c->ids, 0, edge, c->n, c->wanted, n_before, got);
    double w = worst(got, c->want, n_before * v);
    printf("%s: %zu positions, max %.2e over %zu of them\n", label, c->n, w, n_before);
    assert_true(w < TOLERANCE && n_before > 20);
    assert_true(r->be->ops->kv_copy(r->be, 1, 0, edge, c->n));
    feed(r, 0, c->ids, edge, inside, c->n, NULL, 0, NULL);
    assert_true(r->be->ops->kv_copy(r->be, 2, 0, inside, c->n));
    finish(r, 0, c, inside, "itself");
    r->be->ops->kv_drop(r->be, 0); /* the copies live on without it */
    finish(r, 2, c, inside, "copied");
    finish(r, 1, c, edge, "copied");
    free(got);
}

/* The same with a mistake, to see that it would be seen. */
static void prove_sight(const Weights *w, const Case *c) {
    const struct {
        const char *what;
        Mistake m;
    } wrong[] = {{"window one too short", {.window = -1}},
                 {"window one too long", {.window = 1}},
                 {"every eighth block left out", {.holes = true}},
                 {"angles in float32", {.float_angle = true}}};
    for (size_t i = 0; i < 4; i++) {
        double *other = reference(w, c->ids, c->n, c->wanted, c->n_wanted, &wrong[i].m);
        double gap = apart(other, c->want, c->n_wanted * (size_t)w->s->vocab);
        printf("  %s: would be off by %.2e\n", wrong[i].what, gap);
        free(other);
        assert_true(gap > 4 * TOLERANCE || i == 3); /* the last needs far positions and is only shown */
    }
}

static void run(const CkSpec *s, size_t n, const char *label) {
    char dir[] = "/tmp/assay-long-XXXXXX";
    Case c = {.n = n};
    assert_non_null(mkdtemp(dir));
    Weights w = weights_open(s, dir);
    uint32_t *ids = malloc(n * sizeof *ids);
    uint64_t state = 5;
    for (size_t i = 0; i < n; i++) ids[i] = (uint32_t)(ck_next(&state) % (uint64_t)s->vocab);
    c.ids = ids;
    c.n_wanted = choose(n, (size_t)s->window, c.wanted);
    c.want = reference(&w, ids, n, c.wanted, c.n_wanted, &(Mistake){0});
    Rig r = open_long(dir, n, 3);
    compare(&r, &c, label);
    rig_close(&r);
    prove_sight(&w, &c);
    weights_close(&w);
    remove_dir(dir);
    free(ids), free(c.want);
}

#define PAIR                                                                                                           \
    {                                                                                                                  \
        .layers = 2, .hidden = 32, .heads = 1, .kv_heads = 1, .head_dim = 32, .experts = 2, .per_token = 2,            \
        .width = 32, .vocab = 300, .window = 128, .context = CONTEXT, .theta = 150000, .factor = 32, .original = 4096, \
        .seed = 3                                                                                                      \
    }

static void test_pair(void **state) {
    (void)state;
    CkSpec s = PAIR;
    run(&s, 9000, "sliding + full");
}

/* Full layers that others build upon, grouped queries, a window that no block divides. */
static void test_four_layers(void **state) {
    (void)state;
    CkSpec s = PAIR;
    s.layers = 4, s.heads = 2, s.window = 50, s.seed = 4;
    run(&s, 2000, "two pairs");
}

static void test_all_positions(void **state) {
    (void)state;
    if (!getenv("ASSAY_SLOW")) {
        fprintf(stderr, "skipped: all of 131072 positions (ASSAY_SLOW=1 runs it, a minute)\n");
        skip();
    }
    CkSpec s = PAIR;
    run(&s, CONTEXT, "sliding + full");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pair), cmocka_unit_test(test_four_layers),
                                       cmocka_unit_test(test_all_positions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
