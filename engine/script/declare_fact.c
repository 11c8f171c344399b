/* script/declare_fact.c: facts (`fact.NAME = term`, `fact "name" (term)`) and the words of a pack with their {name}
 * parts. */
#include "script/declare.h"

static const char *const reserved[] = { "event",   "request", "attr",    "member", "customer", "agent", "area",
					"alert",   "set",     "add",     "nudge",  "now",      "id",    "source",
					"contact", "type",    "channel", "time",   NULL };

static void check_fact_name(lua_State *L, struct place at, struct slice name)
{
	struct pack *p = loader_of(L)->pack;
	check_new_name(L, at, "fact", name, LIMIT_ATTRIBUTE_NAME_BYTES);
	if (strpbrk(name.data, "-.") || (name.data[0] >= '0' && name.data[0] <= '9'))
		fail_at(L, at, "fact \"%s\": a fact's name is letters, digits and '_', so that {%s} and c.%s work",
			name.data, name.data, name.data);
	for (size_t i = 0; reserved[i]; i++)
		if (strcmp(reserved[i], name.data) == 0)
			fail_at(L, at, "fact \"%s\": this name means an event's field; choose another", name.data);
	for (unsigned i = 0; i < p->fact_count; i++)
		if (slice_equal(str_slice(p->facts[i].name), name))
			fail_as(L, "duplicate", at, "fact \"%s\" is declared twice; first at %s:%d", name.data,
				p->facts[i].term->file, p->facts[i].term->line);
	if (p->fact_count >= LIMIT_FACTS)
		fail_at(L, at, "more than %u facts (limit_facts)", LIMIT_FACTS);
}

/* A series, a case, contacts …: what is kept has to be asked for something before it is a value. */
static void refuse_kept(lua_State *L, struct place at, const char *fact, int index)
{
	static const char *const asked[][2] = {
		{ "series", ":count \"7d\"" }, { "case", ":is_open()" },      { "contacts", ":count \"30d\"" },
		{ "contract", ":is_active()" }, { "churn", ":is_lost()" }, { NULL, NULL },
	};
	if (lua_type(L, index) != LUA_TUSERDATA || luaL_getmetafield(L, index, "__name") != LUA_TSTRING)
		return;
	const char *dot = strrchr(lua_tostring(L, -1), '.');
	for (size_t i = 0; dot && asked[i][0]; i++)
		if (strcmp(dot + 1, asked[i][0]) == 0)
			fail_at(L, at, "fact \"%s\" must be a term, and this is a %s; ask it something, such as %s", fact, asked[i][0],
				asked[i][1]);
	lua_pop(L, 1);
}

static void add_fact(lua_State *L, struct place at, int name_index, int term_index)
{
	struct pack *p = loader_of(L)->pack;
	struct slice name;
	if (lua_type(L, name_index) != LUA_TSTRING)
		fail_at(L, at, "a fact's name is a text: fact.NAME = term");
	name.data = lua_tolstring(L, name_index, &name.len);
	check_fact_name(L, at, name);
	struct term *t = term_at(L, term_index);
	if (lua_type(L, term_index) == LUA_TBOOLEAN)
		fail_as(L, "bare-boolean", at,
			"fact \"%s\" is a bare %s: Lua's `and`, `or`, `not` and `==` do not build conditions; use all "
			"{ … }, any { … }, "
			"no { … } and :is(…)",
			name.data, lua_toboolean(L, term_index) ? "true" : "false");
	if (!t) {
		refuse_kept(L, at, name.data, term_index);
		fail_at(L, at, "fact \"%s\" must be a term, not a %s; a constant is a local", name.data,
			luaL_typename(L, term_index));
	}
	t->used = true;
	p->facts = list_room(p->facts, p->fact_count, sizeof(*p->facts));
	p->facts[p->fact_count++] = (struct fact_decl){ .name = pack_str_at(L, name_index), .term = t };
}

unsigned fact_add(lua_State *L, struct place at, struct slice name, struct term *t)
{
	struct pack *p = loader_of(L)->pack;
	check_fact_name(L, at, name);
	t->used = true;
	p->facts = list_room(p->facts, p->fact_count, sizeof(*p->facts));
	p->facts[p->fact_count] = (struct fact_decl){ .name = pack_str(p, name), .term = t };
	return p->fact_count++;
}

static int fact_write(lua_State *L)
{
	add_fact(L, place_here(L), 2, 3);
	return 0;
}

static int fact_named(lua_State *L)
{
	lua_settop(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	add_fact(L, place_here(L), 2, 1);
	return 0;
}

static int fact_call(lua_State *L)
{
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, fact_named, 1);
	return 1;
}

static int fact_read(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	struct slice name = { "", 0 };
	if (lua_type(L, 2) == LUA_TSTRING)
		name.data = lua_tolstring(L, 2, &name.len);
	for (unsigned i = 0; i < p->fact_count; i++) {
		if (!slice_equal(str_slice(p->facts[i].name), name))
			continue;
		const struct term *of = p->facts[i].term;
		struct term *t = term_new(L, TERM_FACT, of->type, 0);
		t->scope = of->scope;
		t->fact = i;
		term_done(L, t);
		term_push(L, t);
		return 1;
	}
	const char **names = arena_calloc(&p->arena, p->fact_count + 1, sizeof(*names));
	for (unsigned i = 0; i < p->fact_count; i++)
		names[i] = p->facts[i].name->data;
	const char *nearest = nearest_name(name.data, names);
	if (nearest)
		fail_as(L, "unknown-fact", place_here(L), "no fact \"%s\" is declared; did you mean \"%s\"?", name.data,
			nearest);
	fail_as(L, "unknown-fact", place_here(L), "no fact \"%s\" is declared above this line; write fact.%s = … first",
		name.data, name.data);
}

void declare_facts(lua_State *L)
{
	lua_newuserdatauv(L, 0, 0);
	lua_createtable(L, 0, 4);
	lua_pushcfunction(L, fact_read);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, fact_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushcfunction(L, fact_call);
	lua_setfield(L, -2, "__call");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "fact");
}
