/* tests/unit/test_exposure.c: who is held out of what, when that is noted, and that a decision's record says so. */
#include "decide_world.h"
#include "state/exposures.h"
#include "state/ledgers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define A(name, holdout, worth, more) \
	"action '" name "' { goal = 'g', holdout = " holdout ", " more "value = { customer = " worth ", business = " worth " },\n" \
	"  propensity = { start = 1 }, say = 'x' }\n"
static const char pack[] = "pack { name = 't', topics = { 'gift' } }\n"
	A("gift", "0.2", "0.9", "asks = 'gift', ") A("check", "0.3", "0.5", "") A("plain", "0", "0.4", "") A("last", "0.2", "0.1", "");

struct desk {
	struct world w;
	struct decision d;
	struct foreign_reads foreign;
	struct ask ask;
	struct bytes record;
	struct decision_record decoded;
};

static void desk_open(struct desk *k, const char *customer)
{
	memset(k, 0, sizeof(*k));
	world_init(&k->w, pack);
	record_destroy(k->w.r, k->w.m.pool);
	k->w.r = world_record(SUBJECT_CUSTOMER, customer);
	k->w.m.keep_gates = true;
	k->ask = (struct ask){ .limit = 2, .now_ms = T0, .boot = 7, .count = 1 };
}

static void desk_close(struct desk *k)
{
	bytes_finish(&k->record);
	world_finish(&k->w);
}

/* Decided, recorded, read back, verified; and what it exposes to is noted. */
static void decide(struct desk *k)
{
	struct decide_subjects subjects = { .customer = k->w.r };
	const struct decision_head head = { .boot = k->ask.boot, .count = k->ask.count };
	k->foreign = (struct foreign_reads){ 0 };
	arena_reset(&k->w.m.arena);
	machine_decide(&k->w.m, &subjects, &k->ask, &k->foreign, &k->d);
	bytes_clear(&k->record);
	decision_encode(&head, &k->ask, &k->foreign, &k->d, &k->record);
	assert_int_equal(decision_decode(&k->decoded, bytes_slice(&k->record), &k->w.m.arena), ERR_OK);
	assert_int_equal(k->decoded.exposed_count, k->d.exposed_count);
	for (unsigned i = 0; i < k->d.fell_count; i++)
		assert_int_equal(k->decoded.fell[i].gate, k->d.fell[i].gate);
	assert_true(decision_verify(&k->w.m, k->w.r, &k->decoded));
	const struct exposures x = { k->decoded.exposed, k->decoded.exposed_count, SLICE("call"), SLICE("linh"), 0, false, k->ask.now_ms };
	if (decision_changes(&k->decoded))
		machine_apply_exposures(&k->w.m, k->w.r, &x, &k->w.in, &k->w.out);
}

static bool chosen(const struct desk *k, const char *action)
{
	for (unsigned i = 0; i < k->d.choice_count; i++)
		if (world_is(str_slice(k->d.choices[i].action->name), action))
			return true;
	return false;
}

/* ARM_NONE: not exposed to it just now. */
static enum exposure_arm exposed(const struct desk *k, const char *action)
{
	for (unsigned i = 0; i < k->decoded.exposed_count; i++)
		if (world_is(k->decoded.exposed[i].action, action))
			return k->decoded.exposed[i].withheld ? ARM_WITHHELD : ARM_RECOMMENDED;
	return ARM_NONE;
}

/* The stated share, of each action other ones. The third in rank stands in the answer where one before it is held out. */
static void shares_are_those_stated(void **state)
{
	(void)state;
	unsigned gift = 0, check = 0, both = 0, last = 0;
	for (unsigned i = 0; i < 2000; i++) {
		struct desk k;
		char id[16];
		snprintf(id, sizeof(id), "c%u", i);
		desk_open(&k, id);
		decide(&k);
		bool no_gift = exposed(&k, "gift") == ARM_WITHHELD, no_check = exposed(&k, "check") == ARM_WITHHELD;
		assert_int_equal(no_gift, !chosen(&k, "gift"));
		assert_int_equal(no_check, !chosen(&k, "check"));
		assert_int_equal(exposed(&k, "plain"), ARM_NONE);
		/* of the last one: only where both before it are held out it would stand there, in whichever arm it is */
		assert_int_equal(exposed(&k, "last") != ARM_NONE, no_gift && no_check);
		gift += no_gift, check += no_check, both += no_gift && no_check;
		last += exposed(&k, "last") == ARM_WITHHELD;
		desk_close(&k);
	}
	assert_in_range(gift, 340, 460); /* 400, with four standard deviations to either side at least */
	assert_in_range(check, 515, 685);
	assert_in_range(both, 80, 160); /* 120; were they drawn together, it would be 400 */
	assert_in_range(last, 5, 50);
}

static void once_in_ninety_days(void **state)
{
	(void)state;
	struct desk k;
	desk_open(&k, "ann");
	decide(&k);
	enum exposure_arm arm = exposed(&k, "gift");
	assert_int_not_equal(arm, ARM_NONE);
	k.ask.now_ms += 89 * 24 * HOUR;
	decide(&k);
	assert_int_equal(exposed(&k, "gift"), ARM_NONE);
	assert_int_equal(chosen(&k, "gift"), arm == ARM_RECOMMENDED);
	k.ask.now_ms += 2 * 24 * HOUR;
	k.ask.count = 99; /* another decision: the same arm */
	decide(&k);
	assert_int_equal(exposed(&k, "gift"), arm);
	desk_close(&k);
}

static void looks_and_wishes_expose_nobody(void **state)
{
	(void)state;
	struct desk k;
	desk_open(&k, "ann");
	k.ask.arm = ARM_WITHHELD;
	k.ask.intent = SLICE("gift");
	k.ask.limit = 4;
	struct decide_subjects subjects = { .customer = k.w.r };
	arena_reset(&k.w.m.arena);
	machine_decide(&k.w.m, &subjects, &k.ask, &k.foreign, &k.d);
	assert_true(chosen(&k, "gift") && !chosen(&k, "check"));
	for (unsigned i = 0; i < k.d.exposed_count; i++)
		assert_false(world_is(k.d.exposed[i].action, "gift"));
	k.ask = (struct ask){ .now_ms = T0, .limit = 4, .boot = 7, .count = 1, .explain = true };
	decide(&k);
	assert_int_equal(k.d.exposed_count, 0);
	k.ask = (struct ask){ .now_ms = T0, .limit = 4 }; /* without a number: of a test, or asked of history */
	decide(&k);
	assert_int_equal(k.d.exposed_count, 0);
	assert_int_equal(k.d.choice_count, 4);
	desk_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_those_stated),
		cmocka_unit_test(once_in_ninety_days),
		cmocka_unit_test(looks_and_wishes_expose_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
