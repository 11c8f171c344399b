/* script/declare_decision.c: what decisions are made of: policy, action, answers. */
#include "script/declare.h"

#include <math.h>
#include <stdio.h>

/* { rejected = 2, within = "180d" } */
static bool read_outcomes(const struct fields *policy, const char *name, unsigned *kind, unsigned *count,
			  struct span *within)
{
	static const char *const allowed[] = { "shown", "offered", "accepted", "rejected",
					       "later", "ignored", "overruled", "within", NULL };
	lua_State *L = policy->L;
	if (!fields_push(policy, name))
		return false;
	char what[64];
	snprintf(what, sizeof(what), "policy: %s", name);
	struct fields f = fields_open(L, -1, what, policy->place, allowed);
	*kind = 0;
	for (unsigned i = 0; i < OUTCOME_LAST; i++) {
		double n = fields_number(&f, allowed[i], 1, LIMIT_OUTCOMES, 0);
		if (n == 0)
			continue;
		if (*kind)
			fields_fail(&f, "one kind of outcome at a time; write two policies");
		if (n != floor(n))
			fields_fail(&f, "%s must be a whole number", allowed[i]);
		*kind = i + OUTCOME_SHOWN;
		*count = (unsigned)n;
	}
	if (!*kind)
		fields_fail(&f, "needs a kind and a number, such as rejected = 2");
	if (!fields_span(&f, "within", within))
		fields_fail(&f, "needs within = \"180d\"");
	lua_pop(L, 1);
	return true;
}

static void describe_policy(struct pack *p, struct policy_decl *d, const char *per)
{
	char within[32], pause[32];
	struct bytes b = { 0 };
	if (d->after_count)
		bytes_printf(&b, "after %u %s in %.*s pause %.*s per %s", d->after_count, outcome_name(d->after_kind),
			     SLICE_ARG(span_text(d->after_within, within)),
			     SLICE_ARG(span_text((struct span){ SPAN_EXACT, d->pause_ms }, pause)), per);
	if (d->at_most_kind)
		bytes_printf(&b, "%sat most %u %s in %.*s per %s", b.len ? "; " : "", d->at_most,
			     outcome_name(d->at_most_kind), SLICE_ARG(span_text(d->at_most_within, within)), per);
	if (d->unless) {
		bytes_printf(&b, "%snot while ", b.len ? "; " : "");
		term_text(d->unless, p, &b);
	}
	if (d->except) {
		bytes_printf(&b, ", except where ");
		term_text(d->except, p, &b);
	}
	d->text = arena_slice(&p->arena, bytes_slice(&b));
	bytes_finish(&b);
}

static int policy_declare(lua_State *L)
{
	static const char *const allowed[] = { "goal", "group", "action", "channel", "unless", "except",
					       "per",  "whose", "after", "pause",  "at_most",
					       "say",  NULL };
	static const char *const whose[] = { "household", "member", NULL };
	static const char *const pers[] = { "action", "group", "goal", "channel", "all", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "policy", place_here(L), allowed);
	struct policy_decl d = { .file = f.place.file, .line = f.place.line };
	if (p->policy_count >= LIMIT_POLICIES)
		fields_fail(&f, "more than %u policies (limit_policies)", LIMIT_POLICIES);
	d.goal = fields_text(&f, "goal", false);
	d.group = fields_text(&f, "group", false);
	d.action = fields_text(&f, "action", false);
	d.channel = fields_text(&f, "channel", false);
	d.unless = fields_condition(&f, "unless");
	d.except = fields_condition(&f, "except");
	d.per = (uint8_t)fields_choice(&f, "per", pers, PER_ACTION);
	d.of_member = fields_choice(&f, "whose", whose, 0) == 1;
	bool after = read_outcomes(&f, "after", &d.after_kind, &d.after_count, &d.after_within);
	d.pause_ms = fields_ms(&f, "pause", 0);
	bool at_most = read_outcomes(&f, "at_most", &d.at_most_kind, &d.at_most, &d.at_most_within);
	if (after != (d.pause_ms != 0))
		fields_fail(&f, "after and pause belong together: after = { rejected = 2, within = \"180d\" }, pause = "
				"\"90d\"");
	if (!after && !at_most && !d.unless)
		fields_fail(&f, "it suppresses nothing; give it unless, after with pause, or at_most");
	fields_phrase(&f, "say", &d.say);
	describe_policy(p, &d, d.of_member ? arena_printf(&p->arena, "%s and member", pers[d.per]).data : pers[d.per]);
	p->policies = list_room(p->policies, p->policy_count, sizeof(*p->policies));
	p->policies[p->policy_count++] = d;
	return 0;
}

static void read_value(lua_State *L, const struct fields *action, struct action_decl *a)
{
	static const char *const allowed[] = { "customer", "business", NULL };
	if (!fields_push(action, "value"))
		fields_fail_as(
			action, "missing-field",
			"needs value = { customer = …, business = … }: what it is worth to each, usually 0 to 1");
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: value", action->what);
	struct fields f = fields_open(L, -1, what.data, action->place, allowed);
	a->customer_value = fields_value(&f, "customer");
	a->business_value = fields_value(&f, "business");
	if (!a->customer_value || !a->business_value)
		fields_fail_as(&f, "missing-field",
			       "needs both customer and business: the balance weighs one against the other");
	lua_pop(L, 1);
}

/* context = { { when = term, weight = 2 }, … } */
static void read_contexts(lua_State *L, const struct fields *action, struct action_decl *a)
{
	static const char *const allowed[] = { "when", "weight", NULL };
	if (!fields_push(action, "context"))
		return;
	if (lua_type(L, -1) != LUA_TTABLE)
		fields_fail(action, "context takes a list: context = { { when = …, weight = 2 } }");
	lua_Integer n = luaL_len(L, -1);
	if (n == 0)
		fields_fail(action, "context takes a list: context = { { when = …, weight = 2 } }");
	a->contexts = arena_calloc(&loader_of(L)->pack->arena, (size_t)n, sizeof(*a->contexts));
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: context", action->what);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, -1, i);
		struct fields f = fields_open(L, -1, what.data, action->place, allowed);
		struct context_weight *c = &a->contexts[a->context_count++];
		c->when = fields_condition(&f, "when");
		c->weight = fields_number(&f, "weight", 0, HUGE_VAL, NAN);
		if (!c->when || isnan(c->weight))
			fields_fail(&f, "needs when = condition and weight = number");
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static int action_body(lua_State *L)
{
	static const char *const efforts[] = { "usual", "easy", "hard", NULL };
	static const char *const allowed[] = { "goal",  "group",      "channels", "asks",    "skills", "eligible", "applicable",
					       "suitable", "value", "propensity", "context", "lever",  "say",      "next",
					       "ignored_after", "offer", "holdout", "cost", "effort",
					       NULL };
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice what = arena_printf(&p->arena, "action \"%s\"", lua_tostring(L, 1));
	struct action_decl a = {
		.name = pack_str_at(L, 1), .file = at.file, .line = at.line, .order = (int)p->action_count
	};
	check_new_name(L, at, "action", str_slice(a.name), 64);
	for (unsigned i = 0; i < p->action_count; i++)
		if (p->actions[i].name == a.name)
			fail_as(L, "duplicate", at, "action \"%s\" is declared twice; first at %s:%d", a.name->data,
				p->actions[i].file, p->actions[i].line);
	if (p->action_count >= LIMIT_ACTIONS)
		fail_at(L, at, "more than %u actions (limit_actions)", LIMIT_ACTIONS);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	a.goal = fields_text(&f, "goal", false); /* else its group's */
	a.group = fields_text(&f, "group", false);
	a.channels = fields_texts(&f, "channels", false, &a.channel_count);
	a.asks = fields_texts(&f, "asks", false, &a.ask_count);
	struct gates gates = read_gates(L, &f);
	a.eligible = gates.eligible;
	a.applicable = gates.applicable;
	a.suitable = gates.suitable;
	read_value(L, &f, &a);
	read_propensity(L, &f, &a);
	read_contexts(L, &f, &a);
	a.lever = fields_number(&f, "lever", 0, HUGE_VAL, 1);
	a.ignored_after_ms = fields_ms(&f, "ignored_after", 0);
	a.effort = (uint8_t)fields_choice(&f, "effort", efforts, EFFORT_USUAL);
	if (!fields_phrase(&f, "say", &a.say))
		fields_fail_as(&f, "missing-field", "needs say = \"…\": the words to the customer");
	read_next(L, &f, &a);
	read_offer(L, &f, &a);
	a.holdout = fields_number(&f, "holdout", 0, HOLDOUT_MOST, NAN);
	a.cost = fields_value(&f, "cost");
	p->actions = list_room(p->actions, p->action_count, sizeof(*p->actions));
	p->actions[p->action_count++] = a;
	declare_named_done(L);
	return 0;
}

static int action_declare(lua_State *L)
{
	return declare_named(L, "action", action_body);
}

void check_topic(lua_State *L, struct place at, const char *what, struct slice topic)
{
	const struct pack *p = loader_of(L)->pack;
	if (pack_has_topic(p, topic))
		return;
	const char **names = arena_calloc(&loader_of(L)->pack->arena, p->topic_count + 1, sizeof(*names));
	for (unsigned i = 0; i < p->topic_count; i++)
		names[i] = p->topics[i]->data;
	const char *nearest = nearest_name(topic.data, names);
	fail_as(L, "unknown-reference", at, "%s: no such topic as \"%s\" in pack { topics = … }%s%s%s", what, topic.data,
		nearest ? "; did you mean \"" : "; add it there", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int answers_body(lua_State *L)
{
	struct pack *p = loader_of(L)->pack;
	struct place at = declare_named_place(L);
	struct slice what = arena_printf(&p->arena, "answers \"%s\"", lua_tostring(L, 1));
	struct str *topic = pack_str_at(L, 1);
	check_topic(L, at, what.data, str_slice(topic));
	if (lua_type(L, 2) != LUA_TTABLE)
		fail_at(L, at, "%s takes a table: { [\"question\"] = \"answer\" }", what.data);
	lua_Integer n = sandbox_push_sorted_keys(L, 2);
	for (lua_Integer i = 1; i <= n; i++) {
		struct slice question;
		if (lua_rawgeti(L, 3, i) != LUA_TSTRING)
			fail_at(L, at, "%s: questions are texts: { [\"question\"] = \"answer\" }", what.data);
		question.data = lua_tolstring(L, -1, &question.len);
		struct answer_decl a = {
			.topic = topic,
			.question = arena_slice(&p->arena, question),
			.file = at.file,
			.line = at.line,
		};
		lua_gettable(L, 2);
		phrase_at(L, -1, at, what.data, &a.text);
		lua_pop(L, 1);
		p->answers = list_room(p->answers, p->answer_count, sizeof(*p->answers));
		p->answers[p->answer_count++] = a;
	}
	declare_named_done(L);
	return 0;
}

static int answers_declare(lua_State *L)
{
	return declare_named(L, "answers", answers_body);
}

void declare_decisions(lua_State *L)
{
	static const luaL_Reg functions[] = { { "action", action_declare },
					      { "answers", answers_declare },
					      { "policy", policy_declare },
					      { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
