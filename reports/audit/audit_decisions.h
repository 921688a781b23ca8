/* decisions.json: what people did about a scorecard, told from the log alone; a pure function of plan, scorecard and
 * log, as the scorecard is one of plan and records. The scorecard never changes by it.
 *
 * format, log_lines, scorecard_sha256
 * verdict      who signed the machine's verdict: need (0: the plan asks for none), of[] (key ids that the plan names),
 *              not_runner (bool: whoever closed a run of the audit does not count), runners[] (key ids), signed[]:
 * line, key, at, counts (bool), why (it does not count; ""); have (how many count), met (bool), waiting_for[] (keys
 *              that may still sign), why (it cannot be met as it stands; "")
 * decisions[]  line, key, at, named (bool: the plan names this key for verdicts), by ("" or name and office), reason
 *              (""), departs (bool), categories[]: category, machine, decided, departs. The last one stands
 * unsealings[] line, key (who signed the line; "": nobody), at, run (id of its seal), models ("base, tuned": what the
 * run is in the audit), opened_by (id of the auditor's key), how (command), items ("all", or the id of one), n (how
 * many samples), why anchors[]    line, at, anchor */
#ifndef ASSAY_REPORTS_AUDIT_DECISIONS_H
#define ASSAY_REPORTS_AUDIT_DECISIONS_H

#include "reports/audit/audit_log.h"

#define AUDIT_DECISIONS_FORMAT "assay-audit-decisions/1"
enum { AUDIT_REASON_MAX = 4000, AUDIT_BY_MAX = 200 };

/* Appends one canonical line. ERR_INPUT names the line of the log that does not fit the scorecard. */
bool audit_decisions(const Json *plan, const Json *card, const AuditLog *log, Buf *out, Err *err);

/* What a decision's line says of itself, as it is appended. */
typedef struct AuditDecided {
    Str category;
    Str verdict; /* BELOW, AT_OR_ABOVE, CANNOT_RULE_OUT */
} AuditDecided;
bool audit_decision_body(const char *scorecard_sha256, const AuditDecided *v, size_t n, Str reason, Str by, Arena *a,
                         Str *out, Err *err);
/* "BELOW" of "below", "AT_OR_ABOVE" of "at-or-above"; NULL if it is none. */
const char *audit_verdict_word(Str text);

/* The card with decisions.json as its member `decisions`: what pages are drawn from (audit_page.h). */
bool audit_with_decisions(Str card, Str decisions, Buf *out, Err *err);

#endif
