/* An audit whose plan, header and records are a stranger's: the records get their chain here, so that changes reach the
 * scorecard. What can be made is made twice with the same bytes, and its folder is verified, or refused for what the
 * header claims. */
#include "engine/base/file.h"
#include "reports/audit/audit_card.h"
#include "reports/audit/audit_page.h"
#include "tests/audit_fixture.h"
#include "tests/fuzz/fuzz.h"

enum { PLAN, HEADER, RECORDS };
static const char *const names[] = {"plan", "header", "records", NULL};

/* Records without their place. */
static void add_rows(Arena *a, int n, Buf *out) {
    for (int k = 0; k < 4 * n; k++) {
        Str row = audit_fixture_row(a, k % 2 ? "base" : "tuned", k / 2 % 2 ? "t/refusal" : "t/sum", k / 4,
                                    k % 5 == 0 ? 0 : 1);
        buf_addstr(out, row);
        buf_addc(out, '\n');
    }
}

static void seeds(FuzzGive *give, void *ctx) {
    Arena *a = arena_open(0);
    SealSecret *key = audit_fixture_key(1);
    Err err = ERR_INIT;
    AuditPlan p;
    Str file;
    Buf b, rows;
    buf_init(&b, 1 << 20);
    buf_init(&rows, 1 << 20);
    fuzz_must(a && key && audit_fixture_sign(AUDIT_FIXTURE_PLAN, key, "2026-11-01T00:00:00Z", a, &file, &err) &&
                  audit_plan_parse("seed", file, a, &p, &err),
              "cannot sign the seed");
    add_rows(a, 3, &rows);
    Str header = audit_fixture_header(&p, "2026-11-02T00:00:00Z", a);
    fuzz_part_add(&b, PLAN, file.p, file.n);
    fuzz_part_add(&b, HEADER, header.p, header.n);
    fuzz_part_add(&b, RECORDS, rows.p, rows.n);
    give(ctx, "signed", b.p, b.n);
    buf_clear(&b), buf_clear(&rows);
    fuzz_must(audit_plan_parse("seed", str_from(AUDIT_FIXTURE_PLAN), a, &p, &err), "the seed");
    add_rows(a, 16, &rows);
    header = audit_fixture_header(&p, "2026-11-02T00:00:00Z", a);
    fuzz_part_add(&b, PLAN, AUDIT_FIXTURE_PLAN, sizeof AUDIT_FIXTURE_PLAN - 1);
    fuzz_part_add(&b, HEADER, header.p, header.n);
    fuzz_part_add(&b, RECORDS, rows.p, rows.n);
    give(ctx, "yaml", b.p, b.n);
    buf_release(&b), buf_release(&rows);
    seal_secret_close(key);
    arena_close(a);
}

static bool chain_up(Str bodies, Arena *a, Buf *out, Err *err) {
    AuditChain c = AUDIT_CHAIN_START;
    for (Str line; (line = audit_next_line(&bodies)).p;)
        if (!audit_chain_add(&c, line.n ? line : STR("{}"), a, out, err)) return false;
    return true;
}

static bool write_and_verify(AuditDir *d, Arena *a, Err *err) {
    SealPublic by;
    int status = -1;
    char dir[200];
    Buf text;
    snprintf(dir, sizeof dir, "%s", fuzz_dir());
    fuzz_dir_clear();
    fuzz_must(audit_dir_write(d, dir, err), "the folder cannot be written");
    buf_init(&text, (size_t)64 << 20);
    fuzz_must(audit_terminal(buf_str(&d->card), LANG_EN, &text, err), "the card has no words");
    buf_release(&text);
    if (!audit_dir_verify(dir, a, &by, &status, err)) {
        fuzz_must(err->code == ERR_INPUT && (strstr(err->msg, "log.jsonl line 1") || strstr(err->msg, "plan.json")),
                  "what was just made differs");
        return false;
    }
    fuzz_must(status == d->status && (status == 0 || status == 1 || status == 5), "another status");
    return true;
}

static bool make(const Str part[3], AuditDir *d, Arena *a, Err *err) {
    AuditPlan p;
    if (!audit_plan_parse("plan", part[PLAN], a, &p, err) || !audit_plan_write(&p, a, &d->plan, err) ||
        !chain_up(part[RECORDS], a, &d->records, err))
        return false;
    char *header = str_cstr(a, part[HEADER]);
    return audit_dir_make(d, str_from(header), NULL, err) && write_and_verify(d, a, err);
}

static bool run(const uint8_t *p, size_t n) {
    Str part[3] = {STR(""), STR(""), STR("")};
    FuzzPart f;
    AuditDir d;
    Err err = ERR_INIT;
    for (size_t at = 0; fuzz_part(p, n, 3, &at, &f);) part[f.number] = (Str){(const char *)p + f.at, f.n};
    Arena *a = arena_open(0);
    audit_dir_init(&d, a);
    bool ok = make(part, &d, a, &err) || fuzz_refused(&err);
    audit_dir_release(&d);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"auditcard", FUZZ_PARTS, names, 150, seeds, run};
