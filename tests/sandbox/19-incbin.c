// the assembler reads files too
// expect: CE
// never: root:
__asm__(".data\nx: .incbin \"/etc/passwd\"\n");
int main(void) {
    return 0;
}
