/* state/record.h: the state of one subject, in memory. Everything that rules can read about it is here, and nothing
 * else: applying an entry reads and writes one record (DESIGN, "Subjects").
 *
 * The parts are plain arrays, small by the bounds of base/limits.h, each with its own file of functions. Strings are
 * interned in the shard's pool. Readers may walk the arrays; only state/ functions change them.
 *
 * Members are referred to by index + 1 in `member` fields (0: the customer itself), stable for the record's life.
 * Adding anything for a member that the record does not have is a failed check: it could not be read back. */
#ifndef NUDGED_STATE_RECORD_H
#define NUDGED_STATE_RECORD_H

#include "base/hash.h"
#include "base/strpool.h"
#include "state/event.h"
#include "state/model.h"
#include "state/subject.h"
#include "state/window.h"

/* attrs.c: attributes, each with the time it is true since. An older value never overwrites a newer one. */
struct attr {
	struct str *name;
	union {
		bool boolean;
		double number;
		struct str *string;
	};
	int64_t time_ms : 56; /* within LIMIT_TIME_MAX_MS, which takes 54 bits */
	uint64_t kind : 8;    /* enum value_kind, never unknown */
};
struct attrs {
	struct attr *items;
	uint16_t count, cap;
};

/* member.c */
struct member {
	struct str *id;
	int64_t joined_ms : 48; /* 0: not known */
	uint64_t more : 8;      /* number of its member_more; 0: none */
	uint64_t tail : 8;      /* the id's last byte: what tells the numbers of one family apart, without reading them */
};
struct member_more { /* of those who left or have attributes */
	int64_t left_ms; /* 0: not left */
	struct attrs attrs;
};

/* timeline.c: what happened is kept as one interned string, since the same few things happen to all customers: an
 * event costs a customer 16 bytes. moment_read takes it apart. */
struct moment {
	int64_t time_ms : 56;
	uint64_t member : 8;
	struct str *what;
};
struct happening { /* lent from the moment's string */
	struct slice type, channel, agent, contact;
	unsigned field_count;
	struct event_attr fields[LIMIT_TIMELINE_FIELDS];
};

/* cases.c */
enum case_state { CASE_OPEN, CASE_CLOSED };
struct open_case {
	uint32_t decl; /* identity of the declaration */
	uint8_t member, state;
	bool missed;   /* its due time passed while open */
	struct str *key, *agent; /* agent: who opened it (promised) */
	int64_t opened_ms, due_ms, closed_ms; /* 0: none */
};

/* alerts.c */
enum alert_state { ALERT_OPEN, ALERT_ACKNOWLEDGED, ALERT_CLOSED };
struct alert {
	uint64_t seq;   /* id: (seq, index). Not in the digest */
	uint32_t index;
	uint8_t member, state;
	bool historical; /* recorded, never pushed, never open for gates */
	struct str *rule, *severity, *to;
	char *text;      /* words, filled in; owned */
	int64_t time_ms, expires_ms;
};

/* outcomes.c */
enum outcome_kind {
	OUTCOME_SHOWN = 1, OUTCOME_OFFERED, OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_LATER, OUTCOME_IGNORED,
	OUTCOME_OVERRULED, /* by the agent, who knows something that the engine does not */
	OUTCOME_LAST = OUTCOME_OVERRULED
};
/* What few outcomes say besides. 0 and NULL: not said. */
struct outcome_more {
	struct str *reason;
	struct str *terms;      /* of an offer that holds: names and values, as decide/offer.h spells them */
	int64_t revenue, cost;  /* minor units of the pack's currency */
	int64_t until_ms;       /* later: when they want to be asked again; offered: how long the offer holds */
};
struct outcome_details { /* the same, lent */
	struct slice reason, terms;
	int64_t revenue, cost, until_ms;
};
struct outcome {
	uint64_t decision_boot, decision_count; /* 0, 0: not from a decision of ours */
	struct str *action, *channel, *agent;
	uint8_t kind, member;
	int64_t time_ms;
	struct outcome_more *more; /* NULL: nothing more; owned */
};
static inline int64_t outcome_until_ms(const struct outcome *o)
{
	return o->more ? o->more->until_ms : 0;
}

/* timers.c */
struct timer {
	int64_t due_ms;     /* what rules see as now */
	/* when the shard issues it: due_ms, or later for a timer that was set by history (not in the digest) */
	int64_t fire_ms;
	uint32_t decl;      /* the case's identity, or TIMER_UNANSWERED … */
	uint8_t member;
	struct str *key;    /* the case's key; the action's name; the contact's id */
};
#define TIMER_UNANSWERED 1u /* on disk: an offer without an answer */
#define TIMER_SEGMENT 8u    /* on disk: a segment is looked at again; key its name */
#define TIMER_CAMPAIGN 9u   /* on disk: a campaign is; key its name */
#define TIMER_CONTACT 2u    /* on disk: a contact of which no end has come */

/* seen.c: recent event ids, in 16 bytes each (20 where they span more than 49 days). Of the content 32 bits are kept: other content under a known id is
 * mistaken for a duplicate once in 4 billion such mistakes of a sender. */
enum seen_answer { SEEN_NEW, SEEN_DUPLICATE, SEEN_CONFLICT, SEEN_TOO_OLD };

/* marks.c: when a rule with once_per last fired, for a member and key */
struct mark {
	uint32_t rule; /* 32 bits of the hash of its name */
	uint8_t member;
	int64_t time_ms;
};

/* links.c: of a customer: its aliases; of an alias: its owners. Dated, since numbers are recycled */
struct link {
	struct str *id, *member; /* alias, or customer; member may be NULL */
	int64_t from_ms, to_ms;  /* to_ms 0: still */
};

/* What most records have nothing of. Those point to a shared one that is empty: readers need not ask. */
struct rare {
	struct open_case *cases;      /* ordered by opening */
	struct alert *alerts;         /* ordered by raising */
	struct outcome *outcomes;     /* ordered by time */
	struct timer *timers;         /* ordered by due time */
	struct mark *marks;
	struct link *links;
	struct member_more *more;     /* in no order: members have its number */
	struct str *redirect;         /* merged into this customer; then only that matters */
	struct model *model;          /* of an action: what it has learned (state/model.h); NULL: nothing */
	struct ledger *ledger;        /* of a ledger's day: what was counted (state/ledger.h); NULL: nothing */
	struct item *items;           /* by kind, declaration, time and key: state/items.h */
	uint64_t late;                /* events left out of a window because they came too late */
	uint16_t case_count, alert_count, outcome_count, timer_count, mark_count, link_count, more_count, item_count;
	uint16_t case_cap, alert_cap, outcome_cap, timer_cap, mark_cap, link_cap, more_cap, item_cap;
	uint32_t items_lost;          /* for want of room, by the entry being applied; not stored: whoever counts it takes it */
};

/* Memory is what bounds how many customers a machine serves, and cache misses are most of what an event costs. So all
 * that most records have lies in one block, the body, its parts back to back in the order of their counts here; adding
 * to one moves those behind it. What points into the body is good until something is added to the record. */
struct record {
	uint64_t seq;       /* the newest entry applied: what the record is current to */
	int64_t newest_ms;  /* newest event time applied */
	struct rare *rare;  /* never NULL; only state/ changes it */
	char *body;
	int64_t seen_floor_ms; /* newest event time among ids dropped; INT64_MIN: none */
	int64_t seen_base_ms;  /* what times of ids are counted from */
	uint16_t body_cap;
	uint16_t window_count, seen_count;
	uint8_t attr_count, member_count, timeline_count;
	bool seen_wide;     /* times of ids span more than 49 days: 8 bytes each instead of 4 */
	bool renamed;       /* what it may be found by (attributes, members, links, redirect) has changed. Whoever sees to that clears it */
	struct subject subject; /* last, and cut off where its id ends: record_subject copies it */
};
_Static_assert(LIMIT_RECORD_ATTRIBUTES <= UINT8_MAX && LIMIT_MEMBERS < UINT8_MAX && LIMIT_TIMELINE <= UINT8_MAX,
	       "counts fit a byte");

/* The body's parts, in its order; seen ids come last and only seen.c reads them. */
static inline const struct attr *record_own_attrs(const struct record *r)
{
	return (const struct attr *)(const void *)r->body;
}
static inline const struct member *record_members(const struct record *r)
{
	return (const struct member *)(const void *)(record_own_attrs(r) + r->attr_count);
}
static inline const struct window *record_windows(const struct record *r)
{
	return (const struct window *)(const void *)(record_members(r) + r->member_count);
}
static inline const struct moment *record_timeline(const struct record *r) /* ordered by time, oldest first */
{
	return (const struct moment *)(const void *)(record_windows(r) + r->window_count);
}

struct record *record_create(const struct subject *subject);
struct subject record_subject(const struct record *r);
void record_late(struct record *r); /* one more event came too late for a window */
void record_destroy(struct record *r, struct strpool *pool); /* NULL-safe */
void record_empty(struct record *r, struct strpool *pool); /* only its subject, sequence and newest time stay */
bool record_is_empty(const struct record *r);                /* never had an entry applied: no sequence, no content */
bool record_is_blank(const struct record *r); /* nothing in it that rules could see */
/* Asks the CPU for what applying an event will walk: fetched together it costs one wait instead of several. */
void record_prefetch(const struct record *r);
size_t record_bytes(const struct record *r);                 /* memory, what malloc adds included: for the cache's bound */

/* Bytes of the strings whose length senders decide, as they are spelled out when the record is stored. */
size_t record_text_bytes(const struct record *r);

/* Of the customer (0) or of a member: lent until something is added. */
struct attrs record_attrs(const struct record *r, uint8_t member);
const struct attr *attrs_get(struct attrs a, const struct str *name); /* name interned; NULL: never seen */
const struct attr *attrs_get_text(struct attrs a, struct slice name);
struct value attr_value(const struct attr *a);                         /* NULL: unknown */
/* ERR_OK, ERR_LIMIT beyond LIMIT_RECORD_ATTRIBUTES (nothing changed). A newer value of the same name stays. An unknown
 * value removes. */
int record_set(struct record *r, struct strpool *pool, uint8_t member, struct slice name, struct value v,
	       int64_t time_ms);
/* It is not known since then, whether it was or not: an older value that comes later does not bring it back. (Of a value
 * that record_set removes that is kept as well.) */
void record_unset(struct record *r, struct strpool *pool, uint8_t member, struct slice name, int64_t time_ms);
/* record_set by a name of the pool, which is found by its address. */
int record_set_known(struct record *r, struct strpool *pool, uint8_t member, struct str *name, struct value v,
		     int64_t time_ms);

/* 0 for an empty id; else its number, adding it where `add`; -1: not there, or beyond LIMIT_MEMBERS. */
int record_member(struct record *r, struct strpool *pool, struct slice id, bool add, int64_t time_ms);
struct slice record_member_id(const struct record *r, uint8_t member);
int64_t record_member_left_ms(const struct record *r, uint8_t member); /* 0: not left */
/* Dated: what is older than what is known changes nothing. Who comes again has the newest joining, and has not left. */
void record_member_joined(struct record *r, uint8_t member, int64_t time_ms);
void record_member_left(struct record *r, uint8_t member, int64_t time_ms);
void record_redirect(struct record *r, struct strpool *pool, struct slice to); /* merged into that customer */

/* NULL where there is none and not `create`. With create, bounds push out the window untouched for longest. The pointer
 * is good until the next call with create. */
struct window *record_window(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, struct slice key,
			     const struct window_spec *create);

/* Keeps at most `keep` entries, ordered by time. */
void timeline_add(struct record *r, struct strpool *pool, const struct event *e, uint8_t member,
		  const struct slice *fields, size_t field_count, unsigned keep);
void moment_read(const struct moment *m, struct happening *out);

struct open_case *cases_find_open(struct record *r, uint32_t decl, uint8_t member, struct slice key);
/* ERR_OK; ERR_CONFLICT already open (nothing changed); ERR_LIMIT too many open (closed ones are pushed out first). */
int cases_open(struct record *r, struct strpool *pool, uint32_t decl, uint8_t member, struct slice key,
	       struct slice agent, int64_t time_ms, int64_t due_ms, struct open_case **out);
void cases_close(struct open_case *c, int64_t time_ms);
void cases_miss(struct open_case *c); /* its due time passed */

/* Adds an alert (copies the text). Pushes out closed, then historical, then acknowledged, then the oldest. The pointer
 * is valid until the next change. */
struct alert *alerts_add(struct record *r, struct strpool *pool, const struct alert *like, struct slice rule,
			 struct slice severity, struct slice to, struct slice text);
struct alert *alerts_find(struct record *r, uint64_t seq, uint32_t index);
void alerts_set_state(struct alert *a, enum alert_state state);
bool alert_is_open(const struct alert *a, int64_t now_ms); /* open, not expired, not historical */
/* A nudge that was decided is kept as an alert whose severity says so. */
#define NUDGE_SEVERITY "nudge"
static inline bool alert_is_nudge(const struct alert *a)
{
	return slice_equal(str_slice(a->severity), SLICE(NUDGE_SEVERITY));
}

void outcomes_add(struct record *r, struct strpool *pool, const struct outcome *like, struct slice action,
		  struct slice channel, struct slice agent);
/* … with what it says besides; the same where that is nothing. */
void outcomes_add_with(struct record *r, struct strpool *pool, const struct outcome *like, struct slice action,
		       struct slice channel, struct slice agent, const struct outcome_details *details);
const char *outcome_name(enum outcome_kind kind);
int outcome_from_name(struct slice name); /* 0: unknown */

int timers_add(struct record *r, struct strpool *pool, int64_t due_ms, int64_t fire_ms, uint32_t decl, uint8_t member,
	       struct slice key); /* ERR_LIMIT */
void timers_remove(struct record *r, struct strpool *pool, uint32_t decl, uint8_t member, struct slice key);
int64_t timers_next_fire(const struct record *r); /* INT64_MAX: none */
/* Those by which segments and campaigns look at the customer again go by the clock alone, and set themselves again by it:
 * an event that is ahead of the clock would fire them for ever. */
bool timer_of_clock(const struct timer *t);
const struct timer *timers_before_event(const struct record *r, int64_t time_ms); /* the first to fire; NULL: none */

/* Asks without changing; then seen_add once the event is applied. Grows from SEEN_IDS_MIN while ids younger than
 * ALERT_HORIZON_MS (by event time, against the newest) would have to be dropped, up to SEEN_IDS_MAX. */
enum seen_answer seen_ask(const struct record *r, uint64_t id, uint64_t content, int64_t time_ms);
bool seen_forgotten(const struct record *r, int64_t time_ms); /* not newer than ids that were dropped */
void seen_add(struct record *r, uint64_t id, uint64_t content, int64_t time_ms);

int64_t marks_get(const struct record *r, uint32_t rule, uint8_t member); /* INT64_MIN: never */
void marks_set(struct record *r, uint32_t rule, uint8_t member, int64_t time_ms);

/* ERR_LIMIT */
int links_add(struct record *r, struct strpool *pool, struct slice id, struct slice member, int64_t from_ms);
/* As it is, whatever others there are; to_ms 0: it holds. */
int links_place(struct record *r, struct strpool *pool, struct slice id, struct slice member, int64_t from_ms, int64_t to_ms);
void links_end(struct record *r, struct slice id, int64_t to_ms);
/* For erasure: as if there had never been any to it, or that alert (by its place). */
bool links_forget(struct record *r, struct strpool *pool, struct slice id);
void alerts_forget(struct record *r, struct strpool *pool, unsigned i);
/* Owners of an alias at a time: *count is how many, *out the newest of them. */
const struct link *links_at(const struct record *r, int64_t time_ms, unsigned *count);

/* codec.c: to bytes and back. The first 16 bytes are the sequence and a format version; what follows is canonical
 * (equal states give equal bytes, whatever the order of insertion of sets) and spells strings out. */
void record_encode(const struct record *r, struct bytes *out);
int record_decode(struct record **out, struct strpool *pool, struct slice in); /* ERR_CORRUPT, ERR_VERSION */
bool record_peek_newest(struct slice in, int64_t *newest_ms); /* without decoding the rest; false: it is broken */

/* merge.c: history joins: `from` (decoded from an effect) into `into`: attributes by time, members by id, windows cell
 * by cell, cases, alerts, outcomes, timers, timeline, seen ids. */
void record_merge(struct record *into, struct strpool *pool, const struct record *from);

/* fill.c: series and cases of `from`, of the same subject and moment, take the place of those of `r`. */
struct id_list {
	const uint32_t *ids;
	unsigned count;
};
struct fill {
	struct id_list series, cases;
	bool keep_older; /* what reaches further back than `from` stays */
};
void record_fill(struct record *r, struct strpool *pool, const struct record *from, const struct fill *fill);
/* A record with those alone, and all members in their order. */
struct record *record_only(const struct record *from, struct strpool *pool, const struct fill *fill);

/* digest.c: what rules can read, hashed: no sequences, no alert ids, no fire times, no decision ids. The digest of a
 * state is the sum of its records' digests (both halves wrap), so it does not depend on order or shards. An empty
 * record counts nothing. */
struct hash128 record_digest(const struct record *r);
static inline struct hash128 digest_add(struct hash128 a, struct hash128 b)
{
	return (struct hash128){ a.low + b.low, a.high + b.high };
}

#endif
