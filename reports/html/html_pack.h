/* Bytes as a page carries them. */
#ifndef ASSAY_REPORTS_HTML_PACK_H
#define ASSAY_REPORTS_HTML_PACK_H

#include "engine/base/str.h"

void html__base64(Buf *b, const unsigned char *p, size_t n);
/* Raw deflate (RFC 1951) in base64, which a browser unpacks with DecompressionStream("deflate-raw"). Sets b->failed
 * without memory. */
void html__pack(Buf *b, Str data);

/* Packs pieces of a page while the next are being made; they stand in the page in the order in which they were given,
 * each between `before` and `after`. Nothing else may be added to the page meanwhile. NULL without memory. */
typedef struct Packer Packer;
Packer *html__packer_open(Buf *page, const char *before, const char *after);
/* Takes the bytes of *data, which is another, empty buffer afterwards. Sets page->failed without memory. */
void html__packer_add(Packer *k, Buf *data);
/* All that was given stands in the page then. NULL is fine. */
void html__packer_close(Packer *k);

#endif
