/* decide/score.c: score = P x V x C x L, each part kept (decision.h). */
#include "decide/learn.h"

#include <math.h>

static double clamp(double n, double low, double high)
{
	return n < low ? low : n > high ? high : n;
}

double balance_of(struct deciding *d)
{
	const struct term *t = d->m->pack->balance;
	struct number n = t ? eval_number(d->e, t) : (struct number){ 0 };
	return n.known ? clamp(n.n, 0, 1) : 0.5;
}

static double context_of(struct eval *e, const struct action_decl *a)
{
	double weight = 1;
	for (unsigned i = 0; i < a->context_count; i++) {
		uint8_t member = e->member;
		if (eval_truth(e, a->contexts[i].when) == TERNARY_TRUE)
			weight *= a->contexts[i].weight;
		e->member = member;
	}
	return weight;
}

/* A value that is unknown counts as 0; the reasons say so. */
static double value_of(struct eval *e, const struct term *t, bool *unknown)
{
	uint8_t member = e->member;
	if (t && t->op == TERM_LITERAL && t->literal.kind == VALUE_NUMBER) {
		*unknown = false;
		return t->literal.number;
	}
	struct number n = t ? eval_number(e, t) : (struct number){ 0, true };
	e->member = member;
	*unknown = !n.known;
	return n.known ? n.n : 0;
}

void score_action(struct deciding *d, const struct action_decl *a, struct score *out)
{
	struct eval *e = d->e;
	propensity_of(d, a, out);
	double customer = value_of(e, a->customer_value, &out->customer_unknown);
	double business = value_of(e, a->business_value, &out->business_unknown);
	out->customer = customer;
	out->business = business;
	out->value = d->balance * customer + (1 - d->balance) * business;
	out->context = context_of(e, a);
	out->lever = a->levers;
	out->total = out->propensity * out->value * out->context * out->lever;
	if (!isfinite(out->total)) /* beyond what a double holds: it cannot be ranked */
		out->total = 0;
}
