/* What the verdicts rest on, in a few lines: checks, the plan and its hash, the models by their digests. The rest of
 * the page has all of it in full; this much belongs on the first sheet of paper. */
#include "reports/audit/audit_page_internal.h"

#include "reports/html/html_internal.h"
#include "reports/visible.h"

enum { DIGEST_SHOWN = 12 }; /* letters; all stand under “Plan, runs and hashes” */

static void open_fact(Buf *b, const Page *p, const char *name) {
    buf_adds(b, "<dt>");
    html__say(b, p->lang, name);
    buf_adds(b, "</dt><dd>");
}

static size_t count(const Json *list, const char *result) {
    size_t n = 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) n += str_eqz(page__text(c, "result"), result);
    return n;
}

void page__check_counts(Buf *b, const Page *p) {
    static const char *const RESULTS[] = {"fail", "warn", "pass", "not done"};
    const Json *list = json_get(p->card, "checks");
    bool any = false;
    for (size_t r = 0; r < sizeof RESULTS / sizeof *RESULTS; r++) {
        size_t n = count(list, RESULTS[r]);
        if (!n) continue;
        buf_adds(b, any ? " · " : "");
        page__verdict(b, p, str_from(RESULTS[r]));
        buf_addf(b, " %zu", n);
        any = true;
    }
}

static void checks(Buf *b, const Page *p) {
    if (!json_count(json_get(p->card, "checks"))) return;
    open_fact(b, p, WORD("Integrity checks"));
    page__check_counts(b, p);
    buf_adds(b, " (<a href=\"#integrity\">");
    html__say(b, p->lang, WORD("which"));
    buf_adds(b, "</a>)</dd>\n");
}

static void plan(Buf *b, const Page *p) {
    Str at = page__text(p->header, "signed_at");
    open_fact(b, p, WORD("Plan (SHA-256)"));
    buf_adds(b, "<code>");
    html_escape(b, page__text(p->header, "plan_sha256"));
    buf_adds(b, "</code></dd>\n");
    open_fact(b, p, WORD("Signed"));
    if (at.n)
        html_escape(b, at);
    else
        html__say(b, p->lang, WORD("not signed"));
    buf_adds(b, "</dd>\n");
}

/* A model that several runs asked stands once. */
static bool is_first(const Page *p, const Json *run) {
    for (const Json *r = json_first(json_get(p->header, "runs")); r != run; r = json_next(r))
        if (str_eq(page__text(r, "role"), page__text(run, "role"))) return false;
    return true;
}

static void models(Buf *b, const Page *p) {
    bool any = false;
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r)) {
        Str digest = page__text(r, "digest");
        if (!is_first(p, r)) continue;
        if (!any) open_fact(b, p, WORD("Weights (SHA-256)"));
        buf_adds(b, any ? " · " : "");
        html_escape(b, page__text(r, "role"));
        buf_adds(b, " <code>");
        html_escape(b, str_sub(digest, 0, digest.n < DIGEST_SHOWN ? digest.n : DIGEST_SHOWN));
        buf_adds(b, digest.n > DIGEST_SHOWN ? "…</code>" : "</code>");
        any = true;
    }
    if (any) buf_adds(b, "</dd>\n");
}

void page__basis(Buf *b, const Page *p) {
    html__section(b, p->lang, "basis", WORD("What it rests on"));
    buf_adds(b, "<dl class=\"facts\">\n");
    checks(b, p);
    plan(b, p);
    models(b, p);
    open_fact(b, p, WORD("Program"));
    html_escape(b, page__text(p->header, "harness"));
    buf_adds(b, "</dd>\n</dl>\n</section>\n");
}
