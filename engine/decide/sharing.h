/* decide/sharing.h: who may see what of another member: see sharing.c. */
#ifndef NUDGED_DECIDE_SHARING_H
#define NUDGED_DECIDE_SHARING_H

#include "decide/eval.h"

/* May `asking` (0: nobody in particular; then only what is the customer's) see this name of `member` (0: the customer)?
 * Names: an attribute, a fact, a rule (its alerts), an event type (what happened). */
bool record_may_see(const struct pack *p, const struct record *r, uint8_t asking, uint8_t member, struct slice name);

/* The same while a decision is made: of the member who asks. Where nobody asks by name the agent sees the whole household,
 * as ever. */
static inline bool may_see(const struct eval *e, uint8_t member, struct slice name)
{
	return !e->asking || record_may_see(e->m->pack, e->customer, e->asking, member, name);
}

bool shares_anything(const struct eval *e); /* with who asks */
/* All that the term reads of members may be seen: then an explanation may show its values. e->member: of whom. */
bool term_may_be_seen(const struct eval *e, const struct term *t);

#endif
