/* wire/relationship.c: a Relationship message, of a recommendation and of a customer; and where attributes came from. */
#include "wire/response.h"

#include "state/origins.h"
#include "wire/put.h"

/* Absent where it is not known: 0 is a trend too. */
static void put_trend(struct bytes *out, uint32_t field, const struct wire_trend *t)
{
	if (!t->known)
		return;
	size_t mark = put_begin(out, field);
	put_double(out, 1, t->by);
	put_end(out, mark);
}

static void put_part(struct bytes *out, const struct wire_relationship_part *p)
{
	size_t mark = put_begin(out, 9);
	put_text(out, 1, p->name);
	put_double(out, 2, p->weight);
	put_number(out, 3, p->known);
	put_double(out, 4, p->value);
	put_trend(out, 5, &p->month);
	put_trend(out, 6, &p->contact);
	put_end(out, mark);
}

void relationship_encode(struct bytes *out, uint32_t field, const struct wire_relationship *r)
{
	size_t mark = put_begin(out, field);
	put_number(out, 1, r->known);
	put_double(out, 2, r->score);
	put_double(out, 3, r->share);
	put_trend(out, 4, &r->month);
	put_trend(out, 5, &r->contact);
	put_number(out, 6, (uint64_t)r->since_ms);
	put_number(out, 7, (uint64_t)r->contact_ms);
	if (r->growth_known) {
		size_t money = put_begin(out, 8);
		put_number(out, 1, (uint64_t)r->growth);
		put_text(out, 3, r->currency);
		put_end(out, money);
	}
	for (size_t i = 0; i < r->part_count; i++)
		put_part(out, &r->parts[i]);
	for (size_t i = 0; i < r->past_count; i++) {
		size_t past = put_begin(out, 10);
		put_number(out, 1, (uint64_t)r->past[i].time_ms);
		put_double(out, 2, r->past[i].score);
		put_end(out, past);
	}
	put_end(out, mark);
}

static void put_origin(struct bytes *out, uint32_t field, const struct item *o, bool value)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, item_text(o, ORIGIN_SOURCE));
	put_text(out, 2, item_text(o, ORIGIN_TYPE));
	put_text(out, 3, item_text(o, ORIGIN_BY));
	put_number(out, 4, (uint64_t)o->time_ms);
	if (value)
		put_attribute(out, 5, item_key(o), origin_value(o));
	put_end(out, mark);
}

void origins_encode(struct bytes *out, uint32_t field, const struct record *r, uint8_t member, struct slice name)
{
	struct items all = origins_of(r, member, name);
	for (unsigned i = all.count; i > 0; i--)
		put_origin(out, i == all.count ? field : field + 1, &all.items[i - 1], i < all.count);
}
