/* decide/lasting.h: how long customers stay: what entries do to contracts (apply_contracts.c) and to who is there or has
 * left (apply_churn.c). Packs that declare neither pay for neither. */
#ifndef NUDGED_DECIDE_LASTING_H
#define NUDGED_DECIDE_LASTING_H

#include "decide/applying.h"

/* On an event of a type with LASTING_CONTRACT. */
void apply_contracts(struct applying *a);
/* Before a merge: what both records have of one and the same is joined into one, and counted once. */
void contracts_before_merge(struct applying *a, struct record *from);

/* On an event of a type with LASTING_CHURN, before its rules: whether they have left, so that rules see it. */
void apply_churn(struct applying *a);
/* At the end of any entry of a customer: where they are counted. */
void churn_finish(struct applying *a);
void churn_gone(struct applying *a); /* erased: not one of those that there are now */
void churn_before_merge(struct applying *a, struct record *from);

/* What the event says of that name, as text; lent. */
struct slice event_key(const struct applying *a, const struct str *name, char buffer[32]);

#endif
