/* history/recall.h: one subject's record as it was at any entry, recomputed. Its own entries, found by walking from the
 * newest to each one's predecessor, are applied anew in a machine apart, with the packs and the rules set aside that were
 * in force at each; and what each comes to is compared with what was recorded of it when it was accepted.
 *
 * Where the journal's head is gone, the base store (history/base.h) has the record as of the end of what went.
 *
 * What belongs to one thread: a `struct history` is not shared. The journal and the stores may be: they are only read. */
#ifndef NUDGED_HISTORY_RECALL_H
#define NUDGED_HISTORY_RECALL_H

#include "decide/decision.h"
#include "history/entry.h"
#include "history/heads.h"
#include "history/packs.h"

struct history {
	struct journal *journal;
	struct store *store, *base; /* NULL: there is none */
	struct packs *packs;
	struct heads *heads;
	struct journal_reader *reader;
	struct machine machine;
	struct applied applied; /* of the entry applied last */
	struct bytes body;      /* of the entry read last */
	struct arena arena;     /* of the entry read last */
};

/* All are lent, and only read. */
int history_open(struct history *h, struct journal *journal, struct store *store, struct store *base);
void history_finish(struct history *h);
/* What became durable since: to be called before each question. */
int history_refresh(struct history *h);
/* One entry, its body lent until the next call. ERR_MISSING: not kept any more, or not there yet. */
int history_read(struct history *h, uint64_t seq, struct journal_entry *je, struct entry *entry);
/* The newest entry received at or before that time; 0: all kept ones came later. */
int history_at(struct history *h, int64_t time_ms, uint64_t *seq);

/* How the recomputed past compares with what was recorded. */
struct proof {
	uint64_t entries;          /* recomputed and compared */
	uint64_t differing, first; /* that came out otherwise, and the first of them */
	uint64_t erased;           /* whose bodies were erased: what they did is not known any more */
	uint64_t base_seq;         /* the record before came from the base store, current to this entry; 0: from the beginning */
};

struct recall {
	struct history *history;
	struct subject subject;
	struct recall_step {
		uint64_t seq;
		int64_t received_at_ms;
	} *steps; /* its entries that are kept, oldest first */
	size_t count, at;
	uint64_t cut; /* the entry before them, which is not kept any more; 0: they are all */
	struct record *record; /* NULL: not begun */
	struct proof proof;
};

/* ERR_MISSING where no entry has ever been about it. recall_finish whatever comes of it. */
int recall_start(struct recall *r, struct history *h, const struct subject *subject);
void recall_finish(struct recall *r);
/* The record as it was after this entry of the journal (which need not be its own). Only forward. ERR_MISSING: that lies
 * before what is kept. */
int recall_to(struct recall *r, uint64_t seq);
/* Its next entry, read and decoded; the pack of then is in force. 1; 0: there is none. Then recall_apply. */
int recall_next(struct recall *r, struct journal_entry *je, struct entry *entry);
int recall_apply(struct recall *r, const struct journal_entry *je, const struct entry *entry);

#endif
