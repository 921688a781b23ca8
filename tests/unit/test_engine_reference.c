/* The engine against a second forward pass: plain loops in double, written from specs/gpt-oss-model.md and reading the
 * tensors by itself, on random checkpoints of awkward shapes. Needs no file from outside. */
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

/* Two float32 engines differ by about 5e-5 on logits of this size (golden/README.md). */
static const double TOLERANCE = 5e-4;

enum { N_TOKENS = 150 };

typedef struct Ref {
    const CkSpec *s;
    CkList list;
    unsigned char *data;
} Ref;

static double element(const Ref *r, const CkTensor *t, size_t i) {
    const unsigned char *p = r->data + t->at;
    if (t->kind != CK_NUMBERS) return p[i];
    if (r->s->dense == CK_F32) {
        float f;
        memcpy(&f, p + 4 * i, 4);
        return (double)f;
    }
    uint16_t h;
    memcpy(&h, p + 2 * i, 2);
    if (r->s->dense == CK_BF16) return (double)ck_widen(h);
    double m = (h & 1023) / 1024.0;
    int e = h >> 10 & 31;
    return (h & 0x8000 ? -1 : 1) * (e ? ldexp(1 + m, e - 15) : ldexp(m, -14));
}

static const CkTensor *tensor(const Ref *r, int layer, const char *name) {
    char full[96];
    if (layer < 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    for (size_t i = 0; i < r->list.n; i++)
        if (strcmp(r->list.p[i].name, full) == 0) return &r->list.p[i];
    fail_msg("no tensor %s", full);
    return NULL;
}

/* One number of an MXFP4 tensor pair, by flat index over [experts, rows, cols]. */
static double expert_weight(const Ref *r, const CkTensor *codes, const CkTensor *scales, size_t i) {
    static const double value[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    int byte = (int)element(r, codes, i / 2), code = i % 2 ? byte >> 4 : byte & 15;
    return (code & 8 ? -1 : 1) * value[code & 7] * ldexp(1, (int)element(r, scales, i / 32) - 127);
}

static void linear(const Ref *r, int layer, const char *w, const char *b, const double *x, size_t rows, size_t cols,
                   double *y) {
    const CkTensor *tw = tensor(r, layer, w), *tb = b ? tensor(r, layer, b) : NULL;
    for (size_t i = 0; i < rows; i++) {
        y[i] = tb ? element(r, tb, i) : 0;
        for (size_t j = 0; j < cols; j++) y[i] += element(r, tw, i * cols + j) * x[j];
    }
}

static void norm(const Ref *r, int layer, const char *w, const double *x, double *y) {
    size_t h = (size_t)r->s->hidden;
    double sum = 0;
    for (size_t i = 0; i < h; i++) sum += x[i] * x[i];
    for (size_t i = 0; i < h; i++) y[i] = x[i] / sqrt(sum / (double)h + 1e-5) * element(r, tensor(r, layer, w), i);
}

static void rotate(const CkSpec *s, double *x, size_t heads, size_t pos) {
    int d = s->head_dim, h = d / 2;
    double pi = acos(-1), low = h * log(s->original / (32 * 2 * pi)) / log(s->theta),
           high = h * log(s->original / (2 * pi)) / log(s->theta);
    double m = s->factor > 1 ? 0.1 * log(s->factor) + 1 : 1;
    for (size_t k = 0; k < heads; k++, x += d)
        for (int j = 0; j < h; j++) {
            double f = pow(s->theta, -(double)j / h), ramp = fmin(1, fmax(0, (j - low) / (high - low)));
            if (s->factor > 1) f *= (1 - ramp) + ramp / s->factor;
            double c = m * cos((double)pos * f), sn = m * sin((double)pos * f), a = x[j], b = x[j + h];
            x[j] = a * c - b * sn;
            x[j + h] = b * c + a * sn;
        }
}

static void ref_experts(const Ref *r, int layer, const double *t, double *x) {
    const CkSpec *s = r->s;
    size_t h = (size_t)s->hidden, w = (size_t)s->width, n = (size_t)s->experts;
    double logit[16], sum = 0, weight[16];
    size_t chosen[16];
    linear(r, layer, "mlp.router.weight", "mlp.router.bias", t, n, h, logit);
    for (int k = 0; k < s->per_token; k++) {
        chosen[k] = 0;
        for (size_t e = 1; e < n; e++)
            if (logit[e] > logit[chosen[k]]) chosen[k] = e;
        weight[k] = logit[chosen[k]];
        logit[chosen[k]] = -INFINITY;
    }
    for (int k = s->per_token - 1; k >= 0; k--) sum += weight[k] = exp(weight[k] - weight[0]);
    const CkTensor *uc = tensor(r, layer, "mlp.experts.gate_up_proj_blocks"),
                   *us = tensor(r, layer, "mlp.experts.gate_up_proj_scales");
    const CkTensor *dc = tensor(r, layer, "mlp.experts.down_proj_blocks"),
                   *ds = tensor(r, layer, "mlp.experts.down_proj_scales");
    const CkTensor *ub = tensor(r, layer, "mlp.experts.gate_up_proj_bias"),
                   *db = tensor(r, layer, "mlp.experts.down_proj_bias");
    for (int k = 0; k < s->per_token; k++) {
        double act[256];
        for (size_t c = 0; c < w; c++) {
            double gu[2];
            for (size_t i = 0; i < 2; i++) {
                size_t row = chosen[k] * 2 * w + 2 * c + i;
                gu[i] = element(r, ub, row);
                for (size_t j = 0; j < h; j++) gu[i] += expert_weight(r, uc, us, row * h + j) * t[j];
            }
            double g = fmin(gu[0], 7), u = fmax(-7, fmin(gu[1], 7));
            act[c] = g / (1 + exp(-1.702 * g)) * (u + 1);
        }
        for (size_t i = 0; i < h; i++) {
            size_t row = chosen[k] * h + i;
            double y = element(r, db, row);
            for (size_t j = 0; j < w; j++) y += expert_weight(r, dc, ds, row * w + j) * act[j];
            x[i] += weight[k] / sum * y;
        }
    }
}

static void ref_attention(const Ref *r, int layer, size_t t, const double *q, const double *k, const double *v,
                          double *out) {
    const CkSpec *s = r->s;
    size_t d = (size_t)s->head_dim, kv = (size_t)s->kv_heads * d, group = (size_t)(s->heads / s->kv_heads);
    size_t from = layer % 2 == 0 && t + 1 > (size_t)s->window ? t + 1 - (size_t)s->window : 0;
    for (size_t h = 0; h < (size_t)s->heads; h++) {
        double p[N_TOKENS], sink = element(r, tensor(r, layer, "self_attn.sinks"), h), max = sink, sum;
        for (size_t j = from; j <= t; j++) {
            p[j] = 0;
            for (size_t i = 0; i < d; i++) p[j] += q[h * d + i] * k[j * kv + h / group * d + i];
            p[j] /= sqrt((double)d);
            max = fmax(max, p[j]);
        }
        sum = exp(sink - max);
        for (size_t j = from; j <= t; j++) sum += p[j] = exp(p[j] - max);
        for (size_t i = 0; i < d; i++) {
            out[h * d + i] = 0;
            for (size_t j = from; j <= t; j++) out[h * d + i] += p[j] / sum * v[j * kv + h / group * d + i];
        }
    }
}

/* Logits of every position; release with free. */
static double *ref_forward(const Ref *r, const uint32_t *ids) {
    const CkSpec *s = r->s;
    size_t h = (size_t)s->hidden, nq = (size_t)(s->heads * s->head_dim), kv = (size_t)(s->kv_heads * s->head_dim),
           v = (size_t)s->vocab;
    double *x = calloc(N_TOKENS * h, sizeof *x), *k = calloc(N_TOKENS * kv, sizeof *k),
           *val = calloc(N_TOKENS * kv, sizeof *val);
    double *q = calloc(N_TOKENS * nq, sizeof *q), *a = calloc(nq, sizeof *a), *t = calloc(h, sizeof *t),
           *o = calloc(h, sizeof *o);
    double *logits = calloc(N_TOKENS * v, sizeof *logits);
    for (size_t i = 0; i < N_TOKENS; i++)
        for (size_t j = 0; j < h; j++)
            x[i * h + j] = element(r, tensor(r, -1, "model.embed_tokens.weight"), ids[i] * h + j);
    for (int l = 0; l < s->layers; l++) {
        for (size_t i = 0; i < N_TOKENS; i++) {
            norm(r, l, "input_layernorm.weight", x + i * h, t);
            linear(r, l, "self_attn.q_proj.weight", "self_attn.q_proj.bias", t, nq, h, q + i * nq);
            linear(r, l, "self_attn.k_proj.weight", "self_attn.k_proj.bias", t, kv, h, k + i * kv);
            linear(r, l, "self_attn.v_proj.weight", "self_attn.v_proj.bias", t, kv, h, val + i * kv);
            rotate(s, q + i * nq, (size_t)s->heads, i);
            rotate(s, k + i * kv, (size_t)s->kv_heads, i);
        }
        for (size_t i = 0; i < N_TOKENS; i++) {
            ref_attention(r, l, i, q + i * nq, k, val, a);
            linear(r, l, "self_attn.o_proj.weight", "self_attn.o_proj.bias", a, h, nq, o);
            for (size_t j = 0; j < h; j++) x[i * h + j] += o[j];
            norm(r, l, "post_attention_layernorm.weight", x + i * h, t);
            ref_experts(r, l, t, x + i * h);
        }
    }
    for (size_t i = 0; i < N_TOKENS; i++) {
        norm(r, -1, "model.norm.weight", x + i * h, t);
        linear(r, -1, "lm_head.weight", NULL, t, v, h, logits + i * v);
    }
    free(x), free(k), free(val), free(q), free(a), free(t), free(o);
    return logits;
}

static void compare(const CkSpec *s, const char *label) {
    char dir[] = "/tmp/assay-reference-XXXXXX", path[64];
    uint32_t ids[N_TOKENS];
    assert_non_null(mkdtemp(dir));
    assert_true(ck_write(dir, s));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FileMap map;
    must(file_map(path, &map, err));
    Ref r = {.s = s, .list = ck_list(s)};
    r.data = malloc(r.list.bytes);
    memcpy(r.data, map.p + map.n - r.list.bytes, r.list.bytes);
    file_unmap(&map);
    for (size_t i = 0; i < N_TOKENS; i++) ids[i] = (uint32_t)((i * i * 31 + i * 7 + 3) % (size_t)s->vocab);
    double *want = ref_forward(&r, ids), worst = 0, spread = 0;
    Rig rig = rig_open(dir, 2, 1, NULL, NULL);
    float *got = rig_run(&rig, 0, ids, N_TOKENS, 50);
    for (size_t i = 0; i < N_TOKENS * (size_t)s->vocab; i++) {
        worst = fmax(worst, fabs((double)got[i] - want[i]));
        spread += want[i] * want[i];
        assert_true(isfinite(got[i]));
    }
    printf("%-28s max %.2e, logits have standard deviation %.2f\n", label, worst, sqrt(spread / N_TOKENS / s->vocab));
    assert_true(worst < TOLERANCE);
    assert_true(spread / N_TOKENS / s->vocab > 0.1);
    rig_close(&rig);
    free(got), free(want), free(r.data), free(r.list.p);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir,
                 (const char *[]){"config.json", "tokenizer.json", "model.safetensors"}[i]);
        remove(path);
    }
    remove(dir);
}

static void test_tiny(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    compare(&s, "tiny");
}

/* Head size no multiple of 16, one kv head, odd counts of rows, a window of 1. */
static void test_awkward(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.head_dim = 38, s.heads = 3, s.kv_heads = 1, s.vocab = 281, s.window = 1, s.experts = 7, s.per_token = 3,
    s.seed = 2;
    compare(&s, "head size 38, window 1");
}

/* Plain RoPE, every expert used, a window that is wider than the ring's blocks, F32 dense weights. */
static void test_float32(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.factor = 1, s.per_token = 5, s.window = 100, s.dense = CK_F32, s.layers = 2, s.seed = 3;
    compare(&s, "plain RoPE, F32, window 100");
}

static void test_float16(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.head_dim = 128, s.heads = 2, s.kv_heads = 2, s.hidden = 96, s.width = 64, s.dense = CK_F16, s.layers = 2,
    s.window = 64, s.seed = 4;
    compare(&s, "head size 128, F16, window 64");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tiny), cmocka_unit_test(test_awkward),
                                       cmocka_unit_test(test_float32), cmocka_unit_test(test_float16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
