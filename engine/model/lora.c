/* LoRA adapters in PEFT's format, kept beside the weights. What trainers of gpt-oss write:
 *
 *   PEFT 0.17 to 0.20, whose source was read and whose arithmetic was run (tests/golden/lora): see lora_names.c for the
 *   names and lora_bind.c for the shapes. Trainers built on PEFT save through it.
 *   Unsloth, by its published source: PEFT's files, with two differences: lora_B of fused experts (LoraOrder), and on
 *   top of bitsandbytes one linear per expert, in which rows of gate_up_projs are interleaved like the base model's. */
#include <math.h>
#include <string.h>

#include "engine/model/lora_internal.h"

#define CONFIG_NAME "adapter_config.json"
#define WEIGHTS_NAME "adapter_model.safetensors"
enum { CONFIG_MAX = 4 << 20 };

static bool find(Adapter *ad, const char *name, bool *there, Err *err) {
    const char *path = path_join(ad->files.arena, ad->dir, name);
    if (!path) return err_nomem(err);
    *there = file_exists(path);
    return true;
}

static bool check_weights(Adapter *ad, Err *err) {
    bool there = false, pickle = false, index = false;
    if (!find(ad, WEIGHTS_NAME, &there, err) || !find(ad, "adapter_model.bin", &pickle, err) ||
        !find(ad, WEIGHTS_NAME ".index.json", &index, err))
        return false;
    if (there) return true;
    if (pickle)
        return err_set(
            err, ERR_INPUT,
            "adapter_model.bin is a Python pickle, which can run any program when it is read; save the adapter "
            "with safe_serialization=True to get " WEIGHTS_NAME);
    if (index) return err_set(err, ERR_INPUT, "it is cut into several files; one " WEIGHTS_NAME " was expected");
    return err_set(err, ERR_INPUT, "there is no " WEIGHTS_NAME " in it");
}

static bool read_config(Adapter *ad, Err *err) {
    const char *path = path_join(ad->files.arena, ad->dir, CONFIG_NAME);
    Buf text;
    if (!path) return err_nomem(err);
    if (!file_exists(path))
        return err_set(err, ERR_INPUT, "there is no " CONFIG_NAME " in it: a folder as PEFT saves it was expected");
    buf_init(&text, CONFIG_MAX);
    bool ok = dir_check_inside(ad->dir, path, CONFIG_NAME, err) && file_read(path, &text, err) &&
              (lora_config_parse(buf_str(&text), ad->files.arena, &ad->config, err) || err_wrap(err, CONFIG_NAME));
    ad->bytes += text.n;
    buf_release(&text);
    return ok;
}

static size_t slot(const Model *m, const LoraName *n) {
    if (n->expert < 0) return n->place;
    return LORA_PLACES + (n->place == LORA_DOWN_OF ? (size_t)m->config.n_experts : 0) + (size_t)n->expert;
}

/* Every tensor finds its place, and no place is taken twice. */
static bool sort_tensors(const Model *m, Adapter *ad, Err *err) {
    ad->per_layer = LORA_PLACES + 2 * (size_t)m->config.n_experts;
    ad->pairs = arena_array(ad->files.arena, (size_t)m->config.n_layers * ad->per_layer, sizeof *ad->pairs);
    if (!ad->pairs) return err_nomem(err);
    if (ad->files.n_tensors == 0) return err_set(err, ERR_INPUT, WEIGHTS_NAME " holds no tensors");
    for (size_t i = 0; i < ad->files.n_tensors; i++) {
        const Tensor *t = &ad->files.tensors[i];
        LoraName n;
        if (!lora_name_parse(t, &m->config, &n, err)) return false;
        LoraPair *p = &ad->pairs[(size_t)n.layer * ad->per_layer + slot(m, &n)];
        const Tensor **at = n.is_b ? &p->b : &p->a;
        if (*at)
            return err_set(err, ERR_INPUT, "%s: tensors '%.120s' and '%.120s' adapt the same matrix", t->file,
                           (*at)->name, t->name);
        *at = t;
        p->module = n.module;
        ad->bytes += t->bytes;
    }
    return true;
}

static Str last_part(Str s) {
    while (s.n && s.p[s.n - 1] == '/') s.n--;
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/') return str_sub(s, i, s.n);
    return s;
}

/* Names prove nothing, so a mismatch is only said: neither is the base's path in the name, nor the name in the path. */
static void check_base(Model *m, const Adapter *ad) {
    Str path = str_from(m->files->source.path), base = ad->config.base;
    if (!base.n || str_find(path, last_part(base), 0) < path.n || str_find(base, last_part(path), 0) < base.n) return;
    Str adapter = last_part(str_from(ad->dir)), own = last_part(path); /* no folder: reports show warnings */
    model_warn(m, "the adapter %.*s says that it was trained on '%.150s'; make sure that %.*s is that model",
               (int)(adapter.n < 150 ? adapter.n : 150), adapter.p, base.p, (int)(own.n < 150 ? own.n : 150), own.p);
}

static bool open_adapter(Model *m, Adapter *ad, Err *err) {
    if (!file_is_dir(ad->dir)) return err_set(err, ERR_INPUT, "there is no such folder");
    ad->files.arena = arena_open(0);
    if (!ad->files.arena) return err_nomem(err);
    return read_config(ad, err) && check_weights(ad, err) && dir_open_file(&ad->files, ad->dir, WEIGHTS_NAME, err) &&
           sort_tensors(m, ad, err) && lora_bind(m, ad, err);
}

/* The list owns the adapter from the start, so that model_close takes it whatever happens. */
bool lora_add(Model *m, const char *dir, Err *err) {
    Adapter **at = &m->adapters, *ad = mem_alloc(sizeof *ad);
    if (!ad) return err_nomem(err);
    while (*at) at = &(*at)->next;
    *at = ad;
    ad->dir = mem_strdup(dir);
    bool ok = (ad->dir ? open_adapter(m, ad, err) : err_nomem(err)) || err_wrap(err, "adapter %.150s", dir);
    if (ok) check_base(m, ad);
    return ok;
}

void lora_close(Model *m) {
    for (Adapter *ad = m->adapters, *next; ad; ad = next) {
        next = ad->next;
        dir_close(&ad->files);
        mem_free((void *)(uintptr_t)ad->dir);
        mem_free(ad);
    }
    m->adapters = NULL;
}

/* ---- sizes ---- */

static uint64_t pair_bytes(const LoraPair *p) {
    return (p->a ? p->a->bytes : 0) + (p->b ? p->b->bytes : 0);
}

uint64_t lora_bytes(const Model *m, bool one_token) {
    uint64_t sum = 0, k = (uint64_t)m->config.experts_per_token, e = (uint64_t)m->config.n_experts;
    for (const Adapter *ad = m->adapters; ad; ad = ad->next)
        for (size_t i = 0; i < (size_t)m->config.n_layers; i++) {
            uint64_t dense = 0, experts = 0;
            for (size_t place = 0; place < ad->per_layer; place++) {
                uint64_t n = pair_bytes(&ad->pairs[i * ad->per_layer + place]);
                *(place < LORA_OUTER ? &dense : &experts) += n;
            }
            sum += dense + (one_token ? experts / e * k : experts);
        }
    return sum;
}

/* ---- summary ---- */

static void put_range(JsonOut *o, const char *key, double low, double high) {
    json_out_key(o, key);
    if (low == high) {
        json_out_num(o, low);
        return;
    }
    json_arr(o);
    json_out_num(o, low);
    json_out_num(o, high);
    json_arr_end(o);
}

static void put_targets(JsonOut *o, const Adapter *ad) {
    static const char *const names[] = {"q_proj",       "k_proj",    "v_proj",        "o_proj",    "router",
                                        "gate_up_proj", "down_proj", "gate_up_projs", "down_projs"};
    json_out_key(o, "targets");
    json_obj(o);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!ad->counts[i]) continue;
        json_out_key(o, names[i]);
        json_out_int(o, (int64_t)ad->counts[i]);
    }
    json_obj_end(o);
}

static void put_text(JsonOut *o, const char *key, Str s) {
    if (!s.p) return;
    json_out_key(o, key);
    json_out_str(o, s);
}

static void put_adapter(JsonOut *o, const Adapter *ad) {
    json_obj(o);
    put_text(o, "name", last_part(str_from(ad->dir)));
    put_range(o, "rank", ad->rank_min, ad->rank_max);
    json_out_key(o, "alpha");
    json_out_num(o, ad->config.alpha);
    json_out_key(o, "rslora");
    json_out_bool(o, ad->config.rslora);
    put_range(o, "scale", ad->scale_min, ad->scale_max);
    put_targets(o, ad);
    json_out_key(o, "bytes");
    json_out_u64(o, ad->bytes);
    put_text(o, "base_model", ad->config.base);
    put_text(o, "peft_version", ad->config.peft_version);
    if (ad->read_as != LORA_ORDER_UNSAID)
        put_text(o, "lora_B_layout", ad->read_as == LORA_RANK_MAJOR ? STR("rank_major") : STR("grouped_by_expert"));
    json_obj_end(o);
}

void lora_put(const Model *m, JsonOut *o) {
    if (!m->adapters) return;
    json_out_key(o, "adapters");
    json_arr(o);
    for (const Adapter *ad = m->adapters; ad; ad = ad->next) put_adapter(o, ad);
    json_arr_end(o);
}
