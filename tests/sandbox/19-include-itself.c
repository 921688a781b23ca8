// includes itself twice at every level
// expect: CE
#include "/w/main.c"
#include "/w/main.c"
int main(void) {
    return 0;
}
