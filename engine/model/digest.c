/* The content digest of a checkpoint: model.h says over what. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/pool.h"
#include "engine/model/model_internal.h"

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

/* The files of one folder, in the order of their names; those of `texts` that are there, and the n first of `all`,
 * which has room for them behind. */
static bool digest_folder(Sha256 *h, Pool *pool, Arena *a, const char *dir, const char *const *texts, size_t n_texts,
                          Named *all, size_t n, Err *err) {
    FileMap maps[4] = {{0}};
    bool ok = true;
    BUG_ON(n_texts > sizeof maps / sizeof *maps);
    for (size_t i = 0; ok && i < n_texts; i++) {
        const char *path = path_join(a, dir, texts[i]);
        if (!path)
            ok = err_nomem(err);
        else if (file_exists(path) && (ok = file_map(path, &maps[i], err)))
            all[n++] = (Named){texts[i], maps[i]};
    }
    if (ok) qsort(all, n, sizeof *all, by_file_name);
    for (size_t i = 0; ok && i < n; i++) ok = digest_add(h, pool, all[i].name, all[i].map, err);
    for (size_t i = 0; i < n_texts; i++) file_unmap(&maps[i]);
    return ok;
}

/* A tokenizer from elsewhere: a file, or the tokenizer.json of a folder. */
static bool digest_tokenizer(Sha256 *h, Pool *pool, Arena *a, const char *path, Err *err) {
    FileMap map;
    if (file_is_dir(path)) path = path_join(a, path, "tokenizer.json");
    if (!path) return err_nomem(err);
    if (!file_map(path, &map, err)) return false;
    bool ok = digest_add(h, pool, "+tokenizer", map, err);
    file_unmap(&map);
    return ok;
}

static bool digest_lora(Sha256 *h, Pool *pool, Arena *a, const char *dir, Err *err) {
    static const char *const texts[] = {"adapter_config.json", "adapter_model.safetensors"};
    Named all[2];
    sha256_add_field(h, STR("+lora"));
    return digest_folder(h, pool, a, dir, texts, 2, all, 0, err);
}

static bool digest_all(const Model *m, Sha256 *h, Pool *pool, Arena *a, Err *err) {
    static const char *const texts[] = {"config.json", "tokenizer.json"};
    const ModelSource *src = &m->files->source;
    size_t n = m->n_files, n_texts = m->files->files[0].gguf ? 0 : 2;
    Named *all = arena_array(a, n + 2, sizeof *all);
    if (!all) return err_nomem(err);
    for (size_t i = 0; i < n; i++) all[i] = (Named){m->files->files[i].name, m->files->files[i].map};
    bool ok = digest_folder(h, pool, a, m->dir, texts, n_texts, all, n, err);
    if (ok && src->tokenizer) ok = digest_tokenizer(h, pool, a, src->tokenizer, err);
    for (size_t i = 0; ok && i < src->n_loras; i++) ok = digest_lora(h, pool, a, src->loras[i], err);
    return ok;
}

bool model_digest(const Model *m, Pool *pool, char out[65], Err *err) {
    unsigned char digest[32];
    Sha256 h;
    Arena *a = arena_open(0);
    sha256_init(&h);
    bool ok = a ? digest_all(m, &h, pool, a, err) : err_nomem(err);
    sha256_end(&h, digest);
    if (ok) sha256_hex(digest, out);
    arena_close(a);
    return ok;
}
