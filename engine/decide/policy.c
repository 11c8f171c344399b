/* decide/policy.c: contact policies: not too often, not what was refused, not while something is wrong. They count
 * outcomes, which describe themselves, so they hold for actions of an earlier pack and for decisions whose record is
 * lost. */
#include "decide/deciding.h"
#include "decide/text.h"
#include "decide/watch.h"

static bool names_channel(const struct deciding *d, const struct policy_decl *p)
{
	return !p->channel || slice_equal(str_slice(p->channel), d->channel);
}

/* Does this outcome count together with the action? */
static bool counts_with(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
			const struct outcome *o)
{
	const struct pack *pack = d->m->pack;
	if (p->per == PER_ALL)
		return true;
	if (p->per == PER_CHANNEL)
		return slice_equal(str_slice(o->channel), d->channel);
	if (o->action == a->name)
		return true;
	int other = p->per == PER_ACTION ? -1 : pack_action(pack, o->action);
	if (other < 0)
		return false;
	return p->per == PER_GROUP ? a->group && pack->actions[other].group == a->group
				   : a->goal && pack->actions[other].goal == a->goal;
}

struct tally {
	unsigned count;
	int64_t newest_ms;
};

static struct tally outcomes_tally(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
				   unsigned kind, struct span within)
{
	const struct record *r = d->e->customer;
	struct tally t = { 0, INT64_MIN };
	if (r->rare->outcome_count == 0)
		return t;
	int64_t now_ms = d->e->now_ms, from_ms = span_from(within, d->m->pack->zone, now_ms);
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		if ((kind && o->kind != kind) || o->time_ms <= from_ms || o->time_ms > now_ms ||
		    !counts_with(d, p, a, o))
			continue;
		t.count++;
		t.newest_ms = o->time_ms > t.newest_ms ? o->time_ms : t.newest_ms;
	}
	return t;
}

/* A policy's own condition, `unless` or `except`. */
static bool condition_holds(struct deciding *d, const struct policy_decl *p, const struct term *condition)
{
	struct eval *e = d->e;
	uint8_t member = e->member;
	struct value held = eval_term(e, condition);
	if (e->watch)
		e->watch->policy(e->watch->arg, p, condition, member, held);
	return eval_is_true(held);
}

static bool policy_holds(struct deciding *d, const struct policy_decl *p, const struct action_decl *a)
{
	if (p->unless && condition_holds(d, p, p->unless))
		return true;
	if (p->after_count) {
		struct tally t = outcomes_tally(d, p, a, p->after_kind, p->after_within);
		if (t.count >= p->after_count && d->e->now_ms < t.newest_ms + p->pause_ms)
			return true;
	}
	return p->at_most && outcomes_tally(d, p, a, p->at_most_kind, p->at_most_within).count >= p->at_most;
}

int policies_ask(struct deciding *d, const struct action_decl *a)
{
	const struct pack *pack = d->m->pack;
	uint8_t member = d->e->member;
	int found = -1;
	for (unsigned i = 0; i < a->policy_count && found < 0; i++) {
		const struct policy_decl *p = &pack->policies[a->policies[i]];
		d->e->member = member;
		if (!names_channel(d, p) || !policy_holds(d, p, a))
			continue;
		if (p->except && condition_holds(d, p, p->except))
			continue;
		if (d->e->watch)
			d->e->watch->policy(d->e->watch->arg, p, NULL, member, value_bool(true));
		found = a->policies[i];
		d->held[found] = true;
	}
	d->e->member = member;
	return found;
}

static bool phrase_is_empty(const struct phrase *p, unsigned languages)
{
	for (unsigned i = 0; p->by_language && i < languages; i++)
		if (p->by_language[i].count)
			return false;
	return true;
}

/* Words of the policies in force: those that held an action back, and those whose condition holds even if no action
 * came so far. */
void cautions_fill(struct deciding *d)
{
	const struct pack *pack = d->m->pack;
	struct eval *e = d->e;
	e->action = NULL;
	for (unsigned i = 0; i < pack->policy_count && d->out->caution_count < LIMIT_ANSWERS; i++) {
		const struct policy_decl *p = &pack->policies[i];
		if (phrase_is_empty(&p->say, pack->language_count) || !names_channel(d, p))
			continue;
		e->member = d->member;
		if (!d->held[i] && !(p->unless && eval_is_true(eval_term(e, p->unless))))
			continue;
		e->member = d->member;
		struct slice say = phrase_fill(e, &p->say, d->language, NULL);
		if (say.len)
			d->out->cautions[d->out->caution_count++] = say;
	}
	e->member = d->member;
}
