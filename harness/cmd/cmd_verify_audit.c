/* assay verify, of an audit. */
#include <string.h>

#include "engine/base/json.h"
#include "harness/cmd/cmd_audit.h"
#include "reports/seal/seal_sign.h"

static bool check_wanted(const AuditDir *d, const SealPublic *signer, const char *head, Err *err) {
    bool found = !head;
    for (size_t i = 0; !found && i < d->lines.n; i++) found = strcmp(d->lines.v[i].sha256, head) == 0;
    if (!found) return err_set(err, ERR_INPUT, "log.jsonl: no line has the hash %.64s", head);
    if (!signer || memcmp(signer->key, d->signer.key, sizeof signer->key) == 0) return true;
    if (!d->signer.id[0])
        return err_set(err, ERR_INPUT, "log.jsonl line 1: the audit is not signed, by key %s or any other", signer->id);
    return err_set(err, ERR_INPUT, "log.jsonl line 1: the audit is signed by key %s, not by key %s", d->signer.id,
                   signer->id);
}

/* The name of the folder's file that a sentence begins with; "". */
static Str file_of(const char *sentence) {
    size_t n = strcspn(sentence, " :");
    return memchr(sentence, '.', n) ? (Str){sentence, n} : STR("");
}

static void print_json(CmdCtx *c, const AuditDir *d, bool ok, const AuditStanding *s, const Err *why) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 30);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "verified"), json_out_bool(&o, ok);
    json_out_key(&o, "file"), json_out_str(&o, ok ? STR("") : file_of(why->msg));
    json_out_key(&o, "why"), json_out_cstr(&o, ok ? "" : why->msg);
    json_out_key(&o, "signer"), json_out_cstr(&o, d->signer.id);
    json_out_key(&o, "head"), json_out_str(&o, ok ? str_sub(str_from(d->head), 0, 64) : STR(""));
    json_out_key(&o, "signatures_met"), json_out_bool(&o, ok && s->met);
    if (ok) json_out_key(&o, "decisions"), json_out_raw(&o, str_trim(buf_str(&d->decisions)));
    json_obj_end(&o);
    buf_addc(&b, '\n');
    if (b.failed)
        err_nomem(&c->fail);
    else
        fwrite(b.p, 1, b.n, c->out);
    buf_release(&b);
}

static int say(CmdCtx *c, const AuditDir *d, bool ok, const Err *why) {
    AuditStanding s = {0};
    if (ok && !audit_standing(d, &s, &c->fail)) return CMD_FAILED;
    if (c->json) {
        print_json(c, d, ok, &s, why);
    } else if (!ok) {
        fprintf(c->out, "changed: %s\n", why->msg);
    } else {
        fprintf(c->out, "verified: every figure follows from the records%s%s\n",
                d->signer.id[0] ? "; the audit is signed by key " : "; the audit is not signed", d->signer.id);
        cmd_audit_say_standing(c->out, &s);
    }
    if (c->fail.code) return CMD_FAILED;
    return !ok ? EXIT_NO : s.met ? EXIT_DONE : EXIT_INCOMPLETE;
}

int cmd_verify_audit(CmdCtx *c, const char *dir, const VerifyWanted *w) {
    SealPublic want;
    AuditDir d;
    Err why = ERR_INIT;
    if (w->signer && !sign_public_load(w->signer, &want, &c->fail)) return CMD_FAILED;
    audit_dir_init(&d, c->arena);
    bool ok = audit_dir_open(&d, dir, &why) && audit_dir_same(&d, dir, &why) &&
              check_wanted(&d, w->signer ? &want : NULL, w->head, &why);
    int status = CMD_FAILED;
    if (!ok && why.code != ERR_INPUT)
        c->fail = why;
    else
        status = say(c, &d, ok, &why);
    audit_dir_release(&d);
    return status;
}
