/* nudgectl/csv.c: see csv.h. Fields are gathered into one buffer and cut afterwards, since the buffer may move as it
 * grows. */
#include "csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_BUFFER_BYTES (256u * 1024u)
/* An id would end there, and be another's. */
#define NUL_BYTE "it has a byte 0, which no text has: is it UTF-16? Save it as UTF-8"

bool csv_open(struct csv *c, const char *path)
{
	struct stat st;
	memset(c, 0, sizeof(*c));
	c->pushed = -1;
	c->line = 1;
	c->file = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
	if (!c->file) {
		snprintf(c->error, sizeof(c->error), "%s", strerror(errno));
		return false;
	}
	gzbuffer(c->file, READ_BUFFER_BYTES);
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		c->size_bytes = (double)st.st_size;
	/* a byte order mark, as spreadsheets write it, is no part of the first heading */
	static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };
	for (unsigned i = 0; i < sizeof(mark); i++) {
		int at = gzgetc((gzFile)c->file);
		if (at == mark[i])
			continue;
		if (i == 0)
			c->pushed = at;
		else
			gzrewind((gzFile)c->file);
		break;
	}
	return true;
}

void csv_close(struct csv *c)
{
	if (c->file)
		gzclose(c->file);
	bytes_finish(&c->text);
	c->file = NULL;
}

double csv_part(const struct csv *c)
{
	return c->size_bytes > 0 ? (double)gzoffset(c->file) / c->size_bytes : -1;
}

static int next_char(struct csv *c)
{
	int at = c->pushed;
	c->pushed = -1;
	if (at < 0)
		at = gzgetc((gzFile)c->file);
	if (at == '\n')
		c->line++;
	return at;
}

static void push_back(struct csv *c, int at)
{
	if (at == '\n')
		c->line--;
	c->pushed = at;
}

static int fail(struct csv *c, const char *what)
{
	snprintf(c->error, sizeof(c->error), "line %llu: %s", (unsigned long long)c->record_line, what);
	return -1;
}

/* Behind the opening quote, up to and with the closing one. */
static int take_quoted(struct csv *c)
{
	for (;;) {
		int at = next_char(c);
		if (at < 0)
			return fail(c, "a quoted field does not end");
		if (at == '"') {
			at = next_char(c);
			if (at != '"') {
				push_back(c, at);
				return 0;
			}
		}
		if (at == '\0')
			return fail(c, NUL_BYTE);
		if (c->text.len >= CSV_RECORD_BYTES_MAX)
			return fail(c, "the record is longer than 1 MiB; is a quote missing?");
		bytes_put_u8(&c->text, (uint8_t)at);
	}
}

/* One field; returns what ended it (',' '\n' or -1 for the end of the file), or -2. */
static int take_field(struct csv *c)
{
	int at = next_char(c);
	if (at == '"') {
		if (take_quoted(c) < 0)
			return -2;
		at = next_char(c);
		if (at != ',' && at != '\n' && at != '\r' && at >= 0) {
			fail(c, "text behind a closing quote");
			return -2;
		}
	}
	for (;; at = next_char(c)) {
		if (at == '\r') {
			int next = next_char(c);
			if (next == '\n' || next < 0)
				return '\n';
			push_back(c, next);
		}
		if (at == ',' || at == '\n' || at < 0)
			return at < 0 ? -1 : at;
		if (at == '\0' || c->text.len >= CSV_RECORD_BYTES_MAX) {
			fail(c, at == '\0' ? NUL_BYTE : "the record is longer than 1 MiB");
			return -2;
		}
		bytes_put_u8(&c->text, (uint8_t)at);
	}
}

/* Reads the fields of a record; ends[i] is where field i ends in c->text. Returns what ended it. */
static int take_record(struct csv *c, size_t *ends)
{
	int end;
	bytes_clear(&c->text);
	c->count = 0;
	c->record_line = c->line;
	do {
		if (c->count == CSV_FIELDS_MAX) {
			fail(c, "more than 1024 fields");
			return -2;
		}
		end = take_field(c);
		ends[c->count++] = c->text.len;
	} while (end == ',');
	return end;
}

int csv_peek(struct csv *c)
{
	if (c->pushed < 0)
		c->pushed = gzgetc((gzFile)c->file);
	return c->pushed;
}

/* The end of the file, or of what can be read of it. */
static int ended(struct csv *c)
{
	int code;
	const char *problem = gzerror(c->file, &code);
	if (code == Z_OK || code == Z_STREAM_END)
		return 0;
	return fail(c, code == Z_BUF_ERROR ? "the file ends in the middle: it was cut off" : problem);
}

int csv_line(struct csv *c)
{
	int at;
	do {
		bool blank = true;
		bytes_clear(&c->text);
		c->record_line = c->line;
		while ((at = next_char(c)) >= 0 && at != '\n') {
			if (c->text.len >= CSV_RECORD_BYTES_MAX)
				return fail(c, "the line is longer than 1 MiB");
			blank = blank && strchr(" \t\r", at);
			bytes_put_u8(&c->text, (uint8_t)at);
		}
		if (!blank && (at >= 0 || ended(c) == 0))
			return 1;
	} while (at >= 0);
	return ended(c);
}

int csv_next(struct csv *c)
{
	size_t ends[CSV_FIELDS_MAX];
	int end;
	do {
		end = take_record(c, ends);
	} while (end == '\n' && c->count == 1 && c->text.len == 0);
	if (end == -2)
		return -1;
	if (ended(c) != 0)
		return -1;
	if (end < 0 && c->count == 1 && c->text.len == 0)
		return 0;
	const char *at = c->text.data ? c->text.data : "";
	for (unsigned i = 0; i < c->count; i++)
		c->fields[i] = (struct slice){ at + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0) };
	return 1;
}
