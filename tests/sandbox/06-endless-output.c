// writes without end to both
// expect: OLE
// output: 200000
#include <unistd.h>
int main(void) {
    for (;;) write(1, "0123456789abcdef0123456789abcdef", 32), write(2, "0123456789abcdef", 16);
}
