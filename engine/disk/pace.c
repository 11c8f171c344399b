/* disk/pace.c: see pace.h. What was not used of the rate is kept for a tenth of a second, no longer: no bursts. */
#include "disk/pace.h"

#include "base/clock.h"

#include <time.h>

#define SAVED_NS 100000000u
#define STEP_NS 5000000u
#define SECOND_NS 1000000000ull

static void step(struct pace *p, uint64_t now)
{
	if (!p->step || now - p->stepped_ns < STEP_NS)
		return;
	p->stepped_ns = now;
	p->step(p->step_arg);
}

void pace_took(struct pace *p, uint64_t bytes)
{
	uint64_t now = clock_mono_ns();
	p->done += bytes;
	if (p->progress)
		p->progress(p->arg, p->done, p->all > p->done ? p->all : p->done);
	step(p, now);
	if (!p->bytes_per_second)
		return;
	if (p->due_ns + SAVED_NS < now)
		p->due_ns = now - SAVED_NS;
	p->due_ns += bytes * SECOND_NS / p->bytes_per_second;
	while (p->due_ns > now) {
		uint64_t wait = p->due_ns - now;
		nanosleep(&(struct timespec){ 0, (long)(wait < STEP_NS ? wait : STEP_NS) }, NULL);
		now = clock_mono_ns();
		step(p, now);
	}
}
