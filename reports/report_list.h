/* The reports there are; reports.c has the table. */
#ifndef ASSAY_REPORTS_REPORT_LIST_H
#define ASSAY_REPORTS_REPORT_LIST_H

#include "reports/report.h"

extern const Report report_json;
extern const Report report_html;
extern const Report report_markdown;
extern const Report report_csv;
extern const Report report_junit;
extern const Report report_inspect;
extern const Report report_lm_eval;

#endif
