/* script/contacts_decl.h: what a pack says of contacts: contacts { … }, at most one. Names of attributes are as the events
 * have them. */
#ifndef NUDGED_SCRIPT_CONTACTS_DECL_H
#define NUDGED_SCRIPT_CONTACTS_DECL_H

#include "base/strpool.h"
#include "script/term.h"

/* What an event of a type is to its contact. */
enum contact_role {
	CONTACT_NO_ROLE,
	CONTACT_QUEUES,    /* somebody waits for an agent */
	CONTACT_STARTS,    /* an agent has taken it; again: the next one has */
	CONTACT_TRANSFERS, /* it is handed over */
	CONTACT_HOLDS,     /* they are put on hold */
	CONTACT_ENDS,
	CONTACT_LEAVES,    /* they have hung up before an agent took it */
	CONTACT_WHOLE,     /* the event is the whole contact, or one leg of it */
	CONTACT_ROLES
};

struct contacts_decl {
	struct str **types[CONTACT_ROLES];    /* event types, NULL-terminated, or NULL */
	struct str *topic, *ref;              /* attributes; never NULL */
	struct str *mood, *mood_start, *mood_end;
	struct str *wait, *handle, *hold;     /* seconds */
	struct str *transfers, *holds;        /* how many */
	struct str **lasts;                   /* of a whole contact: seconds that together are its length. NULL-terminated */
	struct term *abandoned_when;          /* of what ends or is whole: event terms only; NULL: never */
	bool begins;                          /* a whole contact's time is that of its beginning, not its end */
	int64_t resolved_ms, inferred_ms;
	unsigned keep;                        /* contacts of one customer */
	int64_t asked_ms;                     /* the longest span that something asks for; 0: none does */
	uint16_t roles_given;                 /* bits by role: not left to the default */
	uint16_t names_given;                 /* bits by contacts_name */
	const char *file; int line;
};
/* Its attributes: name `which`; NULL past the last. */
struct str *contacts_name(const struct contacts_decl *c, unsigned which);

enum contacts_aggregate {
	CONTACTS_COUNT_OF, CONTACTS_REPEATS_OF, CONTACTS_ABANDONED_OF, CONTACTS_UNRESOLVED_OF, CONTACTS_TRANSFERS_OF,
	CONTACTS_HOLDS_OF, CONTACTS_EFFORT_OF,                /* sums over those that began in a span */
	CONTACTS_MEAN_WAIT, CONTACTS_MEAN_MOOD, CONTACTS_MEAN_MOOD_CHANGE, CONTACTS_MOOD_TREND, /* unknown where none is known */
	CONTACTS_IS_OPEN,   /* one is queued, or with an agent */
	CONTACTS_IS_REPEAT, /* the newest follows another about its topic */
};

/* Contacts that one customer's record keeps, unless the pack says otherwise. In the bank's calls (../shared/data) no two about
 * one service within a week have more than 25 others between them. */
#define CONTACTS_KEEP_DEFAULT 32u
#define LIMIT_CONTACTS 128u

#endif
