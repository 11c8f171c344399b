/* script/mapping.c: see mapping.h. The mapping's globals live in a table of their own in front of the sandbox's
 * environment, so that `function row(r)` can be written as anybody would. */
#include "script/mapping.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/error.h"
#include "script/sandbox.h"
#include "script/utc.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT_MAPPING_BYTES (512u * KIB) /* of the file: as a pack's */
#define NAME_BYTES_SHOWN 64

struct mapping {
	struct vm *vm;
	char *path;
	char **columns;
	unsigned column_count;
	int globals, row, row_meta; /* registry references */
};

/* One protected piece of work. */
struct job {
	struct mapping *m;
	const char *source;
	size_t source_len;
	const struct slice *values;
	struct arena *arena;
	struct mapped *out;
};

static int l_utc(lua_State *L)
{
	const char *date = luaL_checkstring(L, 1), *time = luaL_optstring(L, 2, "0:00:00");
	int64_t ms;
	if (!utc_parse(date, time, &ms))
		return luaL_error(L, "utc(\"%s\", \"%s\"): wanted are \"1999-08-01\" and \"0:10:10\"", date, time);
	lua_pushinteger(L, ms);
	return 1;
}

static int l_missing_column(lua_State *L)
{
	struct mapping *m = lua_touserdata(L, lua_upvalueindex(1));
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
	const char *near = nearest_name(wrong, (const char *const *)m->columns);
	if (near)
		return luaL_error(L, "there is no column \"%s\"; did you mean \"%s\"?", wrong, near);
	return luaL_error(L, "there is no column \"%s\"", wrong);
}

/* Runs the file and keeps its row function. */
static int load_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	struct mapping *m = job->m;
	const char *slash = strrchr(m->path, '/');
	lua_pushfstring(L, "@%s", slash ? slash + 1 : m->path);
	if (luaL_loadbufferx(L, job->source, job->source_len, lua_tostring(L, -1), "t") != LUA_OK)
		return lua_error(L);
	lua_newtable(L); /* the mapping's globals, in front of the sandbox's */
	lua_pushcfunction(L, l_utc);
	lua_setfield(L, -2, "utc");
	lua_newtable(L);
	sandbox_push_environment(L);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	m->globals = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushvalue(L, -1);
	lua_setupvalue(L, -3, 1);
	lua_pushvalue(L, -2);
	lua_call(L, 0, 0);
	lua_pushliteral(L, "row");
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the mapping has no function row(r)");
	m->row = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_newtable(L);
	lua_pushlightuserdata(L, m);
	lua_pushcclosure(L, l_missing_column, 1);
	lua_setfield(L, -2, "__index");
	m->row_meta = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

static int run_job(struct mapping *m, lua_CFunction work, struct job *job, uint64_t steps)
{
	lua_State *L = m->vm->L;
	char text[600];
	lua_settop(L, 0);
	lua_pushcfunction(L, work);
	lua_pushlightuserdata(L, job);
	vm_enter(m->vm, steps, LIMIT_CALL_BYTES, LIMIT_CALL_CHURN_BYTES);
	int status = lua_pcall(L, 1, 0, 0);
	vm_leave(m->vm);
	if (status == LUA_OK)
		return ERR_OK;
	if (status == LUA_ERRMEM) {
		lua_settop(L, 0);
		return error_set(ERR_RULE, NULL, "%s: stopped: it passed the limit of %u bytes (limit_call_bytes)",
				 m->path, LIMIT_CALL_BYTES);
	}
	vm_error_text(L, text, sizeof(text));
	return error_set(ERR_RULE, NULL, "%s", text);
}

static int read_file(const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return error_errno("cannot open %s", path);
	size_t n;
	do {
		char *to = bytes_grow(out, 16 * KIB);
		n = fread(to, 1, 16 * KIB, f);
		out->len -= 16 * KIB - n;
	} while (n > 0 && out->len <= LIMIT_MAPPING_BYTES);
	int bad = ferror(f);
	fclose(f);
	if (bad)
		return error_errno("cannot read %s", path);
	if (out->len > LIMIT_MAPPING_BYTES)
		return error_set(ERR_LIMIT, NULL, "%s is larger than %u bytes", path, LIMIT_MAPPING_BYTES);
	return ERR_OK;
}

int mapping_open(struct mapping **out, const char *path)
{
	struct bytes source = { 0 };
	*out = NULL;
	int rc = read_file(path, &source);
	if (rc == ERR_OK) {
		struct mapping *m = must_calloc(1, sizeof(*m));
		m->path = must_strdup(path);
		m->vm = vm_create();
		CHECK(m->vm != NULL);
		struct job job = { .m = m, .source = source.data ? source.data : "", .source_len = source.len };
		rc = run_job(m, load_job, &job, LIMIT_LOAD_INSTRUCTIONS);
		if (rc == ERR_OK)
			*out = m;
		else
			mapping_close(m);
	}
	bytes_finish(&source);
	return rc;
}

static void forget_columns(struct mapping *m)
{
	for (unsigned i = 0; i < m->column_count; i++)
		free(m->columns[i]);
	free(m->columns);
	m->columns = NULL;
	m->column_count = 0;
}

void mapping_close(struct mapping *m)
{
	if (!m)
		return;
	vm_destroy(m->vm);
	forget_columns(m);
	free(m->path);
	free(m);
}

static bool has_column(const struct mapping *m, const char *name)
{
	for (unsigned i = 0; i < m->column_count; i++)
		if (strcmp(m->columns[i], name) == 0)
			return true;
	return false;
}

/* Every name that the mapping's `columns` asks for must be there. */
static int columns_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	lua_rawgeti(L, LUA_REGISTRYINDEX, job->m->globals);
	lua_pushliteral(L, "columns");
	int type = lua_rawget(L, -2);
	if (type == LUA_TNIL)
		return 0;
	if (type != LUA_TTABLE)
		return luaL_error(L, "columns must be a list of names");
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, i);
		const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
		if (!has_column(job->m, name))
			return luaL_error(
				L, "the file has no column \"%s\", which the mapping needs: is it the right file?",
				name);
		lua_pop(L, 1);
	}
	return 0;
}

int mapping_columns(struct mapping *m, const struct slice *names, unsigned count)
{
	forget_columns(m);
	m->columns = must_calloc(count + 1, sizeof(*m->columns));
	for (unsigned i = 0; i < count; i++) {
		char *name = must_strndup(names[i].data ? names[i].data : "", names[i].len);
		if (has_column(m, name)) {
			free(name);
			return error_set(ERR_INVALID, NULL, "two columns are called \"%.*s\"", SLICE_ARG(names[i]));
		}
		m->columns[m->column_count++] = name;
	}
	struct job job = { .m = m };
	int rc = run_job(m, columns_job, &job, LIMIT_CALL_INSTRUCTIONS);
	return rc == ERR_OK ? ERR_OK : error_set(ERR_INVALID, NULL, "%s", error_last()->text);
}

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

static int64_t take_time(lua_State *L, int index)
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
		char *blank = strpbrk(date, " T");
		if (blank)
			*blank++ = '\0';
		if (!utc_parse(date, blank ? blank : "0:00:00", &ms))
			luaL_error(L, "row() returned the time \"%s\": wanted is \"1999-08-01 0:10:10\"",
				   lua_tostring(L, -1));
	} else if (type == LUA_TTABLE) {
		ms = take_time_table(L, lua_gettop(L));
	} else {
		luaL_error(L, "row() returned no time");
	}
	lua_pop(L, 1);
	return ms;
}

static void take_attribute(lua_State *L, struct arena *arena, struct event_attr *out)
{
	size_t len;
	if (lua_type(L, -2) != LUA_TSTRING)
		luaL_error(L, "row() returned an attribute whose name is a %s", luaL_typename(L, -2));
	const char *name = lua_tolstring(L, -2, &len);
	out->name = arena_slice(arena, (struct slice){ name, len });
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
		name = lua_tolstring(L, -1, &len);
		out->value = value_string(arena_slice(arena, (struct slice){ name, len }));
		break;
	default:
		luaL_error(L, "row() returned the attribute %s as a %s: text, number or boolean is wanted", name,
			   luaL_typename(L, -1));
	}
}

static int by_name(const void *a, const void *b)
{
	return slice_compare(((const struct event_attr *)a)->name, ((const struct event_attr *)b)->name);
}

/* In order of name: the same row must be the same bytes at every import, and Lua's tables have no order. */
static void take_attributes(lua_State *L, int index, struct arena *arena, struct event *out)
{
	lua_pushliteral(L, "attributes");
	int type = lua_rawget(L, index);
	if (type != LUA_TNIL) {
		if (type != LUA_TTABLE)
			luaL_error(L, "row() returned attributes as a %s: a table is wanted", lua_typename(L, type));
		struct event_attr *attrs = arena_calloc(arena, LIMIT_ATTRIBUTES, sizeof(*attrs));
		size_t count = 0;
		for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
			if (count == LIMIT_ATTRIBUTES)
				luaL_error(L, "row() returned more than %d attributes (limit_attributes)",
					   (int)LIMIT_ATTRIBUTES);
			take_attribute(L, arena, &attrs[count++]);
		}
		qsort(attrs, count, sizeof(*attrs), by_name);
		out->attrs = attrs;
		out->attr_count = count;
	}
	lua_pop(L, 1);
}

static void take_event(lua_State *L, int index, struct arena *arena, struct event *out)
{
	out->id = need_text(L, index, "id", arena);
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
	out->time_ms = take_time(L, index);
	take_attributes(L, index, arena, out);
}

static int row_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	struct mapping *m = job->m;
	lua_rawgeti(L, LUA_REGISTRYINDEX, m->row);
	lua_createtable(L, 0, (int)m->column_count);
	for (unsigned i = 0; i < m->column_count; i++) {
		lua_pushlstring(L, job->values[i].data ? job->values[i].data : "", job->values[i].len);
		lua_setfield(L, -2, m->columns[i]);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, m->row_meta);
	lua_setmetatable(L, -2);
	lua_call(L, 1, 2);
	job->out->skipped = !lua_toboolean(L, -2);
	if (job->out->skipped) {
		size_t len = 0;
		const char *reason = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
		job->out->reason =
			reason ? arena_slice(job->arena, (struct slice){ reason, len }) : SLICE("no reason given");
		return 0;
	}
	if (lua_type(L, -2) != LUA_TTABLE)
		return luaL_error(L, "row() returned a %s: an event, or nil and a reason", luaL_typename(L, -2));
	take_event(L, lua_gettop(L) - 1, job->arena, &job->out->event);
	return 0;
}

int mapping_row(struct mapping *m, const struct slice *values, unsigned count, struct arena *arena, struct mapped *out)
{
	*out = (struct mapped){ 0 };
	if (count != m->column_count)
		return error_set(ERR_INVALID, NULL, "%u fields where the heading has %u", count, m->column_count);
	struct job job = { .m = m, .values = values, .arena = arena, .out = out };
	return run_job(m, row_job, &job, LIMIT_CALL_INSTRUCTIONS);
}
