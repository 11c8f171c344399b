/* script/declare_logic.c: terms that are not about series: all any no any_member, attr event request, open_alert
 * outcomes tenure now asked_for_it calc. */
#include "script/declare.h"

#include "state/record.h"

static int logic(lua_State *L, enum term_op op, const char *what)
{
	struct place at = place_here(L);
	bool list = lua_type(L, 1) == LUA_TTABLE && lua_gettop(L) == 1;
	lua_Integer n = list ? luaL_len(L, 1) : lua_gettop(L);
	if (list && sandbox_push_sorted_keys(L, 1) != n)
		fail_at(L, at, "%s { … } takes a plain list of conditions, without nil or names", what);
	if (n == 0)
		fail_at(L, at, "%s needs at least one condition: %s { a, b }", what, what);
	struct term *t = term_new(L, op, TYPE_BOOL, n > UINT16_MAX ? UINT16_MAX : (unsigned)n);
	for (lua_Integer i = 0; i < n; i++) {
		if (list)
			lua_geti(L, 1, i + 1);
		else
			lua_pushvalue(L, (int)i + 1);
		t->children[i] = term_condition(L, -1, at, what);
		lua_pop(L, 1);
	}
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static int logic_all(lua_State *L)
{
	return logic(L, TERM_ALL, "all");
}

static int logic_any(lua_State *L)
{
	return logic(L, TERM_ANY, "any");
}

static int logic_no(lua_State *L)
{
	return logic(L, TERM_NO, "no");
}

static bool contains(const struct term *t, enum term_op op, const struct pack *p)
{
	const struct term *part;
	if (t->op == op)
		return true;
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		if (contains(part, op, p))
			return true;
	return false;
}

static int logic_any_member(lua_State *L)
{
	struct place at = place_here(L);
	struct term *inner = term_condition(L, 1, at, "any_member");
	if (contains(inner, TERM_ANY_MEMBER, loader_of(L)->pack))
		fail_at(L, at, "any_member within any_member: one member is bound at a time");
	struct term *t = term_new(L, TERM_ANY_MEMBER, TYPE_BOOL, 1);
	t->children[0] = inner;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static int push_named(lua_State *L, enum term_op op, enum term_type type, enum term_scope scope, int index,
		      const char *what)
{
	struct place at = place_here(L);
	if (lua_type(L, index) != LUA_TSTRING || lua_rawlen(L, index) == 0 ||
	    lua_rawlen(L, index) > LIMIT_ATTRIBUTE_NAME_BYTES)
		fail_at(L, at, "%s needs a name of 1 to %u bytes", what, LIMIT_ATTRIBUTE_NAME_BYTES);
	struct term *t = term_new(L, op, type, 0);
	t->scope = (uint8_t)scope;
	t->name = pack_str_at(L, index);
	term_push(L, t);
	return 1;
}

/* attr "name", or attr("name", "agent") for another subject's in decisions */
static int logic_attr(lua_State *L)
{
	static const char *const scopes[] = { "subject", "customer", "member", "agent", "area", NULL };
	int scope = SCOPE_SUBJECT;
	if (!lua_isnoneornil(L, 2)) {
		const char *text = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
		for (scope = 0; scopes[scope] && strcmp(scopes[scope], text) != 0;)
			scope++;
		if (!scopes[scope])
			fail_here(L, "attr(name, whose): whose is \"customer\", \"member\", \"agent\" or \"area\"");
	}
	return push_named(L, TERM_ATTR, TYPE_ANY, (enum term_scope)scope, 1, "attr");
}

static bool is_text_field(const char *name)
{
	static const char *const fields[] = { "id",   "source",  "customer", "member", "agent",    "contact",
					      "type", "channel", "intent",   "topic",  "language", NULL };
	for (size_t i = 0; fields[i]; i++)
		if (strcmp(fields[i], name) == 0)
			return true;
	return false;
}

static enum term_type field_type(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TSTRING)
		return TYPE_ANY;
	const char *name = lua_tostring(L, index);
	return is_text_field(name)                                      ? TYPE_STRING
	       : strcmp(name, "time") == 0 || strcmp(name, "mood") == 0 ? TYPE_NUMBER
									: TYPE_ANY;
}

static int event_field(lua_State *L)
{
	return push_named(L, TERM_EVENT, field_type(L, 2), SCOPE_SUBJECT, 2, "event");
}

static int request_field(lua_State *L)
{
	return push_named(L, TERM_REQUEST, field_type(L, 2), SCOPE_SUBJECT, 2, "request");
}

static int refuse_field_write(lua_State *L)
{
	fail_here(L, "event and request are read, not set; a rule sets attributes with set = { … }");
}

static int logic_open_alert(lua_State *L)
{
	return push_named(L, TERM_OPEN_ALERT, TYPE_BOOL, SCOPE_SUBJECT, 1, "open_alert");
}

/* outcomes { "rejected", within = "30d", action = …, group = …, goal = … } */
static int logic_outcomes(lua_State *L)
{
	static const char *const allowed[] = { "#", "kind", "within", "action", "group", "goal", NULL };
	struct fields f = fields_open(L, 1, "outcomes", place_here(L), allowed);
	struct term *t = term_new(L, TERM_OUTCOMES, TYPE_NUMBER, 0);
	t->outcomes.span = (struct span){ .kind = SPAN_EVER };
	lua_geti(L, 1, 1);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_getfield(L, 1, "kind");
	}
	if (!lua_isnil(L, -1)) {
		if (lua_type(L, -1) == LUA_TSTRING)
			t->outcomes.kind = outcome_from_name(slice_of(lua_tostring(L, -1)));
		if (t->outcomes.kind == 0)
			fields_fail(&f, "the kind is one of shown, offered, accepted, rejected, later, ignored, overruled");
	}
	lua_pop(L, 1);
	fields_span(&f, "within", &t->outcomes.span);
	t->outcomes.action = fields_text(&f, "action", false);
	t->outcomes.group = fields_text(&f, "group", false);
	t->outcomes.goal = fields_text(&f, "goal", false);
	term_push(L, t);
	return 1;
}

static int logic_tenure(lua_State *L)
{
	term_push(L, term_new(L, TERM_TENURE, TYPE_NUMBER, 0));
	return 1;
}

static int logic_now(lua_State *L)
{
	term_push(L, term_new(L, TERM_NOW, TYPE_NUMBER, 0));
	return 1;
}

static int logic_asked(lua_State *L)
{
	term_push(L, term_new(L, TERM_ASKED, TYPE_BOOL, 0));
	return 1;
}

/* calc({ n = term, … }, function(v) … end) */
static int logic_calc(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct place at = place_here(L);
	if (lua_type(L, 1) != LUA_TTABLE || lua_type(L, 2) != LUA_TFUNCTION)
		fail_at(L, at,
			"calc takes inputs and a function: calc({ n = fact.x }, function(v) return v.n / 10 end)");
	lua_settop(L, 2);
	lua_Integer n = sandbox_push_sorted_keys(L, 1);
	struct term *t = term_new(L, TERM_CALL, TYPE_ANY, n > UINT16_MAX ? UINT16_MAX : (unsigned)n);
	t->call.names = arena_calloc(&l->pack->arena, (size_t)n + 1, sizeof(struct str *));
	for (lua_Integer i = 0; i < n; i++) {
		if (lua_rawgeti(L, 3, i + 1) != LUA_TSTRING)
			fail_at(L, at, "calc: every input has a name: { n = term }");
		t->call.names[i] = pack_str_at(L, -1);
		lua_gettable(L, 1);
		t->children[i] = term_operand(L, -1, false, "calc");
		lua_pop(L, 1);
	}
	t->call.function = vm_keep(L, 2);
	term_done(L, t);
	term_push(L, t);
	return 1;
}

/* `call` NULL: it cannot be called. */
static void push_reader(lua_State *L, lua_CFunction read, lua_CFunction call)
{
	lua_newuserdatauv(L, 0, 0);
	lua_createtable(L, 0, 4);
	if (call) {
		lua_pushcfunction(L, call);
		lua_setfield(L, -2, "__call");
	}
	lua_pushcfunction(L, read);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_field_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}

void declare_logic(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "all", logic_all },
		{ "any", logic_any },
		{ "any_member", logic_any_member },
		{ "asked_for_it", logic_asked },
		{ "attr", logic_attr },
		{ "calc", logic_calc },
		{ "no", logic_no },
		{ "now", logic_now },
		{ "open_alert", logic_open_alert },
		{ "outcomes", logic_outcomes },
		{ "tenure", logic_tenure },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0);
	push_reader(L, event_field, event_declare);
	lua_setfield(L, -2, "event");
	push_reader(L, request_field, NULL);
	lua_setfield(L, -2, "request");
}
