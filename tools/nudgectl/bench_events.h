/* nudgectl/bench_events.h: recorded or simulated events and outcomes, as `nudgectl send` takes them, played to a pack at
 * work in memory. */
#ifndef NUDGECTL_BENCH_EVENTS_H
#define NUDGECTL_BENCH_EVENTS_H

#include "base/arena.h"
#include "workbench/world.h"

#include <stdio.h>

#define EVENTS_A_DECISION 10u

struct played {
	bool is_outcome;
	struct event event;
	struct outcome_input outcome;
	struct slice customer, alias; /* one of them; the alias in its normal form */
	int64_t time_ms; /* 0: none is said */
};

struct play {
	struct arena arena;
	struct played *list;
	size_t count;
};

/* An exit code, after having said what is wrong with which line. */
int play_read(struct play *p, FILE *in, const char *name);
void play_finish(struct play *p);
/* From nobody known: everything in order, and for every tenth event a decision for its customer, in whose call its topic
 * is the intent. */
void play_to(const struct play *p, struct world *w);

#endif
