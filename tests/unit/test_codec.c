/* tests/unit/test_codec.c: a record to bytes and back, its digest, and what decoding refuses.
 *
 *     test_codec --corpus DIR    writes the inputs of tests/fuzz/corpus/record */
#include "base/error.h"
#include "state/record.h"

#include "sample_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct strpool *pool;

static int setup(void **state)
{
	pool = strpool_create();
	return 0;
}

static int teardown(void **state)
{
	size_t left = strpool_count(pool);
	strpool_destroy(pool);
	return left != 0; /* every reference given back */
}

static void assert_same_bytes(const struct record *a, const struct record *b)
{
	struct bytes x = { 0 }, y = { 0 };
	record_encode(a, &x);
	record_encode(b, &y);
	assert_true(slice_equal(bytes_slice(&x), bytes_slice(&y)));
	bytes_finish(&x);
	bytes_finish(&y);
}

static struct record *copy_of(const struct record *r)
{
	struct bytes x = { 0 };
	struct record *copy;
	record_encode(r, &x);
	assert_int_equal(record_decode(&copy, pool, bytes_slice(&x)), ERR_OK);
	bytes_finish(&x);
	return copy;
}

static void a_record_comes_back_as_it_was(void **state)
{
	struct record *r = sample_record(pool, "an", 42, 40);
	struct record *copy = copy_of(r);
	assert_same_bytes(r, copy);
	assert_int_equal(copy->seq, 42);
	assert_int_equal(copy->rare->late, 3);
	assert_true(subject_equal(&copy->subject, &r->subject));
	assert_int_equal(copy->member_count, 2);
	const struct attr *language = attrs_get_text(record_attrs(copy, 0), SLICE("language"));
	const struct attr *plan = attrs_get_text(record_attrs(copy, 1), SLICE("plan"));
	assert_true(value_equal(attr_value(language), value_string(SLICE("vi"))));
	assert_true(value_equal(attr_value(plan), value_string(SLICE(""))));
	struct happening said;
	moment_read(&record_timeline(copy)[0], &said);
	assert_int_equal(said.field_count, 3);
	assert_string_equal(copy->rare->alerts[0].text, "140 texts today");
	assert_int_equal(copy->rare->outcomes[0].decision_count, 42);
	assert_int_equal(seen_ask(copy, 1042, 7, SAMPLE_MS), SEEN_DUPLICATE);
	assert_non_null(cases_find_open(copy, 5, 1, SLICE("promise-1")));
	record_destroy(copy, pool);
	record_destroy(r, pool);
}

static void an_empty_record_comes_back_and_digests_to_nothing(void **state)
{
	struct subject s = subject_of(SUBJECT_AGENT, SLICE("lan"));
	struct record *r = record_create(&s);
	assert_true(record_is_empty(r));
	struct record *copy = copy_of(r);
	assert_true(record_is_empty(copy));
	r->seq = 5;
	assert_false(record_is_empty(r));
	struct hash128 h = record_digest(r);
	assert_true(h.low == 0 && h.high == 0);
	record_destroy(copy, pool);
	record_destroy(r, pool);
}

static void redirects_are_kept(void **state)
{
	struct record *r = sample_record(pool, "an", 1, 0);
	record_redirect(r, pool, SLICE("binh"));
	record_redirect(r, pool, SLICE("chi"));
	struct record *copy = copy_of(r);
	assert_true(slice_equal(str_slice(copy->rare->redirect), SLICE("chi")));
	record_destroy(copy, pool);
	record_destroy(r, pool);
}

static void sets_encode_alike_whatever_the_order_of_insertion(void **state)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("an"));
	struct record *r[2] = { record_create(&s), record_create(&s) };
	const struct window_spec spec = { .keeping = WINDOW_EXACT, .keep_ms = 1000000 };
	static const char *const names[] = { "b", "a", "d", "", "c" };
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < 5; i++) {
			int n = k ? 4 - i : i;
			struct slice name = slice_of(names[n]);
			if (name.len)
				record_set(r[k], pool, 0, name, value_number(n), n);
			struct window *w = record_window(r[k], pool, 10u - (unsigned)n / 2, 0, name, &spec);
			window_add(w, &spec, NULL, 100 + n, 0, NULL);
			timers_add(r[k], pool, 50 + n % 2, 60, 1, 0, name);
			marks_set(r[k], (uint32_t)n, 0, n);
			if (name.len)
				links_add(r[k], pool, name, SLICE(""), n + 1);
		}
	}
	assert_same_bytes(r[0], r[1]);
	record_destroy(r[0], pool);
	record_destroy(r[1], pool);
}

static bool digests_equal(const struct record *a, const struct record *b)
{
	struct hash128 x = record_digest(a), y = record_digest(b);
	return x.low == y.low && x.high == y.high;
}

static void the_digest_leaves_out_what_rules_cannot_read(void **state)
{
	struct record *r = sample_record(pool, "an", 1, 10);
	struct record *other = copy_of(r);
	other->seq = 99;
	other->rare->alerts[0].seq = 98;
	other->rare->alerts[0].index = 4;
	other->rare->timers[0].fire_ms += 1000;
	other->rare->outcomes[0].decision_boot++;
	other->rare->outcomes[0].decision_count++;
	assert_true(digests_equal(r, other));
	other->rare->alerts[0].state = ALERT_CLOSED;
	assert_false(digests_equal(r, other));
	other->rare->alerts[0].state = ALERT_OPEN;
	assert_true(digests_equal(r, other));
	other->rare->timers[0].due_ms++;
	assert_false(digests_equal(r, other));
	record_destroy(other, pool);
	record_destroy(r, pool);
}

static void the_digest_does_not_depend_on_the_pool(void **state)
{
	struct strpool *second = strpool_create();
	struct str *noise = strpool_take(second, SLICE("noise"));
	struct record *a = sample_record(pool, "an", 1, 10), *b = sample_record(second, "an", 1, 10);
	assert_true(digests_equal(a, b));
	record_destroy(a, pool);
	record_destroy(b, second);
	strpool_drop(second, noise);
	strpool_destroy(second);
}

static void every_cut_is_refused(void **state)
{
	struct record *r = sample_record(pool, "an", 7, 12), *copy;
	struct bytes x = { 0 };
	record_encode(r, &x);
	for (size_t len = 0; len < x.len; len++) {
		int err = record_decode(&copy, pool, (struct slice){ x.data, len });
		assert_int_equal(err, ERR_CORRUPT);
		assert_null(copy);
	}
	bytes_put_u8(&x, 0); /* and so is what follows */
	assert_int_equal(record_decode(&copy, pool, bytes_slice(&x)), ERR_CORRUPT);
	bytes_finish(&x);
	record_destroy(r, pool);
}

static void another_version_is_refused(void **state)
{
	struct record *r = sample_record(pool, "an", 7, 2), *copy;
	struct bytes x = { 0 };
	record_encode(r, &x);
	x.data[8]++;
	assert_int_equal(record_decode(&copy, pool, bytes_slice(&x)), ERR_VERSION);
	bytes_finish(&x);
	record_destroy(r, pool);
}

static int write_corpus(const char *folder)
{
	static const struct { const char *name; int events; } files[] = {
		{ "small", 0 }, { "windows", 6 }, { "more", 25 },
	};
	struct strpool *p = strpool_create();
	for (unsigned i = 0; i < 5; i++) {
		char path[4096];
		struct subject s = subject_of(SUBJECT_ALIAS, SLICE("+84901"));
		struct record *r = i < 3 ? sample_record(p, files[i].name, i + 1, files[i].events) : record_create(&s);
		if (i == 4) {
			links_add(r, p, SLICE("an"), SLICE("0901"), SAMPLE_MS);
			links_add(r, p, SLICE("binh"), SLICE(""), SAMPLE_MS + 5);
			links_end(r, SLICE("an"), SAMPLE_MS + 4);
			record_redirect(r, p, SLICE("chi"));
		}
		struct bytes x = { 0 };
		record_encode(r, &x);
		snprintf(path, sizeof(path), "%s/%s", folder, i < 3 ? files[i].name : i == 3 ? "empty" : "alias");
		FILE *f = fopen(path, "wb");
		if (!f || fwrite(x.data, 1, x.len, f) != x.len || fclose(f) != 0)
			return 1;
		bytes_finish(&x);
		record_destroy(r, p);
	}
	strpool_destroy(p);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return write_corpus(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_record_comes_back_and_digests_to_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(redirects_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(sets_encode_alike_whatever_the_order_of_insertion, setup, teardown),
		cmocka_unit_test_setup_teardown(the_digest_leaves_out_what_rules_cannot_read, setup, teardown),
		cmocka_unit_test_setup_teardown(the_digest_does_not_depend_on_the_pool, setup, teardown),
		cmocka_unit_test_setup_teardown(every_cut_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(another_version_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
