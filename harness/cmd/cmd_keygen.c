#include <string.h>

#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/secrecy.h"
#include "reports/seal/seal.h"
#include "reports/seal/seal_sign.h"

static const char usage[] =
    "usage: assay keygen [--out NAME] [--sign]\n"
    "\n"
    "Makes a pair of keys for sealed outputs: NAME.pub and NAME.key (mode 0600). Files that are there are never\n"
    "overwritten.\n"
    "\n"
    "  --out NAME   path without ending; default auditor\n"
    "  --sign       a pair for signatures instead (Ed25519), for plans and verdicts of audits\n"
    "\n"
    "The auditor makes the pair and gives NAME.pub away: `assay run PLAN.yaml --seal-to NAME.pub` then writes outputs\n"
    "of sealed suites that only NAME.key opens (assay unseal, assay report --reveal, assay rescore --key). There is "
    "no\n"
    "other way to open them: keep NAME.key safe and away from the machine that runs, and keep a copy.\n";

static bool print_json(CmdCtx *c, const char *name, const SealPublic *p) {
    Buf b;
    buf_init(&b, (size_t)1 << 20);
    JsonOut o;
    json_out_init(&o, &b, 2);
    json_obj(&o);
    json_out_key(&o, "id");
    json_out_cstr(&o, p->id);
    json_out_key(&o, "public");
    json_out_str(&o, str_printf(c->arena, "%s.pub", name));
    json_out_key(&o, "secret");
    json_out_str(&o, str_printf(c->arena, "%s.key", name));
    json_obj_end(&o);
    bool ok = !b.failed || err_nomem(&c->fail);
    if (ok) fprintf(c->out, STR_FMT "\n", STR_ARG(buf_str(&b)));
    buf_release(&b);
    return ok;
}

static int keygen_run(CmdCtx *c, int argc, char **argv) {
    const char *name = "auditor";
    SealPublic p;
    bool sign = false;
    const ArgSpec specs[] = {{"out", 'o', ARG_TEXT, &name}, {"sign", 0, ARG_FLAG, &sign}};
    if (!args_parse(c, argc, argv, specs, 2, NULL)) return CMD_FAILED;
    if (!*name || name[strlen(name) - 1] == '/') {
        err_set(&c->fail, ERR_INPUT, "--out must be the path of the keys without ending, such as keys/auditor");
        return CMD_FAILED;
    }
    if (!secrecy_begin(&c->fail) || !(sign ? sign_keygen : seal_keygen)(name, &p, &c->fail)) return CMD_FAILED;
    if (c->json) return print_json(c, name, &p) ? EXIT_DONE : CMD_FAILED;
    fprintf(c->out, "%s.pub\n%s.key\n", name, name);
    if (!c->quiet && sign)
        fprintf(c->err, "key %s: %s.pub tells whose signatures are yours; keep %s.key to yourself\n", p.id, name, name);
    if (!c->quiet && !sign)
        fprintf(c->err,
                "key %s: give %s.pub to whoever runs; keep %s.key to yourself, for nothing else opens what is "
                "sealed to it\n",
                p.id, name, name);
    return EXIT_DONE;
}

const Cmd cmd_keygen = {
    .name = "keygen", .summary = "make a pair of keys for sealed outputs", .usage = usage, .run = keygen_run};
