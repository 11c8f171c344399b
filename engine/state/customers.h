/* state/customers.h: a customer as one who is there or has left (ITEM_CUSTOMER, one a record), and the newest contacts
 * with them (ITEM_TOUCH, the key the contact's id), so that a loss finds the last contact before it.
 *
 * What reports count customers by (a pack's churn { by = … }) is a cell. A customer is in one cell at a time: the spell
 * in it began when they joined, moved over from another cell or returned, and ends when they move on or leave. */
#ifndef NUDGED_STATE_CUSTOMERS_H
#define NUDGED_STATE_CUSTOMERS_H

#include "state/items.h"

enum customer_text { CUSTOMER_BY /* CHURN_BY of them */, CUSTOMER_OF = CHURN_BY /* their names */, CUSTOMER_REASON };
enum customer_number {
	CUSTOMER_ENTERED_MS, /* the spell's beginning … */
	CUSTOMER_ENTERED,    /* … and what it was: enum churn_measure */
	CUSTOMER_LOST_MS,    /* 0: they are there */
	CUSTOMER_LOST_BY,    /* enum lost_by */
	CUSTOMER_BACK_MS,    /* newest event of those that say that they are (again) there; 0: none */
	CUSTOMER_RETURNED_MS,/* when they last returned; 0: never */
};
/* Measures of LEDGER_CHURN, LEDGER_CUSTOMERS and LEDGER_AFTER. On disk */
enum churn_measure { CHURN_JOINED, CHURN_RETURNED, CHURN_MOVED_IN, CHURN_MOVED_OUT, CHURN_LOST };
enum customers_measure { CUSTOMERS_THERE, CUSTOMERS_LOST };
enum touched_measure { TOUCHED, TOUCHED_LOST, TOUCHED_MOODS, TOUCHED_MOOD, TOUCHED_LOST_MOODS, TOUCHED_LOST_MOOD };

enum lost_by { LOST_BY_EVENT = 1, LOST_BY_CONDITION = 2 }; /* on disk */

enum touch_text { TOUCH_BY /* CHURN_BY of them */, TOUCH_OF = CHURN_BY, TOUCH_AGENT, TOUCH_TOPIC };
enum touch_number { TOUCH_LOST /* 1: the last contact before they left */, TOUCH_MOOD /* millionths */, TOUCH_HAS_MOOD };

static inline const struct item *customer_item(const struct record *r)
{
	struct items all = items_of(r, ITEM_CUSTOMER, 0);
	return all.count ? &all.items[0] : NULL;
}

#endif
