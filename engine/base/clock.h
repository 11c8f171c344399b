/* base/clock.h: the only place that reads clocks and random numbers. `decide`, `state` and `script` must not include it
 * (tests/tidy checks): what they know of time comes with the entry. */
#ifndef NUDGED_BASE_CLOCK_H
#define NUDGED_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void);  /* UTC milliseconds since 1970 */
uint64_t clock_mono_ns(void); /* never goes back; for durations */
uint64_t clock_thread_ns(void); /* CPU time of this thread; a system call, some 0.2 us */
uint64_t clock_random(void);  /* 64 bits from the kernel */
void clock_random_fill(void *to, size_t len); /* the same, many */

#endif
