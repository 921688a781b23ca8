/* Results from elsewhere, as the header and the records have them. They were there before the plan was signed, which
 * limits[] says; what they may claim is what answers may. */
#include "reports/audit/audit_card_internal.h"

/* Of "people", "program" and "judge", and of headers that do not say, a judge alone needs a calibration. */
static bool by_judge(const Json *import) {
    return str_eqz(card__text(import, "scored_by"), "judge");
}

CardCounts card__counts(const Card *c, Str model, Str suite, Metric m, Str arm) {
    CardCounts out = {.data = STR("")};
    for (const Json *i = json_first(json_get(c->header, "imports")); i; i = json_next(i)) {
        if (!str_eq(card__text(i, "role"), model)) continue;
        for (const Json *r = json_first(json_get(i, "counts")); r; r = json_next(r)) {
            if (!card__suite_fits(card__text(r, "suite"), suite) || card__metric(card__text(r, "metric")) != m ||
                !str_eq(card__text(r, "arm"), arm))
                continue;
            if (out.there) return (CardCounts){.data = STR(""), .why = CARD_SEVERAL_WAYS};
            out = (CardCounts){.there = true,
                               .judged = by_judge(i),
                               .k = card__number(r, "k"),
                               .n = card__number(r, "n"),
                               .unscored = card__number(r, "unscored"),
                               .refused = card__number(r, "refused"),
                               .data = card__text(r, "data_sha256")};
        }
    }
    return out;
}

/* ---- checks ---- */

static bool is_named(const Json *model, Str sha) {
    if (json_get(model, "import")) return str_eq(card__text(model, "sha256"), sha);
    for (const Json *e = json_first(json_get(model, "evidence")); e; e = json_next(e))
        if (str_eq(card__text(e, "sha256"), sha)) return true;
    return false;
}

static bool check_counts(const Json *import, Err *err) {
    for (const Json *r = json_first(json_get(import, "counts")); r; r = json_next(r)) {
        double k = card__number(r, "k"), n = card__number(r, "n"), open = card__number(r, "unscored"),
               refused = card__number(r, "refused");
        if (!(n >= 1.0 && k >= 0.0 && open >= 0.0 && refused >= 0.0 && k + refused <= n && n + open <= 1e12))
            return err_set(err, ERR_INPUT, "imported counts of suite " STR_FMT " do not add up",
                           STR_ARG(card__text(r, "suite")));
    }
    return true;
}

bool card__check_imports(const Card *c, Err *err) {
    const Json *imports = json_get(c->header, "imports");
    for (const Json *i = json_first(imports); i; i = json_next(i)) {
        Str role = card__text(i, "role"), sha = card__text(i, "sha256");
        const Json *model = card__model(c, role);
        if (!sha.n || !model || !is_named(model, sha))
            return err_set(err, ERR_INPUT,
                           "the plan does not name the imported results " STR_FMT " of model '" STR_FMT "'",
                           STR_ARG(sha), STR_ARG(role));
        if (!check_counts(i, err)) return false;
    }
    for (size_t k = 0; k < c->n; k++) {
        bool found = !c->rows[k].arm.n;
        for (const Json *i = json_first(imports); i && !found; i = json_next(i))
            found = str_eq(card__text(i, "role"), c->rows[k].role);
        if (!found)
            return err_set(err, ERR_INPUT, "a record of model '" STR_FMT "' is of results that were not imported",
                           STR_ARG(c->rows[k].role));
    }
    return true;
}
