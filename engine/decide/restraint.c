/* decide/restraint.c: policies that are neither a condition nor a count: quiet hours of a channel, the steps of a ladder, budgets;
 * and of every policy that holds something back, until when. */
#include "decide/deciding.h"
#include "decide/spending.h"

#define MINUTE_MS (60 * 1000)

/* Within the hours themselves, which may go past midnight. */
static bool is_quiet(const struct policy_decl *p, unsigned minute)
{
	if (p->quiet_from <= p->quiet_to)
		return minute >= p->quiet_from && minute < p->quiet_to;
	return minute >= p->quiet_from || minute < p->quiet_to;
}

static bool quiet_at(const struct deciding *d, const struct policy_decl *p, int64_t time_ms)
{
	return is_quiet(p, (unsigned)zone_minute_of_day(d->m->pack->zone, time_ms));
}

static bool quiet_now(const struct deciding *d, const struct policy_decl *p)
{
	return quiet_at(d, p, d->e->now_ms);
}

/* When the hours end that it is in. On a day on which the clocks change, minutes of the day are not minutes since midnight. */
static int64_t quiet_end(const struct deciding *d, const struct policy_decl *p, int64_t time_ms)
{
	const struct zone *z = d->m->pack->zone;
	int64_t day_ms = zone_day_start(z, time_ms);
	if (zone_minute_of_day(z, time_ms) >= p->quiet_to)
		day_ms = zone_day_shift(z, day_ms, 1);
	int64_t end_ms = day_ms + (int64_t)p->quiet_to * MINUTE_MS;
	return end_ms + (int64_t)(zone_offset_s(z, day_ms) - zone_offset_s(z, end_ms)) * 1000;
}

/* The newest yes or no to an action within the ladder's span; NULL: none. */
static const struct outcome *newest_answer(const struct deciding *d, const struct policy_decl *p, const struct str *action)
{
	const struct record *r = d->e->customer;
	int64_t now_ms = d->e->now_ms, from_ms = span_from(p->ladder_within, d->m->pack->zone, now_ms);
	for (unsigned i = r->rare->outcome_count; i > 0; i--) {
		const struct outcome *o = &r->rare->outcomes[i - 1];
		if (o->action == action && o->time_ms <= now_ms && o->time_ms > from_ms &&
		    (o->kind == OUTCOME_ACCEPTED || o->kind == OUTCOME_REJECTED))
			return o;
	}
	return NULL;
}

static bool rejected(const struct outcome *o)
{
	return o && o->kind == OUTCOME_REJECTED;
}

/* A step that was refused is not offered again, and none before the one below it was refused. */
static bool off_the_ladder(const struct deciding *d, const struct policy_decl *p)
{
	return rejected(newest_answer(d, p, p->action)) || (p->before && !rejected(newest_answer(d, p, p->before)));
}

bool restraint_holds(struct deciding *d, const struct policy_decl *p, const struct action_decl *a)
{
	if (p->kind == POLICY_BUDGET)
		return budget_holds(d, p, a);
	return p->kind == POLICY_QUIET ? quiet_now(d, p) : p->kind == POLICY_LADDER && off_the_ladder(d, p);
}

/* When an instant leaves the window (now - span, now]. 0: never. */
static int64_t leaves(const struct zone *z, struct span s, int64_t time_ms)
{
	switch (s.kind) {
	case SPAN_EXACT:
		return time_ms + s.ms;
	case SPAN_TODAY:
		return zone_day_shift(z, time_ms, 1);
	case SPAN_MONTH:
		return zone_month_start(z, zone_day_shift(z, zone_month_start(z, time_ms), 32));
	default:
		return 0;
	}
}

struct until {
	bool holds, open_ended;
	int64_t ms; /* the latest of them */
};

static void until_add(struct until *u, int64_t ms)
{
	u->holds = true;
	u->open_ended |= ms == 0;
	u->ms = ms > u->ms ? ms : u->ms;
}

static void ladder_until(struct deciding *d, const struct policy_decl *p, struct until *u)
{
	const struct zone *z = d->m->pack->zone;
	const struct outcome *own = newest_answer(d, p, p->action), *before = p->before ? newest_answer(d, p, p->before) : NULL;
	if (p->before && !rejected(before))
		until_add(u, 0); /* until they refuse that */
	if (!rejected(own))
		return;
	until_add(u, leaves(z, p->ladder_within, own->time_ms));
}

/* The pause's, or before it the moment in which one of those that it follows from leaves the span. */
static int64_t pause_end(struct deciding *d, const struct policy_decl *p, const struct action_decl *a, const struct tally *t)
{
	int64_t end_ms = tally_end(p, t);
	if (p->after_kind == OUTCOME_LATER) /* who said when to come back said it for that long */
		return end_ms;
	unsigned nth = t->count - p->after_count + 1;
	struct tally first = outcomes_tally(d, p, a, p->after_kind, p->after_within, nth);
	int64_t leaves_ms = leaves(d->m->pack->zone, p->after_within, first.nth_ms);
	return leaves_ms && leaves_ms < end_ms ? leaves_ms : end_ms;
}

static void policy_until(struct deciding *d, const struct policy_decl *p, const struct action_decl *a, struct until *u)
{
	const struct zone *z = d->m->pack->zone;
	int64_t now_ms = d->e->now_ms;
	if (p->unless && eval_is_true(eval_term(d->e, p->unless)))
		until_add(u, 0);
	if (p->kind == POLICY_QUIET && quiet_now(d, p))
		until_add(u, quiet_end(d, p, now_ms));
	if (p->kind == POLICY_LADDER)
		ladder_until(d, p, u);
	if (p->kind == POLICY_BUDGET && budget_holds(d, p, a))
		until_add(u, budget_until(d));
	if (p->after_count) {
		struct tally t = outcomes_tally(d, p, a, p->after_kind, p->after_within, 0);
		if (t.count >= p->after_count && now_ms < tally_end(p, &t))
			until_add(u, pause_end(d, p, a, &t));
	}
	if (p->at_most) {
		struct tally t = outcomes_tally(d, p, a, p->at_most_kind, p->at_most_within, 0);
		if (t.count >= p->at_most) { /* the first whose going leaves room for one more */
			t = outcomes_tally(d, p, a, p->at_most_kind, p->at_most_within, t.count - p->at_most + 1);
			until_add(u, leaves(z, p->at_most_within, t.nth_ms));
		}
	}
}

static bool is_excepted(struct deciding *d, const struct policy_decl *p)
{
	return p->except && eval_is_true(eval_term(d->e, p->except));
}

/* By then the refusal that led to this step of a ladder is forgotten: they must refuse the step before anew. */
static bool off_the_ladder_then(struct deciding *d, const struct action_decl *a, int64_t time_ms)
{
	for (unsigned i = 0; i < a->policy_count; i++) {
		const struct policy_decl *p = &d->m->pack->policies[a->policies[i]];
		const struct outcome *before = p->kind == POLICY_LADDER && p->before ? newest_answer(d, p, p->before) : NULL;
		int64_t forgotten_ms = before ? leaves(d->m->pack->zone, p->ladder_within, before->time_ms) : 0;
		if (forgotten_ms && forgotten_ms <= time_ms)
			return true;
	}
	return false;
}

/* What ends at night ends in the morning. */
static int64_t not_at_night(struct deciding *d, const struct action_decl *a, int64_t time_ms)
{
	for (unsigned i = 0; i < a->policy_count; i++) {
		const struct policy_decl *p = &d->m->pack->policies[a->policies[i]];
		if (p->kind == POLICY_QUIET && policy_names_channel(d, p) && quiet_at(d, p, time_ms) && !is_excepted(d, p))
			time_ms = quiet_end(d, p, time_ms);
	}
	return time_ms;
}

int64_t action_until(struct deciding *d, const struct action_decl *a)
{
	struct until all = { 0 };
	uint8_t member = d->e->member;
	for (unsigned i = 0; i < a->policy_count; i++) {
		const struct policy_decl *p = &d->m->pack->policies[a->policies[i]];
		struct until u = { 0 };
		d->e->member = member;
		if (!policy_names_channel(d, p))
			continue;
		policy_until(d, p, a, &u);
		d->e->member = member;
		if (u.holds && !is_excepted(d, p))
			until_add(&all, u.open_ended ? 0 : u.ms);
	}
	d->e->member = member;
	int64_t end_ms = all.open_ended ? 0 : not_at_night(d, a, all.ms);
	return end_ms && off_the_ladder_then(d, a, end_ms) ? 0 : end_ms;
}
