/* What every page has: head with its content policy, sentences, sections, tables.
 *
 * The content policy allows the one style sheet and our scripts by their hashes and nothing more, so that even text
 * that slipped through as markup could neither run nor load. */
#include "reports/html/html_internal.h"

#include "engine/base/hash.h"
#include "reports/html/html_pack.h"
#include "reports/visible.h"

/* ---- head and end ---- */

static void policy_hash(Buf *b, Str text) {
    Sha256 h;
    unsigned char digest[32];
    sha256_init(&h);
    sha256_add(&h, text.p, text.n);
    sha256_end(&h, digest);
    buf_adds(b, " 'sha256-");
    html__base64(b, digest, sizeof digest);
    buf_adds(b, "'");
}

void html__open(Buf *b, Lang lang, Str title) {
    buf_addf(b,
             "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; connect-src 'self'; style-src",
             lang_code(lang));
    policy_hash(b, html__css());
    buf_adds(b, "; script-src");
    policy_hash(b, html__page_js());
    policy_hash(b, html__js());
    policy_hash(b, html__live_js());
    buf_adds(b, "; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_escape_attr(b, title); /* a title holds no elements */
    buf_adds(b, "</title>\n<style>");
    buf_addstr(b, html__css());
    buf_adds(b, "</style>\n</head>\n<body data-filter-rows=\"");
    html__say_attr(b, lang, WORD("Filter rows"));
    buf_adds(b, "\">\n<a class=\"skip\" href=\"#main\">");
    html__say(b, lang, WORD("Skip to the content"));
    buf_adds(b, "</a>\n");
}

void html__script(Buf *b, Str script) {
    buf_adds(b, "<script>");
    buf_addstr(b, script);
    buf_adds(b, "</script>\n");
}

void html__close(Buf *b, Lang lang) {
    (void)lang;
    html__script(b, html__page_js());
    buf_adds(b, "</body>\n</html>\n");
}

void html__section(Buf *b, Lang lang, const char *id, const char *heading) {
    buf_addf(b, "<section id=\"%s\" aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">", id, id, id);
    html__say(b, lang, heading);
    buf_adds(b, "</h2>\n");
}

/* ---- sentences ---- */

void html__say(Buf *b, Lang lang, const char *english) {
    html__sentence(b, str_from(words(lang, english)));
}

void html__sentence(Buf *b, Str text) {
    for (size_t at = 0; at <= text.n;) {
        size_t end = str_find(text, STR(" %"), at);
        if (end == SIZE_MAX) end = text.n;
        html_escape(b, str_sub(text, at, end));
        if (end < text.n) buf_adds(b, "&nbsp;%");
        at = end + 2;
    }
}

void html__say_attr(Buf *b, Lang lang, const char *english) {
    html_escape_attr(b, str_from(words(lang, english)));
}

static void sayf(Buf *b, Lang lang, void (*escape)(Buf *, Str), const char *english, va_list ap) {
    Buf t;
    buf_init(&t, (size_t)1 << 20);
    buf_vaddf(&t, words(lang, english), ap);
    escape(b, buf_str(&t));
    b->failed = b->failed || t.failed;
    buf_release(&t);
}

void html__sayf(Buf *b, Lang lang, const char *english, ...) {
    va_list ap;
    va_start(ap, english);
    sayf(b, lang, html__sentence, english, ap);
    va_end(ap);
}

void html__sayf_attr(Buf *b, Lang lang, const char *english, ...) {
    va_list ap;
    va_start(ap, english);
    sayf(b, lang, html_escape_attr, english, ap);
    va_end(ap);
}

void html__p(Buf *b, Lang lang, const char *class_name, const char *english) {
    buf_adds(b, "<p");
    if (class_name) buf_addf(b, " class=\"%s\"", class_name);
    buf_addc(b, '>');
    html__say(b, lang, english);
    buf_adds(b, "</p>\n");
}

/* ---- tables ---- */

void html__table(Buf *b, const char *class_name, Str caption, bool shown) {
    buf_adds(b, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    html_escape_attr(b, caption);
    buf_addf(b, "\"><table class=\"%s\"><caption%s>", class_name, shown ? "" : " class=\"unseen\"");
    html_escape(b, caption);
    buf_adds(b, "</caption><thead><tr>");
}

void html__th(Buf *b, Lang lang, const char *class_name, const char *english) {
    buf_adds(b, "<th scope=\"col\"");
    if (*class_name) buf_addf(b, " class=\"%s\"", class_name);
    buf_addc(b, '>');
    html__say(b, lang, english);
    buf_adds(b, "</th>");
}

void html__table_body(Buf *b) {
    buf_adds(b, "</tr></thead><tbody>\n");
}

void html__table_end(Buf *b) {
    buf_adds(b, "</tbody></table></div>\n");
}
