// gigabytes in static storage, all touched
// expect: MLE RE
// memory: 64
#include <string.h>
static char a[1500000000];
int main(void) {
    memset(a, 1, sizeof a);
    return a[77];
}
