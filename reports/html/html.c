/* report.html: one file that needs nothing else, neither network nor, for everything but the samples, a script.
 *
 * The content policy allows the one style sheet and the one script by their hashes and nothing more, so that even text
 * that slipped through as markup could neither run nor load. */
#include "reports/report.h"
#include "reports/report_list.h"

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "reports/html/html_internal.h"
#include "reports/visible.h"

static void base64(Buf *b, const unsigned char *p, size_t n) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        char out[4] = {DIGITS[v >> 18], DIGITS[v >> 12 & 63], i + 1 < n ? DIGITS[v >> 6 & 63] : '=',
                       i + 2 < n ? DIGITS[v & 63] : '='};
        buf_add(b, out, 4);
    }
}

static void policy_hash(Buf *b, Str text) {
    Sha256 h;
    unsigned char digest[32];
    sha256_init(&h);
    sha256_add(&h, text.p, text.n);
    sha256_end(&h, digest);
    buf_adds(b, "'sha256-");
    base64(b, digest, sizeof digest);
    buf_adds(b, "'");
}

void html__open(Buf *b, Str title) {
    buf_adds(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    policy_hash(b, html__css());
    buf_adds(b, "; script-src ");
    policy_hash(b, html__js());
    buf_adds(b, "; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_escape_attr(b, title); /* a title holds no elements */
    buf_adds(b, "</title>\n<style>");
    buf_addstr(b, html__css());
    buf_adds(b, "</style>\n</head>\n");
}

static void write_head(Buf *b, const Summary *s) {
    Buf title;
    buf_init(&title, (size_t)1 << 20);
    for (size_t i = 0; i < s->n_models; i++) {
        if (i) buf_adds(&title, ", ");
        buf_addstr(&title, s->models[i].name);
    }
    buf_adds(&title, " – assay report");
    html__open(b, buf_str(&title));
    if (title.failed) b->failed = true;
    buf_release(&title);
}

/* Our own sentence, in which names of models do not break at their hyphens. Long names must be able to. */
static void write_words(Buf *b, const Summary *s, Str text) {
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        for (size_t m = 0; m < s->n_models; m++) {
            Str name = s->models[m].name;
            if (name.n == 0 || name.n > 20 || !str_starts(str_sub(text, i, text.n), name)) continue;
            html_escape(b, str_sub(text, from, i));
            buf_adds(b, "<span class=\"model\">");
            html_escape(b, name);
            buf_adds(b, "</span>");
            from = i + name.n;
            i = from - 1;
            break;
        }
    }
    html_escape(b, str_sub(text, from, text.n));
}

static void write_answer(Buf *b, const Summary *s, const Compare *c) {
    buf_addf(b, "<header>\n<p class=\"eyebrow\">assay %s", c->n_arms ? "comparison" : "report");
    for (size_t i = 0; i < s->n_models; i++) {
        buf_adds(b, i ? ", " : " · ");
        html_escape(b, s->models[i].name);
    }
    buf_addf(b, " · %zu %s · %lld answers</p>\n", s->n_suites, s->n_suites == 1 ? "suite" : "suites",
             (long long)s->stored.records);
    for (size_t i = 0; i < s->n_headline; i++) {
        buf_adds(b, i ? "<p class=\"lead2\">" : "<h1>");
        write_words(b, s, str_from(s->headline[i].lead));
        buf_adds(b, i ? "</p>\n" : "</h1>\n");
        if (i || !*s->headline[i].detail) continue; /* of many pairs the tables tell more */
        buf_adds(b, "<p class=\"detail\">");
        html_escape(b, str_from(s->headline[i].detail));
        buf_adds(b, "</p>\n");
    }
    for (size_t i = 0; i < s->n_cautions; i++) {
        buf_adds(b, "<p class=\"caution\">");
        html_escape(b, str_from(s->cautions[i]));
        buf_adds(b, "</p>\n");
    }
    html__compare_warnings(b, c);
    buf_adds(b, "</header>\n");
}

static bool any_open(const Summary *s) {
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].counts.open) return true;
    return false;
}

static bool any_safer(const Summary *s) {
    for (size_t i = 0; i < s->n_suites; i++)
        if (s->suites[i].higher_is_safer) return true;
    return false;
}

static void write_charts(Buf *b, const Summary *s) {
    buf_adds(
        b, "<section id=\"scores\"><h2>Scores</h2>\n<p class=\"note\">Per cent of the answers that have a score, with "
           "95&nbsp;% intervals. Further right is better");
    if (any_safer(s)) buf_adds(b, "; on suites about safety, further right is safer");
    buf_adds(b, ".");
    if (any_open(s))
        buf_adds(b, " Dotted: where the score could lie if the open answers (cut off, refused, failed, unscored) were "
                    "all wrong, or all "
                    "right.");
    buf_adds(b, "</p>\n");
    html__scores(b, s);
    buf_adds(b, "</section>\n");
    if (s->n_pairs) {
        buf_adds(
            b, "<section id=\"differences\"><h2>Model against model</h2>\n<p class=\"note\">Differences on the same "
               "questions, with 95&nbsp;% intervals. To the right of the middle the first model is better. Differences "
               "inside the grey band would often go unseen with this many questions.</p>\n");
        html__differences(b, s);
        buf_adds(b, "</section>\n");
    }
    buf_adds(b, "<section id=\"outcomes\"><h2>How the answers ended</h2>\n");
    html__outcomes(b, s);
    buf_adds(b, "</section>\n");
}

/* Which methods stand behind the numbers; only those that were used here. */
static void write_methods(Buf *b, const Summary *s) {
    static const struct {
        const char *method, *words;
    } METHODS[] = {
        {"wilson", "Wilson score interval, for one right-or-wrong score per question"},
        {"wilson over clusters", "Wilson score interval that counts clusters, where all scores are equal"},
        {"t", "t interval over question means, for fewer than 100 questions"},
        {"normal", "normal interval over question means, from 100 questions on"},
        {"clustered t", "t interval with errors clustered by template, passage or contest"},
        {"Newcombe paired", "Newcombe’s score interval for paired proportions"},
        {"paired t", "t interval of the differences by question"},
        {"paired normal", "normal interval of the differences by question"},
        {"McNemar mid-p", "McNemar’s test, mid-p, for fewer than 100 questions that one model alone got right"},
        {"McNemar", "McNemar’s test"},
        {"paired z", "z test of the differences by question"},
        {"sign flip", "exact sign-flip test, where all differences are equal"},
    };
    buf_adds(b, "<details><summary>How intervals and tests were chosen</summary><ul>\n");
    for (size_t m = 0; m < sizeof METHODS / sizeof *METHODS; m++) {
        Str name = str_from(METHODS[m].method);
        bool used = false;
        for (size_t i = 0; i < s->n_cells; i++) used = used || str_eq(name, str_from(s->cells[i].est.method));
        for (size_t i = 0; i < s->n_pairs; i++)
            used = used || str_eq(name, str_from(s->pairs[i].method)) || str_eq(name, str_from(s->pairs[i].p_method));
        if (used) buf_addf(b, "<li>%s</li>\n", METHODS[m].words);
    }
    buf_adds(b, "</ul></details>\n");
}

static void write_tables(Buf *b, const Summary *s) {
    buf_adds(
        b, "<section id=\"numbers\"><h2>All numbers</h2>\n<p class=\"note\">Scores in per cent, differences in points. "
           "Means leave out what has no score. A question is one unit: repeats are averaged first, and questions made "
           "from one template widen the interval together.");
    if (any_open(s))
        buf_adds(b, " “If open ones counted”: the mean if every open answer (cut off, refused, failed, unscored) were "
                    "wrong, and if it "
                    "were right.");
    buf_adds(b, "</p>\n");
    html__result_table(b, s);
    if (s->n_pairs) {
        buf_adds(
            b,
            "<h3>Model against model</h3>\n<p class=\"note\">“Would show from”: the smallest difference that this many "
            "questions show with 80&nbsp;% certainty. p is adjusted for the number of comparisons "
            "(Benjamini–Hochberg). “Cannot tell” means just that; it does not mean equal.</p>\n");
        html__pair_table(b, s);
    }
    html__robust_table(b, s);
    html__group_tables(b, s);
    html__label_table(b, s);
    write_methods(b, s);
    buf_adds(b, "</section>\n");
}

static void write_samples(Buf *b, const Summary *s) {
    buf_adds(
        b,
        "<section id=\"samples\"><h2>Answers</h2>\n<noscript><p class=\"note\">The list of answers needs JavaScript; "
        "everything above does not.</p></noscript>\n<div id=\"tools\" hidden>\n<div class=\"filters\">"
        "<label>Model<select id=\"f-model\"><option value=\"\">all</option></select></label>"
        "<label>Suite<select id=\"f-suite\"><option value=\"\">all</option></select></label>"
        "<label>Outcome<select id=\"f-outcome\"><option value=\"\">all</option></select></label>"
        "<label class=\"grow\">Search<input type=\"search\" id=\"f-q\" placeholder=\"in prompts, answers, labels\" "
        "autocomplete=\"off\" spellcheck=\"false\"></label>");
    if (s->n_models > 1)
        buf_adds(
            b, "<label class=\"check\"><input type=\"checkbox\" id=\"f-differ\">only where the models differ</label>");
    buf_adds(b, "<button type=\"button\" id=\"clear\">Clear</button></div>\n"
                "<div class=\"scroll\"><table><thead><tr><th>Outcome</th><th>Sample</th><th>Model</th><th "
                "class=\"wide\">Suite</th>"
                "<th>Answer</th><th class=\"wide\">Accepted</th><th class=\"num wide\">Tokens</th></tr></thead>"
                "<tbody id=\"rows\"></tbody></table></div>\n"
                "<div class=\"pager\"><button type=\"button\" id=\"back\">Back</button><span id=\"found\" "
                "role=\"status\"></span>"
                "<button type=\"button\" id=\"more\">More</button></div>\n</div></section>\n"
                "<dialog id=\"sample\" aria-labelledby=\"sample-title\"><div class=\"bar\"><h2 id=\"sample-title\" "
                "tabindex=\"-1\" autofocus></h2>"
                "<button type=\"button\" id=\"previous\" title=\"arrow left\">Previous</button>"
                "<button type=\"button\" id=\"next\" title=\"arrow right\">Next</button>"
                "<button type=\"button\" id=\"close\" title=\"Escape\">Close</button></div>"
                "<div class=\"body\" id=\"sample-body\"></div></dialog>\n");
}

/* ---- manifest ---- */

typedef struct ManifestOut {
    Buf *b;
    Err *err;
    bool ok;
} ManifestOut;

static bool manifest_entry(void *ctx, Str key, Str text) {
    ManifestOut *m = ctx;
    Json *root = NULL;
    Buf pretty;
    JsonOut o;
    if (summary_private_key(key)) return true;
    m->ok = json_parse(text, &root, m->err);
    if (!m->ok) return false;
    buf_init(&pretty, (size_t)64 << 20);
    json_out_init(&o, &pretty, 2);
    json_out_node(&o, root);
    json_close(root);
    buf_adds(m->b, "<h3>");
    html_escape(m->b, key);
    buf_adds(m->b, "</h3><pre>");
    html_escape(m->b, buf_str(&pretty));
    buf_adds(m->b, "</pre>\n");
    m->ok = !pretty.failed || err_nomem(m->err);
    buf_release(&pretty);
    return m->ok;
}

static bool write_manifest(Buf *b, RunStore *store, Err *err) {
    ManifestOut m = {b, err, true};
    buf_adds(
        b, "<section id=\"manifest\"><h2>What produced these numbers</h2>\n<p class=\"note\">Plan, suites, models with "
           "their digests, build and options, as the run recorded them.</p>\n<details><summary>Show the "
           "manifest</summary>\n");
    bool ok = store_each_manifest(store, manifest_entry, &m, err) && m.ok;
    buf_adds(b, "</details></section>\n");
    return ok;
}

/* ---- the document ---- */

static bool write_document(Buf *b, RunStore *store, const Summary *s, const Safety *f, const Compare *c, Arena *scratch,
                           Err *err) {
    write_head(b, s);
    buf_adds(b, "<body>\n");
    write_answer(b, s, c);
    buf_adds(b, "<main>\n");
    html__safety(b, s, f);
    if (s->n_cells) {
        write_charts(b, s);
        html__compare(b, s, c);
        write_tables(b, s);
        html__judge(b, s);
        write_samples(b, s);
    }
    if (!write_manifest(b, store, err)) return false;
    buf_adds(
        b,
        "</main>\n<footer><p>This page is complete in itself and loads nothing. report.json beside it holds the same "
        "numbers for programs.</p></footer>\n");
    if (s->n_cells) {
        buf_adds(b, "<script type=\"application/json\" id=\"data\">");
        if (!html__data(b, store, s, scratch, err)) return false;
        buf_adds(b, "</script>\n<script>");
        buf_addstr(b, html__js());
        buf_adds(b, "</script>\n");
    }
    buf_adds(b, "</body>\n</html>\n");
    return true;
}

static bool html_write(RunStore *store, Buf *out, Err *err) {
    Arena *keep = arena_open(0), *scratch = arena_open(0);
    Summary s;
    Safety f;
    Compare c;
    bool ok = (keep && scratch) || err_nomem(err);
    ok = ok && summary_build(store, keep, &s, err) && safety_build(store, &s, &f, err) &&
         compare_build(store, &s, &c, err) && write_document(out, store, &s, &f, &c, scratch, err);
    if (ok && out->failed) ok = err_set(err, ERR_MEMORY, "the report is too large for memory");
    arena_close(scratch);
    arena_close(keep);
    return ok;
}

const Report report_html = {"html", "report.html", "one page for people: the answer, charts, tables, every sample",
                            html_write};
