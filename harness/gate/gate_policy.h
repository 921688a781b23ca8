/* policy.yaml -> GatePolicy. Keys: suites/policies/README.md. */
#ifndef ASSAY_GATE_POLICY_H
#define ASSAY_GATE_POLICY_H

#include "reports/gate/gate.h"

/* Errors name file, line, column and key. Everything lives in the arena. */
bool gate_policy_read(const char *path, Arena *a, GatePolicy *out, Err *err);

#endif
