/* state/outcomes.c: what became of recommendations, ordered by time; of one instant by arrival. The oldest give way. */
#include "base/limits.h"
#include "state/inside.h"

static const char *const names[] = { "", "shown", "offered", "accepted", "rejected", "later", "ignored" };

const char *outcome_name(enum outcome_kind kind)
{
	return kind >= OUTCOME_SHOWN && kind <= OUTCOME_IGNORED ? names[kind] : "unknown";
}

int outcome_from_name(struct slice name)
{
	for (int kind = OUTCOME_SHOWN; kind <= OUTCOME_IGNORED; kind++) {
		if (slice_equal(name, slice_of(names[kind])))
			return kind;
	}
	return 0;
}

void outcome_drop(struct outcome *o, struct strpool *pool)
{
	strpool_drop(pool, o->action);
	strpool_drop(pool, o->channel);
	strpool_drop(pool, o->agent);
}

void outcomes_place(struct record *r, struct strpool *pool, struct outcome *o)
{
	CHECK(o->member <= r->member_count && o->kind >= OUTCOME_SHOWN && o->kind <= OUTCOME_IGNORED);
	unsigned at = r->rare->outcome_count;
	while (at > 0 && r->rare->outcomes[at - 1].time_ms > o->time_ms)
		at--;
	if (r->rare->outcome_count >= LIMIT_OUTCOMES) {
		if (at == 0) {
			outcome_drop(o, pool);
			return;
		}
		outcome_drop(&r->rare->outcomes[0], pool);
		ARRAY_REMOVE(r->rare->outcomes, r->rare->outcome_count, 0);
		at--;
	}
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->outcomes, own->outcome_count, own->outcome_cap, at, LIMIT_OUTCOMES);
	r->rare->outcomes[at] = *o;
}

void outcomes_add(struct record *r, struct strpool *pool, const struct outcome *like, struct slice action,
		  struct slice channel, struct slice agent)
{
	struct outcome o = *like;
	o.action = text_opt(pool, action);
	o.channel = text_opt(pool, channel);
	o.agent = text_opt(pool, agent);
	outcomes_place(r, pool, &o);
}
