/* state/marks.c: when rules with once_per last fired, sorted by rule and member. A mark never goes back in time (a late
 * event must not make a rule fire twice today). Full, the oldest gives way, of equals the first in order. */
#include "base/limits.h"
#include "state/inside.h"

int mark_order(const struct mark *m, uint32_t rule, uint8_t member)
{
	if (m->rule != rule)
		return m->rule < rule ? -1 : 1;
	return (m->member > member) - (m->member < member);
}

static unsigned place_of(const struct record *r, uint32_t rule, uint8_t member, bool *found)
{
	unsigned i = 0;
	while (i < r->rare->mark_count && mark_order(&r->rare->marks[i], rule, member) < 0)
		i++;
	*found = i < r->rare->mark_count && mark_order(&r->rare->marks[i], rule, member) == 0;
	return i;
}

int64_t marks_get(const struct record *r, uint32_t rule, uint8_t member)
{
	bool found;
	unsigned at = place_of(r, rule, member, &found);
	return found ? r->rare->marks[at].time_ms : INT64_MIN;
}

void marks_set(struct record *r, uint32_t rule, uint8_t member, int64_t time_ms)
{
	bool found;
	CHECK(member <= r->member_count);
	unsigned at = place_of(r, rule, member, &found);
	if (found) {
		if (time_ms > r->rare->marks[at].time_ms)
			r->rare->marks[at].time_ms = time_ms;
		return;
	}
	if (r->rare->mark_count >= LIMIT_MARKS) {
		unsigned oldest = 0;
		for (unsigned i = 1; i < r->rare->mark_count; i++) {
			if (r->rare->marks[i].time_ms < r->rare->marks[oldest].time_ms)
				oldest = i;
		}
		ARRAY_REMOVE(r->rare->marks, r->rare->mark_count, oldest);
		at -= oldest < at;
	}
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->marks, own->mark_count, own->mark_cap, at, LIMIT_MARKS);
	r->rare->marks[at] = (struct mark){ .rule = rule, .member = member, .time_ms = time_ms };
}
