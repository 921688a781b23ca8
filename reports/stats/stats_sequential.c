/* Why P(ever pass | mean d <= -margin) <= alpha, and the same for fail.
 *
 * Take one direction; y_t = (sum of the unit) - m0 (items of the unit), where H0 says that the mean is at most m0, and
 * L is the number of items of the largest unit. Let mu_t be a number that H0 makes an upper bound of E[y_t | past]:
 *   questions   units are exchangeable draws from all units there are, E[y_t | past] <= 0 = mu_t.
 *   set         without return from this set: sum of all y <= 0, so the rest has sum <= -S, and the next of the r units
 * that are left has E[y_t | past] <= -S/r = mu_t, where S is the sum of y so far. Each bet f holds capital K_t =
 * K_{t-1} (1 + lambda_t (y_t - mu_t)/L) with lambda_t >= 0 chosen from the past alone, so small that no outcome makes
 * the factor negative (y_t >= -(1 + m0) L). Then E[K_t | past] <= K_{t-1} under H0: K_t is a nonnegative
 * supermartingale that starts at 1, and so is the mean of the 24 bets. Ville's inequality: P(it ever reaches 1/alpha)
 * <= alpha. No assumption on the distribution is made, and looking costs nothing.
 *
 * (Ville 1939; Waudby-Smith and Ramdas, JRSS B 86:1, 2024, section 4 and, without replacement, section 5. The mean over
 * a grid of bets is their "hedged" mixture in one direction.)
 *
 * A set has one thing more: when S > (1 + m0) (items that are left), no rest of it can bring the mean down to m0. Then
 * H0 is false for certain and its evidence infinite. At equality H0 can still be true - if all that is left is lost,
 * the mean is m0 exactly - so nothing is concluded there and nothing is bet. */
#include "reports/stats/stats_sequential.h"

#include <math.h>

/* Fractions of the largest bet that cannot lose all: 0.01 … 0.999, evenly spaced in the logarithm but for the last
 * ones. */
static double fraction(size_t k) {
    double f = 0.01 * pow(100.0, (double)k / (STAT_SEQ_BETS - 1));
    return f < 0.999 ? f : 0.999;
}

const char *stat_seq_state_name(StatSeqState s) {
    static const char *const NAMES[] = {"undecided", "pass", "fail", "inconclusive"};
    return NAMES[s];
}

static void side_init(StatSeqSide *s, double null_mean) {
    *s = (StatSeqSide){.null_mean = null_mean, .evidence = 1.0, .peak = 1.0};
    for (size_t k = 0; k < STAT_SEQ_BETS; k++) s->capital[k] = 1.0;
}

bool stat_seq_init(StatSeq *s, const StatSeqPlan *p, Err *err) {
    *s = (StatSeq){.plan = *p};
    if (!(p->margin > 0.0 && p->margin < 1.0)) return err_set(err, ERR_INPUT, "'margin' must lie between 0 and 1");
    if (!(p->regression >= 0.0 && p->regression <= p->margin))
        return err_set(err, ERR_INPUT, "'regression' must lie between 0 and 'margin'");
    if (!(p->alpha > 0.0 && p->alpha <= 0.5)) return err_set(err, ERR_INPUT, "'alpha' must lie between 0 and 0.5");
    if (p->units < 1) return err_set(err, ERR_INPUT, "'units' must be at least 1");
    if (!(p->largest >= 1.0 && isfinite(p->largest))) return err_set(err, ERR_INPUT, "'largest' must be at least 1");
    if (!(p->total_items >= (double)p->units && p->total_items <= (double)p->units * p->largest))
        return err_set(err, ERR_INPUT, "'total_items' must lie between the number of units and that times 'largest'");
    side_init(&s->up, -p->margin);
    side_init(&s->down, p->regression);
    return true;
}

/* Sums on paper equal differ by rounding: what is nearer than this to certainty is not certain, and nothing is bet on
 * it.
 */
static const double SLACK = 1e-9;

static void bet(StatSeqSide *s, double room, double x) {
    double sum = 0.0;
    for (size_t k = 0; k < STAT_SEQ_BETS; k++) {
        s->capital[k] *= 1.0 + fraction(k) / room * x;
        sum += s->capital[k];
    }
    s->evidence = sum / STAT_SEQ_BETS;
    s->peak = fmax(s->peak, s->evidence);
}

/* seen units came before this one; before is the sum of their y; left is the number of items that come after it. */
static void side_add(StatSeqSide *s, const StatSeqPlan *p, size_t seen, double before, double y, double left) {
    double mu = 0.0;
    if (s->impossible) return;
    if (p->target == STAT_SEQ_SET) mu = -before / (double)(p->units - seen);
    double room = 1.0 + s->null_mean + mu / p->largest;
    if (room > SLACK) bet(s, room, (y - mu) / p->largest);
    if (p->target == STAT_SEQ_SET && before + y > (1.0 + s->null_mean) * left + SLACK) {
        s->impossible = true;
        s->evidence = s->peak = INFINITY;
    }
}

/* A set's items must add up: what is left of them decides. */
static bool adds_up(const StatSeq *s, double items, Err *err) {
    const StatSeqPlan *p = &s->plan;
    double left = p->total_items - s->items - items, units = (double)(p->units - s->seen - 1);
    if (p->target != STAT_SEQ_SET || (left >= units - SLACK && left <= units * p->largest + SLACK)) return true;
    return err_set(err, ERR_INPUT, "the units have other numbers of items than 'total_items' %g allows",
                   p->total_items);
}

StatSeqState stat_seq_add(StatSeq *s, double sum, double items, Err *err) {
    const StatSeqPlan *p = &s->plan;
    if (!(items >= 1.0 && items <= p->largest) || !(fabs(sum) <= items * (1.0 + 1e-12))) {
        err_set(err, ERR_INPUT, "a unit must have 1 to %g items, and a sum of differences within them", p->largest);
        return STAT_SEQ_UNDECIDED;
    }
    if (s->seen == p->units) {
        err_set(err, ERR_INPUT, "more units than the plan's %zu", p->units);
        return STAT_SEQ_UNDECIDED;
    }
    if (!adds_up(s, items, err)) return STAT_SEQ_UNDECIDED;
    double left = p->total_items - s->items - items;
    side_add(&s->up, p, s->seen, s->sum - s->up.null_mean * s->items, sum - s->up.null_mean * items, left);
    side_add(&s->down, p, s->seen, -s->sum - s->down.null_mean * s->items, -sum - s->down.null_mean * items, left);
    s->seen++;
    s->sum += sum;
    s->items += items;
    if (s->state != STAT_SEQ_UNDECIDED) return s->state;
    if (s->up.peak >= 1.0 / p->alpha)
        s->state = STAT_SEQ_PASS;
    else if (s->down.peak >= 1.0 / p->alpha)
        s->state = STAT_SEQ_FAIL;
    if (s->state != STAT_SEQ_UNDECIDED)
        s->decided_at = s->seen;
    else if (s->seen == p->units)
        s->state = STAT_SEQ_INCONCLUSIVE;
    return s->state;
}

StatSeqState stat_seq_end(StatSeq *s) {
    if (s->state == STAT_SEQ_UNDECIDED) s->state = STAT_SEQ_INCONCLUSIVE;
    return s->state;
}

double stat_seq_p_pass(const StatSeq *s) {
    return fmin(1.0, 1.0 / s->up.peak);
}
double stat_seq_p_fail(const StatSeq *s) {
    return fmin(1.0, 1.0 / s->down.peak);
}

/* Whether "mean of sign d is at most m0" is rejected at alpha by the n units. */
static bool rejected(const StatSeqPlan *p, const double *sums, const double *items, size_t n, double sign, double m0,
                     double alpha) {
    StatSeqSide s;
    double before = 0.0, left = p->total_items;
    side_init(&s, m0);
    for (size_t i = 0; i < n && s.peak < 1.0 / alpha; i++) {
        double size = items ? items[i] : 1.0, y = sign * sums[i] - m0 * size;
        left -= size;
        side_add(&s, p, i, before, y, left);
        before += y;
    }
    return s.peak >= 1.0 / alpha;
}

/* The end of the interval on one side: the first m0 of a grid from -1 on that is not rejected, one step back. */
static double end_of(const StatSeqPlan *p, const double *sums, const double *items, size_t n, double sign,
                     double alpha) {
    enum { STEPS = 1000 };
    double last = -1.0;
    for (int i = 1; i <= STEPS; i++) {
        double m0 = -1.0 + 2.0 * i / STEPS;
        if (!rejected(p, sums, items, n, sign, m0, alpha)) return last;
        last = m0;
    }
    return last;
}

StatRange stat_seq_interval(const StatSeqPlan *p, const double *sums, const double *items, size_t n, double conf) {
    double alpha = 0.5 * (1.0 - conf);
    return (StatRange){end_of(p, sums, items, n, 1.0, alpha), -end_of(p, sums, items, n, -1.0, alpha)};
}
