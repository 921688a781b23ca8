#include "harness/secrecy.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "engine/base/mem.h"

bool secrecy_begin(Err *err) {
    struct rlimit none = {0, 0};
    mem_wipe_freed();
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
