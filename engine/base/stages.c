/* base/stages.c: see stages.h. */
#include "base/stages.h"

#include <stddef.h>
#include <string.h>

#define CLOCK_TRIES 64u

/* The shortest of many: what it takes when nothing comes in between. */
static uint64_t cost_of(uint64_t (*now_ns)(void))
{
	uint64_t least = UINT64_MAX;
	for (unsigned i = 0; i < CLOCK_TRIES; i++) {
		uint64_t from = now_ns(), took = now_ns() - from;
		least = took < least ? took : least;
	}
	return least;
}

void stages_init(struct stages *s, uint64_t (*now_ns)(void))
{
	memset(s, 0, sizeof(*s));
	s->now_ns = now_ns;
	if (now_ns)
		s->clock_ns = cost_of(now_ns);
}

void stages_start(struct stages *s, enum stage_turn of)
{
	s->turn[of] = 0;
	if (!s->now_ns)
		return;
	s->on = true;
	s->last_ns = s->now_ns();
}

void stages_add(struct stages *s, enum profile_stage stage, uint64_t ns, uint64_t items)
{
	counter_add(&s->times[stage].ns, ns);
	counter_add(&s->times[stage].items, items);
}

void stages_take(struct stages *s, enum profile_stage stage, uint64_t items)
{
	uint64_t now = s->now_ns(), took = now - s->last_ns;
	stages_add(s, stage, took > s->clock_ns ? took - s->clock_ns : 0, items);
	s->last_ns = now;
}
