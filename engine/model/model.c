#include "engine/model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/pool.h"
#include "engine/model/model_internal.h"

const char *weight_type_name(WeightType t) {
    static const char *const names[] = {
#define X(id, name) name,
        WEIGHT_TYPE_MAP(X)
#undef X
    };
    return names[t];
}

WeightBlock weight_block(WeightType t) {
    static const WeightBlock blocks[WEIGHT_TYPES] = {
        [WEIGHT_F32] = {1, 4},      [WEIGHT_F16] = {1, 2},          [WEIGHT_BF16] = {1, 2},
        [WEIGHT_MXFP4] = {32, 16},  [WEIGHT_Q8_0] = {32, 34},       [WEIGHT_Q4_0] = {32, 18},
        [WEIGHT_Q4_1] = {32, 20},   [WEIGHT_MXFP4_GGML] = {32, 17}, [WEIGHT_Q5_0] = {32, 22},
        [WEIGHT_Q5_1] = {32, 24},   [WEIGHT_Q2_K] = {256, 84},      [WEIGHT_IQ4_NL] = {32, 18},
        [WEIGHT_Q4_K] = {256, 144}, [WEIGHT_Q5_K] = {256, 176},     [WEIGHT_Q6_K] = {256, 210},
        [WEIGHT_Q3_K] = {256, 110}, [WEIGHT_IQ4_XS] = {256, 136},
    };
    return blocks[t];
}

static float half_to_float(uint16_t h) {
    int exponent = h >> 10 & 31;
    float mantissa = (float)(h & 1023), v;
    if (exponent == 0)
        v = ldexpf(mantissa, -24);
    else if (exponent == 31)
        v = h & 1023 ? NAN : INFINITY;
    else
        v = ldexpf(mantissa + 1024, exponent - 25);
    return h & 0x8000 ? -v : v;
}

float vec_get(const Vec *v, size_t i) {
    const unsigned char *p = v->data + i * v->stride;
    uint32_t bits;
    float f;
    if (v->type == WEIGHT_F16) return half_to_float((uint16_t)(p[0] | p[1] << 8));
    if (v->type == WEIGHT_BF16)
        bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 24;
    else
        bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool missing(const char *dir, Err *err) {
    if (file_exists(dir) && !file_is_dir(dir))
        return err_set(
            err, ERR_INPUT,
            "the model %.200s is a file; this version reads folders in the Hugging Face layout only, no GGUF", dir);
    return err_set(err, ERR_INPUT,
                   "there is no model at %.200s: a folder with config.json, tokenizer.json and model*.safetensors was "
                   "expected, e.g. a "
                   "download of openai/gpt-oss-20b from Hugging Face, or one of this repository's demo models",
                   dir);
}

static bool load(Model *m, Err *err) {
    Arena *a = arena_open(0);
    const char *config = a ? path_join(a, m->dir, "config.json") : NULL;
    bool ok = config || err_nomem(err);
    if (ok && !file_exists(config)) ok = missing(m->dir, err);
    ok = ok && model_config_load(config, &m->config, err);
    arena_close(a);
    if (!ok || !dir_open(m->files, m->dir, err)) return false;
    m->layers = mem_alloc((size_t)m->config.n_layers * sizeof *m->layers);
    if (!m->layers) return err_nomem(err);
    m->layout = "huggingface";
    m->n_tensors = m->files->n_tensors;
    m->n_files = m->files->n_files;
    for (size_t i = 0; i < m->n_tensors; i++) m->weight_bytes += m->files->tensors[i].bytes;
    return hf_bind(m, err);
}

bool model_open(const char *dir, Model **out, Err *err) {
    *out = NULL;
    if (!file_is_dir(dir)) return missing(dir, err);
    Model *m = mem_alloc(sizeof *m);
    if (!m) return err_nomem(err);
    m->files = mem_alloc(sizeof *m->files);
    m->dir = mem_strdup(dir);
    bool ok = m->files && m->dir ? load(m, err) || err_wrap(err, "model %.150s", dir) : err_nomem(err);
    if (!ok) {
        model_close(m);
        return false;
    }
    *out = m;
    return true;
}

void model_close(Model *m) {
    if (!m) return;
    if (m->files) dir_close(m->files);
    mem_free(m->files);
    mem_free((void *)(uintptr_t)m->dir);
    mem_free(m->layers);
    mem_free(m);
}

/* ---- digest ---- */

#define DIGEST_CHUNK (16u << 20)

typedef struct DigestJob {
    const unsigned char *p;
    size_t n;
    unsigned char (*out)[32]; /* one per chunk */
} DigestJob;

static void digest_chunks(void *ctx, size_t begin, size_t end, int worker) {
    DigestJob *j = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        size_t at = i * DIGEST_CHUNK, n = j->n - at < DIGEST_CHUNK ? j->n - at : DIGEST_CHUNK;
        Sha256 h;
        sha256_init(&h);
        sha256_add(&h, j->p + at, n);
        sha256_end(&h, j->out[i]);
    }
}

static bool digest_add(Sha256 *h, Pool *pool, const char *name, FileMap map, Err *err) {
    size_t chunks = (map.n + DIGEST_CHUNK - 1) / DIGEST_CHUNK;
    DigestJob job = {map.p, map.n, mem_alloc(chunks * 32)};
    if (!job.out) return err_nomem(err);
    pool_run(pool, chunks, 1, digest_chunks, &job);
    sha256_add_field(h, str_from(name));
    sha256_add_field(h, (Str){(const char *)job.out, chunks * 32});
    mem_free(job.out);
    return true;
}

typedef struct Named {
    const char *name;
    FileMap map;
} Named;

static int by_file_name(const void *a, const void *b) {
    return strcmp(((const Named *)a)->name, ((const Named *)b)->name);
}

bool model_digest(const Model *m, Pool *pool, char out[65], Err *err) {
    static const char *const texts[] = {"config.json", "tokenizer.json"};
    unsigned char digest[32];
    Sha256 h;
    bool ok = true;
    size_t n = 0;
    Arena *a = arena_open(0);
    Named *all = a ? arena_array(a, m->n_files + 2, sizeof *all) : NULL;
    if (!all) ok = err_nomem(err);
    for (size_t i = 0; ok && i < m->n_files; i++) all[n++] = (Named){m->files->files[i].name, m->files->files[i].map};
    FileMap maps[2] = {{0}};
    for (int i = 0; ok && i < 2; i++) {
        const char *path = path_join(a, m->dir, texts[i]);
        if (!path)
            ok = err_nomem(err);
        else if (file_exists(path))
            ok = file_map(path, &maps[i], err);
        else
            continue;
        all[n++] = (Named){texts[i], maps[i]};
    }
    if (ok) qsort(all, n, sizeof *all, by_file_name);
    sha256_init(&h);
    for (size_t i = 0; ok && i < n; i++) ok = digest_add(&h, pool, all[i].name, all[i].map, err);
    sha256_end(&h, digest);
    if (ok) sha256_hex(digest, out);
    for (int i = 0; i < 2; i++) file_unmap(&maps[i]);
    arena_close(a);
    return ok;
}

/* ---- summary ---- */

static uint64_t row_bytes(const Matrix *m) {
    WeightBlock b = weight_block(m->type);
    return m->cols / b.cols * (b.bytes + (m->type == WEIGHT_MXFP4));
}

uint64_t model_active_bytes(const Model *m) {
    uint64_t sum = m->unembed.rows * row_bytes(&m->unembed), k = (uint64_t)m->config.experts_per_token,
             e = (uint64_t)m->config.n_experts;
    for (int i = 0; i < m->config.n_layers; i++) {
        const ModelLayer *l = &m->layers[i];
        const Matrix *dense[] = {&l->q, &l->k, &l->v, &l->o, &l->router}, *moe[] = {&l->gate, &l->up, &l->down};
        for (size_t j = 0; j < sizeof dense / sizeof *dense; j++) sum += dense[j]->rows * row_bytes(dense[j]);
        for (size_t j = 0; j < sizeof moe / sizeof *moe; j++) sum += moe[j]->rows / e * k * row_bytes(moe[j]);
    }
    return sum;
}

static void put_types(JsonOut *o, const Model *m) {
    const ModelLayer *l = &m->layers[0];
    const struct {
        const char *key;
        WeightType t;
    } types[] = {{"embedding", m->embed.type}, {"lm_head", m->unembed.type}, {"attention", l->q.type},
                 {"router", l->router.type},   {"experts", l->gate.type},    {"norms", m->final_norm.type}};
    json_out_key(o, "dtypes");
    json_obj(o);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        json_out_key(o, types[i].key);
        json_out_cstr(o, weight_type_name(types[i].t));
    }
    json_obj_end(o);
}

static void put_int(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void put_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

static int64_t count_sliding(const ModelConfig *c) {
    int64_t n = 0;
    for (int i = 0; i < c->n_layers; i++) n += c->sliding[i];
    return n;
}

void model_summary(const Model *m, Buf *out) {
    const ModelConfig *c = &m->config;
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "layout");
    json_out_cstr(&o, m->layout);
    put_int(&o, "layers", c->n_layers);
    put_int(&o, "sliding_layers", count_sliding(c));
    put_int(&o, "hidden", c->hidden);
    put_int(&o, "heads", c->n_heads);
    put_int(&o, "kv_heads", c->n_kv_heads);
    put_int(&o, "head_dim", c->head_dim);
    put_int(&o, "experts", c->n_experts);
    put_int(&o, "experts_per_token", c->experts_per_token);
    put_int(&o, "expert_width", c->expert_width);
    put_int(&o, "vocab", c->vocab);
    put_int(&o, "window", c->window);
    put_int(&o, "context", c->context);
    put_num(&o, "rope_theta", c->rope_theta);
    put_num(&o, "yarn_factor", c->yarn_factor);
    put_num(&o, "yarn_original_context", c->yarn_context);
    put_num(&o, "swiglu_limit", c->swiglu_limit);
    put_int(&o, "tensors", (int64_t)m->n_tensors);
    put_int(&o, "files", (int64_t)m->n_files);
    json_out_key(&o, "weight_bytes");
    json_out_u64(&o, m->weight_bytes);
    json_out_key(&o, "parameters");
    json_out_u64(&o, m->n_params);
    put_types(&o, m);
    json_obj_end(&o);
}
