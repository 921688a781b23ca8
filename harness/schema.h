/* Schema: the part of JSON Schema by which a function tool's arguments are checked.
 *
 * Known: type (a name or a list of names), properties, required, additionalProperties, enum, const, items, minItems,
 * maxItems, uniqueItems, minLength, maxLength (code points), pattern (searched for, Python's syntax), minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf, nullable; title, description, default and examples are
 * for the model's eyes alone. Every other key is refused when the suite is read: what is not checked must not look as
 * if it were. */
#ifndef ASSAY_HARNESS_SCHEMA_H
#define ASSAY_HARNESS_SCHEMA_H

#include "harness/value.h"
#include "harness/yaml.h"

typedef struct Schema Schema;

/* Reads one from a suite. Errors name file, line and column. Everything lives in the arena. */
bool schema_read(const YamlNode *n, Arena *a, const Schema **out, Err *err);
/* True if the schema asks for an object (a function's parameters must). */
bool schema_is_object(const Schema *s);
/* The names of its properties, NULL-terminated; and the schema of one, NULL if there is none of that name. */
const char *const *schema_names(const Schema *s);
const Schema *schema_property(const Schema *s, Str name);

/* Whether v fits. *why is then untouched; else one sentence that names the place: "'size.width' must be at most 10". It
 * lives in the arena. what: how the whole is called, "the arguments". */
bool schema_check(const Schema *s, const Value *v, const char *what, Arena *a, Str *why);

/* Equal as JSON Schema has it: 1 and 1.0 are, 1 and true are not. */
bool schema_same(const Value *a, const Value *b);

/* A node of YAML as a value. */
bool schema_value(const YamlNode *n, Arena *a, Value *out, Err *err);

#endif
