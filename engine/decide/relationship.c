/* decide/relationship.c: see relationship.h. What is kept of scores, and counted of them, is in apply_score.c. */
#include "decide/relationship.h"

#include "decide/text.h"
#include "state/contacts.h"

#include <math.h>

#define MONTH_MS (30LL * 24 * 3600 * 1000)

/* Of the customer as such, whoever is bound. */
static struct number number_of(struct eval *e, const struct term *t)
{
	uint8_t member = e->member;
	e->member = 0;
	struct number n = eval_number(e, t);
	e->member = member;
	return n;
}

static void parts_read(struct eval *e, const struct relationship_decl *decl, struct relationship_view *out)
{
	double sum = 0, known = 0;
	*out = (struct relationship_view){ .part_count = decl->part_count };
	for (unsigned i = 0; i < decl->part_count; i++) {
		const struct relationship_part *p = &decl->parts[i];
		struct number n = number_of(e, p->value);
		out->parts[i] = (struct relationship_part_view){
			.name = str_slice(p->name), .weight = p->weight / decl->weights, .known = n.known,
			.value = n.known ? fmin(1, fmax(0, n.n)) : 0,
		};
		if (!n.known)
			continue;
		sum += p->weight * out->parts[i].value;
		known += p->weight;
	}
	out->known = known > 0;
	out->score = known > 0 ? 100 * sum / known : 0;
	out->share = decl->part_count ? known / decl->weights : 0;
}

struct value leaf_relationship(struct eval *e, const struct term *t)
{
	struct relationship_view v;
	if (!e->customer)
		return value_unknown();
	parts_read(e, &e->m->pack->relations->relationship, &v);
	return v.known ? value_number(v.score) : value_unknown();
}

/* The newest that was kept by then; NULL: none. */
static const struct item *kept_at(struct items all, int64_t time_ms)
{
	const struct item *found = NULL;
	for (unsigned i = 0; i < all.count && all.items[i].time_ms <= time_ms; i++)
		found = &all.items[i];
	return found;
}

/* When the last contact ended; 0: none is known of. */
static int64_t last_contact_ms(const struct eval *e)
{
	struct items contacts = items_of(e->customer, ITEM_CONTACT, 0);
	int64_t last = 0;
	for (unsigned i = 0; i < contacts.count; i++) {
		int64_t end_ms = contacts.items[i].numbers[CONTACT_END_MS];
		if (end_ms <= e->now_ms && end_ms > last)
			last = end_ms;
	}
	return last;
}

static struct relationship_change change_of(double now, int64_t then)
{
	return (struct relationship_change){ true, now - (double)then / 1e6 };
}

static void trends(const struct item *then, struct relationship_view *v, bool month)
{
	if (!then)
		return;
	*(month ? &v->month : &v->contact) = change_of(v->score, then->numbers[SCORE_VALUE]);
	for (unsigned i = 0; i < v->part_count; i++) {
		struct relationship_part_view *p = &v->parts[i];
		if (p->known && then->numbers[SCORE_PART + i] != SCORE_UNKNOWN)
			*(month ? &p->month : &p->contact) = change_of(p->value, then->numbers[SCORE_PART + i]);
	}
}

void relationship_look(struct eval *e, struct relationship_view *out)
{
	const struct relationship_decl *decl = &e->m->pack->relations->relationship;
	parts_read(e, decl, out);
	if (!decl->part_count)
		return;
	struct items kept = items_of(e->customer, ITEM_SCORE, decl->id);
	struct number growth = decl->growth ? number_of(e, decl->growth) : (struct number){ 0 };
	out->since_ms = kept.count ? kept.items[0].time_ms : 0;
	out->contact_ms = last_contact_ms(e);
	out->growth_known = growth.known;
	out->currency = str_slice(e->m->pack->currency);
	out->growth = growth.known ? (int64_t)round(fmin(fmax(growth.n, -1e15), 1e15)) : 0;
	if (!out->known)
		return;
	trends(kept_at(kept, e->now_ms - MONTH_MS), out, true);
	if (out->contact_ms)
		trends(kept_at(kept, out->contact_ms), out, false);
}

unsigned expected_fill(struct eval *e, unsigned language, struct slice out[LIMIT_EXPECTED])
{
	const struct relations *r = e->m->pack->relations;
	unsigned count = 0;
	uint8_t member = e->member;
	for (unsigned i = 0; i < r->expectation_count && count < LIMIT_EXPECTED; i++) {
		bool unknown = false;
		e->member = 0;
		if (eval_truth(e, r->expectations[i].when) != TERNARY_TRUE)
			continue;
		e->member = 0;
		struct slice text = phrase_fill(e, &r->expectations[i].say, language, &unknown);
		if (!unknown && text.len)
			out[count++] = text;
	}
	e->member = member;
	return count;
}

void relationship_tell(struct eval *e, unsigned language, struct decision *out)
{
	const struct relations *r = e->m->pack->relations;
	e->action = NULL;
	if (r->relationship.part_count) {
		struct relationship_view *v = arena_alloc(&e->m->arena, sizeof(*v));
		relationship_look(e, v);
		out->relationship = v;
	}
	out->expected_count = r->expectation_count ? expected_fill(e, language, out->expected) : 0;
}

bool machine_relationship(struct machine *m, const struct record *record, int64_t now_ms, struct relationship_view *out,
			  struct slice expected[LIMIT_EXPECTED], unsigned *expected_count)
{
	struct eval *e = m->eval;
	const struct relations *r = m->pack->relations;
	*expected_count = 0;
	if (record->subject.kind != SUBJECT_CUSTOMER || (!r->relationship.part_count && !r->expectation_count))
		return false;
	eval_start(e, NULL);
	e->subject = e->customer = record;
	e->now_ms = now_ms;
	relationship_look(e, out);
	*expected_count = expected_fill(e, 0, expected);
	e->subject = e->customer = NULL;
	return true;
}
