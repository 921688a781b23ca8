/* Attention with sinks over keys and values in blocks. An item of work is one token and kv head. */
#include <math.h>
#include <string.h>

#include "engine/cpu/formats.h"
#include "engine/cpu/pass.h"

/* Number i of a block. */
static void put(const Cpu *c, unsigned char *block, size_t i, float f) {
    if (c->kv_half)
        ((uint16_t *)(void *)block)[i] = cpu_to_half(f);
    else
        ((float *)(void *)block)[i] = f;
}

static void store_kv(const Pass *p, size_t row) {
    const Cpu *c = p->c;
    size_t d = (size_t)c->c->head_dim, at = p->rows[row].pos % CPU_BLOCK;
    unsigned char *block = cpu_block(c, p->layer, p->rows[row].seq, p->rows[row].pos / CPU_BLOCK);
    for (size_t g = 0; g < (size_t)c->c->n_kv_heads; g++) {
        size_t key = cpu_keys(c, g) + at / CPU_LANES * CPU_LANES * d + at % CPU_LANES;
        size_t value = cpu_values(c, g) + at * c->ld_v;
        const float *k = p->w.k + row * c->ld_kv + g * d, *v = p->w.v + row * c->ld_kv + g * d;
        for (size_t j = 0; j < d; j++) put(c, block, key + j * CPU_LANES, k[j]);
        for (size_t j = 0; j < d; j++) put(c, block, value + j, v[j]);
    }
}

/* Keys of the tiles that hold positions [begin, end) of a block, and values of these positions: where they lie as
 * floats, as if the whole block were there. */
typedef struct BlockView {
    const float *keys, *values;
} BlockView;

static BlockView view_block(const Cpu *c, const unsigned char *block, size_t g, size_t begin, size_t end, Scratch *s) {
    size_t d = (size_t)c->c->head_dim, first = begin / CPU_LANES * CPU_LANES;
    if (!c->kv_half) {
        const float *all = (const float *)(const void *)block;
        return (BlockView){all + cpu_keys(c, g), all + cpu_values(c, g)};
    }
    const uint16_t *all = (const uint16_t *)(const void *)block;
    size_t last = (end + CPU_LANES - 1) / CPU_LANES * CPU_LANES;
    float *keys = s->kv, *values = s->kv + CPU_BLOCK * d;
    c->k.widen(all + cpu_keys(c, g) + first * d, (last - first) * d, keys + first * d);
    c->k.widen(all + cpu_values(c, g) + begin * c->ld_v, (end - begin) * c->ld_v, values + begin * c->ld_v);
    return (BlockView){keys, values};
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
        const unsigned char *block = cpu_block(c, p->layer, p->rows[row].seq, b);
        size_t begin = from > b * CPU_BLOCK ? from - b * CPU_BLOCK : 0;
        size_t end = pos + 1 - b * CPU_BLOCK < CPU_BLOCK ? pos + 1 - b * CPU_BLOCK : CPU_BLOCK;
        BlockView view = view_block(c, block, g, begin, end, s);
        size_t first = begin / CPU_LANES, tiles = (end + CPU_LANES - 1) / CPU_LANES - first;
        c->k.scores(q, d, n_q, view.keys + first * CPU_LANES * d, tiles, d, scale, s->scores + first * CPU_LANES,
                    CPU_BLOCK);
        for (size_t h = 0; h < n_q; h++)
            s->factor[h] = c->k.softmax(s->scores + h * CPU_BLOCK, begin, end, &s->max[h], &s->sum[h]);
        c->k.values(s->scores, CPU_BLOCK, n_q, view.values, c->ld_v, begin, end, s->factor, s->acc);
    }
    for (size_t h = 0; h < n_q; h++)
        for (size_t j = 0; j < d; j++)
            p->w.att[row * c->ld_q + cpu_column((g * n_q + h) * d + j)] = s->acc[h * c->ld_v + j] / s->sum[h];
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
    if (items) cpu_run(p, items, c->group * (size_t)c->c->head_dim * 2 * (span / n + 16), attend_items, &j);
}

/* Stores keys and values of the batch and attends. In a sliding layer rows go in waves of at most a block of positions
 * per sequence, since the ring holds no more beside the window (kv.c, invariant 3); with full attention in one. */
void cpu_attention(const Pass *p, bool last) {
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
