/* tests/unit/test_peers.c: differences between people, many at once: against published examples and tables, and by
 * simulation: where nobody differs, hardly anybody is said to. */
#include "report/peers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void near(double got, double wanted, double within)
{
	if (!(fabs(got - wanted) <= within))
		fail_msg("%.7f is not within %g of %.7f", got, within, wanted);
}

/* Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 4: 81 of 263, 15 of 148, 0 of 20, 1 of 29. */
static void shares_at_95_percent_are_newcombes(void **state)
{
	static const struct { int64_t part, whole; double low, high; } rows[] = {
		{ 81, 263, 0.2535, 0.3682 }, { 15, 148, 0.0598, 0.1644 }, { 0, 20, 0, 0.2005 }, { 1, 29, 0.0018, 0.1963 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats_range r = peers_share(rows[i].part, rows[i].whole, 0.05);
		near(r.low, rows[i].low, 5e-5);
		near(r.high, rows[i].high, 5e-5);
	}
}

/* Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 11, row (a): 56 of 70 and 48 of 80; and (g), where one
 * share is 1 and the other 0, from the formula by hand: 10 of 10 has 0.6555 to 1, 0 of 20 has 0 to 0.2005, so the difference
 * begins at 1 - sqrt(0.3445 x 0.3445 + 0.2005 x 0.2005). */
static void differences_at_95_percent_are_newcombes(void **state)
{
	(void)state;
	struct stats_range r = peers_share_difference(&(struct peers_share){ 56, 70, 48, 80 }, 0.05);
	near(r.value, 0.2, 1e-12);
	near(r.low, 0.0428, 5e-5);
	near(r.high, 0.3422, 5e-5);
	r = peers_share_difference(&(struct peers_share){ 10, 10, 0, 20 }, 0.05);
	near(r.low, 1 - sqrt(0.3445 * 0.3445 + 0.2005 * 0.2005), 2e-4);
	near(r.high, 1, 1e-12);
}

/* The p-value is that of the widest interval that still leaves out 0. */
static void interval_and_p_value_agree(void **state)
{
	static const struct peers_share cases[] = { { 56, 70, 48, 80 }, { 48, 80, 56, 70 }, { 30, 100, 200, 1000 },
						    { 1, 40, 300, 3000 }, { 0, 30, 9, 60 } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double p = peers_share_p(&cases[i]);
		struct stats_range just = peers_share_difference(&cases[i], p * 1.001), not = peers_share_difference(&cases[i], p * 0.999);
		assert_true(p > 0 && p < 1);
		assert_true(just.low > 0 || just.high < 0);
		assert_true(not.low <= 0 && not.high >= 0);
	}
	near(peers_share_p(&(struct peers_share){ 20, 100, 200, 1000 }), 1, 1e-9); /* equal */
	assert_true(isnan(peers_share_p(&(struct peers_share){ 0, 0, 2, 10 })));
	assert_true(isnan(peers_share_p(&(struct peers_share){ 3, 2, 2, 10 })));
}

/* Student's distribution, two-sided, from the tables; the difference of two equal samples of n = degrees / 2 + 1 values. */
static void means_go_by_students_t(void **state)
{
	static const struct { double t, degrees, p; } table[] = {
		{ 2.2281, 10, 0.05 }, { 3.1693, 10, 0.01 }, { 4.5869, 10, 0.001 }, { 2.0423, 30, 0.05 },
		{ 2.6174, 120, 0.01 }, { 4.3027, 2, 0.05 }, { 1.6449, 1e8, 0.1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t n = (int64_t)(table[i].degrees / 2) + 1;
		struct stats_sample a = { n, 0, 1 }, b = { n, table[i].t * sqrt(2.0 / (double)n), 1 };
		near(peers_mean_p(a, b), table[i].p, table[i].p * 1e-3);
		struct stats_range r = peers_mean_difference(a, b, table[i].p);
		near(r.high, 0, 2e-4 * sqrt(2.0 / (double)n)); /* it just reaches 0 */
	}
}

/* Two samples worked by hand: {1, 2, 3, 4, 5} and {2, 4, 6, 8, 10, 12}: means 3 and 7, variances 2.5 and 14, error
 * sqrt(0.5 + 2.3333) = 1.68325, t = 2.37636, degrees 8.02778 / (0.0625 + 1.08889) = 6.97226. */
static void welch_as_worked_by_hand(void **state)
{
	(void)state;
	struct stats_sample a = stats_sample_of(5, 15, 55), b = stats_sample_of(6, 42, 364);
	near(a.variance, 2.5, 1e-12);
	near(b.variance, 14, 1e-12);
	near(peers_mean_p(a, b), 0.04929, 5e-5);
	struct stats_range r = peers_mean_difference(a, b, 0.05);
	near(r.value, -4, 1e-12);
	near(r.low, -4 - 2.36645 * 1.68325, 2e-3);
	near(r.high, -4 + 2.36645 * 1.68325, 2e-3);
	near(peers_mean_p((struct stats_sample){ 40, 0.5, 0 }, (struct stats_sample){ 50, 0.5, 0 }), 1, 0);
	near(peers_mean_p((struct stats_sample){ 40, 0.5, 0 }, (struct stats_sample){ 50, 0.25, 0 }), 0, 0);
}

/* Holm's own order: 0.01 <= 0.05 / 4, 0.015 <= 0.05 / 3, 0.03 > 0.05 / 2, and so 0.04 not either. */
static void judged_together_as_holm_does(void **state)
{
	struct peers_judged all[] = { { .p = 0.03 }, { .p = 0.01 }, { .p = 0.04 }, { .p = 0.015 } };
	(void)state;
	peers_judge(all, 4, 0.05);
	assert_true(all[1].differs && all[3].differs);
	assert_false(all[0].differs || all[2].differs);
	near(all[1].alpha, 0.05 / 4, 1e-15);
	near(all[3].alpha, 0.05 / 3, 1e-15);
	near(all[0].alpha, 0.05 / 2, 1e-15); /* where it stopped */
	near(all[2].alpha, 0.05 / 2, 1e-15);
	peers_judge(all, 0, 0.05);
	struct peers_judged one = { .p = 0.04 };
	peers_judge(&one, 1, 0.05);
	assert_true(one.differs);
}

/* A generator of our own, so that the simulation is the same everywhere (SplitMix64). */
static uint64_t seed = 20261122;
static double draw(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

#define AGENTS 20
#define TOPICS 6

struct cell {
	int64_t n, followed;
	double mood, squares;
};

static void contacts_of(struct cell *c, int64_t n, double rate, double mood)
{
	*c = (struct cell){ .n = n };
	for (int64_t i = 0; i < n; i++) {
		double change = mood + draw() + draw() - draw() - draw(); /* not normal, and wide */
		c->followed += draw() < rate;
		c->mood += change;
		c->squares += change * change;
	}
}

/* How many of an agent's comparisons differ; *first: of the first topic's repeats. */
static unsigned differences(struct cell cells[AGENTS][TOPICS], unsigned agent, bool *first)
{
	struct peers_judged all[2 * TOPICS];
	unsigned found = 0;
	for (unsigned t = 0; t < TOPICS; t++) {
		struct cell peers = { 0 }, *own = &cells[agent][t];
		for (unsigned a = 0; a < AGENTS; a++) {
			if (a == agent)
				continue;
			peers.n += cells[a][t].n;
			peers.followed += cells[a][t].followed;
			peers.mood += cells[a][t].mood;
			peers.squares += cells[a][t].squares;
		}
		all[2 * t].p = peers_share_p(&(struct peers_share){ own->followed, own->n, peers.followed, peers.n });
		all[2 * t + 1].p = peers_mean_p(stats_sample_of(own->n, own->mood, own->squares),
						stats_sample_of(peers.n, peers.mood, peers.squares));
	}
	peers_judge(all, 2 * TOPICS, PEERS_ALPHA);
	for (unsigned i = 0; i < 2 * TOPICS; i++)
		found += all[i].differs;
	*first = all[0].differs;
	return found;
}

/* 60 call centres of 20 agents and 6 topics, topics of different difficulty, 30 to 120 contacts a cell. */
static void chance_accuses_nobody(void **state)
{
	static struct cell cells[AGENTS][TOPICS];
	unsigned accused = 0, asked = 0;
	bool first;
	(void)state;
	for (unsigned centre = 0; centre < 60; centre++) {
		for (unsigned a = 0; a < AGENTS; a++)
			for (unsigned t = 0; t < TOPICS; t++)
				contacts_of(&cells[a][t], PEERS_LEAST + (int64_t)(90 * draw()), 0.05 + 0.06 * t, 0.1 * t - 0.2);
		for (unsigned a = 0; a < AGENTS; a++, asked++)
			accused += differences(cells, a, &first) > 0;
	}
	double share = (double)accused / asked;
	print_message("nobody differs: %u of %u agents are said to, %.1f %%\n", accused, asked, 100 * share);
	if (share > PEERS_ALPHA)
		fail_msg("%.3f of agents are accused by chance; at most %.3f is stated", share, PEERS_ALPHA);
	assert_true(accused > 0); /* an instrument that never moves would pass too */
}

/* One agent whose customers come back twice as often about one topic is found, and only there. */
static void who_differs_is_found(void **state)
{
	static struct cell cells[AGENTS][TOPICS];
	unsigned found = 0, more = 0, times = 60;
	(void)state;
	for (unsigned i = 0; i < times; i++) {
		bool first;
		for (unsigned a = 0; a < AGENTS; a++)
			for (unsigned t = 0; t < TOPICS; t++)
				contacts_of(&cells[a][t], 200, a == 3 && t == 0 ? 0.40 : 0.20, 0);
		unsigned n = differences(cells, 3, &first);
		found += first;
		more += n > first;
	}
	print_message("twice as often: found %u of %u times\n", found, times);
	assert_true(found > times * 9 / 10);
	assert_true(more <= times / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_at_95_percent_are_newcombes), cmocka_unit_test(differences_at_95_percent_are_newcombes), cmocka_unit_test(interval_and_p_value_agree),
		cmocka_unit_test(means_go_by_students_t),	      cmocka_unit_test(welch_as_worked_by_hand),
		cmocka_unit_test(judged_together_as_holm_does),	      cmocka_unit_test(chance_accuses_nobody),
		cmocka_unit_test(who_differs_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
