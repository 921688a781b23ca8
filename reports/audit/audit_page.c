/* The scorecard for people, from its JSON alone. */
#include <stdio.h>

#include "reports/audit/audit_card.h"
#include "reports/visible.h"

static const char CSS[] =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid #8886;vertical-align:top}"
    ".banner{border:2px solid #b7791f;padding:.5rem 1rem}code{overflow-wrap:anywhere}"
    "@media print{body{max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

static Str text(const Json *obj, const char *key) {
    Str s = json_str(json_get(obj, key));
    return s.p ? s : STR("");
}

static void td(Buf *b, const Json *obj, const char *key) {
    buf_adds(b, "<td>");
    html_escape(b, text(obj, key));
    buf_adds(b, "</td>");
}

static void number(Buf *b, const Json *obj, const char *key) {
    const Json *j = json_get(obj, key);
    if (json_type(j) == JSON_NUMBER)
        buf_addf(b, "%.4g", json_num(j));
    else
        buf_adds(b, "n/a");
}

static void td_number(Buf *b, const Json *obj, const char *key) {
    buf_adds(b, "<td>");
    number(b, obj, key);
    buf_adds(b, "</td>");
}

/* columns: "head|key" with '#' before keys of numbers; NULL-terminated. */
static void table(Buf *b, const char *title, const Json *list, const char *const *columns) {
    if (!json_count(list)) return;
    buf_addf(b, "<h2>%s</h2><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", title);
    for (size_t i = 0; columns[i]; i += 2) buf_addf(b, "<th scope=\"col\">%s</th>", columns[i]);
    buf_adds(b, "</tr></thead><tbody>");
    for (const Json *r = json_first(list); r; r = json_next(r)) {
        buf_adds(b, "<tr>");
        for (size_t i = 0; columns[i]; i += 2)
            if (columns[i + 1][0] == '#')
                td_number(b, r, columns[i + 1] + 1);
            else
                td(b, r, columns[i + 1]);
        buf_adds(b, "</tr>");
    }
    buf_adds(b, "</tbody></table></div>\n");
}

static void banner(Buf *b, const Json *header) {
    bool registered = false;
    json_bool(json_get(header, "registered"), &registered);
    if (!registered) {
        buf_adds(b, "<p class=\"banner\"><strong>Exploratory.</strong> ");
        html_escape(b, text(header, "why"));
        buf_adds(b, "</p>");
    }
    for (const Json *r = json_first(json_get(header, "runs")); r && registered; r = json_next(r)) {
        if (!text(r, "exploratory").n) continue;
        buf_adds(b, "<p class=\"banner\"><strong>Exploratory: ");
        html_escape(b, text(r, "role"));
        buf_adds(b, ".</strong> ");
        html_escape(b, text(r, "exploratory"));
        buf_adds(b, "</p>");
    }
}

static void page(Buf *b, const Json *card) {
    static const char *const categories[] = {"Category", "category", "Model", "model", "Verdict",
                                             "verdict",  "Rule",     "rule",  NULL};
    static const char *const indicators[] = {
        "Indicator",   "id",     "Category",  "category",   "Model", "model",  "Verdict", "verdict", "Point", "#point",
        "Upper bound", "#upper", "Threshold", "#threshold", "Level", "#alpha", "Why",     "why",     NULL};
    static const char *const erosion[] = {
        "Erosion", "id",     "From",   "base",       "To",           "tuned",         "Verdict",
        "verdict", "Pairs",  "#pairs", "Difference", "#difference",  "Lower",         "#lower",
        "Upper",   "#upper", "Margin", "#margin",    "Pairs needed", "#pairs_needed", NULL};
    static const char *const checks[] = {"Check",  "check",  "Model",  "model", "Value",
                                         "#value", "Result", "result", NULL};
    static const char *const runs[] = {"Model",  "role",    "Name in the run", "model", "Digest of the weights",
                                       "digest", "Started", "started_at",      NULL};
    const Json *header = json_get(card, "header");
    buf_adds(b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                "content=\"width=device-width,initial-scale=1\"><title>Audit ");
    html_escape(b, text(card, "audit"));
    buf_addf(b, "</title><style>%s</style></head><body><main><p>Audit ", CSS);
    html_escape(b, text(card, "audit"));
    buf_adds(b, ": ");
    html_escape(b, text(card, "question"));
    buf_adds(b, "</p><h1>");
    html_escape(b, text(card, "answer"));
    buf_adds(b, "</h1>");
    banner(b, header);
    table(b, "Verdicts", json_get(card, "categories"), categories);
    table(b, "Erosion of refusals", json_get(card, "erosion"), erosion);
    table(b, "Indicators", json_get(card, "indicators"), indicators);
    table(b, "Integrity checks", json_get(card, "checks"), checks);
    table(b, "Runs", json_get(header, "runs"), runs);
    buf_adds(b,
             "<h2>Limits</h2><p>This says: below the registered indicator, at this confidence, under this elicitation, "
             "on these data. It does not say that a model is safe. What one round of elicitation did not find may be "
             "there.</p><p>Plan <code>");
    html_escape(b, text(header, "plan_sha256"));
    buf_adds(b, "</code></p></main></body></html>\n");
}

bool audit_html(Str card, Buf *out, Err *err) {
    Json *j = NULL;
    if (!json_parse(card, &j, err)) return false;
    page(out, j);
    json_close(j);
    return !out->failed || err_nomem(err);
}

static void line(Buf *out, const Json *r, const char *second) {
    visible_term(out, text(r, "id"));
    buf_adds(out, " ");
    visible_term(out, text(r, second));
    buf_adds(out, ": ");
    visible_term(out, text(r, "verdict"));
}

bool audit_terminal(Str card, Buf *out, Err *err) {
    Json *j = NULL;
    if (!json_parse(card, &j, err)) return false;
    visible_term(out, text(j, "answer"));
    buf_addc(out, '\n');
    for (const Json *r = json_first(json_get(j, "indicators")); r; r = json_next(r)) {
        line(out, r, "model");
        buf_adds(out, " (point "), number(out, r, "point");
        buf_adds(out, ", upper bound "), number(out, r, "upper");
        buf_adds(out, ", threshold "), number(out, r, "threshold");
        buf_adds(out, ") "), visible_term(out, text(r, "why"));
        buf_addc(out, '\n');
    }
    for (const Json *r = json_first(json_get(j, "erosion")); r; r = json_next(r)) {
        line(out, r, "tuned");
        buf_adds(out, " (difference "), number(out, r, "difference");
        buf_adds(out, ", "), number(out, r, "lower");
        buf_adds(out, " to "), number(out, r, "upper");
        buf_adds(out, ", margin "), number(out, r, "margin");
        buf_adds(out, ")\n");
    }
    json_close(j);
    return !out->failed || err_nomem(err);
}
