// a loop in a constant expression
// expect: CE
constexpr long spin(long n) {
    long x = 0;
    for (long i = 0; i < n; i++) x += i;
    return x;
}
constexpr long a = spin(1l << 60);
int main() {
    return a;
}
