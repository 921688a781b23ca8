// a gigabyte from one line of assembler
// expect: CE
__asm__(".data\n.rept 1000000000\n.quad 1\n.endr\n");
int main(void) {
    return 0;
}
