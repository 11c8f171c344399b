/* tests/unit/test_past.c: the history of activations: what "the one before" is, what a name finds, which packs are kept. */
#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/store.h"
#include "shard/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static struct pasts pasts;

static void add(uint64_t seq, char pack, uint8_t origin)
{
	struct past line = { .seq = seq, .uid = -1, .origin = origin };
	snprintf(line.hash, sizeof(line.hash), "%c%031d", pack, 7);
	snprintf(line.name, sizeof(line.name), "%c", pack);
	pasts_add(&pasts, &line);
}

static int tear_down(void **state)
{
	pasts_finish(&pasts);
	return 0;
}

static uint64_t found(const char *to)
{
	const struct past *line = pasts_find(&pasts, to);
	return line ? line->seq : 0;
}

static void the_one_before_differs(void **state)
{
	assert_int_equal(found(""), 0);
	add(2, 'a', PAST_FOLDER);
	assert_int_equal(found(""), 0);
	assert_int_equal(error_last()->code, ERR_MISSING);
	add(5, 'b', PAST_CLIENT);
	add(9, 'b', PAST_CLIENT); /* the same pack again: rules that were set aside came back */
	assert_int_equal(found(""), 2);
	add(12, 'a', PAST_ROLLBACK);
	assert_int_equal(found(""), 9);
	assert_true(pasts_undone(&pasts, 2) && !pasts_undone(&pasts, 3) && !pasts_undone(&pasts, 1));
	add(12, 'c', PAST_CLIENT); /* the same entry, noted again */
	assert_int_equal(pasts.count, 4);
}

static void names_find_one_or_none(void **state)
{
	add(2, 'a', PAST_FOLDER);
	add(5, 'b', PAST_CLIENT);
	add(9, 'a', PAST_CLIENT);
	assert_int_equal(found("5"), 5);
	assert_int_equal(found("6"), 0);
	assert_int_equal(found("a000"), 9); /* the newest with that pack */
	assert_int_equal(found("a00"), 0);
	assert_int_equal(found("b0000000000000000000000000000007"), 5);
	assert_int_equal(found("b00000000000000000000000000000078"), 0);
}

static void lines_come_back(void **state)
{
	struct bytes b = { 0 };
	struct past line = { .seq = 7, .time_ms = 99, .name = "n", .by = "linh@desk", .uid = 1000, .origin = PAST_ROLLBACK,
			     .back_to = 3, .rules = 1, .actions = 2, .series_kept = 3, .series_new = 4, .tests = 5,
			     .untested = true, .backfill = true };
	struct past back;
	snprintf(line.hash, sizeof(line.hash), "%032d", 1);
	past_encode(&line, &b);
	assert_true(past_decode(&back, 7, bytes_slice(&b)));
	assert_memory_equal(&back, &line, sizeof(line));
	/* as it was before all but hash, name and time was kept */
	bytes_clear(&b);
	bytes_put_string(&b, slice_of(line.hash));
	bytes_put_string(&b, SLICE("n"));
	bytes_put_zigzag(&b, 99);
	assert_true(past_decode(&back, 7, bytes_slice(&b)));
	assert_true(back.uid == -1 && back.origin == PAST_UNKNOWN && back.time_ms == 99);
	bytes_finish(&b);
}

static bool is_kept(struct store *s, const char *what, char pack)
{
	char key[64];
	struct bytes value = { 0 };
	snprintf(key, sizeof(key), "%s:%c%031d", what, pack, 7);
	int result = store_get(s, STORE_META, slice_of(key), &value);
	bytes_finish(&value);
	return result == ERR_OK;
}

static void prune(struct store *s, uint64_t needed_from)
{
	struct store_write *w;
	assert_int_equal(store_begin(s, &w), ERR_OK);
	assert_int_equal(pasts_prune(&pasts, w, needed_from), ERR_OK);
	assert_int_equal(store_commit(w), ERR_OK);
}

static void packs_are_kept_as_long_as_needed(void **state)
{
	char dir[] = "/tmp/nudged-past-XXXXXX", command[64];
	struct store *s;
	struct store_write *w;
	CHECK(mkdtemp(dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(store_open(&s, dir, 0, false), ERR_OK);
	assert_int_equal(store_begin(s, &w), ERR_OK);
	for (unsigned i = 0; i < 20; i++) {
		char key[64];
		add(10 * (i + 1), (char)('a' + i), PAST_CLIENT);
		snprintf(key, sizeof(key), "bundle:%c%031d", 'a' + i, 7);
		assert_int_equal(store_put(w, STORE_META, slice_of(key), SLICE("pack")), ERR_OK);
		snprintf(key, sizeof(key), "tests:%c%031d", 'a' + i, 7);
		assert_int_equal(store_put(w, STORE_META, slice_of(key), SLICE("tests")), ERR_OK);
	}
	assert_int_equal(store_commit(w), ERR_OK);
	prune(s, 25); /* recovery begins behind entry 25: the second one was active then */
	assert_true(!is_kept(s, "bundle", 'a') && is_kept(s, "bundle", 'b') && is_kept(s, "bundle", 'c'));
	assert_false(is_kept(s, "tests", 'a'));
	add(900, 'b', PAST_ROLLBACK); /* it is of the newest again */
	prune(s, 1000);
	assert_true(is_kept(s, "bundle", 'b') && !is_kept(s, "bundle", 'c') && !is_kept(s, "bundle", 'e'));
	assert_true(is_kept(s, "bundle", 'f') && is_kept(s, "tests", 't'));
	assert_true(pasts.items[2].pruned && !pasts.items[5].pruned);
	store_close(s);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CHECK(system(command) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_one_before_differs, tear_down),
		cmocka_unit_test_teardown(names_find_one_or_none, tear_down),
		cmocka_unit_test_teardown(lines_come_back, tear_down),
		cmocka_unit_test_teardown(packs_are_kept_as_long_as_needed, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
