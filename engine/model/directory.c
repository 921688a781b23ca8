/* Which files make up a checkpoint, and the directory of their tensors. */
#include "engine/model/model_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_NAME "model.safetensors.index.json"
#define SINGLE_NAME "model.safetensors"
enum { MAX_FILES = 4096 };

static bool is_inside(const char *path, const char *root) {
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && (path[n] == '/' || (n && root[n - 1] == '/'));
}

/* A download cache keeps a snapshot folder of links into a sibling folder "blobs", also from folders below it
 * ("original", or one for each quantisation); that is the one place outside the model's folder where its files may be.
 */
static bool is_in_blobs(const char *path, const char *real_dir) {
    char root[4200];
    size_t n = strlen(real_dir);
    const char *cut = n < 4096 ? strstr(real_dir, "/snapshots/") : NULL;
    for (const char *next = cut; next; next = strstr(cut + 1, "/snapshots/")) cut = next;
    if (!cut) return false;
    size_t keep = (size_t)(cut - real_dir);
    memcpy(root, real_dir, keep);
    memcpy(root + keep, "/blobs", sizeof "/blobs");
    return is_inside(path, root);
}

/* A weight file must lie in the model's folder, also after links are followed: a checkpoint is data from strangers. */
bool dir_check_inside(const char *dir, const char *path, const char *name, Err *err) {
    char *real_dir = realpath(dir, NULL), *real_path = realpath(path, NULL);
    bool ok = true;
    if (!real_dir || !real_path)
        ok = err_set(err, ERR_INPUT, "cannot read %.300s", path);
    else if (!is_inside(real_path, real_dir) && !is_in_blobs(real_path, real_dir))
        ok = err_set(err, ERR_INPUT, "file '%.100s' is a link that leads out of the model's folder %.200s", name, dir);
    free(real_dir);
    free(real_path);
    return ok;
}

static bool is_plain_name(Str name) {
    if (name.n == 0 || name.n > 255 || memchr(name.p, '\0', name.n) || name.p[0] == '/') return false;
    for (size_t i = 0; i <= name.n;) {
        size_t end = str_find(name, STR("/"), i);
        if (end > name.n) end = name.n;
        Str part = str_sub(name, i, end);
        if (part.n == 0 || str_eq(part, STR(".")) || str_eq(part, STR(".."))) return false;
        i = end + 1;
    }
    return true;
}

static bool grow_files(ModelFiles *d, Err *err) {
    if (d->n_files < d->cap_files) return true;
    if (d->n_files >= MAX_FILES) return err_set(err, ERR_INPUT, "there are more than %d weight files", MAX_FILES);
    size_t cap = d->cap_files ? d->cap_files * 2 : 8;
    WeightFile *p = mem_realloc(d->files, cap * sizeof *p);
    if (!p) return err_nomem(err);
    d->files = p;
    d->cap_files = cap;
    return true;
}

bool dir_append(ModelFiles *d, const char *name, const char *file, const Tensor *t, Err *err) {
    if (d->n_tensors == d->cap_tensors) {
        size_t cap = d->cap_tensors ? d->cap_tensors * 2 : 512, bytes;
        Tensor *p = size_mul(cap, sizeof *p, &bytes) ? mem_realloc(d->tensors, bytes) : NULL;
        if (!p) return err_nomem(err);
        d->tensors = p;
        d->cap_tensors = cap;
    }
    Tensor *slot = &d->tensors[d->n_tensors];
    *slot = *t;
    slot->name = arena_strdup(d->arena, name);
    slot->file = file;
    if (!slot->name) return err_nomem(err);
    d->n_tensors++;
    return true;
}

bool dir_add(ModelFiles *d, const char *dir, const char *name, bool inside, DirRead read, Err *err) {
    if (!grow_files(d, err)) return false;
    WeightFile f = {.name = arena_strdup(d->arena, name), .path = path_join(d->arena, dir, name)};
    if (!f.name || !f.path) return err_nomem(err);
    if (!file_map(f.path, &f.map, err)) return false;
    d->files[d->n_files++] = f;
    if (inside && !dir_check_inside(dir, f.path, name, err)) return false;
    return read(d, &d->files[d->n_files - 1], err);
}

static bool read_safetensors(ModelFiles *d, WeightFile *f, Err *err) {
    return safetensors_read(d, f->name, f->map.p, f->map.n, err);
}

static bool add_file(ModelFiles *d, const char *dir, const char *name, Err *err) {
    return dir_add(d, dir, name, true, read_safetensors, err);
}

static bool has_file(const ModelFiles *d, const char *name) {
    for (size_t i = 0; i < d->n_files; i++)
        if (strcmp(d->files[i].name, name) == 0) return true;
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const Tensor *)a)->name, ((const Tensor *)b)->name);
}

bool dir_finish(ModelFiles *d, Err *err) {
    if (d->n_tensors) qsort(d->tensors, d->n_tensors, sizeof *d->tensors, by_name);
    for (size_t i = 1; i < d->n_tensors; i++)
        if (strcmp(d->tensors[i - 1].name, d->tensors[i].name) == 0)
            return err_set(err, ERR_INPUT, "tensor '%.120s' is in both %s and %s", d->tensors[i].name,
                           d->tensors[i - 1].file, d->tensors[i].file);
    return true;
}

static bool open_shards(ModelFiles *d, const char *dir, const Json *map, Err *err) {
    if (json_type(map) != JSON_OBJECT || !json_first(map))
        return err_set(err, ERR_INPUT, "'weight_map' must be an object that names the file of each tensor");
    for (const Json *c = json_first(map); c; c = json_next(c)) {
        Str name = json_str(c);
        if (!name.p || !is_plain_name(name))
            return err_set(
                err, ERR_INPUT,
                "'weight_map' gives tensor '%.100s' the file '%.100s'; a name inside the folder was expected",
                json_key(c), name.p ? name.p : "(no string)");
        if (!has_file(d, name.p) && !add_file(d, dir, name.p, err)) return false;
    }
    return true;
}

/* The map is what counts, so what it says must be true. */
static bool check_map(const ModelFiles *d, const Json *map, Err *err) {
    for (const Json *c = json_first(map); c; c = json_next(c)) {
        const Tensor *t = dir_find(d, json_key(c));
        if (!t || strcmp(t->file, json_str(c).p) != 0)
            return err_set(err, ERR_INPUT, "'weight_map' says that tensor '%.120s' is in %s, but it is not",
                           json_key(c), json_str(c).p);
    }
    return true;
}

static bool open_index(ModelFiles *d, const char *dir, const char *path, Err *err) {
    Buf text;
    Json *root = NULL;
    buf_init(&text, 64u << 20);
    bool ok = file_read(path, &text, err) && json_parse(buf_str(&text), &root, err);
    if (ok) {
        const Json *map = json_get(root, "weight_map");
        ok = open_shards(d, dir, map, err) && dir_finish(d, err) && check_map(d, map, err);
    }
    json_close(root);
    buf_release(&text);
    return ok || err_wrap(err, INDEX_NAME);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every NAME.safetensors of the folder, in the order of names. */
static bool open_any(ModelFiles *d, const char *dir, Err *err) {
    const char **names = arena_array(d->arena, MAX_FILES, sizeof *names);
    DIR *list = opendir(dir);
    size_t n = 0;
    bool ok = names || err_nomem(err);
    for (struct dirent *e; ok && list && (e = readdir(list));) {
        if (!str_ends(str_from(e->d_name), STR(".safetensors"))) continue;
        if (n == MAX_FILES) ok = err_set(err, ERR_INPUT, "the folder has more than %d weight files", MAX_FILES);
        if (ok && !(names[n++] = arena_strdup(d->arena, e->d_name))) ok = err_nomem(err);
    }
    if (list) closedir(list);
    if (ok && n == 0)
        ok = err_set(err, ERR_INPUT, "there are no weights in %.200s: no .safetensors file is there", dir);
    if (ok) qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; ok && i < n; i++) ok = add_file(d, dir, names[i], err);
    return ok && dir_finish(d, err);
}

/* Shards and a single file beside them, which the index does not name: one of the two is left over, of another training
 * perhaps. Hugging Face's own code takes the single file, others the index. */
static bool check_single(const ModelFiles *d, const char *dir, Err *err) {
    if (has_file(d, SINGLE_NAME)) return true;
    return err_set(err, ERR_INPUT,
                   "%.200s holds " SINGLE_NAME " and, in " INDEX_NAME
                   ", other weight files; nobody knows which weights "
                   "are meant: take away one of the two",
                   dir);
}

bool dir_open(ModelFiles *d, const char *dir, bool any_name, Err *err) {
    const char *index = path_join(d->arena, dir, INDEX_NAME);
    const char *single = index ? path_join(d->arena, dir, SINGLE_NAME) : NULL;
    if (!single) return err_nomem(err);
    if (file_exists(index))
        return open_index(d, dir, index, err) && (!file_exists(single) || check_single(d, dir, err));
    if (any_name) return open_any(d, dir, err);
    if (!file_exists(single))
        return err_set(err, ERR_INPUT,
                       "there are no weights in %.200s: neither " SINGLE_NAME " nor " INDEX_NAME " is there", dir);
    return add_file(d, dir, SINGLE_NAME, err) && dir_finish(d, err);
}

bool dir_open_file(ModelFiles *d, const char *dir, const char *name, Err *err) {
    return add_file(d, dir, name, err) && dir_finish(d, err);
}

void dir_close(ModelFiles *d) {
    for (size_t i = 0; i < d->n_files; i++) {
        gguf_close(d->files[i].gguf);
        file_unmap(&d->files[i].map);
    }
    mem_free(d->files);
    mem_free(d->tensors);
    arena_close(d->arena);
    *d = (ModelFiles){0};
}

Tensor *dir_find(const ModelFiles *d, const char *name) {
    Tensor key = {.name = name};
    return d->n_tensors ? bsearch(&key, d->tensors, d->n_tensors, sizeof *d->tensors, by_name) : NULL;
}
