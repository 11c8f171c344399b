/* tests/unit/journal_kit.h: what the journal's unit tests share: a directory of their own, entries that can be computed
 * from their sequence, hands to damage files with. Header only. */
#ifndef NUDGED_TESTS_UNIT_JOURNAL_KIT_H
#define NUDGED_TESTS_UNIT_JOURNAL_KIT_H

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define SEGMENT (64u * 1024u)

struct place {
	char dir[64];
};

static inline int set_up(void **state)
{
	struct place *p = must_calloc(1, sizeof(*p));
	snprintf(p->dir, sizeof(p->dir), "/tmp/nudged-journal-XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	*state = p;
	return 0;
}

static inline int tear_down(void **state)
{
	char command[128];
	struct place *p = *state;
	snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
	CHECK(system(command) == 0);
	free(p);
	return 0;
}

static inline struct journal_options options_of(void)
{
	return (struct journal_options){ .segment_bytes = SEGMENT, .reserve_bytes = 1 };
}

static inline struct journal *open_ok(const char *dir, struct journal_found *found)
{
	struct journal *j;
	struct journal_options options = options_of();
	if (journal_open(&j, dir, &options, NULL, NULL, found) != ERR_OK)
		fail_msg("journal_open: %s", error_last()->text);
	assert_int_equal(journal_start(j), ERR_OK);
	return j;
}

static inline void open_fails(const char *dir, int code, const char *word)
{
	struct journal *j;
	struct journal_options options = options_of();
	assert_int_equal(journal_open(&j, dir, &options, NULL, NULL, NULL), code);
	assert_null(j);
	if (!strstr(error_last()->text, word))
		fail_msg("'%s' does not say '%s'", error_last()->text, word);
}

/* The body of sequence n: of n's own length and bytes. */
static inline struct slice body_of(uint64_t n, char *out)
{
	size_t len = (size_t)(n * 37 % 400);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(n * 31 + i);
	return (struct slice){ out, len };
}

/* Entry n, whose space is reserved. */
static inline void append_reserved(struct journal *j, uint64_t n)
{
	char body[512];
	struct journal_entry e = { .prev_seq = n / 2, .received_at_ms = (int64_t)n * 10, .outcome = n * n, .kind = (uint8_t)n,
				   .slot = (uint8_t)(n * 3), .body = body_of(n, body) };
	journal_append(j, &e, NULL, NULL);
	assert_int_equal(e.seq, n);
}

static inline int reserve_for(struct journal *j, uint64_t n)
{
	char body[512];
	return journal_reserve(j, 1, body_of(n, body).len);
}

static inline void append(struct journal *j, uint64_t n)
{
	int r;
	while ((r = reserve_for(j, n)) == ERR_BUSY)
		usleep(100);
	assert_int_equal(r, ERR_OK);
	append_reserved(j, n);
}

static inline void append_many(struct journal *j, uint64_t from, uint64_t to)
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

static inline void expect_entry(const struct journal_entry *e, uint64_t n)
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

static inline void expect_range(struct journal *j, uint64_t from, uint64_t first, uint64_t last)
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

static inline void path_of(const char *dir, unsigned index, char *out)
{
	snprintf(out, 160, "%s/journal/%016x.segment", dir, index);
}

static inline void overwrite(const char *dir, unsigned index, off_t offset, const void *bytes, size_t len)
{
	char path[160];
	path_of(dir, index, path);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	close(fd);
}

static inline void flip(const char *dir, unsigned index, off_t offset)
{
	char path[160], byte;
	path_of(dir, index, path);
	int fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	close(fd);
	byte ^= 0x10;
	overwrite(dir, index, offset, &byte, 1);
}

static inline void count_text(void *arg, const char *text)
{
	snprintf(arg, 1024, "%s", text);
}

#endif
