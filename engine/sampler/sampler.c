#include "engine/sampler/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

typedef struct Candidate {
    double w;
    float logit;
    uint32_t id;
} Candidate;

struct Sampler {
    size_t vocab;
    double *w;       /* [vocab, rounded up to BLOCK] */
    Candidate *best; /* [vocab] */
};

uint64_t sampler_bytes(size_t vocab) {
    return (uint64_t)vocab * (sizeof(double) + sizeof(Candidate));
}

bool sampler_open(size_t vocab, Sampler **out, Err *err) {
    *out = NULL;
    size_t a, b;
    Sampler *s = mem_alloc(sizeof *s);
    if (!s) return err_nomem(err);
    s->vocab = vocab;
    if (size_mul(vocab + 64, sizeof *s->w, &a) && size_mul(vocab, sizeof *s->best, &b))
        s->w = mem_alloc(a), s->best = mem_alloc(b);
    if (!s->w || !s->best) {
        sampler_close(s);
        return err_nomem(err);
    }
    *out = s;
    return true;
}

void sampler_close(Sampler *s) {
    if (!s) return;
    mem_free(s->w);
    mem_free(s->best);
    mem_free(s);
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c[0] * 0xD2511F53u, p1 = (uint64_t)c[2] * 0xCD9E8D57u;
        uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k[1],
                            (uint32_t)p0};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

static double uniform(uint64_t seed, uint64_t position) {
    uint32_t x[4], key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    philox4x32((uint32_t[]){(uint32_t)position, (uint32_t)(position >> 32), 0, 0}, key, x);
    return (double)((uint64_t)x[0] << 21 | x[1] >> 11) * 0x1p-53;
}

enum { BLOCK = 64 };

/* exp of BLOCK numbers <= 0, in place; 0 below -60. Plain IEEE operations in a fixed order, so that neither the C
 * library's version nor the processor can change a draw: x = n ln 2 + r, Taylor series to r^13 (remainder below 5e-18).
 * n comes from adding 1.5 * 2^52, after which the low bits of the sum are n. No branches: compilers vectorise it. */
static void exp_block(double x[BLOCK]) {
    const double magic = 6755399441055744.0;
    for (int i = 0; i < BLOCK; i++) {
        double t = x[i] * 1.4426950408889634 + magic, n = t - magic, scale;
        double r = (x[i] - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
        double p = 1.0 / 6227020800;
        p = p * r + 1.0 / 479001600;
        p = p * r + 1.0 / 39916800;
        p = p * r + 1.0 / 3628800;
        p = p * r + 1.0 / 362880;
        p = p * r + 1.0 / 40320;
        p = p * r + 1.0 / 5040;
        p = p * r + 1.0 / 720;
        p = p * r + 1.0 / 120;
        p = p * r + 1.0 / 24;
        p = p * r + 1.0 / 6;
        p = p * r + 0.5;
        p = p * r + 1.0;
        p = p * r + 1.0;
        uint64_t bits;
        memcpy(&bits, &t, sizeof bits);
        bits = (bits << 52) + ((uint64_t)1023 << 52);
        memcpy(&scale, &bits, sizeof scale);
        double e = p * scale;
        x[i] = x[i] < -60 ? 0 : e;
    }
}

/* w[i] = exp((l[i] - max) / temperature); returns their sum, added by id. w has room up to a multiple of BLOCK. */
static double exp_all(const float *l, size_t n, double max, double temperature, double *w) {
    double total = 0;
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t k = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < k; i++) w[at + i] = ((double)l[at + i] - max) / temperature;
        for (size_t i = k; i < BLOCK; i++) w[at + i] = 0;
        exp_block(w + at);
        for (size_t i = 0; i < k; i++) total += w[at + i];
    }
    return total;
}

/* The index of the largest; false if one is not finite. */
static bool largest(const float *l, size_t n, uint32_t *id) {
    size_t best = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite &= fabsf(l[i]) <= 3.402823466e38f;
        if (l[i] > l[best]) best = i;
    }
    *id = (uint32_t)best;
    return finite;
}

static int better_first(const void *a, const void *b) {
    const Candidate *x = a, *y = b;
    if (x->logit != y->logit) return x->logit > y->logit ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* The tokens of the nucleus in order, and the sum of their weights. Sorting the whole vocabulary would be slow, so
 * candidates come in by falling thresholds until they must contain the nucleus. */
static size_t nucleus(Sampler *s, const float *l, double target, double *sum) {
    size_t n = 0, kept = 0;
    double running = 0;
    for (double least = 0x1p-6;; least = least > 1e-20 ? least * 0x1p-10 : 0) {
        double mass = 0;
        n = 0;
        for (size_t i = 0; i < s->vocab; i++)
            if (s->w[i] >= least) s->best[n++] = (Candidate){s->w[i], l[i], (uint32_t)i}, mass += s->w[i];
        if (mass > target * (1 + 1e-9) || least == 0) break;
    }
    qsort(s->best, n, sizeof *s->best, better_first);
    while (kept < n && running < target) running += s->best[kept++].w;
    *sum = running;
    return kept;
}

static uint32_t draw_by_id(const Sampler *s, double target) {
    double running = 0;
    size_t last = 0;
    for (size_t i = 0; i < s->vocab; i++) {
        if (s->w[i] == 0) continue;
        running += s->w[i];
        last = i;
        if (running > target) break;
    }
    return (uint32_t)last;
}

static uint32_t draw_from_nucleus(const Sampler *s, size_t n, double target) {
    double running = 0;
    size_t i = 0;
    for (; i + 1 < n; i++)
        if ((running += s->best[i].w) > target) break;
    return s->best[i].id;
}

bool sampler_pick(Sampler *s, const float *logits, const SamplerOptions *o, uint64_t position, uint32_t *id) {
    uint32_t best;
    if (!largest(logits, s->vocab, &best)) return false;
    *id = best;
    if (!(o->temperature > 0)) return true;
    double u = uniform(o->seed, position);
    double total = exp_all(logits, s->vocab, (double)logits[best], o->temperature, s->w);
    if (o->top_p >= 1) {
        *id = draw_by_id(s, u * total);
        return true;
    }
    double sum;
    size_t n = nucleus(s, logits, o->top_p * total, &sum);
    *id = draw_from_nucleus(s, n, u * sum);
    return true;
}

bool sampler_logprob(Sampler *s, const float *logits, uint32_t id, double *logprob, bool *is_greedy) {
    uint32_t best;
    if (!largest(logits, s->vocab, &best)) return false;
    double max = (double)logits[best], sum = exp_all(logits, s->vocab, max, 1, s->w);
    *logprob = (double)logits[id] - max - log(sum);
    *is_greedy = best == id;
    return true;
}
