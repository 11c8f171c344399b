/* script/declare_campaign.c: campaign "name" { … }: a segment's members are made an offer on an outbound channel, under
 * the same gates and policies as any other; and share { … }: who may see what of another member. */
#include "script/declare.h"

#include "base/hash.h"
#include "script/utc.h"

#include <math.h>
#include <stdio.h>

#define DAY_MS (24 * 3600 * 1000LL)
#define EXPIRES_MS (2 * DAY_MS)  /* an offer in the outbox: what nobody took in two days comes too late */
#define WITHIN_MS (30 * DAY_MS)

uint32_t campaign_id_of(struct slice name)
{
	return (uint32_t)hash64(name, 4);
}

const struct campaign_decl *pack_campaign(const struct pack *p, const struct str *name)
{
	for (unsigned i = 0; i < p->campaign_count; i++)
		if (p->campaigns[i].name == name)
			return &p->campaigns[i];
	return NULL;
}

const struct campaign_decl *pack_campaign_by_id(const struct pack *p, uint32_t id)
{
	for (unsigned i = 0; i < p->campaign_count; i++)
		if (p->campaigns[i].id == id)
			return &p->campaigns[i];
	return NULL;
}

static uint16_t read_minute(const struct fields *f, const char *name)
{
	unsigned hour, minute;
	char end;
	const struct str *text = fields_text(f, name, true);
	bool day_end = strcmp(text->data, "24:00") == 0 && strcmp(name, "to") == 0;
	if (!day_end && (text->len != 5 || sscanf(text->data, "%2u:%2u%c", &hour, &minute, &end) != 2 || hour > 23 ||
			 minute > 59))
		fields_fail(f, "%s = \"%s\" is not a time of day such as \"09:00\"", name, text->data);
	return day_end ? 24 * 60 : (uint16_t)(hour * 60 + minute);
}

static void read_hours(lua_State *L, const struct fields *campaign, struct campaign_decl *c)
{
	static const char *const allowed[] = { "from", "to", NULL };
	if (!fields_push(campaign, "hours"))
		return;
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: hours", campaign->what);
	struct fields f = fields_open(L, -1, what.data, campaign->place, allowed);
	c->open_from = read_minute(&f, "from");
	c->open_to = read_minute(&f, "to");
	if (c->open_from >= c->open_to)
		fields_fail(&f, "to must be later than from on the same day");
	lua_pop(L, 1);
}

static const char *read_date(const struct fields *f, const char *name)
{
	int64_t ms;
	const struct str *text = fields_text(f, name, false);
	if (!text)
		return NULL;
	if (!utc_parse(text->data, "0:00", &ms))
		fields_fail(f, "%s = \"%s\" is not a date such as \"2026-06-01\"", name, text->data);
	return text->data;
}

static void read_to_member(lua_State *L, const struct fields *campaign, struct campaign_decl *c)
{
	if (!fields_push(campaign, "to_member"))
		return;
	read_addressee(L, campaign, &c->to_attr, &c->to_value);
	lua_pop(L, 1);
}

/* { role = "payer" } on top: an attribute of members, and its value. */
void read_addressee(lua_State *L, const struct fields *f, struct str **attr, struct str **value)
{
	int table = lua_gettop(L);
	if (!lua_istable(L, table) || sandbox_push_sorted_keys(L, table) != 1)
		fields_fail(f, "to_member takes one attribute of members and its value: to_member = { role = \"payer\" }");
	lua_settop(L, table);
	lua_pushnil(L);
	lua_next(L, table);
	if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
		fields_fail(f, "to_member takes one attribute of members and its value: to_member = { role = \"payer\" }");
	*attr = pack_str_at(L, -2);
	*value = pack_str_at(L, -1);
	lua_settop(L, table);
}

static void read_what(const struct fields *f, struct campaign_decl *c)
{
	c->segment_name = fields_text(f, "segment", true);
	c->action = fields_text(f, "action", false);
	c->goal = fields_text(f, "goal", false);
	c->channel = fields_text(f, "channel", true);
	if (!c->action == !c->goal)
		fields_fail_as(f, c->action ? "refused" : "missing-field", "give it action = \"…\" or goal = \"…\"%s",
			       c->action ? ", not both" : "");
	if (c->channel->len > LIMIT_CHANNEL_BYTES)
		fields_fail(f, "channel has at most %u bytes", LIMIT_CHANNEL_BYTES);
}

static void read_pace(const struct fields *f, struct campaign_decl *c)
{
	double per_day = fields_number(f, "at_most", 1, 100000000, 0);
	if (per_day != floor(per_day))
		fields_fail(f, "at_most is a whole number of offers a day");
	c->per_day = (unsigned)per_day;
	c->again_ms = fields_ms(f, "again", 0);
	c->expires_ms = fields_ms(f, "expires", EXPIRES_MS);
	c->within_ms = fields_ms(f, "within", WITHIN_MS);
	c->holdout = fields_number(f, "holdout", 0, 0.9, 0);
	c->success = fields_texts(f, "success", false, &c->success_count);
	if (c->expires_ms < 60000 || c->within_ms < 60000)
		fields_fail(f, "expires and within are a minute at least");
}

static int campaign_body(lua_State *L)
{
	static const char *const allowed[] = { "why",   "segment", "action",  "goal",  "channel", "hours",   "from",   "to",
					       "at_most", "again", "expires", "within", "holdout", "success", "to_member", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct campaign_decl c = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	struct slice what = arena_printf(&p->arena, "campaign \"%s\"", c.name->data);
	check_new_name(L, at, "campaign", str_slice(c.name), 64 - sizeof(CAMPAIGN_RULE));
	c.id = campaign_id_of(str_slice(c.name));
	c.rule = pack_str(p, arena_printf(&p->arena, CAMPAIGN_RULE "%s", c.name->data));
	const struct campaign_decl *other = pack_campaign_by_id(p, c.id);
	if (other)
		fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data, other->file, other->line);
	if (p->campaign_count >= LIMIT_CAMPAIGNS)
		fail_as(L, "limit", at, "more than %u campaigns (limit_campaigns)", LIMIT_CAMPAIGNS);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	c.why = fields_text(&f, "why", false);
	read_what(&f, &c);
	read_hours(L, &f, &c);
	c.from = read_date(&f, "from");
	c.to = read_date(&f, "to");
	if (c.from && c.to && strcmp(c.from, c.to) > 0)
		fields_fail(&f, "to = \"%s\" is before from = \"%s\"", c.to, c.from);
	read_pace(&f, &c);
	read_to_member(L, &f, &c);
	p->campaigns = list_room(p->campaigns, p->campaign_count, sizeof(*p->campaigns));
	p->campaigns[p->campaign_count++] = c;
	declare_named_done(L);
	return 0;
}

static int campaign_declare(lua_State *L)
{
	return declare_named(L, "campaign", campaign_body);
}

/* The texts of a plain list among the table's fields. */
static struct str **list_of(lua_State *L, const struct fields *f, unsigned *count)
{
	struct pack *p = loader_of(L)->pack;
	*count = (unsigned)luaL_len(L, f->table);
	struct str **list = arena_calloc(&p->arena, *count + 1, sizeof(struct str *));
	for (unsigned i = 0; i < *count; i++) {
		if (lua_geti(L, f->table, (lua_Integer)i + 1) != LUA_TSTRING)
			fields_fail(f, "lists names: attributes, facts, rules, event types");
		list[i] = pack_str_at(L, -1);
		lua_pop(L, 1);
	}
	return list;
}

/* share { "message_plan", "texts_today", with = "payer" }: what members whose attribute `role` (or `by`) has that value
 * may see of the others. */
static int share_declare(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	struct place at = place_here(L);
	if (!lua_istable(L, 1))
		fail_at(L, at, "share takes a table: share { \"message_plan\", with = \"payer\" }");
	unsigned listed = (unsigned)luaL_len(L, 1);
	lua_newtable(L); /* the named fields alone, so that unknown ones are found */
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		bool item = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= listed;
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		if (item)
			lua_pop(L, 2);
		else
			lua_rawset(L, -4);
	}
	static const char *const allowed[] = { "with", "by", NULL };
	struct fields named = fields_open(L, lua_gettop(L), "share", at, allowed), all = named;
	all.table = 1;
	struct share_decl s = { .file = at.file, .line = at.line };
	s.names = list_of(L, &all, &s.name_count);
	s.with = fields_texts(&named, "with", true, &s.with_count);
	s.attr = fields_text(&named, "by", false);
	if (!s.attr)
		s.attr = pack_str(p, SLICE("role"));
	if (!s.name_count)
		fields_fail_as(&named, "missing-field", "shares nothing; list attributes, facts, rules or event types");
	if (p->share_count >= LIMIT_SHARES)
		fail_as(L, "limit", at, "more than %u shares (limit_shares)", LIMIT_SHARES);
	p->shares = list_room(p->shares, p->share_count, sizeof(*p->shares));
	p->shares[p->share_count++] = s;
	return 0;
}

void declare_campaigns(lua_State *L)
{
	static const luaL_Reg functions[] = { { "campaign", campaign_declare }, { "share", share_declare }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}

/* The first instant of a local day. A day of UTC has noon in the local day of the same date, within 12 hours of it. */
static int64_t day_begins(const struct zone *z, const char *date, int days)
{
	int64_t ms = 0;
	if (!date || !utc_parse(date, "12:00", &ms))
		return 0;
	ms -= 1000LL * zone_offset_s(z, ms);
	return zone_day_shift(z, ms, days);
}

/* Once the pack's zone is at hand. */
void campaigns_date(struct pack *p)
{
	for (unsigned i = 0; i < p->campaign_count; i++) {
		struct campaign_decl *c = &p->campaigns[i];
		c->from_ms = day_begins(p->zone, c->from, 0);
		c->to_ms = day_begins(p->zone, c->to, 1);
	}
}
