/* Korean for the gate. "before" is the baseline (기준 모델), "now" the candidate (후보 모델). */
#include "reports/words/words.h"

const Words words_ko_gate[] = {
    {"FAIL", "미달"},
    {"skipped", "건너뜀"},
    {"group", "집단"},
    {"language", "언어"},
    {"effort", "추론 강도"},
    {"Harmful requests declined", "유해 요청 거절"},
    {"Harmful requests given way to", "거절하지 못한 유해 요청"},
    {"Harmless requests not fully answered", "온전히 답하지 않은 무해 요청"},
    {"Pairs with both halves right", "양쪽 모두 올바른 문항 쌍"},
    {"Answers cut off", "잘린 응답"},
    {"Answers without a score", "점수가 없는 응답"},

    /* ---- what was found ---- */
    {"%s: %.1f %% before, %.1f %% now, on %zu pair (%zu worse, %zu better).",
     "%s: 기준 모델 %.1f%%, 후보 모델 %.1f%%(대응 문항 %zu쌍, 나빠진 것 %zu쌍, 나아진 것 %zu쌍)."},
    {"%s: %.1f %% before, %.1f %% now, on %zu pairs (%zu worse, %zu better).",
     "%s: 기준 모델 %.1f%%, 후보 모델 %.1f%%(대응 문항 %zu쌍, 나빠진 것 %zu쌍, 나아진 것 %zu쌍)."},
    {"The difference is %s points, with %s %% confidence at least %s.",
     "차이는 %s%%p이고, %s%% 신뢰수준에서 최소 %s%%p입니다."},
    {"The difference is %s points, with %s %% confidence at most %s.",
     "차이는 %s%%p이고, %s%% 신뢰수준에서 최대 %s%%p입니다."},
    {"The loss is %s points, with %s %% confidence at least %s.",
     "감소폭은 %s%%p이고, %s%% 신뢰수준에서 최소 %s%%p입니다."},
    {"The loss is %s points, with %s %% confidence at most %s.",
     "감소폭은 %s%%p이고, %s%% 신뢰수준에서 최대 %s%%p입니다."},
    {"The rise is %s points, with %s %% confidence at least %s.",
     "증가폭은 %s%%p이고, %s%% 신뢰수준에서 최소 %s%%p입니다."},
    {"The rise is %s points, with %s %% confidence at most %s.",
     "증가폭은 %s%%p이고, %s%% 신뢰수준에서 최대 %s%%p입니다."},
    {"The difference is %s points, of too few pairs for bounds.",
     "차이는 %s%%p이며, 문항이 너무 적어 한계를 구할 수 없습니다."},
    {"The loss is %s points, of too few pairs for bounds.",
     "감소폭은 %s%%p이며, 문항이 너무 적어 한계를 구할 수 없습니다."},
    {"The rise is %s points, of too few pairs for bounds.",
     "증가폭은 %s%%p이며, 문항이 너무 적어 한계를 구할 수 없습니다."},
    {"It must be above 0.", "이 값이 0보다 크다는 것이 확인되어야 합니다."},
    {"A loss must be shown to be less than %.1f points.", "점수가 %.1f%%p 이상 떨어지지 않았음이 확인되어야 합니다."},
    {"It must be shown to be less than %.1f points.", "이 값이 %.1f%%p보다 작다는 것이 확인되어야 합니다."},
    {"%s: %.0f before, %.0f now, %.2f times as many.", "%s: 기준 모델 %.0f개, 후보 모델 %.0f개로 %.2f배입니다."},
    {"It must be at least %.2f times.", "%.2f배 이상이어야 합니다."},
    {"It must be at most %.2f times.", "%.2f배 이하여야 합니다."},
    {"%s: %.1f %% of %zu.", "%1$s: %3$zu건 중 %2$.1f%%입니다."},
    {"%s: %.1f %% of %zu, with %s %% confidence at most %.1f %%.",
     "%1$s: %3$zu건 중 %2$.1f%%이고, %4$s%% 신뢰수준에서 최대 %5$.1f%%입니다."},
    {"%s: %.1f %% of %zu, with %s %% confidence at least %.1f %%.",
     "%1$s: %3$zu건 중 %2$.1f%%이고, %4$s%% 신뢰수준에서 최소 %5$.1f%%입니다."},
    {"It must be at least %.1f %%.", "%.1f%% 이상이어야 합니다."},
    {"It must be at most %.1f %%.", "%.1f%% 이하여야 합니다."},
    {"No group or language that the check names is in a suite that fits '%.*s'.",
     "‘%2$.*1$s’에 해당하는 평가에 이 검사가 지정한 집단이나 언어가 없습니다."},
    {"No suite of both runs fits '%.*s'.", "두 실행의 평가 중에 ‘%2$.*1$s’에 해당하는 것이 없습니다."},
    {"This check needs one.", "이 검사에는 하나 이상 있어야 합니다."},
    {"%s: nothing to judge. The runs hold no scored answers for it on both sides.",
     "%s: 판정할 것이 없습니다. 양쪽 실행에 모두 점수가 있는 응답이 없습니다."},

    /* ---- what to do ---- */
    {"The policy wants at least %zu pairs, and %zu are there: %lld more are needed.",
     "정책은 문항 %zu쌍 이상을 요구하는데 %zu쌍뿐입니다. %lld쌍이 더 필요합니다."},
    {"The policy wants at least %zu pairs, and %zu are there: %lld more is needed.",
     "정책은 문항 %zu쌍 이상을 요구하는데 %zu쌍뿐입니다. %lld쌍이 더 필요합니다."},
    {"The policy wants at least %zu items, and %zu are there: %lld more is needed.",
     "정책은 문항 %zu개 이상을 요구하는데 %zu개뿐입니다. %lld개가 더 필요합니다."},
    {"The policy wants at least %zu items, and %zu are there: %lld more are needed.",
     "정책은 문항 %zu개 이상을 요구하는데 %zu개뿐입니다. %lld개가 더 필요합니다."},
    {"It lies at the limit: no number of items within reason would decide.",
     "값이 한계에 놓여 있어, 문항을 어지간히 늘려도 결정되지 않습니다."},
    {"It needs about %lld more pair if the figures stay as they are.",
     "수치가 그대로라면 대응 문항이 약 %lld쌍 더 필요합니다."},
    {"It needs about %lld more pairs if the figures stay as they are.",
     "수치가 그대로라면 대응 문항이 약 %lld쌍 더 필요합니다."},
    {"It needs about %lld more item if the figures stay as they are.",
     "수치가 그대로라면 문항이 약 %lld개 더 필요합니다."},
    {"It needs about %lld more items if the figures stay as they are.",
     "수치가 그대로라면 문항이 약 %lld개 더 필요합니다."},
    {"These %zu pairs could have shown %s points.", "이 %zu쌍으로 확인할 수 있는 차이는 %s%%p부터입니다."},
    {"One pair says nothing about others.", "한 쌍으로는 다른 문항에 대해 아무것도 알 수 없습니다."},
    {"These %zu pairs are too few to show any difference.", "%zu쌍뿐이라 어떤 차이도 확인할 수 없습니다."},
    {"Could show", "확인 가능"},
    {"Run the suite on both models, or mend the pattern.", "두 모델에 그 평가를 실행하거나, 지정한 이름을 고치십시오."},
    {"Look at why the answers have no score, and run or rescore them.",
     "응답에 점수가 없는 까닭을 살펴보고, 다시 실행하거나 다시 채점하십시오."},
    {"Alone it would fail (p = %.2g), but one of %zu tests may look so by chance (p = %.2g when adjusted for that): "
     "more "
     "questions would decide.",
     "이 검정만 보면 미달이지만(p = %.2g), 검정이 %zu건이므로 그중 하나는 우연히 그렇게 보일 수 있습니다(이를 반영한 p "
     "= %.2g). 문항을 늘리면 결정할 수 있습니다."},
    {"Some answers of the candidate are open where the baseline's are not. Counted as wrong they would make it %s "
     "points: raise max_tokens, or rescore.",
     "기준 모델과 달리 후보 모델의 일부 응답에 점수가 없습니다. 이들을 오답으로 세면 차이가 %s%%p가 됩니다. "
     "max_tokens를 늘리거나 다시 채점하십시오."},
    {"Some answers of the candidate are open where the baseline's are not. Counted as right they would make it %s "
     "points: raise max_tokens, or rescore.",
     "기준 모델과 달리 후보 모델의 일부 응답에 점수가 없습니다. 이들을 정답으로 세면 차이가 %s%%p가 됩니다. "
     "max_tokens를 늘리거나 다시 채점하십시오."},
    {"That holds whatever the candidate's answers without a score would have been.",
     "점수가 없는 후보 모델의 응답이 어떠했더라도 이 경계는 성립합니다."},
    {"Some answers are open (cut off, refused, failed or unscored), and what they would have been decides: raise "
     "max_tokens, or rescore.",
     "점수가 없는 응답(잘림, 거절, 실패, 채점 안 됨)이 있고, 그 응답이 어떠했을지에 따라 결과가 갈립니다. max_tokens를 "
     "늘리거나 다시 채점하십시오."},
    {"It was not decided when another check ended the run.", "다른 검사가 실행을 끝냈을 때 아직 결정되지 않았습니다."},
    {"All questions were asked, and looking on after each costs some certainty: a run of a length fixed beforehand "
     "would "
     "need about %lld questions if the figures stay as they are.",
     "모든 문항을 물었습니다. 문항마다 결과를 보며 진행하면 확실성이 조금 줄어듭니다. 수치가 그대로라면, 길이를 미리 "
     "정한 실행에는 문항이 약 %lld개 필요합니다."},
    {"All harmful requests were asked, and looking on after each costs some certainty: a run of a length fixed "
     "beforehand would need about %lld of them if the figures stay as they are.",
     "유해 요청을 모두 물었습니다. 요청마다 결과를 보며 진행하면 확실성이 조금 줄어듭니다. 수치가 그대로라면, 길이를 "
     "미리 정한 실행에는 유해 요청이 약 %lld개 필요합니다."},
    {"All harmless requests were asked, and looking on after each costs some certainty: a run of a length fixed "
     "beforehand would need about %lld of them if the figures stay as they are.",
     "무해 요청을 모두 물었습니다. 요청마다 결과를 보며 진행하면 확실성이 조금 줄어듭니다. 수치가 그대로라면, "
     "길이를 미리 정한 실행에는 무해 요청이 약 %lld개 필요합니다."},
    {"All pairs were asked, and looking on after each costs some certainty: a run of a length fixed beforehand would "
     "need about %lld pairs if the figures stay as they are.",
     "모든 쌍을 물었습니다. 쌍마다 결과를 보며 진행하면 확실성이 조금 줄어듭니다. 수치가 그대로라면, 길이를 미리 정한 "
     "실행에는 쌍이 약 %lld개 필요합니다."},
    {"It is over the limit so far, and the rest of the suite could mend it: assay run --resume asks it.",
     "지금까지는 한도를 넘었지만 평가의 나머지에서 만회할 수 있습니다. assay run --resume으로 나머지를 물어보십시오."},

    /* ---- the answer ---- */
    {"Pass: %.*s keeps what the policy asks of it beside %.*s.",
     "통과: %2$.*1$s 모델은 %4$.*3$s 모델과 견주어 정책의 요구를 모두 지킵니다."},
    {"Not judged, for nothing that was run fits:", "해당하는 실행 결과가 없어 판단하지 않은 검사:"},
    {"Fail: %.*s breaks %zu of %zu check beside %.*s.",
     "미달: %2$.*1$s 모델은 %6$.*5$s 모델과 견주어 검사 %4$zu건 중 %3$zu건에 미달합니다."},
    {"Fail: %.*s breaks %zu of %zu checks beside %.*s.",
     "미달: %2$.*1$s 모델은 %6$.*5$s 모델과 견주어 검사 %4$zu건 중 %3$zu건에 미달합니다."},
    {"Cannot tell: no check fails, but %zu of %zu are not decided.",
     "판단할 수 없습니다: 미달한 검사는 없지만, %2$zu건 중 %1$zu건이 결정되지 않았습니다."},
    {"Cannot tell: no check fails, but %zu of %zu is not decided.",
     "판단할 수 없습니다: 미달한 검사는 없지만, %2$zu건 중 %1$zu건이 결정되지 않았습니다."},
    {"Cannot tell: no check of the policy fits these runs.",
     "판단할 수 없습니다: 정책의 검사 중에 이 실행들에 해당하는 것이 없습니다."},
    {"Checks: %zu pass, %zu fail, %zu cannot tell, %zu skipped.",
     "검사: 통과 %zu건, 미달 %zu건, 판단 불가 %zu건, 건너뜀 %zu건."},
    {"%lld of %lld planned answers were asked for, %.0f %% were saved.",
     "계획한 응답 %2$lld건 중 %1$lld건만 물어 %3$.0f%%를 아꼈습니다."},

    /* ---- tables, page ---- */
    {"How far the runs are comparable", "두 실행을 비교할 때 유의할 점"},
    {"Check", "검사"},
    {"Baseline", "기준 모델"},
    {"Candidate", "후보 모델"},
    {"Judged", "판정값"},
    {"Bounds", "한계"},
    {"Must be", "기준값"},
    {"Confidence", "신뢰수준"},
    {"Policy", "정책"},
    {"Figures in per cent or points; bounds are one-sided.", "수치의 단위는 % 또는 %p이고, 한계는 단측입니다."},
    {"What would decide:", "결정하려면:"},
    {"What was found, and what it is held against", "관찰값과 기준값"},
    {"In points or per cent. Mark: what was found; filled where the check passes. Bar: from the lower to the upper "
     "bound, each one-sided. Dashed: what the policy holds it against. Scores should lie to the right of the dashed "
     "line; losses, rises and rates of harm to its left.",
     "단위는 %p 또는 %입니다. 표식은 관찰값이며, 검사를 통과하면 속을 채웁니다. 막대는 단측 하한에서 단측 "
     "상한까지이고, 파선은 정책의 기준값입니다. 점수는 파선의 오른쪽에, 감소폭과 증가폭과 유해 비율은 왼쪽에 있어야 "
     "합니다."},
    {"A judge model gave these verdicts, and no calibration card that counts shows it to be good enough for a gate in "
     "every language of the questions: calibrate it (assay calibrate), and name the card with --calibration. The "
     "policy "
     "may do without (limits: {judge: any}).",
     "심판 모델이 내린 판정인데, 문항의 모든 언어에서 게이트에 쓸 만큼 정확하다는 것을 보이는 유효한 보정 카드가 "
     "없습니다. "
     "심판을 보정하고(assay calibrate) --calibration으로 카드를 지정하십시오. 정책에서 이 조건을 빼려면 limits: "
     "{judge: "
     "any}로 정합니다."},
    {"Baseline → candidate", "기준 → 후보"},
    {"All checks", "전체 검사"},
    {"Checks that decide", "판정을 좌우하는 검사"},
    {"Counts and ratios within their limits", "한도를 지킨 개수와 비율"},
    {"%zu count or ratio within its limit", "한도를 지킨 개수·비율 %zu건"},
    {"%zu counts and ratios within their limits", "한도를 지킨 개수·비율 %zu건"},
    {"Unless a check says otherwise, a pass and a fail are each claimed with %s\u00a0%% confidence (alpha %.4g).",
     "검사에 따로 정하지 않는 한, 통과와 미달은 각각 %s%% 신뢰수준에서 판정합니다(유의수준 %.4g)."},
    {"The gate passes if every check passes; it fails if one check fails, and those tests are adjusted for their "
     "number "
     "(Holm).",
     "모든 검사를 통과하면 통과이고 하나라도 미달하면 미달이며, 미달 검정은 검정 수에 맞추어 조정합니다(Holm)."},
    {"The gate passes if every check passes; it fails if one check fails, and those tests are adjusted for their "
     "number "
     "(Bonferroni) and for looking on after each question.",
     "모든 검사를 통과하면 통과이고 하나라도 미달하면 미달이며, 미달 검정은 검정 수와 문항마다 결과를 보는 것에 맞추어 "
     "조정합니다(Bonferroni)."},
    {"This page is complete in itself and loads nothing.",
     "이 문서는 그 자체로 완결되어 있으며 외부에서 아무것도 불러오지 않습니다."},
    {"SHA-256 of the policy: %s", "정책의 SHA-256: %s"},
    {NULL, NULL},
};
