/* decide/apply_contracts.c: contracts begin, go on and end, and what happens to the relationship meanwhile is counted for
 * who sold them.
 *
 * What a contract counts for is a function of its item (count_contract): whoever changes it takes back what was counted
 * of it before and counts what it is now, in the day of the sale and the cell of its seller. So a cancellation that comes
 * late, a corrected seller or a merge leave the sums as they would be, had all been known at once. A contract that gives
 * way to newer ones (LIMIT_CONTRACTS) stays counted as it was. */
#include "decide/counting.h"
#include "decide/lasting.h"
#include "decide/text.h"
#include "state/contracts.h"

#include <math.h>

#define REPEAT_MS (7 * CONTRACT_DAY_MS)

static void count_at(struct applying *a, const struct item *c, const struct slice *dims, unsigned h, int sign)
{
	unsigned base = CONTRACTS_AT + h * CONTRACTS_AT_COUNT;
	int64_t complaints = contract_lanes_upto(c->numbers[CONTRACT_COMPLAINTS], h);
	const int64_t amounts[CONTRACTS_AT_COUNT] = {
		[AT_LOST] = !contract_kept(c, h),
		[AT_CONTENT] = contract_kept(c, h) && contract_content(c, h),
		[AT_COMPLAINED] = complaints > 0,
		[AT_COMPLAINTS] = complaints,
		[AT_CONTACTS] = contract_lanes_upto(c->numbers[CONTRACT_CONTACTS], h),
		[AT_REPEATS] = contract_lanes_upto(c->numbers[CONTRACT_REPEATS], h),
		[AT_SAID] = contract_lanes_upto(c->numbers[CONTRACT_SAID], h),
		[AT_MOOD] = contract_mood_upto(c, h),
	};
	for (unsigned i = 0; i < CONTRACTS_AT_COUNT; i++)
		count_add(a, LEDGER_CONTRACTS, c->time_ms, dims, base + i, sign * amounts[i]);
}

static void count_contract(struct applying *a, const struct item *c, int sign)
{
	const struct slice dims[] = { item_text(c, CONTRACT_AGENT), item_text(c, CONTRACT_CAMPAIGN),
				      item_text(c, CONTRACT_PRODUCT) };
	if (!(c->state & CONTRACT_SOLD))
		return;
	count_add(a, LEDGER_CONTRACTS, c->time_ms, dims, CONTRACTS_SOLD, sign);
	count_add(a, LEDGER_CONTRACTS, c->time_ms, dims, CONTRACTS_RENEWALS, sign * c->numbers[CONTRACT_RENEWALS]);
	count_add(a, LEDGER_CONTRACTS, c->time_ms, dims, CONTRACTS_ENDED, sign * (c->numbers[CONTRACT_ENDED_MS] != 0));
	for (unsigned h = 0; h < CONTRACT_HORIZONS; h++)
		count_at(a, c, dims, h, sign);
}

struct slice event_key(const struct applying *a, const struct str *name, char buffer[32])
{
	return value_key_text(eval_event(a->e, str_slice(name)), buffer);
}

/* A new value replaces the old, none leaves it. */
static void take_text(struct applying *a, struct item *c, unsigned which, const struct str *name)
{
	char buffer[32];
	struct slice text = event_key(a, name, buffer);
	if (text.len && text.len <= LIMIT_ATTRIBUTE_TEXT_BYTES)
		item_set_text(c, a->m->pool, which, text);
}

/* When it is to end: said, or the term in months from `from_ms` on. */
static void take_end(struct applying *a, struct item *c, int64_t from_ms)
{
	const struct contract_decl *d = a->m->pack->contract;
	struct value at = eval_event(a->e, str_slice(d->ends_at)), term = eval_event(a->e, str_slice(d->term));
	if (at.kind == VALUE_NUMBER && at.number > 0 && at.number <= (double)LIMIT_TIME_MAX_MS)
		c->numbers[CONTRACT_ENDS_MS] = (int64_t)at.number;
	else if (term.kind == VALUE_NUMBER && term.number > 0 && term.number <= 1200)
		c->numbers[CONTRACT_ENDS_MS] = from_ms + (int64_t)round(term.number * CONTRACT_MONTH_MS);
	take_text(a, c, CONTRACT_TERM, d->term);
}

static void take_seller(struct applying *a, struct item *c)
{
	const struct contract_decl *d = a->m->pack->contract;
	take_text(a, c, CONTRACT_PRODUCT, d->product);
	take_text(a, c, CONTRACT_AGENT, d->agent);
	take_text(a, c, CONTRACT_CAMPAIGN, d->campaign);
}

/* Of one id several may follow each other, but two do not begin at once. */
static bool known_since(const struct applying *a, struct slice id, int64_t time_ms)
{
	struct items all = items_of(a->record, ITEM_CONTRACT, 0);
	for (unsigned i = 0; i < all.count; i++)
		if (all.items[i].time_ms == time_ms && slice_equal(item_key(&all.items[i]), id))
			return true;
	return false;
}

static struct item *add_contract(struct applying *a, struct slice id, uint8_t state)
{
	struct item *c = items_add(a->record, a->m->pool, ITEM_CONTRACT, 0, id, 0, a->now_ms, LIMIT_CONTRACTS);
	if (c)
		c->state = state;
	return c;
}

/* The begin of one that is known: a correction of who sold what, and when. Its place among the others goes by its begin. */
static struct item *begin_anew(struct applying *a, struct item *c)
{
	struct item old = *c;
	if (known_since(a, item_key(c), a->now_ms))
		return c;
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		str_ref(old.texts[i]);
	struct str *key = str_ref(old.key);
	items_remove(a->record, a->m->pool, c);
	c = items_add(a->record, a->m->pool, ITEM_CONTRACT, 0, str_slice(key), old.member, a->now_ms, LIMIT_CONTRACTS);
	for (unsigned i = 0; i < ITEM_TEXTS; i++) {
		if (c)
			item_set_text(c, a->m->pool, i, str_slice(old.texts[i]));
		strpool_drop(a->m->pool, old.texts[i]);
	}
	strpool_drop(a->m->pool, key);
	if (c)
		memcpy(c->numbers, old.numbers, sizeof(c->numbers));
	return c;
}

/* How an event names a contract: where it says neither, it means all that run. */
struct named_contract {
	struct slice id, product;
};

static struct slice key_of(const struct named_contract *n)
{
	return n->id.len ? n->id : n->product;
}

static bool is_meant(const struct item *c, const struct named_contract *n)
{
	if (n->id.len)
		return slice_equal(item_key(c), n->id);
	return !n->product.len || slice_equal(item_text(c, CONTRACT_PRODUCT), n->product);
}

static void contract_starts(struct applying *a, const struct named_contract *n)
{
	struct item *c = items_find(a->record, ITEM_CONTRACT, 0, key_of(n));
	if (c && c->time_ms < a->now_ms && c->numbers[CONTRACT_ENDED_MS] && c->numbers[CONTRACT_ENDED_MS] <= a->now_ms)
		c = NULL; /* that one is over: they come again */
	if (c) {
		count_contract(a, c, -1);
		c = begin_anew(a, c);
	} else {
		c = add_contract(a, key_of(n), CONTRACT_SOLD);
	}
	if (!c)
		return;
	c->state = CONTRACT_SOLD;
	take_seller(a, c);
	take_end(a, c, a->now_ms);
	count_contract(a, c, 1);
}

/* The one that the event means: by its id, else its product, else the newest that runs. */
static struct item *meant(struct applying *a, const struct named_contract *n)
{
	struct items all = items_of(a->record, ITEM_CONTRACT, 0);
	struct item *known = n->id.len ? items_find(a->record, ITEM_CONTRACT, 0, n->id) : NULL;
	if (n->id.len)
		return known;
	for (unsigned i = all.count; i-- > 0;)
		if (is_meant(&all.items[i], n) && (contract_runs(&all.items[i], a->now_ms) || i == 0))
			return &all.items[i];
	return NULL;
}

/* One that was never seen to begin is known to run from now on, and nobody's sale. */
static void contract_renews(struct applying *a, const struct named_contract *n)
{
	struct item *c = meant(a, n);
	if (!c && (c = add_contract(a, key_of(n), 0)) != NULL)
		take_text(a, c, CONTRACT_PRODUCT, a->m->pack->contract->product);
	if (!c || (c->numbers[CONTRACT_ENDED_MS] && c->numbers[CONTRACT_ENDED_MS] > a->now_ms))
		return; /* it ended after this renewal, which came late */
	count_contract(a, c, -1);
	c->numbers[CONTRACT_ENDED_MS] = 0;
	item_set_text(c, a->m->pool, CONTRACT_REASON, SLICE(""));
	c->numbers[CONTRACT_RENEWALS]++;
	int64_t from_ms = c->numbers[CONTRACT_ENDS_MS] > a->now_ms ? c->numbers[CONTRACT_ENDS_MS] : a->now_ms;
	take_end(a, c, from_ms);
	count_contract(a, c, 1);
}

/* It ends once: the earliest end that is told stands. */
static void contract_ends(struct applying *a, struct item *c)
{
	int64_t ended_ms = c->numbers[CONTRACT_ENDED_MS];
	if (a->now_ms < c->time_ms || (ended_ms && ended_ms <= a->now_ms))
		return;
	count_contract(a, c, -1);
	c->numbers[CONTRACT_ENDED_MS] = a->now_ms ? a->now_ms : 1;
	take_text(a, c, CONTRACT_REASON, a->m->pack->contract->reason);
	count_contract(a, c, 1);
}

/* The end of one that nobody has told us of yet is kept: its begin may come late. */
static void end_unknown(struct applying *a, const struct named_contract *n)
{
	if (!n->id.len || items_find(a->record, ITEM_CONTRACT, 0, n->id))
		return;
	struct item *c = add_contract(a, n->id, 0);
	if (c)
		contract_ends(a, c);
}

static bool opinion(struct applying *a, double *out)
{
	const struct contract_decl *d = a->m->pack->contract;
	for (unsigned i = 0; i < d->opinion_count; i++) {
		for (struct str **on = d->opinions[i].on; *on; on++) {
			if (!slice_equal(str_slice(*on), a->event->type))
				continue;
			struct value v = eval_event(a->e, str_slice(d->opinions[i].value));
			if (v.kind != VALUE_NUMBER && v.kind != VALUE_BOOL)
				continue;
			*out = v.kind == VALUE_BOOL ? (v.boolean ? 1 : -1) : fmin(fmax(v.number, -1), 1);
			return true;
		}
	}
	return false;
}

static void note_contact(struct applying *a, struct item *c, unsigned band)
{
	char buffer[32];
	struct slice topic = event_key(a, a->m->pack->contract->topic, buffer);
	int64_t gap_ms = a->now_ms - c->numbers[CONTRACT_CONTACT_MS];
	bool again = c->numbers[CONTRACT_CONTACT_MS] && slice_equal(topic, item_text(c, CONTRACT_TOPIC));
	contract_lane_add(&c->numbers[CONTRACT_CONTACTS], band);
	if (again && gap_ms >= -REPEAT_MS && gap_ms <= REPEAT_MS)
		contract_lane_add(&c->numbers[CONTRACT_REPEATS], band);
	if (gap_ms < 0)
		return;
	c->numbers[CONTRACT_CONTACT_MS] = a->now_ms;
	item_set_text(c, a->m->pool, CONTRACT_TOPIC, topic.len <= LIMIT_ATTRIBUTE_TEXT_BYTES ? topic : SLICE(""));
}

static void note_lived(struct applying *a, struct item *c, unsigned lasting)
{
	unsigned band = contract_band(a->now_ms - c->time_ms);
	double mood;
	if (band == CONTRACT_HORIZONS)
		return;
	count_contract(a, c, -1);
	if (lasting & LASTING_COMPLAINT)
		contract_lane_add(&c->numbers[CONTRACT_COMPLAINTS], band);
	if (lasting & LASTING_CONTACT)
		note_contact(a, c, band);
	if ((lasting & LASTING_OPINION) && opinion(a, &mood)) {
		contract_lane_add(&c->numbers[CONTRACT_SAID], band);
		contract_mood_add(c, band, in_millionths(mood));
	}
	count_contract(a, c, 1);
}

static void each_contract(struct applying *a, const struct named_contract *n, unsigned lasting)
{
	struct items all = items_of(a->record, ITEM_CONTRACT, 0);
	for (unsigned i = 0; i < all.count; i++) {
		struct item *c = &all.items[i];
		if (!is_meant(c, n))
			continue;
		if (lasting & LASTING_ENDS)
			contract_ends(a, c);
		else if (contract_runs(c, a->now_ms))
			note_lived(a, c, lasting);
	}
}

void apply_contracts(struct applying *a)
{
	enum { LIVED = LASTING_COMPLAINT | LASTING_CONTACT | LASTING_OPINION };
	char id[32], product[32];
	const struct contract_decl *d = a->m->pack->contract;
	unsigned lasting = a->index->lasting;
	struct named_contract n = { event_key(a, d->id, id), event_key(a, d->product, product) };
	if (n.id.len > LIMIT_ATTRIBUTE_TEXT_BYTES || n.product.len > LIMIT_ATTRIBUTE_TEXT_BYTES)
		return; /* nothing that could be kept */
	if (lasting & LASTING_STARTS)
		contract_starts(a, &n);
	if (lasting & LASTING_RENEWS)
		contract_renews(a, &n);
	if (lasting & LASTING_ENDS) {
		each_contract(a, &n, LASTING_ENDS);
		end_unknown(a, &n);
	}
	if (lasting & LIVED)
		each_contract(a, &n, lasting & LIVED);
	eval_fresh(a->e);
}

/* The same contract, known under both customers: what either knows of it. */
static void join_contract(struct applying *a, struct item *c, const struct item *other)
{
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		if (!item_text(c, i).len)
			item_set_text(c, a->m->pool, i, item_text(other, i));
	int64_t ended_ms = other->numbers[CONTRACT_ENDED_MS];
	if (ended_ms && (!c->numbers[CONTRACT_ENDED_MS] || ended_ms < c->numbers[CONTRACT_ENDED_MS]))
		c->numbers[CONTRACT_ENDED_MS] = ended_ms;
	if (other->numbers[CONTRACT_ENDS_MS] > c->numbers[CONTRACT_ENDS_MS])
		c->numbers[CONTRACT_ENDS_MS] = other->numbers[CONTRACT_ENDS_MS];
	c->numbers[CONTRACT_RENEWALS] += other->numbers[CONTRACT_RENEWALS];
	c->state |= other->state;
}

void contracts_before_merge(struct applying *a, struct record *from)
{
	struct items others = items_of(from, ITEM_CONTRACT, 0);
	for (unsigned i = others.count; i-- > 0;) {
		struct item *other = &others.items[i], *own = items_find(a->record, ITEM_CONTRACT, 0, item_key(other));
		if (!own)
			continue;
		count_contract(a, own, -1);
		count_contract(a, other, -1);
		join_contract(a, own, other);
		count_contract(a, own, 1);
		items_remove(from, a->m->pool, other);
	}
}
