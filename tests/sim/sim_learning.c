/* tests/sim/sim_learning.c: learning against a known truth. Simulated customers of three segments accept six actions with
 * probabilities that only this file knows; the author of the pack has guessed the actions' means, and is off by up to 0.2.
 * The engine decides, through the same library as the daemon; an outcome follows each decision; the same customers come in
 * the same order to every way of deciding:
 *
 *     learned   the pack as it would be: segments, a share of decisions that try
 *     greedy    the same without trying
 *     fixed     the guesses as they stand: the control group's ranking, for everybody
 *     uniform   any action, by lot
 *
 * Regret is what was lost against the best action of the customer's segment, in acceptances. Over all seeds, with 95%
 * intervals of the paired differences (Student's t): learned loses less than fixed and than uniform; in its last quarter it
 * chooses the best (within 0.02) nearly always; what it expects comes true. A second truth changes half-way: a model with a
 * half-life follows, one that forgets nothing lags.
 *
 *     sim_learning [--csv FILE] [SEEDS [ROUNDS]]     the curves, for bench/learning.py */
#include "base/check.h"
#include "base/error.h"
#include "decide/draw.h"
#include "workbench/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS 6
#define SEGMENTS 3
#define CUSTOMERS 240
#define BASE_MS 1767225600000LL
#define YEAR_MS (365 * 86400000LL)
#define POINTS 40 /* of a curve */
#define SEEDS_MAX 200

enum way { LEARNED, GREEDY, FIXED, UNIFORM, STEADY, FOLLOWING, WAYS };
static const char *const way_names[WAYS] = { "learned", "greedy", "fixed", "uniform", "never forgets", "forgets" };

struct truth {
	double accept[2][SEGMENTS][ACTIONS]; /* before and after the change, if there is one */
	double guess[ACTIONS];
};

struct curve {
	double regret[POINTS]; /* lost up to there, a decision */
	double late_regret;    /* in the last quarter, a decision */
	double found;          /* share of decisions of the last quarter that were as good as the best */
};

static struct curve curves[WAYS][SEEDS_MAX];
static struct model_bin bins[MODEL_BINS];
static uint64_t chance;

static double share(void)
{
	return draw_share(chance++ * 0x9e3779b97f4a7c15u + 1);
}

static double within(double p)
{
	return p < 0.02 ? 0.02 : p > 0.95 ? 0.95 : p;
}

static void make_truth(struct truth *t, bool changes)
{
	for (unsigned a = 0; a < ACTIONS; a++) {
		double mean = 0, base = 0.05 + 0.5 * share(), after = 0.05 + 0.5 * share();
		for (unsigned s = 0; s < SEGMENTS; s++) {
			t->accept[0][s][a] = within(base + 0.4 * (share() - 0.5));
			t->accept[1][s][a] = changes ? within(after + 0.4 * (share() - 0.5)) : t->accept[0][s][a];
			mean += t->accept[0][s][a] / SEGMENTS;
		}
		t->guess[a] = within(mean + 0.4 * (share() - 0.5));
	}
}

static void put_pack(const struct truth *t, enum way way, struct bytes *out)
{
	bytes_printf(out, "pack { name = 'truth', explore = %g, control = %d }\n",
		     way == LEARNED || way == STEADY || way == FOLLOWING ? 0.1 : 0.0, way == FIXED);
	for (unsigned a = 0; a < ACTIONS; a++)
		bytes_printf(out,
			     "action 'a%u' { goal = 'serve', value = { customer = 1, business = 1 }, say = 'Yes?',\n"
			     "  propensity = { start = %.3f, evidence = 10, by = { 'segment' }, half_life = '%s' } }\n",
			     a, t->guess[a], way == STEADY ? "36500d" : way == FOLLOWING ? "30d" : "90d");
}

static struct world *make_world(const struct truth *t, enum way way)
{
	struct world *w = world_create();
	struct bundle b = { 0 };
	struct bytes pack = { 0 };
	put_pack(t, way, &pack);
	CHECK(bundle_add(&b, SLICE("pack.lua"), bytes_slice(&pack)) == ERR_OK);
	if (world_load(w, &b) != ERR_OK) {
		fprintf(stderr, "%s\n", error_last()->text);
		exit(1);
	}
	bundle_finish(&b);
	bytes_finish(&pack);
	world_clear(w, BASE_MS);
	return w;
}

static void customer_name(unsigned customer, char out[16])
{
	snprintf(out, 16, "c%u", customer);
}

static void tell_segment(struct world *w, unsigned customer)
{
	static const char *const names[SEGMENTS] = { "young", "family", "senior" };
	char id[16];
	bool applied;
	customer_name(customer, id);
	struct event_attr attr = { SLICE("segment"), value_string(slice_of(names[customer % SEGMENTS])) };
	struct event e = { .customer = slice_of(id), .type = SLICE("profile.updated"), .time_ms = w->now_ms, .attrs = &attr,
			   .attr_count = 1 };
	CHECK(world_event(w, &e, &applied) == ERR_OK);
}

static unsigned choose(struct world *w, enum way way, const char *id, unsigned round, double lot)
{
	struct ask ask = { .limit = 1, .boot = 1, .count = round + 1 };
	if (way == UNIFORM)
		return (unsigned)(lot * ACTIONS);
	world_decide(w, slice_of(id), &ask);
	CHECK(w->decision.choice_count == 1 && w->decision.control == (way == FIXED));
	return (unsigned)(w->decision.choices[0].action->order);
}

static void answer(struct world *w, const char *id, unsigned action, bool accepted, unsigned round)
{
	char name[8];
	snprintf(name, sizeof(name), "a%u", action);
	struct outcome_input o = { .action = slice_of(name), .channel = SLICE("call"), .decision_boot = 1,
				   .decision_count = round + 1, .kind = accepted ? OUTCOME_ACCEPTED : OUTCOME_REJECTED };
	world_outcome(w, &o, slice_of(id));
}

static double best_of(const double accept[ACTIONS])
{
	double best = 0;
	for (unsigned a = 0; a < ACTIONS; a++)
		best = accept[a] > best ? accept[a] : best;
	return best;
}

static void collect_bins(struct world *w)
{
	for (unsigned a = 0; a < ACTIONS; a++) {
		char name[8];
		snprintf(name, sizeof(name), "a%u", a);
		struct subject s = subject_of(SUBJECT_MODEL, slice_of(name));
		const struct model *m = record_model(world_record(w, &s, false));
		for (unsigned i = 0; m && i < MODEL_BINS; i++) {
			bins[i].trials += m->bins[i].trials;
			bins[i].accepted += m->bins[i].accepted;
			bins[i].expected_ppm += m->bins[i].expected_ppm;
		}
	}
}

/* The same customers come in the same order and are of the same mind, whatever is chosen for them. */
static void run(const struct truth *t, enum way way, uint64_t seed, unsigned rounds, struct curve *out)
{
	struct world *w = make_world(t, way);
	double lost = 0, late = 0, found = 0;
	*out = (struct curve){ 0 };
	for (unsigned c = 0; c < CUSTOMERS; c++)
		tell_segment(w, c);
	for (unsigned i = 0; i < rounds; i++) {
		char id[16];
		uint64_t key = seed << 32 | (uint64_t)i << 2;
		unsigned customer = (unsigned)(draw_share(key) * CUSTOMERS);
		const double *accept = t->accept[2 * i >= rounds][customer % SEGMENTS];
		world_pass(w, BASE_MS + YEAR_MS * i / rounds);
		customer_name(customer, id);
		unsigned action = choose(w, way, id, i, draw_share(key + 1));
		answer(w, id, action, draw_share(key + 2) < accept[action], i);
		double missed = best_of(accept) - accept[action];
		lost += missed;
		if (4 * i >= 3 * rounds) {
			late += missed;
			found += missed <= 0.02;
		}
		out->regret[(uint64_t)i * POINTS / rounds] = lost / (i + 1);
	}
	out->late_regret = late / (rounds - rounds * 3 / 4);
	out->found = found / (rounds - rounds * 3 / 4);
	if (way == LEARNED)
		collect_bins(w);
	world_destroy(w);
}

struct interval {
	double mean, half;
};

/* 95%, by Student's t: 2.09 for 20 seeds, less for more of them. */
static struct interval interval_of(const double *x, unsigned n)
{
	double sum = 0, squares = 0;
	for (unsigned i = 0; i < n; i++)
		sum += x[i];
	for (unsigned i = 0; i < n; i++)
		squares += (x[i] - sum / n) * (x[i] - sum / n);
	return (struct interval){ sum / n, n > 1 ? 2.093 * sqrt(squares / (n - 1) / n) : HUGE_VAL };
}

static double end_of(const struct curve *c)
{
	return c->regret[POINTS - 1];
}

static struct interval saved(enum way by, enum way against, unsigned seeds, bool late)
{
	double x[SEEDS_MAX];
	for (unsigned i = 0; i < seeds; i++) {
		const struct curve *a = &curves[by][i], *b = &curves[against][i];
		x[i] = late ? b->late_regret - a->late_regret : end_of(b) - end_of(a);
	}
	struct interval v = interval_of(x, seeds);
	printf("%s loses less than %s%s, acceptances a decision: %.4f +- %.4f\n", way_names[by], way_names[against],
	       late ? " in the last quarter" : "", v.mean, v.half);
	return v;
}

static struct interval found_by(enum way way, unsigned seeds)
{
	double x[SEEDS_MAX];
	for (unsigned i = 0; i < seeds; i++)
		x[i] = curves[way][i].found;
	struct interval v = interval_of(x, seeds);
	printf("%s: %.3f +- %.3f of the last quarter's decisions are as good as the best\n", way_names[way], v.mean, v.half);
	return v;
}

/* Each bin of some size within what chance allows (3 standard errors) and a little more: what is believed is still moving.
 * The rare ones at the upper end promise too much: what is chosen because it looks best is often what was guessed too high. */
static double check_calibration(void)
{
	double off = 0, all = 0, most = 0;
	for (unsigned i = 0; i < MODEL_BINS; i++)
		most = (double)bins[i].trials > most ? (double)bins[i].trials : most;
	for (unsigned i = 0; i < MODEL_BINS; i++) {
		double n = (double)bins[i].trials, accepted = (double)bins[i].accepted, expected;
		if (n == 0)
			continue;
		expected = (double)bins[i].expected_ppm / 1e6;
		off += fabs(expected - accepted);
		all += n;
		printf("expected %.3f, accepted %.3f of %.0f\n", expected / n, accepted / n, n);
		double slack = n > most / 5 ? 0.01 : 0.06;
		CHECK(n < 200 || fabs(expected - accepted) / n < slack + 3 * sqrt(expected / n * (1 - expected / n) / n));
	}
	return off / all;
}

static void write_csv(const char *path, unsigned seeds, unsigned rounds)
{
	FILE *f = fopen(path, "w");
	CHECK(f);
	fprintf(f, "what,series,x,y,half,n\n");
	for (unsigned way = 0; way < WAYS; way++)
		for (unsigned p = 0; p < POINTS; p++) {
			double x[SEEDS_MAX];
			for (unsigned i = 0; i < seeds; i++)
				x[i] = curves[way][i].regret[p];
			struct interval v = interval_of(x, seeds);
			fprintf(f, "%s,%s,%u,%.6f,%.6f,%u\n", way < STEADY ? "regret" : "changing", way_names[way],
				(p + 1) * rounds / POINTS, v.mean, v.half, seeds);
		}
	for (unsigned i = 0; i < MODEL_BINS; i++) {
		double n = (double)bins[i].trials, rate = n > 0 ? (double)bins[i].accepted / n : 0;
		if (n > 0)
			fprintf(f, "reliability,learned,%.6f,%.6f,%.6f,%.0f\n", (double)bins[i].expected_ppm / 1e6 / n, rate,
				1.96 * sqrt(rate * (1 - rate) / n), n);
	}
	CHECK(fclose(f) == 0);
}

int main(int argc, char **argv)
{
	const char *csv = NULL;
	if (argc > 2 && strcmp(argv[1], "--csv") == 0) {
		csv = argv[2];
		argc -= 2;
		argv += 2;
	}
	unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 20, rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 6000;
	CHECK(seeds >= 2 && seeds <= SEEDS_MAX && rounds >= 4 * POINTS);
	for (unsigned seed = 0; seed < seeds; seed++) {
		struct truth still, changing;
		chance = (uint64_t)(seed + 1) << 20;
		make_truth(&still, false);
		make_truth(&changing, true);
		for (unsigned way = 0; way < WAYS; way++)
			run(way < STEADY ? &still : &changing, (enum way)way, seed + 1, rounds, &curves[way][seed]);
	}
	struct interval v = saved(LEARNED, FIXED, seeds, false);
	CHECK(v.mean - v.half > 0);
	v = saved(LEARNED, UNIFORM, seeds, false);
	CHECK(v.mean - v.half > 0);
	v = saved(LEARNED, FIXED, seeds, true);
	CHECK(v.mean - v.half > 0);
	(void)saved(LEARNED, GREEDY, seeds, true);
	v = saved(FOLLOWING, STEADY, seeds, true);
	CHECK(v.mean - v.half > 0);
	v = found_by(LEARNED, seeds);
	(void)found_by(GREEDY, seeds);
	struct interval fixed = found_by(FIXED, seeds);
	CHECK(v.mean - v.half > 0.8 && v.mean - v.half > fixed.mean + fixed.half);
	double off = check_calibration();
	printf("expected and accepted are %.4f apart\n", off);
	CHECK(off < 0.02);
	if (csv)
		write_csv(csv, seeds, rounds);
	return 0;
}
