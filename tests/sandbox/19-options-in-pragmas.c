// options that a source can set
// expect: OK CE
// says: done
#pragma GCC optimize("O3,unroll-loops,no-such-option")
#pragma GCC target("avx2")
#pragma GCC diagnostic error "-Wall"
#include <stdio.h>
int main(void) {
    printf("done\n");
    return 0;
}
