/* base/stages.h: where the time of an event and of a recommendation goes, measured on one request in STAGES_EVERY.
 *
 * A request that is measured looks at the clock at each border between two stages (stages_lap); the others only see that
 * they are not. One thread measures, any thread may read the sums. This file reads no clock itself: the owner gives it
 * one, or none (replay, tests), and then nothing is ever measured.
 *
 *     stages_begin -> lap(FRAME) -> lap(DECODE) -> lap(FIND) -> ... -> stages_end */
#ifndef NUDGED_BASE_STAGES_H
#define NUDGED_BASE_STAGES_H

#include "base/metrics.h"

#include <stdbool.h>

/* A prime: no depth of pipelining and no size of a burst keeps step with it. */
#define STAGES_EVERY 61u

enum profile_stage {
	STAGE_FRAME,  /* request decoded, room in the journal reserved */
	STAGE_DECODE, /* event decoded and checked */
	STAGE_FIND,   /* customer looked up, or loaded from the store; duplicates told apart */
	STAGE_SERIES, /* members, timeline, series, cases */
	STAGE_RULES,  /* conditions, and what rules do */
	STAGE_ENTRY,  /* outcome hashed, entry encoded and appended to the journal's buffer */
	STAGE_HOLD,   /* waiting until it is on disk */
	STAGE_ANSWER, /* acknowledgement encoded */
	STAGE_SEND,   /* written to the socket, with all that was answered in the burst */
	STAGE_ASKED,  /* a recommendation: request decoded, customer looked up or loaded */
	STAGE_GATES,  /* the balance and every action's gates */
	STAGE_SCORES, /* scores of the actions that passed, ranking */
	STAGE_WORDS,  /* words, quick answers, cautions */
	STAGE_REASONS,
	STAGE_RECORD, /* the decision recorded in the journal's buffer */
	STAGE_REPLY,  /* recommendation encoded */
	STAGE_STORE,  /* a dirty record encoded for the store */
	STAGES
};

/* What has turns of its own: else how many bursts there are would decide which requests are measured. */
enum stage_turn { TURN_REQUEST, TURN_BURST, TURNS };

struct stage_time {
	counter items, ns;
};

struct stages {
	uint64_t (*now_ns)(void);
	uint64_t clock_ns; /* what one look at the clock takes: taken off every lap */
	uint64_t last_ns;
	unsigned turn[TURNS];
	bool on; /* the request at hand is measured */
	struct stage_time times[STAGES];
};

void stages_init(struct stages *s, uint64_t (*now_ns)(void)); /* NULL: never measured */
void stages_start(struct stages *s, enum stage_turn of);
void stages_add(struct stages *s, enum profile_stage stage, uint64_t ns, uint64_t items);
void stages_take(struct stages *s, enum profile_stage stage, uint64_t items);

/* Before each request, or burst of answers. True: it is this one's turn. */
static inline bool stages_begin(struct stages *s, enum stage_turn of)
{
	if (__builtin_expect(++s->turn[of] >= STAGES_EVERY, 0))
		stages_start(s, of);
	return s->on;
}
/* The time since the last border was this stage's, of so many items (0: a part of one that is counted elsewhere). */
static inline void stages_lap(struct stages *s, enum profile_stage stage, uint64_t items)
{
	if (__builtin_expect(s->on, 0))
		stages_take(s, stage, items);
}
static inline void stages_end(struct stages *s)
{
	s->on = false;
}

#endif
