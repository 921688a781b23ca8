#include "reports/audit/audit_canary.h"

enum { GUID = 36, GAP = 64 };

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* 8-4-4-4-12 hexadecimal digits at the beginning. */
static bool is_guid(const char *p) {
    for (int i = 0; i < GUID; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? p[i] != '-' : !is_hex(p[i])) return false;
    }
    return true;
}

static bool is_word(const char *p) {
    static const char word[] = "canary";
    for (int i = 0; i < 6; i++)
        if ((p[i] | 0x20) != word[i]) return false;
    return true;
}

bool audit_canary_new(Str text, Str prompt) {
    for (size_t i = 0; i + 6 + GUID <= text.n; i++) {
        if (!is_word(text.p + i)) continue;
        for (size_t k = i + 6; k + GUID <= text.n && k <= i + 6 + GAP; k++)
            if (is_guid(text.p + k)) {
                if (str_find(prompt, str_sub(text, k, k + GUID), 0) == SIZE_MAX) return true;
                k += GUID - 1;
            }
    }
    return false;
}
