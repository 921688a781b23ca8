// the compiler's own input
// expect: CE OK
#include "/dev/stdin"
int main(void) {
    return 0;
}
