// NUL, invalid UTF-8, no final line break: bytes come back as they are
// expect: OK
// bytes: 8
#include <unistd.h>
int main(void) {
    return write(1, "a\0\xff\xfe\r\n\xc3(", 8) != 8;
}
