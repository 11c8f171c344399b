/* tests/unit/test_journal.c: the journal on the real file system: what is appended comes back, what is damaged is
 * refused. Power cuts are tests/crash/images. */
#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "disk/batch.h"
#include "disk/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SEGMENT (64u * 1024u)

struct place {
	char dir[64];
};

static int set_up(void **state)
{
	struct place *p = must_calloc(1, sizeof(*p));
	snprintf(p->dir, sizeof(p->dir), "/tmp/nudged-journal-XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	struct place *p = *state;
	snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
	CHECK(system(command) == 0);
	free(p);
	return 0;
}

static struct journal_options options_of(void)
{
	return (struct journal_options){ .segment_bytes = SEGMENT, .reserve_bytes = 1 };
}

static struct journal *open_ok(const char *dir, struct journal_found *found)
{
	struct journal *j;
	struct journal_options options = options_of();
	if (journal_open(&j, dir, &options, NULL, NULL, found) != ERR_OK)
		fail_msg("journal_open: %s", error_last()->text);
	assert_int_equal(journal_start(j), ERR_OK);
	return j;
}

static void open_fails(const char *dir, int code, const char *word)
{
	struct journal *j;
	struct journal_options options = options_of();
	assert_int_equal(journal_open(&j, dir, &options, NULL, NULL, NULL), code);
	assert_null(j);
	if (!strstr(error_last()->text, word))
		fail_msg("'%s' does not say '%s'", error_last()->text, word);
}

/* The body of sequence n: of n's own length and bytes. */
static struct slice body_of(uint64_t n, char *out)
{
	size_t len = (size_t)(n * 37 % 400);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(n * 31 + i);
	return (struct slice){ out, len };
}

static void append(struct journal *j, uint64_t n)
{
	char body[512];
	struct journal_entry e = { .prev_seq = n / 2, .received_at_ms = (int64_t)n * 10, .outcome = n * n, .kind = (uint8_t)n,
				   .slot = (uint8_t)(n * 3), .body = body_of(n, body) };
	int r;
	while ((r = journal_reserve(j, 1, e.body.len)) == ERR_BUSY)
		usleep(100);
	assert_int_equal(r, ERR_OK);
	journal_append(j, &e, NULL, NULL);
	assert_int_equal(e.seq, n);
}

static void append_many(struct journal *j, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n <= to; n++) {
		append(j, n);
		if (n % 7 == 0)
			journal_kick(j);
		if (n % 50 == 0)
			journal_wait(j, n);
	}
	journal_wait(j, to);
	assert_int_equal(journal_durable(j), to);
}

static void expect_entry(const struct journal_entry *e, uint64_t n)
{
	char body[512];
	assert_int_equal(e->seq, n);
	assert_int_equal(e->prev_seq, n / 2);
	assert_int_equal(e->received_at_ms, n * 10);
	assert_int_equal(e->outcome, n * n);
	assert_int_equal(e->kind, (uint8_t)n);
	assert_int_equal(e->slot, (uint8_t)(n * 3));
	assert_false(e->blanked);
	assert_true(slice_equal(e->body, body_of(n, body)));
}

static void expect_range(struct journal *j, uint64_t from, uint64_t first, uint64_t last)
{
	struct journal_reader *r;
	struct journal_entry e;
	assert_int_equal(journal_reader_open(&r, j, from), ERR_OK);
	for (uint64_t n = first; n <= last; n++) {
		int got = journal_next(r, &e);
		if (got != 1)
			fail_msg("at %llu: %d %s", (unsigned long long)n, got, error_last()->text);
		expect_entry(&e, n);
	}
	assert_int_equal(journal_next(r, &e), 0);
	journal_reader_close(r);
}

static void path_of(const char *dir, unsigned index, char *out)
{
	snprintf(out, 128, "%s/journal/%016x.segment", dir, index);
}

static void overwrite(const char *dir, unsigned index, off_t offset, const void *bytes, size_t len)
{
	char path[128];
	path_of(dir, index, path);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	close(fd);
}

static void flip(const char *dir, unsigned index, off_t offset)
{
	char path[128], byte;
	path_of(dir, index, path);
	int fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	close(fd);
	byte ^= 0x10;
	overwrite(dir, index, offset, &byte, 1);
}

static void count_text(void *arg, const char *text)
{
	snprintf(arg, 1024, "%s", text);
}

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

static struct hash128 identity_of(const char *dir)
{
	struct hash128 id;
	char mark[128], text[256] = "";
	snprintf(mark, sizeof(mark), "%s/journal/NUDGED", dir);
	FILE *f = fopen(mark, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_int_equal(sscanf(strstr(text, "identity ") + 9, "%16lx%16lx", &id.high, &id.low), 2);
	return id;
}

/* Offsets of the batches of segment 1. */
static size_t batches_of(const char *dir, uint64_t *offsets, size_t max)
{
	struct batch_window w;
	struct batch b;
	struct hash128 id = identity_of(dir);
	char folder[128];
	snprintf(folder, sizeof(folder), "%s/journal", dir);
	assert_int_equal(batch_window_open(&w, file_system(), folder, id, 1), ERR_OK);
	size_t n = 0;
	for (uint64_t at = SEGMENT_HEAD_BYTES; n < max && batch_read(&w, at, false, &b) == 1; at += b.bytes.len)
		offsets[n++] = at;
	batch_window_finish(&w);
	return n;
}

static void an_incomplete_last_batch_is_dropped_whole(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	struct journal_found found;
	uint64_t offsets[8];
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, 30);
	for (uint64_t n = 31; n <= 35; n++)
		append(j, n);
	journal_close(j); /* 31 to 35: one batch, the last */
	size_t n = batches_of(dir, offsets, 8);
	flip(dir, 1, (off_t)offsets[n - 1] + 300);

	struct journal_options only_read = options_of();
	only_read.read_only = true;
	assert_int_equal(journal_open(&j, dir, &only_read, NULL, NULL, &found), ERR_OK);
	assert_int_equal(found.last_seq, 30);
	assert_true(found.dropped_bytes > 0);
	expect_range(j, 1, 1, 30);
	journal_close(j);
	char text[1024] = "";
	struct journal_check check;
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 0);
	assert_non_null(strstr(text, "incomplete last batch"));

	j = open_ok(dir, &found);
	assert_int_equal(found.last_seq, 30);
	assert_true(found.dropped_bytes > 0);
	append_many(j, 31, 60);
	journal_close(j);
	j = open_ok(dir, &found);
	assert_int_equal(found.dropped_bytes, 0);
	expect_range(j, 1, 1, 60);
	journal_close(j);
}

static void damage_before_a_valid_batch_is_refused(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	uint64_t offsets[200];
	char text[1024] = "", where[64];
	struct journal_check check;
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, 1000);
	journal_close(j);
	size_t n = batches_of(dir, offsets, 200);
	/* heads, entries, padding; with valid batches behind in the same segment, and in the next only */
	for (size_t i = 0; i < n; i++) {
		off_t at = (off_t)offsets[i] + (off_t)(i * 13 % 400);
		flip(dir, 1, at);
		snprintf(where, sizeof(where), "segment 1 at offset %llu", (unsigned long long)offsets[i]);
		open_fails(dir, ERR_CORRUPT, where);
		assert_true(journal_verify(dir, NULL, &check, count_text, text) > 0);
		flip(dir, 1, at);
	}
	flip(dir, 1, 100);
	open_fails(dir, ERR_CORRUPT, "checksum");
	flip(dir, 1, 100);
	char path[128], other[128];
	path_of(dir, 2, path);
	snprintf(other, sizeof(other), "%s/kept", dir);
	assert_int_equal(rename(path, other), 0);
	open_fails(dir, ERR_CORRUPT, "segment 2 is missing");
	assert_true(journal_verify(dir, NULL, &check, count_text, text) > 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(truncate(path, SEGMENT / 2), 0);
	open_fails(dir, ERR_CORRUPT, "truncated");
	assert_int_equal(truncate(path, SEGMENT), 0);
	open_fails(dir, ERR_CORRUPT, "damage in segment 2");
}

static void a_rewritten_past_breaks_the_chain(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	uint64_t offsets[8];
	char path[128], batch[SECTOR_BYTES], body[512];
	struct bytes scratch = { 0 };
	struct journal *j = open_ok(dir, NULL);
	for (uint64_t n = 1; n <= 4; n++) {
		append(j, n);
		journal_wait(j, n);
	}
	journal_close(j);
	assert_int_equal(batches_of(dir, offsets, 8), 4);
	path_of(dir, 1, path);
	int fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, batch, sizeof(batch), (off_t)offsets[1]), sizeof(batch));
	close(fd);
	/* sequence 2 with another outcome, sealed as we would: only the next batch tells */
	struct journal_entry e = { .prev_seq = 1, .received_at_ms = 20, .outcome = 5, .kind = 2, .slot = 6, .body = body_of(2, body) };
	struct batch_head head = { .segment = 1, .first_seq = 2, .count = 1,
				   .length = (uint32_t)(BATCH_HEAD_BYTES + ENTRY_HEAD_BYTES + e.body.len) };
	memcpy(&head.prev, batch + 32, sizeof(head.prev));
	entry_head_encode(batch + BATCH_HEAD_BYTES, &e, 99);
	batch_seal(batch, &head, identity_of(dir), &scratch);
	bytes_finish(&scratch);
	overwrite(dir, 1, (off_t)offsets[1], batch, sizeof(batch));
	assert_int_equal(batches_of(dir, offsets, 8), 4); /* each is sound by itself */
	open_fails(dir, ERR_CORRUPT, "damage in segment 1");
	struct journal_check check;
	char text[1024] = "";
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 1);
	assert_non_null(strstr(text, "chain is broken before sequence 3"));
}

static void a_blanked_body_keeps_the_chain_whole(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	uint64_t offsets[200];
	static const char zero[512];
	struct journal *j = open_ok(dir, NULL);
	for (uint64_t n = 1; n <= 20; n++) {
		append(j, n);
		journal_wait(j, n);
	}
	journal_close(j);
	assert_int_equal(batches_of(dir, offsets, 200), 20);
	off_t entry = (off_t)offsets[4] + BATCH_HEAD_BYTES; /* sequence 5, 185 bytes */
	overwrite(dir, 1, entry + 48, "BLNK", 4);
	open_fails(dir, ERR_CORRUPT, "damage"); /* said to be blank, and is not */
	overwrite(dir, 1, entry + 40, zero, 8);
	overwrite(dir, 1, entry + ENTRY_HEAD_BYTES, zero, 5 * 37);
	struct journal_check check;
	assert_int_equal(journal_verify(dir, NULL, &check, NULL, NULL), 0);
	assert_int_equal(check.blanked, 1);
	j = open_ok(dir, NULL);
	struct journal_reader *r;
	struct journal_entry e;
	assert_int_equal(journal_reader_open(&r, j, 5), ERR_OK);
	assert_int_equal(journal_next(r, &e), 1);
	assert_true(e.seq == 5 && e.blanked && e.body.len == 0 && e.outcome == 25);
	assert_int_equal(journal_next(r, &e), 1);
	expect_entry(&e, 6);
	journal_reader_close(r);
	journal_close(j);
}

static void foreign_later_and_locked_folders_are_refused(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	char path[128], inner[96], pid[32];
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
	assert_int_equal(journal_verify(inner, NULL, &check, NULL, NULL), 1);
}

static void a_segment_of_another_journal_is_refused(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	char other[96], from[128], to[128], command[300];
	snprintf(other, sizeof(other), "%s/.other", dir);
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, 10);
	journal_close(j);
	j = open_ok(other, NULL);
	append_many(j, 1, 10);
	journal_close(j);
	path_of(other, 1, from);
	path_of(dir, 1, to);
	snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
	open_fails(dir, ERR_FOREIGN, "another journal");
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

static int wait_for_reserve(struct journal *j, int wanted)
{
	int r = 1;
	for (int i = 0; i < 300 && r != wanted; i++) {
		r = journal_reserve(j, 1, 10);
		if (r == ERR_OK)
			journal_release(j, 1, 10);
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
	free_now = 500;
	assert_int_equal(wait_for_reserve(j, ERR_STORAGE), ERR_STORAGE);
	free_now = 2000;
	assert_int_equal(wait_for_reserve(j, ERR_OK), ERR_OK);
	append_many(j, 101, 1000);
	expect_range(j, 1, 1, 1000);
	free_now = 0;
	assert_int_equal(wait_for_reserve(j, ERR_STORAGE), ERR_STORAGE);
	journal_close(j);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(entries_come_back_after_each_reopening),
		TEST(a_reader_follows_the_live_journal),
		TEST(retiring_keeps_what_is_needed),
		TEST(threads_append_without_gaps),
		TEST(reservations_bound_the_buffer),
		TEST(an_incomplete_last_batch_is_dropped_whole),
		TEST(damage_before_a_valid_batch_is_refused),
		TEST(a_rewritten_past_breaks_the_chain),
		TEST(an_error_of_sync_ends_the_process),
		TEST(a_full_disk_refuses_and_recovers),
		TEST(a_blanked_body_keeps_the_chain_whole),
		TEST(foreign_later_and_locked_folders_are_refused),
		TEST(a_segment_of_another_journal_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
