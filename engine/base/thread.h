/* base/thread.h: who comes first when there are more threads than cores. Both calls are about the calling thread, and a
 * system that does not allow or know them leaves it as it is. */
#ifndef NUDGED_BASE_THREAD_H
#define NUDGED_BASE_THREAD_H

/* Somebody waits for each thing it does, and each is short: asks for short turns, so that it need not wait until the turn
 * of a busy thread is over (Linux from 6.12 on; needs no rights). */
void thread_prompt(void);

/* Nobody waits for it just now: `nice` of 1 to 19, and short turns too, so that whoever wakes need not wait for the end of one. */
void thread_step_back(int nice);

#endif
