// error texts without end
// expect: CE
// err_at_most: 65536
#define E(x)                                                                                                           \
    error_##x(undeclared_##x, nowhere_##x);                                                                            \
    E2(x) E2(x##1) E2(x##2) E2(x##3)
#define E2(x) E3(x) E3(x##4) E3(x##5) E3(x##6) E3(x##7)
#define E3(x) E4(x) E4(x##8) E4(x##9) E4(x##a) E4(x##b)
#define E4(x)                                                                                                          \
    un_##x(a_##x);                                                                                                     \
    un_##x(b_##x);                                                                                                     \
    un_##x(c_##x);                                                                                                     \
    un_##x(d_##x);                                                                                                     \
    un_##x(e_##x);
int main() {
    E(a) E(b) E(c) E(d) E(e) E(f) E(g) E(h) E(i) E(j) E(k) E(l) E(m) E(n) E(o) E(p) E(q) E(r) E(s) E(t)
}
