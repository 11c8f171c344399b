/* tests/unit/test_previous.c: a series' previous value, whoever asks for it. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* previous is the value before the newest: to a rule on the series' own event, to one on another, and to a decision. */
static void previous_is_the_one_before_the_newest(void **state)
{
	static const char pack[] = "pack { name = 't' }\n"
				   "local moods = series { on = 'talk', value = 'mood' }\n"
				   "local split = series { on = 'talk', by = 'topic', value = 'mood' }\n"
				   "fact.latest = moods:latest()    fact.previous = moods:previous()\n"
				   "fact.any = split:all_keys():previous()\n"
				   "rule 'own' { on = 'talk', set = { own = fact.previous, own_any = fact.any } }\n"
				   "rule 'other' { on = 'bill', set = { other = fact.previous } }\n";
	struct world w;
	world_init(&w, pack);
	world_event(&w, "talk", T0, "mood=0.5 topic=a");
	assert_unknown(world_attr(w.r, 0, "own"));
	assert_unknown(world_fact(&w, "previous", T0, 0));
	world_event(&w, "talk", T0 + HOUR, "mood=0.25 topic=b");
	assert_number(world_attr(w.r, 0, "own"), 0.5);
	assert_number(world_attr(w.r, 0, "own_any"), 0.5);
	world_event(&w, "talk", T0 + 2 * HOUR, "mood=-0.5 topic=b");
	assert_number(world_attr(w.r, 0, "own"), 0.25);
	assert_number(world_attr(w.r, 0, "own_any"), 0.25);
	assert_number(world_fact(&w, "latest", T0 + 3 * HOUR, 0), -0.5);
	assert_number(world_fact(&w, "previous", T0 + 3 * HOUR, 0), 0.25);
	assert_number(world_fact(&w, "any", T0 + 3 * HOUR, 0), 0.25);
	world_event(&w, "bill", T0 + 4 * HOUR, "");
	assert_number(world_attr(w.r, 0, "other"), 0.25);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(previous_is_the_one_before_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
