/* The scorecard as one page: the answer and what decides it, a table of verdicts, pictures, and the annex. */
#include "reports/audit/audit_page_internal.h"

#include "reports/html/html_internal.h"
#include "reports/visible.h"

enum { FINDINGS_SHOWN = 6 };

/* ---- shared by the parts ---- */

void page__say_told(Buf *b, const Page *p, Str english_text) {
    bool english;
    Str text = page__told(p, english_text, &english);
    if (english) buf_adds(b, "<span lang=\"en\">");
    html__sentence(b, text);
    if (english) buf_adds(b, "</span>");
}

/* The mark's shape says what its colour does: a disc holds, a triangle fails, an empty diamond is open. */
void page__verdict(Buf *b, const Page *p, Str code) {
    static const struct {
        const char *name, *path;
    } MARKS[] = {
        [PAGE_OPEN] = {"open", "<path class=\"mk open\" d=\"M7 1 13 7 7 13 1 7z\"/>"},
        [PAGE_HOLDS] = {"pass", "<circle class=\"mk\" cx=\"7\" cy=\"7\" r=\"5.5\"/>"},
        [PAGE_FAILS] = {"fail", "<path class=\"mk\" d=\"M7 1 13.5 13H.5z\"/>"},
        [PAGE_WARNS] = {"warn", "<path class=\"mk open\" d=\"M7 1 13.5 13H.5z\"/>"},
        [PAGE_ABSENT] = {"none", "<path class=\"zero\" d=\"M2 7h10\"/>"},
    };
    PageSense s = page__sense(code);
    buf_addf(b,
             "<span class=\"verdict %s\"><svg width=\"14\" height=\"14\" viewBox=\"0 0 14 14\" "
             "aria-hidden=\"true\">%s</svg> ",
             MARKS[s].name, MARKS[s].path);
    html_escape(b, page__word(p, code));
    buf_adds(b, "</span>");
}

void page__model_name(Buf *b, const Page *p, size_t model) {
    html_escape(b, model < p->n_models ? p->models[model].name : STR("–"));
}

/* ---- the head ---- */

static void banner(Buf *b, const Page *p) {
    if (!page__true(p->header, "registered")) {
        buf_adds(b, "<p class=\"caution banner\"><strong>");
        html__say(b, p->lang, WORD("Exploratory: no verdict of this audit can be “below”."));
        buf_adds(b, "</strong> ");
        page__say_told(b, p, page__text(p->header, "why"));
        buf_adds(b, "</p>\n");
        return;
    }
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r)) {
        if (!page__text(r, "exploratory").n) continue;
        buf_adds(b, "<p class=\"caution banner\"><strong>");
        html__sayf(b, p->lang, WORD("Exploratory: no verdict of %.*s can be “below”."), STR_ARG(page__text(r, "role")));
        buf_adds(b, "</strong> ");
        page__say_told(b, p, page__text(r, "exploratory"));
        buf_adds(b, "</p>\n");
    }
}

static void findings(Buf *b, const Page *p) {
    size_t n;
    Str *v = page__findings(p, &n);
    if (!v || !n) return;
    buf_adds(b, "<ul class=\"findings\">\n");
    for (size_t i = 0; i < n && i < FINDINGS_SHOWN; i++) {
        buf_adds(b, "<li>");
        html__sentence(b, v[i]);
        buf_adds(b, "</li>\n");
    }
    if (n > FINDINGS_SHOWN) {
        buf_adds(b, "<li>");
        html__sayf(b, p->lang, WORD("And %zu more, in the tables below."), n - FINDINGS_SHOWN);
        buf_adds(b, "</li>\n");
    }
    buf_adds(b, "</ul>\n");
}

static void head(Buf *b, const Page *p) {
    Str at = page__text(p->header, "signed_at");
    buf_adds(b, "<header>\n<p class=\"eyebrow\">");
    html__sayf(b, p->lang, WORD("assay audit · %.*s"), STR_ARG(page__text(p->card, "audit")));
    if (at.n) {
        buf_adds(b, " · ");
        html__sayf(b, p->lang, WORD("plan signed %.*s"), STR_ARG(at));
    }
    buf_adds(b, "</p>\n<h1>");
    html__sentence(b, page__answer(p));
    buf_adds(b, "</h1>\n<p class=\"detail\">");
    html__sayf(b, p->lang, WORD("Asked: %.*s"), STR_ARG(page__text(p->card, "question")));
    buf_adds(b, "</p>\n");
    banner(b, p);
    page__history_banner(b, p);
    findings(b, p);
    buf_adds(b, "</header>\n");
}

/* ---- the document ---- */

static void document(Buf *b, const Page *p) {
    Str title = page__printf(p, WORD("Audit %.*s"), STR_ARG(page__text(p->card, "audit")));
    html__open(b, p->lang, title);
    head(b, p);
    buf_adds(b, "<main id=\"main\" class=\"audit\">\n");
    page__matrix(b, p);
    buf_adds(b, "<div class=\"beside\">\n");
    page__decision(b, p);
    page__basis(b, p);
    buf_adds(b, "</div>\n<div class=\"further\">\n"); /* paper: the first sheet ends here */
    page__picture(b, p);
    page__safeguards(b, p);
    page__differences(b, p);
    page__checks(b, p);
    page__history_section(b, p);
    page__limits(b, p);
    page__annex(b, p);
    page__runs(b, p);
    buf_adds(b, "</div>\n</main>\n<footer><p>");
    html__say(
        b, p->lang,
        WORD("This page was made from scorecard.json and decisions.json alone, loads nothing and holds no text of "
             "a sample. assay verify makes all three again from the records and compares every byte."));
    buf_adds(b, "</p></footer>\n</body>\n</html>\n");
}

bool audit_html(Str card, Lang lang, Buf *out, Err *err) {
    Json *j = NULL;
    Page p;
    Arena *a = arena_open(0);
    bool ok = a || err_nomem(err);
    ok = ok && json_parse(card, &j, err) && (page__read(&p, j, lang, a) || err_nomem(err));
    if (ok) document(out, &p);
    if (ok && *p.lost) ok = err_nomem(err);
    json_close(j);
    arena_close(a);
    return ok && (!out->failed || err_nomem(err));
}
