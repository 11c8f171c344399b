/* tests/unit/test_record.c: the parts of a record: their bounds, and who gives way; and two records becoming one. */
#include "base/error.h"
#include "base/limits.h"
#include "state/record.h"

#include "sample_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define T0 SAMPLE_MS
#define HOUR 3600000LL

static struct strpool *pool;
static struct record *r;

static int setup(void **state)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("an"));
	pool = strpool_create();
	r = record_create(&s);
	return 0;
}

/* Whatever the test did, the record must come back from its bytes, and give all its strings back. */
static int teardown(void **state)
{
	struct bytes a = { 0 }, b = { 0 };
	struct record *copy;
	record_encode(r, &a);
	if (record_decode(&copy, pool, bytes_slice(&a)) != ERR_OK)
		return 1;
	record_encode(copy, &b);
	bool same = slice_equal(bytes_slice(&a), bytes_slice(&b));
	bytes_finish(&a);
	bytes_finish(&b);
	record_destroy(copy, pool);
	record_destroy(r, pool);
	size_t left = strpool_count(pool);
	strpool_destroy(pool);
	return !same || left != 0;
}

static struct slice name_of(char buffer[16], int i)
{
	snprintf(buffer, 16, "n%d", i);
	return slice_of(buffer);
}

static double number(struct attrs a, struct slice name)
{
	const struct attr *found = attrs_get_text(a, name);
	return found && found->kind == VALUE_NUMBER ? found->number : -1;
}

static void older_values_never_overwrite(void **state)
{
	assert_int_equal(record_set(r, pool, 0, SLICE("x"), value_number(1), 10), ERR_OK);
	assert_int_equal(record_set(r, pool, 0, SLICE("x"), value_number(2), 9), ERR_OK);
	assert_true(number(record_attrs(r, 0), SLICE("x")) == 1);
	record_set(r, pool, 0, SLICE("x"), value_number(3), 10); /* at the same time: the later to arrive */
	assert_true(number(record_attrs(r, 0), SLICE("x")) == 3);
	record_set(r, pool, 0, SLICE("x"), value_unknown(), 9);
	assert_true(number(record_attrs(r, 0), SLICE("x")) == 3);
	record_set(r, pool, 0, SLICE("x"), value_string(SLICE("words")), 11);
	struct value old = attr_value(attrs_get_text(record_attrs(r, 0), SLICE("x")));
	record_set(r, pool, 0, SLICE("x"), old, 12); /* lends from the old one */
	struct str *name = strpool_find(pool, SLICE("x"));
	assert_true(value_equal(attr_value(attrs_get(record_attrs(r, 0), name)), value_string(SLICE("words"))));
	record_set(r, pool, 0, SLICE("x"), value_unknown(), 12);
	assert_null(attrs_get_text(record_attrs(r, 0), SLICE("x")));
	assert_int_equal(attr_value(NULL).kind, VALUE_UNKNOWN);
}

/* The same by a name of the pool, however kinds follow each other; what a string lends may be what it replaces. */
static void attributes_are_put_by_interned_name(void **state)
{
	size_t before = strpool_count(pool);
	struct str *name = strpool_take(pool, SLICE("m")), *first = strpool_take(pool, SLICE("a"));
	record_set_known(r, pool, 0, name, value_unknown(), 9);
	assert_int_equal(r->attr_count, 0);
	record_set_known(r, pool, 0, name, value_string(SLICE("words")), 10);
	record_set_known(r, pool, 0, first, value_bool(true), 10);
	assert_ptr_equal(record_own_attrs(r)[0].name, first); /* sorted by what they say */
	record_set_known(r, pool, 0, name, value_string(SLICE("old")), 9);
	assert_true(value_equal(attr_value(attrs_get(record_attrs(r, 0), name)), value_string(SLICE("words"))));
	record_set_known(r, pool, 0, name, value_string(SLICE("words")), 11);
	assert_int_equal(attrs_get(record_attrs(r, 0), name)->time_ms, 11);
	struct value lent = attr_value(attrs_get(record_attrs(r, 0), name));
	lent.string.len = 4;
	record_set_known(r, pool, 0, name, lent, 12);
	assert_true(value_equal(attr_value(attrs_get(record_attrs(r, 0), name)), value_string(SLICE("word"))));
	record_set_known(r, pool, 0, name, value_number(2), 13);
	assert_true(number(record_attrs(r, 0), SLICE("m")) == 2);
	assert_int_equal(strpool_count(pool), before + 2); /* no text of its values is held any more */
	record_set_known(r, pool, 0, name, value_unknown(), 13);
	record_set_known(r, pool, 0, first, value_unknown(), 13);
	assert_int_equal(r->attr_count, 0);
	strpool_drop(pool, name);
	strpool_drop(pool, first);
	assert_int_equal(strpool_count(pool), before + 2); /* that they were removed then is kept under their names */
}

static void attributes_are_bounded(void **state)
{
	char buffer[16], text[LIMIT_ATTRIBUTE_TEXT_BYTES + 1];
	for (unsigned i = 0; i < LIMIT_RECORD_ATTRIBUTES; i++) {
		struct slice name = name_of(buffer, (int)(i * 37 % 128));
		assert_int_equal(record_set(r, pool, 0, name, value_bool(i & 1), 1), ERR_OK);
	}
	assert_int_equal(record_set(r, pool, 0, SLICE("one more"), value_number(1), 1), ERR_LIMIT);
	size_t names = strpool_count(pool);
	struct str *more = strpool_take(pool, SLICE("one more"));
	assert_int_equal(record_set_known(r, pool, 0, more, value_number(1), 1), ERR_LIMIT);
	strpool_drop(pool, more);
	assert_int_equal(strpool_count(pool), names);
	assert_int_equal(record_set(r, pool, 0, SLICE("n5"), value_number(1), 1), ERR_OK);
	struct attrs a = record_attrs(r, 0);
	assert_int_equal(a.count, LIMIT_RECORD_ATTRIBUTES);
	memset(text, 'x', sizeof(text));
	struct slice long_name = { text, LIMIT_ATTRIBUTE_NAME_BYTES + 1 }, long_text = { text, sizeof(text) };
	assert_int_equal(record_set(r, pool, 0, SLICE("n5"), value_string(long_text), 2), ERR_LIMIT);
	assert_int_equal(record_set(r, pool, 0, long_name, value_bool(true), 2), ERR_LIMIT);
	for (unsigned i = 1; i < a.count; i++)
		assert_true(slice_compare(str_slice(a.items[i - 1].name), str_slice(a.items[i].name)) < 0);
}

static void members_keep_their_numbers(void **state)
{
	char buffer[16];
	assert_int_equal(record_member(r, pool, SLICE(""), true, T0), 0);
	assert_int_equal(record_member(r, pool, SLICE("n0"), false, T0), -1);
	for (int i = 0; i < (int)LIMIT_MEMBERS; i++)
		assert_int_equal(record_member(r, pool, name_of(buffer, i), true, T0), i + 1);
	assert_int_equal(record_member(r, pool, SLICE("one more"), true, T0), -1);
	assert_int_equal(record_member(r, pool, SLICE("n7"), true, T0 + 5), 8);
	assert_true(record_members(r)[7].joined_ms == T0);
	record_member_left(r, 8, T0 + 10);
	record_member_left(r, 8, T0 + 9);
	assert_true(record_member_left_ms(r, 8) == T0 + 10);
	record_member_joined(r, 8, T0 + 3); /* heard of late: still left */
	assert_true(record_member_left_ms(r, 8) == T0 + 10 && record_members(r)[7].joined_ms == T0);
	record_member_joined(r, 8, T0 + 20);
	assert_true(record_member_left_ms(r, 8) == 0 && record_members(r)[7].joined_ms == T0 + 20);
}

static const struct window_spec spec = { WINDOW_EXACT, 0, 1000 * HOUR, false };

static void touch(uint32_t series, uint8_t member, int key, int64_t time_ms)
{
	char buffer[16];
	window_add(record_window(r, pool, series, member, name_of(buffer, key), &spec), &spec, NULL, time_ms, 0, NULL);
}

static void the_longest_untouched_key_gives_way(void **state)
{
	record_member(r, pool, SLICE("0901"), true, T0);
	for (int i = 0; i < (int)LIMIT_WINDOW_KEYS; i++)
		touch(1, 0, i, T0 + i);
	touch(1, 1, 0, T0 - 5); /* of another member: does not count */
	touch(2, 0, 0, T0 - 5);
	touch(1, 0, 0, T0 + 100);
	touch(1, 0, 1000, T0 + 101);
	assert_null(record_window(r, pool, 1, 0, SLICE("n1"), NULL));
	assert_non_null(record_window(r, pool, 1, 0, SLICE("n0"), NULL));
	assert_non_null(record_window(r, pool, 1, 0, SLICE("n1000"), NULL));
	assert_non_null(record_window(r, pool, 1, 1, SLICE("n0"), NULL));
	assert_int_equal(r->window_count, LIMIT_WINDOW_KEYS + 2);
}

static void the_longest_untouched_window_gives_way(void **state)
{
	for (unsigned i = 0; i < LIMIT_WINDOWS; i++)
		touch(i % 100, 0, (int)i / 100, T0 + (i == 0 ? 5000 : i));
	assert_int_equal(r->window_count, LIMIT_WINDOWS);
	touch(200, 0, 0, T0);
	assert_int_equal(r->window_count, LIMIT_WINDOWS);
	assert_null(record_window(r, pool, 1, 0, SLICE("n0"), NULL));
	assert_non_null(record_window(r, pool, 0, 0, SLICE("n0"), NULL));
	assert_null(record_window(r, pool, 201, 0, SLICE(""), NULL));
	assert_true(record_bytes(r) > LIMIT_WINDOWS * sizeof(struct window));
}

static void moment(int64_t time_ms, const char *type, unsigned keep)
{
	struct event e = { .type = slice_of(type), .time_ms = time_ms };
	timeline_add(r, pool, &e, 0, NULL, 0, keep);
}

static void assert_type(unsigned at, const char *type)
{
	struct happening said;
	moment_read(&record_timeline(r)[at], &said);
	assert_true(slice_equal(said.type, slice_of(type)));
}

static void the_timeline_is_ordered_and_bounded(void **state)
{
	moment(T0 + 10, "b", 3);
	moment(T0 + 30, "d", 3);
	moment(T0 + 10, "c", 3); /* the same time: after the one before */
	assert_type(1, "c");
	moment(T0 + 5, "a", 3); /* older than all, and no room */
	assert_int_equal(r->timeline_count, 3);
	assert_type(0, "b");
	moment(T0 + 20, "e", 3);
	assert_type(0, "c");
	assert_type(1, "e");
	moment(T0 + 40, "f", 1); /* a pack that asks for less */
	assert_int_equal(r->timeline_count, 1);
	for (int i = 0; i < 200; i++)
		moment(T0 + 100 + i, "x", 1000);
	assert_int_equal(r->timeline_count, LIMIT_TIMELINE);
	assert_true(record_timeline(r)[0].time_ms == T0 + 300 - LIMIT_TIMELINE);
	moment(T0 + 500, "x", 0);
	assert_int_equal(r->timeline_count, 0);
}

static int open_case(int i, int64_t time_ms, struct open_case **c)
{
	char buffer[16];
	return cases_open(r, pool, 1, 0, name_of(buffer, i), SLICE("lan"), time_ms, 0, c);
}

static void closed_cases_give_way_and_open_ones_do_not(void **state)
{
	struct open_case *c;
	for (int i = 0; i < (int)LIMIT_CASES; i++)
		assert_int_equal(open_case(i, T0 + i, &c), ERR_OK);
	assert_int_equal(open_case(3, T0 + 100, &c), ERR_CONFLICT);
	assert_true(c->opened_ms == T0 + 3);
	assert_int_equal(open_case(64, T0 + 100, &c), ERR_LIMIT);
	assert_null(c);
	cases_close(cases_find_open(r, 1, 0, SLICE("n9")), T0 + 200);
	cases_close(cases_find_open(r, 1, 0, SLICE("n20")), T0 + 150);
	cases_miss(cases_find_open(r, 1, 0, SLICE("n21")));
	assert_null(cases_find_open(r, 1, 0, SLICE("n9")));
	assert_int_equal(open_case(9, T0 + 8, &c), ERR_OK); /* late, in its place; n20, closed before n9, gave way */
	assert_true(r->rare->cases[9].opened_ms == T0 + 8 && r->rare->cases[9].state == CASE_OPEN);
	assert_ptr_equal(c, &r->rare->cases[9]);
	assert_int_equal(open_case(65, T0 + 300, &c), ERR_OK);
	assert_int_equal(open_case(66, T0 + 300, &c), ERR_LIMIT);
	assert_null(cases_find_open(r, 1, 1, SLICE("n0")));
	assert_null(cases_find_open(r, 2, 0, SLICE("n0")));
}

static struct alert *raise(uint64_t seq, bool historical)
{
	struct alert like = { .seq = seq, .historical = historical, .time_ms = T0 };
	return alerts_add(r, pool, &like, SLICE("rule"), SLICE("high"), SLICE("care"), SLICE("words"));
}

static void alerts_give_way_by_their_worth(void **state)
{
	for (uint64_t seq = 1; seq <= LIMIT_ALERTS; seq++)
		raise(seq, seq == 40);
	alerts_set_state(alerts_find(r, 50, 0), ALERT_CLOSED);
	alerts_set_state(alerts_find(r, 30, 0), ALERT_ACKNOWLEDGED);
	static const uint64_t order[] = { 50, 40, 30, 1, 2 };
	for (unsigned i = 0; i < 5; i++) {
		assert_non_null(alerts_find(r, order[i], 0));
		assert_int_equal(raise(100 + i, false)->seq, 100 + i);
		assert_null(alerts_find(r, order[i], 0));
		assert_int_equal(r->rare->alert_count, LIMIT_ALERTS);
	}
}

static void alerts_are_open_until_they_are_not(void **state)
{
	struct alert *a = raise(1, false);
	assert_true(alert_is_open(a, T0 + 1000 * HOUR));
	a->expires_ms = T0 + 10;
	assert_true(alert_is_open(a, T0 + 9));
	assert_false(alert_is_open(a, T0 + 10));
	alerts_set_state(a, ALERT_ACKNOWLEDGED);
	assert_false(alert_is_open(a, T0));
	assert_false(alert_is_open(raise(2, true), T0));
	char *text = malloc(LIMIT_WORDS_BYTES + 9);
	memset(text, 'x', LIMIT_WORDS_BYTES + 9);
	struct alert like = { .seq = 3 };
	a = alerts_add(r, pool, &like, SLICE(""), SLICE(""), SLICE(""), (struct slice){ text, LIMIT_WORDS_BYTES + 9 });
	assert_int_equal(strlen(a->text), LIMIT_WORDS_BYTES);
	free(text);
}

static void outcome(int64_t time_ms, uint64_t decision)
{
	struct outcome like = { .decision_count = decision, .kind = OUTCOME_SHOWN, .time_ms = time_ms };
	outcomes_add(r, pool, &like, SLICE("plan"), SLICE("call"), SLICE(""));
}

static void the_oldest_outcomes_give_way(void **state)
{
	for (unsigned i = 0; i < LIMIT_OUTCOMES; i++)
		outcome(T0 + i * 10, i);
	outcome(T0 - 1, 900); /* older than all: it is the one to go */
	assert_true(r->rare->outcomes[0].time_ms == T0);
	outcome(T0 + 15, 901);
	assert_int_equal(r->rare->outcome_count, LIMIT_OUTCOMES);
	assert_true(r->rare->outcomes[0].time_ms == T0 + 10 && r->rare->outcomes[1].decision_count == 901);
	for (int kind = OUTCOME_SHOWN; kind <= OUTCOME_LAST; kind++)
		assert_int_equal(outcome_from_name(slice_of(outcome_name(kind))), kind);
	assert_int_equal(outcome_from_name(SLICE("")), 0);
	assert_int_equal(outcome_from_name(SLICE("bought")), 0);
}

static void timers_are_ordered_by_due_time(void **state)
{
	char buffer[16];
	assert_true(timers_next_fire(r) == INT64_MAX);
	for (int i = 0; i < (int)LIMIT_TIMERS; i++)
		assert_int_equal(timers_add(r, pool, T0 + 100 - i, T0 + 500 + i, 1, 0, name_of(buffer, i)), ERR_OK);
	assert_int_equal(timers_add(r, pool, T0, T0, 1, 0, SLICE("one more")), ERR_LIMIT);
	/* the same again: the earlier firing */
	assert_int_equal(timers_add(r, pool, T0 + 100, T0 + 400, 1, 0, SLICE("n0")), ERR_OK);
	for (unsigned i = 1; i < r->rare->timer_count; i++)
		assert_true(r->rare->timers[i - 1].due_ms < r->rare->timers[i].due_ms);
	assert_true(timers_next_fire(r) == T0 + 400);
	timers_remove(r, pool, 1, 0, SLICE("n0"));
	timers_remove(r, pool, 1, 1, SLICE("n1"));
	timers_remove(r, pool, 2, 0, SLICE("n1"));
	assert_int_equal(r->rare->timer_count, LIMIT_TIMERS - 1);
	assert_true(timers_next_fire(r) == T0 + 501);
}

static void ids_are_told_apart_and_the_floor_rises(void **state)
{
	assert_int_equal(seen_ask(r, 1, 1, INT64_MIN), SEEN_NEW);
	for (uint64_t i = 1; i <= SEEN_IDS_MIN; i++)
		seen_add(r, i, 100 + i, T0 + (int64_t)i * HOUR);
	assert_int_equal(seen_ask(r, 3, 103, T0), SEEN_DUPLICATE);
	assert_int_equal(seen_ask(r, 3, 104, T0), SEEN_CONFLICT);
	assert_int_equal(seen_ask(r, 99, 1, T0), SEEN_NEW); /* late, but nothing was dropped yet */
	seen_add(r, 17, 117, T0 + 17 * HOUR);
	assert_int_equal(r->seen_count, SEEN_IDS_MIN);
	assert_true(r->seen_floor_ms == T0 + HOUR);
	assert_int_equal(seen_ask(r, 1, 101, T0 + HOUR), SEEN_TOO_OLD);
	assert_int_equal(seen_ask(r, 99, 1, T0 + HOUR + 1), SEEN_NEW);
	assert_int_equal(seen_ask(r, 2, 102, T0), SEEN_DUPLICATE); /* older than the floor, but still known */
}

static void ids_of_the_last_hour_are_kept_up_to_a_bound(void **state)
{
	for (uint64_t i = 0; i < 1000; i++) {
		seen_add(r, i, i, T0 + (int64_t)i);
		assert_int_equal(r->seen_count, i < SEEN_IDS_MAX ? i + 1 : SEEN_IDS_MAX);
	}
	assert_true(r->seen_floor_ms == T0 + 1000 - SEEN_IDS_MAX - 1);
	assert_int_equal(seen_ask(r, 1000 - SEEN_IDS_MAX, 1000 - SEEN_IDS_MAX, 0), SEEN_DUPLICATE);
	seen_add(r, 5000, 0, T0 + 10 * HOUR); /* quiet again: back to the few */
	assert_int_equal(r->seen_count, SEEN_IDS_MIN);
	assert_true(r->seen_floor_ms == T0 + 1000 - SEEN_IDS_MIN);
}

/* More than 49 days between them: then times take 8 bytes. What lies before them in the body moves meanwhile. */
static void ids_of_many_years_are_told_apart(void **state)
{
	char buffer[16];
	for (uint64_t i = 0; i < 40; i++) {
		int64_t time_ms = T0 + (int64_t)i * 30 * 24 * HOUR;
		assert_int_equal(seen_ask(r, i, i, time_ms), SEEN_NEW);
		seen_add(r, i, i, time_ms);
		record_set(r, pool, 0, name_of(buffer, (int)i), value_number((double)i), time_ms);
		for (uint64_t k = i < SEEN_IDS_MIN ? 0 : i - SEEN_IDS_MIN + 1; k <= i; k++)
			assert_int_equal(seen_ask(r, k, k + (k & 1), time_ms), k & 1 ? SEEN_CONFLICT : SEEN_DUPLICATE);
		if (i >= SEEN_IDS_MIN)
			assert_true(r->seen_floor_ms == time_ms - (int64_t)SEEN_IDS_MIN * 30 * 24 * HOUR);
	}
	assert_true(number(record_attrs(r, 0), SLICE("n39")) == 39);
}

/* What a burst took is given back. */
static void a_body_shrinks_when_less_is_in_it(void **state)
{
	for (uint64_t i = 0; i < SEEN_IDS_MAX; i++)
		seen_add(r, i, i, T0 + (int64_t)i);
	size_t burst = record_bytes(r);
	seen_add(r, 5000, 0, T0 + 10 * HOUR);
	assert_true(record_bytes(r) < burst / 4);
	assert_int_equal(seen_ask(r, 5000, 0, T0), SEEN_DUPLICATE);
}

/* One that stayed in memory and one read back at any point must drop the same ids. */
static void ids_go_on_alike_after_reading_back(void **state)
{
	struct bytes a = { 0 };
	struct record *copy;
	for (uint64_t i = 0; i < 700; i++) {
		if (i % 97 == 0) {
			bytes_clear(&a);
			record_encode(r, &a);
			assert_int_equal(record_decode(&copy, pool, bytes_slice(&a)), ERR_OK);
			record_destroy(r, pool);
			r = copy;
		}
		seen_add(r, i, i, T0 + (int64_t)(i * i % 5000) * 10000);
	}
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("an"));
	struct record *straight = record_create(&s);
	for (uint64_t i = 0; i < 700; i++)
		seen_add(straight, i, i, T0 + (int64_t)(i * i % 5000) * 10000);
	struct hash128 x = record_digest(r), y = record_digest(straight);
	assert_true(x.low == y.low && x.high == y.high);
	record_destroy(straight, pool);
	bytes_finish(&a);
}

static void marks_never_go_back(void **state)
{
	assert_true(marks_get(r, 1, 0) == INT64_MIN);
	marks_set(r, 1, 0, T0);
	marks_set(r, 1, 0, T0 - 5);
	assert_true(marks_get(r, 1, 0) == T0);
	for (unsigned i = 2; i <= LIMIT_MARKS; i++)
		marks_set(r, i, 0, T0 + i);
	assert_int_equal(r->rare->mark_count, LIMIT_MARKS);
	marks_set(r, 1, 0, T0 + 1000);
	marks_set(r, 9999, 0, T0 + 1001); /* the oldest is now that of rule 2 */
	assert_true(marks_get(r, 2, 0) == INT64_MIN);
	assert_true(marks_get(r, 1, 0) == T0 + 1000 && marks_get(r, 9999, 0) == T0 + 1001);
}

static void links_hold_from_and_to_a_time(void **state)
{
	unsigned count;
	assert_null(links_at(r, T0, &count));
	links_add(r, pool, SLICE("an"), SLICE(""), T0);
	links_add(r, pool, SLICE("an"), SLICE(""), T0 + 5); /* holds already */
	assert_int_equal(r->rare->link_count, 1);
	assert_null(links_at(r, T0 - 1, &count));
	assert_int_equal(count, 0);
	links_end(r, SLICE("an"), T0 - 1); /* before it began: no matter */
	links_add(r, pool, SLICE("binh"), SLICE("0902"), T0 + 10);
	assert_string_equal(links_at(r, T0 + 10, &count)->id->data, "binh");
	assert_int_equal(count, 2);
	links_end(r, SLICE("an"), T0 + 20);
	assert_string_equal(links_at(r, T0 + 20, &count)->id->data, "binh");
	assert_int_equal(count, 1);
	assert_non_null(links_at(r, T0 + 9, &count)); /* an old event still finds its owner */
	assert_int_equal(count, 1);
	links_add(r, pool, SLICE("an"), SLICE(""), T0 + 20); /* again, from the instant it ended */
	assert_int_equal(r->rare->link_count, 3);
	links_end(r, SLICE("an"), T0 + 20);
	links_add(r, pool, SLICE("an"), SLICE(""), T0 + 20); /* ended and begun in one instant: it holds */
	assert_int_equal(r->rare->link_count, 3);
	assert_string_equal(links_at(r, T0 + 21, &count)->id->data, "an");
	links_add(r, pool, SLICE("binh"), SLICE("0902"), T0 - 50); /* an earlier beginning, heard of late */
	assert_string_equal(links_at(r, T0 - 50, &count)->id->data, "binh");
	assert_int_equal(r->rare->link_count, 3);
}

static void ended_links_give_way(void **state)
{
	char buffer[16];
	unsigned count;
	for (int i = 0; i < (int)LIMIT_LINKS; i++)
		assert_int_equal(links_add(r, pool, name_of(buffer, i), SLICE(""), T0 + i), ERR_OK);
	assert_int_equal(links_add(r, pool, SLICE("more"), SLICE(""), T0), ERR_LIMIT);
	links_at(r, T0 + 1000, &count);
	assert_int_equal(count, LIMIT_LINKS);
	links_end(r, SLICE("n7"), T0 + 300);
	links_end(r, SLICE("n8"), T0 + 200);
	assert_int_equal(links_add(r, pool, SLICE("more"), SLICE(""), T0), ERR_OK);
	links_at(r, T0 + 100, &count);
	assert_int_equal(count, LIMIT_LINKS); /* n8 is forgotten, n7 is not */
	assert_int_equal(links_add(r, pool, SLICE("most"), SLICE(""), T0), ERR_OK);
	assert_int_equal(links_add(r, pool, SLICE("too many"), SLICE(""), T0), ERR_LIMIT);
}

static void an_empty_record_is_small(void **state)
{
	assert_true(record_is_empty(r));
	assert_true(record_bytes(r) < 512);
}

static void two_histories_become_one(void **state)
{
	struct record *from = sample_record(pool, "binh", 2, 10);
	struct window_sums s;
	struct open_case *c;
	record_member(r, pool, SLICE("0902"), true, T0 + 50); /* has another number in `from` */
	record_set(r, pool, 0, SLICE("tenure"), value_number(1), T0);
	record_set(r, pool, 0, SLICE("language"), value_string(SLICE("en")), T0);
	/* of the customer, not the member's */
	cases_open(r, pool, 5, 0, SLICE("promise-1"), SLICE("hoa"), T0 - 7, 0, &c);
	marks_set(r, 77, 0, T0);
	r->seq = 8;
	record_merge(r, pool, from);
	assert_int_equal(r->seq, 8);
	assert_int_equal(r->member_count, 2);
	assert_string_equal(record_members(r)[1].id->data, "0901");
	assert_true(number(record_attrs(r, 0), SLICE("tenure")) == 1); /* as old: its own */
	assert_true(value_equal(attr_value(attrs_get_text(record_attrs(r, 0), SLICE("language"))), value_string(SLICE("vi"))));
	assert_non_null(attrs_get_text(record_attrs(r, 1), SLICE("child")));
	assert_non_null(cases_find_open(r, 5, 2, SLICE("promise-1")));
	assert_int_equal(r->rare->case_count, 3);
	window_sum(record_window(r, pool, 100, 2, SLICE(""), NULL), &spec, INT64_MIN, INT64_MAX, NULL, &s);
	assert_int_equal(s.count, 5);
	assert_int_equal(record_timeline(r)[1].member, 2);
	assert_true(marks_get(r, 77, 2) == T0 && marks_get(r, 77, 0) == T0);
	assert_int_equal(seen_ask(r, 1002, 7, T0), SEEN_DUPLICATE);
	assert_int_equal(r->rare->late, 3);
	record_merge(r, pool, from); /* again: what is a set stays */
	assert_int_equal(r->seen_count, 3);
	assert_int_equal(r->rare->timer_count, 1);
	assert_int_equal(r->rare->link_count, 1);
	assert_int_equal(r->rare->case_count, 4); /* the open one is the same, the closed ones are history */
	record_destroy(from, pool);
}

static void merging_keeps_all_bounds(void **state)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("binh"));
	struct record *a = r;
	for (int k = 0; k < 2; k++) {
		char buffer[16];
		struct open_case *c;
		for (int i = 0; i < 300; i++) {
			record_member(r, pool, name_of(buffer, k * 40 + i % 40), true, T0);
			record_set(r, pool, 0, name_of(buffer, k * 100 + i % 100), value_number(i), T0 + i);
			touch((uint32_t)(k * 600 + i * 2), (uint8_t)(i % 30), i % 7, T0 + i);
			touch((uint32_t)(k * 600 + i * 2 + 1), (uint8_t)(i % 30), i % 7, T0 + i);
			moment(T0 + i * 2 + k, "x", 64);
			cases_open(r, pool, 1, 0, name_of(buffer, k * 50 + i % 50), SLICE(""), T0 + i, 0, &c);
			raise((uint64_t)(k * 1000 + i), i % 3 == 0);
			outcome(T0 + i * 2 + k, 1);
			timers_add(r, pool, T0 + i % 50 + k * 50, T0, 1, 0, SLICE(""));
			marks_set(r, (uint32_t)(k * 200 + i % 200), 0, T0 + i);
			links_add(r, pool, name_of(buffer, k * 50 + i % 50), SLICE(""), T0);
			seen_add(r, (uint64_t)(k * 1000 + i), 0, T0 + i * 2 + k);
		}
		if (k == 0)
			r = record_create(&s);
	}
	struct record *b = r;
	r = a;
	alerts_set_state(&b->rare->alerts[0], ALERT_CLOSED);
	record_merge(r, pool, b);
	assert_int_equal(r->member_count, LIMIT_MEMBERS);
	assert_int_equal(r->attr_count, LIMIT_RECORD_ATTRIBUTES);
	assert_true(r->window_count <= LIMIT_WINDOWS);
	assert_int_equal(r->timeline_count, LIMIT_TIMELINE);
	assert_int_equal(r->rare->case_count, LIMIT_CASES);
	assert_int_equal(r->rare->alert_count, LIMIT_ALERTS);
	assert_int_equal(r->rare->outcome_count, LIMIT_OUTCOMES);
	assert_int_equal(r->rare->timer_count, LIMIT_TIMERS);
	assert_int_equal(r->rare->mark_count, LIMIT_MARKS);
	assert_int_equal(r->rare->link_count, LIMIT_LINKS);
	assert_int_equal(r->seen_count, SEEN_IDS_MAX);
	assert_true(r->seen_floor_ms >= T0 + 2 * 300 - SEEN_IDS_MAX - 2);
	record_destroy(b, pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(older_values_never_overwrite, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes_are_put_by_interned_name, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(members_keep_their_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_untouched_key_gives_way, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_untouched_window_gives_way, setup, teardown),
		cmocka_unit_test_setup_teardown(the_timeline_is_ordered_and_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(closed_cases_give_way_and_open_ones_do_not, setup, teardown),
		cmocka_unit_test_setup_teardown(alerts_give_way_by_their_worth, setup, teardown),
		cmocka_unit_test_setup_teardown(alerts_are_open_until_they_are_not, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_outcomes_give_way, setup, teardown),
		cmocka_unit_test_setup_teardown(timers_are_ordered_by_due_time, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_are_told_apart_and_the_floor_rises, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_of_the_last_hour_are_kept_up_to_a_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_of_many_years_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(a_body_shrinks_when_less_is_in_it, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_go_on_alike_after_reading_back, setup, teardown),
		cmocka_unit_test_setup_teardown(marks_never_go_back, setup, teardown),
		cmocka_unit_test_setup_teardown(links_hold_from_and_to_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_links_give_way, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_record_is_small, setup, teardown),
		cmocka_unit_test_setup_teardown(two_histories_become_one, setup, teardown),
		cmocka_unit_test_setup_teardown(merging_keeps_all_bounds, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
