/* script/contract_decl.h: what a pack says of contracts and of who leaves: contract { … } and churn { … }, one of each at
 * most. Names of attributes are as the events have them; agent, contact and channel name the event's fields. */
#ifndef NUDGED_SCRIPT_CONTRACT_DECL_H
#define NUDGED_SCRIPT_CONTRACT_DECL_H

#include "base/limits.h"
#include "base/strpool.h"
#include "script/term.h"

struct opinion_decl {
	struct str **on;     /* event types, NULL-terminated */
	struct str *value;   /* -1 to 1, or true and false, which are 1 and -1 */
};
#define LIMIT_OPINIONS 8u

/* An attribute that the pack names, and the events that have it. */
struct told_attribute {
	struct str *name, **types;
};
#define TOLD_ATTRIBUTES 8u

struct contract_decl {
	struct str **starts, **renews, **ends;  /* event types, NULL-terminated, or NULL */
	struct str **complaints, **contacts;
	struct str *id, *product, *term, *ends_at, *agent, *campaign, *reason, *topic; /* attributes */
	struct opinion_decl *opinions; unsigned opinion_count;
	struct told_attribute told[TOLD_ATTRIBUTES]; unsigned told_count;
	const char *file; int line;
};

struct churn_decl {
	struct str **on, **back;                /* event types; NULL: none */
	struct term *when;                      /* they have left while this is true; NULL: events alone tell */
	struct term *who;                       /* counted from when it first holds; NULL: all but prospects */
	struct str **by; unsigned by_count;     /* facts, or attributes of the customer */
	int by_facts[CHURN_BY];                 /* which fact each is; -1: an attribute */
	struct str *of;                         /* their names: "contract,tenure_band" */
	struct str *reason, *topic, *mood;      /* attributes */
	struct str **contacts;                  /* event types of contacts that a loss is held against; NULL: none */
	int64_t within_ms;                      /* a contact is held to have come before a loss for so long */
	struct told_attribute told[TOLD_ATTRIBUTES]; unsigned told_count;
	const char *file; int line;
};

/* What an event of a type means to them: bits of type_index.lasting. */
enum lasting {
	LASTING_STARTS = 1, LASTING_RENEWS = 2, LASTING_ENDS = 4, LASTING_COMPLAINT = 8, LASTING_CONTACT = 16,
	LASTING_OPINION = 32, LASTING_LEAVES = 64, LASTING_RETURNS = 128, LASTING_TOUCH = 256,
	LASTING_CONTRACT = 63, LASTING_CHURN = 448,
};

enum contract_aggregate {
	CONTRACT_DAYS_LEFT,    /* of the one that ends first; unknown where none has an end */
	CONTRACT_MONTHS_KEPT,  /* of the oldest that runs, in twelfths of a mean year; unknown where none does */
	CONTRACT_IN_LAST,      /* one ends within .days */
	CONTRACT_IS_ACTIVE, CONTRACT_COUNT_ACTIVE,
	CONTRACT_PRODUCT_OF,   /* of the newest that runs */
	CHURN_IS_LOST,
	CHURN_SINCE,           /* seconds since they left; unknown where they are there */
};

#endif
