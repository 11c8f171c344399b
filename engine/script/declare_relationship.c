/* script/declare_relationship.c: relationship { parts = … } and the term relationship(), expectation "name" { … }, and
 * pack { provenance = … }. */
#include "script/declare.h"
#include "script/relations.h"

#include "base/hash.h"

#include <math.h>
#include <stdlib.h>

static int by_weight(const void *a, const void *b)
{
	const struct relationship_part *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return strcmp(x->name->data, y->name->data);
}

/* { weight = 30, value = term } at the top of the stack */
static void read_part(lua_State *L, const struct fields *parts, struct str *name, struct relationship_part *out)
{
	static const char *const allowed[] = { "weight", "value", NULL };
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "relationship: %s", name->data);
	struct fields f = fields_open(L, -1, what.data, parts->place, allowed);
	check_new_name(L, parts->place, "relationship: part", str_slice(name), 32);
	out->name = name;
	out->weight = fields_number(&f, "weight", 0, 1e6, 1);
	if (out->weight == 0)
		fields_fail(&f, "weight = 0 counts nothing; leave the part out");
	out->value = fields_value(&f, "value");
	if (!out->value)
		fields_fail_as(&f, "missing-field", "needs value = term: 0 where it is worst, 1 where it is best");
}

static void read_parts(lua_State *L, const struct fields *f, struct relationship_decl *r)
{
	if (!fields_push(f, "parts") || lua_type(L, -1) != LUA_TTABLE)
		fields_fail_as(f, "missing-field", "needs parts = { trust = { weight = 30, value = term }, … }");
	int table = lua_gettop(L);
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	struct fields parts = { L, table, "relationship: parts", f->place, false };
	if (n == 0 || n > (lua_Integer)SCORE_PARTS)
		fields_fail(f, "parts: a score has 1 to %u of them", SCORE_PARTS);
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, table + 1, i) != LUA_TSTRING)
			fields_fail(f, "parts takes a table by name: { trust = { weight = 30, value = term } }");
		struct str *name = pack_str_at(L, -1);
		lua_gettable(L, table);
		read_part(L, &parts, name, &r->parts[r->part_count]);
		r->weights += r->parts[r->part_count++].weight;
		lua_pop(L, 1);
	}
	lua_settop(L, table - 1);
	qsort(r->parts, r->part_count, sizeof(r->parts[0]), by_weight);
}

static uint32_t relationship_id(const struct pack *p, const struct relationship_decl *r)
{
	struct bytes b = { 0 };
	for (unsigned i = 0; i < r->part_count; i++) {
		bytes_put_string(&b, str_slice(r->parts[i].name));
		bytes_put_u64(&b, (uint64_t)(r->parts[i].weight / r->weights * 1e6));
		term_text(r->parts[i].value, p, &b);
	}
	uint32_t id = (uint32_t)hash64(bytes_slice(&b), 4) | 1;
	bytes_finish(&b);
	return id;
}

static int relationship_term(lua_State *L)
{
	const struct relationship_decl *r = &loader_of(L)->pack->relations->relationship;
	if (!r->part_count)
		fail_here(L, "relationship() is asked before relationship { parts = … } is declared; declare it above");
	struct term *t = term_new(L, TERM_RELATIONSHIP, TYPE_NUMBER, r->part_count);
	for (unsigned i = 0; i < r->part_count; i++)
		t->children[i] = r->parts[i].value;
	term_done(L, t);
	term_push(L, t);
	return 1;
}

/* With a table it declares; without anything it is the term. */
static int relationship_declare(lua_State *L)
{
	static const char *const allowed[] = { "parts", "sample", "by", "growth", NULL };
	struct pack *p = loader_of(L)->pack;
	struct relationship_decl *have = &p->relations->relationship;
	struct place at = place_here(L);
	struct relationship_decl r = { .file = at.file, .line = at.line };
	if (lua_gettop(L) == 0)
		return relationship_term(L);
	struct fields f = fields_open(L, 1, "relationship", at, allowed);
	if (have->file)
		fail_as(L, "duplicate", at, "relationship is declared twice; first at %s:%d", have->file, have->line);
	read_parts(L, &f, &r);
	r.sample = fields_texts(&f, "sample", true, &r.sample_count);
	read_segment_by(&f, &r.by);
	r.growth = fields_value(&f, "growth");
	r.id = relationship_id(p, &r);
	*have = r;
	return 0;
}

static int expectation_body(lua_State *L)
{
	static const char *const allowed[] = { "why", "when", "say", NULL };
	struct pack *p = loader_of(L)->pack;
	struct relations *r = p->relations;
	struct place at = declare_named_place(L);
	struct expectation_decl x = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	struct slice what = arena_printf(&p->arena, "expectation \"%s\"", x.name->data);
	check_new_name(L, at, "expectation", str_slice(x.name), 64);
	for (unsigned i = 0; i < r->expectation_count; i++)
		if (r->expectations[i].name == x.name)
			fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data,
				r->expectations[i].file, r->expectations[i].line);
	if (r->expectation_count >= LIMIT_EXPECTATIONS)
		fail_as(L, "limit", at, "more than %u expectations (limit_expectations)", LIMIT_EXPECTATIONS);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	x.why = fields_text(&f, "why", false);
	x.when = fields_condition(&f, "when");
	if (!x.when)
		fields_fail_as(&f, "missing-field", "needs when = condition: by what it is known of a customer");
	if (!fields_phrase(&f, "say", &x.say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\": what they expect, as the agent reads it");
	if (!r->expectations)
		r->expectations = arena_calloc(&p->arena, LIMIT_EXPECTATIONS, sizeof(*r->expectations));
	r->expectations[r->expectation_count++] = x;
	declare_named_done(L);
	return 0;
}

static int expectation_declare(lua_State *L)
{
	return declare_named(L, "expectation", expectation_body);
}

/* pack { provenance = true } or { "segment", … } */
void read_provenance(lua_State *L, const struct fields *pack, struct pack *p)
{
	struct relations *r = p->relations;
	if (!fields_push(pack, "provenance"))
		return;
	if (lua_type(L, -1) == LUA_TBOOLEAN) {
		r->origins_of_all = lua_toboolean(L, -1);
		lua_pop(L, 1);
		return;
	}
	lua_pop(L, 1);
	r->origins = fields_texts(pack, "provenance", true, &r->origin_count);
}

bool pack_keeps_origin(const struct pack *p, struct slice attribute)
{
	const struct relations *r = p->relations;
	if (r->origins_of_all)
		return true;
	for (unsigned i = 0; i < r->origin_count; i++)
		if (slice_equal(str_slice(r->origins[i]), attribute))
			return true;
	return false;
}

static void index_by(const struct pack *p, struct segment_by *by)
{
	for (unsigned i = 0; i < by->count; i++)
		by->facts[i] = pack_fact(p, by->names[i]);
}

void relations_index(struct pack *p)
{
	struct relations *r = p->relations;
	for (unsigned i = 0; i < r->survey_count; i++)
		index_by(p, &r->surveys[i].by);
	index_by(p, &r->relationship.by);
}

void check_relations(lua_State *L)
{
	static const char score[] = "they stand on the customer only, since the score is looked at whoever asks";
	static const char known[] = "they stand on the customer only, since they are of the customer and not of one request";
	const struct pack *p = loader_of(L)->pack;
	const struct relationship_decl *r = &p->relations->relationship;
	struct place at = { r->file, r->line };
	for (unsigned i = 0; i < r->part_count; i++)
		check_customer_only(L, p, at, "the parts of the relationship", score, r->parts[i].value);
	if (r->growth)
		check_customer_only(L, p, at, "the growth of the relationship", score, r->growth);
	for (unsigned i = 0; i < p->relations->expectation_count; i++) {
		const struct expectation_decl *x = &p->relations->expectations[i];
		check_customer_only(L, p, (struct place){ x->file, x->line }, "expectations", known, x->when);
	}
}

void declare_relations(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "expectation", expectation_declare },
		{ "relationship", relationship_declare },
		{ NULL, NULL },
	};
	luaL_setfuncs(L, functions, 0);
	declare_surveys(L);
}
