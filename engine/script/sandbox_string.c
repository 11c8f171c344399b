/* script/sandbox_string.c: string functions that charge for their loops, show no addresses and know only ASCII
 * classes. They are also the methods of strings: the metatable shared by all of them is reachable from any pack, so
 * it points here and is locked. */
#include "script/sandbox.h"

#include <stdio.h>

#define BYTES_A_STEP 16
#define BYTE_MAX 1000 /* values that string.byte returns at once */

static const char *checked(lua_State *L, int index, size_t *len)
{
	const char *text = luaL_checklstring(L, index, len);
	vm_charge(L, *len / BYTES_A_STEP);
	return text;
}

/* A position as Lua writes it (negative from the end), as an offset from 0, cut to [0, len]. */
static size_t start_at(lua_Integer pos, size_t len)
{
	if (pos > 0)
		return (lua_Unsigned)pos - 1 > len ? len : (size_t)pos - 1;
	if (pos == 0 || pos < -(lua_Integer)len)
		return 0;
	return len - (size_t)(-pos);
}

static size_t end_at(lua_Integer pos, size_t len)
{
	if (pos > (lua_Integer)len)
		return len;
	if (pos >= 0)
		return (size_t)pos;
	return pos < -(lua_Integer)len ? 0 : len + 1 - (size_t)(-pos);
}

static int string_len(lua_State *L)
{
	size_t len;
	luaL_checklstring(L, 1, &len);
	lua_pushinteger(L, (lua_Integer)len);
	return 1;
}

static int string_sub(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	size_t from = start_at(luaL_checkinteger(L, 2), len), to = end_at(luaL_optinteger(L, 3, -1), len);
	vm_charge(L, (to > from ? to - from : 0) / BYTES_A_STEP);
	lua_pushlstring(L, text + from, to > from ? to - from : 0);
	return 1;
}

static int convert(lua_State *L, char low, char high)
{
	size_t len;
	const char *text = checked(L, 1, &len);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, len);
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= low && text[i] <= high ? (char)(text[i] ^ 0x20) : text[i];
	luaL_pushresultsize(&b, len);
	return 1;
}

static int string_lower(lua_State *L)
{
	return convert(L, 'A', 'Z');
}

static int string_upper(lua_State *L)
{
	return convert(L, 'a', 'z');
}

static int string_reverse(lua_State *L)
{
	size_t len;
	const char *text = checked(L, 1, &len);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, len);
	for (size_t i = 0; i < len; i++)
		out[i] = text[len - 1 - i];
	luaL_pushresultsize(&b, len);
	return 1;
}

static int string_rep(lua_State *L)
{
	size_t len, separator_len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_Integer n = luaL_checkinteger(L, 2);
	const char *separator = luaL_optlstring(L, 3, "", &separator_len);
	if (n <= 0 || len + separator_len == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	if ((lua_Unsigned)n > LIMIT_CALL_BYTES / (len + separator_len))
		return luaL_error(L, "string.rep: the result would be longer than %d bytes (limit_call_bytes)",
				  (int)LIMIT_CALL_BYTES);
	size_t total = (size_t)n * len + (size_t)(n - 1) * separator_len;
	vm_charge(L, total / BYTES_A_STEP + (uint64_t)n / 4);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, total);
	while (n-- > 0) {
		memcpy(out, text, len);
		out += len;
		if (n > 0) {
			memcpy(out, separator, separator_len);
			out += separator_len;
		}
	}
	luaL_pushresultsize(&b, total);
	return 1;
}

static int string_byte(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_Integer first = luaL_optinteger(L, 2, 1);
	size_t from = start_at(first, len), to = end_at(luaL_optinteger(L, 3, first), len);
	if (from >= to)
		return 0;
	if (to - from > BYTE_MAX)
		return luaL_error(L, "string.byte: more than %d bytes at once", BYTE_MAX);
	luaL_checkstack(L, (int)(to - from), "string.byte");
	for (size_t i = from; i < to; i++)
		lua_pushinteger(L, (unsigned char)text[i]);
	return (int)(to - from);
}

static int string_char(lua_State *L)
{
	int count = lua_gettop(L);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, (size_t)count);
	for (int i = 1; i <= count; i++) {
		lua_Integer c = luaL_checkinteger(L, i);
		luaL_argcheck(L, c >= 0 && c <= 255, i, "value out of range");
		out[i - 1] = (char)c;
	}
	luaL_pushresultsize(&b, (size_t)count);
	return 1;
}

static bool has_specials(const char *pattern, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr("^$*+?.([%-", pattern[i])) /* NUL counts as one: harmless */
			return true;
	return false;
}

static int find_plain(lua_State *L, const char *text, size_t len, size_t from, const char *what, size_t what_len)
{
	const char *found = memmem(text + from, len - from, what, what_len);
	vm_charge(L, (found ? (size_t)(found - text) - from : len - from) / BYTES_A_STEP);
	if (!found) {
		luaL_pushfail(L);
		return 1;
	}
	lua_pushinteger(L, found - text + 1);
	lua_pushinteger(L, found - text + (lua_Integer)what_len);
	return 2;
}

static int find_or_match(lua_State *L, bool find)
{
	size_t len, pattern_len;
	const char *text = luaL_checklstring(L, 1, &len), *pattern = luaL_checklstring(L, 2, &pattern_len);
	lua_Integer init = luaL_optinteger(L, 3, 1);
	size_t from = start_at(init, len);
	if (init > (lua_Integer)len + 1) {
		luaL_pushfail(L);
		return 1;
	}
	if (find && (lua_toboolean(L, 4) || !has_specials(pattern, pattern_len)))
		return find_plain(L, text, len, from, pattern, pattern_len);
	struct pattern_match m;
	if (!pattern_find(L, text, len, from, pattern, pattern_len, &m)) {
		luaL_pushfail(L);
		return 1;
	}
	if (!find)
		return pattern_push_captures(L, text, &m, true);
	lua_pushinteger(L, m.start - text + 1);
	lua_pushinteger(L, m.end - text);
	return 2 + pattern_push_captures(L, text, &m, false);
}

static int string_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* upvalues: text, pattern, next place, end of the last match */
static int gmatch_step(lua_State *L)
{
	size_t len, pattern_len;
	const char *text = lua_tolstring(L, lua_upvalueindex(1), &len);
	const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_len);
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
	struct pattern_match m;
	for (size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3)); at <= len; at++) {
		if (!pattern_match_at(L, text, len, at, pattern, pattern_len, &m) || m.end - text == last)
			continue;
		lua_pushinteger(L, m.end - text);
		lua_pushvalue(L, -1);
		lua_replace(L, lua_upvalueindex(3));
		lua_replace(L, lua_upvalueindex(4));
		return pattern_push_captures(L, text, &m, true);
	}
	return 0;
}

static int string_gmatch(lua_State *L)
{
	luaL_checkstring(L, 1);
	luaL_checkstring(L, 2);
	lua_settop(L, 2);
	lua_pushinteger(L, 0);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, gmatch_step, 4);
	return 1;
}

static void add_template(lua_State *L, luaL_Buffer *b, const char *text, const struct pattern_match *m)
{
	size_t len;
	const char *template = lua_tolstring(L, 3, &len);
	for (size_t i = 0; i < len; i++) {
		if (template[i] != '%') {
			luaL_addchar(b, template[i]);
			continue;
		}
		char kind = ++i < len ? template[i] : '\0';
		if (kind == '%') {
			luaL_addchar(b, '%');
		} else if (kind == '0' || (kind == '1' && m->count == 0)) {
			luaL_addlstring(b, m->start, (size_t)(m->end - m->start));
		} else if (kind >= '1' && kind <= '9' && kind - '1' < m->count) {
			int n = pattern_push_captures(L, text, m, false), wanted = kind - '0';
			lua_pop(L, n - wanted);
			lua_insert(L, -wanted);
			lua_pop(L, wanted - 1);
			luaL_addvalue(b);
		} else {
			luaL_error(L, "invalid use of '%%' in the replacement text");
		}
		vm_charge(L, 1);
	}
	vm_charge(L, len / BYTES_A_STEP);
}

/* Adds what the match is replaced with, by the kind of the third argument. */
static void add_replacement(lua_State *L, luaL_Buffer *b, const char *text, const struct pattern_match *m)
{
	int n;
	switch (lua_type(L, 3)) {
	case LUA_TFUNCTION:
		lua_pushvalue(L, 3);
		n = pattern_push_captures(L, text, m, true);
		lua_call(L, n, 1);
		break;
	case LUA_TTABLE:
		n = pattern_push_captures(L, text, m, true);
		lua_pop(L, n - 1);
		lua_gettable(L, 3);
		break;
	default:
		add_template(L, b, text, m);
		return;
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(b, m->start, (size_t)(m->end - m->start));
		return;
	}
	if (!lua_isstring(L, -1))
		luaL_error(L, "string.gsub: the replacement is a %s, not a text", luaL_typename(L, -1));
	size_t len;
	lua_tolstring(L, -1, &len);
	vm_charge(L, len / BYTES_A_STEP);
	luaL_addvalue(b);
}

static int string_gsub(lua_State *L)
{
	size_t len, pattern_len;
	const char *text = luaL_checklstring(L, 1, &len), *pattern = luaL_checklstring(L, 2, &pattern_len);
	int kind = lua_type(L, 3);
	luaL_argexpected(L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE,
			 3, "string/function/table");
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1), count = 0;
	bool anchored = pattern_len && *pattern == '^';
	if (anchored) {
		pattern++;
		pattern_len--;
	}
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	struct pattern_match m;
	size_t at = 0;
	const char *last = NULL;
	while (count < most) {
		if (pattern_match_at(L, text, len, at, pattern, pattern_len, &m) && m.end != last) {
			count++;
			add_replacement(L, &b, text, &m);
			last = m.end;
			at = (size_t)(m.end - text);
		} else if (at < len) {
			luaL_addchar(&b, text[at++]);
		} else {
			break;
		}
		if (anchored)
			break;
	}
	luaL_addlstring(&b, text + at, len - at);
	luaL_pushresult(&b);
	lua_pushinteger(L, count);
	return 2;
}

/* One conversion: "%5.2f" and the like, checked: no '*', at most two digits each, no conversion that shows an
 * address. */
static const char *read_spec(lua_State *L, const char *p, const char *end, char spec[16])
{
	size_t n = 0;
	spec[n++] = '%';
	while (p < end && strchr("-+ #0", *p) && *p && n < 6)
		spec[n++] = *p++;
	for (int digits = 0; p < end && *p >= '0' && *p <= '9' && digits < 2; digits++)
		spec[n++] = *p++;
	if (p < end && *p == '.') {
		spec[n++] = *p++;
		for (int digits = 0; p < end && *p >= '0' && *p <= '9' && digits < 2; digits++)
			spec[n++] = *p++;
	}
	if (p >= end || !*p || !strchr("dicxXofeEgGs", *p))
		luaL_error(L,
			   "string.format: conversion \"%%%c\" is not known here; use %%d %%i %%c %%x %%X %%o %%f %%e "
			   "%%g %%s %%%%",
			   p < end && *p ? *p : ' ');
	spec[n] = '\0';
	return p;
}

static void add_formatted(lua_State *L, luaL_Buffer *b, char spec[16], char kind, int arg)
{
	char *out = luaL_prepbuffsize(b, 512); /* 1e308 with 99 decimals is 409 characters */
	size_t n = strlen(spec);
	int len;
	if (kind == 'c') {
		luaL_addchar(b, (char)luaL_checkinteger(L, arg));
		return;
	}
	if (strchr("fFeEgG", kind)) {
		snprintf(spec + n, 16 - n, "%c", kind);
		len = snprintf(out, 512, spec, luaL_checknumber(L, arg));
	} else {
		snprintf(spec + n, 16 - n, "ll%c", kind);
		len = snprintf(out, 512, spec, (long long)luaL_checkinteger(L, arg));
	}
	luaL_addsize(b, (size_t)len);
}

static void add_text(lua_State *L, luaL_Buffer *b, char spec[16], int arg)
{
	size_t len;
	luaL_checkany(L, arg);
	const char *text = sandbox_tostring(L, arg, &len);
	vm_charge(L, len / BYTES_A_STEP);
	if (spec[1] == '\0') {
		luaL_addvalue(b);
		return;
	}
	char out[512];
	size_t n = strlen(spec);
	snprintf(spec + n, 16 - n, "s");
	int wanted = snprintf(out, sizeof(out), spec, text);
	if (wanted < 0 || (size_t)wanted >= sizeof(out))
		luaL_error(L, "string.format: a text of more than %d bytes with a width", (int)sizeof(out));
	lua_pop(L, 1);
	luaL_addlstring(b, out, (size_t)wanted);
}

static int string_format(lua_State *L)
{
	size_t len;
	const char *p = checked(L, 1, &len), *end = p + len;
	int arg = 1;
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	for (; p < end; p++) {
		if (*p != '%') {
			luaL_addchar(&b, *p);
		} else if (p + 1 < end && p[1] == '%') {
			luaL_addchar(&b, *++p);
		} else {
			char spec[16];
			p = read_spec(L, p + 1, end, spec);
			vm_charge(L, 8);
			if (*p == 's')
				add_text(L, &b, spec, ++arg);
			else
				add_formatted(L, &b, spec, *p, ++arg);
		}
	}
	luaL_pushresult(&b);
	return 1;
}

void sandbox_push_string_library(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "byte", string_byte }, { "char", string_char }, { "find", string_find }, { "format", string_format },
		{ "gmatch", string_gmatch }, { "gsub", string_gsub }, { "len", string_len }, { "lower", string_lower },
		{ "match", string_match }, { "rep", string_rep }, { "reverse", string_reverse }, { "sub", string_sub },
		{ "upper", string_upper }, { NULL, NULL },
	};
	luaL_newlib(L, functions);
	lua_pushliteral(L, "");
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
	sandbox_protect(L, "string");
}
