/* state/items.c: see items.h. */
#include "state/items.h"

#include "base/limits.h"
#include "state/codec.h"
#include "state/inside.h"

struct slice item_key(const struct item *item)
{
	return str_slice(item->key);
}

struct slice item_text(const struct item *item, unsigned which)
{
	CHECK(which < ITEM_TEXTS);
	return str_slice(item->texts[which]);
}

void item_set_text(struct item *item, struct strpool *pool, unsigned which, struct slice text)
{
	CHECK(which < ITEM_TEXTS);
	struct str *old = item->texts[which];
	item->texts[which] = text_opt(pool, text);
	strpool_drop(pool, old);
}

void item_drop(struct item *item, struct strpool *pool)
{
	strpool_drop(pool, item->key);
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		strpool_drop(pool, item->texts[i]);
}

static int order_of(const struct item *a, unsigned kind, uint32_t decl)
{
	if (a->kind != kind)
		return a->kind < kind ? -1 : 1;
	if (a->decl != decl)
		return a->decl < decl ? -1 : 1;
	return 0;
}

int item_order(const struct item *a, unsigned kind, uint32_t decl, int64_t time_ms, struct slice key)
{
	int order = order_of(a, kind, decl);
	if (order)
		return order;
	if (a->time_ms != time_ms)
		return a->time_ms < time_ms ? -1 : 1;
	return slice_compare(item_key(a), key);
}

struct items items_of(const struct record *r, enum item_kind kind, uint32_t decl)
{
	const struct rare *rare = r->rare;
	unsigned first = 0, count = 0;
	while (first < rare->item_count && order_of(&rare->items[first], kind, decl) < 0)
		first++;
	while (first + count < rare->item_count && order_of(&rare->items[first + count], kind, decl) == 0)
		count++;
	return (struct items){ rare->items + first, count };
}

struct item *items_find(const struct record *r, enum item_kind kind, uint32_t decl, struct slice key)
{
	struct items all = items_of(r, kind, decl);
	while (all.count-- > 0)
		if (slice_equal(item_key(&all.items[all.count]), key))
			return &all.items[all.count];
	return NULL;
}

uint32_t items_take_lost(struct record *r)
{
	uint32_t lost = r->rare->items_lost;
	if (lost)
		record_rare(r)->items_lost = 0;
	return lost;
}

void items_remove(struct record *r, struct strpool *pool, struct item *item)
{
	struct rare *rare = record_rare(r);
	item_drop(item, pool);
	ARRAY_REMOVE(rare->items, rare->item_count, item - rare->items);
}

struct item *items_place(struct record *r, struct strpool *pool, struct item *item, unsigned keep)
{
	struct items same = items_of(r, item->kind, item->decl);
	bool oldest = same.count && item_order(&same.items[0], item->kind, item->decl, item->time_ms, item_key(item)) > 0;
	if (same.count < keep && r->rare->item_count >= LIMIT_ITEMS)
		record_rare(r)->items_lost++;
	if (same.count >= keep || r->rare->item_count >= LIMIT_ITEMS) {
		if (!same.count || oldest) {
			item_drop(item, pool);
			return NULL;
		}
		items_remove(r, pool, &same.items[0]);
	}
	struct rare *rare = record_rare(r);
	unsigned at = rare->item_count;
	while (at > 0 && item_order(&rare->items[at - 1], item->kind, item->decl, item->time_ms, item_key(item)) > 0)
		at--;
	ARRAY_INSERT(rare->items, rare->item_count, rare->item_cap, at, LIMIT_ITEMS);
	rare->items[at] = *item;
	return &rare->items[at];
}

struct item *items_add(struct record *r, struct strpool *pool, enum item_kind kind, uint32_t decl, struct slice key,
		       uint8_t member, int64_t time_ms, unsigned keep)
{
	CHECK(kind > 0 && kind < ITEM_KINDS && member <= r->member_count);
	struct item item = { .time_ms = time_ms, .decl = decl, .kind = (uint8_t)kind, .member = member };
	item.key = text_opt(pool, key);
	return items_place(r, pool, &item, keep);
}

/* Bits of which texts and numbers are there, then those. */
static void put_item(const struct item *item, struct bytes *out)
{
	uint16_t has = 0;
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		has |= (uint16_t)((item->texts[i] != NULL) << i);
	for (unsigned i = 0; i < ITEM_NUMBERS; i++)
		has |= (uint16_t)((item->numbers[i] != 0) << (ITEM_TEXTS + i));
	bytes_put_u8(out, item->kind);
	bytes_put_u32(out, item->decl);
	bytes_put_zigzag(out, item->time_ms);
	bytes_put_string(out, item_key(item));
	bytes_put_u8(out, item->member);
	bytes_put_u8(out, item->state);
	bytes_put_u16(out, has);
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		if (item->texts[i])
			bytes_put_string(out, str_slice(item->texts[i]));
	for (unsigned i = 0; i < ITEM_NUMBERS; i++)
		if (item->numbers[i])
			bytes_put_zigzag(out, item->numbers[i]);
}

void items_encode(const struct record *r, struct bytes *out)
{
	bytes_put_varint(out, r->rare->item_count);
	for (unsigned i = 0; i < r->rare->item_count; i++)
		put_item(&r->rare->items[i], out);
}

static bool get_text(struct reader *in, struct strpool *pool, bool may_be_empty, struct str **out)
{
	struct slice text = reader_string(in);
	if (in->bad || text.len > LIMIT_ATTRIBUTE_TEXT_BYTES || (!text.len && !may_be_empty))
		return false;
	*out = text_opt(pool, text);
	return true;
}

static bool get_number(struct reader *in, int64_t *out)
{
	*out = codec_zigzag(in);
	return !in->bad && *out != 0;
}

static bool get_item(struct item *item, struct reader *in, struct strpool *pool, const struct record *r)
{
	item->kind = reader_u8(in);
	item->decl = reader_u32(in);
	item->time_ms = codec_zigzag(in);
	if (in->bad || item->kind == 0 || item->kind >= ITEM_KINDS || item->time_ms > LIMIT_TIME_MAX_MS ||
	    item->time_ms < -LIMIT_TIME_MAX_MS || !get_text(in, pool, true, &item->key))
		return false;
	item->member = reader_u8(in);
	item->state = reader_u8(in);
	uint16_t has = reader_u16(in);
	if (in->bad || item->member > r->member_count)
		return false;
	for (unsigned i = 0; i < ITEM_TEXTS; i++)
		if ((has >> i & 1) && !get_text(in, pool, false, &item->texts[i]))
			return false;
	for (unsigned i = 0; i < ITEM_NUMBERS; i++)
		if ((has >> (ITEM_TEXTS + i) & 1) && !get_number(in, &item->numbers[i]))
			return false;
	return true;
}

bool items_decode(struct record *r, struct reader *in, struct strpool *pool)
{
	uint64_t count = codec_varint(in);
	if (in->bad || count > LIMIT_ITEMS || count > reader_left(in))
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct rare *rare = record_rare(r);
		ARRAY_INSERT(rare->items, rare->item_count, rare->item_cap, i, LIMIT_ITEMS);
		struct item *item = &rare->items[i];
		*item = (struct item){ 0 };
		if (!get_item(item, in, pool, r))
			return false;
		const struct item *last = i ? item - 1 : NULL;
		if (last && item_order(last, item->kind, item->decl, item->time_ms, item_key(item)) >= 0)
			return false;
	}
	return true;
}
