/* tests/unit/test_learning.c: what a model makes of outcomes, what is drawn from it, and what decisions make of both. */
#include "decide_world.h"

#include "decide/draw.h"
#include "decide/learn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define QUARTER (10 * DAY)
static const struct model_prior prior = { .start = 0.2, .evidence = 10, .strength = 5, .half_life_ms = 4 * QUARTER, .by = 7 };

static struct strpool *pool;
static struct record *model_record(void)
{
	struct subject s = subject_of(SUBJECT_MODEL, SLICE("plan"));
	return record_create(&s);
}

static void learn(struct record *r, bool accepted, const char *segment, int64_t time_ms)
{
	struct model_outcome o = { .accepted = accepted, .by = prior.by, .segment = slice_of(segment), .time_ms = time_ms };
	model_learn(r, pool, &prior, &o);
}

static double mean_at(const struct record *r, const char *segment, int64_t now_ms)
{
	struct model_belief b;
	model_believe(record_model(r), &prior, slice_of(segment), now_ms, &b);
	return belief_mean(&b);
}

static void assert_near(double got, double want)
{
	if (fabs(got - want) > 1e-12)
		fail_msg("%.17g, wanted %.17g", got, want);
}

static void a_belief_is_the_prior_and_the_outcomes(void **state)
{
	struct record *r = model_record();
	struct model_belief b;
	model_believe(NULL, &prior, SLICE(""), T0, &b);
	assert_near(belief_mean(&b), 0.2);
	for (unsigned i = 0; i < 10; i++)
		learn(r, i < 6, i < 4 ? "gold" : "plain", T0);
	assert_near(mean_at(r, "", T0), (2 + 6) / (10.0 + 10));
	/* gold: all of 4; it begins at 0.4 */
	assert_near(mean_at(r, "gold", T0), (0.4 * 5 + 4) / (5.0 + 4));
	assert_near(mean_at(r, "plain", T0), (0.4 * 5 + 2) / (5.0 + 6));
	assert_near(mean_at(r, "never seen", T0), 0.4);
	assert_int_equal(record_model(r)->own.all_trials, 10);
	assert_int_equal(record_model(r)->own.all_accepted, 6);
	record_destroy(r, pool);
}

static void what_is_old_counts_less(void **state)
{
	struct record *r = model_record();
	int64_t at = T0 / QUARTER * QUARTER;
	double n, s;
	for (unsigned i = 0; i < 8; i++)
		learn(r, true, "", at);
	const struct model *m = record_model(r);
	model_counts(m, &m->own, at + 4 * QUARTER, &n, &s);
	assert_true(n == 4 && s == 4); /* exactly half after a half-life */
	model_counts(m, &m->own, at + QUARTER - 1, &n, &s);
	assert_true(n == 8);
	model_counts(m, &m->own, at + QUARTER, &n, &s);
	assert_true(n == 8 * 0x1.ae89f995ad3adp-1);
	model_counts(m, &m->own, at - 100 * QUARTER, &n, &s); /* asked about a time before: as it stands */
	assert_true(n == 8);
	model_counts(m, &m->own, at + 31 * QUARTER, &n, &s);
	assert_true(n > 0);
	model_counts(m, &m->own, at + 32 * QUARTER, &n, &s);
	assert_true(n == 0);
	learn(r, true, "", at + 40 * QUARTER);
	learn(r, true, "", at); /* eight half-lives late */
	assert_int_equal(m->late, 1);
	assert_int_equal(m->own.all_trials, 10);
	model_counts(m, &m->own, at + 40 * QUARTER, &n, &s);
	assert_true(n == 1);
	record_destroy(r, pool);
}

/* Many customers teach one model, and shards race: what is believed must not depend on who came first. */
static void the_order_of_outcomes_does_not_matter(void **state)
{
	struct { bool accepted; const char *segment; int64_t time_ms; } o[60];
	struct hash128 digest = { 0, 0 };
	uint64_t lot = 1;
	for (unsigned i = 0; i < 60; i++) {
		o[i].accepted = draw_share(++lot) < 0.4;
		o[i].segment = draw_share(++lot) < 0.5 ? "a" : "b";
		o[i].time_ms = T0 + (int64_t)(draw_share(++lot) * 60 * (double)QUARTER);
	}
	for (unsigned round = 0; round < 20; round++) {
		struct record *r = model_record();
		for (unsigned i = 0; i < 60; i++)
			learn(r, o[i].accepted, o[i].segment, o[i].time_ms);
		struct hash128 got = record_digest(r);
		assert_true(round == 0 || (got.low == digest.low && got.high == digest.high));
		digest = got;
		record_destroy(r, pool);
		for (unsigned i = 59; i > 0; i--) {
			unsigned k = (unsigned)(draw_share(++lot) * (i + 1));
			typeof(o[0]) swap = o[i];
			o[i] = o[k];
			o[k] = swap;
		}
	}
}

static void a_pack_may_want_it_otherwise(void **state)
{
	struct record *r = model_record();
	struct model_prior other = prior;
	double n, s;
	for (unsigned i = 0; i < 6; i++)
		learn(r, i % 2, i % 2 ? "x" : "y", T0);
	other.half_life_ms = 8 * QUARTER;
	struct model_outcome o = { .accepted = true, .by = other.by, .segment = SLICE("x"), .time_ms = T0 };
	model_learn(r, pool, &other, &o);
	const struct model *m = record_model(r);
	assert_int_equal(m->step_ms, 2 * QUARTER);
	model_counts(m, &m->own, T0, &n, &s);
	assert_true(n == 7 && s == 4);
	assert_int_equal(m->cell_count, 2);
	other.by = 8; /* other segments */
	o.by = 8;
	o.segment = SLICE("z");
	model_learn(r, pool, &other, &o);
	assert_int_equal(m->cell_count, 1);
	assert_int_equal(m->own.all_trials, 8);
	o.by = 7; /* an outcome on its way when the pack changed: of the action, of no segment */
	o.segment = SLICE("x");
	model_learn(r, pool, &other, &o);
	assert_int_equal(m->cell_count, 1);
	assert_int_equal(m->own.all_trials, 9);
	model_forget(r, pool, T0 + DAY);
	assert_true(record_model(r)->own.all_trials == 0 && record_model(r)->since_ms == T0 + DAY);
	record_destroy(r, pool);
}

static void segments_are_bounded(void **state)
{
	struct record *r = model_record();
	for (unsigned i = 0; i < LIMIT_MODEL_SEGMENTS + 10; i++) {
		char name[16];
		snprintf(name, sizeof(name), "s%u", i);
		learn(r, true, name, T0);
	}
	assert_int_equal(record_model(r)->cell_count, LIMIT_MODEL_SEGMENTS);
	assert_int_equal(record_model(r)->crowded, 10);
	assert_int_equal(record_model(r)->own.all_trials, LIMIT_MODEL_SEGMENTS + 10);
	assert_true(record_bytes(r) < LIMIT_RECORD_BYTES);
	record_destroy(r, pool);
}

static void a_model_is_stored_whole(void **state)
{
	struct record *r = model_record(), *back;
	struct bytes first = { 0 }, second = { 0 };
	for (unsigned i = 0; i < 200; i++)
		learn(r, draw_share(i) < 0.3, i % 3 ? "a / b" : "c", T0 + (int64_t)i * DAY);
	r->seq = 9;
	record_encode(r, &first);
	assert_int_equal(record_decode(&back, pool, bytes_slice(&first)), ERR_OK);
	record_encode(back, &second);
	assert_true(slice_equal(bytes_slice(&first), bytes_slice(&second)));
	record_destroy(back, pool);
	for (size_t i = 0; i < first.len; i++) { /* cut anywhere, it is refused or (before the model) another record */
		if (record_decode(&back, pool, (struct slice){ first.data, i }) == ERR_OK) {
			assert_null(record_model(back));
			record_destroy(back, pool);
		}
	}
	bytes_finish(&first);
	bytes_finish(&second);
	record_destroy(r, pool);
}

static void calibration_holds_each_outcome_against_what_was_expected(void **state)
{
	struct record *r = model_record();
	learn(r, true, "", T0);  /* 0.2 was expected */
	learn(r, false, "", T0); /* 3 / 11 */
	const struct model_bin *b = record_model(r)->bins;
	assert_int_equal(b[2].trials, 2);
	assert_int_equal(b[2].accepted, 1);
	assert_int_equal(b[2].expected_ppm, 200000 + 272727);
	record_destroy(r, pool);
}

static void draws_are_the_same_everywhere(void **state)
{
	static const struct { uint64_t key; double alpha, beta, drawn; } told[] = {
		{ 1, 2, 8, 0x1.95a5d6e349429p-2 }, { 2, 0.5, 0.5, 0x1.c85856afe18fep-1 }, { 3, 200, 100, 0x1.4c149ddd5e4c5p-1 }, { 4, 0.01, 3, 0x1.31e7dd5c76831p-103 },
	};
	for (unsigned i = 0; i < 4; i++) {
		double got = draw_beta(told[i].key, told[i].alpha, told[i].beta);
		if (got != told[i].drawn)
			fail_msg("draw %u is %a", i, got);
	}
	assert_true(draw_share(1) == 0x1.22145bd91204cp-1);
	assert_true(draw_beta(5, 0, 3) == 0 && draw_beta(5, 3, 0) == 1);
}

/* Mean and variance of Beta(a, b), within five standard errors. */
static void draws_are_of_the_distribution(void **state)
{
	static const double shapes[][2] = { { 1, 1 }, { 2, 8 }, { 0.5, 2 }, { 50, 150 }, { 0.1, 0.1 }, { 900, 100 } };
	enum { N = 20000 };
	for (unsigned k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
		double a = shapes[k][0], b = shapes[k][1], sum = 0, squares = 0, all = a + b;
		double mean = a / all, variance = a * b / (all * all * (all + 1));
		for (uint64_t i = 0; i < N; i++) {
			double x = draw_beta(i * 1000003 + k, a, b);
			assert_true(x >= 0 && x <= 1);
			sum += x;
			squares += (x - mean) * (x - mean);
		}
		if (fabs(sum / N - mean) > 5 * sqrt(variance / N) || fabs(squares / N / variance - 1) > 0.08)
			fail_msg("Beta(%g, %g): mean %g, variance %g; drawn %g, %g", a, b, mean, variance, sum / N, squares / N);
	}
}

static const char pack[] =
	"pack { name = 't'%s }\n"
	"fact.taken = outcomes { 'accepted', within = '30d' }\n"
	"action 'a' { goal = 'g', value = { customer = 1, business = 1 }, say = 'A', propensity = { start = 0.3, evidence = 10, "
	"by = { 'band', 'taken' } } }\n"
	"action 'b' { goal = 'g', value = { customer = 1, business = 1 }, say = 'B', propensity = { start = 0.25, evidence = 10 } }\n";

struct town {
	struct world w;
	const struct record *models[2];
	struct record *own[2];
	struct decision d;
	struct foreign_reads foreign;
	struct ask ask;
	uint64_t ids;
};

static void town_init(struct town *t, const char *more)
{
	char text[2000];
	memset(t, 0, sizeof(*t));
	snprintf(text, sizeof(text), pack, more);
	world_init(&t->w, text);
	for (unsigned i = 0; i < 2; i++)
		t->models[i] = t->own[i] = world_record(SUBJECT_MODEL, i ? "b" : "a");
	t->ask = (struct ask){ .now_ms = T0 + HOUR, .boot = 5, .count = 1 };
}

static void town_finish(struct town *t)
{
	for (unsigned i = 0; i < 2; i++)
		record_destroy(t->own[i], t->w.m.pool);
	world_finish(&t->w);
}

/* True: it was learned. */
static bool town_outcome(struct town *t, const char *action, int kind, uint64_t decision)
{
	struct outcome_input o = { .id = SLICE("o"), .source = SLICE("s"), .action = slice_of(action), .channel = SLICE("call"),
				   .kind = kind, .decision_boot = decision ? 5 : 0, .decision_count = decision, .id_hash = ++t->ids,
				   .content_hash = 1, .time_ms = T0 };
	bool learned = false;
	arena_reset(&t->w.m.arena);
	machine_apply_outcome(&t->w.m, t->w.r, &o, &t->w.in, &t->w.out);
	for (unsigned i = 0; i < t->w.out.effect_count; i++) {
		const struct effect *f = &t->w.out.effects[i];
		if (f->kind != EFFECT_LEARN)
			continue;
		learned = true;
		machine_learn(&t->w.m, t->own[f->target.id[0] - 'a'], f->body);
	}
	return learned;
}

static const struct choice *town_decide(struct town *t, const char *action)
{
	struct decide_subjects subjects = { .customer = t->w.r, .models = t->models };
	t->foreign = (struct foreign_reads){ 0 };
	arena_reset(&t->w.m.arena);
	machine_decide(&t->w.m, &subjects, &t->ask, &t->foreign, &t->d);
	for (unsigned i = 0; i < t->d.choice_count; i++)
		if (world_is(str_slice(t->d.choices[i].action->name), action))
			return &t->d.choices[i];
	return NULL;
}

static bool town_verifies(struct town *t)
{
	struct decision_record r;
	struct bytes b = { 0 };
	decision_encode(&(struct decision_head){ .boot = 5, .count = t->ask.count }, &t->ask, &t->foreign, &t->d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &t->w.m.arena), ERR_OK);
	bool same = decision_verify(&t->w.m, t->w.r, &r);
	if (r.chosen_count && same) { /* another propensity does not pass */
		r.chosen[0].propensity += 0.01;
		assert_false(decision_verify(&t->w.m, t->w.r, &r));
	}
	bytes_finish(&b);
	return same;
}

static void answers_end_a_trial_and_nothing_else_does(void **state)
{
	struct town t;
	town_init(&t, "");
	assert_false(town_outcome(&t, "b", OUTCOME_SHOWN, 1));
	assert_false(town_outcome(&t, "b", OUTCOME_OFFERED, 1));
	assert_false(town_outcome(&t, "b", OUTCOME_LATER, 1));
	assert_false(town_outcome(&t, "b", OUTCOME_OVERRULED, 2));
	assert_true(town_outcome(&t, "b", OUTCOME_ACCEPTED, 1));
	assert_false(town_outcome(&t, "b", OUTCOME_REJECTED, 1)); /* of the same decision: it has ended */
	assert_true(town_outcome(&t, "a", OUTCOME_REJECTED, 1));
	assert_true(town_outcome(&t, "b", OUTCOME_IGNORED, 3));
	assert_true(town_outcome(&t, "b", OUTCOME_REJECTED, 0));
	assert_true(town_outcome(&t, "b", OUTCOME_REJECTED, 0)); /* of no decision: each is its own */
	assert_false(town_outcome(&t, "gone", OUTCOME_ACCEPTED, 0));
	assert_int_equal(record_model(t.own[1])->own.all_trials, 4);
	assert_int_equal(record_model(t.own[1])->own.all_accepted, 1);
	town_finish(&t);
}

static void the_segment_is_that_before_the_outcome(void **state)
{
	struct town t;
	town_init(&t, "");
	world_event(&t.w, "profile.updated", T0 - HOUR, "band=gold");
	(void)town_outcome(&t, "a", OUTCOME_ACCEPTED, 1);
	(void)town_outcome(&t, "a", OUTCOME_ACCEPTED, 2);
	const struct model *m = record_model(t.own[0]);
	assert_int_equal(m->cell_count, 2);
	assert_true(world_is(str_slice(m->cells[0].segment), "gold / 0"));
	assert_true(world_is(str_slice(m->cells[1].segment), "gold / 1"));
	/* … and decisions look in the one that is now */
	struct model_belief b;
	model_believe(m, &t.w.m.pack->actions[0].propensity, SLICE("gold / 2"), t.ask.now_ms, &b);
	assert_true(town_decide(&t, "a")->propensity == belief_mean(&b));
	town_finish(&t);
}

static void decisions_follow_what_was_learned(void **state)
{
	struct town t;
	town_init(&t, "");
	assert_true(town_decide(&t, "a")->propensity == 0.3 && town_decide(&t, "b")->propensity == 0.25);
	assert_true(world_is(str_slice(t.d.choices[0].action->name), "a"));
	assert_true(town_verifies(&t));
	for (unsigned i = 0; i < 10; i++)
		(void)town_outcome(&t, "b", i < 8 ? OUTCOME_ACCEPTED : OUTCOME_REJECTED, 0);
	const struct choice *b = town_decide(&t, "b");
	assert_near(b->propensity, (2.5 + 8) / 20);
	assert_true(b == &t.d.choices[0] && b->reason_count == 1 && !b->drawn);
	assert_true(world_is(b->reasons[0], "propensity 0.525 learned from 10.0 outcomes, which began at 0.250"));
	assert_true(t.foreign.models && town_verifies(&t));
	town_finish(&t);
}

static void tries_are_told_again_bit_by_bit(void **state)
{
	struct town t;
	unsigned drawn = 0;
	town_init(&t, ", explore = 0.25");
	(void)town_outcome(&t, "b", OUTCOME_ACCEPTED, 0);
	double last = 0, expected = (2.5 + 1) / 11;
	for (t.ask.count = 1; t.ask.count <= 2000; t.ask.count++) {
		const struct choice *b = town_decide(&t, "b");
		drawn += b->drawn;
		if (b->drawn) {
			assert_true(b->propensity != last && fabs(b->propensity - expected) > 0);
			last = b->propensity;
			assert_true(town_decide(&t, "b")->propensity == last);
		} else {
			assert_near(b->propensity, expected);
		}
		assert_true(t.ask.count % 50 || town_verifies(&t));
	}
	assert_true(drawn > 425 && drawn < 575); /* 500 +- 4 standard deviations */
	t.ask.boot = t.ask.count = 0; /* without a number: never */
	assert_false(town_decide(&t, "b")->drawn);
	town_finish(&t);
}

static void the_control_group_is_by_customer(void **state)
{
	struct town t;
	unsigned in = 0;
	town_init(&t, ", explore = 0.5, control = 1");
	for (unsigned i = 0; i < 10; i++)
		(void)town_outcome(&t, "b", OUTCOME_ACCEPTED, 0);
	for (t.ask.count = 1; t.ask.count <= 20; t.ask.count++) {
		const struct choice *b = town_decide(&t, "b");
		assert_true(t.d.control && !b->drawn && b->propensity == 0.25 && town_verifies(&t));
	}
	assert_int_equal(record_model(t.own[1])->control_trials, 10);
	t.w.m.pack->control = 0.1;
	for (unsigned i = 0; i < 10000; i++) {
		char id[16];
		snprintf(id, sizeof(id), "c%u", i);
		in += customer_in_control(t.w.m.pack, slice_of(id));
		assert_true(customer_in_control(t.w.m.pack, slice_of(id)) == customer_in_control(t.w.m.pack, slice_of(id)));
	}
	assert_true(in > 880 && in < 1120);
	town_finish(&t);
}

static int set_up(void **state)
{
	pool = strpool_create();
	return 0;
}

static int tear_down(void **state)
{
	strpool_destroy(pool);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_belief_is_the_prior_and_the_outcomes),
		cmocka_unit_test(what_is_old_counts_less),
		cmocka_unit_test(the_order_of_outcomes_does_not_matter),
		cmocka_unit_test(a_pack_may_want_it_otherwise),
		cmocka_unit_test(segments_are_bounded),
		cmocka_unit_test(a_model_is_stored_whole),
		cmocka_unit_test(calibration_holds_each_outcome_against_what_was_expected),
		cmocka_unit_test(draws_are_the_same_everywhere),
		cmocka_unit_test(draws_are_of_the_distribution),
		cmocka_unit_test(answers_end_a_trial_and_nothing_else_does),
		cmocka_unit_test(the_segment_is_that_before_the_outcome),
		cmocka_unit_test(decisions_follow_what_was_learned),
		cmocka_unit_test(tries_are_told_again_bit_by_bit),
		cmocka_unit_test(the_control_group_is_by_customer),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
