/* nudgectl/sim.h: simulated telecom households: people with habits, and what happens to them. `nudgectl simulate`
 * prints their events; the vocabulary is in rules/telecom/EVENTS.md.
 *
 * All of it follows from the seed: each household draws from a stream of its own, so that more households or days do
 * not change those that were there. A day is generated for every household and then printed in order of time; what a
 * day causes later (a call-back tomorrow, a complaint closed next week) waits in that day's bucket. */
#ifndef NUDGECTL_SIM_H
#define NUDGECTL_SIM_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_ZONE_MS (7 * 3600 * 1000LL) /* Asia/Ho_Chi_Minh; it has no summer time */
#define SIM_DAY_MS (24 * 3600 * 1000LL)
#define SIM_MINUTE_MS (60 * 1000LL)
#define SIM_HOUR_MS (3600 * 1000LL)
#define SIM_LINES_MAX 4
#define SIM_AREAS 8

/* sim_rng.c: splitmix64 */
struct rng {
	uint64_t state;
};
struct rng rng_of(uint64_t seed, uint64_t a, uint64_t b); /* a stream of its own for each triple */
uint64_t rng_next(struct rng *r);
int rng_between(struct rng *r, int low, int high); /* both included */
bool rng_chance(struct rng *r, int percent);
double rng_part(struct rng *r); /* [0, 1) */

struct line {
	const char *member, *role, *first_name, *message_plan, *data_plan, *voice_plan;
	int texts, calls, data_mb; /* usual, a day */
};

struct sim;
struct house {
	unsigned number; /* 0: the story's family */
	void (*story)(struct sim *s, struct house *h, unsigned day); /* what happens to who is in the story; NULL: chance decides */
	char id[32], name[48], area[8];
	const char *language, *segment, *contract;
	struct line lines[SIM_LINES_MAX];
	int line_count, tenure_months, monthly_fee, bill_day, months_left;
	bool autopay, consent_marketing, consent_sms, cancelled, sold;
	double temper;             /* -1 to 1: how they tend to feel when they call */
	unsigned events, contacts; /* counted for ids */
	struct rng rng;            /* of the day being generated */
};

struct sim_event {
	int64_t time_ms;
	uint64_t order;
	size_t at, len; /* in the bucket's text */
};

struct bucket {
	struct bytes text;
	struct sim_event *events;
	size_t count, cap;
};

struct sim {
	uint64_t seed;
	int64_t start_ms, end_ms; /* local midnight of the first day; events at or after the end do not happen */
	unsigned days, house_count;
	struct house *houses;
	struct bucket *buckets; /* one a day */
	uint64_t order;
	char start_day[12]; /* 20260601 */
};

/* What an event is, besides its attributes. */
struct sim_head {
	const char *source, *type, *channel, *member, *agent, *contact;
	int64_t time_ms;
};

/* sim_emit.c: attributes: the inside of a JSON object, printf-like; "" for none. */
void sim_event(struct sim *s, struct house *h, const struct sim_head *head, const char *attributes, ...)
	__attribute__((format(printf, 4, 5)));
/* Prints the day's events in order of time; false when standard output is gone. */
bool sim_print_day(struct sim *s, unsigned day);

static inline int64_t sim_time(const struct sim *s, unsigned day, int64_t ms_of_day)
{
	return s->start_ms + (int64_t)day * SIM_DAY_MS + ms_of_day;
}
static inline unsigned sim_day_of(const struct sim *s, int64_t time_ms)
{
	return (unsigned)((time_ms - s->start_ms) / SIM_DAY_MS);
}

/* sim_house.c */
void house_init(struct house *h, const struct sim *s, unsigned number);
void house_introduce(struct sim *s, struct house *h); /* profile, members, aliases: the first morning */

/* sim_day.c: one ordinary day: usage, bills, outages, visits; and the calls that follow */
void house_day(struct sim *s, struct house *h, unsigned day);
void house_texts(struct sim *s, struct house *h, const struct line *l, unsigned day, int count,
		 int64_t until_ms_of_day);
void house_usage(struct sim *s, struct house *h, const struct line *l, unsigned day, int texts);

/* sim_contact.c: a conversation, and what it leads to */
struct matter {
	const char *topic;
	char ref[40];
	double mood;
	int depth; /* how often they came about it before */
};
void house_contact(struct sim *s, struct house *h, int64_t time_ms, const struct line *l, const struct matter *m);
void house_set_plan(struct sim *s, struct house *h, struct line *l, const char *agent, int64_t time_ms,
		    const char *plan, int price);

/* sim_story.c: the household whose daughter texts too much, and whose father calls on the last day */
void story_init(struct house *h);
/* sim_neighbours.c: household-pham, household-le, and three who leave agent tuan angry */
#define STORY_NEIGHBOURS 5
void neighbour_init(struct house *h, unsigned which);
#define STORY_CALL_MS ((19 * 60 + 32) * SIM_MINUTE_MS) /* of the last day */
#define STORY_DAYS_MIN 12 /* a habit takes a week, the four days of the flood, and the profile's first day */

#endif
