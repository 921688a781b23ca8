/* The plan of an audit, as YAML or signed. What loads has a canonical form that loads again as the same plan with the
 * same verdict on its signatures, and counts as registered only with a time. */
#include "tests/audit_fixture.h"
#include "tests/fuzz/fuzz.h"

/* A plan that supersedes the first, which stands in its file. */
static void give_chain(FuzzGive *give, void *ctx, Str first, const SealSecret *key, Arena *a) {
    AuditPlan p;
    Str file = {0};
    Err err = ERR_INIT;
    fuzz_must(audit_plan_parse("seed", first, a, &p, &err), "the seed does not load");
    Str yaml = str_printf(a, "%ssupersedes: \"%s\"\nreason: r\n", AUDIT_FIXTURE_PLAN, p.sha256);
    fuzz_must(yaml.p && audit_fixture_sign(yaml.p, key, "2026-11-02T00:00:00Z", a, &file, &err),
              "cannot sign the seed");
    file = str_printf(a,
                      "{\"earlier\":[{\"plan\":%s,\"signatures\":%s,\"opened\":{\"type\":\"open\",\"header\":{"
                      "\"plan_sha256\":\"%s\"}}}],%s",
                      p.canonical.p, p.signatures.p, p.sha256, file.p + 1);
    fuzz_must(file.p && audit_plan_parse("seed", file, a, &p, &err) && p.n_earlier == 1, "the chain does not load");
    give(ctx, "chain", file.p, file.n);
}

static void seeds(FuzzGive *give, void *ctx) {
    Arena *a = arena_open(0);
    SealSecret *key = audit_fixture_key(1);
    Str file = {0};
    Err err = ERR_INIT;
    fuzz_must(a && key && audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, "2026-11-01T00:00:00Z", a, &file, &err),
              "cannot sign the seed");
    give(ctx, "yaml", AUDIT_FIXTURE_PLAN, sizeof AUDIT_FIXTURE_PLAN - 1);
    give(ctx, "signed", file.p, file.n);
    give_chain(give, ctx, file, key, a);
    seal_secret_close(key);
    arena_close(a);
}

static void check(const AuditPlan *p, Arena *a) {
    Err err = ERR_INIT;
    AuditPlan again;
    Str history;
    Buf b;
    fuzz_must(p->canonical.n && strlen(p->sha256) == 64 && p->signatures.n >= 2, "what a plan must have");
    fuzz_must(p->registered ? p->signed_at.n == 20 && !p->why[0] : !p->signed_at.p && p->why[0], "registered or why");
    buf_init(&b, (size_t)64 << 20);
    fuzz_must(audit_plan_history(p, a, &history, &err), "its history cannot be told");
    fuzz_must(audit_plan_write(p, a, &b, &err), "the plan cannot be written");
    fuzz_must(audit_plan_parse("again", buf_str(&b), a, &again, &err), "what was written does not load");
    fuzz_must(strcmp(p->sha256, again.sha256) == 0 && p->registered == again.registered &&
                  str_eq(p->signed_at, again.signed_at) && p->n_earlier == again.n_earlier,
              "what was written is another plan");
    buf_release(&b);
}

static bool run(const uint8_t *p, size_t n) {
    Arena *a = arena_open(0);
    AuditPlan plan;
    Err err = ERR_INIT;
    bool ok = audit_plan_parse("plan", (Str){(const char *)p, n}, a, &plan, &err);
    if (ok)
        check(&plan, a);
    else
        fuzz_refused(&err);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"auditplan", FUZZ_TEXT, NULL, 1500, seeds, run};
