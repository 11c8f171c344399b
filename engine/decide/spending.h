/* decide/spending.h: what actions give away, and the budgets that bound it.
 *
 * What an outcome gives away: its cost where it says one; else, of what is accepted, what was promised when it was
 * offered; else the action's `cost`, from the customer's record just before. What counts as spent is
 *
 *     an offer that waits for its answer    what it promises, in the month in which it was made
 *     one that was accepted                 what it gives away, in the month of the yes
 *     refused, put off, ignored             nothing: what was promised is free again, in the month of the offer
 *
 * so that a budget is not promised twice. Offers count alike: 1 while they wait, 1 when accepted. What the record says
 * before and after an outcome is compared and the difference counted, so the order of arrival does not matter.
 *
 * All of it is one ledger's record, of which each shard has a copy for its decisions (shard/copies.h): what a decision read
 * of it is recorded. Copies lag by the effects in flight. A budget therefore is overshot at most by what was recommended
 * and not yet told as offered, plus what is in flight between shards: an offer that was made cannot be taken back, and is
 * counted all the same. */
#ifndef NUDGED_DECIDE_SPENDING_H
#define NUDGED_DECIDE_SPENDING_H

#include "decide/applying.h"
#include "decide/deciding.h"
#include "state/actions.h"

/* What a customer was offered and has not answered; NULL: nothing. */
const struct outcome *offer_unanswered(const struct record *r, struct slice action, uint8_t member);

/* While an outcome is applied: `before` is what waited for its answer before the outcome changed the record. Fills in
 * details->cost. */
struct promise {
	bool open;
	int64_t time_ms, cost;
};
struct promise spending_begin(const struct applying *a, const struct outcome_input *o, struct outcome_details *details);
void spending_finish(struct applying *a, const struct outcome_input *o, const struct promise *before, int64_t cost);

/* For deciding: does the budget hold the action back? */
bool cost_is_known(struct deciding *d, const struct action_decl *a);
bool budget_holds(struct deciding *d, const struct policy_decl *p, const struct action_decl *a);
int64_t budget_until(const struct deciding *d); /* the next month's beginning */
/* "4800000 of 5000000 and 16 of 20 offers this month; this one would give away 300000" */
void budget_text(struct deciding *d, const struct policy_decl *p, const struct action_decl *a, struct bytes *out);

#endif
