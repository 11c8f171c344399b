/* decide/relate_contacts.c: what a customer's contacts about one topic are to each other: a contact that another follows
 * within the pack's resolved_within of its end was not resolved, and the other one repeats it. Nor was one resolved whose
 * topic has a case open when that time is over; while it runs: as far as is known. */
#include "decide/contacts.h"

struct relation { bool repeat, followed; };

/* Counts only where something is another than it was. */
static void settle(struct applying *a, struct item *c, struct relation is)
{
	const struct pack *p = a->m->pack;
	const int64_t all = CONTACT_IS_REPEAT | CONTACT_IS_FOLLOWED | CONTACT_HAS_CASE;
	bool left_open = contact_is_closed(c) && case_open_at(a->record, p, c->texts[CONTACT_TOPIC],
							      c->numbers[CONTACT_END_MS] + p->contacts->resolved_ms);
	int64_t flags = (is.repeat ? CONTACT_IS_REPEAT : 0) | (is.followed ? CONTACT_IS_FOLLOWED : 0) |
			(left_open ? CONTACT_HAS_CASE : 0);
	if ((c->numbers[CONTACT_FLAGS] & all) == flags)
		return;
	contact_count(a, c, -1);
	contact_mark(c, all, false);
	contact_mark(c, flags, true);
	contact_count(a, c, 1);
}

/* In the order of their beginnings: the next one is who follows soonest; a repeat may be one of any before it. */
void contacts_relate(struct applying *a, const struct str *topic)
{
	struct items all = items_of(a->record, ITEM_CONTACT, 0);
	int64_t within_ms = a->m->pack->contacts->resolved_ms, latest_end = 0;
	struct item *last = NULL;
	bool some_open = false, last_repeats = false;
	for (unsigned i = 0; i < all.count; i++) {
		struct item *c = &all.items[i];
		if (c->texts[CONTACT_TOPIC] != topic)
			continue;
		bool repeats = contact_has(c, CONTACT_BEFORE_GONE) ||
			       (last && (some_open || c->time_ms - latest_end <= within_ms));
		if (last) {
			bool followed = contact_is_closed(last) && c->time_ms - last->numbers[CONTACT_END_MS] <= within_ms;
			settle(a, last, (struct relation){ last_repeats, followed });
		}
		some_open |= !contact_is_closed(c);
		if (!last || c->numbers[CONTACT_END_MS] > latest_end)
			latest_end = c->numbers[CONTACT_END_MS];
		last = c;
		last_repeats = repeats;
	}
	if (last)
		settle(a, last, (struct relation){ last_repeats, false });
}

void contacts_relate_all(struct applying *a)
{
	struct items all = items_of(a->record, ITEM_CONTACT, 0);
	for (unsigned i = 0; i < all.count; i++) {
		unsigned first = 0;
		while (!contact_same_topic(&all.items[first], &all.items[i]))
			first++;
		if (first == i)
			contacts_relate(a, all.items[i].texts[CONTACT_TOPIC]);
	}
}

/* One conversation that was told of two customers, who are one now. */
static void join_contact(struct applying *a, struct record *from, struct item *theirs)
{
	struct strpool *pool = a->m->pool;
	struct item *own = items_find(a->record, ITEM_CONTACT, 0, item_key(theirs));
	if (!own)
		return;
	contact_count(a, own, -1);
	contact_count(a, theirs, -1);
	contact_join(own, pool, theirs);
	if (theirs->time_ms < own->time_ms)
		own = item_begin_at(a->record, pool, own, theirs->time_ms);
	contact_count(a, own, 1);
	if (contact_is_closed(own)) {
		timers_remove(a->record, pool, TIMER_CONTACT, 0, item_key(own));
		timers_remove(from, pool, TIMER_CONTACT, 0, item_key(own));
	}
	items_remove(from, pool, theirs);
}

/* A case that was open in both is one, since the earlier of the two: as state/merge.c joins it. */
static void join_case(struct applying *a, struct record *from, struct item *theirs)
{
	struct item *own = items_find(a->record, ITEM_CASE, theirs->decl, item_key(theirs));
	if (!own || (own->time_ms != theirs->time_ms &&
		     (own->numbers[CASE_CLOSED_MS] || theirs->numbers[CASE_CLOSED_MS])))
		return;
	int64_t due = theirs->numbers[CASE_DUE_MS];
	case_count(a, own, -1);
	case_count(a, theirs, -1);
	if (due && (!own->numbers[CASE_DUE_MS] || due < own->numbers[CASE_DUE_MS]))
		own->numbers[CASE_DUE_MS] = due;
	own->numbers[CASE_MISSED] |= theirs->numbers[CASE_MISSED];
	if (theirs->numbers[CASE_REOPENED] > own->numbers[CASE_REOPENED])
		own->numbers[CASE_REOPENED] = theirs->numbers[CASE_REOPENED];
	if (theirs->time_ms < own->time_ms)
		own = item_begin_at(a->record, a->m->pool, own, theirs->time_ms);
	case_count(a, own, 1);
	items_remove(from, a->m->pool, theirs);
}

void contacts_join(struct applying *a, struct record *from)
{
	for (unsigned i = from->rare->item_count; i-- > 0;) {
		struct item *theirs = &from->rare->items[i];
		if (theirs->kind == ITEM_CONTACT)
			join_contact(a, from, theirs);
		else if (theirs->kind == ITEM_CASE)
			join_case(a, from, theirs);
	}
}

void contacts_joined(struct applying *a)
{
	const struct contacts_decl *decl = a->m->pack->contacts;
	if (!decl)
		return;
	contacts_relate_all(a);
	for (struct items all = items_of(a->record, ITEM_CONTACT, 0); all.count > decl->keep;) {
		contact_goes(all, &all.items[0], decl->resolved_ms);
		items_remove(a->record, a->m->pool, &all.items[0]);
		all = items_of(a->record, ITEM_CONTACT, 0);
	}
}
