/* tests/unit/test_journal_damage.c: what is not a legal tail is refused, by its place; what is erased is not. */
#include "journal_kit.h"

#include "disk/batch.h"

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

/* The oldest segments are removed, or nothing is left in them: refused, and the check says so too. */
static void a_lost_beginning_is_found(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	char path[160], text[1024] = "";
	struct journal_check check;
	struct journal *j = open_ok(dir, NULL);
	append_many(j, 1, 1000);
	journal_close(j);
	path_of(dir, 1, path);
	assert_int_equal(truncate(path, SEGMENT_HEAD_BYTES), 0); /* empty, and the next is not */
	assert_int_equal(truncate(path, SEGMENT), 0);
	open_fails(dir, ERR_CORRUPT, "a valid batch lies behind it");
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 1);
	assert_non_null(strstr(text, "is missing"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 0); /* as if it had been let go */
	unsigned last = 2;
	for (; path_of(dir, last + 1, path), access(path, F_OK) == 0; last++) {
		path_of(dir, last, path);
		assert_int_equal(unlink(path), 0);
	}
	path_of(dir, last, path);
	assert_int_equal(truncate(path, SEGMENT_HEAD_BYTES), 0);
	assert_int_equal(truncate(path, SEGMENT), 0);
	open_fails(dir, ERR_CORRUPT, "with none before it");
	assert_int_equal(journal_verify(dir, NULL, &check, count_text, text), 1);
	assert_non_null(strstr(text, "no segment before it"));
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
	char path[160], other[160];
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
	char path[160], batch[SECTOR_BYTES], body[512];
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
	struct journal_entry e = { .prev_seq = 1, .received_at_ms = 20, .outcome = 5, .kind = 2, .slot = 6,
				   .body = body_of(2, body) };
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

static void a_segment_of_another_journal_is_refused(void **state)
{
	const char *dir = ((struct place *)*state)->dir;
	char other[96], from[160], to[160], command[400];
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_incomplete_last_batch_is_dropped_whole),
		TEST(a_lost_beginning_is_found),
		TEST(damage_before_a_valid_batch_is_refused),
		TEST(a_rewritten_past_breaks_the_chain),
		TEST(a_blanked_body_keeps_the_chain_whole),
		TEST(a_segment_of_another_journal_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
