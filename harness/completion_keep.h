/* A completion that outlives its engine's next poll, for those who go on working with it. */
#ifndef ASSAY_COMPLETION_KEEP_H
#define ASSAY_COMPLETION_KEEP_H

#include "engine/engine.h"

/* Copies it with all that it borrows into the arena. false only without memory. */
bool completion_keep(const Completion *c, Arena *a, Completion *out);

#endif
