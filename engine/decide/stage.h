/* decide/stage.h: what a rule wants, kept aside until the whole rule has completed: a rule that is aborted leaves
 * nothing behind. */
#ifndef NUDGED_DECIDE_STAGE_H
#define NUDGED_DECIDE_STAGE_H

#include "base/limits.h"
#include "state/value.h"

struct staged_alert {
	struct slice severity, to, text; /* arena */
	int64_t expires_ms;              /* after now; 0: never */
};
struct staged_set {
	struct str *name;  /* the pack's; NULL: a Lua function gave it */
	struct slice text; /* the same; arena */
	struct value value;
	uint8_t scope;
};
struct staged_add {
	unsigned series;
	double amount;
};
struct staged_nudge {
	struct slice channel, goal, action;
};

struct rule_decl;

struct stage {
	const struct rule_decl *rule; /* whose it is */
	struct staged_alert alerts[LIMIT_ENTRY_ALERTS];
	struct staged_nudge nudges[LIMIT_ENTRY_ALERTS];
	struct staged_add adds[LIMIT_ENTRY_EFFECTS];
	struct staged_set sets[LIMIT_RULE_SETS];
	unsigned alert_count, nudge_count, add_count, set_count;
};

#endif
