/* script/declare_churn.c: churn { … }: who has left, and by what customers are told apart when losses are counted. */
#include "script/declare.h"

#include "base/hash.h"

#define CHURN_META "nudged.churn"
#define OF_BYTES 40u
#define WITHIN_MS (30 * 24 * 3600 * 1000LL)

/* By the name that the pack gives it, else by its usual one: then it need not be there. */
static struct str *attribute(const struct fields *f, struct churn_decl *d, const char *name, const char *usual,
			     struct str **types)
{
	struct str *s = fields_text(f, name, false);
	if (s && types)
		d->told[d->told_count++] = (struct told_attribute){ s, types };
	return s ? s : pack_str(loader_of(f->L)->pack, slice_of(usual));
}

/* Names of dimensions: those of reports beside them would be taken for each other. */
static void read_by(const struct fields *f, struct churn_decl *d, struct pack *p)
{
	static const char *const taken[] = { "reason", "agent", "topic", "day", "month", "total", NULL };
	struct bytes of = { 0 };
	d->by = fields_texts(f, "by", false, &d->by_count);
	if (d->by_count > CHURN_BY)
		fields_fail(f, "by: at most %u names", CHURN_BY);
	for (unsigned i = 0; i < d->by_count; i++) {
		for (size_t k = 0; taken[k]; k++)
			if (strcmp(taken[k], d->by[i]->data) == 0)
				fields_fail(f, "by: \"%s\" is counted by anyway; name a fact or an attribute of the customer",
					    taken[k]);
		for (unsigned k = 0; k < i; k++)
			if (d->by[k] == d->by[i])
				fields_fail(f, "by: \"%s\" is listed twice", d->by[i]->data);
		if (d->by[i]->len > LIMIT_ATTRIBUTE_NAME_BYTES)
			fields_fail(f, "by: a name has at most %u bytes", LIMIT_ATTRIBUTE_NAME_BYTES);
		bytes_printf(&of, "%s%s", i ? "," : "", d->by[i]->data);
	}
	if (of.len > OF_BYTES) { /* it stands in every cell: what is longer is told apart by its hash */
		uint64_t hash = hash64(bytes_slice(&of), 0);
		bytes_clear(&of);
		bytes_printf(&of, "%.20s#%016llx", d->by[0]->data, (unsigned long long)hash);
	}
	d->of = pack_str(p, d->by_count ? bytes_slice(&of) : SLICE("-"));
	bytes_finish(&of);
}

static int churn_declare(lua_State *L)
{
	static const char *const allowed[] = { "on",     "back",  "when", "who",      "by",
					       "reason", "topic", "mood", "contacts", "within", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "churn", place_here(L), allowed);
	unsigned count;
	if (p->churn)
		fields_fail_as(&f, "duplicate", "declared twice; first at %s:%d", p->churn->file, p->churn->line);
	struct churn_decl *d = arena_calloc(&p->arena, 1, sizeof(*d));
	d->file = f.place.file;
	d->line = f.place.line;
	d->on = fields_texts(&f, "on", false, &count);
	d->back = fields_texts(&f, "back", false, &count);
	d->when = fields_condition(&f, "when");
	d->who = fields_condition(&f, "who");
	if (!d->on && !d->when)
		fields_fail_as(&f, "missing-field", "needs on = \"…\" (events by which they leave) or when = … (a condition)");
	read_by(&f, d, p);
	d->contacts = fields_texts(&f, "contacts", false, &count);
	d->reason = attribute(&f, d, "reason", "reason", d->on);
	d->topic = attribute(&f, d, "topic", "topic", d->contacts);
	d->mood = attribute(&f, d, "mood", "mood_end", d->contacts);
	d->within_ms = fields_ms(&f, "within", WITHIN_MS);
	p->churn = d;
	lua_newuserdatauv(L, 1, 0);
	luaL_setmetatable(L, CHURN_META);
	return 1;
}

static int read_churn(lua_State *L, enum contract_aggregate aggregate, enum term_type type)
{
	if (!luaL_testudata(L, 1, CHURN_META))
		fail_here(L, "this is a method of churn: write churn:method() with a colon");
	struct term *t = term_new(L, TERM_CONTRACT, type, 0);
	t->scope = SCOPE_CUSTOMER;
	t->contract.aggregate = (uint8_t)aggregate;
	term_push(L, t);
	return 1;
}

static int is_lost(lua_State *L)
{
	return read_churn(L, CHURN_IS_LOST, TYPE_BOOL);
}

static int since(lua_State *L)
{
	return read_churn(L, CHURN_SINCE, TYPE_NUMBER);
}

static int unknown_method(lua_State *L)
{
	fail_as(L, "unknown-method", place_here(L), "churn has no \"%s\"; known are :is_lost() :since()",
		lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2));
}

void churn_settle(struct pack *p)
{
	for (unsigned i = 0; p->churn && i < p->churn->by_count; i++)
		p->churn->by_facts[i] = pack_fact(p, p->churn->by[i]);
}

void declare_churn(lua_State *L)
{
	static const luaL_Reg methods[] = { { "is_lost", is_lost }, { "since", since }, { NULL, NULL } };
	static const luaL_Reg functions[] = { { "churn", churn_declare }, { NULL, NULL } };
	declare_methods(L, CHURN_META, methods, unknown_method);
	luaL_setfuncs(L, functions, 0);
}
