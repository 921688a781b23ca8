#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/audit/audit_dir.h"
#include "harness/audit/audit_inputs.h"
#include "harness/cmd/cmd_audit.h"
#include "harness/secrecy.h"
#include "reports/audit/audit_card.h"
#include "reports/audit/audit_decisions.h"
#include "reports/audit/audit_page.h"
#include "reports/seal/seal_sign.h"

static const char usage[] =
    "usage: assay audit PLAN --run MODEL=DIR... --out DIR [--key FILE.key] [--lang en|ko]\n"
    "       assay audit sign PLAN [--supersedes PATH...] --key FILE.key --out FILE.json\n"
    "       assay audit countersign DIR --key FILE.key\n"
    "       assay audit decide DIR --key FILE.key (--verdict WORD... [--reason TEXT] [--by TEXT] | --decision FILE)\n"
    "\n"
    "Judges runs by a plan that was written and signed before them, and writes a scorecard whose every figure follows\n"
    "from the public records beside it. PLAN is a policy (suites/policies/preparedness.yaml is one to start from) or\n"
    "what `assay audit sign` made of it.\n"
    "\n"
    "  sign              pre-registers PLAN: writes its canonical form with hash, time and your signature\n"
    "  countersign       signs the machine's verdict of a finished audit with one key more (signers.verdict of the "
    "plan)\n"
    "  decide            adds what people decided: --verdict agree, or --verdict CATEGORY=VERDICT (below, "
    "at-or-above,\n"
    "                    cannot-rule-out) with the --reason why it departs, and --by whom; or a file with these keys.\n"
    "                    The machine's verdict stays as it is\n"
    "  --supersedes PATH the plan that PLAN supersedes (its key `supersedes`): the signed file, or the folder of an "
    "audit\n"
    "                    that was made with it, which says when there were data. Still earlier plans come with it, or "
    "by\n"
    "                    another --supersedes. It goes into the signed plan, so `sign` is where to give it: the "
    "scorecard\n"
    "                    shows every setting that was changed, and which were loosened after data existed\n"
    "  --run MODEL=DIR   the run of a model of the plan, which is found in it by its digest; repeated for other\n"
    "                    models, and for further runs of one (other budgets, other arms)\n"
    "  --import MODEL=FILE\n"
    "                    results from elsewhere that the plan names by their digest; may be repeated\n"
    "  --judge-card FILE what `assay calibrate` found of the judge that scored a run; may be repeated. Without one "
    "that\n"
    "                    counts, nothing that a judge scored is BELOW\n"
    "  --repeat MODEL=DIR\n"
    "                    a second run of the model over some of the same items: are the tokens the same again?\n"
    "  --tuning-data MODEL=FILE.jsonl\n"
    "                    what the model was tuned on: does it hold the wording of items?\n"
    "  --out             the folder of the audit, or the file of the signed plan; never overwritten\n"
    "  --key FILE.key    signs (assay keygen --sign)\n"
    "  --anchor TEXT     a text from outside that is put into the log's lines, such as the hash of a public ledger's\n"
    "                    newest block: they are not older than that\n"
    "  --lang en|ko      language of the page, the Markdown and what is printed; scorecard.json stays as it is\n"
    "\n"
    "A run counts if it was begun with `assay run --audit-plan FILE.json` after the plan was signed; else it is\n"
    "exploratory, and no verdict of it can be BELOW. Exit status: 0 all hold; 1 one does not; 5 cannot rule out; 3 a "
    "run\n"
    "is not finished. `assay verify DIR` checks the folder.\n";

/* Words of the command line. */
typedef struct Given {
    ArgList runs, imports, cards, repeats, tuning, earlier;
} Given;

typedef struct Audit {
    CmdCtx *c;
    AuditPlan plan;
    Json *file; /* plan.json */
    AuditDir dir;
    Buf header;
} Audit;

/* ---- the command ---- */

static bool print(Audit *u, const char *out, Err *err) {
    Buf b, both;
    buf_init(&b, (size_t)1 << 26);
    buf_init(&both, (size_t)1 << 30);
    bool ok = u->c->json || (audit_with_decisions(buf_str(&u->dir.card), buf_str(&u->dir.decisions), &both, err) &&
                             audit_terminal(buf_str(&both), u->dir.lang, &b, err));
    buf_release(&both);
    if (ok) fprintf(u->c->out, "%s", u->c->json ? u->dir.card.p : b.p);
    if (ok && !u->c->json) fprintf(u->c->out, "%s/scorecard.html\n", out);
    buf_release(&b);
    return ok;
}

static bool read_inputs(Audit *u, const Given *given, Err *err) {
    AuditInputs in = {.plan = &u->plan,
                      .models = json_get(json_get(u->file, "plan"), "models"),
                      .runs = {(const char *const *)given->runs.v, given->runs.n},
                      .imports = {(const char *const *)given->imports.v, given->imports.n},
                      .cards = {(const char *const *)given->cards.v, given->cards.n},
                      .repeats = {(const char *const *)given->repeats.v, given->repeats.n},
                      .tuning = {(const char *const *)given->tuning.v, given->tuning.n}};
    return audit_inputs_read(&in, u->c->arena, &u->header, &u->dir.records, err);
}

static bool make(Audit *u, const char *path, const Given *given, const SealSecret *key, const char *out, Err *err) {
    return audit_plan_load(path, u->c->arena, &u->plan, err) &&
           audit_plan_add_earlier(&u->plan, (const char *const *)given->earlier.v, given->earlier.n, u->c->arena,
                                  err) &&
           audit_plan_write(&u->plan, u->c->arena, &u->dir.plan, err) &&
           json_parse(buf_str(&u->dir.plan), &u->file, err) && read_inputs(u, given, err) &&
           audit_dir_make(&u->dir, buf_str(&u->header), key, err) && audit_dir_write(&u->dir, out, err) &&
           print(u, out, err);
}

static int audit(CmdCtx *c, const char *path, const Given *given, const char *key, Lang lang, const char *anchor,
                 const char *out) {
    Audit u = {.c = c};
    SealSecret *secret = NULL;
    audit_dir_init(&u.dir, c->arena);
    u.dir.lang = lang;
    u.dir.anchor = str_from(anchor);
    buf_init(&u.header, (size_t)64 << 20);
    bool ok =
        !key || (secrecy_begin(&c->fail) && (sign_secret_load(key, &secret, &c->fail) || err_wrap(&c->fail, "--key")));
    ok = ok && make(&u, path, given, secret, out, &c->fail);
    int status = ok ? u.dir.status : CMD_FAILED;
    seal_secret_close(secret);
    json_close(u.file);
    buf_release(&u.header);
    audit_dir_release(&u.dir);
    return status;
}

static int sign(CmdCtx *c, const char *path, const ArgList *earlier, const char *key, const char *out) {
    AuditPlan p;
    Buf b;
    buf_init(&b, (size_t)64 << 20);
    bool ok =
        !file_exists(out) || err_set(&c->fail, ERR_INPUT, "--out: %s is there already; it is never overwritten", out);
    ok = ok && secrecy_begin(&c->fail) && audit_plan_load(path, c->arena, &p, &c->fail) &&
         audit_plan_add_earlier(&p, (const char *const *)earlier->v, earlier->n, c->arena, &c->fail) &&
         audit_plan_sign(&p, key, c->arena, &b, &c->fail) && file_write_atomic(out, buf_str(&b), &c->fail);
    ok = ok && cmd_audit_say_signed(c, &p, out);
    buf_release(&b);
    return ok ? EXIT_DONE : CMD_FAILED;
}

/* A first word that is nearly an action, and no file, was meant as one. */
static bool misspelt(CmdCtx *c, const char *word) {
    static const char *const ACTIONS[] = {"sign", "countersign", "decide"};
    const char *near = file_exists(word) ? NULL : args_nearest(word, ACTIONS, 3);
    if (!near || strcmp(near, word) == 0) return false;
    err_set(&c->fail, ERR_INPUT, "unknown action '%s', did you mean '%s'?; see 'assay audit --help'", word, near);
    return true;
}

/* What is missing, in the form that was begun. */
static bool complete(CmdCtx *c, const ArgList *words, bool signing, bool key, bool out, bool given) {
    if (signing)
        return (key && out) ||
               err_set(&c->fail, ERR_INPUT, "%s is missing: assay audit sign PLAN --key FILE.key --out FILE.json",
                       key ? "--out FILE.json" : "--key FILE.key");
    if (words->n != 1)
        return err_set(&c->fail, ERR_INPUT, "name one plan: assay audit PLAN --run MODEL=DIR... --out DIR");
    return (given && out) ||
           err_set(&c->fail, ERR_INPUT, "%s is missing: assay audit PLAN --run MODEL=DIR... --out DIR",
                   given ? "--out DIR" : "--run MODEL=DIR");
}

static int audit_run(CmdCtx *c, int argc, char **argv) {
    const char *key = NULL, *out = NULL, *anchor = NULL, *language = "en";
    Lang lang;
    ArgList words = {0};
    Given given = {0};
    const ArgSpec specs[] = {{"run", 0, ARG_LIST, &given.runs},
                             {"import", 0, ARG_LIST, &given.imports},
                             {"judge-card", 0, ARG_LIST, &given.cards},
                             {"repeat", 0, ARG_LIST, &given.repeats},
                             {"tuning-data", 0, ARG_LIST, &given.tuning},
                             {"supersedes", 0, ARG_LIST, &given.earlier},
                             {"key", 0, ARG_TEXT, &key},
                             {"out", 'o', ARG_TEXT, &out},
                             {"anchor", 0, ARG_TEXT, &anchor},
                             {"lang", 0, ARG_TEXT, &language}};
    if (argc > 1 && cmd_audit_is_act(argv[1])) return cmd_audit_act(c, argc - 1, argv + 1);
    if (argc > 1 && misspelt(c, argv[1])) return CMD_FAILED;
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (anchor && !audit_anchor_check(anchor, &c->fail)) return CMD_FAILED;
    if (!lang_find(language, &lang)) {
        err_set(&c->fail, ERR_INPUT, "--lang: reports speak en (English) and ko (Korean), not '%s'", language);
        return CMD_FAILED;
    }
    bool signing = words.n == 2 && strcmp(words.v[0], "sign") == 0;
    if (!complete(c, &words, signing, key, out, given.runs.n || given.imports.n)) return CMD_FAILED;
    return signing ? sign(c, words.v[1], &given.earlier, key, out)
                   : audit(c, words.v[0], &given, key, lang, anchor, out);
}

const Cmd cmd_audit = {
    .name = "audit", .summary = "judge runs by a plan that was signed before them", .usage = usage, .run = audit_run};
