/* decide/format.c: one value in one format: money, dates in the pack's zone, durations. Written by hand, since printf's
 * grouping and strftime depend on the machine's locale. */
#include "decide/text.h"

#include "base/currency.h"
#include "base/decimal.h"
#include "script/guidance.h"

#include <math.h>
#include <stdio.h>

/* Whole numbers by hand: they are most of all that is written, and printf's way to a double's digits is long. */
static struct slice whole_text(double n, char buffer[32])
{
	char *at = decimal_before(buffer + 32, (uint64_t)fabs(n), 0);
	if (n < 0)
		*--at = '-';
	return (struct slice){ at, (size_t)(buffer + 32 - at) };
}

struct slice value_key_text(struct value v, char buffer[32])
{
	switch (v.kind) {
	case VALUE_STRING:
		return v.string;
	case VALUE_NUMBER:
		if (v.number == floor(v.number) && fabs(v.number) < 1e15)
			return whole_text(v.number, buffer);
		return slice_of(number_text(v.number, buffer));
	case VALUE_BOOL:
		return v.boolean ? SLICE("true") : SLICE("false");
	default:
		return SLICE("");
	}
}

void value_explain(struct value v, struct bytes *out)
{
	char number[32];
	if (v.kind == VALUE_UNKNOWN) {
		bytes_put(out, "unknown", 7);
	} else if (v.kind == VALUE_STRING) {
		bytes_put_u8(out, '"');
		bytes_put(out, v.string.data, v.string.len);
		bytes_put_u8(out, '"');
	} else {
		bool rounded = v.kind == VALUE_NUMBER && v.number != floor(v.number) && fabs(v.number) < 1e9;
		struct slice s = rounded ? slice_of(number_text(round(v.number * 1000) / 1000, number))
					 : value_key_text(v, number);
		bytes_put(out, s.data, s.len);
	}
}

/* Languages that write 1.234,50. */
static bool comma_decimals(struct slice language)
{
	static const char *const those[] = { "vi", "de", "es", "it", "nl", "pt", "id",
					     "tr", "da", "el", "ro", "hr", "sl" };
	if (language.len < 2 || (language.len > 2 && language.data[2] != '-' && language.data[2] != '_'))
		return false;
	for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++)
		if (memcmp(language.data, those[i], 2) == 0)
			return true;
	return false;
}

/* As "%.*f" writes n, which is not negative. Most numbers have no more decimals than are asked for: then the digits are
 * those of a whole number (whole / scale is n itself, see number_text). */
static int fixed_text(double n, unsigned decimals, char text[64])
{
	double scale = 1;
	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	double whole = nearbyint(n * scale);
	if (!(whole < 1e15) || whole / scale != n)
		return snprintf(text, 64, "%.*f", (int)decimals, n);
	char digits[DECIMAL_BYTES], *end = digits + sizeof(digits);
	char *at = decimal_before(end, (uint64_t)whole, decimals);
	memcpy(text, at, (size_t)(end - at));
	return (int)(end - at);
}

/* 1234567.891 with 2 decimals -> 1,234,567.89 */
static void grouped(double n, unsigned decimals, bool comma, struct bytes *out)
{
	char text[64];
	unsigned len = (unsigned)fixed_text(fabs(n) < 1e18 ? fabs(n) : 1e18, decimals, text);
	unsigned whole = decimals ? len - decimals - 1 : len;
	bool zero = true;
	for (unsigned i = 0; i < len && zero; i++)
		zero = text[i] == '0' || text[i] == '.';
	if (n < 0 && !zero)
		bytes_put_u8(out, '-');
	for (unsigned i = 0; i < whole; i++) {
		if (i > 0 && (whole - i) % 3 == 0)
			bytes_put_u8(out, comma ? '.' : ',');
		bytes_put_u8(out, (uint8_t)text[i]);
	}
	if (decimals) {
		bytes_put_u8(out, comma ? ',' : '.');
		bytes_put(out, text + whole + 1, decimals);
	}
}

static void format_money(const struct pack *pack, bool comma, double minor, struct bytes *out)
{
	int exponent = currency_exponent(str_slice(pack->currency));
	grouped(minor / (exponent == 0 ? 1 : exponent == 2 ? 100 : 1000), (unsigned)exponent, comma, out);
	if (!pack->currency)
		return;
	bytes_put_u8(out, ' ');
	bytes_put(out, pack->currency->data, pack->currency->len);
}

static void format_date(const struct pack *pack, struct slice language, int64_t ms, struct bytes *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct zone_civil c = zone_civil(pack->zone, ms);
	if (language.len >= 2 && memcmp(language.data, "en", 2) != 0)
		bytes_printf(out, "%02d/%02d/%04d", c.day, c.month, c.year);
	else
		bytes_printf(out, "%d %.3s %04d", c.day, months + 3 * (c.month - 1), c.year);
}

/* The two largest units: 2 d 4 h, 3 h 20 min, 45 s. */
static void format_duration(double seconds, struct bytes *out)
{
	static const struct { const char *name; int64_t seconds; } units[] = {
		{ "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 },
	};
	int64_t left = (int64_t)fmin(round(fabs(seconds)), 1e15);
	unsigned written = 0;
	if (seconds < 0 && left)
		bytes_put_u8(out, '-');
	for (unsigned i = 0; i < 4 && written < 2; i++) {
		int64_t n = left / units[i].seconds;
		if (n == 0 && (i < 3 || written)) {
			if (written)
				break;
			continue;
		}
		bytes_printf(out, "%s%lld %s", written ? " " : "", (long long)n, units[i].name);
		left -= n * units[i].seconds;
		written++;
	}
}

static void format_plain(bool comma, struct value v, struct bytes *out)
{
	char number[32];
	if (v.kind == VALUE_NUMBER && v.number != floor(v.number)) {
		size_t at = out->len;
		grouped(v.number, 2, comma, out);
		while (out->len > at && out->data[out->len - 1] == '0')
			out->len--;
		if (out->len > at && (out->data[out->len - 1] == '.' || out->data[out->len - 1] == ','))
			out->len--;
		return;
	}
	struct slice s = value_key_text(v, number);
	bytes_put(out, s.data, s.len);
}

/* The words of the language, else of the pack's first that has any; empty: this value has none. */
static struct slice spelled(const struct pack *pack, struct slice language, const struct spell_decl *d, struct value v)
{
	char text[32];
	struct slice is = value_key_text(v, text);
	const struct spelling *found = NULL;
	for (unsigned i = 0; i < d->count && !found; i++) {
		const struct spelling *s = &d->spellings[i];
		bool band = !s->is.len && v.kind == VALUE_NUMBER && v.number >= s->low && v.number <= s->high;
		found = band || (s->is.len && slice_equal(s->is, is)) ? s : NULL;
	}
	for (unsigned i = 0; i < d->count && !found; i++) /* "bill" stands for "bill/pay" where that has no words */
		if (d->spellings[i].is.len && topic_covers(d->spellings[i].is, is))
			found = &d->spellings[i];
	unsigned at = (unsigned)pack_language(pack, language);
	for (unsigned i = 0; found && found->say.by_language[at].count == 0 && i < pack->language_count; i++)
		at = i;
	return found && found->say.by_language[at].count ? found->say.by_language[at].parts[0].text : (struct slice){ NULL, 0 };
}

static bool is_language(struct slice language, const char *name)
{
	return language.len >= 2 && memcmp(language.data, name, 2) == 0;
}

/* How long ago, as people say it: by days of the pack's zone, and as a date from a week on. */
static void format_ago(const struct pack *pack, struct slice language, int64_t ms, int64_t now_ms, struct bytes *out)
{
	bool english = is_language(language, "en"), vietnamese = is_language(language, "vi");
	int64_t today_ms = zone_day_start(pack->zone, now_ms), day_ms = zone_day_start(pack->zone, ms);
	int days = 0;
	while (day_ms < today_ms && days < 8)
		today_ms = zone_day_shift(pack->zone, today_ms, -1), days++;
	struct zone_civil c = zone_civil(pack->zone, ms);
	if (ms > now_ms || days > 7 || (!english && !vietnamese)) {
		bytes_printf(out, english ? "on " : vietnamese ? "ngày " : "");
		format_date(pack, language, ms, out);
	} else if (days == 0) {
		bytes_printf(out, english ? "today at %02d:%02d" : "hôm nay lúc %02d:%02d", c.hour, c.minute);
	} else if (days == 1) {
		bytes_printf(out, english ? "yesterday" : "hôm qua");
	} else {
		bytes_printf(out, english ? "%d days ago" : "%d ngày trước", days);
	}
}

void format_value(const struct pack *pack, struct slice language, const struct words_part *part, struct value v,
		  int64_t now_ms, struct bytes *out)
{
	if (v.kind == VALUE_UNKNOWN) {
		bytes_put_u8(out, '?');
		return;
	}
	struct slice words = part->spell ? spelled(pack, language, part->spell, v) : (struct slice){ NULL, 0 };
	if (words.len) {
		bytes_put(out, words.data, words.len);
		return;
	}
	if (v.kind != VALUE_NUMBER) {
		char number[32];
		struct slice s = value_key_text(v, number);
		bytes_put(out, s.data, s.len);
		return;
	}
	bool comma = comma_decimals(language);
	/* Far beyond any calendar: a number that is no time. */
	int64_t ms = (int64_t)fmax(fmin(v.number, 8.64e15), -8.64e15);
	switch (part->format) {
	case FORMAT_MONEY:
		format_money(pack, comma, v.number, out);
		return;
	case FORMAT_PERCENT:
		grouped(v.number * 100, 0, comma, out);
		bytes_put_u8(out, '%');
		return;
	case FORMAT_DATE:
		format_date(pack, language, ms, out);
		return;
	case FORMAT_TIME: {
		struct zone_civil c = zone_civil(pack->zone, ms);
		bytes_printf(out, "%02d:%02d", c.hour, c.minute);
		return;
	}
	case FORMAT_AGO:
		format_ago(pack, language, ms, now_ms, out);
		return;
	case FORMAT_DURATION:
		format_duration(v.number, out);
		return;
	case FORMAT_DECIMALS:
		grouped(v.number, part->decimals < 0 ? 0 : part->decimals > 9 ? 9 : (unsigned)part->decimals, comma,
			out);
		return;
	default:
		format_plain(comma, v, out);
		return;
	}
}
