// templates without end
// expect: CE
template <int n> struct A { static const int v = A<n + 1>::v; };
int main() {
    return A<0>::v;
}
