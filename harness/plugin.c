#include "harness/plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/args.h"
#include "scorers/scorers.h"

/* Everything up to `close` is of the first version: a shorter Scorer is not one. */
#define SCORER_SIZE_MIN (offsetof(Scorer, close) + sizeof(((Scorer *)0)->close))

bool plugin_is_path(const char *word) {
    size_t n = strlen(word);
    return strchr(word, '/') || (n > 3 && strcmp(word + n - 3, ".so") == 0);
}

const Scorer *scorer_table_find(const ScorerTable *t, Str name, const Plugin **plugin) {
    if (plugin) *plugin = NULL;
    for (size_t i = 0; i < t->n_plugins; i++) {
        if (!str_eqz(name, t->plugins[i].scorer->name)) continue;
        if (plugin) *plugin = &t->plugins[i];
        return t->plugins[i].scorer;
    }
    for (size_t i = 0; i < scorers_count(); i++)
        if (str_eqz(name, scorers_at(i)->name)) return scorers_at(i);
    return NULL;
}

bool scorer_table_unknown(const ScorerTable *t, Str name, Err *err) {
    const char *names[256];
    char word[64];
    size_t n = 0;
    for (size_t i = 0; i < scorers_count() && n < 200; i++) names[n++] = scorers_at(i)->name;
    for (size_t i = 0; i < t->n_plugins; i++) names[n++] = t->plugins[i].scorer->name;
    snprintf(word, sizeof word, STR_FMT, STR_ARG(name));
    const char *near = args_nearest(word, names, n);
    return err_set(err, ERR_INPUT,
                   "unknown scorer '%s'%s%s%s; 'assay list scorers' names the built-in ones, --scorer FILE.so adds one",
                   word, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool is_name(const char *s) {
    size_t n = s ? strnlen(s, 65) : 0;
    return n > 0 && n <= 64 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == n;
}

static bool check_entry(const char *path, const Scorer *s, Err *err) {
    if (!s) return err_set(err, ERR_INPUT, "plugin %s: scorer_entry() returned nothing", path);
    if (s->abi != SCORER_ABI)
        return err_set(err, ERR_INPUT,
                       "plugin %s was built for scorer ABI %u, this program speaks ABI %u; compile it "
                       "against this program's scorers/scorer.h",
                       path, s->abi, SCORER_ABI);
    if (s->size < SCORER_SIZE_MIN)
        return err_set(err, ERR_INPUT,
                       "plugin %s: its Scorer has %u bytes, at least %zu are needed; set .size to "
                       "sizeof(Scorer)",
                       path, s->size, SCORER_SIZE_MIN);
    if (!is_name(s->name) || !s->version || !s->score || !s->open != !s->close)
        return err_set(err, ERR_INPUT,
                       "plugin %s: a Scorer needs a name (letters, digits, _ - .), a version, score(), and "
                       "open() and close() together",
                       path);
    return true;
}

bool plugin_load(ScorerTable *t, const char *path, Arena *a, Err *err) {
    Plugin *p = &t->plugins[t->n_plugins];
    if (t->n_plugins == PLUGIN_MAX) return err_set(err, ERR_INPUT, "at most %d plugins can be loaded", PLUGIN_MAX);
    if (!sha256_file(path, p->sha256, err)) return err_wrap(err, "plugin %s", path);
    /* a real path always has a slash: dlopen must not search the library path */
    char *real = realpath(path, NULL);
    if (!real) return err_set(err, ERR_INPUT, "plugin %s: no such file", path);
    void *handle = dlopen(real, RTLD_NOW | RTLD_LOCAL);
    free(real);
    if (!handle) return err_set(err, ERR_INPUT, "plugin %s cannot be loaded: %s", path, dlerror());
    const Scorer *(*entry)(void);
    void *symbol = dlsym(handle, "scorer_entry");
    if (!symbol) return err_set(err, ERR_INPUT, "plugin %s exports no scorer_entry; see scorers/scorer.h", path);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function pointer */
    const Scorer *s = entry();
    if (!check_entry(path, s, err)) return false;
    if (scorer_table_find(t, str_from(s->name), NULL))
        return err_set(err, ERR_INPUT, "plugin %s: a scorer named '%s' is there already", path, s->name);
    p->scorer = s;
    p->path = arena_strdup(a, path);
    if (!p->path) return err_nomem(err);
    t->n_plugins++;
    return true;
}
