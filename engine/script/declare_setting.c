/* script/declare_setting.c: setting "name": what a business owner wrote in settings.conf (settings.h), and those settings
 * that the engine itself knows: levers and the balance. They go before what Lua says. */
#include "script/declare.h"

#include <math.h>
#include <stdio.h>

static struct place place_of(const struct setting *s)
{
	return (struct place){ SETTINGS_FILE, s->line };
}

void settings_push(lua_State *L, const struct setting *s)
{
	if (isnan(s->number))
		lua_pushstring(L, s->text);
	else if (s->number == floor(s->number) && fabs(s->number) < 1e15)
		lua_pushinteger(L, (lua_Integer)s->number);
	else
		lua_pushnumber(L, s->number);
}

static void bounds_text(struct bytes *b, double low, double high, bool percent, const char *unit)
{
	char number[32];
	double scale = percent ? 100 : 1;
	if (isfinite(low))
		bytes_printf(b, "%s%s", isfinite(high) ? "" : "at least ", number_text(low * scale, number));
	if (isfinite(high))
		bytes_printf(b, "%s%s", isfinite(low) ? " to " : "at most ", number_text(high * scale, number));
	bytes_printf(b, "%s%s%c", *unit ? " " : "", unit, 0);
}

/* A number within its bounds, in its unit. `where`: what asks for it. */
static void check_number(lua_State *L, const struct setting *s, double low, double high, const char *unit,
			 const char *where)
{
	struct bytes b = { 0 };
	char text[160];
	bounds_text(&b, low, high, strcmp(unit, "%") == 0, unit);
	snprintf(text, sizeof(text), "%s", b.data);
	bytes_finish(&b);
	if (isnan(s->number))
		fail_as(L, "bad-setting", place_of(s), "%s = %s is not a number%s%s (%s); write %s", s->key, s->text,
			*unit ? " of " : "", unit, where, text);
	if (strcmp(s->unit, unit) != 0 && (*s->unit || strcmp(unit, "%") == 0))
		fail_as(L, "bad-setting", place_of(s), "%s is in \"%s\" here, and is wanted in \"%s\" (%s); write %s", s->key, s->unit,
			unit, where, text);
	if (!(s->number >= low && s->number <= high))
		fail_as(L, "bad-setting", place_of(s), "%s = %s is beyond its bounds (%s); it may be %s", s->key, s->text, where,
			text);
}

static const char *nearest_key(lua_State *L, const char *name)
{
	const struct settings *s = &loader_of(L)->settings;
	const char **names = arena_calloc(&loader_of(L)->pack->arena, s->count + 1, sizeof(*names));
	for (unsigned i = 0; i < s->count; i++)
		names[i] = s->list[i].key;
	return nearest_name(name, names);
}

/* setting "name", or setting("name", { at_least =, at_most =, unit = }) */
static int setting_get(lua_State *L)
{
	static const char *const allowed[] = { "at_least", "at_most", "unit", NULL };
	struct loader *l = loader_of(L);
	struct place at = place_here(L);
	const char *name = luaL_checkstring(L, 1), *unit = "";
	double low = -HUGE_VAL, high = HUGE_VAL;
	bool bounded = !lua_isnoneornil(L, 2);
	char where[160];
	if (bounded) {
		struct slice what = arena_printf(&l->pack->arena, "setting \"%s\"", name);
		struct fields f = fields_open(L, 2, what.data, at, allowed);
		low = fields_number(&f, "at_least", -HUGE_VAL, HUGE_VAL, low);
		high = fields_number(&f, "at_most", -HUGE_VAL, HUGE_VAL, high);
		struct str *text = fields_text(&f, "unit", false);
		unit = text ? text->data : "";
	}
	struct setting *s = settings_find(&l->settings, name);
	if (!s) {
		const char *nearest = nearest_key(L, name);
		if (nearest)
			fail_as(L, "missing-setting", at, SETTINGS_FILE " has no \"%s\"; did you mean \"%s\"?", name, nearest);
		fail_as(L, "missing-setting", at, SETTINGS_FILE " has no \"%s\"; add a line to it: %s = …", name, name);
	}
	s->used = true;
	snprintf(where, sizeof(where), "%s:%d", at.file, at.line);
	if (bounded)
		check_number(L, s, low, high, unit, where);
	settings_push(L, s);
	return 1;
}

void settings_begin(lua_State *L)
{
	struct loader *l = loader_of(L);
	settings_read(&l->settings, l->bundle, &l->pack->arena);
	if (l->settings.bad_line)
		fail_as(L, "bad-setting", (struct place){ SETTINGS_FILE, l->settings.bad_line }, "%s", l->settings.bad);
}

#define LEVER_MOST 10.0 /* 1000 % */

/* NAN: nothing is set. */
static double lever(lua_State *L, const char *of, const char *name)
{
	char key[160];
	snprintf(key, sizeof(key), "lever.%s.%s", of, name);
	struct setting *s = settings_find(&loader_of(L)->settings, key);
	if (!s)
		return NAN;
	s->used = true;
	check_number(L, s, 0, LEVER_MOST, "%", "a lever");
	return s->number;
}

static const char *const *known_keys(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	const char **names = arena_calloc(&p->arena, 3u * p->action_count + 2, sizeof(*names));
	unsigned n = 0;
	names[n++] = "balance";
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		names[n++] = arena_printf(&p->arena, "lever.goal.%s", a->goal->data).data;
		names[n++] = arena_printf(&p->arena, "lever.action.%s", a->name->data).data;
		if (a->group)
			names[n++] = arena_printf(&p->arena, "lever.group.%s", a->group->data).data;
	}
	return names;
}

static void set_balance(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct setting *s = settings_find(&l->settings, "balance");
	if (!s || s->used) /* the pack itself asks for it */
		return;
	s->used = true;
	check_number(L, s, 0, 1, "%", "the customer's share of the value");
	if (l->balance_declared && l->pack->balance->op != TERM_LITERAL)
		fail_as(L, "bad-setting", place_of(s), "the pack's balance follows from facts, so a number here would say nothing; let "
			"balance(…) ask for settings, or remove it");
	struct term *t = term_new(L, TERM_LITERAL, TYPE_NUMBER, 0);
	t->literal = value_number(s->number);
	t->used = true;
	l->pack->balance = t;
}

void settings_settle(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	for (unsigned i = 0; i < p->action_count; i++) {
		struct action_decl *a = &p->actions[i];
		double own = lever(L, "action", a->name->data);
		a->lever = isnan(own) ? a->lever : own;
		a->goal_setting = lever(L, "goal", a->goal->data);
		a->group_setting = a->group ? lever(L, "group", a->group->data) : NAN;
	}
	set_balance(L);
	for (unsigned i = 0; i < l->settings.count && !l->incomplete; i++) {
		const struct setting *s = &l->settings.list[i];
		const char *nearest = s->used ? NULL : nearest_name(s->key, known_keys(L));
		if (!s->used)
			complain(L, "unused-setting", place_of(s), "nothing asks for the setting \"%s\"%s%s%s", s->key,
				 nearest ? "; did you mean \"" : "; correct its name, or remove it", nearest ? nearest : "",
				 nearest ? "\"?" : "");
	}
}

void declare_settings(lua_State *L)
{
	lua_pushcfunction(L, setting_get);
	lua_setfield(L, -2, "setting");
}
