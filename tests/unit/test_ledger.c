/* What customers have several of (items) and what reports are made from (ledgers): kept in order, bounded, and the same
 * after a trip through bytes. */
#include "base/error.h"
#include "base/limits.h"
#include "sample_record.h"
#include "state/items.h"
#include "state/ledgers.h"
#include "state/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct strpool *pool;
	struct record *r;
};

static struct rig rig_of(enum subject_kind kind, const char *id)
{
	struct subject s = subject_of(kind, slice_of(id));
	return (struct rig){ strpool_create(), record_create(&s) };
}

static void rig_end(struct rig *g)
{
	record_destroy(g->r, g->pool);
	assert_int_equal(strpool_count(g->pool), 0); /* every reference was given back */
	strpool_destroy(g->pool);
}

static void assert_travels(struct rig *g)
{
	struct bytes bytes = { 0 }, again = { 0 };
	struct record *other;
	record_encode(g->r, &bytes);
	assert_int_equal(record_decode(&other, g->pool, bytes_slice(&bytes)), ERR_OK);
	record_encode(other, &again);
	assert_true(slice_equal(bytes_slice(&bytes), bytes_slice(&again)));
	struct hash128 a = record_digest(g->r), b = record_digest(other);
	assert_true(a.low == b.low && a.high == b.high);
	record_destroy(other, g->pool);
	for (size_t cut = 20; cut < bytes.len; cut += 3) /* half a record is refused, whatever is missing */
		if (record_decode(&other, g->pool, (struct slice){ bytes.data, cut }) == ERR_OK)
			record_destroy(other, g->pool);
	bytes_finish(&bytes);
	bytes_finish(&again);
}

static void items_lie_in_order_and_the_oldest_gives_way(void **state)
{
	struct rig g = rig_of(SUBJECT_CUSTOMER, "ann");
	static const char *const keys[] = { "c", "a", "b", "d" };
	static const int64_t times[] = { 300, 100, 200, 400 };
	for (unsigned i = 0; i < 4; i++) {
		struct item *it = items_add(g.r, g.pool, ITEM_CONTACT, 7, slice_of(keys[i]), 0, times[i], 3);
		assert_non_null(it);
		item_set_text(it, g.pool, 2, SLICE("bill"));
		it->numbers[9] = -5;
	}
	items_add(g.r, g.pool, ITEM_CONTRACT, 0, SLICE("k"), 0, 50, 3);
	struct items all = items_of(g.r, ITEM_CONTACT, 7);
	assert_int_equal(all.count, 3);
	assert_true(slice_equal(item_key(&all.items[0]), SLICE("b")) && slice_equal(item_key(&all.items[2]), SLICE("d")));
	assert_null(items_find(g.r, ITEM_CONTACT, 7, SLICE("a")));
	assert_null(items_add(g.r, g.pool, ITEM_CONTACT, 7, SLICE("older"), 0, 150, 3)); /* than all that are kept */
	assert_true(slice_equal(item_text(items_find(g.r, ITEM_CONTACT, 7, SLICE("c")), 2), SLICE("bill")));
	assert_int_equal(items_of(g.r, ITEM_CONTACT, 8).count, 0);
	assert_travels(&g);
	items_remove(g.r, g.pool, items_find(g.r, ITEM_CONTACT, 7, SLICE("c")));
	assert_int_equal(items_of(g.r, ITEM_CONTACT, 7).count, 2);
	rig_end(&g);
}

static void merged_items_join_as_a_set(void **state)
{
	struct rig g = rig_of(SUBJECT_CUSTOMER, "ann");
	struct subject other = subject_of(SUBJECT_CUSTOMER, SLICE("bob"));
	struct record *from = record_create(&other);
	items_add(g.r, g.pool, ITEM_CONTACT, 1, SLICE("both"), 0, 100, 8)->numbers[0] = 1;
	items_add(from, g.pool, ITEM_CONTACT, 1, SLICE("both"), 0, 100, 8)->numbers[0] = 2;
	item_set_text(items_add(from, g.pool, ITEM_CONTACT, 1, SLICE("his"), 0, 90, 8), g.pool, 0, SLICE("text"));
	record_merge(g.r, g.pool, from);
	record_destroy(from, g.pool);
	struct items all = items_of(g.r, ITEM_CONTACT, 1);
	assert_int_equal(all.count, 2);
	assert_true(slice_equal(item_key(&all.items[0]), SLICE("his")));
	assert_int_equal(all.items[1].numbers[0], 1); /* what both have stays as it was here */
	rig_end(&g);
}

static void add(struct rig *g, const char *key, unsigned measure, int64_t amount)
{
	struct ledger_sum sum = { (uint8_t)measure, amount };
	ledger_add(g->r, g->pool, slice_of(key), &sum, 1);
}

static void sums_do_not_depend_on_order_and_zero_is_nothing(void **state)
{
	struct rig a = rig_of(SUBJECT_LEDGER, "contacts/2026-06-01"), b = rig_of(SUBJECT_LEDGER, "contacts/2026-06-01");
	add(&a, "linh\x1f" "bill", 0, 1);
	add(&a, "an\x1f" "bill", 3, 7);
	add(&a, "linh\x1f" "bill", 3, -2);
	add(&a, "linh\x1f" "bill", 0, 2);
	add(&b, "linh\x1f" "bill", 3, -2);
	add(&b, "gone", 5, 9);
	add(&b, "linh\x1f" "bill", 0, 3);
	add(&b, "gone", 5, -9);
	add(&b, "an\x1f" "bill", 3, 7);
	struct hash128 x = record_digest(a.r), y = record_digest(b.r);
	assert_true(x.low == y.low && x.high == y.high && x.low != 0);
	const struct ledger *l = record_ledger(a.r);
	assert_int_equal(l->cell_count, 2);
	assert_true(slice_equal(str_slice(l->cells[0].key), SLICE("an\x1f" "bill")));
	assert_int_equal(ledger_sum_of(&l->cells[1], 0), 3);
	assert_int_equal(ledger_sum_of(&l->cells[1], 1), 0);
	struct slice dims[3];
	ledger_key_parse(str_slice(l->cells[1].key), dims, 3);
	assert_true(slice_equal(dims[0], SLICE("linh")) && slice_equal(dims[1], SLICE("bill")) && dims[2].len == 0);
	assert_travels(&a);
	add(&a, "linh\x1f" "bill", 0, -3);
	add(&a, "linh\x1f" "bill", 3, 2);
	add(&a, "an\x1f" "bill", 3, -7);
	assert_null(record_ledger(a.r));
	assert_true(record_digest(a.r).low == 0); /* as if it had never been */
	rig_end(&a);
	rig_end(&b);
}

static void a_full_ledger_counts_the_rest_in_one_cell(void **state)
{
	struct rig g = rig_of(SUBJECT_LEDGER, "contacts/2026-06-01");
	char key[16];
	for (unsigned i = 0; i < LIMIT_LEDGER_CELLS + 10; i++) {
		snprintf(key, sizeof(key), "%06u", i);
		add(&g, key, 0, 1);
	}
	add(&g, "000001", 0, 1);
	const struct ledger *l = record_ledger(g.r);
	assert_int_equal(l->cell_count, LIMIT_LEDGER_CELLS + 1);
	assert_true(slice_equal(str_slice(l->cells[LIMIT_LEDGER_CELLS].key), SLICE("…")));
	assert_int_equal(l->cells[LIMIT_LEDGER_CELLS].sums[0].amount, 10);
	assert_int_equal(l->cells[1].sums[0].amount, 2);
	rig_end(&g);
}

static void ledgers_have_a_record_a_day(void **state)
{
	enum ledger_id id;
	int32_t day;
	struct subject s = ledger_subject(LEDGER_CONTACTS, 20605);
	assert_true(slice_equal(subject_id(&s), SLICE("contacts/2026-06-01")));
	assert_true(ledger_of_subject(subject_id(&s), &id, &day));
	assert_true(id == LEDGER_CONTACTS && day == 20605);
	s = ledger_subject(LEDGER_CUSTOMERS, 20605);
	assert_true(slice_equal(subject_id(&s), SLICE("customers/now")));
	assert_true(ledger_of_subject(subject_id(&s), &id, &day) && id == LEDGER_CUSTOMERS);
	assert_false(ledger_of_subject(SLICE("contacts"), &id, &day));
	assert_false(ledger_of_subject(SLICE("nothing/2026-06-01"), &id, &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_lie_in_order_and_the_oldest_gives_way),
		cmocka_unit_test(merged_items_join_as_a_set),
		cmocka_unit_test(sums_do_not_depend_on_order_and_zero_is_nothing),
		cmocka_unit_test(a_full_ledger_counts_the_rest_in_one_cell),
		cmocka_unit_test(ledgers_have_a_record_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
