/* decide/eval_contract.c: what conditions and values ask of contracts and of who has left. */
#include "decide/eval.h"
#include "state/contracts.h"
#include "state/customers.h"

static bool asked(const struct item *c, const struct term *t, int64_t now_ms)
{
	return contract_runs(c, now_ms) &&
	       (!t->contract.product || slice_equal(item_text(c, CONTRACT_PRODUCT), str_slice(t->contract.product)));
}

static unsigned count_active(const struct record *r, const struct term *t, int64_t now_ms)
{
	struct items all = items_of(r, ITEM_CONTRACT, 0);
	unsigned n = 0;
	for (unsigned i = 0; i < all.count; i++)
		n += asked(&all.items[i], t, now_ms);
	return n;
}

/* Of those that run and have an end, the first: 0 where none has. */
static int64_t first_end_ms(const struct record *r, const struct term *t, int64_t now_ms)
{
	struct items all = items_of(r, ITEM_CONTRACT, 0);
	int64_t first = 0;
	for (unsigned i = 0; i < all.count; i++) {
		int64_t ends_ms = all.items[i].numbers[CONTRACT_ENDS_MS];
		if (asked(&all.items[i], t, now_ms) && ends_ms && (!first || ends_ms < first))
			first = ends_ms;
	}
	return first;
}

static const struct item *active(const struct record *r, const struct term *t, int64_t now_ms, bool newest)
{
	struct items all = items_of(r, ITEM_CONTRACT, 0);
	for (unsigned i = 0; i < all.count; i++) {
		const struct item *c = &all.items[newest ? all.count - 1 - i : i];
		if (asked(c, t, now_ms))
			return c;
	}
	return NULL;
}

static struct value contract_value(const struct eval *e, const struct record *r, const struct term *t)
{
	int64_t end_ms = 0;
	const struct item *c = NULL;
	switch (t->contract.aggregate) {
	case CONTRACT_DAYS_LEFT: case CONTRACT_IN_LAST:
		end_ms = first_end_ms(r, t, e->now_ms);
		break;
	case CONTRACT_MONTHS_KEPT: case CONTRACT_PRODUCT_OF:
		c = active(r, t, e->now_ms, t->contract.aggregate == CONTRACT_PRODUCT_OF);
		break;
	default:
		break;
	}
	double days = (double)(end_ms - e->now_ms) / CONTRACT_DAY_MS;
	switch (t->contract.aggregate) {
	case CONTRACT_DAYS_LEFT:
		return end_ms ? value_number(days) : value_unknown();
	case CONTRACT_IN_LAST:
		return value_bool(end_ms && days >= 0 && days <= t->contract.days);
	case CONTRACT_MONTHS_KEPT:
		return c ? value_number((double)(e->now_ms - c->time_ms) / CONTRACT_MONTH_MS) : value_unknown();
	case CONTRACT_PRODUCT_OF:
		return c && item_text(c, CONTRACT_PRODUCT).len ? value_string(item_text(c, CONTRACT_PRODUCT)) : value_unknown();
	case CONTRACT_IS_ACTIVE:
		return value_bool(count_active(r, t, e->now_ms) > 0);
	default:
		return value_number(count_active(r, t, e->now_ms));
	}
}

struct value leaf_contract(struct eval *e, const struct term *t)
{
	const struct record *r = e->customer;
	if (!r)
		return value_unknown();
	if (t->contract.aggregate < CHURN_IS_LOST)
		return contract_value(e, r, t);
	const struct item *c = customer_item(r);
	int64_t lost_ms = c ? c->numbers[CUSTOMER_LOST_MS] : 0;
	if (t->contract.aggregate == CHURN_IS_LOST)
		return value_bool(lost_ms && lost_ms <= e->now_ms);
	return lost_ms && lost_ms <= e->now_ms ? value_number((double)(e->now_ms - lost_ms) / 1000) : value_unknown();
}
