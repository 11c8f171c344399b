/* decide/spending.c: see spending.h. */
#include "decide/spending.h"

#include "decide/counting.h"
#include "decide/offer.h"

#include "base/currency.h"

#include <math.h>
#include <stdio.h>

enum { MONTH_BYTES = 16, SEED_BUDGET = 0x62756467 };

static bool is_answer(int kind)
{
	return kind >= OUTCOME_ACCEPTED && kind <= OUTCOME_LAST;
}

const struct outcome *offer_unanswered(const struct record *r, struct slice action, uint8_t member)
{
	for (unsigned i = r->rare->outcome_count; i > 0; i--) {
		const struct outcome *o = &r->rare->outcomes[i - 1];
		if (o->member != member || !slice_equal(str_slice(o->action), action))
			continue;
		if (o->kind == OUTCOME_OFFERED)
			return o;
		if (is_answer(o->kind))
			return NULL;
	}
	return NULL;
}

static const struct action_decl *action_of(const struct applying *a, struct slice name)
{
	const struct str *s = strpool_find(a->m->pool, name);
	int index = s ? pack_action(a->m->pack, s) : -1;
	return index >= 0 ? &a->m->pack->actions[index] : NULL;
}

static int64_t minor_units(struct number n)
{
	return n.known && n.n > 0 ? (int64_t)round(fmin(n.n, (double)LIMIT_MONEY)) : 0;
}

static struct number cost_of(struct eval *e, const struct action_decl *a)
{
	uint8_t member = e->member;
	struct number n = a->cost ? eval_number(e, a->cost) : (struct number){ 0, true };
	e->member = member;
	return n;
}

static struct promise promise_of(const struct applying *a, struct slice action)
{
	const struct outcome *o = offer_unanswered(a->record, action, a->member);
	return o ? (struct promise){ true, o->time_ms, o->more ? o->more->cost : 0 } : (struct promise){ 0 };
}

struct promise spending_begin(const struct applying *a, const struct outcome_input *o, struct outcome_details *details)
{
	const struct action_decl *decl = action_of(a, o->action);
	struct promise before = { 0 };
	if (!decl || !decl->budgeted)
		return before;
	before = promise_of(a, o->action);
	if (details->cost || (o->kind != OUTCOME_OFFERED && o->kind != OUTCOME_ACCEPTED))
		return before;
	if (before.open && before.cost)
		details->cost = before.cost;
	else
		details->cost = minor_units(cost_of(a->e, decl));
	return before;
}

static struct slice month_of(const struct zone *z, int64_t time_ms, char buffer[MONTH_BYTES])
{
	struct zone_civil c = zone_civil(z, time_ms);
	int n = snprintf(buffer, MONTH_BYTES, "%04d-%02d", c.year, c.month);
	return (struct slice){ buffer, (size_t)n };
}

static void spend(struct applying *a, const struct action_decl *decl, int64_t time_ms, int64_t money, int64_t offers)
{
	char buffer[MONTH_BYTES];
	const struct slice dims[SPENT_DIMS] = {
		[SPENT_DIM_MONTH] = month_of(a->m->pack->zone, time_ms, buffer),
		[SPENT_DIM_GOAL] = str_slice(decl->goal),
		[SPENT_DIM_GROUP] = str_slice(decl->group),
		[SPENT_DIM_ACTION] = str_slice(decl->name),
	};
	count_add(a, LEDGER_SPENT, time_ms, dims, SPENT_MONEY, money);
	count_add(a, LEDGER_SPENT, time_ms, dims, SPENT_OFFERS, offers);
}

void spending_finish(struct applying *a, const struct outcome_input *o, const struct promise *before, int64_t cost)
{
	const struct action_decl *decl = action_of(a, o->action);
	if (!decl || !decl->budgeted || o->kind == OUTCOME_SHOWN) /* shown changes nothing of it */
		return;
	struct promise after = promise_of(a, o->action);
	if (before->open)
		spend(a, decl, before->time_ms, -before->cost, -1);
	if (after.open)
		spend(a, decl, after.time_ms, after.cost, 1);
	if (o->kind == OUTCOME_ACCEPTED)
		spend(a, decl, o->time_ms, cost, 1);
}

static bool is_of(const struct policy_decl *p, const struct slice dims[SPENT_DIMS])
{
	return (!p->goal || slice_equal(str_slice(p->goal), dims[SPENT_DIM_GOAL])) &&
	       (!p->group || slice_equal(str_slice(p->group), dims[SPENT_DIM_GROUP])) &&
	       (!p->action || slice_equal(str_slice(p->action), dims[SPENT_DIM_ACTION]));
}

/* Cells lie in the order of their keys, which begin with the month. */
static uint32_t first_of_month(const struct ledger *l, struct slice month)
{
	uint32_t low = 0, high = l->cell_count;
	while (low < high) {
		uint32_t at = low + (high - low) / 2;
		if (slice_compare(str_slice(l->cells[at].key), month) < 0)
			low = at + 1;
		else
			high = at;
	}
	return low;
}

static void sum_up(const struct ledger *l, const struct policy_decl *p, struct slice month, int64_t sums[2])
{
	struct slice dims[SPENT_DIMS];
	sums[SPENT_MONEY] = sums[SPENT_OFFERS] = 0;
	for (uint32_t i = l ? first_of_month(l, month) : 0; l && i < l->cell_count; i++) {
		ledger_key_parse(str_slice(l->cells[i].key), dims, SPENT_DIMS);
		if (!slice_equal(dims[SPENT_DIM_MONTH], month))
			return;
		if (!is_of(p, dims))
			continue;
		sums[SPENT_MONEY] += ledger_sum_of(&l->cells[i], SPENT_MONEY);
		sums[SPENT_OFFERS] += ledger_sum_of(&l->cells[i], SPENT_OFFERS);
	}
}

/* Read once a decision, and recorded with it. */
static const struct spent *spent_of(struct deciding *d, const struct policy_decl *p)
{
	char buffer[MONTH_BYTES];
	int64_t sums[2];
	const struct pack *pack = d->m->pack;
	if (!d->spent)
		d->spent = arena_calloc(&d->m->arena, pack->policy_count, sizeof(*d->spent));
	struct spent *s = &d->spent[p - pack->policies];
	if (s->read)
		return s;
	struct slice month = month_of(pack->zone, d->e->now_ms, buffer);
	sum_up(record_ledger(d->spent_record), p, month, sums);
	struct slice whose = str_slice(p->action ? p->action : p->group ? p->group : p->goal); /* whatever its amounts are */
	uint64_t what = hash64(whose, hash64(month, SEED_BUDGET + (p->action ? 1 : p->group ? 2 : p->goal ? 3 : 0)));
	struct value money = eval_foreign(d->e, what, value_number((double)sums[SPENT_MONEY]));
	struct value offers = eval_foreign(d->e, what + 1, value_number((double)sums[SPENT_OFFERS]));
	*s = (struct spent){ .read = true, .unknown = money.kind != VALUE_NUMBER || offers.kind != VALUE_NUMBER };
	if (!s->unknown)
		s->money = money.number, s->offers = offers.number;
	return s;
}

/* What was promised already is in the sums, and is kept: an offer that was made holds. */
static bool is_promised(const struct deciding *d, const struct action_decl *a)
{
	if (a->offer_holds_ms && offer_made(d->e->customer, a->name, d->e->now_ms))
		return true;
	return offer_unanswered(d->e->customer, str_slice(a->name), d->e->member) != NULL;
}

bool cost_is_known(struct deciding *d, const struct action_decl *a)
{
	return cost_of(d->e, a).known;
}

bool budget_holds(struct deciding *d, const struct policy_decl *p, const struct action_decl *a)
{
	if (is_promised(d, a))
		return false;
	const struct spent *s = spent_of(d, p);
	struct number cost = cost_of(d->e, a);
	if (p->budget_offers >= 0 && s->offers >= (double)p->budget_offers)
		return true;
	if (p->budget_money < 0)
		return false;
	/* what it would give away cannot be told: then it may be anything */
	return !cost.known || s->money >= (double)p->budget_money || s->money + fmax(cost.n, 0) > (double)p->budget_money;
}

int64_t budget_until(const struct deciding *d)
{
	const struct zone *z = d->m->pack->zone;
	return zone_month_start(z, zone_day_shift(z, zone_month_start(z, d->e->now_ms), 32));
}

void budget_text(struct deciding *d, const struct policy_decl *p, const struct action_decl *a, struct bytes *out)
{
	const struct spent *s = spent_of(d, p);
	struct number cost = cost_of(d->e, a);
	if (s->unknown) {
		bytes_printf(out, "what was given away by then was not asked for");
		return;
	}
	struct slice currency = str_slice(d->m->pack->currency);
	if (p->budget_money >= 0) {
		currency_put_bare(out, s->money, currency);
		bytes_printf(out, " of ");
		currency_put(out, (double)p->budget_money, currency);
		bytes_printf(out, " given away or promised");
	}
	if (p->budget_offers >= 0)
		bytes_printf(out, "%s%.0f of %lld offers made", p->budget_money >= 0 ? ", " : "", s->offers,
			     (long long)p->budget_offers);
	bytes_printf(out, " this month");
	if (p->budget_money < 0)
		return;
	if (!cost.known)
		bytes_printf(out, "; what this one gives away is unknown");
	else if (cost.n > 0) {
		bytes_printf(out, "; this one gives away ");
		currency_put(out, cost.n, currency);
	}
}
