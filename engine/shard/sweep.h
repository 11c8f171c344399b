/* shard/sweep.h: write-behind: sweeps of dirty records, and the store thread that commits them. Private to this folder.
 */
#ifndef NUDGED_SHARD_SWEEP_H
#define NUDGED_SHARD_SWEEP_H

#include "shard/cache.h"
#include "shard/engine.h"
#include "shard/shard.h"

struct store_chunk;

struct sweep {
	bool active, hurry;
	bool awaited; /* an erasure goes on when the store has all: without hurry, many new records put that off for minutes */
	unsigned next_slot;  /* hash slots from here on are not collected yet */
	struct keyed *items; /* of the hash slot at hand, sorted */
	size_t count, at, cap, per_tick;
	struct store_chunk *open; /* being filled, to `most` records; NULL: none */
	size_t most;
	uint64_t mark;       /* the journal's end when it began, or before what is skipped */
	unsigned chunks_out; /* handed to the store thread, not back yet */
	bool last_sent;
	struct store_chunk *spare; /* back from the store thread, to be filled again */
};

/* Is all that this shard changed up to an entry in the store? If not, the next sweep does not wait for its time. */
bool sweep_covers(struct shard *s, uint64_t seq);
void sweep_finish(struct sweep *sweep);
void sweep_tick(struct shard *s);
int64_t sweep_wants(struct shard *s); /* ms until sweep_tick has something to do; -1: not before something changes */

/* chunk.c */
struct store_chunk {
	struct shard *shard;
	struct store_chunk *next; /* while spare */
	struct bytes operations, key, scratch;
	struct chunk_item {
		struct slot *slot;
		uint32_t version;
		uint64_t seq;         /* of the record as it is here */
		struct stored stored; /* the slot's, once this is committed */
	} * items;
	size_t count, cap, notes; /* notes: customers who may be found by something else than before */
	uint64_t durable_first; /* the journal must have this on disk before the chunk is committed */
	bool last;
	uint64_t mark; /* last: the shard's low-water mark */
	int result;
};
struct store_chunk *chunk_take(struct shard *s); /* an empty one */
void chunk_put_slot(struct store_chunk *c, struct slot *slot);
int chunk_apply(struct engine *e, const struct store_chunk *c, struct store_write *w);
void chunk_give_back(struct store_chunk *c);
void chunk_destroy(struct store_chunk *c); /* NULL-safe */

uint64_t mark_before_notes(const struct engine *e, uint64_t mark);
int storer_start(struct engine *e);
void storer_send(struct engine *e, struct store_chunk *c);
void storer_stop(struct engine *e);
/* The engine's lines of history and `warms` are as of that activation already. No bundle or tests: those stay that are
 * there. */
int storer_note_activation(struct engine *e, const struct past *line, struct slice bundle, struct slice tests);
/* What a backfill is about; empty: it is over. done_seq: the activation whose `warms` it has changed; 0: none. */
int storer_note_backfill(struct engine *e, struct slice value, uint64_t done_seq);
int storer_note_walk(struct engine *e, struct slice value); /* empty: it is over */
int storer_note_aside(struct engine *e, uint64_t seq, struct slice rule);
/* One transaction of somebody else's, between those of the chunks. */
int storer_write(struct engine *e, int (*make)(void *what, struct store_write *w), void *what);
void storer_alone(struct engine *e, bool begin); /* nobody else writes to the store in between */
int sweep_all(struct engine *e); /* at stop: everything, at once, from the stopping thread */
int chunk_write(struct engine *e, struct store_chunk *c,
		uint64_t engine_mark); /* one transaction; engine_mark 0: none */

#endif
