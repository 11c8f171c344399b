/* shard/chunk.c: what the store is to hold of some records, as one transaction's operations: the record itself, its place
 * in the due index, its open alerts in the outbox. Made by the shard's thread, applied by the store thread (storer.c),
 * which knows nothing of records:
 *
 *     table u8, 0 delete / 1 put u8, key string [, value: length u32, bytes]
 *     STORE_OUTBOX, 3, key string, id: length u32, bytes     delete, if it is of that subject
 *     STORE_RENAMED, 2, key string, hash of the search u64, document: length u32, bytes     behind its record
 *
 * A chunk goes round: a sweep fills it, the store thread commits it, the shard gets it back and keeps its memory for the
 * next one. */
#include "find/document.h"
#include "shard/commit.h"
#include "shard/finder.h"
#include "shard/parts.h"

#include "base/check.h"

#include <endian.h>
#include <stdlib.h>

enum operation { OPERATION_DELETE, OPERATION_PUT, OPERATION_NOTE, OPERATION_LEAVE };

#define SPARE_BYTES_MAX (8u * MIB) /* memory of a chunk that is worth keeping */

static void put_key(struct store_chunk *c, enum store_table table, enum operation what, struct slice key)
{
	bytes_put_u8(&c->operations, (uint8_t)table);
	bytes_put_u8(&c->operations, (uint8_t)what);
	bytes_put_string(&c->operations, key);
}

/* The value is encoded where it will be read from; its length is filled in behind it. */
static size_t begin_value(struct store_chunk *c)
{
	bytes_put_u32(&c->operations, 0);
	return c->operations.len;
}

static void end_value(struct store_chunk *c, size_t from)
{
	uint32_t len = htole32((uint32_t)(c->operations.len - from));
	memcpy(c->operations.data + from - sizeof(len), &len, sizeof(len));
}

static void put_big_endian(struct bytes *out, uint64_t n, unsigned bytes)
{
	while (bytes--)
		bytes_put_u8(out, (uint8_t)(n >> (8 * bytes)));
}

static void put_due(struct store_chunk *c, bool put, int64_t fire_ms)
{
	bytes_clear(&c->scratch);
	put_big_endian(&c->scratch, (uint64_t)fire_ms, 8);
	bytes_put(&c->scratch, c->key.data, c->key.len);
	put_key(c, STORE_DUE, put ? OPERATION_PUT : OPERATION_DELETE, bytes_slice(&c->scratch));
	if (put)
		end_value(c, begin_value(c));
}

static void put_outbox_key(struct store_chunk *c, enum operation what, const struct alert_id *id)
{
	bytes_clear(&c->scratch);
	put_big_endian(&c->scratch, id->seq, 8);
	put_big_endian(&c->scratch, id->index, 4);
	put_key(c, STORE_OUTBOX, what, bytes_slice(&c->scratch));
}

static bool has_alert(const struct stored *s, const struct alert_id *id)
{
	for (unsigned i = 0; i < s->outbox_count; i++)
		if (s->outbox[i].seq == id->seq && s->outbox[i].index == id->index)
			return true;
	return false;
}

/* As followers got it, but of whose record it is in now: it may have come with somebody who was merged. */
static void put_alert(struct store_chunk *c, const struct slot *slot, const struct alert_id *id)
{
	struct wire_alert wire;
	struct bytes *told = &c->scratch;
	put_outbox_key(c, OPERATION_PUT, id);
	size_t from = begin_value(c);
	bytes_clear(told);
	if (feed_message(c->shard->engine->feed, id->seq, id->index, told) && alert_decode(&wire, bytes_slice(told)) == ERR_OK)
		wire.subject = subject_id(&slot->record->subject);
	else
		alert_to_wire(slot->record, alerts_find(slot->record, id->seq, id->index), &wire);
	alert_encode(&wire, &c->operations);
	end_value(c, from);
}

/* Whose alerts may be in another's record by now, which may have been stored before: those are not its to take out. */
static bool has_handed_on(const struct record *r)
{
	return r->rare->redirect || subject_is_prospect(&r->subject);
}

static void drop_alert(struct store_chunk *c, const struct slot *slot, const struct alert_id *id)
{
	bool leaves = has_handed_on(slot->record);
	struct slice of = subject_id(&slot->record->subject);
	put_outbox_key(c, leaves ? OPERATION_LEAVE : OPERATION_DELETE, id);
	if (!leaves)
		return;
	size_t from = begin_value(c);
	bytes_put(&c->operations, of.data, of.len);
	end_value(c, from);
}

/* Only what changes: alerts that are no longer open, or that the record dropped, go; new ones come. */
static void put_alerts(struct store_chunk *c, const struct slot *slot, const struct stored *now)
{
	const struct stored *before = &slot->more->stored;
	for (unsigned i = 0; i < before->outbox_count; i++)
		if (!has_alert(now, &before->outbox[i]))
			drop_alert(c, slot, &before->outbox[i]);
	for (unsigned i = 0; i < now->outbox_count; i++)
		if (!has_alert(before, &now->outbox[i]))
			put_alert(c, slot, &now->outbox[i]);
}

/* What the customer is found by, where that may have changed. */
static void put_document(struct store_chunk *c, struct slot *slot)
{
	const struct search *by = &c->shard->machine.pack->search;
	bytes_put_u8(&c->operations, STORE_RENAMED);
	bytes_put_u8(&c->operations, OPERATION_NOTE);
	bytes_put_string(&c->operations, bytes_slice(&c->key));
	bytes_put_u64(&c->operations, by->hash);
	size_t from = begin_value(c);
	document_make(&c->operations, slot->record, by);
	end_value(c, from);
	slot->record->renamed = false;
	c->notes++;
}

static struct chunk_item *add_item(struct store_chunk *c)
{
	if (c->count == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->items = must_realloc(c->items, c->cap * sizeof(c->items[0]));
	}
	return &c->items[c->count++];
}

void chunk_put_slot(struct store_chunk *c, struct slot *slot)
{
	struct stored now = stored_of(slot->record);
	int64_t before_ms = slot->more->stored.fire_ms;
	bytes_clear(&c->key);
	subject_key(&slot->record->subject, &c->key);
	put_key(c, STORE_RECORDS, OPERATION_PUT, bytes_slice(&c->key));
	size_t from = begin_value(c);
	record_encode(slot->record, &c->operations);
	end_value(c, from);
	if (slot->record->renamed && slot->record->subject.kind == SUBJECT_CUSTOMER)
		put_document(c, slot);
	if (before_ms != now.fire_ms && before_ms != INT64_MAX)
		put_due(c, false, before_ms);
	if (before_ms != now.fire_ms && now.fire_ms != INT64_MAX)
		put_due(c, true, now.fire_ms);
	put_alerts(c, slot, &now);
	*add_item(c) = (struct chunk_item){ slot, slot->version, slot->record->seq, now };
	if (slot->record->seq > c->durable_first)
		c->durable_first = slot->record->seq;
	if (slot->more->effects_seq > c->durable_first)
		c->durable_first = slot->more->effects_seq;
	cache_measure(&c->shard->cache, slot);
}

static int delete_own(struct store_write *w, enum store_table table, struct slice key, struct slice id)
{
	struct slice row;
	struct wire_alert alert;
	int result = store_peek(w, table, key, &row);
	if (result == ERR_OK && alert_decode(&alert, row) == ERR_OK && !slice_equal(alert.subject, id))
		return ERR_OK;
	return result == ERR_OK ? store_delete(w, table, key) : result == ERR_MISSING ? ERR_OK : result;
}

int chunk_apply(struct engine *e, const struct store_chunk *c, struct store_write *w)
{
	struct reader r = reader_of(bytes_slice(&c->operations));
	struct slice record = { 0 };
	while (reader_left(&r)) {
		enum store_table table = reader_u8(&r);
		enum operation what = reader_u8(&r);
		struct slice key = reader_string(&r), value = { 0 };
		uint64_t search = what == OPERATION_NOTE ? reader_u64(&r) : 0;
		if (what != OPERATION_DELETE)
			value = reader_take(&r, reader_u32(&r));
		if (table == STORE_RECORDS)
			record = value;
		int result = what == OPERATION_NOTE  ? finder_note(e, w, key, value, search, record) :
			     what == OPERATION_PUT ? store_put(w, table, key, value) :
			     what == OPERATION_LEAVE ? delete_own(w, table, key, value) :
						       store_delete(w, table, key);
		if (result != ERR_OK)
			return result;
	}
	CHECK(!r.bad);
	return ERR_OK;
}

struct store_chunk *chunk_take(struct shard *s)
{
	struct store_chunk *c = s->sweep.spare;
	if (c)
		s->sweep.spare = c->next;
	else
		c = must_calloc(1, sizeof(*c));
	c->shard = s;
	return c;
}

static void empty(struct store_chunk *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->items[i].stored.outbox);
	bytes_clear(&c->operations);
	c->count = c->notes = 0;
	c->durable_first = c->mark = 0;
	c->last = false;
	c->result = 0;
}

void chunk_give_back(struct store_chunk *c)
{
	struct sweep *sweep = &c->shard->sweep;
	empty(c);
	if (c->operations.cap > SPARE_BYTES_MAX)
		bytes_finish(&c->operations);
	c->next = sweep->spare;
	sweep->spare = c;
}

void chunk_destroy(struct store_chunk *c)
{
	if (!c)
		return;
	empty(c);
	bytes_finish(&c->operations);
	bytes_finish(&c->key);
	bytes_finish(&c->scratch);
	free(c->items);
	free(c);
}
