/* decide/gates.c: may this action be recommended, now, to this customer? */
#include "decide/deciding.h"
#include "decide/watch.h"

const char *gate_name(enum gate g)
{
	static const char *const names[] = {
		"", "channel", "goal", "eligible", "applicable", "suitable", "policy", "rank", "holdout",
	};
	return names[g];
}

const char *gate_text(unsigned gate)
{
	return gate <= GATE_HOLDOUT ? gate_name((enum gate)gate) : "";
}

static void tell(struct eval *e, const struct action_decl *a, const struct term *t, uint8_t member, enum ternary held)
{
	struct value v = held == TERNARY_UNKNOWN ? value_unknown() : value_bool(held == TERNARY_TRUE);
	e->watch->gate(e->watch->arg, a, t, member, v);
}

static void tell_level(struct eval *e, const struct level_decl *l, const struct term *t, uint8_t member,
		       enum ternary held)
{
	struct value v = held == TERNARY_UNKNOWN ? value_unknown() : value_bool(held == TERNARY_TRUE);
	if (e->watch->level_gate)
		e->watch->level_gate(e->watch->arg, l, t, member, v);
}

static void level_ask(struct deciding *d, const struct level_decl *l, struct level_verdict *lv)
{
	struct eval *e = d->e;
	*lv = (struct level_verdict){ .asked = true, .from = e->member };
	for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
		const struct term *t = level_term(l, g);
		if (!t)
			continue;
		lv->asked_with = e->member;
		enum ternary held = eval_truth(e, t);
		if (e->watch)
			tell_level(e, l, t, lv->asked_with, held);
		if (held == TERNARY_TRUE)
			continue;
		lv->gate = (uint8_t)g;
		lv->unknown = held == TERNARY_UNKNOWN;
		return;
	}
	lv->bound = e->member;
}

/* The gates of its goal, then of its group. What one of them bound stays bound. False: it fell there. */
static bool above_ask(struct deciding *d, const struct action_decl *a, struct verdict *v)
{
	struct eval *e = d->e;
	for (unsigned i = 0; i < a->above_count; i++) {
		const struct level_decl *l = &d->m->pack->above[a->above[i]];
		struct level_verdict *lv = &d->above[a->above[i]];
		if (!lv->asked || l->per_action || lv->from != e->member)
			level_ask(d, l, lv);
		if (lv->gate) {
			v->gate = lv->gate;
			v->unknown = lv->unknown;
			v->member = lv->asked_with;
			v->above = a->above[i] + 1;
			return false;
		}
		e->member = lv->bound;
	}
	return true;
}

void gates_ask(struct deciding *d, const struct action_decl *a, struct verdict *v)
{
	struct eval *e = d->e;
	v->gate = GATE_OPEN;
	v->member = d->member;
	v->unknown = false;
	v->above = 0;
	if (!gate_on_channel(a, d->channel)) {
		v->gate = GATE_CHANNEL;
		return;
	}
	if (!gate_wanted(d->ask, a)) {
		v->gate = GATE_GOAL;
		return;
	}
	e->action = a;
	e->member = d->member;
	if (a->above_count && !above_ask(d, a, v))
		return;
	for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
		const struct term *t = gate_term(a, g);
		if (!t)
			continue;
		v->member = e->member;
		enum ternary held = eval_truth(e, t);
		if (e->watch)
			tell(e, a, t, v->member, held);
		if (held == TERNARY_TRUE)
			continue;
		v->gate = (uint8_t)g;
		v->unknown = held == TERNARY_UNKNOWN;
		return;
	}
	v->member = e->member;
	int policy = a->policy_count ? policies_ask(d, a) : -1;
	if (policy >= 0) {
		v->gate = GATE_POLICY;
		v->policy = (uint16_t)policy;
	}
}
