// a program file of gigabytes
// expect: CE
int a[1 << 29] = {1};
int main(void) {
    return a[5];
}
