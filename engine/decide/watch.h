/* decide/watch.h: who looks on while the machine works: what each condition came to, told at the moment it is asked,
 * with the context still in place. For tests of packs: coverage, and why a rule did not fire. Whoever looks on may
 * evaluate terms, and leaves the context as it was. */
#ifndef NUDGED_DECIDE_WATCH_H
#define NUDGED_DECIDE_WATCH_H

#include "script/pack.h"

/* What became of a rule that heard of an event. */
enum rule_came { CAME_HELD, CAME_UNKNOWN, CAME_FIRED, CAME_ONCE, CAME_FAILED, CAME_ASIDE, CAME_NOBODY };
struct rule_told {
	int64_t since_ms;  /* CAME_ONCE: since it fired last */
	const char *error; /* CAME_FAILED */
	bool historical;   /* CAME_FIRED: what it raises is recorded, not pushed */
};

struct watch {
	void *arg;
	/* member: the one bound when the condition was asked; what was asked may have bound another since. */
	void (*rule)(void *arg, const struct rule_decl *rule, uint8_t member, struct value held);
	void (*gate)(void *arg, const struct action_decl *action, const struct term *gate, uint8_t member,
		     struct value held);
	/* condition NULL: the policy held an action back. */
	void (*policy)(void *arg, const struct policy_decl *policy, const struct term *condition, uint8_t member,
		       struct value held);
	/* A rule is through, or was passed over (CAME_ASIDE, CAME_NOBODY). May be NULL. */
	void (*rule_done)(void *arg, const struct rule_decl *rule, uint8_t member, enum rule_came came,
			  const struct rule_told *told);
	/* A gate of a goal or group. May be NULL. */
	void (*level_gate)(void *arg, const struct level_decl *level, const struct term *gate, uint8_t member,
			   struct value held);
};

/* What evaluating to look on must not leave behind: the bound member, the numbers of Lua calls, what was aborted. */
struct eval;
struct looking {
	uint8_t member;
	bool aborted;
	unsigned call_count, aborted_count;
	uint64_t aborted_total;
	char error[256];
};
void look_begin(struct eval *e, uint8_t member, struct looking *out); /* member: bound meanwhile */
void look_end(struct eval *e, const struct looking *before);

/* Why the rule's condition, which is not true, did not hold: "lines is 1, needs at least 2". Within `rule` only. */
struct bytes;
void rule_explain_missing(struct eval *e, const struct rule_decl *rule, uint8_t member, struct bytes *out);

#endif
