/* script/declare_guidance.c: what the agent is told beside actions: opening { }, guideline { }, avoid { }, tell "type"
 * { }, and how values are spelled in words: spell "name" { }. */
#include "script/declare.h"
#include "script/guidance.h"

#include "base/check.h"

#include <math.h>

#define TELL_WITHIN_MS (90LL * 24 * 3600 * 1000) /* what is longer ago belongs to no conversation of today */

struct guidance *guidance_of(struct pack *p)
{
	if (!p->guidance)
		p->guidance = arena_calloc(&p->arena, 1, sizeof(*p->guidance));
	return p->guidance;
}

const struct spell_decl *pack_spell(const struct pack *p, const struct str *name)
{
	for (unsigned i = 0; p->guidance && i < p->guidance->spell_count; i++)
		if (p->guidance->spells[i].name == name)
			return &p->guidance->spells[i];
	return NULL;
}

static void add_said(lua_State *L, struct place at, const struct said_decl *d)
{
	struct guidance *g = guidance_of(loader_of(L)->pack);
	if (g->said_count >= LIMIT_SAID)
		fail_as(L, "limit", at, "more than %u openings, guidelines, tells and things to avoid (limit_said)", LIMIT_SAID);
	g->said = list_room(g->said, g->said_count, sizeof(*g->said));
	g->said[g->said_count++] = *d;
}

static int declare_said(lua_State *L, enum said_kind kind, const char *what)
{
	static const char *const allowed[] = { "when", "topic", "say", NULL };
	struct fields f = fields_open(L, 1, what, place_here(L), allowed);
	struct said_decl d = { .kind = (uint8_t)kind, .file = f.place.file, .line = f.place.line };
	d.when = fields_condition(&f, "when");
	d.topics = fields_texts(&f, "topic", false, &d.topic_count);
	for (unsigned i = 0; i < d.topic_count; i++)
		check_topic(L, f.place, what, str_slice(d.topics[i]));
	if (!fields_phrase(&f, "say", &d.say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\": what the agent reads");
	add_said(L, f.place, &d);
	return 0;
}

static int opening_declare(lua_State *L)
{
	return declare_said(L, SAID_OPENING, "opening");
}

static int guideline_declare(lua_State *L)
{
	return declare_said(L, SAID_GUIDELINE, "guideline");
}

static int avoid_declare(lua_State *L)
{
	return declare_said(L, SAID_AVOID, "avoid");
}

static int tell_body(lua_State *L)
{
	static const char *const allowed[] = { "when", "say", "instead_of", "within", "whose", NULL };
	static const char *const whose[] = { "member", "household", NULL };
	struct place at = declare_named_place(L);
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "tell \"%s\"", lua_tostring(L, 1));
	struct said_decl d = { .kind = SAID_TELL, .type = pack_str_at(L, 1), .file = at.file, .line = at.line };
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	d.when = fields_condition(&f, "when");
	d.instead_of = fields_texts(&f, "instead_of", false, &d.instead_count);
	d.within_ms = fields_ms(&f, "within", TELL_WITHIN_MS);
	d.household = fields_choice(&f, "whose", whose, 0) == 1;
	if (!fields_phrase(&f, "say", &d.say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\": what happened, as a clause without a full stop");
	add_said(L, at, &d);
	declare_named_done(L);
	return 0;
}

static bool is_among(struct str **names, unsigned count, const struct str *name)
{
	for (unsigned i = 0; i < count; i++)
		if (names[i] == name)
			return true;
	return false;
}

/* An attribute of its events that the timeline does not keep is never known when it is told. */
static void check_kept(lua_State *L, const struct said_decl *d, const struct str *name)
{
	const struct pack *p = loader_of(L)->pack;
	const struct event_decl *e = pack_event(p, d->type);
	if (e && event_decl_attr(e, name) && !is_among(p->timeline_fields, p->timeline_field_count, name))
		complain(L, "not-kept", (struct place){ d->file, d->line },
			 "tell \"%s\" reads %s, which the timeline does not keep; add it to timeline { fields = … }",
			 d->type->data, name->data);
}

static void check_terms_kept(lua_State *L, const struct said_decl *d, const struct term *t)
{
	const struct term *part;
	if (t->op == TERM_EVENT)
		check_kept(L, d, t->name);
	for (unsigned i = 0; t->op != TERM_FACT && (part = term_part(t, loader_of(L)->pack, i)) != NULL; i++)
		check_terms_kept(L, d, part);
}

void check_tell(lua_State *L, const struct said_decl *d)
{
	const struct pack *p = loader_of(L)->pack;
	if (p->timeline_type_count && !is_among(p->timeline_types, p->timeline_type_count, d->type))
		complain(L, "not-kept", (struct place){ d->file, d->line },
			 "tell \"%s\": the timeline does not keep events of this type; add it to timeline { types = … }",
			 d->type->data);
	if (d->when)
		check_terms_kept(L, d, d->when);
	for (unsigned i = 0; i < p->language_count; i++)
		for (unsigned k = 0; k < d->say.by_language[i].count; k++) {
			const struct words_part *part = &d->say.by_language[i].parts[k];
			if (part->term && part->term->op == TERM_NAME)
				check_kept(L, d, part->name);
		}
}

static int tell_declare(lua_State *L)
{
	return declare_named(L, "tell", tell_body);
}

/* Its words stand within others, so they have no names of their own. */
static void check_plain(const struct fields *f, const struct phrase *say)
{
	for (unsigned i = 0; i < loader_of(f->L)->pack->language_count; i++) {
		const struct words *w = &say->by_language[i];
		if (w->count > 1 || (w->count == 1 && w->parts[0].term))
			fields_fail(f, "a spelling is plain words, without {names}");
		for (unsigned k = 0; k < w->count; k++)
			if (w->parts[k].name)
				fields_fail(f, "a spelling is plain words, without {names}");
	}
}

/* { at_most = -0.4, say = "angry" }, or { is = "value", say = "words" } where the order counts for people */
static void read_item(lua_State *L, const struct fields *spell, struct spelling *out)
{
	static const char *const allowed[] = { "is", "at_least", "at_most", "say", NULL };
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: an item of its list", spell->what);
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(spell, "write [\"value\"] = \"words\", or { at_most = 3, say = \"words\" } for a band of numbers");
	struct fields f = fields_open(L, -1, what.data, spell->place, allowed);
	struct str *is = fields_text(&f, "is", false);
	out->low = fields_number(&f, "at_least", -HUGE_VAL, HUGE_VAL, -HUGE_VAL);
	out->high = fields_number(&f, "at_most", -HUGE_VAL, HUGE_VAL, HUGE_VAL);
	if (is && (!isinf(out->low) || !isinf(out->high)))
		fields_fail(&f, "is = \"value\" names one value; at_least and at_most are for bands of numbers");
	if (is)
		out->is = str_slice(is);
	if (!fields_phrase(&f, "say", &out->say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\"");
	check_plain(&f, &out->say);
}

static int spell_body(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice what = arena_printf(&p->arena, "spell \"%s\"", lua_tostring(L, 1));
	struct spell_decl d = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	const struct spell_decl *other = pack_spell(p, d.name);
	struct fields f = { .L = L, .table = 2, .what = what.data, .place = at };
	if (other)
		fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data, other->file, other->line);
	if (lua_type(L, 2) != LUA_TTABLE)
		fail_at(L, at, "%s takes a table: { [\"value\"] = \"words\" }", what.data);
	lua_Integer n = sandbox_push_sorted_keys(L, 2);
	d.spellings = arena_calloc(&p->arena, (size_t)n + 1, sizeof(*d.spellings));
	for (lua_Integer i = 1; i <= n; i++) {
		struct spelling *s = &d.spellings[d.count++];
		bool band = lua_rawgeti(L, 3, i) == LUA_TNUMBER;
		if (!band && lua_type(L, -1) != LUA_TSTRING)
			fail_at(L, at, "%s: values are texts: { [\"value\"] = \"words\" }", what.data);
		if (!band)
			s->is = str_slice(pack_str_at(L, -1));
		lua_gettable(L, 2);
		if (band) {
			read_item(L, &f, s);
		} else {
			phrase_at(L, -1, at, what.data, &s->say);
			check_plain(&f, &s->say);
		}
		lua_pop(L, 1);
	}
	struct guidance *g = guidance_of(p);
	g->spells = list_room(g->spells, g->spell_count, sizeof(*g->spells));
	g->spells[g->spell_count++] = d;
	declare_named_done(L);
	return 0;
}

static int spell_declare(lua_State *L)
{
	return declare_named(L, "spell", spell_body);
}

void declare_guidance(lua_State *L)
{
	static const luaL_Reg functions[] = { { "opening", opening_declare }, { "guideline", guideline_declare },
					      { "avoid", avoid_declare },     { "tell", tell_declare },
					      { "spell", spell_declare },     { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
