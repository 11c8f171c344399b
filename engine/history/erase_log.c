/* history/erase_log.c: one customer's lines of the decision log, in PATH and those put aside, overwritten where they stand:
 * no other line moves, and who reads the file by offsets goes on. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/file.h"
#include "history/json_line.h"
#include "history/log_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (4u * MIB)
#define KEPT_MAX 1000u /* decision_log_keep is at most this */

static bool is_theirs(const struct erasing *e, struct slice line)
{
	struct log_place place;
	struct bytes wanted = { 0 };
	bool placed = log_place_of(line, &place), theirs = placed && erasing_seq(e, place.seq);
	if (placed && place.seq > e->named_seq)
		return theirs;
	for (size_t i = 0; i < e->customer_count && !theirs; i++) {
		bytes_clear(&wanted);
		json_open(&wanted, NULL, '{');
		json_text(&wanted, "customer", e->customers[i]);
		theirs = memmem(line.data, line.len, wanted.data + 1, wanted.len - 1) != NULL;
	}
	bytes_finish(&wanted);
	return theirs;
}

static int overwrite(struct file *f, uint64_t offset, struct slice line)
{
	const struct file_layer *files = file_system();
	struct log_place place = { 0 };
	char *text = must_malloc(line.len + 64);
	(void)log_place_of(line, &place);
	int n = snprintf(text, 64, "{\"kind\":\"erased\",\"id\":\"\",\"seq\":%llu,\"erased\":true}", (unsigned long long)place.seq);
	if ((size_t)n > line.len)
		n = 0; /* shorter than any line of ours */
	memset(text + n, ' ', line.len - (size_t)n);
	int r = files->write(files->self, f, offset, text, line.len);
	free(text);
	return r;
}

/* The whole lines of a piece; *used: bytes that they take. */
static int look_at_piece(const struct erasing *e, struct file *f, uint64_t at, const char *piece, size_t len, size_t *used,
			 bool *changed)
{
	const char *end;
	*used = 0;
	for (int r; *used < len && (end = memchr(piece + *used, '\n', len - *used));) {
		struct slice line = { piece + *used, (size_t)(end - piece) - *used };
		if (is_theirs(e, line)) {
			r = overwrite(f, at + *used, line);
			if (r != ERR_OK)
				return r;
			*changed = true;
			e->report->log_lines++;
		}
		*used += line.len + 1;
	}
	return ERR_OK;
}

static int look_through(const struct erasing *e, const char *path)
{
	const struct file_layer *files = file_system();
	struct file *f = NULL;
	char *piece = must_malloc(PIECE_BYTES);
	uint64_t at = 0;
	size_t got = 0, used = 1;
	bool changed = false;
	int r = files->open(files->self, path, false, &f);
	while (r == ERR_OK && used) {
		r = files->read(files->self, f, at, piece, PIECE_BYTES, &got);
		if (r == ERR_OK)
			r = look_at_piece(e, f, at, piece, got, &used, &changed);
		at += used;
	}
	if (r == ERR_OK && changed)
		r = files->sync(files->self, f);
	files->close(files->self, f);
	free(piece);
	return r;
}

int erase_from_log(const struct erasing *e)
{
	size_t size = e->log.len + 16;
	char *path = must_malloc(size);
	int r = ERR_OK;
	for (unsigned i = 0; i <= KEPT_MAX && r == ERR_OK; i++) {
		if (i)
			snprintf(path, size, "%.*s.%u", SLICE_ARG(e->log), i);
		else
			snprintf(path, size, "%.*s", SLICE_ARG(e->log));
		r = look_through(e, path);
		if (r == ERR_MISSING && !i)
			r = ERR_OK; /* put aside just now */
	}
	free(path);
	return r == ERR_MISSING ? ERR_OK : r;
}
