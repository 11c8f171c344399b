/* history/json_line.c: see json_line.h. */
#include "history/json_line.h"

#include "base/decimal.h"
#include "base/limits.h"

#include <math.h>

/* What stands before says whether a comma is due: no value ends in one of these. */
static void comma(struct bytes *b)
{
	char last = b->len ? b->data[b->len - 1] : '\n';
	if (last != '{' && last != '[' && last != ':' && last != '\n')
		bytes_put_u8(b, ',');
}

static bool continues(struct slice s, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (at + i >= s.len || ((unsigned char)s.data[at + i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* The bytes of the character at `at`; 0: it is none. */
static size_t character(struct slice s, size_t at)
{
	unsigned char c = (unsigned char)s.data[at];
	unsigned char next = at + 1 < s.len ? (unsigned char)s.data[at + 1] : 0;
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return continues(s, at + 1, 1) ? 2 : 0;
	if (c >= 0xe0 && c <= 0xef) { /* over-long forms and surrogates are none */
		bool wrong = (c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f);
		return !wrong && continues(s, at + 1, 2) ? 3 : 0;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		bool wrong = (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f);
		return !wrong && continues(s, at + 1, 3) ? 4 : 0;
	}
	return 0;
}

static size_t put_character(struct bytes *b, struct slice s, size_t at)
{
	unsigned char c = (unsigned char)s.data[at];
	size_t len = character(s, at);
	if (len == 0) {
		bytes_printf(b, "\\ufffd");
		return 1;
	}
	if (c == '"' || c == '\\')
		bytes_printf(b, "\\%c", c);
	else if (c == '\n')
		bytes_printf(b, "\\n");
	else if (c < 0x20 || c == 0x7f)
		bytes_printf(b, "\\u%04x", c);
	else
		bytes_put(b, s.data + at, len);
	return len;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_text(struct bytes *b, struct slice s)
{
	bytes_put_u8(b, '"');
	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		while (i < s.len && is_plain((unsigned char)s.data[i]))
			i++;
		bytes_put(b, s.data + from, i - from);
		if (i < s.len)
			i += put_character(b, s, i);
	}
	bytes_put_u8(b, '"');
}

void json_key(struct bytes *b, struct slice key)
{
	comma(b);
	put_text(b, key);
	bytes_put_u8(b, ':');
}

static void begin(struct bytes *b, const char *key)
{
	if (key)
		json_key(b, slice_of(key));
	else
		comma(b);
}

void json_open(struct bytes *b, const char *key, char bracket)
{
	begin(b, key);
	bytes_put_u8(b, (uint8_t)bracket);
}

void json_close(struct bytes *b, char bracket)
{
	bytes_put_u8(b, (uint8_t)bracket);
}

void json_end_line(struct bytes *b)
{
	bytes_put_u8(b, '\n');
}

void json_text(struct bytes *b, const char *key, struct slice text)
{
	begin(b, key);
	put_text(b, text);
}

/* Up to 15 digits behind the point, where whole / scale is the very double (both are exact, division rounds once). */
static bool put_short(struct bytes *b, double n)
{
	double scale = 1;
	if (n != 0 && !(fabs(n) >= 1e-4 && fabs(n) < 1e15))
		return false;
	for (unsigned digits = 0; digits <= 15; digits++, scale *= 10) {
		double whole = nearbyint(fabs(n) * scale);
		if (whole >= 0x1p53)
			return false;
		if (whole / scale != fabs(n))
			continue;
		char text[DECIMAL_BYTES], *end = text + sizeof(text), *at = decimal_before(end, (uint64_t)whole, digits);
		if (signbit(n))
			*--at = '-';
		bytes_put(b, at, (size_t)(end - at));
		return true;
	}
	return false;
}

/* A long number takes most of a line's time: 17 digits always read back, and are not asked whether fewer would. */
void json_number(struct bytes *b, const char *key, double n)
{
	begin(b, key);
	if (!isfinite(n))
		bytes_put(b, "null", 4);
	else if (!put_short(b, n))
		bytes_printf(b, "%.17g", n);
}

void json_whole(struct bytes *b, const char *key, uint64_t n)
{
	char text[DECIMAL_BYTES], *end = text + sizeof(text), *at = decimal_before(end, n, 0);
	begin(b, key);
	bytes_put(b, at, (size_t)(end - at));
}

void json_flag(struct bytes *b, const char *key, bool flag)
{
	begin(b, key);
	bytes_put(b, flag ? "true" : "false", flag ? 4 : 5);
}

void json_value(struct bytes *b, const char *key, struct value v)
{
	switch (v.kind) {
	case VALUE_STRING:
		json_text(b, key, v.string);
		break;
	case VALUE_NUMBER:
		json_number(b, key, v.number);
		break;
	case VALUE_BOOL:
		json_flag(b, key, v.boolean);
		break;
	case VALUE_UNKNOWN:
		begin(b, key);
		bytes_put(b, "null", 4);
	}
}

/* So many digits, with zeros before them, and what follows. */
static void put_digits(struct bytes *b, int64_t n, unsigned width, char then)
{
	char *at = bytes_grow(b, width + 1);
	at[width] = then;
	for (; width > 0; n /= 10)
		at[--width] = (char)('0' + n % 10);
}

/* A civil date from days since 1970 (proleptic Gregorian; years from March, so that the leap day comes last). */
static void put_date(struct bytes *b, int64_t days)
{
	days += 719468;
	int64_t era = days / 146097, of_era = days % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	put_digits(b, era * 400 + year + (month >= 10), 4, '-');
	put_digits(b, month < 10 ? month + 3 : month - 9, 2, '-');
	put_digits(b, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
}

void json_time(struct bytes *b, const char *key, int64_t ms)
{
	const int64_t day_ms = 24 * 3600 * 1000;
	begin(b, key);
	if (ms < 0 || ms > LIMIT_TIME_MAX_MS) { /* nothing happens then */
		bytes_put(b, "null", 4);
		return;
	}
	bytes_put_u8(b, '"');
	put_date(b, ms / day_ms);
	put_digits(b, ms / 3600000 % 24, 2, ':');
	put_digits(b, ms / 60000 % 60, 2, ':');
	put_digits(b, ms / 1000 % 60, 2, '.');
	put_digits(b, ms % 1000, 3, 'Z');
	bytes_put_u8(b, '"');
}
