// the right answer, then a crash
// expect: RE
// says: 42
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    printf("42\n"), fflush(stdout);
    abort();
}
