/* script/context.c: the `c` that a pack's functions get: c.FACT, c.event.NAME, c.request.NAME, c.attr.NAME,
 * c.member.NAME, c.customer.NAME, c.agent.NAME, c.area.NAME to read, and in a rule's run c:alert{…} c:set(name,
 * value) c:add(tally, amount) c:nudge{…}. One object a VM serves all calls: what it reads is the host of the call
 * that runs, so keeping it somewhere keeps nothing. */
#include "script/sandbox.h"

#include "base/error.h"

#include <math.h>

#define ALERT_EXPIRES_MS (7 * 24 * 3600 * 1000LL)

static const char *const spaces[] = { "event", "request", "attr", "member", "customer", "agent", "area", NULL };

static const struct vm_host *host_of(lua_State *L)
{
	const struct vm_host *host = vm_of(L)->host;
	if (!host)
		luaL_error(L, "c is only there while a function(c) runs");
	return host;
}

static struct slice text_at(lua_State *L, int index)
{
	struct slice s;
	s.data = luaL_checklstring(L, index, &s.len);
	return s;
}

static int push_read(lua_State *L, struct slice space, struct slice name)
{
	const struct vm_host *host = host_of(L);
	vm_charge(L, 20);
	vm_push_value(L, host->read(host->arg, space, name));
	return 1;
}

static int space_index(lua_State *L)
{
	return push_read(L, text_at(L, lua_upvalueindex(1)), text_at(L, 2));
}

static int refuse_write(lua_State *L)
{
	return luaL_error(L, "c is read, not written; use c:set(name, value) in a rule's run");
}

static void check_call(lua_State *L, bool there)
{
	if (!there)
		luaL_error(L, "only a rule's run = function(c) may do this");
}

static int check_result(lua_State *L, int rc)
{
	if (rc != ERR_OK)
		return luaL_error(L, "%s", error_last()->text);
	return 0;
}

/* A field of the table at 2; required ones raise. */
static struct slice field(lua_State *L, const char *name, bool required)
{
	if (lua_getfield(L, 2, name) == LUA_TNIL && !required)
		return (struct slice){ NULL, 0 };
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "%s = \"…\" is missing", name);
	return text_at(L, -1); /* stays on the stack while it is used */
}

static void check_names(lua_State *L, const char *const *allowed)
{
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_Integer n = sandbox_push_sorted_keys(L, 2);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?", *const *a = allowed;
		while (*a && strcmp(*a, name) != 0)
			a++;
		if (!*a)
			luaL_error(L, "unknown field \"%s\"", name);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static int context_alert(lua_State *L)
{
	static const char *const allowed[] = { "severity", "to", "say", "expires", NULL };
	const struct vm_host *host = host_of(L);
	check_call(L, host->alert != NULL);
	check_names(L, allowed);
	struct slice severity = field(L, "severity", false), to = field(L, "to", true), say = field(L, "say", true);
	struct slice expires = field(L, "expires", false);
	struct span span = { .kind = SPAN_EXACT, .ms = ALERT_EXPIRES_MS };
	if (!severity.data)
		severity = SLICE("medium");
	size_t i = 0;
	while (alert_severities[i] && !slice_equal(severity, slice_of(alert_severities[i])))
		i++;
	if (!alert_severities[i])
		return luaL_error(L, "severity is one of \"low\", \"medium\", \"high\", \"critical\"");
	if (expires.data && (span_parse(expires, &span) != ERR_OK || span.kind != SPAN_EXACT))
		return luaL_error(L, "expires is an exact span such as \"4h\"");
	if (say.len > LIMIT_WORDS_BYTES)
		return luaL_error(L, "say has %d bytes: at most %d (limit_words_bytes)", (int)say.len,
				  (int)LIMIT_WORDS_BYTES);
	return check_result(L, host->alert(host->arg, severity, to, say, span.ms));
}

static int context_set(lua_State *L)
{
	const struct vm_host *host = host_of(L);
	check_call(L, host->set != NULL);
	struct slice name = text_at(L, 2);
	struct value v = value_unknown();
	switch (lua_type(L, 3)) {
	case LUA_TNIL:
		break;
	case LUA_TBOOLEAN:
		v = value_bool(lua_toboolean(L, 3));
		break;
	case LUA_TNUMBER:
		v = value_number(lua_tonumber(L, 3));
		if (!isfinite(v.number))
			return luaL_error(L, "c:set: the number is not finite");
		break;
	case LUA_TSTRING:
		v = value_string(text_at(L, 3));
		break;
	default:
		return luaL_error(L, "c:set(name, value): a %s cannot be an attribute", luaL_typename(L, 3));
	}
	return check_result(L, host->set(host->arg, name, v));
}

static int context_add(lua_State *L)
{
	const struct vm_host *host = host_of(L);
	check_call(L, host->add != NULL);
	unsigned series = series_of_tally(L, 2, "c:add");
	double amount = luaL_optnumber(L, 3, 1);
	if (!isfinite(amount))
		return luaL_error(L, "c:add: the amount is not finite");
	return check_result(L, host->add(host->arg, series, amount));
}

static int context_nudge(lua_State *L)
{
	static const char *const allowed[] = { "channel", "goal", "action", NULL };
	const struct vm_host *host = host_of(L);
	check_call(L, host->nudge != NULL);
	check_names(L, allowed);
	struct slice channel = field(L, "channel", true), goal = field(L, "goal", false),
		     action = field(L, "action", false);
	return check_result(L, host->nudge(host->arg, channel, goal, action));
}

/* upvalue: the table of methods and spaces. A fact's name is checked: a typo would be unknown forever. */
static int context_index(lua_State *L)
{
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	struct slice name = text_at(L, 2);
	const struct pack *p = vm_of(L)->pack;
	const struct str *s = strpool_find(p->pool, name);
	if (!slice_equal(name, SLICE("now")) && (!s || pack_fact(p, s) < 0))
		return luaL_error(
			L, "c.%s: the pack has no such fact; attributes are c.attr.%s, the event's fields c.event.%s",
			name.data, name.data, name.data);
	return push_read(L, (struct slice){ "", 0 }, name);
}

/* Leaves a userdata whose reads go to the function on top of the stack. */
static void wrap(lua_State *L)
{
	lua_newuserdatauv(L, 0, 0);
	lua_insert(L, -2);
	lua_createtable(L, 0, 3);
	lua_insert(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}

void context_create(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "add", context_add }, { "alert", context_alert }, { "nudge", context_nudge }, { "set", context_set },
		{ NULL, NULL },
	};
	luaL_newlib(L, methods);
	for (size_t i = 0; spaces[i]; i++) {
		lua_pushstring(L, spaces[i]);
		lua_pushcclosure(L, space_index, 1);
		wrap(L);
		lua_setfield(L, -2, spaces[i]);
	}
	lua_pushcclosure(L, context_index, 1);
	wrap(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_context_key);
}
