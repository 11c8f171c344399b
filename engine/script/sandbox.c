/* script/sandbox.c: the names a pack can use, and nothing else.
 *
 *     _ENV of the pack's files: empty, locked        (assigning a global is refused, while loading too: it is a typo or a secret)
 *        __index -> names: basics, math, string, table, declarations
 *           __index -> an error: "unknown name"
 *
 * Left out on purpose: load* dofile loadstring package io os debug coroutine collectgarbage raw* setmetatable
 * getmetatable next string.dump string.pack math.random print, and what differs between machines (exp log pow sin
 * …). What remains is either cheap, or charges its own loops to the instruction budget (vm_charge).
 *
 * Packs are trusted colleagues' code that is kept from accidents; this is not a wall against attackers. */
#include "script/sandbox.h"

#include "base/check.h"

#include <math.h>
#include <stdlib.h>

static const char content_key; /* in a read-only table's metatable: the table behind it */

static int refuse_write(lua_State *L)
{
	const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	return luaL_error(L, "%s is read-only (setting \"%s\")", lua_tostring(L, lua_upvalueindex(1)), key);
}

static int content_length(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
	return 1;
}

/* The metatable that makes a table stand for the content at `content`. */
static void push_read_only_metatable(lua_State *L, int content, const char *what)
{
	content = lua_absindex(L, content);
	lua_createtable(L, 0, 5);
	lua_pushvalue(L, content);
	lua_setfield(L, -2, "__index");
	lua_pushstring(L, what);
	lua_pushcclosure(L, refuse_write, 1);
	lua_setfield(L, -2, "__newindex");
	lua_pushvalue(L, content);
	lua_pushcclosure(L, content_length, 1);
	lua_setfield(L, -2, "__len");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pushvalue(L, content);
	lua_rawsetp(L, -2, &content_key);
}

void sandbox_protect(lua_State *L, const char *what)
{
	lua_newtable(L);
	push_read_only_metatable(L, -2, what);
	lua_setmetatable(L, -2);
	lua_remove(L, -2);
}

void sandbox_freeze(lua_State *L, int index, const char *what)
{
	index = lua_absindex(L, index);
	if (lua_getmetatable(L, index)) { /* ours: packs cannot set any */
		lua_pop(L, 1);
		return;
	}
	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, index)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, -4);
	}
	lua_pushnil(L);
	while (lua_next(L, -2)) { /* the keys are in the copy now: the original may be emptied */
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_pushnil(L);
		lua_rawset(L, index);
	}
	push_read_only_metatable(L, -1, what);
	lua_setmetatable(L, index);
	lua_pop(L, 1);
}

void sandbox_push_content(lua_State *L, int index)
{
	index = lua_absindex(L, index);
	if (lua_getmetatable(L, index)) {
		if (lua_rawgetp(L, -1, &content_key) == LUA_TTABLE) {
			lua_remove(L, -2);
			return;
		}
		lua_pop(L, 2);
	}
	lua_pushvalue(L, index);
}

struct key {
	int rank; /* 0 number, 1 string, 2 boolean */
	bool integer, boolean;
	lua_Integer i;
	double n;
	struct slice text;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->rank == 1)
		return slice_compare(x->text, y->text);
	if (x->rank == 2)
		return (int)x->boolean - (int)y->boolean;
	if (x->integer && y->integer)
		return (x->i > y->i) - (x->i < y->i);
	if (x->n !=
	    y->n) /* a float key has a fraction or lies beyond all integers: rounding an integer cannot reorder them */
		return x->n > y->n ? 1 : -1;
	return (int)y->integer - (int)x->integer;
}

static void read_key(lua_State *L, int index, struct key *k)
{
	*k = (struct key){ 0 };
	switch (lua_type(L, index)) {
	case LUA_TNUMBER:
		k->integer = lua_isinteger(L, index);
		k->i = lua_tointeger(L, index);
		k->n = lua_tonumber(L, index);
		break;
	case LUA_TSTRING:
		k->rank = 1;
		k->text.data = lua_tolstring(L, index, &k->text.len);
		break;
	case LUA_TBOOLEAN:
		k->rank = 2;
		k->boolean = lua_toboolean(L, index);
		break;
	default:
		luaL_error(L, "pairs: a %s as a key has no order; use numbers, strings or booleans as keys",
			   luaL_typename(L, index));
	}
}

static void push_key(lua_State *L, const struct key *k)
{
	if (k->rank == 1)
		lua_pushlstring(L, k->text.data, k->text.len);
	else if (k->rank == 2)
		lua_pushboolean(L, k->boolean);
	else if (k->integer)
		lua_pushinteger(L, k->i);
	else
		lua_pushnumber(L, k->n);
}

lua_Integer sandbox_push_sorted_keys(lua_State *L, int index)
{
	sandbox_push_content(L, index);
	int content = lua_gettop(L);
	size_t count = 0;
	lua_pushnil(L);
	while (lua_next(L, content)) {
		lua_pop(L, 1);
		count++;
	}
	vm_charge(L, count);
	struct key *keys = lua_newuserdatauv(L, (count + 1) * sizeof(*keys), 0);
	size_t n = 0;
	lua_pushnil(L);
	while (lua_next(L, content)) {
		lua_pop(L, 1);
		CHECK(n < count);
		read_key(L, -1, &keys[n++]);
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		push_key(L, &keys[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_replace(L, content);
	lua_settop(L, content);
	return (lua_Integer)count;
}

static int pairs_step(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));
	for (;;) {
		i++;
		if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		if (lua_gettable(L, lua_upvalueindex(1)) != LUA_TNIL)
			break;
		lua_pop(L, 2); /* removed since */
		vm_charge(L, 1);
	}
	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(3));
	return 2;
}

static int basic_pairs(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushvalue(L, 1);
	sandbox_push_sorted_keys(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, pairs_step, 3);
	return 1;
}

static int ipairs_step(lua_State *L)
{
	lua_Integer i = luaL_checkinteger(L, 2) + 1;
	lua_pushinteger(L, i);
	return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

static int basic_ipairs(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushcfunction(L, ipairs_step);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	return 3;
}

static int basic_assert(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_toboolean(L, 1))
		return lua_gettop(L);
	if (lua_type(L, 2) == LUA_TSTRING) {
		lua_settop(L, 2);
		return lua_error(L);
	}
	return luaL_error(L, "assertion failed");
}

static int basic_error(lua_State *L)
{
	int level = (int)luaL_optinteger(L, 2, 1);
	lua_settop(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
		luaL_where(L, level);
		lua_insert(L, 1);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

/* Catches what a function raises, but not the end of a budget, else a loop around it would never stop; and nothing
 * while the pack is loaded: a declaration that was refused halfway must not be passed over. */
static int basic_pcall(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
	if (status == LUA_OK)
		return lua_gettop(L);
	if (vm_of(L)->tripped || vm_of(L)->loader || status == LUA_ERRMEM)
		return lua_error(L);
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

static int basic_select(lua_State *L)
{
	int count = lua_gettop(L);
	if (lua_type(L, 1) == LUA_TSTRING && strcmp(lua_tostring(L, 1), "#") == 0) {
		lua_pushinteger(L, count - 1);
		return 1;
	}
	lua_Integer i = luaL_checkinteger(L, 1);
	if (i < 0)
		i = count + i;
	else if (i > count)
		i = count;
	luaL_argcheck(L, i >= 1, 1, "index out of range");
	return count - (int)i;
}

static int basic_tonumber(lua_State *L)
{
	if (lua_isnoneornil(L, 2)) {
		size_t len;
		luaL_checkany(L, 1);
		if (lua_type(L, 1) == LUA_TNUMBER) {
			lua_settop(L, 1);
			return 1;
		}
		const char *text = lua_tolstring(L, 1, &len);
		if (text && lua_stringtonumber(L, text) == len + 1)
			return 1;
		luaL_pushfail(L);
		return 1;
	}
	lua_Integer base = luaL_checkinteger(L, 2);
	luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
	const char *text = luaL_checkstring(L, 1);
	char *end;
	long long n = strtoll(text, &end, (int)base);
	if (*text == '\0' || *end != '\0')
		luaL_pushfail(L);
	else
		lua_pushinteger(L, n);
	return 1;
}

const char *sandbox_tostring(lua_State *L, int index, size_t *len)
{
	index = lua_absindex(L, index);
	switch (lua_type(L, index)) {
	case LUA_TNIL:
		lua_pushliteral(L, "nil");
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
		break;
	case LUA_TNUMBER:
	case LUA_TSTRING:
		lua_pushvalue(L, index);
		break;
	default: /* no address: it differs from run to run */
		lua_pushstring(L, luaL_typename(L, index));
	}
	return lua_tolstring(L, -1, len);
}

static int basic_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	sandbox_tostring(L, 1, NULL);
	return 1;
}

static int basic_type(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushstring(L, luaL_typename(L, 1));
	return 1;
}

static const luaL_Reg basics[] = {
	{ "assert", basic_assert },     { "error", basic_error },
	{ "ipairs", basic_ipairs },     { "pairs", basic_pairs },
	{ "pcall", basic_pcall },       { "select", basic_select },
	{ "tonumber", basic_tonumber }, { "tostring", basic_tostring },
	{ "type", basic_type },         { NULL, NULL },
};

const char *sandbox_absent(const char *name)
{
	static const char *const absent[] = { "os",       "io",     "print", "load",   "loadstring",
					      "loadfile", "dofile", "debug", "package" };
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (strcmp(absent[i], name) == 0)
			return "packs have no clock, files or output; c.now is the event's time";
	return NULL;
}

#define ENVIRONMENT_NAMES 128

static int unknown_name(lua_State *L)
{
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *names[ENVIRONMENT_NAMES + 1];
	size_t count = 0;
	const char *absent = sandbox_absent(wrong);
	if (absent)
		return luaL_error(L, "unknown name \"%s\": %s", wrong, absent);
	sandbox_push_sorted_keys(L, 1);
	while (count < ENVIRONMENT_NAMES && lua_rawgeti(L, -1, (lua_Integer)count + 1) == LUA_TSTRING) {
		names[count++] = lua_tostring(L, -1); /* the table keeps it */
		lua_pop(L, 1);
	}
	names[count] = NULL;
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		return luaL_error(L, "unknown name \"%s\"; did you mean \"%s\"?", wrong, nearest);
	return luaL_error(L, "unknown name \"%s\"; packs have no such global: declare it with `local` above its use",
			  wrong);
}

static int refuse_global(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	return luaL_error(L, "assignment to the global \"%s\"; write `local %s`", name, name);
}

void sandbox_push_environment(lua_State *L)
{
	lua_newtable(L);
	luaL_setfuncs(L, basics, 0);
	sandbox_push_string_library(L);
	lua_setfield(L, -2, "string");
	sandbox_push_table_library(L);
	lua_setfield(L, -2, "table");
	sandbox_push_math_library(L);
	lua_setfield(L, -2, "math");
}

void sandbox_lock_environment(lua_State *L)
{
	int names = lua_gettop(L);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, unknown_name);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, names);
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	lua_pushvalue(L, names);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_global);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_replace(L, names);
}

void sandbox_methods(lua_State *L, const char *meta, lua_CFunction unknown)
{
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, -2);
	lua_pushcclosure(L, unknown, 1);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	luaL_newmetatable(L, meta);
	lua_insert(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}
