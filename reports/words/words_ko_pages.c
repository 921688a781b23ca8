/* Korean for pages other than that of a run. */
#include "reports/words/words.h"

const Words words_ko_pages[] = {
    /* ---- assay view ---- */
    {"A run in progress", "실행이 진행 중입니다"},
    {"Figures so far", "현재까지의 수치"},
    {"They move while the run goes on. The report comes by itself when it is complete.",
     "실행이 진행되는 동안 수치가 갱신되며, 실행이 끝나면 보고서로 자동으로 넘어갑니다."},
    {"The report as it stands", "현재까지의 보고서"},
    {"Answers stored", "저장된 응답"},
    {"The server does not answer any more: was assay view ended?",
     "서버가 더 이상 답하지 않습니다. assay view가 종료되었는지 확인하십시오."},
    {"Figures that move need JavaScript; the report does not.",
     "갱신되는 수치를 보려면 JavaScript가 필요합니다. 보고서는 없어도 볼 수 있습니다."},
    {"{0} of {1} answers are stored.", "응답 {1}건 중 {0}건이 저장되었습니다."},
    {"{0} to {1}", "{0} ~ {1}"},

    /* ---- comparisons of runs ---- */
    {"Run against run", "실행 간 비교"},
    {"Questions are matched by their content, not by their names. Differences are those of the pictures and tables on "
     "this page; below is what belongs to the comparison alone.",
     "문항은 이름이 아니라 내용으로 짝지었습니다. 점수 차이는 이 문서의 그림과 표에 있으며, 아래는 실행 간 비교에만 "
     "있는 "
     "내용입니다."},
    {"What is compared", "비교 대상 목록"},
    {"Run", "실행"},
    {"Named there", "실행에서의 이름"},
    {"Weights (SHA-256)", "가중치(SHA-256)"},
    {"What was matched", "짝지은 문항"},
    {"Matched questions", "짝지은 문항 수"},
    {"In all", "모두에 있음"},
    {"Not in all", "일부에만 있음"},
    {"Answers that differ", "점수가 다른 응답"},
    {"Both answers side by side: open a question in “Answers” below, with “only where the models differ”.",
     "두 응답을 나란히 보려면 아래 ‘응답’에서 ‘모델 간 점수가 다른 것만’을 켜고 문항을 여십시오."},
    {"%s: %zu better by %.*s, %zu by %.*s",
     "%1$s: %4$.*3$s 모델이 나은 문항 %2$zu개, %7$.*6$s 모델이 나은 문항 %5$zu개"},
    {"… and %zu more: all are in the JSON", "… 그 밖에 %zu개: 전체는 JSON에 있습니다"},
    {"Question", "문항"},
    {"Better", "나은 쪽"},
    {"How far they agree", "일치 정도"},
    {"Agreement", "일치도"},
    {"Per cent of the questions on which both were right or both wrong, and Cohen’s kappa, which takes out what chance "
     "alone would give.",
     "두 모델이 함께 맞거나 함께 틀린 문항의 백분율과, 우연히 일치할 몫을 뺀 Cohen의 카파입니다."},
    {"kappa %.2f, n %zu", "카파 %.2f, n %zu"},
    {"What the scores cost", "점수와 비용"},
    {"Each suite counts alike; suites about safety are left out unless there are no others. Tokens of an answer "
     "include "
     "its reasoning.",
     "모든 평가를 같은 비중으로 셉니다. 안전 평가는 다른 평가가 없을 때에만 포함합니다. 응답의 토큰에는 추론이 "
     "포함됩니다."},
    {"Score and tokens", "점수와 토큰"},
    {"Effort", "추론 강도"},
    {"Mean score", "평균 점수"},
    {"Tokens per answer", "응답당 토큰 수"},
    {"Suites", "평가 수"},
    {"How far probabilities can be believed", "확률을 믿을 수 있는 정도"},
    {"The probability that a model gave to the option it chose, against how often that was right. Off by: mean "
     "distance "
     "over ten bins (ECE).",
     "모델이 고른 보기에 준 확률을 실제로 맞은 비율과 견준 것입니다. ‘벗어난 정도’는 열 구간의 평균 거리(ECE)입니다."},
    {"Calibration of probabilities", "확률의 보정"},
    {"Off by", "벗어난 정도"},
    {"Brier score", "Brier 점수"},
    {NULL, NULL},
};
