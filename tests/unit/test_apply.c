/* tests/unit/test_apply.c: an entry changes its record step by step, and what leaves it is named. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't' }\n"
	"timeline { keep = 4, fields = { 'topic' } }\n"
	"local calls = series { on = 'call', name = 'calls' }\n"
	"local moods = series { on = 'call', per = 'agent', value = 'mood' }\n"
	"local repeats = tally { name = 'repeats', per = 'agent' }\n"
	"local own = tally { name = 'own', keep = '7d' }\n"
	"local promise = case { opens = 'promised', closes = 'kept', key = 'ref', due = '24h', name = 'promise' }\n"
	"fact.calls = calls:count '7d'\n"
	"fact.own = own:sum '7d'\n"
	"action 'listen' { goal = 'serve', value = { customer = 1, business = 1 }, say = 'x' }\n"
	"rule 'second' { on = 'call', when = fact.calls:at_least(2), why = 'twice',\n"
	"  alert = { severity = 'high', to = 'care', say = '{calls} calls', expires = '1h', closes = 'solved', "
	"once_per = '1h' },\n"
	"  set = { calls = fact.calls }, add = { { repeats, 1 }, { own, 2 } }, nudge = { channel = 'sms', goal = "
	"'serve' } }\n"
	"rule 'line' { about = 'member', on = 'call', set = { last = event.topic, ['customer.topic'] = event.topic },\n"
	"  alert = { to = 'x', say = '{member}', closes = 'line.solved' } }\n"
	"rule 'opened' { on = promise.opened, alert = { to = 'a', say = 'opened {ref} by {agent}' } }\n"
	"rule 'closed' { on = promise.closed, alert = { to = 'a', say = 'closed {ref}' } }\n"
	"rule 'missed' { on = promise.missed, alert = { to = 'agent:{agent}', say = 'missed {ref}', closes = "
	"promise.closed } }\n"
	"rule 'promised' { on = 'promised', alert = { to = 'a', say = 'promised' } }\n"
	"rule 'strain' { about = 'agent', on = 'call', when = moods:run(at_most(-0.4)):at_least(2),\n"
	"  alert = { to = 'supervisor', say = 'strain', closes = 'rested' } }\n"
	"rule 'refused' { on = 'outcome.rejected', set = { refused = event.action } }\n";

static const struct effect *effect_of(const struct applied *out, enum effect_kind kind)
{
	for (unsigned i = 0; i < out->effect_count; i++)
		if (out->effects[i].kind == kind)
			return &out->effects[i];
	return NULL;
}

static void own_types_change_the_profile(void **state)
{
	struct world w;
	world_init(&w, pack);
	world_event(&w, "profile.updated", T0, "plan=small lines=2");
	world_event(&w, "profile.updated", T0, "member=anna plan=large");
	assert_slice(world_attr(w.r, 0, "plan").string, "small");
	assert_slice(world_attr(w.r, 1, "plan").string, "large");
	world_event(&w, "profile.updated", T0 - 1, "plan=older");
	assert_slice(world_attr(w.r, 0, "plan").string, "small");
	world_event(&w, "member.left", T0 + 5, "member=anna");
	assert_int_equal(record_member_left_ms(w.r, 1), T0 + 5);
	world_event(&w, "member.joined", T0 + 9, "member=anna");
	assert_int_equal(record_member_left_ms(w.r, 1), 0);
	assert_int_equal(w.r->newest_ms, T0 + 9);
	assert_int_equal(w.r->seen_count, 5);
	world_finish(&w);
}

static void aliases_are_told_to_the_alias(void **state)
{
	struct world w;
	world_init(&w, pack);
	struct applied *out = world_event(&w, "alias.added", T0, "alias=+4912 member=anna");
	const struct effect *link = effect_of(out, EFFECT_LINK);
	assert_int_equal(w.r->rare->link_count, 1);
	assert_non_null(link);
	assert_int_equal(link->target.kind, SUBJECT_ALIAS);
	assert_slice(subject_id(&link->target), "+4912");
	struct record *alias = world_record(SUBJECT_ALIAS, "+4912");
	struct applied other;
	machine_apply_effect(&w.m, alias, EFFECT_LINK, link->body, NULL, &w.in, &other);
	unsigned count;
	const struct link *owner = links_at(alias, T0, &count);
	assert_int_equal(count, 1);
	assert_slice(str_slice(owner->id), "c1");
	assert_slice(str_slice(owner->member), "anna");
	out = world_event(&w, "alias.removed", T0 + 10, "alias=+4912");
	machine_apply_effect(&w.m, alias, EFFECT_UNLINK, effect_of(out, EFFECT_UNLINK)->body, NULL, &w.in, &other);
	links_at(alias, T0 + 10, &count);
	assert_int_equal(count, 0);
	links_at(alias, T0 + 5, &count);
	assert_int_equal(count, 1);
	record_destroy(alias, w.m.pool);
	world_finish(&w);
}

static void a_merged_record_travels_whole(void **state)
{
	struct world w;
	world_init(&w, pack);
	world_event(&w, "alias.added", T0, "alias=+1");
	world_event(&w, "call", T0 + 1, "topic=bill");
	world_event(&w, "call", T0 + 2, "topic=bill");
	struct applied *out = world_event(&w, "identity.merged", T0 + 3, "into=c2");
	assert_int_equal(out->effect_count, 3);
	assert_slice(str_slice(w.r->rare->redirect), "c2");
	assert_int_equal(w.r->window_count + w.r->rare->alert_count + w.r->attr_count + w.r->rare->link_count, 0);
	struct record *into = world_record(SUBJECT_CUSTOMER, "c2");
	struct record *alias = world_record(SUBJECT_ALIAS, "+1");
	struct applied other;
	for (unsigned i = 0; i < 3; i++) {
		const struct effect *e = &out->effects[i];
		struct record *r = e->target.kind == SUBJECT_ALIAS ? alias : into;
		machine_apply_effect(&w.m, r, e->kind, e->body, NULL, &w.in, &other);
	}
	assert_int_equal(into->rare->alert_count, 1);
	assert_number(world_attr(into, 0, "calls"), 2);
	unsigned count;
	assert_slice(str_slice(links_at(alias, T0 + 3, &count)->id), "c2");
	assert_int_equal(into->rare->link_count, 1);
	/* merging into oneself is nothing */
	out = world_event(&w, "identity.merged", T0 + 4, "into=c1");
	assert_int_equal(out->effect_count, 0);
	record_destroy(into, w.m.pool);
	record_destroy(alias, w.m.pool);
	world_finish(&w);
}

/* Who called before anybody owned the number: that history is the owner's, once; and the name does not redirect. */
static void a_prospect_joins_the_owner(void **state)
{
	struct world w;
	world_init(&w, pack);
	struct record *prospect = world_record(SUBJECT_CUSTOMER, "prospect:+1");
	struct record *caller = w.r;
	w.r = prospect;
	world_event(&w, "call", T0 - 2, "topic=bill");
	world_event(&w, "call", T0 - 1, "topic=bill");
	w.r = caller;
	const struct effect absorb = *effect_of(world_event(&w, "alias.added", T0 + 1, "alias=+1"), EFFECT_ABSORB);
	assert_slice(subject_id(&absorb.target), "prospect:+1");
	struct applied other, nothing;
	machine_apply_effect(&w.m, prospect, EFFECT_ABSORB, absorb.body, NULL, &w.in, &other);
	const struct effect *merge = effect_of(&other, EFFECT_MERGE);
	assert_slice(subject_id(&merge->target), "c1");
	machine_apply_effect(&w.m, w.r, EFFECT_MERGE, merge->body, NULL, &w.in, &nothing);
	assert_number(world_attr(w.r, 0, "calls"), 2);
	assert_null(prospect->rare->redirect);
	assert_int_equal(prospect->attr_count + prospect->window_count, 0);
	machine_apply_effect(&w.m, prospect, EFFECT_ABSORB, absorb.body, NULL, &w.in, &other);
	assert_int_equal(other.effect_count, 0);
	record_destroy(prospect, w.m.pool);
	world_finish(&w);
}

/* Two customers merged into each other at once end as one, not as a circle. */
static void a_circle_of_merges_is_cut(void **state)
{
	struct world w;
	world_init(&w, pack);
	struct applied *out = world_event(&w, "identity.merged", T0, "into=c2");
	struct bytes body = { 0 };
	bytes_put(&body, effect_of(out, EFFECT_MERGE)->body.data, effect_of(out, EFFECT_MERGE)->body.len);
	struct applied other;
	assert_non_null(w.r->rare->redirect);
	machine_apply_effect(&w.m, w.r, EFFECT_MERGE, bytes_slice(&body), NULL, &w.in, &other);
	assert_null(w.r->rare->redirect);
	bytes_finish(&body);
	world_finish(&w);
}

static void a_rule_fires_once_with_all_it_wants(void **state)
{
	struct world w;
	world_init(&w, pack);
	struct applied *out = world_event(&w, "call", T0, "agent=ann mood=-0.5 topic=bill");
	assert_int_equal(out->fired_count, 0);
	assert_int_equal(out->effect_count, 1);
	assert_int_equal(out->effects[0].kind, EFFECT_EVENT);
	assert_slice(subject_id(&out->effects[0].target), "ann");
	uint64_t plain = out->outcome;
	out = world_event(&w, "call", T0 + 1, "agent=ann mood=-0.5 topic=bill");
	assert_int_not_equal(out->outcome, plain);
	assert_int_equal(out->fired_count, 1);
	assert_slice(str_slice(out->fired[0]), "second");
	assert_int_equal(out->alert_count, 1);
	const struct alert *a = out->alerts[0].alert;
	assert_string_equal(a->text, "2 calls");
	assert_slice(str_slice(a->severity), "high");
	assert_int_equal(a->seq, 2);
	assert_int_equal(a->expires_ms, T0 + 1 + HOUR);
	assert_number(world_attr(w.r, 0, "calls"), 2);
	assert_number(world_fact(&w, "own", T0 + 1, 0), 2);
	assert_int_equal(out->nudge_count, 1);
	assert_slice(str_slice(out->nudges[0].channel), "sms");
	assert_slice(str_slice(out->nudges[0].goal), "serve");
	assert_null(out->nudges[0].action);
	const struct effect *tally = effect_of(out, EFFECT_TALLY);
	assert_slice(subject_id(&tally->target), "ann");
	/* indexes are told apart across alerts, nudges and effects */
	assert_int_equal(out->alerts[0].index + out->nudges[0].index + out->effects[0].index + out->effects[1].index,
			 0 + 1 + 2 + 3);
	/* the tally arrives at the agent */
	struct record *ann = world_record(SUBJECT_AGENT, "ann");
	struct applied other;
	machine_apply_effect(&w.m, ann, EFFECT_TALLY, tally->body, NULL, &w.in, &other);
	assert_int_equal(ann->window_count, 1);
	record_destroy(ann, w.m.pool);
	/* once per hour */
	out = world_event(&w, "call", T0 + 2, "agent=ann");
	assert_int_equal(out->fired_count, 0);
	out = world_event(&w, "call", T0 + 2 + HOUR, "agent=ann");
	assert_int_equal(out->fired_count, 1);
	assert_int_equal(counter_get(&world_rule(&w, "second")->matched), 4);
	assert_int_equal(counter_get(&world_rule(&w, "second")->fired), 2);
	world_finish(&w);
}

static void alerts_are_closed_by_their_types(void **state)
{
	struct world w;
	world_init(&w, pack);
	world_event(&w, "call", T0, "member=anna topic=a");
	world_event(&w, "call", T0 + 1, "member=ben topic=b");
	assert_slice(world_attr(w.r, 1, "last").string, "a");
	assert_slice(world_attr(w.r, 0, "topic").string, "b");
	assert_int_equal(w.r->rare->alert_count, 3); /* two of lines, one of 'second' */
	struct applied *out = world_event(&w, "line.solved", T0 + 2, "member=anna");
	assert_int_equal(out->closed_count, 1);
	assert_int_equal(out->closed[0].seq, 1);
	assert_int_equal(out->closed[0].member, 1);
	out = world_event(&w, "line.solved", T0 + 3, "");
	assert_int_equal(out->closed_count, 1);
	assert_int_equal(out->closed[0].member, 2);
	out = world_event(&w, "solved", T0 + 4, "");
	assert_int_equal(out->closed_count, 1);
	assert_slice(str_slice(out->closed[0].rule), "second");
	assert_int_not_equal(out->outcome, 0);
	out = world_event(&w, "solved", T0 + 5, "");
	assert_int_equal(out->closed_count, 0);
	world_finish(&w);
}

static void cases_open_close_and_are_missed(void **state)
{
	struct world w;
	world_init(&w, pack);
	struct applied *out = world_event(&w, "promised", T0, "ref=7 agent=ann");
	assert_int_equal(out->alert_count, 2);
	assert_string_equal(out->alerts[0].alert->text, "promised"); /* the event's own rules come first */
	assert_string_equal(out->alerts[1].alert->text, "opened 7 by ann");
	assert_int_equal(w.r->rare->timer_count, 1);
	assert_int_equal(w.r->rare->timers[0].due_ms, T0 + DAY);
	assert_int_equal(w.r->rare->timers[0].fire_ms, T0 + DAY);
	world_event(&w, "promised", T0 + 1, "ref=8 agent=ben");
	out = world_event(&w, "kept", T0 + 2, "ref=7");
	assert_string_equal(out->alerts[0].alert->text, "closed 7");
	assert_int_equal(w.r->rare->timer_count, 1);
	w.in.received_at_ms = T0 + DAY + 1;
	arena_reset(&w.m.arena);
	machine_apply_timer(&w.m, w.r, &w.r->rare->timers[0], &w.in, &w.out);
	world_settle(&w);
	assert_int_equal(w.out.alert_count, 1);
	assert_string_equal(w.out.alerts[0].alert->text, "missed 8");
	assert_slice(str_slice(w.out.alerts[0].alert->to), "agent:ben");
	assert_int_equal(w.r->rare->timer_count, 0);
	assert_true(w.r->rare->cases[1].missed);
	/* it is not there any more */
	struct timer gone = { .due_ms = T0 + DAY + 1, .decl = w.r->rare->cases[1].decl, .key = w.r->rare->cases[1].key };
	struct hash128 before = record_digest(w.r);
	machine_apply_timer(&w.m, w.r, &gone, &w.in, &w.out);
	assert_int_equal(w.out.outcome, 0);
	assert_true(before.low == record_digest(w.r).low && before.high == record_digest(w.r).high);
	out = world_event(&w, "kept", T0 + DAY + 2, "ref=8");
	assert_int_equal(out->closed_count, 1);
	world_finish(&w);
}

static void history_is_recorded_and_not_pushed(void **state)
{
	struct world w;
	world_init(&w, pack);
	w.in.received_at_ms = T0 + 100 * DAY;
	world_event(&w, "call", T0, "");
	struct applied *out = world_event(&w, "call", T0 + 1, "");
	assert_int_equal(out->fired_count, 1);
	assert_int_equal(out->alert_count, 1);
	assert_true(out->alerts[0].alert->historical);
	assert_int_equal(out->nudge_count, 0);
	assert_int_equal(counter_get(&world_rule(&w, "second")->fired), 1);
	/* a due time of long ago waits for the history's own later events */
	world_event(&w, "promised", T0 + 2, "ref=1");
	assert_int_equal(w.r->rare->timers[0].due_ms, T0 + 2 + DAY);
	assert_int_equal(w.r->rare->timers[0].fire_ms, T0 + 100 * DAY + HOUR);
	out = world_event(&w, "call", T0 + 100 * DAY - HOUR, ""); /* an hour late: not history yet */
	assert_int_equal(out->nudge_count, 0);
	world_event(&w, "call", T0 + 100 * DAY - HOUR + 1, "");
	assert_false(w.r->rare->alerts[w.r->rare->alert_count - 1].historical && w.out.alert_count);
	world_finish(&w);
}

static void agents_have_rules_of_their_own(void **state)
{
	struct world w;
	struct world_event we;
	struct record *ann = world_record(SUBJECT_AGENT, "ann");
	world_init(&w, pack);
	for (int i = 0; i < 2; i++) {
		world_event_make(&we, (uint64_t)i, "c1", "call", T0 + i, "agent=ann mood=-0.9");
		arena_reset(&w.m.arena);
		machine_apply_effect(&w.m, ann, EFFECT_EVENT, (struct slice){ NULL, 0 }, &we.e, &w.in, &w.out);
		applied_set_seq(&w.out, (uint64_t)i + 1);
	}
	assert_int_equal(w.out.alert_count, 1);
	assert_slice(str_slice(w.out.alerts[0].alert->to), "supervisor");
	assert_int_equal(ann->rare->alert_count, 1);
	struct applied *out = world_event(&w, "rested", T0 + 5, "agent=ann");
	assert_int_equal(out->effect_count, 1); /* it closes an agent's alert, so it is passed on */
	world_event_make(&we, 9, "c1", "rested", T0 + 5, "agent=ann");
	machine_apply_effect(&w.m, ann, EFFECT_EVENT, (struct slice){ NULL, 0 }, &we.e, &w.in, &w.out);
	assert_int_equal(w.out.closed_count, 1);
	record_destroy(ann, w.m.pool);
	world_finish(&w);
}

static void outcomes_and_acknowledgements(void **state)
{
	struct world w;
	struct alert *a;
	world_init(&w, pack);
	struct outcome_input o = {
		.id = SLICE("o1"),
		.source = SLICE("crm"),
		.action = SLICE("family-plan"),
		.channel = SLICE("call"),
		.kind = OUTCOME_REJECTED,
		.time_ms = T0,
		.decision_boot = 5,
		.decision_count = 6,
		.id_hash = 11,
		.content_hash = 12,
	};
	machine_apply_outcome(&w.m, w.r, &o, &w.in, &w.out);
	world_settle(&w);
	assert_int_equal(w.r->rare->outcome_count, 1);
	assert_slice(world_attr(w.r, 0, "refused").string, "family-plan");
	assert_int_equal(seen_ask(w.r, 11, 12, T0), SEEN_DUPLICATE);
	world_event(&w, "call", T0, "");
	world_event(&w, "call", T0 + 1, "");
	assert_int_equal(machine_apply_acknowledge(&w.m, w.r, 3, 0, T0 + 2, &a), ERR_OK);
	assert_int_equal(a->state, ALERT_ACKNOWLEDGED);
	assert_int_equal(machine_apply_acknowledge(&w.m, w.r, 3, 9, T0 + 2, &a), ERR_MISSING);
	a = machine_apply_nudge(&w.m, w.r, SLICE("second"), SLICE("sms"), SLICE("words"), 0, T0, &w.in);
	assert_true(alert_is_nudge(a));
	assert_string_equal(a->text, "words");
	world_finish(&w);
}

static const char failing[] =
	"pack { name = 't' }\n"
	"local own = tally { name = 'own', keep = '7d' }\n"
	"fact.own = own:sum '7d'\n"
	"rule 'bad' { on = 'x', set = { touched = true }, alert = { to = 'a', say = 'never' },\n"
	"  run = function(c) c:set('inner', 1) c:alert { severity = 'low', to = 'a', say = 'never' } c:add(own, 5) "
	"local n = nil; n.x = 1 end }\n"
	"rule 'condition' { on = 'x', when = function(c) return c.event.boom.x end, set = { condition = true } }\n"
	"rule 'loop' { on = 'x', run = function(c) while true do end end }\n"
	"rule 'good' { on = 'x', when = function(c) return c.event.n > 1 end,\n"
	"  run = function(c) c:set('good', c.event.n) c:add(own, 2) c:alert { severity = 'low', to = 'b', say = 'hello "
	"' .. c.event.who }\n"
	"    c:nudge { channel = 'sms' } end }\n";

static void an_aborted_rule_leaves_nothing(void **state)
{
	struct world w;
	world_init(&w, failing);
	struct applied *out = world_event(&w, "x", T0, "n=2 who=bea");
	assert_unknown(world_attr(w.r, 0, "touched"));
	assert_unknown(world_attr(w.r, 0, "inner"));
	assert_number(world_attr(w.r, 0, "good"), 2);
	assert_number(world_fact(&w, "own", T0, 0), 2);
	assert_int_equal(out->alert_count, 1);
	assert_string_equal(out->alerts[0].alert->text, "hello bea");
	assert_int_equal(out->nudge_count, 1);
	assert_slice(str_slice(out->nudges[0].channel), "sms");
	assert_int_equal(out->aborted.count, 3);
	assert_int_equal(counter_get(&world_rule(&w, "bad")->failed), 1);
	assert_int_equal(counter_get(&world_rule(&w, "condition")->failed), 1);
	assert_int_equal(counter_get(&world_rule(&w, "loop")->failed), 1);
	assert_int_equal(counter_get(&world_rule(&w, "good")->failed), 0);
	assert_non_null(strstr(world_rule(&w, "bad")->last_error, "pack.lua:"));
	world_finish(&w);
}

static void replay_skips_what_was_aborted(void **state)
{
	struct world a, b;
	world_init(&a, failing);
	world_init(&b, failing);
	struct applied *live = world_event(&a, "x", T0, "n=2 who=bea");
	b.in.replay = true;
	b.in.aborted = live->aborted;
	struct applied *again = world_event(&b, "x", T0, "n=2 who=bea");
	assert_true(live->outcome == again->outcome && live->outcome != 0);
	assert_true(record_digest(a.r).low == record_digest(b.r).low);
	/* a call that was aborted live for want of memory, say, and would complete now, is skipped too */
	uint16_t all[] = { 0, 1, 2, 3 };
	b.in.aborted = (struct aborted_calls){ 4, all };
	again = world_event(&b, "x", T0 + 1, "n=3 who=cid");
	assert_int_equal(again->alert_count, 0);
	assert_int_equal(again->aborted.count, 4);
	assert_number(world_attr(b.r, 0, "good"), 2);
	world_finish(&a);
	world_finish(&b);
}

static void functions_read_facts_that_call_functions(void **state)
{
	struct world w;
	world_init(&w, "pack { name = 't' }\n"
		       "fact.one = calc({ n = event.n }, function(v) return v.n * 2 end)\n"
		       "fact.two = calc({ n = fact.one }, function(v) return v.n + 1 end)\n"
		       "fact.bad = calc({}, function(v) error('no') end)\n"
		       "rule 'loop' { on = 'x', run = function(c) local n = c.two; while true do end end }\n"
		       "rule 'reads-bad' { on = 'x', run = function(c) c:set('bad', c.bad or 'none') end }\n"
		       "rule 'good' { on = 'x', when = function(c) return c.two > 6 end,\n"
		       "  run = function(c) c:set('two', c.two); c:set('one', c.one) end }\n");
	world_event(&w, "x", T0, "n=3");
	assert_number(world_attr(w.r, 0, "two"), 7);
	assert_number(world_attr(w.r, 0, "one"), 6);
	assert_unknown(world_attr(w.r, 0, "bad"));
	assert_int_equal(counter_get(&world_rule(&w, "loop")->failed), 1);
	assert_int_equal(counter_get(&world_rule(&w, "reads-bad")->failed), 1);
	assert_int_equal(counter_get(&world_rule(&w, "good")->fired), 1);
	world_finish(&w);
}

static void a_rule_that_keeps_failing_is_set_aside(void **state)
{
	struct world w;
	unsigned told = 0;
	world_init(&w, "pack { name = 't' }\n"
		       "rule 'bad' { on = 'x', run = function(c) local n = nil; n.x = 1 end }\n"
		       "rule 'good' { on = 'x', set = { n = event.n } }\n");
	for (unsigned i = 0; i < RULE_FAILURES_ASIDE; i++) {
		world_event(&w, "x", T0 + i, "n=1");
		told += w.out.failing_rule != 0;
	}
	assert_int_equal(told, 1);
	assert_int_equal(w.out.failing_rule, 1);
	assert_int_equal(machine_set_aside(&w.m, SLICE("bad")), 0);
	assert_int_equal(machine_set_aside(&w.m, SLICE("none")), -1);
	world_event(&w, "x", T0 + DAY, "n=2");
	assert_int_equal(counter_get(&world_rule(&w, "bad")->failed), RULE_FAILURES_ASIDE);
	assert_number(world_attr(w.r, 0, "n"), 2);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_types_change_the_profile),
		cmocka_unit_test(aliases_are_told_to_the_alias),
		cmocka_unit_test(a_merged_record_travels_whole),
		cmocka_unit_test(a_prospect_joins_the_owner),
		cmocka_unit_test(a_circle_of_merges_is_cut),
		cmocka_unit_test(a_rule_fires_once_with_all_it_wants),
		cmocka_unit_test(alerts_are_closed_by_their_types),
		cmocka_unit_test(cases_open_close_and_are_missed),
		cmocka_unit_test(history_is_recorded_and_not_pushed),
		cmocka_unit_test(agents_have_rules_of_their_own),
		cmocka_unit_test(outcomes_and_acknowledgements),
		cmocka_unit_test(an_aborted_rule_leaves_nothing),
		cmocka_unit_test(replay_skips_what_was_aborted),
		cmocka_unit_test(functions_read_facts_that_call_functions),
		cmocka_unit_test(a_rule_that_keeps_failing_is_set_aside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
