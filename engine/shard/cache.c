/* shard/cache.c: a chained hash table of slots, with the clock's hand going over its buckets. */
#include "shard/cache.h"

#include "base/check.h"
#include "base/error.h"

#include <stdlib.h>

#define BUCKETS_MIN 1024u
#define SLOT_BYTES (sizeof(struct slot) + 8u + 2u * sizeof(struct slot *)) /* its block, and its share of the buckets */
#define MEASURE_EVERY \
	16u /* changes; an event is at most LIMIT_EVENT_BYTES, so a record can not outgrow its bound by much */

void cache_init(struct cache *c, struct strpool *pool, struct store *store, size_t limit_bytes)
{
	*c = (struct cache){ .pool = pool, .store = store, .limit_bytes = limit_bytes, .bucket_count = BUCKETS_MIN };
	c->buckets = must_calloc(c->bucket_count, sizeof(c->buckets[0]));
}

static const struct slot_more nothing = { .stored.fire_ms = INT64_MAX, .scheduled_ms = INT64_MAX };

struct slot_more *slot_more(struct slot *s)
{
	if (s->more == &nothing) {
		struct slot_more *own = must_malloc(sizeof(*own));
		*own = nothing;
		s->more = own;
	}
	return (struct slot_more *)s->more;
}

static void more_destroy(struct slot *s)
{
	if (s->more == &nothing)
		return;
	free(s->more->stored.outbox);
	free((struct slot_more *)s->more);
	s->more = &nothing;
}

static void slot_destroy(struct cache *c, struct slot *s)
{
	c->count--;
	c->bytes -= s->bytes;
	c->dirty_count -= s->dirty;
	record_destroy(s->record, c->pool);
	more_destroy(s);
	free(s);
}

void cache_finish(struct cache *c)
{
	for (size_t i = 0; i < c->bucket_count; i++) {
		while (c->buckets[i]) {
			struct slot *s = c->buckets[i];
			c->buckets[i] = s->next;
			slot_destroy(c, s);
		}
	}
	free(c->buckets);
	free(c->fresh);
	bytes_finish(&c->scratch);
	*c = (struct cache){ 0 };
}

static void grow(struct cache *c)
{
	size_t wider = c->bucket_count * 2;
	struct slot **buckets = must_calloc(wider, sizeof(buckets[0]));
	for (size_t i = 0; i < c->bucket_count; i++) {
		while (c->buckets[i]) {
			struct slot *s = c->buckets[i];
			c->buckets[i] = s->next;
			s->next = buckets[s->hash & (wider - 1)];
			buckets[s->hash & (wider - 1)] = s;
		}
	}
	free(c->buckets);
	c->buckets = buckets;
	c->bucket_count = wider;
}

static struct slot *find(const struct cache *c, const struct subject *subject, uint64_t hash)
{
	struct slot *s = c->buckets[hash & (c->bucket_count - 1)];
	for (; s; s = s->next) {
		if (s->hash != hash)
			continue;
		__builtin_prefetch(s->record); /* its head, while the subject, which lies at its end, is on the way */
		if (subject_equal(&s->record->subject, subject))
			break;
	}
	return s;
}

struct slot *cache_peek(const struct cache *c, const struct subject *subject)
{
	return find(c, subject, subject_hash(subject));
}

/* Each round follows one pointer of every record: what it reads was asked for in the round before. */
void cache_ahead(const struct cache *c, const uint64_t *hashes, unsigned count)
{
	const struct slot *slots[CACHE_AHEAD_MAX];
	CHECK(count <= CACHE_AHEAD_MAX);
	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&c->buckets[hashes[i] & (c->bucket_count - 1)]);
	for (unsigned i = 0; i < count; i++) {
		slots[i] = c->buckets[hashes[i] & (c->bucket_count - 1)];
		__builtin_prefetch(slots[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		while (slots[i] && slots[i]->hash != hashes[i])
			slots[i] = slots[i]->next;
		if (!slots[i])
			continue;
		__builtin_prefetch(slots[i]->record);
		__builtin_prefetch((const char *)slots[i]->record + 64);
	}
	for (unsigned i = 0; i < count; i++)
		if (slots[i])
			record_prefetch(slots[i]->record);
}

static int load(struct cache *c, const struct subject *subject, struct record **out)
{
	*out = NULL;
	if (!c->store)
		return ERR_OK;
	struct bytes key = { 0 };
	subject_key(subject, &key);
	int result = store_get(c->store, STORE_RECORDS, bytes_slice(&key), &c->scratch);
	bytes_finish(&key);
	if (result == ERR_MISSING)
		return ERR_OK;
	counter_add(&c->misses, 1);
	if (result == ERR_OK)
		result = record_decode(out, c->pool, bytes_slice(&c->scratch));
	return result;
}

struct stored stored_of(const struct record *r)
{
	struct stored s = { .fire_ms = timers_next_fire(r) };
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (a->state != ALERT_OPEN || a->historical)
			continue;
		if (!s.outbox)
			s.outbox = must_malloc(r->rare->alert_count * sizeof(s.outbox[0]));
		s.outbox[s.outbox_count++] = (struct alert_id){ a->seq, a->index };
	}
	return s;
}

void cache_note_ledger(struct cache *c, const struct subject *subject)
{
	enum ledger_id id;
	int32_t day;
	if (!ledger_of_subject(subject_id(subject), &id, &day))
		return;
	struct ledger_span *span = &c->ledger_spans[id];
	span->first = span->any && span->first < day ? span->first : day;
	span->last = span->any && span->last > day ? span->last : day;
	span->any = true;
}

int cache_get(struct cache *c, const struct subject *subject, bool create, struct slot **out)
{
	uint64_t hash = subject_hash(subject);
	struct slot *s = find(c, subject, hash);
	if (!s) {
		struct record *record = NULL;
		int result = load(c, subject, &record);
		if (result != ERR_OK)
			return result;
		if (!record && !create) {
			*out = NULL;
			return ERR_OK;
		}
		s = must_calloc(1, sizeof(*s));
		s->hash = hash;
		s->record = record ? record : record_create(subject);
		if (subject->kind == SUBJECT_LEDGER)
			cache_note_ledger(c, subject);
		s->more = &nothing;
		struct stored stored = stored_of(s->record);
		if (stored.fire_ms != INT64_MAX || stored.outbox_count) {
			slot_more(s)->stored = stored;
			slot_more(s)->scheduled_ms = stored.fire_ms; /* the heap has it since it was set, or the start */
		}
		if (c->count >= c->bucket_count)
			grow(c);
		s->next = c->buckets[hash & (c->bucket_count - 1)];
		c->buckets[hash & (c->bucket_count - 1)] = s;
		c->count++;
		cache_measure(c, s);
	}
	s->hot = true;
	*out = s;
	return ERR_OK;
}

static void note_fresh(struct cache *c, struct slot *s)
{
	if (s->fresh || s->record->subject.kind != SUBJECT_CUSTOMER || !c->store)
		return;
	if (c->fresh_count == c->fresh_cap) {
		c->fresh_cap = c->fresh_cap ? c->fresh_cap * 2 : 64;
		c->fresh = must_realloc(c->fresh, c->fresh_cap * sizeof(c->fresh[0]));
	}
	c->fresh[c->fresh_count++] = s;
	s->fresh = true;
}

void cache_settle_fresh(struct cache *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->fresh_count; i++) {
		struct slot *s = c->fresh[i];
		s->fresh = s->record->renamed;
		if (s->fresh)
			c->fresh[kept++] = s;
	}
	c->fresh_count = kept;
}

void cache_dirty(struct cache *c, struct slot *s)
{
	s->version++;
	if (s->record->renamed)
		note_fresh(c, s);
	if (s->version % MEASURE_EVERY == 0)
		cache_measure(c, s);
	cache_list_dirty(c, s);
	if (s->dirty)
		return;
	s->dirty = true;
	s->dirty_seq = s->record->seq;
	c->dirty_count++;
}

void cache_clean(struct cache *c, struct slot *s)
{
	if (!s->dirty)
		return;
	s->dirty = false;
	c->dirty_count--;
	const struct slot_more *more = s->more; /* of what is stored, effects_seq need not be known */
	if (!more->pending && !more->stored.outbox_count && more->stored.fire_ms == INT64_MAX &&
	    more->scheduled_ms == INT64_MAX)
		more_destroy(s);
}

void cache_list_dirty(struct cache *c, struct slot *s)
{
	if (s->listed)
		return;
	s->listed = true;
	s->next_dirty = c->dirty[slot_hash_slot(s)];
	c->dirty[slot_hash_slot(s)] = s;
}

struct slot *cache_take_dirty(struct cache *c, unsigned hash_slot)
{
	struct slot *list = c->dirty[hash_slot];
	c->dirty[hash_slot] = NULL;
	for (struct slot *s = list; s; s = s->next_dirty)
		s->listed = false;
	return list;
}

void cache_measure(struct cache *c, struct slot *s)
{
	size_t now = SLOT_BYTES + record_bytes(s->record);
	c->bytes = c->bytes - s->bytes + now;
	s->bytes = (uint32_t)now;
	s->full = now + record_text_bytes(s->record) > LIMIT_RECORD_BYTES;
}

void cache_evict(struct cache *c, size_t most)
{
	size_t looked = 0, buckets = 0;
	while (c->store && c->bytes > c->limit_bytes && looked < most && buckets++ < c->bucket_count) {
		struct slot **at = &c->buckets[c->hand++ & (c->bucket_count - 1)];
		while (*at) {
			struct slot *s = *at;
			looked++;
			if (s->dirty || s->listed || s->fresh || s->more->pending || s->hot) {
				s->hot = false;
				at = &s->next;
				continue;
			}
			*at = s->next;
			counter_add(&c->evictions, 1);
			slot_destroy(c, s);
		}
	}
}

void cache_drop(struct cache *c, struct slot *s)
{
	if (s->dirty || s->listed || s->fresh || s->more->pending)
		return;
	struct slot **at = &c->buckets[s->hash & (c->bucket_count - 1)];
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	slot_destroy(c, s);
}

void cache_each(struct cache *c, void (*each)(void *arg, struct slot *s), void *arg)
{
	for (size_t i = 0; i < c->bucket_count; i++)
		for (struct slot *s = c->buckets[i]; s; s = s->next)
			each(arg, s);
}
