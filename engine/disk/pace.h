/* disk/pace.h: copying that leaves the disk to others: so many bytes a second, and word of how far it has come. */
#ifndef NUDGED_DISK_PACE_H
#define NUDGED_DISK_PACE_H

#include <stdint.h>

struct pace {
	uint64_t bytes_per_second; /* 0: as fast as it goes */
	uint64_t done, all;        /* bytes; all: as far as it is known beforehand */
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* may be NULL */
	void *arg;
	void (*step)(void *arg);   /* some hundred times a second, also while it waits; may be NULL */
	void *step_arg;
	uint64_t due_ns, stepped_ns; /* when the next bytes may go; when `step` was called last */
};

void pace_took(struct pace *p, uint64_t bytes); /* these were copied: sleeps as long as they should have taken */

#endif
