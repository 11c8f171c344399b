/* tests/unit/test_weighting.c: surveys corrected for who answers: against a table worked out by hand, and against the truth
 * of populations in which the content answer more often. */
#include "report/weighting.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define NAMED(text) { text, sizeof(text) - 1 }

static void near(double value, double wanted, double most)
{
	if (!(fabs(value - wanted) <= most))
		fail_msg("%.6f, wanted %.6f", value, wanted);
}

/* Of 1000 asked 600 are in A, and 60 of those answer: 48 promoters, 6 detractors. Of the 400 in B 20: 4 and 12.
 *     raw         (52 - 18) / 80                                 =  42.5
 *     A           (48 - 6) / 60 = 0.7    B  (4 - 12) / 20        = -0.4
 *     corrected   0.6 x 0.7 + 0.4 x -0.4                         =  26
 *     weights     A 0.6 / (60 / 80) = 0.8    B 0.4 / (20 / 80)   =   1.6
 *     n_eff       80² / (60 x 0.64 + 20 x 2.56) = 6400 / 89.6    =  71.4286
 *     variance    100² (0.6 x 54/60 + 0.4 x 16/20) - 26²         = 7924
 *     half        1.96 sqrt(7924 / 70.4286)                      =  20.7896 */
static void the_table_worked_out_by_hand(void **state)
{
	struct stratum s[] = {
		{ .name = NAMED("A"), .asked = 600, .answered = 60, .top = 48, .bottom = 6 },
		{ .name = NAMED("B"), .asked = 400, .answered = 20, .top = 4, .bottom = 12 },
	};
	struct estimate e;
	estimate_survey(s, 2, MEASURE_NET, 10, 0, 10, &e);
	assert_true(e.raw_known && e.corrected_known && e.interval_known);
	near(e.raw, 42.5, 1e-9);
	near(e.corrected, 26, 1e-9);
	near(e.effective, 71.428571, 1e-5);
	near(e.weight_max, 1.6, 1e-9);
	near(e.low, 26 - 20.7896, 1e-3);
	near(e.high, 26 + 20.7896, 1e-3);
	assert_int_equal(e.cells, 2);
	assert_int_equal(e.pooled, 0);
	assert_int_equal(e.smallest, 20);
}

/* CSAT of the same people, 48 and 4 satisfied: raw 65 %, corrected 0.6 x 80 + 0.4 x 20 = 56 %. Wilson with n_eff 71.43:
 * centre (0.56 + 3.8415 / 142.857) / (1 + 3.8415 / 71.4286) = 0.556938, half 0.112121 (to four places). */
static void shares_have_wilsons_interval(void **state)
{
	struct stratum s[] = {
		{ .name = NAMED("A"), .asked = 600, .answered = 60, .top = 48 },
		{ .name = NAMED("B"), .asked = 400, .answered = 20, .top = 4 },
	};
	struct estimate e;
	estimate_survey(s, 2, MEASURE_SHARE, 10, 0, 5, &e);
	near(e.raw, 65, 1e-9);
	near(e.corrected, 56, 1e-9);
	near(e.low, 44.48, 0.05);
	near(e.high, 66.91, 0.05);
	s[0] = (struct stratum){ .name = NAMED("A"), .asked = 20, .answered = 20, .top = 20 };
	estimate_survey(s, 1, MEASURE_SHARE, 10, 0, 5, &e);
	near(e.corrected, 100, 1e-9);
	near(e.high, 100, 1e-9);
	near(e.low, 83.89, 0.01); /* 20 / (20 + 3.8415): all of twenty are not all of everybody */
}

/* CES as a mean: A 60 answers of 5, B 20 of 2: raw 4.25, corrected 0.6 x 5 + 0.4 x 2 = 3.8. */
static void means_keep_their_scale(void **state)
{
	struct stratum s[] = {
		{ .name = NAMED("A"), .asked = 600, .answered = 60, .sum = 300, .squares = 1500 },
		{ .name = NAMED("B"), .asked = 400, .answered = 20, .sum = 40, .squares = 80 },
	};
	struct estimate e;
	estimate_survey(s, 2, MEASURE_MEAN, 10, 1, 7, &e);
	near(e.raw, 4.25, 1e-9);
	near(e.corrected, 3.8, 1e-9);
	near(e.low, 3.8 - 1.959964 * sqrt((0.6 * 25 + 0.4 * 4 - 3.8 * 3.8) / (71.428571 - 1)), 1e-5);
	assert_true(e.low > 1 && e.high < 7);
}

/* Cells with fewer than ten answers are pooled; what is still too few joins the smallest that is not. */
static void small_cells_are_pooled(void **state)
{
	struct stratum s[] = {
		{ .name = NAMED("A"), .asked = 500, .answered = 50, .top = 50 },
		{ .name = NAMED("B"), .asked = 100, .answered = 30, .bottom = 30 },
		{ .name = NAMED("C"), .asked = 100, .answered = 6, .top = 6 },
		{ .name = NAMED("D"), .asked = 300, .answered = 5, .bottom = 5 },
	};
	struct stratum few[] = { s[0], s[1], s[2], { .name = NAMED("D"), .asked = 300, .answered = 0 } };
	struct estimate e;
	estimate_survey(s, 4, MEASURE_NET, 10, 0, 10, &e);
	assert_int_equal(e.cells, 3);
	assert_int_equal(e.pooled, 2);
	assert_int_equal(e.smallest, 11);
	near(e.corrected, 100 * (0.5 - 0.1 + 0.4 / 11), 1e-9); /* C and D: (6 - 5) / 11 of 400 */
	estimate_survey(few, 4, MEASURE_NET, 10, 0, 10, &e);
	assert_int_equal(e.cells, 2); /* C and D have 6 answers: they join B, the smaller of those that stand */
	assert_int_equal(e.pooled, 2);
	assert_int_equal(e.smallest, 36);
	near(e.corrected, 100 * (0.5 + 0.5 * (6 - 30) / 36), 1e-9);
}

static void the_order_of_strata_does_not_matter(void **state)
{
	struct stratum s[] = {
		{ .name = NAMED("A"), .asked = 37, .answered = 12, .top = 7, .bottom = 1 },
		{ .name = NAMED("B"), .asked = 61, .answered = 12, .top = 3, .bottom = 5 },
		{ .name = NAMED("C"), .asked = 13, .answered = 4, .top = 1, .bottom = 3 },
		{ .name = NAMED("D"), .asked = 29, .answered = 4, .top = 4 },
	};
	struct stratum other[] = { s[3], s[1], s[0], s[2] };
	struct estimate a, b;
	estimate_survey(s, 4, MEASURE_NET, 10, 0, 10, &a);
	estimate_survey(other, 4, MEASURE_NET, 10, 0, 10, &b);
	assert_true(a.corrected == b.corrected && a.low == b.low && a.effective == b.effective && a.cells == b.cells);
}

static void too_little_is_unknown(void **state)
{
	struct stratum none = { .name = NAMED("A"), .asked = 50 };
	struct stratum few = { .name = NAMED("A"), .asked = 50, .answered = 4, .top = 4 };
	struct stratum lost = { .name = NAMED("A"), .answered = 40, .top = 4 };
	struct estimate e;
	estimate_survey(&none, 1, MEASURE_NET, 10, 0, 10, &e);
	assert_false(e.raw_known || e.corrected_known || e.interval_known);
	estimate_survey(&few, 1, MEASURE_NET, 10, 0, 10, &e);
	assert_true(e.raw_known && e.corrected_known && !e.interval_known);
	assert_int_equal(e.cells, 1);
	estimate_survey(&lost, 1, MEASURE_NET, 10, 0, 10, &e);
	assert_true(e.raw_known && !e.corrected_known);
}

/* A population with a known truth. */

static uint64_t seed;

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ull << 53);
}

#define SEGMENTS 3
static const struct {
	unsigned people;
	double promoter, detractor, answers;
} truth[SEGMENTS] = {
	{ 300, 0.60, 0.10, 0.50 }, /* those who like us answer … */
	{ 300, 0.30, 0.30, 0.20 },
	{ 400, 0.10, 0.60, 0.08 }, /* … the many who do not, do not */
};

static void ask_everybody(struct stratum s[SEGMENTS], double *nps)
{
	double top = 0, bottom = 0, all = 0;
	static const struct slice names[SEGMENTS] = { NAMED("fans"), NAMED("others"), NAMED("angry") };
	for (unsigned i = 0; i < SEGMENTS; i++) {
		s[i] = (struct stratum){ .name = names[i], .asked = truth[i].people };
		for (unsigned k = 0; k < truth[i].people; k++) {
			double feels = chance();
			bool promoter = feels < truth[i].promoter, detractor = feels > 1 - truth[i].detractor;
			top += promoter;
			bottom += detractor;
			all++;
			if (chance() >= truth[i].answers)
				continue;
			s[i].answered++;
			s[i].top += promoter;
			s[i].bottom += detractor;
		}
	}
	*nps = 100 * (top - bottom) / all;
}

static void the_corrected_value_is_nearer_to_the_truth(void **state)
{
	unsigned nearer = 0, covered = 0, raw_covered = 0, runs = 400;
	double raw_error = 0, error = 0;
	seed = 0x9e3779b97f4a7c15ull;
	for (unsigned i = 0; i < runs; i++) {
		struct stratum s[SEGMENTS];
		struct estimate e;
		double nps;
		ask_everybody(s, &nps);
		estimate_survey(s, SEGMENTS, MEASURE_NET, 10, 0, 10, &e);
		assert_true(e.interval_known);
		nearer += fabs(e.corrected - nps) < fabs(e.raw - nps);
		covered += e.low <= nps && nps <= e.high;
		raw_covered += e.low <= e.raw && e.raw <= e.high;
		raw_error += e.raw - nps;
		error += e.corrected - nps;
	}
	assert_true(nearer >= runs * 98 / 100);
	assert_true(raw_error / runs > 20);       /* as answered, 20 points and more too good … */
	near(error / runs, 0, 1);                 /* … corrected, neither too good nor too bad */
	assert_true(covered >= runs * 95 / 100);  /* the interval keeps what it promises */
	assert_true(raw_covered < runs / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_worked_out_by_hand),
		cmocka_unit_test(shares_have_wilsons_interval),
		cmocka_unit_test(means_keep_their_scale),
		cmocka_unit_test(small_cells_are_pooled),
		cmocka_unit_test(the_order_of_strata_does_not_matter),
		cmocka_unit_test(too_little_is_unknown),
		cmocka_unit_test(the_corrected_value_is_nearer_to_the_truth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
