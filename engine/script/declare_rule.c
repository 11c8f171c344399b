/* script/declare_rule.c: rule "name" { … }: on an event, when a condition holds: alert, set, add, nudge, run. */
#include "script/declare.h"

#include <math.h>

#define ALERT_EXPIRES_MS (7 * 24 * 3600 * 1000LL) /* an alert nobody acknowledges: people look at a week back */

const char *const alert_severities[] = { "low", "medium", "high", "critical", NULL };

static void check_severity(const struct fields *f, struct str *s)
{
	for (size_t i = 0; alert_severities[i]; i++)
		if (strcmp(alert_severities[i], s->data) == 0)
			return;
	fields_fail(f, "severity = \"%s\" is not known; it is one of \"low\", \"medium\", \"high\", \"critical\"",
		    s->data);
}

static void read_once(const struct fields *f, struct rule_decl *r)
{
	struct span span;
	if (!fields_span(f, "once_per", &span))
		return;
	if (r->once)
		fields_fail(f, "once_per is given twice; give it in the rule or in its alert");
	r->once = true;
	r->once_per = span;
}

static void read_alert(lua_State *L, struct rule_decl *r, const struct fields *rule)
{
	static const char *const allowed[] = { "severity", "to", "say", "expires", "closes", "closes_when", "once_per", NULL };
	if (!fields_push(rule, "alert"))
		return;
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: alert", rule->what);
	struct fields f = fields_open(L, -1, what.data, rule->place, allowed);
	r->has_alert = true;
	r->alert.severity = fields_text(&f, "severity", false);
	if (!r->alert.severity)
		r->alert.severity = pack_str(loader_of(L)->pack, SLICE("medium"));
	check_severity(&f, r->alert.severity);
	words_parse(L, f.place, str_slice(fields_text(&f, "to", true)), &r->alert.to);
	if (!fields_phrase(&f, "say", &r->alert.say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\": what the person reads");
	r->alert.expires_ms = fields_ms(&f, "expires", ALERT_EXPIRES_MS);
	r->alert.closes = fields_texts(&f, "closes", false, &r->alert.close_count);
	r->alert.closes_when = fields_condition(&f, "closes_when");
	if (r->alert.closes_when && !r->alert.close_count)
		fields_fail_as(&f, "missing-field", "closes_when says of which events in closes; give it closes = \"…\"");
	read_once(&f, r);
	lua_pop(L, 1);
}

static void read_nudge(lua_State *L, struct rule_decl *r, const struct fields *rule)
{
	static const char *const allowed[] = { "channel", "goal", "action", "to_member", NULL };
	if (!fields_push(rule, "nudge"))
		return;
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: nudge", rule->what);
	struct fields f = fields_open(L, -1, what.data, rule->place, allowed);
	if (r->about != ABOUT_CUSTOMER && r->about != ABOUT_MEMBER)
		fields_fail(&f, "only rules about customers and members nudge: a decision is for a customer");
	r->has_nudge = true;
	r->nudge.channel = fields_text(&f, "channel", true);
	r->nudge.goal = fields_text(&f, "goal", false);
	r->nudge.action = fields_text(&f, "action", false);
	if (fields_push(&f, "to_member")) {
		read_addressee(L, &f, &r->nudge.to_attr, &r->nudge.to_value);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static struct assignment read_set(lua_State *L, const struct fields *f, const struct rule_decl *r, int name_index,
				  int value_index)
{
	struct assignment a = { .scope = SCOPE_SUBJECT };
	if (lua_type(L, name_index) != LUA_TSTRING)
		fields_fail(f, "set = { name = value }: names are texts");
	const char *name = lua_tostring(L, name_index);
	if (r->about == ABOUT_CUSTOMER || r->about == ABOUT_MEMBER)
		a.scope = r->about == ABOUT_MEMBER ? SCOPE_MEMBER : SCOPE_CUSTOMER;
	if (a.scope == SCOPE_MEMBER && strncmp(name, "customer.", 9) == 0) {
		a.scope = SCOPE_CUSTOMER;
		name += 9;
	}
	size_t len = strlen(name);
	if (len == 0 || len > LIMIT_ATTRIBUTE_NAME_BYTES)
		fields_fail(f, "set: an attribute's name has 1 to %u bytes", LIMIT_ATTRIBUTE_NAME_BYTES);
	a.name = pack_str(loader_of(L)->pack, (struct slice){ name, len });
	a.value = term_operand(L, value_index, false, "set");
	a.value->used = true;
	return a;
}

static void read_sets(lua_State *L, struct rule_decl *r, const struct fields *f)
{
	if (!fields_push(f, "set"))
		return;
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(f, "set takes a table: set = { name = value }");
	int table = lua_gettop(L);
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	r->sets = arena_calloc(&loader_of(L)->pack->arena, (size_t)n, sizeof(*r->sets));
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, table + 1, i);
		lua_pushvalue(L, -1);
		lua_gettable(L, table);
		r->sets[r->set_count++] = read_set(L, f, r, -2, -1);
		lua_pop(L, 2);
	}
	lua_settop(L, table - 1);
}

/* { tally, amount } at the top of the stack */
static struct tally_add read_one_add(lua_State *L, const struct fields *f)
{
	struct tally_add add;
	int pair = lua_gettop(L);
	lua_geti(L, pair, 1);
	if (lua_type(L, -1) != LUA_TUSERDATA || term_at(L, -1))
		fields_fail(f, "add takes a tally and an amount: add = { tally, 1 }");
	add.series = series_of_tally(L, -1, f->what);
	lua_geti(L, pair, 2);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushinteger(L, 1);
	}
	add.amount = term_operand(L, -1, false, "add");
	if (add.amount->type != TYPE_NUMBER && add.amount->type != TYPE_ANY)
		fields_fail(f, "add: the amount must be a number, not %s", term_kind(add.amount));
	add.amount->used = true;
	lua_settop(L, pair);
	return add;
}

/* add = tally, add = { tally, 2 }, or add = { { tally, 2 }, { other } } */
static void read_adds(lua_State *L, struct rule_decl *r, const struct fields *f)
{
	if (!fields_push(f, "add"))
		return;
	if (lua_type(L, -1) == LUA_TUSERDATA) {
		lua_createtable(L, 1, 0);
		lua_insert(L, -2);
		lua_rawseti(L, -2, 1);
	}
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(f, "add takes a tally and an amount: add = { tally, 1 }");
	bool many = lua_geti(L, -1, 1) == LUA_TTABLE;
	lua_pop(L, 1);
	lua_Integer n = many ? luaL_len(L, -1) : 1;
	r->adds = arena_calloc(&loader_of(L)->pack->arena, (size_t)n, sizeof(*r->adds));
	for (lua_Integer i = 1; i <= n; i++) {
		if (many)
			lua_geti(L, -1, i);
		else
			lua_pushvalue(L, -1);
		if (lua_type(L, -1) != LUA_TTABLE)
			fields_fail(f, "add: each of the list is a tally and an amount: { tally, 1 }");
		r->adds[r->add_count++] = read_one_add(L, f);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void read_when(lua_State *L, struct rule_decl *r, const struct fields *f)
{
	r->when_function = r->run = TERM_NO_FUNCTION;
	if (fields_push(f, "when")) {
		if (lua_type(L, -1) == LUA_TFUNCTION) {
			r->when_function = vm_keep(L, -1);
		} else {
			char what[200];
			snprintf(what, sizeof(what), "%s: when", f->what);
			r->when = term_condition(L, -1, f->place, what);
		}
		lua_pop(L, 1);
	}
	if (fields_push(f, "run")) {
		if (lua_type(L, -1) != LUA_TFUNCTION)
			fields_fail(f, "run must be a function(c), not a %s", luaL_typename(L, -1));
		r->run = vm_keep(L, -1);
		lua_pop(L, 1);
	}
}

static void check_rule_name(lua_State *L, struct place at, const struct rule_decl *r)
{
	const struct pack *p = loader_of(L)->pack;
	check_new_name(L, at, "rule", str_slice(r->name), 64);
	int before = rule_index_find(p, r->id);
	if (before >= 0 && p->rules[before].name == r->name)
		fail_as(L, "duplicate", at, "rule \"%s\" is declared twice; first at %s:%d", r->name->data,
			p->rules[before].file, p->rules[before].line);
	if (before >= 0)
		fail_at(L, at, "rule \"%s\": its id is that of rule \"%s\"; rename one of them", r->name->data,
			p->rules[before].name->data);
	if (p->rule_count >= LIMIT_RULES)
		fail_at(L, at, "more than %u rules (limit_rules)", LIMIT_RULES);
}

static int rule_body(lua_State *L)
{
	static const char *const allowed[] = { "why",   "about", "on",  "when", "once_per", "alert",
					       "nudge", "set",   "add", "run",  NULL };
	static const char *const abouts[] = { "customer", "member", "agent", "area", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice what = arena_printf(&p->arena, "rule \"%s\"", lua_tostring(L, 1));
	struct rule_decl r = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	r.id = rule_id(r.name);
	check_rule_name(L, at, &r);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	r.why = fields_text(&f, "why", false);
	r.about = (uint8_t)fields_choice(&f, "about", abouts, ABOUT_CUSTOMER);
	r.on = fields_texts(&f, "on", true, &r.on_count);
	read_when(L, &r, &f);
	read_once(&f, &r);
	read_alert(L, &r, &f);
	read_nudge(L, &r, &f);
	read_sets(L, &r, &f);
	read_adds(L, &r, &f);
	if (!r.has_alert && !r.has_nudge && !r.set_count && !r.add_count && r.run == TERM_NO_FUNCTION)
		fields_fail_as(&f, "missing-field", "it does nothing; give it alert, nudge, set, add or run");
	p->rules = list_room(p->rules, p->rule_count, sizeof(*p->rules));
	p->rules[p->rule_count++] = r;
	rule_index_add(p);
	declare_named_done(L);
	return 0;
}

static int rule_declare(lua_State *L)
{
	return declare_named(L, "rule", rule_body);
}

void declare_rules(lua_State *L)
{
	lua_pushcfunction(L, rule_declare);
	lua_setfield(L, -2, "rule");
}
