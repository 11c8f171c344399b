/* wire/json_text.c: see json_text.h. */
#include "wire/json_text.h"

#include "base/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *data, size_t len)
{
	char *text = must_malloc((len + 2) / 3 * 4 + 1), *to = text;
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)data[i] << 16;
		v |= have > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		v |= have > 2 ? data[i + 2] : 0;
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = have > 1 ? alphabet[v >> 6 & 63] : '=';
		*to++ = have > 2 ? alphabet[v & 63] : '=';
	}
	*to = '\0';
	return text;
}

bool base64_decode(const char *text, uint8_t **out, size_t *out_len)
{
	size_t len = strlen(text), pad = 0, n = 0;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	if (len % 4)
		return false;
	uint8_t *data = must_malloc(len / 4 * 3 + 1);
	for (size_t i = 0; i < len; i += 4) {
		uint32_t v = 0;
		for (size_t k = 0; k < 4; k++) {
			const char *at = i + k >= len - pad ? alphabet : memchr(alphabet, text[i + k], 64);
			if (!at) {
				free(data);
				return false;
			}
			v = v << 6 | (uint32_t)(at - alphabet);
		}
		data[n++] = (uint8_t)(v >> 16);
		data[n++] = (uint8_t)(v >> 8);
		data[n++] = (uint8_t)v;
	}
	*out = data;
	*out_len = n - (len ? pad : 0);
	return true;
}

/* Days from 1970-01-01 in the Gregorian calendar (years from March, so that the leap day comes last). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int month_days(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

/* Exactly `count` digits. */
static bool digits(const char **at, int count, int *out)
{
	*out = 0;
	for (int i = 0; i < count; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

static bool one_of(const char **at, const char *allowed)
{
	if (**at == '\0' || !strchr(allowed, **at))
		return false;
	(*at)++;
	return true;
}

static bool parse_fraction(const char **at, int *ms)
{
	int scale = 100;
	*ms = 0;
	if (**at != '.')
		return true;
	(*at)++;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++, scale /= 10)
		*ms += (**at - '0') * scale;
	return true;
}

/* "Z" or "+07:00" at the end. */
static bool parse_offset(const char **at, int *minutes)
{
	int hours, rest, sign = **at == '-' ? -1 : 1;
	*minutes = 0;
	if (one_of(at, "Zz"))
		return **at == '\0';
	if (!one_of(at, "+-") || !digits(at, 2, &hours) || !one_of(at, ":") || !digits(at, 2, &rest))
		return false;
	*minutes = sign * (hours * 60 + rest);
	return hours < 24 && rest < 60 && **at == '\0';
}

bool rfc3339_parse(const char *text, int64_t *out_ms)
{
	int year, month, day, hour, minute, second, ms, offset;
	const char *at = text;
	if (!digits(&at, 4, &year) || !one_of(&at, "-") || !digits(&at, 2, &month) || !one_of(&at, "-") ||
	    !digits(&at, 2, &day) || !one_of(&at, "Tt ") || !digits(&at, 2, &hour) || !one_of(&at, ":") ||
	    !digits(&at, 2, &minute) || !one_of(&at, ":") || !digits(&at, 2, &second) || !parse_fraction(&at, &ms) ||
	    !parse_offset(&at, &offset))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset * 60;
	*out_ms = seconds * 1000 + ms;
	return true;
}
