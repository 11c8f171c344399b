/* state/outcomes.c: what became of recommendations, ordered by time; of one instant by arrival. The oldest give way. */
#include "base/limits.h"
#include "state/inside.h"

static const char *const names[] = { "", "shown", "offered", "accepted", "rejected", "later", "ignored",
				     "overruled" };

const char *outcome_name(enum outcome_kind kind)
{
	return kind >= OUTCOME_SHOWN && kind <= OUTCOME_LAST ? names[kind] : "unknown";
}

int outcome_from_name(struct slice name)
{
	for (int kind = OUTCOME_SHOWN; kind <= OUTCOME_LAST; kind++) {
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
	if (o->more) {
		strpool_drop(pool, o->more->reason);
		strpool_drop(pool, o->more->terms);
		free(o->more);
	}
}

struct outcome_more *outcome_more_copy(const struct outcome_more *more)
{
	if (!more)
		return NULL;
	struct outcome_more *copy = must_malloc(sizeof(*copy));
	*copy = *more;
	str_ref(copy->reason);
	str_ref(copy->terms);
	return copy;
}

void outcomes_place(struct record *r, struct strpool *pool, struct outcome *o)
{
	CHECK(o->member <= r->member_count && o->kind >= OUTCOME_SHOWN && o->kind <= OUTCOME_LAST);
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

static struct outcome_more *more_of(struct strpool *pool, const struct outcome_details *d)
{
	if (!d || (!d->reason.len && !d->terms.len && !d->revenue && !d->cost && !d->until_ms))
		return NULL;
	struct outcome_more *more = must_malloc(sizeof(*more));
	*more = (struct outcome_more){ .reason = text_opt(pool, d->reason), .terms = text_opt(pool, d->terms),
				       .revenue = d->revenue, .cost = d->cost, .until_ms = d->until_ms };
	return more;
}

void outcomes_add_with(struct record *r, struct strpool *pool, const struct outcome *like, struct slice action,
		       struct slice channel, struct slice agent, const struct outcome_details *details)
{
	struct outcome o = *like;
	o.action = text_opt(pool, action);
	o.channel = text_opt(pool, channel);
	o.agent = text_opt(pool, agent);
	o.more = more_of(pool, details);
	outcomes_place(r, pool, &o);
}

void outcomes_add(struct record *r, struct strpool *pool, const struct outcome *like, struct slice action,
		  struct slice channel, struct slice agent)
{
	outcomes_add_with(r, pool, like, action, channel, agent, NULL);
}
