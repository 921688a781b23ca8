#include "reports/words.h"

const Words words_ko_pages[] = {
    {NULL, NULL},
};
