/* base/log.c: a line is formatted whole and written with one write, so that lines of different threads never mix. */
#include "base/log.h"

#include "base/journald.h"
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

#define FIELD_BYTES 160u
static const char *const field_names[LOG_FIELDS] = { "rule", "pack", "request", "error_field", "seq" };
static _Thread_local struct {
	const char *id;
	char fields[LOG_FIELDS][FIELD_BYTES]; /* printable; empty: none */
	bool any;
} about;

void log_id(const char *id)
{
	about.id = id;
	about.any = true;
}

void log_field(enum log_field field, const char *format, ...)
{
	char text[FIELD_BYTES];
	va_list args;
	va_start(args, format);
	int wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (wanted < 0)
		return;
	printable_copy(about.fields[field], FIELD_BYTES, text);
	about.any = true;
}

static void forget_fields(void)
{
	if (about.any)
		memset(&about, 0, sizeof(about));
}

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

/* As far as there is room, with the quote behind it. */
static size_t put_quoted(char *line, size_t len, size_t size, const char *text)
{
	for (; *text && len + 5 < size; text++) {
		if (*text == '"' || *text == '\\')
			line[len++] = '\\';
		line[len++] = *text;
	}
	line[len++] = '"';
	return len;
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
	len = put_quoted(line, len, size, text);
	for (unsigned i = 0; about.any && i < LOG_FIELDS; i++) {
		if (!about.fields[i][0] || len + 32 > size)
			continue;
		len += (size_t)snprintf(line + len, size - len, ",\"%s\":\"", field_names[i]);
		len = put_quoted(line, len, size, about.fields[i]);
	}
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

static bool send_fields(enum log_level level, const char *text)
{
	char plain[LOG_LINE_BYTES], lines[2 * LOG_LINE_BYTES];
	printable_copy(plain, sizeof(plain), text);
	size_t len = (size_t)snprintf(lines, sizeof(lines), "PRIORITY=%d\nSYSLOG_IDENTIFIER=nudged\nMESSAGE=%s\n", levels[level].priority,
				      plain);
	if (about.id)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "MESSAGE_ID=%s\n", about.id);
	for (unsigned i = 0; about.any && i < LOG_FIELDS; i++) {
		if (!about.fields[i][0])
			continue;
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "NUDGED_");
		for (const char *at = field_names[i]; *at; at++)
			lines[len++] = *at == '_' ? '_' : (char)(*at - 'a' + 'A');
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "=%s\n", about.fields[i]);
	}
	return journald_send(lines, len);
}

static void write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_BYTES];
	size_t len;
	if (atomic_load_explicit(&as_json, memory_order_relaxed)) {
		char plain[LOG_LINE_BYTES];
		printable_copy(plain, sizeof(plain), text);
		len = put_json(line, sizeof(line) - 1, level, plain);
	} else {
		len = put_head(line, sizeof(line), level);
		len += printable_copy(line + len, sizeof(line) - len - 1, text); /* so one message is one line */
	}
	line[len++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written; /* there is nowhere left to tell it */
}

void log_write(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_BYTES];
	va_list args;
	if ((int)level <= atomic_load_explicit(&threshold, memory_order_relaxed)) {
		va_start(args, format);
		int wanted = vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		if (wanted >= 0 && !(journald_is_here() && send_fields(level, text)))
			write_line(level, text);
	}
	forget_fields();
}
