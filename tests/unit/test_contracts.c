/* tests/unit/test_contracts.c: contracts and how their sales fared, whatever the order in which it becomes known. */
#include "lasting_world.h"

static const char pack[] =
	"pack { name = 't' }\n"
	"local deal = contract { starts = 'signed', renews = 'renewed', ends = 'cancelled', id = 'deal', complaints = 'complaint',\n"
	"  contacts = 'contact', opinions = { { on = 'contact', value = 'mood' }, { on = 'settled', value = 'satisfied' } } }\n"
	"fact.left = deal:days_left()\n"
	"fact.fibre_left = deal:of 'fibre':days_left()\n"
	"fact.kept = deal:months_kept()\n"
	"fact.soon = deal:in_last '30d'\n"
	"fact.runs = deal:is_active()\n"
	"fact.count = deal:count_active()\n"
	"fact.product = deal:product()\n";

static int64_t at(const struct books *b, const char *dims, unsigned horizon, enum contract_at what)
{
	return books_sum(b, LEDGER_CONTRACTS, dims, CONTRACTS_AT + horizon * CONTRACTS_AT_COUNT + what);
}

static int64_t sold(const struct books *b, const char *dims)
{
	return books_sum(b, LEDGER_CONTRACTS, dims, CONTRACTS_SOLD);
}

static void a_sale_is_counted_for_who_sold_it(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0, "deal=k1 product=fibre agent=linh campaign=spring term=12");
	assert_int_equal(sold(&b, "linh|spring|fibre"), 1);
	for (unsigned h = 0; h < CONTRACT_HORIZONS; h++) {
		assert_int_equal(at(&b, "linh", h, AT_LOST), 0);
		assert_int_equal(at(&b, "linh", h, AT_CONTENT), 1);
	}
	books_event(&b, &w, "complaint", T0 + 40 * DAY, "");
	assert_int_equal(at(&b, "linh", 0, AT_COMPLAINTS), 0);
	assert_int_equal(at(&b, "linh", 0, AT_CONTENT), 1);
	assert_int_equal(at(&b, "linh", 1, AT_COMPLAINTS), 1);
	assert_int_equal(at(&b, "linh", 3, AT_COMPLAINED), 1);
	assert_int_equal(at(&b, "linh", 3, AT_CONTENT), 0);
	books_event(&b, &w, "settled", T0 + 41 * DAY, "satisfied=true"); /* what they said weighs more than that they complained */
	assert_int_equal(at(&b, "linh", 3, AT_CONTENT), 1);
	assert_int_equal(at(&b, "linh", 3, AT_MOOD), 1000000);
	books_event(&b, &w, "cancelled", T0 + 100 * DAY, "deal=k1 reason=price");
	assert_int_equal(at(&b, "linh", 1, AT_LOST), 0);
	assert_int_equal(at(&b, "linh", 1, AT_CONTENT), 1);
	assert_int_equal(at(&b, "linh", 2, AT_LOST), 1);
	assert_int_equal(at(&b, "linh", 2, AT_CONTENT), 0);
	assert_int_equal(books_sum(&b, LEDGER_CONTRACTS, "linh", CONTRACTS_ENDED), 1);
	books_event(&b, &w, "complaint", T0 + 120 * DAY, ""); /* nothing runs any more */
	assert_int_equal(at(&b, "linh", 3, AT_COMPLAINTS), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void repeats_and_moods_are_counted_to_each_horizon(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0, "deal=k1 agent=linh");
	books_event(&b, &w, "contact", T0 + DAY, "topic=bill mood=-0.5");
	books_event(&b, &w, "contact", T0 + 3 * DAY, "topic=bill mood=0.25");
	books_event(&b, &w, "contact", T0 + 4 * DAY, "topic=data mood=-2");
	books_event(&b, &w, "contact", T0 + 20 * DAY, "topic=data");
	books_event(&b, &w, "contact", T0 + 100 * DAY, "topic=data mood=1");
	books_event(&b, &w, "contact", T0 + 400 * DAY, "topic=data mood=1"); /* past the last horizon */
	assert_int_equal(at(&b, "linh", 0, AT_CONTACTS), 4);
	assert_int_equal(at(&b, "linh", 0, AT_REPEATS), 1);
	assert_int_equal(at(&b, "linh", 0, AT_SAID), 3);
	assert_int_equal(at(&b, "linh", 0, AT_MOOD), -1250000); /* -2 counts as -1 */
	assert_int_equal(at(&b, "linh", 1, AT_CONTACTS), 4);
	assert_int_equal(at(&b, "linh", 2, AT_CONTACTS), 5);
	assert_int_equal(at(&b, "linh", 3, AT_MOOD), -250000);
	assert_int_equal(at(&b, "linh", 3, AT_CONTENT), 0);
	books_finish(&b, &w);
	world_finish(&w);
}

static void a_late_cancellation_and_a_renewal_after_it(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0, "deal=k1 agent=linh term=1");
	books_event(&b, &w, "renewed", T0 + 28 * DAY, "deal=k1 term=12");
	assert_int_equal(books_sum(&b, LEDGER_CONTRACTS, "linh", CONTRACTS_RENEWALS), 1);
	books_event(&b, &w, "cancelled", T0 + 60 * DAY, "deal=k1 reason=moved");
	assert_int_equal(at(&b, "linh", 1, AT_LOST), 1);
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 0);
	books_event(&b, &w, "cancelled", T0 + 20 * DAY, "deal=k1 reason=price"); /* told late: it ended before */
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 1);
	books_event(&b, &w, "renewed", T0 + 10 * DAY, "deal=k1"); /* a renewal of before changes nothing of that */
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 1);
	books_event(&b, &w, "renewed", T0 + 61 * DAY, "deal=k1"); /* the cancellation is taken back */
	assert_int_equal(at(&b, "linh", 3, AT_LOST), 0);
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 0);
	assert_int_equal(sold(&b, ""), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void an_end_told_before_the_begin(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "cancelled", T0 + 40 * DAY, "deal=k1 reason=price");
	assert_int_equal(sold(&b, ""), 0);
	assert_false(world_fact(&w, "runs", T0 + 50 * DAY, 0).boolean);
	books_event(&b, &w, "signed", T0, "deal=k1 agent=linh");
	assert_int_equal(sold(&b, "linh"), 1);
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 0);
	assert_int_equal(at(&b, "linh", 1, AT_LOST), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void a_corrected_seller_and_begin(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0 + 5 * DAY, "deal=k1 agent=linh product=fibre");
	books_event(&b, &w, "cancelled", T0 + 34 * DAY, "deal=k1");
	assert_int_equal(at(&b, "linh", 0, AT_LOST), 1);
	books_event(&b, &w, "signed", T0, "deal=k1 agent=minh"); /* it was he, and five days before */
	assert_int_equal(sold(&b, "linh"), 0);
	assert_int_equal(sold(&b, "minh|*|fibre"), 1);
	assert_int_equal(at(&b, "minh", 0, AT_LOST), 0);
	assert_int_equal(at(&b, "minh", 1, AT_LOST), 1);
	books_event(&b, &w, "signed", T0 + 60 * DAY, "deal=k1 agent=linh"); /* after its end: they come again */
	assert_int_equal(sold(&b, "linh"), 1);
	assert_int_equal(sold(&b, "minh"), 1);
	assert_int_equal(at(&b, "", 3, AT_LOST), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void two_customers_who_are_one_have_one_contract(void **state)
{
	struct world w, other;
	struct books b = { 0 };
	world_init(&w, pack);
	world_init(&other, pack);
	record_destroy(other.r, other.m.pool);
	other.r = world_record(SUBJECT_CUSTOMER, "c2");
	books_event(&b, &w, "signed", T0, "deal=k1 agent=linh product=fibre");
	books_event(&b, &other, "signed", T0, "deal=k1 agent=linh product=fibre");
	books_event(&b, &other, "signed", T0 + DAY, "deal=k2 agent=linh product=mobile");
	books_event(&b, &other, "cancelled", T0 + 10 * DAY, "deal=k1");
	assert_int_equal(sold(&b, "linh"), 3);
	w.in.received_at_ms = T0 + 20 * DAY;
	books_merge(&b, &w, &other);
	assert_int_equal(sold(&b, "linh"), 2);
	assert_int_equal(at(&b, "linh|*|fibre", 0, AT_LOST), 1);
	assert_int_equal(at(&b, "linh|*|mobile", 0, AT_LOST), 0);
	assert_number(world_fact(&w, "count", T0 + 21 * DAY, 0), 1);
	books_event(&b, &w, "cancelled", T0 + 25 * DAY, "deal=k2"); /* it can still be found, and counted once */
	assert_int_equal(at(&b, "linh|*|mobile", 0, AT_LOST), 1);
	books_finish(&b, &w);
	world_finish(&other);
	world_finish(&w);
}

static void what_gates_ask(void **state)
{
	struct world w;
	world_init(&w, pack);
	assert_int_equal(world_fact(&w, "left", T0, 0).kind, VALUE_UNKNOWN);
	assert_false(world_fact(&w, "runs", T0, 0).boolean);
	world_event(&w, "signed", T0, "deal=k1 product=mobile term=12");
	world_event(&w, "signed", T0 + DAY, "deal=k2 product=fibre contract_ends=1702592000000");
	assert_number(world_fact(&w, "count", T0 + 2 * DAY, 0), 2);
	assert_slice(world_fact(&w, "product", T0 + 2 * DAY, 0).string, "fibre");
	assert_true(world_fact(&w, "left", T0 + 2 * DAY, 0).number < 30);
	assert_true(world_fact(&w, "soon", T0 + 2 * DAY, 0).boolean);
	world_event(&w, "cancelled", T0 + 3 * DAY, "product=fibre");
	assert_number(world_fact(&w, "count", T0 + 4 * DAY, 0), 1);
	assert_int_equal(world_fact(&w, "fibre_left", T0 + 4 * DAY, 0).kind, VALUE_UNKNOWN);
	assert_false(world_fact(&w, "soon", T0 + 4 * DAY, 0).boolean);
	assert_true(world_fact(&w, "kept", T0 + 365 * DAY, 0).number > 11.9);
	world_event(&w, "cancelled", T0 + 5 * DAY, ""); /* names none: all */
	assert_false(world_fact(&w, "runs", T0 + 6 * DAY, 0).boolean);
	world_event(&w, "renewed", T0 + 7 * DAY, "deal=k9 product=mobile"); /* never seen to begin: it runs, nobody's sale */
	assert_true(world_fact(&w, "runs", T0 + 8 * DAY, 0).boolean);
	world_finish(&w);
}

static void lanes_hold_what_they_are_given(void **state)
{
	int64_t lanes = 0;
	struct item c = { 0 };
	for (unsigned i = 0; i < 70000; i++)
		contract_lane_add(&lanes, 3);
	contract_lane_add(&lanes, 0);
	assert_int_equal(contract_lanes_upto(lanes, 2), 1);
	assert_int_equal(contract_lanes_upto(lanes, 3), 65536);
	contract_mood_add(&c, 0, -900000);
	contract_mood_add(&c, 1, 400000);
	contract_mood_add(&c, 3, -1);
	assert_int_equal(contract_mood_upto(&c, 0), -900000);
	assert_int_equal(contract_mood_upto(&c, 2), -500000);
	assert_int_equal(contract_mood_upto(&c, 3), -500001);
	assert_int_equal(contract_band(30 * DAY), 0);
	assert_int_equal(contract_band(30 * DAY + 1), 1);
	assert_int_equal(contract_band(366 * DAY), CONTRACT_HORIZONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sale_is_counted_for_who_sold_it),
		cmocka_unit_test(repeats_and_moods_are_counted_to_each_horizon),
		cmocka_unit_test(a_late_cancellation_and_a_renewal_after_it),
		cmocka_unit_test(an_end_told_before_the_begin),
		cmocka_unit_test(a_corrected_seller_and_begin),
		cmocka_unit_test(two_customers_who_are_one_have_one_contract),
		cmocka_unit_test(what_gates_ask),
		cmocka_unit_test(lanes_hold_what_they_are_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
