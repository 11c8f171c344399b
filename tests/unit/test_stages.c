/* tests/unit/test_stages.c: the stage profile: whose turn it is, what is added up, and that the core looks at no clock unless
 * it is measured. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LOOK_NS 7u /* what one look at this clock takes */

static uint64_t now, looks;

static uint64_t fake_clock(void)
{
	looks++;
	return now += LOOK_NS;
}

static void spend(struct stages *s, enum profile_stage stage, uint64_t ns, uint64_t items)
{
	now += ns;
	stages_lap(s, stage, items);
}

static double mean_ns(const struct stages *s, enum profile_stage stage)
{
	uint64_t items = counter_get(&s->times[stage].items);
	return items ? (double)counter_get(&s->times[stage].ns) / (double)items : 0;
}

static void one_in_many(void **state)
{
	struct stages s;
	unsigned measured = 0;
	stages_init(&s, fake_clock);
	looks = 0;
	for (unsigned i = 0; i < 10 * STAGES_EVERY; i++) {
		measured += stages_begin(&s, TURN_REQUEST);
		spend(&s, STAGE_DECODE, 100, 1);
		stages_end(&s);
	}
	assert_int_equal(measured, 10);
	assert_int_equal(looks, 20); /* the others look at no clock */
	assert_int_equal(counter_get(&s.times[STAGE_DECODE].items), 10);
	assert_true(mean_ns(&s, STAGE_DECODE) == 100); /* the clock's own cost is taken off */
}

static void laps_follow_each_other(void **state)
{
	struct stages s;
	stages_init(&s, fake_clock);
	stages_start(&s, TURN_REQUEST);
	spend(&s, STAGE_FRAME, 300, 3);
	spend(&s, STAGE_GATES, 40, 0); /* a part of one that is counted later */
	spend(&s, STAGE_GATES, 60, 1);
	stages_end(&s);
	spend(&s, STAGE_FRAME, 999, 1);
	assert_true(mean_ns(&s, STAGE_FRAME) == 100);
	assert_true(mean_ns(&s, STAGE_GATES) == 100);
	assert_true(mean_ns(&s, STAGE_DECODE) == 0);
}

static void no_clock_no_measure(void **state)
{
	struct stages s;
	stages_init(&s, NULL);
	for (unsigned i = 0; i < 3 * STAGES_EVERY; i++) {
		assert_false(stages_begin(&s, TURN_REQUEST));
		stages_lap(&s, STAGE_RULES, 1);
	}
	assert_int_equal(counter_get(&s.times[STAGE_RULES].items), 0);
}

static const char pack[] = "pack { name = 't' }\n"
			   "local calls = series { on = 'call' }\n"
			   "fact.calls = calls:count '1h'\n"
			   "rule 'often' { why = 'w', on = 'call', when = fact.calls:above(1), set = { often = true } }\n"
			   "action 'help' { goal = 'serve', value = { customer = 1, business = 1 }, say = 'Help?' }\n"
			   "action 'never' { goal = 'serve', eligible = fact.calls:above(99), value = { customer = 1, "
			   "business = 1 }, say = '-' }\n";

static void apply_and_decide(struct world *w)
{
	struct event e = { .id = SLICE("e1"), .source = SLICE("s"), .customer = SLICE("c1"), .type = SLICE("call"),
			   .channel = SLICE("call"), .time_ms = T0, .id_hash = ++w->ids, .content_hash = w->ids };
	struct decide_subjects subjects = { .customer = w->r };
	struct ask ask = { .now_ms = T0 + MINUTE };
	struct foreign_reads foreign = { 0 };
	struct decision decision;
	arena_reset(&w->m.arena);
	machine_apply_event(&w->m, w->r, &e, &w->in, &w->out);
	machine_decide(&w->m, &subjects, &ask, &foreign, &decision);
	assert_int_equal(decision.choice_count, 1);
}

static void core_measures_only_when_asked(void **state)
{
	static const enum profile_stage expected[] = { STAGE_SERIES, STAGE_RULES, STAGE_GATES,
						       STAGE_SCORES, STAGE_WORDS, STAGE_REASONS };
	struct world w;
	world_init(&w, pack);
	stages_init(&w.m.stages, fake_clock);
	looks = 0;
	apply_and_decide(&w);
	assert_int_equal(looks, 0);
	stages_start(&w.m.stages, TURN_REQUEST);
	apply_and_decide(&w);
	stages_end(&w.m.stages);
	assert_true(looks > 0);
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(counter_get(&w.m.stages.times[expected[i]].items), 1);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_many),
		cmocka_unit_test(laps_follow_each_other),
		cmocka_unit_test(no_clock_no_measure),
		cmocka_unit_test(core_measures_only_when_asked),
	};
	return cmocka_run_group_tests_name("stages", tests, NULL, NULL);
}
