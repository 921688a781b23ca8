/* Key files: four lines of text, so that a person sees what a file is and a program sees whether it is whole.
 *
 *   assay seal key, public half          or: assay seal key, SECRET half: keep it to yourself
 *                                        or: assay signing key, …
 *   id 0123456789abcdef                  of the public half; tells typing mistakes and halves of different pairs
 *   key BASE64                           32 bytes
 *   end                                  a file without it was cut short */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/hash.h"
#include "reports/seal/seal_internal.h"

#define KEY_FILE_MAX 4096
/* [kind][secret] */
static const char *const HEADS[2][2] = {
    {"assay seal key, public half", "assay seal key, SECRET half: keep it to yourself"},
    {"assay signing key, public half", "assay signing key, SECRET half: keep it to yourself"},
};

void seal_public_from_bytes(const unsigned char key[SEAL_KEY_BYTES], SealPublic *out) {
    char hex[65];
    memcpy(out->key, key, SEAL_KEY_BYTES);
    sha256_of((Str){(const char *)key, SEAL_KEY_BYTES}, hex);
    memcpy(out->id, hex, 16);
    out->id[16] = '\0';
}

/* ---- reading ---- */

static Str next_line(Str *rest) {
    size_t end = str_find(*rest, STR("\n"), 0);
    Str line = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end < rest->n ? end + 1 : rest->n, rest->n);
    return str_trim(line);
}

/* What is wrong with the head, in terms of what the caller wanted. */
static bool wrong_head(const char *path, Str head, SealKind kind, bool want_secret, Err *err) {
    for (int half = 0; half < 2; half++)
        if (str_eqz(head, HEADS[!kind][half]))
            return err_set(err, ERR_INPUT, "%s is a %s key; this needs a %s key (assay keygen%s)", path,
                           kind == SEAL_FOR_SIGNING ? "sealing" : "signing",
                           kind == SEAL_FOR_SIGNING ? "signing" : "sealing", kind == SEAL_FOR_SIGNING ? " --sign" : "");
    if (want_secret && str_eqz(head, HEADS[kind][0]))
        return err_set(err, ERR_INPUT, "%s is the public half of a key; this needs the secret half (NAME.key)", path);
    if (!want_secret && str_eqz(head, HEADS[kind][1]))
        return err_set(err, ERR_INPUT,
                       "%s is the secret half of a key, which stays with the auditor; give the public half (NAME.pub)",
                       path);
    return err_set(err, ERR_INPUT, "%s is not a key that `assay keygen` wrote", path);
}

static bool parse(const char *path, Str text, SealKind kind, bool want_secret, unsigned char key[SEAL_KEY_BYTES],
                  char id[17], Err *err) {
    Str head = next_line(&text), id_line, key_line, end;
    if (!str_eqz(head, HEADS[kind][want_secret])) return wrong_head(path, head, kind, want_secret, err);
    id_line = next_line(&text), key_line = next_line(&text), end = next_line(&text);
    bool whole = str_starts(id_line, STR("id ")) && id_line.n == 19 && str_starts(key_line, STR("key ")) &&
                 str_eqz(end, "end") && str_trim(text).n == 0;
    if (!whole || !seal_from_base64(str_sub(key_line, 4, key_line.n), key, SEAL_KEY_BYTES))
        return err_set(err, ERR_INPUT, "%s is damaged or cut short: expected the four lines of `assay keygen`", path);
    memcpy(id, id_line.p + 3, 16);
    id[16] = '\0';
    return true;
}

/* Not through a Buf: nothing of a secret key is left in memory that is not ours to wipe. *n bytes into text. */
static bool read_file(const char *path, char *text, size_t *n, Err *err) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, errno == EIO ? ERR_IO : ERR_INPUT, "cannot read the key %s: %s", path, strerror(errno));
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok) err_set(err, ERR_INPUT, "cannot read the key %s: it is not a regular file", path);
    for (*n = 0; ok && *n < KEY_FILE_MAX;) {
        ssize_t k = read(fd, text + *n, KEY_FILE_MAX - *n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) ok = err_errno(err, errno, "cannot read the key", path);
        if (k <= 0) break;
        *n += (size_t)k;
    }
    close(fd);
    return ok;
}

bool seal__load(const char *path, SealKind kind, bool secret, unsigned char key[SEAL_KEY_BYTES], char id[17],
                Err *err) {
    size_t n = 0;
    char *text = seal__alloc(KEY_FILE_MAX, err);
    if (!text) return false;
    bool ok = read_file(path, text, &n, err) && parse(path, (Str){text, n}, kind, secret, key, id, err);
    sodium_free(text);
    return ok;
}

bool seal__check_id(const char *path, const SealPublic *p, const char *id, Err *err) {
    if (memcmp(p->id, id, 16) == 0) return true;
    return err_set(err, ERR_INPUT, "%s is damaged: its key does not have the id %s that it names", path, id);
}

bool seal_public_load(const char *path, SealPublic *out, Err *err) {
    unsigned char key[SEAL_KEY_BYTES];
    char id[17];
    if (!seal__load(path, SEAL_FOR_TEXTS, false, key, id, err)) return false;
    seal_public_from_bytes(key, out);
    return seal__check_id(path, out, id, err);
}

bool seal_secret_load(const char *path, SealSecret **out, Err *err) {
    char id[17];
    unsigned char public[SEAL_KEY_BYTES];
    *out = NULL;
    SealSecret *s = seal__alloc(sizeof *s, err);
    if (!s) return false;
    bool ok = seal__load(path, SEAL_FOR_TEXTS, true, s->key, id, err);
    if (ok) {
        crypto_scalarmult_base(public, s->key);
        seal_public_from_bytes(public, &s->public);
        ok = seal__check_id(path, &s->public, id, err);
    }
    if (!ok) {
        sodium_free(s);
        return false;
    }
    sodium_mprotect_readonly(s);
    *out = s;
    return true;
}

void seal_secret_close(SealSecret *s) {
    sodium_free(s);
}

const SealPublic *seal_secret_public(const SealSecret *s) {
    return &s->public;
}

bool seal_key_file_is_open(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && (st.st_mode & 077) != 0;
}

/* ---- writing ---- */

static void render(Buf *b, const char *head, const char *id, const unsigned char *key) {
    buf_addf(b, "%s\nid %s\nkey ", head, id);
    seal_base64(b, key, SEAL_KEY_BYTES);
    buf_adds(b, "\nend\n");
}

/* O_EXCL: a key that is there is never overwritten, for what was sealed to it could not be opened any more. */
static bool write_new(const char *path, Str text, mode_t mode, Err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_INPUT, "%s is there already; keys are never overwritten, choose another --out", path);
    if (fd < 0) return err_errno(err, errno, "cannot write", path);
    ssize_t n = write(fd, text.p, text.n);
    int why = n < 0 ? errno : ENOSPC;
    bool ok = n == (ssize_t)text.n && fsync(fd) == 0;
    if (close(fd) != 0) ok = false;
    if (ok) return true;
    unlink(path);
    return err_errno(err, why, "cannot write", path);
}

bool seal__write_pair(const char *name, SealKind kind, const SealSecret *s, Err *err) {
    char pub[4096], key[4096];
    Buf b;
    if (snprintf(pub, sizeof pub, "%s.pub", name) >= (int)sizeof pub ||
        snprintf(key, sizeof key, "%s.key", name) >= (int)sizeof key)
        return err_set(err, ERR_INPUT, "the name of the key is too long");
    buf_init(&b, KEY_FILE_MAX);
    buf_add(&b, "", 0);
    render(&b, HEADS[kind][1], s->public.id, s->key);
    bool ok = (!b.failed || err_nomem(err)) && write_new(key, buf_str(&b), 0600, err);
    if (b.p) sodium_memzero(b.p, b.cap);
    if (ok) {
        buf_clear(&b);
        render(&b, HEADS[kind][0], s->public.id, s->public.key);
        ok = (!b.failed || err_nomem(err)) && write_new(pub, buf_str(&b), 0644, err);
        if (!ok) unlink(key);
    }
    buf_release(&b);
    return ok;
}

bool seal_keygen(const char *name, SealPublic *out, Err *err) {
    unsigned char public[SEAL_KEY_BYTES];
    SealSecret *s = seal__alloc(sizeof *s, err);
    if (!s) return false;
    crypto_box_keypair(public, s->key);
    seal_public_from_bytes(public, &s->public);
    bool ok = seal__write_pair(name, SEAL_FOR_TEXTS, s, err);
    if (ok) *out = s->public;
    sodium_free(s);
    return ok;
}
