/* state/contacts.c: see contacts.h. */
#include "state/contacts.h"

#include "state/inside.h"

#define HOLD_ONE 65536
#define LEGS_MAX 65535u

const char *case_meaning_name(enum case_meaning meaning)
{
	return meaning == CASE_COMPLAINT ? "complaint" : meaning == CASE_PROMISE ? "promise" : "";
}

/* Where they were not told: each agent who took it after the first. Who took it twice has only gone on; and where it was
 * ended by another than who began it, somebody handed it over. */
unsigned contact_transfers(const struct item *c)
{
	unsigned legs = contact_legs(c);
	bool other = c->texts[CONTACT_FIRST_AGENT] != c->texts[CONTACT_AGENT];
	if (contact_has(c, CONTACT_HAS_TRANSFERS))
		return legs;
	return legs > 2 ? legs - 1 : other;
}

void contact_set_legs(struct item *c, unsigned legs, unsigned holds)
{
	legs = legs < LEGS_MAX ? legs : LEGS_MAX;
	holds = holds < LEGS_MAX ? holds : LEGS_MAX;
	c->numbers[CONTACT_LEGS] = (int64_t)holds * HOLD_ONE + legs;
}

enum contact_state contact_state_of(const struct item *c)
{
	bool taken = c->numbers[CONTACT_STARTED_MS] != 0;
	if (contact_has(c, CONTACT_HAS_END))
		return CONTACT_ENDED;
	if (contact_has(c, CONTACT_HAS_LEFT)) /* who leaves during the conversation has not abandoned the queue */
		return taken ? CONTACT_ENDED : CONTACT_ABANDONED;
	if (contact_has(c, CONTACT_IS_OVERDUE))
		return CONTACT_INFERRED;
	return taken ? CONTACT_OPEN : CONTACT_QUEUED;
}

bool contact_is_served(const struct item *c)
{
	return c->state == CONTACT_ENDED || (c->state == CONTACT_INFERRED && c->numbers[CONTACT_STARTED_MS]);
}

bool contact_is_abandoned(const struct item *c)
{
	return contact_is_closed(c) && !contact_is_served(c);
}

static bool between(int64_t from_ms, int64_t to_ms, int64_t *ms)
{
	*ms = to_ms > from_ms ? to_ms - from_ms : 0;
	return true;
}

bool contact_wait(const struct item *c, int64_t *ms)
{
	*ms = c->numbers[CONTACT_WAIT_MS];
	if (contact_has(c, CONTACT_HAS_WAIT))
		return true;
	if (!contact_has(c, CONTACT_HAS_QUEUE))
		return false;
	if (c->numbers[CONTACT_STARTED_MS])
		return between(c->time_ms, c->numbers[CONTACT_STARTED_MS], ms);
	return c->state == CONTACT_ABANDONED && between(c->time_ms, c->numbers[CONTACT_END_MS], ms);
}

bool contact_handle(const struct item *c, int64_t *ms)
{
	*ms = c->numbers[CONTACT_HANDLE_MS];
	if (contact_has(c, CONTACT_HAS_HANDLE))
		return true;
	return c->state == CONTACT_ENDED && c->numbers[CONTACT_STARTED_MS] &&
	       between(c->numbers[CONTACT_STARTED_MS], c->numbers[CONTACT_END_MS], ms);
}

bool contact_same_topic(const struct item *a, const struct item *b)
{
	return a->texts[CONTACT_TOPIC] == b->texts[CONTACT_TOPIC]; /* interned; none is a topic of its own */
}

struct item *item_begin_at(struct record *r, struct strpool *pool, struct item *c, int64_t time_ms)
{
	struct item moved = *c;
	if (c->time_ms == time_ms)
		return c;
	moved.time_ms = time_ms;
	str_ref(moved.key);
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		str_ref(moved.texts[i]);
	items_remove(r, pool, c);
	return items_place(r, pool, &moved, LIMIT_ITEMS);
}

static void take_text(struct item *c, struct strpool *pool, unsigned which, const struct item *from)
{
	if (from->texts[which])
		item_set_text(c, pool, which, item_text(from, which));
}

static void take_number(struct item *c, const struct item *from, int64_t flag, unsigned which)
{
	if (contact_has(c, flag) || !contact_has(from, flag))
		return;
	c->numbers[which] = from->numbers[which];
	contact_mark(c, flag, true);
}

static void join_agents(struct item *c, struct strpool *pool, const struct item *from)
{
	int64_t *own = &c->numbers[CONTACT_STARTED_MS], started = from->numbers[CONTACT_STARTED_MS];
	if (!c->texts[CONTACT_FIRST_AGENT] || (started && (!*own || started < *own)))
		take_text(c, pool, CONTACT_FIRST_AGENT, from);
	if (started && (!*own || started < *own))
		*own = started;
	if (from->numbers[CONTACT_AGENT_MS] > c->numbers[CONTACT_AGENT_MS]) {
		c->numbers[CONTACT_AGENT_MS] = from->numbers[CONTACT_AGENT_MS];
		take_text(c, pool, CONTACT_AGENT, from);
	}
}

static void join_legs(struct item *c, const struct item *from)
{
	unsigned legs = contact_legs(c) + contact_legs(from), holds = contact_holds(c) + contact_holds(from);
	bool own = contact_has(c, CONTACT_HAS_TRANSFERS), others = contact_has(from, CONTACT_HAS_TRANSFERS);
	if (own != others)
		legs = own ? contact_legs(c) : contact_legs(from);
	contact_set_legs(c, legs, holds);
	contact_mark(c, CONTACT_HAS_TRANSFERS, own || others);
}

void contact_join(struct item *c, struct strpool *pool, const struct item *from)
{
	const int64_t told = CONTACT_HAS_QUEUE | CONTACT_HAS_END | CONTACT_HAS_LEFT | CONTACT_IS_OVERDUE | CONTACT_WENT_ON;
	int64_t rank = c->numbers[CONTACT_FLAGS] / CONTACT_TOPIC_RANK;
	int64_t other = from->numbers[CONTACT_FLAGS] / CONTACT_TOPIC_RANK;
	join_agents(c, pool, from);
	if (!c->texts[CONTACT_TOPIC] || other > rank) {
		take_text(c, pool, CONTACT_TOPIC, from);
		c->numbers[CONTACT_FLAGS] += (other - rank) * CONTACT_TOPIC_RANK;
	}
	if (!c->texts[CONTACT_REF])
		take_text(c, pool, CONTACT_REF, from);
	if (!c->texts[CONTACT_CHANNEL])
		take_text(c, pool, CONTACT_CHANNEL, from);
	if (from->numbers[CONTACT_END_MS] > c->numbers[CONTACT_END_MS])
		c->numbers[CONTACT_END_MS] = from->numbers[CONTACT_END_MS];
	take_number(c, from, CONTACT_HAS_WAIT, CONTACT_WAIT_MS);
	take_number(c, from, CONTACT_HAS_HANDLE, CONTACT_HANDLE_MS);
	take_number(c, from, CONTACT_HAS_MOOD_START, CONTACT_MOOD_START);
	take_number(c, from, CONTACT_HAS_MOOD_END, CONTACT_MOOD_END);
	join_legs(c, from);
	c->numbers[CONTACT_HOLD_MS] += from->numbers[CONTACT_HOLD_MS];
	contact_mark(c, from->numbers[CONTACT_FLAGS] & told, true);
	c->state = (uint8_t)contact_state_of(c);
}

void contact_goes(struct items all, const struct item *oldest, int64_t within_ms)
{
	for (unsigned i = 0; i < all.count; i++) {
		struct item *c = &all.items[i];
		if (c == oldest || !contact_same_topic(c, oldest) || !contact_has(c, CONTACT_IS_REPEAT))
			continue;
		if (!contact_is_closed(oldest) || c->time_ms - oldest->numbers[CONTACT_END_MS] <= within_ms)
			contact_mark(c, CONTACT_BEFORE_GONE, true);
	}
}
