/* assay seal, assay unseal: an old run's texts made unreadable, and sealed ones made readable for their auditor. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/secrecy.h"
#include "harness/unseal.h"
#include "reports/store/store.h"

#define LINE_MAX_BYTES ((size_t)1 << 30)
#define SEAL_TO_MAX 64

/* ---- unseal ---- */

static const char unseal_usage[] =
    "usage: assay unseal DIR --key FILE.key [--item ID] [--out FILE] [--audit DIR --why TEXT [--sign-key FILE.key]]\n"
    "\n"
    "Prints the sealed outputs of a run in the clear, one JSON object for each sample: what it belongs to, and its\n"
    "texts, each with the salt that proves its commitment (SHA-256 of salt and text). All of them are checked before\n"
    "the first is printed.\n"
    "\n"
    "  --key FILE.key  the auditor's key\n"
    "  --item ID       this sample alone\n"
    "  --out FILE      write there (mode 0600, must not exist) instead of standard output\n" UNSEAL_USAGE;

typedef struct Unseal {
    CmdCtx *c;
    Str item; /* absent: all */
    FILE *f;  /* NULL: only look */
    int64_t n;
    bool ok;
    SealPublic by;
    AuditOpening opening;
} Unseal;

static void put_base64(JsonOut *o, const char *key, const void *p, size_t n) {
    Buf b;
    buf_init(&b, LINE_MAX_BYTES);
    buf_add(&b, "", 0);
    seal_base64(&b, p, n);
    json_out_key(o, key);
    json_out_str(o, buf_str(&b));
    if (b.failed) o->buf->failed = true;
    buf_release(&b);
}

static void put_text(JsonOut *o, const RecordSeal *s) {
    json_obj(o);
    json_out_key(o, "kind");
    json_out_str(o, s->kind);
    if (s->scorer.n) json_out_key(o, "scorer"), json_out_str(o, s->scorer);
    if (utf8_valid(s->text) && !memchr(s->text.p, 0, s->text.n))
        json_out_key(o, "text"), json_out_str(o, s->text);
    else
        put_base64(o, "base64", s->text.p, s->text.n);
    put_base64(o, "salt", s->salt, sizeof s->salt);
    put_base64(o, "commitment", s->commitment, sizeof s->commitment);
    json_obj_end(o);
}

static void put_record(JsonOut *o, const Record *r) {
    json_obj(o);
    json_out_key(o, "model"), json_out_str(o, r->key.model);
    json_out_key(o, "suite"), json_out_str(o, r->key.suite);
    json_out_key(o, "sample"), json_out_str(o, r->key.sample);
    json_out_key(o, "transform"), json_out_str(o, r->key.transform);
    json_out_key(o, "effort"), json_out_cstr(o, effort_name(r->key.effort));
    json_out_key(o, "epoch"), json_out_int(o, r->key.epoch);
    json_out_key(o, "texts");
    json_arr(o);
    for (size_t i = 0; i < r->n_seals; i++) put_text(o, &r->seals[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static bool unseal_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Unseal *u = ctx;
    Buf line;
    JsonOut o;
    (void)id, (void)rows, (void)n;
    if (!r->n_seals || (u->item.p && !str_eq(u->item, r->key.sample))) return true;
    u->n++;
    if (!u->f) return true;
    buf_init(&line, LINE_MAX_BYTES);
    json_out_init(&o, &line, 0);
    put_record(&o, r);
    buf_addc(&line, '\n');
    u->ok = !line.failed || err_nomem(&u->c->fail);
    if (u->ok && fwrite(line.p, 1, line.n, u->f) != line.n) u->ok = err_errno(&u->c->fail, errno, "cannot write", "it");
    buf_release(&line);
    return u->ok;
}

static bool each(Unseal *u, RunStore *s) {
    Arena *a = arena_open_private(0);
    u->n = 0;
    u->ok = true;
    bool ok = (a || err_nomem(&u->c->fail)) && store_each(s, true, a, unseal_record, u, &u->c->fail) && u->ok;
    arena_close(a);
    return ok;
}

static bool out_is_there(const char *path, Err *err) {
    return err_set(err, ERR_INPUT, "--out: %s is there already, and is not overwritten", path);
}

static FILE *open_out(const char *path, Err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd < 0 && errno == EEXIST)
        out_is_there(path, err);
    else if (!f)
        err_errno(err, errno, "cannot write", path);
    return f;
}

static bool print_all(Unseal *u, RunStore *s, const char *dir, const char *out) {
    CmdCtx *c = u->c;
    if (!each(u, s)) return false;
    if (!u->n)
        return u->item.p
                   ? err_set(&c->fail, ERR_INPUT, "%s holds no sealed sample '" STR_FMT "'", dir, STR_ARG(u->item))
                   : err_set(&c->fail, ERR_INPUT, "%s holds no sealed samples yet", dir);
    AuditOpened what = {&u->by, "unseal", u->item};
    if (out && file_exists(out)) return out_is_there(out, &c->fail);
    if (!audit_opening_note(&u->opening, s, dir, &what, c->err, &c->fail)) return false;
    fprintf(c->err, "assay: warning: %lld sealed %s in the clear%s%s; whoever can read this can read them\n",
            (long long)u->n, u->n == 1 ? "sample" : "samples", out ? ", in " : "", out ? out : "");
    u->f = out ? open_out(out, &c->fail) : c->out;
    if (!u->f) return false;
    setvbuf(u->f, NULL, _IONBF, 0); /* no copy of it stays in a buffer of the C library */
    bool ok = each(u, s);
    if (out && fclose(u->f) != 0 && ok) ok = err_errno(&c->fail, errno, "cannot write", out);
    if (out && !ok) unlink(out);
    return ok;
}

bool unseal_store(CmdCtx *c, RunStore *s, const char *key, SealPublic *by) {
    SealSecret *secret = NULL;
    if (!secrecy_begin(&c->fail)) return false;
    if (!seal_secret_load(key, &secret, &c->fail)) return false;
    if (seal_key_file_is_open(key) && !c->quiet)
        fprintf(c->err, "assay: warning: others can read the key %s; chmod 600 it\n", key);
    bool ok = store_unseal(s, secret, &c->fail);
    *by = *seal_secret_public(secret);
    seal_secret_close(secret);
    return ok;
}

static int unseal_run(CmdCtx *c, int argc, char **argv) {
    const char *key = NULL, *item = NULL, *out = NULL;
    ArgList words = {0};
    RunStore *s = NULL;
    Unseal u = {.c = c};
    const ArgSpec specs[] = {{"key", 'k', ARG_TEXT, &key},
                             {"item", 0, ARG_TEXT, &item},
                             {"out", 'o', ARG_TEXT, &out},
                             UNSEAL_SPECS(u.opening)};
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (words.n != 1 || !key) {
        err_set(&c->fail, ERR_INPUT, "name one run and the key: assay unseal DIR --key FILE.key");
        return CMD_FAILED;
    }
    u.item = str_from(item);
    bool ok = audit_opening_check(&u.opening, &c->fail) && store_open(words.v[0], STORE_READ, &s, &c->fail) &&
              unseal_store(c, s, key, &u.by) && print_all(&u, s, words.v[0], out);
    store_close(s);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_unseal = {.name = "unseal",
                        .summary = "print sealed outputs in the clear, with the key",
                        .usage = unseal_usage,
                        .run = unseal_run};

/* ---- seal ---- */

static const char seal_usage[] =
    "usage: assay seal DIR --to FILE.pub...\n"
    "\n"
    "Seals the outputs of sealed suites that a run of an older version holds in the clear, and writes run.db anew\n"
    "without them. Runs of this version need it never: they seal as they go. What the\n"
    "disk keeps of overwritten blocks, and copies made before, are beyond it.\n"
    "\n"
    "  --to FILE.pub   the auditor's public key (assay keygen); may be repeated\n";

static bool load_all(CmdCtx *c, const ArgList *files, SealPublic *to) {
    if (files->n > SEAL_TO_MAX) return err_set(&c->fail, ERR_INPUT, "--to: %d keys at most", SEAL_TO_MAX);
    for (size_t i = 0; i < files->n; i++)
        if (!seal_public_load(files->v[i], &to[i], &c->fail)) return false;
    return true;
}

/* Older runs do not tell their plan's digest; that of its description binds as well. */
static bool seal_dir(CmdCtx *c, const char *dir, const SealPublic *to, size_t n_to, int64_t *n) {
    RunStore *s = NULL;
    StoreSeal info;
    Str plan;
    char digest[65] = "";
    bool ok = store_open(dir, STORE_RESUME, &s, &c->fail) && store_seal_info(s, &info, &c->fail) &&
              store_manifest_get(s, "plan", c->arena, &plan, &c->fail);
    if (ok && plan.p) sha256_of(plan, digest);
    ok = ok && store_seal_begin(s, to, n_to, str_from(digest), &c->fail) && store_seal_plain(s, n, &c->fail);
    store_close(s);
    return ok;
}

static int seal_run(CmdCtx *c, int argc, char **argv) {
    ArgList to = {0}, words = {0};
    SealPublic keys[SEAL_TO_MAX];
    int64_t n = 0;
    const ArgSpec specs[] = {{"to", 0, ARG_LIST, &to}};
    if (!args_parse(c, argc, argv, specs, 1, &words)) return CMD_FAILED;
    if (words.n != 1 || !to.n) {
        err_set(&c->fail, ERR_INPUT, "name one run and a key: assay seal DIR --to FILE.pub");
        return CMD_FAILED;
    }
    if (!secrecy_begin(&c->fail) || !load_all(c, &to, keys) || !seal_dir(c, words.v[0], keys, to.n, &n))
        return CMD_FAILED;
    if (!c->quiet)
        fprintf(c->out, "%s: %lld samples were in the clear and are sealed now to key %s\n", words.v[0], (long long)n,
                keys[0].id);
    return EXIT_DONE;
}

const Cmd cmd_seal = {
    .name = "seal", .summary = "seal what an older run holds in the clear", .usage = seal_usage, .run = seal_run};
