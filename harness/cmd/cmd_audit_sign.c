/* What a plan changes of the one before it, told to whoever signs it. */
#include "harness/cmd/cmd_audit.h"
#include "harness/term.h"
#include "reports/audit/audit_history.h"

enum { VALUE_SHOWN = 100 };

static void say(FILE *f, Str s) {
    Buf b;
    Str shown = str_sub(s, 0, VALUE_SHOWN);
    shown.n -= utf8_incomplete(shown);
    buf_init(&b, 8192);
    term_escape(&b, shown);
    fprintf(f, STR_FMT "%s", STR_ARG(buf_str(&b)), s.n > VALUE_SHOWN ? "…" : "");
    buf_release(&b);
}

static void say_value(FILE *f, const Json *j) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_out_node(&o, j);
    say(f, !j || json_type(j) == JSON_NULL ? STR("nothing") : buf_str(&b));
    buf_release(&b);
}

static void say_change(FILE *f, const Json *c) {
    fputs("  ", f);
    for (const Json *p = json_first(json_get(c, "path")); p; p = json_next(p)) {
        say(f, json_str(p));
        fputs(json_next(p) ? "." : ": ", f);
    }
    say_value(f, json_get(c, "was"));
    fputs(" became ", f);
    say_value(f, json_get(c, "is"));
    fprintf(f, " (" STR_FMT ")\n", STR_ARG(json_str(json_get(c, "effect"))));
}

static bool changes(const AuditPlan *p, Json **out, HistoryCounts *n, Err *err) {
    Json *is = NULL, *was = NULL;
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)64 << 20);
    json_out_init(&o, &b, 0);
    bool ok = json_parse(p->canonical, &is, err) && json_parse(p->earlier[0].canonical, &was, err);
    if (ok) audit_history_changes(was, is, &o, n);
    ok = ok && (!b.failed || err_nomem(err)) && json_parse(buf_str(&b), out, err);
    json_close(is), json_close(was);
    buf_release(&b);
    return ok;
}

static bool print_json(CmdCtx *c, const AuditPlan *p, const char *file, const Json *list, const HistoryCounts *n) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)64 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "file"), json_out_cstr(&o, file);
    json_out_key(&o, "plan_sha256"), json_out_cstr(&o, p->sha256);
    json_out_key(&o, "supersedes"), json_out_str(&o, p->supersedes);
    if (list) {
        json_out_key(&o, "looser"), json_out_int(&o, n->looser);
        json_out_key(&o, "stricter"), json_out_int(&o, n->stricter);
        json_out_key(&o, "other"), json_out_int(&o, n->other);
        json_out_key(&o, "changes"), json_out_node(&o, list);
    }
    json_obj_end(&o);
    bool ok = !b.failed || err_nomem(&c->fail);
    if (ok) fprintf(c->out, STR_FMT "\n", STR_ARG(buf_str(&b)));
    buf_release(&b);
    return ok;
}

static void print_text(CmdCtx *c, const AuditPlan *p, const char *file, const Json *list, const HistoryCounts *n) {
    fprintf(c->out, "%s\nplan %s\n", file, p->sha256);
    if (!list) return;
    fprintf(c->out, "supersedes %s: settings changed: %lld looser, %lld stricter, %lld other\n", p->earlier[0].sha256,
            (long long)n->looser, (long long)n->stricter, (long long)n->other);
    for (const Json *e = json_first(list); e; e = json_next(e)) say_change(c->out, e);
}

bool cmd_audit_say_signed(CmdCtx *c, const AuditPlan *p, const char *file) {
    Json *list = NULL;
    HistoryCounts n = {0};
    bool ok = true;
    if (p->supersedes.p && !p->n_earlier)
        fputs("assay: warning: the plan that this one supersedes was not given (--supersedes): an audit will say that "
              "what was changed cannot be shown\n",
              c->err);
    if (p->supersedes.p && p->n_earlier) ok = changes(p, &list, &n, &c->fail);
    if (ok && c->json)
        ok = print_json(c, p, file, list, &n);
    else if (ok)
        print_text(c, p, file, list, &n);
    json_close(list);
    return ok;
}
