/* The scorecard for people: a page, Markdown, and a few lines for a terminal. All are pure functions of the card's JSON
 * and a language, so that whoever has the card can make them again byte for byte. Members that a card does not have are
 * not drawn: cards of earlier versions still open. The card speaks codes and English; its sentences are looked up in
 * the language's table, and stay English (marked as such) where that has no entry. */
#ifndef ASSAY_REPORTS_AUDIT_PAGE_H
#define ASSAY_REPORTS_AUDIT_PAGE_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "reports/words/words.h"

/* One file in the look of the other pages: no script, nothing fetched, every text escaped. ERR_INPUT: `card` is no JSON
 * object. */
bool audit_html(Str card, Lang lang, Buf *out, Err *err);
/* For a pull request or a wiki. */
bool audit_markdown(Str card, Lang lang, Buf *out, Err *err);
/* The answer, what decides it, and one line for each verdict. */
bool audit_terminal(Str card, Lang lang, Buf *out, Err *err);

#endif
