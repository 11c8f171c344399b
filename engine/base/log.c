/* base/log.c: a line is formatted whole and written with one write, so that lines of different threads never mix. */
#include "base/log.h"

#include "base/printable.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_BYTES 2048

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_bool as_json;

static const struct {
	const char *name;
	int priority; /* as syslog numbers them */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

void log_set_json(bool json)
{
	atomic_store_explicit(&as_json, json && !isatty(STDERR_FILENO), memory_order_relaxed);
}

static size_t put_time(char *out, size_t size)
{
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return len + (size_t)snprintf(out + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* The text is printable already: what is left to escape are quotes and backslashes. */
static size_t put_json(char *line, size_t size, enum log_level level, const char *text)
{
	char time[40];
	size_t len = 0;
	put_time(time, sizeof(time));
	if (getenv("JOURNAL_STREAM"))
		len = (size_t)snprintf(line, size, "<%d>", levels[level].priority);
	len += (size_t)snprintf(line + len, size - len, "{\"time\":\"%s\",\"level\":\"%s\",\"text\":\"", time,
				levels[level].name);
	for (; *text && len + 5 < size; text++) {
		if (*text == '"' || *text == '\\')
			line[len++] = '\\';
		line[len++] = *text;
	}
	line[len++] = '"';
	line[len++] = '}';
	return len;
}

static size_t put_head(char *line, size_t size, enum log_level level)
{
	if (getenv("JOURNAL_STREAM"))
		return (size_t)snprintf(line, size, "<%d>", levels[level].priority);
	size_t len = put_time(line, size);
	len += (size_t)snprintf(line + len, size - len, " %-5s ", levels[level].name);
	return len;
}

void log_write(enum log_level level, const char *format, ...)
{
	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	char text[LOG_LINE_BYTES], line[LOG_LINE_BYTES];
	va_list args;
	va_start(args, format);
	int wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (wanted < 0)
		return;
	size_t len;
	if (atomic_load_explicit(&as_json, memory_order_relaxed)) {
		char plain[LOG_LINE_BYTES];
		printable_copy(plain, sizeof(plain), text);
		len = put_json(line, sizeof(line), level, plain);
	} else {
		len = put_head(line, sizeof(line), level);
		len += printable_copy(line + len, sizeof(line) - len - 1, text); /* so one message is one line */
	}
	line[len++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written; /* there is nowhere left to tell it */
}
