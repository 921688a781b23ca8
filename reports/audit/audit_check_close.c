/* Whether the runs are what was run: the closes that the header tells of (audit_close.h), as an integrity check. */
#include <math.h>

#include "reports/audit/audit_check_internal.h"

typedef enum Closed { CLOSED_WELL, CLOSED_NEVER, CLOSED_AGAIN, CLOSED_UNSIGNED, CLOSED_CHANGED } Closed;

static const struct {
    CheckResult result;
    const char *why;
} TOLD[] = {
    [CLOSED_WELL] = {CHECK_PASS, ""},
    [CLOSED_NEVER] = {CHECK_NOT_DONE, WORD("the run was never closed: nobody can tell whether it was changed since")},
    [CLOSED_AGAIN] = {CHECK_WARN, WORD("the run was scored again after it was closed, and closed again")},
    [CLOSED_UNSIGNED] = {CHECK_WARN, WORD("the run was closed without a signature: whoever could change it could renew "
                                          "that")},
    [CLOSED_CHANGED] = {CHECK_FAIL, WORD("the run was changed after it was closed")},
};

static Closed closed(const Json *run) {
    Str s = card__text(run, "close");
    if (str_eqz(s, "changed")) return CLOSED_CHANGED;
    if (str_eqz(s, "unsigned")) return CLOSED_UNSIGNED;
    if (!str_eqz(s, "signed")) return CLOSED_NEVER;
    return card__number(run, "closes") > 1.0 ? CLOSED_AGAIN : CLOSED_WELL;
}

/* Once for each model: its worst run. */
bool checks__close(Checks *k) {
    Card *c = k->c;
    for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m)) {
        Str role = str_from(json_key(m));
        double n = 0.0;
        Closed worst = CLOSED_WELL;
        for (const Json *r = json_first(json_get(c->header, "runs")); r; r = json_next(r)) {
            if (!str_eq(card__text(r, "role"), role)) continue;
            n++;
            if (closed(r) > worst) worst = closed(r);
        }
        CardCheck f = {.model = role, .suite = STR(""), .value = NAN, .limit = NAN, .n = n};
        f.result = TOLD[worst].result, f.why = TOLD[worst].why;
        if (n > 0.0 && !checks__add(k, "close", f)) return false;
    }
    return true;
}
