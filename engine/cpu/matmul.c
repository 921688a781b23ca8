/* Weight rows times tokens. Work is cut by output: an item is a few rows of a matrix for all tokens of the batch. */
#include "engine/cpu/pass.h"

WeightRow cpu_row(const Matrix *m, size_t r) {
    return (WeightRow){m->data + r * m->row_stride, m->scales ? m->scales + r * m->scale_stride : NULL};
}

static void expand_tail(const Matrix *m, WeightRow w, size_t from, size_t to, float *out) {
    Vec v = {.type = m->type, .n = m->cols, .data = w.q, .stride = m->type == WEIGHT_F32 ? 4 : 2};
    for (size_t i = from; i < m->cols; i++) out[i] = vec_get(&v, i);
    for (size_t i = m->cols; i < to; i++) out[i] = 0;
}

void cpu_expand_row(const Cpu *c, const Matrix *m, WeightRow w, float *out) {
    size_t whole = m->cols / CPU_PAD * CPU_PAD;
    if (m->type == WEIGHT_MXFP4)
        c->k.expand_mxfp4(w.q, w.scales, m->cols, out);
    else if (m->type == WEIGHT_BF16)
        c->k.expand_bf16(w.q, whole, out), expand_tail(m, w, whole, cpu_pad(m->cols), out);
    else
        expand_tail(m, w, 0, cpu_pad(m->cols), out);
}

/* out[t*CPU_TILE + r] = row r of w times x[t]. All rows are of m. */
void cpu_dot_rows(const Cpu *c, Scratch *s, const Matrix *m, const WeightRow *w, size_t n_rows, const float *const *x,
                  size_t n, float *out) {
    size_t cols = cpu_pad(m->cols);
    if (m->type == WEIGHT_MXFP4 && n <= c->k.fused_mxfp4) {
        c->k.dot_mxfp4(w, n_rows, cols, x, n, out);
    } else if (m->type == WEIGHT_BF16 && n <= c->k.fused_bf16 && m->cols % CPU_PAD == 0) {
        c->k.dot_bf16(w, n_rows, cols, x, n, out);
    } else {
        WeightRow wide[CPU_TILE];
        for (size_t r = 0; r < n_rows; r++) {
            float *to = s->wide + r * c->ld_wide;
            cpu_expand_row(c, m, w[r], to);
            wide[r].q = (const unsigned char *)to;
        }
        c->k.dot_f32(wide, n_rows, cols, x, n, out);
    }
}

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
    for (size_t r = 0; r < n_rows; r++) w[r] = cpu_row(d->m, first + r);
    cpu_dot_rows(c, s, d->m, w, n_rows, j->x, j->p->n_live, s->dots);
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
void cpu_dense(const Pass *p, const float *x, size_t ldx, const Dense *parts, size_t n_parts) {
    const float **in = p->w.in;
    for (size_t t = 0; t < p->n_live; t++) in[t] = x + p->w.live[t] * ldx;
    DenseJob j = {.p = p, .parts = parts, .n_parts = n_parts, .x = in};
    size_t n = 0;
    for (size_t i = 0; i < n_parts; i++) j.tiles[i] = n, n += tiles_of(parts[i].m);
    cpu_run(p, n, CPU_TILE * parts[0].m->cols * p->n_live, dense_tiles, &j);
}
