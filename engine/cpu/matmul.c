/* Weight rows times tokens. Work is cut by output: an item is a few rows of a matrix for all tokens of the batch. */
#include <string.h>

#include "engine/cpu/formats.h"
#include "engine/cpu/pass.h"

/* ---- rows of a view ---- */

static WeightRow row_of(const Matrix *m, size_t r) {
    size_t per = m->group_rows ? m->group_rows : m->rows, g = r / per, i = r % per;
    WeightRow w = {m->data + g * m->group_stride + i * m->row_stride, NULL};
    if (m->scales) w.scales = m->scales + g * m->scale_group_stride + i * m->scale_stride;
    return w;
}

/* n columns from column c on, of a matrix whose columns stand apart, for each of n_rows rows of one group. */
static void gather(const Matrix *m, const unsigned char *p, size_t n_rows, size_t n, float (*out)[CPU_STRIP]) {
    for (size_t c = 0; c < n; c++, p += m->col_stride) {
        Vec v = {.type = m->type, .n = n_rows, .data = p, .stride = m->row_stride};
        if (m->type == WEIGHT_BF16)
            for (size_t r = 0; r < n_rows; r++) out[c][r] = cpu_bf16(p + r * m->row_stride);
        else
            for (size_t r = 0; r < n_rows; r++) out[c][r] = vec_get(&v, r);
    }
}

/* Rows first .. first+n_rows-1 in pair order, 32 columns at a time, so that a line of memory is read once for all the
 * rows that it holds, and turned round inside the L1 cache. */
static void expand_apart(const Matrix *m, size_t first, size_t n_rows, float *out, size_t ld) {
    float block[CPU_PAD][CPU_STRIP];
    const unsigned char *p = row_of(m, first).q;
    for (size_t c = 0; c < m->cols; c += CPU_PAD) {
        size_t n = m->cols - c < CPU_PAD ? m->cols - c : CPU_PAD;
        if (n < CPU_PAD) memset(block, 0, sizeof block);
        gather(m, p + c * m->col_stride, n_rows, n, block);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t i = 0; i < CPU_PAD; i++) out[r * ld + c + cpu_column(i)] = block[i][r];
    }
}

static void expand_row(const Cpu *c, const Matrix *m, const WeightRow *w, float *out) {
    WeightBlock b = weight_block(m->type);
    size_t whole = m->cols / CPU_PAD * CPU_PAD, rest = m->cols - whole;
    c->k.format[m->type].expand(w, whole, out);
    if (!rest) return;
    unsigned char last[CPU_PAD * 4] = {0}; /* only F32, F16 and BF16 have rows that end within 32 columns */
    memcpy(last, w->q + whole * b.bytes, rest * b.bytes);
    c->k.format[m->type].expand(&(WeightRow){last, NULL}, CPU_PAD, out + whole);
}

void cpu_expand_row(const Cpu *c, const Matrix *m, size_t r, float *out) {
    WeightRow w = row_of(m, r);
    if (m->col_stride)
        expand_apart(m, r, 1, out, 0);
    else
        expand_row(c, m, &w, out);
}

size_t cpu_step(const Cpu *c, const Matrix *m) {
    if (cpu_is_int8(c, m)) return INT8_ROWS;
    return m->col_stride ? CPU_STRIP : CPU_TILE;
}

void cpu_rows(const Cpu *c, Scratch *s, const Matrix *m, size_t first, size_t n_rows, Rows *out) {
    BUG_ON(n_rows > cpu_step(c, m));
    out->m = m;
    if (m->col_stride) {
        size_t per = m->group_rows ? m->group_rows : m->rows;
        for (size_t r = 0, n; r < n_rows; r += n) { /* a strip may reach into the next group */
            size_t left = per - (first + r) % per;
            n = n_rows - r < left ? n_rows - r : left;
            expand_apart(m, first + r, n, s->strip + r * c->ld_wide, c->ld_wide);
        }
        for (size_t r = 0; r < n_rows; r++)
            out->w[r] = (WeightRow){(const unsigned char *)(s->strip + r * c->ld_wide), NULL};
        return;
    }
    for (size_t r = 0; r < n_rows; r++) out->w[r] = row_of(m, first + r);
}

void cpu_dot_rows(const Cpu *c, Scratch *s, const Rows *rows, size_t first, size_t n_rows, const float *const *x,
                  size_t n, float *out) {
    const Matrix *m = rows->m;
    const CpuFormat *f = &c->k.format[m->type];
    const WeightRow *w = rows->w + first;
    size_t cols = cpu_pad(m->cols);
    if (m->col_stride) {
        c->k.dot_f32(w, n_rows, cols, x, n, out);
    } else if (f->dot && n <= f->fused && m->cols % CPU_PAD == 0) {
        f->dot(w, n_rows, cols, x, n, out);
    } else {
        WeightRow wide[CPU_TILE] = {{0}};
        for (size_t r = 0; r < n_rows; r++) {
            float *to = s->wide + r * c->ld_wide;
            expand_row(c, m, &w[r], to);
            wide[r].q = (const unsigned char *)to;
        }
        c->k.dot_f32(wide, n_rows, cols, x, n, out);
    }
}

void cpu_pairs(const float *from, size_t n, float *to) {
    for (size_t b = 0; b < n; b += 32)
        for (size_t i = 0; i < 16; i++) to[b + i] = from[b + 2 * i], to[b + 16 + i] = from[b + 2 * i + 1];
}

/* ---- dense layers ---- */

typedef struct DenseJob {
    const Pass *p;
    const Dense *parts;
    size_t n_parts, items[4]; /* items[i]: first item of part i */
    LoraInput in;
} DenseJob;

static void dense_out(const DenseJob *j, const Dense *d, size_t first, size_t n_rows, const float *dots) {
    const Pass *p = j->p;
    for (size_t t = 0; t < p->n_live; t++) {
        float *out = d->out + (d->packed ? t : p->w.live[t]) * d->ld + first;
        const float *dot = dots + t * CPU_TILE;
        for (size_t r = 0; r < n_rows; r++) {
            float v = d->bias ? dot[r] + d->bias[first + r] : dot[r];
            out[r] = d->add ? out[r] + v : v;
        }
    }
}

static void dense_item(const DenseJob *j, const Dense *d, size_t item, Scratch *s) {
    const Cpu *c = j->p->c;
    Rows rows;
    size_t step = cpu_step(c, d->m), first = item * step, left = d->m->rows - first, n = left < step ? left : step;
    bool int8 = cpu_is_int8(c, d->m);
    cpu_rows(c, s, d->m, first, n, &rows);
    if (int8) cpu_dot_strip(c, s, &rows, n, j->p->w.in8, j->p->n_live);
    for (size_t r = 0; r < n; r += CPU_TILE) {
        size_t n_rows = n - r < CPU_TILE ? n - r : CPU_TILE;
        if (int8)
            cpu_strip_tile(s, r, n_rows, j->p->n_live);
        else
            cpu_dot_rows(c, s, &rows, r, n_rows, j->in.x, j->p->n_live, s->dots);
        cpu_lora_add(j->p, s, d->m, cpu_lora_offset(&j->in, (size_t)(d - j->parts)), first + r, n_rows, 0,
                     j->p->n_live);
        dense_out(j, d, first + r, n_rows, s->dots);
    }
}

static void dense_items(void *ctx, size_t begin, size_t end, int worker) {
    const DenseJob *j = ctx;
    for (size_t i = begin; i < end; i++) {
        size_t part = 0;
        while (part + 1 < j->n_parts && i >= j->items[part + 1]) part++;
        dense_item(j, &j->parts[part], i - j->items[part], &j->p->c->scratch[worker]);
    }
}

void cpu_dense(const Pass *p, const float *x, size_t ldx, const Dense *parts, size_t n_parts) {
    const float **in = p->w.in;
    for (size_t t = 0; t < p->n_live; t++) in[t] = x + p->w.live[t] * ldx;
    DenseJob j = {.p = p, .parts = parts, .n_parts = n_parts, .in = {.n = n_parts, .x = in, .n_groups = 1}};
    size_t n = 0;
    for (size_t i = 0; i < n_parts; i++) {
        j.in.m[i] = parts[i].m;
        size_t step = cpu_step(p->c, parts[i].m);
        j.items[i] = n, n += (parts[i].m->rows + step - 1) / step;
    }
    cpu_quantise(p, j.in.m, n_parts, in, p->n_live);
    cpu_lora_inputs(p, &j.in);
    cpu_run(p, n, cpu_step(p->c, parts[0].m) * parts[0].m->cols * p->n_live, dense_items, &j);
}
