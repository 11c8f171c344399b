/* script/declare_segment.c: segment "name" { … } and in_segment "name"; and after all files ran, the event types after
 * which a segment is looked at, where the pack does not say: those that what it stands on depends on. */
#include "script/declare.h"

#include "base/hash.h"
#include "state/record.h"

#include <stdlib.h>

const struct segment_decl *pack_segment(const struct pack *p, const struct str *name)
{
	for (unsigned i = 0; i < p->segment_count; i++)
		if (p->segments[i].name == name)
			return &p->segments[i];
	return NULL;
}

const struct segment_decl *pack_segment_by_id(const struct pack *p, uint32_t id)
{
	for (unsigned i = 0; i < p->segment_count; i++)
		if (p->segments[i].id == id)
			return &p->segments[i];
	return NULL;
}

void segments_free(struct pack *p)
{
	free(p->segments);
	free(p->campaigns);
	free(p->shares);
}

static void check_room(lua_State *L, struct place at, const struct pack *p, const struct segment_decl *s)
{
	for (unsigned i = 0; i < p->segment_count; i++)
		if (p->segments[i].name == s->name || p->segments[i].id == s->id)
			fail_as(L, "duplicate", at, "segment \"%s\" is declared twice; first at %s:%d", s->name->data,
				p->segments[i].file, p->segments[i].line);
	if (p->segment_count >= LIMIT_SEGMENTS)
		fail_as(L, "limit", at, "more than %u segments (limit_segments)", LIMIT_SEGMENTS);
}

static int segment_body(lua_State *L)
{
	static const char *const allowed[] = { "why", "when", "on", "again", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct segment_decl s = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	struct slice what = arena_printf(&p->arena, "segment \"%s\"", s.name->data);
	s.id = (uint32_t)hash64(str_slice(s.name), 3);
	check_new_name(L, at, "segment", str_slice(s.name), LIMIT_TYPE_BYTES - sizeof("segment..entered"));
	check_room(L, at, p, &s);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	s.why = fields_text(&f, "why", false);
	s.when = fields_condition(&f, "when");
	if (!s.when)
		fields_fail_as(&f, "missing-field", "needs when = a condition over the customer's state");
	s.on = fields_texts(&f, "on", false, &s.on_count);
	s.on_given = s.on_count > 0;
	s.again_ms = fields_ms(&f, "again", 0);
	if (s.again_ms && s.again_ms < 60000)
		fields_fail(&f, "again is a minute at least: each time is an entry of the journal for every customer");
	s.entered_type = pack_str(p, arena_printf(&p->arena, "segment.%s.entered", s.name->data));
	s.left_type = pack_str(p, arena_printf(&p->arena, "segment.%s.left", s.name->data));
	p->segments = list_room(p->segments, p->segment_count, sizeof(*p->segments));
	p->segments[p->segment_count++] = s;
	declare_named_done(L);
	return 0;
}

static int segment_declare(lua_State *L)
{
	return declare_named(L, "segment", segment_body);
}

static int in_segment(lua_State *L)
{
	struct place at = place_here(L);
	if (lua_type(L, 1) != LUA_TSTRING || !lua_rawlen(L, 1))
		fail_at(L, at, "in_segment needs the name of a segment: in_segment \"heavy-texters\"");
	struct term *t = term_new(L, TERM_IN_SEGMENT, TYPE_BOOL, 0);
	t->scope = SCOPE_CUSTOMER;
	t->name = pack_str_at(L, 1);
	term_push(L, t);
	return 1;
}

void declare_segments(lua_State *L)
{
	static const luaL_Reg functions[] = { { "in_segment", in_segment }, { "segment", segment_declare }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}

/* A list of types that grows, each once. */
struct types {
	struct pack *pack;
	struct str **list;
	unsigned count;
};

static void types_add(struct types *t, struct str *type)
{
	struct arena *a = &t->pack->arena;
	for (unsigned i = 0; i < t->count; i++)
		if (t->list[i] == type)
			return;
	if (!(t->count & (t->count - 1))) {
		struct str **more = arena_alloc(a, (t->count ? 2 * t->count : 1) * sizeof(struct str *));
		if (t->count)
			memcpy(more, t->list, t->count * sizeof(struct str *));
		t->list = more;
	}
	t->list[t->count++] = type;
}

static void types_add_all(struct types *t, struct str **types, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		types_add(t, types[i]);
}

static void types_add_named(struct types *t, const char *type)
{
	types_add(t, pack_str(t->pack, slice_of(type)));
}

static void types_of_series(struct types *t, unsigned index)
{
	const struct pack *p = t->pack;
	types_add_all(t, p->series[index].on, p->series[index].on_count);
	for (unsigned i = 0; p->series[index].tally && i < p->rule_count; i++) {
		bool adds = p->rules[i].run != TERM_NO_FUNCTION;
		for (unsigned k = 0; k < p->rules[i].add_count && !adds; k++)
			adds = p->rules[i].adds[k].series == index;
		if (adds)
			types_add_all(t, p->rules[i].on, p->rules[i].on_count);
	}
}

static void types_of_case(struct types *t, const struct case_decl *c)
{
	for (struct str **s = c->opens; *s; s++)
		types_add(t, *s);
	for (struct str **s = c->closes; *s; s++)
		types_add(t, *s);
	if (c->due_ms)
		types_add(t, c->missed_type);
}

/* Attributes come with profiles, and from rules that set them. */
static void types_of_attr(struct types *t, const struct str *name)
{
	const struct pack *p = t->pack;
	types_add_named(t, EVENT_PROFILE_UPDATED);
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		bool sets = r->run != TERM_NO_FUNCTION;
		for (unsigned k = 0; k < r->set_count && !sets; k++)
			sets = r->sets[k].name == name;
		if (sets && (r->about == ABOUT_CUSTOMER || r->about == ABOUT_MEMBER))
			types_add_all(t, r->on, r->on_count);
	}
}

static void types_of_alert(struct types *t, const struct str *rule)
{
	const struct pack *p = t->pack;
	int i = pack_rule(p, rule);
	if (i < 0)
		return;
	types_add_all(t, p->rules[i].on, p->rules[i].on_count);
	types_add_all(t, p->rules[i].alert.closes, p->rules[i].alert.close_count);
}

static void types_of_outcomes(struct types *t, int kind)
{
	for (int k = OUTCOME_SHOWN; k <= OUTCOME_LAST; k++)
		if (!kind || k == kind)
			types_add(t, pack_str(t->pack, arena_printf(&t->pack->arena, "outcome.%s",
								    outcome_name((enum outcome_kind)k))));
}

static void types_of_leaf(struct types *t, const struct term *leaf)
{
	const struct pack *p = t->pack;
	const struct segment_decl *s;
	switch (leaf->op) {
	case TERM_SERIES:
		types_of_series(t, leaf->series.index);
		break;
	case TERM_CASE:
		types_of_case(t, &p->cases[leaf->open_case.index]);
		break;
	case TERM_ATTR:
	case TERM_NAME:
		types_of_attr(t, leaf->name);
		break;
	case TERM_OPEN_ALERT:
		types_of_alert(t, leaf->name);
		break;
	case TERM_OUTCOMES:
		types_of_outcomes(t, leaf->outcomes.kind);
		break;
	case TERM_ANY_MEMBER:
		types_add_named(t, EVENT_MEMBER_JOINED);
		types_add_named(t, EVENT_MEMBER_LEFT);
		break;
	case TERM_IN_SEGMENT:
		s = pack_segment(p, leaf->name);
		if (s) {
			types_add(t, s->entered_type);
			types_add(t, s->left_type);
		}
		break;
	case TERM_CALL:
		if (leaf->call.context)
			types_add_named(t, "*");
		break;
	default:
		break;
	}
}

static void types_of_term(struct types *t, const struct term *term)
{
	const struct term *part;
	types_of_leaf(t, term);
	for (unsigned i = 0; (part = term_part(term, t->pack, i)) != NULL; i++)
		types_of_term(t, part);
}

void segments_settle(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	for (unsigned i = 0; i < p->segment_count; i++) {
		struct segment_decl *s = &p->segments[i];
		struct types t = { .pack = p };
		if (s->on_given || !s->when)
			continue;
		types_of_term(&t, s->when);
		s->on = t.list;
		s->on_count = t.count;
	}
}
