/* tests/fuzz/fuzz_journal.c: bytes as a data directory's journal: its two marks and one segment. Opening it as a tool does, reading all
 * of it and verifying it must end in entries that were appended or in an error, never in harm.
 *
 *     input: the data directory's mark (MARK_BYTES) | the journal's mark (INNER_BYTES) | the segment, without its zeroes at the end
 *
 * Every body in the corpus is made of its own sequence, so that an entry which was never appended is told. */
#include "base/check.h"
#include "disk/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_BYTES 84u
#define INNER_BYTES 87u
#define SEGMENT_BYTES 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void remove_folder(void)
{
	char command[96];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		perror(command);
}

static void put_file(const char *name, const uint8_t *data, size_t len, size_t whole)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "we");
	CHECK(f && fwrite(data, 1, len, f) == len && fflush(f) == 0);
	CHECK(ftruncate(fileno(f), (off_t)(whole > len ? whole : len)) == 0);
	fclose(f);
}

static void read_all(struct journal *j)
{
	struct journal_reader *r;
	struct journal_entry e;
	if (journal_reader_open(&r, j, 1) != 0)
		return;
	while (journal_next(r, &e) == 1) {
		CHECK(e.blanked || e.body.len == e.seq * 13 % 200);
		for (size_t i = 0; !e.blanked && i < e.body.len; i++)
			CHECK(e.body.data[i] == (char)(e.seq + i));
	}
	journal_reader_close(r);
}

static void say_nothing(void *arg, const char *text)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_options options = { .read_only = true, .segment_bytes = SEGMENT_BYTES };
	struct journal_found found;
	struct journal_check check;
	struct journal *j;
	char inner[96];
	if (size < MARK_BYTES + INNER_BYTES || size > MARK_BYTES + INNER_BYTES + SEGMENT_BYTES)
		return 0;
	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "fuzz-journal-XXXXXX");
		CHECK(mkdtemp(folder) != NULL);
		snprintf(inner, sizeof(inner), "%s/journal", folder);
		CHECK(mkdir(inner, 0700) == 0);
		atexit(remove_folder);
	}
	put_file("NUDGED", data, MARK_BYTES, 0);
	put_file("journal/NUDGED", data + MARK_BYTES, INNER_BYTES, 0);
	data += MARK_BYTES + INNER_BYTES;
	size -= MARK_BYTES + INNER_BYTES;
	put_file("journal/0000000000000001.segment", data, size, SEGMENT_BYTES);
	if (journal_open(&j, folder, &options, NULL, NULL, &found) == 0) {
		read_all(j);
		journal_close(j);
	}
	(void)journal_verify(folder, NULL, &check, say_nothing, NULL);
	return 0;
}
