/* From pairs of tensors to views that say y += scale * B (A x).
 *
 * A linear [out, in] has lora_A [r, in] and lora_B [out, r]; so has a 2-D parameter (the router's weight). The experts'
 * 3-D parameters, gate_up_proj [E, in, out] with gate in even columns and down_proj [E, in, out], have
 *
 *     lora_A [E*r, in], rank k of expert e in row e*r + k
 *     lora_B [out, r*E], rank k of expert e in column k*E + e        (LoraOrder says who has e*r + k)
 *     W_e[i, o] += scale * sum_k lora_B[o, k, e] * lora_A[e, k, i]
 *
 * by PEFT's ParamWrapper.get_delta_weight (0.17 to 0.20). PEFT 0.19.0 alone exchanged in and out: lora_A is [E*r, out]
 * and lora_B [in, r*E], and the sum runs over k alike. All of that is strides; nothing is copied but Unsloth's linears,
 * one per expert, which lie in the file in no order that a stride could follow. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/lora_internal.h"

typedef struct LoraBind {
    Model *m;
    Adapter *ad;
    Err *err;
} LoraBind;

/* A factor that is ready to be hung on a matrix. */
typedef struct Shape {
    size_t experts, in, out; /* experts 1: a plain matrix */
} Shape;

static LoraPair *pair_at(const Adapter *ad, int layer, size_t place) {
    return &ad->pairs[(size_t)layer * ad->per_layer + place];
}

static bool type_of(const Tensor *t, WeightType *out, Err *err) {
    switch (t->dtype) {
    case DTYPE_F32:
        *out = WEIGHT_F32;
        return true;
    case DTYPE_F16:
        *out = WEIGHT_F16;
        return true;
    case DTYPE_BF16:
        *out = WEIGHT_BF16;
        return true;
    default:
        return err_set(err, ERR_INPUT, "%s: tensor '%.150s' has dtype %s; F32, F16 or BF16 was expected", t->file,
                       t->name, dtype_name(t->dtype));
    }
}

static size_t size_of(WeightType t) {
    return t == WEIGHT_F32 ? 4 : 2;
}

static bool both(LoraBind *b, const LoraPair *p) {
    if (p->a && p->b) return true;
    const Tensor *t = p->a ? p->a : p->b;
    return err_set(b->err, ERR_INPUT, "%s: tensor '%.150s' has no lora_%c beside it", t->file, t->name,
                   p->a ? 'B' : 'A');
}

/* Both are matrices, and the rank is the one that the settings give to this name. */
static bool check_rank(LoraBind *b, const LoraPair *p, Str key, size_t experts, size_t *rank) {
    const Tensor *a = p->a, *o = p->b;
    if (a->rank != 2 || o->rank != 2)
        return err_set(b->err, ERR_INPUT, "%s: tensor '%.150s' must have two dimensions, not %d", a->file,
                       a->rank != 2 ? a->name : o->name, a->rank != 2 ? a->rank : o->rank);
    double r = lora_rank_of(&b->ad->config, key);
    *rank = (size_t)r;
    if (a->shape[0] == *rank * experts && o->shape[1] == *rank * experts) return true;
    return err_set(b->err, ERR_INPUT,
                   "%s: '" STR_FMT
                   "' has factors [%zu, %zu] and [%zu, %zu], but adapter_config.json gives it the rank %zu%s",
                   a->file, STR_ARG(p->module), a->shape[0], a->shape[1], o->shape[0], o->shape[1], *rank,
                   experts > 1 ? " for each expert" : "");
}

static bool wrong_shape(LoraBind *b, const LoraPair *p, Shape s) {
    return err_set(
        b->err, ERR_INPUT,
        "%s: '" STR_FMT "' has factors [%zu, %zu] and [%zu, %zu], which do not fit the base model's matrix of %zu "
        "rows and %zu columns",
        p->a->file, STR_ARG(p->module), p->a->shape[0], p->a->shape[1], p->b->shape[0], p->b->shape[1], s.out, s.in);
}

/* NaN or infinity anywhere would poison every score without a word. */
static bool check_finite(LoraBind *b, const Tensor *t, WeightType type) {
    size_t size = size_of(type), n = t->bytes / size;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = t->data + i * size + (size - 2); /* sign, exponent and the first bits of the rest */
        unsigned top = (unsigned)(p[0] | p[1] << 8), exponent = type == WEIGHT_F16 ? 0x7C00 : 0x7F80;
        if ((top & exponent) == exponent)
            return err_set(b->err, ERR_INPUT, "%s: tensor '%.150s' holds a number that is not finite, at %zu", t->file,
                           t->name, i);
    }
    return true;
}

static bool scale_of(LoraBind *b, Str key, size_t rank, float *out) {
    Adapter *ad = b->ad;
    double scale = lora_scale_of(&ad->config, key), r = (double)rank;
    if (!isfinite((float)scale))
        return err_set(b->err, ERR_INPUT, "'" STR_FMT "' would be scaled by %g", STR_ARG(key), scale);
    *out = (float)scale;
    bool first = ad->rank_max == 0;
    ad->rank_min = first || r < ad->rank_min ? r : ad->rank_min;
    ad->rank_max = r > ad->rank_max ? r : ad->rank_max;
    ad->scale_min = first || scale < ad->scale_min ? scale : ad->scale_min;
    ad->scale_max = first || scale > ad->scale_max ? scale : ad->scale_max;
    return true;
}

/* Appends to the list of the matrix: adapters are added in the order in which they are given. */
static bool hang(LoraBind *b, Matrix *m, const Lora *what) {
    Lora *l = arena_alloc(b->ad->files.arena, sizeof *l);
    if (!l) return err_nomem(b->err);
    *l = *what;
    const Lora **at = (const Lora **)&m->lora;
    while (*at) at = (const Lora **)(uintptr_t) & (*at)->next;
    *at = l;
    return true;
}

/* ---- linears and the router ---- */

/* The name under which the settings know it: a parameter, if it is targeted as one, else a module. */
static bool key_of(LoraBind *b, const LoraPair *p, Str *out) {
    Str weight = str_printf(b->ad->files.arena, STR_FMT ".weight", STR_ARG(p->module));
    if (!weight.p) return err_nomem(b->err);
    *out = lora_names_match(&b->ad->config.parameters, weight) ? weight : p->module;
    return true;
}

static bool bind_linear(LoraBind *b, const LoraPair *p, Shape s, Matrix *to) {
    Lora l = {0};
    WeightType ta, tb;
    Str key;
    if (!both(b, p) || !key_of(b, p, &key) || !check_rank(b, p, key, 1, &l.rank) || !type_of(p->a, &ta, b->err) ||
        !type_of(p->b, &tb, b->err))
        return false;
    if (p->a->shape[1] != s.in || p->b->shape[0] != s.out) return wrong_shape(b, p, s);
    l.a = (Matrix){.type = ta, .rows = l.rank, .cols = s.in, .data = p->a->data, .row_stride = s.in * size_of(ta)};
    l.b = (Matrix){.type = tb, .rows = s.out, .cols = l.rank, .data = p->b->data, .row_stride = l.rank * size_of(tb)};
    return check_finite(b, p->a, ta) && check_finite(b, p->b, tb) && scale_of(b, key, l.rank, &l.scale) &&
           hang(b, to, &l);
}

/* ---- fused experts ---- */

typedef struct Fused {
    const LoraPair *p;
    Shape s;
    WeightType ta, tb;
    size_t rank;
    bool swapped, by_expert; /* by_expert: lora_B's columns are e*r + k */
    float scale;
} Fused;

/* Columns of lora_B: strides of expert and rank, in bytes. */
static void b_strides(const Fused *f, size_t *expert, size_t *rank) {
    size_t es = size_of(f->tb);
    *expert = f->by_expert ? f->rank * es : es;
    *rank = f->by_expert ? es : f->s.experts * es;
}

/* [experts*rank, in] */
static Matrix fused_a(const Fused *f) {
    size_t r = f->rank, es = size_of(f->ta);
    Matrix m = {.type = f->ta, .rows = f->s.experts * r, .cols = f->s.in, .data = f->p->a->data, .group_rows = r};
    m.row_stride = f->s.in * es, m.group_stride = r * m.row_stride;
    if (!f->swapped) return m;
    m.type = f->tb, m.data = f->p->b->data;
    b_strides(f, &m.group_stride, &m.row_stride);
    m.col_stride = f->s.experts * r * size_of(f->tb);
    return m;
}

/* [experts*out/step, rank]: every step-th output from `first` (gate and up take turns). */
static Matrix fused_b(const Fused *f, size_t first, size_t step) {
    size_t r = f->rank, rows = f->s.out / step, es = size_of(f->tb), line = f->s.experts * r * es;
    Matrix m = {.type = f->tb, .rows = f->s.experts * rows, .cols = r, .group_rows = rows};
    m.data = f->p->b->data + first * line;
    m.row_stride = step * line;
    b_strides(f, &m.group_stride, &m.col_stride);
    if (!f->swapped) return m;
    es = size_of(f->ta);
    m.type = f->ta, m.data = f->p->a->data + first * es;
    m.row_stride = step * es, m.group_stride = r * f->s.out * es, m.col_stride = f->s.out * es;
    return m;
}

static bool hang_part(LoraBind *b, const Fused *f, size_t first, size_t step, Matrix *to) {
    Lora l = {.rank = f->rank, .a = fused_a(f), .b = fused_b(f, first, step), .scale = f->scale};
    return hang(b, to, &l);
}

static bool fits(const LoraPair *p, Shape s, bool swapped) {
    return p->a->shape[1] == (swapped ? s.out : s.in) && p->b->shape[0] == (swapped ? s.in : s.out);
}

/* Which column is whose cannot be seen in the file. The reading is PEFT's, unless the file says otherwise; where the
 * trainer is known to have written either and the file is silent, nothing is guessed. */
static bool order_of(LoraBind *b, Fused *f, LoraOrder said) {
    if (f->s.experts == 1 || f->rank == 1) return true;
    if (said == LORA_ORDER_UNSAID && b->ad->config.unsloth)
        return err_set(
            b->err, ERR_INPUT,
            "'" STR_FMT "' was written by Unsloth, which until September 2026 trained lora_B of fused experts "
            "grouped by expert and since then as PEFT does; the file does not say which. Put \"lora_B_layout\": "
            "\"grouped_by_expert\" or \"rank_major\" into adapter_config.json",
            STR_ARG(f->p->module));
    f->by_expert = said == LORA_GROUPED_BY_EXPERT;
    b->ad->read_as = f->by_expert ? LORA_GROUPED_BY_EXPERT : LORA_RANK_MAJOR;
    return true;
}

static bool bind_fused(LoraBind *b, const LoraPair *p, Shape s, const char *parameter, LoraOrder said, Fused *f) {
    Str module = p->module, base = STR(".base_layer");
    if (str_ends(module, base)) module = str_sub(module, 0, module.n - base.n);
    Str key = str_printf(b->ad->files.arena, STR_FMT ".%s", STR_ARG(module), parameter);
    *f = (Fused){.p = p, .s = s, .swapped = b->ad->swapped};
    if (!key.p) return err_nomem(b->err);
    if (!check_rank(b, p, key, s.experts, &f->rank) || !type_of(p->a, &f->ta, b->err) || !type_of(p->b, &f->tb, b->err))
        return false;
    if (!fits(p, s, f->swapped)) return wrong_shape(b, p, s);
    return order_of(b, f, said) && check_finite(b, p->a, f->ta) && check_finite(b, p->b, f->tb) &&
           scale_of(b, key, f->rank, &f->scale);
}

/* The pairs of gate_up_proj and down_proj in that layer; NULL where there is none. */
static bool fused_pairs(LoraBind *b, int layer, const LoraPair **gate_up, const LoraPair **down) {
    const LoraPair *outer = pair_at(b->ad, layer, LORA_OUTER), *inner = pair_at(b->ad, layer, LORA_INNER);
    char name[96];
    *gate_up = *down = NULL;
    bool has_outer = outer->a || outer->b, nested = inner->a || inner->b;
    if (!has_outer && !nested) return true;
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.gate_up_proj", layer);
    bool g = lora_names_match(&b->ad->config.parameters, str_from(name));
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.down_proj", layer);
    bool d = lora_names_match(&b->ad->config.parameters, str_from(name));
    if (!has_outer || nested + 1 != g + d)
        return err_set(b->err, ERR_INPUT,
                       "the file adapts %d of the experts' parameters of layer %d, but 'target_parameters' in "
                       "adapter_config.json names %d of gate_up_proj and down_proj",
                       has_outer + nested, layer, g + d);
    *gate_up = !g ? NULL : nested ? inner : outer;
    *down = d ? outer : NULL;
    return (!*gate_up || both(b, *gate_up)) && (!*down || both(b, *down));
}

static Shape gate_up_shape(const ModelConfig *c) {
    return (Shape){(size_t)c->n_experts, (size_t)c->hidden, 2 * (size_t)c->expert_width};
}

static Shape down_shape(const ModelConfig *c) {
    return (Shape){(size_t)c->n_experts, (size_t)c->expert_width, (size_t)c->hidden};
}

/* One trainer wrote the file, so all its fused factors are one way round. Square matrices fit both ways; then the
 * others decide, and if there are none, the version. */
static bool find_orientation(LoraBind *b) {
    const ModelConfig *c = &b->m->config;
    bool straight = false, swapped = false, any = false;
    for (int i = 0; i < c->n_layers; i++) {
        const LoraPair *p[2];
        Shape s[2] = {gate_up_shape(c), down_shape(c)};
        if (!fused_pairs(b, i, &p[0], &p[1])) return false;
        for (int k = 0; k < 2; k++) {
            if (!p[k] || p[k]->a->rank != 2 || p[k]->b->rank != 2) continue;
            bool as_is = fits(p[k], s[k], false), turned = fits(p[k], s[k], true);
            any = true;
            straight |= as_is && !turned, swapped |= turned && !as_is;
        }
    }
    b->ad->swapped = swapped && !straight;
    if (any && !straight && !swapped && b->ad->config.swapped_by_version)
        return err_set(
            b->err, ERR_INPUT,
            "the experts' factors were written by PEFT 0.19.0, which exchanged their in and out features for "
            "some models, and their shapes do not show whether for this one; save them anew with PEFT 0.19.1 or "
            "later");
    return true;
}

static bool bind_experts(LoraBind *b, int layer) {
    const ModelConfig *c = &b->m->config;
    ModelLayer *l = &b->m->layers[layer];
    const LoraPair *g, *d;
    Fused f;
    if (!fused_pairs(b, layer, &g, &d)) return false;
    if (g && (!bind_fused(b, g, gate_up_shape(c), "gate_up_proj", b->ad->config.gate_up, &f) ||
              !hang_part(b, &f, 0, 2, &l->gate) || !hang_part(b, &f, 1, 2, &l->up)))
        return false;
    if (d &&
        (!bind_fused(b, d, down_shape(c), "down_proj", b->ad->config.down, &f) || !hang_part(b, &f, 0, 1, &l->down)))
        return false;
    b->ad->counts[LORA_OUTER] += g != NULL, b->ad->counts[LORA_INNER] += d != NULL;
    return true;
}

/* ---- one linear per expert ---- */

/* The first that is there. */
static Str any_module(const LoraPair *p, size_t n) {
    while (n > 1 && !p->module.p) p++, n--;
    return p->module;
}

/* The pairs of all experts must be there and alike: one rank, one type, one scale. */
static bool check_alike(LoraBind *b, const LoraPair *p, Shape s, Lora *l) {
    for (size_t e = 0; e < s.experts; e++) {
        size_t rank;
        float scale;
        if (!p[e].a && !p[e].b)
            return err_set(b->err, ERR_INPUT, "the file adapts '" STR_FMT "', but not expert %zu of that layer",
                           STR_ARG(any_module(p, s.experts)), e);
        if (!both(b, &p[e]) || !check_rank(b, &p[e], p[e].module, 1, &rank) ||
            !scale_of(b, p[e].module, rank, &scale) || !type_of(p[e].a, &l->a.type, b->err) ||
            !type_of(p[e].b, &l->b.type, b->err))
            return false;
        if (p[e].a->shape[1] != s.in || p[e].b->shape[0] != s.out) return wrong_shape(b, &p[e], s);
        if (e == 0) l->rank = rank, l->scale = scale;
        if (rank != l->rank || scale != l->scale || p[e].a->dtype != p[0].a->dtype || p[e].b->dtype != p[0].b->dtype)
            return err_set(b->err, ERR_INPUT, "'" STR_FMT "' has another rank, scale or dtype than expert 0",
                           STR_ARG(p[e].module));
        if (!check_finite(b, p[e].a, l->a.type) || !check_finite(b, p[e].b, l->b.type)) return false;
    }
    return true;
}

static bool gather(LoraBind *b, const LoraPair *p, size_t n, bool of_b, const unsigned char **out) {
    size_t one = of_b ? p->b->bytes : p->a->bytes;
    unsigned char *all = arena_array(b->ad->files.arena, n, one);
    if (!all) return err_nomem(b->err);
    for (size_t e = 0; e < n; e++) memcpy(all + e * one, of_b ? p[e].b->data : p[e].a->data, one);
    *out = all;
    return true;
}

static bool bind_each(LoraBind *b, const LoraPair *p, Shape s, size_t step, Matrix *const *to, bool *any) {
    Lora l = {0};
    *any = false;
    for (size_t e = 0; e < s.experts; e++) *any |= p[e].a || p[e].b;
    if (!*any) return true;
    if (!check_alike(b, p, s, &l) || !gather(b, p, s.experts, false, &l.a.data) ||
        !gather(b, p, s.experts, true, &l.b.data))
        return false;
    size_t rows = s.out / step, line = l.rank * size_of(l.b.type);
    l.a.rows = s.experts * l.rank, l.a.cols = s.in, l.a.row_stride = s.in * size_of(l.a.type);
    l.a.group_rows = l.rank, l.a.group_stride = l.rank * l.a.row_stride;
    l.b.rows = s.experts * rows, l.b.cols = l.rank, l.b.row_stride = step * line;
    l.b.group_rows = rows, l.b.group_stride = s.out * line;
    for (size_t i = 0; i < step; i++) {
        if (!hang(b, to[i], &l)) return false;
        l.b.data += line;
    }
    return true;
}

static bool bind_each_expert(LoraBind *b, int layer) {
    const ModelConfig *c = &b->m->config;
    ModelLayer *l = &b->m->layers[layer];
    const LoraPair *p = pair_at(b->ad, layer, LORA_PLACES);
    bool g, d;
    if (!bind_each(b, p, gate_up_shape(c), 2, (Matrix *[]){&l->gate, &l->up}, &g) ||
        !bind_each(b, p + c->n_experts, down_shape(c), 1, (Matrix *[]){&l->down}, &d))
        return false;
    b->ad->counts[LORA_GATE_UP_OF] += g, b->ad->counts[LORA_DOWN_OF] += d;
    return true;
}

/* ---- all ---- */

static bool bind_dense(LoraBind *b, int layer) {
    const ModelConfig *c = &b->m->config;
    ModelLayer *l = &b->m->layers[layer];
    size_t h = (size_t)c->hidden, q = (size_t)c->n_heads * (size_t)c->head_dim,
           kv = (size_t)c->n_kv_heads * (size_t)c->head_dim;
    const struct {
        Matrix *to;
        Shape s;
    } dense[LORA_OUTER] = {
        [LORA_Q] = {&l->q, {1, h, q}},
        [LORA_K] = {&l->k, {1, h, kv}},
        [LORA_V] = {&l->v, {1, h, kv}},
        [LORA_O] = {&l->o, {1, q, h}},
        [LORA_ROUTER] = {&l->router, {1, h, (size_t)c->n_experts}},
    };
    for (size_t i = 0; i < LORA_OUTER; i++) {
        const LoraPair *p = pair_at(b->ad, layer, i);
        if (!p->a && !p->b) continue;
        if (!bind_linear(b, p, dense[i].s, dense[i].to)) return false;
        b->ad->counts[i]++;
    }
    return true;
}

static bool is_layer(const LoraConfig *c, int layer) {
    for (size_t i = 0; i < c->n_layers; i++)
        if (c->layers[i] == layer) return true;
    return !c->only_layers;
}

/* Whether the settings target that name; *sure: they can be read. */
static bool is_target(const LoraConfig *c, int layer, Str module, bool *sure) {
    Str weight;
    char text[160];
    snprintf(text, sizeof text, STR_FMT ".weight", STR_ARG(module));
    weight = str_from(text);
    *sure = !c->modules.unread && !c->excluded.unread && !c->parameters.unread;
    return (lora_names_match(&c->modules, module) && !lora_names_match(&c->excluded, module) && is_layer(c, layer)) ||
           lora_names_match(&c->parameters, weight);
}

/* A file that lost a part looks like an adapter of fewer matrices; the settings say what was trained. */
static bool check_complete(LoraBind *b, int layer) {
    static const char *const names[] = {"q_proj", "k_proj", "v_proj", "o_proj"};
    char text[96];
    for (size_t i = 0; i < 4; i++) {
        const LoraPair *p = pair_at(b->ad, layer, i);
        snprintf(text, sizeof text, "model.layers.%d.self_attn.%s", layer, names[i]);
        bool sure, target = is_target(&b->ad->config, layer, str_from(text), &sure);
        if (!sure || target == (p->a || p->b)) continue;
        return err_set(b->err, ERR_INPUT, "adapter_config.json %s '%s', but adapter_model.safetensors %s",
                       target ? "targets" : "does not target", text, target ? "has no factors of it" : "adapts it");
    }
    return true;
}

/* The same for what is targeted as a parameter: fused_pairs counts those of the experts if any is there. */
static bool check_complete_parameters(LoraBind *b, int layer) {
    static const struct {
        const char *name;
        LoraPlace at;
    } all[] = {{"experts.gate_up_proj", LORA_OUTER}, {"experts.down_proj", LORA_OUTER}, {"router.weight", LORA_ROUTER}};
    char text[96];
    if (b->ad->config.parameters.unread) return true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const LoraPair *p = pair_at(b->ad, layer, all[i].at);
        snprintf(text, sizeof text, "model.layers.%d.mlp.%s", layer, all[i].name);
        if (p->a || p->b || !lora_names_match(&b->ad->config.parameters, str_from(text))) continue;
        return err_set(b->err, ERR_INPUT,
                       "adapter_config.json targets '%s', but adapter_model.safetensors has no factors of it", text);
    }
    return true;
}

/* Thousands of names times thousands of instructions would take minutes. A pattern that names modules takes some two
 * hundred steps on a name. */
enum { STEPS_PER_MATRIX = 100000 };

static bool is_quick(LoraBind *b, int layer) {
    uint64_t most = ((uint64_t)layer + 1) * b->ad->per_layer * STEPS_PER_MATRIX;
    return lora_config_steps(&b->ad->config) <= most ||
           err_set(b->err, ERR_INPUT,
                   "the regular expressions of adapter_config.json take too long to try on each name; name modules "
                   "plainly instead");
}

bool lora_bind(Model *m, Adapter *ad, Err *err) {
    LoraBind b = {m, ad, err};
    if (!find_orientation(&b)) return false;
    for (int i = 0; i < m->config.n_layers; i++)
        if (!check_complete(&b, i) || !check_complete_parameters(&b, i) || !bind_dense(&b, i) || !bind_experts(&b, i) ||
            !bind_each_expert(&b, i) || !is_quick(&b, i))
            return false;
    return true;
}
