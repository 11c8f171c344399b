/* workbench/story.h: what happened in one test, kept twice: in words, for whom it fails, and by its parts, for what the
 * test expects. Everything a story holds lives until the next one begins. */
#ifndef NUDGED_WORKBENCH_STORY_H
#define NUDGED_WORKBENCH_STORY_H

#include "decide/watch.h"
#include "script/testing.h"
#include "workbench/coverage.h"
#include "workbench/world.h"

struct story_line {
	unsigned step;
	int64_t time_ms;
	bool consequence; /* of the step's first line */
	bool quiet;       /* told only where something came of it */
	struct slice text;
};

enum happening_kind { HAPPENED_FIRED, HAPPENED_ALERT, HAPPENED_NUDGE };
struct happened_now {
	enum happening_kind kind;
	unsigned step;
	struct subject subject;
	const struct rule_decl *rule;
	const struct str *of;                   /* of a nudge: the rule's name, or a campaign's; the pack's */
	struct slice to, severity, say, member; /* a nudge's `to` is its channel */
	struct slice action, why;               /* a nudge's; action empty: nothing suited, for this reason */
	uint64_t seq;                           /* of an alert: its id … */
	uint32_t index;                         /* … in the record */
};

/* One action as a request was told of it. */
struct told_action {
	struct slice name, gate, reason, say, member;
	struct slice *reasons;
	struct slice next[3]; /* after accepted, rejected, later: the words, and the action to go on with */
	unsigned reason_count, place; /* place 0: left out */
	double score;
	int64_t until_ms; /* 0: not told */
};
struct told_answer { struct slice question, text; };
struct told {
	struct slice customer;
	int64_t time_ms;
	struct told_action *actions; /* those chosen first, in their order */
	unsigned action_count, chosen_count;
	struct told_answer *answers;
	unsigned answer_count;
	struct slice opening, *cautions, *told, *guidelines, *avoid;
	unsigned caution_count, told_count, guideline_count, avoid_count;
	const struct told_strain *strain; /* NULL: none */
};

/* How a rule's condition came out when it was last asked in this story. */
struct asked_rule {
	unsigned count;
	struct subject subject;
	int64_t time_ms;
	enum value_kind kind;
	bool held;
	struct bytes missing; /* what it lacked */
};

struct story {
	struct world *world;
	const struct bundle *pack;  /* its source; lent */
	struct world_watch world_watch;
	struct watch machine_watch;
	struct coverage *coverage;  /* NULL: not wanted */
	struct arena arena;
	struct story_line *lines;
	struct happened_now *happened;
	struct told **told;
	struct asked_rule *asked;   /* one a rule */
	unsigned line_count, happened_count, told_count, steps;
	/* rules asked by the entry being applied, with their failures before */
	struct { const struct rule_decl *rule; uint64_t failed; } *running;
	unsigned running_count;
	char broken[400];           /* a rule or function of the pack failed: so does the test. Empty: none */
	/* why the test failed, where an expectation did */
	struct bytes wanted, came, why;
};

/* expect_segment.c */
int story_expect_segment(struct story *s, const struct expectation *x);
int story_expect_campaign(struct story *s, const struct expectation *x); /* of its nudges */
bool story_is_campaign(const struct story *s, struct slice name);

void story_start(struct story *s, struct world *world, struct coverage *coverage);
void story_end(struct story *s);
void story_begin(struct story *s, int64_t now_ms);
/* The line that a step begins with; what happens next is its consequence. */
unsigned story_step(struct story *s, struct slice text);
void story_last_is_quiet(struct story *s);
void story_add(struct story *s, struct slice text); /* a consequence */
/* ERR_ABORTED where something of the pack failed since the last call. */
int story_check(struct story *s);
/* Remembers world->decision as an answer. Its number, from 1. */
unsigned story_told(struct story *s, struct slice customer, struct slice channel);
/* "2026-06-28 19:30" in the pack's zone; seconds where there are any. */
struct slice story_time(struct story *s, int64_t ms);
/* Why the rule did not fire. */
void story_why_not(struct story *s, const struct rule_decl *rule, struct bytes *out);
/* The story in lines, "TIME  text": what repeats is said once. */
void story_write(struct story *s, struct bytes *out);

/* expect.c: ERR_OK, or an error with what the test is told; story->wanted, came and why have the whole. */
int story_expect(struct story *s, const struct expectation *x);
/* expect_answer.c */
int story_expect_answer(struct story *s, const struct expectation *x);
/* reports.c: what it lends lives until the story ends. */
int story_report(struct story *s, const struct test_report *asked, struct test_table *out);
/* expect_relationship.c */
int story_expect_relationship(struct story *s, const struct expectation *x);
int story_fail(struct story *s, const struct expectation *x);
/* Fields of the expectation: the first that is not met is said in s->came. A field's value is what `read` gives. */
const struct match *expectation_field(const struct expectation *x, const char *name);
bool field_met(struct story *s, const struct expectation *x, const char *name, struct value v);
/* "no such action …; did you mean …?" */
int story_unknown(const char *what, struct slice name, const char *nearest);

#endif
