/* script/testing_story.c: what happens in a test: the clock, customers' events and outcomes, requests.
 *
 *     at "2026-06-28 19:30"   wait "2h"   now()   time "2026-07-01"
 *     local nam = customer "nam"                      -- also agent "linh", area "hue", alias "+84901234567"
 *     nam:event("sms.sent", { member = "kid" })       -- fields of an event by their names, all else its attributes
 *     nam:outcome("accepted", "family-messages")
 *     nam:acknowledge "again-and-again"
 *     local answer = nam:ask { intent = "bill", mood = -0.2 }
 *     nam:fact "texts_today"   nam:attr("plan", "kid") */
#include "script/testing_parts.h"

#include "base/error.h"
#include "state/exposures.h"
#include "state/span.h"

#include <stdlib.h>

/* What the engine does for one of these, in instructions of the test's budget. */
#define EVENT_STEPS 500
#define ASK_STEPS 2000

static int push_subject(lua_State *L, enum subject_kind kind)
{
	struct slice id = testing_text(L, 1, subject_kind_name(kind));
	if (!id.len || id.len > LIMIT_ID_BYTES)
		return luaL_error(L, "a %s's id has 1 to %d bytes (limit_id_bytes)", subject_kind_name(kind),
				  (int)LIMIT_ID_BYTES);
	struct subject *s = lua_newuserdatauv(L, sizeof(*s), 0);
	*s = subject_of(kind, id);
	luaL_setmetatable(L, SUBJECT_META);
	return 1;
}

static int story_customer(lua_State *L)
{
	return push_subject(L, SUBJECT_CUSTOMER);
}

static int story_agent(lua_State *L)
{
	return push_subject(L, SUBJECT_AGENT);
}

static int story_area(lua_State *L)
{
	return push_subject(L, SUBJECT_AREA);
}

/* Aliases are compared in one form, which senders' are brought into at a daemon's door; a test writes it so. */
static bool alias_is_normal(struct slice alias)
{
	bool number = alias.len > 0 && strspn(alias.data, "+0123456789 ()-./") == alias.len;
	for (size_t i = 0; i < alias.len; i++) {
		char c = alias.data[i];
		if (number ? (c < '0' || c > '9') && !(c == '+' && i == 0)
			   : memchr(alias.data, '@', alias.len) && c >= 'A' && c <= 'Z')
			return false;
	}
	return !number || strncmp(alias.data, "00", 2) != 0;
}

static int story_alias(lua_State *L)
{
	struct slice alias = testing_text(L, 1, "alias");
	if (!alias.len || alias.len > LIMIT_ALIAS_BYTES)
		return luaL_error(L, "an alias has 1 to %d bytes (limit_alias_bytes)", (int)LIMIT_ALIAS_BYTES);
	if (!alias_is_normal(alias))
		return luaL_error(L, "alias \"%s\": write it as it is compared: \"+84901234567\", \"ann@example.org\"",
				  alias.data);
	struct subject *s = lua_newuserdatauv(L, sizeof(*s), 0);
	*s = subject_of(SUBJECT_ALIAS, alias);
	luaL_setmetatable(L, SUBJECT_META);
	return 1;
}

const struct subject *testing_subject(lua_State *L, int index)
{
	const struct subject *s = luaL_testudata(L, index, SUBJECT_META);
	if (!s)
		luaL_error(L, "call it with a colon, on what customer \"…\" gave: nam:event(…)");
	struct testing *t = testing_of(L);
	t->owner_member = SLICE("");
	if (s->kind != SUBJECT_ALIAS)
		return s;
	testing_acts(L, 20);
	testing_result(L, t->host->resolve(t->host->arg, subject_id(s), &t->owner, &t->owner_member));
	return &t->owner;
}

static struct slice customer_id(lua_State *L, const char *what)
{
	const struct subject *s = testing_subject(L, 1);
	if (s->kind != SUBJECT_CUSTOMER)
		luaL_error(L, "only customers have %s; name the %s in it", what,
			   subject_kind_name((enum subject_kind)s->kind));
	return subject_id(s);
}

void testing_push_step(lua_State *L, unsigned step)
{
	unsigned *s = lua_newuserdatauv(L, sizeof(*s), 0);
	*s = step;
	luaL_setmetatable(L, STEP_META);
}

static int64_t span_at(lua_State *L, int index, const char *what)
{
	struct span span;
	if (span_parse(testing_text(L, index, what), &span) != ERR_OK || span.kind != SPAN_EXACT)
		luaL_error(L, "%s takes an exact length of time such as \"90s\", \"24h\" or \"7d\"", what);
	return span.ms;
}

static int story_wait(lua_State *L)
{
	struct testing *t = testing_acts(L, EVENT_STEPS);
	unsigned step = 0;
	testing_result(L, t->host->wait(t->host->arg, span_at(L, 1, "wait"), &step));
	testing_push_step(L, step);
	return 1;
}

static int story_at(lua_State *L)
{
	struct testing *t = testing_acts(L, EVENT_STEPS);
	unsigned step = 0;
	testing_result(L, t->host->at(t->host->arg, testing_text(L, 1, "at"), &step));
	testing_push_step(L, step);
	return 1;
}

static int push_time(lua_State *L, struct slice text)
{
	struct testing *t = testing_acts(L, 20);
	int64_t ms = 0;
	testing_result(L, t->host->moment(t->host->arg, text, &ms));
	lua_pushinteger(L, ms);
	return 1;
}

static int story_now(lua_State *L)
{
	return push_time(L, SLICE(""));
}

static int story_time(lua_State *L)
{
	return push_time(L, testing_text(L, 1, "time"));
}

/* Fields of a table: names that mean something to the engine go where `fields` says, all others are attributes, in
 * order of name. */
struct named {
	const char *name;
	struct slice *to;
};

static struct slice kept_text(lua_State *L, struct testing *t, int index, const char *what)
{
	return arena_slice(&t->arena, testing_text(L, index, what));
}

static bool take_field(lua_State *L, struct testing *t, const struct named *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0) {
			*fields->to = kept_text(L, t, -1, name);
			return true;
		}
	return false;
}

/* Names that are not texts are refused; `own` takes what else is no attribute: it returns true for those. */
static const struct event_attr *take_table(lua_State *L, struct testing *t, int table, const struct named *fields,
					   bool (*own)(lua_State *L, const char *name, void *arg), void *arg,
					   size_t *count)
{
	*count = 0;
	if (lua_isnoneornil(L, table))
		return NULL;
	if (lua_type(L, table) != LUA_TTABLE)
		luaL_error(L, "fields and attributes are a table: { name = value }, not a %s", luaL_typename(L, table));
	lua_Integer n = sandbox_push_sorted_keys(L, table);
	int keys = lua_gettop(L);
	struct event_attr *attrs = arena_calloc(&t->arena, (size_t)n + 1, sizeof(*attrs));
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, keys, i) != LUA_TSTRING)
			luaL_error(L, "fields and attributes have names: { name = value }");
		const char *name = lua_tostring(L, -1);
		lua_pushvalue(L, -1);
		lua_gettable(L, table);
		if (!take_field(L, t, fields, name) && !(own && own(L, name, arg))) {
			struct value v = testing_value(L, -1, name);
			if (v.kind == VALUE_STRING)
				v.string = arena_slice(&t->arena, v.string);
			attrs[(*count)++] = (struct event_attr){ arena_slice(&t->arena, slice_of(name)), v };
		}
		lua_settop(L, keys);
	}
	lua_settop(L, keys - 1);
	return attrs;
}

static bool event_own(lua_State *L, const char *name, void *arg)
{
	struct test_event *e = arg;
	if (strcmp(name, "ago") != 0)
		return false;
	e->ago_ms = span_at(L, lua_gettop(L), "ago");
	return true;
}

static int story_event(lua_State *L)
{
	struct slice customer = customer_id(L, "events");
	struct testing *t = testing_acts(L, EVENT_STEPS);
	struct test_event e = { .type = testing_text(L, 2, "an event's type") };
	const struct named fields[] = {
		{ "member", &e.member },
		{ "agent", &e.agent },
		{ "contact", &e.contact },
		{ "channel", &e.channel },
		{ "id", &e.id },
		{ "source", &e.source },
		{ NULL, NULL },
	};
	unsigned step = 0;
	e.attrs = take_table(L, t, 3, fields, event_own, &e, &e.attr_count);
	e.member = e.member.len ? e.member : t->owner_member;
	testing_result(L, t->host->event(t->host->arg, customer, &e, &step));
	testing_push_step(L, step);
	return 1;
}

static bool outcome_own(lua_State *L, const char *name, void *arg)
{
	struct test_outcome *o = arg;
	int64_t *to = strcmp(name, "until_ms") == 0   ? &o->until_ms
		      : strcmp(name, "revenue") == 0 ? &o->revenue
		      : strcmp(name, "cost") == 0    ? &o->cost
						     : NULL;
	if (!to)
		return false;
	if (lua_type(L, -1) != LUA_TNUMBER || lua_tonumber(L, -1) < 0 || lua_tonumber(L, -1) > (double)LIMIT_MONEY)
		luaL_error(L, "%s is a whole number, not negative", name);
	*to = (int64_t)lua_tonumber(L, -1);
	return true;
}

static int story_outcome(lua_State *L)
{
	struct slice customer = customer_id(L, "outcomes");
	struct testing *t = testing_acts(L, EVENT_STEPS);
	struct test_outcome o = { .kind = testing_text(L, 2, "what became of it"),
				  .action = testing_text(L, 3, "the action") };
	const struct named fields[] = {
		{ "member", &o.member },
		{ "agent", &o.agent },
		{ "channel", &o.channel },
		{ "reason", &o.reason },
		{ NULL, NULL },
	};
	unsigned step = 0;
	size_t others;
	const struct event_attr *attrs = take_table(L, t, 4, fields, outcome_own, &o, &others);
	o.member = o.member.len ? o.member : t->owner_member;
	if (others)
		return luaL_error(L, "an outcome has no \"%s\": member, agent, channel, reason, until_ms, revenue, cost",
				  attrs[0].name.data);
	testing_result(L, t->host->outcome(t->host->arg, customer, &o, &step));
	testing_push_step(L, step);
	return 1;
}

static int story_acknowledge(lua_State *L)
{
	struct testing *t = testing_acts(L, EVENT_STEPS);
	return testing_result(
		L, t->host->acknowledge(t->host->arg, testing_subject(L, 1), testing_text(L, 2, "the rule")));
}

static bool ask_own(lua_State *L, const char *name, void *arg)
{
	struct test_ask *ask = arg;
	if (strcmp(name, "mood") == 0) {
		if (lua_type(L, -1) != LUA_TNUMBER || lua_tonumber(L, -1) < -1 || lua_tonumber(L, -1) > 1)
			luaL_error(L, "mood is a number from -1 to 1");
		ask->mood = lua_tonumber(L, -1);
		ask->has_mood = true;
		return true;
	}
	if (strcmp(name, "late") == 0) {
		luaL_argcheck(L, lua_isboolean(L, -1), 2, "late is true or false");
		ask->late = lua_toboolean(L, -1);
		return true;
	}
	if (strcmp(name, "arm") == 0) {
		static const char *const arms[] = { "recommended", "withheld", NULL };
		ask->arm = (uint8_t)(ARM_RECOMMENDED + luaL_checkoption(L, -1, NULL, arms));
		return true;
	}
	if (strcmp(name, "limit") == 0) {
		lua_Integer limit = lua_tointeger(L, -1);
		if (limit < 1 || limit > LIMIT_RECOMMENDATIONS)
			luaL_error(L, "limit is a number from 1 to %d (limit_recommendations)",
				   (int)LIMIT_RECOMMENDATIONS);
		ask->limit = (unsigned)limit;
		return true;
	}
	return false;
}

static int story_ask(lua_State *L)
{
	struct slice customer = customer_id(L, "recommendations");
	struct testing *t = testing_acts(L, ASK_STEPS);
	struct test_ask ask = { 0 };
	const struct named fields[] = {
		{ "member", &ask.member },
		{ "agent", &ask.agent },
		{ "channel", &ask.channel },
		{ "intent", &ask.intent },
		{ "topic", &ask.topic },
		{ "lang", &ask.language },
		{ NULL, NULL },
	};
	unsigned request = 0;
	ask.attrs = take_table(L, t, 2, fields, ask_own, &ask, &ask.attr_count);
	ask.member = ask.member.len ? ask.member : t->owner_member;
	testing_result(L, t->host->ask(t->host->arg, customer, &ask, &request));
	unsigned *r = lua_newuserdatauv(L, sizeof(*r), 0);
	*r = request;
	luaL_setmetatable(L, REQUEST_META);
	return 1;
}

static int read_value(lua_State *L, enum test_read what)
{
	struct testing *t = testing_acts(L, 100);
	struct value v = value_unknown();
	struct slice member = lua_isnoneornil(L, 3) ? SLICE("") : testing_text(L, 3, "the member");
	testing_result(L, t->host->read(t->host->arg, what, testing_subject(L, 1), testing_text(L, 2, "the name"),
					member, &v));
	vm_push_value(L, v);
	return 1;
}

static int story_fact(lua_State *L)
{
	return read_value(L, READ_FACT);
}

static int story_attr(lua_State *L)
{
	return read_value(L, READ_ATTR);
}

void testing_add_story(lua_State *L)
{
	static const luaL_Reg names[] = {
		{ "agent", story_agent }, { "alias", story_alias },       { "area", story_area },
		{ "at", story_at },       { "customer", story_customer }, { "now", story_now },
		{ "time", story_time },   { "wait", story_wait },         { NULL, NULL },
	};
	static const luaL_Reg of_subject[] = {
		{ "acknowledge", story_acknowledge },
		{ "ask", story_ask },
		{ "attr", story_attr },
		{ "event", story_event },
		{ "fact", story_fact },
		{ "outcome", story_outcome },
		{ NULL, NULL },
	};
	static const luaL_Reg nothing[] = { { NULL, NULL } };
	luaL_setfuncs(L, names, 0);
	testing_methods(L, SUBJECT_META, of_subject);
	testing_methods(L, STEP_META, nothing);
	testing_methods(L, REQUEST_META, nothing);
}
