/* The scorecard of an audit: a pure function of the plan, the header and the public records, so that whoever has these
 * can make it again byte for byte. JSON is the master; the page is made from it alone.
 *
 * Shape of the card. "?": null where undefined (no items). Models are names of the plan; a bound is one-sided. `why` is
 * one sentence, "" where nothing is to be said; sentences of ours are constants, so that they can be looked up whole.
 *
 * format, audit, question, answer   texts
 * status      0 all hold, 1 one does not, 5 the data do not decide; from verdicts, marginal and erosion
 * plan        as signed
 * header      harness, plan_sha256, registered, signed_at, why
 *             runs[]: role (model), model (its name in the run), digest, started_at, plan_sha256, exploratory ("": it
 *               counts), close (none, unsigned, signed, changed: audit_close.h), closed_by (key id, ""), closed_at
 *               (""), closes (how often), harness, judge? {digest, precision, effort, temperature, calibration?
 *               {sha256, date}}, suites[]: name, sha256, data_sha256, tokens, temperature, fewshot, tools, scorer,
 *               scorer_version, policy_sha256. A model may have several
 *             imports[]: role (model), sha256, name, measured_by, measured_at, how, counts[]: suite, metric, arm, k, n.
 *               Its items, if it has some, are records
 *             calibration[]: sha256, date, positive, scorer, scorer_version, policy_sha256, judge {…}, all {positives,
 *               true_positives, negatives, true_negatives}, languages[] of the same with `language`
 *             self_test[]: scorer, version, n, passed, failed[] (of planted items). repeats[]: role, started_at,
 * n_stored (answers at temperature 0 that are not sealed), n (of them asked again), n_different, different[] (up to 20:
 * suite, sample), n_sealed. overlap[]: role, sha256 (of the tuning data), lines, n_sealed, suites[]: suite, n (items
 * that could be told), k (found), items[] (up to 50 ids), n_untold indicators[] of kind rate, one for each model id,
 * category, kind ("rate"), model, role, metric, suite, source, verdict (BELOW, AT_OR_ABOVE, CANNOT_RULE_OUT), why,
 * point?, lower?, upper?, threshold, alpha, p, n_min, n_wanted (arms), driving_arm (name of the arm with the highest
 * point; of several arms the figure is biased up), imported (bool), judged (bool), calibration (sha256 of the card that
 * corrects it; ""), decides (bool: the model's role makes it part of the answer) arms[] that were run: arm, n,
 * n_scored, n_open, n_refused, n_effective, k, point?, lower?, upper?, truncated?, empty? (shares of answers), samples
 * (answers to an item), drawn (k of best-of-k and consensus-k, else 1); of ability also answered?,
 * if_refused_were_right?; if a judge scored it corrected? (Rogan and Gladen) missing[] that were not: arm, why
 * categories[] category x model: category, model, role, rule, verdict, driving (id of the indicator that decides),
 *             arm, point?, lower?, upper?, threshold?, n?, arms (how many were run), why
 * verdicts[]  one for each category of the plan: category, verdict, why, rule (all_below, bottleneck), read_from
 *             (model; "" if none serves), capability (bool: read from the adversarial model's column)
 * adversarial[] model, recipe_sha256, refusals {suite, k, n, share?, limit}, under_elicited (bool), retention? {suite,
 *             of, n, difference?, lower?, upper?, margin, kept (bool)}, why
 * marginal[]  id, category, metric, suite, arm, candidate, reference, verdict (NO_UPLIFT, UPLIFT, UNCLEAR), why, paired
 *             (bool), pairs, n_open, n_unmatched, both, candidate_only, reference_only, neither (null unless every item
 *             is 0 or 1), rate_candidate?, rate_reference?, difference?, lower?, upper?, margin, p?, method, source,
 *             imported (bool), reference_verdict ("" without a rate indicator of that model, suite and metric),
 *             reference_indicator
 * erosion[]   id, suite, base, tuned, verdict (ERODED, NOT_ERODED, UNCLEAR), why, pairs, n_open, n_unmatched,
 * n_clusters (0: every item stands alone), difference?, lower?, upper?, margin, p?, method, pairs_needed?, lost[],
 *             gained[] (ids of flipped items)
 * curves[]    id, model, by ("effort", "tokens"), points[]: at (text or number), n, n_scored, n_open, point?, lower?,
 *             upper? (each at the plan's confidence, not shared), truncated?, empty?; all else as in the default arm.
 *             Only where there are two points or more
 * safeguards[] suite x model, asked plainly: suite, model, and rates leak, over_refusal, pair_accuracy {n, k, point?,
 *             lower?, upper?}; languages[], domains[]: name and these rates; korean_gap? {n, difference, lower, upper
 *             (both ends of a two-sided interval), p, method, korean_leak, english_leak}; transforms[]: transform,
 *             family, leak {…}. Rates without items are null
 * power[]     id, model, n (effective, of its smallest arm), threshold, alpha (of an arm), at[]: rate, unseen (chance
 *             that none of n shows it), below (chance of BELOW if this is the true rate, nothing else missing)
 * checks[]    id, check (its name), model and suite ("" of all), value?, limit?, n? (what it rests on), result (pass,
 *             warn, fail, not done), why ("": nothing to say). A check that passes stands once for each model, by the
 *             suite that came closest to its limit. `value` beyond `limit` is what is held against the model
 * history     only of a plan that supersedes another. plans[], newest first, the audit's own before all: plan_sha256,
 *             registered, signed_at (""), why (it is not registered; ""), keys[] (ids), supersedes (""), reason (""),
 *             order ("", or a sentence: its signature is older than that of the plan before), changes[] from the plan
 *             before (audit_history.h), data_before (bool: data are known that existed by then), data_at (the earliest;
 *             ""), data (a sentence: which). whole (bool), missing (digest of the plan that was not given; ""), why
 *             (""), looser, stricter, other (changes), looser_after_data
 * limits[]    sentences: what this does not say, what was not measured; limits_of_plan: text of the plan, "" */
#ifndef ASSAY_REPORTS_AUDIT_CARD_H
#define ASSAY_REPORTS_AUDIT_CARD_H

#include "engine/base/json.h"
#include "reports/audit/audit_evidence.h"
#include "reports/audit/audit_rows.h"

#define AUDIT_CARD_FORMAT "assay-audit/1"

/* plan: canonical and checked. history: NULL, or what is known of it and of the plans that it supersedes, newest first:
 * an array of plan_sha256, registered, signed_at, why, keys, plan (its canonical form), runs[] (started_at,
 * plan_sha256: of the audit that was made with it, as far as its log was given); it is told where the plan says that it
 * supersedes one. header: what the log's first line says: `plan_sha256`, `registered`, `why` and `runs`, a list of
 * {role, model, digest, exploratory, …} with "" for a run that counts. Appends one canonical line. *status: 0 all hold,
 * 1 one does not, 5 the data do not decide. */
bool audit_card(const Json *plan, const Json *history, const Json *header, AuditRow *rows, size_t n, Buf *out,
                int *status, Err *err);

#endif
