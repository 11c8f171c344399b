/* shard/cache.h: the records of one shard that are in memory, found by subject; others are read back from the store.
 *
 * A slot is dirty from the moment an entry changes its record until the store has committed it. Dirty slots, and those
 * whose effects are not in the journal yet, are never evicted. Eviction is the clock algorithm over clean slots, run
 * between entries, so that pointers stay good while one is applied. */
#ifndef NUDGED_SHARD_CACHE_H
#define NUDGED_SHARD_CACHE_H

#include "base/metrics.h"
#include "disk/store.h"
#include "state/ledgers.h"
#include "state/record.h"

struct alert_id {
	uint64_t seq;
	uint32_t index;
};

/* What the store holds beside the record itself, and follows from it: it changes when a commit has succeeded. */
struct stored {
	int64_t fire_ms;         /* due time under which the due index has it; INT64_MAX: none */
	struct alert_id *outbox; /* its alerts in the outbox */
	unsigned outbox_count;
};

/* What most slots have nothing of: those point to a shared one that says so, and readers need not ask. */
struct slot_more {
	struct stored stored;
	int64_t scheduled_ms; /* earliest fire time that the shard's heap has for it; INT64_MAX: none */
	uint64_t effects_seq; /* newest journal sequence among its entries' effects and nudges that are in the journal */
	uint32_t pending;     /* those that are not yet */
};

struct slot {
	struct slot *next;       /* in its bucket */
	struct slot *next_dirty; /* in the list of its hash slot, while `listed` */
	uint64_t hash;
	struct record *record;   /* never NULL */
	const struct slot_more *more; /* never NULL; slot_more gives one to write to */
	uint64_t dirty_seq;      /* while dirty: the store misses nothing of it before this entry */
	uint32_t version;        /* counts changes: a commit makes the slot clean only if nothing changed since */
	uint32_t bytes : 27, dirty : 1, hot : 1, listed : 1;
	uint32_t fresh : 1;      /* in the cache's list of those */
	uint32_t full : 1;       /* over LIMIT_RECORD_BYTES when it was measured: takes no more events */
};
_Static_assert(2 * LIMIT_RECORD_BYTES < 1u << 27, "a record's size takes 27 bits");

static inline uint8_t slot_hash_slot(const struct slot *s)
{
	return (uint8_t)(s->hash >> 56); /* as subject_slot */
}
struct slot_more *slot_more(struct slot *s);

/* Which days of a ledger there are here: none before `first` and after `last`. */
struct ledger_span {
	bool any;
	int32_t first, last;
};

struct cache {
	struct slot **buckets;
	struct slot *dirty[HASH_SLOTS]; /* by hash slot: what the next sweep takes, piece by piece */
	size_t bucket_count, count, dirty_count, bytes, limit_bytes;
	size_t hand;               /* of the clock: a bucket */
	struct strpool *pool;      /* lent */
	struct store *store;       /* lent; NULL: everything is in memory */
	counter misses, evictions; /* reads from the store; records let go */
	struct ledger_span ledger_spans[LEDGER_COUNT];
	/* Customers that are found by something else than the store knows of: whoever looks for one looks here too. In the order
	 * in which they came; they stay in memory. */
	struct slot **fresh;
	size_t fresh_count, fresh_cap;
	struct bytes scratch;
};

void cache_init(struct cache *c, struct strpool *pool, struct store *store, size_t limit_bytes);
void cache_finish(struct cache *c);
void cache_note_ledger(struct cache *c, const struct subject *subject); /* of a ledger: there is such a day */
/* ERR_OK with *out NULL where there is no such record and not `create`. Errors are the store's (ERR_CORRUPT, ERR_IO).
 */
int cache_get(struct cache *c, const struct subject *subject, bool create, struct slot **out);
/* What belongs into the store beside a record in this state. The outbox is the caller's to free. */
struct stored stored_of(const struct record *r);
struct slot *cache_peek(const struct cache *c, const struct subject *subject); /* only what is in memory */
/* Asks the CPU for the records with these hashes of their subjects: they lie apart in memory, and fetched together cost
 * about one wait instead of several each. Changes nothing. */
void cache_ahead(const struct cache *c, const uint64_t *hashes, unsigned count);
#define CACHE_AHEAD_MAX 32u /* of about a dozen lines each: they stay in the first levels until they are needed */
void cache_dirty(struct cache *c, struct slot *s); /* the record's sequence is that of the change already */
void cache_clean(struct cache *c, struct slot *s);
/* The dirty slots of one hash slot, linked by next_dirty: the list is the caller's, who stores them or lists them
 * again. A slot that changes meanwhile is listed anew. */
struct slot *cache_take_dirty(struct cache *c, unsigned hash_slot);
void cache_list_dirty(struct cache *c, struct slot *s);
/* After a sweep: those that the store has by now are fresh no longer. */
void cache_settle_fresh(struct cache *c);
/* Lets clean records go until the bytes are within the limit, looking at no more than `most` slots. */
void cache_evict(struct cache *c, size_t most);
void cache_drop(struct cache *c, struct slot *s); /* that one, where it could be let go; else it stays */
/* The record's size changed. Done now and then (cache_dirty), since it costs more than applying a small event. */
void cache_measure(struct cache *c, struct slot *s);
/* Calls `each` for all slots in memory, in no order. */
void cache_each(struct cache *c, void (*each)(void *arg, struct slot *s), void *arg);

#endif
