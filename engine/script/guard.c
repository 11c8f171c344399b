/* script/guard.c: loading that goes on after a mistake, so that `rules check` can tell all of them and not only the
 * first.
 *
 * Every function that a pack's files may call to declare something runs guarded: what it raises is noted as a finding,
 * and a hole takes the place of what it would have given. A hole is a term that lets everything be done with it: it can
 * be indexed, called, compared and used wherever a term is wanted. A mistake that only follows from a hole among the
 * arguments is not told: whoever mends the first one sees the next.
 *
 * Nothing of this exists while a pack is loaded to be used. */
#include "script/declare.h"

#define WALK_DEPTH 6 /* of tables within the arguments of a declaration */

void guard_push_hole(lua_State *L)
{
	struct term *t = term_new(L, TERM_LITERAL, TYPE_ANY, 0);
	loader_of(L)->holes++;
	t->hole = t->used = true;
	term_push(L, t);
}

bool guard_note(lua_State *L, const char *code, int status)
{
	struct loader *l = loader_of(L);
	char text[700];
	if (vm_of(L)->tripped || status == LUA_ERRMEM || status == LUA_ERRERR)
		return false;
	vm_error_text(L, text, sizeof(text));
	if (l->holes && (strstr(text, "userdata") || strstr(text, "must be a number")))
		return true; /* what Lua itself says of a hole */
	code = l->code ? l->code : code;
	l->code = NULL;
	l->refused = true;
	if (strcmp(code, CODE_FOLLOWS) == 0)
		return true;
	if (l->incomplete && strcmp(code, "unknown-fact") == 0)
		return true; /* the file that broke off may declare it */
	if (l->compared && strcmp(code, "bare-boolean") == 0) {
		l->compared--;
		return true;
	}
	const char *place = strstr(text, ".lua:");
	place = place ? place : strstr(text, SETTINGS_FILE ":");
	if (place && !memchr(text, ' ', (size_t)(place - text)))
		findings_add_text(l->findings, code, "pack.lua", text);
	else
		complain(L, code, place_here(L), "%s", text);
	return true;
}

struct walk {
	bool hole;   /* one was seen */
	bool settle; /* terms are marked as used: the declaration that would have used them was refused */
};

static void walk_value(lua_State *L, int index, struct walk *w, int depth)
{
	struct term *t = term_at(L, index);
	if (t) {
		w->hole = w->hole || t->hole;
		t->used = t->used || w->settle;
		return;
	}
	if (lua_type(L, index) != LUA_TTABLE || depth == 0 || !lua_checkstack(L, 10))
		return;
	index = lua_absindex(L, index);
	lua_pushnil(L);
	while (lua_next(L, index)) {
		walk_value(L, -1, w, depth - 1);
		lua_pop(L, 1);
	}
}

static void walk_arguments(lua_State *L, int count, struct walk *w)
{
	for (int i = 1; i <= count; i++)
		walk_value(L, i, w, WALK_DEPTH);
}

/* A mistake that a hole may be the cause of. */
static bool may_follow(const char *code)
{
	static const char *const codes[] = { "bare-boolean", "lua-operator", "refused", "unknown-method" };
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i], code) == 0)
			return true;
	return false;
}

static void push_guarded(lua_State *L, const char *code);

/* Terms that the refused call had begun are only half there. */
static void drop_terms(struct loader *l, unsigned from)
{
	for (unsigned i = from; i < l->term_count; i++) {
		struct term *t = l->terms[i];
		t->op = TERM_LITERAL;
		t->type = TYPE_ANY;
		t->child_count = 0;
		t->literal = value_unknown();
		t->hole = t->used = true;
	}
}

/* upvalues: the function, the code of what it raises */
static int guarded(lua_State *L)
{
	int count = lua_gettop(L);
	const char *code = lua_touserdata(L, lua_upvalueindex(2));
	if (!vm_of(L)->loader)
		return luaL_error(L, "declarations are made while the pack is loaded");
	luaL_checkstack(L, count + 20, "too many arguments");
	unsigned terms = vm_of(L)->loader->term_count;
	lua_pushvalue(L, lua_upvalueindex(1));
	for (int i = 1; i <= count; i++)
		lua_pushvalue(L, i);
	int status = lua_pcall(L, count, LUA_MULTRET, 0);
	if (status == LUA_OK) {
		for (int i = count + 1; i <= lua_gettop(L); i++)
			if (lua_iscfunction(L, i)) { /* rule "name" gives the function that takes the body */
				lua_pushvalue(L, i);
				push_guarded(L, code);
				lua_replace(L, i);
			}
		return lua_gettop(L) - count;
	}
	struct loader *l = vm_of(L)->loader;
	struct findings *findings = l->findings, none = { 0 };
	struct walk w = { .settle = true };
	drop_terms(l, terms);
	walk_arguments(L, count, &w);
	if (w.hole && may_follow(l->code ? l->code : code))
		l->findings = &none;
	bool noted = guard_note(L, code, status);
	l->findings = findings;
	findings_finish(&none);
	if (!noted)
		return lua_error(L);
	l->compared += strcmp(code, "lua-operator") == 0;
	lua_settop(L, count);
	guard_push_hole(L);
	return 1;
}

/* Puts a guarded function in the place of the one on top. */
static void push_guarded(lua_State *L, const char *code)
{
	if (lua_tocfunction(L, -1) == guarded)
		return;
	lua_pushlightuserdata(L, (void *)code);
	lua_pushcclosure(L, guarded, 2);
}

static const char *code_of(const char *key)
{
	static const char *const operators[] = {
		"__concat", "__eq", "__idiv", "__le", "__len", "__lt", "__mod", "__pow"
	};
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strcmp(operators[i], key) == 0)
			return "lua-operator";
	return strcmp(key, "__index") == 0 ? "unknown-method" : "refused";
}

/* The functions of the table on top, and of what it is indexed by. */
static void guard_table(lua_State *L)
{
	int table = lua_gettop(L);
	luaL_checkstack(L, 10, "too deep");
	lua_pushnil(L);
	while (lua_next(L, table)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
		if (lua_iscfunction(L, -1)) {
			push_guarded(L, code_of(key));
			lua_pushvalue(L, -2);
			lua_insert(L, -2);
			lua_rawset(L, table);
		} else {
			if (lua_istable(L, -1) && strcmp(key, "__index") == 0)
				guard_table(L);
			else if (lua_isuserdata(L, -1) && lua_getmetatable(L, -1)) { /* fact, event, request */
				guard_table(L);
				lua_pop(L, 1);
			}
			lua_pop(L, 1);
		}
	}
	if (lua_getmetatable(L, table)) {
		guard_table(L);
		lua_pop(L, 1);
	}
}

/* Everything can be asked of a hole; of other terms, their methods. upvalue: those */
static int term_index(lua_State *L)
{
	const struct term *t = term_at(L, 1);
	if (t && t->hole)
		guard_push_hole(L);
	else
		lua_gettable(L, lua_upvalueindex(1));
	return 1;
}

void guard_names(lua_State *L)
{
	static const char *const metas[] = { "nudged.term", "nudged.series", "nudged.case" };
	guard_table(L);
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++) {
		luaL_getmetatable(L, metas[i]);
		guard_table(L);
		lua_pop(L, 1);
	}
	luaL_getmetatable(L, "nudged.term");
	lua_getfield(L, -1, "__index");
	lua_pushcclosure(L, term_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}

/* Reading a name that packs have not. upvalues: the function that refuses it */
static int unknown_global(lua_State *L)
{
	lua_settop(L, 2);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);
	if (!guard_note(L, "unknown-name", lua_pcall(L, 2, 1, 0)))
		return lua_error(L);
	guard_push_hole(L);
	return 1;
}

/* Setting one: refused once, and set nevertheless, for those that read it. upvalues: the function, the names */
static int new_global(lua_State *L)
{
	lua_settop(L, 3);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, 3);
	if (!guard_note(L, "global-assignment", lua_pcall(L, 3, 1, 0)))
		return lua_error(L);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, 3);
	lua_rawset(L, lua_upvalueindex(2));
	return 0;
}

void guard_environment(lua_State *L)
{
	lua_getmetatable(L, -1);
	lua_getfield(L, -1, "__index"); /* the names */
	int names = lua_gettop(L);
	lua_getfield(L, -2, "__newindex");
	lua_pushvalue(L, names);
	lua_pushcclosure(L, new_global, 2);
	lua_setfield(L, -3, "__newindex");
	lua_getmetatable(L, names);
	lua_getfield(L, -1, "__index");
	lua_pushcclosure(L, unknown_global, 1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 3);
}
