/* The folder of an audit in which a stranger changed files: verify names what was changed, or takes the folder, and
 * then it says of the status what the scorecard says. */
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "tests/audit_fixture.h"
#include "tests/fuzz/fuzz.h"

enum { PLAN, RECORDS, LOG, HEAD, CARD, PAGE, TEXT, DECISIONS };
static const char *const names[] = {"plan.json",      "records.jsonl", "log.jsonl",      "log.head", "scorecard.json",
                                    "scorecard.html", "scorecard.md",  "decisions.json", NULL};

static void seed(FuzzGive *give, void *ctx, const char *name, const SealSecret *key) {
    Arena *a = arena_open(0);
    AuditDir d;
    AuditPlan p;
    Str file;
    Err err = ERR_INIT;
    Buf b;
    SealSecret *signer = audit_fixture_key(1);
    audit_dir_init(&d, a);
    fuzz_must(audit_fixture_sign(AUDIT_FIXTURE_PLAN, signer, "2026-11-01T00:00:00Z", a, &file, &err) &&
                  audit_plan_parse("seed", file, a, &p, &err) && audit_plan_write(&p, a, &d.plan, &err) &&
                  audit_fixture_records(2, a, &d.records, &err) &&
                  audit_dir_make(&d, audit_fixture_header(&p, "2026-11-02T00:00:00Z", a), key, &err),
              "cannot make the seed");
    buf_init(&b, 1 << 22);
    const Str files[] = {buf_str(&d.plan), buf_str(&d.records), buf_str(&d.log),      str_from(d.head),
                         buf_str(&d.card), buf_str(&d.html),    buf_str(&d.markdown), buf_str(&d.decisions)};
    for (int i = 0; i <= DECISIONS; i++) fuzz_part_add(&b, i, files[i].p, files[i].n);
    give(ctx, name, b.p, b.n);
    buf_release(&b);
    audit_dir_release(&d);
    seal_secret_close(signer);
    arena_close(a);
}

static void seeds(FuzzGive *give, void *ctx) {
    SealSecret *key = audit_fixture_key(2);
    seed(give, ctx, "signed", key);
    seed(give, ctx, "bare", NULL);
    seal_secret_close(key);
}

static void check_status(int status, Arena *a) {
    Buf b;
    Json *card = NULL;
    Err err = ERR_INIT;
    int64_t said = -1;
    char *path = path_join(a, fuzz_dir(), names[CARD]);
    buf_init(&b, (size_t)64 << 20);
    fuzz_must(file_read(path, &b, &err) && json_parse(buf_str(&b), &card, &err), "a verified card is no JSON");
    fuzz_must(json_int(json_get(card, "status"), 0, 5, &said) && said == status, "the card has another status");
    json_close(card);
    buf_release(&b);
}

static bool run(const uint8_t *p, size_t n) {
    Arena *a = arena_open(0);
    SealPublic by;
    int status = -1;
    Err err = ERR_INIT;
    fuzz_dir_parts(p, n);
    bool ok = audit_dir_verify(fuzz_dir(), a, &by, &status, &err);
    if (ok)
        check_status(status, a);
    else
        fuzz_refused(&err);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"auditdir", FUZZ_PARTS, names, 300, seeds, run};
