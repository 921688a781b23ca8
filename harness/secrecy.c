#include "harness/secrecy.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "engine/base/mem.h"

/* A limit of 1 writes no core, for that is less than a page, and keeps the kernel from handing one to a program that
 * core_pattern names, which a limit of 0 does not. The mark below does both for this process; programs that it starts,
 * which may hold a sealed answer, lose the mark and inherit the limit. */
bool secrecy_begin(Err *err) {
    struct rlimit had, none = {1, 1};
    mem_wipe_freed();
    if (getrlimit(RLIMIT_CORE, &had) == 0 && had.rlim_max < 1) none.rlim_cur = none.rlim_max = 0;
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_set(err, ERR_ENV,
                       "this kernel does not let a process switch off core dumps, without which sealed "
                       "texts are not handled");
    return true;
}

/* One line of /proc/swaps is its head; zram is memory. */
bool secrecy_swaps(void) {
    char line[512];
    bool any = false, head = true;
    FILE *f = fopen("/proc/swaps", "re");
    if (!f) return false;
    for (; fgets(line, sizeof line, f); head = false) any = any || (!head && !strstr(line, "/zram"));
    fclose(f);
    return any;
}

void secrecy_warn_swap(FILE *f) {
    if (secrecy_swaps())
        fputs("assay: warning: this machine swaps to a disk, and not all memory that holds sealed texts can be locked; "
              "encrypt its swap, or switch it off (swapoff -a)\n",
              f);
}
