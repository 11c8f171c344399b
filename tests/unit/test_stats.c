/* tests/unit/test_stats.c: intervals against published tables and worked examples. */
#include "base/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void near(double got, double wanted, double within)
{
	if (!(fabs(got - wanted) <= within))
		fail_msg("%.6f is not within %g of %.6f", got, within, wanted);
}

static void t_is_that_of_the_tables(void **state)
{
	(void)state;
	static const double table[][2] = { { 1, 12.7062 }, { 2, 4.3027 }, { 3, 3.1824 }, { 4, 2.7764 }, { 5, 2.5706 },
					   { 7, 2.3646 },  { 10, 2.2281 }, { 15, 2.1314 }, { 30, 2.0423 }, { 60, 2.0003 },
					   { 120, 1.9799 }, { 1e6, 1.95997 } };
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		near(stats_t(table[i][0]), table[i][1], 6e-5);
	near(stats_t(2.5), 3.5747, 1e-4); /* between whole ones */
	assert_true(isnan(stats_t(0.5)));
}

/* Newcombe 1998, table II, method 10: rows (a), (b), (c) and (g). */
static void differences_of_shares_are_newcombes(void **state)
{
	(void)state;
	struct stats_range r = stats_share_difference(56, 70, 48, 80);
	near(r.value, 0.2, 1e-12);
	near(r.low, 0.0524, 5e-5);
	near(r.high, 0.3339, 5e-5);
	r = stats_share_difference(9, 10, 3, 10);
	near(r.low, 0.1705, 5e-5);
	near(r.high, 0.8090, 5e-5);
	r = stats_share_difference(10, 10, 0, 20);
	near(r.low, 0.6791, 5e-5);
	near(r.high, 1.0, 5e-5);
	assert_false(stats_known(stats_share_difference(1, 2, 0, 0)));
}

/* Newcombe 1998 (Statistics in Medicine 17, 857-872), table I: 81 of 263, 15 of 148, 0 of 20. */
static void shares_are_wilsons(void **state)
{
	(void)state;
	struct stats_range r = stats_share(81, 263);
	near(r.low, 0.2553, 5e-5);
	near(r.high, 0.3662, 5e-5);
	r = stats_share(15, 148);
	near(r.low, 0.0624, 5e-5);
	near(r.high, 0.1605, 5e-5);
	r = stats_share(0, 20);
	near(r.low, 0, 0);
	near(r.high, 0.1611, 5e-5);
	assert_true(isnan(stats_share(0, 0).value));
}

static struct stats_sample sample(const double *values, int64_t count)
{
	double sum = 0, squares = 0;
	for (int64_t i = 0; i < count; i++)
		sum += values[i], squares += values[i] * values[i];
	return stats_sample_of(count, sum, squares);
}

/* Means 20.82 and 22.9867, v = 24.9885: recomputed with exact quantiles of t. */
static void differences_of_means_are_welchs(void **state)
{
	(void)state;
	static const double a[] = { 27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4 };
	static const double b[] = { 27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4 };
	struct stats_range r = stats_mean_difference(sample(a, 15), sample(b, 15));
	near(r.value, -2.1667, 5e-5);
	near(r.low, -3.9841, 5e-5);
	near(r.high, -0.3492, 5e-5);
	static const double same[] = { 2, 2, 2 };
	r = stats_mean_difference(sample(same, 3), sample(same, 3));
	near(r.low, 0, 0);
	assert_false(stats_known(stats_mean_difference(sample(a, 1), sample(b, 15))));
	r = stats_mean(sample(a, 15));
	near(r.low, 19.2667, 5e-5);
	near(r.high, 22.3733, 5e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_is_that_of_the_tables),
		cmocka_unit_test(shares_are_wilsons),
		cmocka_unit_test(differences_of_shares_are_newcombes),
		cmocka_unit_test(differences_of_means_are_welchs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
