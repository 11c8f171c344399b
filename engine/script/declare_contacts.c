/* script/declare_contacts.c: contacts { … }: which events are a conversation's queue, beginning and end, and what can be
 * asked of a customer's conversations. */
#include "script/declare.h"

#include <math.h>

#define CONTACTS_META "nudged.contacts"
#define DAY_MS (24 * 3600 * 1000LL)

struct contacts_view { struct term *topic; }; /* NULL: of any */

static const struct { enum contact_role role; const char *field, *type; } role_fields[] = {
	{ CONTACT_QUEUES, "queued", "contact.queued" },
	{ CONTACT_STARTS, "starts", "contact.started" },
	{ CONTACT_TRANSFERS, "transferred", NULL },
	{ CONTACT_HOLDS, "held", NULL },
	{ CONTACT_ENDS, "ends", "contact.ended" },
	{ CONTACT_LEAVES, "abandoned", "contact.abandoned" },
	{ CONTACT_WHOLE, "whole", NULL },
};
#define ROLE_FIELDS (sizeof(role_fields) / sizeof(role_fields[0]))

static bool has_type(struct str **types, const struct str *type)
{
	for (; types && *types; types++)
		if (*types == type)
			return true;
	return false;
}

static void check_roles(const struct fields *f, const struct contacts_decl *c)
{
	for (unsigned i = 1; i < CONTACT_ROLES; i++) {
		for (struct str **t = c->types[i]; t && *t; t++) {
			if (strcmp((*t)->data, "*") == 0 || strncmp((*t)->data, "case.", 5) == 0 ||
			    strncmp((*t)->data, "outcome.", 8) == 0)
				fields_fail(f, "\"%s\" is no type of an event that a contact is made of", (*t)->data);
			for (unsigned k = 1; k < i; k++)
				if (has_type(c->types[k], *t))
					fields_fail(f, "\"%s\" stands for two things; of one contact an event is one thing",
						    (*t)->data);
		}
	}
}

/* Where nothing is said, the types that go by the names of the field; not beside whole contacts. */
static void read_roles(const struct fields *f, struct pack *p, struct contacts_decl *c)
{
	unsigned count;
	for (unsigned i = 0; i < ROLE_FIELDS; i++) {
		c->types[role_fields[i].role] = fields_texts(f, role_fields[i].field, false, &count);
		c->roles_given |= (uint16_t)((count != 0) << role_fields[i].role);
	}
	for (unsigned i = 0; i < ROLE_FIELDS && !c->types[CONTACT_WHOLE]; i++) {
		struct str ***types = &c->types[role_fields[i].role];
		if (*types || !role_fields[i].type)
			continue;
		*types = arena_calloc(&p->arena, 2, sizeof(**types));
		(*types)[0] = pack_str(p, slice_of(role_fields[i].type));
	}
	check_roles(f, c);
}

static const struct { const char *field, *otherwise; size_t at; } name_fields[] = {
	{ "topic", "topic", offsetof(struct contacts_decl, topic) },
	{ "ref", "ref", offsetof(struct contacts_decl, ref) },
	{ "mood", "mood", offsetof(struct contacts_decl, mood) },
	{ "mood_start", "mood_start", offsetof(struct contacts_decl, mood_start) },
	{ "mood_end", "mood_end", offsetof(struct contacts_decl, mood_end) },
	{ "wait", "wait_s", offsetof(struct contacts_decl, wait) },
	{ "handle", "handle_s", offsetof(struct contacts_decl, handle) },
	{ "hold", "hold_s", offsetof(struct contacts_decl, hold) },
	{ "transfers", "transfers", offsetof(struct contacts_decl, transfers) },
	{ "holds", "holds", offsetof(struct contacts_decl, holds) },
};
#define NAME_FIELDS (sizeof(name_fields) / sizeof(name_fields[0]))

struct str *contacts_name(const struct contacts_decl *c, unsigned which)
{
	return which < NAME_FIELDS ? *(struct str *const *)(const void *)((const char *)c + name_fields[which].at) : NULL;
}

static void read_names(const struct fields *f, struct pack *p, struct contacts_decl *c)
{
	unsigned count;
	for (unsigned i = 0; i < NAME_FIELDS; i++) {
		struct str *name = fields_text(f, name_fields[i].field, false);
		c->names_given |= (uint16_t)((name != NULL) << i);
		if (!name)
			name = pack_str(p, slice_of(name_fields[i].otherwise));
		*(struct str **)(void *)((char *)c + name_fields[i].at) = name;
	}
	c->lasts = fields_texts(f, "lasts", false, &count);
	if (!count) {
		c->lasts = arena_calloc(&p->arena, 3, sizeof(*c->lasts));
		c->lasts[0] = c->wait;
		c->lasts[1] = c->handle;
	}
}

static void check_event_only(const struct fields *f, const struct term *t)
{
	bool allowed = t->op == TERM_LITERAL || t->op == TERM_EVENT || (t->op >= TERM_ADD && t->op <= TERM_NO);
	if (!allowed)
		fields_fail(f, "abandoned_when may only read the event (event.NAME)");
	for (unsigned i = 0; i < t->child_count; i++)
		check_event_only(f, t->children[i]);
}

static struct contacts_view *view_push(lua_State *L, struct term *topic)
{
	struct contacts_view *v = lua_newuserdatauv(L, sizeof(*v), 0);
	v->topic = topic;
	luaL_setmetatable(L, CONTACTS_META);
	return v;
}

static int contacts_declare(lua_State *L)
{
	static const char *const allowed[] = {
		"queued", "starts", "transferred", "held", "ends", "abandoned", "whole", "topic", "ref", "mood", "mood_start",
		"mood_end", "wait", "handle", "hold", "transfers", "holds", "lasts", "abandoned_when", "time", "resolved_within",
		"inferred_end", "keep", NULL,
	};
	static const char *const times[] = { "end", "beginning", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "contacts", place_here(L), allowed);
	struct contacts_decl *c = arena_calloc(&p->arena, 1, sizeof(*c));
	if (p->contacts)
		fields_fail_as(&f, "duplicate", "declared twice; first at %s:%d", p->contacts->file, p->contacts->line);
	c->file = f.place.file;
	c->line = f.place.line;
	read_roles(&f, p, c);
	read_names(&f, p, c);
	c->abandoned_when = fields_condition(&f, "abandoned_when");
	if (c->abandoned_when)
		check_event_only(&f, c->abandoned_when);
	c->begins = fields_choice(&f, "time", times, 0) == 1;
	c->resolved_ms = fields_ms(&f, "resolved_within", 7 * DAY_MS);
	c->inferred_ms = fields_ms(&f, "inferred_end", 4 * 3600 * 1000LL);
	double keep = fields_number(&f, "keep", 1, LIMIT_CONTACTS, CONTACTS_KEEP_DEFAULT);
	if (keep != floor(keep))
		fields_fail(&f, "keep must be a whole number");
	c->keep = (unsigned)keep;
	p->contacts = c;
	view_push(L, NULL);
	return 1;
}

static struct term *read_contacts(lua_State *L, enum contacts_aggregate aggregate, enum term_type type)
{
	struct contacts_view *v = luaL_testudata(L, 1, CONTACTS_META);
	if (!v)
		fail_here(L, "this is a method of contacts: write contacts:method(…) with a colon");
	struct term *t = term_new(L, TERM_CONTACTS, type, v->topic ? 1 : 0);
	t->scope = SCOPE_CUSTOMER;
	t->contacts.aggregate = (uint8_t)aggregate;
	t->contacts.span = (struct span){ .kind = SPAN_EVER };
	if (v->topic)
		t->children[0] = v->topic;
	term_done(L, t);
	return t;
}

static int over_span(lua_State *L, enum contacts_aggregate aggregate, const char *method)
{
	struct term *t = read_contacts(L, aggregate, TYPE_NUMBER);
	struct place at = place_here(L);
	char what[32];
	if (lua_type(L, 2) != LUA_TSTRING)
		fail_at(L, at, ":%s needs a span: :%s \"30d\"", method, method);
	snprintf(what, sizeof(what), ":%s", method);
	t->contacts.span = span_here(L, at, what, lua_tostring(L, 2), true);
	struct contacts_decl *c = loader_of(L)->pack->contacts;
	int64_t asked_ms = span_keep_ms(t->contacts.span);
	c->asked_ms = asked_ms > c->asked_ms ? asked_ms : c->asked_ms;
	term_push(L, t);
	return 1;
}

#define OVER_SPAN(method, aggregate) \
	static int contacts_##method(lua_State *L) \
	{ \
		return over_span(L, aggregate, #method); \
	}

OVER_SPAN(count, CONTACTS_COUNT_OF)
OVER_SPAN(repeats, CONTACTS_REPEATS_OF)
OVER_SPAN(abandoned, CONTACTS_ABANDONED_OF)
OVER_SPAN(unresolved, CONTACTS_UNRESOLVED_OF)
OVER_SPAN(transfers, CONTACTS_TRANSFERS_OF)
OVER_SPAN(holds, CONTACTS_HOLDS_OF)
OVER_SPAN(effort, CONTACTS_EFFORT_OF)
OVER_SPAN(mean_wait, CONTACTS_MEAN_WAIT)
OVER_SPAN(mean_mood, CONTACTS_MEAN_MOOD)
OVER_SPAN(mean_mood_change, CONTACTS_MEAN_MOOD_CHANGE)
OVER_SPAN(mood_trend, CONTACTS_MOOD_TREND)

static int contacts_is_open(lua_State *L)
{
	term_push(L, read_contacts(L, CONTACTS_IS_OPEN, TYPE_BOOL));
	return 1;
}

static int contacts_is_repeat(lua_State *L)
{
	term_push(L, read_contacts(L, CONTACTS_IS_REPEAT, TYPE_BOOL));
	return 1;
}

/* :with { topic = event.topic } */
static int contacts_with(lua_State *L)
{
	static const char *const allowed[] = { "topic", NULL };
	struct contacts_view *v = luaL_testudata(L, 1, CONTACTS_META);
	if (!v)
		fail_here(L, "this is a method of contacts: write contacts:with { topic = … } with a colon");
	struct fields f = fields_open(L, 2, "with", place_here(L), allowed);
	if (!fields_push(&f, "topic"))
		fields_fail_as(&f, "missing-field", "needs topic = \"…\", event.topic or request.topic");
	struct term *topic = term_operand(L, -1, false, "with");
	topic->used = true;
	if (topic->op == TERM_LITERAL && topic->literal.kind == VALUE_STRING && !slice_equal(topic->literal.string, SLICE("other")))
		check_topic(L, f.place, "with", topic->literal.string);
	view_push(L, topic);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "abandoned", contacts_abandoned },
	{ "count", contacts_count },
	{ "effort", contacts_effort },
	{ "holds", contacts_holds },
	{ "is_open", contacts_is_open },
	{ "is_repeat", contacts_is_repeat },
	{ "mean_mood", contacts_mean_mood },
	{ "mean_mood_change", contacts_mean_mood_change },
	{ "mean_wait", contacts_mean_wait },
	{ "mood_trend", contacts_mood_trend },
	{ "repeats", contacts_repeats },
	{ "transfers", contacts_transfers },
	{ "unresolved", contacts_unresolved },
	{ "with", contacts_with },
	{ NULL, NULL },
};

static int unknown_method(lua_State *L)
{
	const char *names[sizeof(methods) / sizeof(methods[0])];
	size_t n = 0;
	for (; methods[n].name; n++)
		names[n] = methods[n].name;
	names[n] = NULL;
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		fail_here(L, "contacts have no method \"%s\"; did you mean \":%s\"?", wrong, nearest);
	fail_here(L, "contacts have no method \"%s\"; known are count repeats abandoned unresolved transfers holds effort "
		  "mean_wait mean_mood mean_mood_change mood_trend is_open is_repeat with", wrong);
}

void declare_contacts(lua_State *L)
{
	static const luaL_Reg functions[] = { { "contacts", contacts_declare }, { NULL, NULL } };
	declare_methods(L, CONTACTS_META, methods, unknown_method);
	luaL_setfuncs(L, functions, 0);
}
