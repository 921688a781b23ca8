/* A GGUF in several files. What opens is what its parts are, each opened alone: their tensors, byte for byte, and no
 * others; and it is the same by whichever part it is named. */
#include "engine/base/file.h"
#include "engine/engine.h"
#include "engine/model/model_internal.h"
#include "tests/fuzz/gguf_seed.h"
#include "tests/fuzz/seeds.h"

enum { OF_3 = 3, OF_2 = 2, N_NAMES = OF_3 + OF_2 };
static const char *const names[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf",
                                    "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", NULL};

/* ---- seeds: a whole file, cut ---- */

static void put_tensors(Buf *b, const Gguf *g, size_t from, size_t to) {
    char name[80];
    uint64_t at = 0;
    for (size_t i = from; i < to; i++) {
        const GgufTensor *t = gguf_tensor_at(g, i);
        snprintf(name, sizeof name, "%.*s", (int)t->name.n, t->name.p);
        gb_tensor(b, name, t->rank, t->dim, t->type, at);
        at += (t->bytes + 31) / 32 * 32;
    }
    for (size_t i = from; i < to; i++) {
        gb_pad(b, 32);
        buf_add(b, gguf_tensor_at(g, i)->data, gguf_tensor_at(g, i)->bytes);
    }
    gb_pad(b, 32);
}

/* Part `no` of `count`, from 0: its share of the tensors; the metadata stands in the first. */
static void put_part(Buf *b, const Gguf *g, size_t no, size_t count) {
    size_t n = gguf_n_tensors(g), from = n * no / count, to = n * (no + 1) / count;
    size_t n_values = no ? 0 : gguf_n_values(g);
    gb_head(b, to - from, n_values + 3);
    if (n_values) {
        const GgufValue *first = gguf_value_at(g, 0), *last = gguf_value_at(g, n_values - 1);
        const char *begin = first->key.p - 8;
        buf_add(b, begin, (size_t)((const char *)last->data + last->bytes - begin));
    }
    gb_key(b, "split.no", GGUF_U16), gb_int(b, no, 2);
    gb_key(b, "split.count", GGUF_U16), gb_int(b, count, 2);
    gb_key(b, "split.tensors.count", GGUF_I32), gb_int(b, n, 4);
    put_tensors(b, g, from, to);
}

static void give_cut(FuzzGive *give, void *ctx, const char *name, const Buf *file, size_t count) {
    Gguf *g;
    Err err = ERR_INIT;
    Buf part, all;
    fuzz_must(gguf_open((const unsigned char *)file->p, file->n, "seed", &g, &err), "a whole file for a seed");
    buf_init(&part, 1 << 22), buf_init(&all, 1 << 22);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&part);
        put_part(&part, g, i, count);
        fuzz_part_add(&all, (int)((count == OF_3 ? 0 : OF_3) + i), part.p, part.n);
    }
    fuzz_must(!part.failed && !all.failed, "no memory");
    give(ctx, name, all.p, all.n);
    buf_release(&part), buf_release(&all);
    gguf_close(g);
}

static void seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    char path[300];
    Err err = ERR_INIT;
    Buf file;
    buf_init(&file, 1 << 22);
    gguf_seed(&file);
    give_cut(give, ctx, "three", &file, OF_3);
    give_cut(give, ctx, "two", &file, OF_2);
    buf_clear(&file);
    snprintf(path, sizeof path, "%s/whole.gguf", fuzz_dir());
    fuzz_must(ck_write_gguf(path, &s) && file_read(path, &file, &err), "a model for a seed");
    give_cut(give, ctx, "model", &file, OF_3);
    buf_release(&file);
}

/* ---- checks ---- */

/* The tensors of one part, opened alone, are in the directory as they are. */
static size_t check_part(const ModelFiles *d, const WeightFile *f) {
    Gguf *g;
    Err err = ERR_INIT;
    fuzz_must(gguf_open(f->map.p, f->map.n, f->name, &g, &err), "a part of what opened does not open");
    size_t n = gguf_n_tensors(g);
    for (size_t i = 0; i < n; i++) {
        const GgufTensor *t = gguf_tensor_at(g, i);
        char name[80];
        snprintf(name, sizeof name, "%.*s", (int)t->name.n, t->name.p);
        const Tensor *in = dir_find(d, name);
        fuzz_must(in && in->is_ggml && in->ggml == t->type && in->rank == t->rank, "a tensor is lost or another");
        fuzz_must(in->data == t->data && in->bytes == t->bytes && in->file == f->name, "other bytes of a tensor");
        for (int k = 0; k < t->rank; k++) fuzz_must(in->shape[t->rank - 1 - k] == t->dim[k], "another shape");
    }
    gguf_close(g);
    return n;
}

static void check_files(const ModelFiles *d, size_t count) {
    size_t n = 0, bytes = 0, mapped = 0;
    unsigned sum = 0;
    fuzz_must(d->n_files == count, "another number of files");
    for (size_t i = 0; i < d->n_files; i++) {
        uint64_t no = UINT64_MAX, of = 0;
        Err err = ERR_INIT;
        n += check_part(d, &d->files[i]);
        mapped += d->files[i].map.n;
        fuzz_must(gguf_uint(d->files[i].gguf, "split.no", true, 0, 9, &no, &err) && no == i, "parts out of order");
        fuzz_must(gguf_uint(d->files[i].gguf, "split.count", true, 0, 9, &of, &err) && of == count, "another count");
    }
    fuzz_must(n == d->n_tensors, "tensors of no part");
    for (size_t i = 0; i < d->n_tensors; i++) {
        bytes += d->tensors[i].bytes;
        fuzz_must(i == 0 || strcmp(d->tensors[i - 1].name, d->tensors[i].name) < 0, "a tensor in two parts");
        for (size_t k = 0; k < d->tensors[i].bytes; k++) sum += d->tensors[i].data[k];
    }
    fuzz_must(bytes <= mapped, "tensors larger than the files");
    fuzz_use(sum);
}

static bool open_by(int name, ModelFiles *d, Err *err) {
    char path[300];
    *d = (ModelFiles){.arena = arena_open(0)};
    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[name]);
    return gguf_files_open(d, path, err);
}

/* Named by another part: the same files or the same sentence. */
static void check_other(int name, bool opened, const ModelFiles *d, const Err *was) {
    ModelFiles o;
    Err err = ERR_INIT;
    bool ok = open_by(name, &o, &err);
    fuzz_must(ok == opened && (ok || strcmp(err.msg, was->msg) == 0), "another part's name, another answer");
    fuzz_must(!ok || o.n_tensors == d->n_tensors, "another part's name, other tensors");
    for (size_t i = 0; ok && i < o.n_tensors; i++)
        fuzz_must(strcmp(o.tensors[i].name, d->tensors[i].name) == 0 && o.tensors[i].bytes == d->tensors[i].bytes &&
                      memcmp(o.tensors[i].data, d->tensors[i].data, o.tensors[i].bytes) == 0,
                  "another part's name, other bytes");
    dir_close(&o);
}

static bool see(void *ctx, size_t position, const float *logits, Err *err) {
    (void)position, (void)err;
    *(float *)ctx += logits[0];
    return true;
}

static void run_model(int name) {
    Engine *e;
    Err err = ERR_INIT;
    char path[300];
    float sum = 0;
    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[name]);
    EngineOptions o = {.spec = path, .threads = 1, .batch = 1, .context = 3, .no_digest = true};
    if (!engine_open(&o, &e, &err)) {
        fuzz_refused(&err);
        return;
    }
    if (!engine_logits(e, (uint32_t[]){0, 1, 2}, 3, true, see, &sum, &err)) fuzz_refused(&err);
    engine_close(e);
}

/* As three parts if there is any of three, else as two. */
static bool run(const uint8_t *p, size_t n) {
    char path[300];
    bool of_3 = false;
    ModelFiles d;
    Err err = ERR_INIT;
    fuzz_dir_parts(p, n);
    for (int i = 0; i < OF_3; i++) {
        snprintf(path, sizeof path, "%s/%s", fuzz_dir(), names[i]);
        of_3 = of_3 || file_exists(path);
    }
    int first = of_3 ? 0 : OF_3, last = (of_3 ? OF_3 : N_NAMES) - 1;
    bool ok = open_by(first, &d, &err);
    if (ok)
        check_files(&d, of_3 ? OF_3 : OF_2);
    else
        fuzz_refused(&err);
    check_other(last, ok, &d, &err);
    dir_close(&d);
    if (ok) run_model(last);
    return ok;
}

const FuzzTarget fuzz_target = {"ggufsplit", FUZZ_PARTS, names, 300, seeds, run};
