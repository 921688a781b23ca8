#include <stdio.h>

#include "harness/version.h"

int main(void) {
    printf("assay %s\n", ASSAY_VERSION);
    return 0;
}
