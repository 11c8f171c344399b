/* decide/score.c: score = P x V x C x L, each part kept (decision.h). */
#include "decide/deciding.h"

#include <math.h>

static double clamp(double n, double low, double high)
{
	return n < low ? low : n > high ? high : n;
}

static double number_or(struct value v, double other)
{
	return v.kind == VALUE_NUMBER ? v.number : other;
}

double balance_of(struct deciding *d)
{
	const struct term *t = d->m->pack->balance;
	return t ? clamp(number_or(eval_term(d->e, t), 0.5), 0, 1) : 0.5;
}

static double context_of(struct eval *e, const struct action_decl *a)
{
	double weight = 1;
	for (unsigned i = 0; i < a->context_count; i++) {
		uint8_t member = e->member;
		if (eval_is_true(eval_term(e, a->contexts[i].when)))
			weight *= a->contexts[i].weight;
		e->member = member;
	}
	return weight;
}

static double lever_of(const struct pack *p, const struct action_decl *a)
{
	double lever = a->lever;
	for (unsigned i = 0; i < p->lever_count; i++)
		if (p->levers[i].goal == a->goal)
			lever *= p->levers[i].lever;
	return lever;
}

/* A value that is unknown counts as 0; the reasons say so. */
static double value_of(struct eval *e, const struct term *t, bool *unknown)
{
	uint8_t member = e->member;
	struct value v = eval_term(e, t);
	e->member = member;
	*unknown = t && v.kind != VALUE_NUMBER;
	return number_or(v, 0);
}

void score_action(struct deciding *d, const struct action_decl *a, struct score *out)
{
	struct eval *e = d->e;
	out->propensity = clamp(a->propensity_start, 0, 1);
	double customer = value_of(e, a->customer_value, &out->customer_unknown);
	double business = value_of(e, a->business_value, &out->business_unknown);
	out->value = d->balance * customer + (1 - d->balance) * business;
	out->context = context_of(e, a);
	out->lever = lever_of(d->m->pack, a);
	out->total = out->propensity * out->value * out->context * out->lever;
	if (!isfinite(out->total)) /* beyond what a double holds: it cannot be ranked */
		out->total = 0;
}
