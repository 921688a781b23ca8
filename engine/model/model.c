#include "engine/model/model.h"

#include <dirent.h>
#include <math.h>
#include <string.h>

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

/* ---- what kind of checkpoint a path is ---- */

typedef struct Layout {
    const char *name;
    bool (*config)(const char *path, ModelConfig *out, Err *err); /* folders */
    bool (*bind)(Model *m, Err *err);
} Layout;

static const Layout huggingface = {"huggingface", model_config_load, hf_bind};
static const Layout openai = {"openai", config_openai_load, openai_bind};
static const Layout gguf = {"gguf", NULL, gguf_bind};

static bool nothing_there(const char *path, Err *err) {
    return err_set(err, ERR_INPUT,
                   "there is no model at %.200s: a folder with config.json, tokenizer.json and model*.safetensors or a "
                   ".gguf file was expected, e.g. a download of openai/gpt-oss-20b from Hugging Face, or one of this "
                   "repository's demo models",
                   path);
}

/* Some file of the folder that ends so; NULL: none. */
static const char *file_ending_in(Arena *a, const char *dir, const char *end) {
    const char *found = NULL;
    DIR *list = opendir(dir);
    for (struct dirent *e; list && (e = readdir(list));)
        if (str_ends(str_from(e->d_name), str_from(end)) && (!found || strcmp(e->d_name, found) < 0))
            found = arena_strdup(a, e->d_name);
    if (list) closedir(list);
    return found;
}

/* The folder has no config.json, or no weights that go with it: says where they may be. */
static bool look_around(Arena *a, const char *dir, Err *err) {
    const char *original = path_join(a, dir, "original"), *file = file_ending_in(a, dir, ".gguf");
    const char *config = original ? path_join(a, original, "config.json") : NULL;
    if (!config) return err_nomem(err);
    if (file)
        return err_set(err, ERR_INPUT, "%.200s holds GGUF files; give one of them, e.g. %.200s/%.100s", dir, dir, file);
    if (file_exists(config) && file_ending_in(a, original, ".safetensors"))
        return err_set(err, ERR_INPUT,
                       "%.150s has its weights in OpenAI's original layout below it; give "
                       "%.150s/original+tokenizer=%.150s",
                       dir, dir, dir);
    return nothing_there(dir, err);
}

/* OpenAI's own config.json has no model_type, and rope_ntk_alpha, which Hugging Face's has not. */
static bool which_folder(const char *config, const Layout **out, Err *err) {
    Buf text;
    Json *j = NULL;
    buf_init(&text, 16u << 20);
    bool ok = file_read(config, &text, err) && (json_parse(buf_str(&text), &j, err) || err_wrap(err, "%.200s", config));
    if (ok) *out = !json_get(j, "model_type") && json_get(j, "rope_ntk_alpha") ? &openai : &huggingface;
    json_close(j);
    buf_release(&text);
    return ok;
}

static bool open_folder(Model *m, const char *dir, const Layout **out, Err *err) {
    Arena *a = m->files->arena;
    const char *config = path_join(a, dir, "config.json"), *tokenizer = path_join(a, dir, "tokenizer.json");
    const char *one = path_join(a, dir, "model.safetensors"),
               *index = path_join(a, dir, "model.safetensors.index.json");
    m->dir = arena_strdup(a, dir);
    if (!config || !tokenizer || !one || !index || !m->dir) return err_nomem(err);
    if (!file_exists(config)) return look_around(a, dir, err);
    if (!which_folder(config, out, err)) return false;
    if (*out == &huggingface && !file_exists(one) && !file_exists(index)) {
        Err hint = ERR_INIT;
        if (!look_around(a, dir, &hint) && !strstr(hint.msg, "there is no model")) return *err = hint, false;
    }
    m->has_tokenizer = file_exists(tokenizer);
    return (*out)->config(config, &m->config, err) && dir_open(m->files, dir, *out == &openai, err);
}

static bool open_gguf(Model *m, const char *path, const Layout **out, Err *err) {
    *out = &gguf;
    m->dir = path_dirname(m->files->arena, path);
    if (!m->dir) return err_nomem(err);
    if (!gguf_files_open(m->files, path, err) || !config_gguf(m->files, &m->config, err)) return false;
    m->has_tokenizer = gguf_find(m->files->files[0].gguf, "tokenizer.ggml.tokens") != NULL;
    return true;
}

static bool starts_with_gguf(const char *path, bool *yes, Err *err) {
    FileMap f;
    if (!file_map(path, &f, err)) return false;
    *yes = f.n >= 4 && memcmp(f.p, "GGUF", 4) == 0;
    file_unmap(&f);
    return true;
}

static bool open_path(Model *m, const char *path, const Layout **out, Err *err) {
    bool yes = false;
    if (!file_exists(path)) return nothing_there(path, err);
    if (file_is_dir(path)) return open_folder(m, path, out, err);
    if (!starts_with_gguf(path, &yes, err)) return false;
    if (yes || str_ends(str_from(path), STR(".gguf"))) return open_gguf(m, path, out, err);
    return err_set(err, ERR_INPUT,
                   "the model %.200s is a file but no GGUF; for safetensors give the folder that it is in", path);
}

/* ---- opening ---- */

static bool load(Model *m, Err *err) {
    const Layout *layout = NULL;
    ModelFiles *d = m->files;
    if (!open_path(m, d->source.path, &layout, err)) return false;
    m->layers = mem_alloc((size_t)m->config.n_layers * sizeof *m->layers);
    if (!m->layers) return err_nomem(err);
    m->layout = layout->name;
    m->n_tensors = d->n_tensors;
    m->n_files = d->n_files;
    for (size_t i = 0; i < m->n_tensors; i++) m->weight_bytes += d->tensors[i].bytes;
    if (!layout->bind(m, err)) return false;
    model_check_unusual(m);
    for (size_t i = 0; i < d->source.n_loras; i++)
        if (!lora_add(m, d->source.loras[i], err)) return false;
    return !d->no_memory || err_nomem(err);
}

bool model_open(const ModelSource *src, Model **out, Err *err) {
    *out = NULL;
    Model *m = mem_alloc(sizeof *m);
    if (!m) return err_nomem(err);
    m->files = mem_alloc(sizeof *m->files);
    bool ok = m->files && (m->files->arena = arena_open(0)) != NULL;
    if (!ok) err_nomem(err);
    if (ok) m->files->source = *src;
    if (ok) ok = load(m, err) || err_wrap(err, "model %.150s", src->path);
    if (ok)
        *out = m;
    else
        model_close(m);
    return ok;
}

void model_close(Model *m) {
    if (!m) return;
    lora_close(m);
    if (m->files) dir_close(m->files);
    mem_free(m->files);
    mem_free(m->warnings);
    mem_free(m->layers);
    mem_free(m);
}
