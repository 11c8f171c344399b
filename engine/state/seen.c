/* state/seen.c: the ids of recent events, in order of arrival, and the floor: the newest event time among those
 * dropped. What is not newer than the floor and not among the ids may be a duplicate: nobody can tell.
 *
 * How many are kept depends on the ids alone and never on the ring's capacity, so that a record read back from the
 * store goes on exactly as the one that stayed in memory: before an add, the first goes as long as there are
 * SEEN_IDS_MIN or more and it is older than ALERT_HORIZON_MS before the newest, or there are SEEN_IDS_MAX.
 *
 * In memory the ring is three arrays in one block, since every event of a customer walks all its ids:
 *
 *     id 8 ... | time 4 (wide: 8) ... | content 4 ...
 *
 * Times are counted from base_ms, which is the first time less half of what 32 bits reach; a time beyond that makes the
 * ring wide for good. Neither shows outside. */
#include "base/limits.h"
#include "state/inside.h"

#define NARROW_HALF_MS (1LL << 31)

static uint64_t *ids_of(const struct seen *s)
{
	return (uint64_t *)(void *)s->ids;
}

static char *times_of(const struct seen *s)
{
	return s->ids + s->cap * sizeof(uint64_t);
}

static uint32_t *contents_of(const struct seen *s)
{
	return (uint32_t *)(void *)(times_of(s) + s->cap * (s->wide ? sizeof(int64_t) : sizeof(uint32_t)));
}

static unsigned place_of(const struct seen *s, unsigned i)
{
	unsigned at = s->head + i;
	return at < s->cap ? at : at - s->cap;
}

static int64_t time_at(const struct seen *s, unsigned place)
{
	if (s->wide)
		return ((const int64_t *)(const void *)times_of(s))[place];
	return s->base_ms + ((const uint32_t *)(const void *)times_of(s))[place];
}

struct seen_id seen_at(const struct seen *s, unsigned i)
{
	unsigned place = place_of(s, i);
	return (struct seen_id){ ids_of(s)[place], contents_of(s)[place], time_at(s, place) };
}

size_t seen_bytes(const struct seen *s)
{
	return s->cap * (s->wide ? 20u : 16u);
}

void seen_finish(struct seen *s)
{
	free(s->ids);
	*s = (struct seen){ .floor_ms = INT64_MIN };
}

enum seen_answer seen_ask(const struct seen *s, uint64_t id, uint64_t content, int64_t time_ms)
{
	const uint64_t *ids = ids_of(s);
	unsigned end = s->head + s->count;
	for (unsigned i = s->head; i < end; i++) {
		unsigned at = i < s->cap ? i : i - s->cap;
		if (ids[at] == id)
			return contents_of(s)[at] == (uint32_t)content ? SEEN_DUPLICATE : SEEN_CONFLICT;
	}
	/* INT64_MIN: nothing was dropped yet, whatever the time */
	return s->floor_ms != INT64_MIN && time_ms <= s->floor_ms ? SEEN_TOO_OLD : SEEN_NEW;
}

static void put_at(struct seen *s, unsigned place, const struct seen_id *id)
{
	ids_of(s)[place] = id->id;
	contents_of(s)[place] = id->content;
	if (s->wide)
		((int64_t *)(void *)times_of(s))[place] = id->time_ms;
	else
		((uint32_t *)(void *)times_of(s))[place] = (uint32_t)(id->time_ms - s->base_ms);
}

static void reshape(struct seen *s, unsigned cap, bool wide)
{
	struct seen to = *s;
	to.wide = wide;
	to.cap = (uint16_t)cap;
	to.head = 0;
	to.ids = must_malloc(seen_bytes(&to));
	for (unsigned i = 0; i < s->count; i++) {
		struct seen_id id = seen_at(s, i);
		put_at(&to, i, &id);
	}
	free(s->ids);
	*s = to;
}

void seen_push(struct seen *s, struct seen_id id)
{
	CHECK(s->count < SEEN_IDS_MAX);
	if (s->cap == 0)
		s->base_ms = id.time_ms - NARROW_HALF_MS;
	bool wide = s->wide || id.time_ms < s->base_ms || id.time_ms >= s->base_ms + 2 * NARROW_HALF_MS;
	unsigned cap = s->count < s->cap ? s->cap : s->cap + s->cap / 4u + 3u;
	if (cap != s->cap || wide != s->wide)
		reshape(s, cap < SEEN_IDS_MAX ? cap : SEEN_IDS_MAX, wide);
	put_at(s, place_of(s, s->count++), &id);
}

static void drop_first(struct seen *s)
{
	int64_t time_ms = time_at(s, s->head);
	if (time_ms > s->floor_ms)
		s->floor_ms = time_ms;
	s->head = (uint16_t)place_of(s, 1);
	s->count--;
}

static int64_t newest_between(const struct seen *s, unsigned first, unsigned end, int64_t newest_ms)
{
	if (s->wide) {
		for (unsigned i = first; i < end; i++)
			newest_ms = time_at(s, i) > newest_ms ? time_at(s, i) : newest_ms;
		return newest_ms;
	}
	const uint32_t *times = (const uint32_t *)(const void *)times_of(s);
	uint32_t newest = 0;
	for (unsigned i = first; i < end; i++)
		newest = times[i] > newest ? times[i] : newest;
	return s->base_ms + newest > newest_ms ? s->base_ms + newest : newest_ms;
}

/* The ring's ids lie in one row of places, or in two: behind the head and, where they go round, before it. */
static int64_t newest_of(const struct seen *s, int64_t newest_ms)
{
	unsigned end = s->head + s->count;
	if (end <= s->cap)
		return newest_between(s, s->head, end, newest_ms);
	newest_ms = newest_between(s, s->head, s->cap, newest_ms);
	return newest_between(s, 0, end - s->cap, newest_ms);
}

void seen_add(struct seen *s, uint64_t id, uint64_t content, int64_t time_ms)
{
	if (s->count >= SEEN_IDS_MIN) {
		int64_t newest_ms = newest_of(s, time_ms);
		while (s->count >= SEEN_IDS_MIN &&
		       (s->count >= SEEN_IDS_MAX || time_at(s, s->head) < newest_ms - ALERT_HORIZON_MS))
			drop_first(s);
	}
	seen_push(s, (struct seen_id){ .id = id, .content = (uint32_t)content, .time_ms = time_ms });
}
