/* decide/offer.c: an offer that was made holds: its terms are kept with the outcome `offered`, and until it ends (by an
 * answer, or by its time) every channel shows the same ones. What the facts say by then is for who has no offer yet. */
#include "decide/offer.h"

#include "decide/text.h"
#include "state/terms.h"

/* Of the household: whom it was made to does not matter to whether it is kept. */
const struct outcome *offer_made(const struct record *r, const struct str *action, int64_t now_ms)
{
	for (unsigned i = r->rare->outcome_count; i > 0; i--) {
		const struct outcome *o = &r->rare->outcomes[i - 1];
		if (o->action != action || o->time_ms > now_ms)
			continue;
		if (o->kind == OUTCOME_ACCEPTED || o->kind == OUTCOME_REJECTED)
			return NULL;
		if (o->kind == OUTCOME_OFFERED && outcome_until_ms(o))
			return outcome_until_ms(o) > now_ms ? o : NULL;
	}
	return NULL;
}

void offer_terms(struct eval *e, const struct action_decl *a, struct bytes *out)
{
	uint8_t member = e->member;
	for (unsigned i = 0; i < a->term_count; i++) {
		struct value v = eval_term(e, a->terms[i].value);
		e->member = member;
		if (v.kind != VALUE_UNKNOWN)
			(void)terms_put(out, str_slice(a->terms[i].name), v);
	}
}

static void take_terms(struct offer *o, struct slice terms)
{
	while (o->term_count < OFFER_TERMS_MAX && terms_take(&terms, &o->terms[o->term_count].name, &o->terms[o->term_count].value))
		o->term_count++;
}

static struct offer *offer_from(struct machine *m, const struct action_decl *a, const struct outcome *made)
{
	struct offer *o = arena_calloc(&m->arena, 1, sizeof(*o));
	*o = (struct offer){ .action = a, .made_ms = made->time_ms, .until_ms = outcome_until_ms(made),
			     .channel = str_slice(made->channel) };
	take_terms(o, str_slice(made->more->terms));
	return o;
}

struct offer *offer_of(struct eval *e, const struct action_decl *a)
{
	struct machine *m = e->m;
	const struct outcome *made = offer_made(e->customer, a->name, e->now_ms);
	if (made)
		return offer_from(m, a, made);
	struct offer *o = arena_calloc(&m->arena, 1, sizeof(*o));
	struct bytes terms = { 0 };
	o->action = a;
	o->until_ms = e->now_ms + a->offer_holds_ms;
	offer_terms(e, a, &terms);
	take_terms(o, arena_slice(&m->arena, bytes_slice(&terms)));
	bytes_finish(&terms);
	return o;
}

const struct value *offer_term(const struct offer *o, const struct str *name)
{
	for (unsigned i = 0; o && i < o->term_count; i++)
		if (slice_equal(o->terms[i].name, str_slice(name)))
			return &o->terms[i].value;
	return NULL;
}

void offers_fill(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	struct decision *out = d->out;
	const struct record *r = d->e->customer;
	if (!r->rare->outcome_count || !p->offer_count)
		return;
	out->offers = arena_alloc(&d->m->arena, p->offer_count * sizeof(*out->offers));
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		const struct outcome *made = a->offer_holds_ms ? offer_made(r, a->name, d->e->now_ms) : NULL;
		if (made)
			out->offers[out->offer_count++] = offer_from(d->m, a, made);
	}
}
