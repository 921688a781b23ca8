#include "reports/audit/audit_decisions.h"

#include <string.h>

#include "reports/audit/audit_statement.h"
#include "reports/words/words.h"

#define DECISIONS_MAX ((size_t)256 << 20)

typedef struct Out {
    const Json *plan, *card;
    const AuditLog *log;
    JsonOut o;
    Err *err;
} Out;

/* ---- JSON ---- */

static Str text(const Json *j, const char *key) {
    Str s = json_str(json_get(j, key));
    return s.p ? s : STR("");
}

static void put(Out *u, const char *key, Str s) {
    json_out_key(&u->o, key);
    json_out_str(&u->o, s.p ? s : STR(""));
}

static void put_flag(Out *u, const char *key, bool v) {
    json_out_key(&u->o, key);
    json_out_bool(&u->o, v);
}

static void put_int(Out *u, const char *key, size_t v) {
    json_out_key(&u->o, key);
    json_out_int(&u->o, (int64_t)v);
}

static bool among(const Json *list, Str id) {
    for (const Json *e = json_first(list); e; e = json_next(e))
        if (str_eq(json_str(e), id)) return true;
    return false;
}

static bool wrong(Out *u, size_t line, const char *what) {
    return err_set(u->err, ERR_INPUT, "log.jsonl line %zu: %s", line + 1, what);
}

/* ---- who signed the verdict ---- */

typedef struct Signing {
    const Json *of; /* NULL: the plan asks for nobody */
    int64_t need;
    bool not_runner, runner_unknown;
    size_t have;
} Signing;

static const Json *runs(const Out *u) {
    return json_get(json_get(u->card, "header"), "runs");
}

static bool ran_it(const Out *u, Str id) {
    for (const Json *r = json_first(runs(u)); r; r = json_next(r))
        if (str_eq(text(r, "closed_by"), id)) return true;
    return false;
}

static Signing asked(const Out *u) {
    const Json *v = json_get(json_get(u->plan, "signers"), "verdict");
    Signing s = {.of = json_get(v, "of")};
    json_int(json_get(v, "need"), 0, INT32_MAX, &s.need);
    s.not_runner = among(json_get(v, "not_same_as"), STR("runner"));
    for (const Json *r = json_first(runs(u)); s.not_runner && r; r = json_next(r))
        s.runner_unknown = s.runner_unknown || !text(r, "closed_by").n;
    return s;
}

static bool signed_before(const Out *u, size_t line) {
    for (size_t i = 0; i < line; i++)
        if (str_eqz(u->log->v[i].type, "verdict") && strcmp(u->log->v[i].by.id, u->log->v[line].by.id) == 0)
            return true;
    return false;
}

/* "" if it counts. Where the plan asks for nobody, every key counts once. */
static const char *why_not(const Out *u, const Signing *s, size_t line) {
    Str id = str_from(u->log->v[line].by.id);
    if (signed_before(u, line)) return WORD("this key has signed before");
    if (s->of && !among(s->of, id)) return WORD("the plan does not name this key");
    if (s->not_runner && ran_it(u, id))
        return WORD("this key closed a run of the audit, and whoever ran it does not sign its verdict");
    return "";
}

static bool same_verdict(Out *u, size_t line) {
    const Json *j = u->log->v[line].json, *first = u->log->v[AUDIT_LOG_HEAD - 1].json;
    int64_t a = -1, b = -2;
    json_int(json_get(j, "status"), 0, 5, &a);
    json_int(json_get(first, "status"), 0, 5, &b);
    if (a == b && str_eq(text(j, "scorecard_sha256"), text(first, "scorecard_sha256"))) return true;
    return wrong(u, line, "it signs another scorecard");
}

static bool put_signed(Out *u, Signing *s) {
    json_out_key(&u->o, "signed");
    json_arr(&u->o);
    for (size_t i = AUDIT_LOG_HEAD - 1; i < u->log->n; i++) {
        const AuditLogLine *l = &u->log->v[i];
        if (!str_eqz(l->type, "verdict") || !l->by.id[0]) continue;
        if (!same_verdict(u, i)) return false;
        const char *why = why_not(u, s, i);
        s->have += !*why;
        json_obj(&u->o);
        put_int(u, "line", i + 1);
        put(u, "key", str_from(l->by.id));
        put(u, "at", l->at);
        put_flag(u, "counts", !*why);
        put(u, "why", str_from(why));
        json_obj_end(&u->o);
    }
    json_arr_end(&u->o);
    return true;
}

static bool has_signed(const Out *u, Str id) {
    for (size_t i = AUDIT_LOG_HEAD - 1; i < u->log->n; i++)
        if (str_eqz(u->log->v[i].type, "verdict") && str_eqz(id, u->log->v[i].by.id)) return true;
    return false;
}

static void put_runners(Out *u) {
    json_out_key(&u->o, "runners");
    json_arr(&u->o);
    for (const Json *r = json_first(runs(u)); r; r = json_next(r)) {
        bool again = false;
        for (const Json *q = json_first(runs(u)); q != r; q = json_next(q))
            again = again || str_eq(text(q, "closed_by"), text(r, "closed_by"));
        if (text(r, "closed_by").n && !again) json_out_str(&u->o, text(r, "closed_by"));
    }
    json_arr_end(&u->o);
}

static bool put_verdict(Out *u) {
    Signing s = asked(u);
    bool met;
    json_out_key(&u->o, "verdict");
    json_obj(&u->o);
    put_int(u, "need", (size_t)s.need);
    json_out_key(&u->o, "of");
    json_arr(&u->o);
    for (const Json *e = json_first(s.of); e; e = json_next(e)) json_out_node(&u->o, e);
    json_arr_end(&u->o);
    put_flag(u, "not_runner", s.not_runner);
    put_runners(u);
    if (!put_signed(u, &s)) return false;
    put_int(u, "have", s.have);
    met = (int64_t)s.have >= s.need && !s.runner_unknown;
    put_flag(u, "met", met);
    json_out_key(&u->o, "waiting_for");
    json_arr(&u->o);
    for (const Json *e = json_first(s.of); (int64_t)s.have < s.need && e; e = json_next(e))
        if (!has_signed(u, json_str(e)) && !(s.not_runner && ran_it(u, json_str(e)))) json_out_node(&u->o, e);
    json_arr_end(&u->o);
    put(u, "why",
        s.runner_unknown ? STR(WORD("who ran it is not known: not every run is closed with a signature")) : STR(""));
    json_obj_end(&u->o);
    return true;
}

/* ---- decisions ---- */

static const char *const VERDICTS[] = {"BELOW", "AT_OR_ABOVE", "CANNOT_RULE_OUT"};
enum { N_VERDICTS = 3 };

const char *audit_verdict_word(Str s) {
    for (int i = 0; i < N_VERDICTS; i++) {
        bool same = s.n == strlen(VERDICTS[i]);
        for (size_t k = 0; same && k < s.n; k++) {
            char c = s.p[k];
            if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
            same = (c == '-' ? '_' : c) == VERDICTS[i][k];
        }
        if (same) return VERDICTS[i];
    }
    return NULL;
}

bool audit_decision_body(const char *sum, const AuditDecided *v, size_t n, Str reason, Str by, Arena *a, Str *out,
                         Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "scorecard_sha256"), json_out_cstr(&o, sum);
    json_out_key(&o, "reason"), json_out_str(&o, reason.p ? reason : STR(""));
    json_out_key(&o, "by"), json_out_str(&o, by.p ? by : STR(""));
    json_out_key(&o, "decided");
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        json_out_key(&o, "category"), json_out_str(&o, v[i].category);
        json_out_key(&o, "verdict"), json_out_str(&o, v[i].verdict);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    *out = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(err);
}

/* The machine's verdicts and what was decided of each, in the scorecard's order. */
static bool put_categories(Out *u, size_t line, bool *departs) {
    const Json *d = json_first(json_get(u->log->v[line].json, "decided")),
               *m = json_first(json_get(u->card, "verdicts"));
    json_out_key(&u->o, "categories");
    json_arr(&u->o);
    for (; d && m; d = json_next(d), m = json_next(m)) {
        Str decided = text(d, "verdict"), machine = text(m, "verdict");
        const char *word = audit_verdict_word(decided);
        if (!str_eq(text(d, "category"), text(m, "category")) || !word || !str_eqz(decided, word))
            return wrong(u, line, "it decides another category than the scorecard has there, or in other words");
        bool other = !str_eq(decided, machine);
        *departs = *departs || other;
        json_obj(&u->o);
        put(u, "category", text(m, "category"));
        put(u, "machine", machine);
        put(u, "decided", decided);
        put_flag(u, "departs", other);
        json_obj_end(&u->o);
    }
    json_arr_end(&u->o);
    return (!d && !m) || wrong(u, line, "it does not decide every category of the scorecard");
}

static bool put_decision(Out *u, size_t line, const Json *of) {
    const AuditLogLine *l = &u->log->v[line];
    bool departs = false;
    if (!str_eq(text(l->json, "scorecard_sha256"), text(u->log->v[AUDIT_LOG_HEAD - 1].json, "scorecard_sha256")))
        return wrong(u, line, "it decides on another scorecard");
    json_obj(&u->o);
    put_int(u, "line", line + 1);
    put(u, "key", str_from(l->by.id));
    put(u, "at", l->at);
    put_flag(u, "named", among(of, str_from(l->by.id)));
    put(u, "by", text(l->json, "by"));
    put(u, "reason", text(l->json, "reason"));
    if (!put_categories(u, line, &departs)) return false;
    put_flag(u, "departs", departs);
    json_obj_end(&u->o);
    return !departs || str_trim(text(l->json, "reason")).n ||
           wrong(u, line, "it departs from the machine's verdict without a reason");
}

static bool put_decisions(Out *u) {
    const Json *of = json_get(json_get(json_get(u->plan, "signers"), "verdict"), "of");
    json_out_key(&u->o, "decisions");
    json_arr(&u->o);
    for (size_t i = AUDIT_LOG_HEAD; i < u->log->n; i++)
        if (str_eqz(u->log->v[i].type, "decision") && !put_decision(u, i, of)) return false;
    json_arr_end(&u->o);
    return true;
}

/* ---- unsealings, anchors ---- */

static bool is_key_id(Str s) {
    bool hex = s.n == 16;
    for (size_t i = 0; hex && i < s.n; i++) hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
    return hex;
}

static bool put_unsealing(Out *u, size_t line) {
    static const char *const members[] = {"run", "models", "opened_by", "how", "items", "why"};
    const AuditLogLine *l = &u->log->v[line];
    int64_t n = -1;
    bool counted = json_int(json_get(l->json, "n_samples"), 0, INT64_MAX, &n);
    if (!counted || !is_key_id(text(l->json, "opened_by")) || !text(l->json, "items").n ||
        !str_trim(text(l->json, "why")).n)
        return wrong(u, line, "it does not say who opened which sealed texts, and why");
    json_obj(&u->o);
    put_int(u, "line", line + 1);
    put(u, "key", str_from(l->by.id));
    put(u, "at", l->at);
    put_int(u, "n", (size_t)n);
    for (size_t k = 0; k < sizeof members / sizeof *members; k++) put(u, members[k], text(l->json, members[k]));
    json_obj_end(&u->o);
    return true;
}

static bool put_unsealings(Out *u) {
    json_out_key(&u->o, "unsealings");
    json_arr(&u->o);
    for (size_t i = AUDIT_LOG_HEAD; i < u->log->n; i++)
        if (str_eqz(u->log->v[i].type, "unseal") && !put_unsealing(u, i)) return false;
    json_arr_end(&u->o);
    return true;
}

static void put_anchors(Out *u) {
    json_out_key(&u->o, "anchors");
    json_arr(&u->o);
    for (size_t i = 0; i < u->log->n; i++) {
        const AuditLogLine *l = &u->log->v[i];
        if (!text(l->json, "anchor").n) continue;
        json_obj(&u->o);
        put_int(u, "line", i + 1);
        put(u, "at", l->at);
        put(u, "anchor", text(l->json, "anchor"));
        json_obj_end(&u->o);
    }
    json_arr_end(&u->o);
}

/* ---- together ---- */

bool audit_decisions(const Json *plan, const Json *card, const AuditLog *log, Buf *out, Err *err) {
    Buf b;
    Str canonical;
    Arena *a = arena_open(0);
    Out u = {.plan = plan, .card = card, .log = log, .err = err};
    if (!a) return err_nomem(err);
    buf_init(&b, DECISIONS_MAX);
    json_out_init(&u.o, &b, 0);
    json_obj(&u.o);
    put(&u, "format", STR(AUDIT_DECISIONS_FORMAT));
    put_int(&u, "log_lines", log->n);
    put(&u, "scorecard_sha256", text(log->v[AUDIT_LOG_HEAD - 1].json, "scorecard_sha256"));
    bool ok = put_verdict(&u) && put_decisions(&u) && put_unsealings(&u);
    if (ok) put_anchors(&u);
    json_obj_end(&u.o);
    ok = ok && (!b.failed || err_nomem(err)) && audit_canonical_text(buf_str(&b), a, &canonical, err);
    if (ok) buf_addstr(out, canonical), buf_addc(out, '\n');
    buf_release(&b);
    arena_close(a);
    return ok && (!out->failed || err_nomem(err));
}

bool audit_with_decisions(Str card, Str decisions, Buf *out, Err *err) {
    card = str_trim(card);
    buf_addstr(out, str_sub(card, 0, card.n - 1));
    buf_adds(out, ",\"decisions\":");
    buf_addstr(out, str_trim(decisions));
    buf_addc(out, '}');
    return !out->failed || err_nomem(err);
}
