/* LoRA adapters against what PEFT's own code makes of the same factors (tests/golden/lora), and against models whose
 * weights were merged here, in double, from PEFT's definition. */
#include "tests/lora_support.h"

/* Logits of a model with adapters may differ from the merged model's by this: float32 sums in another order. */
#define TOLERANCE 5e-4

/* ---- reading views, one number at a time ---- */

static double number(const unsigned char *p, WeightType t) {
    return vec_get(&(Vec){.type = t, .n = 1, .data = p}, 0);
}

static double elem(const Matrix *m, size_t row, size_t col) {
    static const double codes[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    size_t g = m->group_rows ? row / m->group_rows : 0, r = m->group_rows ? row % m->group_rows : row;
    const unsigned char *p = m->data + g * m->group_stride + r * m->row_stride;
    assert_true(row < m->rows && col < m->cols);
    if (m->type != WEIGHT_MXFP4) {
        size_t step = m->col_stride ? m->col_stride : m->type == WEIGHT_F32 ? 4 : 2;
        return number(p + col * step, m->type);
    }
    int code = p[col / 2] >> (col % 2 * 4) & 15;
    double v = ldexp(codes[code & 7], m->scales[g * m->scale_group_stride + r * m->scale_stride + col / 32] - 127);
    return code & 8 ? -v : v;
}

/* What the list of that matrix adds at (row, col) of group `group`. */
static double added(const Matrix *m, size_t group, size_t row, size_t col) {
    double sum = 0;
    for (const Lora *l = m->lora; l; l = l->next)
        for (size_t k = 0; k < l->rank; k++)
            sum += l->scale * elem(&l->b, row, k) * elem(&l->a, group * l->rank + k, col);
    return sum;
}

/* ---- PEFT's numbers ---- */

typedef struct PeftDelta {
    const char *version, *parameter;
    bool swapped;
    size_t e, in, out;
    double value;
} PeftDelta;

static const PeftDelta peft[] = {
#include "tests/golden/lora/peft_delta.inc"
};

static void check_peft(const Model *m, const PeftDelta *d) {
    const ModelLayer *l = &m->layers[0];
    bool gate_up = strcmp(d->parameter, "gate_up_proj") == 0;
    const Matrix *w = !gate_up ? &l->down : d->out % 2 ? &l->up : &l->gate;
    size_t row = gate_up ? d->e * W + d->out / 2 : d->e * H + d->out;
    double is = added(w, d->e, row, d->in);
    if (is != d->value)
        fail_msg("PEFT %s, %s, expert %zu [%zu, %zu]: %g, not %g", d->version, d->parameter, d->e, d->in, d->out,
                 d->value, is);
}

static void test_peft_vectors(void **state) {
    (void)state;
    size_t n = 0;
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        Model *m;
        Plan p = {.what = FUSED | (swapped ? SWAPPED : 0), .rank = 3, .alpha = 1.5, .unit = 1};
        write_plan(0, &p);
        must(open_with(1, &m, err));
        for (size_t i = 0; i < sizeof peft / sizeof *peft; i++)
            if (peft[i].swapped == swapped) check_peft(m, &peft[i]), n++;
        model_close(m);
    }
    assert_int_equal(n, sizeof peft / sizeof *peft);
}

/* ---- merged weights ---- */

/* Rows of an adapter's file by name, as PEFT means them. */
static const LfTensor *tensor(const LfAdapter *a, const char *module, char which) {
    char name[200];
    snprintf(name, sizeof name, "base_model.model.%s.lora_%c.weight", module, which);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->t[i].name, name) == 0) return &a->t[i];
    return NULL;
}

static double at(const LfTensor *t, size_t row, size_t col) {
    return lf_value(row * t->cols + col, t->salt) * t->unit;
}

static double plain_delta(const LfAdapter *a, const char *module, double scale, size_t out, size_t in) {
    const LfTensor *ta = tensor(a, module, 'A'), *tb = tensor(a, module, 'B');
    double sum = 0;
    for (size_t k = 0; ta && k < ta->rows; k++) sum += at(tb, out, k) * at(ta, k, in);
    return scale * sum;
}

/* PEFT: W[e, in, out] += scale * sum_k B[out, k, e] A[e, k, in], B being reshaped to (out, r, E). */
static double fused_delta(const LfAdapter *a, const Plan *p, const char *module, double scale, size_t e, size_t out,
                          size_t in) {
    const LfTensor *ta = tensor(a, module, 'A'), *tb = tensor(a, module, 'B');
    double sum = 0;
    for (size_t k = 0; ta && k < p->rank; k++) {
        size_t column = p->what & GROUPED ? e * p->rank + k : k * E + e;
        sum += p->what & SWAPPED ? at(tb, in, column) * at(ta, e * p->rank + k, out)
                                 : at(tb, out, column) * at(ta, e * p->rank + k, in);
    }
    return scale * sum;
}

static double expert_delta(const LfAdapter *a, const Plan *p, int layer, bool down, double scale, size_t e, size_t out,
                           size_t in) {
    char name[96];
    bool inner = !down && p->what & DOWN;
    if (!(p->what & (down ? DOWN : GATE_UP))) return 0;
    if (p->what & EACH) {
        snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%s_projs.%zu", layer, down ? "down" : "gate_up", e);
        return plain_delta(a, name, scale, out, in);
    }
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts%s", layer, inner ? ".base_layer" : "");
    return fused_delta(a, p, name, scale, e, out, in);
}

typedef struct Merge {
    const LfAdapter *a;
    const Plan *p;
    double scale[8]; /* q k v o router gate_up down */
} Merge;

typedef enum Part { P_Q, P_K, P_V, P_O, P_ROUTER, P_GATE, P_UP, P_DOWN } Part;

static double delta(const Merge *g, int layer, Part part, size_t row, size_t col) {
    char name[96];
    if (part >= P_GATE) {
        size_t rows = part == P_DOWN ? H : W, e = row / rows, c = row % rows;
        size_t out = part == P_DOWN ? c : 2 * c + (part == P_UP);
        return expert_delta(g->a, g->p, layer, part == P_DOWN, g->scale[part == P_DOWN ? 6 : 5], e, out, col);
    }
    if (part == P_ROUTER)
        snprintf(name, sizeof name, "model.layers.%d.mlp.router", layer);
    else
        snprintf(name, sizeof name, "model.layers.%d.self_attn.%s", layer, linears[part].name);
    return plain_delta(g->a, name, g->scale[part], row, col);
}

static void merge_matrix(Matrix *m, const Merge *g, size_t n, int layer, Part part) {
    float *w = malloc(m->rows * m->cols * sizeof *w);
    for (size_t r = 0; r < m->rows; r++)
        for (size_t c = 0; c < m->cols; c++) {
            double v = elem(m, r, c);
            for (size_t i = 0; i < n; i++) v += delta(&g[i], layer, part, r, c);
            w[r * m->cols + c] = (float)v;
        }
    *m = (Matrix){.type = WEIGHT_F32,
                  .rows = m->rows,
                  .cols = m->cols,
                  .data = (unsigned char *)w,
                  .row_stride = m->cols * sizeof *w};
}

static Matrix *matrix_of(ModelLayer *l, Part part) {
    Matrix *all[] = {&l->q, &l->k, &l->v, &l->o, &l->router, &l->gate, &l->up, &l->down};
    return all[part];
}

static Rig start(Model *m) {
    Rig r = {.model = m};
    must(pool_open(1, &r.pool, err));
    BackendOptions o = rig_options(&r, 1);
    must(backend_cpu.open(&o, &r.be, err));
    return r;
}

enum { TOKENS = 28 }; /* past the window of 20 */

static float *logits(Rig *r) {
    uint32_t ids[TOKENS];
    for (uint32_t i = 0; i < TOKENS; i++) ids[i] = i * 7919 % 279;
    return rig_run(r, 0, ids, TOKENS, 9);
}

static float *merged_logits(const Merge *g, size_t n) {
    Model *m;
    must(open_with(0, &m, err));
    for (int i = 0; i < LAYERS; i++)
        for (int p = P_Q; p <= P_DOWN; p++) merge_matrix(matrix_of(&m->layers[i], (Part)p), g, n, i, (Part)p);
    Rig r = start(m);
    float *all = logits(&r);
    for (int i = 0; i < LAYERS; i++)
        for (int p = P_Q; p <= P_DOWN; p++) free((void *)(uintptr_t)matrix_of(&m->layers[i], (Part)p)->data);
    rig_close(&r);
    return all;
}

static float *adapted_logits(size_t n) {
    Model *m;
    must(open_with(n, &m, err));
    Rig r = start(m);
    float *all = logits(&r);
    rig_close(&r);
    return all;
}

static double farthest(const float *a, const float *b) {
    double max = 0;
    for (size_t i = 0; i < (size_t)TOKENS * 300; i++) max = fmax(max, fabs((double)a[i] - (double)b[i]));
    return max;
}

/* The adapter must move the logits far more than the tolerance, or the test would prove nothing. */
static void compare(const char *what, const Merge *g, size_t n) {
    float *is = adapted_logits(n), *want = merged_logits(g, n), *bare = adapted_logits(0);
    double err = farthest(is, want), moved = farthest(is, bare);
    print_message("%-34s error %.2g, moved %.2g\n", what, err, moved);
    if (!(err <= TOLERANCE)) fail_msg("%s: %g from the merged model", what, err);
    assert_true(moved > 0.02);
    free(is);
    free(want);
    free(bare);
}

static Merge merge_of(const LfAdapter *a, const Plan *p, double scale) {
    Merge g = {.a = a, .p = p};
    for (int i = 0; i < 8; i++) g.scale[i] = scale;
    return g;
}

static void one(const char *what, const Plan *p, double scale) {
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, p);
    lf_write(other[0], a);
    compare(what, &(Merge){.a = a, .p = p, .scale = {scale, scale, scale, scale, scale, scale, scale, scale}}, 1);
    free(a);
}

static void test_each_kind(void **state) {
    (void)state;
    one("attention, rank 5", &(Plan){ATTENTION, 5, 10, U, LF_F32, 0, NULL}, 2);
    one("q alone, F16", &(Plan){ATTENTION | QKVO_ONLY_Q, 8, 16, U, LF_F16, 1, NULL}, 2);
    one("router, rank 1", &(Plan){ROUTER, 1, 4, U, LF_F32, 2, NULL}, 4);
    one("gate_up_proj alone, BF16", &(Plan){GATE_UP, 7, 7, U, LF_BF16, 3, NULL}, 1);
    one("down_proj alone", &(Plan){DOWN, 3, 6, U, LF_F32, 4, NULL}, 2);
    one("both experts, rank 33", &(Plan){FUSED, 33, 33, U, LF_F32, 5, NULL}, 1);
    one("everything", &(Plan){ATTENTION | ROUTER | FUSED, 6, 6, U, LF_BF16, 6, NULL}, 1);
}

static void test_each_form(void **state) {
    (void)state;
    one("factors exchanged (PEFT 0.19.0)", &(Plan){FUSED | SWAPPED, 5, 5, U, LF_F32, 7, NULL}, 1);
    one("lora_B grouped by expert", &(Plan){FUSED | GROUPED, 5, 5, U, LF_BF16, 8, NULL}, 1);
    one("exchanged and grouped", &(Plan){FUSED | SWAPPED | GROUPED, 4, 4, U, LF_F16, 9, NULL}, 1);
    one("one linear per expert",
        &(Plan){FUSED | EACH, 5, 5, U, LF_BF16, 10, ",\"auto_mapping\":{\"unsloth_fixed\":true}"}, 1);
    one("rsLoRA", &(Plan){ATTENTION | FUSED, 9, 6, U, LF_F32, 11, ",\"use_rslora\":true"}, 2);
}

/* Scales by pattern: the first key that matches, of names as PEFT has them (parameters by their own name). */
static void test_patterns(void **state) {
    (void)state;
    Plan p = {ATTENTION | ROUTER | FUSED,
              4,
              4,
              U,
              LF_F32,
              12,
              ",\"alpha_pattern\":{\"v_proj\":8,\".*_proj\":2,\"router.weight\":12,\"proj\":100}"};
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, &p);
    lf_write(other[0], a);
    compare("alpha_pattern", &(Merge){.a = a, .p = &p, .scale = {0.5, 0.5, 2, 0.5, 3, 0.5, 0.5}}, 1);
    /* q_proj with another rank */
    p.more = ",\"rank_pattern\":{\"model.layers.0.self_attn.q_proj\":2}";
    make(a, &p);
    for (size_t i = 0; i < a->n; i++)
        if (strstr(a->t[i].name, "layers.0.self_attn.q_proj"))
            *(strstr(a->t[i].name, "lora_A") ? &a->t[i].rows : &a->t[i].cols) = 2;
    lf_write(other[0], a);
    Model *m;
    must(open_with(1, &m, err));
    assert_int_equal(m->layers[0].q.lora->rank, 2);
    assert_true(m->layers[0].q.lora->scale == 2);
    assert_int_equal(m->layers[1].q.lora->rank, 4);
    assert_true(m->layers[1].q.lora->scale == 1);
    model_close(m);
    free(a);
}

static void test_two_adapters(void **state) {
    (void)state;
    Plan p[2] = {{ATTENTION | FUSED, 3, 6, U, LF_F32, 13, NULL},
                 {ROUTER | FUSED | GROUPED, 5, 5, U, LF_BF16, 14, NULL}};
    LfAdapter *a = calloc(2, sizeof *a);
    for (int i = 0; i < 2; i++) {
        make(&a[i], &p[i]);
        lf_write(other[i], &a[i]);
    }
    compare("two adapters", (Merge[]){merge_of(&a[0], &p[0], 2), merge_of(&a[1], &p[1], 1)}, 2);
    free(a);
}

/* The targets are named in Hugging Face's terms; the base may be stored in any layout, with q, k and v in one matrix or
 * gate and up apart, or de-quantised and transposed. Same numbers, same bits. */
static void test_every_base(void **state) {
    (void)state;
    Plan p = {ATTENTION | ROUTER | FUSED, 6, 6, U, LF_BF16, 30, NULL};
    char keep[96];
    CkSpec s = spec();
    one("Hugging Face", &p, 1);
    float *want = adapted_logits(1);
    strcpy(keep, base);
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"original", "base.gguf", "bf16", "f32"};
        snprintf(base, sizeof base, "%s/%s", root, names[i]);
        assert_true(i == 0   ? ck_write_openai(base, &s)
                    : i == 1 ? ck_write_gguf(base, &s)
                             : ck_write_plain(base, &s, i == 2 ? CK_BF16 : CK_F32));
        float *is = adapted_logits(1);
        assert_memory_equal(is, want, (size_t)TOKENS * 300 * sizeof *is);
        free(is);
    }
    free(want);
    strcpy(base, keep);
}

static void test_zero_is_nothing(void **state) {
    (void)state;
    Plan p = {ATTENTION | ROUTER | FUSED, 4, 8, U, LF_F32, 15, NULL};
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, &p);
    for (size_t i = 0; i < a->n; i++)
        if (strstr(a->t[i].name, "lora_B")) a->t[i].unit = 0;
    lf_write(other[0], a);
    float *is = adapted_logits(1), *bare = adapted_logits(0);
    assert_memory_equal(is, bare, (size_t)TOKENS * 300 * sizeof *is);
    free(is);
    free(bare);
    free(a);
}

static void test_summary_and_digest(void **state) {
    (void)state;
    Plan p[2] = {{ATTENTION | FUSED, 4, 8, U, LF_F32, 24, ",\"peft_version\":\"0.18.1\""},
                 {ROUTER, 2, 8, U, LF_F32, 25, NULL}};
    char digest[3][65];
    Pool *pool;
    Model *m;
    Buf text;
    must(pool_open(1, &pool, err));
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 2; i++) write_plan(i, &p[i]);
    for (size_t i = 0; i < 3; i++) {
        must(open_with(i, &m, err));
        must(model_digest(m, pool, digest[i], err));
        text.n = 0;
        model_summary(m, &text);
        if (i == 0) assert_null(strstr(text.p, "adapters"));
        if (i < 2) model_close(m);
    }
    static const char *const parts[] = {
        "\"rank\":4",
        "\"scale\":2,",
        "\"alpha\":8",
        "\"name\":\"lora1\"",
        "\"targets\":{\"q_proj\":2,\"k_proj\":2,\"v_proj\":2,\"o_proj\":2,\"gate_up_proj\":2,\"down_proj\":2}",
        "\"targets\":{\"router\":2}",
        "\"peft_version\":\"0.18.1\"",
        "\"lora_B_layout\":\"rank_major\"",
        "\"base_model\":\"org/teacher\"",
        "trained on 'org/teacher'"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text.p, parts[i])) fail_msg("%s is not in %s", parts[i], text.p);
    for (int i = 0; i < 3; i++) assert_string_not_equal(digest[i], digest[(i + 1) % 3]);
    model_close(m);
    pool_close(pool);
    buf_release(&text);
}

/* What an adapter takes and what a token reads of it is counted with the weights. By hand, in F32: rank 4 on q, k, v, o
 * and the router takes 4 * 4 * (in + out) each; fused experts the same for every expert, of which a token reads some.
 */
static void test_bytes(void **state) {
    (void)state;
    Plan p[2] = {{ATTENTION | ROUTER | FUSED, 4, 8, U, LF_F32, 24, NULL},
                 {ATTENTION | EACH | FUSED, 3, 8, U, LF_F32, 25, NULL}};
    size_t attention = (H + QD) + 2 * (H + KD) + (QD + H), experts = (H + 2 * W) + (W + H);
    uint64_t active[3], all[3], chosen = 0;
    for (int i = 0; i < 2; i++) write_plan(i, &p[i]);
    for (size_t i = 0; i < 3; i++) {
        Model *m;
        must(open_with(i, &m, err));
        active[i] = model_active_bytes(m), all[i] = model_mapped_bytes(m);
        if (i == 0) assert_int_equal(all[0], m->weight_bytes);
        chosen = (uint64_t)m->config.experts_per_token;
        model_close(m);
    }
    assert_in_range(chosen, 1, E - 1);
    assert_int_equal(all[1] - all[0], LAYERS * 4 * 4 * (attention + (H + E) + E * experts));
    assert_int_equal(active[1] - active[0], LAYERS * 4 * 4 * (attention + (H + E) + chosen * experts));
    assert_int_equal(all[2] - all[1], LAYERS * 3 * 4 * (attention + E * experts));
    assert_int_equal(active[2] - active[1], LAYERS * 3 * 4 * (attention + chosen * experts));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_peft_vectors),
                                       cmocka_unit_test(test_each_kind),
                                       cmocka_unit_test(test_each_form),
                                       cmocka_unit_test(test_patterns),
                                       cmocka_unit_test(test_two_adapters),
                                       cmocka_unit_test(test_every_base),
                                       cmocka_unit_test(test_zero_is_nothing),
                                       cmocka_unit_test(test_summary_and_digest),
                                       cmocka_unit_test(test_bytes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
