/* The built-in scorers. To add one: write scorers/NAME.c with one const Scorer, add its line to the table in scorers.c.
 */
#ifndef ASSAY_SCORERS_H
#define ASSAY_SCORERS_H

#include "scorers/scorer.h"

size_t scorers_count(void);
const Scorer *scorers_at(size_t i);
const Scorer *scorers_find(const char *name); /* NULL if there is none */

#endif
