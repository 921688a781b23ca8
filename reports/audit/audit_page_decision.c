/* The decision: what the machine says, which nobody can edit, and what people decided. */
#include "reports/audit/audit_page_internal.h"

#include "reports/html/html_internal.h"
#include "reports/visible.h"

Str page__decided(const Page *p) {
    return str_from(words(p->lang, WORD("No human decision has been signed.")));
}

void page__decision(Buf *b, const Page *p) {
    html__section(b, p->lang, "decision", WORD("Decision"));
    buf_adds(b, "<p>");
    html__say(b, p->lang, WORD("The machine’s verdict, which nobody can edit:"));
    buf_adds(b, " <strong>");
    html__sentence(b, page__answer(p));
    buf_adds(b, "</strong></p>\n");
    buf_adds(b, "<p>");
    html__sentence(b, page__decided(p));
    buf_adds(b, "</p>\n");
    buf_adds(b, "</section>\n");
}
