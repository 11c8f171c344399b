/* decide/eval_contacts.c: what rules and decisions ask of the customer's contacts. */
#include "decide/contacts.h"

#define MILLION 1e6

/* Of those that began in the span and are about the topic. */
struct asked {
	struct eval *e;
	const struct record *r;
	const struct term *t;
	const struct str *topic; /* where of_topic */
	bool of_topic, no_such;  /* no_such: nothing is about it */
	int64_t from_ms;
};

static struct asked asked_of(struct eval *e, const struct term *t)
{
	struct asked q = { .e = e, .r = e->customer, .t = t, .from_ms = span_from(t->contacts.span, e->m->pack->zone, e->now_ms) };
	if (t->child_count) {
		struct value v = eval_term(e, t->children[0]);
		struct slice said = v.kind == VALUE_STRING ? contact_topic(e->m->pack, v.string) : (struct slice){ NULL, 0 };
		q.of_topic = true;
		q.topic = said.len ? strpool_find(e->m->pool, said) : NULL;
		q.no_such = said.len && !q.topic;
	}
	return q;
}

static bool counts(const struct asked *q, const struct item *c)
{
	return !q->no_such && c->time_ms > q->from_ms && c->time_ms <= q->e->now_ms &&
	       (!q->of_topic || c->texts[CONTACT_TOPIC] == q->topic);
}

static double amount(const struct item *c, enum contacts_aggregate what)
{
	bool repeat = contact_has(c, CONTACT_IS_REPEAT);
	switch (what) {
	case CONTACTS_COUNT_OF:
		return 1;
	case CONTACTS_REPEATS_OF:
		return repeat;
	case CONTACTS_ABANDONED_OF:
		return contact_is_abandoned(c);
	case CONTACTS_UNRESOLVED_OF:
		return contact_is_served(c) && contact_has(c, CONTACT_IS_FOLLOWED | CONTACT_HAS_CASE);
	case CONTACTS_TRANSFERS_OF:
		return contact_transfers(c);
	case CONTACTS_HOLDS_OF:
		return contact_holds(c);
	default:
		return contact_transfers(c) + contact_holds(c) + repeat;
	}
}

/* False: it is not known of this contact. */
static bool known(const struct item *c, enum contacts_aggregate what, double *out)
{
	bool start = contact_has(c, CONTACT_HAS_MOOD_START), end = contact_has(c, CONTACT_HAS_MOOD_END);
	double to = (double)c->numbers[CONTACT_MOOD_END] / MILLION;
	int64_t ms;
	if (what == CONTACTS_MEAN_WAIT) {
		bool waited = contact_wait(c, &ms);
		*out = waited ? (double)ms / 1000 : 0;
		return waited;
	}
	*out = what == CONTACTS_MEAN_MOOD_CHANGE ? to - (double)c->numbers[CONTACT_MOOD_START] / MILLION : to;
	return end && (start || what != CONTACTS_MEAN_MOOD_CHANGE);
}

static struct value total(const struct asked *q, struct items all)
{
	double sum = 0;
	for (unsigned i = 0; i < all.count; i++)
		if (counts(q, &all.items[i]))
			sum += amount(&all.items[i], q->t->contacts.aggregate);
	return value_number(sum);
}

static struct value mean(const struct asked *q, struct items all)
{
	double sum = 0, one;
	unsigned n = 0;
	for (unsigned i = 0; i < all.count; i++) {
		if (!counts(q, &all.items[i]) || !known(&all.items[i], q->t->contacts.aggregate, &one))
			continue;
		sum += one;
		n++;
	}
	return n ? value_number(sum / n) : value_unknown();
}

/* The newer half's mean mood at the end less the older half's; of an odd number the middle one is in neither. */
static struct value trend(const struct asked *q, struct items all)
{
	double moods[LIMIT_ITEMS], older = 0, newer = 0;
	unsigned n = 0;
	for (unsigned i = 0; i < all.count; i++)
		if (counts(q, &all.items[i]) && known(&all.items[i], CONTACTS_MEAN_MOOD, &moods[n]))
			n++;
	if (n < 2)
		return value_unknown();
	for (unsigned i = 0; i < n / 2; i++) {
		older += moods[i];
		newer += moods[n - 1 - i];
	}
	return value_number((newer - older) / (n / 2));
}

/* The event's own contact; where it names none, the newest. */
static bool is_repeat(const struct asked *q, struct items all)
{
	const struct item *c = q->e->event ? contact_of_event(q->r, q->e->event) : NULL;
	for (unsigned i = all.count; !c && i-- > 0;)
		if (!q->of_topic || (!q->no_such && all.items[i].texts[CONTACT_TOPIC] == q->topic))
			c = &all.items[i];
	return c && contact_has(c, CONTACT_IS_REPEAT);
}

static bool is_open(const struct asked *q, struct items all)
{
	for (unsigned i = 0; i < all.count; i++)
		if (!contact_is_closed(&all.items[i]) && counts(q, &all.items[i]))
			return true;
	return false;
}

struct value leaf_contacts(struct eval *e, const struct term *t)
{
	if (!e->customer)
		return value_unknown();
	struct asked q = asked_of(e, t);
	struct items all = items_of(q.r, ITEM_CONTACT, 0);
	switch (t->contacts.aggregate) {
	case CONTACTS_MEAN_WAIT:
	case CONTACTS_MEAN_MOOD:
	case CONTACTS_MEAN_MOOD_CHANGE:
		return mean(&q, all);
	case CONTACTS_MOOD_TREND:
		return trend(&q, all);
	case CONTACTS_IS_OPEN:
		return value_bool(is_open(&q, all));
	case CONTACTS_IS_REPEAT:
		return value_bool(is_repeat(&q, all));
	default:
		return total(&q, all);
	}
}
