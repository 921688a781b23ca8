/* Korean: who closed, signed and decided an audit. */
#include "reports/words/words.h"

const Words words_ko_sign[] = {
    /* ---- closes of runs ---- */
    {"runs closed and signed by whoever ran them", "실행한 사람이 마감하고 서명한 실행"},
    {"the run was never closed: nobody can tell whether it was changed since",
     "실행이 마감되지 않아 이후에 바뀌었는지 아무도 알 수 없음"},
    {"the run was scored again after it was closed, and closed again", "마감한 뒤 다시 채점하고 다시 마감한 실행임"},
    {"the run was closed without a signature: whoever could change it could renew that",
     "서명 없이 마감한 실행임: 바꿀 수 있는 사람이면 마감도 다시 할 수 있음"},
    {"the run was changed after it was closed", "마감한 뒤에 실행이 바뀌었음"},
    {NULL, NULL},
};
