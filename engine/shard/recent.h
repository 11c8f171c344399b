/* shard/recent.h: which actions the last decisions of this run led to, so that an outcome that names a decision and an action
 * of another one is told so: a client that mixes them up would have the wrong thing learned, and never see it. Taken it is all
 * the same, since agents offer what nobody recommended. It is asked when an outcome comes in, and only there: nothing of it is
 * journaled, and a decision that is forgotten, or of a run before, is not asked about. Private to this folder. */
#ifndef NUDGED_SHARD_RECENT_H
#define NUDGED_SHARD_RECENT_H

#include "decide/decision.h"

#include "base/limits.h"

struct recent_decision {
	uint64_t count; /* the decision's id, of this run; 0: nothing */
	uint32_t actions[LIMIT_RECENT_ACTIONS]; /* their names' hashes */
	uint8_t action_count;
};
/* Of one shard. A decision's place follows from its id: an older one gives it away. */
struct recent {
	struct recent_decision *places; /* NULL: no decision yet */
};

/* What was recommended, what comes next after that, and offers that hold. */
void recent_note(struct recent *r, uint64_t count, const struct decision *d);
/* It is known, and led to others only. action: NULL where no string of the pool is its name. */
bool recent_differs(const struct recent *r, uint64_t count, const struct str *action);
void recent_finish(struct recent *r);

#endif
