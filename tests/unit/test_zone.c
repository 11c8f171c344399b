/* tests/unit/test_zone.c: local days and months, by the machine's zone files and by made ones; hostile files. */
#include "base/error.h"
#include "base/limits.h"

#include "tzif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define HOUR 3600000LL
#define DAY (24 * HOUR)

/* Days since 1970 of a date, the slow way, so as not to check the code by itself. */
static int64_t utc_ms(int year, int month, int day, int hour, int minute)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t days = 0;
	for (int y = 1970; y < year; y++)
		days += 365 + ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0);
	for (int m = 1; m < month; m++)
		days += lengths[m - 1] + (m == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
	return (days + day - 1) * DAY + hour * HOUR + minute * 60000LL;
}

static void assert_civil(const struct zone *z, int64_t t_ms, int year, int month, int day, int hour, int minute)
{
	struct zone_civil c = zone_civil(z, t_ms);
	assert_int_equal(c.year, year);
	assert_int_equal(c.month, month);
	assert_int_equal(c.day, day);
	assert_int_equal(c.hour, hour);
	assert_int_equal(c.minute, minute);
}

static void utc_is_plain(void **state)
{
	struct zone *z = zone_create_utc();
	int64_t t = utc_ms(2024, 2, 29, 14, 3);
	assert_int_equal(zone_offset_s(z, t), 0);
	assert_int_equal(zone_day_start(z, t), utc_ms(2024, 2, 29, 0, 0));
	assert_int_equal(zone_day_start(z, utc_ms(2024, 2, 29, 0, 0)), utc_ms(2024, 2, 29, 0, 0));
	assert_int_equal(zone_day_start(z, utc_ms(2024, 2, 29, 0, 0) - 1), utc_ms(2024, 2, 28, 0, 0));
	assert_int_equal(zone_day_shift(z, t, 1), utc_ms(2024, 3, 1, 0, 0));
	assert_int_equal(zone_day_shift(z, t, -60), utc_ms(2023, 12, 31, 0, 0));
	assert_int_equal(zone_month_start(z, t), utc_ms(2024, 2, 1, 0, 0));
	assert_int_equal(zone_days_between(z, utc_ms(2023, 2, 28, 23, 59), t), 366);
	assert_int_equal(zone_minute_of_day(z, t), 14 * 60 + 3);
	assert_int_equal(zone_weekday(z, t), 4); /* a Thursday */
	assert_int_equal(zone_weekday(z, utc_ms(1970, 1, 1, 0, 0) - 1), 3);
	assert_int_equal(zone_weekday(z, utc_ms(2026, 11, 22, 0, 0)), 7);
	assert_civil(z, t, 2024, 2, 29, 14, 3);
	assert_civil(z, -1, 1969, 12, 31, 23, 59);
	zone_destroy(z);
	zone_destroy(NULL);
}

static void saigon_days_start_at_17_utc(void **state)
{
	struct zone *z = tzif_system("Asia/Ho_Chi_Minh");
	if (!z)
		skip();
	int64_t t = utc_ms(1999, 8, 21, 18, 30); /* 22 August, 01:30 */
	assert_int_equal(zone_offset_s(z, t), 7 * 3600);
	assert_int_equal(zone_day_start(z, t), utc_ms(1999, 8, 21, 17, 0));
	assert_int_equal(zone_day_start(z, utc_ms(1999, 8, 21, 16, 59)), utc_ms(1999, 8, 20, 17, 0));
	assert_int_equal(zone_month_start(z, t), utc_ms(1999, 7, 31, 17, 0));
	assert_int_equal(zone_minute_of_day(z, t), 90);
	assert_int_equal(zone_weekday(z, t), 7);
	assert_civil(z, t, 1999, 8, 22, 1, 30);
	assert_civil(z, utc_ms(2090, 12, 31, 17, 0), 2091, 1, 1, 0, 0);
	zone_destroy(z);
}

static void check_new_york(const struct zone *z)
{
	/* 2024: 10 March has 23 hours, 3 November 25 */
	int64_t spring = utc_ms(2024, 3, 10, 5, 0), autumn = utc_ms(2024, 11, 3, 4, 0);
	assert_int_equal(zone_day_start(z, utc_ms(2024, 3, 10, 18, 0)), spring);
	assert_int_equal(zone_day_shift(z, spring, 1), spring + 23 * HOUR);
	assert_int_equal(zone_day_start(z, utc_ms(2024, 11, 4, 4, 59)), autumn);
	assert_int_equal(zone_day_shift(z, autumn, 1), autumn + 25 * HOUR);
	assert_int_equal(zone_day_shift(z, utc_ms(2024, 11, 10, 18, 0), -7), autumn);
	assert_int_equal(zone_offset_s(z, utc_ms(2024, 3, 10, 7, 0) - 1), -5 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2024, 3, 10, 7, 0)), -4 * 3600);
	assert_int_equal(zone_month_start(z, utc_ms(2024, 11, 20, 0, 0)), utc_ms(2024, 11, 1, 4, 0));
	/* 2055, beyond every table: the second Sunday of March is the 14th, the first of November the 7th */
	assert_int_equal(zone_offset_s(z, utc_ms(2055, 3, 14, 7, 0) - 1), -5 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2055, 3, 14, 7, 0)), -4 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2055, 11, 7, 6, 0) - 1), -4 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2055, 11, 7, 6, 0)), -5 * 3600);
	assert_int_equal(zone_day_start(z, utc_ms(2055, 7, 4, 12, 0)), utc_ms(2055, 7, 4, 4, 0));
	assert_int_equal(zone_days_between(z, utc_ms(2055, 3, 14, 4, 59), utc_ms(2055, 3, 15, 4, 0)), 2);
}

static void new_york_changes_its_clocks(void **state)
{
	struct zone *rule = tzif_rule("EST5EDT,M3.2.0,M11.1.0");
	assert_non_null(rule);
	check_new_york(rule);
	zone_destroy(rule);
	struct zone *z = tzif_system("America/New_York");
	if (!z)
		skip();
	check_new_york(z);
	assert_int_equal(zone_offset_s(z, utc_ms(1999, 4, 4, 7, 0)), -4 * 3600); /* the rule of those years */
	zone_destroy(z);
}

/* Chile's clocks go forward at midnight: that day starts at 01:00. */
static void a_skipped_midnight_starts_the_day_late(void **state)
{
	struct zone *z = tzif_rule("<-04>4<-03>,M9.1.6/24,M4.1.6/24");
	assert_non_null(z);
	int64_t start = utc_ms(2023, 9, 3, 4, 0); /* Sunday 3 September, 01:00 local */
	assert_int_equal(zone_day_start(z, utc_ms(2023, 9, 3, 15, 0)), start);
	assert_int_equal(zone_minute_of_day(z, start), 60);
	assert_civil(z, start, 2023, 9, 3, 1, 0);
	assert_civil(z, start - 1, 2023, 9, 2, 23, 59);
	assert_int_equal(zone_day_shift(z, start, 1) - start, 23 * HOUR);
	/* and back at 24:00, so that Saturday 1 April has 25 hours */
	int64_t april = utc_ms(2023, 4, 1, 3, 0);
	assert_int_equal(zone_day_start(z, utc_ms(2023, 4, 2, 3, 30)), april);
	assert_int_equal(zone_day_shift(z, april, 1) - april, 25 * HOUR);
	zone_destroy(z);
}

/* Havana's go back from 01:00 to 00:00: the day starts at the first of its two midnights. */
static void a_repeated_midnight_starts_the_day_once(void **state)
{
	struct zone *z = tzif_rule("CST5CDT,M3.2.0/0,M11.1.0/1");
	int64_t first = utc_ms(2023, 11, 5, 4, 0);
	assert_int_equal(zone_day_start(z, first + HOUR + 60000), first);
	assert_int_equal(zone_day_start(z, first - 1), first - 24 * HOUR);
	assert_int_equal(zone_day_shift(z, first, 1) - first, 25 * HOUR);
	zone_destroy(z);
}

/* Samoa went from 29 to 31 December 2011. */
static void a_missing_day_starts_where_the_next_does(void **state)
{
	struct bytes b = { 0 };
	int64_t at_s = utc_ms(2011, 12, 30, 10, 0) / 1000;
	int32_t offset_s = 14 * 3600;
	struct zone *z;
	tzif_make(&b, -10 * 3600, &at_s, &offset_s, 1, "<+14>-14");
	assert_int_equal(zone_create(&z, bytes_slice(&b)), ERR_OK);
	bytes_finish(&b);
	int64_t before = utc_ms(2011, 12, 29, 20, 0);
	assert_civil(z, before, 2011, 12, 29, 10, 0);
	assert_int_equal(zone_day_shift(z, before, 1), at_s * 1000);
	assert_int_equal(zone_day_shift(z, before, 2), at_s * 1000);
	assert_civil(z, at_s * 1000, 2011, 12, 31, 0, 0);
	assert_int_equal(zone_days_between(z, before, at_s * 1000), 2);
	zone_destroy(z);
}

static void posix_rules_are_read(void **state)
{
	struct zone *z = tzif_rule("<+0330>-3:30"); /* Iran */
	assert_int_equal(zone_offset_s(z, 0), 12600);
	zone_destroy(z);
	z = tzif_rule("AAA3BBB,J60,J300/3:30:15"); /* 1 March whatever the year; 27 October */
	assert_int_equal(zone_offset_s(z, utc_ms(2024, 3, 1, 5, 0) - 1), -3 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2024, 3, 1, 5, 0)), -2 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2023, 3, 1, 5, 0)), -2 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2023, 10, 27, 5, 30) + 14999), -2 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2023, 10, 27, 5, 30) + 15000), -3 * 3600);
	zone_destroy(z);
	z = tzif_rule("AAA3BBB,59/-1,300"); /* day 59 from 0: 29 February or 1 March, an hour before midnight */
	assert_int_equal(zone_offset_s(z, utc_ms(2024, 2, 29, 2, 0)), -2 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2023, 3, 1, 2, 0) - 1), -3 * 3600);
	zone_destroy(z);
	z = tzif_rule("AEST-10AEDT,M10.1.0,M4.1.0/3"); /* the southern half: summer over the new year */
	assert_int_equal(zone_offset_s(z, utc_ms(2030, 1, 1, 0, 0)), 11 * 3600);
	assert_int_equal(zone_offset_s(z, utc_ms(2030, 7, 1, 0, 0)), 10 * 3600);
	zone_destroy(z);
	static const char *const bad[] = {
		"X5", "EST", "EST25", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
		"EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J1", "EST5EDT,366,1", "EST5EDT,M3.2.0/168,M11.1.0",
		"EST5EDT,M3.2.0,M11.1.0x",
		"<+07-7", "EST5:60", "EST99999999999", "EST5EDT,", "EST5EDT,M3.2.0,M11.1.0,",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(tzif_rule(bad[i]));
}

static void times_out_of_all_bounds_do_no_harm(void **state)
{
	struct zone *z = tzif_rule("EST5EDT,M3.2.0,M11.1.0");
	static const int64_t times[] = { INT64_MIN, INT64_MAX, -LIMIT_TIME_MAX_MS, LIMIT_TIME_MAX_MS };
	for (int i = 0; i < 4; i++) {
		zone_day_start(z, times[i]);
		zone_day_shift(z, times[i], INT32_MAX);
		zone_day_shift(z, times[i], INT32_MIN);
		zone_month_start(z, times[i]);
		zone_civil(z, times[i]);
	}
	zone_destroy(z);
}

/* Any bytes are refused or make a zone that answers. */
static void hostile_files_are_refused(void **state)
{
	struct bytes b = { 0 };
	struct zone *z;
	static const int64_t at_s[] = { 100000000, 200000000, 300000000 };
	static const int32_t offsets_s[] = { 3600, 0, 7200 };
	if (!tzif_read(&b, "America/New_York"))
		tzif_make(&b, 0, at_s, offsets_s, 3, "EST5EDT,M3.2.0,M11.1.0");
	for (size_t len = 0; len < b.len; len++) {
		char *exact = malloc(len + 1);
		memcpy(exact, b.data, len);
		assert_int_equal(zone_create(&z, (struct slice){ exact, len }), ERR_INVALID);
		assert_null(z);
		free(exact);
	}
	uint64_t random = 1;
	for (int i = 0; i < 20000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t at = (random >> 33) % (i % 2 ? 88 : b.len);
		char old = b.data[at];
		b.data[at] = (char)(random >> 20);
		if (zone_create(&z, bytes_slice(&b)) == ERR_OK) {
			zone_day_start(z, 1700000000000);
			zone_month_start(z, 4000000000000);
		}
		zone_destroy(z);
		b.data[at] = old;
	}
	bytes_finish(&b);
}

static void files_that_would_mislead_are_refused(void **state)
{
	struct bytes b = { 0 };
	struct zone *z;
	static const int64_t unordered_s[] = { 200, 100 };
	static const int32_t offsets_s[] = { 3600, 0 }, far_s[] = { 3600, 27 * 3600 };
	static const int64_t ordered_s[] = { 100, 200 };
	tzif_make(&b, 0, unordered_s, offsets_s, 2, "");
	assert_int_equal(zone_create(&z, bytes_slice(&b)), ERR_INVALID);
	tzif_make(&b, 0, ordered_s, far_s, 2, "");
	assert_int_equal(zone_create(&z, bytes_slice(&b)), ERR_INVALID);
	tzif_make(&b, 0, ordered_s, offsets_s, 2, "");
	assert_int_equal(zone_create(&z, bytes_slice(&b)), ERR_OK); /* no footer: the last offset goes on */
	assert_int_equal(zone_offset_s(z, 150000), 3600);
	assert_int_equal(zone_offset_s(z, 4000000000000), 0);
	zone_destroy(z);
	b.data[4] = 0;
	assert_int_equal(zone_create(&z, bytes_slice(&b)), ERR_INVALID); /* version 1 */
	bytes_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_is_plain),
		cmocka_unit_test(saigon_days_start_at_17_utc),
		cmocka_unit_test(new_york_changes_its_clocks),
		cmocka_unit_test(a_skipped_midnight_starts_the_day_late),
		cmocka_unit_test(a_repeated_midnight_starts_the_day_once),
		cmocka_unit_test(a_missing_day_starts_where_the_next_does),
		cmocka_unit_test(posix_rules_are_read),
		cmocka_unit_test(times_out_of_all_bounds_do_no_harm),
		cmocka_unit_test(hostile_files_are_refused),
		cmocka_unit_test(files_that_would_mislead_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
