/* Secrecy: what a process does before it handles texts that must not be found anywhere afterwards.
 *
 * No core dump, whatever the shell's limit: its limit becomes one byte and the process is marked as not dumpable, so
 * that no crash handler gets one either, of the process or of what it starts, and other processes of the same user
 * cannot read its memory. What is freed is wiped. Not covered: root may still read the memory of a running process; and
 * memory that is not locked may be swapped out (keys are locked always, answers as far as RLIMIT_MEMLOCK goes; an
 * engine's buffers, keys and values are not). */
#ifndef ASSAY_HARNESS_SECRECY_H
#define ASSAY_HARNESS_SECRECY_H

#include <stdio.h>

#include "engine/base/err.h"

/* Once is enough, more does no harm. false: the kernel refuses, and the texts must not be touched. */
bool secrecy_begin(Err *err);
/* True if memory of this machine may be written to a disk. */
bool secrecy_swaps(void);
/* A sentence on f if secrecy_swaps. */
void secrecy_warn_swap(FILE *f);

#endif
