/* state/seen.c: the ids of recent events, in order of arrival, and the floor: the newest event time among those
 * dropped. What is not newer than the floor and not among the ids may be a duplicate: nobody can tell.
 *
 * How many are kept depends on the ids alone, so that a record read back from the store goes on exactly as the one that
 * stayed in memory: before an add, the first goes as long as there are SEEN_IDS_MIN or more and it is older than
 * ALERT_HORIZON_MS before the newest, or there are SEEN_IDS_MAX.
 *
 * They are the last part of a record's body, three arrays back to back, since every event of a customer looks at all
 * its ids, and at nothing else of them:
 *
 *     id 8 ... | time 4 (wide: 8) ... | content 4 ...
 *
 * Times are counted from seen_base_ms, which is the first time less half of what 32 bits reach; a time beyond that makes
 * all of them wide for good. Neither shows outside. */
#include "base/limits.h"
#include "state/inside.h"

#define NARROW_HALF_MS (1LL << 31)

static uint64_t *ids_of(const struct record *r)
{
	return (uint64_t *)(void *)(record_timeline(r) + r->timeline_count);
}

static size_t time_size(const struct record *r)
{
	return r->seen_wide ? sizeof(int64_t) : sizeof(uint32_t);
}

static char *times_of(const struct record *r)
{
	return (char *)(ids_of(r) + r->seen_count);
}

static uint32_t *contents_of(const struct record *r)
{
	return (uint32_t *)(void *)(times_of(r) + r->seen_count * time_size(r));
}

static int64_t time_at(const struct record *r, unsigned i)
{
	if (r->seen_wide)
		return ((const int64_t *)(const void *)times_of(r))[i];
	return r->seen_base_ms + ((const uint32_t *)(const void *)times_of(r))[i];
}

struct seen_id seen_at(const struct record *r, unsigned i)
{
	return (struct seen_id){ ids_of(r)[i], contents_of(r)[i], time_at(r, i) };
}

size_t seen_bytes(const struct record *r)
{
	return r->seen_count * (sizeof(uint64_t) + time_size(r) + sizeof(uint32_t));
}

/* INT64_MIN: nothing was dropped yet, whatever the time */
bool seen_forgotten(const struct record *r, int64_t time_ms)
{
	return r->seen_floor_ms != INT64_MIN && time_ms <= r->seen_floor_ms;
}

enum seen_answer seen_ask(const struct record *r, uint64_t id, uint64_t content, int64_t time_ms)
{
	const uint64_t *ids = ids_of(r);
	for (unsigned i = 0; i < r->seen_count; i++) {
		if (ids[i] == id)
			return contents_of(r)[i] == (uint32_t)content ? SEEN_DUPLICATE : SEEN_CONFLICT;
	}
	return seen_forgotten(r, time_ms) ? SEEN_TOO_OLD : SEEN_NEW;
}

static void put_time(struct record *r, unsigned i, int64_t time_ms)
{
	if (r->seen_wide)
		((int64_t *)(void *)times_of(r))[i] = time_ms;
	else
		((uint32_t *)(void *)times_of(r))[i] = (uint32_t)(time_ms - r->seen_base_ms);
}

/* Nobody's times are wide at first, so this is seldom done, and never undone. */
static void widen(struct record *r)
{
	int64_t times[SEEN_IDS_MAX];
	size_t more = r->seen_count * (sizeof(int64_t) - sizeof(uint32_t));
	for (unsigned i = 0; i < r->seen_count; i++)
		times[i] = time_at(r, i);
	body_insert(r, contents_of(r), more);
	r->seen_wide = true;
	for (unsigned i = 0; i < r->seen_count; i++)
		put_time(r, i, times[i]);
}

/* Leaves out the oldest `drop` and makes room for one more at the end. */
static void shift(struct record *r, unsigned drop)
{
	unsigned before = r->seen_count, kept = before - drop, after = kept + 1;
	size_t unit = time_size(r);
	if (after > before)
		body_insert(r, (char *)ids_of(r) + seen_bytes(r), sizeof(uint64_t) + unit + sizeof(uint32_t));
	char *ids = (char *)ids_of(r);
	char *times = ids + before * sizeof(uint64_t), *contents = times + before * unit;
	char *to_times = ids + after * sizeof(uint64_t), *to_contents = to_times + after * unit;
	times += drop * unit;
	contents += drop * sizeof(uint32_t);
	if (after > before) { /* up, the last first */
		memmove(to_contents, contents, kept * sizeof(uint32_t));
		memmove(to_times, times, kept * unit);
	} else {
		memmove(ids, ids + drop * sizeof(uint64_t), kept * sizeof(uint64_t));
		memmove(to_times, times, kept * unit);
		memmove(to_contents, contents, kept * sizeof(uint32_t));
	}
	r->seen_count = (uint16_t)after;
	if (after < before)
		body_trim(r);
}

static void push(struct record *r, unsigned drop, const struct seen_id *id)
{
	if (r->seen_count == 0)
		r->seen_base_ms = id->time_ms - NARROW_HALF_MS;
	if (!r->seen_wide && (id->time_ms < r->seen_base_ms || id->time_ms >= r->seen_base_ms + 2 * NARROW_HALF_MS))
		widen(r);
	shift(r, drop);
	unsigned last = r->seen_count - 1u;
	ids_of(r)[last] = id->id;
	contents_of(r)[last] = id->content;
	put_time(r, last, id->time_ms);
}

void seen_push(struct record *r, struct seen_id id)
{
	CHECK(r->seen_count < SEEN_IDS_MAX);
	push(r, 0, &id);
}

void seen_clear(struct record *r)
{
	r->seen_count = 0;
	r->seen_wide = false;
}

static int64_t newest_of(const struct record *r, int64_t newest_ms)
{
	if (r->seen_wide) {
		for (unsigned i = 0; i < r->seen_count; i++)
			newest_ms = time_at(r, i) > newest_ms ? time_at(r, i) : newest_ms;
		return newest_ms;
	}
	const uint32_t *times = (const uint32_t *)(const void *)times_of(r);
	uint32_t newest = 0;
	for (unsigned i = 0; i < r->seen_count; i++)
		newest = times[i] > newest ? times[i] : newest;
	return r->seen_base_ms + newest > newest_ms ? r->seen_base_ms + newest : newest_ms;
}

void seen_add(struct record *r, uint64_t id, uint64_t content, int64_t time_ms)
{
	unsigned drop = 0;
	if (r->seen_count >= SEEN_IDS_MIN) {
		int64_t horizon_ms = newest_of(r, time_ms) - ALERT_HORIZON_MS;
		for (; r->seen_count - drop >= SEEN_IDS_MIN; drop++) {
			int64_t first_ms = time_at(r, drop);
			if (r->seen_count - drop < SEEN_IDS_MAX && first_ms >= horizon_ms)
				break;
			r->seen_floor_ms = first_ms > r->seen_floor_ms ? first_ms : r->seen_floor_ms;
		}
	}
	push(r, drop, &(struct seen_id){ .id = id, .content = (uint32_t)content, .time_ms = time_ms });
}
