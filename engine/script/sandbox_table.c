/* script/sandbox_table.c: table functions that charge for their loops. sort is a stable merge sort: its result
 * depends on nothing but its input (the usual quicksort may take pivots from the clock), and a comparator that
 * contradicts itself only gives a bad order. */
#include "script/sandbox.h"

#define UNPACK_MAX 1000 /* values returned at once */

static lua_Integer checked_length(lua_State *L, int index)
{
	luaL_checktype(L, index, LUA_TTABLE);
	return luaL_len(L, index);
}

static int table_insert(lua_State *L)
{
	lua_Integer end = checked_length(L, 1) + 1, at = end;
	int arguments = lua_gettop(L);
	if (arguments == 3) {
		at = luaL_checkinteger(L, 2);
		luaL_argcheck(L, at >= 1 && at <= end, 2, "position out of bounds");
		vm_charge(L, (uint64_t)(end - at));
		for (lua_Integer i = end; i > at; i--) {
			lua_geti(L, 1, i - 1);
			lua_seti(L, 1, i);
		}
	} else if (arguments != 2) {
		return luaL_error(L, "table.insert takes a table, perhaps a position, and a value");
	}
	lua_seti(L, 1, at);
	return 0;
}

static int table_remove(lua_State *L)
{
	lua_Integer size = checked_length(L, 1), at = luaL_optinteger(L, 2, size);
	if (lua_gettop(L) > 1)
		luaL_argcheck(L, at >= 1 && at <= size + 1, 2, "position out of bounds");
	lua_geti(L, 1, at);
	vm_charge(L, at < size ? (uint64_t)(size - at) : 0);
	for (; at < size; at++) {
		lua_geti(L, 1, at + 1);
		lua_seti(L, 1, at);
	}
	if (size > 0) {
		lua_pushnil(L);
		lua_seti(L, 1, at);
	}
	return 1;
}

static int table_concat(lua_State *L)
{
	lua_Integer size = checked_length(L, 1);
	size_t separator_len;
	const char *separator = luaL_optlstring(L, 2, "", &separator_len);
	lua_Integer from = luaL_optinteger(L, 3, 1), to = luaL_optinteger(L, 4, size);
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	for (lua_Integer i = from; i <= to; i++) {
		lua_geti(L, 1, i);
		if (!lua_isstring(L, -1))
			return luaL_error(L, "table.concat: item %d is a %s, not a text or number", (int)i,
					  luaL_typename(L, -1));
		size_t len;
		lua_tolstring(L, -1, &len);
		vm_charge(L, 1 + (len + separator_len) / 16);
		luaL_addvalue(&b);
		if (i < to)
			luaL_addlstring(&b, separator, separator_len);
		else
			break; /* `to` may be the largest integer */
	}
	luaL_pushresult(&b);
	return 1;
}

static int table_unpack(lua_State *L)
{
	lua_Integer from = luaL_optinteger(L, 2, 1);
	lua_Integer to = lua_isnoneornil(L, 3) ? checked_length(L, 1) : luaL_checkinteger(L, 3);
	if (from > to)
		return 0;
	lua_Unsigned count = (lua_Unsigned)to - (lua_Unsigned)from + 1;
	if (count == 0 || count > UNPACK_MAX || !lua_checkstack(L, (int)count))
		return luaL_error(L, "table.unpack: too many values; at most %d", UNPACK_MAX);
	vm_charge(L, count);
	for (lua_Unsigned i = 0; i < count; i++)
		lua_geti(L, 1, from + (lua_Integer)i);
	return (int)count;
}

static int table_pack(lua_State *L)
{
	int count = lua_gettop(L);
	lua_createtable(L, count, 1);
	lua_insert(L, 1);
	for (int i = count; i >= 1; i--)
		lua_rawseti(L, 1, i);
	lua_pushinteger(L, count);
	lua_setfield(L, 1, "n");
	return 1;
}

/* Is the value at b to come before that at a? */
static bool comes_before(lua_State *L, int b, int a)
{
	vm_charge(L, 2);
	if (lua_isnil(L, 2))
		return lua_compare(L, b, a, LUA_OPLT);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, b - 1);
	lua_pushvalue(L, a - 2);
	lua_call(L, 2, 1);
	bool before = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return before;
}

/* Merges [low, middle] and [middle + 1, high] of the list at `from` into that at `to`. */
static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high)
{
	lua_Integer a = low, b = middle + 1;
	for (lua_Integer k = low; k <= high; k++) {
		bool take_b = a > middle;
		if (a <= middle && b <= high) {
			lua_rawgeti(L, from, a);
			lua_rawgeti(L, from, b);
			take_b = comes_before(L, -1, -2);
			lua_pop(L, 2);
		}
		lua_rawgeti(L, from, take_b ? b++ : a++);
		lua_rawseti(L, to, k);
	}
}

static int table_sort(lua_State *L)
{
	lua_Integer size = checked_length(L, 1);
	lua_settop(L, 2);
	if (!lua_isnil(L, 2))
		luaL_checktype(L, 2, LUA_TFUNCTION);
	vm_charge(L, (uint64_t)(size > 0 ? size : 0));
	lua_createtable(L, 0, 0);
	lua_createtable(L, 0, 0);
	int from = 3, to = 4;
	for (lua_Integer i = 1; i <= size; i++) {
		lua_geti(L, 1, i);
		lua_rawseti(L, from, i);
	}
	for (lua_Integer width = 1; width < size; width *= 2) {
		for (lua_Integer low = 1; low <= size; low += 2 * width) {
			lua_Integer middle = low + width - 1 < size ? low + width - 1 : size;
			lua_Integer high = low + 2 * width - 1 < size ? low + 2 * width - 1 : size;
			merge(L, from, to, low, middle, high);
		}
		int swap = from;
		from = to;
		to = swap;
	}
	for (lua_Integer i = 1; i <= size; i++) {
		lua_rawgeti(L, from, i);
		lua_seti(L, 1, i);
	}
	return 0;
}

void sandbox_push_table_library(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "concat", table_concat },
		{ "insert", table_insert },
		{ "pack", table_pack },
		{ "remove", table_remove },
		{ "sort", table_sort },
		{ "unpack", table_unpack },
		{ NULL, NULL },
	};
	luaL_newlib(L, functions);
	sandbox_protect(L, "table");
}
