/* Precision int8 within the pass: activations rounded once per stage, strips of weights turned once per item. */
#include "engine/cpu/int8.h"

#include "engine/cpu/pass.h"

bool cpu_is_int8(const Cpu *c, const Matrix *m) {
    return c->int8 && int8_type(m->type);
}

typedef struct QuantiseJob {
    const Pass *p;
    const float *const *x;
    size_t cols;
    bool natural;
} QuantiseJob;

static void quantise_items(void *ctx, size_t begin, size_t end, int worker) {
    const QuantiseJob *j = ctx;
    const Cpu *c = j->p->c;
    (void)worker;
    for (size_t i = begin; i < end; i++) c->k.quantise(j->x[i], j->cols, j->natural, j->p->w.blocks + i * c->ld_blocks);
}

bool cpu_quantise(const Pass *p, const Matrix *const *m, size_t n_matrices, const float *const *x, size_t n) {
    const Matrix *first = NULL;
    for (size_t i = 0; i < n_matrices; i++) {
        if (!cpu_is_int8(p->c, m[i])) continue;
        if (!first) first = m[i];
        BUG_ON(int8_natural(m[i]->type) != int8_natural(first->type)); /* no file format holds both */
    }
    if (!first) return false;
    QuantiseJob j = {p, x, first->cols, int8_natural(first->type)};
    cpu_run(p, n, first->cols * 4, quantise_items, &j);
    for (size_t i = 0; i < n; i++) p->w.in8[i] = p->w.blocks + i * p->c->ld_blocks;
    return true;
}

void cpu_dot_strip(const Cpu *c, Scratch *s, const Rows *rows, size_t n_rows, const Int8Block *const *x, size_t n) {
    WeightRow w[INT8_ROWS];
    for (size_t r = 0; r < INT8_ROWS; r++) w[r] = rows->w[r < n_rows ? r : n_rows - 1];
    c->k.turn(rows->m->type, w, rows->m->cols, s->turned);
    c->k.dot_int8(rows->m->type, s->turned, rows->m->cols, x, n, s->dots8);
}

void cpu_strip_tile(Scratch *s, size_t first, size_t n_rows, size_t n) {
    for (size_t t = 0; t < n; t++)
        for (size_t r = 0; r < n_rows; r++) s->dots[t * CPU_TILE + r] = s->dots8[t * INT8_ROWS + first + r];
}
