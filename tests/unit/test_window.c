/* tests/unit/test_window.c: the edges of windows; the bulk is compared with a list in tests/sim/sim_window.c. */
#include "base/limits.h"
#include "state/window.h"

#include "tzif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define T0 (10000 * DAY)

static const struct window_spec exact = { WINDOW_EXACT, 0, DAY, false };
static const struct window_spec exact_values = { WINDOW_EXACT, 0, DAY, true };
static const struct window_spec grain = { WINDOW_GRAIN, 5 * MINUTE, HOUR, true };
static const struct window_spec days = { WINDOW_DAY, 0, 28 * DAY, true };

static uint64_t count(const struct window *w, int64_t from_ms, int64_t to_ms)
{
	struct window_sums s;
	window_sum(w, &exact, from_ms, to_ms, NULL, &s);
	return s.count;
}

static void an_empty_window_answers_nothing(void **state)
{
	struct window *w = window_create(&exact_values);
	struct window_sums s;
	double mean;
	struct zone *z = zone_create_utc();
	window_sum(w, &exact_values, INT64_MIN, INT64_MAX, NULL, &s);
	assert_true(s.count == 0 && s.sum == 0 && s.min == 0 && s.max == 0);
	assert_true(s.latest == 0 && s.first_ms == 0 && s.last_ms == 0);
	assert_int_equal(window_run(w, -1, 1, T0, NULL), 0);
	assert_int_equal(window_distinct(w, 0, T0, NULL), 0);
	assert_false(window_daily_mean(w, &exact_values, z, T0, 7, true, 0, false, &mean));
	assert_int_equal(window_first_ms(w), 0);
	assert_int_equal(window_newest_ms(w), 0);
	zone_destroy(z);
	window_destroy(w);
	window_destroy(NULL);
}

static void spans_are_open_at_the_start_and_closed_at_the_end(void **state)
{
	struct window *w = window_create(&exact);
	assert_true(window_add(w, &exact, NULL, T0, 0, NULL));
	assert_true(window_add(w, &exact, NULL, T0 + 10, 0, NULL));
	assert_true(window_add(w, &exact, NULL, T0 + 10, 0, NULL)); /* the same millisecond: two */
	assert_int_equal(count(w, T0 - 1, T0), 1);
	assert_int_equal(count(w, T0, T0 + 10), 2);
	assert_int_equal(count(w, T0, T0 + 9), 0);
	assert_int_equal(count(w, T0 + 10, T0 + 10), 0);
	assert_int_equal(count(w, T0 + 10, T0), 0);
	assert_int_equal(count(w, INT64_MIN, INT64_MAX), 3);
	window_destroy(w);
}

static void late_events_find_their_place_or_are_refused(void **state)
{
	struct window *w = window_create(&exact_values);
	struct window_undo undo;
	struct window_sums s;
	window_add(w, &exact_values, NULL, T0 + DAY, 5, NULL);
	assert_false(window_add(w, &exact_values, NULL, T0, 1, &undo)); /* exactly keep_ms old: in no span */
	assert_false(undo.valid);
	assert_true(window_add(w, &exact_values, NULL, T0 + 1, 2, &undo));
	assert_true(undo.valid && undo.added && undo.cell == 0);
	assert_int_equal(window_first_ms(w), T0 + 1);
	assert_int_equal(window_newest_ms(w), T0 + DAY);
	window_sum(w, &exact_values, T0, T0 + DAY, NULL, &s);
	assert_true(s.latest == 5 && s.sum == 7 && s.min == 2 && s.max == 5);
	/* a newer one makes the late one expire; first stays, since it tells how long there has been a habit */
	window_add(w, &exact_values, NULL, T0 + DAY + 1, 6, NULL);
	assert_int_equal(count(w, INT64_MIN, INT64_MAX), 2);
	assert_int_equal(window_first_ms(w), T0 + 1);
	window_destroy(w);
}

static void times_that_cannot_be_are_refused(void **state)
{
	struct zone *z = zone_create_utc();
	static const int64_t times[] = { INT64_MIN, INT64_MAX, LIMIT_TIME_MAX_MS + 1, -LIMIT_TIME_MAX_MS - 1 };
	const struct window_spec *const specs[] = { &exact, &grain, &days };
	for (int k = 0; k < 3; k++) {
		struct window *w = window_create(specs[k]);
		for (int i = 0; i < 4; i++)
			assert_false(window_add(w, specs[k], z, times[i], 0, NULL));
		assert_int_equal(count(w, INT64_MIN, INT64_MAX), 0);
		window_destroy(w);
	}
	zone_destroy(z);
}

static void a_span_of_k_grains_covers_the_step_of_now_and_those_before(void **state)
{
	struct window *w = window_create(&grain);
	struct window_sums s;
	for (int i = 0; i < 12; i++) /* one in the last millisecond of each step */
		assert_true(window_add(w, &grain, NULL, T0 + (i + 1) * 5 * MINUTE - 1, i, NULL));
	int64_t now = T0 + 57 * MINUTE; /* in the twelfth step */
	window_sum(w, &grain, now - 15 * MINUTE, now, NULL, &s);
	assert_int_equal(s.count, 3);
	assert_true(s.sum == 9 + 10 + 11 && s.min == 9 && s.max == 11 && s.latest == 11);
	assert_int_equal(s.first_ms, T0 + 45 * MINUTE);
	window_sum(w, &grain, now - HOUR, now, NULL, &s);
	assert_int_equal(s.count, 12);
	window_destroy(w);
}

static void the_newest_add_can_be_left_out(void **state)
{
	struct window *w = window_create(&grain);
	struct window_undo undo;
	struct window_sums with, before, without;
	window_add(w, &grain, NULL, T0, 4, NULL);
	window_sum(w, &grain, T0 - HOUR, T0 + HOUR, NULL, &before);
	window_add(w, &grain, NULL, T0 + 1, -8, &undo);
	assert_true(undo.valid && !undo.added);
	window_sum(w, &grain, T0 - HOUR, T0 + HOUR, NULL, &with);
	window_sum(w, &grain, T0 - HOUR, T0 + HOUR, &undo, &without);
	assert_true(with.count == 2 && with.min == -8 && with.latest == -2);
	assert_memory_equal(&before, &without, sizeof(before));
	window_destroy(w);

	w = window_create(&exact_values);
	window_add(w, &exact_values, NULL, T0, 1, NULL);
	window_add(w, &exact_values, NULL, T0 + 2, 1, NULL);
	window_add(w, &exact_values, NULL, T0 + 1, 9, &undo);
	assert_int_equal(window_run(w, 0, 2, T0 + 2, NULL), 1);
	assert_int_equal(window_run(w, 0, 2, T0 + 2, &undo), 2);
	assert_int_equal(window_run(w, 0, 2, T0 + 1, &undo), 1);
	assert_int_equal(window_distinct(w, T0 - 1, T0 + 2, NULL), 2);
	assert_int_equal(window_distinct(w, T0 - 1, T0 + 2, &undo), 1);
	assert_int_equal(window_distinct(w, T0, T0 + 1, &undo), 0);
	window_destroy(w);
}

static void a_full_window_joins_neighbours_and_loses_none(void **state)
{
	const struct window_spec *const specs[] = { &exact, &exact_values };
	for (int k = 0; k < 2; k++) {
		struct window *w = window_create(specs[k]);
		struct window_sums s;
		for (int i = 0; i < 5000; i++)
			assert_true(window_add(w, specs[k], NULL, T0 + i * 10 * SECOND, i, NULL)); /* 13.9 h */
		int64_t now = T0 + 4999 * 10 * SECOND;
		window_sum(w, specs[k], now - DAY, now, NULL, &s);
		assert_int_equal(s.count, 5000);
		assert_int_equal(s.last_ms, now);
		if (k == 1)
			assert_true(s.min == 0 && s.max == 4999 && s.sum == 4999.0 * 5000 / 2 && s.latest == 4999);
		window_sum(w, specs[k], now - 40 * MINUTE, now, NULL, &s); /* the newest are as they were */
		assert_int_equal(s.count, 240);
		window_sum(w, specs[k], now - 10 * HOUR, now, NULL, &s); /* a 256th of a day is 337.5 s: 34 events */
		assert_in_range(s.count, 3600, 3634);
		window_destroy(w);
	}
}

static void a_crowded_window_forgets_what_expired(void **state)
{
	struct window *w = window_create(&exact);
	struct window_sums s;
	int64_t now = T0;
	for (int i = 0; i < 40000; i++) { /* a month of one event a minute */
		now = T0 + i * MINUTE;
		window_add(w, &exact, NULL, now, 0, NULL);
	}
	window_sum(w, &exact, now - DAY, now, NULL, &s);
	assert_in_range(s.count, 1440, 1446);
	window_destroy(w);
}

static void kept_for_ever_means_nothing_is_lost(void **state)
{
	const struct window_spec ever = { WINDOW_EXACT, 0, INT64_MAX, true };
	struct window *w = window_create(&ever);
	for (int i = 0; i < 3000; i++) /* one a week, 57 years: more parts than cells */
		assert_true(window_add(w, &ever, NULL, 1000 + i * 7 * DAY, 1, NULL));
	struct window_sums s;
	window_sum(w, &ever, INT64_MIN, INT64_MAX, NULL, &s);
	assert_int_equal(s.count, 3000);
	assert_true(window_add(w, &ever, NULL, 0, 1, NULL));
	assert_int_equal(window_first_ms(w), 0);
	window_destroy(w);
}

static void runs_stop_at_a_joined_cell_that_breaks_them(void **state)
{
	struct window *w = window_create(&exact_values);
	for (int i = 0; i < 1000; i++)
		window_add(w, &exact_values, NULL, T0 + i * MINUTE, i < 100 ? 5 : 1, NULL);
	uint64_t run = window_run(w, 0, 2, T0 + 1000 * MINUTE, NULL);
	assert_in_range(run, 895, 900); /* a 256th of a day may lie across the change */
	assert_int_equal(window_run(w, 0, 9, T0 + 1000 * MINUTE, NULL), 1000);
	assert_int_equal(window_distinct(w, 0, T0 + 1000 * MINUTE, NULL), 2);
	window_destroy(w);
}

static void daily_means_count_days_without_events(void **state)
{
	struct zone *z = tzif_rule("EST5EDT,M3.2.0,M11.1.0");
	struct window *w = window_create(&days);
	double mean;
	int64_t now = zone_day_start(z, T0) + 15 * HOUR;
	window_add(w, &days, z, zone_day_shift(z, now, -9) + HOUR, 10, NULL);
	window_add(w, &days, z, zone_day_shift(z, now, -2), 20, NULL);
	window_add(w, &days, z, now, 100, NULL);
	assert_true(window_daily_mean(w, &days, z, now, 28, true, 7, false, &mean));
	assert_true(mean == 2.0 / 9);
	assert_true(window_daily_mean(w, &days, z, now, 28, true, 9, true, &mean));
	assert_true(mean == 30.0 / 9);
	assert_false(window_daily_mean(w, &days, z, now, 28, true, 10, true, &mean));
	assert_true(window_daily_mean(w, &days, z, now, 28, false, 10, true, &mean));
	assert_true(mean == 13);
	assert_true(window_daily_mean(w, &days, z, now, 3, false, 3, true, &mean));
	assert_true(mean == 40);
	assert_true(window_daily_mean(w, &days, z, now, 2, true, 2, false, &mean));
	assert_true(mean == 0.5);
	/* on its first day a line has no habit */
	assert_false(window_daily_mean(w, &days, z, window_first_ms(w), 7, true, 0, false, &mean));
	window_destroy(w);
	zone_destroy(z);
}

/* A daily mean over 28 days before today needs the 28th day whole, at any hour and across a change of clocks. */
static void day_windows_keep_their_oldest_day_whole(void **state)
{
	struct zone *z = tzif_rule("EST5EDT,M3.2.0,M11.1.0");
	struct window *w = window_create(&days);
	double mean;
	for (int64_t day = -400; day <= 0; day++) {
		int64_t start = zone_day_shift(z, T0, (int)day);
		window_add(w, &days, z, start, 1, NULL);
		window_add(w, &days, z, zone_day_shift(z, start, 1) - 1, 1, NULL);
		if (day < -370)
			continue;
		int64_t now = zone_day_shift(z, start, 1) - 1;
		assert_true(window_daily_mean(w, &days, z, now, 28, true, 28, false, &mean));
		assert_true(mean == 2);
	}
	window_destroy(w);
	zone_destroy(z);
}

static void windows_of_one_shape_merge(void **state)
{
	struct window *a = window_create(&exact_values), *b = window_create(&exact_values);
	struct window *other = window_create(&exact);
	struct window_sums s;
	for (int i = 0; i < 600; i++) {
		window_add(a, &exact_values, NULL, T0 + i * 2, 1, NULL);
		window_add(b, &exact_values, NULL, T0 + i * 2 + 1, 2, NULL);
	}
	window_merge(a, b);
	window_sum(a, &exact_values, INT64_MIN, INT64_MAX, NULL, &s);
	assert_int_equal(s.count, 1200);
	assert_true(s.sum == 1800 && s.min == 1 && s.max == 2 && s.latest == 2);
	window_add(other, &exact, NULL, T0, 0, NULL);
	window_merge(a, other);
	window_sum(a, &exact_values, INT64_MIN, INT64_MAX, NULL, &s);
	assert_int_equal(s.count, 1200);
	window_destroy(a);
	window_destroy(b);
	window_destroy(other);
}

static void plain_windows_are_small(void **state)
{
	struct window *w = window_create(&exact);
	for (int i = 0; i < 100; i++)
		window_add(w, &exact, NULL, T0 + i, 0, NULL);
	assert_true(window_bytes(w) <= 100 * 8 * 3 / 2 + 100);
	window_add(w, &exact, NULL, T0 + 2 * DAY, 0, NULL); /* all expired: the memory goes too */
	assert_true(window_bytes(w) <= 150);
	window_destroy(w);
}

/* A first event longer ago, and more events in a step, than the window itself has room for. */
static void what_does_not_fit_the_window_itself_is_kept_apart(void **state)
{
	const int64_t years_ms = 40 * 366 * DAY;
	const uint64_t many = (1u << 24) - 1;
	struct window_spec steps = { WINDOW_GRAIN, HOUR, 7 * DAY, false };
	struct window *w = window_create(&steps);
	window_add(w, &steps, NULL, T0, 0, NULL);
	assert_int_equal(window_bytes(w), 0);
	window_add(w, &steps, NULL, T0 + years_ms, 0, NULL);
	window_add(w, &steps, NULL, T0 + years_ms + 1, 0, NULL);
	assert_true(window_bytes(w) > 0);
	assert_true(window_first_ms(w) == T0 && window_newest_ms(w) == T0 + years_ms + 1);
	assert_int_equal(count(w, INT64_MIN, INT64_MAX), 2);
	window_destroy(w);

	struct bytes b = { 0 }, again = { 0 };
	bytes_put_u8(&b, WINDOW_GRAIN);
	bytes_put_varint(&b, HOUR);
	bytes_put_varint(&b, 1);
	bytes_put_zigzag(&b, T0 - HOUR);
	bytes_put_zigzag(&b, T0);
	bytes_put_zigzag(&b, T0 / HOUR);
	bytes_put_varint(&b, many);
	struct reader r = reader_of(bytes_slice(&b));
	w = window_decode(&r);
	assert_non_null(w);
	assert_int_equal(window_bytes(w), 0);
	window_encode(w, NULL, &again);
	assert_true(slice_equal(bytes_slice(&b), bytes_slice(&again)));
	struct window_undo undo;
	assert_true(window_add(w, &steps, NULL, T0 + 1, 0, &undo));
	assert_true(undo.valid && !undo.added && undo.cell == 0);
	assert_true(window_bytes(w) > 0);
	assert_int_equal(count(w, INT64_MIN, INT64_MAX), many + 1);
	window_add(w, &steps, NULL, T0 + 8 * DAY, 0, NULL); /* that step expires: a small count is inside again */
	assert_int_equal(window_bytes(w), 0);
	assert_int_equal(count(w, INT64_MIN, INT64_MAX), 1);
	assert_true(window_first_ms(w) == T0 - HOUR && window_newest_ms(w) == T0 + 8 * DAY);
	window_destroy(w);
	bytes_finish(&b);
	bytes_finish(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_window_answers_nothing),
		cmocka_unit_test(spans_are_open_at_the_start_and_closed_at_the_end),
		cmocka_unit_test(late_events_find_their_place_or_are_refused),
		cmocka_unit_test(times_that_cannot_be_are_refused),
		cmocka_unit_test(a_span_of_k_grains_covers_the_step_of_now_and_those_before),
		cmocka_unit_test(the_newest_add_can_be_left_out),
		cmocka_unit_test(a_full_window_joins_neighbours_and_loses_none),
		cmocka_unit_test(a_crowded_window_forgets_what_expired),
		cmocka_unit_test(kept_for_ever_means_nothing_is_lost),
		cmocka_unit_test(runs_stop_at_a_joined_cell_that_breaks_them),
		cmocka_unit_test(daily_means_count_days_without_events),
		cmocka_unit_test(day_windows_keep_their_oldest_day_whole),
		cmocka_unit_test(windows_of_one_shape_merge),
		cmocka_unit_test(plain_windows_are_small),
		cmocka_unit_test(what_does_not_fit_the_window_itself_is_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
