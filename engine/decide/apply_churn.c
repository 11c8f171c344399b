/* decide/apply_churn.c: who is there and who has left, and after which contact.
 *
 * A customer is counted in the cell of what the pack tells them apart by. The spell in it is a function of their item:
 * count_spell; whoever changes the item takes that back first and counts it anew at the entry's end (churn_finish). So
 * late and corrected events leave the sums as if all had come in order:
 *
 *     joined ──> spell ──moved──> spell ──lost──> … ──returned──> spell          each in the day on which it happened
 *
 * A value that was not known is filled in: that is no move, the spell is counted in the cell where it belongs. Who has
 * left keeps the values of then.
 *
 * Contacts are kept as touches, each with its cell of then. A loss is held against the last contact before it, if that was
 * not longer ago than the pack says (30 days): so each loss counts once, and what is expected of all contacts together is
 * what was lost (report/report_churn.c). */
#include "base/error.h"
#include "decide/counting.h"
#include "decide/lasting.h"
#include "decide/text.h"
#include "state/contracts.h"
#include "state/customers.h"

#define UNKNOWN "unknown"
#define CELL_TEXT_BYTES 40u /* of one value: six of them fit a ledger's key */

static struct item *item_of(struct applying *a)
{
	struct items all = items_of(a->record, ITEM_CUSTOMER, 0);
	return all.count ? &all.items[0] : NULL;
}

static void spell_dims(const struct item *c, struct slice dims[LEDGER_DIMS])
{
	dims[0] = item_text(c, CUSTOMER_OF);
	for (unsigned i = 0; i < CHURN_BY; i++)
		dims[1 + i] = item_text(c, CUSTOMER_BY + i);
	dims[1 + CHURN_BY] = dims[2 + CHURN_BY] = SLICE("");
}

static void count_in_cell(struct applying *a, const struct item *c, int64_t time_ms, enum churn_measure measure, int sign)
{
	struct slice dims[LEDGER_DIMS];
	spell_dims(c, dims);
	if (measure == CHURN_LOST)
		dims[1 + CHURN_BY] = item_text(c, CUSTOMER_REASON);
	count_add(a, LEDGER_CHURN, time_ms, dims, measure, sign);
}

static void count_stock(struct applying *a, const struct item *c, int sign)
{
	struct slice dims[LEDGER_DIMS];
	spell_dims(c, dims);
	count_add(a, LEDGER_CUSTOMERS, 0, dims, c->numbers[CUSTOMER_LOST_MS] ? CUSTOMERS_LOST : CUSTOMERS_THERE, sign);
}

static void count_spell(struct applying *a, const struct item *c, int sign)
{
	count_in_cell(a, c, c->numbers[CUSTOMER_ENTERED_MS], (enum churn_measure)c->numbers[CUSTOMER_ENTERED], sign);
	if (c->numbers[CUSTOMER_LOST_MS])
		count_in_cell(a, c, c->numbers[CUSTOMER_LOST_MS], CHURN_LOST, sign);
	count_stock(a, c, sign);
}

/* Before any change of what is counted. */
static void reopen(struct applying *a, const struct item *c)
{
	if (!a->spell_open)
		count_spell(a, c, -1);
	a->spell_open = true;
}

/* The spell is over: it stays counted where it began, and where they were lost; the stock is the next one's. */
static void freeze(struct applying *a, const struct item *c)
{
	reopen(a, c);
	count_spell(a, c, 1);
	count_stock(a, c, -1);
}

static void enter(struct item *c, enum churn_measure how, int64_t time_ms)
{
	c->numbers[CUSTOMER_ENTERED] = how;
	c->numbers[CUSTOMER_ENTERED_MS] = time_ms;
}

static bool counted_at_all(const struct applying *a)
{
	const struct subject *s = &a->record->subject;
	return s->kind == SUBJECT_CUSTOMER && !a->record->rare->redirect && !subject_is_prospect(s);
}

static struct item *joined(struct applying *a)
{
	struct item *c = items_add(a->record, a->m->pool, ITEM_CUSTOMER, 0, SLICE(""), 0, a->now_ms, 1);
	if (!c)
		return NULL;
	enter(c, CHURN_JOINED, a->now_ms);
	item_set_text(c, a->m->pool, CUSTOMER_OF, str_slice(a->m->pack->churn->of));
	for (unsigned i = 0; i < a->m->pack->churn->by_count; i++)
		item_set_text(c, a->m->pool, CUSTOMER_BY + i, SLICE(UNKNOWN));
	a->spell_open = true;
	return c;
}

static void lose(struct applying *a, struct item *c, int64_t time_ms, enum lost_by by)
{
	char buffer[32];
	struct slice reason = a->event ? event_key(a, a->m->pack->churn->reason, buffer) : SLICE("");
	reopen(a, c);
	c->numbers[CUSTOMER_LOST_MS] = time_ms ? time_ms : 1;
	c->numbers[CUSTOMER_LOST_BY] = by;
	if (c->numbers[CUSTOMER_ENTERED_MS] > time_ms)
		c->numbers[CUSTOMER_ENTERED_MS] = time_ms;
	if (reason.len > CELL_TEXT_BYTES)
		reason.len = CELL_TEXT_BYTES;
	if (reason.len || !item_text(c, CUSTOMER_REASON).len)
		item_set_text(c, a->m->pool, CUSTOMER_REASON, reason.len ? reason : SLICE(UNKNOWN));
}

static void return_to_us(struct applying *a, struct item *c, int64_t time_ms)
{
	freeze(a, c);
	enter(c, CHURN_RETURNED, time_ms);
	c->numbers[CUSTOMER_RETURNED_MS] = time_ms;
	c->numbers[CUSTOMER_LOST_MS] = c->numbers[CUSTOMER_LOST_BY] = 0;
	item_set_text(c, a->m->pool, CUSTOMER_REASON, SLICE(""));
}

/* A loss that comes late: they have come back since. What began as joining was a return. */
static void lost_before(struct applying *a, struct item *c)
{
	int64_t back_ms = c->numbers[CUSTOMER_ENTERED_MS];
	if (c->numbers[CUSTOMER_ENTERED] != CHURN_JOINED || a->now_ms >= back_ms)
		return;
	reopen(a, c);
	lose(a, c, a->now_ms, LOST_BY_EVENT);
	return_to_us(a, c, back_ms);
}

static bool contract_left(const struct applying *a)
{
	struct items all = items_of(a->record, ITEM_CONTRACT, 0);
	for (unsigned i = 0; i < all.count; i++)
		if (contract_runs(&all.items[i], a->now_ms))
			return true;
	return false;
}

/* The end of one contract is no loss while another runs. Told twice, the earlier time stands. */
static void leaves(struct applying *a)
{
	struct item *c = item_of(a);
	int64_t t = a->now_ms;
	if (a->m->pack->contract && (a->index->lasting & LASTING_ENDS) && contract_left(a))
		return;
	if (!c && !(c = joined(a)))
		return;
	int64_t lost_ms = c->numbers[CUSTOMER_LOST_MS], back_ms = c->numbers[CUSTOMER_BACK_MS];
	if (!lost_ms && back_ms > t)
		lost_before(a, c);
	else if (!lost_ms || c->numbers[CUSTOMER_LOST_BY] == LOST_BY_CONDITION)
		lose(a, c, lost_ms && lost_ms < t ? lost_ms : t, LOST_BY_EVENT);
	else if (t < lost_ms && t >= back_ms)
		lose(a, c, t, LOST_BY_EVENT);
}

static void returns(struct applying *a)
{
	struct item *c = item_of(a);
	if (!c && !(c = joined(a)))
		return;
	if (a->now_ms > c->numbers[CUSTOMER_BACK_MS])
		c->numbers[CUSTOMER_BACK_MS] = a->now_ms;
	if (c->numbers[CUSTOMER_LOST_MS] && a->now_ms >= c->numbers[CUSTOMER_LOST_MS])
		return_to_us(a, c, a->now_ms);
}

void apply_churn(struct applying *a)
{
	if (!counted_at_all(a))
		return;
	if (a->index->lasting & LASTING_LEAVES)
		leaves(a);
	if (a->index->lasting & LASTING_RETURNS)
		returns(a);
	eval_fresh(a->e);
}

/* Touches. */

static void count_touch(struct applying *a, const struct item *t, int sign)
{
	struct slice dims[LEDGER_DIMS];
	bool lost = t->numbers[TOUCH_LOST], mood = t->numbers[TOUCH_HAS_MOOD];
	dims[0] = item_text(t, TOUCH_OF);
	for (unsigned i = 0; i < CHURN_BY; i++)
		dims[1 + i] = item_text(t, TOUCH_BY + i);
	dims[1 + CHURN_BY] = item_text(t, TOUCH_AGENT);
	dims[2 + CHURN_BY] = item_text(t, TOUCH_TOPIC);
	const int64_t amounts[] = {
		[TOUCHED] = 1, [TOUCHED_LOST] = lost, [TOUCHED_MOODS] = mood, [TOUCHED_MOOD] = t->numbers[TOUCH_MOOD],
		[TOUCHED_LOST_MOODS] = lost && mood, [TOUCHED_LOST_MOOD] = lost ? t->numbers[TOUCH_MOOD] : 0,
	};
	for (unsigned i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
		count_add(a, LEDGER_AFTER, t->time_ms, dims, i, sign * amounts[i]);
}

/* A contact whose end is told again (a transfer) is still one: its agent is the last. */
static void touch(struct applying *a, const struct item *c)
{
	const struct churn_decl *d = a->m->pack->churn;
	struct strpool *pool = a->m->pool;
	char buffer[32];
	struct slice key = a->event->contact.len ? a->event->contact : a->event->id;
	int64_t lost_ms = c->numbers[CUSTOMER_LOST_MS];
	if (lost_ms && a->now_ms > lost_ms)
		return; /* there was nothing left to lose */
	struct item *t = items_find(a->record, ITEM_TOUCH, 0, key);
	if (t)
		count_touch(a, t, -1);
	else
		t = items_add(a->record, pool, ITEM_TOUCH, 0, key, 0, a->now_ms, LIMIT_TOUCHES);
	if (!t)
		return;
	c = customer_item(a->record); /* it may have moved */
	item_set_text(t, pool, TOUCH_OF, item_text(c, CUSTOMER_OF));
	for (unsigned i = 0; i < CHURN_BY; i++)
		item_set_text(t, pool, TOUCH_BY + i, item_text(c, CUSTOMER_BY + i));
	if (a->event->agent.len)
		item_set_text(t, pool, TOUCH_AGENT, a->event->agent);
	struct slice topic = event_key(a, d->topic, buffer);
	if (topic.len && topic.len <= CELL_TEXT_BYTES)
		item_set_text(t, pool, TOUCH_TOPIC, topic);
	struct value mood = eval_event(a->e, str_slice(d->mood));
	if (mood.kind == VALUE_NUMBER) {
		t->numbers[TOUCH_HAS_MOOD] = 1;
		t->numbers[TOUCH_MOOD] = in_millionths(mood.number);
	}
	count_touch(a, t, 1);
}

/* Which contact the loss came after. Those of before they last returned had their own. */
static void attribute_loss(struct applying *a, const struct item *c)
{
	struct items all = items_of(a->record, ITEM_TOUCH, 0);
	int64_t within_ms = a->m->pack->churn->within_ms, lost_ms = c->numbers[CUSTOMER_LOST_MS];
	int64_t from_ms = lost_ms - within_ms;
	struct item *last = NULL;
	if (!lost_ms)
		return;
	if (from_ms < c->numbers[CUSTOMER_RETURNED_MS])
		from_ms = c->numbers[CUSTOMER_RETURNED_MS];
	for (unsigned i = 0; i < all.count; i++)
		if (all.items[i].time_ms >= from_ms && all.items[i].time_ms <= lost_ms)
			last = &all.items[i];
	for (unsigned i = 0; i < all.count; i++) {
		struct item *t = &all.items[i];
		if (t->time_ms < c->numbers[CUSTOMER_RETURNED_MS] || (t->numbers[TOUCH_LOST] != 0) == (t == last))
			continue;
		count_touch(a, t, -1);
		t->numbers[TOUCH_LOST] = t == last;
		count_touch(a, t, 1);
	}
}

/* Where they are counted. */

struct cell {
	struct slice values[CHURN_BY];
	char buffers[CHURN_BY][CELL_TEXT_BYTES];
};

static void cell_now(struct applying *a, struct cell *out)
{
	const struct churn_decl *d = a->m->pack->churn;
	uint8_t member = a->e->member;
	a->e->member = 0;
	for (unsigned i = 0; i < CHURN_BY; i++) {
		char buffer[32];
		struct value v = i >= d->by_count       ? value_unknown()
				 : d->by_facts[i] >= 0 ? eval_fact(a->e, (unsigned)d->by_facts[i])
						       : eval_attr(a->e, SCOPE_CUSTOMER, d->by[i]);
		struct slice s = value_key_text(v, buffer);
		if (i < d->by_count && !s.len)
			s = SLICE(UNKNOWN);
		out->values[i] = (struct slice){ out->buffers[i], s.len < CELL_TEXT_BYTES ? s.len : CELL_TEXT_BYTES };
		if (s.len)
			memcpy(out->buffers[i], s.data, out->values[i].len);
	}
	a->e->member = member;
}

static bool is_unknown(struct slice s)
{
	return !s.len || slice_equal(s, SLICE(UNKNOWN));
}

enum change { SAME, FILLED_IN, MOVED };

static enum change change_of(const struct item *c, const struct cell *now)
{
	enum change change = SAME;
	for (unsigned i = 0; i < CHURN_BY; i++) {
		struct slice old = item_text(c, CUSTOMER_BY + i);
		if (slice_equal(old, now->values[i]))
			continue;
		if (!is_unknown(old))
			return MOVED;
		change = FILLED_IN;
	}
	return change;
}

static void fill_in(struct applying *a, struct item *item, unsigned first, const struct cell *now, bool all)
{
	for (unsigned i = 0; i < CHURN_BY; i++)
		if (all || is_unknown(item_text(item, first + i)))
			item_set_text(item, a->m->pool, first + i, now->values[i]);
}

/* Contacts of before their values were known are of the same cell. */
static void fill_touches(struct applying *a, const struct cell *now)
{
	struct items all = items_of(a->record, ITEM_TOUCH, 0);
	for (unsigned i = 0; i < all.count; i++) {
		if (!slice_equal(item_text(&all.items[i], TOUCH_OF), str_slice(a->m->pack->churn->of)))
			continue;
		count_touch(a, &all.items[i], -1);
		fill_in(a, &all.items[i], TOUCH_BY, now, false);
		count_touch(a, &all.items[i], 1);
	}
}

/* The pack tells them apart by other names than before: they are counted anew, where it is known how they came. */
static void other_names(struct applying *a, struct item *c)
{
	const struct churn_decl *d = a->m->pack->churn;
	if (slice_equal(item_text(c, CUSTOMER_OF), str_slice(d->of)))
		return;
	reopen(a, c);
	item_set_text(c, a->m->pool, CUSTOMER_OF, str_slice(d->of));
	for (unsigned i = 0; i < CHURN_BY; i++)
		item_set_text(c, a->m->pool, CUSTOMER_BY + i, i < d->by_count ? SLICE(UNKNOWN) : SLICE(""));
}

static void place(struct applying *a, struct item *c)
{
	struct cell now;
	other_names(a, c);
	cell_now(a, &now);
	enum change change = change_of(c, &now);
	bool lost = c->numbers[CUSTOMER_LOST_MS];
	if (change == SAME)
		return;
	if (change == MOVED && !lost) {
		freeze(a, c);
		count_in_cell(a, c, a->now_ms, CHURN_MOVED_OUT, 1);
		enter(c, CHURN_MOVED_IN, a->now_ms);
	}
	reopen(a, c);
	fill_in(a, c, CUSTOMER_BY, &now, !lost);
	fill_touches(a, &now);
}

/* Whether the condition says so. What is unknown changes nothing. */
static void by_condition(struct applying *a, struct item *c)
{
	const struct term *when = a->m->pack->churn->when;
	if (!when)
		return;
	enum ternary left = eval_truth(a->e, when);
	if (left == TERNARY_TRUE && !c->numbers[CUSTOMER_LOST_MS])
		lose(a, c, a->now_ms, LOST_BY_CONDITION);
	else if (left == TERNARY_FALSE && c->numbers[CUSTOMER_LOST_BY] == LOST_BY_CONDITION)
		return_to_us(a, c, a->now_ms);
}

/* Only these can change where somebody is counted: profiles, contracts and contacts, rules that set something, merges. */
static bool may_change(const struct applying *a)
{
	bool profile = a->event && slice_equal(a->event->type, SLICE(EVENT_PROFILE_UPDATED));
	return a->spell_open || a->merged || profile || a->out->fired_count ||
	       (a->index && (a->index->lasting & (LASTING_CONTRACT | LASTING_CHURN)));
}

void churn_gone(struct applying *a)
{
	const struct item *c = item_of(a);
	if (c && counted_at_all(a))
		count_stock(a, c, -1);
}

void churn_finish(struct applying *a)
{
	const struct churn_decl *d = a->m->pack->churn;
	if (!may_change(a) || !counted_at_all(a))
		return;
	applying_occasion(a, a->event, a->member);
	eval_fresh(a->e);
	struct item *c = item_of(a);
	if (!c && d->who && eval_truth(a->e, d->who) != TERNARY_TRUE)
		return;
	if (!c && !(c = joined(a)))
		return;
	by_condition(a, c);
	place(a, c);
	if (a->spell_open)
		count_spell(a, c, 1);
	a->spell_open = false;
	if (a->index && a->event && (a->index->lasting & LASTING_TOUCH))
		touch(a, c);
	attribute_loss(a, item_of(a));
}

/* Two are one customer, since the earlier of the two came, and lost only where both are. */
void churn_before_merge(struct applying *a, struct record *from)
{
	struct items others = items_of(from, ITEM_CUSTOMER, 0);
	struct item *c = item_of(a);
	a->merged = true;
	if (!others.count || !c)
		return;
	struct item *other = &others.items[0];
	reopen(a, c);
	count_spell(a, other, -1);
	if (other->numbers[CUSTOMER_ENTERED_MS] < c->numbers[CUSTOMER_ENTERED_MS])
		enter(c, (enum churn_measure)other->numbers[CUSTOMER_ENTERED], other->numbers[CUSTOMER_ENTERED_MS]);
	if (other->numbers[CUSTOMER_BACK_MS] > c->numbers[CUSTOMER_BACK_MS])
		c->numbers[CUSTOMER_BACK_MS] = other->numbers[CUSTOMER_BACK_MS];
	int64_t lost_ms = other->numbers[CUSTOMER_LOST_MS];
	if (!lost_ms || !c->numbers[CUSTOMER_LOST_MS]) {
		c->numbers[CUSTOMER_LOST_MS] = c->numbers[CUSTOMER_LOST_BY] = 0;
		item_set_text(c, a->m->pool, CUSTOMER_REASON, SLICE(""));
	} else if (lost_ms > c->numbers[CUSTOMER_LOST_MS]) {
		c->numbers[CUSTOMER_LOST_MS] = lost_ms;
		c->numbers[CUSTOMER_LOST_BY] = other->numbers[CUSTOMER_LOST_BY];
		item_set_text(c, a->m->pool, CUSTOMER_REASON, item_text(other, CUSTOMER_REASON));
	}
	items_remove(from, a->m->pool, other);
}
