// templates whose number doubles at each of sixty levels
// expect: CE
template <int n, long k> struct A { static constexpr long v = A<n - 1, 2 * k>::v + A<n - 1, 2 * k + 1>::v; };
template <long k> struct A<0, k> { static constexpr long v = k; };
int main() {
    return A<60, 1>::v;
}
