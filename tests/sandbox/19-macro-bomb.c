// doubles thirty-three times
// expect: CE
#define A(x) x x
#define B(x) A(A(A(A(x))))
#define C(x) B(B(x))
int main(void) {
    C(C(C(C(B(A(;)))))) return 0;
}
