/* state/origins.c: see origins.h. */
#include "state/origins.h"

#include "base/hash.h"
#include "base/limits.h"

static uint32_t decl_of(uint8_t member, struct slice name)
{
	return (uint32_t)hash64(name, 0x6f726967u + member);
}

struct items origins_of(const struct record *r, uint8_t member, struct slice name)
{
	return items_of(r, ITEM_ORIGIN, decl_of(member, name));
}

const struct item *origin_of(const struct record *r, uint8_t member, struct slice name)
{
	struct items all = origins_of(r, member, name);
	return all.count ? &all.items[all.count - 1] : NULL;
}

struct value origin_value(const struct item *origin)
{
	double number;
	switch ((enum value_kind)origin->numbers[ORIGIN_KIND]) {
	case VALUE_BOOL:
		return value_bool(origin->numbers[ORIGIN_NUMBER] != 0);
	case VALUE_NUMBER:
		memcpy(&number, &origin->numbers[ORIGIN_NUMBER], sizeof(number));
		return value_number(number);
	case VALUE_STRING:
		return value_string(item_text(origin, ORIGIN_VALUE));
	default:
		return value_unknown();
	}
}

static void set_value(struct item *o, struct strpool *pool, struct value v)
{
	o->numbers[ORIGIN_KIND] = v.kind;
	o->numbers[ORIGIN_NUMBER] = 0;
	if (v.kind == VALUE_NUMBER)
		memcpy(&o->numbers[ORIGIN_NUMBER], &v.number, sizeof(v.number));
	else if (v.kind == VALUE_BOOL)
		o->numbers[ORIGIN_NUMBER] = v.boolean;
	item_set_text(o, pool, ORIGIN_VALUE, v.kind == VALUE_STRING ? v.string : (struct slice){ NULL, 0 });
}

static bool same(struct value a, struct value b)
{
	return a.kind == b.kind && (a.kind == VALUE_UNKNOWN || value_equal(a, b));
}

void origin_add(struct record *r, struct strpool *pool, uint8_t member, struct slice name, struct value v,
		int64_t time_ms, const struct origin_says *says)
{
	struct items all = origins_of(r, member, name);
	struct item *o = all.count ? &all.items[all.count - 1] : NULL;
	if (o && (o->time_ms > time_ms || same(origin_value(o), v)))
		return;
	if (!o || o->time_ms != time_ms)
		o = items_add(r, pool, ITEM_ORIGIN, decl_of(member, name), name, member, time_ms, LIMIT_ORIGINS);
	if (!o)
		return;
	set_value(o, pool, v);
	item_set_text(o, pool, ORIGIN_SOURCE, says->source);
	item_set_text(o, pool, ORIGIN_TYPE, says->type);
	item_set_text(o, pool, ORIGIN_BY, says->by);
}
