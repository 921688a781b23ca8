/* Names of the public enums of engine.h: what stores, requests and the command line write and read. */
#include "engine/engine.h"

static const char *const ROLES[] = {"system", "developer", "user", "assistant", "tool"};
static const char *const EFFORTS[] = {"low", "medium", "high"};
static const char *const STATUSES[] = {
#define X(id, name) name,
    COMPLETION_STATUS_MAP(X)
#undef X
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

const char *role_name(Role r) {
    return (size_t)r < COUNT(ROLES) ? ROLES[r] : "?";
}
const char *effort_name(Effort e) {
    return (size_t)e < COUNT(EFFORTS) ? EFFORTS[e] : "?";
}
const char *completion_status_name(CompletionStatus s) {
    return (size_t)s < COUNT(STATUSES) ? STATUSES[s] : "?";
}

bool effort_parse(Str name, Effort *out) {
    for (size_t i = 0; i < COUNT(EFFORTS); i++) {
        if (!str_eqz(name, EFFORTS[i])) continue;
        *out = (Effort)i;
        return true;
    }
    return false;
}

bool completion_status_parse(Str name, CompletionStatus *out) {
    for (size_t i = 0; i < COUNT(STATUSES); i++) {
        if (!str_eqz(name, STATUSES[i])) continue;
        *out = (CompletionStatus)i;
        return true;
    }
    return false;
}
