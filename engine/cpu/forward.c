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

#include "engine/cpu/cpu_internal.h"

/* Below so many multiply-adds, waking threads costs more than it saves. */
#define INLINE_COST 300000
typedef struct Pass {
    Cpu *c;
    const BatchRow *rows;
    size_t n;      /* rows */
    Work w;        /* of these rows: row 0 of each buffer is rows[0] */
    size_t n_live; /* of w.live */
    int layer;
    int worker; /* the thread that does all of it, or -1: the work is shared by the pool */
} Pass;

/* Runs fn over n items of `cost` multiply-adds each. */
static void run(const Pass *p, size_t n, size_t cost, PoolFn fn, void *ctx) {
    if (p->worker >= 0 || n * cost < INLINE_COST) {
        if (n) fn(ctx, 0, n, p->worker >= 0 ? p->worker : 0);
        return;
    }
    size_t grain = INLINE_COST / 3 / (cost + 1) + 1;
    pool_run(p->c->o.pool, n, grain, fn, ctx);
}

static void tap(const Pass *p, TapStage stage, const float *rows, size_t ld) {
    const Cpu *c = p->c;
    if (!c->o.tap) return;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t r = p->w.live[i];
        c->o.tap(c->o.tap_ctx, stage, p->layer, r, rows + r * ld, ld);
    }
}

/* ---- weight rows times tokens ---- */

static WeightRow row_of(const Matrix *m, size_t r) {
    return (WeightRow){m->data + r * m->row_stride, m->scales ? m->scales + r * m->scale_stride : NULL};
}

static void expand_tail(const Matrix *m, WeightRow w, size_t from, size_t to, float *out) {
    Vec v = {.type = m->type, .n = m->cols, .data = w.q, .stride = m->type == WEIGHT_F32 ? 4 : 2};
    for (size_t i = from; i < m->cols; i++) out[i] = vec_get(&v, i);
    for (size_t i = m->cols; i < to; i++) out[i] = 0;
}

static void expand_row(const Cpu *c, const Matrix *m, WeightRow w, float *out) {
    size_t whole = m->cols / CPU_PAD * CPU_PAD;
    if (m->type == WEIGHT_MXFP4)
        c->k.expand_mxfp4(w.q, w.scales, m->cols, out);
    else if (m->type == WEIGHT_BF16)
        c->k.expand_bf16(w.q, whole, out), expand_tail(m, w, whole, cpu_pad(m->cols), out);
    else
        expand_tail(m, w, 0, cpu_pad(m->cols), out);
}

/* out[t*CPU_TILE + r] = row r of w times x[t]. All rows are of m. */
static void dot_rows(const Cpu *c, Scratch *s, const Matrix *m, const WeightRow *w, size_t n_rows,
                     const float *const *x, size_t n, float *out) {
    size_t cols = cpu_pad(m->cols);
    if (m->type == WEIGHT_MXFP4 && n <= c->k.fused_mxfp4) {
        c->k.dot_mxfp4(w, n_rows, cols, x, n, out);
    } else if (m->type == WEIGHT_BF16 && n <= c->k.fused_bf16 && m->cols % CPU_PAD == 0) {
        c->k.dot_bf16(w, n_rows, cols, x, n, out);
    } else {
        WeightRow wide[CPU_TILE];
        for (size_t r = 0; r < n_rows; r++) {
            float *to = s->wide + r * c->ld_wide;
            expand_row(c, m, w[r], to);
            wide[r].q = (const unsigned char *)to;
        }
        c->k.dot_f32(wide, n_rows, cols, x, n, out);
    }
}

/* ---- dense layers ---- */

typedef struct Dense {
    const Matrix *m;
    const float *bias; /* NULL: none */
    float *out;        /* [rows * ld], or packed (see below) */
    size_t ld;
    bool add;    /* add to what is there, else store */
    bool packed; /* the i-th live row goes to row i of out */
} Dense;

typedef struct DenseJob {
    const Pass *p;
    const Dense *parts;
    size_t n_parts, tiles[4]; /* tiles[i]: first tile of part i */
    const float *const *x;
} DenseJob;

static size_t tiles_of(const Matrix *m) {
    return (m->rows + CPU_TILE - 1) / CPU_TILE;
}

static void dense_tile(const DenseJob *j, const Dense *d, size_t tile, Scratch *s) {
    const Pass *p = j->p;
    const Cpu *c = p->c;
    WeightRow w[CPU_TILE];
    size_t first = tile * CPU_TILE, n_rows = d->m->rows - first < CPU_TILE ? d->m->rows - first : CPU_TILE;
    for (size_t r = 0; r < n_rows; r++) w[r] = row_of(d->m, first + r);
    dot_rows(c, s, d->m, w, n_rows, j->x, j->p->n_live, s->dots);
    for (size_t t = 0; t < j->p->n_live; t++) {
        float *out = d->out + (d->packed ? t : p->w.live[t]) * d->ld + first;
        const float *dot = s->dots + t * CPU_TILE;
        for (size_t r = 0; r < n_rows; r++) {
            float v = d->bias ? dot[r] + d->bias[first + r] : dot[r];
            out[r] = d->add ? out[r] + v : v;
        }
    }
}

static void dense_tiles(void *ctx, size_t begin, size_t end, int worker) {
    const DenseJob *j = ctx;
    for (size_t i = begin; i < end; i++) {
        size_t part = 0;
        while (part + 1 < j->n_parts && i >= j->tiles[part + 1]) part++;
        dense_tile(j, &j->parts[part], i - j->tiles[part], &j->p->c->scratch[worker]);
    }
}

/* All parts read the live rows of x and have the same number of columns. */
static void dense(const Pass *p, const float *x, size_t ldx, const Dense *parts, size_t n_parts) {
    const float **in = p->w.in;
    for (size_t t = 0; t < p->n_live; t++) in[t] = x + p->w.live[t] * ldx;
    DenseJob j = {.p = p, .parts = parts, .n_parts = n_parts, .x = in};
    size_t n = 0;
    for (size_t i = 0; i < n_parts; i++) j.tiles[i] = n, n += tiles_of(parts[i].m);
    run(p, n, CPU_TILE * parts[0].m->cols * p->n_live, dense_tiles, &j);
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

/* ---- attention ---- */

static void store_kv(const Pass *p, size_t row) {
    const Cpu *c = p->c;
    size_t d = (size_t)c->c->head_dim, at = p->rows[row].pos % CPU_BLOCK;
    float *block = cpu_block(c, p->layer, p->rows[row].seq, p->rows[row].pos / CPU_BLOCK);
    for (size_t g = 0; g < (size_t)c->c->n_kv_heads; g++) {
        float *keys = cpu_keys(c, block, g) + at / CPU_LANES * CPU_LANES * d + at % CPU_LANES;
        const float *k = p->w.k + row * c->ld_kv + g * d;
        for (size_t j = 0; j < d; j++) keys[j * CPU_LANES] = k[j];
        memcpy(cpu_values(c, block, g) + at * c->ld_v, p->w.v + row * c->ld_kv + g * d, d * sizeof(float));
    }
}

/* The heads of kv head g look at positions [from, pos]: online softmax that begins with the sink, block by block from
 * absolute position 0 on, so the order of sums depends on positions alone. */
static void attend(const Pass *p, size_t row, size_t g, Scratch *s) {
    const Cpu *c = p->c;
    const LayerVecs *l = &c->layers[p->layer];
    size_t d = (size_t)c->c->head_dim, n_q = c->group, pos = p->rows[row].pos, window = (size_t)c->c->window;
    size_t from = l->sliding && pos + 1 > window ? pos + 1 - window : 0;
    const float *q = p->w.q + row * c->ld_q + g * n_q * d;
    float scale = (float)(1.0 / sqrt((double)d));
    memset(s->acc, 0, n_q * c->ld_v * sizeof(float));
    for (size_t h = 0; h < n_q; h++) s->max[h] = l->sinks[g * n_q + h], s->sum[h] = 1.0f;
    for (size_t b = from / CPU_BLOCK; b <= pos / CPU_BLOCK; b++) {
        float *block = cpu_block(c, p->layer, p->rows[row].seq, b);
        size_t begin = from > b * CPU_BLOCK ? from - b * CPU_BLOCK : 0;
        size_t end = pos + 1 - b * CPU_BLOCK < CPU_BLOCK ? pos + 1 - b * CPU_BLOCK : CPU_BLOCK;
        const float *keys = cpu_keys(c, block, g);
        size_t first = begin / CPU_LANES, tiles = (end + CPU_LANES - 1) / CPU_LANES - first;
        c->k.scores(q, d, n_q, keys + first * CPU_LANES * d, tiles, d, scale, s->scores + first * CPU_LANES, CPU_BLOCK);
        for (size_t h = 0; h < n_q; h++)
            s->factor[h] = c->k.softmax(s->scores + h * CPU_BLOCK, begin, end, &s->max[h], &s->sum[h]);
        c->k.values(s->scores, CPU_BLOCK, n_q, cpu_values(c, block, g), c->ld_v, begin, end, s->factor, s->acc);
    }
    for (size_t h = 0; h < n_q; h++)
        for (size_t j = 0; j < d; j++)
            p->w.att[row * c->ld_q + (g * n_q + h) * d + j] = s->acc[h * c->ld_v + j] / s->sum[h];
}

typedef struct AttendJob {
    const Pass *p;
    const uint32_t *rows;
} AttendJob;

static void attend_items(void *ctx, size_t begin, size_t end, int worker) {
    const AttendJob *j = ctx;
    size_t g = (size_t)j->p->c->c->n_kv_heads;
    for (size_t i = begin; i < end; i++) attend(j->p, j->rows[i / g], i % g, &j->p->c->scratch[worker]);
}

static void attend_rows(const Pass *p, const uint32_t *rows, size_t n) {
    const Cpu *c = p->c;
    size_t span = 0, window = (size_t)c->c->window;
    for (size_t i = 0; i < n; i++) {
        size_t seen = p->rows[rows[i]].pos + 1;
        span += c->layers[p->layer].sliding && seen > window ? window : seen;
    }
    AttendJob j = {p, rows};
    size_t items = n * (size_t)c->c->n_kv_heads;
    if (items) run(p, items, c->group * (size_t)c->c->head_dim * 2 * (span / n + 16), attend_items, &j);
}

/* Stores keys and values of the batch and attends. In a sliding layer rows go in waves of at most a block of positions
 * per sequence, since the ring holds no more beside the window (kv.c, invariant 3); with full attention in one. */
static void attention(const Pass *p, bool last) {
    const Cpu *c = p->c;
    size_t wave_rows = c->layers[p->layer].sliding ? CPU_BLOCK : c->o.max_rows;
    for (size_t wave = 0, done = 0; done < p->n; wave++) {
        size_t n = 0, run_start = 0;
        for (size_t r = 0; r < p->n; r++) {
            if (r && p->rows[r].seq != p->rows[r - 1].seq) run_start = r;
            if ((r - run_start) / wave_rows != wave) continue;
            store_kv(p, r);
            done++;
            if (!last || p->rows[r].want_logits) p->w.wave[n++] = (uint32_t)r;
        }
        attend_rows(p, p->w.wave, n);
    }
}

/* ---- experts ---- */

void cpu_route(const float *logits, size_t n, size_t k, uint32_t *chosen, float *weight) {
    bool taken[MODEL_MAX_EXPERTS] = {false};
    for (size_t i = 0; i < k; i++) {
        size_t best = n;
        for (size_t e = 0; e < n; e++)
            if (!taken[e] && (best == n || logits[e] > logits[best]))
                best = e; /* distinct even if they are not numbers */
        taken[best] = true;
        chosen[i] = (uint32_t)best;
        weight[i] = logits[best];
    }
    float top = weight[0], sum = 0;
    for (size_t i = 0; i < k; i++) sum += weight[i] = cpu_exp(weight[i] - top);
    for (size_t i = 0; i < k; i++) weight[i] /= sum;
}

/* Orders the (row, rank) pairs by expert, rows rising: place[], group_begin[], used[]. Returns the number of experts
 * used. */
static size_t group_by_expert(const Pass *p) {
    const Work *w = &p->w;
    size_t k = (size_t)p->c->c->experts_per_token, n = (size_t)p->c->c->n_experts, n_used = 0;
    memset(w->group_begin, 0, (n + 1) * sizeof *w->group_begin);
    for (size_t i = 0; i < p->n_live; i++)
        for (size_t j = 0; j < k; j++) w->group_begin[w->expert[w->live[i] * k + j] + 1]++;
    for (size_t e = 0; e < n; e++) {
        if (w->group_begin[e + 1]) w->used[n_used++] = (uint32_t)e;
        w->group_begin[e + 1] += w->group_begin[e];
    }
    for (size_t i = 0; i < p->n_live; i++)
        for (size_t j = 0; j < k; j++) {
            size_t pair = w->live[i] * k + j;
            w->place[pair] = w->group_begin[w->expert[pair]]++;
        }
    for (size_t e = n; e > 0; e--) w->group_begin[e] = w->group_begin[e - 1];
    w->group_begin[0] = 0;
    return n_used;
}

typedef struct ExpertJob {
    const Pass *p;
    size_t tiles; /* per expert */
} ExpertJob;

/* Two channels of gate and up, for all tokens of one expert, before the activation function. */
static void gate_up_tile(const Pass *p, size_t expert, size_t channel, Scratch *s) {
    const Cpu *c = p->c;
    const ModelLayer *l = &c->o.model->layers[p->layer];
    size_t width = (size_t)c->c->expert_width, row = expert * width + channel, from = p->w.group_begin[expert];
    size_t n = p->w.group_begin[expert + 1] - from;
    WeightRow w[4] = {row_of(&l->gate, row), row_of(&l->up, row), row_of(&l->gate, row + 1), row_of(&l->up, row + 1)};
    dot_rows(c, s, &l->gate, w, 4, p->w.in + from, n, s->dots);
    for (size_t i = 0; i < 2; i++) {
        float gb = vec_get(&l->gate_bias, row + i), ub = vec_get(&l->up_bias, row + i);
        size_t column = from * width + cpu_mxfp4_column(channel + i);
        for (size_t t = 0; t < n; t++) {
            p->w.act[column + t * width] = s->dots[t * CPU_TILE + 2 * i] + gb;
            p->w.up[column + t * width] = s->dots[t * CPU_TILE + 2 * i + 1] + ub;
        }
    }
}

static void swiglu_items(void *ctx, size_t begin, size_t end, int worker) {
    const Pass *p = ((const ExpertJob *)ctx)->p;
    const Cpu *c = p->c;
    size_t width = (size_t)c->c->expert_width;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        float *act = p->w.act + i * width;
        c->k.swiglu(act, p->w.up + i * width, width, (float)c->c->swiglu_limit, (float)c->c->swiglu_alpha, act);
    }
}

static void gate_up_items(void *ctx, size_t begin, size_t end, int worker) {
    const ExpertJob *j = ctx;
    for (size_t i = begin; i < end; i++)
        gate_up_tile(j->p, j->p->w.used[i / j->tiles], i % j->tiles * 2, &j->p->c->scratch[worker]);
}

static void down_tile(const Pass *p, size_t expert, size_t first, Scratch *s) {
    const Cpu *c = p->c;
    const ModelLayer *l = &c->o.model->layers[p->layer];
    size_t h = (size_t)c->c->hidden, from = p->w.group_begin[expert], n = p->w.group_begin[expert + 1] - from;
    WeightRow w[CPU_TILE];
    float bias[CPU_TILE];
    for (size_t r = 0; r < CPU_TILE; r++) {
        w[r] = row_of(&l->down, expert * h + first + r);
        bias[r] = vec_get(&l->down_bias, expert * h + first + r);
    }
    dot_rows(c, s, &l->down, w, CPU_TILE, p->w.in2 + from, n, s->dots);
    for (size_t t = 0; t < n; t++)
        for (size_t r = 0; r < CPU_TILE; r++) p->w.y[(from + t) * h + first + r] = s->dots[t * CPU_TILE + r] + bias[r];
}

static void down_items(void *ctx, size_t begin, size_t end, int worker) {
    const ExpertJob *j = ctx;
    for (size_t i = begin; i < end; i++)
        down_tile(j->p, j->p->w.used[i / j->tiles], i % j->tiles * CPU_TILE, &j->p->c->scratch[worker]);
}

static void permute(const Pass *p, size_t row) {
    size_t h = (size_t)p->c->c->hidden;
    const float *from = p->w.t + row * h;
    float *to = p->w.tp + row * h;
    for (size_t b = 0; b < h; b += 32)
        for (size_t i = 0; i < 16; i++) to[b + i] = from[b + 2 * i], to[b + 16 + i] = from[b + 2 * i + 1];
}

/* x += sum over ranks, best first, of weight * expert output. */
static void combine(const Pass *p, size_t row) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->hidden, k = (size_t)c->c->experts_per_token;
    float *x = p->w.x + row * h, *sum = p->w.t + row * h; /* t is free by now */
    memset(sum, 0, h * sizeof(float));
    for (size_t j = 0; j < k; j++) {
        const float *y = p->w.y + p->w.place[row * k + j] * h, weight = p->w.expert_weight[row * k + j];
        for (size_t i = 0; i < h; i++) sum[i] += weight * y[i];
    }
    for (size_t i = 0; i < h; i++) x[i] += sum[i];
}

static void tap_experts(const Pass *p) {
    const Cpu *c = p->c;
    size_t k = (size_t)c->c->experts_per_token;
    float chosen[MODEL_MAX_EXPERTS_PER_TOKEN];
    if (!c->o.tap) return;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t r = p->w.live[i];
        for (size_t j = 0; j < k; j++) chosen[j] = (float)p->w.expert[r * k + j];
        c->o.tap(c->o.tap_ctx, TAP_EXPERTS, p->layer, r, chosen, k);
        c->o.tap(c->o.tap_ctx, TAP_EXPERT_WEIGHTS, p->layer, r, p->w.expert_weight + r * k, k);
    }
}

static void experts(const Pass *p) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->hidden, width = (size_t)c->c->expert_width, k = (size_t)c->c->experts_per_token;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t r = p->w.live[i];
        cpu_route(p->w.router + r * (size_t)c->c->n_experts, (size_t)c->c->n_experts, k, p->w.expert + r * k,
                  p->w.expert_weight + r * k);
        permute(p, r);
    }
    tap_experts(p);
    size_t n_used = group_by_expert(p);
    for (size_t i = 0; i < p->n_live; i++)
        for (size_t j = 0; j < k; j++) {
            size_t at = p->w.place[p->w.live[i] * k + j];
            p->w.in[at] = p->w.tp + p->w.live[i] * h;
            p->w.in2[at] = p->w.act + at * width;
        }
    if (!n_used) return;
    size_t tokens = p->n_live * k / n_used + 1;
    ExpertJob up = {p, width / 2}, down = {p, h / CPU_TILE};
    run(p, n_used * up.tiles, 4 * h * tokens, gate_up_items, &up);
    run(p, p->n_live * k, width * 16, swiglu_items, &up);
    run(p, n_used * down.tiles, CPU_TILE * width * tokens, down_items, &down);
    for (size_t i = 0; i < p->n_live; i++) combine(p, p->w.live[i]);
}

/* ---- the pass ---- */

static void embed(const Pass *p) {
    const Cpu *c = p->c;
    const Matrix *m = &c->o.model->embed;
    for (size_t r = 0; r < p->n; r++) expand_row(c, m, row_of(m, p->rows[r].token), p->w.x + r * m->cols);
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
    dense(p, p->w.t, h,
          (Dense[]){{.m = &l->q, .bias = v->q_bias, .out = p->w.q, .ld = c->ld_q},
                    {.m = &l->k, .bias = v->k_bias, .out = p->w.k, .ld = c->ld_kv},
                    {.m = &l->v, .bias = v->v_bias, .out = p->w.v, .ld = c->ld_kv}},
          3);
    for (size_t r = 0; r < p->n; r++) {
        rope(p->w.rope + r * d, d, p->w.q + r * c->ld_q, (size_t)c->c->n_heads);
        rope(p->w.rope + r * d, d, p->w.k + r * c->ld_kv, (size_t)c->c->n_kv_heads);
    }
    attention(p, last);
    if (last) keep_wanted(p);
    dense(p, p->w.att, c->ld_q, &(Dense){.m = &l->o, .bias = v->o_bias, .out = p->w.x, .ld = h, .add = true}, 1);
    tap(p, TAP_AFTER_ATTN, p->w.x, h);
    norm_live(p, v->moe_norm);
    dense(p, p->w.t, h,
          &(Dense){.m = &l->router, .bias = v->router_bias, .out = p->w.router, .ld = (size_t)c->c->n_experts}, 1);
    experts(p);
    tap(p, TAP_AFTER_LAYER, p->w.x, h);
}

static void forward(Pass *p) {
    const Cpu *c = p->c;
    size_t h = (size_t)c->c->hidden;
    p->n_live = p->n;
    p->layer = -1;
    for (size_t r = 0; r < p->n; r++) p->w.live[r] = (uint32_t)r;
    rope_tables(p);
    embed(p);
    tap(p, TAP_EMBED, p->w.x, h);
    for (p->layer = 0; p->layer < c->c->n_layers; p->layer++) layer(p, p->layer + 1 == c->c->n_layers);
    norm_live(p, c->final_norm);
    Dense out = {.m = &c->o.model->unembed, .out = p->w.logits, .ld = (size_t)c->c->vocab, .packed = true};
    dense(p, p->w.t, h, &out, 1);
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
    w.expert_weight += row * k, w.expert += row * k, w.place += row * k;
    w.group_begin += part * (e + 1), w.used += part * e;
    w.in += row * k, w.in2 += row * k;
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
