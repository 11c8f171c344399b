/* base/thread.c: see thread.h. */
#include "base/thread.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_NS 100000u /* the least that the kernel grants */

struct attr { /* struct sched_attr, which not every C library declares: sched_setattr(2) */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void take_turns(int nice)
{
	struct attr a = { .size = sizeof(a), .nice = nice, .runtime = TURN_NS };
	(void)syscall(SYS_sched_setattr, 0, &a, 0u);
}

void thread_prompt(void)
{
	take_turns(getpriority(PRIO_PROCESS, 0));
}

void thread_step_back(int nice)
{
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice); /* of this thread alone, on Linux */
	take_turns(nice);
}
