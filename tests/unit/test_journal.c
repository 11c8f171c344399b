/* tests/unit/test_journal.c: the journal on the real file system: what is appended comes back, in order, whoever holds
 * the folder. Damage is test_journal_damage, power cuts are tests/crash/image_test. */
#include "journal_kit.h"

#include "base/fault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

static void entries_come_back_after_each_reopening(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_found found;
	uint64_t last = 0;
	for (int round = 0; round < 4; round++) {
		struct journal *j = open_ok(dir, &found);
		assert_int_equal(found.created, round == 0);
		assert_int_equal(found.last_seq, last);
		assert_int_equal(found.first_seq, round ? 1 : 0);
		assert_int_equal(found.dropped_bytes, 0);
		append_many(j, last + 1, last + 500);
		last += 500;
		assert_int_equal(journal_last(j), last);
		expect_range(j, 0, 1, last);
		expect_range(j, last - 3, last - 3, last);
		expect_range(j, last + 1, last + 1, last);
		assert_int_equal(journal_tail_bytes(j, last), 0);
		assert_true(journal_tail_bytes(j, 0) > 400 * 200);
		assert_true(journal_tail_bytes(j, last / 2) < journal_tail_bytes(j, 0));
		journal_close(j);
	}
	struct journal_check check;
	char text[1024] = "";
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(check.entries, last);
	assert_int_equal(check.last_seq, last);
	assert_true(check.segments > 5);
}

static void expect_at(struct journal_reader *r, uint64_t seq)
{
	struct journal_entry e;
	journal_seek(r, seq);
	assert_int_equal(journal_next(r, &e), 1);
	expect_entry(&e, seq);
}

static void a_reader_walks_to_and_fro(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal *j = open_ok(dir, NULL);
	struct journal_reader *r;
	struct journal_entry e;
	uint64_t last = 3000, at = 1;
	for (uint64_t n = 1; n <= last; n += 10) {
		append_many(j, n, n + 9);
		journal_wait(j, n + 9);
	}
	assert_int_equal(journal_reader_open(&r, j, 1), ERR_OK);
	for (uint64_t n = last; n > 0; n--) /* back through batches and segments */
		expect_at(r, n);
	for (int i = 0; i < 3000; i++) {
		at = (at * 48271 + 11) % last;
		expect_at(r, at + 1);
		if (at + 2 <= last) { /* and on from there */
			assert_int_equal(journal_next(r, &e), 1);
			expect_entry(&e, at + 2);
		}
	}
	journal_seek(r, last + 1);
	assert_int_equal(journal_next(r, &e), 0);
	expect_at(r, 7);
	assert_int_equal(journal_retire(j, 1500, 0), ERR_OK);
	expect_at(r, last);
	journal_seek(r, 7);
	assert_int_equal(journal_next(r, &e), ERR_MISSING);
	expect_at(r, journal_first(j));
	journal_reader_close(r);
	journal_close(j);
}

static void a_reader_follows_the_live_journal(void **state)
{
	struct journal *j = open_ok(((struct place *)*state)->dir, NULL);
	struct journal_reader *r;
	struct journal_entry e;
	assert_int_equal(journal_first(j), 1);
	assert_int_equal(journal_reader_open(&r, j, 1), ERR_OK);
	assert_int_equal(journal_next(r, &e), 0);
	for (uint64_t n = 1; n <= 2000; n++) {
		append(j, n);
		journal_wait(j, n);
		assert_int_equal(journal_next(r, &e), 1);
		expect_entry(&e, n);
		assert_int_equal(journal_next(r, &e), 0);
	}
	journal_reader_close(r);
	struct journal_stats stats;
	journal_stats(j, &stats);
	assert_int_equal(stats.entries, 2000);
	assert_true(stats.batches == stats.syncs && stats.batches <= 2000 && stats.segments > 10);
	assert_true(stats.sync_ns_p99 >= stats.sync_ns_p50 && stats.free_bytes > 0);
	journal_close(j);
}

static void retiring_keeps_what_is_needed(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_found found;
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, 3000);
	assert_int_equal(journal_retire(j, 1500, UINT64_MAX), ERR_OK);
	assert_int_equal(journal_first(j), 1);
	assert_int_equal(journal_retire(j, 1500, 0), ERR_OK);
	uint64_t first = journal_first(j);
	assert_true(first > 1000 && first <= 1501);
	expect_range(j, 1, first, 3000);
	assert_int_equal(journal_retire(j, 3000, 0), ERR_OK); /* the last segment stays */
	first = journal_first(j);
	assert_true(first > 1501 && first <= 3000);
	journal_close(j);
	j = open_ok(dir, &found);
	assert_int_equal(found.first_seq, first);
	assert_int_equal(found.last_seq, 3000);
	append_many(j, 3001, 3100);
	expect_range(j, 1, first, 3100);
	journal_close(j);
}

#define THREADS 4
#define EACH 5000

struct order {
	uint64_t next;
	bool wrong;
};

static void note_order(void *arg, const struct journal_entry *e)
{
	struct order *o = arg;
	o->wrong |= e->seq != o->next++;
}

static struct order order;

static void *append_from_thread(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		struct journal_entry e = { .kind = 1, .body = { (const char *)&i, sizeof(i) } };
		while (journal_reserve(arg, 1, sizeof(i)) != ERR_OK)
			sched_yield();
		journal_append(arg, &e, note_order, &order);
		if (i % 64 == 0 || i == EACH - 1)
			journal_kick(arg);
	}
	return NULL;
}

static void threads_append_without_gaps(void **state)
{
	struct journal *j = open_ok(((struct place *)*state)->dir, NULL);
	pthread_t threads[THREADS];
	order = (struct order){ 1, false };
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_from_thread, j), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	journal_wait(j, THREADS * EACH);
	assert_false(order.wrong);
	struct journal_reader *r;
	struct journal_entry e;
	uint64_t count = 0, sum = 0;
	assert_int_equal(journal_reader_open(&r, j, 0), ERR_OK);
	while (journal_next(r, &e) == 1) {
		int value;
		assert_int_equal(e.seq, ++count);
		memcpy(&value, e.body.data, sizeof(value));
		sum += (uint64_t)value;
	}
	assert_int_equal(count, THREADS * EACH);
	assert_int_equal(sum, (uint64_t)THREADS * EACH * (EACH - 1) / 2);
	journal_reader_close(r);
	journal_close(j);
}

static atomic_bool writing;

static void *append_for_a_while(void *arg)
{
	for (uint64_t n = 1; writing; n++) {
		append(arg, n);
		if (n % 5 == 0) {
			journal_kick(arg);
			usleep(50); /* the tools must be able to come to an end */
		}
	}
	journal_kick(arg);
	return NULL;
}

static void tools_look_while_it_is_written(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal *j = open_ok(dir, NULL), *seen;
	struct journal_options only_read = options_of();
	struct journal_found found;
	struct journal_check check;
	char text[1024] = "";
	pthread_t thread;
	writing = true;
	only_read.read_only = true;
	assert_int_equal(pthread_create(&thread, NULL, append_for_a_while, j), 0);
	for (int i = 0; i < 40; i++) {
		uint64_t durable = journal_durable(j);
		if (journal_verify(dir, NULL, &check, count_text, text) != 0)
			fail_msg("verify: %s", text);
		assert_true(check.last_seq >= durable);
		durable = journal_durable(j);
		if (journal_open(&seen, dir, &only_read, NULL, NULL, &found) != ERR_OK)
			fail_msg("journal_open: %s", error_last()->text);
		assert_true(found.last_seq >= durable);
		expect_range(seen, found.last_seq, found.last_seq ? found.last_seq : 1, found.last_seq);
		journal_close(seen);
	}
	writing = false;
	pthread_join(thread, NULL);
	journal_close(j);
}

static void reservations_bound_the_buffer(void **state)
{
	struct journal *j = open_ok(((struct place *)*state)->dir, NULL);
	assert_int_equal(journal_reserve(j, 1, SEGMENT), ERR_LIMIT);
	assert_int_equal(journal_reserve(j, 1, SEGMENT / 4), ERR_OK);
	assert_int_equal(journal_reserve(j, 1, SEGMENT / 4), ERR_BUSY);
	journal_release(j, 1, SEGMENT / 4);
	assert_int_equal(journal_reserve(j, 1, SEGMENT / 4), ERR_OK);
	journal_release(j, 1, SEGMENT / 4);
	journal_close(j);
	struct journal_options options = options_of();
	options.reserve_bytes = UINT64_MAX;
	assert_int_equal(journal_open(&j, ((struct place *)*state)->dir, &options, NULL, NULL, NULL), ERR_OK);
	assert_int_equal(journal_reserve(j, 1, 1), ERR_STORAGE);
	journal_close(j);
}

/* While others hold all that may be reserved, and have not used it: more than any buffer takes gets to disk all the same. */
static void what_was_not_asked_for_waits_where_it_is_much(void **state)
{
	struct journal *j = open_ok(((struct place *)*state)->dir, NULL);
	char body[64] = "due";
	unsigned held = 0, count = 4 * SEGMENT / sizeof(body);
	while (journal_reserve(j, 1, 100) == ERR_OK)
		held++;
	assert_true(held > 10);
	for (unsigned i = 0; i < count; i++) {
		struct journal_entry e = { .kind = 1, .body = { body, sizeof(body) } };
		journal_take_waiting(j, 1, sizeof(body));
		journal_append(j, &e, NULL, NULL);
	}
	journal_release(j, held, held * 100);
	journal_wait(j, journal_last(j));
	assert_int_equal(journal_durable(j), count);
	journal_close(j);
}

static void foreign_later_and_locked_folders_are_refused(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	char path[160], inner[96], pid[32];
	snprintf(path, sizeof(path), "%s/letters.txt", dir);
	FILE *f = fopen(path, "w");
	fclose(f);
	open_fails(dir, ERR_FOREIGN, "letters.txt");
	unlink(path);

	struct journal *j = open_ok(dir, NULL);
	snprintf(pid, sizeof(pid), "in use by process %ld", (long)getpid());
	open_fails(dir, ERR_CONFLICT, pid);
	journal_close(j);

	snprintf(path, sizeof(path), "%s/journal/NUDGED", dir);
	f = fopen(path, "w");
	fputs("nudged journal\nformat 9\n", f);
	fclose(f);
	open_fails(dir, ERR_VERSION, "format 9");
	f = fopen(path, "w");
	fputs("nudged journal\nformat 1\nidentity 00000000000000000000000000000001\nsum 0\n", f);
	fclose(f);
	open_fails(dir, ERR_CORRUPT, "checksum");
	f = fopen(path, "w");
	fputs("hello\n", f);
	fclose(f);
	open_fails(dir, ERR_FOREIGN, "not the mark");
	unlink(path);
	open_fails(dir, ERR_FOREIGN, "segment");
	snprintf(inner, sizeof(inner), "%s/nothing", dir);
	struct journal_options only_read = { .read_only = true };
	assert_int_equal(journal_open(&j, inner, &only_read, NULL, NULL, NULL), ERR_MISSING);
	struct journal_check check;
	assert_int_equal(journal_verify(inner, NULL, &check, NULL, NULL), ERR_MISSING);
}

static void an_error_of_sync_ends_the_process(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_found found;
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv("NUDGED_FAULT", "journal_before_sync:3:fail", 1);
		fault_init();
		close(STDERR_FILENO);
		struct journal *j = open_ok(dir, NULL);
		append_many(j, 1, 200);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	struct journal *j = open_ok(dir, &found);
	assert_true(found.last_seq > 0 && found.last_seq < 200);
	expect_range(j, 1, 1, found.last_seq);
	journal_close(j);
}

static _Atomic uint64_t free_now;

static int pretend_free(void *self, const char *folder, uint64_t *out)
{
	*out = free_now;
	return ERR_OK;
}

static int pretend_write(void *self, struct file *f, uint64_t offset, const void *from, size_t len)
{
	if (free_now == 0 && offset == 0) /* a new segment */
		return error_set(ERR_STORAGE, NULL, "pretended: no space left");
	return file_system()->write(self, f, offset, from, len);
}

/* Free space is looked up while batches are written, so the wait writes some: numbered on from *next. */
static int wait_for_reserve(struct journal *j, int wanted, unsigned *next)
{
	int r = 1;
	for (int i = 0; i < 300 && r != wanted; i++) {
		r = reserve_for(j, *next);
		if (r == ERR_OK) {
			append_reserved(j, *next);
			journal_wait(j, *next);
			++*next;
		}
		if (r != wanted)
			usleep(10000);
	}
	return r;
}

static void a_full_disk_refuses_and_recovers(void **state)
{
	struct file_layer layer = *file_system();
	struct journal_options options = options_of();
	struct journal *j;
	layer.free_bytes = pretend_free;
	layer.write = pretend_write;
	options.files = &layer;
	options.reserve_bytes = 1000;
	free_now = 2000;
	assert_int_equal(journal_open(&j, ((struct place *)*state)->dir, &options, NULL, NULL, NULL), ERR_OK);
	assert_int_equal(journal_start(j), ERR_OK);
	append_many(j, 1, 100);
	unsigned next = 101;
	free_now = 500;
	assert_int_equal(wait_for_reserve(j, ERR_STORAGE, &next), ERR_STORAGE);
	free_now = 2000;
	assert_int_equal(wait_for_reserve(j, ERR_OK, &next), ERR_OK);
	append_many(j, next, 1000); /* reserves wait where the next segment is on its way */
	expect_range(j, 1, 1, 1000);
	next = 1001;
	free_now = 0;
	assert_int_equal(wait_for_reserve(j, ERR_STORAGE, &next), ERR_STORAGE);
	journal_close(j);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(entries_come_back_after_each_reopening),
		TEST(a_reader_walks_to_and_fro),
		TEST(a_reader_follows_the_live_journal),
		TEST(retiring_keeps_what_is_needed),
		TEST(threads_append_without_gaps),
		TEST(tools_look_while_it_is_written),
		TEST(reservations_bound_the_buffer),
		TEST(what_was_not_asked_for_waits_where_it_is_much),
		TEST(an_error_of_sync_ends_the_process),
		TEST(a_full_disk_refuses_and_recovers),
		TEST(foreign_later_and_locked_folders_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
