#include "reports/audit/audit_card_internal.h"

static bool is_needed(const Json *logic, Str id) {
    for (const Json *n = json_first(json_get(logic, "needs")); n; n = json_next(n))
        if (str_eq(json_str(n), id)) return true;
    return false;
}

static void put_category(Card *c, Str category, Str role) {
    AuditVerdict *v = arena_array(c->a, c->n_cells + 1, sizeof *v);
    bool *needed = arena_array(c->a, c->n_cells + 1, sizeof *needed);
    size_t n = 0;
    if (!v || !needed) return;
    const Json *logic = json_get(json_get(c->plan, "logic"), str_cstr(c->a, category));
    bool bottleneck = str_eqz(card__text(logic, "rule"), "bottleneck");
    for (size_t i = 0; i < c->n_cells; i++) {
        const Cell *cell = &c->cells[i];
        if (!str_eq(cell->role, role) || !str_eq(card__text(cell->ind, "category"), category)) continue;
        needed[n] = is_needed(logic, card__text(cell->ind, "id"));
        v[n++] = cell->rate.verdict;
    }
    if (!n) return;
    json_obj(&c->o);
    card__put_text(c, "category", category);
    card__put_text(c, "model", role);
    card__put_word(c, "rule", bottleneck ? "bottleneck" : "all_below");
    card__put_word(c, "verdict",
                   audit_verdict_name(audit_category(bottleneck ? AUDIT_BOTTLENECK : AUDIT_ALL_BELOW, v,
                                                     bottleneck ? needed : NULL, n, c->two_signed)));
    json_obj_end(&c->o);
}

void card__put_categories(Card *c) {
    static const char *const all[] = {"bio_chem", "rad_nuc", "cyber", "self_improve", "safeguards", "integrity"};
    json_out_key(&c->o, "categories");
    json_arr(&c->o);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m))
            put_category(c, str_from(all[i]), str_from(json_key(m)));
    json_arr_end(&c->o);
}
