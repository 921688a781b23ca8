/* The scorecard of an audit: a pure function of the plan, the header and the public records, so that whoever has these
 * can make it again byte for byte. JSON is the master; the page is made from it alone. */
#ifndef ASSAY_REPORTS_AUDIT_CARD_H
#define ASSAY_REPORTS_AUDIT_CARD_H

#include "engine/base/json.h"
#include "reports/audit/audit_evidence.h"
#include "reports/audit/audit_rows.h"

#define AUDIT_CARD_FORMAT "assay-audit/1"

/* plan: canonical and checked. header: what the log's first line says: `plan_sha256`, `registered`, `why` and `runs`,
 * a list of {role, model, digest, exploratory, …} with "" for a run that counts. Appends one canonical line. *status: 0
 * all hold, 1 one does not, 5 the data do not decide. */
bool audit_card(const Json *plan, const Json *header, AuditRow *rows, size_t n, Buf *out, int *status, Err *err);
/* The scorecard as a page: one file, no script, nothing fetched, every text escaped. */
bool audit_html(Str card, Buf *out, Err *err);
/* A few lines for a terminal. */
bool audit_terminal(Str card, Buf *out, Err *err);

#endif
