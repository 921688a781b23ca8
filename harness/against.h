/* assay model A --against B: two models on one text, position by position, in memory that does not grow with it. */
#ifndef ASSAY_AGAINST_H
#define ASSAY_AGAINST_H

#include "harness/fidelity.h"
#include "harness/model_args.h"

typedef struct Against {
    ModelArgs a;             /* a.context is not used */
    const char *b;           /* SPEC; NULL: the same as a */
    const char *b_precision; /* NULL: exact */
    const char *text;        /* a file, "-" reads standard input */
    const char *tokens;      /* or a JSON array of token ids */
    int max_tokens;          /* of the text; 0: all */
    int window;              /* tokens; 0: AGAINST_WINDOW, or less where the models allow less */
} Against;

enum { AGAINST_WINDOW = 4096 };

/* Measures and prints to c->out, as JSON if c->json. On failure c->fail is filled. */
bool against_run(CmdCtx *c, const Against *o);

/* How a text is cut: window k covers [begin, end), of which [count, end) is counted. Every position of the text is
 * counted once. Behind the first window each begins half a window early, so that no counted position but those at the
 * beginning of the text sees less than half a window of it. false: there is no window k. */
bool against_window(size_t n_tokens, size_t window, size_t k, size_t *begin, size_t *count, size_t *end);

#endif
