/* decide/policy.c: contact policies: not too often, not what was refused, not while something is wrong. They count
 * outcomes, which describe themselves, so they hold for actions of an earlier pack and for decisions whose record is
 * lost. */
#include "decide/deciding.h"
#include "decide/explained.h"
#include "decide/spending.h"
#include "decide/text.h"
#include "decide/watch.h"

bool policy_names_channel(const struct deciding *d, const struct policy_decl *p)
{
	if (p->kind >= POLICY_CONSENT && p->kind <= POLICY_QUIET && !p->outbound && !d->ask->nudge)
		return false;
	return !p->channel || slice_equal(str_slice(p->channel), d->channel);
}

/* Does this outcome count together with the action? */
static bool counts_with(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
			const struct outcome *o)
{
	const struct pack *pack = d->m->pack;
	if (p->of_member && d->member && o->member != d->member)
		return false;
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

/* … put off once more after that one. */
static bool said_later(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a, unsigned after)
{
	const struct record *r = d->e->customer;
	for (unsigned i = after + 1; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		if (o->kind == OUTCOME_LATER && o->time_ms <= d->e->now_ms && counts_with(d, p, a, o))
			return true;
	}
	return false;
}

struct tally outcomes_tally(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
			    unsigned kind, struct span within, unsigned nth)
{
	const struct record *r = d->e->customer;
	struct tally t = { .newest_ms = INT64_MIN };
	if (r->rare->outcome_count == 0)
		return t;
	int64_t now_ms = d->e->now_ms, from_ms = span_from(within, d->m->pack->zone, now_ms);
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		/* who said when to come back said it for that long, or until they said otherwise */
		bool said = kind == OUTCOME_LATER && outcome_until_ms(o) > now_ms && !said_later(d, p, a, i);
		if ((kind && o->kind != kind) || (o->time_ms <= from_ms && !said) || o->time_ms > now_ms ||
		    !counts_with(d, p, a, o))
			continue;
		if (++t.count == nth)
			t.nth_ms = o->time_ms;
		t.newest_ms = o->time_ms; /* they are in the order of time */
		t.until_ms = kind == OUTCOME_LATER ? outcome_until_ms(o) : 0;
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
	if (p->kind && restraint_holds(d, p, a))
		return true;
	if (p->after_count) {
		struct tally t = outcomes_tally(d, p, a, p->after_kind, p->after_within, 0);
		if (t.count >= p->after_count && d->e->now_ms < tally_end(p, &t))
			return true;
	}
	return p->at_most && outcomes_tally(d, p, a, p->at_most_kind, p->at_most_within, 0).count >= p->at_most;
}

int policies_ask(struct deciding *d, const struct action_decl *a)
{
	const struct pack *pack = d->m->pack;
	uint8_t member = d->e->member;
	int found = -1;
	for (unsigned i = 0; i < a->policy_count && found < 0; i++) {
		const struct policy_decl *p = &pack->policies[a->policies[i]];
		d->e->member = member;
		if (!policy_names_channel(d, p) || !policy_holds(d, p, a))
			continue;
		if (p->except && condition_holds(d, p, p->except))
			continue;
		if (d->e->watch)
			d->e->watch->policy(d->e->watch->arg, p, NULL, member, value_bool(true));
		found = a->policies[i];
		/* that a cost is unknown says nothing of what is left */
		d->held[found] = p->kind != POLICY_BUDGET || cost_is_known(d, a);
	}
	d->e->member = member;
	return found;
}

bool phrase_is_there(const struct phrase *p, const struct pack *pack)
{
	for (unsigned i = 0; p->by_language && i < pack->language_count; i++)
		if (p->by_language[i].count)
			return true;
	return false;
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
		if (!phrase_is_there(&p->say, pack) || !policy_names_channel(d, p))
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

/* How many outcomes count so far, and of how many. */
static void tally_text(struct deciding *d, struct tally t, unsigned kind, unsigned most, struct span within,
		       struct bytes *out)
{
	char span[32];
	bytes_printf(out, "%u %s in %.*s, of %u", t.count, kind ? outcome_name((enum outcome_kind)kind) : "outcomes",
		     SLICE_ARG(span_text(within, span)), most);
}

/* What it counts, or what it waits for, where it has a condition; *holds whether that holds the action back. */
static void policy_state(struct deciding *d, const struct policy_decl *p, const struct action_decl *a, bool *holds,
			 struct explained_condition *out, struct bytes *missing)
{
	struct bytes b = { 0 };
	if (p->unless) {
		struct explained_condition unless;
		explain_condition(d, p->unless, &unless);
		*holds = strcmp(unless.state, "passed") == 0;
		out->values = unless.values;
		out->value_count = unless.value_count;
		bytes_printf(&b, "unless %.*s", SLICE_ARG(unless.text));
		if (*holds)
			bytes_printf(missing, "held back while %.*s", SLICE_ARG(unless.text));
	}
	if (p->after_count) {
		struct tally t = outcomes_tally(d, p, a, p->after_kind, p->after_within, 0);
		int64_t left_ms = t.count >= p->after_count ? tally_end(p, &t) - d->e->now_ms : 0;
		tally_text(d, t, p->after_kind, p->after_count, p->after_within, &b);
		if (left_ms > 0) {
			char span[32];
			*holds = true;
			bytes_printf(missing, "paused for another %.*s",
				     SLICE_ARG(span_text((struct span){ SPAN_EXACT, left_ms }, span)));
		}
	}
	if (p->at_most) {
		struct tally t = outcomes_tally(d, p, a, p->at_most_kind, p->at_most_within, 0);
		tally_text(d, t, p->at_most_kind, p->at_most, p->at_most_within, &b);
		if (t.count >= p->at_most) {
			*holds = true;
			bytes_printf(missing, "no more of them for now");
		}
	}
	if (p->kind == POLICY_BUDGET)
		budget_text(d, p, a, &b);
	if (p->kind && restraint_holds(d, p, a)) {
		*holds = true;
		bytes_printf(missing, "%.*s", SLICE_ARG(p->text));
	}
	out->text = arena_slice(&d->m->arena, bytes_slice(&b));
	bytes_finish(&b);
}

void policy_explain(struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
		    struct explained_condition *out)
{
	struct bytes missing = { 0 };
	bool holds = false;
	uint8_t member = d->e->member;
	*out = (struct explained_condition){ .name = p->text, .state = "open" };
	if (!policy_names_channel(d, p)) {
		out->text = p->kind >= POLICY_CONSENT && p->kind <= POLICY_QUIET && !p->outbound
				    ? SLICE("only for what the system sends of itself")
				    : arena_printf(&d->m->arena, "only for channel %s", p->channel->data);
		return;
	}
	policy_state(d, p, a, &holds, out, &missing);
	if (holds && p->except) {
		struct explained_condition except;
		d->e->member = member;
		explain_condition(d, p->except, &except);
		bool let = strcmp(except.state, "passed") == 0;
		out->text = arena_printf(&d->m->arena, "%.*s; except %.*s", SLICE_ARG(out->text),
					 SLICE_ARG(except.text));
		if (!let)
			bytes_printf(&missing, ", except: %.*s", SLICE_ARG(except.missing));
		holds = !let;
	}
	out->state = holds ? "held" : "passed";
	if (holds)
		out->missing = arena_slice(&d->m->arena, bytes_slice(&missing));
	bytes_finish(&missing);
	d->e->member = member;
}
