/* Hostile text stays text. The one place that turns bytes of unknown origin into bytes for a terminal or for HTML;
 * there is no way around it: every writer that prints a name, a label or model text passes here, at its last step.
 *
 * What a reader could not see is shown: control characters (ANSI escapes begin with one), bidirectional marks,
 * zero-width and invisible characters, language tags. Invalid UTF-8 becomes U+FFFD. report.js has the same list for the
 * texts that it shows. */
#ifndef ASSAY_REPORTS_VISIBLE_H
#define ASSAY_REPORTS_VISIBLE_H

#include "engine/base/str.h"

/* Must be shown as an escape. Line feed and tab are not. */
bool visible_is_hidden(uint32_t cp);
/* For terminals: "\u{1b}" for hidden ones; line feeds and tabs too, since a cell has one line. */
void visible_term(Buf *b, Str s);
/* The same for Markdown: what it or HTML would read is escaped, so that a piece stays within its cell or paragraph. */
void visible_markdown(Buf *b, Str s);
/* For XML 1.0, text and attributes: & < > " ' escaped, hidden ones as visible_term shows them (XML has no control
 * characters). */
void visible_xml(Buf *b, Str s);
/* Columns that visible_term's output takes: East Asian wide characters count two. */
size_t visible_width(Str s);
/* For HTML text and double-quoted attributes: & < > " ' escaped, hidden ones as <i class="esc">U+202E</i>. Attributes
 * get plain "U+202E" (attr). */
void html_escape(Buf *b, Str s);
void html_escape_attr(Buf *b, Str s);

#endif
