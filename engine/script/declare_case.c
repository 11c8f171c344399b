/* script/declare_case.c: cases (what opens and closes, perhaps with a due time) and the predicates at_most,
 * at_least, between. */
#include "script/declare.h"

#include "base/hash.h"
#include "state/contacts.h"

#include <math.h>

#define CASE_META "nudged.case"
#define PREDICATE_META "nudged.predicate"

struct predicate { double low, high; };

bool predicate_at(lua_State *L, int index, double *low, double *high)
{
	struct predicate *p = luaL_testudata(L, index, PREDICATE_META);
	if (p) {
		*low = p->low;
		*high = p->high;
	}
	return p != NULL;
}

static double bound(lua_State *L, int index, const char *what)
{
	if (lua_type(L, index) == LUA_TSTRING)
		return (double)span_here(L, place_here(L), what, lua_tostring(L, index), false).ms / 1000;
	if (lua_type(L, index) != LUA_TNUMBER || !isfinite(lua_tonumber(L, index)))
		fail_here(L, "%s(x) is for series:run(%s(x)) and takes a number; on a term write term:%s(x)", what,
			  what, what);
	return lua_tonumber(L, index);
}

static int push_predicate(lua_State *L, double low, double high)
{
	loader_of(L);
	struct predicate *p = lua_newuserdatauv(L, sizeof(*p), 0);
	*p = (struct predicate){ low, high };
	luaL_setmetatable(L, PREDICATE_META);
	return 1;
}

static int predicate_at_most(lua_State *L)
{
	return push_predicate(L, -HUGE_VAL, bound(L, 1, "at_most"));
}

static int predicate_at_least(lua_State *L)
{
	return push_predicate(L, bound(L, 1, "at_least"), HUGE_VAL);
}

static int predicate_between(lua_State *L)
{
	double low = bound(L, 1, "between"), high = bound(L, 2, "between");
	if (low > high)
		fail_here(L, "between(low, high): low is greater than high; it can never hold");
	return push_predicate(L, low, high);
}

/* Without name = …: the opening type up to its last dot, "callback.promised" -> "callback". */
static struct str *case_name(struct pack *p, const struct fields *f, const struct str *opens)
{
	struct str *name = fields_text(f, "name", false);
	if (name)
		return name;
	const char *dot = memrchr(opens->data, '.', opens->len);
	return pack_str(
		p, (struct slice){ opens->data, dot && dot > opens->data ? (size_t)(dot - opens->data) : opens->len });
}

static struct str *case_type(struct pack *p, const struct case_decl *c, const char *what)
{
	return pack_str(p, arena_printf(&p->arena, "case.%s.%s", c->name->data, what));
}

/* What it follows, not its name or due time: changing those keeps open cases. */
static uint32_t case_id(const struct case_decl *c)
{
	struct bytes b = { 0 };
	bytes_put_u8(&b, c->about);
	for (struct str **s = c->opens; *s; s++)
		bytes_put_string(&b, str_slice(*s));
	bytes_put_u8(&b, 0);
	for (struct str **s = c->closes; *s; s++)
		bytes_put_string(&b, str_slice(*s));
	bytes_put_u8(&b, 0);
	bytes_put_string(&b, str_slice(c->key));
	uint32_t id = (uint32_t)hash64(bytes_slice(&b), 1);
	bytes_finish(&b);
	return id;
}

static int case_declare(lua_State *L)
{
	static const char *const allowed[] = { "opens", "closes", "key", "due", "per", "name", "meaning", NULL };
	static const char *const pers[] = { "customer", "member", NULL };
	static const char *const meanings[] = { "none", "complaint", "promise", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "case", place_here(L), allowed);
	unsigned count;
	struct case_decl c = { .file = f.place.file, .line = f.place.line };
	c.opens = fields_texts(&f, "opens", true, &count);
	c.closes = fields_texts(&f, "closes", true, &count);
	c.about = (uint8_t)fields_choice(&f, "per", pers, ABOUT_CUSTOMER);
	c.key = fields_text(&f, "key", false);
	c.due_ms = fields_ms(&f, "due", 0);
	c.meaning = (uint8_t)fields_choice(&f, "meaning", meanings, CASE_PLAIN);
	c.name = case_name(p, &f, c.opens[0]);
	check_new_name(L, f.place, "case", str_slice(c.name), LIMIT_TYPE_BYTES - sizeof("case..missed"));
	c.id = case_id(&c);
	if (p->case_count >= LIMIT_CASES)
		fields_fail(&f, "more than %u cases (limit_cases)", LIMIT_CASES);
	for (unsigned i = 0; i < p->case_count; i++) {
		if (p->cases[i].name == c.name)
			fields_fail_as(&f, "duplicate", "the name \"%s\" is taken at %s:%d; give this one name = \"…\"",
				       c.name->data, p->cases[i].file, p->cases[i].line);
		if (p->cases[i].id == c.id)
			fields_fail_as(&f, "duplicate", "it follows the same as the one at %s:%d; use that one",
				       p->cases[i].file, p->cases[i].line);
	}
	c.opened_type = case_type(p, &c, "opened");
	c.closed_type = case_type(p, &c, "closed");
	c.missed_type = case_type(p, &c, "missed");
	p->cases = list_room(p->cases, p->case_count, sizeof(*p->cases));
	p->cases[p->case_count] = c;
	unsigned *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
	*handle = p->case_count++;
	luaL_setmetatable(L, CASE_META);
	return 1;
}

static int read_case(lua_State *L, enum case_aggregate aggregate, enum term_type type)
{
	unsigned *handle = luaL_testudata(L, 1, CASE_META);
	if (!handle)
		fail_here(L, "this is a method of cases: write case:method() with a colon");
	const struct case_decl *c = &loader_of(L)->pack->cases[*handle];
	if (aggregate == CASE_IS_MISSED && c->due_ms == 0)
		fail_here(L, "case \"%s\" has no due time, so none is ever missed; add due = \"24h\"", c->name->data);
	struct term *t = term_new(L, TERM_CASE, type, 0);
	t->scope = c->about == ABOUT_MEMBER ? SCOPE_MEMBER : SCOPE_CUSTOMER;
	t->open_case.index = *handle;
	t->open_case.aggregate = (uint8_t)aggregate;
	term_push(L, t);
	return 1;
}

static int case_is_open(lua_State *L)
{
	return read_case(L, CASE_IS_OPEN, TYPE_BOOL);
}

static int case_count_open(lua_State *L)
{
	return read_case(L, CASE_COUNT_OPEN, TYPE_NUMBER);
}

static int case_is_missed(lua_State *L)
{
	return read_case(L, CASE_IS_MISSED, TYPE_BOOL);
}

static int case_age(lua_State *L)
{
	return read_case(L, CASE_AGE, TYPE_NUMBER);
}

static int case_turnaround(lua_State *L)
{
	return read_case(L, CASE_TURNAROUND, TYPE_NUMBER);
}

static const luaL_Reg methods[] = {
	{ "age", case_age },         { "count_open", case_count_open }, { "is_missed", case_is_missed },
	{ "is_open", case_is_open }, { "turnaround", case_turnaround }, { NULL, NULL },
};

/* upvalue: the methods. Fields opened, closed, missed are event types. */
static int case_index(lua_State *L)
{
	static const char *const names[] = { "opened",    "closed", "missed",     "is_open", "count_open",
					     "is_missed", "age",    "turnaround", NULL };
	unsigned *handle = luaL_testudata(L, 1, CASE_META);
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
	lua_pushvalue(L, 2);
	if (!handle || lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	const struct case_decl *c = &loader_of(L)->pack->cases[*handle];
	const struct str *type = strcmp(name, "opened") == 0   ? c->opened_type
				 : strcmp(name, "closed") == 0 ? c->closed_type
				 : strcmp(name, "missed") == 0 ? c->missed_type
							       : NULL;
	const char *nearest = nearest_name(name, names);
	if (type == c->missed_type && c->due_ms == 0)
		fail_as(L, "refused", place_here(L),
			"case \"%s\" has no due time, so none is ever missed; add due = \"24h\"", c->name->data);
	if (!type && nearest)
		fail_here(L, "cases have no \"%s\"; did you mean \"%s\"?", name, nearest);
	if (!type)
		fail_here(L,
			  "cases have no \"%s\"; known are .opened .closed .missed :is_open() :count_open() "
			  ":is_missed() :age() "
			  ":turnaround()",
			  name);
	lua_pushlstring(L, type->data, type->len);
	return 1;
}

void declare_cases(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "at_least", predicate_at_least }, { "at_most", predicate_at_most }, { "between", predicate_between },
		{ "case", case_declare }, { NULL, NULL },
	};
	luaL_newmetatable(L, CASE_META);
	luaL_newlib(L, methods);
	lua_pushcclosure(L, case_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
	luaL_newmetatable(L, PREDICATE_META);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
	luaL_setfuncs(L, functions, 0);
}
