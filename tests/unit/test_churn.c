/* tests/unit/test_churn.c: who is there and who has left: sums are what they would be, had all come in order. */
#include "lasting_world.h"

static const char pack[] =
	"pack { name = 't' }\n"
	"contract { starts = 'signed', renews = 'renewed', ends = 'cancelled', id = 'deal' }\n"
	"local gone = churn { on = 'cancelled', back = { 'signed', 'renewed' }, when = attr 'left':is(true),\n"
	"  by = { 'plan', 'band' }, contacts = 'contact', mood = 'mood' }\n"
	"fact.lost = gone:is_lost()\n"
	"fact.away = gone:since()\n"
	"rule 'moved-on' { on = 'note', set = { band = event.band } }\n";

static int64_t churn(const struct books *b, const char *dims, enum churn_measure measure)
{
	return books_sum(b, LEDGER_CHURN, dims, measure);
}

static int64_t there(const struct books *b, const char *dims)
{
	return books_sum(b, LEDGER_CUSTOMERS, dims, CUSTOMERS_THERE);
}

/* Nobody comes from or goes to nowhere, in any cell. */
static void adds_up(const struct books *b, const char *dims)
{
	assert_int_equal(churn(b, dims, CHURN_JOINED) + churn(b, dims, CHURN_RETURNED) + churn(b, dims, CHURN_MOVED_IN) -
				 churn(b, dims, CHURN_MOVED_OUT) - churn(b, dims, CHURN_LOST),
			 there(b, dims));
}

static void one_who_joins_moves_leaves_and_returns(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "profile.updated", T0, "plan=a");
	assert_int_equal(churn(&b, "plan,band|a|unknown", CHURN_JOINED), 1);
	books_event(&b, &w, "note", T0 + DAY, "band=new"); /* a rule tells what was not known: no move */
	assert_int_equal(churn(&b, "plan,band|a|new", CHURN_JOINED), 1);
	assert_int_equal(churn(&b, "plan,band|a|unknown", CHURN_JOINED), 0);
	books_event(&b, &w, "profile.updated", T0 + 2 * DAY, "plan=b");
	assert_int_equal(there(&b, "*|a"), 0);
	assert_int_equal(there(&b, "*|b|new"), 1);
	assert_int_equal(churn(&b, "*|a", CHURN_MOVED_OUT), 1);
	books_event(&b, &w, "cancelled", T0 + 3 * DAY, "reason=price");
	assert_int_equal(churn(&b, "*|b|new||price", CHURN_LOST), 1);
	assert_int_equal(there(&b, ""), 0);
	assert_int_equal(books_sum(&b, LEDGER_CUSTOMERS, "*|b", CUSTOMERS_LOST), 1);
	books_event(&b, &w, "cancelled", T0 + 5 * DAY, "reason=service"); /* told again */
	books_event(&b, &w, "profile.updated", T0 + 6 * DAY, "plan=none"); /* who has left keeps what they had */
	assert_int_equal(churn(&b, "*|b|new||price", CHURN_LOST), 1);
	assert_int_equal(churn(&b, "", CHURN_LOST), 1);
	books_event(&b, &w, "signed", T0 + 9 * DAY, "deal=k");
	assert_int_equal(churn(&b, "*|b", CHURN_RETURNED), 1);
	assert_int_equal(there(&b, "*|none|new"), 1);
	adds_up(&b, "*|a");
	adds_up(&b, "*|b");
	adds_up(&b, "*|none");
	books_finish(&b, &w);
	world_finish(&w);
}

static void a_loss_told_late_is_counted_where_it_was(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "profile.updated", T0 + DAY, "plan=a band=old");
	books_event(&b, &w, "cancelled", T0 + 9 * DAY, "reason=moved");
	books_event(&b, &w, "cancelled", T0 + 4 * DAY, "reason=price"); /* in truth it was earlier */
	assert_int_equal(churn(&b, "*|a|old||price", CHURN_LOST), 1);
	assert_int_equal(churn(&b, "", CHURN_LOST), 1);
	assert_int_equal(w.r->rare->items[w.r->rare->item_count - 1].numbers[CUSTOMER_LOST_MS], T0 + 4 * DAY);
	books_event(&b, &w, "renewed", T0 + 2 * DAY, "deal=k"); /* of before they left: they are still gone */
	assert_int_equal(there(&b, ""), 0);
	assert_true(world_fact(&w, "lost", T0 + 9 * DAY, 0).boolean);
	assert_number(world_fact(&w, "away", T0 + 5 * DAY, 0), 24 * 3600);
	adds_up(&b, "");
	books_finish(&b, &w);
	world_finish(&w);
}

static void a_loss_of_before_they_came_again(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0 + 20 * DAY, "deal=k2");
	books_event(&b, &w, "cancelled", T0 + 10 * DAY, "deal=k1 reason=price"); /* comes late: they are there */
	assert_int_equal(churn(&b, "", CHURN_JOINED), 1);
	assert_int_equal(churn(&b, "", CHURN_RETURNED), 1);
	assert_int_equal(churn(&b, "*|*|*||price", CHURN_LOST), 1);
	assert_int_equal(there(&b, ""), 1);
	assert_false(world_fact(&w, "lost", T0 + 20 * DAY, 0).boolean);
	adds_up(&b, "");
	books_finish(&b, &w);
	world_finish(&w);
}

static void one_contract_of_two_is_no_loss(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "signed", T0, "deal=k1");
	books_event(&b, &w, "signed", T0 + DAY, "deal=k2");
	books_event(&b, &w, "cancelled", T0 + 2 * DAY, "deal=k1");
	assert_int_equal(churn(&b, "", CHURN_LOST), 0);
	books_event(&b, &w, "cancelled", T0 + 3 * DAY, "deal=k2");
	assert_int_equal(churn(&b, "", CHURN_LOST), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void a_condition_may_tell(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "profile.updated", T0, "plan=a band=new left=true");
	assert_int_equal(churn(&b, "*|a|new", CHURN_JOINED), 1);
	assert_int_equal(churn(&b, "*|a|new||unknown", CHURN_LOST), 1);
	books_event(&b, &w, "cancelled", T0 + DAY, "reason=price"); /* and the reason becomes known */
	assert_int_equal(churn(&b, "*|a|new||price", CHURN_LOST), 1);
	assert_int_equal(churn(&b, "", CHURN_LOST), 1);
	books_event(&b, &w, "profile.updated", T0 + 2 * DAY, "left=false"); /* the event knew better than the profile */
	assert_int_equal(there(&b, ""), 0);
	books_event(&b, &w, "renewed", T0 + 3 * DAY, "deal=k");
	books_event(&b, &w, "profile.updated", T0 + 4 * DAY, "left=true");
	books_event(&b, &w, "profile.updated", T0 + 5 * DAY, "left=false");
	assert_int_equal(churn(&b, "", CHURN_LOST), 2);
	assert_int_equal(churn(&b, "", CHURN_RETURNED), 2);
	assert_int_equal(there(&b, "*|a|new"), 1);
	adds_up(&b, "");
	books_finish(&b, &w);
	world_finish(&w);
}

static int64_t after(const struct books *b, const char *dims, enum touched_measure measure)
{
	return books_sum(b, LEDGER_AFTER, dims, measure);
}

static void a_loss_comes_after_the_last_contact_before_it(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "profile.updated", T0, "plan=a band=new");
	books_event(&b, &w, "contact", T0 + 1 * DAY, "contact=c1 agent=linh topic=bill mood=0.5");
	books_event(&b, &w, "contact", T0 + 5 * DAY, "contact=c2 agent=minh topic=bill mood=-0.5");
	books_event(&b, &w, "contact", T0 + 5 * DAY + 1, "contact=c2 agent=mai topic=bill"); /* handed over: still one */
	assert_int_equal(after(&b, "*|a|new||*|bill", TOUCHED), 2);
	assert_int_equal(after(&b, "*|*|*||minh", TOUCHED), 0);
	books_event(&b, &w, "cancelled", T0 + 20 * DAY, "");
	assert_int_equal(after(&b, "*|a|new||mai|bill", TOUCHED_LOST), 1);
	assert_int_equal(after(&b, "*|*|*||mai", TOUCHED_LOST_MOOD), -500000);
	books_event(&b, &w, "cancelled", T0 + 3 * DAY, ""); /* in truth before that contact */
	assert_int_equal(after(&b, "*|*|*||mai", TOUCHED_LOST), 0);
	assert_int_equal(after(&b, "*|*|*||linh", TOUCHED_LOST), 1);
	books_event(&b, &w, "contact", T0 + 2 * DAY, "contact=c3 agent=hoa topic=data"); /* a contact that comes late */
	assert_int_equal(after(&b, "*|*|*||linh", TOUCHED_LOST), 0);
	assert_int_equal(after(&b, "*|*|*||hoa|data", TOUCHED_LOST), 1);
	books_event(&b, &w, "signed", T0 + 30 * DAY, "deal=k"); /* they return, and leave long after any contact */
	books_event(&b, &w, "cancelled", T0 + 70 * DAY, "");
	assert_int_equal(after(&b, "", TOUCHED_LOST), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

static void two_who_are_one(void **state)
{
	struct world w, other;
	struct books b = { 0 };
	world_init(&w, pack);
	world_init(&other, pack);
	record_destroy(other.r, other.m.pool);
	other.r = world_record(SUBJECT_CUSTOMER, "c2");
	books_event(&b, &w, "profile.updated", T0 + DAY, "plan=a band=new");
	books_event(&b, &other, "profile.updated", T0, "plan=b band=old");
	books_event(&b, &other, "cancelled", T0 + 2 * DAY, "reason=price");
	assert_int_equal(there(&b, ""), 1);
	w.in.received_at_ms = T0 + 3 * DAY;
	books_merge(&b, &w, &other);
	assert_int_equal(there(&b, "*|a|new"), 1);
	assert_int_equal(churn(&b, "", CHURN_LOST), 0); /* they were there all the time */
	assert_int_equal(churn(&b, "", CHURN_JOINED), 1);
	books_event(&b, &w, "cancelled", T0 + 4 * DAY, "reason=price");
	assert_int_equal(churn(&b, "*|a|new||price", CHURN_LOST), 1);
	adds_up(&b, "");
	books_finish(&b, &w);
	world_finish(&other);
	world_finish(&w);
}

static void prospects_are_nobody_yet(void **state)
{
	struct world w;
	struct books b = { 0 };
	struct subject s = subject_prospect(SLICE("+4912"));
	world_init(&w, pack);
	record_destroy(w.r, w.m.pool);
	w.r = record_create(&s);
	books_event(&b, &w, "profile.updated", T0, "plan=a");
	books_event(&b, &w, "contact", T0, "agent=linh topic=bill");
	assert_int_equal(churn(&b, "", CHURN_JOINED), 0);
	assert_int_equal(after(&b, "", TOUCHED), 0);
	books_finish(&b, &w);
	world_finish(&w);
}

static void other_names_count_anew(void **state)
{
	struct world w;
	struct books b = { 0 };
	world_init(&w, pack);
	books_event(&b, &w, "profile.updated", T0, "plan=a band=new area=north");
	machine_set_pack(&w.m, world_pack(w.m.pool, "pack { name = 't' } churn { on = 'cancelled', by = { 'area' } }"));
	books_event(&b, &w, "profile.updated", T0 + DAY, "plan=a");
	assert_int_equal(there(&b, "plan,band"), 0);
	assert_int_equal(churn(&b, "plan,band", CHURN_JOINED), 0);
	assert_int_equal(churn(&b, "area|north", CHURN_JOINED), 1);
	books_finish(&b, &w);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_who_joins_moves_leaves_and_returns),
		cmocka_unit_test(a_loss_told_late_is_counted_where_it_was),
		cmocka_unit_test(a_loss_of_before_they_came_again),
		cmocka_unit_test(one_contract_of_two_is_no_loss),
		cmocka_unit_test(a_condition_may_tell),
		cmocka_unit_test(a_loss_comes_after_the_last_contact_before_it),
		cmocka_unit_test(two_who_are_one),
		cmocka_unit_test(prospects_are_nobody_yet),
		cmocka_unit_test(other_names_count_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
