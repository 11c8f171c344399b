/* nudgectl/pipeline.h: sends many events and outcomes with many requests under way, and counts what became of them.
 *
 * Order is kept: requests go out in the order given, over one connection. Where the daemon is `busy`, sending stops,
 * what was refused is sent again one request at a time, and only then the rest goes on. */
#ifndef NUDGECTL_PIPELINE_H
#define NUDGECTL_PIPELINE_H

#include "ask.h"

#define PIPELINE_REASONS 16 /* kinds of refusal that are told apart in the summary */

struct parcel; /* one request: a batch of events, or one outcome */

struct refusal {
	char code[24], field[64], reason[256]; /* of the first one */
	uint64_t line, count;
};

struct pipeline {
	struct context *c;
	struct parcel *open;          /* being filled */
	struct parcel *first, **last; /* under way, oldest first */
	struct parcel *again;         /* refused as busy, in order */
	unsigned in_flight, max_in_flight;
	size_t max_events;
	uint64_t sent, answered, accepted, duplicates, refused;
	uint64_t alerts, historical; /* raised and pushed; recorded as history only */
	uint64_t too_old; /* of the duplicates: nobody can tell, so they were not applied */
	struct refusal refusals[PIPELINE_REASONS];
	unsigned refusal_count;
	bool lost; /* the connection; said so already */
	/* Of the time, at most so much does the daemon work for us, 0 to 1: one request at a time, and a rest behind it. 0: as
	 * fast as it goes. Set by pipeline_share. */
	double share;
	int patience_ms; /* where the connection is lost, so long is tried to have it back; what was not settled is sent again */
	/* Where set, told of each event that is refused for good. */
	void (*refused_event)(void *arg, const Nudge__V1__Event *e, uint64_t line, const Nudge__V1__Error *why);
	void *arg;
};

int pipeline_init(struct pipeline *p, struct context *c); /* connects; an exit code */
void pipeline_finish(struct pipeline *p);
/* They take the message over (memory of protobuf-c's default allocator). line: of the input, for refusals. An exit
 * code. */
int pipeline_event(struct pipeline *p, Nudge__V1__Event *e, uint64_t line);
int pipeline_outcome(struct pipeline *p, Nudge__V1__Outcome *o, uint64_t line);
int pipeline_drain(struct pipeline *p); /* waits for every answer */
void pipeline_share(struct pipeline *p, double share); /* 1 or more: all of it */
/* The first line of which not all is settled; UINT64_MAX: everything is. Lines were given in ascending order. */
uint64_t pipeline_unsettled(const struct pipeline *p);

void pipeline_put_alerts(const struct pipeline *p); /* ", 3 alerts raised"; nothing where there are none */
void pipeline_tell(const struct pipeline *p, const char *unit); /* the refusals, on standard error */
json_t *pipeline_json(const struct pipeline *p);

#endif
