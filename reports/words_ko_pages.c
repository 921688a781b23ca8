/* Korean for pages other than that of a run. */
#include "reports/words.h"

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
    {NULL, NULL},
};
