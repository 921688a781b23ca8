/* JUnit XML as Ant's, Jenkins' and Surefire's schemas all take it (specs, interop.md section D): properties first,
 * system-out and system-err last, timestamps without zone. Cases hold ids and figures, never a text of a sample. */
#include <math.h>

#include "reports/gate/gate.h"
#include "reports/visible.h"

static void put(Buf *b, Str s) {
    visible_xml(b, s);
}

static void property(Buf *b, const char *name, Str value) {
    buf_addf(b, "      <property name=\"%s\" value=\"", name);
    put(b, value);
    buf_adds(b, "\"/>\n");
}

static void property_num(Buf *b, const char *name, double v) {
    if (!isnan(v)) buf_addf(b, "      <property name=\"%s\" value=\"%.6g\"/>\n", name, v);
}

static void outcome(Buf *b, const GateResult *r) {
    const char *element = r->verdict == GATE_FAIL ? "failure" : "error";
    if (r->verdict == GATE_SKIPPED) {
        buf_adds(b, "      <skipped message=\"");
        put(b, str_from(r->words));
        buf_adds(b, "\"/>\n");
        return;
    }
    buf_addf(b, "      <%s type=\"%s.%s\" message=\"", element, gate_metric_name(r->check->metric),
             gate_kind_name(r->check->kind));
    put(b, str_from(r->words));
    buf_adds(b, "\">");
    put(b, str_from(r->verdict == GATE_FAIL ? r->words : r->advice));
    buf_addf(b, "</%s>\n", element);
}

/* Inconclusive is an error of the measurement, not a failure of the candidate: it stops a pipeline all the same, unless
 * the policy lets it stay open. */
static bool is_error(const GateResult *r) {
    return r->verdict == GATE_INCONCLUSIVE && !r->check->allow_inconclusive;
}

/* " demo/sum deep ko medium": what tells a case from the others of its check. */
static void name_place(Buf *b, const GateResult *r, const char *between) {
    const Str parts[] = {r->suite, r->group, r->lang, str_from(r->effort)};
    for (size_t i = 0; i < 4; i++) {
        if (!parts[i].n) continue;
        buf_adds(b, between);
        put(b, parts[i]);
    }
}

static void one_case(Buf *b, const GateResult *r) {
    buf_adds(b, "    <testcase name=\"");
    put(b, r->check->id);
    if (r->suite.p) name_place(b, r, " ");
    buf_adds(b, "\" classname=\"gate.");
    put(b, r->suite.p ? r->suite : STR("none"));
    buf_adds(b, "\" time=\"0\"");
    if (r->verdict == GATE_PASS || (r->verdict == GATE_INCONCLUSIVE && !is_error(r))) {
        buf_adds(b, ">\n      <system-out>");
        put(b, str_from(r->words));
        buf_adds(b, "</system-out>\n    </testcase>\n");
        return;
    }
    buf_adds(b, ">\n");
    outcome(b, r);
    buf_adds(b, "    </testcase>\n");
}

static void counts(Buf *b, const GateReport *g, bool skipped) {
    size_t n[3] = {0};
    for (size_t i = 0; i < g->n_results; i++) {
        n[0] += g->results[i].verdict == GATE_FAIL;
        n[1] += is_error(&g->results[i]);
        n[2] += g->results[i].verdict == GATE_SKIPPED;
    }
    buf_addf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", g->n_results, n[0], n[1]);
    if (skipped) buf_addf(b, " skipped=\"%zu\"", n[2]);
}

void gate_junit(const GateReport *g, Str started_at, double seconds, Buf *b) {
    Str when = str_sub(started_at, 0, 19);
    buf_adds(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay gate\"");
    counts(b, g, false);
    buf_addf(b, " time=\"%.3f\">\n  <testsuite name=\"", seconds);
    put(b, g->policy->name);
    buf_adds(b, "\"");
    counts(b, g, true);
    buf_addf(b, " time=\"%.3f\" timestamp=\"", seconds);
    put(b, when.n == 19 ? when : STR("1970-01-01T00:00:00"));
    buf_adds(b, "\" hostname=\"localhost\" id=\"0\" package=\"assay.gate\">\n    <properties>\n");
    property(b, "baseline", g->baseline);
    property(b, "candidate", g->candidate);
    property(b, "baseline_weights_sha256", g->baseline_digest.p ? g->baseline_digest : STR("unknown"));
    property(b, "candidate_weights_sha256", g->candidate_digest.p ? g->candidate_digest : STR("unknown"));
    property(b, "policy_sha256", str_from(g->policy->sha256));
    property(b, "verdict", str_from(gate_verdict_name(g->verdict)));
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        if (!r->suite.p || isnan(r->value)) continue;
        Buf name;
        buf_init(&name, 4096);
        put(&name, r->check->id);
        name_place(&name, r, ".");
        size_t n = name.n;
        const struct {
            const char *what;
            double v;
        } figures[] = {{"", r->value},
                       {".ci_low", r->lower},
                       {".ci_high", r->upper},
                       {".n", (double)r->n},
                       {".alpha", gate_is_count(r->check->metric) ? NAN : gate_alpha(r->check)},
                       {".min_pairs", r->check->min_pairs ? (double)r->check->min_pairs : NAN}};
        for (size_t k = 0; k < 6 && !name.failed; k++) {
            name.n = n;
            buf_adds(&name, figures[k].what);
            property_num(b, name.p, figures[k].v);
        }
        b->failed = b->failed || name.failed;
        buf_release(&name);
    }
    buf_adds(b, "    </properties>\n");
    for (size_t i = 0; i < g->n_results; i++) one_case(b, &g->results[i]);
    buf_adds(b, "    <system-out>");
    put(b, str_from(g->words));
    buf_adds(b, "</system-out>\n    <system-err></system-err>\n  </testsuite>\n</testsuites>\n");
}
