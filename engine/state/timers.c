/* state/timers.c: due times of cases, ordered by due time, then case, member and key. fire_ms plays no part in the
 * order, since live and imported histories differ in it and in nothing else. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

void timer_drop(struct timer *t, struct strpool *pool)
{
	strpool_drop(pool, t->key);
}

int timer_order(const struct timer *t, int64_t due_ms, uint32_t decl, uint8_t member, struct slice key)
{
	if (t->due_ms != due_ms)
		return t->due_ms < due_ms ? -1 : 1;
	if (t->decl != decl)
		return t->decl < decl ? -1 : 1;
	if (t->member != member)
		return t->member < member ? -1 : 1;
	return slice_compare(str_slice(t->key), key);
}

int timers_add(struct record *r, struct strpool *pool, int64_t due_ms, int64_t fire_ms, uint32_t decl, uint8_t member,
	       struct slice key)
{
	CHECK(member <= r->member_count);
	unsigned at = r->rare->timer_count;
	while (at > 0 && timer_order(&r->rare->timers[at - 1], due_ms, decl, member, key) > 0)
		at--;
	if (at > 0 && timer_order(&r->rare->timers[at - 1], due_ms, decl, member, key) == 0) {
		if (fire_ms < r->rare->timers[at - 1].fire_ms)
			r->rare->timers[at - 1].fire_ms = fire_ms;
		return ERR_OK;
	}
	if (r->rare->timer_count >= LIMIT_TIMERS)
		return error_set(ERR_LIMIT, NULL, "too many due times; limit_timers is %u", LIMIT_TIMERS);
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->timers, own->timer_count, own->timer_cap, at, LIMIT_TIMERS);
	r->rare->timers[at] = (struct timer){
		.due_ms = due_ms, .fire_ms = fire_ms, .decl = decl, .member = member, .key = text_opt(pool, key),
	};
	return ERR_OK;
}

void timers_remove(struct record *r, struct strpool *pool, uint32_t decl, uint8_t member, struct slice key)
{
	for (unsigned i = r->rare->timer_count; i-- > 0;) {
		struct timer *t = &r->rare->timers[i];
		if (t->decl != decl || t->member != member || !slice_equal(str_slice(t->key), key))
			continue;
		timer_drop(t, pool);
		ARRAY_REMOVE(r->rare->timers, r->rare->timer_count, i);
	}
}

int64_t timers_next_fire(const struct record *r)
{
	int64_t next_ms = INT64_MAX;
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		if (r->rare->timers[i].fire_ms < next_ms)
			next_ms = r->rare->timers[i].fire_ms;
	}
	return next_ms;
}

bool timer_of_clock(const struct timer *t)
{
	return t->decl == TIMER_SEGMENT || t->decl == TIMER_CAMPAIGN;
}

const struct timer *timers_before_event(const struct record *r, int64_t time_ms)
{
	for (unsigned i = 0; i < r->rare->timer_count && r->rare->timers[i].due_ms <= time_ms; i++)
		if (!timer_of_clock(&r->rare->timers[i]))
			return &r->rare->timers[i];
	return NULL;
}
