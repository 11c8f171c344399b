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
void score_action(struct deciding *d, const struct action_decl *a, struct choice *c)
{
	struct eval *e = d->e;
	uint8_t member = e->member;
	*c = (struct choice){ .action = a, .member = member };
	c->propensity = clamp(a->propensity_start, 0, 1);
	c->customer_value = number_or(eval_term(e, a->customer_value), 0);
	e->member = member;
	c->business_value = number_or(eval_term(e, a->business_value), 0);
	e->member = member;
	c->value = d->balance * c->customer_value + (1 - d->balance) * c->business_value;
	c->context = context_of(e, a);
	c->lever = lever_of(d->m->pack, a);
	c->score = c->propensity * c->value * c->context * c->lever;
	if (!isfinite(c->score)) /* beyond what a double holds: it cannot be ranked */
		c->score = 0;
}
