/* shard/backfill_parts.h: a backfill from inside: the thread's and what it shares with shards. Private to backfill.c and
 * fill.c. */
#ifndef NUDGED_SHARD_BACKFILL_PARTS_H
#define NUDGED_SHARD_BACKFILL_PARTS_H

#include "base/error.h"
#include "base/metrics.h"
#include "shard/shadow.h"

#include <pthread.h>
#include <stdatomic.h>

enum backfill_state {
	BACKFILL_NONE, BACKFILL_READING, BACKFILL_FILLING, BACKFILL_DONE, BACKFILL_STOPPED, BACKFILL_FAILED
};

enum asked_state { ASKED, ASKED_DONE, ASKED_AGAIN, ASKED_FAILED };

struct asked { /* a subject that is being handed over */
	struct subject subject;
	_Atomic int state;
	unsigned tries;
};

struct backfill {
	struct engine *engine;
	pthread_t thread;
	bool started;
	_Atomic bool stop;
	_Atomic int state; /* enum backfill_state */
	uint32_t *series, *cases;
	struct fill fill;
	uint64_t pack_seq;    /* whose series: the activation */
	uint64_t derive_to;   /* the journal's end when it began: what came later reached agents by itself */
	int64_t derive_to_ms;
	uint64_t merges_from; /* subjects that others joined behind it are filled again */
	uint64_t first_seq, at; /* the journal's first entry, and the newest that was applied here */
	unsigned next_slot;   /* hash slots before it are filled */
	struct shadow *shadow;
	struct journal_reader *reader;
	struct arena arena;
	struct bytes body;
	struct asked *asked;  /* those to be tried again first */
	size_t asked_count, asked_cap;
	counter done, slots, subjects;
	struct error error;
	/* with shards */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned out;         /* handed over, not answered yet */
	uint64_t needs_seq;   /* a shard stands until the thread has applied this entry; 0: none does */
	bool served;          /* b->body is as of then */
};

int backfill_catch_up(struct backfill *b);
int backfill_note(struct backfill *b);
/* fill.c: every subject; or only those that others were merged into. */
int backfill_hand_over(struct backfill *b, bool all);

#endif
