// one byte at a time
// expect: OLE TLE
// output: 50000
// cpu: 2
#include <unistd.h>
int main(void) {
    for (;;) write(1, "x", 1);
}
