/* disk/line_file.h: a log of lines: a file that is put aside when it has grown (PATH.1 is the newest of those, the oldest
 * goes), or standard output. One thread's.
 *
 * A write is whole lines, and all of them or none: what an error or a full disk cut off is taken back, so that the same
 * lines may be given again. After kill -9 the last line may be cut: opening takes that back too. */
#ifndef NUDGED_DISK_LINE_FILE_H
#define NUDGED_DISK_LINE_FILE_H

#include "base/bytes.h"

struct line_file;

struct line_file_options {
	const char *path;    /* "-": standard output */
	uint64_t file_bytes; /* put aside when it would grow beyond; 0: never */
	unsigned keep;       /* files put aside that are kept */
	/* Asked while standard output takes nothing: true gives up. */
	bool (*give_up)(void *arg);
	void *arg;
};

/* ERR_INVALID where PATH is no regular file, ERR_IO. */
int line_file_open(struct line_file **out, const struct line_file_options *options);
void line_file_close(struct line_file *f); /* NULL-safe */
int line_file_write(struct line_file *f, struct slice lines);
/* Somebody else may have put the file aside: what is written from here on goes to PATH anew. */
int line_file_reopen(struct line_file *f);
int line_file_sync(struct line_file *f);
/* The newest whole line, of PATH or else of PATH.1; empty where there is none. ERR_IO. */
int line_file_last(const struct line_file *f, struct bytes *out);

#endif
