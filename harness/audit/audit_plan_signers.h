/* The part of an audit plan that says who must sign what: `signers`. Keys: suites/policies/README.md.
 */
#ifndef ASSAY_AUDIT_PLAN_SIGNERS_H
#define ASSAY_AUDIT_PLAN_SIGNERS_H

#include "harness/yaml.h"

enum { AUDIT_SIGNERS_MAX = 64 };

/* Errors name file, line, column and key. */
bool audit_plan_check_signers(const YamlNode *root, Err *err);

#endif
