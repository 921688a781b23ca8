/* Whether the runs are what was run: the closes that the header tells of (audit_close.h), as integrity checks. */
#include "reports/audit/audit_card_internal.h"

#include <math.h>
#include <string.h>

#include "reports/words/words.h"

static const char NAME[] = WORD("runs closed and signed by whoever ran them");

typedef enum Closed { CLOSED_WELL, CLOSED_NEVER, CLOSED_AGAIN, CLOSED_UNSIGNED, CLOSED_CHANGED } Closed;

static const struct {
    const char *result, *why;
} TOLD[] = {
    [CLOSED_WELL] = {"pass", ""},
    [CLOSED_NEVER] = {"not done", WORD("the run was never closed: nobody can tell whether it was changed since")},
    [CLOSED_AGAIN] = {"warn", WORD("the run was scored again after it was closed, and closed again")},
    [CLOSED_UNSIGNED] = {"warn", WORD("the run was closed without a signature: whoever could change it could renew "
                                      "that")},
    [CLOSED_CHANGED] = {"fail", WORD("the run was changed after it was closed")},
};

static Closed closed(const Json *run) {
    Str s = card__text(run, "close");
    if (str_eqz(s, "changed")) return CLOSED_CHANGED;
    if (str_eqz(s, "unsigned")) return CLOSED_UNSIGNED;
    if (!str_eqz(s, "signed")) return CLOSED_NEVER;
    return card__number(run, "closes") > 1.0 ? CLOSED_AGAIN : CLOSED_WELL;
}

/* Once for each model: its worst run. */
void card__put_close_checks(Card *c) {
    for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m)) {
        Str role = str_from(json_key(m));
        bool any = false;
        Closed worst = CLOSED_WELL;
        for (const Json *r = json_first(json_get(c->header, "runs")); r; r = json_next(r)) {
            if (!str_eq(card__text(r, "role"), role)) continue;
            any = true;
            if (closed(r) > worst) worst = closed(r);
        }
        if (!any) continue;
        json_obj(&c->o);
        card__put_word(c, "check", NAME);
        card__put_text(c, "model", role);
        card__put_number(c, "value", NAN);
        card__put_word(c, "result", TOLD[worst].result);
        card__put_word(c, "why", TOLD[worst].why);
        json_obj_end(&c->o);
    }
}
