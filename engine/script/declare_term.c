/* script/declare_term.c: terms as Lua sees them: a userdata with the address of a struct term, operators for
 * arithmetic, methods for comparisons. Lua turns `a and b`, `not a` and `a == 1` into plain values before anybody
 * can see it; so comparisons are methods, bare booleans are refused wherever a condition is due, and a condition
 * that nothing uses is an error. */
#include "script/declare.h"

#include "base/error.h"

#include <math.h>

#define TERM_META "nudged.term"

const char *term_kind(const struct term *t)
{
	if (t->op == TERM_LITERAL)
		return t->type == TYPE_BOOL ? "true or false" : t->type == TYPE_NUMBER ? "a number" : "a text";
	return t->type == TYPE_BOOL     ? "a condition"
	       : t->type == TYPE_NUMBER ? "a number"
	       : t->type == TYPE_STRING ? "a text"
					: "a value";
}

struct term *term_new(lua_State *L, enum term_op op, enum term_type type, unsigned children)
{
	struct loader *l = loader_of(L);
	struct place at = place_here(L);
	if (l->term_count >= LIMIT_TERMS)
		fail_at(L, at, "more than %u terms in one pack (limit_terms)", LIMIT_TERMS);
	if (children > 1024)
		fail_at(L, at, "more than 1024 parts in one term; split it into facts");
	struct term *t = arena_calloc(&l->pack->arena, 1, sizeof(*t));
	t->op = (uint8_t)op;
	t->type = (uint8_t)type;
	t->child_count = (uint16_t)children;
	t->children = children ? arena_calloc(&l->pack->arena, children, sizeof(*t->children)) : NULL;
	t->file = at.file;
	t->line = at.line;
	t->depth = t->size = 1;
	l->terms = list_room(l->terms, l->term_count, sizeof(struct term *));
	l->terms[l->term_count++] = t;
	return t;
}

void term_done(lua_State *L, struct term *t)
{
	const struct pack *p = loader_of(L)->pack;
	unsigned depth = 0;
	uint64_t size = 1;
	const struct term *child;
	for (unsigned i = 0; i < t->child_count; i++)
		t->children[i]->used = true;
	for (unsigned i = 0; (child = term_part(t, p, i)) != NULL; i++) {
		depth = child->depth > depth ? child->depth : depth;
		size += child->size;
	}
	if (depth + 1 > LIMIT_TERM_DEPTH)
		fail_here(L, "a term nested more than %u deep (limit_term_depth)", LIMIT_TERM_DEPTH);
	if (size > LIMIT_TERM_SIZE)
		fail_here(L, "a term of more than %u parts, its facts written out (limit_term_size)", LIMIT_TERM_SIZE);
	t->depth = (uint16_t)(depth + 1);
	t->size = (uint32_t)size;
}

const struct term *term_part(const struct term *t, const struct pack *p, unsigned i)
{
	if (i < t->child_count)
		return t->children[i];
	i -= t->child_count;
	if (t->op == TERM_SERIES && t->series.key)
		return i < p->series[t->series.index].by_count ? t->series.key[i] : NULL;
	return t->op == TERM_FACT && i == 0 ? p->facts[t->fact].term : NULL;
}

void term_push(lua_State *L, struct term *t)
{
	struct term **box = lua_newuserdatauv(L, sizeof(struct term *), 0);
	*box = t;
	luaL_setmetatable(L, TERM_META);
}

struct term *term_at(lua_State *L, int index)
{
	struct term **box = luaL_testudata(L, index, TERM_META);
	return box ? *box : NULL;
}

static struct term *literal(lua_State *L, enum term_type type, struct value v)
{
	struct term *t = term_new(L, TERM_LITERAL, type, 0);
	t->literal = v;
	return t;
}

struct term *term_operand(lua_State *L, int index, bool numeric, const char *what)
{
	struct term *t = term_at(L, index);
	struct span span;
	if (t)
		return t;
	switch (lua_type(L, index)) {
	case LUA_TNUMBER:
		if (!isfinite(lua_tonumber(L, index)))
			fail_here(L, "%s: the number is not finite", what);
		return literal(L, TYPE_NUMBER, value_number(lua_tonumber(L, index)));
	case LUA_TSTRING:
		if (numeric) {
			if (span_parse(slice_of(lua_tostring(L, index)), &span) != ERR_OK || span.kind != SPAN_EXACT)
				fail_here(L, "%s: \"%s\" is neither a number nor a duration such as \"24h\"", what,
					  lua_tostring(L, index));
			t = literal(L, TYPE_NUMBER, value_number((double)span.ms / 1000));
			t->duration = true;
			return t;
		}
		return literal(L, TYPE_STRING, value_string(str_slice(pack_str_at(L, index))));
	case LUA_TBOOLEAN:
		if (numeric)
			fail_here(L, "%s: a bare true or false where a number is due", what);
		return literal(L, TYPE_BOOL, value_bool(lua_toboolean(L, index)));
	case LUA_TNONE:
		if (*what == ':' && !term_at(L, 1))
			fail_here(L, "%s is called with a dot; write `%s`, not `.%s`", what, what, what + 1);
		if (*what == ':')
			fail_here(L, "%s is given nothing; give it a value: %s(…)", what, what);
		/* fall through */
	default:
		fail_here(L, "%s: a term, number or text is wanted, not a %s", what, luaL_typename(L, index));
	}
}

struct term *term_condition(lua_State *L, int index, struct place at, const char *what)
{
	struct term *t = term_at(L, index);
	if (lua_type(L, index) == LUA_TBOOLEAN)
		fail_as(L, "bare-boolean", at,
			"%s is a bare %s: Lua's `and`, `or`, `not` and `==` do not build conditions; use all { … }, "
			"any { … }, "
			"no { … } and :is(…)%s",
			what, lua_toboolean(L, index) ? "true" : "false",
			lua_toboolean(L, index) ? ", or leave it out: without it nothing stands in the way" : "");
	if (!t)
		fail_at(L, at, "%s must be a condition such as fact.x:above(3), not a %s%s", what,
			luaL_typename(L, index), lua_type(L, index) == LUA_TTABLE ? "; write all { … }" : "");
	if (t->type != TYPE_BOOL && t->type != TYPE_ANY)
		fail_at(L, at, "%s must be a condition, but it is %s; compare it: :above(…), :at_least(…), :is(…)",
			what, term_kind(t));
	t->used = true;
	return t;
}

struct term *term_gate_function(lua_State *L, int index, struct place at)
{
	int function = vm_keep(L, index);
	struct term *t = term_new(L, TERM_CALL, TYPE_BOOL, 0);
	t->call.function = function;
	t->call.context = true;
	t->file = at.file;
	t->line = at.line;
	return t;
}

static struct term *numeric_operand(lua_State *L, int index, const char *what)
{
	struct term *t = term_operand(L, index, true, what);
	if (t->type != TYPE_NUMBER && t->type != TYPE_ANY)
		fail_here(L, "%s needs numbers, not %s", what, term_kind(t));
	return t;
}

static int binary(lua_State *L, enum term_op op, enum term_type type, const char *what)
{
	struct term *a = numeric_operand(L, 1, what), *b = numeric_operand(L, 2, what);
	struct term *t = term_new(L, op, type, 2);
	t->children[0] = a;
	t->children[1] = b;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

#define BINARY(name, op, type, what) \
	static int name(lua_State *L) \
	{ \
		return binary(L, op, type, what); \
	}

BINARY(term_add, TERM_ADD, TYPE_NUMBER, "+")
BINARY(term_sub, TERM_SUB, TYPE_NUMBER, "-")
BINARY(term_mul, TERM_MUL, TYPE_NUMBER, "*")
BINARY(term_div, TERM_DIV, TYPE_NUMBER, "/")
BINARY(term_min, TERM_MIN, TYPE_NUMBER, ":min")
BINARY(term_max, TERM_MAX, TYPE_NUMBER, ":max")
BINARY(term_above, TERM_ABOVE, TYPE_BOOL, ":above")
BINARY(term_below, TERM_BELOW, TYPE_BOOL, ":below")
BINARY(term_at_least, TERM_AT_LEAST, TYPE_BOOL, ":at_least")
BINARY(term_at_most, TERM_AT_MOST, TYPE_BOOL, ":at_most")

static int term_neg(lua_State *L)
{
	struct term *a = numeric_operand(L, 1, "-"), *t = term_new(L, TERM_NEG, TYPE_NUMBER, 1);
	t->children[0] = a;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static struct term *self(lua_State *L, const char *method)
{
	struct term *t = term_at(L, 1);
	if (!t)
		fail_here(L, ":%s is a method of terms: write term:%s(…) with a colon", method, method);
	return t;
}

static int term_between(lua_State *L)
{
	struct term *a = self(L, "between"), *low = numeric_operand(L, 2, ":between"),
		    *high = numeric_operand(L, 3, ":between");
	if (low->op == TERM_LITERAL && high->op == TERM_LITERAL && low->literal.number > high->literal.number)
		fail_here(L, ":between(low, high): low is greater than high; it can never hold");
	if (a->type != TYPE_NUMBER && a->type != TYPE_ANY)
		fail_here(L, ":between needs numbers, not %s", term_kind(a));
	struct term *t = term_new(L, TERM_BETWEEN, TYPE_BOOL, 3);
	t->children[0] = a;
	t->children[1] = low;
	t->children[2] = high;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static void check_same_type(lua_State *L, const struct term *a, const struct term *b, const char *what)
{
	if (a->type != TYPE_ANY && b->type != TYPE_ANY && a->type != b->type)
		fail_here(L, "%s compares %s with %s; it would never hold", what, term_kind(a), term_kind(b));
}

static int equality(lua_State *L, enum term_op op, const char *what)
{
	struct term *a = self(L, what + 1);
	struct term *b = term_operand(L, 2, a->type == TYPE_NUMBER && lua_type(L, 2) == LUA_TSTRING, what);
	check_same_type(L, a, b, what);
	struct term *t = term_new(L, op, TYPE_BOOL, 2);
	t->children[0] = a;
	t->children[1] = b;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static int term_is(lua_State *L)
{
	return equality(L, TERM_IS, ":is");
}

static int term_is_not(lua_State *L)
{
	return equality(L, TERM_IS_NOT, ":is_not");
}

/* :one_of { "a", "b" } or :one_of("a", "b") */
static int term_one_of(lua_State *L)
{
	struct term *a = self(L, "one_of");
	bool list = lua_type(L, 2) == LUA_TTABLE;
	lua_Integer n = list ? luaL_len(L, 2) : lua_gettop(L) - 1;
	if (n <= 0)
		fail_here(L, ":one_of needs at least one value: :one_of { \"a\", \"b\" }");
	if (n > 1000)
		fail_here(L, ":one_of with more than 1000 values");
	struct term *t = term_new(L, TERM_ONE_OF, TYPE_BOOL, (unsigned)n + 1);
	t->children[0] = a;
	for (lua_Integer i = 1; i <= n; i++) {
		if (list)
			lua_geti(L, 2, i);
		else
			lua_pushvalue(L, (int)i + 1);
		t->children[i] = term_operand(L, -1, false, ":one_of");
		check_same_type(L, a, t->children[i], ":one_of");
		lua_pop(L, 1);
	}
	term_done(L, t);
	term_push(L, t);
	return 1;
}

struct term *term_has_word(lua_State *L, struct term *list, struct term *word)
{
	struct term *t = term_new(L, TERM_HAS, TYPE_BOOL, 2);
	t->children[0] = list;
	t->children[1] = word;
	term_done(L, t);
	return t;
}

/* attr("skills", "agent"):has "retention" */
static int term_has(lua_State *L)
{
	struct term *a = self(L, "has"), *b = term_operand(L, 2, false, ":has");
	if ((a->type != TYPE_ANY && a->type != TYPE_STRING) || (b->type != TYPE_ANY && b->type != TYPE_STRING))
		fail_here(L, ":has looks for a word in a text that lists words, such as \"billing, retention\"");
	term_push(L, term_has_word(L, a, b));
	return 1;
}

static int term_known(lua_State *L)
{
	struct term *a = self(L, "known"), *t = term_new(L, TERM_KNOWN, TYPE_BOOL, 1);
	t->children[0] = a;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static int term_or_else(lua_State *L)
{
	struct term *a = self(L, "or_else");
	struct term *b = term_operand(L, 2, a->type == TYPE_NUMBER && lua_type(L, 2) == LUA_TSTRING, ":or_else");
	if (a->type != TYPE_ANY && b->type != TYPE_ANY && a->type != b->type)
		fail_here(L, ":or_else gives %s where the term is %s", term_kind(b), term_kind(a));
	struct term *t = term_new(L, TERM_OR_ELSE, a->type != TYPE_ANY ? a->type : b->type, 2);
	t->children[0] = a;
	t->children[1] = b;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

static int refuse_equal(lua_State *L)
{
	fail_here(L, "`==` does not compare terms; use :is(…) or :is_not(…)");
}

static int refuse_order(lua_State *L)
{
	fail_here(L, "`<` and `>` do not compare terms; use :below(…), :above(…), :at_least(…), :at_most(…)");
}

static int refuse_concat(lua_State *L)
{
	fail_here(L, "`..` does not join terms; name the fact within the words: \"{name}\"");
}

static int refuse_other(lua_State *L)
{
	fail_here(L, "terms know only + - * / of operators; use calc({ x = term }, function(v) … end) for more");
}

static const luaL_Reg methods[] = {
	{ "above", term_above },
	{ "at_least", term_at_least },
	{ "at_most", term_at_most },
	{ "below", term_below },
	{ "between", term_between },
	{ "has", term_has },
	{ "is", term_is },
	{ "is_not", term_is_not },
	{ "known", term_known },
	{ "max", term_max },
	{ "min", term_min },
	{ "one_of", term_one_of },
	{ "or_else", term_or_else },
	{ NULL, NULL },
};

static int unknown_method(lua_State *L)
{
	const char *names[sizeof(methods) / sizeof(methods[0])];
	size_t n = 0;
	for (; methods[n].name; n++)
		names[n] = methods[n].name;
	names[n] = NULL;
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *nearest = nearest_name(wrong, names);
	if (!vm_of(L)->loader)
		return luaL_error(L, "a term has no value of its own within a function; read it as c.NAME");
	if (nearest)
		fail_here(L, "terms have no method \"%s\"; did you mean \":%s\"?", wrong, nearest);
	fail_here(L,
		  "terms have no method \"%s\"; known are above below at_least at_most between has is is_not one_of known "
		  "or_else min max",
		  wrong);
}

void declare_terms(lua_State *L)
{
	static const luaL_Reg operators[] = {
		{ "__add", term_add },     { "__sub", term_sub },      { "__mul", term_mul },
		{ "__div", term_div },     { "__unm", term_neg },      { "__eq", refuse_equal },
		{ "__lt", refuse_order },  { "__le", refuse_order },   { "__concat", refuse_concat },
		{ "__mod", refuse_other }, { "__pow", refuse_other },  { "__idiv", refuse_other },
		{ "__len", refuse_other }, { "__call", refuse_other }, { NULL, NULL },
	};
	declare_methods(L, TERM_META, methods, unknown_method);
	luaL_getmetatable(L, TERM_META);
	luaL_setfuncs(L, operators, 0);
	lua_pop(L, 1);
}
