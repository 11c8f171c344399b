/* script/declare_contract.c: contract { … }: which events say that a contract begins, goes on and ends, and what gates and
 * values ask of contracts. A pack has one: what differs between its products is an attribute. */
#include "script/declare.h"

#include <math.h>

#define CONTRACT_META "nudged.contract"

/* What Lua holds: the contracts, perhaps of one product. */
struct contract_view {
	struct str *product;
};

/* An attribute by the name that the pack gives it, else by its usual one: then it need not be there. */
static struct str *attribute(const struct fields *f, struct contract_decl *d, const char *name, const char *usual,
			     struct str **types)
{
	struct str *s = fields_text(f, name, false);
	if (!s)
		return pack_str(loader_of(f->L)->pack, slice_of(usual));
	if (strcmp(s->data, "id") == 0)
		fields_fail(f, "%s: \"id\" is the event's own; name the attribute by which it names the contract", name);
	if (s->len > LIMIT_ATTRIBUTE_NAME_BYTES)
		fields_fail(f, "%s: an attribute's name has at most %u bytes", name, LIMIT_ATTRIBUTE_NAME_BYTES);
	if (types)
		d->told[d->told_count++] = (struct told_attribute){ s, types };
	return s;
}

/* opinions = { { on = "survey.answered", value = "mood" }, … } */
static void read_opinions(lua_State *L, const struct fields *contract, struct contract_decl *d)
{
	static const char *const allowed[] = { "on", "value", NULL };
	unsigned count;
	if (!fields_push(contract, "opinions"))
		return;
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(contract, "opinions takes a list: { { on = \"survey.answered\", value = \"mood\" } }");
	lua_Integer n = luaL_len(L, -1);
	if (n < 1 || n > LIMIT_OPINIONS)
		fields_fail(contract, "opinions takes 1 to %u of { on = …, value = … }", LIMIT_OPINIONS);
	d->opinions = arena_calloc(&loader_of(L)->pack->arena, (size_t)n, sizeof(*d->opinions));
	for (lua_Integer i = 0; i < n; i++) {
		lua_geti(L, -1, i + 1);
		struct fields f = fields_open(L, -1, "contract: opinions", contract->place, allowed);
		struct opinion_decl *o = &d->opinions[d->opinion_count++];
		o->on = fields_texts(&f, "on", true, &count);
		o->value = fields_text(&f, "value", true);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static int contract_declare(lua_State *L)
{
	static const char *const allowed[] = { "starts",   "renews", "ends",     "id",       "product", "term",
					       "ends_at",  "agent",  "campaign", "reason",   "topic",   "complaints",
					       "contacts", "opinions", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "contract", place_here(L), allowed);
	unsigned count;
	if (p->contract)
		fields_fail_as(&f, "duplicate", "declared twice; first at %s:%d: a pack has one, products are an attribute",
			       p->contract->file, p->contract->line);
	struct contract_decl *d = arena_calloc(&p->arena, 1, sizeof(*d));
	d->file = f.place.file;
	d->line = f.place.line;
	d->starts = fields_texts(&f, "starts", true, &count);
	d->renews = fields_texts(&f, "renews", false, &count);
	d->ends = fields_texts(&f, "ends", true, &count);
	d->complaints = fields_texts(&f, "complaints", false, &count);
	d->contacts = fields_texts(&f, "contacts", false, &count);
	d->id = attribute(&f, d, "id", "contract", d->starts);
	d->product = attribute(&f, d, "product", "product", d->starts);
	d->term = attribute(&f, d, "term", "term", d->starts);
	d->ends_at = attribute(&f, d, "ends_at", "contract_ends", d->starts);
	d->agent = attribute(&f, d, "agent", "agent", d->starts);
	d->campaign = attribute(&f, d, "campaign", "campaign", d->starts);
	d->reason = attribute(&f, d, "reason", "reason", d->ends);
	d->topic = attribute(&f, d, "topic", "topic", d->contacts);
	read_opinions(L, &f, d);
	p->contract = d;
	struct contract_view *v = lua_newuserdatauv(L, sizeof(*v), 0);
	*v = (struct contract_view){ NULL };
	luaL_setmetatable(L, CONTRACT_META);
	return 1;
}

static struct contract_view *view_at(lua_State *L)
{
	struct contract_view *v = luaL_testudata(L, 1, CONTRACT_META);
	if (!v)
		fail_here(L, "this is a method of contracts: write contract:method() with a colon");
	return v;
}

static struct term *read_contract(lua_State *L, enum contract_aggregate aggregate, enum term_type type)
{
	struct contract_view *v = view_at(L);
	struct term *t = term_new(L, TERM_CONTRACT, type, 0);
	t->scope = SCOPE_CUSTOMER;
	t->contract.aggregate = (uint8_t)aggregate;
	t->contract.product = v->product;
	return t;
}

static int days_left(lua_State *L)
{
	term_push(L, read_contract(L, CONTRACT_DAYS_LEFT, TYPE_NUMBER));
	return 1;
}

static int months_kept(lua_State *L)
{
	term_push(L, read_contract(L, CONTRACT_MONTHS_KEPT, TYPE_NUMBER));
	return 1;
}

static int is_active(lua_State *L)
{
	term_push(L, read_contract(L, CONTRACT_IS_ACTIVE, TYPE_BOOL));
	return 1;
}

static int count_active(lua_State *L)
{
	term_push(L, read_contract(L, CONTRACT_COUNT_ACTIVE, TYPE_NUMBER));
	return 1;
}

static int product(lua_State *L)
{
	term_push(L, read_contract(L, CONTRACT_PRODUCT_OF, TYPE_STRING));
	return 1;
}

/* contract:in_last "60d": one that runs ends within so long */
static int in_last(lua_State *L)
{
	if (lua_type(L, 2) != LUA_TSTRING)
		fail_here(L, "contract:in_last takes a span: contract:in_last \"60d\"");
	struct span s = span_here(L, place_here(L), "contract:in_last", lua_tostring(L, 2), false);
	struct term *t = read_contract(L, CONTRACT_IN_LAST, TYPE_BOOL);
	t->contract.days = (double)s.ms / (24 * 3600 * 1000.0);
	term_push(L, t);
	return 1;
}

/* contract:of "fibre": the same methods, of that product alone */
static int of_product(lua_State *L)
{
	view_at(L);
	if (lua_type(L, 2) != LUA_TSTRING || !lua_rawlen(L, 2))
		fail_here(L, "contract:of takes a product: contract:of \"fibre\"");
	struct str *name = pack_str_at(L, 2);
	struct contract_view *v = lua_newuserdatauv(L, sizeof(*v), 0);
	v->product = name;
	luaL_setmetatable(L, CONTRACT_META);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "count_active", count_active }, { "days_left", days_left }, { "in_last", in_last }, { "is_active", is_active },
	{ "months_kept", months_kept },   { "of", of_product },       { "product", product }, { NULL, NULL },
};

static int unknown_method(lua_State *L)
{
	static const char *const names[] = { "count_active", "days_left", "in_last", "is_active",
					     "months_kept",  "of",        "product", NULL };
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		fail_as(L, "unknown-method", place_here(L), "contracts have no \"%s\"; did you mean \":%s\"?", wrong, nearest);
	fail_as(L, "unknown-method", place_here(L),
		"contracts have no \"%s\"; known are :days_left() :months_kept() :in_last(span) :is_active() "
		":count_active() :product() :of(product)",
		wrong);
}

void declare_contracts(lua_State *L)
{
	static const luaL_Reg functions[] = { { "contract", contract_declare }, { NULL, NULL } };
	declare_methods(L, CONTRACT_META, methods, unknown_method);
	luaL_setfuncs(L, functions, 0);
}
