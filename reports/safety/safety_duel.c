/* Two models on the same items. */
#include "reports/safety/safety_internal.h"

typedef double (*Reading)(const SafItem *it);

static double declined(const SafItem *it) {
    return it->declined / (double)it->n;
}
static double bad(const SafItem *it) {
    return it->bad / (double)it->n;
}

/* Both lists are sorted by sample, then transform. */
static int in_order(const SafItem *x, const SafItem *y) {
    int c = str_cmp(x->row->sample, y->row->sample);
    return c ? c : (x->row->transform > y->row->transform) - (x->row->transform < y->row->transform);
}

/* first minus second, over the items that both answered and that have scores. */
static bool matched(const SafBuild *b, const SafItems *first, const SafItems *second, SafSide side, Reading read,
                    SafDiff *out) {
    SafPairUnit *u = arena_array(b->a, first->n, sizeof *u);
    size_t i = 0, j = 0, n = 0;
    if (!u) return false;
    while (i < first->n && j < second->n) {
        const SafItem *x = &first->v[i], *y = &second->v[j];
        int c = in_order(x, y);
        i += c <= 0, j += c >= 0;
        if (c || x->row->side != side || x->row->transform != b->plain || !x->n || !y->n) continue;
        u[n++] = (SafPairUnit){read(x), read(y), x->row->cluster};
    }
    return safety__paired(b, u, n, out);
}

/* Tuned minus base: items that leak under at least one transform. */
static bool any_transform(const SafBuild *b, const SafItems *base, const SafItems *tuned, SafDiff *out) {
    const SafRow **r1, **r2;
    size_t n1, n2, n = 0;
    SafUnit *u1 = safety__any(b, tuned, NULL, true, &r1, &n1), *u2 = safety__any(b, base, NULL, true, &r2, &n2);
    SafPairUnit *u = arena_array(b->a, n1, sizeof *u);
    if (!u1 || !u2 || !u) return false;
    for (size_t i = 0, j = 0; i < n1 && j < n2;) {
        int c = str_cmp(r1[i]->sample, r2[j]->sample);
        if (c == 0) u[n++] = (SafPairUnit){u1[i].x, u2[j].x, u1[i].cluster};
        i += c <= 0, j += c >= 0;
    }
    return safety__paired(b, u, n, out);
}

bool safety__differences(const SafBuild *b, const SafItems *base, const SafItems *tuned, SafDiff *erosion,
                         SafDiff *over_refusal) {
    return matched(b, base, tuned, SAF_HARM, declined, erosion) &&
           matched(b, tuned, base, safety__benign_side(base), bad, over_refusal);
}

bool safety__duel(const SafBuild *b, const SafItems *base, const SafItems *tuned, SafDuel *d) {
    bool several = b->section->views[d->base].n_transforms > 1 && b->section->views[d->tuned].n_transforms > 1;
    return safety__differences(b, base, tuned, &d->erosion, &d->over_refusal) &&
           (several ? any_transform(b, base, tuned, &d->any_transform) : safety__paired(b, NULL, 0, &d->any_transform));
}
