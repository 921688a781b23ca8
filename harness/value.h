/* Value: what a row of data is made of and what templates compute with. A tree in an arena.
 *
 * Texts borrow from the arena or the source; copying a Value copies one level. Maps keep their source order; keys are
 * unique. VALUE_UNDEFINED only appears inside template evaluation (strict: using it is an error that names it). */
#ifndef ASSAY_HARNESS_VALUE_H
#define ASSAY_HARNESS_VALUE_H

#include "engine/base/err.h"
#include "engine/base/json.h"
#include "engine/base/str.h"

typedef enum ValueType {
    VALUE_UNDEFINED,
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STR,
    VALUE_LIST,
    VALUE_MAP
} ValueType;

typedef struct Value Value;
typedef struct ValueMember ValueMember;
struct Value {
    ValueType type;
    union {
        bool b;
        int64_t i;
        double f;
        Str s; /* VALUE_STR; VALUE_UNDEFINED: the name that is not defined */
        struct {
            const Value *items; /* [n] */
            size_t n;
        } list;
        struct {
            const ValueMember *members; /* [n] */
            size_t n;
        } map;
    };
};
struct ValueMember {
    Str key;
    Value value;
};

const char *value_type_name(ValueType t); /* "text", "list" */

static inline Value value_null(void) {
    return (Value){.type = VALUE_NULL};
}
static inline Value value_bool(bool b) {
    return (Value){.type = VALUE_BOOL, .b = b};
}
static inline Value value_int(int64_t i) {
    return (Value){.type = VALUE_INT, .i = i};
}
static inline Value value_float(double f) {
    return (Value){.type = VALUE_FLOAT, .f = f};
}
static inline Value value_str(Str s) {
    return (Value){.type = VALUE_STR, .s = s};
}
static inline Value value_list(const Value *items, size_t n) {
    return (Value){.type = VALUE_LIST, .list = {items, n}};
}
static inline Value value_map(const ValueMember *members, size_t n) {
    return (Value){.type = VALUE_MAP, .map = {members, n}};
}

const Value *value_get(const Value *map, Str key); /* NULL if absent or not a map */

/* Copies a parsed document. Numbers without fraction up to 2^53 become VALUE_INT; beyond that the value could not be
 * exact, and it is refused: such numbers belong in quotes. */
bool value_from_json(const Json *j, Arena *a, Value *out, Err *err);

/* JSON text. `sorted`: keys in byte order and no white space, the canonical form that is hashed. */
void value_to_json(const Value *v, bool sorted, Buf *out);

/* As Python's str(): None, True, 1.0, ['a', 1], {'k': 'v'}. What {{ v }} prints. */
void value_to_text(const Value *v, Buf *out);

/* Text for a scorer's metadata: texts as they are, numbers and truth values as JSON, lists and maps as JSON; null is
 * the absent Str. {NULL,0} also without memory. */
Str value_to_meta(const Value *v, Arena *a);

#endif
