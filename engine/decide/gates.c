/* decide/gates.c: may this action be recommended, now, to this customer? */
#include "decide/deciding.h"
#include "decide/watch.h"

const char *gate_name(enum gate g)
{
	static const char *const names[] = {
		"", "channel", "goal", "eligible", "applicable", "suitable", "policy", "rank",
	};
	return names[g];
}

const char *gate_text(unsigned gate)
{
	return gate <= GATE_RANK ? gate_name((enum gate)gate) : "";
}

bool gate_on_channel(const struct action_decl *a, struct slice channel)
{
	if (!a->channels || a->channel_count == 0)
		return true;
	for (unsigned i = 0; i < a->channel_count; i++)
		if (slice_equal(str_slice(a->channels[i]), channel))
			return true;
	return false;
}

bool gate_wanted(const struct ask *ask, const struct action_decl *a)
{
	if (ask->goal.len && !slice_equal(ask->goal, str_slice(a->goal)))
		return false;
	return ask->action.len == 0 || slice_equal(ask->action, str_slice(a->name));
}

static void tell(struct eval *e, const struct action_decl *a, const struct term *t, uint8_t member, enum ternary held)
{
	struct value v = held == TERNARY_UNKNOWN ? value_unknown() : value_bool(held == TERNARY_TRUE);
	e->watch->gate(e->watch->arg, a, t, member, v);
}

void gates_ask(struct deciding *d, const struct action_decl *a, struct verdict *v)
{
	struct eval *e = d->e;
	v->gate = GATE_OPEN;
	v->member = d->member;
	v->unknown = false;
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
