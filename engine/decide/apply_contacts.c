/* decide/apply_contacts.c: one conversation, from the queue to its end, from events that may come late and in any order,
 * with one id or none: then it is the customer's open one on that channel, and a whole contact is its own. */
#include "decide/contacts.h"
#include "decide/counting.h"

#include <math.h>

#define MOST_SECONDS 1e9
#define RANK_MASK (7 * CONTACT_TOPIC_RANK)

/* What one event tells of its contact. */
struct told {
	struct applying *a;
	const struct contacts_decl *decl;
	enum contact_role role;
	int64_t begin_ms, end_ms; /* of a whole contact; else both are the event's time */
	struct item *c;
	bool fresh;
};

struct slice contact_topic(const struct pack *p, struct slice said)
{
	for (unsigned i = 0; i < p->topic_count; i++)
		if (slice_equal(str_slice(p->topics[i]), said))
			return said;
	return p->topic_count && said.len ? SLICE("other") : said;
}

struct item *contact_of_event(const struct record *r, const struct event *e)
{
	return e->contact.len ? items_find(r, ITEM_CONTACT, 0, e->contact) : NULL;
}

static bool said_number(const struct told *t, const struct str *name, double low, double high, double *out)
{
	struct value v = eval_event(t->a->e, str_slice(name));
	if (v.kind != VALUE_NUMBER || !(v.number >= low))
		return false;
	*out = v.number < high ? v.number : high;
	return true;
}

static bool said_ms(const struct told *t, const struct str *name, int64_t *out)
{
	double seconds;
	if (!said_number(t, name, 0, MOST_SECONDS, &seconds))
		return false;
	*out = (int64_t)round(seconds * 1000);
	return true;
}

static bool said_mood(const struct told *t, const struct str *name, int64_t *out)
{
	double mood;
	if (!said_number(t, name, -1, 1, &mood))
		return false;
	*out = in_millionths(mood);
	return true;
}

static void see_mood(const struct told *t, const struct str *name, int64_t flag, unsigned number)
{
	int64_t mood;
	if (!said_mood(t, name, &mood))
		return;
	t->c->numbers[number] = mood;
	contact_mark(t->c, flag, true);
}

static void see_agent(const struct told *t, bool first)
{
	struct item *c = t->c;
	struct slice agent = t->a->event->agent;
	if (!agent.len)
		return;
	if (first || !c->texts[CONTACT_FIRST_AGENT])
		item_set_text(c, t->a->m->pool, CONTACT_FIRST_AGENT, agent);
	if (t->end_ms < c->numbers[CONTACT_AGENT_MS])
		return;
	item_set_text(c, t->a->m->pool, CONTACT_AGENT, agent);
	c->numbers[CONTACT_AGENT_MS] = t->end_ms;
}

/* What tells the topic last in the course of a contact knows it best. */
static void see_topic(const struct told *t)
{
	static const int64_t ranks[CONTACT_ROLES] = { [CONTACT_QUEUES] = 1, [CONTACT_LEAVES] = 1, [CONTACT_STARTS] = 2,
						      [CONTACT_TRANSFERS] = 3, [CONTACT_ENDS] = 4, [CONTACT_WHOLE] = 4 };
	struct item *c = t->c;
	struct value v = eval_event(t->a->e, str_slice(t->decl->topic));
	int64_t rank = ranks[t->role] * CONTACT_TOPIC_RANK;
	if (v.kind != VALUE_STRING || !v.string.len || rank < (c->numbers[CONTACT_FLAGS] & RANK_MASK))
		return;
	struct slice topic = contact_topic(t->a->m->pack, v.string);
	if (!slice_equal(item_text(c, CONTACT_TOPIC), topic))
		contact_mark(c, CONTACT_BEFORE_GONE, false);
	item_set_text(c, t->a->m->pool, CONTACT_TOPIC, topic);
	contact_mark(c, RANK_MASK, false);
	contact_mark(c, rank, true);
}

static void see_names(const struct told *t)
{
	struct item *c = t->c;
	struct value ref = eval_event(t->a->e, str_slice(t->decl->ref));
	see_topic(t);
	if (ref.kind == VALUE_STRING && !c->texts[CONTACT_REF])
		item_set_text(c, t->a->m->pool, CONTACT_REF, ref.string);
	if (!c->texts[CONTACT_CHANNEL])
		item_set_text(c, t->a->m->pool, CONTACT_CHANNEL, t->a->event->channel);
}

/* A wait or handling that was told adds to one told before where the contact went on, or has further legs. */
static void see_length(const struct told *t, const struct str *name, int64_t flag, unsigned number)
{
	struct item *c = t->c;
	int64_t ms;
	if (!said_ms(t, name, &ms))
		return;
	bool adds = contact_has(c, flag) && (t->role == CONTACT_WHOLE || contact_has(c, CONTACT_WENT_ON));
	c->numbers[number] = adds ? c->numbers[number] + ms : ms;
	contact_mark(c, flag, true);
}

static void see_counts(const struct told *t)
{
	unsigned legs = contact_legs(t->c), holds = contact_holds(t->c);
	double n;
	if (said_number(t, t->decl->transfers, 0, 65535, &n)) {
		legs = (unsigned)n;
		contact_mark(t->c, CONTACT_HAS_TRANSFERS, true);
	}
	if (said_number(t, t->decl->holds, 0, 65535, &n))
		holds = (unsigned)n;
	contact_set_legs(t->c, legs, holds);
	(void)said_ms(t, t->decl->hold, &t->c->numbers[CONTACT_HOLD_MS]);
}

/* What was taken for its end was none. */
static void goes_on(const struct told *t)
{
	struct item *c = t->c;
	bool told_end = contact_has(c, CONTACT_HAS_END | CONTACT_HAS_LEFT);
	if (!contact_is_closed(c) || (told_end && t->begin_ms <= c->numbers[CONTACT_END_MS]))
		return;
	contact_mark(c, CONTACT_HAS_END | CONTACT_HAS_LEFT | CONTACT_IS_OVERDUE, false);
	contact_mark(c, CONTACT_WENT_ON, told_end || contact_has(c, CONTACT_WENT_ON));
	c->numbers[CONTACT_END_MS] = 0;
}

/* An agent has taken it. */
static void add_leg(const struct told *t)
{
	if (!t->decl->types[CONTACT_TRANSFERS] && !contact_has(t->c, CONTACT_HAS_TRANSFERS))
		contact_set_legs(t->c, contact_legs(t->c) + 1, contact_holds(t->c));
}

static void transferred(const struct told *t)
{
	goes_on(t);
	contact_set_legs(t->c, contact_legs(t->c) + 1, contact_holds(t->c));
	contact_mark(t->c, CONTACT_HAS_TRANSFERS, true);
}

static void started(const struct told *t)
{
	struct item *c = t->c;
	int64_t *first = &c->numbers[CONTACT_STARTED_MS];
	bool is_first = !*first || t->begin_ms < *first;
	goes_on(t);
	add_leg(t);
	see_agent(t, is_first);
	see_length(t, t->decl->wait, CONTACT_HAS_WAIT, CONTACT_WAIT_MS);
	if (!is_first)
		return;
	*first = t->begin_ms;
	see_mood(t, t->decl->mood, CONTACT_HAS_MOOD_START, CONTACT_MOOD_START);
	see_mood(t, t->decl->mood_start, CONTACT_HAS_MOOD_START, CONTACT_MOOD_START);
}

static void ended(const struct told *t)
{
	struct item *c = t->c;
	const struct contacts_decl *d = t->decl;
	bool left = t->role == CONTACT_LEAVES ||
		    (d->abandoned_when && eval_is_true(eval_term(t->a->e, d->abandoned_when)));
	if (contact_has(c, CONTACT_IS_OVERDUE)) {
		contact_mark(c, CONTACT_IS_OVERDUE, false);
		c->numbers[CONTACT_END_MS] = 0;
	}
	contact_mark(c, left ? CONTACT_HAS_LEFT : CONTACT_HAS_END, true);
	if (t->role == CONTACT_WHOLE)
		add_leg(t);
	see_agent(t, t->role == CONTACT_WHOLE && t->begin_ms < c->time_ms);
	see_length(t, d->wait, CONTACT_HAS_WAIT, CONTACT_WAIT_MS);
	see_length(t, d->handle, CONTACT_HAS_HANDLE, CONTACT_HANDLE_MS);
	see_counts(t);
	see_mood(t, d->mood_start, CONTACT_HAS_MOOD_START, CONTACT_MOOD_START);
	if (t->end_ms < c->numbers[CONTACT_END_MS])
		return;
	c->numbers[CONTACT_END_MS] = t->end_ms;
	see_mood(t, d->mood, CONTACT_HAS_MOOD_END, CONTACT_MOOD_END);
	see_mood(t, d->mood_end, CONTACT_HAS_MOOD_END, CONTACT_MOOD_END);
}

static void held(const struct told *t)
{
	int64_t ms;
	contact_set_legs(t->c, contact_legs(t->c), contact_holds(t->c) + 1);
	if (said_ms(t, t->decl->hold, &ms))
		t->c->numbers[CONTACT_HOLD_MS] += ms;
}

static void tell(struct told *t)
{
	struct item *c = t->c;
	see_names(t);
	switch (t->role) {
	case CONTACT_QUEUES:
		contact_mark(c, CONTACT_HAS_QUEUE, true);
		see_mood(t, t->decl->mood, CONTACT_HAS_MOOD_START, CONTACT_MOOD_START);
		break;
	case CONTACT_STARTS:
		started(t);
		break;
	case CONTACT_TRANSFERS:
		transferred(t);
		break;
	case CONTACT_HOLDS:
		held(t);
		break;
	default:
		ended(t);
	}
	if (t->begin_ms < c->time_ms)
		t->c = item_begin_at(t->a->record, t->a->m->pool, c, t->begin_ms);
	t->c->state = (uint8_t)contact_state_of(t->c);
}

/* Of an event without a contact's id. */
static struct item *open_one(const struct told *t)
{
	struct items all = items_of(t->a->record, ITEM_CONTACT, 0);
	struct slice channel = t->a->event->channel;
	while (all.count-- > 0) {
		struct item *c = &all.items[all.count];
		struct slice own = item_text(c, CONTACT_CHANNEL);
		if (!contact_is_closed(c) && c->time_ms <= t->begin_ms && c->member == t->a->member &&
		    (!own.len || !channel.len || slice_equal(own, channel)))
			return c;
	}
	return NULL;
}

static struct item *find(const struct told *t)
{
	if (t->a->event->contact.len)
		return contact_of_event(t->a->record, t->a->event);
	return t->role == CONTACT_WHOLE || t->role == CONTACT_QUEUES ? NULL : open_one(t);
}

static struct item *begin(const struct told *t)
{
	const struct event *e = t->a->event;
	struct record *r = t->a->record;
	struct slice key = e->contact;
	bool needs_id = t->role == CONTACT_TRANSFERS || t->role == CONTACT_HOLDS;
	if (!key.len && needs_id)
		return NULL; /* of what, nobody can tell */
	if (!key.len)
		key = arena_printf(&t->a->m->arena, "%.*s/%.*s", SLICE_ARG(e->source), SLICE_ARG(e->id));
	struct items all = items_of(r, ITEM_CONTACT, 0);
	if (all.count >= t->decl->keep) {
		if (t->begin_ms < all.items[0].time_ms) {
			record_late(r); /* older than all that are kept */
			return NULL;
		}
		contact_goes(all, &all.items[0], t->decl->resolved_ms);
		items_remove(r, t->a->m->pool, &all.items[0]);
	}
	return items_add(r, t->a->m->pool, ITEM_CONTACT, 0, key, t->a->member, t->begin_ms, LIMIT_ITEMS);
}

static void set_times(struct told *t)
{
	int64_t length = 0, ms;
	t->begin_ms = t->end_ms = t->a->event->time_ms;
	if (t->role != CONTACT_WHOLE)
		return;
	for (struct str **name = t->decl->lasts; *name; name++)
		if (said_ms(t, *name, &ms))
			length += ms;
	if (t->decl->begins)
		t->end_ms += length;
	else
		t->begin_ms -= length;
}

/* It is closed, and said to be inferred, where nothing more is heard of it. */
static void set_timer(const struct told *t)
{
	const struct item *c = t->c;
	int64_t last = t->end_ms > c->numbers[CONTACT_AGENT_MS] ? t->end_ms : c->numbers[CONTACT_AGENT_MS];
	if (!t->fresh)
		timers_remove(t->a->record, t->a->m->pool, TIMER_CONTACT, 0, item_key(c));
	if (!contact_is_closed(c))
		due_add(t->a, last + t->decl->inferred_ms, TIMER_CONTACT, 0, item_key(c));
}

void apply_contact(struct applying *a)
{
	struct told t = { .a = a, .decl = a->m->pack->contacts, .role = a->index->contact };
	set_times(&t);
	t.c = find(&t);
	t.fresh = !t.c;
	if (t.fresh)
		t.c = begin(&t);
	else
		contact_count(a, t.c, -1);
	if (!t.c)
		return;
	struct str *topic = str_ref(t.c->texts[CONTACT_TOPIC]);
	tell(&t);
	contact_count(a, t.c, 1);
	set_timer(&t);
	contacts_relate(a, t.c->texts[CONTACT_TOPIC]);
	if (!t.fresh && topic != items_find(a->record, ITEM_CONTACT, 0, item_key(t.c))->texts[CONTACT_TOPIC])
		contacts_relate(a, topic);
	strpool_drop(a->m->pool, topic);
	eval_fresh(a->e);
}

void apply_contact_overdue(struct applying *a, struct slice key)
{
	struct item *c = items_find(a->record, ITEM_CONTACT, 0, key);
	if (!c || contact_is_closed(c) || !a->m->pack->contacts)
		return;
	contact_count(a, c, -1);
	contact_mark(c, CONTACT_IS_OVERDUE, true);
	c->numbers[CONTACT_END_MS] = a->now_ms;
	c->state = (uint8_t)contact_state_of(c);
	contact_count(a, c, 1);
	contacts_relate(a, c->texts[CONTACT_TOPIC]);
}
