/* decide/explain_action.c: every action of the catalogue, every gate and policy of each, its score whether it came to that
 * or not, and what would have made it win. Reads again what the decision read, and decides nothing. */
#include "decide/deciding.h"
#include "decide/explained.h"
#include "decide/exposure.h"

#include "decide/text.h"

static struct slice kept(struct deciding *d, struct bytes *b)
{
	struct slice s = arena_slice(&d->m->arena, bytes_slice(b));
	bytes_clear(b);
	return s;
}

static struct slice shut_for_request(struct deciding *d, const struct action_decl *a, enum gate g)
{
	struct bytes b = { 0 };
	if (g == GATE_CHANNEL) {
		for (unsigned i = 0; i < a->channel_count; i++)
			bytes_printf(&b, "%s%s", i ? " or " : "channel ", a->channels[i]->data);
		bytes_printf(&b, ", and it is %.*s", SLICE_ARG(d->channel));
	} else {
		bytes_printf(&b, "to be asked for, and only%s%.*s%s%.*s is", d->ask->goal.len ? " goal " : "",
			     SLICE_ARG(d->ask->goal), d->ask->action.len ? " action " : "", SLICE_ARG(d->ask->action));
	}
	struct slice s = kept(d, &b);
	bytes_finish(&b);
	return s;
}

/* Those of a goal or group that have a condition: "eligible, group retention". */
static void level_gates_of(struct deciding *d, const struct level_decl *l, struct explained_action *x)
{
	for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
		if (!level_term(l, g))
			continue;
		struct explained_condition *c = &x->gates[x->gate_count++];
		explain_condition(d, level_term(l, g), c);
		c->name = arena_printf(&d->m->arena, "%s, %s %s", gate_name(g), l->group ? "group" : "goal", l->name->data);
	}
}

/* One action's gates, as gates_ask asks them, but all of them. Leaves bound whom they bound. */
static void gates_of(struct deciding *d, const struct action_decl *a, struct explained_action *x)
{
	static const char *const states[] = { "held", "passed", "unknown" };
	struct eval *e = d->e;
	x->gate_count = 0;
	for (enum gate g = GATE_CHANNEL; g <= GATE_GOAL; g++) {
		bool open = g == GATE_CHANNEL ? !a->channel_count : !d->ask->goal.len && !d->ask->action.len;
		bool passed = g == GATE_CHANNEL ? gate_on_channel(a, d->channel) : gate_wanted(d->ask, a);
		struct explained_condition *c = &x->gates[x->gate_count++];
		*c = (struct explained_condition){ .name = slice_of(gate_name(g)),
						   .state = open ? "open" : states[passed] };
		if (!open && !passed)
			c->missing = shut_for_request(d, a, g);
	}
	for (unsigned i = 0; i < a->above_count; i++)
		level_gates_of(d, &d->m->pack->above[a->above[i]], x);
	for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
		struct explained_condition *c = &x->gates[x->gate_count++];
		explain_condition(d, gate_term(a, g), c);
		c->name = slice_of(gate_name(g));
	}
	x->member = e->member ? record_member_id(e->customer, e->member) : SLICE("");
}

static void policies_of(struct deciding *d, const struct action_decl *a, struct explained_action *x)
{
	uint8_t member = d->e->member;
	x->policies = arena_alloc(&d->m->arena, (a->policy_count + 1) * sizeof(*x->policies));
	for (unsigned i = 0; i < a->policy_count; i++) {
		d->e->member = member;
		policy_explain(d, &d->m->pack->policies[a->policies[i]], a, &x->policies[x->policy_count++]);
	}
	d->e->member = member;
}

static void contexts_of(struct deciding *d, const struct action_decl *a, struct explained_action *x)
{
	uint8_t member = d->e->member;
	char number[32];
	x->contexts = arena_alloc(&d->m->arena, (a->context_count + 1) * sizeof(*x->contexts));
	for (unsigned i = 0; i < a->context_count; i++) {
		struct explained_condition *c = &x->contexts[x->context_count++];
		d->e->member = member;
		explain_condition(d, a->contexts[i].when, c);
		c->name = arena_printf(&d->m->arena, "x %s", number_text(a->contexts[i].weight, number));
	}
	d->e->member = member;
}

static void score_of(struct deciding *d, const struct action_decl *a, struct explained_action *x)
{
	struct score s;
	score_action(d, a, &s);
	x->score = s.total;
	x->propensity = s.propensity;
	x->value = s.value;
	x->context = s.context;
	x->lever = s.lever;
	x->customer_value = s.customer;
	x->business_value = s.business;
	x->customer_unknown = s.customer_unknown;
	x->business_unknown = s.business_unknown;
}

static bool is_shut(const struct explained_condition *c)
{
	return strcmp(c->state, "held") == 0 || strcmp(c->state, "unknown") == 0;
}

/* Every gate and policy that is shut, the one at which it fell first. */
static unsigned shut_text(const struct explained_action *x, struct bytes *out)
{
	unsigned count = 0;
	for (unsigned i = 0; i < x->gate_count + x->policy_count; i++) {
		bool gate = i < x->gate_count;
		const struct explained_condition *c = gate ? &x->gates[i] : &x->policies[i - x->gate_count];
		if (!is_shut(c))
			continue;
		bytes_printf(out, "%s%.*s: %.*s", count++ ? "; and " : "", SLICE_ARG(gate ? c->name : SLICE("policy")),
			     SLICE_ARG(c->missing.len ? c->missing : c->name));
	}
	return count;
}

/* Where its score would stand among those chosen. */
static void rank_text(struct deciding *d, const struct explained_action *x, bool gated, struct bytes *out)
{
	const struct decision *o = d->out;
	unsigned place = 0;
	if (!o->choice_count)
		return;
	while (place < o->choice_count && (o->choices[place].score > x->score ||
					   (o->choices[place].score == x->score && o->choices[place].action < x->action)))
		place++;
	const struct choice *last = &o->choices[o->choice_count - 1];
	if (gated && (place < o->choice_count || o->choice_count < d->limit)) {
		bytes_printf(out, "; with its score of ");
		value_explain(value_number(x->score), out);
		bytes_printf(out, " it would then be number %u", place + 1);
		return;
	}
	if (gated)
		bytes_printf(out, "; and then ");
	bytes_printf(out, "a score over ");
	value_explain(value_number(last->score), out);
	bytes_printf(out, ", that of %s: ", last->action->name->data);
	value_explain(value_number(last->score - x->score), out);
	bytes_printf(out, " is missing to its ");
	value_explain(value_number(x->score), out);
	if (x->score > 0) {
		bytes_printf(out, ", or ");
		value_explain(value_number(last->score / x->score), out);
		bytes_printf(out, " times any part of it");
	}
}

static void to_win(struct deciding *d, struct explained_action *x)
{
	struct bytes b = { 0 };
	if (x->rank)
		return;
	unsigned shut = shut_text(x, &b);
	if (held_out(d, x->action))
		bytes_printf(&b, "%sholdout: to be asked for, or another customer: this one is held out", shut++ ? "; and " : "");
	rank_text(d, x, shut > 0, &b);
	x->to_win = kept(d, &b);
	bytes_finish(&b);
}

static void explain_action(struct deciding *d, unsigned index, struct explained_action *x)
{
	const struct action_decl *a = &d->m->pack->actions[index];
	const struct verdict *v = &d->verdicts[index];
	*x = (struct explained_action){ .action = a, .gate = gate_name((enum gate)v->gate) };
	for (unsigned i = 0; i < d->out->choice_count; i++)
		if (d->out->choices[i].action == a)
			x->rank = i + 1;
	d->e->action = a;
	d->e->member = d->member;
	gates_of(d, a, x);
	policies_of(d, a, x);
	contexts_of(d, a, x);
	score_of(d, a, x);
	to_win(d, x);
}

void explain_actions(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	struct decision *out = d->out;
	out->explained = arena_alloc(&d->m->arena, (p->action_count + 1) * sizeof(*out->explained));
	out->balance = d->balance;
	for (unsigned i = 0; i < p->action_count; i++)
		explain_action(d, i, &out->explained[i]);
	out->explained_count = p->action_count;
	d->e->action = NULL;
	d->e->member = d->member;
}
