/* tests/unit/test_workbench.c: the workbench as a library: what `nudgectl rules test` and an activation call. What
 * tests can say, and what they are told, is in tests/e2e/pack_tests.py. */
#include "base/error.h"
#include "workbench/story.h"
#include "workbench/tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define HOUR (3600 * 1000LL)
#define PACK                                                                                                       \
	"pack { name = 'p' }\n"                                                                                    \
	"local promise = case { opens = 'promised', closes = 'kept', key = 'k', due = '24h', name = 'promise' }\n" \
	"rule 'late' { on = promise.missed, alert = { to = 'care', say = '{customer}' } }\n"

static struct bundle files(const char *path, const char *text)
{
	struct bundle b = { 0 };
	assert_int_equal(bundle_add(&b, slice_of(path), slice_of(text)), ERR_OK);
	return b;
}

static void run(struct test_run *out, const char *pack, const char *tests, const struct test_options *options,
		int wanted)
{
	struct bundle p = files("pack.lua", pack), t = files("tests/t.lua", tests);
	assert_int_equal(tests_run(out, &p, &t, options), wanted);
	bundle_finish(&p);
	bundle_finish(&t);
}

static void a_pack_that_does_not_load_is_an_error(void **state)
{
	struct test_options all = { 0 };
	struct test_run r;
	run(&r, "pack { nme = 'p' }", "", &all, ERR_RULE);
	assert_non_null(strstr(error_last()->text, "pack.lua:1"));
	run(&r, PACK, "test('t', function() fail 'so' end)", &all, ERR_OK);
	assert_int_equal(r.failed, 1);
	assert_string_equal(r.results[0].message, "tests/t.lua:1: so");
	tests_finish(&r);
}

static void all_together_have_a_bound(void **state)
{
	struct test_options bounded = { .instructions_max = LIMIT_TEST_INSTRUCTIONS };
	struct test_run r;
	run(&r, PACK, "for i = 1, 9 do test('t', function() while i < 3 do end end) end", &bounded, ERR_OK);
	assert_int_equal(r.failed, 9); /* the first is stopped; what it took is all there was */
	assert_non_null(strstr(r.results[0].message, "limit_test_instructions"));
	assert_non_null(strstr(r.results[8].message, "limit_activation_instructions"));
	tests_finish(&r);
	bounded.instructions_max = 3 * LIMIT_TEST_INSTRUCTIONS;
	run(&r, PACK, "for i = 1, 9 do test('t', function() while i < 3 do end end) end", &bounded, ERR_OK);
	assert_int_equal(r.failed, 2);
	assert_int_equal(r.passed, 7);
	tests_finish(&r);
}

static void tests_are_no_part_of_what_is_hashed(void **state)
{
	struct bundle bare = files("pack.lua", PACK), whole = files("pack.lua", PACK), tests = { 0 };
	assert_int_equal(bundle_add(&whole, SLICE("tests/a.lua"), SLICE("x")), ERR_OK);
	assert_int_equal(bundle_add(&whole, SLICE("testsuite.lua"), SLICE("x")), ERR_OK);
	assert_int_equal(bundle_add(&bare, SLICE("testsuite.lua"), SLICE("x")), ERR_OK);
	bundle_take_tests(&whole, &tests);
	assert_int_equal(whole.count, 2);
	assert_int_equal(tests.count, 1);
	assert_string_equal(tests.files[0].path, "tests/a.lua");
	struct hash128 a = bundle_hash(&bare), b = bundle_hash(&whole);
	assert_memory_equal(&a, &b, sizeof(a));
	bundle_finish(&bare);
	bundle_finish(&whole);
	bundle_finish(&tests);
}

struct due {
	char order[16];
	int64_t times[16];
	unsigned count;
	const struct world *world;
};

static void saw(void *arg, enum world_kind kind, const struct record *r, const struct event *source,
		const struct timer *timer, const struct applied *out)
{
	struct due *d = arg;
	struct subject s = record_subject(r);
	if (kind != WORLD_TIMER)
		return;
	d->times[d->count] = d->world->now_ms;
	d->order[d->count++] = s.id[0];
}

static void promised(struct world *w, const char *customer)
{
	struct event e = { .customer = slice_of(customer), .type = SLICE("promised"), .time_ms = w->now_ms };
	bool applied;
	assert_int_equal(world_event(w, &e, &applied), ERR_OK);
	assert_true(applied);
}

static void what_is_due_fires_in_order_at_its_time(void **state)
{
	struct bundle pack = files("pack.lua", PACK);
	struct world *w = world_create();
	struct due due = { .world = w };
	const struct world_watch watch = { .arg = &due, .entry = saw };
	assert_int_equal(world_load(w, &pack), ERR_OK);
	world_clear(w, 0);
	w->watch = &watch;
	promised(w, "c");
	world_pass(w, HOUR);
	promised(w, "b");
	promised(w, "a");
	world_pass(w, 24 * HOUR - 1);
	assert_int_equal(due.count, 0);
	world_pass(w, 100 * HOUR);
	assert_string_equal(due.order, "cab");
	assert_int_equal(due.times[0], 24 * HOUR);
	assert_int_equal(due.times[1], 25 * HOUR);
	assert_int_equal(w->now_ms, 100 * HOUR);
	world_pass(w, 50 * HOUR); /* never back */
	assert_int_equal(w->now_ms, 100 * HOUR);
	world_clear(w, 0);
	assert_int_equal(w->record_count, 0);
	world_pass(w, 200 * HOUR);
	assert_int_equal(due.count, 3);
	world_destroy(w);
	bundle_finish(&pack);
}

static void what_a_daemon_refuses_is_refused(void **state)
{
	struct bundle pack = files("pack.lua", PACK);
	struct world *w = world_create();
	struct event e = { .customer = SLICE("c"), .type = SLICE("outcome.accepted") };
	char longer[LIMIT_ID_BYTES + 2];
	bool applied;
	assert_int_equal(world_load(w, &pack), ERR_OK);
	world_clear(w, 0);
	assert_int_equal(world_event(w, &e, &applied), ERR_INVALID);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	e = (struct event){ .customer = SLICE("c"), .type = SLICE("t"), .member = slice_of(longer) };
	assert_int_equal(world_event(w, &e, &applied), ERR_LIMIT);
	e = (struct event){ .customer = SLICE("c"), .type = SLICE("t"), .id = SLICE("1") };
	assert_int_equal(world_event(w, &e, &applied), ERR_OK);
	assert_true(applied);
	assert_int_equal(world_event(w, &e, &applied), ERR_OK);
	assert_false(applied);
	e.type = SLICE("other");
	assert_int_equal(world_event(w, &e, &applied), ERR_CONFLICT);
	world_destroy(w);
	bundle_finish(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_that_does_not_load_is_an_error),
		cmocka_unit_test(all_together_have_a_bound),
		cmocka_unit_test(tests_are_no_part_of_what_is_hashed),
		cmocka_unit_test(what_is_due_fires_in_order_at_its_time),
		cmocka_unit_test(what_a_daemon_refuses_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
