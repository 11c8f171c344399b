/* shard/sweep.c: write-behind: dirty records go to the store in key order (random order costs 8.4 KB of writes a
 * record, key order 0.9 KB), a little at each tick, so that the disk stays the journal's (all at once put p99 at 5 ms,
 * a gentle pace at 0.6 ms).
 *
 * A sweep notes where the journal ends, collects what is dirty, and works through it in chunks. A chunk is encoded here
 * and committed by the store thread once the journal has everything it holds (and their effects) on disk. When the last
 * chunk is committed the shard's low-water mark is where the sweep began, or just before the oldest entry with effects
 * outstanding. */
#include "shard/internal.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdlib.h>

#define TICK_MS 10             /* between two chunks */
#define SWEEP_SPREAD_TICKS 300 /* a sweep is spread over about 3 s … */
#define CHUNK_RECORDS_MIN 16u
#define CHUNK_BYTES_MAX (1u * MIB)
#define CHUNKS_OUT_MAX 4u              /* … but never runs ahead of the disk */
#define TAIL_START_BYTES (64ull * MIB) /* a tail this long starts a sweep before its time */

struct keyed {
	struct slot *slot;
	uint8_t hash_slot;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->hash_slot != y->hash_slot)
		return x->hash_slot - y->hash_slot;
	const struct subject *p = &x->slot->record->subject, *q = &y->slot->record->subject;
	if (p->kind != q->kind)
		return p->kind - q->kind;
	return slice_compare(subject_id(p), subject_id(q));
}

struct collect {
	struct keyed *items;
	size_t count;
};

static void collect_dirty(void *arg, struct slot *slot)
{
	struct collect *c = arg;
	if (!slot->dirty)
		return;
	slot->sweeping = true;
	c->items[c->count++] = (struct keyed){ slot, subject_slot(&slot->record->subject) };
}

static void begin(struct shard *s)
{
	struct collect c = { .items = must_malloc((s->cache.dirty_count + 1) * sizeof(c.items[0])) };
	cache_each(&s->cache, collect_dirty, &c);
	qsort(c.items, c.count, sizeof(c.items[0]), by_key);
	struct sweep *sweep = &s->sweep;
	*sweep = (struct sweep){ .active = true, .count = c.count, .mark = journal_last(s->engine->journal) };
	sweep->slots = must_malloc((c.count + 1) * sizeof(sweep->slots[0]));
	for (size_t i = 0; i < c.count; i++)
		sweep->slots[i] = c.items[i].slot;
	sweep->per_tick =
		c.count / SWEEP_SPREAD_TICKS > CHUNK_RECORDS_MIN ? c.count / SWEEP_SPREAD_TICKS : CHUNK_RECORDS_MIN;
	free(c.items);
}

static void put(struct bytes *out, enum store_table table, bool put, struct slice key, struct slice value)
{
	bytes_put_u8(out, (uint8_t)table);
	bytes_put_u8(out, put);
	bytes_put_string(out, key);
	if (put)
		bytes_put_string(out, value);
}

static struct slice due_key(struct bytes *key, int64_t fire_ms, struct slice subject)
{
	bytes_clear(key);
	for (int shift = 56; shift >= 0; shift -= 8)
		bytes_put_u8(key, (uint8_t)((uint64_t)fire_ms >> shift));
	bytes_put(key, subject.data, subject.len);
	return bytes_slice(key);
}

static struct slice outbox_key(struct bytes *key, uint64_t seq, uint32_t index)
{
	bytes_clear(key);
	for (int shift = 56; shift >= 0; shift -= 8)
		bytes_put_u8(key, (uint8_t)(seq >> shift));
	for (int shift = 24; shift >= 0; shift -= 8)
		bytes_put_u8(key, (uint8_t)(index >> shift));
	return bytes_slice(key);
}

static void put_alerts(struct store_chunk *c, struct slot *slot, struct bytes *key, struct bytes *value)
{
	for (unsigned i = 0; i < slot->gone_count; i++)
		put(&c->operations, STORE_OUTBOX, false, outbox_key(key, slot->gone[i].seq, slot->gone[i].index),
		    (struct slice){ 0 });
	slot->gone_count = 0;
	for (unsigned i = 0; i < slot->record->alert_count; i++) {
		const struct alert *a = &slot->record->alerts[i];
		if (a->state != ALERT_OPEN || a->historical)
			continue;
		struct wire_alert wire;
		alert_to_wire(slot->record, a, &wire);
		bytes_clear(value);
		alert_encode(&wire, value);
		put(&c->operations, STORE_OUTBOX, true, outbox_key(key, a->seq, a->index), bytes_slice(value));
	}
}

void chunk_put_slot(struct shard *s, struct store_chunk *c, struct slot *slot)
{
	struct bytes key = { 0 }, scratch = { 0 }, value = { 0 };
	subject_key(&slot->record->subject, &key);
	record_encode(slot->record, &value);
	put(&c->operations, STORE_RECORDS, true, bytes_slice(&key), bytes_slice(&value));
	int64_t fire = timers_next_fire(slot->record);
	if (slot->stored_fire_ms != fire && slot->stored_fire_ms != INT64_MAX)
		put(&c->operations, STORE_DUE, false, due_key(&scratch, slot->stored_fire_ms, bytes_slice(&key)),
		    (struct slice){ 0 });
	if (fire != INT64_MAX && slot->stored_fire_ms != fire)
		put(&c->operations, STORE_DUE, true, due_key(&scratch, fire, bytes_slice(&key)), SLICE(""));
	slot->stored_fire_ms = fire;
	put_alerts(c, slot, &scratch, &value);
	c->slots[c->count] = slot;
	c->versions[c->count++] = slot->version;
	if (slot->record->seq > c->durable_first)
		c->durable_first = slot->record->seq;
	if (slot->effects_seq > c->durable_first)
		c->durable_first = slot->effects_seq;
	cache_measure(&s->cache, slot);
	bytes_finish(&key);
	bytes_finish(&scratch);
	bytes_finish(&value);
}

static struct store_chunk *chunk_create(struct shard *s, size_t most)
{
	struct store_chunk *c = must_calloc(1, sizeof(*c));
	c->shard = s;
	c->slots = must_malloc((most + 1) * sizeof(c->slots[0]));
	c->versions = must_malloc((most + 1) * sizeof(c->versions[0]));
	return c;
}

void chunk_destroy(struct store_chunk *c)
{
	if (!c)
		return;
	bytes_finish(&c->operations);
	free(c->slots);
	free(c->versions);
	free(c);
}

/* The shard's low-water mark at the end of this sweep. Skipped slots (effects outstanding) keep the mark below their
 * entries. */
static uint64_t mark_of(const struct shard *s)
{
	uint64_t oldest = sources_oldest(s);
	return oldest <= s->sweep.mark ? oldest - 1 : s->sweep.mark;
}

static void send_chunk(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	/* Far behind, the tail decides the pace. */
	size_t most = sweep->per_tick;
	if (journal_tail_bytes(s->engine->journal, atomic_load(&s->engine->mark)) > LIMIT_TAIL_BYTES / 2)
		most *= 8;
	struct store_chunk *c = chunk_create(s, most);
	while (sweep->at < sweep->count && c->count < most && c->operations.len < CHUNK_BYTES_MAX) {
		struct slot *slot = sweep->slots[sweep->at++];
		if (slot->pending) {
			slot->sweeping = false; /* stays dirty for the next sweep */
			continue;
		}
		chunk_put_slot(s, c, slot);
	}
	if (sweep->at == sweep->count) {
		c->last = true;
		c->mark = mark_of(s);
		sweep->last_sent = true;
	}
	sweep->chunks_out++;
	storer_send(s->engine, c);
}

void stored_work(struct shard *s, struct work *w)
{
	struct store_chunk *c = w->chunk;
	struct sweep *sweep = &s->sweep;
	for (size_t i = 0; i < c->count; i++) {
		c->slots[i]->sweeping = false;
		if (c->result == ERR_OK && c->slots[i]->version == c->versions[i])
			cache_clean(&s->cache, c->slots[i]);
	}
	counter_add(&s->counts.stored, c->count);
	sweep->chunks_out--;
	if (sweep->last_sent && sweep->chunks_out == 0) {
		free(sweep->slots);
		*sweep = (struct sweep){ 0 };
		s->swept_ns = clock_mono_ns();
	}
	chunk_destroy(c);
	work_destroy(w);
}

int64_t sweep_wants(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	if (sweep->active)
		return sweep->last_sent ? -1 : TICK_MS; /* the last commit wakes the shard */
	bool early = journal_tail_bytes(s->engine->journal, atomic_load(&s->engine->mark)) > TAIL_START_BYTES;
	if (!early && !s->cache.dirty_count)
		return -1; /* decisions alone change no record: they wait until the tail is worth moving the mark */
	int64_t since_ms = (int64_t)((clock_mono_ns() - s->swept_ns) / 1000000u),
		wait = (int64_t)s->engine->config.sweep_ms - since_ms;
	return early || wait < 0 ? 0 : wait;
}

void sweep_tick(struct shard *s)
{
	struct sweep *sweep = &s->sweep;
	if (!sweep->active && sweep_wants(s) == 0)
		begin(s);
	if (sweep->active && !sweep->last_sent && sweep->chunks_out < CHUNKS_OUT_MAX)
		send_chunk(s);
}

/* At stop, from the stopping thread: no loop and no store thread runs any more. */
int sweep_all(struct engine *e)
{
	uint64_t mark = journal_last(e->journal);
	journal_wait(e->journal, mark);
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct shard *s = e->shards[i];
		uint64_t oldest = sources_oldest(s);
		if (oldest <= mark)
			mark = oldest - 1;
		free(s->sweep.slots);
		begin(s);
		while (s->sweep.at < s->sweep.count) {
			struct store_chunk *c = chunk_create(s, SWEEP_SPREAD_TICKS);
			while (s->sweep.at < s->sweep.count && c->count < SWEEP_SPREAD_TICKS &&
			       c->operations.len < CHUNK_BYTES_MAX) {
				struct slot *slot = s->sweep.slots[s->sweep.at++];
				if (!slot->pending)
					chunk_put_slot(s, c, slot);
			}
			int result = chunk_write(e, c, 0);
			chunk_destroy(c);
			if (result != ERR_OK)
				return result;
		}
	}
	struct store_chunk last = { 0 };
	int result = chunk_write(e, &last, mark);
	return result == ERR_OK ? store_sync(e->store) : result;
}
