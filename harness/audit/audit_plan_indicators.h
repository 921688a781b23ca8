/* The part of an audit plan that says what is measured: `models`, `arms`, `indicators`, `logic`. Keys:
 * suites/policies/README.md.
 */
#ifndef ASSAY_AUDIT_PLAN_INDICATORS_H
#define ASSAY_AUDIT_PLAN_INDICATORS_H

#include "harness/yaml.h"

/* The models: digests, roles, imports, and what an adversarial one is asked for. */
bool audit_plan_check_models(const YamlNode *root, Err *err);
/* Errors name file, line, column and key. `models` was checked before. */
bool audit_plan_check_indicators(const YamlNode *root, Err *err);

#endif
