/* tests/unit/test_outcomes.c: what outcomes say besides their kind, how it is kept, and offers that nobody answers. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', currency = 'EUR' }\n"
	"local why = series { on = 'outcome.overruled', by = 'reason', name = 'why' }\n"
	"local earned = series { on = 'outcome.accepted', value = 'revenue', name = 'earned' }\n"
	"fact.knew_better = why:with { reason = 'moved away' }:count '30d'\n"
	"fact.earned = earned:sum '30d'\n"
	"fact.ignored = outcomes { 'ignored', within = '30d', action = 'plan' }\n"
	"rule 'nobody-answers' { on = 'outcome.ignored', alert = { to = 'care', say = '{action} by {channel}' } }\n"
	"group 'plans' { ignored_after = '2d' }\n"
	"action 'plan' { goal = 'grow', group = 'plans', value = { customer = 1, business = 1 }, say = 'x' }\n"
	"action 'quick' { goal = 'grow', group = 'plans', ignored_after = '1h', value = { customer = 1, business = 1 }, "
	"say = 'x' }\n"
	"action 'patient' { goal = 'grow', value = { customer = 1, business = 1 }, say = 'x' }\n";

static struct applied *outcome(struct world *w, int kind, const char *action, int64_t time_ms,
			       struct outcome_details details)
{
	struct outcome_input o = { .id = SLICE("o"), .source = SLICE("s"), .action = slice_of(action),
				   .channel = SLICE("sms"), .agent = SLICE("linh"), .kind = kind, .decision_boot = 3,
				   .decision_count = 4, .time_ms = time_ms, .details = details };
	o.id_hash = o.content_hash = ++w->ids;
	if (time_ms > w->in.received_at_ms)
		w->in.received_at_ms = time_ms;
	arena_reset(&w->m.arena);
	machine_apply_outcome(&w->m, w->r, &o, &w->in, &w->out);
	world_settle(w);
	return &w->out;
}

static struct applied *timer(struct world *w)
{
	struct timer t = w->r->rare->timers[0];
	arena_reset(&w->m.arena);
	w->in.received_at_ms = t.fire_ms;
	machine_apply_timer(&w->m, w->r, &t, &w->in, &w->out);
	world_settle(w);
	return &w->out;
}

static const struct outcome_details nothing;

static void what_it_says_is_kept_and_counted(void **state)
{
	struct world w;
	world_init(&w, pack);
	outcome(&w, OUTCOME_OVERRULED, "plan", T0, (struct outcome_details){ .reason = SLICE("moved away") });
	outcome(&w, OUTCOME_ACCEPTED, "plan", T0 + 1, (struct outcome_details){ .revenue = 1200, .cost = 300 });
	outcome(&w, OUTCOME_ACCEPTED, "plan", T0 + 2, nothing);
	const struct outcome *o = w.r->rare->outcomes;
	assert_int_equal(o[0].kind, OUTCOME_OVERRULED);
	assert_true(world_is(str_slice(o[0].more->reason), "moved away"));
	assert_int_equal(o[1].more->revenue, 1200);
	assert_int_equal(o[1].more->cost, 300);
	assert_null(o[2].more);
	assert_float_equal(world_fact(&w, "knew_better", T0 + 5, 0).number, 1, 0);
	assert_float_equal(world_fact(&w, "earned", T0 + 5, 0).number, 1200, 0);
	world_finish(&w);
}

static void it_survives_storing_and_merging(void **state)
{
	struct world w;
	struct bytes a = { 0 }, b = { 0 };
	struct record *again, *other = world_record(SUBJECT_CUSTOMER, "c2");
	world_init(&w, pack);
	outcome(&w, OUTCOME_LATER, "plan", T0, (struct outcome_details){ .until_ms = T0 + DAY, .reason = SLICE("busy") });
	outcome(&w, OUTCOME_OFFERED, "plan", T0 + 1, (struct outcome_details){ .terms = SLICE("abc") });
	outcome(&w, OUTCOME_ACCEPTED, "plan", T0 + 2, (struct outcome_details){ .revenue = 5 });
	record_encode(w.r, &a);
	assert_int_equal(record_decode(&again, w.m.pool, bytes_slice(&a)), ERR_OK);
	record_encode(again, &b);
	assert_true(slice_equal(bytes_slice(&a), bytes_slice(&b)));
	for (size_t len = 16; len < a.len; len++) { /* nothing cut off is taken */
		struct record *cut;
		assert_int_not_equal(record_decode(&cut, w.m.pool, (struct slice){ a.data, len }), ERR_OK);
	}
	record_merge(other, w.m.pool, again);
	record_destroy(again, w.m.pool);
	assert_int_equal(other->rare->outcomes[0].more->until_ms, T0 + DAY);
	assert_true(world_is(str_slice(other->rare->outcomes[1].more->terms), "abc"));
	record_destroy(other, w.m.pool);
	bytes_finish(&a);
	bytes_finish(&b);
	world_finish(&w);
}

static void who_does_not_answer_has_ignored_it(void **state)
{
	struct world w;
	world_init(&w, pack);
	outcome(&w, OUTCOME_SHOWN, "plan", T0, nothing); /* to the agent: nobody was asked */
	assert_int_equal(w.r->rare->timer_count, 0);
	outcome(&w, OUTCOME_OFFERED, "plan", T0, nothing);
	outcome(&w, OUTCOME_OFFERED, "plan", T0 + HOUR, nothing); /* asked again: waits from then */
	assert_int_equal(w.r->rare->timer_count, 1);
	assert_int_equal(w.r->rare->timers[0].due_ms, T0 + HOUR + 2 * DAY);
	struct applied *out = timer(&w);
	assert_int_equal(w.r->rare->timer_count, 0);
	const struct outcome *o = &w.r->rare->outcomes[w.r->rare->outcome_count - 1];
	assert_int_equal(o->kind, OUTCOME_IGNORED);
	assert_int_equal(o->time_ms, T0 + HOUR + 2 * DAY);
	assert_true(world_is(str_slice(o->channel), "sms") && world_is(str_slice(o->agent), "linh"));
	assert_true(o->decision_boot == 3 && o->decision_count == 4);
	assert_int_equal(out->alert_count, 1);
	assert_string_equal(out->alerts[0].alert->text, "plan by sms");
	assert_float_equal(world_fact(&w, "ignored", T0 + 4 * DAY, 0).number, 1, 0);
	world_finish(&w);
}

static void an_answer_ends_the_waiting(void **state)
{
	static const int answers[] = { OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_LATER, OUTCOME_IGNORED,
				       OUTCOME_OVERRULED };
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct world w;
		world_init(&w, pack);
		outcome(&w, OUTCOME_OFFERED, "plan", T0, nothing);
		outcome(&w, OUTCOME_OFFERED, "quick", T0, nothing);
		outcome(&w, OUTCOME_OFFERED, "patient", T0, nothing);
		assert_int_equal(w.r->rare->timer_count, 2);
		outcome(&w, answers[i], "plan", T0 + 1, nothing);
		assert_int_equal(w.r->rare->timer_count, 1);
		assert_int_equal(w.r->rare->timers[0].due_ms, T0 + HOUR); /* the action's own time */
		world_finish(&w);
	}
}

static void an_imported_offer_waits_for_its_own_history(void **state)
{
	struct world w;
	world_init(&w, pack);
	w.in.received_at_ms = T0 + 300 * DAY;
	outcome(&w, OUTCOME_OFFERED, "plan", T0, nothing);
	assert_int_equal(w.r->rare->timers[0].due_ms, T0 + 2 * DAY);
	assert_int_equal(w.r->rare->timers[0].fire_ms, T0 + 300 * DAY + HOUR);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_kept_and_counted),
		cmocka_unit_test(it_survives_storing_and_merging),
		cmocka_unit_test(who_does_not_answer_has_ignored_it),
		cmocka_unit_test(an_answer_ends_the_waiting),
		cmocka_unit_test(an_imported_offer_waits_for_its_own_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
