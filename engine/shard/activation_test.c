/* shard/activation_test.c: a pack's own tests are a gate: one whose tests fail is not activated. They run in the
 * control thread, in a machine of their own, and touch no shard. */
#include "shard/control.h"

#include "base/log.h"
#include "base/printable.h"
#include "workbench/tests.h"

static int refuse(const struct test_run *run)
{
	const struct test_result *first = run->results;
	while (first->state != TEST_FAILED)
		first++;
	return error_set(ERR_RULE, NULL,
			 "%u of its %u tests fail; the first is \"%.100s\": %.400s (nudgectl rules test DIR "
			 "tells all)",
			 run->failed, run->passed + run->failed, first->name, first->message);
}

int activation_test(struct activation *a)
{
	const struct test_options all = { .instructions_max = LIMIT_ACTIVATION_INSTRUCTIONS };
	struct test_run run;
	if (!a->tests.count)
		return ERR_OK;
	int result = tests_run(&run, &a->bundle, &a->tests, &all);
	if (result != ERR_OK)
		return result;
	a->tests_passed = run.passed;
	if (run.failed)
		result = refuse(&run);
	else
		log_info("pack %s: %u %s passed", a->name, run.passed, word_of(run.passed, "test", "tests"));
	tests_finish(&run);
	return result;
}
