/* shard/sweep.c: write-behind: dirty records go to the store in key order (random order costs 8.4 KB of writes a
 * record, key order 0.9 KB), a little at each tick, so that the disk stays the journal's (all at once put p99 at 5 ms,
 * a gentle pace at 0.6 ms).
 *
 * A sweep notes where the journal ends and goes through the hash slots, which come first in the key: each tick collects
 * and sorts the dirty records of one or a few, so that no tick waits for all of them. A chunk is encoded here and
 * committed by the store thread once the journal has everything it holds (and their effects) on disk. When the last
 * chunk is committed the shard's low-water mark is where the sweep began, or just before the oldest entry with effects
 * outstanding.
 *
 * The longer the pause between two sweeps, the more events of a record one storing of it is for; what it costs is a
 * longer tail to recover, which is why a tail starts a sweep before its time, and hurries it. */
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 25 /* between two chunks: each commit is a sync that the journal's syncs stand in line with */
#define TICK_HURRY_MS 3
#define SWEEP_SPREAD_TICKS 400 /* a sweep is spread over about 10 s … */
#define CHUNK_RECORDS_MIN 16u
#define STEP_RECORDS 32u /* encoded in one go: then events and answers come in between, as each record takes microseconds */
#define CHUNK_BYTES_MAX (1u * MIB)
#define STOP_BYTES_MAX (4u * MIB) /* at stop nobody waits: fewer and larger transactions */
#define CHUNKS_OUT_MAX 4u /* … but never runs ahead of the disk */
#define TAIL_START 4u     /* a tail of this part of the bound starts a sweep before its time, … */
#define TAIL_HURRY 2u     /* … and of this part makes it hurry */
#define CACHE_HURRY 2u    /* … as do dirty records that keep the cache at this many times its bound */
#define EARLY_PAUSE_MS 100 /* between two early ones: the mark may be unable to move, or the store refuse */

/* The first bytes of the key lie beside the pointer: nearly all comparisons end there, and none of those waits for a
 * record that left the CPU's caches long ago. The hash slot is the same for all that are sorted together. */
#define PREFIX_ID_BYTES 15u
struct keyed {
	struct slot *slot;
	unsigned char prefix[1 + PREFIX_ID_BYTES]; /* kind, the id's beginning padded with zeros */
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = memcmp(x->prefix, y->prefix, sizeof(x->prefix));
	if (order)
		return order;
	return slice_compare(subject_id(&x->slot->record->subject), subject_id(&y->slot->record->subject));
}

static void begin(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	size_t part = s->cache.dirty_count / SWEEP_SPREAD_TICKS;
	sweep->active = true;
	sweep->last_sent = false;
	sweep->next_slot = 0;
	sweep->count = sweep->at = 0;
	sweep->mark = journal_last(s->engine->journal);
	sweep->per_tick = part > CHUNK_RECORDS_MIN ? part : CHUNK_RECORDS_MIN;
}

/* A slot that changed after the last sweep took it and before it was stored is listed and clean: what is clean may be
 * evicted at any time, so it is left alone. */
static void collect(struct sweep *sweep, struct slot *slot)
{
	if (!slot->dirty)
		return;
	const struct subject *subject = &slot->record->subject;
	if (sweep->count == sweep->cap) {
		sweep->cap = sweep->cap ? sweep->cap * 2 : 256;
		sweep->items = must_realloc(sweep->items, sweep->cap * sizeof(sweep->items[0]));
	}
	struct keyed *item = &sweep->items[sweep->count++];
	*item = (struct keyed){ slot, { subject->kind } };
	memcpy(item->prefix + 1, subject->id, subject->len < PREFIX_ID_BYTES ? subject->len : PREFIX_ID_BYTES);
}

/* The next record to store, in key order; NULL where the sweep is through. */
static struct slot *next(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	while (sweep->at == sweep->count) {
		if (sweep->next_slot == HASH_SLOTS)
			return NULL;
		sweep->at = sweep->count = 0;
		for (struct slot *slot = cache_take_dirty(&s->cache, sweep->next_slot++); slot; slot = slot->next_dirty)
			collect(sweep, slot);
		if (sweep->count)
			qsort(sweep->items, sweep->count, sizeof(sweep->items[0]), by_key);
	}
	return sweep->items[sweep->at++].slot;
}

/* A slot with effects outstanding is not stored now, and stays dirty for the next sweep. What the store misses of it
 * may be older than the entry that waits for its effects: the mark stays before that. */
static void skip(struct shard *s, struct slot *slot)
{
	cache_list_dirty(&s->cache, slot);
	if (slot->dirty_seq <= s->sweep.mark)
		s->sweep.mark = slot->dirty_seq - 1;
}

/* Puts slots into the chunk until it is full. False: the sweep is through. */
static bool fill(struct shard *s, struct store_chunk *c, size_t most, size_t most_bytes)
{
	while (c->count < most && c->operations.len < most_bytes) {
		struct slot *slot = next(s);
		if (!slot)
			return false;
		if (slot->more->pending)
			skip(s, slot);
		else
			chunk_put_slot(c, slot);
	}
	return true;
}

/* The shard's low-water mark at the end of this sweep. */
static uint64_t mark_of(const struct shard *s)
{
	uint64_t oldest = sources_oldest(s);
	return oldest <= s->sweep.mark ? oldest - 1 : s->sweep.mark;
}

/* Memory is full of what the store does not have yet, and what is dirty cannot be evicted. */
static bool cache_presses(const struct cache *c, unsigned times)
{
	return c->bytes / times > c->limit_bytes && c->dirty_count > c->count / 2;
}

/* One step of the open chunk; sent once it is full, or the sweep through. */
static void step(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	struct store_chunk *c = sweep->open;
	size_t before = c->count, most = before + STEP_RECORDS;
	uint64_t from_ns = clock_mono_ns();
	bool more = fill(s, c, most < sweep->most ? most : sweep->most, CHUNK_BYTES_MAX);
	stages_add(&s->machine.stages, STAGE_STORE, clock_mono_ns() - from_ns, c->count - before);
	if (more && c->count < sweep->most && c->operations.len < CHUNK_BYTES_MAX)
		return;
	if (!more) {
		c->last = true;
		c->mark = mark_of(s);
		sweep->last_sent = true;
	}
	sweep->open = NULL;
	sweep->chunks_out++;
	storer_send(s->engine, c);
}

/* The store has it: from now on this is what it holds beside the record. */
static void committed(struct shard *s, struct chunk_item *item)
{
	struct slot *slot = item->slot;
	struct stored before = slot->more->stored;
	if (before.fire_ms != item->stored.fire_ms || before.outbox_count || item->stored.outbox_count) {
		slot_more(slot)->stored = item->stored;
		item->stored = before; /* freed with the chunk */
	}
	if (slot->version == item->version)
		cache_clean(&s->cache, slot);
	else
		slot->dirty_seq = item->seq + 1;
}

static void put_off(struct shard *s, struct slot *slot)
{
	slot->record->renamed |= slot->fresh; /* it may have been among what was not stored */
	cache_list_dirty(&s->cache, slot);
}

void stored_work(struct shard *s, struct work *w)
{
	struct store_chunk *c = w->chunk;
	struct sweep *sweep = &s->sweep;
	for (size_t i = 0; i < c->count; i++) {
		if (c->result == ERR_OK)
			committed(s, &c->items[i]);
		else
			put_off(s, c->items[i].slot);
	}
	counter_add(&s->counts.stored, c->count);
	sweep->chunks_out--;
	if (sweep->last_sent && sweep->chunks_out == 0) {
		sweep->active = false;
		s->swept_ns = clock_mono_ns();
		cache_settle_fresh(&s->cache);
	}
	chunk_give_back(c);
	work_destroy(w);
}

int64_t sweep_wants(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	uint64_t tail = journal_tail_bytes(s->engine->journal, atomic_load(&s->engine->mark));
	s->tail_full = tail > s->engine->config.tail_bytes;
	if (sweep->open)
		return 0;
	sweep->hurry = sweep->awaited || tail > s->engine->config.tail_bytes / TAIL_HURRY || cache_presses(&s->cache, CACHE_HURRY);
	if (sweep->active && sweep->last_sent)
		return -1; /* the last commit wakes the shard */
	if (sweep->active)
		return sweep->hurry ? TICK_HURRY_MS : TICK_MS;
	bool early = tail > s->engine->config.tail_bytes / TAIL_START || cache_presses(&s->cache, 1);
	if (!early && !s->cache.dirty_count)
		return -1; /* decisions alone change no record: they wait until the tail is worth moving the mark */
	int64_t since_ms = (int64_t)((clock_mono_ns() - s->swept_ns) / 1000000u), pause = s->engine->config.sweep_ms;
	if (early && pause > EARLY_PAUSE_MS)
		pause = EARLY_PAUSE_MS;
	return since_ms < pause ? pause - since_ms : 0;
}

bool sweep_covers(struct shard *s, uint64_t seq)
{
	if (atomic_load(&s->engine->mark) >= seq || (!s->cache.dirty_count && !s->sweep.active))
		return true;
	if (!s->sweep.active)
		s->swept_ns = 0;
	return false;
}

void sweep_finish(struct sweep *sweep)
{
	chunk_destroy(sweep->open);
	while (sweep->spare) {
		struct store_chunk *c = sweep->spare;
		sweep->spare = c->next;
		chunk_destroy(c);
	}
	free(sweep->items);
}

void sweep_tick(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	if (!sweep->active && sweep_wants(s) == 0)
		begin(s);
	if (sweep->active && !sweep->open && !sweep->last_sent && sweep->chunks_out < CHUNKS_OUT_MAX) {
		sweep->most = sweep->hurry ? SIZE_MAX : sweep->per_tick;
		sweep->open = chunk_take(s);
	}
	if (sweep->open)
		step(s);
}

/* The store thread's last answers that the shard has not seen. What else waits is given up, its request with it. */
static void take_stored(struct shard *s)
{
	void *items[64];
	size_t n;
	while ((n = queue_pop_all(s->queue, items, 64))) {
		for (size_t i = 0; i < n; i++) {
			struct work *w = items[i];
			if (w && w->kind == WORK_STORED)
				stored_work(s, w);
			else
				work_abandon(w);
		}
	}
}

static void list_again(void *arg, struct slot *slot)
{
	struct shard *s = arg;
	if (slot->dirty)
		put_off(s, slot);
}

static int sweep_shard(struct engine *e, struct shard *s)
{
	take_stored(s);
	cache_each(&s->cache, list_again, s); /* a sweep that the stop cut off took records that it did not store */
	begin(s);
	for (bool more = true; more;) {
		struct store_chunk *c = chunk_take(s);
		more = fill(s, c, SIZE_MAX, STOP_BYTES_MAX);
		int result = chunk_write(e, c, 0);
		chunk_give_back(c);
		if (result != ERR_OK)
			return result;
	}
	return ERR_OK;
}

/* At stop, from the stopping thread: no loop and no store thread runs any more. What is still on its way between shards
 * is cut off as by a crash: the mark stays before its sources, and the next start emits it. */
int sweep_all(struct engine *e)
{
	uint64_t mark = journal_last(e->journal);
	journal_wait(e->journal, mark);
	for (unsigned i = 0; i < e->shard_count; i++) {
		int result = sweep_shard(e, e->shards[i]);
		if (result != ERR_OK)
			return result;
		uint64_t of_shard = mark_of(e->shards[i]);
		mark = of_shard < mark ? of_shard : mark;
	}
	struct store_chunk last = { 0 };
	int result = chunk_write(e, &last, mark_before_notes(e, mark));
	return result == ERR_OK ? store_sync(e->store) : result;
}
