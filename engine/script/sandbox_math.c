/* script/sandbox_math.c: the part of math that gives the same bits on every machine: no random, nothing
 * transcendental. */
#include "script/sandbox.h"

#include <math.h>

static int push_integral(lua_State *L, double n)
{
	lua_Integer i;
	if (lua_numbertointeger(n, &i))
		lua_pushinteger(L, i);
	else
		lua_pushnumber(L, n);
	return 1;
}

static int math_floor(lua_State *L)
{
	if (lua_isinteger(L, 1)) {
		lua_settop(L, 1);
		return 1;
	}
	return push_integral(L, floor(luaL_checknumber(L, 1)));
}

static int math_ceil(lua_State *L)
{
	if (lua_isinteger(L, 1)) {
		lua_settop(L, 1);
		return 1;
	}
	return push_integral(L, ceil(luaL_checknumber(L, 1)));
}

static int math_abs(lua_State *L)
{
	if (lua_isinteger(L, 1)) {
		lua_Integer n = lua_tointeger(L, 1);
		lua_pushinteger(L, n < 0 ? (lua_Integer)(0u - (lua_Unsigned)n) : n);
	} else {
		lua_pushnumber(L, fabs(luaL_checknumber(L, 1)));
	}
	return 1;
}

static int math_sqrt(lua_State *L)
{
	lua_pushnumber(L, sqrt(luaL_checknumber(L, 1)));
	return 1;
}

static int math_fmod(lua_State *L)
{
	lua_pushnumber(L, fmod(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
	return 1;
}

static int extreme(lua_State *L, bool largest)
{
	int count = lua_gettop(L), best = 1;
	luaL_checknumber(L, 1);
	for (int i = 2; i <= count; i++) {
		luaL_checknumber(L, i);
		if (largest ? lua_compare(L, best, i, LUA_OPLT) : lua_compare(L, i, best, LUA_OPLT))
			best = i;
	}
	lua_pushvalue(L, best);
	return 1;
}

static int math_min(lua_State *L)
{
	return extreme(L, false);
}

static int math_max(lua_State *L)
{
	return extreme(L, true);
}

static int math_tointeger(lua_State *L)
{
	int exact = 0;
	lua_Integer n = lua_tointegerx(L, 1, &exact);
	if (exact && lua_type(L, 1) == LUA_TNUMBER)
		lua_pushinteger(L, n);
	else
		luaL_pushfail(L);
	return 1;
}

static int math_type(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TNUMBER)
		lua_pushstring(L, lua_isinteger(L, 1) ? "integer" : "float");
	else
		luaL_pushfail(L);
	return 1;
}

void sandbox_push_math_library(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "abs", math_abs },   { "ceil", math_ceil }, { "floor", math_floor }, { "fmod", math_fmod },
		{ "max", math_max },   { "min", math_min },   { "sqrt", math_sqrt },   { "tointeger", math_tointeger },
		{ "type", math_type }, { NULL, NULL },
	};
	luaL_newlib(L, functions);
	lua_pushnumber(L, HUGE_VAL);
	lua_setfield(L, -2, "huge");
	lua_pushnumber(L, 3.141592653589793);
	lua_setfield(L, -2, "pi");
	lua_pushinteger(L, LUA_MAXINTEGER);
	lua_setfield(L, -2, "maxinteger");
	lua_pushinteger(L, LUA_MININTEGER);
	lua_setfield(L, -2, "mininteger");
	sandbox_protect(L, "math");
}
