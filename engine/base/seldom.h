/* base/seldom.h: what others can make happen thousands of times a second is told in the log once a second, with how often it
 * was since: else whoever makes it happen fills the disk. Any thread's; { 0 } begins it. */
#ifndef NUDGED_BASE_SELDOM_H
#define NUDGED_BASE_SELDOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct seldom {
	_Atomic uint64_t said_ns, unsaid;
};

/* It has happened: whether it is to be told now. *others: how many times more it was since it was told last. */
bool seldom_told(struct seldom *s, uint64_t *others);

#endif
