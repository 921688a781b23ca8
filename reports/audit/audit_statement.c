#include "reports/audit/audit_statement.h"

#include <string.h>

#include "engine/base/hash.h"
#include "reports/seal/seal_sign.h"

#define STATEMENT_MAX ((size_t)64 << 20)

bool audit_canonical_text(Str json, Arena *a, Str *out, Err *err) {
    Json *j = NULL;
    Buf b;
    *out = (Str){0};
    if (json.n > STATEMENT_MAX)
        return err_set(err, ERR_INPUT, "it has %zu bytes, and more than %zu are not read", json.n, STATEMENT_MAX);
    if (!json_parse(json, &j, err)) return false;
    buf_init(&b, 6 * json.n + 64); /* a character that must be escaped becomes six */
    bool ok = audit_canonical(j, &b, err) && (!b.failed || err_nomem(err));
    if (ok) *out = str_dup(a, buf_str(&b));
    json_close(j);
    buf_release(&b);
    return ok && (out->p || err_nomem(err));
}

static void member_base64(JsonOut *o, const char *key, const void *p, size_t n) {
    Buf b;
    buf_init(&b, 4096);
    seal_base64(&b, p, n);
    json_out_key(o, key);
    json_out_str(o, buf_str(&b));
    if (b.failed) o->buf->failed = true;
    buf_release(&b);
}

/* The object's members without `signature`, and these behind them; canonical. */
static bool compose(const Json *body, const SealPublic *by, const char *type, const char *at, const unsigned char *sig,
                    Arena *a, Str *out, Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, STATEMENT_MAX);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    for (const Json *c = json_first(body); c; c = json_next(c)) {
        if (strcmp(json_key(c), "signature") == 0) continue;
        json_out_key(&o, json_key(c));
        json_out_node(&o, c);
    }
    if (by) {
        json_out_key(&o, "type"), json_out_cstr(&o, type);
        json_out_key(&o, "at"), json_out_cstr(&o, at);
        json_out_key(&o, "key"), json_out_cstr(&o, by->id);
        member_base64(&o, "public", by->key, SEAL_KEY_BYTES);
        if (sig) member_base64(&o, "signature", sig, SIGNATURE_BYTES);
    }
    json_obj_end(&o);
    bool ok = !b.failed ? audit_canonical_text(buf_str(&b), a, out, err) : err_nomem(err);
    buf_release(&b);
    return ok;
}

bool audit_statement(const SealSecret *s, const char *type, const char *at, Str json, Arena *a, Str *out, Err *err) {
    Json *body = NULL;
    Str bare;
    char hex[65];
    unsigned char sig[SIGNATURE_BYTES];
    const SealPublic *by = seal_secret_public(s);
    if (!json_parse(json, &body, err)) return false;
    bool ok = compose(body, by, type, at, NULL, a, &bare, err);
    if (ok) {
        sha256_of(bare, hex);
        ok = sign_hash(s, type, hex, sig, err) && compose(body, by, type, at, sig, a, out, err);
    }
    json_close(body);
    return ok;
}

/* "2026-11-26T03:04:05Z": times are compared as texts. */
static bool is_utc(Str s) {
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    if (s.n != sizeof form - 1) return false;
    for (size_t i = 0; i < s.n; i++)
        if (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i]) return false;
    return true;
}

static bool check(const Json *j, const char *type, Arena *a, SealPublic *by, Err *err) {
    Str said = {0}, at = {0}, key = {0}, public = {0}, signature = {0}, bare;
    unsigned char bytes[SEAL_KEY_BYTES], sig[SIGNATURE_BYTES];
    char hex[65];
    if (!json_want_str(j, "type", true, &said, err) || !json_want_str(j, "at", true, &at, err) ||
        !json_want_str(j, "key", true, &key, err) || !json_want_str(j, "public", true, &public, err) ||
        !json_want_str(j, "signature", true, &signature, err))
        return err_wrap(err, "a signed statement");
    if (!str_eqz(said, type))
        return err_set(err, ERR_INPUT, "it is a statement of type '" STR_FMT "', not '%s'", STR_ARG(said), type);
    if (!is_utc(at))
        return err_set(err, ERR_INPUT, "'at' is '" STR_FMT "', not a time such as 2026-11-26T03:04:05Z", STR_ARG(at));
    if (!seal_from_base64(public, bytes, sizeof bytes) || !seal_from_base64(signature, sig, sizeof sig))
        return err_set(err, ERR_INPUT, "its key or signature is damaged");
    seal_public_from_bytes(bytes, by);
    if (!str_eqz(key, by->id)) return err_set(err, ERR_INPUT, "its key does not have the id that it names");
    if (!compose(j, NULL, NULL, NULL, NULL, a, &bare, err)) return false;
    sha256_of(bare, hex);
    return sign_check(by, type, hex, sig) ||
           err_set(err, ERR_INPUT, "the signature of key %s does not fit: it was changed after it was signed", by->id);
}

bool audit_statement_check(Str statement, const char *type, Arena *a, SealPublic *by, Err *err) {
    Json *j = NULL;
    if (!json_parse(statement, &j, err)) return false;
    bool ok = check(j, type, a, by, err);
    json_close(j);
    return ok;
}
