/* tests/unit/test_decision.c: gates, policies, scores, words, explanations, and a decision's record. */
#include "decide_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', currency = 'EUR', languages = { 'en', 'vi' }, topics = { 'bill', 'bill/why-higher', "
	"'messages' },\n"
	"  balance = 0.5, levers = { goals = { grow = 0.5 } }, fallback = { 'listen' } }\n"
	"local complaint = case { opens = 'complaint.opened', closes = 'complaint.closed' }\n"
	"local texts = series { on = 'sms', per = 'member' }\n"
	"local strain = series { on = 'call', per = 'agent', value = 'mood' }\n"
	"fact.texts = texts:count '24h'\n"
	"fact.lines = attr('lines', 'customer')\n"
	"fact.tired = attr('strain', 'agent'):at_least(3)\n"
	"rule 'abuse' { about = 'member', on = 'sms', when = fact.texts:at_least(3), alert = { to = 'care', say = 'x', "
	"once_per = '1h' } }\n"
	"policy { goal = 'grow', unless = complaint:is_open(), except = asked_for_it(), say = 'Open complaint: fix "
	"first.' }\n"
	"policy { per = 'group', after = { rejected = 2, within = '180d' }, pause = '90d' }\n"
	"policy { action = 'survey', at_most = { offered = 1, within = '30d' } }\n"
	"action 'listen' { goal = 'serve', value = { customer = 0.4, business = 0.2 }, propensity = { start = 0.5 }, "
	"say = 'I am listening.' }\n"
	"action 'family' { goal = 'serve', group = 'messages', channels = { 'call', 'sms' }, eligible = "
	"fact.lines:at_least(2),\n"
	"  applicable = any_member(open_alert 'abuse'), suitable = attr('plan'):is_not 'unlimited',\n"
	"  value = { customer = 0.9, business = 0.3 }, propensity = { start = 0.4 },\n"
	"  context = { { when = request.mood:below(0), weight = 2 } }, say = { en = '{member} sent {texts}.', vi = "
	"'{member}: {texts}!' } }\n"
	"action 'upsell' { goal = 'grow', group = 'upgrades', asks = { 'bill' }, value = { customer = 0.2, business = "
	"1 },\n"
	"  propensity = { start = 0.3 }, lever = 1.5, say = 'More for {price:money}.' }\n"
	"action 'upsell2' { goal = 'grow', group = 'upgrades', value = { customer = attr 'nothing', business = 0.1 }, "
	"say = 'Even more.' }\n"
	"action 'survey' { goal = 'learn', value = { customer = 0.1, business = 0.1 }, say = 'How was it?' }\n"
	"action 'twin' { goal = 'learn', value = { customer = 0.1, business = 0.1 }, say = 'Twin.' }\n"
	"action 'rest' { goal = 'serve', eligible = all { fact.tired, attr('lines'):known() }, value = { customer = "
	"0.1, business = 0 },\n"
	"  say = 'One moment.' }\n"
	"action 'shop' { goal = 'serve', channels = 'shop', value = { customer = 1, business = 1 }, say = 'Come in.' "
	"}\n"
	"answers 'bill' { ['why is it higher?'] = '{bill:money}, usually less.', ['when?'] = 'On the first.' }\n";

struct stage_set {
	struct world w;
	struct decision d;
	struct foreign_reads foreign;
	struct ask ask;
	struct record *agent;
};

static void set_up(struct stage_set *s)
{
	memset(s, 0, sizeof(*s));
	world_init(&s->w, pack);
	s->ask.now_ms = T0 + HOUR;
	s->ask.explain = true;
	s->ask.limit = LIMIT_RECOMMENDATIONS;
}

static void decide(struct stage_set *s)
{
	struct decide_subjects subjects = { .customer = s->w.r, .agent = s->agent };
	s->foreign = (struct foreign_reads){ 0 };
	arena_reset(&s->w.m.arena);
	machine_decide(&s->w.m, &subjects, &s->ask, &s->foreign, &s->d);
}

static void tear_down(struct stage_set *s)
{
	record_destroy(s->agent, s->w.m.pool);
	world_finish(&s->w);
}

static const struct choice *chosen(const struct stage_set *s, const char *name)
{
	for (unsigned i = 0; i < s->d.choice_count; i++)
		if (world_is(str_slice(s->d.choices[i].action->name), name))
			return &s->d.choices[i];
	return NULL;
}

static const struct left_out *left_out(const struct stage_set *s, const char *name)
{
	for (unsigned i = 0; i < s->d.left_out_count; i++)
		if (world_is(str_slice(s->d.left_out[i].action->name), name))
			return &s->d.left_out[i];
	return NULL;
}

static void family(struct stage_set *s)
{
	world_event(&s->w, "profile.updated", T0, "lines=2 price=1999 plan=small");
	world_event(&s->w, "profile.updated", T0, "member=dad age=40");
	for (int i = 0; i < 4; i++)
		world_event(&s->w, "sms", T0 + i, "member=kid");
}

static void gates_say_where_an_action_fell(void **state)
{
	struct stage_set s;
	set_up(&s);
	decide(&s);
	assert_non_null(chosen(&s, "listen"));
	const struct left_out *l = left_out(&s, "family");
	assert_string_equal(l->gate, "eligible");
	assert_true(l->unknown);
	assert_non_null(strstr(l->reason.data, "lines is unknown, needs at least 2"));
	l = left_out(&s, "shop");
	assert_string_equal(l->gate, "channel");
	assert_non_null(strstr(l->reason.data, "not for channel call; only shop"));
	world_event(&s.w, "profile.updated", T0, "lines=1");
	decide(&s);
	l = left_out(&s, "family");
	assert_string_equal(l->gate, "eligible");
	assert_false(l->unknown);
	assert_non_null(strstr(l->reason.data, "lines is 1, needs at least 2"));
	world_event(&s.w, "profile.updated", T0, "lines=2");
	decide(&s);
	l = left_out(&s, "family");
	assert_string_equal(l->gate, "applicable");
	world_event(&s.w, "profile.updated", T0, "plan=unlimited");
	for (int i = 0; i < 4; i++)
		world_event(&s.w, "sms", T0 + i, "member=kid");
	decide(&s);
	l = left_out(&s, "family");
	assert_string_equal(l->gate, "suitable");
	assert_non_null(strstr(l->reason.data, "plan is \"unlimited\", needs not to be \"unlimited\""));
	assert_int_equal(s.d.choice_count + s.d.left_out_count, s.w.m.pack->action_count);
	/* a nudge's restriction */
	s.ask.goal = SLICE("learn");
	decide(&s);
	assert_string_equal(left_out(&s, "listen")->gate, "goal");
	assert_non_null(chosen(&s, "survey"));
	tear_down(&s);
}

static void scores_are_products_and_ties_go_by_order(void **state)
{
	struct stage_set s;
	set_up(&s);
	family(&s);
	s.ask.mood = -0.5;
	s.ask.has_mood = true;
	decide(&s);
	const struct choice *c = chosen(&s, "family");
	assert_non_null(c);
	assert_true(c->propensity == 0.4 && c->context == 2 && c->lever == 1);
	assert_true(fabs(c->value - 0.6) < 1e-12 && c->score == c->propensity * c->value * c->context * c->lever);
	assert_true(c == &s.d.choices[0]);
	c = chosen(&s, "upsell");
	assert_true(c->lever == 0.75 && fabs(c->value - 0.6) < 1e-12);
	assert_slice(c->say, "More for 19.99 EUR.");
	/* what is unknown counts as 0 and is said */
	c = chosen(&s, "upsell2");
	assert_true(fabs(c->value - 0.05) < 1e-12);
	assert_slice(c->reasons[c->reason_count - 1], "customer value unknown: counted as 0");
	assert_true(chosen(&s, "survey") < chosen(&s, "twin"));
	for (unsigned i = 1; i < s.d.choice_count; i++)
		assert_true(s.d.choices[i - 1].score >= s.d.choices[i].score);
	s.ask.limit = 2;
	decide(&s);
	assert_int_equal(s.d.choice_count, 2);
	assert_string_equal(left_out(&s, "survey")->gate, "rank");
	assert_non_null(strstr(left_out(&s, "survey")->reason.data, "behind "));
	const struct left_out *ranked = left_out(&s, "survey");
	assert_true(ranked->score > 0);
	assert_true(ranked->score == ranked->propensity * ranked->value * ranked->context * ranked->lever);
	tear_down(&s);
}

static void words_and_reasons_keep_to_whom_they_concern(void **state)
{
	struct stage_set s;
	set_up(&s);
	family(&s);
	decide(&s);
	const struct choice *c = chosen(&s, "family");
	assert_int_equal(c->member, 2); /* dad is 1, the kid was bound */
	assert_slice(c->say, "kid sent 4.");
	assert_int_equal(c->reason_count, 3);
	assert_non_null(strstr(c->reasons[0].data, "lines 2"));
	s.ask.language = SLICE("vi-VN");
	decide(&s);
	assert_slice(chosen(&s, "family")->say, "kid: 4!");
	assert_slice(chosen(&s, "listen")->say, "I am listening."); /* the first language is the fallback */
	/* dad calls: the kid's figures are not for him */
	s.ask.member = SLICE("dad");
	s.ask.language = SLICE("en");
	decide(&s);
	c = chosen(&s, "family");
	assert_slice(c->say, "dad sent 0.");
	assert_null(strstr(c->reasons[2].data, "small"));
	tear_down(&s);
}

static const char reasons_pack[] =
	"pack { name = 't', languages = { 'en' } }\n"
	"local texts = series { on = 'sms', by = { 'topic' } }\n"
	"local promise = case { opens = 'p.made', closes = 'p.kept' }\n"
	"fact.bills = texts:with { topic = 'bill' }:count '24h'\n"
	"action 'a' { goal = 'serve', value = { customer = 1, business = 1 }, say = 'x',\n"
	"  eligible = all { fact.bills:at_least(2), any { attr('plan'):is 'big', attr('mood'):below(-0.7 + 0.02 * 7) },\n"
	"    attr('mood'):above(fact.bills * -0.5) },\n"
	"  applicable = any { promise:is_open(), texts:with { topic = attr 'mine' }:count('7d'):above(fact.bills / 4) },\n"
	"  suitable = all { no { attr('plan'):is_not 'small' }, attr('name'):one_of { 'Bea', 'Ann' },\n"
	"    calc({ n = fact.bills }, function(v) return v.n > 1 end) } }\n";

static unsigned texts_taken_away(struct term *t)
{
	unsigned taken = t->text != NULL;
	t->text = NULL;
	for (unsigned i = 0; i < t->child_count; i++)
		taken += texts_taken_away(t->children[i]);
	return taken;
}

/* Texts made at load say what the terms themselves do: taken away from them, the reasons stay the same. */
static void reasons_are_those_of_the_terms(void **state)
{
	static const char *const expected[] = {
		"bills 2 at least 2",
		"mood -0.568 < -0.5599999999999999",
		"mood -0.568 > bills 2 x -0.5",
		"count of sms#1 in 7 days with topic mine \"bill\" 2 > bills 2 / 4",
		"not (plan \"small\" is not \"small\")",
		"name \"Bea\" is one of \"Bea\", \"Ann\"",
		"function at pack.lua:10 (n = bills 2) (yes)",
	};
	struct stage_set s = { 0 };
	world_init(&s.w, reasons_pack);
	s.ask.now_ms = T0 + HOUR;
	world_event(&s.w, "profile.updated", T0, "plan=small mood=-0.56789 mine=bill name=Bea");
	world_event(&s.w, "sms", T0, "topic=bill");
	world_event(&s.w, "sms", T0, "topic=bill");
	for (int pass = 0; pass < 2; pass++) {
		decide(&s);
		assert_int_equal(s.d.choice_count, 1);
		assert_int_equal(s.d.choices[0].reason_count, 7);
		for (unsigned i = 0; i < 7; i++)
			assert_slice(s.d.choices[0].reasons[i], expected[i]);
		const struct action_decl *a = &s.w.m.pack->actions[0];
		unsigned taken = texts_taken_away(a->eligible) + texts_taken_away(a->applicable) +
				 texts_taken_away(a->suitable);
		assert_int_equal(taken, pass ? 0 : 11); /* those, both `any`, and of each the part not true */
	}
	tear_down(&s);
}

/* Whatever the order of declaration, and with as many or fewer places than actions. */
static void the_best_are_ranked(void **state)
{
	static const int best_first[] = { 5, 7, 4, 2, 0, 6, 1, 3 };
	struct stage_set s = { 0 };
	world_init(&s.w, "pack { name = 't', languages = { 'en' }, balance = 1 }\n"
			 "for i, v in ipairs { 3, 1, 4, 1, 5, 9, 2, 6 } do\n"
			 "  action('a' .. i) { goal = 'serve', value = { customer = v, business = 0 }, say = 'x' }\n"
			 "end\n");
	s.ask.now_ms = T0;
	s.ask.explain = true;
	for (s.ask.limit = 1; s.ask.limit <= LIMIT_RECOMMENDATIONS; s.ask.limit++) {
		decide(&s);
		unsigned wanted = s.ask.limit < 8 ? s.ask.limit : 8;
		assert_int_equal(s.d.choice_count, wanted);
		assert_int_equal(s.d.left_out_count, 8 - wanted);
		for (unsigned i = 0; i < wanted; i++)
			assert_int_equal(s.d.choices[i].action->order, best_first[i]);
	}
	tear_down(&s);
}

static void outcome(struct stage_set *s, const char *action, int kind, int64_t time_ms)
{
	struct outcome_input o = { .id = SLICE("o"),
				   .source = SLICE("crm"),
				   .action = slice_of(action),
				   .channel = SLICE("call"),
				   .kind = kind,
				   .time_ms = time_ms,
				   .id_hash = (uint64_t)time_ms,
				   .content_hash = 1 };
	machine_apply_outcome(&s->w.m, s->w.r, &o, &s->w.in, &s->w.out);
	world_settle(&s->w);
}

static void policies_hold_back_what_was_not_asked_for(void **state)
{
	struct stage_set s;
	set_up(&s);
	world_event(&s.w, "complaint.opened", T0, "");
	decide(&s);
	assert_null(chosen(&s, "upsell"));
	const struct left_out *l = left_out(&s, "upsell");
	assert_string_equal(l->gate, "policy");
	assert_non_null(strstr(l->reason.data, "complaint"));
	assert_int_equal(s.d.caution_count, 1);
	assert_slice(s.d.cautions[0], "Open complaint: fix first.");
	s.ask.intent = SLICE("bill/why-higher"); /* asked for: `bill` covers it */
	decide(&s);
	assert_non_null(chosen(&s, "upsell"));
	assert_null(chosen(&s, "upsell2"));
	s.ask.intent = SLICE("upgrades"); /* its group counts too */
	decide(&s);
	assert_non_null(chosen(&s, "upsell2"));
	s.ask.intent = SLICE("");
	world_event(&s.w, "complaint.closed", T0 + 1, "");
	decide(&s);
	assert_non_null(chosen(&s, "upsell"));
	assert_int_equal(s.d.caution_count, 0);
	tear_down(&s);
}

static void policies_pause_and_bound_contacts(void **state)
{
	struct stage_set s;
	set_up(&s);
	outcome(&s, "upsell", OUTCOME_REJECTED, T0);
	decide(&s);
	assert_non_null(chosen(&s, "upsell2"));
	outcome(&s, "upsell2", OUTCOME_REJECTED, T0 + 1);
	decide(&s);
	assert_null(chosen(&s, "upsell"));
	assert_null(chosen(&s, "upsell2"));
	assert_non_null(strstr(left_out(&s, "upsell")->reason.data, "2 rejected"));
	assert_non_null(chosen(&s, "listen"));
	s.ask.now_ms = T0 + 1 + 90 * DAY;
	decide(&s);
	assert_non_null(chosen(&s, "upsell"));
	outcome(&s, "survey", OUTCOME_OFFERED, T0 + 80 * DAY);
	decide(&s);
	assert_null(chosen(&s, "survey"));
	assert_non_null(chosen(&s, "twin"));
	s.ask.now_ms = T0 + 111 * DAY;
	decide(&s);
	assert_non_null(chosen(&s, "survey"));
	tear_down(&s);
}

static void answers_are_for_the_topic(void **state)
{
	struct stage_set s;
	set_up(&s);
	decide(&s);
	assert_int_equal(s.d.answer_count, 0);
	s.ask.topic = SLICE("bill");
	decide(&s);
	assert_int_equal(s.d.answer_count, 1); /* the other has an unknown part: nobody could read it out */
	assert_slice(s.d.answers[0].question, "when?");
	world_event(&s.w, "profile.updated", T0, "bill=4200");
	s.ask.topic = SLICE("");
	s.ask.intent = SLICE("bill/why-higher");
	decide(&s);
	assert_int_equal(s.d.answer_count, 2);
	assert_slice(s.d.answers[1].text, "42.00 EUR, usually less.");
	tear_down(&s);
}

static bool at_once(void *arg)
{
	return (*(int *)arg)-- <= 0;
}

static void past_the_deadline_the_fallback_answers(void **state)
{
	struct stage_set s;
	int actions = 3;
	set_up(&s);
	s.ask.expired = at_once;
	s.ask.arg = &actions;
	decide(&s);
	assert_true(s.d.fallback);
	assert_int_equal(s.d.choice_count, 1);
	assert_slice(s.d.choices[0].say, "I am listening.");
	assert_string_equal(s.d.fallback_reason, fallback_reasons[FALLBACK_ACTIONS_LATE]);
	struct bytes b = { 0 };
	struct decision_record r;
	machine_fallback(&s.w.m, &s.ask, FALLBACK_STATE_LATE, &s.d);
	assert_string_equal(s.d.fallback_reason, fallback_reasons[FALLBACK_STATE_LATE]);
	decision_encode(&(struct decision_head){ .boot = 1 }, &s.ask, NULL, &s.d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &s.w.m.arena), ERR_OK);
	assert_true(r.fallback && r.cause == FALLBACK_STATE_LATE);
	bytes_finish(&b);
	tear_down(&s);
}

static void a_decision_is_recorded_and_verified(void **state)
{
	struct stage_set s;
	struct bytes b = { 0 };
	struct decision_record r;
	struct event_attr attrs[] = { { SLICE("price"), value_number(5) },
				      { SLICE("vip"), value_bool(true) },
				      { SLICE("x"), value_string(SLICE("y")) } };
	set_up(&s);
	family(&s);
	s.agent = world_record(SUBJECT_AGENT, "ann");
	record_set(s.agent, s.w.m.pool, 0, SLICE("strain"), value_number(4), T0);
	s.ask.agent = SLICE("ann");
	s.ask.mood = -0.25;
	s.ask.has_mood = true;
	s.ask.attrs = attrs;
	s.ask.attr_count = 3;
	s.ask.limit = 3;
	decide(&s);
	assert_int_equal(s.foreign.count, 1); /* the fact is read once */
	assert_string_equal(left_out(&s, "rest")->gate, "rank"); /* the agent is tired: it was eligible */
	struct decision_head head = { .boot = 77, .count = 3, .customer_seq = 9 };
	decision_encode(&head, &s.ask, &s.foreign, &s.d, &b);
	assert_in_range(b.len, 60, 200);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &s.w.m.arena), ERR_OK);
	assert_true(r.head.boot == 77 && r.head.count == 3 && r.head.customer_seq == 9 && !r.head.nudge);
	assert_slice(r.ask.agent, "ann");
	assert_true(r.ask.mood == -0.25 && r.ask.attr_count == 3 && r.ask.now_ms == s.ask.now_ms);
	assert_int_equal(r.chosen_count, 3);
	assert_slice(r.chosen[0].action, s.d.choices[0].action->name->data);
	assert_true(r.chosen[0].score == s.d.choices[0].score);
	assert_true(decision_verify(&s.w.m, s.w.r, &r));
	/* another value read of the agent, another state, another choice: not the same */
	r.foreign.values[0] = value_number(1);
	s.ask.limit = r.ask.limit = 16;
	assert_false(decision_verify(&s.w.m, s.w.r, &r));
	world_event(&s.w, "profile.updated", T0 + 1, "lines=1");
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &s.w.m.arena), ERR_OK);
	assert_false(decision_verify(&s.w.m, s.w.r, &r));
	for (size_t cut = 0; cut < b.len; cut++)
		assert_int_not_equal(decision_decode(&r, (struct slice){ b.data, cut }, &s.w.m.arena), ERR_OK);
	b.data[0] = 99;
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &s.w.m.arena), ERR_VERSION);
	bytes_finish(&b);
	tear_down(&s);
}

static void gates_are_recorded_where_they_are_kept(void **state)
{
	struct stage_set s;
	struct bytes with = { 0 }, without = { 0 };
	struct decision_record r;
	struct decision_head head = { .boot = 7, .count = 1 };
	set_up(&s);
	family(&s);
	world_event(&s.w, "complaint.opened", T0 + 1, "");
	s.ask.limit = 2;
	decide(&s);
	assert_int_equal(s.d.fell_count, 0);
	decision_encode(&head, &s.ask, &s.foreign, &s.d, &without);
	s.w.m.keep_gates = true;
	decide(&s);
	decision_encode(&head, &s.ask, &s.foreign, &s.d, &with);
	unsigned actions = s.w.m.pack->action_count;
	assert_int_equal(actions, 8);
	assert_int_equal(with.len, without.len + 1 + actions / 2 + 2); /* both upsells fell at a policy */
	assert_int_equal(decision_decode(&r, bytes_slice(&with), &s.w.m.arena), ERR_OK);
	assert_int_equal(r.fell_count, actions);
	for (unsigned i = 0; i < actions; i++) {
		const struct left_out *l = left_out(&s, s.w.m.pack->actions[i].name->data);
		assert_string_equal(gate_text(r.fell[i].gate), l ? l->gate : "");
		if (l)
			assert_int_equal(r.fell[i].unknown, l->unknown);
	}
	assert_string_equal(gate_text(r.fell[2].gate), "policy");
	assert_int_equal(r.fell[2].policy, 0);
	assert_true(r.fell[6].unknown);
	assert_true(decision_verify(&s.w.m, s.w.r, &r));
	r.fell[7].gate = 6;
	assert_false(decision_verify(&s.w.m, s.w.r, &r));
	for (size_t cut = 0; cut < with.len; cut++)
		assert_int_not_equal(decision_decode(&r, (struct slice){ with.data, cut }, &s.w.m.arena), ERR_OK);
	bytes_finish(&with);
	bytes_finish(&without);
	tear_down(&s);
}

static void a_nudge_keeps_its_words(void **state)
{
	struct stage_set s;
	struct bytes b = { 0 };
	struct decision_record r;
	set_up(&s);
	family(&s);
	s.ask.channel = SLICE("sms");
	s.ask.goal = SLICE("serve");
	s.ask.limit = 1;
	s.ask.bound_member = 2;
	decide(&s);
	struct decision_head head = {
		.boot = 1, .count = 1, .nudge = true, .source_seq = 5, .source_index = 2, .rule = SLICE("abuse")
	};
	decision_encode(&head, &s.ask, &s.foreign, &s.d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &s.w.m.arena), ERR_OK);
	assert_slice(r.head.rule, "abuse");
	assert_int_equal(r.head.source_seq, 5);
	assert_int_equal(r.head.source_index, 2);
	assert_slice(r.chosen[0].say, "kid sent 4.");
	assert_int_equal(r.chosen[0].member, 2);
	assert_true(decision_verify(&s.w.m, s.w.r, &r));
	bytes_finish(&b);
	tear_down(&s);
}

static void aborted_calls_of_a_decision_are_played_back(void **state)
{
	struct world w;
	struct decision d;
	struct decision_record r;
	struct foreign_reads foreign = { 0 };
	struct bytes b = { 0 };
	struct ask ask = { .now_ms = T0 };
	world_init(&w, "pack { name = 't' }\n"
		       "action 'a' { goal = 'g', value = { customer = calc({}, function() error('no') end), business = "
		       "1 }, say = 'a' }\n"
		       "action 'b' { goal = 'g', eligible = function(c) local n = nil; return n.x end, value = { "
		       "customer = 1, business = 1 }, say = 'b' }\n"
		       "action 'c' { goal = 'g', value = { customer = calc({}, function() return 1 end), business = 1 "
		       "}, say = 'c' }\n");
	struct decide_subjects subjects = { .customer = w.r };
	machine_decide(&w.m, &subjects, &ask, &foreign, &d);
	assert_int_equal(d.choice_count, 2);
	assert_int_equal(foreign.aborted.count, 2);
	decision_encode(&(struct decision_head){ .boot = 1 }, &ask, &foreign, &d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &w.m.arena), ERR_OK);
	assert_int_equal(r.foreign.aborted.count, 2);
	assert_true(decision_verify(&w.m, w.r, &r));
	uint16_t all[] = { 0, 1, 2 };
	r.foreign.aborted = (struct aborted_calls){ 3, all };
	assert_false(decision_verify(&w.m, w.r, &r));
	bytes_finish(&b);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates_say_where_an_action_fell),
		cmocka_unit_test(scores_are_products_and_ties_go_by_order),
		cmocka_unit_test(words_and_reasons_keep_to_whom_they_concern),
		cmocka_unit_test(reasons_are_those_of_the_terms),
		cmocka_unit_test(the_best_are_ranked),
		cmocka_unit_test(policies_hold_back_what_was_not_asked_for),
		cmocka_unit_test(policies_pause_and_bound_contacts),
		cmocka_unit_test(answers_are_for_the_topic),
		cmocka_unit_test(past_the_deadline_the_fallback_answers),
		cmocka_unit_test(a_decision_is_recorded_and_verified),
		cmocka_unit_test(gates_are_recorded_where_they_are_kept),
		cmocka_unit_test(a_nudge_keeps_its_words),
		cmocka_unit_test(aborted_calls_of_a_decision_are_played_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
