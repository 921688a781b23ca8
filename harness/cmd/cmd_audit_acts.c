/* assay audit decide, assay audit countersign: what people do about a finished audit. */
#include <string.h>

#include "harness/args.h"
#include "harness/cmd/cmd_audit.h"
#include "harness/secrecy.h"
#include "reports/seal/seal_sign.h"

void cmd_audit_say_standing(FILE *f, const AuditStanding *s) {
    if (s->need && s->met)
        fprintf(f, "the verdict is signed by %lld keys, and the plan asks for %lld\n", (long long)s->have,
                (long long)s->need);
    else if (s->need)
        fprintf(f, "the verdict is not yet signed as the plan asks: %lld of %lld signatures%s%.*s%s%.*s\n",
                (long long)s->have, (long long)s->need, s->waiting_for.n ? "; still missing from among: " : "",
                STR_ARG(s->waiting_for), s->why.n ? "; " : "", STR_ARG(s->why));
    if (s->n_decisions)
        fprintf(f, "a human decision is signed, and %s the machine's verdict\n",
                s->departs ? "departs from" : "agrees with");
    else
        fputs("no human decision is signed\n", f);
}

bool cmd_audit_is_act(const char *word) {
    return strcmp(word, "decide") == 0 || strcmp(word, "countersign") == 0;
}

typedef struct Act {
    bool decide;
    const char *dir, *key, *decision, *reason, *by, *anchor;
    ArgList verdicts;
} Act;

static bool parse(CmdCtx *c, int argc, char **argv, Act *t) {
    ArgList words = {0};
    const ArgSpec specs[] = {{"key", 0, ARG_TEXT, &t->key},           {"anchor", 0, ARG_TEXT, &t->anchor},
                             {"verdict", 0, ARG_LIST, &t->verdicts},  {"reason", 0, ARG_TEXT, &t->reason},
                             {"decision", 0, ARG_TEXT, &t->decision}, {"by", 0, ARG_TEXT, &t->by}};
    t->decide = strcmp(argv[0], "decide") == 0;
    if (!args_parse(c, argc, argv, specs, t->decide ? 6 : 2, &words)) return false;
    bool one = t->decide ? (t->verdicts.n > 0) != (t->decision != NULL) : true;
    if (words.n == 1 && t->key && one && !(t->decision && (t->reason || t->by))) {
        t->dir = words.v[0];
        return !t->anchor || audit_anchor_check(t->anchor, &c->fail);
    }
    return err_set(&c->fail, ERR_INPUT,
                   t->decide ? "expected: assay audit decide DIR --key FILE.key, and --verdict agree or --verdict "
                               "CATEGORY=VERDICT with --reason TEXT, or --decision FILE.yaml instead"
                             : "expected: assay audit countersign DIR --key FILE.key");
}

static bool choice(CmdCtx *c, const Act *t, AuditChoice *out) {
    if (t->decision) return audit_choice_load(t->decision, c->arena, out, &c->fail);
    *out = (AuditChoice){(const char *const *)t->verdicts.v, t->verdicts.n, str_from(t->reason), str_from(t->by)};
    return true;
}

static bool act(CmdCtx *c, const Act *t, AuditDir *d, const SealSecret *key) {
    AuditChoice what;
    AuditStanding s;
    if (t->decide ? !choice(c, t, &what) || !audit_decide(d, t->dir, &what, key, &c->fail)
                  : !audit_countersign(d, t->dir, key, &c->fail))
        return false;
    if (!audit_standing(d, &s, &c->fail)) return false;
    if (c->json) {
        fprintf(c->out, "%.*s", (int)d->decisions.n, d->decisions.p);
        return true;
    }
    fprintf(c->out, "%s/log.jsonl line %zu: %s by key %s\n", t->dir, d->lines.n,
            t->decide ? "a decision, signed" : "the verdict, signed", seal_secret_public(key)->id);
    cmd_audit_say_standing(c->out, &s);
    return true;
}

int cmd_audit_act(CmdCtx *c, int argc, char **argv) {
    Act t = {0};
    AuditDir d;
    SealSecret *key = NULL;
    if (!parse(c, argc, argv, &t) || !secrecy_begin(&c->fail)) return CMD_FAILED;
    audit_dir_init(&d, c->arena);
    d.anchor = str_from(t.anchor);
    bool ok = (sign_secret_load(t.key, &key, &c->fail) || err_wrap(&c->fail, "--key")) && act(c, &t, &d, key);
    seal_secret_close(key);
    audit_dir_release(&d);
    return ok ? EXIT_DONE : CMD_FAILED;
}
