/* net/starting.c: see starting.h. The stage is stored last: who reads it may see figures of the stage before, for a moment. */
#include "net/starting.h"

#include "base/clock.h"

#include <stdio.h>

/* Too little of it is done to tell by it how long the rest takes. */
#define GUESS_FROM 0.02
#define GUESS_AFTER_NS 500000000u

void starting_say(struct starting *s, const char *stage, uint64_t done, uint64_t all)
{
	if (atomic_load(&s->stage) != stage)
		atomic_store(&s->began_ns, clock_mono_ns());
	atomic_store(&s->done, done);
	atomic_store(&s->all, all);
	atomic_store(&s->stage, stage);
}

double starting_part(const struct starting *s)
{
	uint64_t done = atomic_load(&s->done), all = atomic_load(&s->all);
	if (!all)
		return 0;
	return done < all ? (double)done / (double)all : 1;
}

void starting_text(const struct starting *s, char *out, size_t size)
{
	const char *stage = atomic_load(&s->stage);
	double part = starting_part(s), took_ns = (double)(clock_mono_ns() - atomic_load(&s->began_ns));
	if (!stage)
		snprintf(out, size, "starting");
	else if (!atomic_load(&s->all))
		snprintf(out, size, "starting: %s", stage);
	else if (part < GUESS_FROM || took_ns < GUESS_AFTER_NS)
		snprintf(out, size, "recovering: %s, %.0f%%", stage, 100 * part);
	else
		snprintf(out, size, "recovering: %s, %.0f%%, about %.0f s left", stage, 100 * part, took_ns / part * (1 - part) / 1e9);
}
