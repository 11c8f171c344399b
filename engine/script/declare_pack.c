/* script/declare_pack.c: pack { … }, balance(term), timeline { … } and require. */
#include "script/declare.h"

#include <math.h>

/* Of ISO 4217: what is paid with, without metals, funds and codes for tests. */
static const char *const currencies[] = {
	"AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF",
	"BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLF", "CLP", "CNY", "COP",
	"CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
	"GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK",
	"JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD",
	"LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN",
	"NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON",
	"RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC",
	"SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS",
	"VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG", NULL,
};

static void check_currency(const struct fields *f, const struct str *s)
{
	for (size_t i = 0; currencies[i]; i++)
		if (strcmp(currencies[i], s->data) == 0)
			return;
	const char *nearest = nearest_name(s->data, currencies);
	if (nearest)
		fields_fail(f, "currency = \"%s\" is not an ISO 4217 code; did you mean \"%s\"?", s->data, nearest);
	fields_fail(f, "currency = \"%s\" is not an ISO 4217 code; write three capitals such as \"EUR\"", s->data);
}

static void check_languages(const struct fields *f, struct pack *p)
{
	if (p->language_count > LIMIT_LANGUAGES)
		fields_fail(f, "more than %u languages (limit_languages)", LIMIT_LANGUAGES);
	for (unsigned i = 0; i < p->language_count; i++) {
		const struct str *s = p->languages[i];
		bool ok = s->len >= 2 && s->len <= 16 && s->data[0] >= 'a' && s->data[0] <= 'z' && s->data[1] >= 'a' &&
			  s->data[1] <= 'z';
		if (!ok)
			fields_fail(f, "language \"%s\" is not a code such as \"en\" or \"pt-BR\"", s->data);
		for (unsigned k = 0; k < i; k++)
			if (p->languages[k] == s)
				fields_fail(f, "language \"%s\" is listed twice", s->data);
	}
}

static void check_topics(const struct fields *f, const struct pack *p)
{
	for (unsigned i = 0; i < p->topic_count; i++) {
		const char *slash = strchr(p->topics[i]->data, '/');
		if (slash && (slash == p->topics[i]->data || slash[1] == '\0' || strchr(slash + 1, '/')))
			fields_fail(f, "topic \"%s\": topics have one or two levels: \"bill\", \"bill/why-higher\"",
				    p->topics[i]->data);
		for (unsigned k = 0; k < i; k++)
			if (p->topics[k] == p->topics[i])
				fields_fail(f, "topic \"%s\" is listed twice", p->topics[i]->data);
	}
}

static void check_mask(const struct fields *f, const struct pack *p)
{
	for (unsigned i = 0; i < p->mask_count; i++) {
		if (!p->mask[i]->len || p->mask[i]->len > LIMIT_ATTRIBUTE_NAME_BYTES)
			fields_fail(f, "mask: a name of 1 to %u bytes is wanted", LIMIT_ATTRIBUTE_NAME_BYTES);
		for (unsigned k = 0; k < i; k++)
			if (p->mask[k] == p->mask[i])
				fields_fail(f, "mask: \"%s\" is listed twice", p->mask[i]->data);
	}
}

/* levers = { goals = { grow = 0.8 } } */
static void read_levers(lua_State *L, const struct fields *pack, struct pack *p)
{
	static const char *const allowed[] = { "goals", NULL };
	if (!fields_push(pack, "levers"))
		return;
	struct fields f = fields_open(L, -1, "pack: levers", pack->place, allowed);
	if (fields_push(&f, "goals")) {
		if (lua_type(L, -1) != LUA_TTABLE)
			fields_fail(&f, "goals takes a table: { grow = 0.8 }");
		int table = lua_gettop(L);
		lua_Integer n = sandbox_push_sorted_keys(L, table);
		p->levers = arena_calloc(&p->arena, (size_t)n, sizeof(*p->levers));
		for (lua_Integer i = 1; i <= n; i++) {
			if (lua_rawgeti(L, table + 1, i) != LUA_TSTRING)
				fields_fail(&f, "goals takes a table: { grow = 0.8 }");
			struct str *goal = pack_str_at(L, -1);
			struct fields goals = { L, table, f.what, f.place, false };
			p->levers[p->lever_count++] =
				(struct goal_lever){ goal, fields_number(&goals, goal->data, 0, HUGE_VAL, 1) };
			lua_pop(L, 1);
		}
		lua_settop(L, table - 1);
	}
	lua_pop(L, 1);
}

static struct term *check_balance(lua_State *L, struct place at, struct term *t)
{
	if (t->type != TYPE_NUMBER && t->type != TYPE_ANY)
		fail_at(L, at, "the balance must be a number from 0 to 1, not %s", term_kind(t));
	if (t->op == TERM_LITERAL && !(t->literal.number >= 0 && t->literal.number <= 1))
		fail_at(L, at, "the balance is the customer's share of the value: a number from 0 to 1");
	t->used = true;
	return t;
}

static void assume_language(struct pack *p)
{
	p->languages = arena_calloc(&p->arena, 2, sizeof(*p->languages));
	p->languages[0] = pack_str(p, SLICE("en"));
	p->language_count = 1;
}

void pack_assume(struct loader *l)
{
	l->pack_declared = l->pack_assumed = true;
	assume_language(l->pack);
	read_search(NULL, l->pack);
}

static int pack_declare(lua_State *L)
{
	static const char *const allowed[] = { "name",    "zone",   "currency", "languages", "topics",
					       "balance", "levers", "fallback", "mask",      "explore", "control", "holdout", "provenance", "search",
					       NULL };
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	struct fields f = fields_open(L, 1, "pack", place_here(L), allowed);
	if (l->pack_declared && !l->pack_assumed)
		fields_fail_as(&f, "duplicate", "declared twice; first at %s:%d", l->pack_place.file,
			       l->pack_place.line);
	l->pack_declared = true;
	l->pack_place = f.place;
	p->name = fields_text(&f, "name", true);
	check_new_name(L, f.place, "pack", str_slice(p->name), 64);
	l->zone = p->zone_name = fields_text(&f, "zone", false);
	p->currency = fields_text(&f, "currency", false);
	if (p->currency)
		check_currency(&f, p->currency);
	p->languages = fields_texts(&f, "languages", false, &p->language_count);
	check_languages(&f, p);
	if (!p->language_count)
		assume_language(p);
	p->topics = fields_texts(&f, "topics", false, &p->topic_count);
	check_topics(&f, p);
	struct term *balance = fields_value(&f, "balance");
	if (balance)
		p->balance = check_balance(L, f.place, balance);
	l->balance_declared = balance != NULL;
	read_levers(L, &f, p);
	read_learning(&f, p);
	p->fallback = fields_texts(&f, "fallback", false, &p->fallback_count);
	p->mask = fields_texts(&f, "mask", false, &p->mask_count);
	check_mask(&f, p);
	read_search(&f, p);
	read_provenance(L, &f, p);
	return 0;
}

/* balance(term): where the share follows from facts, which come after pack { } */
static int balance_declare(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct place at = place_here(L);
	if (l->balance_declared)
		fail_at(L, at, "the balance is given twice; give it in pack { } or by balance(term)");
	l->balance_declared = true;
	l->pack->balance = check_balance(L, at, term_operand(L, 1, true, "balance"));
	return 0;
}

static int timeline_declare(lua_State *L)
{
	static const char *const allowed[] = { "keep", "types", "fields", NULL };
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	struct fields f = fields_open(L, 1, "timeline", place_here(L), allowed);
	if (l->timeline_declared)
		fields_fail(&f, "declared twice");
	l->timeline_declared = true;
	p->timeline_file = f.place.file;
	p->timeline_line = f.place.line;
	double keep = fields_number(&f, "keep", 0, LIMIT_TIMELINE, p->timeline_keep);
	if (keep != floor(keep))
		fields_fail(&f, "keep must be a whole number");
	p->timeline_keep = (unsigned)keep;
	p->timeline_types = fields_texts(&f, "types", false, &p->timeline_type_count);
	p->timeline_fields = fields_texts(&f, "fields", false, &p->timeline_field_count);
	if (p->timeline_field_count > LIMIT_TIMELINE_FIELDS)
		fields_fail(&f, "more than %u fields (limit_timeline_fields)", LIMIT_TIMELINE_FIELDS);
	return 0;
}

void declare_pack(lua_State *L)
{
	static const luaL_Reg functions[] = { { "balance", balance_declare },
					      { "pack", pack_declare },
					      { "timeline", timeline_declare },
					      { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
