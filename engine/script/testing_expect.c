/* script/testing_expect.c: what a test expects. Each expectation is a method of what it is about: of a customer, agent
 * or area (the story so far), of what a step gave (that step alone), of the answer to a request.
 *
 *     nam:expect_alert("again-and-again", { to = "care", say = has "number 3" })
 *     nam:event("contact.started"):expect_not_fired "again-and-again"
 *     answer:expect_no_action("data-upgrade", { gate = "policy" })
 *     expect(nam:fact "texts_today", at_least(50))
 *
 * Values are compared by equality, or by has "part", at_least(x), at_most(x), between(a, b); nil: nothing there. */
#include "script/testing_parts.h"

#include "base/error.h"
#include "script/term.h"

#include <math.h>
#include <stdio.h>

enum shape {
	SHAPE_NAME,  /* ("name", { fields }) */
	SHAPE_VALUE, /* ("name", value, { fields }) */
	SHAPE_ORDER, /* { "first", "second" } */
	SHAPE_TEXT,  /* (value), or () for any */
	SHAPE_FIELDS, /* { fields } */
};
enum of { OF_ALL, OF_SUBJECT, OF_REQUEST };

static const struct {
	const char *name;
	enum of of;
	enum shape shape;
	const char *fields[EXPECTATION_FIELDS];
} methods[] = {
	[EXPECT_ALERT] = { "expect_alert",
			   OF_ALL,
			   SHAPE_NAME,
			   { "to", "severity", "say", "member", "state", "count" } },
	[EXPECT_NO_ALERT] = { "expect_no_alert", OF_ALL, SHAPE_NAME, { "member" } },
	[EXPECT_FIRED] = { "expect_fired", OF_ALL, SHAPE_NAME, { "count" } },
	[EXPECT_NOT_FIRED] = { "expect_not_fired", OF_ALL, SHAPE_NAME, { NULL } },
	[EXPECT_NUDGE] = { "expect_nudge", OF_ALL, SHAPE_NAME, { "action", "channel", "say", "member" } },
	[EXPECT_NO_NUDGE] = { "expect_no_nudge", OF_ALL, SHAPE_NAME, { NULL } },
	[EXPECT_ATTR] = { "expect_attr", OF_SUBJECT, SHAPE_VALUE, { "member" } },
	[EXPECT_FACT] = { "expect_fact", OF_SUBJECT, SHAPE_VALUE, { "member" } },
	[EXPECT_CASE] = { "expect_case", OF_SUBJECT, SHAPE_VALUE, { "member", "key" } },
	[EXPECT_SEGMENT] = { "expect_segment", OF_SUBJECT, SHAPE_NAME, { NULL } },
	[EXPECT_NO_SEGMENT] = { "expect_no_segment", OF_SUBJECT, SHAPE_NAME, { NULL } },
	[EXPECT_RELATIONSHIP] = { "expect_relationship", OF_SUBJECT, SHAPE_TEXT, { "*" } },
	[EXPECT_ACTION] = { "expect_action", OF_REQUEST, SHAPE_NAME, { "say", "reason", "score", "place", "member", "if_accepted", "if_rejected",
						     "if_later" } },
	[EXPECT_FIRST] = { "expect_first", OF_REQUEST, SHAPE_NAME, { "say", "reason", "score", "member", "if_accepted", "if_rejected",
						    "if_later" } },
	[EXPECT_NO_ACTION] = { "expect_no_action", OF_REQUEST, SHAPE_NAME, { "gate", "reason", "until_ms" } },
	[EXPECT_ORDER] = { "expect_order", OF_REQUEST, SHAPE_ORDER, { NULL } },
	[EXPECT_ANSWER] = { "expect_answer", OF_REQUEST, SHAPE_VALUE, { NULL } },
	[EXPECT_NO_ANSWER] = { "expect_no_answer", OF_REQUEST, SHAPE_NAME, { NULL } },
	[EXPECT_CAUTION] = { "expect_caution", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_NO_CAUTION] = { "expect_no_caution", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_OPENING] = { "expect_opening", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_NO_OPENING] = { "expect_no_opening", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_TOLD] = { "expect_told", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_NOT_TOLD] = { "expect_not_told", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_GUIDELINE] = { "expect_guideline", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_NO_GUIDELINE] = { "expect_no_guideline", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_AVOID] = { "expect_avoid", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_NO_AVOID] = { "expect_no_avoid", OF_REQUEST, SHAPE_TEXT, { NULL } },
	[EXPECT_STRAIN] = { "expect_strain", OF_REQUEST, SHAPE_FIELDS, { "score", "level", "say", "part", "actions" } },
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* Matches. */

static bool contains(struct slice text, struct slice part)
{
	return part.len == 0 || (text.len >= part.len && memmem(text.data, text.len, part.data, part.len) != NULL);
}

bool match_holds(const struct match *m, struct value v)
{
	double n = v.kind == VALUE_NUMBER ? v.number : NAN;
	switch (m->kind) {
	case MATCH_HAS:
		return v.kind == VALUE_STRING && contains(v.string, m->value.string);
	case MATCH_AT_LEAST:
		return n >= m->low;
	case MATCH_AT_MOST:
		return n <= m->high;
	case MATCH_BETWEEN:
		return n >= m->low && n <= m->high;
	default: /* numbers as people write them: 0.3 is what 0.1 + 0.2 comes to */
		if (v.kind == VALUE_NUMBER && m->value.kind == VALUE_NUMBER)
			return fabs(v.number - m->value.number) <= 1e-9 * fmax(1, fabs(m->value.number));
		return value_equal(v, m->value);
	}
}

void value_text(struct value v, struct bytes *out)
{
	char number[32];
	if (v.kind == VALUE_UNKNOWN)
		bytes_printf(out, "nothing (unknown)");
	else if (v.kind == VALUE_BOOL)
		bytes_printf(out, v.boolean ? "true" : "false");
	else if (v.kind == VALUE_NUMBER)
		bytes_printf(out, "%s", number_text(v.number, number));
	else
		bytes_printf(out, "\"%.*s\"", SLICE_ARG(v.string));
}

void match_text(const struct match *m, struct bytes *out)
{
	char low[32], high[32];
	switch (m->kind) {
	case MATCH_HAS:
		bytes_printf(out, "a text with \"%.*s\"", SLICE_ARG(m->value.string));
		break;
	case MATCH_AT_LEAST:
		bytes_printf(out, "at least %s", number_text(m->low, low));
		break;
	case MATCH_AT_MOST:
		bytes_printf(out, "at most %s", number_text(m->high, high));
		break;
	case MATCH_BETWEEN:
		bytes_printf(out, "%s to %s", number_text(m->low, low), number_text(m->high, high));
		break;
	default:
		value_text(m->value, out);
	}
}

/* The texts of a match made by has "…" live in its user value, so as long as it does. */
static struct match *push_match(lua_State *L, enum match_kind kind)
{
	struct match *m = lua_newuserdatauv(L, sizeof(*m), 1);
	*m = (struct match){ .kind = kind, .value = value_unknown() };
	luaL_setmetatable(L, MATCH_META);
	return m;
}

static int match_has(lua_State *L)
{
	struct slice part = testing_text(L, 1, "has");
	push_match(L, MATCH_HAS)->value = value_string(part);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

static int match_at_least(lua_State *L)
{
	double low = luaL_checknumber(L, 1);
	push_match(L, MATCH_AT_LEAST)->low = low;
	return 1;
}

static int match_at_most(lua_State *L)
{
	double high = luaL_checknumber(L, 1);
	push_match(L, MATCH_AT_MOST)->high = high;
	return 1;
}

static int match_between(lua_State *L)
{
	double low = luaL_checknumber(L, 1), high = luaL_checknumber(L, 2);
	struct match *m = push_match(L, MATCH_BETWEEN);
	m->low = low;
	m->high = high;
	return 1;
}

struct match testing_match(lua_State *L, int index, const char *what)
{
	const struct match *m = luaL_testudata(L, index, MATCH_META);
	if (m)
		return *m;
	return (struct match){ .kind = MATCH_EQUAL, .value = testing_value(L, index, what) };
}

/* Expectations. */

static bool allowed(const char *const *names, const char *name)
{
	for (int i = 0; i < EXPECTATION_FIELDS && names[i]; i++)
		if (strcmp(names[i], name) == 0 || strcmp(names[i], "*") == 0)
			return true;
	return false;
}

static void refuse_field(lua_State *L, enum expected what, const char *name)
{
	const char *names[EXPECTATION_FIELDS + 1] = { NULL };
	char known[200] = "";
	size_t len = 0;
	memcpy(names, methods[what].fields, EXPECTATION_FIELDS * sizeof(*names));
	const char *nearest = nearest_name(name, names);
	if (nearest)
		luaL_error(L, "%s has no \"%s\"; did you mean \"%s\"?", methods[what].name, name, nearest);
	for (int i = 0; names[i] && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "; known are ", names[i]);
	luaL_error(L, "%s has no \"%s\"%s", methods[what].name, name, known);
}

/* The values stay on the stack, in a table, for as long as the call lends them. */
static void take_fields(lua_State *L, int table, struct expectation *x)
{
	const char *const *names = methods[x->what].fields;
	if (lua_isnoneornil(L, table))
		return;
	luaL_checktype(L, table, LUA_TTABLE);
	luaL_checkstack(L, 2 * EXPECTATION_FIELDS + 4, "too many fields");
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	if (n > EXPECTATION_FIELDS)
		luaL_error(L, "%s takes %d fields at most", methods[x->what].name, EXPECTATION_FIELDS);
	int keys = lua_gettop(L);
	for (lua_Integer i = 1; i <= n; i++) {
		const char *name = lua_rawgeti(L, keys, i) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
		if (!allowed(names, name))
			refuse_field(L, x->what, name);
		x->fields[x->field_count].name = slice_of(name);
		lua_pushvalue(L, -1);
		lua_gettable(L, table);
		x->fields[x->field_count++].match = testing_match(L, -1, name);
	}
}

static void take_order(lua_State *L, struct expectation *x)
{
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_Integer n = luaL_len(L, 2);
	if (n > LIMIT_RECOMMENDATIONS)
		luaL_error(L, "an answer has at most %d actions (limit_recommendations)", (int)LIMIT_RECOMMENDATIONS);
	luaL_checkstack(L, LIMIT_RECOMMENDATIONS + 4, "too many names");
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, 2, i);
		x->order[x->order_count++] = testing_text(L, -1, "an action's name");
	}
}

/* Upvalues: which (enum expected), the metatable's name of what it is a method of. */
static int expect_method(lua_State *L)
{
	struct testing *t = testing_acts(L, 100);
	struct expectation x = { .what = (enum expected)lua_tointeger(L, lua_upvalueindex(1)) };
	const char *meta = lua_tostring(L, lua_upvalueindex(2));
	const void *self = luaL_testudata(L, 1, meta);
	enum shape shape = methods[x.what].shape;
	if (!self)
		return luaL_error(L, "call it with a colon: x:%s(…)", methods[x.what].name);
	if (strcmp(meta, SUBJECT_META) == 0)
		x.subject = testing_subject(L, 1);
	else if (strcmp(meta, STEP_META) == 0)
		x.step = *(const unsigned *)self;
	else
		x.request = *(const unsigned *)self;
	lua_settop(L, 4);
	if (shape == SHAPE_NAME || shape == SHAPE_VALUE)
		x.name = testing_text(L, 2, "the name");
	if (shape == SHAPE_VALUE)
		x.value = testing_match(L, 3, "the value");
	if (shape == SHAPE_TEXT)
		x.value = testing_match(L, 2, "the text");
	if (shape == SHAPE_ORDER)
		take_order(L, &x);
	else
		take_fields(L, shape == SHAPE_VALUE ? 4 : shape == SHAPE_FIELDS ? 2 : 3, &x);
	t->expected++;
	testing_result(L, t->host->expect(t->host->arg, &x));
	lua_settop(L, 1); /* so that expectations can be strung together */
	return 1;
}

void testing_expect_methods(lua_State *L, const char *meta)
{
	for (size_t i = 0; i < METHODS; i++) {
		bool request = strcmp(meta, REQUEST_META) == 0, subject = strcmp(meta, SUBJECT_META) == 0;
		enum of of = methods[i].of;
		if (request != (of == OF_REQUEST) || (of == OF_SUBJECT && !subject))
			continue;
		lua_pushinteger(L, (lua_Integer)i);
		lua_pushstring(L, meta);
		lua_pushcclosure(L, expect_method, 2);
		lua_setfield(L, -2, methods[i].name);
	}
}

/* expect(came, wanted, "what it is about") */
static int expect_value(lua_State *L)
{
	struct testing *t = testing_acts(L, 10);
	struct bytes wanted = { 0 }, came = { 0 };
	struct value v = testing_value(L, 1, "what came");
	struct match m = testing_match(L, 2, "what is wanted");
	const char *what = lua_isnoneornil(L, 3) ? NULL : testing_text(L, 3, "what it is about").data;
	if (lua_gettop(L) < 2)
		return luaL_error(L, "expect takes what came and what is wanted: expect(nam:fact \"n\", 3)");
	t->expected++;
	if (match_holds(&m, v))
		return 0;
	match_text(&m, &wanted);
	value_text(v, &came);
	struct slice lent_wanted = arena_slice(&t->arena, bytes_slice(&wanted));
	struct slice lent_came = arena_slice(&t->arena, bytes_slice(&came));
	bytes_finish(&wanted);
	bytes_finish(&came);
	t->host->differs(t->host->arg, lent_wanted, lent_came);
	return luaL_error(L, "%s is %s, not %s", what ? what : "the value", lent_came.data, lent_wanted.data);
}

static int expect_fail(lua_State *L)
{
	testing_acts(L, 1);
	return luaL_error(L, "%s", testing_text(L, 1, "why").data);
}

void testing_add_expectations(lua_State *L)
{
	static const luaL_Reg names[] = {
		{ "at_least", match_at_least },
		{ "at_most", match_at_most },
		{ "between", match_between },
		{ "expect", expect_value },
		{ "fail", expect_fail },
		{ "has", match_has },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, names, 0);
	luaL_newmetatable(L, MATCH_META);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}
