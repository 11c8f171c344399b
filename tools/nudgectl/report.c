/* nudgectl/report.c: see report.h. */
#include "report.h"

#include "command.h"

#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define WIDTH_DEFAULT 100
#define TEXTS_AT_ONCE 8 /* one line's */

static bool colour_out, colour_err;

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void report_init(void)
{
	/* only what the width of characters needs: numbers keep their point whatever the user's locale */
	setlocale(LC_CTYPE, "C.UTF-8");
	colour_out = wants_colour(STDOUT_FILENO);
	colour_err = wants_colour(STDERR_FILENO);
}

static int say(int code, const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%snudgectl:%s ", style_on(stderr, STYLE_RED), style_off(stderr));
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	return code;
}

int report_failed(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int code = say(EXIT_FAILED, format, args);
	va_end(args);
	return code;
}

int report_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int code = say(EXIT_USAGE, format, args);
	va_end(args);
	fprintf(stderr, "Try `nudgectl help` or `nudgectl help COMMAND`.\n");
	return code;
}

const char *style_on(FILE *to, enum style s)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
		[STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
		[STYLE_BLUE] = "\033[36m",
	};
	return (to == stderr ? colour_err : colour_out) ? codes[s] : "";
}

const char *style_off(FILE *to)
{
	return (to == stderr ? colour_err : colour_out) ? "\033[0m" : "";
}

bool report_is_terminal(FILE *to)
{
	return isatty(fileno(to));
}

int report_width(FILE *to)
{
	struct winsize size;
	if (report_is_terminal(to) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

/* One character's bytes, and its columns. What is not UTF-8, and control characters, count as one '?'. */
static size_t next_char(const char *at, int *columns, bool *shown)
{
	wchar_t wide;
	mbstate_t state = { 0 };
	size_t n = mbrtowc(&wide, at, strlen(at), &state);
	*shown = n != (size_t)-1 && n != (size_t)-2 && n > 0;
	if (!*shown)
		n = 1;
	*columns = *shown ? wcwidth(wide) : 1;
	if (*columns < 0) {
		*columns = 1;
		*shown = false;
	}
	return n;
}

int text_width(const char *text)
{
	int width = 0, columns;
	bool shown;
	for (const char *at = text; *at; width += columns)
		at += next_char(at, &columns, &shown);
	return width;
}

int text_put(FILE *to, const char *text, int columns)
{
	bool cut = text_width(text) > columns, shown;
	int limit = cut ? columns - 1 : columns, used = 0, wide;
	for (const char *at = text; *at;) {
		size_t n = next_char(at, &wide, &shown);
		if (used + wide > limit)
			break;
		if (shown)
			fwrite(at, 1, n, to);
		else
			fputc('?', to);
		used += wide;
		at += n;
	}
	if (cut && columns > 0) {
		fputs("…", to);
		used++;
	}
	return used;
}

void text_wrap(FILE *to, int indent, const char *text)
{
	int width = report_width(to), column = 0;
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, " \n");
		char word[256];
		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		int wide = text_width(word);
		if (column && column + 1 + wide > width) {
			fputc('\n', to);
			column = 0;
		}
		if (!column)
			column = fprintf(to, "%*s", indent, "");
		else
			column += fprintf(to, " ");
		column += text_put(to, word, wide);
		at += len < sizeof(word) - 1 ? len : sizeof(word) - 1;
		for (; *at == ' ' || *at == '\n'; at++) {
			if (*at == '\n') {
				fputc('\n', to);
				column = 0;
			}
		}
	}
	if (column)
		fputc('\n', to);
}

static char *rotating(void)
{
	static char buffers[TEXTS_AT_ONCE][48];
	static unsigned next;
	return buffers[next++ % TEXTS_AT_ONCE];
}

const char *time_text(int64_t time_ms)
{
	if (!time_ms)
		return "-";
	char *out = rotating();
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	const char *zone = getenv("TZ");
	if (zone && *zone) {
		localtime_r(&seconds, &tm);
		strftime(out, 48, "%Y-%m-%d %H:%M:%S%z", &tm);
	} else {
		gmtime_r(&seconds, &tm);
		strftime(out, 48, "%Y-%m-%d %H:%M:%SZ", &tm);
	}
	return out;
}

const char *count_text(uint64_t n)
{
	char digits[24], *out = rotating(), *to = out;
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

const char *duration_text(double seconds)
{
	char *out = rotating();
	unsigned long s = seconds > 0 ? (unsigned long)seconds : 0;
	if (seconds < 1)
		snprintf(out, 48, "%.0f ms", seconds * 1000);
	else if (seconds < 10)
		snprintf(out, 48, "%.1f s", seconds);
	else if (s < 60)
		snprintf(out, 48, "%lu s", s);
	else if (s < 3600)
		snprintf(out, 48, "%lu min %lu s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, 48, "%lu h %lu min", s / 3600, s % 3600 / 60);
	else
		snprintf(out, 48, "%lu d %lu h", s / 86400, s % 86400 / 3600);
	return out;
}

const char *size_text(double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	char *out = rotating();
	unsigned u = 0;
	for (; bytes >= 1024 && u + 1 < sizeof(units) / sizeof(*units); u++)
		bytes /= 1024;
	snprintf(out, 48, u ? "%.1f %s" : "%.0f %s", bytes, units[u]);
	return out;
}
