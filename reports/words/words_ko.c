/* Korean for the page of a run: headline, charts, tables, samples. Names of models, suites, methods and options stay as
 * they are. A name is followed by its noun ("%s 모델은"), so that no particle depends on how the name ends. */
#include "reports/words/words.h"

const Words words_ko[] = {
    /* ---- the page ---- */
    {"assay report", "assay 보고서"},
    {"assay comparison", "assay 비교"},
    {"Skip to the content", "본문으로 건너뛰기"},
    {"Filter rows", "행 거르기"},
    {"%zu suite", "평가 %zu개"},
    {"%zu suites", "평가 %zu개"},
    {"%lld answer", "응답 %lld건"},
    {"%lld answers", "응답 %lld건"},
    {"This page is complete in itself and loads nothing. report.json beside it holds the same numbers for programs.",
     "이 문서는 그 자체로 완결되어 있으며 외부에서 아무것도 불러오지 않습니다. 같은 수치가 프로그램용으로 옆의 "
     "report.json에 들어 있습니다."},
    {"This page is complete in itself and loads nothing. For programs, assay compare --report-json writes the same "
     "numbers.",
     "이 문서는 그 자체로 완결되어 있으며 외부에서 아무것도 불러오지 않습니다. 같은 수치를 프로그램용으로 얻으려면 "
     "assay "
     "compare의 --report-json 옵션을 사용하십시오."},

    /* ---- outcomes, verdicts ---- */
    {"correct", "정답"},
    {"wrong", "오답"},
    {"no answer", "답 없음"},
    {"truncated", "잘림"},
    {"refused", "거절"},
    {"error", "오류"},
    {"unscored", "미채점"},
    {"cannot tell", "판단 불가"},
    {"ahead", "우세"},
    {"behind", "열세"},
    {"equal", "같음"},
    {"no score", "점수 없음"},
    {"yes", "예"},
    {"no", "아니요"},
    {"all", "전체"},

    /* ---- headline ---- */
    {"Nothing is stored in this run yet.", "이 실행에는 아직 저장된 응답이 없습니다."},
    {"%.*s is better than %.*s by %s points (95 %% interval %s to %s).",
     "%2$.*1$s 모델이 %4$.*3$s 모델보다 %5$s%%p 좋습니다(95%% 신뢰구간 %6$s ~ %7$s)."},
    {"Cannot tell: no difference was seen (95 %% interval %s to %s).",
     "판단할 수 없습니다: 차이가 관찰되지 않았습니다(95%% 신뢰구간 %s ~ %s)."},
    {"Cannot tell: no difference was seen.", "판단할 수 없습니다: 차이가 관찰되지 않았습니다."},
    {"Cannot tell: %.*s scored %s points higher (95 %% interval %s to %s).",
     "판단할 수 없습니다: 관찰된 점수는 %2$.*1$s 모델이 %3$s%%p 높습니다(95%% 신뢰구간 %4$s ~ %5$s)."},
    {"Cannot tell: %.*s scored %s points higher.",
     "판단할 수 없습니다: 관찰된 점수는 %2$.*1$s 모델이 %3$s%%p 높습니다."},
    {"Cannot tell: there is no question that both models answered and that was scored.",
     "판단할 수 없습니다: 두 모델이 모두 응답하고 채점까지 된 문항이 없습니다."},
    {"That can be chance among %zu comparisons.", "비교가 %zu건이므로 우연일 수 있습니다."},
    {"These %zu questions could have shown %s points.", "이 문항 %zu개로 확인할 수 있는 차이는 %s%%p부터입니다."},
    {"These %zu questions are too few to show any difference.", "문항이 %zu개뿐이라 어떤 차이도 확인할 수 없습니다."},
    {"One question says nothing about others.", "문항 하나로는 다른 문항에 대해 아무것도 알 수 없습니다."},
    {"These %zu questions belong together, so that they count as one: that says nothing about others.",
     "이 문항 %zu개는 한 묶음이어서 하나로 셉니다. 하나로는 다른 문항에 대해 아무것도 알 수 없습니다."},
    {"With the open answers (cut off, refused, failed or unscored), %.*s minus %.*s would be %s points if all of them "
     "were wrong, %s if all were right, and in any case between %s and %s.",
     "미정 응답(잘림, 거절, 실패, 미채점)까지 세면 %2$.*1$s − %4$.*3$s 차이는 모두 오답일 때 %5$s%%p, 모두 정답일 때 "
     "%6$s%%p이고, 어떤 경우에도 %7$s에서 %8$s 사이입니다."},
    {"no common question", "공통 문항 없음"},
    {"%s (%s to %s)", "%s(%s ~ %s)"},
    {"Cannot tell %.*s and %.*s apart in the one comparison.",
     "유일한 비교에서 %2$.*1$s 모델과 %4$.*3$s 모델의 우열을 판단할 수 없습니다."},
    {"Cannot tell %.*s and %.*s apart on the one suite.",
     "유일한 평가에서 %2$.*1$s 모델과 %4$.*3$s 모델의 우열을 판단할 수 없습니다."},
    {"Cannot tell %.*s and %.*s apart in any of %zu comparisons.",
     "비교 %5$zu건 어디에서도 %2$.*1$s 모델과 %4$.*3$s 모델의 우열을 판단할 수 없습니다."},
    {"Cannot tell %.*s and %.*s apart on any of %zu suites.",
     "평가 %5$zu개 어디에서도 %2$.*1$s 모델과 %4$.*3$s 모델의 우열을 판단할 수 없습니다."},
    {"%.*s is ahead of %.*s on %zu of %zu suites",
     "평가 %6$zu개 중 %5$zu개에서 %2$.*1$s 모델이 %4$.*3$s 모델보다 앞섭니다"},
    {"%.*s is ahead of %.*s on %zu of %zu suite",
     "평가 %6$zu개 중 %5$zu개에서 %2$.*1$s 모델이 %4$.*3$s 모델보다 앞섭니다"},
    {"%.*s is ahead of %.*s in %zu of %zu comparisons",
     "비교 %6$zu건 중 %5$zu건에서 %2$.*1$s 모델이 %4$.*3$s 모델보다 앞섭니다"},
    {"%.*s is ahead of %.*s in %zu of %zu comparison",
     "비교 %6$zu건 중 %5$zu건에서 %2$.*1$s 모델이 %4$.*3$s 모델보다 앞섭니다"},
    {", behind on %zu", ". 뒤지는 것은 %zu개입니다"},
    {"; cannot tell on %zu", ". %zu개는 우열을 판단할 수 없습니다"},
    {"; cannot tell on %s", ". 우열을 판단할 수 없는 것: %s"},
    {"Ahead: %s points.", "우세: %s(단위 %%p)."},
    {"Behind: %s points.", "열세: %s(단위 %%p)."},
    {"Cannot tell: %s points, with 95 %% intervals.", "판단 불가: %s(단위 %%p, 괄호 안은 95%% 신뢰구간)."},
    {"%s no score", "%s 점수 없음"},
    {"%s %.1f %% (95 %% interval %.1f to %.1f)", "%s %.1f%%(95%% 신뢰구간 %.1f ~ %.1f)"},
    {"%s %.1f %%", "%s %.1f%%"},
    {"The other %zu transforms stand in the table.", "나머지 변형 %zu가지의 결과는 표에 있습니다."},

    /* ---- cautions ---- */
    {"REVEALED: this report shows texts that were sealed because they may do harm. Keep it where the key is kept, and "
     "pass on the report that hides them.",
     "봉인 해제본: 이 보고서에는 해를 끼칠 수 있어 봉인했던 글이 그대로 나옵니다. 열쇠와 같은 곳에 보관하시고, "
     "전달할 때에는 글을 가린 보고서를 쓰십시오."},
    {"No text of the sealed suites was kept (ephemeral: the run had no key to seal to). Their scores cannot be looked "
     "into, checked again or replayed.",
     "봉인 대상 평가의 글은 전혀 보관하지 않았습니다(봉인할 열쇠 없이 실행함). 이들의 점수는 들여다보거나 다시 "
     "확인하거나 재현할 수 없습니다."},
    {"%.*s (precision %.*s)", "%2$.*1$s(정밀도 %4$.*3$s)"},
    {"Not computed exactly: %s. Scores may differ a little from the exact ones; assay model MODEL --against MODEL "
     "--precision measures by how much.",
     "정확 연산이 아닌 모델: %s. 점수가 정확 연산과 조금 다를 수 있으며, 그 차이는 assay model MODEL --against MODEL "
     "--precision 명령으로 잴 수 있습니다."},
    {"%.*s (%.*s understood %.0f %% of %lld control questions)",
     "%2$.*1$s(%4$.*3$s 모델이 대조 문항 %6$lld개 중 %5$.0f%%를 이해함)"},
    {"%.*s (%.0f %% of %lld)", "%2$.*1$s(%4$lld개 중 %3$.0f%%)"},
    {"Understood few control questions even when asked plainly, so that nobody can tell what was read in other ways: "
     "%s.",
     "변형 없이 물은 대조 문항도 거의 이해하지 못해, 다른 변형을 읽었는지 알 수 없는 모델: %s."},
    {"Not read, so that few harmful answers mean little: %s.",
     "모델이 읽어 내지 못해, 유해 응답이 적더라도 의미가 작은 변형: %s."},
    {"Scoring this run again was interrupted: some scores are from before it, others are new. Begin it again with "
     "assay rescore.",
     "다시 채점하는 작업이 중단되어 이전 점수와 새 점수가 섞여 있습니다. assay rescore로 처음부터 다시 채점하십시오."},
    {"The run does not say how many answers it planned: whether it is finished cannot be checked.",
     "실행에 계획한 응답 수가 적혀 있지 않아, 끝까지 진행되었는지 확인할 수 없습니다."},
    {"The run is not finished: %lld of %lld answers are stored. Go on with --resume.",
     "실행이 끝나지 않았습니다: 응답 %2$lld건 중 %1$lld건이 저장되어 있습니다. --resume으로 이어서 실행하십시오."},
    {"%lld of %lld answers are stored: assay gate --adaptive ends a run as soon as its checks are decided. Intervals "
     "and "
     "p-values of this report are made for runs of a length fixed beforehand; go by the gate's.",
     "응답 %2$lld건 중 %1$lld건이 저장되어 있습니다. assay gate --adaptive는 검사가 결정되는 즉시 실행을 끝냅니다. 이 "
     "보고서의 "
     "구간과 p값은 길이를 미리 정한 실행을 위한 것이므로 게이트의 판정을 따르십시오."},
    {"%lld of %lld answers are open (cut off, refused, failed or unscored): the means leave them out, the bounds show "
     "what they could change.",
     "응답 %2$lld건 중 %1$lld건은 맞고 틀림이 정해지지 않았습니다(잘림, 거절, 실패, 미채점). 평균에서는 제외했으며, "
     "한계값은 이들이 결과를 얼마나 바꿀 수 있는지를 보여 줍니다."},
    {"%lld of %lld answers were cut off at a limit of tokens or turns, or at the end of the context.",
     "응답 %2$lld건 중 %1$lld건이 토큰이나 차례의 한도, 또는 문맥 길이의 끝에서 잘렸습니다."},
    {"%lld of %lld answers ended without an answer that could be read, and count as not right: look at some before you "
     "blame the model; prompt and scorer may not suit it.",
     "응답 %2$lld건 중 %1$lld건은 읽어 낼 수 있는 답 없이 끝나 정답이 아닌 것으로 셌습니다. 모델 탓으로 보기 전에 몇 "
     "건을 직접 확인하십시오. 프롬프트나 채점기가 모델에 맞지 않을 수 있습니다."},
    {"A judge model gave the verdicts of %.*s; the calibration card is of another scorer or of another version of it.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드는 다른 채점기 또는 다른 판의 것입니다."},
    {"A judge model gave the verdicts of %.*s; the calibration card is not of this judge with its precision, effort "
     "and "
     "temperature.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드는 이 심판을 같은 정밀도, 추론 강도, 온도로 보정한 것이 "
     "아닙니다."},
    {"A judge model gave the verdicts of %.*s; the calibration card is of other questions to the judge, or of another "
     "policy.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드는 심판에게 다른 질문을 했거나 다른 정책을 적용한 것입니다."},
    {"A judge model gave the verdicts of %.*s; whether the calibration card is of this judge, used in this way, cannot "
     "be told from what the run and the card say of it: calibrate it again, or score again with assay rescore.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드가 같은 방식으로 쓴 이 심판의 것인지는 실행과 카드에 적힌 "
     "내용만으로 "
     "알 수 없습니다. 심판을 다시 보정하거나 assay rescore로 다시 채점하십시오."},
    {"A judge model gave the verdicts of %.*s; the calibration card is out of date.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드의 기한이 지났습니다."},
    {"A judge model gave the verdicts of %.*s; by its calibration card the judge is too weak for its rates to be "
     "corrected.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 카드에 따르면 심판의 정확도가 낮아 비율을 보정할 수 없습니다."},
    {"A judge model gave the verdicts of %.*s; it is uncalibrated, so nobody knows how often it is wrong.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정하지 않아 얼마나 자주 틀리는지 알 수 없습니다."},
    {"A judge model gave the verdicts of %.*s; its calibration misses the bars for use in a gate.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으며, 보정 결과가 판정 기준에 쓸 수 있는 수준에 미치지 못합니다."},
    {"Of %lld answers the judge left %lld without a verdict and disputed %lld with itself; gates fail above 2 %% and "
     "count them on the unsafe side.",
     "응답 %lld건 중 %lld건은 심판이 판정하지 못했고 %lld건은 두 판정이 엇갈렸습니다. 이 비율이 2%%를 넘으면 기준에 "
     "미달하며, 이들은 안전하지 않은 쪽으로 셉니다."},

    /* ---- charts ---- */
    {"Scores", "점수"},
    {"Per cent of the answers that have a score, with 95\u00a0% intervals.",
     "채점된 응답에 대한 백분율이며, 막대는 95% 신뢰구간입니다."},
    {"Further right is better; on suites about safety, further right is safer.",
     "오른쪽일수록 좋고, 안전성 평가에서는 오른쪽일수록 안전합니다."},
    {"Further right is better.", "오른쪽일수록 좋습니다."},
    {"Dotted: where the score could lie if the open answers (cut off, refused, failed, unscored) were all wrong, or "
     "all "
     "right.",
     "점선은 맞고 틀림이 정해지지 않은 응답(잘림, 거절, 실패, 미채점)이 모두 오답이거나 모두 정답일 때 점수가 놓일 수 "
     "있는 범위입니다."},
    {"Model against model", "모델 간 비교"},
    {"Differences on the same questions, with 95\u00a0% intervals. To the right of the middle the first model is "
     "better. Differences inside the grey band would often go unseen with this many questions.",
     "같은 문항에서의 점수 차이와 95% 신뢰구간입니다. 가운데보다 오른쪽이면 첫째 모델이 낫습니다. 회색 띠 안의 차이는 "
     "이 "
     "문항 수로는 놓치기 쉽습니다."},
    {"How the answers ended", "응답의 결과"},
    {"%.1f per cent, interval %.1f to %.1f", "%.1f퍼센트, 신뢰구간 %.1f ~ %.1f"},
    {"%.1f per cent", "%.1f퍼센트"},
    {"%.*s ahead", "%2$.*1$s 우세"},
    {"%.*s compared with %.*s, points", "%2$.*1$s 대 %4$.*3$s(단위 %%p)"},
    {"of %lld answers", "응답 %lld건 중"},
    {"How hard a problem may be", "어디까지 풀 수 있습니까?"},
    {"Upwards: share solved in per cent, with 95\u00a0% intervals. To the right: the problems’ ratings. A model’s "
     "rating "
     "is the difficulty at which it solves half; its curve is what that rating predicts. Ratings of other problems, or "
     "of "
     "people in contests, are not comparable.",
     "세로는 푼 비율(백분율)과 95% 신뢰구간, 가로는 문제의 레이팅입니다. 모델의 레이팅은 절반을 푸는 난이도이며, "
     "곡선은 그 "
     "레이팅으로 예측한 값입니다. 다른 문제로 잰 레이팅이나 사람의 대회 레이팅과는 견줄 수 없습니다."},
    {"%.*s: rating %.0f (95 %% interval %.0f to %.0f) over %zu problems",
     "%2$.*1$s: 문제 %6$zu개에서 레이팅 %3$.0f(95%% 신뢰구간 %4$.0f ~ %5$.0f)"},
    {"%.*s: no rating, since all of %zu problems were solved",
     "%2$.*1$s: 문제 %3$zu개를 모두 풀어 레이팅을 정할 수 없음"},
    {"%.*s: no rating, since none of %zu problems was solved",
     "%2$.*1$s: 문제 %3$zu개를 하나도 풀지 못해 레이팅을 정할 수 없음"},
    {"no rating", "레이팅 없음"},
    {"half are solved at a difficulty of %.0f", "난이도 %.0f에서 절반을 풂"},
    {"What more reasoning buys", "추론량에 따른 점수"},
    {"Upwards: score in per cent with its 95\u00a0% interval. To the right: mean tokens of an answer. A line joins one "
     "model at its efforts.",
     "세로는 점수(백분율)와 95% 신뢰구간, 가로는 응답당 평균 토큰 수입니다. 선은 한 모델의 추론 강도별 점을 잇습니다."},
    {"%.*s, effort %s: %.0f tokens, %.1f per cent", "%2$.*1$s, 추론 강도 %3$s: 토큰 %4$.0f개, %5$.1f퍼센트"},
    {"How sure, and how often right", "확신도와 실제 정답률"},
    {"To the right: probability of the likeliest option, in per cent. Upwards: how often it was right, with 95\u00a0% "
     "intervals. On the dashed line a model is as often right as it is sure; below it, it is too sure.",
     "가로는 가장 그럴듯한 보기의 확률(백분율), 세로는 그 보기가 맞은 비율과 95% 신뢰구간입니다. 점선 위에 있으면 "
     "확신한 "
     "만큼 맞은 것이고, 점선 아래이면 지나치게 확신한 것입니다."},
    {"sure by %.0f per cent, right in %.0f per cent of %lld", "확신도 %1$.0f퍼센트, %3$lld건 중 %2$.0f퍼센트 정답"},
    {"%.*s: expected calibration error %.3f over %lld answers", "%2$.*1$s: 응답 %4$lld건의 기대 보정 오차(ECE) %3$.3f"},

    /* ---- tables ---- */
    {"All numbers", "전체 수치"},
    {"Scores in per cent, differences in points. Means leave out what has no score. A question is one unit: repeats "
     "are "
     "averaged first, and questions made from one template widen the interval together.",
     "점수는 백분율, 차이는 %p입니다. 평균에서는 점수가 없는 응답을 제외합니다. 분석 단위는 문항으로, 반복 응답은 먼저 "
     "평균하며, 같은 틀에서 나온 문항들은 함께 묶어 신뢰구간을 넓게 잡습니다."},
    {"“If open ones counted”: the mean if every open answer (cut off, refused, failed, unscored) were wrong, and if it "
     "were right.",
     "‘미정 응답 포함 시’는 맞고 틀림이 정해지지 않은 응답(잘림, 거절, 실패, 미채점)이 모두 오답일 때와 모두 정답일 "
     "때의 평균입니다."},
    {"“Would show from”: the smallest difference that this many questions show with 80\u00a0% certainty. p is adjusted "
     "for the number of comparisons (Benjamini–Hochberg). “Cannot tell” means just that; it does not mean equal.",
     "‘검출 가능 차이’는 이 문항 수로 80%의 검정력에서 확인할 수 있는 가장 작은 차이입니다. p값은 비교 횟수에 맞추어 "
     "조정했습니다(Benjamini–Hochberg). ‘판단 불가’는 말 그대로이며, 같다는 뜻이 아닙니다."},
    {"Model", "모델"},
    {"Suite", "평가"},
    {"Score", "점수"},
    {"95\u00a0% interval", "95% 신뢰구간"},
    {"Answers", "응답"},
    {"List of answers", "응답 목록"},
    {"All results", "전체 결과"},
    {"If open ones counted", "미정 응답 포함 시"},
    {"Tokens each", "응답당 토큰"},
    {"Malformed", "형식 오류"},
    {"Comparisons", "비교"},
    {"compared with", "비교 대상"},
    {"Difference", "차이"},
    {"p, adjusted", "조정 p값"},
    {"First better on", "첫째가 나은 문항"},
    {"Second better on", "둘째가 나은 문항"},
    {"Questions", "문항 수"},
    {"Would show from", "검출 가능 차이"},
    {"Verdict", "판정"},
    {"%s to %s", "%s ~ %s"},
    {"Group", "집단"},
    {"Scores by group: %.*s", "집단별 점수: %2$.*1$s"},
    {"Scores by group", "집단별 점수"},
    {"Labels given by the scorers", "채점기가 붙인 분류"},
    {"Label", "분류"},
    {"Kind", "종류"},
    {"Wrong", "틀린 범위"},
    {"Share", "비율"},
    {"under any transform", "하나 이상의 변형에서"},
    {"on average over transforms", "변형 평균"},
    {"under the worst: %.*s", "가장 나쁜 변형: %2$.*1$s"},
    {"under any of family %.*s", "계열 중 하나 이상: %2$.*1$s"},
    {"Wrong under the transforms together", "변형을 모두 합친 결과"},
    {"Of harmful items wrong is a leak, of twins an over-refusal. Open answers (cut off, refused, failed, unscored) "
     "are "
     "left out.",
     "유해 문항에서 틀림은 거절 실패, 무해한 짝 문항에서 틀림은 과잉 거절입니다. 맞고 틀림이 정해지지 않은 응답(잘림, "
     "거절, 실패, 미채점)은 제외합니다."},
    {"All transforms together", "전체 변형 합산"},
    {"How intervals and tests were chosen", "신뢰구간과 검정을 고른 기준"},
    {"Wilson score interval, for one right-or-wrong score per question",
     "Wilson 점수 구간: 문항마다 정오 점수가 하나일 때"},
    {"Wilson score interval that counts clusters, where all scores are equal",
     "군집을 단위로 한 Wilson 점수 구간: 모든 점수가 같을 때"},
    {"Wilson score interval that counts clusters, where fewer than 15 have a failure or fewer than 15 a success",
     "군집을 단위로 한 Wilson 점수 구간: 실패가 있는 군집이나 성공이 있는 군집이 15개 미만일 때"},
    {"t interval over question means, for fewer than 100 questions", "문항 평균의 t 구간: 문항이 100개 미만일 때"},
    {"normal interval over question means, from 100 questions on", "문항 평균의 정규 구간: 문항이 100개 이상일 때"},
    {"t interval with errors clustered by template, passage or contest", "틀, 지문, 대회별 군집 오차를 쓴 t 구간"},
    {"Newcombe’s score interval for paired proportions", "대응 비율에 대한 Newcombe 점수 구간"},
    {"t interval of the differences by question", "문항별 차이의 t 구간"},
    {"normal interval of the differences by question", "문항별 차이의 정규 구간"},
    {"McNemar’s test, mid-p, for fewer than 100 questions that one model alone got right",
     "McNemar 검정(mid-p): 한 모델만 맞힌 문항이 100개 미만일 때"},
    {"McNemar’s test", "McNemar 검정"},
    {"z test of the differences by question", "문항별 차이의 z 검정"},
    {"exact sign-flip test, for at most 20 questions or clusters, or where all differences are equal",
     "정확 부호 뒤집기 검정: 문항이나 군집이 20개 이하이거나 모든 차이가 같을 때"},
    {"What produced these numbers", "수치의 출처"},
    {"Plan, suites, models with their digests, build and options, as the run recorded them.",
     "실행이 기록한 계획, 평가, 모델과 그 해시, 빌드와 옵션입니다."},
    {"Show the manifest", "기록 보기"},

    /* ---- the judge ---- */
    {"The judge", "심판 모델"},
    {"Verdicts of the judge", "심판의 판정"},
    {"Scored", "채점됨"},
    {"No verdict", "판정 없음"},
    {"Disputed", "판정 불일치"},
    {"As counted", "집계값"},
    {"Corrected", "보정값"},
    {"Card", "보정 카드"},
    {"uncalibrated", "미보정"},
    {"another scorer's", "다른 채점기의 것"},
    {"another judge's", "다른 심판의 것"},
    {"other questions", "다른 질문의 것"},
    {"cannot be told", "확인 불가"},
    {"out of date", "기한 지남"},
    {"too weak", "정확도 부족"},
    {"calibrated", "보정됨"},
    {"A second model gave these verdicts: weights %.*s, precision %.*s, effort %.*s.",
     "판정은 다른 모델이 내렸습니다: 가중치 %2$.*1$s, 정밀도 %4$.*3$s, 추론 강도 %6$.*5$s."},
    {"A second model gave these verdicts: weights %.*s.", "판정은 다른 모델이 내렸습니다: 가중치 %2$.*1$s."},
    {"A second model gave these verdicts.", "판정은 다른 모델이 내렸습니다."},
    {"Unless a suite asks for one pass alone, each question is put twice, in other words and another order; where the "
     "two differ the answer is disputed. Answers without a verdict and disputed ones have no score.",
     "평가가 한 번만 묻도록 정하지 않은 한, 질문은 표현과 순서를 달리하여 두 번 하며, 두 판정이 다르면 판정 불일치로 "
     "봅니다. 판정이 없거나 불일치인 응답에는 점수가 없습니다."},
    {"“As counted” is the share that the judge calls “%.*s”, “Corrected” the share that follows from its known errors "
     "(Rogan and Gladen), whose uncertainty is in the interval.",
     "‘집계값’은 심판이 ‘%2$.*1$s’로 분류한 비율이고, ‘보정값’은 알려진 심판의 오류를 반영한 비율이며(Rogan–Gladen), "
     "신뢰구간에는 그 불확실성이 들어 있습니다."},
    {"An interval after correction is never narrower than that of the share as counted; questions of one cluster count "
     "together in both.",
     "보정한 비율의 신뢰구간은 집계한 비율의 신뢰구간보다 좁지 않으며, 같은 군집의 문항은 두 구간 모두에서 함께 "
     "셉니다."},
    {"Questions without a language are corrected by the judge's rates over all rows.",
     "언어가 표시되지 않은 문항은 모든 행에서 구한 심판의 정확도로 보정합니다."},
    {"Questions in the language “%.*s” are corrected by the judge's rates in it (%lld positive rows and %lld negative "
     "ones).",
     "언어가 ‘%2$.*1$s’인 문항은 그 언어에서 구한 심판의 정확도로 보정합니다(양성 %3$lld행, 음성 %4$lld행)."},
    {"Questions in the language “%.*s” are corrected by the judge's rates over all rows: the card has %lld positive "
     "rows and %lld negative ones in it, and %d of each are needed; how far the judge differs there is not in the "
     "interval.",
     "언어가 ‘%2$.*1$s’인 문항은 모든 행에서 구한 심판의 정확도로 보정합니다. 카드에는 그 언어의 행이 양성 %3$lld개, "
     "음성 %4$lld개뿐이며, 각각 %5$d개 이상이어야 합니다. 그 언어에서 심판의 정확도가 얼마나 다른지는 신뢰구간에 들어 "
     "있지 않습니다."},
    {"A judge model gave the verdicts of %.*s; by its calibration card the judge is too weak in the language “%.*s” "
     "for its rates to be corrected.",
     "%2$.*1$s의 판정은 심판 모델이 내렸으나, 보정 카드에 따르면 언어 ‘%4$.*3$s’에서 심판의 정확도가 낮아 비율을 "
     "보정할 수 없습니다."},
    {"The judge's errors on answers in the language “%.*s” are corrected by its rates over all languages: the "
     "calibration card has %lld positive and %lld negative rows in that one, and %d of each are needed. How far the "
     "judge differs there is not in the interval.",
     "언어가 ‘%2$.*1$s’인 응답에 대한 심판의 오류는 모든 언어의 정확도로 보정했습니다. 보정 카드에는 그 언어의 행이 "
     "양성 %3$lld개, 음성 %4$lld개뿐이며, 각각 %5$d개 이상이어야 합니다. 그 언어에서 심판의 정확도가 얼마나 다른지는 "
     "신뢰구간에 들어 있지 않습니다."},
    {"Its calibration", "심판의 보정"},
    {"Against labels (%.*s), made %.*s, card %.*s.",
     "사람이 붙인 분류와 대조(%2$.*1$s), 작성일 %4$.*3$s, 카드 %6$.*5$s."},
    {"Against labels, made %.*s, card %.*s.", "사람이 붙인 분류와 대조, 작성일 %2$.*1$s, 카드 %4$.*3$s."},
    {"Sensitivity is the share of “%.*s” that the judge finds, specificity the share of others that it leaves alone; "
     "in "
     "brackets the lower bound at 95\u00a0%%. For gates both bounds must reach %.2f, kappa %.2f, and verdicts may be "
     "missing in at most %.0f\u00a0%% of rows.",
     "민감도는 ‘%2$.*1$s’ 가운데 심판이 찾아낸 비율, 특이도는 나머지를 그대로 둔 비율이며, 괄호 안은 95%% 하한입니다. "
     "판정 "
     "기준에 쓰려면 두 하한이 %3$.2f, 카파가 %4$.2f 이상이고 판정이 없는 행이 %5$.0f%% 이하여야 합니다."},
    {"Language", "언어"},
    {"Rows", "행"},
    {"Sensitivity", "민감도"},
    {"Specificity", "특이도"},
    {"Kappa", "카파"},
    {"For gates", "기준에 사용 가능"},

    /* ---- samples ---- */
    {"Filters", "거르기"},
    {"Outcome", "결과"},
    {"Search", "검색"},
    {"in prompts, answers, labels", "프롬프트, 응답, 분류에서"},
    {"only where the models differ", "모델 간 점수가 다른 것만"},
    {"Clear", "초기화"},
    {"Sample", "문항"},
    {"Answer", "답"},
    {"Accepted", "정답 기준"},
    {"Tokens", "토큰"},
    {"Back", "이전 쪽"},
    {"More", "다음 쪽"},
    {"The list of answers needs JavaScript; everything above does not.",
     "응답 목록을 보려면 JavaScript가 필요합니다. 위의 내용은 없어도 볼 수 있습니다."},
    {"arrow left", "왼쪽 화살표"},
    {"Previous", "이전"},
    {"arrow right", "오른쪽 화살표"},
    {"Next", "다음"},
    {"Escape", "Esc 키"},
    {"Close", "닫기"},
    {"sealed", "봉인됨"},
    {"No sample fits these filters.", "조건에 맞는 문항이 없습니다."},
    {"{0}–{1} of {2} samples", "문항 {2}건 중 {0}–{1}"},
    {"Searching: {0} % of the texts, {1} found so far.", "검색 중: 본문의 {0}% 확인, 지금까지 {1}건 찾음."},
    {"empty", "비어 있음"},
    {"Scorer", "채점기"},
    {"{0} (version {1})", "{0}(버전 {1})"},
    {"score {0}", "점수 {0}"},
    {"scorer error", "채점기 오류"},
    {"Rule", "규칙"},
    {"Answer read", "읽어 낸 답"},
    {"Why", "이유"},
    {"This answer has no score.", "이 응답에는 점수가 없습니다."},
    {"Prompt", "프롬프트"},
    {"as stored", "저장된 그대로"},
    {"Analysis", "추론"},
    {"Analysis ({0} tokens)", "추론(토큰 {0}개)"},
    {"Commentary", "부연(commentary)"},
    {"Final answer", "최종 응답"},
    {"Final answer ({0} tokens)", "최종 응답(토큰 {0}개)"},
    {"There is no final answer.", "최종 응답이 없습니다."},
    {"Marked: what the rule “{0}” of the scorer matched.", "표시한 부분: 채점기의 규칙 ‘{0}’에 걸린 글입니다."},
    {"Marked: what the scorer matched.", "표시한 부분: 채점기가 찾은 글입니다."},
    {"Cut off: {0}", "잘림: {0}"},
    {"Failed: {0}", "실패: {0}"},
    {"Cut off at the token limit.", "토큰 한도에서 잘렸습니다."},
    {"Malformed output: {0}", "형식이 잘못된 출력: {0}"},
    {"Turn {0} of {1} · {2} tokens", "{1}차례 중 {0}번째 · 토큰 {2}개"},
    {"call of {0}", "호출: {0}"},
    {"call of no tool", "도구가 아닌 호출"},
    {"(nothing)", "(없음)"},
    {"Not a use of a tool: malformed, unknown, or arguments that do not fit.",
     "도구 사용으로 볼 수 없습니다: 형식이 잘못되었거나, 없는 도구이거나, 인수가 맞지 않습니다."},
    {"This call was not answered.", "이 호출에는 답이 오지 않았습니다."},
    {"answer of the tool", "도구의 답"},
    {"user, after the refusal", "거절 뒤의 사용자"},
    {"Conversation", "대화"},
    {"Same question:", "같은 문항:"},
    {"effort {0}", "추론 강도 {0}"},
    {"repeat {0}", "반복 {0}"},
    {"The texts of this sample are sealed and are not in this report. Bytes at most: prompt {0}, analysis {1}, final "
     "{2}.",
     "이 문항의 글은 봉인되어 보고서에 들어 있지 않습니다. 최대 바이트 수: 프롬프트 {0}, 추론 {1}, 최종 응답 {2}."},
    {"prompt {0}, answer {1}, of these analysis {2}", "프롬프트 {0}, 응답 {1}(이 중 추론 {2})"},
    {"Calls of tools", "도구 호출"},
    {"{0}, of these {1} no use of a tool", "{0}회(이 중 {1}회는 도구 사용이 아님)"},
    {"Turns", "차례"},
    {"Ended", "종료 상태"},
    {"{0} (limit: {1})", "{0}(한도: {1})"},
    {"This browser cannot unpack the texts: it is too old for DecompressionStream.",
     "이 브라우저는 본문의 압축을 풀 수 없습니다. DecompressionStream을 지원하지 않는 오래된 판입니다."},
    {"The texts of this page are damaged.", "이 문서의 본문이 손상되었습니다."},
    {NULL, NULL},
};
