/* The judge's calibration card of a run: read and held against judge and scorers before anything is written, and kept
 * in the manifest.
 *
 * The card is no part of what was asked: it may come later, and be replaced. One that a command names must fit, or the
 * command is refused. Scoring again is for other judges, scorers and policies, so that a card which the run had from
 * before may not fit any more: it is left out then, and that is said. */
#include "engine/base/file.h"
#include "harness/judge/judge_card.h"
#include "harness/run/run_internal.h"

#define STORED "the run's calibration card"

/* The judge that is asked now; else the one that was asked. Absent: nothing was judged. */
static bool find_judge(const Run *r, Str *judge, Err *err) {
    *judge = (Str){0};
    if (r->judge) return (*judge = judge_describe(r->judge, r->arena)).p || err_nomem(err);
    if (r->store && !store_manifest_get(r->store, "judge", r->arena, judge, err)) return false;
    if (judge->p && str_eqz(*judge, "null")) *judge = (Str){0};
    return true;
}

/* The file that the command or the plan names. NULL: none, or it is gone and the store has what stood in it. */
static bool find_file(const Run *r, bool stored, const char **file, Err *err) {
    Str path = r->plan->judge.calibration;
    *file = NULL;
    if (!path.p) return true;
    if (!(*file = str_cstr(r->arena, path))) return err_nomem(err);
    if (stored && !r->card_named && !file_exists(*file)) *file = NULL;
    return true;
}

static bool check(const Run *r, const CalCard *card, Str judge, const char *file, Err *err) {
    return judge_card_check(card, judge, r->plan, r->sets, err) || err_wrap(err, "%s", file ? file : STORED);
}

/* Only where it comes from before. */
static bool leave_out(Run *r, const Err *why) {
    if (!r->o->rescore || r->card_named || why->code != ERR_INPUT) return false;
    fprintf(r->o->err, "assay: warning: %s; it is left out now, and the new scores are uncalibrated\n", why->msg);
    r->card = STR("null");
    return true;
}

bool run__card_open(Run *r, Err *err) {
    Str judge, stored = {0}, json = {0};
    const char *file = NULL;
    CalCard card;
    bool there = false;
    if (!find_judge(r, &judge, err)) return false;
    if (r->store && !store_manifest_get(r->store, "calibration", r->arena, &stored, err)) return false;
    if (stored.p && str_eqz(stored, "null")) stored = (Str){0};
    if (!judge.p || !find_file(r, stored.p != NULL, &file, err)) return !judge.p;
    if (!file && (!stored.p || !r->o->rescore)) return true; /* none; or it fits as it did */
    Err why = ERR_INIT;
    bool ok = file ? judge_card_load(file, r->arena, &card, &json, &why)
                   : cal_read_entry(stored, r->arena, &card, &there, &why) || err_wrap(&why, STORED);
    if (ok && ((!file && !there) || check(r, &card, judge, file, &why))) {
        r->card = json;
        return true;
    }
    if (leave_out(r, &why)) return true;
    *err = why;
    return false;
}

bool run__card_put(Run *r, Err *err) {
    return !r->card.p || store_manifest_put(r->store, "calibration", r->card, err);
}
