/* decide/explained.h: a decision, or what an entry's rules did, explained whole: every condition with what became of it and
 * the values read by name, whatever it fell at first. For those who ask why; nothing here decides anything.
 *
 * All that is told lives in the machine's arena. */
#ifndef NUDGED_DECIDE_EXPLAINED_H
#define NUDGED_DECIDE_EXPLAINED_H

#include "decide/decision.h"
#include "decide/watch.h"

struct explained_value {
	struct slice name; /* of what was read, as explanations write it */
	struct value value;
};

struct explained_condition {
	struct slice name;    /* the gate; a policy's own words; the weight of a context */
	const char *state;    /* "passed" "held" "unknown"; "open": there is no condition */
	struct slice text;    /* the condition, with the values read */
	struct slice missing; /* where it is not passed: what it needs */
	struct explained_value *values;
	unsigned value_count;
};

#define EXPLAINED_GATES 11 /* channel, goal; eligible, applicable, suitable of goal, group and action */
struct explained_action {
	const struct action_decl *action;
	unsigned rank;    /* 1: the first; 0: not chosen */
	const char *gate; /* at which it fell; "" where it was chosen */
	struct slice member; /* for whom: bound by any_member, or asked for */
	struct explained_condition gates[EXPLAINED_GATES], *policies, *contexts;
	unsigned gate_count, policy_count, context_count;
	double score, propensity, value, context, lever; /* as it is, or would be behind its gates */
	double customer_value, business_value;
	bool customer_unknown, business_unknown; /* counted as 0 */
	struct slice to_win; /* of one that was not chosen: what would have made it win */
};

/* What became of one rule on one event. */
struct explained_rule {
	const struct rule_decl *rule;
	struct slice on;     /* the event type that it heard: what came, or what a case made of it */
	struct slice member; /* for whom; empty: for the record's subject */
	const char *came;    /* "fired" "held" "unknown" "once" "failed" "aside" "nobody" */
	struct slice why;    /* in words; of one that fired: empty */
	struct explained_condition when;
	struct slice *did;   /* of one that fired: each alert, nudge, attribute and addition in words */
	unsigned did_count;
};
struct explained_rules {
	struct machine *m;
	struct watch watch;
	struct explained_rule *rules;
	unsigned count, cap;
	struct slice on;
};
/* Looks on while an entry is applied in this machine, until explain_rules_end. */
void explain_rules_begin(struct explained_rules *x, struct machine *m);
void explain_rules_end(struct explained_rules *x);

#endif
