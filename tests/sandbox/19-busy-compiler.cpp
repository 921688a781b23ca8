// constant expressions, each below the compiler's own limit, for a minute
// expect: CE
// slow: 1
template <int n> constexpr long spin() {
    long x = n;
    for (int i = 0; i < 1500; i++)
        for (int j = 0; j < 1500; j++) x ^= i + j;
    return x;
}
template <int n> struct A { static constexpr long v = spin<n>() + A<n - 1>::v; };
template <> struct A<0> { static constexpr long v = 0; };
int main() {
    return A<100>::v;
}
