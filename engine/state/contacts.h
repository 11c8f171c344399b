/* state/contacts.h: what an item of the kind ITEM_CONTACT says: one conversation, from the queue to its end; and one of
 * the kind ITEM_CASE: a complaint or a promise. The item's key is the contact's id (the case's key), its time when it
 * began (was opened first).
 *
 * What is known of a contact is kept as it was told, in whatever order it was told; its state follows from that. So is
 * what it is to its neighbours (followed, repeat), by decide/apply_contacts.c. What reports count of a contact is a
 * function of its item alone. */
#ifndef NUDGED_STATE_CONTACTS_H
#define NUDGED_STATE_CONTACTS_H

#include "state/items.h"

enum contact_state { /* on disk */
	CONTACT_QUEUED = 1, /* waits for an agent */
	CONTACT_OPEN,       /* with an agent */
	CONTACT_ENDED,
	CONTACT_ABANDONED,  /* they left before an agent took it */
	CONTACT_INFERRED,   /* no end came within the pack's inferred_end */
};

enum contact_text { CONTACT_TOPIC, CONTACT_REF, CONTACT_CHANNEL, CONTACT_FIRST_AGENT, CONTACT_AGENT /* the last one */ };

enum contact_number { /* on disk */
	CONTACT_END_MS,     /* 0: not ended */
	CONTACT_STARTED_MS, /* when the first agent took it; 0: not known */
	CONTACT_AGENT_MS,   /* newest event that named an agent */
	CONTACT_WAIT_MS,    /* as told */
	CONTACT_HANDLE_MS,  /* as told */
	CONTACT_MOOD_START, /* millionths */
	CONTACT_MOOD_END,   /* millionths */
	CONTACT_LEGS,       /* times that an agent took it (or, as told, transfers), and holds x 65536 */
	CONTACT_HOLD_MS,
	CONTACT_FLAGS,
};

enum contact_flag { /* on disk */
	CONTACT_HAS_QUEUE = 1 << 0,      /* its queueing was told */
	CONTACT_HAS_END = 1 << 1,
	CONTACT_HAS_LEFT = 1 << 2,       /* an abandonment was told */
	CONTACT_IS_OVERDUE = 1 << 3,     /* no end came in time */
	CONTACT_HAS_WAIT = 1 << 4,
	CONTACT_HAS_HANDLE = 1 << 5,
	CONTACT_HAS_MOOD_START = 1 << 6,
	CONTACT_HAS_MOOD_END = 1 << 7,
	CONTACT_IS_FOLLOWED = 1 << 8,    /* another of the same topic began in time: it was not resolved */
	CONTACT_IS_REPEAT = 1 << 9,      /* it follows another */
	CONTACT_BEFORE_GONE = 1 << 10,   /* … which is no longer kept */
	CONTACT_HAS_CASE = 1 << 11,      /* a case of its topic stayed open */
	CONTACT_WENT_ON = 1 << 12,       /* after an end that was told */
	CONTACT_HAS_TRANSFERS = 1 << 13, /* they were told */
	CONTACT_TOPIC_RANK = 1 << 16,    /* from here on: what told the topic, 0 to 4 */
};

static inline bool contact_has(const struct item *c, int64_t flag)
{
	return (c->numbers[CONTACT_FLAGS] & flag) != 0;
}
static inline void contact_mark(struct item *c, int64_t flag, bool on)
{
	c->numbers[CONTACT_FLAGS] = on ? c->numbers[CONTACT_FLAGS] | flag : c->numbers[CONTACT_FLAGS] & ~flag;
}
static inline unsigned contact_legs(const struct item *c)
{
	return (unsigned)(c->numbers[CONTACT_LEGS] & 65535);
}
static inline unsigned contact_holds(const struct item *c)
{
	return (unsigned)(c->numbers[CONTACT_LEGS] >> 16);
}
unsigned contact_transfers(const struct item *c);
void contact_set_legs(struct item *c, unsigned legs, unsigned holds);

/* From what is known of it. */
enum contact_state contact_state_of(const struct item *c);
static inline bool contact_is_closed(const struct item *c)
{
	return c->state >= CONTACT_ENDED;
}
/* Somebody served them: what first-contact resolution is a share of. */
bool contact_is_served(const struct item *c);
bool contact_is_abandoned(const struct item *c);
/* Milliseconds; false: not known. Where they were not told, by when it was queued, taken and ended. */
bool contact_wait(const struct item *c, int64_t *ms);
bool contact_handle(const struct item *c, int64_t *ms);
bool contact_same_topic(const struct item *a, const struct item *b);

/* Moves it to where one that began then lies. The item's new place. */
struct item *item_begin_at(struct record *r, struct strpool *pool, struct item *c, int64_t time_ms);
/* What `from` knows of the same contact is joined to what `c` knows; it began with the earlier of the two, which its place
 * does not show yet. */
void contact_join(struct item *c, struct strpool *pool, const struct item *from);
/* `oldest` is about to go: what follows it stays a repeat. */
void contact_goes(struct items all, const struct item *oldest, int64_t within_ms);

/* Measures of LEDGER_CONTACTS, on disk: append only. Of a contact, in the day of its end (while it is open: its
 * beginning), in the cell of its last agent, topic and channel. */
enum contact_measure {
	CONTACTS_ALL,
	CONTACTS_OPEN,
	CONTACTS_SERVED,
	CONTACTS_ABANDONED,
	CONTACTS_INFERRED,
	CONTACTS_FOLLOWED,      /* of those served */
	CONTACTS_CASE_OPEN,     /* of those served and not followed */
	CONTACTS_REPEATS,
	CONTACTS_TRANSFERS,
	CONTACTS_TRANSFERRED,   /* contacts with a transfer */
	CONTACTS_HOLDS,
	CONTACTS_HELD,
	CONTACTS_HOLD_MS,
	CONTACTS_WAITS,         /* of which the wait is known; those served */
	CONTACTS_WAIT_MS,
	CONTACTS_LEFT_WAITS,    /* … those abandoned */
	CONTACTS_LEFT_WAIT_MS,
	CONTACTS_HANDLES,
	CONTACTS_HANDLE_MS_SUM,
	CONTACTS_MOODS_START,   /* of which it is known */
	CONTACTS_MOOD_START_SUM,
	CONTACTS_MOODS_END,
	CONTACTS_MOOD_END_SUM,
	CONTACTS_MOOD_CHANGES,  /* of which both are */
	CONTACTS_MOOD_CHANGE_SUM,
	CONTACTS_MOOD_CHANGE_SQUARES, /* of each change its square, in millionths: how much a mean of them may be off */
};

/* Cases with a meaning. */
enum case_meaning { CASE_PLAIN, CASE_COMPLAINT, CASE_PROMISE }; /* on disk: the item's state */
enum case_text { CASE_NAME, CASE_TOPIC, CASE_AGENT };
enum case_number { CASE_CLOSED_MS, CASE_DUE_MS, CASE_MISSED, CASE_REOPENED }; /* on disk. 0: not, none */
const char *case_meaning_name(enum case_meaning meaning);

/* Measures of LEDGER_CASES, on disk: append only. In the day and cell of its (first) opening. */
enum case_measure {
	CASES_OPENED,
	CASES_REOPENED,
	CASES_CLOSED,
	CASES_TURNAROUND_MS, /* of those closed: from the first opening to the last closing */
	CASES_DUE,           /* that had a time by which to be closed */
	CASES_IN_TIME,       /* of those closed, also where nothing was due */
	CASES_LATE,          /* of those closed: after it */
	CASES_BROKEN,        /* not closed, and it has passed */
};

#endif
