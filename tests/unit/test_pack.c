/* tests/unit/test_pack.c: packs loaded into plain C: every declaration, the index by type, bundles, texts of terms.
 * The mistakes of authors are in test_pack_mistakes.c. */
#include "pack_world.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR (3600 * 1000LL)
#define DAY (24 * HOUR)

static const char telecom[] =
	"pack { name = 'telecom', currency = 'VND', languages = { 'en', 'vi' }, topics = { 'bill', 'bill/why-higher', "
	"'messages' },\n"
	"       levers = { goals = { serve = 1.5, grow = 0.5 } }, fallback = { 'family-plan' } }\n"
	"local texts     = series { on = 'sms.sent', per = 'member', name = 'texts' }\n"
	"local contacts  = series { on = { 'contact.ended', 'chat.ended' }, by = { 'topic', 'ref' }, where = "
	"event.direction:is 'in' }\n"
	"local moods     = series { on = 'contact.ended', per = 'agent', value = 'mood_end' }\n"
	"local usage     = series { on = 'data.used', value = 'mb', every = '5m' }\n"
	"local repeats   = tally { name = 'repeats', per = 'agent', keep = '60d' }\n"
	"local callback  = case { opens = 'callback.promised', closes = 'callback.made', key = 'promise', due = '24h' "
	"}\n"
	"local complaint = case { opens = 'complaint.opened', closes = { 'complaint.closed', 'complaint.dropped' }, "
	"key = 'complaint', per = 'member' }\n"
	"fact.texts_today = texts:count 'today'\n"
	"fact.texts_habit = texts:daily_mean { over = '28d', before = 'today', at_least = '7d' }:or_else(30)\n"
	"fact.same_matter = contacts:count { '7d', before = 'this' }\n"
	"fact.bills       = contacts:with { topic = 'bill', ref = request.ref }:count '30d'\n"
	"fact.all_matters = contacts:all_keys():count '30d'\n"
	"fact.since       = contacts:since()\n"
	"fact.angry_run   = moods:run(at_most(-0.4))\n"
	"fact 'volume' (usage:sum '1h')\n"
	"balance(0.5 + complaint:count_open() / 10)\n"
	"timeline { keep = 30, types = { 'contact.ended' }, fields = { 'topic', 'ref' } }\n"
	"rule 'message-abuse' {\n"
	"  why = 'bill shock', about = 'member', on = 'sms.sent',\n"
	"  when = all { fact.texts_today:above(3 * fact.texts_habit), fact.texts_today:at_least(50) },\n"
	"  alert = { severity = 'high', to = 'care', once_per = 'day', expires = '4h', say = { en = '{member}: "
	"{texts_today} of {{x}} {plan:2}', vi = 'v' } },\n"
	"  nudge = { channel = 'sms', goal = 'serve', action = 'family-plan' },\n"
	"  set = { abuse = true, ['customer.seen'] = fact.texts_today },\n"
	"}\n"
	"rule 'callback-missed' { on = callback.missed, alert = { to = 'agent:{promised_by}', closes = "
	"callback.closed, say = 'missed' } }\n"
	"rule 'strain' { about = 'agent', on = 'contact.ended', when = fact.angry_run:at_least(3), alert = { to = "
	"'supervisor', say = '{angry_run}' } }\n"
	"rule 'credit' { on = { 'contact.ended' }, when = function(c) return c.attr.x end, add = { repeats, 2 }, "
	"once_per = '2h', run = function(c) end }\n"
	"rule 'all' { on = '*', set = { touched = event.time } }\n"
	"policy { goal = 'grow', unless = complaint:is_open(), except = asked_for_it(), say = 'fix first' }\n"
	"policy { per = 'group', after = { rejected = 2, within = '180d' }, pause = '90d' }\n"
	"policy { per = 'all', channel = 'sms', at_most = { offered = 3, within = 'month' } }\n"
	"action 'family-plan' {\n"
	"  goal = 'serve', group = 'messages', channels = { 'call', 'sms' }, asks = { 'messages' },\n"
	"  eligible = attr('lines'):at_least(2), applicable = any_member(open_alert 'message-abuse'),\n"
	"  suitable = function(c) return true end,\n"
	"  value = { business = 0.3, customer = calc({ n = fact.same_matter, m = 2 }, function(v) return v.n / v.m "
	"end) },\n"
	"  propensity = { start = 0.2, evidence = 20, by = { 'tenure_band' } }, lever = 2,\n"
	"  context = { { when = request.channel:is 'sms', weight = 0.5 }, { when = outcomes { 'rejected', within = "
	"'30d' }:above(1), weight = 2 } },\n"
	"  say = { en = 'Shall I cap it?', vi = '…' },\n"
	"}\n"
	"action 'other' { goal = 'grow', value = { business = 1, customer = 0 }, say = 'x' }\n"
	"answers 'bill' { ['why is it higher?'] = '{bill:money}', ['a first?'] = { en = 'e', vi = 'v' } }\n";

static void load_telecom(struct world *w)
{
	if (world_try(w, "", telecom, NULL) != ERR_OK) {
		print_message("%s\n", error_last()->text);
		fail();
	}
}

static struct str *name(struct world *w, const char *text)
{
	struct str *s = strpool_find(w->pool, slice_of(text));
	assert_non_null(s);
	return s;
}

static void says(const struct world *w, const struct term *t, const char *expected)
{
	struct bytes b = { 0 };
	term_text(t, w->pack, &b);
	bytes_put_u8(&b, 0);
	assert_string_equal(b.data, expected);
	bytes_finish(&b);
}

static void settings_are_read(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct pack *p = w.pack;
	assert_string_equal(p->name->data, "telecom");
	assert_string_equal(p->currency->data, "VND");
	assert_int_equal(p->language_count, 2);
	assert_int_equal(p->topic_count, 3);
	assert_int_equal(p->lever_count, 2);
	assert_string_equal(p->levers[0].goal->data, "grow"); /* in order of names, whatever Lua's order is */
	assert_true(p->levers[0].lever == 0.5);
	assert_int_equal(p->fallback_count, 1);
	says(&w, p->balance, "0.5 + complaint open / 10");
	assert_int_equal(p->timeline_keep, 30);
	assert_int_equal(p->timeline_field_count, 2);
	assert_int_equal(pack_language(p, SLICE("vi-VN")), 1);
	assert_int_equal(pack_language(p, SLICE("de")), 0);
	assert_int_equal(pack_language(p, SLICE("")), 0);
	assert_int_equal(strlen(p->hash_text), 32);
	world_finish(&w);
}

static void series_know_how_to_be_kept(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct series_decl *s = w.pack->series;
	assert_int_equal(w.pack->series_count, 5);
	assert_string_equal(s[0].name->data, "texts");
	assert_int_equal(s[0].about, ABOUT_MEMBER);
	assert_int_equal(s[0].window.keeping, WINDOW_DAY);
	assert_true(s[0].window.keep_ms == 29 * DAY + 2 * HOUR);
	assert_false(s[0].window.has_value);
	assert_string_equal(s[1].name->data, "contact.ended#1");
	assert_int_equal(s[1].by_count, 2);
	assert_int_equal(s[1].on_count, 2);
	says(&w, s[1].where, "event.direction is \"in\"");
	assert_int_equal(s[1].window.keeping, WINDOW_EXACT);
	assert_true(s[1].window.keep_ms == 31 * DAY); /* since() */
	assert_string_equal(s[2].name->data, "contact.ended#2");
	assert_string_equal(s[2].value->data, "mood_end");
	assert_int_equal(s[2].about, ABOUT_AGENT);
	assert_int_equal(s[3].window.keeping, WINDOW_GRAIN);
	assert_true(s[3].window.grain_ms == 300000 && s[3].window.keep_ms == HOUR);
	assert_true(s[4].tally && s[4].window.has_value && s[4].window.keep_ms == 60 * DAY);
	for (unsigned i = 0; i < 5; i++)
		assert_ptr_equal(pack_series_by_id(w.pack, s[i].id), &s[i]);
	world_finish(&w);
}

static void cases_name_their_events(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct case_decl *c = w.pack->cases;
	assert_int_equal(w.pack->case_count, 2);
	assert_string_equal(c[0].name->data, "callback");
	assert_true(c[0].due_ms == DAY);
	assert_string_equal(c[0].key->data, "promise");
	assert_string_equal(c[0].missed_type->data, "case.callback.missed");
	assert_int_equal(c[1].about, ABOUT_MEMBER);
	assert_string_equal(c[1].closes[1]->data, "complaint.dropped");
	assert_null(c[1].closes[2]);
	assert_ptr_equal(pack_case_by_id(w.pack, c[1].id), &c[1]);
	world_finish(&w);
}

static void facts_are_terms(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct pack *p = w.pack;
	assert_int_equal(p->fact_count, 8);
	const struct term *t = p->facts[pack_fact(p, name(&w, "texts_habit"))].term;
	assert_int_equal(t->op, TERM_OR_ELSE);
	assert_int_equal(t->children[0]->series.days, 28);
	assert_int_equal(t->children[0]->series.at_least_days, 7);
	assert_true(t->children[0]->series.before_today && !t->children[0]->series.of_values);
	t = p->facts[2].term;
	assert_true(t->series.before_this && t->series.span.ms == 7 * DAY && !t->series.key);
	t = p->facts[3].term;
	assert_true(t->series.key && t->series.key[0]->op == TERM_LITERAL && t->series.key[1]->op == TERM_REQUEST);
	assert_true(p->facts[4].term->series.all_keys);
	assert_int_equal(p->facts[5].term->series.aggregate, AGGREGATE_SINCE);
	t = p->facts[6].term;
	assert_true(t->series.high == -0.4 && isinf(t->series.low) && t->scope == SCOPE_AGENT);
	assert_int_equal(pack_fact(p, name(&w, "sms")), -1);
	world_finish(&w);
}

static void rules_say_what_they_do(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct rule_decl *r = w.pack->rules;
	assert_int_equal(w.pack->rule_count, 5);
	assert_string_equal(r[0].why->data, "bill shock");
	assert_string_equal(r[0].file, "pack.lua");
	assert_int_equal(r[0].line, 20);
	assert_true(r[0].once && r[0].once_per.kind == SPAN_TODAY && r[0].alert.expires_ms == 4 * HOUR);
	says(&w, r[0].when, "texts_today > 3 x texts_habit and texts_today at least 50");
	const struct words *say = &r[0].alert.say.by_language[0];
	assert_int_equal(say->count, 7);
	assert_int_equal(say->parts[0].term->op, TERM_NAME);
	assert_int_equal(say->parts[2].term->op, TERM_FACT);
	assert_true(slice_equal(say->parts[3].text, SLICE(" of {")));
	assert_true(slice_equal(say->parts[4].text, SLICE("x}")));
	assert_int_equal(say->parts[6].format, FORMAT_DECIMALS);
	assert_int_equal(say->parts[6].decimals, 2);
	assert_string_equal(r[0].nudge.action->data, "family-plan");
	assert_int_equal(r[0].set_count, 2);
	assert_int_equal(r[0].sets[0].scope, SCOPE_MEMBER);
	assert_string_equal(r[0].sets[1].name->data, "seen");
	assert_int_equal(r[0].sets[1].scope, SCOPE_CUSTOMER);
	assert_string_equal(r[1].on[0]->data, "case.callback.missed");
	assert_string_equal(r[1].alert.severity->data, "medium");
	assert_int_equal(r[1].alert.to.count, 2);
	assert_int_equal(r[2].about, ABOUT_AGENT);
	assert_int_equal(r[3].add_count, 1);
	assert_int_equal(r[3].adds[0].series, 4);
	assert_true(r[3].adds[0].amount->literal.number == 2);
	assert_true(r[3].when_function >= 0 && r[3].run >= 0 && r[0].run == TERM_NO_FUNCTION);
	assert_true(r[3].once && r[3].once_per.ms == 2 * HOUR);
	world_finish(&w);
}

static void decisions_are_declared(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct pack *p = w.pack;
	const struct action_decl *a = p->actions;
	assert_int_equal(p->action_count, 2);
	assert_int_equal(pack_action(p, name(&w, "other")), 1);
	assert_int_equal(a[0].channel_count, 2);
	assert_int_equal(a[0].ask_count, 1);
	says(&w, a[0].eligible, "lines at least 2");
	says(&w, a[0].applicable, "any member(alert message-abuse is open)");
	assert_int_equal(a[0].applicable->children[0]->scope, SCOPE_MEMBER);
	assert_true(a[0].suitable->op == TERM_CALL && a[0].suitable->call.context);
	says(&w, a[0].customer_value, "function at pack.lua:38 (m = 2, n = same_matter)");
	assert_true(a[0].propensity.start == 0.2 && a[0].propensity.evidence == 20 && a[0].lever == 2);
	assert_int_equal(a[0].context_count, 2);
	says(&w, a[0].contexts[1].when, "rejected in 30 days > 1");
	assert_true(a[1].propensity.start == 0.1 && a[1].propensity.evidence == 50 && a[1].lever == 1 &&
		    a[1].order == 1);
	assert_int_equal(p->policy_count, 3);
	assert_true(slice_equal(p->policies[0].text, SLICE("not while complaint is open, except where asked for it")));
	assert_true(slice_equal(p->policies[1].text, SLICE("after 2 rejected in 180 days pause 90 days per group")));
	assert_true(slice_equal(p->policies[2].text, SLICE("at most 3 offered in this month per all")));
	assert_int_equal(p->policies[1].after_kind, OUTCOME_REJECTED);
	/* the first covers goal grow, the others all */
	assert_int_equal(a[0].policy_count, 2);
	assert_true(a[0].policies[0] == 1 && a[0].policies[1] == 2);
	assert_int_equal(a[1].policy_count, 3);
	assert_true(a[1].policies[0] == 0 && a[1].policies[2] == 2);
	assert_true(a[1].levers == p->levers[0].lever); /* grow's, times 1 */
	assert_true(a[0].levers == 2 * p->levers[1].lever);
	assert_int_equal(p->answer_count, 2);
	assert_true(slice_equal(p->answers[0].question, SLICE("a first?")));
	assert_int_equal(p->answers[1].text.by_language[0].parts[0].format, FORMAT_MONEY);
	assert_int_equal(p->answers[1].text.by_language[1].count, 0);
	world_finish(&w);
}

static void types_find_what_concerns_them(void **state)
{
	struct world w;
	load_telecom(&w);
	const struct type_index *t = pack_type(w.pack, name(&w, "contact.ended"));
	assert_int_equal(t->series_count, 1);
	assert_int_equal(t->agent_series_count, 1);
	assert_int_equal(t->agent_rule_count, 1);
	assert_int_equal(t->rule_count, 2); /* credit and all */
	assert_int_equal(t->rules[0], 3);
	assert_int_equal(t->rules[1], 4);
	assert_true(t->timeline);
	t = pack_type(w.pack, name(&w, "sms.sent"));
	assert_int_equal(t->series_count, 1);
	assert_int_equal(t->rule_count, 2);
	assert_false(t->timeline);
	t = pack_type(w.pack, name(&w, "case.callback.closed"));
	assert_int_equal(t->alert_closer_count, 1);
	t = pack_type(w.pack, name(&w, "complaint.dropped"));
	assert_int_equal(t->close_count, 1);
	assert_int_equal(t->closes[0], 1);
	struct str *unknown = strpool_take(w.pool, SLICE("never.seen"));
	t = pack_type(w.pack, unknown);
	assert_int_equal(t->rule_count, 1); /* "*" */
	assert_int_equal(t->series_count, 0);
	strpool_drop(w.pool, unknown);
	world_finish(&w);
	world_load(&w, "timeline { keep = 0 }");
	unknown = strpool_take(w.pool, SLICE("never.seen"));
	assert_null(pack_type(w.pack, unknown));
	strpool_drop(w.pool, unknown);
	world_finish(&w);
}

static void definitions_keep_their_ids(void **state)
{
	struct world a, b;
	load_telecom(&a);
	load_telecom(&b);
	for (unsigned i = 0; i < a.pack->series_count; i++)
		assert_int_equal(a.pack->series[i].id, b.pack->series[i].id);
	assert_int_equal(a.pack->cases[1].id, b.pack->cases[1].id);
	assert_int_equal(a.pack->rules[2].id, b.pack->rules[2].id);
	assert_true(a.pack->hash.low == b.pack->hash.low && a.pack->hash.high == b.pack->hash.high);
	world_finish(&a);
	world_finish(&b);
	/* another name, a longer keep, a due time: the same data; another key or value: other data */
	world_load(&a, "local s = series { on = 'a', by = 'x' }\nlocal t = series { on = 'a', value = 'v' }\ncase { "
		       "opens = 'o', closes = 'c' }\n"
		       "fact.s = s:count '7d'");
	world_load(&b, "local s = series { name = 'n', keep = '400d', on = 'a', by = 'x' }\nlocal t = series { on = "
		       "'a', value = 'w' }\n"
		       "case { opens = 'o', closes = 'c', name = 'z', due = '1h' }\nfact.t = s:count '9d'");
	assert_int_equal(a.pack->series[0].id, b.pack->series[0].id);
	assert_int_not_equal(a.pack->series[1].id, b.pack->series[1].id);
	assert_int_equal(a.pack->cases[0].id, b.pack->cases[0].id);
	world_finish(&a);
	world_finish(&b);
}

static void terms_read_well(void **state)
{
	static const char *const pairs[][2] = {
		{ "all { any { fact.a:is 'x', fact.a:known() }, no { fact.b:above(1), fact.b:below(0) } }",
		  "(a is \"x\" or a is known) and none of (b > 1, b < 0)" },
		{ "(fact.b - (1 - fact.b)):between(1, 2)", "b - (1 - b) between 1 and 2" },
		{ "(fact.b + 1) * 2 / -fact.b", "(b + 1) x 2 / -b" },
		{ "fact.a:one_of { 'x', 'y' }", "a is one of \"x\", \"y\"" },
		{ "no { fact.a:is_not(true) }", "not (a is not true)" },
		{ "fact.b:at_most '24h'", "b at most 24 hours" },
		{ "fact.b:min(3):max(0.1)", "max(min(b, 3), 0.1)" },
		{ "tenure():above '365d'", "tenure > 365 days" },
		{ "attr('x', 'agent')", "agent's x" },
		{ "all(fact.b:above(1), fact.a:is(1))", "b > 1 and a is 1" },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct world w;
		char source[400];
		snprintf(source, sizeof(source), "fact.a = attr 'q'\nfact.b = attr 'n' + 0\nfact.t = %s", pairs[i][0]);
		world_load(&w, source);
		says(&w, w.pack->facts[2].term, pairs[i][1]);
		world_finish(&w);
	}
}

static struct str *name_of(const struct world *w, const char *text)
{
	return strpool_find(w->pool, slice_of(text));
}

static void events_say_what_they_bring(void **state)
{
	struct world w;
	world_load(&w, "event 'bill.issued' {\n"
		       "  why = 'a bill goes out', member = 'never', contact = 'required', channels = 'web',\n"
		       "  attributes = { amount = { 'number', required = true, at_least = 0 }, due = 'time',\n"
		       "    kind = { 'string', one_of = { 'monthly', 'last' } } },\n"
		       "}\n"
		       "event 'sms.sent' {}\n");
	assert_int_equal(w.pack->event_count, 2);
	const struct event_decl *e = pack_event(w.pack, name_of(&w, "bill.issued"));
	assert_string_equal(e->why->data, "a bill goes out");
	assert_int_equal(e->line, 2);
	assert_int_equal(e->member, PRESENCE_NEVER);
	assert_int_equal(e->agent, PRESENCE_OPTIONAL);
	assert_int_equal(e->contact, PRESENCE_REQUIRED);
	assert_int_equal(e->channel_count, 1);
	assert_int_equal(e->attr_count, 3);
	const struct schema_attr *amount = event_decl_attr(e, name_of(&w, "amount"));
	assert_int_equal(amount->type, SCHEMA_NUMBER);
	assert_true(amount->required && amount->low == 0 && isinf(amount->high));
	assert_int_equal(event_decl_attr(e, name_of(&w, "due"))->type, SCHEMA_TIME);
	const struct schema_attr *kind = event_decl_attr(e, name_of(&w, "kind"));
	assert_int_equal(kind->one_of_count, 2);
	assert_true(slice_equal(kind->one_of[1].string, SLICE("last")));
	assert_null(event_decl_attr(e, name_of(&w, "test")));
	assert_null(pack_event(w.pack, name_of(&w, "amount")));
	/* to the event path it is a type like any that nothing is on */
	assert_ptr_equal(pack_type(w.pack, name_of(&w, "bill.issued")), w.pack->other_type);
	world_finish(&w);
}

static void put_140(void *arg, const struct term *leaf, struct bytes *out)
{
	(void)leaf;
	bytes_printf(out, " %d", (*(int *)arg)++);
}

static void values_follow_their_names(void **state)
{
	struct world w;
	struct bytes b = { 0 };
	int next = 140;
	load_telecom(&w);
	term_render(w.pack->rules[0].when->children[0], w.pack, put_140, &next, &b);
	bytes_put_u8(&b, 0);
	assert_string_equal(b.data, "texts_today 140 > 3 x texts_habit 141");
	bytes_finish(&b);
	world_finish(&w);
}

static void files_require_each_other(void **state)
{
	struct world w;
	const char *extra = "local m = {}\nfact.shared = attr 'x'\nfunction m.twice(v) return v.x * 2 end\nreturn m";
	assert_int_equal(world_try(&w, PACK_HEAD,
				   "local m = require 'lib.extra'\nlocal n = require 'lib.extra'\nassert(m == n)\n"
				   "fact.y = calc({ x = fact.shared }, m.twice)",
				   extra),
			 ERR_OK);
	struct value v, input = value_number(4);
	const struct term *t = w.pack->facts[1].term;
	assert_int_equal(vm_call_value(w.pack->vm, t->call.function, t->call.names, &input, 1, &w.arena, &v), ERR_OK);
	assert_true(v.number == 8);
	world_finish(&w);
	assert_int_equal(world_try(&w, PACK_HEAD, "require 'lib.extra'", "require 'lib.extra'"), ERR_RULE);
	assert_string_equal(error_last()->text,
			    "lib/extra.lua:1: require \"lib.extra\": files require each other in a circle");
	world_finish(&w);
	assert_int_equal(world_try(&w, PACK_HEAD, "require '..etc.passwd'", NULL), ERR_RULE);
	world_finish(&w);
}

static void bundles_travel(void **state)
{
	struct bundle b = { 0 }, c;
	struct bytes bytes = { 0 };
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), SLICE("pack { name = 'z', zone = 'Europe/Paris' }")),
			 ERR_OK);
	assert_int_equal(bundle_add(&b, SLICE("lib/a.lua"), SLICE("return 1")), ERR_OK);
	assert_string_equal(b.files[0].path, "lib/a.lua");
	struct strpool *pool = strpool_create();
	struct pack *p;
	assert_int_equal(pack_load(&p, &b, pool), ERR_RULE); /* the zone's table is missing */
	assert_non_null(strstr(error_last()->text, "does not carry the table"));
	assert_int_equal(bundle_resolve_zone(&b), ERR_OK);
	bundle_encode(&b, &bytes);
	assert_int_equal(bundle_decode(&c, bytes_slice(&bytes)), ERR_OK);
	struct hash128 x = bundle_hash(&b), y = bundle_hash(&c);
	assert_true(x.low == y.low && x.high == y.high);
	assert_int_equal(pack_load(&p, &c, pool), ERR_OK);
	assert_int_equal(zone_offset_s(p->zone, 1700000000000), 3600);
	pack_destroy(p);
	bundle_finish(&c);
	for (size_t cut = 0; cut < bytes.len; cut += 7) {
		assert_int_equal(bundle_decode(&c, (struct slice){ bytes.data, cut }), ERR_CORRUPT);
		bundle_finish(&c);
	}
	static const char *const paths[] = { "",         "a",      "/a.lua",  "../a.lua", "a/../b.lua",
					     "a//b.lua", ".a.lua", "a b.lua", "a.lua/",   "pack.lua" };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(bundle_add(&b, slice_of(paths[i]), SLICE("")), ERR_INVALID);
	bytes_finish(&bytes);
	bundle_finish(&b);
	strpool_destroy(pool);
}

static void put_file(const char *folder, const char *file, const char *text)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void folders_become_bundles(void **state)
{
	char folder[] = "/tmp/nudged-pack-XXXXXX", path[200];
	assert_non_null(mkdtemp(folder));
	static const char *const below[] = { "lib", "tests" };
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, below[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put_file(folder, "pack.lua", PACK_HEAD);
	put_file(folder, "README.md", "#");
	put_file(folder, "lib/a.lua", "return 1");
	put_file(folder, "tests/a.lua", "test");
	struct bundle b;
	assert_int_equal(bundle_read(&b, folder), ERR_OK);
	assert_int_equal(b.count, 2);
	assert_string_equal(b.files[0].path, "lib/a.lua");
	bundle_finish(&b);
	snprintf(path, sizeof(path), "%s/out.lua", folder);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(bundle_read(&b, folder), ERR_INVALID);
	assert_non_null(strstr(error_last()->text, "leaves the pack's folder"));
	snprintf(path, sizeof(path), "rm -r %s", folder);
	assert_int_equal(system(path), 0);
	assert_int_equal(bundle_read(&b, folder), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(series_know_how_to_be_kept),
		cmocka_unit_test(cases_name_their_events),
		cmocka_unit_test(facts_are_terms),
		cmocka_unit_test(rules_say_what_they_do),
		cmocka_unit_test(decisions_are_declared),
		cmocka_unit_test(types_find_what_concerns_them),
		cmocka_unit_test(definitions_keep_their_ids),
		cmocka_unit_test(terms_read_well),
		cmocka_unit_test(events_say_what_they_bring),
		cmocka_unit_test(values_follow_their_names),
		cmocka_unit_test(files_require_each_other),
		cmocka_unit_test(bundles_travel),
		cmocka_unit_test(folders_become_bundles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
