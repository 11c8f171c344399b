/* decide/relationship.h: the relationship score: 0 to 100, the weighted mean of the parts that the pack declares. A part
 * that is unknown is left out, and the others' weights count as if they were all:
 *
 *     score = 100 x sum(weight x value) / sum(weight), over the parts that are known; values cut to 0 … 1
 *
 * It is computed when somebody asks, and after events that the pack names (`sample`); where it has moved by a point or more
 * since it was last kept, it is kept with its parts (state/scores.h). Two trends follow from what was kept: against the
 * score 30 days before, and against the score when the last contact ended (where the pack says what a contact is). */
#ifndef NUDGED_DECIDE_RELATIONSHIP_H
#define NUDGED_DECIDE_RELATIONSHIP_H

#include "decide/applying.h"
#include "script/relations.h"

struct relationship_change { /* of points, or of a part's value */
	bool known;
	double by;
};
struct relationship_part_view {
	struct slice name;
	double weight;  /* its share of all weights */
	bool known;
	double value;   /* 0 to 1 */
	struct relationship_change month, contact;
};
struct relationship_view {
	bool known;
	double score, share; /* share: of the weights, what is known */
	struct relationship_change month, contact;
	int64_t since_ms;    /* the oldest score kept; 0: none is */
	int64_t contact_ms;  /* when the last contact ended; 0: none is known of */
	bool growth_known;
	int64_t growth;      /* minor units of the currency, a month */
	struct slice currency;
	struct relationship_part_view parts[SCORE_PARTS];
	unsigned part_count;
};

/* The record is e->customer. Nothing is known where the pack declares no relationship. */
void relationship_look(struct eval *e, struct relationship_view *out);
/* What the customer expects, as words for the agent: at most LIMIT_EXPECTED; in the machine's arena. */
unsigned expected_fill(struct eval *e, unsigned language, struct slice out[LIMIT_EXPECTED]);

/* Both, into a decision. */
void relationship_tell(struct eval *e, unsigned language, struct decision *out);

/* Both for `customer show`. False: the record is no customer's, or the pack declares neither. */
bool machine_relationship(struct machine *m, const struct record *record, int64_t now_ms, struct relationship_view *out,
			  struct slice expected[LIMIT_EXPECTED], unsigned *expected_count);

/* While an entry is applied. */
void apply_score(struct applying *a);
void apply_surveys(struct applying *a);            /* an event that asks or answers; and whom surveys speak for */
/* The customer is about to become another: what was counted of it as a customer is taken back. */
void relations_leave(struct applying *a);
void relations_joined(struct applying *a);         /* another's record has joined it */
void score_leave(struct applying *a);              /* apply_score.c's part of both */
void score_joined(struct applying *a);

#endif
