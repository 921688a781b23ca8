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

/* One matrix of the experts for all tokens of each: out = W x + bias. */
typedef struct ExpertMatrix {
    const Matrix *m;
    const Vec *bias;
    size_t rows;           /* of an expert */
    size_t low;            /* where its low-rank inputs stand within a place */
    const float *const *x; /* by place in the grouped order */
    float *out;            /* [places * rows] */
    bool pairs;            /* out in pair order */
} ExpertMatrix;

/* Up to two matrices of the same shape, whose rows of the same index are made by the same item: gate and up of a
 * channel stand side by side in most layouts. */
typedef struct ExpertJob {
    const Pass *p;
    size_t n, step, items; /* matrices; rows of an item; items of an expert */
    ExpertMatrix of[2];
} ExpertJob;

/* A few rows of expert e, from row `first` of the expert on. */
static void expert_rows(const Pass *p, const ExpertMatrix *m, size_t e, size_t first, size_t n_rows, Scratch *s) {
    const Cpu *c = p->c;
    size_t from = p->w.group_begin[e], n = p->w.group_begin[e + 1] - from, begin = e * m->rows + first;
    Rows rows;
    bool int8 = cpu_is_int8(c, m->m);
    cpu_rows(c, s, m->m, begin, n_rows, &rows);
    if (int8) cpu_dot_strip(c, s, &rows, n_rows, p->w.in8 + from, n);
    for (size_t r = 0; r < n_rows; r += CPU_TILE) {
        size_t k = n_rows - r < CPU_TILE ? n_rows - r : CPU_TILE;
        if (int8)
            cpu_strip_tile(s, r, k, n);
        else
            cpu_dot_rows(c, s, &rows, r, k, m->x + from, n, s->dots);
        cpu_lora_add(p, s, m->m, m->low, begin + r, k, from, n);
        for (size_t i = 0; i < k; i++) {
            float bias = vec_get(m->bias, begin + r + i);
            float *out = m->out + from * m->rows + (m->pairs ? cpu_column(first + r + i) : first + r + i);
            for (size_t t = 0; t < n; t++) out[t * m->rows] = s->dots[t * CPU_TILE + i] + bias;
        }
    }
}

static void expert_items(void *ctx, size_t begin, size_t end, int worker) {
    const ExpertJob *j = ctx;
    for (size_t i = begin; i < end; i++) {
        size_t e = j->p->w.used[i / j->items], first = i % j->items * j->step;
        for (size_t k = 0; k < j->n; k++) {
            const ExpertMatrix *m = &j->of[k];
            size_t step = cpu_step(j->p->c, m->m), to = m->rows - first < j->step ? m->rows : first + j->step;
            for (size_t r = first; r < to; r += step)
                expert_rows(j->p, m, e, r, to - r < step ? to - r : step, &j->p->c->scratch[worker]);
        }
    }
}

static void expert_matrices(ExpertJob *j, size_t n_used, size_t tokens) {
    LoraInput in = {.n = j->n, .x = j->of[0].x, .grouped = true, .n_groups = n_used};
    for (size_t k = 0; k < j->n; k++) {
        if (cpu_step(j->p->c, j->of[k].m) > j->step) j->step = cpu_step(j->p->c, j->of[k].m);
        in.m[k] = j->of[k].m;
        j->of[k].low = cpu_lora_offset(&in, k);
    }
    cpu_lora_inputs(j->p, &in);
    j->items = (j->of[0].rows + j->step - 1) / j->step;
    cpu_run(j->p, n_used * j->items, j->n * j->step * j->of[0].m->cols * tokens, expert_items, j);
}

static void swiglu_items(void *ctx, size_t begin, size_t end, int worker) {
    const Pass *p = ctx;
    const Cpu *c = p->c;
    size_t width = (size_t)c->c->expert_width;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        float *act = p->w.act + i * width;
        c->k.swiglu(act, p->w.up + i * width, width, (float)c->c->swiglu_limit, (float)c->c->swiglu_alpha, act);
    }
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
    const ModelLayer *l = &c->o.model->layers[p->layer];
    size_t h = (size_t)c->c->hidden, width = (size_t)c->c->expert_width, k = (size_t)c->c->experts_per_token;
    for (size_t i = 0; i < p->n_live; i++) {
        size_t r = p->w.live[i];
        cpu_route(p->w.router + r * (size_t)c->c->n_experts, (size_t)c->c->n_experts, k, p->w.expert + r * k,
                  p->w.expert_weight + r * k);
    }
    tap_experts(p);
    size_t n_used = group_by_expert(p);
    for (size_t i = 0; i < p->n_live; i++) p->w.in[i] = p->w.tp + p->w.live[i] * h;
    bool int8 = cpu_quantise(p, (const Matrix *[]){&l->gate, &l->up}, 2, p->w.in, p->n_live);
    for (size_t i = 0; i < p->n_live; i++)
        for (size_t j = 0; j < k; j++) {
            size_t at = p->w.place[p->w.live[i] * k + j];
            p->w.in[at] = p->w.tp + p->w.live[i] * h;
            if (int8) p->w.in8[at] = p->w.blocks + i * c->ld_blocks;
            p->w.in2[at] = p->w.act + at * width;
        }
    if (!n_used) return;
    size_t tokens = p->n_live * k / n_used + 1;
    ExpertJob up = {.p = p,
                    .n = 2,
                    .of = {{&l->gate, &l->gate_bias, width, 0, p->w.in, p->w.act, true},
                           {&l->up, &l->up_bias, width, 0, p->w.in, p->w.up, true}}};
    ExpertJob down = {.p = p, .n = 1, .of = {{&l->down, &l->down_bias, h, 0, p->w.in2, p->w.y, false}}};
    expert_matrices(&up, n_used, tokens);
    cpu_run(p, p->n_live * k, width * 16, swiglu_items, (void *)(uintptr_t)p);
    cpu_quantise(p, (const Matrix *[]){&l->down}, 1, p->w.in2, p->n_live * k);
    expert_matrices(&down, n_used, tokens);
    for (size_t i = 0; i < p->n_live; i++) combine(p, p->w.live[i]);
}
