#include "reports/audit/audit_arm.h"

/* Digits alone, from lo to hi. */
static bool number(Str s, int64_t lo, int64_t hi, int64_t *out) {
    int64_t v = 0;
    if (!s.n || s.n > 9) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return v >= lo && v <= hi;
}

static bool counted(Str part, Str prefix, int64_t lo, int64_t hi, int64_t unset, int64_t *out, Err *err) {
    if (*out != unset) return err_set(err, ERR_INPUT, STR_FMT "… is said twice", STR_ARG(prefix));
    return number(str_sub(part, prefix.n, part.n), lo, hi, out) ||
           err_set(err, ERR_INPUT, "'" STR_FMT "' needs a whole number from %lld to %lld", STR_ARG(part), (long long)lo,
                   (long long)hi);
}

static bool effort(Str part, AuditArmName *out, bool *said, Err *err) {
    Str e = str_sub(part, 7, part.n);
    if (*said) return err_set(err, ERR_INPUT, "it names two efforts");
    *said = true;
    out->effort = e;
    return str_eqz(e, "low") || str_eqz(e, "medium") || str_eqz(e, "high") ||
           err_set(err, ERR_INPUT, "'" STR_FMT "' must be effort-low, effort-medium or effort-high", STR_ARG(part));
}

/* Parts of a transform stand side by side, so it is one piece of the name. */
static bool transform(Str part, AuditArmName *out, Err *err) {
    if (str_eqz(out->transform, "plain")) {
        out->transform = part;
    } else if (out->transform.p + out->transform.n + 1 == part.p) {
        out->transform.n += 1 + part.n;
    } else {
        return err_set(err, ERR_INPUT, "'" STR_FMT "' and '" STR_FMT "' must stand side by side",
                       STR_ARG(out->transform), STR_ARG(part));
    }
    return true;
}

static bool read_part(Str part, AuditArmName *out, bool *effort_said, Err *err) {
    if (!part.n) return err_set(err, ERR_INPUT, "there is nothing on one side of a '+'");
    if (str_starts(part, STR("effort-"))) return effort(part, out, effort_said, err);
    if (str_starts(part, STR("tokens-"))) return counted(part, STR("tokens-"), 1, 100000000, 0, &out->tokens, err);
    if (str_starts(part, STR("few-shot-"))) return counted(part, STR("few-shot-"), 0, 10000, -1, &out->fewshot, err);
    if (str_starts(part, STR("best-of-")))
        return counted(part, STR("best-of-"), 2, AUDIT_DRAWN_MAX, 0, &out->best_of, err);
    if (str_starts(part, STR("consensus-")))
        return counted(part, STR("consensus-"), 2, AUDIT_DRAWN_MAX, 0, &out->consensus, err);
    if (!str_eqz(part, "tools")) return transform(part, out, err);
    out->tools = true;
    return true;
}

bool audit_arm_read(Str name, AuditArmName *out, Err *err) {
    bool effort_said = false, ok = true;
    *out = (AuditArmName){.name = name, .effort = STR("medium"), .transform = STR("plain"), .fewshot = -1};
    if (str_eqz(name, "default")) return true;
    for (size_t at = 0, end; ok && at <= name.n; at = end + 1) {
        end = str_find(name, STR("+"), at);
        if (end == SIZE_MAX) end = name.n;
        ok = read_part(str_sub(name, at, end), out, &effort_said, err);
    }
    if (ok && out->best_of && out->consensus)
        ok = err_set(err, ERR_INPUT, "best-of and consensus are two readings of the same answers; make two arms");
    if (ok && str_eqz(out->transform, "default")) ok = err_set(err, ERR_INPUT, "'default' stands alone");
    if (ok && str_eqz(out->transform, "system-policy")) out->transform = STR("sys-policy");
    return ok || err_wrap(err, "arm '" STR_FMT "'", STR_ARG(name));
}
