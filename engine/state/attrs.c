/* state/attrs.c: attributes of a customer or a member, kept sorted by name: so states that are equal lie equal, and the
 * encoding needs no sorting. There are few, so a walk comparing addresses finds one fastest.
 *
 * Of one that was removed it is kept when (ITEM_REMOVED: key its name), so that an older value that comes later does not
 * bring it back. A newer value ends that; of more than LIMIT_REMOVED the oldest is forgotten. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"
#include "state/items.h"

struct attrs record_attrs(const struct record *r, uint8_t member)
{
	CHECK(member <= r->member_count);
	if (member == 0)
		return (struct attrs){ own_attrs_of((struct record *)r), r->attr_count, r->attr_count };
	unsigned more = record_members(r)[member - 1].more;
	return more ? r->rare->more[more - 1].attrs : (struct attrs){ 0 };
}

const struct attr *attrs_get(struct attrs a, const struct str *name)
{
	for (unsigned i = 0; i < a.count; i++) {
		if (a.items[i].name == name)
			return &a.items[i];
	}
	return NULL;
}

static unsigned place_of(struct attrs a, struct slice name, bool *found)
{
	unsigned low = 0, high = a.count;
	*found = false;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		int order = slice_compare(str_slice(a.items[mid].name), name);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct attr *attrs_get_text(struct attrs a, struct slice name)
{
	bool found;
	unsigned i = place_of(a, name, &found);
	return found ? &a.items[i] : NULL;
}

struct value attr_value(const struct attr *a)
{
	if (!a)
		return value_unknown();
	switch (a->kind) {
	case VALUE_BOOL:
		return value_bool(a->boolean);
	case VALUE_NUMBER:
		return value_number(a->number);
	case VALUE_STRING:
		return value_string(str_slice(a->string));
	default:
		return value_unknown();
	}
}

void attr_drop(struct attr *a, struct strpool *pool)
{
	strpool_drop(pool, a->name);
	if (a->kind == VALUE_STRING)
		strpool_drop(pool, a->string);
}

void attrs_finish(struct attrs *a, struct strpool *pool)
{
	for (unsigned i = 0; i < a->count; i++)
		attr_drop(&a->items[i], pool);
	free(a->items);
	*a = (struct attrs){ 0 };
}

/* The new string is taken before the old one is dropped: v may lend from it. */
static void attr_become(struct attr *a, struct strpool *pool, struct value v)
{
	struct str *old = a->kind == VALUE_STRING ? a->string : NULL;
	if (v.kind == VALUE_BOOL)
		a->boolean = v.boolean;
	else if (v.kind == VALUE_NUMBER)
		a->number = v.number;
	else
		a->string = text_take(pool, v.string);
	a->kind = v.kind;
	strpool_drop(pool, old);
}

static int refuse_long(struct slice name, struct value v)
{
	if (name.len > LIMIT_ATTRIBUTE_NAME_BYTES)
		return error_set(ERR_LIMIT, NULL, "an attribute's name has %zu bytes; limit_attribute_name_bytes is %u",
				 name.len, LIMIT_ATTRIBUTE_NAME_BYTES);
	if (v.kind == VALUE_STRING && v.string.len > LIMIT_ATTRIBUTE_TEXT_BYTES)
		return error_set(ERR_LIMIT, NULL, "attribute %.*s has %zu bytes; limit_attribute_text_bytes is %u",
				 SLICE_ARG(name), v.string.len, LIMIT_ATTRIBUTE_TEXT_BYTES);
	return ERR_OK;
}

struct attr *attr_insert(struct record *r, uint8_t member, unsigned at)
{
	r->renamed = true;
	if (member) {
		struct attrs *a = &member_more(r, member)->attrs;
		ARRAY_INSERT(a->items, a->count, a->cap, at, LIMIT_RECORD_ATTRIBUTES);
		return &a->items[at];
	}
	CHECK(r->attr_count < LIMIT_RECORD_ATTRIBUTES);
	struct attr *room = body_insert(r, own_attrs_of(r) + at, sizeof(*room));
	r->attr_count++;
	return room;
}

static void attr_remove(struct record *r, struct strpool *pool, uint8_t member, unsigned at)
{
	attr_drop(&record_attrs(r, member).items[at], pool);
	r->renamed = true;
	if (member) {
		struct attrs *a = &member_more(r, member)->attrs;
		ARRAY_REMOVE(a->items, a->count, at);
		return;
	}
	body_remove(r, own_attrs_of(r) + at, sizeof(struct attr));
	r->attr_count--;
}

/* Most records have none, and it is the last kind: then there is nothing to walk. */
static struct item *removal_of(const struct record *r, uint8_t member, struct slice name)
{
	unsigned count = r->rare->item_count;
	if (!count || r->rare->items[count - 1].kind != ITEM_REMOVED)
		return NULL;
	struct items all = items_of(r, ITEM_REMOVED, 0);
	for (unsigned i = 0; i < all.count; i++)
		if (all.items[i].member == member && slice_equal(item_key(&all.items[i]), name))
			return &all.items[i];
	return NULL;
}

static void keep_removal(struct record *r, struct strpool *pool, uint8_t member, struct slice name, int64_t time_ms)
{
	struct item *known = removal_of(r, member, name);
	if (known && known->time_ms >= time_ms)
		return;
	if (known)
		items_remove(r, pool, known);
	(void)items_add(r, pool, ITEM_REMOVED, 0, name, member, time_ms, LIMIT_REMOVED);
}

static void attr_replace(struct record *r, struct strpool *pool, uint8_t member, unsigned at, struct value v,
			 int64_t time_ms)
{
	struct attr *have = &record_attrs(r, member).items[at];
	if (have->time_ms > time_ms)
		return;
	if (v.kind == VALUE_UNKNOWN) {
		struct str *name = str_ref(have->name);
		attr_remove(r, pool, member, at);
		keep_removal(r, pool, member, str_slice(name), time_ms);
		strpool_drop(pool, name);
		return;
	}
	have->time_ms = time_ms;
	if (v.kind == VALUE_STRING && have->kind == VALUE_STRING && slice_equal(v.string, str_slice(have->string)))
		return;
	attr_become(have, pool, v);
	r->renamed = true;
}

/* Takes over a reference of the name; without room for it, drops it. */
static int attr_add(struct record *r, struct strpool *pool, uint8_t member, unsigned at, struct str *name,
		    struct value v, int64_t time_ms)
{
	struct item *removed = removal_of(r, member, str_slice(name));
	if (removed && removed->time_ms > time_ms) {
		strpool_drop(pool, name);
		return ERR_OK;
	}
	if (record_attrs(r, member).count >= LIMIT_RECORD_ATTRIBUTES) {
		int err = error_set(ERR_LIMIT, NULL,
				    "attribute %.*s would be one too many; limit_record_attributes is %u",
				    SLICE_ARG(str_slice(name)), LIMIT_RECORD_ATTRIBUTES);
		strpool_drop(pool, name);
		return err;
	}
	if (removed)
		items_remove(r, pool, removed);
	struct attr *room = attr_insert(r, member, at);
	*room = (struct attr){ .name = name, .time_ms = time_ms };
	attr_become(room, pool, v);
	return ERR_OK;
}

int record_set(struct record *r, struct strpool *pool, uint8_t member, struct slice name, struct value v,
	       int64_t time_ms)
{
	bool found;
	int err = refuse_long(name, v);
	if (err)
		return err;
	unsigned at = place_of(record_attrs(r, member), name, &found);
	if (found)
		attr_replace(r, pool, member, at, v, time_ms);
	else if (v.kind != VALUE_UNKNOWN)
		return attr_add(r, pool, member, at, text_take(pool, name), v, time_ms);
	return ERR_OK;
}

int record_set_known(struct record *r, struct strpool *pool, uint8_t member, struct str *name, struct value v,
		     int64_t time_ms)
{
	struct attrs a = record_attrs(r, member);
	bool found;
	int err = refuse_long(str_slice(name), v);
	const struct attr *have = attrs_get(a, name);
	if (err)
		return err;
	if (have)
		attr_replace(r, pool, member, (unsigned)(have - a.items), v, time_ms);
	else if (v.kind != VALUE_UNKNOWN)
		return attr_add(r, pool, member, place_of(a, str_slice(name), &found), str_ref(name), v, time_ms);
	return ERR_OK;
}

void record_unset(struct record *r, struct strpool *pool, uint8_t member, struct slice name, int64_t time_ms)
{
	bool found;
	unsigned at = place_of(record_attrs(r, member), name, &found);
	if (name.len > LIMIT_ATTRIBUTE_NAME_BYTES)
		return;
	if (found)
		attr_replace(r, pool, member, at, value_unknown(), time_ms);
	else
		keep_removal(r, pool, member, name, time_ms);
}
