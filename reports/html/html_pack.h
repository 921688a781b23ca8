/* Bytes as a page carries them. */
#ifndef ASSAY_REPORTS_HTML_PACK_H
#define ASSAY_REPORTS_HTML_PACK_H

#include "engine/base/str.h"

void html__base64(Buf *b, const unsigned char *p, size_t n);
/* Raw deflate (RFC 1951) in base64, which a browser unpacks with DecompressionStream("deflate-raw"). Sets b->failed
 * without memory. */
void html__pack(Buf *b, Str data);

#endif
