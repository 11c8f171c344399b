/* tests/unit/test_store.c: rows come back, scans are in order and in chunks, what is not ours is refused. */
#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static int set_up(void **state)
{
	char *dir = must_strdup("/tmp/nudged-store-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	CHECK(system(command) == 0);
	free(*state);
	return 0;
}

static struct store *open_ok(const char *dir)
{
	struct store *s;
	if (store_open(&s, dir, 0, false) != ERR_OK)
		fail_msg("store_open: %s", error_last()->text);
	return s;
}

static void put_ok(struct store *s, enum store_table table, const char *key, const char *value)
{
	struct store_write *w;
	assert_int_equal(store_begin(s, &w), ERR_OK);
	assert_int_equal(store_put(w, table, slice_of(key), slice_of(value)), ERR_OK);
	assert_int_equal(store_commit(w), ERR_OK);
}

static void rows_come_back_after_reopening(void **state)
{
	struct bytes b = { 0 };
	struct store *s = open_ok(*state);
	put_ok(s, STORE_RECORDS, "alice", "one");
	put_ok(s, STORE_RECORDS, "alice", "two");
	put_ok(s, STORE_DUE, "alice", "");
	put_ok(s, STORE_META, "mark", "7");
	assert_int_equal(store_sync(s), ERR_OK);
	store_close(s);
	s = open_ok(*state);
	assert_int_equal(store_get(s, STORE_RECORDS, SLICE("alice"), &b), ERR_OK);
	assert_true(slice_equal(bytes_slice(&b), SLICE("two")));
	assert_int_equal(store_get(s, STORE_DUE, SLICE("alice"), &b), ERR_OK);
	assert_int_equal(b.len, 0);
	assert_int_equal(store_get(s, STORE_RECORDS, SLICE("bob"), &b), ERR_MISSING);
	assert_int_equal(store_get(s, STORE_RECORDS, SLICE(""), &b), ERR_LIMIT);
	struct store_write *w;
	assert_int_equal(store_begin(s, &w), ERR_OK);
	assert_int_equal(store_delete(w, STORE_RECORDS, SLICE("alice")), ERR_OK);
	assert_int_equal(store_delete(w, STORE_RECORDS, SLICE("nobody")), ERR_OK);
	store_abort(w);
	assert_int_equal(store_get(s, STORE_RECORDS, SLICE("alice"), &b), ERR_OK);
	struct store_stats stats;
	assert_int_equal(store_stats(s, &stats), ERR_OK);
	assert_true(stats.records == 1 && stats.due == 1 && stats.outbox == 0 && stats.used_bytes > 0);
	bytes_finish(&b);
	store_close(s);
}

struct seen {
	struct store *store;
	unsigned next, stop;
};

static int see(void *arg, struct slice key, struct slice value)
{
	struct seen *seen = arg;
	char text[16];
	struct bytes b = { 0 };
	snprintf(text, sizeof(text), "k%06u", seen->next);
	assert_true(slice_equal(key, slice_of(text)));
	snprintf(text, sizeof(text), "v%u", seen->next++);
	assert_true(slice_equal(value, slice_of(text)));
	assert_int_equal(store_get(seen->store, STORE_RECORDS, key, &b), ERR_OK); /* within a scan */
	bytes_finish(&b);
	return seen->next == seen->stop ? 42 : 0;
}

static void scans_are_in_order_and_chunked(void **state)
{
	struct store *s = open_ok(*state);
	struct store_write *w;
	char key[16], value[16];
	assert_int_equal(store_begin(s, &w), ERR_OK);
	for (unsigned i = 0; i < 3072; i++) {
		unsigned n = i * 1031 % 3072; /* not in order */
		snprintf(key, sizeof(key), "k%06u", n);
		snprintf(value, sizeof(value), "v%u", n);
		assert_int_equal(store_put(w, STORE_RECORDS, slice_of(key), slice_of(value)), ERR_OK);
	}
	assert_int_equal(store_commit(w), ERR_OK);
	struct seen seen = { s, 0, 0 };
	assert_int_equal(store_scan(s, STORE_RECORDS, (struct slice){ "", 0 }, see, &seen), ERR_OK);
	assert_int_equal(seen.next, 3072);
	seen = (struct seen){ s, 1000, 2500 };
	assert_int_equal(store_scan(s, STORE_RECORDS, SLICE("k001000"), see, &seen), 42);
	assert_int_equal(seen.next, 2500);
	assert_int_equal(store_scan(s, STORE_OUTBOX, (struct slice){ "", 0 }, see, &seen), ERR_OK);
	store_close(s);
}

static void *read_rows(void *arg)
{
	struct bytes b = { 0 };
	for (int i = 0; i < 3000; i++)
		CHECK(store_get(arg, STORE_RECORDS, SLICE("key"), &b) == ERR_OK && b.len == 3);
	bytes_finish(&b);
	return NULL;
}

static void threads_read_while_one_writes(void **state)
{
	struct store *s = open_ok(*state);
	pthread_t threads[3];
	put_ok(s, STORE_RECORDS, "key", "one");
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_rows, s), 0);
	for (int i = 0; i < 50; i++)
		put_ok(s, STORE_RECORDS, "key", i % 2 ? "two" : "six");
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	struct store_stats stats;
	assert_int_equal(store_stats(s, &stats), ERR_OK);
	assert_true(stats.commits >= 51 && stats.reader_lag == 0);
	store_close(s);
}

static void a_flipped_byte_is_found(void **state)
{
	struct store *s = open_ok(*state);
	char path[64], page[4096];
	bool flipped = false;
	put_ok(s, STORE_RECORDS, "key", "the bytes to look for");
	store_close(s);
	snprintf(path, sizeof(path), "%s/state/data.mdb", (char *)*state);
	int fd = open(path, O_RDWR);
	for (off_t at = 0; pread(fd, page, sizeof(page), at) == (ssize_t)sizeof(page); at += (off_t)sizeof(page)) {
		char *hit = memmem(page, sizeof(page), "the bytes to look for", 21);
		if (!hit)
			continue;
		hit[5] ^= 1;
		assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
		flipped = true;
	}
	close(fd);
	assert_true(flipped);
	s = open_ok(*state);
	struct bytes b = { 0 };
	assert_int_equal(store_get(s, STORE_RECORDS, SLICE("key"), &b), ERR_CORRUPT);
	struct seen seen = { s, 0, 0 };
	assert_int_equal(store_scan(s, STORE_RECORDS, (struct slice){ "", 0 }, see, &seen), ERR_CORRUPT);
	bytes_finish(&b);
	store_close(s);
}

static void a_full_map_is_storage(void **state)
{
	struct store *s;
	struct store_write *w;
	static char big[64 * 1024];
	assert_int_equal(store_open(&s, *state, 1u << 20, false), ERR_OK);
	assert_int_equal(store_begin(s, &w), ERR_OK);
	int r = ERR_OK;
	for (int i = 0; i < 100 && r == ERR_OK; i++)
		r = store_put(w, STORE_RECORDS, (struct slice){ (const char *)&i, sizeof(i) }, (struct slice){ big, sizeof(big) });
	assert_int_equal(r, ERR_STORAGE);
	store_abort(w);
	put_ok(s, STORE_RECORDS, "key", "small");
	store_close(s);
}

static void others_are_refused(void **state)
{
	struct store *s = open_ok(*state), *second;
	char path[64], command[256];
	assert_int_equal(store_open(&second, *state, 0, false), ERR_CONFLICT);
	assert_null(second);
	assert_non_null(strstr(error_last()->text, "in use by process"));
	store_close(s);
	snprintf(command, sizeof(command), "mkdir '%s/.b' && cp -r '%s/NUDGED' '%s/state' '%s/.b/'", (char *)*state,
		 (char *)*state, (char *)*state, (char *)*state);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/.b", (char *)*state);
	s = open_ok(path); /* a whole copy is fine */
	store_close(s);
	snprintf(path, sizeof(path), "%s/.c", (char *)*state);
	s = open_ok(path);
	store_close(s);
	snprintf(command, sizeof(command), "cp '%s/.c/state/data.mdb' '%s/.b/state/'", (char *)*state, (char *)*state);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/.b", (char *)*state);
	assert_int_equal(store_open(&s, path, 0, false), ERR_FOREIGN);
	snprintf(command, sizeof(command), "echo hello > '%s/.b/state/NUDGED'", (char *)*state);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(&s, path, 0, false), ERR_FOREIGN);
	snprintf(path, sizeof(path), "%s/.none", (char *)*state);
	assert_int_equal(store_open(&s, path, 0, true), ERR_MISSING);
	store_close(NULL);
}

#define RENEW_ROWS 100u
#define RENEWALS 150u

static int count_row(void *arg, struct slice key, struct slice value)
{
	++*(unsigned *)arg;
	return slice_equal(key, value) ? 0 : ERR_CORRUPT;
}

/* In a process of its own: opens it again and again, each time all rows are there. */
static int look_on(const char *dir, int until)
{
	char byte;
	while (read(until, &byte, 1) < 0) {
		struct store *s;
		unsigned rows = 0;
		if (store_open(&s, dir, 0, true) != ERR_OK)
			return 2;
		int scanned = store_scan(s, STORE_RECORDS, SLICE(""), count_row, &rows);
		store_close(s);
		if (scanned != ERR_OK || rows != RENEW_ROWS)
			return 3;
	}
	return 0;
}

static void put_rows(struct store *s)
{
	struct store_write *w;
	assert_int_equal(store_begin(s, &w), ERR_OK);
	for (unsigned i = 0; i < RENEW_ROWS; i++) {
		char key[16];
		snprintf(key, sizeof(key), "row-%u", i);
		assert_int_equal(store_put(w, STORE_RECORDS, slice_of(key), slice_of(key)), ERR_OK);
	}
	assert_int_equal(store_commit(w), ERR_OK);
}

/* Its rows go into a new file while other processes open it: each has the data file and the lock file of one and the same. */
static void others_open_it_while_it_is_renewed(void **state)
{
	struct store *s = open_ok(*state);
	int ends[2], status;
	put_rows(s);
	store_close(s);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	pid_t other = fork();
	if (other == 0) {
		close(ends[1]);
		_exit(look_on(*state, ends[0]));
	}
	s = open_ok(*state);
	for (unsigned i = 0; i < RENEWALS; i++) {
		put_rows(s);
		assert_int_equal(store_renew(s), ERR_OK);
		put_rows(s);
	}
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	unsigned rows = 0;
	assert_int_equal(store_scan(s, STORE_RECORDS, SLICE(""), count_row, &rows), ERR_OK);
	assert_int_equal(rows, RENEW_ROWS);
	store_close(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(rows_come_back_after_reopening),
		TEST(scans_are_in_order_and_chunked),
		TEST(threads_read_while_one_writes),
		TEST(a_flipped_byte_is_found),
		TEST(a_full_map_is_storage),
		TEST(others_are_refused),
		TEST(others_open_it_while_it_is_renewed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
