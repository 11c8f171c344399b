/* script/testing_report.c: reports in a pack's tests, as the daemon would give them at this point of the story.
 *
 *     report("agents", { by = { "agent", "topic" }, where = { agent = "linh" } })   -- a list of rows by column
 *     expect_report("agents", { where = { agent = "linh" } }, { contacts = 2, fcr = 0.5 })  -- of the one row there is */
#include "script/testing_parts.h"

#include "base/error.h"

#include <stdio.h>

static const char *const ask_fields[] = { "by", "where", "since", "until", NULL };

static void refuse(lua_State *L, const char *what, const char *name, const char *const *names)
{
	const char *nearest = nearest_name(name, names);
	luaL_error(L, "%s has no \"%s\"%s%s%s", what, name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		   nearest ? "\"?" : "");
}

static void take_by(lua_State *L, struct testing *t, struct test_report *ask)
{
	if (lua_getfield(L, 2, "by") == LUA_TTABLE) {
		struct bytes all = { 0 };
		lua_Integer n = luaL_len(L, -1);
		for (lua_Integer i = 1; i <= n && i <= 8; i++) {
			lua_geti(L, -1, i);
			const char *name = lua_tostring(L, -1);
			bytes_printf(&all, "%s%s", i > 1 ? "," : "", name ? name : "");
			lua_pop(L, 1);
		}
		ask->by = arena_slice(&t->arena, bytes_slice(&all));
		bytes_finish(&all);
	} else if (!lua_isnil(L, -1)) {
		ask->by = testing_text(L, -1, "by");
	}
}

/* The texts stay on the stack for as long as the call lends them. */
static void take_where(lua_State *L, struct test_report *ask)
{
	if (lua_getfield(L, 2, "where") == LUA_TNIL)
		return;
	luaL_checktype(L, -1, LUA_TTABLE);
	int where = lua_gettop(L);
	lua_Integer n = sandbox_push_sorted_keys(L, where);
	int keys = lua_gettop(L);
	luaL_checkstack(L, 2 * TEST_REPORT_WHERE + 4, "too many conditions");
	if (n > (lua_Integer)TEST_REPORT_WHERE)
		luaL_error(L, "where takes %d conditions at most", (int)TEST_REPORT_WHERE);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, keys, i);
		ask->where[ask->where_count].name = testing_text(L, -1, "a name in where");
		lua_pushvalue(L, -1);
		lua_gettable(L, where);
		ask->where[ask->where_count++].value = testing_text(L, -1, "a value in where");
	}
}

static int64_t take_time(lua_State *L, struct testing *t, const char *field)
{
	int64_t ms = 0;
	int type = lua_getfield(L, 2, field);
	if (type == LUA_TNUMBER)
		ms = (int64_t)lua_tonumber(L, -1);
	else if (type != LUA_TNIL)
		testing_result(L, t->host->moment(t->host->arg, testing_text(L, -1, field), &ms));
	return ms;
}

static void make(lua_State *L, struct testing *t, struct test_table *out)
{
	struct test_report ask = { .name = testing_text(L, 1, "the report's name") };
	if (!lua_isnoneornil(L, 2)) {
		luaL_checktype(L, 2, LUA_TTABLE);
		for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
			const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
			bool known = false;
			for (int i = 0; ask_fields[i]; i++)
				known |= strcmp(ask_fields[i], key) == 0;
			if (!known)
				refuse(L, "what a report is asked", key, ask_fields);
		}
		ask.since_ms = take_time(L, t, "since");
		ask.until_ms = take_time(L, t, "until");
		take_by(L, t, &ask);
		take_where(L, &ask);
	}
	testing_result(L, t->host->report(t->host->arg, &ask, out));
}

static void push_value(lua_State *L, struct value v)
{
	if (v.kind == VALUE_NUMBER)
		lua_pushnumber(L, v.number);
	else if (v.kind == VALUE_STRING)
		lua_pushlstring(L, v.string.data ? v.string.data : "", v.string.len);
	else if (v.kind == VALUE_BOOL)
		lua_pushboolean(L, v.boolean);
	else
		lua_pushnil(L);
}

static int report_rows(lua_State *L)
{
	struct testing *t = testing_acts(L, 500);
	struct test_table table;
	lua_settop(L, 2);
	make(L, t, &table);
	lua_newtable(L);
	for (size_t i = 0; i < table.row_count; i++) {
		lua_newtable(L);
		for (unsigned k = 0; k < table.column_count; k++) {
			lua_pushlstring(L, table.columns[k].data, table.columns[k].len);
			push_value(L, table.cells[i * table.column_count + k]);
			lua_settable(L, -3);
		}
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static struct value cell_of(lua_State *L, const struct test_table *t, const char *name)
{
	const char *names[64];
	unsigned count = 0;
	for (unsigned k = 0; k < t->column_count && count < 63; k++) {
		if (slice_equal(t->columns[k], slice_of(name)))
			return t->cells[k];
		lua_pushlstring(L, t->columns[k].data, t->columns[k].len); /* a NUL at its end */
		names[count++] = lua_tostring(L, -1);
	}
	names[count] = NULL;
	refuse(L, "this report", name, names);
	return value_unknown();
}

static void differs(lua_State *L, struct testing *t, const char *name, const struct match *m, struct value v)
{
	struct bytes wanted = { 0 }, came = { 0 };
	match_text(m, &wanted);
	value_text(v, &came);
	struct slice lent_wanted = arena_slice(&t->arena, bytes_slice(&wanted));
	struct slice lent_came = arena_slice(&t->arena, bytes_slice(&came));
	bytes_finish(&wanted);
	bytes_finish(&came);
	t->host->differs(t->host->arg, lent_wanted, lent_came);
	luaL_error(L, "%s of the report is %s, not %s", name, lent_came.data, lent_wanted.data);
}

static int expect_report(lua_State *L)
{
	struct testing *t = testing_acts(L, 500);
	struct test_table table;
	t->expected++;
	lua_settop(L, 3);
	luaL_checktype(L, 3, LUA_TTABLE);
	make(L, t, &table);
	if (table.row_count != 1)
		return luaL_error(L, "the report has %d rows, and expect_report is about the one there is: name it in where, or take "
				  "report(…)", (int)table.row_count);
	luaL_checkstack(L, 200, "too many columns");
	lua_Integer n = sandbox_push_sorted_keys(L, 3);
	int keys = lua_gettop(L);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_settop(L, keys);
		lua_rawgeti(L, keys, i);
		const char *name = testing_text(L, -1, "a column's name").data;
		lua_pushvalue(L, -1);
		lua_gettable(L, 3);
		struct match m = testing_match(L, -1, name);
		struct value v = cell_of(L, &table, name);
		bool nothing = m.kind == MATCH_EQUAL && m.value.kind == VALUE_STRING && m.value.string.len == 0;
		if (!match_holds(&m, v) && !(nothing && v.kind == VALUE_UNKNOWN))
			differs(L, t, name, &m, v);
	}
	return 0;
}

void testing_add_reports(lua_State *L)
{
	static const luaL_Reg names[] = { { "expect_report", expect_report }, { "report", report_rows }, { NULL, NULL } };
	luaL_setfuncs(L, names, 0);
}
