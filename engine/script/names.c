/* script/names.c: walks through an environment and the methods of each kind of value. See names.h. */
#include "script/names.h"

#include "base/check.h"
#include "base/error.h"
#include "script/testing_parts.h"

struct walk {
	name_seen seen;
	void *arg;
};

struct kind {
	const char *meta, *name;
};

/* In place of what is on top: a locked table's content, or the methods behind an __index, which is their table or a
 * function that has it as its upvalue. */
static void push_behind(lua_State *L)
{
	if (lua_istable(L, -1))
		sandbox_push_content(L, -1);
	else if (!lua_isfunction(L, -1) || !lua_getupvalue(L, -1, 1))
		lua_pushnil(L);
	lua_remove(L, -2);
}

/* The table on top; pops it. A library in it is walked through too. */
static void walk_table(lua_State *L, const struct walk *w, const char *of)
{
	if (!lua_istable(L, -1)) {
		lua_pop(L, 1);
		return;
	}
	lua_Integer count = sandbox_push_sorted_keys(L, -1);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, i);
		const char *name = lua_tostring(L, -1);
		lua_pushvalue(L, -1);
		lua_rawget(L, -4);
		w->seen(w->arg, of, name);
		if (lua_istable(L, -1)) {
			push_behind(L);
			walk_table(L, w, name);
		} else {
			lua_pop(L, 1);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
}

static void walk_index(lua_State *L, const struct walk *w, const char *of)
{
	lua_pushliteral(L, "__index");
	lua_rawget(L, -2);
	push_behind(L);
	walk_table(L, w, of);
	lua_pop(L, 1);
}

static void walk(lua_State *L, const struct walk *w, const struct kind *kinds)
{
	luaL_checkstack(L, 40, NULL);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
	CHECK(lua_getmetatable(L, -1));
	walk_index(L, w, "");
	lua_pop(L, 1);
	for (; kinds->meta; kinds++) {
		CHECK(luaL_getmetatable(L, kinds->meta) == LUA_TTABLE);
		walk_index(L, w, kinds->name);
	}
}

void names_of_packs(name_seen seen, void *arg)
{
	static const struct kind kinds[] = {
		{ "nudged.term", "Term" },
		{ "nudged.series", "Series" },
		{ "nudged.case", "Case" },
		{ "nudged.contacts", "Contacts" },
		{ "nudged.churn", "Churn" },
		{ "nudged.contract", "Contracts" },
		{ NULL, NULL },
	};
	const struct walk w = { seen, arg };
	struct strpool *pool = strpool_create();
	struct bundle b = { 0 };
	struct pack *p;
	CHECK(bundle_add(&b, SLICE("pack.lua"), SLICE("pack { name = \"names\" }\n")) == ERR_OK);
	CHECK(pack_load(&p, &b, pool) == ERR_OK);
	walk(p->vm->L, &w, kinds);
	lua_rawgetp(p->vm->L, LUA_REGISTRYINDEX, &vm_context_key);
	CHECK(lua_getmetatable(p->vm->L, -1));
	walk_index(p->vm->L, &w, "Context");
	lua_settop(p->vm->L, 0);
	pack_destroy(p);
	bundle_finish(&b);
	strpool_destroy(pool);
}

void names_of_tests(name_seen seen, void *arg)
{
	static const struct kind kinds[] = {
		{ SUBJECT_META, "Subject" },
		{ STEP_META, "Step" },
		{ REQUEST_META, "Answer" },
		{ NULL, NULL },
	};
	static const struct testing_host nobody;
	const struct walk w = { seen, arg };
	struct bundle pack = { 0 }, tests = { 0 };
	struct testing *t;
	CHECK(bundle_add(&tests, SLICE("tests/none.lua"), SLICE("")) == ERR_OK);
	CHECK(testing_open(&t, &pack, &tests, 0, &nobody) == ERR_OK);
	walk(t->vm->L, &w, kinds);
	lua_settop(t->vm->L, 0);
	testing_close(t);
	bundle_finish(&tests);
}
