/* A whole checkpoint of small files through the public door: opening, the summary, and three tokens if it opens. */
#include "engine/engine.h"
#include "tests/fuzz/seeds.h"

enum { CONFIG, WEIGHTS, INDEX, SHARD, TOKENIZER };
static const char *const names[] = {
    "config.json", "model.safetensors", "model.safetensors.index.json", "model-00001.safetensors", "tokenizer.json",
    NULL};

static void seeds(FuzzGive *give, void *ctx) {
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

static bool see(void *ctx, size_t position, const float *logits, Err *err) {
    (void)position, (void)err;
    *(float *)ctx += logits[0];
    return true;
}

static bool run(const uint8_t *p, size_t n) {
    Engine *e;
    Err err = ERR_INIT;
    EngineOptions o = {.spec = fuzz_dir(), .threads = 1, .batch = 1, .context = 3, .no_digest = true};
    fuzz_dir_parts(p, n);
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
