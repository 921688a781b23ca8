/* junit.xml: of each model, suite, transform and effort whether the measurement can be relied on: all answers there,
 * few without a score, few cut off. No score is judged: what is good enough a policy says (assay gate). Shape: what
 * Ant's, Jenkins' and Surefire's schemas all take (specs, interop.md section D). Figures and names alone, no sample's
 * text. */
#include "reports/report.h"
#include "reports/report_list.h"

#include <math.h>

#include "reports/export/export.h"

/* The default limits of the safety section and of policies. */
#define UNSCORED_MAX 0.02
#define CUT_OFF_MAX 0.05

/* Without a score because something failed: not cut off, not refused. */
static int64_t unscored(const SumCounts *n) {
    return n->outcome[OUTCOME_UNSCORED] + n->outcome[OUTCOME_ERROR];
}

static double share(int64_t k, const SumCounts *n) {
    return n->total ? (double)k / (double)n->total : 0.0;
}

typedef struct Tally {
    int tests, failures, errors;
} Tally;

static Tally tally(const ExportRun *x, const SumCell *c) {
    return (Tally){3, share(c->counts.cut_off, &c->counts) > CUT_OFF_MAX,
                   !x->complete + (share(unscored(&c->counts), &c->counts) > UNSCORED_MAX)};
}

static void property(Buf *b, const char *name, Str value) {
    buf_addf(b, "      <property name=\"%s\" value=\"", name);
    visible_xml(b, value.p ? value : STR(""));
    buf_adds(b, "\"/>\n");
}

static void property_num(Buf *b, const char *name, double v) {
    if (isfinite(v)) buf_addf(b, "      <property name=\"%s\" value=\"%.6g\"/>\n", name, v);
}

static void properties(Buf *b, const ExportRun *x, const SumCell *c) {
    buf_adds(b, "    <properties>\n");
    property(b, "model", x->s.models[c->model].name);
    property(b, "weights_sha256", x->s.models[c->model].digest);
    property(b, "engine_build", x->version);
    property(b, "suite_version", x->s.suites[c->suite].version);
    property(b, "scorer", c->scorer);
    property(b, "effort", str_from(effort_name(c->effort)));
    property_num(b, "score", c->est.mean);
    property_num(b, "stderr", c->est.se);
    property_num(b, "ci_low", c->est.method ? c->est.lo : NAN);
    property_num(b, "ci_high", c->est.method ? c->est.hi : NAN);
    property_num(b, "n", (double)c->counts.total);
    property_num(b, "truncated", (double)c->counts.cut_off);
    property_num(b, "unscored", (double)unscored(&c->counts));
    buf_adds(b, "    </properties>\n");
}

/* element: "failure", "error"; NULL: it holds. */
static void one_case(Buf *b, const char *task, const char *name, const char *element, int64_t k, int64_t n) {
    buf_addf(b, "    <testcase name=\"%s\" classname=\"run.", name);
    visible_xml(b, str_from(task));
    buf_adds(b, "\" time=\"0\">\n");
    if (element)
        buf_addf(b, "      <%s type=\"%s\" message=\"%lld of %lld answers\">%lld of %lld answers</%s>\n", element, name,
                 (long long)k, (long long)n, (long long)k, (long long)n, element);
    else
        buf_addf(b, "      <system-out>%lld of %lld answers</system-out>\n", (long long)k, (long long)n);
    buf_adds(b, "    </testcase>\n");
}

static bool suite(Buf *b, const ExportRun *x, const SumCell *c, size_t id) {
    const SumCounts *n = &c->counts;
    const char *task = export_task(x, c);
    Str when = x->started.n >= 19 ? str_sub(x->started, 0, 19) : STR("1970-01-01T00:00:00");
    Tally t = tally(x, c);
    if (!task) return false;
    buf_adds(b, "  <testsuite name=\"");
    visible_xml(b, x->s.models[c->model].name);
    buf_addc(b, ' ');
    visible_xml(b, str_from(task));
    buf_addf(b, " %s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\" time=\"%.3f\" timestamp=\"",
             effort_name(c->effort), t.tests, t.failures, t.errors, c->prefill_seconds + c->decode_seconds);
    visible_xml(b, when);
    buf_addf(b, "\" hostname=\"localhost\" id=\"%zu\" package=\"assay.run\">\n", id);
    properties(b, x, c);
    /* stored answers of the whole run: a cell does not know how many items it should have */
    one_case(b, task, "run finished", x->complete ? NULL : "error", x->s.stored.records,
             x->s.n_items < 0 ? x->s.stored.records : x->s.n_items);
    one_case(b, task, "without a score at most 2 %", t.errors > !x->complete ? "error" : NULL, unscored(n), n->total);
    one_case(b, task, "cut off at most 5 %", t.failures ? "failure" : NULL, n->cut_off, n->total);
    buf_adds(b, "    <system-out></system-out>\n    <system-err></system-err>\n  </testsuite>\n");
    return true;
}

static bool junit_write(Findings *f, Buf *out, Err *err) {
    ExportRun x;
    Tally all = {0};
    size_t id = 0;
    if (!export_open(f, &x, err)) return false;
    for (size_t i = 0; i < x.s.n_cells; i++) {
        if (!x.s.cells[i].primary) continue;
        Tally t = tally(&x, &x.s.cells[i]);
        all.tests += t.tests, all.failures += t.failures, all.errors += t.errors;
    }
    buf_addf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuites name=\"assay run\" tests=\"%d\" failures=\"%d\" errors=\"%d\">\n",
             all.tests, all.failures, all.errors);
    bool ok = true;
    for (size_t i = 0; ok && i < x.s.n_cells; i++)
        if (x.s.cells[i].primary) ok = suite(out, &x, &x.s.cells[i], id++);
    buf_adds(out, "</testsuites>\n");
    ok = (ok || err_nomem(err)) && export_whole(&x, out, err);
    export_close(&x);
    return ok;
}

const Report report_junit = {"junit", "junit.xml", "whether the measurement holds, for CI", junit_write};
