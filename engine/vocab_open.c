/* From a SPEC to its tokenizer file and its vocabulary size; no weights are read.
 *
 * The tokenizer of a folder is its tokenizer.json, else its one *.tiktoken, else its one *.gguf (the parts of a split
 * file count as one). OpenAI's checkpoints stand in a folder "original" inside the repository that holds the tokenizer:
 * a folder of that name without one of its own has its parent's tokenizer.json or *.tiktoken. A file is itself; for any
 * part of a split GGUF, part 1. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/gguf_split.h"
#include "engine/base/json.h"
#include "engine/vocab_internal.h"

/* ---- the tokenizer's file ---- */

static bool has_ending(const char *name, const char *ending) {
    return str_ends(str_from(name), str_from(ending));
}

/* What a listing found: one file, or that there are several. */
typedef struct Found {
    const char *path; /* NULL: none */
    bool several;
} Found;

static bool found_add(Found *f, Arena *a, const char *dir, const char *name, Err *err) {
    const char *path = path_join(a, dir, name);
    const char *first = path ? gguf_split_first(a, path) : NULL;
    if (!first) return err_nomem(err);
    if (f->path && strcmp(f->path, first) != 0) f->several = true;
    f->path = first;
    return true;
}

/* The files of dir whose names end so. */
static bool list_dir(const char *dir, const char *ending, Arena *a, Found *out, Err *err) {
    *out = (Found){NULL, false};
    DIR *d = opendir(dir);
    if (!d) return err_errno(err, errno, "cannot list", dir);
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));)
        if (e->d_name[0] != '.' && has_ending(e->d_name, ending)) ok = found_add(out, a, dir, e->d_name, err);
    closedir(d);
    return ok;
}

/* *file stays NULL if there is none. */
static bool find_in_dir(const char *dir, bool with_gguf, Arena *a, const char **file, Err *err) {
    static const char *const endings[] = {".tiktoken", ".gguf"};
    const char *json = path_join(a, dir, "tokenizer.json");
    Found f;
    if (!json) return err_nomem(err);
    if (file_exists(json)) return *file = json, true;
    for (int i = 0; i < 1 + with_gguf; i++) {
        if (!list_dir(dir, endings[i], a, &f, err)) return false;
        if (f.several)
            return err_set(err, ERR_INPUT,
                           "'%s' has no tokenizer.json, but several *%s files: name the right one with +tokenizer=PATH",
                           dir, endings[i]);
        if (f.path) return *file = f.path, true;
    }
    return true;
}

/* The folder around one that is called "original", else NULL. */
static const char *outer_dir(const char *dir, Arena *a) {
    char *real = realpath(dir, NULL);
    const char *outer = real && has_ending(real, "/original") ? path_dirname(a, real) : NULL;
    free(real);
    return outer;
}

static bool find_tokenizer(const char *path, Arena *a, const char **file, Err *err) {
    if (!file_is_dir(path)) {
        *file = gguf_split_first(a, path);
        if (!*file) return err_nomem(err);
        if (file_exists(*file)) return true;
        return err_set(err, ERR_INPUT,
                       "%s: there is no such file, but the first part of a split GGUF holds the tokenizer", *file);
    }
    if (!find_in_dir(path, true, a, file, err)) return false;
    const char *outer = *file ? NULL : outer_dir(path, a);
    return !outer || find_in_dir(outer, false, a, file, err);
}

bool vocab_find(const Spec *spec, Arena *a, const char **file, Err *err) {
    *file = NULL;
    if (!file_exists(spec->path))
        return err_set(err, ERR_INPUT,
                       "there is no model at '%s': give a folder as Hugging Face or OpenAI publish it, or a .gguf file",
                       spec->path);
    if (spec->tokenizer && !file_exists(spec->tokenizer))
        return err_set(err, ERR_INPUT, "there is no tokenizer at '%s' (+tokenizer=)", spec->tokenizer);
    return find_tokenizer(spec->tokenizer ? spec->tokenizer : spec->path, a, file, err);
}

/* ---- the vocabulary's size ---- */

/* vocab_size (both layouts call it so) and eos_token_id of the folder's config.json; zeros where there is none. */
static bool read_config(const char *dir, Arena *a, TokenizerHint *out, Err *err) {
    Buf b;
    Json *j = NULL;
    int64_t size = 0, eos = 0;
    const char *path = path_join(a, dir, "config.json");
    if (!path) return err_nomem(err);
    if (!file_exists(path)) return true;
    buf_init(&b, (size_t)16 << 20);
    bool ok = file_read(path, &b, err) && json_parse(buf_str(&b), &j, err) &&
              json_want_int(j, "vocab_size", false, 1, 1 << 24, &size, err);
    if (ok && json_get(j, "eos_token_id")) json_int(json_get(j, "eos_token_id"), 0, size, &eos);
    *out = (TokenizerHint){(size_t)size, (size_t)eos};
    json_close(j);
    buf_release(&b);
    return ok || err_wrap(err, "%s", path);
}

/* The model's own size if it says one (0: it does not), else the tokenizer's. */
static bool fit_size(Vocab *v, size_t model_size, Err *err) {
    v->size = model_size ? model_size : tokenizer_rows(v->t);
    if (v->size >= tokenizer_size(v->t)) return true;
    return err_set(err, ERR_INPUT, "the model's 'vocab_size' is %zu, but the tokenizer has ids up to %zu", v->size,
                   tokenizer_size(v->t) - 1);
}

/* ---- opening ---- */

static bool load(Vocab *v, const char *text, Arena *a, Err *err) {
    Spec spec;
    TokenizerHint hint = {0, 0};
    if (!spec_parse(text, a, &spec, err)) return false;
    const char *file, *where = spec.tokenizer ? spec.tokenizer : spec.path;
    if (!vocab_find(&spec, a, &file, err)) return false;
    if (!file)
        return err_set(
            err, ERR_INPUT,
            "'%s' has no tokenizer (tokenizer.json, one *.tiktoken or one *.gguf; in a folder 'original' also "
            "its parent's); name one with +tokenizer=PATH",
            where);
    if (file_is_dir(spec.path) && !read_config(spec.path, a, &hint, err)) return false;
    if (!tokenizer_open(file, &hint, &v->t, err)) return false;
    if (!harmony_ids(v->t, &v->h, err) || !fit_size(v, hint.vocab_size, err)) return err_wrap(err, "%s", file);
    v->file = mem_strdup(file);
    return v->file || err_nomem(err);
}

bool vocab_open(const char *spec, Vocab **out, Err *err) {
    Arena *a = arena_open(0);
    Vocab *v = mem_alloc(sizeof *v);
    *out = NULL;
    bool ok = a && v ? load(v, spec, a, err) : err_nomem(err);
    arena_close(a);
    if (ok)
        *out = v;
    else
        vocab_close(v);
    return ok;
}

void vocab_close(Vocab *v) {
    if (!v) return;
    tokenizer_close(v->t);
    mem_free(v->file);
    mem_free(v);
}
