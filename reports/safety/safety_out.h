/* The safety section as a member of report.json and as lines for the terminal. */
#ifndef ASSAY_REPORTS_SAFETY_OUT_H
#define ASSAY_REPORTS_SAFETY_OUT_H

#include "engine/base/json.h"
#include "reports/safety/safety.h"

/* Writes "safety": [...] into the open object. */
void safety_json(JsonOut *o, const Summary *s, const Safety *f);
/* Nothing if there is no section. Hostile bytes in names are escaped. */
void safety_terminal(Buf *b, const Summary *s, const Safety *f);

#endif
