/* state/ledgers.h: which ledgers there are: the names of their dimensions and measures. Numbers and names are on disk:
 * append, never change. */
#ifndef NUDGED_STATE_LEDGERS_H
#define NUDGED_STATE_LEDGERS_H

#include "state/ledger.h"
#include "state/subject.h"

enum ledger_id {
	LEDGER_CONTACTS,
	LEDGER_CASES,
	LEDGER_SURVEYS,
	LEDGER_CUSTOMERS, /* what is true now: one record */
	LEDGER_CHURN,
	LEDGER_CONTRACTS,
	LEDGER_ACTIONS,
	LEDGER_SPENT,
	LEDGER_CAMPAIGNS,
	LEDGER_AGENTS,
	LEDGER_REASONS,
	LEDGER_AFTER, /* contacts, and losses after them */
	LEDGER_SEGMENTS,      /* members, now */
	LEDGER_SEGMENT_MOVES, /* entered and left */
	LEDGER_PACE,          /* of paced campaigns, when the next turn is: decide/pace.c; no report */
	LEDGER_SURVEYED,    /* customers whom a survey speaks for, now */
	LEDGER_SCORES,      /* customers by relationship score, now */
	LEDGER_SCORE_MOVES, /* … and how far it moved */
	LEDGER_COUNT
};

struct ledger_decl {
	const char *name;
	bool stock;                         /* one record, not one a day */
	const char *dims[LEDGER_DIMS];      /* NULL: no more */
	const char *measures[LEDGER_MEASURES];
};
extern const struct ledger_decl ledgers[LEDGER_COUNT];

/* The record of a ledger's day. `day`: of the pack's zone, in days since 1970-01-01; not used of a stock. */
struct subject ledger_subject(enum ledger_id ledger, int32_t day);
/* False: no ledger's. */
bool ledger_of_subject(struct slice id, enum ledger_id *ledger, int32_t *day);

#endif
