/* disk/line_file.c: see line_file.h. */
#include "disk/line_file.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES 4096 /* so much a pipe that poll calls writable takes without blocking */
#define PIPE_WAIT_MS 100
#define LAST_LINE_BYTES (1u << 20) /* no line of ours is longer */

struct line_file {
	struct line_file_options options;
	char *path;
	int fd;
	uint64_t size;
	bool standard;
	size_t cut; /* standard output took so much of lines that were then given up */
};

/* What stands behind the last newline was cut off when the writer was killed. */
static int drop_cut_line(struct line_file *f)
{
	char tail[4096];
	while (f->size) {
		size_t want = f->size < sizeof(tail) ? (size_t)f->size : sizeof(tail);
		if (pread(f->fd, tail, want, (off_t)(f->size - want)) != (ssize_t)want)
			return error_errno("cannot read %s", f->path);
		const char *newline = memrchr(tail, '\n', want);
		uint64_t whole = f->size - want + (newline ? (uint64_t)(newline + 1 - tail) : 0);
		if (whole == f->size)
			return ERR_OK;
		if (ftruncate(f->fd, (off_t)whole) != 0)
			return error_errno("cannot shorten %s", f->path);
		f->size = whole;
		if (newline)
			return ERR_OK;
	}
	return ERR_OK;
}

static int open_file(struct line_file *f)
{
	struct stat st;
	/* Nobody need read what customers did but whom the administrator lets: not others. */
	f->fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
	if (f->fd < 0)
		return error_errno("cannot open %s", f->path);
	if (fstat(f->fd, &st) != 0)
		return error_errno("cannot look at %s", f->path);
	if (!S_ISREG(st.st_mode))
		return error_set(ERR_INVALID, NULL, "%s is not a regular file; \"-\" is standard output", f->path);
	f->size = (uint64_t)st.st_size;
	return drop_cut_line(f);
}

int line_file_open(struct line_file **out, const struct line_file_options *options)
{
	struct line_file *f = must_calloc(1, sizeof(*f));
	f->options = *options;
	f->path = must_strdup(options->path);
	f->standard = strcmp(options->path, "-") == 0;
	f->fd = -1;
	int result = ERR_OK;
	if (f->standard)
		f->fd = STDOUT_FILENO;
	else
		result = open_file(f);
	if (result != ERR_OK) {
		line_file_close(f);
		return result;
	}
	*out = f;
	return ERR_OK;
}

void line_file_close(struct line_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0 && !f->standard)
		close(f->fd);
	free(f->path);
	free(f);
}

int line_file_reopen(struct line_file *f)
{
	if (f->standard)
		return ERR_OK;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	return open_file(f);
}

int line_file_sync(struct line_file *f)
{
	if (!f->standard && f->fd >= 0 && fdatasync(f->fd) != 0)
		return error_errno("cannot sync %s", f->path);
	return ERR_OK;
}

static char *aside_path(const struct line_file *f, unsigned number)
{
	size_t size = strlen(f->path) + 16;
	char *path = must_malloc(size);
	snprintf(path, size, "%s.%u", f->path, number);
	return path;
}

/* PATH.2 becomes PATH.3, PATH.1 PATH.2, PATH PATH.1. One that is not there leaves a gap, and no harm. */
static int put_aside(struct line_file *f)
{
	int result = line_file_sync(f); /* before what follows it is */
	for (unsigned i = f->options.keep; i > 0 && result == ERR_OK; i--) {
		char *to = aside_path(f, i), *from = i > 1 ? aside_path(f, i - 1) : must_strdup(f->path);
		if (rename(from, to) != 0 && errno != ENOENT)
			result = error_errno("cannot rename %s to %s", from, to);
		free(from);
		free(to);
	}
	if (result == ERR_OK && f->options.keep == 0 && unlink(f->path) != 0 && errno != ENOENT)
		result = error_errno("cannot remove %s", f->path);
	return result == ERR_OK ? line_file_reopen(f) : result;
}

static int write_file(struct line_file *f, struct slice lines)
{
	for (size_t done = 0; done < lines.len;) {
		ssize_t n = fault_hit(decision_log_write) ? (errno = ENOSPC, -1)
							  : write(f->fd, lines.data + done, lines.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_errno("cannot write %s", f->path);
			if (done && ftruncate(f->fd, (off_t)f->size) != 0)
				return error_errno("cannot write %s, nor take back a part of it", f->path);
			return ERR_IO;
		}
		done += (size_t)n;
	}
	f->size += lines.len;
	return ERR_OK;
}

/* A pipe whose reader is slow, or has gone away for now: never for longer than give_up lets it. What it took stays
 * taken: the next write goes on from there. */
static int write_standard(struct line_file *f, struct slice lines)
{
	size_t done = f->cut < lines.len ? f->cut : lines.len;
	f->cut = 0;
	while (done < lines.len) {
		struct pollfd p = { .fd = f->fd, .events = POLLOUT };
		int ready = poll(&p, 1, PIPE_WAIT_MS);
		size_t want = lines.len - done < PIPE_BYTES ? lines.len - done : PIPE_BYTES;
		ssize_t n = ready > 0 ? write(f->fd, lines.data + done, want) : 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			f->cut = done;
			return error_errno("cannot write to standard output");
		}
		if (n > 0)
			done += (size_t)n;
		else if (ready <= 0 && f->options.give_up && f->options.give_up(f->options.arg)) {
			f->cut = done;
			return error_set(ERR_IO, NULL, "standard output takes no more: its reader is behind");
		}
	}
	return ERR_OK;
}

int line_file_write(struct line_file *f, struct slice lines)
{
	int result = ERR_OK;
	if (f->standard)
		return write_standard(f, lines);
	if (f->fd < 0)
		result = open_file(f);
	uint64_t most = f->options.file_bytes;
	if (result == ERR_OK && most && f->size && f->size + lines.len > most)
		result = put_aside(f);
	return result == ERR_OK ? write_file(f, lines) : result;
}

/* The last line of an open file, all of which are whole. */
static int last_line(int fd, const char *path, struct bytes *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	size_t want = size < (off_t)LAST_LINE_BYTES ? (size_t)(size < 0 ? 0 : size) : LAST_LINE_BYTES;
	bytes_clear(out);
	if (!want)
		return ERR_OK;
	char *tail = must_malloc(want);
	int result = ERR_OK;
	if (pread(fd, tail, want, size - (off_t)want) == (ssize_t)want) {
		const char *before = memrchr(tail, '\n', want - 1);
		const char *line = before ? before + 1 : tail;
		bytes_put(out, line, want - (size_t)(line - tail));
	} else {
		result = error_errno("cannot read %s", path);
	}
	free(tail);
	return result;
}

int line_file_last(const struct line_file *f, struct bytes *out)
{
	bytes_clear(out);
	if (f->standard)
		return ERR_OK;
	int result = last_line(f->fd, f->path, out);
	if (result != ERR_OK || out->len)
		return result;
	char *aside = aside_path(f, 1);
	int fd = open(aside, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		result = last_line(fd, aside, out);
		close(fd);
	}
	free(aside);
	return result;
}
