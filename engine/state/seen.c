/* state/seen.c: the ids of recent events, in order of arrival, and the floor: the newest event time among those
 * dropped. What is not newer than the floor and not among the ids may be a duplicate: nobody can tell.
 *
 * How many are kept depends on the ids alone and never on the ring's capacity, so that a record read back from the
 * store goes on exactly as the one that stayed in memory: before an add, the first goes as long as there are
 * SEEN_IDS_MIN or more and it is older than ALERT_HORIZON_MS before the newest, or there are SEEN_IDS_MAX. */
#include "base/limits.h"
#include "state/inside.h"

void seen_finish(struct seen *s)
{
	free(s->ids);
	*s = (struct seen){ .floor_ms = INT64_MIN };
}

enum seen_answer seen_ask(const struct seen *s, uint64_t id, uint64_t content, int64_t time_ms)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct seen_id *known = seen_at(s, i);
		if (known->id == id)
			return known->content == content ? SEEN_DUPLICATE : SEEN_CONFLICT;
	}
	/* INT64_MIN: nothing was dropped yet, whatever the time */
	return s->floor_ms != INT64_MIN && time_ms <= s->floor_ms ? SEEN_TOO_OLD : SEEN_NEW;
}

static void ring_grow(struct seen *s)
{
	unsigned cap = s->cap + s->cap / 2u + 2u;
	if (cap > SEEN_IDS_MAX)
		cap = SEEN_IDS_MAX;
	struct seen_id *ids = must_malloc(cap * sizeof(*ids));
	for (unsigned i = 0; i < s->count; i++)
		ids[i] = *seen_at(s, i);
	free(s->ids);
	s->ids = ids;
	s->head = 0;
	s->cap = (uint16_t)cap;
}

void seen_push(struct seen *s, struct seen_id id)
{
	CHECK(s->count < SEEN_IDS_MAX);
	if (s->count == s->cap)
		ring_grow(s);
	*seen_at(s, s->count++) = id;
}

static void drop_first(struct seen *s)
{
	int64_t time_ms = seen_at(s, 0)->time_ms;
	if (time_ms > s->floor_ms)
		s->floor_ms = time_ms;
	s->head = (uint16_t)((s->head + 1) % s->cap);
	s->count--;
}

void seen_add(struct seen *s, uint64_t id, uint64_t content, int64_t time_ms)
{
	if (s->count >= SEEN_IDS_MIN) {
		int64_t newest_ms = time_ms;
		for (unsigned i = 0; i < s->count; i++) {
			if (seen_at(s, i)->time_ms > newest_ms)
				newest_ms = seen_at(s, i)->time_ms;
		}
		while (s->count >= SEEN_IDS_MIN &&
		       (s->count >= SEEN_IDS_MAX || seen_at(s, 0)->time_ms < newest_ms - ALERT_HORIZON_MS))
			drop_first(s);
	}
	seen_push(s, (struct seen_id){ .id = id, .content = content, .time_ms = time_ms });
}
