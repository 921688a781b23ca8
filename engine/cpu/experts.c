/* Routing, and the experts' matrices for all tokens that chose them. */
#include <string.h>

#include "engine/cpu/pass.h"

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
    WeightRow w[4] = {cpu_row(&l->gate, row), cpu_row(&l->up, row), cpu_row(&l->gate, row + 1),
                      cpu_row(&l->up, row + 1)};
    cpu_dot_rows(c, s, &l->gate, w, 4, p->w.in + from, n, s->dots);
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
        w[r] = cpu_row(&l->down, expert * h + first + r);
        bias[r] = vec_get(&l->down_bias, expert * h + first + r);
    }
    cpu_dot_rows(c, s, &l->down, w, CPU_TILE, p->w.in2 + from, n, s->dots);
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

void cpu_experts(const Pass *p) {
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
    cpu_run(p, n_used * up.tiles, 4 * h * tokens, gate_up_items, &up);
    cpu_run(p, p->n_live * k, width * 16, swiglu_items, &up);
    cpu_run(p, n_used * down.tiles, CPU_TILE * width * tokens, down_items, &down);
    for (size_t i = 0; i < p->n_live; i++) combine(p, p->w.live[i]);
}
