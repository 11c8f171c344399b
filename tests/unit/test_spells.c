/* tests/unit/test_spells.c: when an agent was busy: shares of a span, several contacts at once, breaks and gaps, ends that
 * never came, and what was stored comes back. */
#include "state/spells.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define MINUTE (60 * 1000LL)
#define GAP (15 * MINUTE)
#define T0 (1000 * 24 * 3600 * 1000LL)

struct desk {
	struct strpool *pool;
	struct record *r;
};

static struct desk desk_of(void)
{
	struct subject linh = subject_of(SUBJECT_AGENT, SLICE("linh"));
	return (struct desk){ strpool_create(), record_create(&linh) };
}

static void leave(struct desk *d)
{
	record_destroy(d->r, d->pool);
	strpool_destroy(d->pool);
}

static void works(struct desk *d, const char *contact, int64_t from, int64_t to)
{
	spells_begin(d->r, d->pool, 7, slice_of(contact), T0 + from * MINUTE);
	if (to >= 0)
		spells_end(d->r, 7, slice_of(contact), T0 + to * MINUTE);
}

static double share(const struct desk *d, int64_t from, int64_t to)
{
	double share;
	return spells_share(d->r, 7, T0 + from * MINUTE, T0 + to * MINUTE, &share) ? share : NAN;
}

static int64_t since(const struct desk *d, int64_t now)
{
	int64_t ms;
	return spells_since_break(d->r, 7, GAP, T0 + now * MINUTE, &ms) ? ms / MINUTE : -1;
}

static void shares_are_of_the_span(void **state)
{
	struct desk d = desk_of();
	(void)state;
	assert_true(isnan(share(&d, 0, 60)));
	assert_int_equal(since(&d, 60), -1);
	works(&d, "a", 0, 30);
	works(&d, "b", 45, 60);
	assert_true(share(&d, 0, 60) == 0.75);
	assert_true(share(&d, 20, 40) == 0.5);   /* cut at both ends */
	assert_true(share(&d, 100, 160) == 0);
	leave(&d);
}

static void several_at_once_are_no_more_than_busy(void **state)
{
	struct desk d = desk_of();
	(void)state;
	works(&d, "a", 0, 40);
	works(&d, "b", 10, 20);
	works(&d, "c", 30, 60);
	assert_true(share(&d, 0, 120) == 0.5);
	leave(&d);
}

static void what_goes_on_counts_and_what_never_ended_ends(void **state)
{
	struct desk d = desk_of();
	(void)state;
	works(&d, "a", 0, -1);
	assert_true(share(&d, 0, 60) == 1);
	works(&d, "a", 10, -1); /* told again: it goes on */
	assert_int_equal(items_of(d.r, ITEM_SPELL, 7).count, 1);
	assert_true(share(&d, 180, 300) == 0.5); /* four hours at most */
	spells_end(d.r, 7, SLICE("nobody"), T0);
	spells_end(d.r, 7, SLICE("a"), T0 - MINUTE); /* before it began: another's */
	assert_true(share(&d, 0, 60) == 1);
	leave(&d);
}

static void breaks_and_gaps_end_a_stretch(void **state)
{
	struct desk d = desk_of();
	(void)state;
	works(&d, "a", 0, 30);
	works(&d, "b", 44, 60);
	assert_int_equal(since(&d, 60), 60); /* 14 minutes are no break */
	assert_int_equal(since(&d, 74), 74);
	assert_int_equal(since(&d, 75), 0);
	works(&d, "c", 75, 80);
	assert_int_equal(since(&d, 80), 5);
	spells_break(d.r, d.pool, 7, T0 + 81 * MINUTE);
	assert_int_equal(since(&d, 82), 0);
	works(&d, "d", 85, -1);
	assert_int_equal(since(&d, 95), 10);
	assert_true(share(&d, 75, 95) == 0.75);
	leave(&d);
}

static void the_oldest_give_way_and_all_is_stored(void **state)
{
	struct desk d = desk_of();
	struct bytes b = { 0 };
	struct record *again;
	char name[16];
	(void)state;
	for (int64_t i = 0; i < SPELLS_KEPT + 10; i++) {
		snprintf(name, sizeof(name), "c%d", (int)i);
		works(&d, name, 2 * i, 2 * i + 1);
	}
	assert_int_equal(items_of(d.r, ITEM_SPELL, 7).count, SPELLS_KEPT);
	record_encode(d.r, &b);
	assert_int_equal(record_decode(&again, d.pool, bytes_slice(&b)), 0);
	struct hash128 x = record_digest(d.r), y = record_digest(again);
	assert_true(x.low == y.low && x.high == y.high);
	struct desk e = { d.pool, again };
	assert_true(share(&e, 150, 210) == share(&d, 150, 210));
	record_destroy(again, d.pool);
	bytes_finish(&b);
	leave(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_of_the_span),
		cmocka_unit_test(several_at_once_are_no_more_than_busy),
		cmocka_unit_test(what_goes_on_counts_and_what_never_ended_ends),
		cmocka_unit_test(breaks_and_gaps_end_a_stretch),
		cmocka_unit_test(the_oldest_give_way_and_all_is_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
