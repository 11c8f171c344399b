/* script/declare_strain.c: strain { }: what wears an agent out, in points, and what follows from it.
 *
 *     points of a part = points x (value - from) / (to - from), from 0 to its points; 0 where the value is unknown
 *     strain           = their sum, at most 100
 *
 * Each part becomes the fact strain_NAME, the whole the fact strain. So rules, gates and words read them like any other
 * fact, and a decision records them like everything else that it reads of the agent. What a level does to answers is
 * made of what there is already: a policy that holds hard actions back, a weight for the easy ones. */
#include "script/declare.h"
#include "script/guidance.h"

#include <math.h>

#define LEVELS_MAX 8
#define PARTS_MAX 16

static struct term *number_term(lua_State *L, double n)
{
	struct term *t = term_new(L, TERM_LITERAL, TYPE_NUMBER, 0);
	t->literal = value_number(n);
	return t;
}

static struct term *two(lua_State *L, enum term_op op, enum term_type type, struct term *a, struct term *b)
{
	struct term *t = term_new(L, op, type, 2);
	t->children[0] = a;
	t->children[1] = b;
	term_done(L, t);
	t->used = true;
	return t;
}

static struct term *fact_term(lua_State *L, unsigned fact)
{
	struct term *t = term_new(L, TERM_FACT, TYPE_NUMBER, 0);
	t->fact = fact;
	t->used = true;
	term_done(L, t);
	return t;
}

/* A ramp from 0 to `points`, and 0 where nothing is known. */
static struct term *ramp(lua_State *L, struct term *value, double from, double to, double points)
{
	struct term *above = two(L, TERM_SUB, TYPE_NUMBER, value, number_term(L, from));
	struct term *share = two(L, TERM_MUL, TYPE_NUMBER, above, number_term(L, points / (to - from)));
	struct term *least = two(L, TERM_MAX, TYPE_NUMBER, share, number_term(L, 0));
	struct term *most = two(L, TERM_MIN, TYPE_NUMBER, least, number_term(L, points));
	return two(L, TERM_OR_ELSE, TYPE_NUMBER, most, number_term(L, 0));
}

static void read_part(lua_State *L, const struct fields *strain, struct strain_decl *s, struct term **sum)
{
	static const char *const allowed[] = { "name", "of", "from", "to", "points", "say", NULL };
	struct pack *p = loader_of(L)->pack;
	struct strain_part *part = &s->parts[s->part_count++];
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(strain, "parts takes a list: { { name = \"angry\", of = fact.x, from = 1, to = 5, points = 30 }, … }");
	struct fields f = fields_open(L, -1, "strain: parts", strain->place, allowed);
	part->name = fields_text(&f, "name", true);
	f.what = arena_printf(&p->arena, "strain: part \"%s\"", part->name->data).data;
	struct term *of = fields_value(&f, "of");
	double from = fields_number(&f, "from", -HUGE_VAL, HUGE_VAL, NAN), to = fields_number(&f, "to", -HUGE_VAL, HUGE_VAL, NAN);
	double points = fields_number(&f, "points", 0, 100, NAN);
	if (!of || isnan(from) || isnan(to) || isnan(points))
		fields_fail_as(&f, "missing-field", "needs of = a number, and from, to and points: where it begins to count, where "
						    "all of its points are reached, and how many those are");
	if (from == to)
		fields_fail(&f, "from and to are the same: write where it begins to count, and where all points are reached");
	(void)fields_phrase(&f, "say", &part->say);
	struct slice name = arena_printf(&p->arena, "strain_%s", part->name->data);
	part->fact_term = fact_term(L, fact_add(L, f.place, name, ramp(L, of, from, to, points)));
	*sum = *sum ? two(L, TERM_ADD, TYPE_NUMBER, *sum, part->fact_term) : part->fact_term;
}

/* What is hard to bring across is held back, unless they came for it. */
static void hold_hard(lua_State *L, const struct fields *f, const struct strain_decl *s, const struct strain_level *level)
{
	struct pack *p = loader_of(L)->pack;
	char number[32];
	for (unsigned i = 0; i < p->policy_count; i++)
		if (p->policies[i].hard) /* from a lower level on */
			return;
	if (p->policy_count >= LIMIT_POLICIES)
		fields_fail_as(f, "limit", "more than %u policies (limit_policies)", LIMIT_POLICIES);
	struct policy_decl d = { .file = f->place.file, .line = f->place.line, .hard = true };
	d.unless = two(L, TERM_AT_LEAST, TYPE_BOOL, s->fact_term, number_term(L, level->at_least));
	d.except = term_new(L, TERM_ASKED, TYPE_BOOL, 0);
	d.except->used = true;
	d.text = arena_printf(&p->arena, "the agent is under strain (\"%s\", from %s): nothing that is hard to bring across, "
			      "except where asked for it", level->name->data, number_text(level->at_least, number));
	p->policies = list_room(p->policies, p->policy_count, sizeof(*p->policies));
	p->policies[p->policy_count++] = d;
}

static double read_level(lua_State *L, const struct fields *strain, struct strain_decl *s)
{
	static const char *const allowed[] = { "name", "at_least", "actions", "easy", "hard", "say", NULL };
	struct strain_level *level = &s->levels[s->level_count++];
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(strain, "levels takes a list: { { name = \"high\", at_least = 60, actions = 2 }, … }");
	struct fields f = fields_open(L, -1, "strain: levels", strain->place, allowed);
	level->name = fields_text(&f, "name", true);
	f.what = arena_printf(&loader_of(L)->pack->arena, "strain: level \"%s\"", level->name->data).data;
	level->at_least = fields_number(&f, "at_least", 0, 100, NAN);
	double actions = fields_number(&f, "actions", 1, LIMIT_RECOMMENDATIONS, 0);
	if (isnan(level->at_least))
		fields_fail_as(&f, "missing-field", "needs at_least = 60: where it begins, of 100");
	if (s->level_count > 1 && level->at_least <= level[-1].at_least)
		fields_fail(&f, "levels are written from the lowest to the highest at_least");
	if (actions != floor(actions))
		fields_fail(&f, "actions must be a whole number");
	level->actions = (unsigned)actions;
	(void)fields_phrase(&f, "say", &level->say);
	if (fields_push(&f, "hard")) {
		if (lua_type(L, -1) != LUA_TBOOLEAN)
			fields_fail(&f, "hard is false (such actions are held back) or true (they are not)");
		if (!lua_toboolean(L, -1))
			hold_hard(L, &f, s, level);
		lua_pop(L, 1);
	}
	return fields_number(&f, "easy", 0, HUGE_VAL, 1);
}

/* The list in field `name`, an item at a time on top. */
static lua_Integer open_list(const struct fields *f, const char *name, lua_Integer most)
{
	if (!fields_push(f, name))
		return 0;
	lua_Integer n = lua_type(f->L, -1) == LUA_TTABLE ? luaL_len(f->L, -1) : 0;
	if (n < 1 || n > most)
		fields_fail(f, "%s takes a list of 1 to %d", name, (int)most);
	return n;
}

static int strain_declare(lua_State *L)
{
	static const char *const allowed[] = { "parts", "levels", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "strain", place_here(L), allowed);
	struct strain_decl *s = &guidance_of(p)->strain;
	struct term *sum = NULL;
	if (s->file)
		fields_fail_as(&f, "duplicate", "declared twice; first at %s:%d", s->file, s->line);
	*s = (struct strain_decl){ .file = f.place.file, .line = f.place.line };
	s->parts = arena_calloc(&p->arena, PARTS_MAX, sizeof(*s->parts));
	s->levels = arena_calloc(&p->arena, LEVELS_MAX, sizeof(*s->levels));
	lua_Integer parts = open_list(&f, "parts", PARTS_MAX);
	if (!parts)
		fields_fail_as(&f, "missing-field", "needs parts = { { name = …, of = …, from = …, to = …, points = … } }");
	for (lua_Integer i = 1; i <= parts; i++) {
		lua_geti(L, -1, i);
		read_part(L, &f, s, &sum);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	struct term *whole = two(L, TERM_MIN, TYPE_NUMBER, sum, number_term(L, 100));
	s->fact_term = fact_term(L, fact_add(L, f.place, SLICE("strain"), whole));
	s->easy = arena_calloc(&p->arena, LEVELS_MAX, sizeof(*s->easy));
	lua_Integer levels = open_list(&f, "levels", LEVELS_MAX);
	for (lua_Integer i = 1; i <= levels; i++) {
		lua_geti(L, -1, i);
		s->easy[i - 1] = read_level(L, &f, s);
		lua_pop(L, 1);
	}
	return 0;
}

/* The weight of easy actions at one level: a context of each of them. */
static void ease(lua_State *L, struct action_decl *a, const struct strain_decl *s, unsigned level)
{
	struct pack *p = loader_of(L)->pack;
	struct term *when = two(L, TERM_AT_LEAST, TYPE_BOOL, s->fact_term, number_term(L, s->levels[level].at_least));
	if (level + 1 < s->level_count) {
		struct term *below = two(L, TERM_BELOW, TYPE_BOOL, s->fact_term,
					 number_term(L, s->levels[level + 1].at_least));
		when = two(L, TERM_ALL, TYPE_BOOL, when, below);
	}
	struct context_weight *more = arena_alloc(&p->arena, (a->context_count + 1) * sizeof(*more));
	if (a->context_count)
		memcpy(more, a->contexts, a->context_count * sizeof(*more));
	more[a->context_count++] = (struct context_weight){ when, s->easy[level] };
	a->contexts = more;
}

void strain_settle(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	const struct strain_decl *s = p->guidance ? &p->guidance->strain : NULL;
	for (unsigned i = 0; s && s->file && i < p->action_count; i++)
		for (unsigned k = 0; p->actions[i].effort == EFFORT_EASY && k < s->level_count; k++)
			if (s->easy[k] != 1)
				ease(L, &p->actions[i], s, k);
}

void declare_strain(lua_State *L)
{
	lua_pushcfunction(L, strain_declare);
	lua_setfield(L, -2, "strain");
}
