/* tests/unit/test_fill.c: series and cases of one record take the place of another's (backfill): the result is the record
 * that would have had them from the beginning, to the byte. */
#include "base/error.h"
#include "base/limits.h"
#include "state/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define T0 1750000000000LL
#define MINUTE 60000LL
#define DAY (24 * 3600000LL)

enum { OLD = 1, EXACT, GRAIN, DAYS, COUNTS, CASE };
static const struct window_spec specs[] = {
	[OLD] = { .keeping = WINDOW_EXACT, .keep_ms = 7 * DAY },
	[EXACT] = { .keeping = WINDOW_EXACT, .keep_ms = 40 * DAY, .has_value = true },
	[GRAIN] = { .keeping = WINDOW_GRAIN, .grain_ms = 3600000, .keep_ms = 30 * DAY, .has_value = true },
	[DAYS] = { .keeping = WINDOW_DAY, .keep_ms = 30 * DAY },
	[COUNTS] = { .keeping = WINDOW_EXACT, .keep_ms = 3 * DAY },
};
static const uint32_t filled[] = { EXACT, GRAIN, DAYS, COUNTS }, cases[] = { CASE };
static const struct fill all = { .series = { filled, 4 }, .cases = { cases, 1 } };

static struct strpool *pool;
static struct zone *zone;

static int setup(void **state)
{
	pool = strpool_create();
	zone = zone_create_utc();
	return 0;
}

static int teardown(void **state)
{
	size_t left = strpool_count(pool);
	zone_destroy(zone);
	strpool_destroy(pool);
	return left != 0;
}

static struct record *create(void)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("an"));
	return record_create(&s);
}

static void add(struct record *r, uint32_t series, int event, bool late)
{
	static const char *const members[] = { "father", "kid", "aunt" };
	int64_t time_ms = T0 + event * 31 * MINUTE - (late ? 2 * DAY : 0);
	int member = record_member(r, pool, slice_of(members[event % 3]), true, 0);
	struct window *w = record_window(r, pool, series, series == OLD ? 0 : (uint8_t)member,
					 event % 2 ? SLICE("bill") : SLICE("net"), &specs[series]);
	(void)window_add(w, &specs[series], zone, time_ms, 0.1 * (event % 7), NULL);
}

/* The same events into those of the series that a record has, from one event to another. */
static void live(struct record *r, int from, int to, bool with_old, bool with_new)
{
	for (int i = from; i < to; i++) {
		if (with_old)
			add(r, OLD, i, i % 5 == 0);
		for (uint32_t s = EXACT; with_new && s <= COUNTS; s++)
			add(r, s, i, i % 5 == 0);
		if (T0 + i * 31 * MINUTE > r->newest_ms)
			r->newest_ms = T0 + i * 31 * MINUTE;
	}
}

static void assert_same(const struct record *a, const struct record *b)
{
	struct hash128 x = record_digest(a), y = record_digest(b);
	assert_true(x.low == y.low && x.high == y.high);
}

static void release(struct record *a, struct record *b, struct record *c)
{
	record_destroy(a, pool);
	record_destroy(b, pool);
	record_destroy(c, pool);
}

/* 2,600 events: the windows are full, and have joined cells by then. */
static void full_windows_are_taken_whole(void **state)
{
	struct record *whole = create(), *shadow = create(), *r = create();
	live(whole, 0, 2600, true, true);
	live(shadow, 0, 2600, false, true);
	live(r, 0, 2000, true, false);
	live(r, 2000, 2600, true, true); /* what it has of them so far is too little */
	struct record *only = record_only(shadow, pool, &all);
	record_fill(r, pool, only, &all);
	assert_same(r, whole);
	record_fill(r, pool, only, &all); /* again: the same */
	assert_same(r, whole);
	record_destroy(only, pool);
	release(whole, shadow, r);
}

static void members_are_known_by_their_ids(void **state)
{
	struct record *shadow = create(), *r = create();
	(void)record_member(r, pool, SLICE("aunt"), true, 0);
	live(r, 0, 1, true, false);
	live(shadow, 0, 9, false, true); /* father, kid, aunt; the record does not know the kid */
	record_fill(r, pool, shadow, &all);
	int aunt = record_member(r, pool, SLICE("aunt"), false, 0);
	assert_int_equal(aunt, 1);
	assert_non_null(record_window(r, pool, EXACT, (uint8_t)aunt, SLICE("net"), NULL));
	assert_int_equal(record_member(r, pool, SLICE("kid"), false, 0), -1);
	assert_int_equal(r->member_count, 2);
	release(shadow, r, NULL);
}

/* Where the history has no beginning, what reaches further back stays. */
static void older_windows_stay_where_wanted(void **state)
{
	struct record *shadow = create(), *r = create(), *same = create();
	struct fill keep = all;
	keep.keep_older = true;
	live(r, 0, 30, true, true);
	live(same, 0, 30, true, true);
	live(shadow, 20, 30, false, true);
	record_fill(r, pool, shadow, &keep);
	assert_same(r, same);
	release(shadow, r, same);
}

static void cases_and_due_times_are_replaced(void **state)
{
	struct record *shadow = create(), *r = create();
	struct open_case *c;
	assert_int_equal(cases_open(r, pool, OLD, 0, SLICE("x"), SLICE("linh"), T0, 0, &c), ERR_OK);
	assert_int_equal(cases_open(r, pool, CASE, 0, SLICE("x"), SLICE("linh"), T0 + 50, T0 + 90, &c), ERR_OK);
	assert_int_equal(timers_add(r, pool, T0 + 90, T0 + 90, CASE, 0, SLICE("x")), ERR_OK);
	assert_int_equal(cases_open(shadow, pool, CASE, 0, SLICE("x"), SLICE("hoa"), T0 + 10, T0 + 50, &c), ERR_OK);
	cases_miss(c);
	assert_int_equal(cases_open(shadow, pool, CASE, 0, SLICE("y"), SLICE(""), T0 + 20, T0 + 60, &c), ERR_OK);
	assert_int_equal(timers_add(shadow, pool, T0 + 60, T0 + 60, CASE, 0, SLICE("y")), ERR_OK);
	record_fill(r, pool, shadow, &all);
	assert_int_equal(r->rare->case_count, 3);
	c = cases_find_open(r, CASE, 0, SLICE("x"));
	assert_true(c->opened_ms == T0 + 10 && c->missed && slice_equal(str_slice(c->agent), SLICE("hoa")));
	assert_non_null(cases_find_open(r, OLD, 0, SLICE("x")));
	assert_int_equal(r->rare->timer_count, 1);
	assert_true(timers_next_fire(r) == T0 + 60);
	release(shadow, r, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_windows_are_taken_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(members_are_known_by_their_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(older_windows_stay_where_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(cases_and_due_times_are_replaced, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
