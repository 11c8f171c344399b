/* script/declare.c: reading a declaration's table, and refusing what is wrong with it: file, line, what, and what to
 * do. */
#include "script/declare.h"

#include "base/check.h"
#include "base/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define DECLARATION_STEPS                                                                                              \
	20 /* what a declaration or term costs of the loading budget: it bounds the memory they take, too */

struct loader *loader_of(lua_State *L)
{
	struct vm *vm = vm_of(L);
	if (!vm->loader)
		luaL_error(L, "declarations are made while the pack is loaded, not by a function that runs later");
	return vm->loader;
}

void *list_room(void *items, unsigned count, size_t size)
{
	if (count & (count - 1))
		return items;
	return must_realloc(items, (count ? 2 * (size_t)count : 1) * size);
}

struct str *pack_str(struct pack *p, struct slice text)
{
	struct str *s = strpool_take(p->pool, text);
	p->strings = list_room(p->strings, p->string_count, sizeof(*p->strings));
	p->strings[p->string_count++] = s;
	return s;
}

struct str *pack_str_at(lua_State *L, int index)
{
	struct slice text;
	text.data = lua_tolstring(L, index, &text.len);
	return pack_str(vm_of(L)->loader->pack, text);
}

struct place place_here(lua_State *L)
{
	lua_Debug ar;
	struct loader *l = loader_of(L);
	vm_charge(L, DECLARATION_STEPS);
	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline <= 0 || ar.source[0] != '@')
			continue;
		if (!l->last_file || strcmp(l->last_file->data, ar.source + 1) != 0)
			l->last_file = pack_str(l->pack, slice_of(ar.source + 1));
		return (struct place){ l->last_file->data, ar.currentline };
	}
	return (struct place){ "pack.lua", 0 };
}

static _Noreturn void fail_list(lua_State *L, struct place at, const char *format, va_list args)
{
	char text[600];
	vsnprintf(text, sizeof(text), format, args);
	lua_pushfstring(L, "%s:%d: %s", at.file, at.line, text);
	lua_error(L);
	__builtin_unreachable();
}

void fail_at(lua_State *L, struct place at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_list(L, at, format, args);
}

void fail_as(lua_State *L, const char *code, struct place at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	loader_of(L)->code = code;
	fail_list(L, at, format, args);
}

void complain(lua_State *L, const char *code, struct place at, const char *format, ...)
{
	struct loader *l = loader_of(L);
	char text[700];
	va_list args;
	va_start(args, format);
	if (!l->findings)
		fail_list(L, at, format, args);
	int len = snprintf(text, sizeof(text), "%s:%d: ", at.file, at.line);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	l->refused = true;
	findings_add_text(l->findings, code, at.file, text);
}

void fields_fail(const struct fields *f, const char *format, ...)
{
	char text[500];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_at(f->L, f->place, "%s: %s", f->what, text);
}

void fields_fail_as(const struct fields *f, const char *code, const char *format, ...)
{
	char text[500];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (f->strange && strcmp(code, "missing-field") == 0)
		code = CODE_FOLLOWS;
	fail_as(f->L, code, f->place, "%s: %s", f->what, text);
}

static bool listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void check_fields(struct fields *f, const char *const *allowed)
{
	lua_State *L = f->L;
	lua_Integer count = sandbox_push_sorted_keys(L, f->table);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, i);
		if (lua_type(L, -1) != LUA_TSTRING) {
			if (!listed("#", allowed))
				fields_fail(f, "it has a value without a field name; write name = value");
		} else if (!listed(lua_tostring(L, -1), allowed)) {
			const char *nearest = nearest_name(lua_tostring(L, -1), allowed);
			char known[300] = "";
			for (size_t k = 0, len = 0; allowed[k] && len < sizeof(known); k++)
				if (allowed[k][0] != '#')
					len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
								len ? ", " : "", allowed[k]);
			if (nearest)
				complain(L, "unknown-field", f->place, "%s: unknown field \"%s\"; did you mean \"%s\"?",
					 f->what, lua_tostring(L, -1), nearest);
			else
				complain(L, "unknown-field", f->place, "%s: unknown field \"%s\"; known are %s", f->what,
					 lua_tostring(L, -1), known);
			f->strange = true;
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

struct fields fields_open(lua_State *L, int index, const char *what, struct place place, const char *const *allowed)
{
	struct fields f = { L, lua_absindex(L, index), what, place, false };
	luaL_checkstack(L, 20, "declarations nested too deep");
	if (lua_type(L, index) != LUA_TTABLE)
		fields_fail(&f, "takes a table { … }, not a %s", luaL_typename(L, index));
	check_fields(&f, allowed);
	return f;
}

bool fields_push(const struct fields *f, const char *name)
{
	if (lua_getfield(f->L, f->table, name) != LUA_TNIL)
		return true;
	lua_pop(f->L, 1);
	return false;
}

struct str *fields_text(const struct fields *f, const char *name, bool required)
{
	if (!fields_push(f, name)) {
		if (required)
			fields_fail_as(f, "missing-field", "needs %s = \"…\"", name);
		return NULL;
	}
	if (lua_type(f->L, -1) != LUA_TSTRING || lua_rawlen(f->L, -1) == 0)
		fields_fail(f, "%s must be a text, not %s", name,
			    lua_type(f->L, -1) == LUA_TSTRING ? "an empty one" : luaL_typename(f->L, -1));
	struct str *s = pack_str_at(f->L, -1);
	lua_pop(f->L, 1);
	return s;
}

struct str **fields_texts(const struct fields *f, const char *name, bool required, unsigned *count)
{
	lua_State *L = f->L;
	struct arena *arena = &vm_of(L)->loader->pack->arena;
	*count = 0;
	if (!fields_push(f, name)) {
		if (required)
			fields_fail_as(f, "missing-field", "needs %s = \"…\" or a list of texts", name);
		return NULL;
	}
	bool list = lua_type(L, -1) == LUA_TTABLE;
	lua_Integer n = list ? luaL_len(L, -1) : 1;
	if (n == 0 && required)
		fields_fail(f, "%s is an empty list", name);
	struct str **out = arena_calloc(arena, (size_t)n + 1, sizeof(*out));
	for (lua_Integer i = 0; i < n; i++) {
		if (list)
			lua_geti(L, -1, i + 1);
		else
			lua_pushvalue(L, -1);
		if (lua_type(L, -1) != LUA_TSTRING || lua_rawlen(L, -1) == 0)
			fields_fail(f, "%s must be a text or a list of texts, not %s", name,
				    lua_type(L, -1) == LUA_TSTRING ? "empty" : luaL_typename(L, -1));
		out[i] = pack_str_at(L, -1);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	*count = (unsigned)n;
	return out;
}

double fields_number(const struct fields *f, const char *name, double low, double high, double otherwise)
{
	if (!fields_push(f, name))
		return otherwise;
	double n = lua_type(f->L, -1) == LUA_TNUMBER ? lua_tonumber(f->L, -1) : NAN;
	if (!(n >= low && n <= high) || !isfinite(n)) {
		char least[32], most[32];
		if (isinf(high))
			fields_fail(f, "%s must be a number of at least %s", name, number_text(low, least));
		fields_fail(f, "%s must be a number from %s to %s", name, number_text(low, least),
			    number_text(high, most));
	}
	lua_pop(f->L, 1);
	return n;
}

struct span span_here(lua_State *L, struct place at, const char *what, const char *text, bool calendar)
{
	struct span s;
	if (span_parse(slice_of(text), &s) != ERR_OK)
		fail_as(L, "bad-span", at, "%s \"%.40s\" is not a span; write \"90s\", \"24h\", \"7d\" or \"2w\"%s, at most %d days",
			what, text, calendar ? ", or \"today\", \"month\", \"ever\"" : "",
			(int)(LIMIT_SPAN_MS / (24 * 3600 * 1000LL)));
	if (!calendar && s.kind != SPAN_EXACT)
		fail_at(L, at, "%s \"%s\" is a calendar span; write an exact one such as \"24h\" or \"7d\"", what, text);
	return s;
}

static bool read_span(const struct fields *f, const char *name, bool calendar, struct span *out)
{
	if (!fields_push(f, name))
		return false;
	if (lua_type(f->L, -1) != LUA_TSTRING)
		fields_fail(f, "%s must be a span such as \"24h\"%s or \"7d\", not a %s", name,
			    calendar ? ", \"today\"" : "", luaL_typename(f->L, -1));
	char what[200];
	snprintf(what, sizeof(what), "%s: %s =", f->what, name);
	*out = span_here(f->L, f->place, what, lua_tostring(f->L, -1), calendar);
	lua_pop(f->L, 1);
	return true;
}

bool fields_span(const struct fields *f, const char *name, struct span *out)
{
	return read_span(f, name, true, out);
}

int64_t fields_ms(const struct fields *f, const char *name, int64_t otherwise)
{
	struct span s;
	return read_span(f, name, false, &s) ? s.ms : otherwise;
}

int fields_choice(const struct fields *f, const char *name, const char *const *choices, int otherwise)
{
	if (!fields_push(f, name))
		return otherwise;
	const char *text = lua_type(f->L, -1) == LUA_TSTRING ? lua_tostring(f->L, -1) : luaL_typename(f->L, -1);
	char known[200] = "";
	size_t len = 0;
	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0) {
			lua_pop(f->L, 1);
			return i;
		}
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s\"%s\"", i ? ", " : "", choices[i]);
	}
	fields_fail(f, "%s = \"%s\" is not known; it is one of %s", name, text, known);
}

struct term *fields_value(const struct fields *f, const char *name)
{
	if (!fields_push(f, name))
		return NULL;
	char what[64];
	snprintf(what, sizeof(what), "%s", name);
	struct term *t = term_operand(f->L, -1, true, what);
	if (t->type != TYPE_NUMBER && t->type != TYPE_ANY)
		fields_fail(f, "%s must be a number, not %s", name, term_kind(t));
	t->used = true;
	lua_pop(f->L, 1);
	return t;
}

struct term *fields_condition(const struct fields *f, const char *name)
{
	if (!fields_push(f, name))
		return NULL;
	char what[200];
	snprintf(what, sizeof(what), "%s: %s", f->what, name);
	struct term *t = lua_type(f->L, -1) == LUA_TFUNCTION ? term_gate_function(f->L, -1, f->place)
							      : term_condition(f->L, -1, f->place, what);
	lua_pop(f->L, 1);
	return t;
}

bool fields_phrase(const struct fields *f, const char *name, struct phrase *out)
{
	if (!fields_push(f, name))
		return false;
	char what[200];
	snprintf(what, sizeof(what), "%s: %s", f->what, name);
	phrase_at(f->L, -1, f->place, what, out);
	lua_pop(f->L, 1);
	return true;
}

/* upvalues of the returned function: the declaration's number among the unfinished, its name, the body */
static int named_body(lua_State *L)
{
	lua_settop(L, 1);
	loader_of(L)->unfinished[lua_tointeger(L, lua_upvalueindex(1))].tried = true;
	lua_pushvalue(L, lua_upvalueindex(2));
	lua_insert(L, 1);
	return lua_tocfunction(L, lua_upvalueindex(3))(L);
}

static struct unfinished *named_entry(lua_State *L)
{
	return &loader_of(L)->unfinished[lua_tointeger(L, lua_upvalueindex(1))];
}

struct place declare_named_place(lua_State *L)
{
	return named_entry(L)->place;
}

void declare_named_done(lua_State *L)
{
	struct unfinished *u = named_entry(L);
	if (u->done)
		fail_as(L, "duplicate", u->place, "%s is given a second body", u->what);
	u->done = true;
}

int declare_named(lua_State *L, const char *what, lua_CFunction body)
{
	struct loader *l = loader_of(L);
	struct place at = place_here(L);
	if (!l->pack_declared) {
		complain(L, "pack-not-first", at, "%s comes before pack { name = \"…\" }; declare the pack first",
			 what);
		pack_assume(l);
	}
	if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0)
		fail_at(L, at, "%s needs a name: %s \"name\" { … }", what, what);
	struct slice text = arena_printf(&l->pack->arena, "%s \"%s\"", what, lua_tostring(L, 1));
	l->unfinished = list_room(l->unfinished, l->unfinished_count, sizeof(*l->unfinished));
	l->unfinished[l->unfinished_count] = (struct unfinished){ .place = at, .what = text.data };
	lua_pushinteger(L, l->unfinished_count++);
	lua_pushvalue(L, 1);
	lua_pushcfunction(L, body);
	lua_pushcclosure(L, named_body, 3);
	return 1;
}

void check_new_name(lua_State *L, struct place at, const char *what, struct slice name, size_t longest)
{
	if (name.len == 0 || name.len > longest)
		fail_at(L, at, "%s \"%.*s\": a name has 1 to %d bytes", what, SLICE_ARG(name), (int)longest);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.", c)) ||
		    !c)
			fail_at(L, at, "%s \"%.*s\": a name is made of letters, digits, '-', '_' and '.'", what,
				SLICE_ARG(name));
	}
}
