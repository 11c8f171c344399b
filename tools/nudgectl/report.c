/* nudgectl/report.c: see report.h. */
#include "report.h"

#include "command.h"

#include "base/check.h"
#include "base/currency.h"
#include "base/printable.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define WIDTH_DEFAULT 100
#define WIDTH_SHORT_TIMES 120
#define COLUMNS_LEAST 10 /* of running text, however narrow the terminal is */
#define TEXTS_AT_ONCE 16 /* one line's */

static bool colour_out, colour_err;
static void (*usage_after)(void);

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void report_init(void (*after_usage)(void))
{
	usage_after = after_usage;
	/* only what the width of characters needs: numbers keep their point whatever the user's locale */
	setlocale(LC_CTYPE, "C.UTF-8");
	colour_out = wants_colour(STDOUT_FILENO);
	colour_err = wants_colour(STDERR_FILENO);
}

/* A sentence on standard error, wrapped on a terminal, on one line anywhere else. */
static void note(int column, int indent, const char *format, va_list args)
{
	char *raw;
	CHECK(vasprintf(&raw, format, args) >= 0);
	size_t size = PRINTABLE_GROWTH * strlen(raw) + 1;
	char *text = must_malloc(size);
	printable_copy(text, size, raw);
	free(raw);
	if (report_is_terminal(stderr))
		text_flow(stderr, column, indent, text);
	else
		fprintf(stderr, "%s\n", text);
	free(text);
}

void report_note(const char *format, ...)
{
	va_list args;
	fflush(stdout);
	fputs("  ", stderr);
	va_start(args, format);
	note(2, 4, format, args);
	va_end(args);
}

static int say(int code, const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%snudgectl:%s ", style_on(stderr, STYLE_RED), style_off(stderr));
	note((int)strlen("nudgectl: "), 2, format, args);
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
	if (!usage_after)
		return code;
	usage_after();
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

/* One character's bytes, and its columns. What is not UTF-8, and what steers a terminal, count as one '?'. */
static size_t next_char(const char *at, int *columns, bool *shown)
{
	wchar_t wide;
	mbstate_t state = { 0 };
	size_t n = mbrtowc(&wide, at, strlen(at), &state);
	*shown = n != (size_t)-1 && n != (size_t)-2 && n > 0;
	if (!*shown)
		n = 1;
	*columns = *shown ? wcwidth(wide) : 1;
	if (*columns < 0 || (*shown && rune_steers((uint32_t)wide))) {
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

int text_put(FILE *to, const char *text, size_t len)
{
	int used = 0, wide;
	bool shown;
	for (const char *at = text, *end = text + len; at < end && *at; used += wide) {
		size_t n = next_char(at, &wide, &shown);
		if (shown)
			fwrite(at, 1, n, to);
		else
			fputc(*at == '\n' ? ' ' : '?', to);
		at += n;
	}
	return used;
}

size_t text_line(const char *text, int columns)
{
	const char *at = text, *blank = NULL;
	int used = 0, wide;
	bool shown;
	while (*at && *at != '\n') {
		size_t n = next_char(at, &wide, &shown);
		if (*at == ' ')
			blank = at;
		if (used + wide > columns && at > text)
			return (size_t)((blank && blank > text ? blank : at) - text);
		used += wide;
		at += n;
	}
	return (size_t)(at - text);
}

const char *text_next_line(const char *after)
{
	if (*after == '\n')
		return after + 1;
	while (*after == ' ')
		after++;
	return after;
}

void text_flow(FILE *to, int column, int indent, const char *text)
{
	while (*text) {
		int room = report_width(to) - column;
		size_t len = text_line(text, room > COLUMNS_LEAST ? room : COLUMNS_LEAST);
		text_put(to, text, len);
		fputc('\n', to);
		text = text_next_line(text + len);
		if (*text)
			column = fprintf(to, "%*s", indent, "");
	}
}

void text_wrap(FILE *to, int indent, const char *text)
{
	if (*text)
		text_flow(to, fprintf(to, "%*s", indent, ""), indent, text);
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

const char *time_short(int64_t time_ms)
{
	if (!time_ms || !report_is_terminal(stdout) || report_width(stdout) >= WIDTH_SHORT_TIMES)
		return time_text(time_ms);
	char *out = rotating();
	time_t seconds = (time_t)(time_ms / 1000), now = time(NULL);
	struct tm tm, today;
	const char *zone = getenv("TZ");
	bool local = zone && *zone;
	if (local)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	gmtime_r(&now, &today);
	strftime(out, 48, tm.tm_year == today.tm_year ? "%m-%d %H:%M" : "%Y-%m-%d %H:%M", &tm);
	return out;
}

const char *plural_text(uint64_t n, const char *one, const char *many)
{
	char *out = rotating();
	snprintf(out, 48, "%s %s", count_text(n), n == 1 ? one : many);
	return out;
}

const char *microseconds_text(double us)
{
	if (us >= 1e6)
		return duration_text(us / 1e6);
	char *out = rotating();
	if (us >= 10000)
		snprintf(out, 48, "%.0f ms", us / 1000);
	else if (us >= 1000)
		snprintf(out, 48, "%.1f ms", us / 1000);
	else
		snprintf(out, 48, us < 10 ? "%.1f us" : "%.0f us", us);
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

const char *money_text(double minor, const char *currency)
{
	int exponent = currency_exponent(slice_of(currency));
	unsigned long long whole = (unsigned long long)fmin(round(fabs(minor)), 9e18), scale = 1;
	char *out = rotating();
	for (int i = 0; i < exponent; i++)
		scale *= 10;
	int used = snprintf(out, 48, "%s%s", minor < 0 && whole ? "-" : "", count_text(whole / scale));
	if (exponent)
		snprintf(out + used, 48 - (size_t)used, ".%0*llu", exponent, whole % scale);
	return out;
}

const char *number_short(double n)
{
	char *out = rotating();
	bool rounded = n != floor(n) && fabs(n) >= 0.001 && fabs(n) < 1e9;
	snprintf(out, 48, "%.15g", rounded ? round(n * 1000) / 1000 : n);
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
