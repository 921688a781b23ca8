/* Carries the helper and the sessions' driver inside this program, so that there is one file to install and nothing to
 * find at run time. */
#include "harness/sandbox/sandbox_internal.h"

#ifndef SANDBOX_HELPER_PATH
#error "the Makefile says where the helper was built"
#endif

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".global sandbox_helper_begin, sandbox_helper_end\n"
        "sandbox_helper_begin:\n"
        ".incbin \"" SANDBOX_HELPER_PATH "\"\n"
        "sandbox_helper_end:\n"
        ".byte 0\n"
        ".global sandbox_driver_begin, sandbox_driver_end\n"
        "sandbox_driver_begin:\n"
        ".incbin \"harness/sandbox/driver.py\"\n"
        "sandbox_driver_end:\n"
        ".byte 0\n"
        ".previous\n");
