/* script/declare_event.c: event "type" { … }: what comes with events of a type: whom it is about, its attributes, their
 * types and values. For people, editors and `rules check`: the event path never looks at it, and an event that does not
 * fit is taken as it is. */
#include "script/declare.h"

#include <math.h>
#include <stdio.h>

static const char *const types[] = { "any", "boolean", "number", "string", "time", NULL };

static enum presence read_presence(const struct fields *f, const char *name)
{
	static const char *const choices[] = { "optional", "required", "never", NULL };
	return (enum presence)fields_choice(f, name, choices, PRESENCE_OPTIONAL);
}

static _Noreturn void refuse_type(const struct fields *f, const char *text)
{
	const char *nearest = nearest_name(text, types);
	if (nearest)
		fields_fail(f, "type \"%s\" is not known; did you mean \"%s\"?", text, nearest);
	fields_fail(f, "type \"%s\" is not known; it is one of any, boolean, number, string, time", text);
}

static void read_type(const struct fields *f, struct schema_attr *a, const char *text)
{
	unsigned i = 0;
	while (types[i] && strcmp(types[i], text) != 0)
		i++;
	if (!types[i])
		refuse_type(f, text);
	a->type = (uint8_t)i;
}

static struct value read_allowed(const struct fields *f, const struct schema_attr *a)
{
	lua_State *L = f->L;
	if (lua_type(L, -1) == LUA_TSTRING && (a->type == SCHEMA_STRING || a->type == SCHEMA_ANY))
		return value_string(str_slice(pack_str_at(L, -1)));
	if (lua_type(L, -1) == LUA_TNUMBER && a->type != SCHEMA_STRING && a->type != SCHEMA_BOOLEAN)
		return value_number(lua_tonumber(L, -1));
	fields_fail(f, "one_of has a %s among its values, and the attribute is a %s", luaL_typename(L, -1), types[a->type]);
}

static void read_one_of(const struct fields *f, struct schema_attr *a)
{
	lua_State *L = f->L;
	if (!fields_push(f, "one_of"))
		return;
	lua_Integer n = lua_type(L, -1) == LUA_TTABLE ? luaL_len(L, -1) : 0;
	if (n == 0)
		fields_fail(f, "one_of takes a list of values: one_of = { \"a\", \"b\" }");
	a->one_of = arena_calloc(&loader_of(L)->pack->arena, (size_t)n, sizeof(*a->one_of));
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, -1, i);
		a->one_of[a->one_of_count++] = read_allowed(f, a);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static bool read_flag(const struct fields *f, const char *name)
{
	if (!fields_push(f, name))
		return false;
	if (lua_type(f->L, -1) != LUA_TBOOLEAN)
		fields_fail(f, "%s is true or false, not a %s", name, luaL_typename(f->L, -1));
	bool flag = lua_toboolean(f->L, -1);
	lua_pop(f->L, 1);
	return flag;
}

/* The value on top: "number", or { "number", required = true, at_least = 0 } */
static void read_attribute(lua_State *L, const struct fields *event, struct schema_attr *a)
{
	static const char *const allowed[] = { "#", "required", "one_of", "at_least", "at_most", "money", "why", NULL };
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: %s", event->what, a->name->data);
	struct fields f = { L, lua_gettop(L), what.data, event->place, false };
	if (lua_type(L, -1) == LUA_TSTRING) {
		read_type(&f, a, lua_tostring(L, -1));
		return;
	}
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(&f, "it is a type or a table: \"number\", { \"string\", one_of = { … } }");
	f = fields_open(L, -1, what.data, event->place, allowed);
	lua_geti(L, -1, 1);
	if (lua_type(L, -1) != LUA_TSTRING)
		fields_fail(&f, "its type comes first: { \"number\", required = true }");
	read_type(&f, a, lua_tostring(L, -1));
	lua_pop(L, 1);
	a->required = read_flag(&f, "required");
	a->money = read_flag(&f, "money");
	if (a->money && a->type != SCHEMA_NUMBER)
		fields_fail(&f, "money is an amount, a number of smallest units, and it is a %s", types[a->type]);
	a->low = fields_number(&f, "at_least", -HUGE_VAL, HUGE_VAL, -HUGE_VAL);
	a->high = fields_number(&f, "at_most", -HUGE_VAL, HUGE_VAL, HUGE_VAL);
	bool bounded = !isinf(a->low) || !isinf(a->high);
	if (bounded && a->type != SCHEMA_NUMBER && a->type != SCHEMA_TIME)
		fields_fail(&f, "at_least and at_most are for numbers, and it is a %s", types[a->type]);
	if (a->low > a->high)
		fields_fail(&f, "at_least is greater than at_most; no value fits");
	read_one_of(&f, a);
}

static void check_attr_name(const struct fields *f, const char *name)
{
	static const char *const fields[] = { "id",      "source", "customer", "member", "agent",
					      "contact", "type",   "channel",  "time",   NULL };
	if (*name == '\0' || strlen(name) > LIMIT_ATTRIBUTE_NAME_BYTES)
		fields_fail(f, "an attribute's name has 1 to %u bytes (limit_attribute_name_bytes)",
			    LIMIT_ATTRIBUTE_NAME_BYTES);
	for (size_t i = 0; fields[i]; i++)
		if (strcmp(fields[i], name) == 0)
			fields_fail(f, i >= 3 && i <= 5 ? "attributes: \"%s\" is a field that every event has; leave it out here, and "
							  "say beside `attributes` whether it is there: %s = \"required\""
						        : "attributes: \"%s\" is a field that every event has; leave it out",
				    name, name);
}

static void read_attributes(lua_State *L, const struct fields *f, struct event_decl *e)
{
	struct pack *p = loader_of(L)->pack;
	if (!fields_push(f, "attributes"))
		return;
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(f, "attributes takes a table: { amount = \"number\" }");
	int table = lua_gettop(L);
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	if (n > LIMIT_ATTRIBUTES)
		fields_fail(f, "more than %u attributes (limit_attributes)", LIMIT_ATTRIBUTES);
	e->attrs = arena_calloc(&p->arena, (size_t)n, sizeof(*e->attrs));
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, table + 1, i) != LUA_TSTRING)
			fields_fail(f, "attributes have names: { amount = \"number\" }");
		check_attr_name(f, lua_tostring(L, -1));
		struct schema_attr *a = &e->attrs[e->attr_count++];
		*a = (struct schema_attr){ .name = pack_str_at(L, -1), .low = -HUGE_VAL, .high = HUGE_VAL };
		lua_gettable(L, table);
		read_attribute(L, f, a);
		lua_pop(L, 1);
	}
	lua_settop(L, table - 1);
}

static void check_event_type(lua_State *L, struct place at, struct slice type)
{
	const struct pack *p = loader_of(L)->pack;
	check_new_name(L, at, "event", type, LIMIT_TYPE_BYTES);
	if (strncmp(type.data, "case.", 5) == 0 || strncmp(type.data, "outcome.", 8) == 0)
		fail_at(L, at, "event \"%s\": the engine makes these itself and says what is in them; leave it out",
			type.data);
	if (p->event_count >= LIMIT_EVENT_TYPES)
		fail_at(L, at, "more than %u declared event types (limit_event_types)", LIMIT_EVENT_TYPES);
	for (unsigned i = 0; i < p->event_count; i++)
		if (slice_equal(str_slice(p->events[i].type), type))
			fail_as(L, "duplicate", at, "event \"%s\" is declared twice; first at %s:%d", type.data,
				p->events[i].file, p->events[i].line);
}

static int event_body(lua_State *L)
{
	static const char *const allowed[] = { "why", "member", "agent", "contact", "channels", "attributes", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice type = { lua_tostring(L, 1), lua_rawlen(L, 1) };
	check_event_type(L, at, type);
	struct slice what = arena_printf(&p->arena, "event \"%s\"", type.data);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	struct event_decl e = { .type = pack_str_at(L, 1), .file = at.file, .line = at.line };
	e.why = fields_text(&f, "why", false);
	e.member = (uint8_t)read_presence(&f, "member");
	e.agent = (uint8_t)read_presence(&f, "agent");
	e.contact = (uint8_t)read_presence(&f, "contact");
	e.channels = fields_texts(&f, "channels", false, &e.channel_count);
	read_attributes(L, &f, &e);
	p->events = list_room(p->events, p->event_count, sizeof(*p->events));
	p->events[p->event_count++] = e;
	declare_named_done(L);
	return 0;
}

int event_declare(lua_State *L)
{
	lua_remove(L, 1); /* `event` itself, which is called */
	return declare_named(L, "event", event_body);
}

const struct event_decl *pack_event(const struct pack *p, const struct str *type)
{
	for (unsigned i = 0; i < p->event_count; i++)
		if (p->events[i].type == type)
			return &p->events[i];
	return NULL;
}

const struct schema_attr *event_decl_attr(const struct event_decl *e, const struct str *name)
{
	for (unsigned i = 0; i < e->attr_count; i++)
		if (e->attrs[i].name == name)
			return &e->attrs[i];
	return NULL;
}

const char *schema_kind(const struct schema_attr *a)
{
	return a->money ? "money" : types[a->type];
}
