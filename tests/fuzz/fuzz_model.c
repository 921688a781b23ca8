/* A whole checkpoint of small files through the public door: opening, the summary, and three tokens if it opens. */
#include "engine/base/file.h"
#include "engine/engine.h"
#include "tests/checkpoint_layouts.h"
#include "tests/fuzz/seeds.h"

enum { CONFIG, WEIGHTS, INDEX, SHARD, TOKENIZER, GGUF, PART1, PART2 };
static const char *const names[] = {"config.json",
                                    "model.safetensors",
                                    "model.safetensors.index.json",
                                    "model-00001.safetensors",
                                    "tokenizer.json",
                                    "model.gguf",
                                    "m-00001-of-00002.gguf",
                                    "m-00002-of-00002.gguf",
                                    NULL};

static void hf_seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    SeedFile c = seed_config(&s), w = seed_weights(&s), t = seed_tokenizer(&s);
    CkList l = ck_list(&s);
    Buf b, index;
    buf_init(&b, 1 << 24);
    fuzz_part_add(&b, CONFIG, c.p, c.n);
    fuzz_part_add(&b, TOKENIZER, t.p, t.n);
    fuzz_part_add(&b, WEIGHTS, w.p, w.n);
    give(ctx, "single", b.p, b.n);
    buf_clear(&b);
    buf_init(&index, 1 << 20);
    for (size_t i = 0; i < l.n; i++)
        buf_addf(&index, "%s\"%s\":\"model-00001.safetensors\"", i ? "," : "{\"weight_map\":{", l.p[i].name);
    buf_adds(&index, "}}");
    fuzz_part_add(&b, CONFIG, c.p, c.n);
    fuzz_part_add(&b, TOKENIZER, t.p, t.n);
    fuzz_part_add(&b, INDEX, index.p, index.n);
    fuzz_part_add(&b, SHARD, w.p, w.n);
    give(ctx, "sharded", b.p, b.n);
    buf_release(&b), buf_release(&index);
    free(c.p), free(w.p), free(t.p), free(l.p);
}

/* OpenAI's layout and GGUF, written to files by the makers of checkpoints and read back. */
static void more_seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    char path[300];
    Err err = ERR_INIT;
    Buf file, b;
    buf_init(&file, 1 << 24), buf_init(&b, 1 << 24);
    snprintf(path, sizeof path, "%s/model.gguf", fuzz_dir());
    fuzz_dir_clear();
    fuzz_must(ck_write_gguf(path, &s) && file_read(path, &file, &err), "a GGUF for a seed");
    fuzz_part_add(&b, GGUF, file.p, file.n);
    give(ctx, "gguf", b.p, b.n);
    fuzz_dir_clear();
    buf_clear(&b);
    fuzz_must(ck_write_openai(fuzz_dir(), &s), "a checkpoint in OpenAI's layout for a seed");
    static const int parts[] = {CONFIG, WEIGHTS};
    for (int i = 0; i < 2; i++) {
        buf_clear(&file);
        snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[parts[i]]);
        fuzz_must(file_read(path, &file, &err), "the file of a seed");
        fuzz_part_add(&b, parts[i], file.p, file.n);
    }
    SeedFile t = seed_tokenizer(&s);
    fuzz_part_add(&b, TOKENIZER, t.p, t.n);
    give(ctx, "openai", b.p, b.n);
    free(t.p);
    buf_release(&file), buf_release(&b);
}

static void seeds(FuzzGive *give, void *ctx) {
    hf_seeds(give, ctx);
    more_seeds(give, ctx);
}

static bool see(void *ctx, size_t position, const float *logits, Err *err) {
    (void)position, (void)err;
    *(float *)ctx += logits[0];
    return true;
}

/* A GGUF if there is one, else the folder. */
static const char *pick(void) {
    static char path[300];
    for (int i = GGUF; i <= PART1; i++) {
        snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[i]);
        if (file_exists(path)) return path;
    }
    return fuzz_dir();
}

static bool run(const uint8_t *p, size_t n) {
    Engine *e;
    Err err = ERR_INIT;
    fuzz_dir_parts(p, n);
    const char *file = pick();
    EngineOptions o = {.spec = file, .threads = 1, .batch = 1, .context = 3, .no_digest = true};
    if (!engine_open(&o, &e, &err)) return fuzz_refused(&err);
    const EngineInfo *info = engine_info(e);
    float sum = 0;
    const uint32_t ids[3] = {0, (uint32_t)info->vocab_size - 1, (uint32_t)info->vocab_size / 2};
    fuzz_must(info->vocab_size > 0 && info->summary_json && info->weight_bytes < n, "what it says of itself");
    if (!engine_logits(e, ids, 3, true, see, &sum, &err)) fuzz_refused(&err);
    engine_close(e);
    return true;
}

const FuzzTarget fuzz_target = {"model", FUZZ_PARTS, names, 300, seeds, run};
