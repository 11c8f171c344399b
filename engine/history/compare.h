/* history/compare.h: a candidate pack over recorded history, and how it differs from what happened.
 *
 * Two machines go through the journal beside each other, with records of their own: one with the packs that were active
 * (before), one with the candidate (after). The candidate takes over as by an activation: with the records as they are,
 * at the first activation in the journal or at `from`, whichever is later. Until then, and as long as the very same pack
 * is active since then, one machine stands for both: equal packs on equal records cannot differ.
 *
 * What came from outside is the history, for both: events, outcomes, requests for recommendations, acknowledgements, in
 * the order of the journal. What a pack caused is each side's own:
 *
 * - Effects on agents and areas. One that both cause is applied where the journal has it; one that only the candidate
 *   causes follows its source at once; one that only the recorded pack caused does not reach the candidate.
 * - Due times. One that both have fires where it fired; one that only the candidate has when it is due by the journal's
 *   clock, or before a later event of its customer.
 * - Nudges. One that both ask for is decided where it was decided; one that only the candidate asks for follows its
 *   source at once. A campaign's turns are history's: where both ask for one, both get it when the recorded one came;
 *   where only the candidate does, it is at once.
 * - Recommendations are asked again, as they were asked. What they read of agents and areas was in flight when it was
 *   read: the recorded value stands wherever the candidate reads the same thing and both sides' records, as they are at
 *   this entry, have the same to say about it. Else the candidate's record counts.
 * - An outcome is applied to the candidate unless its action is one that the candidate would not have shown there (the
 *   decision it names, or else the newest that showed the action). Then what would have become of it is unknown: it is
 *   counted, not invented. So is every action that only the candidate shows.
 * - What actions have learned, they have learned from what happened: recorded answers teach both sides' models, each under
 *   its own pack's declarations.
 * - An acknowledgement of an alert that the candidate did not raise, or has closed, is left out and counted.
 * - A function of the recorded pack that was aborted is aborted again. One of the candidate fails by itself, is counted,
 *   and its rule is never set aside.
 *
 * Threads: each has the subjects of its hash slots. The journal is taken in steps; within one, customers come first, then
 * agents, areas and models, since effects go only that way. What must see several subjects at once (a merge; a decision
 * that reads agents, areas or models) is a step of its own. So the result does not depend on how many threads there are. */
#ifndef NUDGED_HISTORY_COMPARE_H
#define NUDGED_HISTORY_COMPARE_H

#include "script/bundle.h"
#include "state/record.h"

enum compare_total {
	/* what was gone through, within the time asked for */
	TOTAL_ENTRIES, TOTAL_EVENTS, TOTAL_EFFECTS, TOTAL_TIMERS, TOTAL_OUTCOMES, TOTAL_ACKNOWLEDGEMENTS,
	TOTAL_RECOMMENDATIONS, TOTAL_ERASED,
	/* alerts and nudges; "changed" is the same one with other words, recipient, severity or expiry */
	TOTAL_ALERTS_BEFORE, TOTAL_ALERTS_AFTER, TOTAL_ALERTS_LOST, TOTAL_ALERTS_GAINED, TOTAL_ALERTS_CHANGED,
	TOTAL_ALERTS_RENAMED, TOTAL_ALERTS_HISTORICAL,
	TOTAL_CLOSED_OTHERWISE, /* of alerts of both: closed by one, and open still with the other */
	TOTAL_NUDGES_BEFORE, TOTAL_NUDGES_AFTER, TOTAL_NUDGES_LOST, TOTAL_NUDGES_GAINED, TOTAL_NUDGES_CHANGED,
	TOTAL_FIRED_LOST, TOTAL_FIRED_GAINED,
	/* recommendations, each counted once, at the first of these that is so */
	TOTAL_FIRST_CHANGED, TOTAL_LIST_CHANGED, TOTAL_SCORES_CHANGED, TOTAL_WORDS_CHANGED, TOTAL_FALLBACKS,
	/* what has no counterpart */
	TOTAL_OUTCOMES_UNKNOWN, TOTAL_SHOWN_UNKNOWN, TOTAL_ACKNOWLEDGEMENTS_LEFT_OUT,
	TOTAL_CUSTOMERS, TOTAL_CUSTOMERS_TOUCHED, TOTAL_AGENTS_TOUCHED, TOTAL_AREAS_TOUCHED,
	/* does this build come to what was recorded? whatever the time asked for */
	TOTAL_CHECKED, TOTAL_NOT_REPRODUCED, TOTAL_DECISIONS_CHECKED, TOTAL_DECISIONS_NOT_REPRODUCED,
	TOTAL_FAILED_CALLS, /* of the candidate */
	TOTAL_COUNT
};

enum compare_row_kind {
	ROW_RULE,
	ROW_RENAMED,   /* of alerts alike but for their rule's name: "old\nnew" */
	ROW_ACTION,
	ROW_RECIPIENT, /* of alerts; of nudges: the channel, as "channel:sms" */
};

enum compare_count {
	COUNT_FIRED_BEFORE, COUNT_FIRED_AFTER, COUNT_FIRED_LOST, COUNT_FIRED_GAINED,
	COUNT_ALERTS_BEFORE, COUNT_ALERTS_AFTER, COUNT_ALERTS_LOST, COUNT_ALERTS_GAINED, COUNT_ALERTS_CHANGED,
	COUNT_CLOSED_OTHERWISE,
	COUNT_NUDGES_BEFORE, COUNT_NUDGES_AFTER, COUNT_NUDGES_LOST, COUNT_NUDGES_GAINED, COUNT_NUDGES_CHANGED,
	/* of actions: in first place, and shown at all */
	COUNT_FIRST_BEFORE, COUNT_FIRST_AFTER, COUNT_SHOWN_BEFORE, COUNT_SHOWN_AFTER, COUNT_SHOWN_LOST,
	COUNT_SHOWN_GAINED, COUNT_OUTCOMES, COUNT_OUTCOMES_UNKNOWN,
	COUNT_UNKNOWN_KIND,  /* those by kind: + enum outcome_kind */
	COUNT_COUNT = COUNT_UNKNOWN_KIND + OUTCOME_LAST + 1
};

/* Something that differs, as `nudgectl explain` finds it. */
struct compare_example {
	uint64_t seq;           /* the entry; 0: a due time of the candidate's, of which the journal knows nothing */
	uint64_t order;         /* among those of one entry and subject */
	int64_t time_ms;        /* as rules saw it */
	uint64_t boot, count;   /* of a decision; 0, 0: none */
	uint8_t subject_kind;
	char *subject, *member; /* member NULL: none */
	char *before, *after;   /* what was and what would have been said or chosen; NULL: nothing */
};
enum example_kind { EXAMPLE_LOST, EXAMPLE_GAINED, EXAMPLE_CHANGED, EXAMPLE_UNKNOWN, EXAMPLE_KINDS };
struct compare_examples {
	struct compare_example *items;
	unsigned count;
};

struct compare_row {
	uint8_t kind; /* enum compare_row_kind */
	bool in_before, in_after; /* a rule or action that the packs had, or the candidate has */
	char *name;
	uint64_t counts[COUNT_COUNT];
	struct compare_examples examples[EXAMPLE_KINDS];
};

enum decision_change { CHANGE_FIRST, CHANGE_LIST, CHANGE_SCORES, CHANGE_WORDS, CHANGE_KINDS };

struct compare_pack {
	char name[LIMIT_ID_BYTES + 1], hash[33];
	uint64_t seq; /* of its activation; 0: the history begins with it */
	int64_t time_ms;
};

struct compare_report {
	uint64_t totals[TOTAL_COUNT];
	struct compare_row *rows; /* by kind, then name */
	size_t row_count;
	struct compare_examples decisions[CHANGE_KINDS];
	struct compare_pack *packs; /* that were active, in order; those before the first activation excepted */
	unsigned pack_count;
	struct compare_pack candidate;
	uint64_t first_seq, last_seq, took_over_seq; /* 0: it never did, since it was active all along or nothing was */
	int64_t first_ms, last_ms; /* of the entries compared */
	uint64_t not_reproduced_seq, failed_seq;     /* the first of those; 0: none */
	char failure[256];                           /* of the candidate's functions, the first */
	uint64_t dropped_bytes; /* at the journal's end: a batch that was not finished when this was read */
	bool different;
};

struct compare_options {
	const char *data; /* a data directory: only read, and the daemon may be running */
	const struct bundle *pack;
	int64_t from_ms, to_ms; /* differences of entries received then, ends included */
	unsigned jobs, examples;
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* entries; may be NULL */
	void *arg;
};

/* Errors: the candidate's (ERR_RULE), the journal's (ERR_MISSING, ERR_CORRUPT, ERR_FOREIGN …). */
int compare_run(struct compare_report **out, const struct compare_options *options);
void compare_report_destroy(struct compare_report *r); /* NULL-safe */

#endif
