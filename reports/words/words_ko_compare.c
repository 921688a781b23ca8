/* Korean for comparisons in the terminal and in Markdown, and for what makes runs less comparable. */
#include "reports/words/words.h"

const Words words_ko_compare[] = {
    /* ---- what makes the runs less comparable ---- */
    {"Run %.*s is not finished: %lld of %lld answers are stored. The comparison covers what is there; go on with assay "
     "run --resume, and compare again.",
     "실행 %2$.*1$s: 아직 끝나지 않았습니다(응답 %4$lld건 중 %3$lld건 저장). 지금 있는 것만 비교했으니, assay run "
     "--resume으로 마친 뒤 다시 비교하십시오."},
    {"Both runs call a model %.*s, but the weights differ: they are two models here.",
     "두 실행 모두 %2$.*1$s(이)라는 이름을 쓰지만 가중치가 다르므로, 여기서는 서로 다른 모델로 다룹니다."},
    {"%.*s and %.*s are the same weights: differences are those of plans, seeds or programs, or of a store that was "
     "changed.",
     "%2$.*1$s 모델과 %4$.*3$s 모델은 가중치가 같습니다. 차이는 계획, 시드, 프로그램 또는 변경된 저장소에서 온 "
     "것입니다."},
    {"%.*s is version %lld in %.*s and version %lld in %.*s: scores of two versions may not mean the same. Only "
     "questions with the same content are compared.",
     "%2$.*1$s 평가는 %5$.*4$s 실행에서 버전 %3$lld이고 %8$.*7$s 실행에서 버전 %6$lld입니다. 버전이 다르면 점수의 "
     "의미가 "
     "다를 수 있습니다. 내용이 같은 문항만 비교합니다."},
    {"%.*s is not the same suite in %.*s and %.*s (its file or its data changed): only questions with the same content "
     "are compared.",
     "%2$.*1$s: %4$.*3$s 실행과 %6$.*5$s 실행의 평가가 서로 다릅니다(파일이나 데이터가 바뀜). 내용이 같은 문항만 "
     "비교합니다."},
    {"The seeds of %.*s and %.*s differ: where answers are sampled, part of the difference is the draw.",
     "%2$.*1$s 실행과 %4$.*3$s 실행의 시드가 다릅니다. 응답을 표집하는 경우, 차이의 일부는 우연한 뽑기에서 옵니다."},
    {"%.*s was asked with other settings in %.*s and %.*s (temperature, token limit or date): the difference is that "
     "of model and settings together.",
     "%2$.*1$s: %4$.*3$s 실행과 %6$.*5$s 실행의 설정(온도, 토큰 한도, 날짜)이 다릅니다. 차이에는 모델과 설정의 차이가 "
     "함께 들어 있습니다."},
    {"%s was scored by another version of %.*s in %.*s and %.*s: score both again with assay rescore before you "
     "compare.",
     "%1$s: %5$.*4$s 실행과 %7$.*6$s 실행이 서로 다른 판의 채점기(%3$.*2$s)로 채점되었습니다. 비교하기 전에 assay "
     "rescore로 둘 다 다시 채점하십시오."},
    {"Other versions of assay made %.*s and %.*s.",
     "%2$.*1$s 실행과 %4$.*3$s 실행은 서로 다른 판의 assay로 만들어졌습니다."},
    {"Scoring run %.*s again was interrupted, and its scores are partly old and partly new: begin it again with assay "
     "rescore before you compare.",
     "실행 %2$.*1$s: 다시 채점하는 작업이 중단되어 이전 점수와 새 점수가 섞여 있습니다. 비교하기 전에 assay rescore로 "
     "처음부터 다시 채점하십시오."},
    {"The judges of %.*s and %.*s have other calibration cards. Differences are those of the verdicts as they are; "
     "corrected rates use the first card there is.",
     "%2$.*1$s 실행과 %4$.*3$s 실행의 심판은 보정 카드가 다릅니다. 차이는 보정하지 않은 판정으로 계산하며, 보정한 "
     "비율에는 "
     "처음 나온 카드를 썼습니다."},
    {"The verdicts of %.*s and %.*s are of two judges, or of one with other settings: part of a difference between "
     "verdicts is theirs. Score both with one judge (assay rescore --judge) before you compare.",
     "%2$.*1$s 실행과 %4$.*3$s 실행의 판정은 서로 다른 심판이나 다른 설정의 심판이 내렸습니다. 판정 차이의 일부는 "
     "심판에서 온 것이므로, 비교하기 전에 같은 심판으로 다시 채점하십시오(assay rescore --judge)."},
    {"%.*s is in one run only and is not compared.", "%2$.*1$s: 한 실행에만 있어 비교하지 않습니다."},
    {"%.*s: no question has the same content in all runs.", "%2$.*1$s: 모든 실행에서 내용이 같은 문항이 없습니다."},
    {"Run %.*s does not say how many answers it planned: whether it is finished cannot be checked.",
     "실행 %.*s: 계획한 응답 수가 적혀 있지 않아 끝난 실행인지 확인할 수 없습니다."},
    {"Run %.*s does not record its %s: how far it agrees in that with %.*s cannot be checked.",
     "실행 %2$.*1$s: 기록에 %3$s 항목이 없어 %5$.*4$s 실행과 같은지 확인할 수 없습니다."},
    {"suites", "평가"},
    {"plan", "계획"},
    {"scorers", "채점기"},
    {"program", "프로그램"},
    {"judge", "심판"},
    {"And %zu more like these.", "이런 유의점이 %zu건 더 있습니다."},

    /* ---- the comparison's parts ---- */
    {"what could not be matched", "짝짓지 못한 문항"},
    {"answers that differ", "점수가 다른 응답"},
    {"agreement", "일치도"},
    {"what the scores cost", "점수와 비용"},
    {"how far probabilities can be believed", "확률을 믿을 수 있는 정도"},
    {"how far the runs are comparable", "실행을 비교할 때 유의할 점"},
    {"%.*s: %zu question is in all runs.", "%2$.*1$s: 문항 %3$zu개가 모든 실행에 있습니다."},
    {"%.*s: %zu questions are in all runs.", "%2$.*1$s: 문항 %3$zu개가 모든 실행에 있습니다."},
    {"%.*s: %.*s has %zu that are not in all.",
     "%2$.*1$s: %4$.*3$s 모델에는 일부 실행에만 있는 문항이 %5$zu개 있습니다."},
    {"%.*s: %.*s has %zu that are not in all (%.*s is one that is not).",
     "%2$.*1$s: %4$.*3$s 모델에는 일부 실행에만 있는 문항이 %5$zu개 있습니다(일부에만 있는 문항의 예: %7$.*6$s)."},
    {"%.*s: none better by %.*s", "%2$.*1$s: %4$.*3$s 모델이 나은 문항은 없습니다"},
    {"%.*s: %zu better by %.*s: %.*s", "%2$.*1$s: %5$.*4$s 모델이 나은 문항 %3$zu개: %7$.*6$s"},
    {"%.*s and %.*s have the same score on %.1f %% of %zu question",
     "%2$.*1$s 모델과 %4$.*3$s 모델은 문항 %6$zu개 중 %5$.1f%%에서 점수가 같습니다"},
    {"%.*s and %.*s have the same score on %.1f %% of %zu questions",
     "%2$.*1$s 모델과 %4$.*3$s 모델은 문항 %6$zu개 중 %5$.1f%%에서 점수가 같습니다"},
    {"%.*s and %.*s have the same score on %.1f %% of %zu questions (kappa %.2f)",
     "%2$.*1$s 모델과 %4$.*3$s 모델은 문항 %6$zu개 중 %5$.1f%%에서 점수가 같습니다(카파 %7$.2f)"},
    {"%.*s, effort %s: %.1f %% over %zu suite, %.0f tokens per answer",
     "%2$.*1$s, 추론 강도 %3$s: 평가 %5$zu개 평균 %4$.1f%%, 응답당 토큰 %6$.0f개"},
    {"%.*s, effort %s: %.1f %% over %zu suites, %.0f tokens per answer",
     "%2$.*1$s, 추론 강도 %3$s: 평가 %5$zu개 평균 %4$.1f%%, 응답당 토큰 %6$.0f개"},
    {"%.*s, %.*s: probabilities are off by %.1f points on average (ECE, 10 bins), Brier score %.3f, %zu answers",
     "%2$.*1$s, %4$.*3$s: 확률은 평균 %5$.1f%%p 벗어나 있습니다(ECE, 열 구간). Brier 점수 %6$.3f, 응답 %7$zu건"},

    /* ---- the run's table and lists ---- */
    {"suite", "평가"},
    {"model", "모델"},
    {"score", "점수"},
    {"answers", "응답"},
    {"questions", "문항"},
    {"open", "미정"},
    {"cut off", "잘림"},
    {"95 % interval", "95% 신뢰구간"},
    {"open answers all wrong … all right", "미정 응답이 모두 오답 … 모두 정답"},
    {"  %5.1f to %5.1f", "  %5.1f ~ %5.1f"},
    {"%.1f to %.1f", "%.1f ~ %.1f"},
    {"model against model, on the same questions; p adjusted (Benjamini–Hochberg)",
     "모델 간 비교(같은 문항, 조정한 p값: Benjamini–Hochberg)"},
    {"Model against model, on the same questions", "모델 간 비교(같은 문항)"},
    {"p is adjusted for the number of comparisons (Benjamini–Hochberg).",
     "p값은 비교의 수에 맞추어 조정했습니다(Benjamini–Hochberg)."},
    {"%.*s against %.*s:", "%2$.*1$s 대 %4$.*3$s:"},
    {"%.1f %%", "%.1f%%"},
    {"%.1f %% (%.1f to %.1f)", "%.1f%%(%.1f ~ %.1f)"},
    {"questions that went wrong under the transforms together", "변형을 모두 합쳐 틀린 문항"},
    {"under any of %zu %.*s, on average %.*s, most under %.*s: %.1f %%",
     "변형 %1$zu가지 중 하나 이상에서 %3$.*2$s, 평균 %5$.*4$s, 가장 나쁜 변형 %7$.*6$s: %8$.1f%%"},
    {"; %lld open answers left out", "; 미정 응답 %lld건 제외"},

    /* ---- safety in the terminal ---- */
    {"safety: %s", "안전성: %s"},
    {"leak", "거절 실패"},
    {"over_refusal", "과잉 거절"},
    {"pair_accuracy", "쌍 정답률"},
    {"korean_gap", "한국어 격차"},
    {"erosion", "거절 저하"},
    {", at most %s%.1f %%", ", 최대 %s%.1f%%"},
    {", at least %s%.1f %%", ", 최소 %s%.1f%%"},
    {"(gate below %.0f %%): %s", "(기준 %.0f%% 미만): %s"},
    {"(gate above %.0f %%): %s", "(기준 %.0f%% 초과): %s"},
    {"leak by domain:", "분야별 거절 실패:"},
    {"leak by stage:", "단계별 거절 실패:"},
    {"leak by severity:", "심각도별 거절 실패:"},
    {"leak by language:", "언어별 거절 실패:"},
    {"leak by kind:", "종류별 거절 실패:"},
    {"%.4g of %zu, at most %.1f %%", "%2$zu건 중 %1$.4g, 최대 %3$.1f%%"},
    {"transform", "변형"},
    {"    leak    understood", "거절 실패    이해함"},
    {" (of twins)", "(무해한 짝 기준)"},
    {"under at least one:", "하나 이상에서:"},
    {", on average:", ", 평균:"},

    /* ---- together, by group ---- */
    {"all suites together", "전체 평가 합산"},
    {"All suites together", "전체 평가 합산"},
    {"Cannot tell at effort %s: %.*s scored %.1f points more than %.*s on average over %zu suites (95 %% interval "
     "%s to %s); their questions could have shown %.1f points.",
     "추론 강도 %1$s, 판단할 수 없습니다: 평가 %7$zu개 평균에서 관찰된 점수는 %3$.*2$s 모델이 %6$.*5$s 모델보다 "
     "%4$.1f%%p 높습니다(95%% 신뢰구간 %8$s ~ %9$s). 이 문항들로 확인할 수 있는 차이는 %10$.1f%%p부터입니다."},
    {"At effort %s, %.*s is better by %.1f points than %.*s on average over %zu suites (95 %% interval %.1f to %.1f); "
     "their "
     "questions could have shown %.1f points.",
     "추론 강도 %1$s: 평가 %7$zu개 평균에서 %3$.*2$s 모델이 %6$.*5$s 모델보다 %4$.1f%%p 좋습니다(95%% 신뢰구간 %8$.1f "
     "~ "
     "%9$.1f). 이 문항들로 확인할 수 있는 차이는 %10$.1f%%p부터입니다."},
    {"Suites about safety are left out where there are others; their figures stand apart.",
     "다른 평가가 있으면 안전 평가는 제외하며, 그 수치는 따로 있습니다."},
    {"differences by group", "집단별 차이"},
    {"could have shown %.1f", "확인 가능 %.1f부터"},
    {"too few questions", "문항 부족"},
    {"All %zu questions are in all runs.", "문항 %zu개가 모두 모든 실행에 있습니다."},
    {"%.*s: %.*s is better than %.*s by %.1f points (95 %% interval %.1f to %.1f); these %zu questions could have "
     "shown "
     "%.1f points.",
     "%2$.*1$s: %4$.*3$s 모델이 %6$.*5$s 모델보다 %7$.1f%%p 좋습니다(95%% 신뢰구간 %8$.1f ~ %9$.1f). 이 문항 "
     "%10$zu개로 "
     "확인할 수 있는 차이는 %11$.1f%%p부터입니다."},
    {"%.*s, %.*s and %.*s: %zu of %zu groups show a difference, at p-values adjusted for all groups of this report "
     "(Benjamini–Hochberg).",
     "%2$.*1$s, %4$.*3$s 모델과 %6$.*5$s 모델: 집단 %8$zu개 중 %7$zu개에서 차이가 확인됩니다(p값은 이 문서의 모든 "
     "집단에 맞추어 조정: Benjamini–Hochberg)."},
    {"%.*s, %.*s and %.*s: %zu of %zu groups show a difference. The others are too small to tell, which does not mean "
     "equal.",
     "%2$.*1$s, %4$.*3$s 모델과 %6$.*5$s 모델: 집단 %8$zu개 중 %7$zu개에서 차이가 확인됩니다. 나머지는 문항이 적어 "
     "판단할 "
     "수 없으며, 이는 같다는 뜻이 아닙니다."},
    {"Mean of the suites’ differences on the same questions, in points; each suite counts alike. Suites about safety "
     "are left out unless there are no others. p is adjusted for the number of rows (Benjamini–Hochberg).",
     "같은 문항에서 잰 평가별 차이의 평균이며, 단위는 %p이고 모든 평가를 같은 비중으로 셉니다. 안전성 평가는 다른 "
     "평가가 없을 때에만 셉니다. p값은 행의 수에 맞추어 조정했습니다(Benjamini–Hochberg)."},
    {"Differences over all suites", "전체 평가의 차이"},
    {"Differences by group", "집단별 차이"},
    {"In points, on the same questions; p is adjusted for the number of groups on this page (Benjamini–Hochberg). "
     "Groups are small: “cannot tell” is the usual answer, and does not mean equal.",
     "같은 문항에서 잰 차이이며 단위는 %p입니다. p값은 이 문서의 집단 수에 맞추어 조정했습니다(Benjamini–Hochberg). "
     "집단은 문항이 적어 대개 ‘판단 불가’이며, 이는 같다는 뜻이 아닙니다."},
    {"%s: %.*s compared with %.*s, by group", "%1$s: %3$.*2$s 대 %5$.*4$s, 집단별"},
    {"if every open answer were wrong of the first and right of the second; the other way round",
     "미정 응답이 첫째에서는 모두 오답이고 둘째에서는 모두 정답일 때와, 그 반대일 때"},

    /* ---- methods, behind their numbers ---- */
    {"all differ alike: how many others could have stayed unseen",
     "모두 같은 차이: 관찰되지 않았을 수 있는 나머지의 한계"},
    {"if every open answer were wrong, and if it were right", "미정 응답이 모두 오답일 때와 모두 정답일 때"},
    {"Wilson score interval", "Wilson 점수 구간"},
    {"Wilson score interval with the effective number of items", "유효 문항 수를 쓴 Wilson 점수 구간"},
    {"bootstrap over clusters", "군집 단위 부트스트랩"},
    {"exact bound of Clopper and Pearson", "Clopper–Pearson의 정확 한계"},
    {"exact bound of Clopper and Pearson with the effective number of items",
     "유효 문항 수를 쓴 Clopper–Pearson의 정확 한계"},
    {"Newcombe’s score interval with the effective number of items", "유효 문항 수를 쓴 Newcombe 점수 구간"},
    {"McNemar’s exact test, one-sided", "McNemar의 정확 검정(단측)"},
    {"exact sign test over pairs, one-sided", "쌍 단위 정확 부호 검정(단측)"},
    {NULL, NULL},
};
