/* Low-rank additions: y = W x + scale_1 B_1 (A_1 x) + scale_2 B_2 (A_2 x) + ... in the order of the list, in float32.
 * Both products are sums in 16 lanes in pair order like all others, the rank padded with zeros to a multiple of 32;
 * scale times the second is rounded, then added. Biases come after.
 *
 * A x is made for all tokens first (one run of the threads for all adapters of the matrices that read the same x), then
 * the items of W x add their rows of B. */
#include <string.h>

#include "engine/cpu/pass.h"

static size_t width_of(const Matrix *m) {
    size_t sum = 0;
    for (const Lora *l = m->lora; l; l = l->next) sum += cpu_pad(l->rank);
    return sum;
}

static void widest(size_t *max, size_t n) {
    if (n > *max) *max = n;
}

void cpu_lora_sizes(const Model *m, size_t *ld, size_t *max_rank) {
    *ld = width_of(&m->unembed), *max_rank = *ld;
    for (int i = 0; i < m->config.n_layers; i++) {
        const ModelLayer *l = &m->layers[i];
        widest(ld, width_of(&l->q) + width_of(&l->k) + width_of(&l->v));
        widest(ld, width_of(&l->gate) + width_of(&l->up));
        const Matrix *all[] = {&l->q, &l->k, &l->v, &l->o, &l->router, &l->gate, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            widest(ld, width_of(all[j]));
            for (const Lora *a = all[j]->lora; a; a = a->next) widest(max_rank, cpu_pad(a->rank));
        }
    }
}

typedef struct LowJob {
    const Pass *p;
    const LoraInput *in;
    size_t items; /* of a group */
} LowJob;

static size_t tiles_of(const Cpu *c, const Lora *l) {
    size_t step = cpu_step(c, &l->a);
    return (l->rank + step - 1) / step;
}

/* Rows of A_l of group g for its tokens. */
static void low_rows(const LowJob *j, const Lora *l, size_t offset, size_t u, size_t first, Scratch *s) {
    const Pass *p = j->p;
    const Cpu *c = p->c;
    size_t g = j->in->grouped ? p->w.used[u] : 0, from = j->in->grouped ? p->w.group_begin[g] : 0;
    size_t n = j->in->grouped ? p->w.group_begin[g + 1] - from : p->n_live;
    size_t step = cpu_step(c, &l->a), n_rows = l->rank - first < step ? l->rank - first : step;
    Rows rows;
    cpu_rows(c, s, &l->a, g * l->rank + first, n_rows, &rows);
    for (size_t r = 0; r < n_rows; r += CPU_TILE) {
        size_t k = n_rows - r < CPU_TILE ? n_rows - r : CPU_TILE;
        cpu_dot_rows(c, s, &rows, r, k, j->in->x + from, n, s->dots);
        for (size_t t = 0; t < n; t++) {
            float *low = p->w.low + (from + t) * c->ld_low + offset;
            for (size_t i = 0; i < k; i++) low[cpu_column(first + r + i)] = s->dots[t * CPU_TILE + i];
        }
    }
}

static void low_item(const LowJob *j, size_t u, size_t tile, Scratch *s) {
    size_t offset = 0;
    for (size_t i = 0; i < j->in->n; i++)
        for (const Lora *l = j->in->m[i]->lora; l; offset += cpu_pad(l->rank), l = l->next) {
            if (tile < tiles_of(j->p->c, l)) {
                low_rows(j, l, offset, u, tile * cpu_step(j->p->c, &l->a), s);
                return;
            }
            tile -= tiles_of(j->p->c, l);
        }
}

static void low_items(void *ctx, size_t begin, size_t end, int worker) {
    const LowJob *j = ctx;
    for (size_t i = begin; i < end; i++) low_item(j, i / j->items, i % j->items, &j->p->c->scratch[worker]);
}

void cpu_lora_inputs(const Pass *p, const LoraInput *in) {
    const Cpu *c = p->c;
    LowJob j = {p, in, 0};
    for (size_t i = 0; i < in->n; i++)
        for (const Lora *l = in->m[i]->lora; l; l = l->next) j.items += tiles_of(c, l);
    if (!j.items) return;
    size_t places = in->grouped ? p->n_live * (size_t)c->c->experts_per_token : p->n_live;
    memset(p->w.low, 0, places * c->ld_low * sizeof(float)); /* what is behind a rank must be 0 */
    size_t cost = CPU_TILE * in->m[0]->cols * (places / in->n_groups + 1);
    cpu_run(p, in->n_groups * j.items, cost, low_items, &j);
}

size_t cpu_lora_offset(const LoraInput *in, size_t i) {
    size_t offset = 0;
    for (size_t k = 0; k < i; k++) offset += width_of(in->m[k]);
    return offset;
}

void cpu_lora_add(const Pass *p, Scratch *s, const Matrix *m, size_t offset, size_t first, size_t n_rows, size_t from,
                  size_t n) {
    const Cpu *c = p->c;
    for (const Lora *l = m->lora; l; offset += cpu_pad(l->rank), l = l->next) {
        WeightRow w[CPU_TILE] = {{0}};
        for (size_t r = 0; r < n_rows; r++) {
            cpu_expand_row(c, &l->b, first + r, s->wide + r * c->ld_wide);
            w[r].q = (const unsigned char *)(s->wide + r * c->ld_wide);
        }
        for (size_t t = 0; t < n; t++) s->low[t] = p->w.low + (from + t) * c->ld_low + offset;
        c->k.dot_f32(w, n_rows, cpu_pad(l->rank), s->low, n, s->low_dots);
        for (size_t t = 0; t < n; t++)
            for (size_t r = 0; r < n_rows; r++) s->dots[t * CPU_TILE + r] += l->scale * s->low_dots[t * CPU_TILE + r];
    }
}
