/* The CPU backend: one reservation at opening, nothing allocated afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cpu/cpu_internal.h"

_Static_assert((int)CPU_BLOCK == (int)KV_BLOCK, "attention works block by block");

/* Of the weights that a token reads; up to about here they stay in the caches of each core. */
#define SMALL_BYTES (8u << 20)

/* All memory beside keys and values comes from here, so that cpu_plan can count what cpu_open will take. */
static void *take(Cpu *c, size_t n, size_t size) {
    size_t bytes;
    if (!c->measuring) return arena_array(c->arena, n, size);
    if (!size_mul(n, size, &bytes) || !size_add(bytes, 15, &bytes) || !size_add(c->measured, bytes, &c->measured))
        return NULL;
    return c; /* only ever compared with NULL */
}

static float *floats(Cpu *c, size_t a, size_t b) {
    size_t n;
    return size_mul(a, b, &n) ? take(c, n, sizeof(float)) : NULL;
}

static float *vec_floats(Cpu *c, const Vec *v) {
    float *p = floats(c, v->n, 1);
    for (size_t i = 0; p && !c->measuring && i < v->n; i++) p[i] = vec_get(v, i);
    return p;
}

static bool load_vecs(Cpu *c) {
    const Model *m = c->o.model;
    size_t counts[2] = {0, 0};
    LayerVecs unused;
    c->layers = take(c, (size_t)c->c->n_layers, sizeof *c->layers);
    c->final_norm = vec_floats(c, &m->final_norm);
    if (!c->layers || !c->final_norm) return false;
    for (int i = 0; i < c->c->n_layers; i++) {
        const ModelLayer *l = &m->layers[i];
        LayerVecs *v = c->measuring ? &unused : &c->layers[i];
        v->sliding = c->c->sliding[i];
        v->index = counts[v->sliding]++;
        const struct {
            float **to;
            const Vec *from;
        } all[] = {{&v->attn_norm, &l->attn_norm}, {&v->moe_norm, &l->moe_norm},      {&v->q_bias, &l->q_bias},
                   {&v->k_bias, &l->k_bias},       {&v->v_bias, &l->v_bias},          {&v->o_bias, &l->o_bias},
                   {&v->sinks, &l->sinks},         {&v->router_bias, &l->router_bias}};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++)
            if (!(*all[j].to = vec_floats(c, all[j].from))) return false;
    }
    return true;
}

static bool open_work(Cpu *c) {
    Work *w = &c->w;
    size_t r = c->o.max_rows, h = (size_t)c->c->hidden, e = (size_t)c->c->n_experts,
           k = r * (size_t)c->c->experts_per_token;
    w->x = floats(c, r, h), w->t = floats(c, r, h), w->tp = floats(c, r, h);
    w->q = floats(c, r, c->ld_q), w->att = floats(c, r, c->ld_q);
    w->k = floats(c, r, c->ld_kv), w->v = floats(c, r, c->ld_kv);
    w->rope = floats(c, r, (size_t)c->c->head_dim);
    w->router = floats(c, r, e);
    w->act = floats(c, k, (size_t)c->c->expert_width), w->up = floats(c, k, (size_t)c->c->expert_width),
    w->y = floats(c, k, h);
    w->low = floats(c, k, c->ld_low);
    w->expert_weight = floats(c, k, 1);
    w->expert = take(c, k, sizeof *w->expert), w->place = take(c, k, sizeof *w->place);
    w->group_begin = take(c, (e + 1) * c->max_parts, sizeof *w->group_begin),
    w->used = take(c, e * c->max_parts, sizeof *w->used);
    w->in = take(c, k, sizeof *w->in), w->in2 = take(c, k, sizeof *w->in2);
    w->live = take(c, r, sizeof *w->live), w->wave = take(c, r, sizeof *w->wave);
    if (c->int8) {
        size_t n;
        if (!size_mul(k, c->ld_blocks, &n) || !(w->blocks = take(c, n, sizeof *w->blocks))) return false;
        if (!(w->in8 = take(c, k, sizeof *w->in8))) return false;
    }
    w->logits = floats(c, c->o.max_logits, (size_t)c->c->vocab);
    return w->x && w->t && w->tp && w->q && w->att && w->k && w->v && w->rope && w->router && w->act && w->up && w->y &&
           w->low && w->expert_weight && w->expert && w->place && w->group_begin && w->used && w->in && w->in2 &&
           w->live && w->wave && w->logits;
}

static bool any_apart(const Model *m) {
    bool apart = m->unembed.col_stride != 0;
    for (const Lora *a = m->unembed.lora; a; a = a->next) apart = apart || a->a.col_stride;
    for (int i = 0; i < m->config.n_layers; i++) {
        const ModelLayer *l = &m->layers[i];
        const Matrix *all[] = {&l->q, &l->k, &l->v, &l->o, &l->router, &l->gate, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            apart = apart || all[j]->col_stride;
            for (const Lora *a = all[j]->lora; a; a = a->next) apart = apart || a->a.col_stride;
        }
    }
    return apart;
}

static bool open_int8(Cpu *c, Scratch *s) {
    char *p = take(c, c->ld_blocks + 1, sizeof *s->turned); /* one more, to begin at a line */
    s->dots8 = floats(c, c->o.max_rows, INT8_ROWS);
    if (!p || !s->dots8) return false;
    if (!c->measuring) s->turned = (Int8Strip *)(void *)(p + (64 - (uintptr_t)p % 64) % 64);
    return true;
}

static bool open_scratch(Cpu *c) {
    bool apart = any_apart(c->o.model);
    int threads = pool_threads(c->o.pool);
    c->scratch = take(c, (size_t)threads, sizeof *c->scratch);
    for (int i = 0; c->scratch && i < threads; i++) {
        Scratch unused, *s = c->measuring ? &unused : &c->scratch[i];
        s->wide = floats(c, CPU_TILE, c->ld_wide);
        if (apart && !(s->strip = floats(c, CPU_STRIP, c->ld_wide))) return false;
        s->dots = floats(c, c->o.max_rows, CPU_TILE), s->low_dots = floats(c, c->o.max_rows, CPU_TILE);
        s->low = take(c, c->o.max_rows, sizeof *s->low);
        if (c->int8 && !open_int8(c, s)) return false;
        if (c->kv_half && !(s->kv = floats(c, CPU_BLOCK, (size_t)c->c->head_dim + c->ld_v))) return false;
        s->scores = floats(c, c->group, CPU_BLOCK);
        s->acc = floats(c, c->group, c->ld_v);
        s->max = floats(c, c->group, 1), s->sum = floats(c, c->group, 1), s->factor = floats(c, c->group, 1);
        if (!s->wide || !s->dots || !s->low_dots || !s->low || !s->scores || !s->acc || !s->max || !s->sum ||
            !s->factor)
            return false;
    }
    return c->scratch != NULL;
}

static KvShape kv_shape(const Cpu *c) {
    const ModelConfig *m = c->c;
    KvShape s = {.window = (size_t)m->window, .block_bytes = c->block_bytes};
    for (int i = 0; i < m->n_layers; i++) *(m->sliding[i] ? &s.sliding_layers : &s.full_layers) += 1;
    return s;
}

static bool plan_kv(const Cpu *c, uint64_t budget, size_t n_full, KvPlan *out, Err *err) {
    KvShape s = kv_shape(c);
    size_t context = c->o.context ? c->o.context : (size_t)c->c->context;
    return kv_plan(&s, c->o.n_seqs, n_full, context, budget ? budget : UINT64_MAX, out, err);
}

static bool open_kv(Cpu *c, Err *err) {
    if (!plan_kv(c, c->o.kv_budget, c->o.n_full ? c->o.n_full : c->o.n_seqs, &c->plan, err)) return false;
    if (!kv_open(&c->plan, &c->table, err)) return false;
    /* the pages come from the system untouched, so what is planned but never used costs nothing */
    c->full = mem_alloc(c->plan.full_bytes);
    c->rings = mem_alloc(c->plan.all_bytes - c->plan.full_bytes);
    if (!c->full || !c->rings) return err_nomem(err);
    c->info.context = c->plan.context;
    c->info.positions = c->plan.page_bytes ? c->plan.n_pages * KV_BLOCK : c->plan.context * c->o.n_seqs;
    c->info.kv_bytes = c->plan.all_bytes;
    return true;
}

static bool choose_kernels(Cpu *c, Err *err) {
    const char *forced = getenv("ASSAY_CPU");
    if (!cpu_kernels_select(forced, &c->k))
        return err_set(err, ERR_ENV, "ASSAY_CPU=%.40s: this processor cannot run that; expected scalar, avx2 or avx512",
                       forced);
    bool exact = strcmp(c->precision, "exact") == 0;
    snprintf(c->name, sizeof c->name, "cpu-%s%s%s", c->k.name, exact ? "" : ", ", exact ? "" : c->precision);
    c->info.name = c->name;
    return true;
}

static void derive_sizes(Cpu *c) {
    const ModelConfig *m = c->c;
    size_t d = (size_t)m->head_dim, wide = (size_t)m->hidden;
    c->ld_q = cpu_pad((size_t)m->n_heads * d);
    c->ld_kv = cpu_pad((size_t)m->n_kv_heads * d);
    c->ld_v = (d + CPU_LANES - 1) / CPU_LANES * CPU_LANES;
    c->group = (size_t)(m->n_heads / m->n_kv_heads);
    c->block_numbers = (size_t)m->n_kv_heads * CPU_BLOCK * (d + c->ld_v);
    c->block_bytes = c->block_numbers * (c->kv_half ? 2 : sizeof(float));
    if (c->ld_q > wide) wide = c->ld_q;
    if ((size_t)m->expert_width > wide) wide = (size_t)m->expert_width;
    size_t rank;
    cpu_lora_sizes(c->o.model, &c->ld_low, &rank);
    if (rank > wide) wide = rank;
    c->ld_wide = cpu_pad(wide), c->ld_blocks = c->ld_wide / INT8_BLOCK;
    model_rope(m, c->inv_freq, &c->concentration);
    size_t threads = (size_t)pool_threads(c->o.pool);
    c->max_parts = threads < CPU_MAX_PARTS ? threads : CPU_MAX_PARTS;
    c->is_small = model_active_bytes(c->o.model) <= SMALL_BYTES;
}

static void cpu_close(Backend *b) {
    if (!b) return;
    Cpu *c = (Cpu *)b;
    kv_close(c->table);
    mem_free(c->full);
    mem_free(c->rings);
    arena_close(c->arena);
    mem_free(c);
}

static bool cpu_open(const BackendOptions *o, Backend **out, Err *err) {
    *out = NULL;
    BUG_ON(o->max_rows == 0 || o->max_logits == 0 || o->n_seqs == 0);
    if (o->model->embed.lora) return err_set(err, ERR_INPUT, "the cpu backend cannot add an adapter to the embedding");
    Cpu *c = mem_alloc(sizeof *c);
    if (!c) return err_nomem(err);
    c->base.ops = &backend_cpu;
    c->o = *o;
    c->c = &o->model->config;
    bool ok = cpu_precision_choose(c, err) && choose_kernels(c, err);
    if (ok) {
        derive_sizes(c);
        c->arena = arena_open(1u << 20);
        ok = open_kv(c, err);
    }
    if (ok && (!c->arena || !load_vecs(c) || !open_work(c) || !open_scratch(c))) ok = err_nomem(err);
    if (!ok) {
        cpu_close(&c->base);
        return false;
    }
    c->info.work_bytes = arena_bytes(c->arena);
    *out = &c->base;
    return true;
}

/* The same steps as cpu_open, counting. */
static bool cpu_plan(const BackendOptions *o, BackendNeed *out, Err *err) {
    KvPlan least, full;
    Cpu *c = mem_alloc(sizeof *c);
    if (!c) return err_nomem(err);
    c->o = *o;
    c->c = &o->model->config;
    c->measuring = true;
    bool ok = cpu_precision_choose(c, err);
    if (ok) derive_sizes(c);
    ok = ok && plan_kv(c, 0, 1, &least, err) && plan_kv(c, 0, o->n_full ? o->n_full : o->n_seqs, &full, err);
    if (ok && (!load_vecs(c) || !open_work(c) || !open_scratch(c)))
        ok = err_set(err, ERR_INPUT, "the work memory would be absurdly large; use a smaller batch");
    if (ok) *out = (BackendNeed){.kv_least = least.all_bytes, .kv_full = full.all_bytes, .work = c->measured};
    mem_free(c);
    return ok;
}

static const BackendInfo *cpu_info(const Backend *b) {
    return &((const Cpu *)b)->info;
}
static bool cpu_kv_reserve(Backend *b, uint32_t seq, size_t n) {
    return kv_reserve(((Cpu *)b)->table, seq, n);
}
static void cpu_kv_drop(Backend *b, uint32_t seq) {
    kv_drop(((Cpu *)b)->table, seq);
}

static size_t layer_base(const Cpu *c, int layer, uint32_t seq, size_t slot) {
    const LayerVecs *l = &c->layers[layer];
    return l->sliding ? (l->index * c->plan.n_seqs + seq) * c->plan.ring_blocks + slot
                      : l->index * c->plan.n_pages + slot;
}

unsigned char *cpu_block(const Cpu *c, int layer, uint32_t seq, size_t block) {
    if (c->layers[layer].sliding)
        return c->rings + layer_base(c, layer, seq, block % c->plan.ring_blocks) * c->block_bytes;
    return c->full + layer_base(c, layer, seq, kv_page(c->table, seq, block)) * c->block_bytes;
}

static bool cpu_kv_copy(Backend *b, uint32_t dst, uint32_t src, size_t n, size_t n_reserve) {
    Cpu *c = (Cpu *)b;
    if (!kv_share(c->table, dst, src, n, n_reserve)) return false;
    size_t bytes = c->block_bytes;
    for (int i = 0; i < c->c->n_layers; i++) {
        if (c->layers[i].sliding)
            memcpy(c->rings + layer_base(c, i, dst, 0) * c->block_bytes,
                   c->rings + layer_base(c, i, src, 0) * c->block_bytes, bytes * c->plan.ring_blocks);
        else if (n % KV_BLOCK)
            memcpy(cpu_block(c, i, dst, n / KV_BLOCK), cpu_block(c, i, src, n / KV_BLOCK), bytes);
    }
    return true;
}

static bool cpu_step(Backend *b, const BatchRow *rows, size_t n, Err *err) {
    Cpu *c = (Cpu *)b;
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].token >= (uint32_t)c->c->vocab)
            return err_set(err, ERR_INPUT, "token id %u is outside the vocabulary of %d", rows[i].token, c->c->vocab);
        BUG_ON(rows[i].seq >= c->o.n_seqs || rows[i].pos >= kv_positions(c->table, rows[i].seq));
        wanted += rows[i].want_logits;
    }
    BUG_ON(n > c->o.max_rows || wanted > c->o.max_logits);
    cpu_forward(c, rows, n);
    return true;
}

static const float *cpu_logits(Backend *b, size_t i) {
    return ((Cpu *)b)->w.logits + i * (size_t)((Cpu *)b)->c->vocab;
}

const BackendOps backend_cpu = {
    .device = "cpu",
    .precisions = cpu_precisions,
    .plan = cpu_plan,
    .open = cpu_open,
    .close = cpu_close,
    .info = cpu_info,
    .kv_reserve = cpu_kv_reserve,
    .kv_copy = cpu_kv_copy,
    .kv_drop = cpu_kv_drop,
    .forward = cpu_step,
    .logits = cpu_logits,
};
