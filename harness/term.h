/* What a terminal is and what may be sent to it. */
#ifndef ASSAY_TERM_H
#define ASSAY_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/str.h"

bool term_is_tty(FILE *f);
/* A terminal on which lines can be drawn over: not with TERM=dumb. */
bool term_is_live(FILE *f);
/* A terminal that wants colours: not with NO_COLOR set (to anything but empty) or TERM=dumb. */
bool term_has_color(FILE *f);
int term_width(FILE *f); /* columns; 80 when unknown */

/* Appends s so that it can do nothing to a terminal: control characters (C0, DEL, C1), bidirectional marks and line
 * separators become \xNN or \u{NNNN}, invalid UTF-8 becomes U+FFFD. */
void term_escape(Buf *out, Str s);

/* Columns that s takes, wide characters as two (East Asian blocks), combining marks as none; s is escaped already. */
int term_columns(Str s);

#endif
