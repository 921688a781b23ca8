/* The forward pass of specs/gpt-oss-model.md section 2, in its order, with float32 activations and sums.
 *
 * Work is cut by output: an item is a few rows of a matrix for all tokens of the batch, or one token and kv head in
 * attention. Each output number is made by one thread in an order of its own (kernels.h), so threads and batches cannot
 * change a bit.
 *
 * `live` lists the rows of the batch that a stage computes: all of them, except that behind the last layer's keys and
 * values only rows whose logits are wanted go on.
 *
 * For small models the threads would meet more often than they work. There each takes whole sequences through all
 * layers instead, and they meet once. */
#include <math.h>
#include <string.h>

#include "engine/cpu/pass.h"

/* Below so many multiply-adds, waking threads costs more than it saves. */
#define INLINE_COST 300000

void cpu_run(const Pass *p, size_t n, size_t cost, PoolFn fn, void *ctx) {
    if (p->worker >= 0 || n * cost < INLINE_COST) {
        if (n) fn(ctx, 0, n, p->worker >= 0 ? p->worker : 0);
        return;
    }
    size_t grain = INLINE_COST / 3 / (cost + 1) + 1;
    pool_run(p->c->o.pool, n, grain, fn, ctx);
}

void cpu_tap(const Pass *p, TapStage stage, const float *rows, size_t ld) {
    const Cpu *c = p->c;
    if (!c->o.tap) return;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t r = p->w.live[i];
        c->o.tap(c->o.tap_ctx, stage, p->layer, r, rows + r * ld, ld);
    }
}

/* ---- norm, rope ---- */

void cpu_rmsnorm(const CpuKernels *k, const float *x, const float *weight, size_t n, float eps, float *out) {
    float inv = 1.0f / sqrtf(k->sum_squares(x, cpu_pad(n)) / (float)n + eps);
    for (size_t i = 0; i < n; i++) out[i] = x[i] * inv * weight[i];
}

static void norm_live(const Pass *p, const float *weight) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->hidden;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t at = p->w.live[i] * h;
        cpu_rmsnorm(&c->k, p->w.x + at, weight, h, (float)c->c->rms_eps, p->w.t + at);
        cpu_pairs(p->w.t + at, h, p->w.tp + at);
    }
}

/* Cosines and sines of each row's position, times the concentration; in double until the last moment. */
static void rope_tables(const Pass *p) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->head_dim / 2;
    for (size_t r = 0; r < p->n; r++)
        for (size_t j = 0; j < h; j++) {
            double angle = p->rows[r].pos * c->inv_freq[j];
            p->w.rope[r * 2 * h + j] = (float)(c->concentration * cos(angle));
            p->w.rope[r * 2 * h + h + j] = (float)(c->concentration * sin(angle));
        }
}

static void rope(const float *table, size_t d, float *x, size_t n_heads) {
    size_t h = d / 2;
    for (size_t i = 0; i < n_heads; i++, x += d)
        for (size_t j = 0; j < h; j++) {
            float a = x[j], b = x[j + h];
            x[j] = a * table[j] - b * table[h + j];
            x[j + h] = b * table[j] + a * table[h + j];
        }
}

/* ---- the pass ---- */

static void embed(const Pass *p) {
    const Cpu *c = p->c;
    const Matrix *m = &c->o.model->embed;
    for (size_t r = 0; r < p->n; r++) {
        float *x = p->w.x + r * m->cols, *pairs = p->w.tp + r * m->cols;
        cpu_expand_row(c, m, p->rows[r].token, pairs);
        for (size_t i = 0; i < m->cols; i++) x[i] = pairs[cpu_column(i)];
    }
}

static void keep_wanted(Pass *p) {
    p->n_live = 0;
    for (size_t r = 0; r < p->n; r++)
        if (p->rows[r].want_logits) p->w.live[p->n_live++] = (uint32_t)r;
}

static void layer(Pass *p, bool last) {
    const Cpu *c = p->c;
    const ModelLayer *l = &c->o.model->layers[p->layer];
    const LayerVecs *v = &c->layers[p->layer];
    size_t h = (size_t)c->c->hidden, d = (size_t)c->c->head_dim;
    norm_live(p, v->attn_norm);
    cpu_dense(p, p->w.tp, h,
              (Dense[]){{.m = &l->q, .bias = v->q_bias, .out = p->w.q, .ld = c->ld_q},
                        {.m = &l->k, .bias = v->k_bias, .out = p->w.k, .ld = c->ld_kv},
                        {.m = &l->v, .bias = v->v_bias, .out = p->w.v, .ld = c->ld_kv}},
              3);
    for (size_t r = 0; r < p->n; r++) {
        rope(p->w.rope + r * d, d, p->w.q + r * c->ld_q, (size_t)c->c->n_heads);
        rope(p->w.rope + r * d, d, p->w.k + r * c->ld_kv, (size_t)c->c->n_kv_heads);
    }
    cpu_attention(p, last);
    if (last) keep_wanted(p);
    cpu_dense(p, p->w.att, c->ld_q, &(Dense){.m = &l->o, .bias = v->o_bias, .out = p->w.x, .ld = h, .add = true}, 1);
    cpu_tap(p, TAP_AFTER_ATTN, p->w.x, h);
    norm_live(p, v->moe_norm);
    cpu_dense(p, p->w.tp, h,
              &(Dense){.m = &l->router, .bias = v->router_bias, .out = p->w.router, .ld = (size_t)c->c->n_experts}, 1);
    cpu_experts(p);
    cpu_tap(p, TAP_AFTER_LAYER, p->w.x, h);
}

static void forward(Pass *p) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->hidden;
    p->n_live = p->n;
    p->layer = -1;
    for (size_t r = 0; r < p->n; r++) p->w.live[r] = (uint32_t)r;
    rope_tables(p);
    embed(p);
    cpu_tap(p, TAP_EMBED, p->w.x, h);
    for (p->layer = 0; p->layer < c->c->n_layers; p->layer++) layer(p, p->layer + 1 == c->c->n_layers);
    norm_live(p, c->final_norm);
    Dense out = {.m = &c->o.model->unembed, .out = p->w.logits, .ld = (size_t)c->c->vocab, .packed = true};
    cpu_dense(p, p->w.tp, h, &out, 1);
}

/* ---- small models: each thread takes sequences of its own through all layers ---- */

typedef struct Split {
    Cpu *c;
    const BatchRow *rows;
    size_t n_parts, begin[CPU_MAX_PARTS + 1], first_logit[CPU_MAX_PARTS];
} Split;

/* The buffers of the rows from `row` on. */
static Work work_from(const Cpu *c, size_t part, size_t row, size_t first_logit) {
    Work w = c->w;
    size_t h = (size_t)c->c->hidden, k = (size_t)c->c->experts_per_token, e = (size_t)c->c->n_experts;
    w.x += row * h, w.t += row * h, w.tp += row * h;
    w.q += row * c->ld_q, w.att += row * c->ld_q;
    w.k += row * c->ld_kv, w.v += row * c->ld_kv;
    w.rope += row * (size_t)c->c->head_dim;
    w.router += row * e;
    w.act += row * k * (size_t)c->c->expert_width, w.up += row * k * (size_t)c->c->expert_width;
    w.y += row * k * h;
    w.low += row * k * c->ld_low;
    w.expert_weight += row * k, w.expert += row * k, w.place += row * k;
    w.group_begin += part * (e + 1), w.used += part * e;
    w.in += row * k, w.in2 += row * k;
    if (c->int8) w.blocks += row * k * c->ld_blocks, w.in8 += row * k;
    w.live += row, w.wave += row;
    w.logits += first_logit * (size_t)c->c->vocab;
    return w;
}

/* Cuts between sequences, into parts of about the same number of rows. */
static void split(Split *s, size_t n, size_t parts) {
    size_t logits = 0;
    for (size_t r = 0; r < n; r++) {
        bool starts = r == 0 || s->rows[r].seq != s->rows[r - 1].seq;
        if (starts && s->n_parts < parts && r >= s->n_parts * n / parts) {
            s->first_logit[s->n_parts] = logits;
            s->begin[s->n_parts++] = r;
        }
        logits += s->rows[r].want_logits;
    }
    s->begin[s->n_parts] = n;
}

static void split_items(void *ctx, size_t begin, size_t end, int worker) {
    const Split *s = ctx;
    for (size_t i = begin; i < end; i++) {
        size_t from = s->begin[i];
        Pass p = {.c = s->c,
                  .rows = s->rows + from,
                  .n = s->begin[i + 1] - from,
                  .w = work_from(s->c, i, from, s->first_logit[i]),
                  .worker = worker};
        forward(&p);
    }
}

void cpu_forward(Cpu *c, const BatchRow *rows, size_t n) {
    Split s = {.c = c, .rows = rows};
    if (c->is_small && !c->o.tap) split(&s, n, c->max_parts);
    if (s.n_parts > 1) {
        pool_run(c->o.pool, s.n_parts, 1, split_items, &s);
        return;
    }
    Pass p = {.c = c, .rows = rows, .n = n, .w = c->w, .worker = -1};
    forward(&p);
}
