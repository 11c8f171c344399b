/* history/erase_parts.h: a plan as it is made (struct erase_plan) and as it is carried out (struct erasing); among the files
 * erase*.c, nobody else may include it. */
#ifndef NUDGED_HISTORY_ERASE_PARTS_H
#define NUDGED_HISTORY_ERASE_PARTS_H

#include "base/arena.h"
#include "base/check.h"
#include "history/entry.h"
#include "history/erase.h"

/* Words of theirs in a ledger's record, and what their entries counted with them; `left`: what is not taken back yet. */
struct erase_words {
	struct slice ledger, key;
	struct ledger_sum sum;
	int64_t left;
};

struct join { /* one record joined another: MERGE effects, in order */
	uint64_t seq, source_seq;
	struct subject into;
};

struct stretch { /* a prospect's entries that became the customer's: (from, to] */
	struct subject prospect;
	uint64_t from, to;
};

struct wiped { /* … by this entry, the newest */
	struct subject customer;
	uint64_t seq;
};

struct owned_anew { /* an alias that somebody new with a name of theirs has had */
	struct subject alias;
	struct slice customer; /* lent by `customers` */
};

struct erase_plan {
	struct erase_sources from;
	uint64_t first_seq, since, to; /* `to`: entries that it has been through */
	struct arena arena;
	struct join *joins;
	struct stretch *absorbs; /* every end of a prospect's entries: `to` */
	struct stretch *spans;
	struct wiped *wipes;
	struct owned_anew *anew;
	struct slice *customers, *aliases;
	uint64_t *bounds;       /* of customers: erase_plan_bound */
	struct subject *others; /* agents, areas, ledgers */
	struct erase_words *words;
	uint64_t *own, *blank;
	bool grew; /* there is more than was looked for */
	size_t join_count, absorb_count, span_count, wipe_count, anew_count, customer_count, alias_count, own_count, blank_count,
		other_count, word_count;
	struct erase_report *report;
};

#define GROW(list, count) \
	((list) = ((count) & ((count) - 1)) ? (list) : must_realloc(list, ((count) ? 2 * (count) : 1) * sizeof(*(list))))

/* erase.c: the plan's entries from `from` to where it goes. */
int plan_each_entry(struct erase_plan *p, uint64_t from, void (*each)(struct erase_plan *p, uint64_t seq, const struct entry *e));
void plan_add_customer(struct erase_plan *p, struct slice id);
void plan_add_alias(struct erase_plan *p, struct slice id);
void plan_add_other(struct erase_plan *p, const struct subject *s); /* what is no agent, area or ledger is passed over */
bool plan_is_customer(const struct erase_plan *p, struct slice id);
uint64_t plan_bound(const struct erase_plan *p, struct slice customer); /* ERASE_NOT_WIPED, too, where it is nobody of theirs */
void plan_wiped(struct erase_plan *p, uint64_t seq, const struct entry *e); /* notes it where the entry is that */
struct slice plan_body_customer(const struct entry *e);                     /* of EFFECT_LINK, UNLINK, ABSORB */

/* erase_look.c: who they are. *held: a store has a record. */
int plan_look(struct erase_plan *p, bool *held);
/* erase_theirs.c: what is theirs. */
int plan_theirs(struct erase_plan *p);
void plan_note_theirs(struct erase_plan *p, uint64_t seq, const struct entry *e);
/* erase_words.c: what they said, as reports count it. */
bool words_counted(struct erase_plan *p, const struct entry *e); /* an EFFECT_COUNT of theirs; whether it has any words */
void words_taken(struct erase_plan *p, const struct entry *e);   /* one that took some back */
bool words_left(const struct erase_plan *p);
struct slice words_key_without(struct slice ledger, struct slice key, char out[LIMIT_KEY_BYTES]);

struct erasing {
	struct slice *customers, *aliases; /* customers: ids, prospects' too */
	size_t customer_count, alias_count;
	uint64_t first_seq; /* of the journal: whose older entries were, nobody can tell */
	uint64_t last_seq;  /* what comes later is of somebody else, who has the same name */
	uint64_t named_seq; /* … already behind this one for some: then only an entry's sequence tells whose it is */
	bool wiped;         /* rows go only where nothing is in them */
	const uint64_t *seqs;
	size_t seq_count;
	struct erase_words *words;
	size_t word_count;
	struct slice log;
	struct erase_report *report;
};
bool erasing_has(const struct slice *list, size_t count, struct slice id);
bool erasing_names(const struct erasing *e, struct slice bytes); /* any of the ids, as a string with its length before it */
bool erasing_seq(const struct erasing *e, uint64_t seq);
bool erasing_has_seq(const uint64_t *list, size_t count, uint64_t seq);

/* erase_file.c: to and from DIR/ERASING. What is read lends from `content`. ERR_MISSING: no plan; ERR_VERSION: a newer one. */
int erasing_write(const char *dir, const struct erasing *e);
int erasing_read(struct erasing *e, const char *dir, struct bytes *content);
void erasing_finish(struct erasing *e);

int erase_rows(const struct erasing *e, struct store *store, bool base); /* and the store into a new file */
int erase_from_log(const struct erasing *e);

#endif
