// a device that never ends
// expect: CE
#include "/dev/zero"
int main(void) {
    return 0;
}
