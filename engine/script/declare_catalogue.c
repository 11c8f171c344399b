/* script/declare_catalogue.c: the catalogue above its actions, and after them: goal and group declarations, skills that an
 * action asks of the agent, and the next step after each outcome.
 *
 *     goal > group > action
 *
 * What holds for all actions of a group, or of a goal, is written once, above them. */
#include "script/declare.h"

#include <math.h>

/* The agent's attribute `skills` lists them: "billing, retention". All that are asked for are needed. */
static struct term *skills_term(lua_State *L, const struct fields *f)
{
	unsigned count;
	struct str **skills = fields_texts(f, "skills", false, &count);
	if (!count)
		return NULL;
	struct term *all = term_new(L, TERM_ALL, TYPE_BOOL, count);
	for (unsigned i = 0; i < count; i++) {
		struct term *attr = term_new(L, TERM_ATTR, TYPE_ANY, 0);
		if (!skills[i]->len || strpbrk(skills[i]->data, ",; "))
			fields_fail(f, "skills: \"%s\" is not one word; a skill has no commas and spaces in it", skills[i]->data);
		attr->scope = SCOPE_AGENT;
		attr->name = pack_str(loader_of(L)->pack, SLICE("skills"));
		lua_pushlstring(L, skills[i]->data, skills[i]->len);
		all->children[i] = term_has_word(L, attr, term_operand(L, -1, false, "skills"));
		lua_pop(L, 1);
	}
	term_done(L, all);
	return all;
}

static struct term *both(lua_State *L, struct term *a, struct term *b)
{
	if (!a || !b)
		return a ? a : b;
	struct term *t = term_new(L, TERM_ALL, TYPE_BOOL, 2);
	t->children[0] = a;
	t->children[1] = b;
	term_done(L, t);
	t->used = true;
	return t;
}

struct gates read_gates(lua_State *L, const struct fields *f)
{
	struct term *skills = skills_term(L, f);
	struct gates gates = {
		.eligible = fields_condition(f, "eligible"),
		.applicable = fields_condition(f, "applicable"),
		.suitable = fields_condition(f, "suitable"),
	};
	if (skills) {
		skills->used = true;
		gates.eligible = both(L, skills, gates.eligible);
	}
	return gates;
}

static struct level_decl *level_named(struct pack *p, bool group, const struct str *name)
{
	for (unsigned i = 0; i < p->above_count; i++)
		if (p->above[i].group == group && p->above[i].name == name)
			return &p->above[i];
	return NULL;
}

static int level_body(lua_State *L, bool group)
{
	static const char *const of_goal[] = { "skills", "eligible", "applicable", "suitable", "lever", "ignored_after", NULL };
	static const char *const of_group[] = { "goal", "skills", "eligible", "applicable", "suitable", "lever",
						  "ignored_after", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct level_decl d = { .name = pack_str_at(L, 1), .group = group, .file = at.file, .line = at.line };
	const char *kind = group ? "group" : "goal";
	struct slice what = arena_printf(&p->arena, "%s \"%s\"", kind, d.name->data);
	check_new_name(L, at, kind, str_slice(d.name), 64);
	const struct level_decl *other = level_named(p, group, d.name);
	if (other)
		fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data, other->file, other->line);
	if (p->above_count >= LIMIT_LEVELS)
		fail_at(L, at, "more than %u goals and groups (limit_levels)", LIMIT_LEVELS);
	struct fields f = fields_open(L, 2, what.data, at, group ? of_group : of_goal);
	d.goal = group ? fields_text(&f, "goal", false) : NULL;
	d.gates = read_gates(L, &f);
	d.lever = fields_number(&f, "lever", 0, HUGE_VAL, 1);
	d.ignored_after_ms = fields_ms(&f, "ignored_after", 0);
	p->above = list_room(p->above, p->above_count, sizeof(*p->above));
	p->above[p->above_count++] = d;
	declare_named_done(L);
	return 0;
}

static int goal_body(lua_State *L)
{
	return level_body(L, false);
}

static int group_body(lua_State *L)
{
	return level_body(L, true);
}

static int goal_declare(lua_State *L)
{
	return declare_named(L, "goal", goal_body);
}

static int group_declare(lua_State *L)
{
	return declare_named(L, "group", group_body);
}

/* "words", { en = "words" }, or { say = words, action = "other-action" } */
static void read_step(lua_State *L, const struct fields *next, const char *name, struct next_step *step)
{
	static const char *const allowed[] = { "say", "action", NULL };
	struct pack *p = loader_of(L)->pack;
	struct slice what = arena_printf(&p->arena, "%s: %s", next->what, name);
	bool whole = false;
	step->kind = (uint8_t)outcome_from_name(slice_of(name));
	if (lua_type(L, -1) == LUA_TTABLE) {
		whole = lua_getfield(L, -1, "say") != LUA_TNIL;
		whole |= lua_getfield(L, -2, "action") != LUA_TNIL;
		lua_pop(L, 2);
	}
	if (!whole) {
		phrase_at(L, -1, next->place, what.data, &step->say);
		return;
	}
	struct fields f = fields_open(L, -1, what.data, next->place, allowed);
	step->action = fields_text(&f, "action", false);
	if (!fields_phrase(&f, "say", &step->say) && !step->action)
		fields_fail(&f, "needs say = \"…\" or action = \"…\"");
}

/* next = { accepted = "do this", rejected = { say = "that", action = "smaller-plan" } } */
void read_next(lua_State *L, const struct fields *action, struct action_decl *a)
{
	static const char *const kinds[] = { "shown",  "offered", "accepted", "rejected",
					     "later",  "ignored", "overruled", NULL };
	if (!fields_push(action, "next"))
		return;
	struct pack *p = loader_of(L)->pack;
	struct slice what = arena_printf(&p->arena, "%s: next", action->what);
	struct fields f = fields_open(L, -1, what.data, action->place, kinds);
	a->next = arena_calloc(&p->arena, NEXT_STEPS_MAX, sizeof(*a->next));
	for (unsigned i = 0; kinds[i]; i++) {
		if (!fields_push(&f, kinds[i]))
			continue;
		read_step(L, &f, kinds[i], &a->next[a->next_count++]);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* offer = { holds = "14d", terms = { price = fact.price } } */
void read_offer(lua_State *L, const struct fields *action, struct action_decl *a)
{
	static const char *const allowed[] = { "holds", "terms", NULL };
	struct pack *p = loader_of(L)->pack;
	if (!fields_push(action, "offer"))
		return;
	struct slice what = arena_printf(&p->arena, "%s: offer", action->what);
	struct fields f = fields_open(L, -1, what.data, action->place, allowed);
	a->offer_holds_ms = fields_ms(&f, "holds", 0);
	if (a->offer_holds_ms <= 0)
		fields_fail(&f, "needs holds = \"14d\": how long an offer that was made is kept");
	p->offer_count++;
	if (!fields_push(&f, "terms")) {
		lua_pop(L, 1);
		return;
	}
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(&f, "terms takes a table: { price = fact.price }");
	int table = lua_gettop(L);
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	if (n > OFFER_TERMS_MAX)
		fields_fail(&f, "terms: more than %u", OFFER_TERMS_MAX);
	a->terms = arena_calloc(&p->arena, OFFER_TERMS_MAX, sizeof(*a->terms));
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, table + 1, i) != LUA_TSTRING || lua_rawlen(L, -1) > LIMIT_ATTRIBUTE_NAME_BYTES)
			fields_fail(&f, "terms takes a table: { price = fact.price }");
		struct offer_term *t = &a->terms[a->term_count++];
		t->name = pack_str_at(L, -1);
		lua_gettable(L, table);
		t->value = term_operand(L, -1, false, "terms");
		t->value->used = true;
		lua_pop(L, 1);
	}
	lua_settop(L, table - 2);
}

static bool asks_which(const struct pack *p, const struct term *t)
{
	const struct term *part;
	if (!t || t->op == TERM_ASKED || (t->op == TERM_CALL && t->call.context))
		return t != NULL;
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		if (asks_which(p, part))
			return true;
	return false;
}

/* An action's goal is its own, else its group's: which must not differ. */
static void settle_goal(lua_State *L, struct action_decl *a, const struct level_decl *group)
{
	struct place at = { a->file, a->line };
	if (!a->goal && group)
		a->goal = group->goal;
	if (!a->goal) {
		complain(L, "missing-field", at, "action \"%s\": needs goal = \"…\", or a group that has one", a->name->data);
		a->goal = pack_str(loader_of(L)->pack, SLICE("?"));
	} else if (group && group->goal && group->goal != a->goal) {
		complain(L, "bad-value", at, "action \"%s\" has the goal \"%s\", but its group \"%s\" has \"%s\" (%s:%d)", a->name->data,
			a->goal->data, group->name->data, group->goal->data, group->file, group->line);
	}
}

void catalogue_settle(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	for (unsigned i = 0; i < p->above_count; i++) {
		struct level_decl *d = &p->above[i];
		d->per_action = asks_which(p, d->gates.eligible) || asks_which(p, d->gates.applicable) ||
				asks_which(p, d->gates.suitable);
	}
	for (unsigned i = 0; i < p->action_count; i++) {
		struct action_decl *a = &p->actions[i];
		const struct level_decl *group = a->group ? level_named(p, true, a->group) : NULL;
		settle_goal(L, a, group);
		const struct level_decl *goal = level_named(p, false, a->goal);
		if (goal)
			a->above[a->above_count++] = (uint16_t)(goal - p->above);
		if (group)
			a->above[a->above_count++] = (uint16_t)(group - p->above);
		for (unsigned k = a->above_count; !a->ignored_after_ms && k > 0; k--) /* the nearest that says it */
			a->ignored_after_ms = p->above[a->above[k - 1]].ignored_after_ms;
	}
}

void declare_catalogue(lua_State *L)
{
	static const luaL_Reg functions[] = { { "goal", goal_declare }, { "group", group_declare }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
