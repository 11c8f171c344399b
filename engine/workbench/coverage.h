/* workbench/coverage.h: what of a pack its tests have seen.
 *
 * Outcomes. Each condition (a rule's `when`, an action's eligible, applicable and suitable, a policy's unless and
 * except) is to be seen to pass, to hold, and to be unknown where it can be. A policy's `unless` passes while it lets
 * actions through; so do its `after` and `at_most`, which are never unknown, and a rule's `once_per`, which holds where
 * the condition did and the rule fired too lately.
 *
 * Lines. A line counts where a condition stands on it, or a fact that a condition stands on, or a statement of a Lua
 * function, or where a rule, action or policy begins. It is seen when that was evaluated or run; a rule's when it
 * fired, an action's when it was recommended, a policy's when it held something back. The parts of all { } after the
 * first that is false are not evaluated, and so not seen. */
#ifndef NUDGED_WORKBENCH_COVERAGE_H
#define NUDGED_WORKBENCH_COVERAGE_H

#include "decide/eval.h"

#define OUTCOME_PASS 1u
#define OUTCOME_HOLD 2u
#define OUTCOME_UNKNOWN 4u

struct condition_seen {
	const char *of;    /* "rule", "action", "policy" */
	const char *name;  /* of the rule or action; "" */
	const char *what;  /* "when", "eligible", "unless" … */
	const char *file;
	int line;
	unsigned wanted, seen; /* OUTCOME_… */
};

struct file_lines {
	const char *path;
	uint8_t *lines;    /* by number: LINE_COUNTS, LINE_SEEN */
	unsigned count;
};

struct coverage {
	struct machine *m;
	struct condition_seen *conditions; /* two a rule, three an action, a policy, a goal or group; wanted 0: there is none */
	unsigned condition_count;
	struct file_lines *files;
	unsigned file_count;
};

struct coverage_sum { unsigned lines, lines_seen, outcomes, outcomes_seen; };

/* Looks on at the machine's pack, which must stay. */
void coverage_init(struct coverage *c, struct machine *m);
void coverage_finish(struct coverage *c);
/* While a condition is asked (decide/watch.h). */
void coverage_rule(struct coverage *c, const struct rule_decl *rule, uint8_t member, struct value held);
void coverage_once(struct coverage *c, const struct rule_decl *rule, bool allowed); /* its condition held */
void coverage_gate(struct coverage *c, const struct action_decl *a, const struct term *gate, uint8_t member,
		   struct value held);
void coverage_level(struct coverage *c, const struct level_decl *l, const struct term *gate, uint8_t member,
		    struct value held);
void coverage_policy(struct coverage *c, const struct policy_decl *p, const struct term *condition, uint8_t member,
		     struct value held);
/* No policy held the action back. */
void coverage_let_through(struct coverage *c, const struct action_decl *a, struct slice channel);
/* A rule fired, an action was recommended, a policy held something back. */
void coverage_line(struct coverage *c, const char *file, int line);
void coverage_sum(const struct coverage *c, struct coverage_sum *out);
/* What was never seen: lines first to last of files[file], from `line` on. False: no more. */
bool coverage_unseen_lines(const struct coverage *c, unsigned file, unsigned *line, unsigned *first, unsigned *last);

/* coverage_terms.c */
bool term_may_be_unknown(const struct pack *p, const struct term *t, bool member_bound);
void coverage_count_term(struct coverage *c, const struct term *t);
/* Marks what evaluating it now evaluates; changes nothing of the context. */
void coverage_see_term(struct coverage *c, const struct term *t, uint8_t member);
void coverage_count_line(struct coverage *c, const char *file, int line);

#endif
