// one mapping, filled by the kernel
// expect: MLE RE
// memory: 48
#include <sys/mman.h>
int main(void) {
    char *p = mmap(0, 3u << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? 1 : p[4096];
}
