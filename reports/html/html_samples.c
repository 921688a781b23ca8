/* The list of samples and the window for one: what report.js fills. */
#include "reports/html/html_internal.h"

static void chooser(Buf *b, Lang l, const char *id, const char *label) {
    buf_adds(b, "<label>");
    html__say(b, l, label);
    buf_addf(b, "<select id=\"%s\"><option value=\"\">", id);
    html__say(b, l, WORD("all"));
    buf_adds(b, "</option></select></label>");
}

static void button(Buf *b, Lang l, const char *id, const char *title, const char *text) {
    buf_addf(b, "<button type=\"button\" id=\"%s\"", id);
    if (title) {
        buf_adds(b, " title=\"");
        html__say_attr(b, l, title);
        buf_addc(b, '"');
    }
    buf_addc(b, '>');
    html__say(b, l, text);
    buf_adds(b, "</button>");
}

static void filters(Buf *b, const Summary *s) {
    Lang l = s->lang;
    buf_adds(b, "<div class=\"filters\" role=\"search\" aria-label=\"");
    html__say_attr(b, l, WORD("Filters"));
    buf_adds(b, "\">");
    chooser(b, l, "f-model", WORD("Model"));
    chooser(b, l, "f-suite", WORD("Suite"));
    chooser(b, l, "f-outcome", WORD("Outcome"));
    buf_adds(b, "<label class=\"grow\">");
    html__say(b, l, WORD("Search"));
    buf_adds(b, "<input type=\"search\" id=\"f-q\" placeholder=\"");
    html__say_attr(b, l, WORD("in prompts, answers, labels"));
    buf_adds(b, "\" autocomplete=\"off\" spellcheck=\"false\"></label>");
    if (s->n_models > 1) {
        buf_adds(b, "<label class=\"check\"><input type=\"checkbox\" id=\"f-differ\">");
        html__say(b, l, WORD("only where the models differ"));
        buf_adds(b, "</label>");
    }
    button(b, l, "clear", NULL, WORD("Clear"));
    buf_adds(b, "</div>\n");
}

/* key: the column that report.js sorts by; NULL: it cannot. */
static void head(Buf *b, Lang l, const char *class_name, const char *key, const char *text) {
    buf_addf(b, "<th scope=\"col\" class=\"%s\"", class_name);
    if (key) buf_addf(b, " aria-sort=\"none\"><button type=\"button\" class=\"sort\" data-key=\"%s\"", key);
    buf_addc(b, '>');
    html__say(b, l, text);
    buf_adds(b, key ? "</button></th>" : "</th>");
}

static void list(Buf *b, const Summary *s) {
    Lang l = s->lang;
    html__table(b, "list", str_from(words(l, WORD("List of answers"))), false);
    head(b, l, "", "outcome", WORD("Outcome"));
    head(b, l, "", "sample", WORD("Sample"));
    head(b, l, "", "model", WORD("Model"));
    head(b, l, "wide", "suite", WORD("Suite"));
    head(b, l, "", NULL, WORD("Answer"));
    head(b, l, "wide", NULL, WORD("Accepted"));
    head(b, l, "num wide", "tokens", WORD("Tokens"));
    buf_adds(b, "</tr></thead><tbody id=\"rows\">");
    html__table_end(b);
    buf_adds(b, "<div class=\"pager\">");
    button(b, l, "back", NULL, WORD("Back"));
    buf_adds(b, "<span id=\"found\" role=\"status\"></span>");
    button(b, l, "more", NULL, WORD("More"));
    buf_adds(b, "</div>\n");
}

void html__samples(Buf *b, const Summary *s) {
    Lang l = s->lang;
    html__section(b, l, "samples", WORD("Answers"));
    buf_adds(b, "<noscript>");
    html__p(b, l, "note", WORD("The list of answers needs JavaScript; everything above does not."));
    buf_adds(b, "</noscript>\n<p class=\"trouble\" id=\"unpacked\" hidden></p>\n<div id=\"tools\" hidden>\n");
    filters(b, s);
    list(b, s);
    buf_adds(b, "</div></section>\n<dialog id=\"sample\" aria-labelledby=\"sample-title\"><div class=\"bar\"><h2 "
                "id=\"sample-title\" tabindex=\"-1\" autofocus></h2>");
    button(b, l, "previous", WORD("arrow left"), WORD("Previous"));
    button(b, l, "next", WORD("arrow right"), WORD("Next"));
    button(b, l, "close", WORD("Escape"), WORD("Close"));
    buf_adds(b, "</div><div class=\"body\" id=\"sample-body\"></div></dialog>\n");
}
