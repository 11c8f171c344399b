/* tests/unit/test_dated.c: what is true of a customer since when: in whatever order it is told, the newest stands. */
#include "sample_record.h"

#include "decide_world.h"
#include "state/items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct strpool *pool;
static struct record *r;

static int setup(void **state)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("an"));
	pool = strpool_create();
	r = record_create(&s);
	return 0;
}

static int teardown(void **state)
{
	record_destroy(r, pool);
	size_t left = strpool_count(pool);
	strpool_destroy(pool);
	return left != 0;
}

static struct slice numbered(char buffer[16], int i)
{
	snprintf(buffer, 16, "n%d", i);
	return slice_of(buffer);
}

static double number(struct attrs a, struct slice name)
{
	const struct attr *found = attrs_get_text(a, name);
	return found && found->kind == VALUE_NUMBER ? found->number : -1;
}

static struct record *read_back(const struct record *of)
{
	struct bytes b = { 0 };
	struct record *back;
	record_encode(of, &b);
	assert_int_equal(record_decode(&back, pool, bytes_slice(&b)), ERR_OK);
	bytes_finish(&b);
	return back;
}

/* In whatever order a value and its removal come: the newer of the two stands. */
static void what_was_removed_stays_so(void **state)
{
	struct record *other = sample_record(pool, "binh", 2, 10);
	record_member(r, pool, SLICE("anna"), true, 1);
	record_set(r, pool, 0, SLICE("x"), value_number(1), 10);
	record_set(r, pool, 0, SLICE("x"), value_unknown(), 20);
	record_set(r, pool, 0, SLICE("x"), value_number(2), 19);
	assert_null(attrs_get_text(record_attrs(r, 0), SLICE("x")));
	record_set(r, pool, 1, SLICE("x"), value_number(3), 5); /* the member's is another */
	assert_true(number(record_attrs(r, 1), SLICE("x")) == 3);
	record_unset(r, pool, 0, SLICE("y"), 30); /* nobody had told it yet */
	record_set(r, pool, 0, SLICE("y"), value_number(1), 29);
	assert_null(attrs_get_text(record_attrs(r, 0), SLICE("y")));
	struct record *back = read_back(r);
	record_set(back, pool, 0, SLICE("x"), value_number(2), 19);
	assert_null(attrs_get_text(record_attrs(back, 0), SLICE("x")));
	assert_true(record_digest(back).low == record_digest(r).low);
	record_set(back, pool, 0, SLICE("x"), value_number(4), 21);
	assert_true(number(record_attrs(back, 0), SLICE("x")) == 4);
	record_set(other, pool, 0, SLICE("x"), value_number(9), 15);
	record_merge(other, pool, r); /* its removal is newer than the other's value */
	assert_null(attrs_get_text(record_attrs(other, 0), SLICE("x")));
	record_merge(other, pool, back); /* and this value newer than the removal */
	assert_true(number(record_attrs(other, 0), SLICE("x")) == 4);
	record_destroy(back, pool);
	record_destroy(other, pool);
}

static void the_oldest_removals_are_forgotten(void **state)
{
	char buffer[16];
	for (int i = 0; i < (int)LIMIT_REMOVED + 1; i++)
		record_unset(r, pool, 0, numbered(buffer, i), 100 + i);
	record_set(r, pool, 0, numbered(buffer, 0), value_number(1), 1);
	record_set(r, pool, 0, numbered(buffer, 1), value_number(1), 1);
	assert_int_equal(r->attr_count, 1);
	assert_int_equal(r->rare->item_count, LIMIT_REMOVED);
}

static void profile(struct world *w, int64_t event_ms, double plan, int64_t plan_ms, double city, int64_t city_ms)
{
	struct world_event we;
	const struct value city_value = city ? value_number(city) : value_unknown();
	const int64_t times[] = { plan_ms, city_ms };
	world_event_make(&we, ++w->ids, "c1", "profile.updated", event_ms, "");
	we.attrs[0] = (struct event_attr){ SLICE("plan"), value_number(plan) };
	we.attrs[1] = (struct event_attr){ SLICE("city"), city_value };
	we.e.attr_count = 2;
	we.e.attr_times = times;
	arena_reset(&w->m.arena);
	machine_apply_event(&w->m, w->r, &we.e, &w->in, &w->out);
	world_settle(w);
}

/* Whatever the order of the events, and however often: each attribute is what was true last. */
static void attributes_have_times_of_their_own(void **state)
{
	struct hash128 digests[2];
	for (int order = 0; order < 2; order++) {
		struct world w;
		world_init(&w, "pack { name = 't' }");
		for (int i = 0; i < 4; i++) {
			bool newer = (i + order) % 2;
			if (newer)
				profile(&w, T0, 2, T0 - DAY, 0, T0 - HOUR);
			else
				profile(&w, T0, 1, 0, 5, T0 - 2 * HOUR); /* plan: since the event */
		}
		assert_number(world_attr(w.r, 0, "plan"), 1);
		assert_unknown(world_attr(w.r, 0, "city"));
		assert_int_equal(attrs_get_text(record_attrs(w.r, 0), SLICE("plan"))->time_ms, T0);
		w.r->seen_count = 0; /* ids differ in order */
		digests[order] = record_digest(w.r);
		world_finish(&w);
	}
	assert_true(digests[0].low == digests[1].low && digests[0].high == digests[1].high);
}

/* Older than the ids that are remembered: what is dated is known all the same, and counts nowhere twice. */
static void what_is_dated_is_never_too_old(void **state)
{
	struct world w;
	world_init(&w, "pack { name = 't' }\nlocal n = series { name = 'n', on = 'profile.updated', keep = '100d' }\n"
		       "fact.n = n:count '100d'\n");
	for (int i = 0; i < 40; i++)
		world_event(&w, "call", T0 + i * DAY, "");
	assert_true(seen_forgotten(w.r, T0 + DAY));
	world_event(&w, "profile.updated", T0 + DAY, "plan=old member=anna");
	world_event(&w, "member.left", T0 + DAY, "member=anna");
	world_event(&w, "alias.added", T0 + DAY, "alias=+4912");
	assert_slice(world_attr(w.r, 1, "plan").string, "old");
	assert_int_equal(record_member_left_ms(w.r, 1), T0 + DAY);
	assert_int_equal(w.r->rare->link_count, 1);
	assert_number(world_fact(&w, "n", T0 + 40 * DAY, 0), 0);
	world_event(&w, "profile.updated", T0 + 40 * DAY, "plan=new member=anna");
	assert_number(world_fact(&w, "n", T0 + 40 * DAY, 0), 1);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_removed_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_removals_are_forgotten, setup, teardown),
		cmocka_unit_test(attributes_have_times_of_their_own),
		cmocka_unit_test(what_is_dated_is_never_too_old),
	};
	return cmocka_run_group_tests_name("dated", tests, NULL, NULL);
}
