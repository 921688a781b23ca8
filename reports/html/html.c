/* report.html: one file that needs nothing else, neither network nor, for everything but the samples, a script. */
#include "reports/report_list.h"

#include "engine/base/json.h"
#include "reports/findings.h"
#include "reports/html/html_internal.h"
#include "reports/visible.h"

static void write_head(Buf *b, const Summary *s) {
    Buf title;
    buf_init(&title, (size_t)1 << 20);
    for (size_t i = 0; i < s->n_models; i++) {
        if (i) buf_adds(&title, ", ");
        buf_addstr(&title, s->models[i].name);
    }
    buf_adds(&title, " – ");
    buf_adds(&title, words(s->lang, WORD("assay report")));
    html__open(b, s->lang, buf_str(&title));
    b->failed = b->failed || title.failed;
    buf_release(&title);
}

/* Our own sentence, in which names of models do not break at their hyphens. Long names must be able to. */
static void write_words(Buf *b, const Summary *s, Str text) {
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        for (size_t m = 0; m < s->n_models; m++) {
            Str name = s->models[m].name;
            if (name.n == 0 || name.n > 20 || !str_starts(str_sub(text, i, text.n), name)) continue;
            html__sentence(b, str_sub(text, from, i));
            buf_adds(b, "<span class=\"model\">");
            html_escape(b, name);
            buf_adds(b, "</span>");
            from = i + name.n;
            i = from - 1;
            break;
        }
    }
    html__sentence(b, str_sub(text, from, text.n));
}

static void write_answer(Buf *b, const Summary *s, const Compare *c) {
    buf_adds(b, "<header>\n<p class=\"eyebrow\">");
    html__say(b, s->lang, c->n_arms ? WORD("assay comparison") : WORD("assay report"));
    for (size_t i = 0; i < s->n_models; i++) {
        buf_adds(b, i ? ", " : " · ");
        html_escape(b, s->models[i].name);
    }
    buf_adds(b, " · ");
    html__sayf(b, s->lang, s->n_suites == 1 ? WORD("%zu suite") : WORD("%zu suites"), s->n_suites);
    buf_adds(b, " · ");
    html__sayf(b, s->lang, s->stored.records == 1 ? WORD("%lld answer") : WORD("%lld answers"),
               (long long)s->stored.records);
    buf_adds(b, "</p>\n");
    for (size_t i = 0; i < s->n_headline; i++) {
        buf_adds(b, i ? "<p class=\"lead2\">" : "<h1>");
        write_words(b, s, str_from(s->headline[i].lead));
        buf_adds(b, i ? "</p>\n" : "</h1>\n");
        if (i || !*s->headline[i].detail) continue; /* of many pairs the tables tell more */
        buf_adds(b, "<p class=\"detail\">");
        html__sentence(b, str_from(s->headline[i].detail));
        buf_adds(b, "</p>\n");
    }
    for (size_t i = 0; i < s->n_cautions; i++) {
        buf_adds(b, "<p class=\"caution\">");
        html__sentence(b, str_from(s->cautions[i]));
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
    Lang l = s->lang;
    html__section(b, l, "scores", WORD("Scores"));
    buf_adds(b, "<p class=\"note\">");
    html__say(b, l, WORD("Per cent of the answers that have a score, with 95\u00a0% intervals."));
    buf_addc(b, ' ');
    html__say(b, l,
              any_safer(s) ? WORD("Further right is better; on suites about safety, further right is safer.")
                           : WORD("Further right is better."));
    if (any_open(s)) {
        buf_addc(b, ' ');
        html__say(b, l,
                  WORD("Dotted: where the score could lie if the open answers (cut off, refused, failed, "
                       "unscored) were all wrong, or all right."));
    }
    buf_adds(b, "</p>\n");
    html__scores(b, s);
    buf_adds(b, "</section>\n");
    html__section(b, l, "outcomes", WORD("How the answers ended"));
    html__outcomes(b, s);
    buf_adds(b, "</section>\n");
}

static void write_differences(Buf *b, const Summary *s) {
    if (!s->n_pairs) return;
    html__section(b, s->lang, "differences", WORD("Model against model"));
    html__p(b, s->lang, "note",
            WORD("Differences on the same questions, with 95\u00a0% intervals. To the right of the middle the "
                 "first model is better. Differences inside the grey band would often go unseen with this many "
                 "questions."));
    html__differences(b, s);
    buf_adds(b, "</section>\n");
}

/* The picture that shows what the headline says stands first. */
static void write_pictures(Buf *b, const Summary *s, const Safety *f) {
    if (s->safety_leads) html__safety(b, s, f);
    write_differences(b, s);
    if (!s->safety_leads) html__safety(b, s, f);
    if (s->n_cells) write_charts(b, s);
}

static void write_tables(Buf *b, const Summary *s) {
    Lang l = s->lang;
    html__section(b, l, "numbers", WORD("All numbers"));
    buf_adds(b, "<p class=\"note\">");
    html__say(b, l,
              WORD("Scores in per cent, differences in points. Means leave out what has no score. A question is "
                   "one unit: repeats are averaged first, and questions made from one template widen the "
                   "interval together."));
    if (any_open(s)) {
        buf_addc(b, ' ');
        html__say(b, l,
                  WORD("“If open ones counted”: the mean if every open answer (cut off, refused, failed, "
                       "unscored) were wrong, and if it were right."));
    }
    buf_adds(b, "</p>\n");
    html__result_table(b, s);
    if (s->n_pairs) {
        buf_adds(b, "<h3>");
        html__say(b, l, WORD("Model against model"));
        buf_adds(b, "</h3>\n");
        html__p(b, l, "note",
                WORD("“Would show from”: the smallest difference that this many questions show with 80\u00a0% "
                     "certainty. p is adjusted for the number of comparisons (Benjamini–Hochberg). “Cannot tell” "
                     "means just that; it does not mean equal."));
        html__pair_table(b, s);
    }
    html__robust_table(b, s);
    html__group_tables(b, s);
    html__label_table(b, s);
    html__methods(b, s);
    buf_adds(b, "</section>\n");
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
    buf_adds(m->b, "</h3><pre tabindex=\"0\">");
    html_escape(m->b, buf_str(&pretty));
    buf_adds(m->b, "</pre>\n");
    m->ok = !pretty.failed || err_nomem(m->err);
    buf_release(&pretty);
    return m->ok;
}

static bool write_manifest(Buf *b, RunStore *store, Lang l, Err *err) {
    ManifestOut m = {b, err, true};
    html__section(b, l, "manifest", WORD("What produced these numbers"));
    html__p(b, l, "note",
            WORD("Plan, suites, models with their digests, build and options, as the run recorded them."));
    buf_adds(b, "<details><summary>");
    html__say(b, l, WORD("Show the manifest"));
    buf_adds(b, "</summary>\n<div lang=\"en\">");
    bool ok = store_each_manifest(store, manifest_entry, &m, err) && m.ok;
    buf_adds(b, "</div></details></section>\n");
    return ok;
}

/* ---- the document ---- */

static bool write_document(Buf *b, RunStore *store, const Summary *s, const Safety *f, const Compare *c, Arena *scratch,
                           Err *err) {
    write_head(b, s);
    write_answer(b, s, c);
    buf_adds(b, "<main id=\"main\">\n");
    write_pictures(b, s, f);
    if (s->n_cells) {
        html__compare(b, s, c);
        html__effort(b, s);
        html__rating(b, s);
        if (!html__reliability(b, store, s, scratch, err)) return false;
        write_tables(b, s);
        html__judge(b, s);
        html__samples(b, s);
    }
    if (!write_manifest(b, store, s->lang, err)) return false;
    buf_adds(b, "</main>\n<footer><p>");
    html__say(b, s->lang,
              s->joined ? WORD("This page is complete in itself and loads nothing. For programs, assay compare "
                               "--report-json writes the same numbers.")
                        : WORD("This page is complete in itself and loads nothing. report.json beside it holds the "
                               "same numbers for programs."));
    buf_adds(b, "</p></footer>\n");
    if (s->n_cells) {
        if (!html__data(b, store, s, scratch, err)) return false;
        html__script(b, html__js());
    }
    html__close(b, s->lang);
    return true;
}

static bool html_write(Findings *all, Buf *out, Err *err) {
    const Found *x = findings(all, err);
    Arena *scratch = arena_open(0);
    bool ok = x && (scratch || err_nomem(err)) &&
              write_document(out, findings_store(all), &x->s, &x->f, &x->c, scratch, err) && found_whole(x, out, err);
    arena_close(scratch);
    return ok;
}

const Report report_html = {"html", "report.html", "one page for people: the answer, charts, tables, every sample",
                            html_write};
