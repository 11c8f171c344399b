/* script/declare_restraint.c: channel "…" and ladder "…": policies that are written by what they are for. Each becomes
 * policies like those of policy { }, asked in the order of declaration, and named by their text where they hold. */
#include "script/declare.h"

#include <stdio.h>

static struct policy_decl *add_policy(lua_State *L, struct place at, enum policy_kind kind)
{
	struct pack *p = loader_of(L)->pack;
	if (p->policy_count >= LIMIT_POLICIES)
		fail_as(L, "limit", at, "more than %u policies (limit_policies)", LIMIT_POLICIES);
	p->policies = list_room(p->policies, p->policy_count, sizeof(*p->policies));
	p->policies[p->policy_count] = (struct policy_decl){ .kind = (uint8_t)kind, .file = at.file, .line = at.line };
	return &p->policies[p->policy_count++];
}

static struct term *attr_term(lua_State *L, struct str *name)
{
	struct term *t = term_new(L, TERM_ATTR, TYPE_ANY, 0);
	t->scope = SCOPE_SUBJECT;
	t->name = name;
	return t;
}

static struct term *literal_term(lua_State *L, enum term_type type, struct value v)
{
	struct term *t = term_new(L, TERM_LITERAL, type, 0);
	t->literal = v;
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

/* Only who said yes has agreed: who was never asked has not. */
static struct term *no_consent(lua_State *L, struct str *attr)
{
	struct term *given = two(L, TERM_OR_ELSE, TYPE_BOOL, attr_term(L, attr), literal_term(L, TYPE_BOOL, value_bool(false)));
	return two(L, TERM_IS, TYPE_BOOL, given, literal_term(L, TYPE_BOOL, value_bool(false)));
}

static struct term *prefers_another(lua_State *L, struct str *attr, struct str *channel)
{
	return two(L, TERM_IS_NOT, TYPE_BOOL, attr_term(L, attr),
		   literal_term(L, TYPE_STRING, value_string(str_slice(channel))));
}

/* "21:00" as minutes of the day */
static uint16_t read_minute(const struct fields *f, const char *name)
{
	unsigned hour, minute;
	char end;
	const struct str *text = fields_text(f, name, true);
	if (text->len != 5 || sscanf(text->data, "%2u:%2u%c", &hour, &minute, &end) != 2 || hour > 23 || minute > 59)
		fields_fail(f, "%s = \"%s\" is not a time of day such as \"21:00\"", name, text->data);
	return (uint16_t)(hour * 60 + minute);
}

static void text_of(struct pack *p, struct policy_decl *d, struct bytes *b)
{
	if (d->except) {
		bytes_printf(b, ", except where ");
		term_text(d->except, p, b);
	}
	d->text = arena_slice(&p->arena, bytes_slice(b));
	bytes_finish(b);
}

static void read_quiet(lua_State *L, const struct fields *channel, const struct policy_decl *like)
{
	static const char *const allowed[] = { "from", "to", NULL };
	struct bytes b = { 0 };
	if (!fields_push(channel, "quiet"))
		return;
	struct pack *p = loader_of(L)->pack;
	struct slice what = arena_printf(&p->arena, "%s: quiet", channel->what);
	struct fields f = fields_open(L, -1, what.data, channel->place, allowed);
	uint16_t from = read_minute(&f, "from"), to = read_minute(&f, "to");
	if (from == to)
		fields_fail(&f, "from and to are the same: that is no time at all, or all of it");
	struct policy_decl *d = add_policy(L, channel->place, POLICY_QUIET);
	d->channel = like->channel;
	d->outbound = like->outbound;
	d->except = like->except;
	d->quiet_from = from;
	d->quiet_to = to;
	bytes_printf(&b, "%s: quiet hours from %02u:%02u to %02u:%02u", d->channel->data, from / 60, from % 60, to / 60,
		     to % 60);
	text_of(p, d, &b);
	lua_pop(L, 1);
}

static void add_consent(lua_State *L, const struct fields *f, const struct policy_decl *like)
{
	struct bytes b = { 0 };
	struct str *attr = fields_text(f, "consent", false);
	if (!attr)
		return;
	struct term *unless = no_consent(L, attr);
	struct policy_decl *d = add_policy(L, f->place, POLICY_CONSENT);
	d->channel = like->channel;
	d->outbound = like->outbound;
	d->unless = unless;
	bytes_printf(&b, "%s: needs their consent", d->channel->data);
	text_of(loader_of(L)->pack, d, &b);
}

static void add_preference(lua_State *L, const struct fields *f, const struct policy_decl *like)
{
	struct bytes b = { 0 };
	struct str *attr = fields_text(f, "preference", false);
	if (!attr)
		return;
	struct term *unless = prefers_another(L, attr, like->channel);
	struct policy_decl *d = add_policy(L, f->place, POLICY_PREFERENCE);
	d->channel = like->channel;
	d->outbound = like->outbound;
	d->except = like->except;
	d->unless = unless;
	bytes_printf(&b, "%s: not where %s is another channel", d->channel->data, attr->data);
	text_of(loader_of(L)->pack, d, &b);
}

static int channel_body(lua_State *L)
{
	static const char *const allowed[] = { "outbound", "consent", "preference", "quiet", "except", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct policy_decl like = { .channel = pack_str_at(L, 1), .outbound = true };
	struct slice what = arena_printf(&p->arena, "channel \"%s\"", like.channel->data);
	unsigned before = p->policy_count;
	check_new_name(L, at, "channel", str_slice(like.channel), LIMIT_CHANNEL_BYTES);
	for (unsigned i = 0; i < p->policy_count; i++)
		if (p->policies[i].kind != POLICY_PLAIN && p->policies[i].channel == like.channel)
			fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data, p->policies[i].file,
				p->policies[i].line);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	if (fields_push(&f, "outbound")) {
		if (lua_type(L, -1) != LUA_TBOOLEAN)
			fields_fail(&f, "outbound is true (we reach them by it) or false (they come by it)");
		like.outbound = lua_toboolean(L, -1);
		lua_pop(L, 1);
	}
	like.except = fields_condition(&f, "except");
	add_consent(L, &f, &like);
	add_preference(L, &f, &like);
	read_quiet(L, &f, &like);
	if (p->policy_count == before)
		fields_fail(&f, "it holds nothing back; give it consent, preference or quiet");
	declare_named_done(L);
	return 0;
}

static int channel_declare(lua_State *L)
{
	return declare_named(L, "channel", channel_body);
}

static int ladder_body(lua_State *L)
{
	static const char *const allowed[] = { "steps", "within", NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice name = str_slice(pack_str_at(L, 1)), what = arena_printf(&p->arena, "ladder \"%s\"", name.data);
	struct span within = { SPAN_EXACT, 90LL * 24 * 3600 * 1000 };
	char span[32];
	unsigned count;
	check_new_name(L, at, "ladder", name, 64);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	struct str **steps = fields_texts(&f, "steps", true, &count);
	(void)fields_span(&f, "within", &within);
	if (count < 2)
		fields_fail(&f, "steps needs two actions at least, the smallest offer first");
	for (unsigned i = 0; i < count; i++) {
		struct bytes b = { 0 };
		for (unsigned k = 0; k < i; k++)
			if (steps[k] == steps[i])
				fields_fail(&f, "steps: \"%s\" is on it twice", steps[i]->data);
		struct policy_decl *d = add_policy(L, at, POLICY_LADDER);
		d->action = steps[i];
		d->before = i ? steps[i - 1] : NULL;
		d->ladder_within = within;
		bytes_printf(&b, "ladder %.*s, step %u of %u: ", SLICE_ARG(name), i + 1, count);
		if (i)
			bytes_printf(&b, "only after %s was rejected, and ", d->before->data);
		bytes_printf(&b, "not again once rejected, within %.*s", SLICE_ARG(span_text(within, span)));
		text_of(p, d, &b);
	}
	declare_named_done(L);
	return 0;
}

static int ladder_declare(lua_State *L)
{
	return declare_named(L, "ladder", ladder_body);
}

void declare_restraints(lua_State *L)
{
	static const luaL_Reg functions[] = { { "channel", channel_declare }, { "ladder", ladder_declare }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
