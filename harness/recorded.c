#include "harness/recorded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/audit/audit_unseal.h"
#include "harness/probe.h"
#include "harness/secrecy.h"
#include "reports/store/store.h"

#define LINE_MAX_BYTES ((size_t)1 << 30)

static const char *recorded_dir(const char *spec) {
    return strncmp(spec, "replay:", 7) == 0 ? spec + 7 : NULL;
}

/* ---- which model ---- */

typedef struct Models {
    Arena *arena;
    Str wanted, found; /* found: the run's model to take */
    int context;       /* of the engine that it was recorded from; 0: not known */
    size_t n;
    bool has_wanted;
    Buf names;
} Models;

static void take_model(Models *m, const Json *facts, Str name) {
    int64_t context = 0;
    const Json *c = json_get(facts, "max_context");
    m->has_wanted = str_eq(name, m->wanted);
    m->found = str_dup(m->arena, name.p ? name : STR(""));
    m->context = c && json_int(c, 1, INT_MAX, &context) ? (int)context : 0;
}

static bool see_models(Models *m, Str list, Err *err) {
    Json *j = NULL;
    if (!json_parse(list, &j, err)) return err_wrap(err, "manifest entry 'models'");
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        Str name = json_str(json_get(c, "name"));
        m->n++;
        if (!m->has_wanted) take_model(m, c, name);
        buf_adds(&m->names, m->n > 1 ? ", " : "");
        buf_addstr(&m->names, name);
    }
    json_close(j);
    return (!m->n || m->found.p) || err_nomem(err);
}

static bool choose_model(RunStore *s, const char *dir, Models *m, Err *err) {
    Str list;
    if (!store_manifest_get(s, "models", m->arena, &list, err) || (list.p && !see_models(m, list, err))) return false;
    if (m->n == 0) return err_set(err, ERR_INPUT, "%s holds a run without a model", dir);
    if (m->n == 1 || m->has_wanted) return true;
    return err_set(err, ERR_INPUT,
                   "%s holds several models (" STR_FMT "); say which by its name: --model NAME=replay:%s", dir,
                   STR_ARG(buf_str(&m->names)), dir);
}

/* ---- writing ---- */

typedef struct Export {
    FILE *f;
    Str model;
    const char *dir;
    Buf line;
    Arena *arena; /* of the record that is being read */
    const Record *record;
    Err *err;
    bool ok;
} Export;

static bool sealed_away(const Export *e, const Record *r) {
    if (!r->seals[0].kept)
        return err_set(e->err, ERR_INPUT,
                       "%s was run without a key to seal to: the answers of suite " STR_FMT
                       " were not kept, and cannot "
                       "be replayed",
                       e->dir, STR_ARG(r->key.suite));
    return err_set(e->err, ERR_INPUT,
                   "the answers of suite " STR_FMT
                   " in %s are sealed; to replay them takes the auditor's key: add --key "
                   "NAME.key",
                   STR_ARG(r->key.suite), e->dir);
}

/* salt: of a sealed record. It makes the digest of what is replayed, which stands in the manifest, say nothing about a
 * short answer to someone who guesses it. */
static bool export_line(Export *e, Str request, const Completion *c, const Record *r) {
    JsonOut o;
    Buf completion, salt;
    buf_clear(&e->line);
    buf_init(&completion, LINE_MAX_BYTES);
    buf_init(&salt, 1000);
    completion_to_json(c, &completion);
    json_out_init(&o, &e->line, 0);
    json_obj(&o);
    json_out_key(&o, "request");
    json_out_str(&o, request);
    json_out_key(&o, "completion");
    json_out_raw(&o, buf_str(&completion));
    if (r->n_seals) {
        seal_base64(&salt, r->seals[0].salt, SEAL_SALT_BYTES);
        json_out_key(&o, "salt");
        json_out_str(&o, buf_str(&salt));
    }
    json_obj_end(&o);
    buf_addc(&e->line, '\n');
    e->ok = !e->line.failed && !completion.failed && !salt.failed;
    if (!e->ok)
        err_nomem(e->err);
    else if (fwrite(e->line.p, 1, e->line.n, e->f) != e->line.n)
        e->ok = err_set(e->err, ERR_MEMORY, "no memory for the recorded completions");
    buf_release(&completion);
    buf_release(&salt);
    return e->ok;
}

static bool export_probe(void *ctx, Str request, const Completion *c) {
    Export *e = ctx;
    return export_line(e, request, c, e->record);
}

/* With tools each turn was a request of its own; so was each probe. */
static bool export_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Export *e = ctx;
    (void)id;
    (void)rows;
    (void)n;
    if (!str_eq(r->key.model, e->model)) return true;
    if (r->n_seals && !r->seals[0].text.p) return e->ok = sealed_away(e, r);
    e->record = r;
    if (r->probes.p && !probe_each(r->probes, export_probe, e, e->arena, e->err)) return e->ok = false;
    if (!r->n_turns) return export_line(e, r->request_hash, &r->completion, r);
    for (size_t i = 0; i < r->n_turns; i++)
        if (!export_line(e, r->turns[i].request_hash, &r->turns[i].completion, r)) return false;
    return true;
}

static bool export_run(RunStore *s, const char *dir, Str model, FILE *f, Err *err) {
    Export e = {.model = model, .dir = dir, .err = err, .ok = true, .f = f};
    Arena *a = arena_open_private(0);
    bool ok = a != NULL || err_nomem(err);
    e.arena = a;
    buf_init(&e.line, LINE_MAX_BYTES);
    ok = ok && store_each(s, true, a, export_record, &e, err) && e.ok;
    if (ok && fflush(f) != 0) ok = err_set(err, ERR_MEMORY, "no memory for the recorded completions");
    buf_release(&e.line);
    arena_close(a);
    return ok;
}

/* The recorded engine's context counts, not this command's: whether a conversation had outgrown it is told by the
 * sizes. The engine maps the file and needs neither its name nor its descriptor afterwards. */
static bool open_exported(const EngineOptions *o, RunStore *s, const char *dir, const Models *m, Engine **out,
                          Err *err) {
    char spec[64];
    int fd = memfd_create("assay-replay", MFD_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return err_set(err, ERR_ENV, "cannot keep the recorded completions in memory: %s", strerror(errno));
    }
    snprintf(spec, sizeof spec, "replay:/proc/self/fd/%d", fd);
    EngineOptions eo = *o;
    eo.spec = spec;
    eo.context = m->context;
    bool ok = export_run(s, dir, m->found, f, err) && engine_open(&eo, out, err);
    fclose(f);
    return ok;
}

/* key NULL: nothing is opened. */
static bool unseal(RunStore *s, const char *dir, const char *key, FILE *say, Err *err) {
    SealSecret *secret = NULL;
    StoreSeal seal;
    if (!key || !store_seal_info(s, &seal, err)) return !key;
    if (seal.mode == STORE_SEAL_NONE) return true;
    if (!secrecy_begin(err)) return false;
    if (!seal_secret_load(key, &secret, err)) return err_wrap(err, "--key");
    const AuditOpened what = {seal_secret_public(secret), "replay", {0}};
    const AuditOpening opening = {0};
    bool ok = store_unseal(s, secret, err) && (!say || audit_opening_note(&opening, s, dir, &what, say, err));
    seal_secret_close(secret);
    return ok;
}

static bool open_run(const EngineOptions *o, const char *dir, Str name, const char *key, FILE *say, Engine **out,
                     Err *err) {
    RunStore *s = NULL;
    Models m = {.arena = arena_open(0), .wanted = name};
    buf_init(&m.names, (size_t)1 << 20);
    bool ok = m.arena != NULL || err_nomem(err);
    ok = ok && store_open(dir, STORE_READ, &s, err) && choose_model(s, dir, &m, err) && unseal(s, dir, key, say, err) &&
         open_exported(o, s, dir, &m, out, err);
    store_close(s);
    buf_release(&m.names);
    arena_close(m.arena);
    return ok;
}

bool recorded_engine_open(const EngineOptions *o, Str name, const char *key, FILE *say, Engine **out, Err *err) {
    const char *dir = recorded_dir(o->spec);
    char db[4200];
    *out = NULL;
    if (!dir || snprintf(db, sizeof db, "%s/run.db", dir) >= (int)sizeof db || !file_exists(db))
        return engine_open(o, out, err);
    return open_run(o, dir, name, key, say, out, err);
}
