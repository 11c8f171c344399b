/* The oldest segments go while a tool reads: between listing and opening, and between one segment and the next. The file
 * layer lets them go at the very moment. */
#include "journal_kit.h"

#define ENTRIES 2500u

/* While segment `at` is being opened, it and all before it go. */
static struct {
	unsigned at;
	const char *dir;
} goes;

static int open_as_it_goes(void *self, const char *path, bool create, struct file **out)
{
	char name[160];
	path_of(goes.dir, goes.at, name);
	if (goes.at && strcmp(path, name) == 0) {
		for (unsigned i = 1; i <= goes.at; i++) {
			path_of(goes.dir, i, name);
			unlink(name);
		}
		goes.at = 0;
	}
	return file_system()->open(self, path, create, out);
}

static const struct file_layer *layer(const char *dir, unsigned at)
{
	static struct file_layer files;
	files = *file_system();
	files.open = open_as_it_goes;
	goes.at = at;
	goes.dir = dir;
	return &files;
}

static void fill(const char *dir)
{
	struct journal_stats stats;
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, ENTRIES);
	journal_stats(j, &stats);
	assert_true(stats.segments > 8);
	journal_close(j);
}

static int open_reading(struct journal **out, const char *dir, unsigned at, struct journal_found *found)
{
	struct journal_options options = options_of();
	options.read_only = true;
	options.files = layer(dir, at);
	return journal_open(out, dir, &options, NULL, NULL, found);
}

static void opening_begins_with_what_is_left(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_found found;
	struct journal *j;
	uint64_t before = 1;
	fill(dir);
	for (unsigned at = 1; at <= 3; at++) { /* the first, the only one before, and one with others walked before it */
		if (open_reading(&j, dir, at == 3 ? 4 : at, &found) != ERR_OK)
			fail_msg("journal_open: %s", error_last()->text);
		assert_int_equal(goes.at, 0);
		assert_true(found.first_seq > before);
		before = found.first_seq;
		assert_int_equal(journal_first(j), before);
		assert_int_equal(found.last_seq, ENTRIES);
		expect_range(j, 1, before, ENTRIES);
		journal_close(j);
	}
}

static void one_that_is_missing_in_between_is_damage(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal *j;
	char path[160];
	fill(dir);
	path_of(dir, 3, path);
	unlink(path);
	assert_int_equal(open_reading(&j, dir, 0, NULL), ERR_CORRUPT);
	assert_non_null(strstr(error_last()->text, "segment 3 is missing"));
}

static void reading_on_says_what_is_left(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_reader *r;
	struct journal_entry e;
	struct journal *j;
	int got;
	uint64_t next = 1, first;
	fill(dir);
	assert_int_equal(open_reading(&j, dir, 0, NULL), ERR_OK);
	assert_int_equal(journal_reader_open(&r, j, 1), ERR_OK);
	layer(dir, 3); /* it has read two segments when the third goes */
	while ((got = journal_next(r, &e)) == 1)
		expect_entry(&e, next++);
	assert_int_equal(got, ERR_MISSING);
	assert_non_null(strstr(error_last()->text, "is not kept any more"));
	first = journal_first(j);
	assert_true(next > 1 && first > next && first < ENTRIES);
	journal_seek(r, first);
	for (; first <= ENTRIES; first++) {
		assert_int_equal(journal_next(r, &e), 1);
		expect_entry(&e, first);
	}
	assert_int_equal(journal_next(r, &e), 0);
	journal_reader_close(r);
	journal_close(j);
}

static void verifying_goes_on_with_what_is_left(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_check check;
	char text[1024] = "";
	char path[160];
	fill(dir);
	for (unsigned at = 1; at <= 5; at += 2) {
		if (journal_verify(dir, layer(dir, at), &check, count_text, text) != 0)
			fail_msg("verify: %s", text);
		assert_int_equal(goes.at, 0);
		assert_int_equal(check.last_seq, ENTRIES);
	}
	path_of(dir, 7, path);
	unlink(path);
	assert_true(journal_verify(dir, layer(dir, 0), &check, count_text, text) > 1); /* missing, and what follows does not follow */
	assert_non_null(strstr(text, " follows "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opening_begins_with_what_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_missing_in_between_is_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reading_on_says_what_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verifying_goes_on_with_what_is_left, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
