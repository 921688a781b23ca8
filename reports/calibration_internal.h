/* Parts of a calibration card: calibration.c counts rows and writes, calibration_read.c reads and checks. */
#ifndef ASSAY_REPORTS_CALIBRATION_INTERNAL_H
#define ASSAY_REPORTS_CALIBRATION_INTERNAL_H

#include "reports/calibration.h"

/* Fills every figure of a part from its counts and its table [k * k] (rows: verdicts, columns: labels). Without a table
 * (NULL) nobody knows kappa, so the part meets no bars. */
void cal__derive(CalPart *p, const double *table, size_t k);

#endif
