/* script/mapping_event.c: what a mapping's row(r) gives becomes events. What is no event raises an error of Lua's, in words
 * for who wrote the mapping. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "script/mapping_parts.h"
#include "script/utc.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES_SHOWN 64

char mapping_removed;

/* The field `name` of the table at `index`: a text or a whole number; "" where absent. In the arena. */
static struct slice take_text(lua_State *L, int index, const char *name, struct arena *arena)
{
	size_t len;
	struct slice out = { "", 0 };
	lua_pushstring(L, name);
	int type = lua_rawget(L, index);
	if (type == LUA_TSTRING || (type == LUA_TNUMBER && lua_isinteger(L, -1))) {
		const char *text = lua_tolstring(L, -1, &len);
		out = arena_slice(arena, (struct slice){ text, len });
	} else if (type != LUA_TNIL) {
		luaL_error(L, "row() returned %s as a %s: a text is wanted", name, lua_typename(L, type));
	}
	lua_pop(L, 1);
	return out;
}

static struct slice need_text(lua_State *L, int index, const char *name, struct arena *arena)
{
	struct slice s = take_text(L, index, name, arena);
	if (!s.len)
		luaL_error(L, "row() returned no %s", name);
	return s;
}

static int take_part(lua_State *L, int index, const char *name, int fallback)
{
	lua_pushstring(L, name);
	int type = lua_rawget(L, index), ok = type == LUA_TNIL;
	lua_Integer v = ok ? fallback : lua_tointegerx(L, -1, &ok);
	if (!ok || v < 0 || v > INT_MAX || (fallback < 0 && type == LUA_TNIL))
		luaL_error(L, "row() returned a time without a whole number as %s", name);
	lua_pop(L, 1);
	return (int)v;
}

static int64_t take_time_table(lua_State *L, int index)
{
	struct utc_parts p = {
		.year = take_part(L, index, "year", -1),
		.month = take_part(L, index, "month", -1),
		.day = take_part(L, index, "day", -1),
		.hour = take_part(L, index, "hour", 0),
		.minute = take_part(L, index, "min", 0),
		.second = take_part(L, index, "sec", 0),
	};
	int64_t ms = 0;
	if (!utc_from_parts(&p, &ms))
		luaL_error(L, "row() returned a time that no calendar has");
	return ms;
}

/* The field `time`, 0 where there is none. */
static int64_t take_time(lua_State *L, struct mapping *m, int index)
{
	int64_t ms = 0;
	lua_pushliteral(L, "time");
	int type = lua_rawget(L, index);
	if (type == LUA_TNUMBER) {
		double n = lua_tonumber(L, -1);
		if (!(n >= 0 && n < 9e15) || n != floor(n))
			luaL_error(L, "row() returned a time that is no whole number of milliseconds");
		ms = (int64_t)n;
	} else if (type == LUA_TSTRING) {
		char date[NAME_BYTES_SHOWN];
		snprintf(date, sizeof(date), "%s", lua_tostring(L, -1));
		mapping_blame(m, date);
		char *blank = strpbrk(date, " T");
		if (blank)
			*blank++ = '\0';
		if (!utc_parse(date, blank ? blank : "0:00:00", &ms))
			luaL_error(L, "row() returned the time \"%s\": wanted is \"1999-08-01 0:10:10\"",
				   lua_tostring(L, -1));
		mapping_blame(m, "");
	} else if (type == LUA_TTABLE) {
		ms = take_time_table(L, lua_gettop(L));
	} else if (type != LUA_TNIL) {
		luaL_error(L, "row() returned a time that is a %s", lua_typename(L, type));
	}
	lua_pop(L, 1);
	return ms;
}

/* The value on top. */
static void take_value(lua_State *L, struct arena *arena, const char *name, struct event_attr *out)
{
	size_t len;
	const char *text;
	switch (lua_type(L, -1)) {
	case LUA_TBOOLEAN:
		out->value = value_bool(lua_toboolean(L, -1));
		break;
	case LUA_TNUMBER:
		if (!isfinite(lua_tonumber(L, -1)))
			luaL_error(L, "row() returned the attribute %s, which is not finite", name);
		out->value = value_number(lua_tonumber(L, -1));
		break;
	case LUA_TSTRING:
		text = lua_tolstring(L, -1, &len);
		out->value = value_string(arena_slice(arena, (struct slice){ text, len }));
		break;
	case LUA_TLIGHTUSERDATA: /* `removed`: a mapping has no other */
		out->value = value_unknown();
		break;
	default:
		luaL_error(L, "row() returned the attribute %s as a %s: text, number, boolean, removed or { value = …, "
			   "time = … } is wanted", name, luaL_typename(L, -1));
	}
}

struct dated_attr {
	struct event_attr attr; /* first: by_name sorts them */
	int64_t time_ms;        /* 0: none of its own */
};

/* False for { value = nil, time = … }: nothing is said. */
static bool take_attribute(lua_State *L, const struct job *job, struct dated_attr *out)
{
	struct arena *arena = job->arena;
	size_t len;
	if (lua_type(L, -2) != LUA_TSTRING)
		luaL_error(L, "row() returned an attribute whose name is a %s", luaL_typename(L, -2));
	const char *name = lua_tolstring(L, -2, &len);
	*out = (struct dated_attr){ 0 };
	out->attr.name = arena_slice(arena, (struct slice){ name, len });
	if (lua_type(L, -1) != LUA_TTABLE) {
		take_value(L, arena, name, &out->attr);
		return true;
	}
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
		if (strcmp(key, "value") != 0 && strcmp(key, "time") != 0)
			luaL_error(L, "row() returned the attribute %s as a table: { value = …, time = … } is wanted", name);
	}
	out->time_ms = take_time(L, job->m, lua_gettop(L));
	lua_pushliteral(L, "value");
	bool said = lua_rawget(L, -2) != LUA_TNIL;
	if (said)
		take_value(L, arena, name, &out->attr);
	lua_pop(L, 1);
	return said;
}

static int by_name(const void *a, const void *b)
{
	return slice_compare(((const struct dated_attr *)a)->attr.name, ((const struct dated_attr *)b)->attr.name);
}

static void put_attributes(struct arena *arena, const struct dated_attr *from, size_t count, struct event *out)
{
	struct event_attr *attrs = arena_calloc(arena, count + 1, sizeof(*attrs));
	int64_t *times = arena_calloc(arena, count + 1, sizeof(*times));
	for (size_t i = 0; i < count; i++) {
		attrs[i] = from[i].attr;
		times[i] = from[i].time_ms;
		if (times[i] || attrs[i].value.kind == VALUE_UNKNOWN)
			out->attr_times = times;
	}
	out->attrs = attrs;
	out->attr_count = count;
}

/* In order of name: the same row must be the same bytes at every import, and Lua's tables have no order. */
static void take_attributes(lua_State *L, int index, const struct job *job, struct event *out)
{
	struct arena *arena = job->arena;
	lua_pushliteral(L, "attributes");
	int type = lua_rawget(L, index);
	if (type != LUA_TNIL) {
		if (type != LUA_TTABLE)
			luaL_error(L, "row() returned attributes as a %s: a table is wanted", lua_typename(L, type));
		struct dated_attr *attrs = arena_calloc(arena, LIMIT_ATTRIBUTES, sizeof(*attrs));
		size_t count = 0;
		for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
			if (count == LIMIT_ATTRIBUTES)
				luaL_error(L, "row() returned more than %d attributes (limit_attributes)",
					   (int)LIMIT_ATTRIBUTES);
			count += take_attribute(L, job, &attrs[count]);
		}
		qsort(attrs, count, sizeof(*attrs), by_name);
		put_attributes(arena, attrs, count, out);
	}
	lua_pop(L, 1);
}

/* The same whenever the same is said: so that importing it again changes nothing. */
static struct slice made_id(const struct event *e, struct arena *arena)
{
	struct bytes said = { 0 };
	const struct slice texts[] = { e->source, e->customer, e->alias, e->member, e->agent, e->contact, e->type, e->channel };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		bytes_put_string(&said, texts[i]);
	bytes_put_zigzag(&said, e->time_ms);
	for (size_t i = 0; i < e->attr_count; i++) {
		struct value v = e->attrs[i].value;
		bytes_put_string(&said, e->attrs[i].name);
		bytes_put_u8(&said, (uint8_t)v.kind);
		if (v.kind == VALUE_STRING)
			bytes_put_string(&said, v.string);
		else if (v.kind == VALUE_NUMBER)
			bytes_put(&said, &v.number, sizeof(v.number));
		else if (v.kind == VALUE_BOOL)
			bytes_put_u8(&said, v.boolean);
		bytes_put_zigzag(&said, e->attr_times ? e->attr_times[i] : 0);
	}
	struct hash128 h = hash128(bytes_slice(&said));
	bytes_finish(&said);
	char *text = arena_alloc(arena, 33);
	int len = snprintf(text, 33, "%016llx%016llx", (unsigned long long)h.high, (unsigned long long)h.low);
	return (struct slice){ text, (size_t)len };
}

/* An event without a time is as old as the newest thing that it says. */
static int64_t time_of(lua_State *L, const struct job *job, int index, const struct event *e)
{
	lua_pushliteral(L, "time");
	bool said = lua_rawget(L, index) != LUA_TNIL;
	lua_pop(L, 1);
	if (said)
		return take_time(L, job->m, index);
	int64_t ms = 0;
	for (size_t i = 0; e->attr_times && i < e->attr_count; i++)
		ms = e->attr_times[i] > ms ? e->attr_times[i] : ms;
	if (!ms)
		ms = job->m->as_of_ms;
	if (!ms)
		luaL_error(L, "row() returned no time, nor has an attribute one of its own: return one, or say for all rows "
			      "as of when they are true (--as-of)");
	return ms;
}

static void take_event(lua_State *L, const struct job *job, int index, struct event *out)
{
	struct arena *arena = job->arena;
	out->source = need_text(L, index, "source", arena);
	out->type = need_text(L, index, "type", arena);
	out->customer = take_text(L, index, "customer", arena);
	out->alias = take_text(L, index, "alias", arena);
	if (!out->customer.len == !out->alias.len)
		luaL_error(L, "row() must return exactly one of customer and alias");
	out->member = take_text(L, index, "member", arena);
	out->agent = take_text(L, index, "agent", arena);
	out->contact = take_text(L, index, "contact", arena);
	out->channel = take_text(L, index, "channel", arena);
	take_attributes(L, index, job, out);
	out->time_ms = time_of(L, job, index, out);
	out->id = take_text(L, index, "id", arena);
	if (!out->id.len)
		out->id = made_id(out, arena);
}

/* One event, or a list of them. */
void mapping_take_events(lua_State *L, const struct job *job, int index)
{
	struct event *events = arena_calloc(job->arena, MAPPING_EVENTS, sizeof(*events));
	unsigned count = 0;
	job->out->events = events;
	if (lua_rawgeti(L, index, 1) == LUA_TNIL) {
		take_event(L, job, index, &events[count++]);
	} else {
		lua_pop(L, 1);
		lua_Integer all = (lua_Integer)lua_rawlen(L, index);
		for (lua_Integer i = 1; i <= all; i++) {
			if (count == MAPPING_EVENTS)
				luaL_error(L, "row() returned more than %d events", (int)MAPPING_EVENTS);
			if (lua_rawgeti(L, index, i) != LUA_TTABLE)
				luaL_error(L, "row() returned a list with a %s in it: events are wanted", luaL_typename(L, -1));
			take_event(L, job, lua_gettop(L), &events[count++]);
			lua_pop(L, 1);
		}
	}
	job->out->count = count;
}
