/* state/zone.c: local days and months out of a TZif file's bytes.
 *
 * A zone is a function from an instant to an offset, constant on segments: those of the file's table, then those of
 * its footer's rule. All else follows from it:
 *
 *   local(t) = t + offset(t);  the local day of t is floor(local(t) / 86400)
 *   a day D starts at the earliest instant whose local day is D or later
 *
 * which gives the right answer where midnight is skipped (the day begins at 01:00), repeated (at the first one) or the
 * whole day is missing (Samoa, 30 December 2011: it starts where the next one does).
 *
 * Limits: instants are clamped to +-8.64e15 ms (about 270,000 years), so that no sum overflows. Files with leap seconds
 * ("right/...") are refused, since journal times are UTC without them. */
#include "state/zone.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "state/zone_rule.h"

#include <stdlib.h>

#define DAY_S 86400
#define OFFSET_MAX_S (26 * 3600) /* RFC 8536 expects offsets within -25 h to 26 h */
#define TYPES_MAX 256
#define TRANSITIONS_MAX 4096 /* the longest of real zones has about 250 */
#define HEADER_BYTES 44

struct zone {
	uint32_t count;
	int64_t *at_s;     /* transitions, ascending */
	int32_t *offset_s; /* after each of them */
	int32_t before_s;  /* before the first */
	struct zone_rule rule;
};

struct header {
	uint32_t isut, isstd, leap, time, type, chars;
};

struct segment {
	int64_t from_s, until_s; /* [from, until) */
	int32_t offset_s;
};

static uint32_t be32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t be64(const char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int refuse(const char *why)
{
	return error_set(ERR_INVALID, "zone", "not a time zone file that can be used: %s", why);
}

static bool read_header(struct slice in, struct header *h)
{
	if (in.len < HEADER_BYTES || memcmp(in.data, "TZif", 4) != 0)
		return false;
	const char *p = in.data + 20;
	*h = (struct header){ be32(p), be32(p + 4), be32(p + 8), be32(p + 12), be32(p + 16), be32(p + 20) };
	return true;
}

/* Counts are 32 bits each: the sum cannot overflow 64. */
static uint64_t body_bytes(const struct header *h, unsigned time_size)
{
	return (uint64_t)h->time * (time_size + 1) + (uint64_t)h->type * 6 + h->chars +
	       (uint64_t)h->leap * (time_size + 4) + h->isstd + h->isut;
}

static int read_table(struct zone *z, const char *body, const struct header *h)
{
	const char *index = body + (size_t)h->time * 8;
	const char *types = index + h->time;
	for (uint32_t i = 0; i < h->type; i++) {
		int32_t offset = (int32_t)be32(types + i * 6);
		if (offset < -OFFSET_MAX_S || offset > OFFSET_MAX_S)
			return refuse("an offset beyond 26 hours");
	}
	z->before_s = (int32_t)be32(types);
	z->count = h->time;
	z->at_s = must_calloc(h->time + 1, sizeof(*z->at_s));
	z->offset_s = must_calloc(h->time + 1, sizeof(*z->offset_s));
	for (uint32_t i = 0; i < h->time; i++) {
		unsigned type = (unsigned char)index[i];
		z->at_s[i] = be64(body + (size_t)i * 8);
		if (type >= h->type || (i > 0 && z->at_s[i] <= z->at_s[i - 1]))
			return refuse("its transitions are not in order, or name a type that does not exist");
		z->offset_s[i] = (int32_t)be32(types + type * 6);
	}
	return ERR_OK;
}

static int read_footer(struct zone *z, struct slice in)
{
	if (in.len < 2 || in.data[0] != '\n')
		return refuse("it has no footer");
	const char *end = memchr(in.data + 1, '\n', in.len - 1);
	if (!end)
		return refuse("its footer has no end");
	struct slice text = { in.data + 1, (size_t)(end - in.data - 1) };
	if (text.len == 0)
		return ERR_OK; /* nothing known after the table: its last offset goes on */
	return zone_rule_parse(text, &z->rule) ? ERR_OK : refuse("its footer is not a TZ string");
}

static int zone_read(struct zone *z, struct slice in)
{
	struct header h;
	if (!read_header(in, &h))
		return refuse("it does not begin with \"TZif\"");
	if (in.data[4] < '2')
		return refuse("it is of version 1; version 2 or later is needed");
	uint64_t first = HEADER_BYTES + body_bytes(&h, 4);
	if (first > in.len)
		return refuse("it is cut short");
	in.data += first;
	in.len -= first;
	if (!read_header(in, &h))
		return refuse("its second part is missing");
	if (h.type < 1 || h.type > TYPES_MAX || h.time > TRANSITIONS_MAX)
		return refuse("it has no types, or too many types or transitions");
	if (h.leap != 0)
		return refuse("it counts leap seconds (a \"right/\" zone)");
	uint64_t second = HEADER_BYTES + body_bytes(&h, 8);
	if (second > in.len)
		return refuse("it is cut short");
	int err = read_table(z, in.data + HEADER_BYTES, &h);
	return err ? err : read_footer(z, (struct slice){ in.data + second, in.len - second });
}

int zone_create(struct zone **out, struct slice tzif)
{
	struct zone *z = must_calloc(1, sizeof(*z));
	int err = zone_read(z, tzif);
	if (err) {
		zone_destroy(z);
		z = NULL;
	}
	*out = z;
	return err;
}

struct zone *zone_create_utc(void)
{
	return must_calloc(1, sizeof(struct zone));
}

void zone_destroy(struct zone *z)
{
	if (!z)
		return;
	free(z->at_s);
	free(z->offset_s);
	free(z);
}

static int64_t seconds_of(int64_t t_ms)
{
	if (t_ms > LIMIT_TIME_MAX_MS)
		t_ms = LIMIT_TIME_MAX_MS;
	if (t_ms < -LIMIT_TIME_MAX_MS)
		t_ms = -LIMIT_TIME_MAX_MS;
	return floor_div(t_ms, 1000);
}

/* The part of the footer's rule that holds at t: the last change of the three years around t that is not after it. */
static struct segment rule_segment(const struct zone_rule *r, int64_t t_s)
{
	struct segment s = { INT64_MIN, INT64_MAX, r->standard_s };
	if (!r->has_dst)
		return s;
	int64_t year;
	int month, day;
	civil_from_days(floor_div(t_s, DAY_S), &year, &month, &day);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t at_s[2];
		int32_t offset_s[2];
		zone_rule_year(r, y, at_s, offset_s);
		for (int i = 0; i < 2; i++) {
			if (at_s[i] <= t_s && at_s[i] >= s.from_s) {
				s.from_s = at_s[i];
				s.offset_s = offset_s[i];
			} else if (at_s[i] > t_s && at_s[i] < s.until_s) {
				s.until_s = at_s[i];
			}
		}
	}
	return s;
}

static struct segment zone_segment(const struct zone *z, int64_t t_s)
{
	uint32_t low = 0, high = z->count; /* the first transition after t */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (z->at_s[mid] <= t_s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->count && z->rule.valid) {
		struct segment s = rule_segment(&z->rule, t_s);
		if (z->count > 0 && s.from_s < z->at_s[z->count - 1])
			s.from_s = z->at_s[z->count - 1];
		return s;
	}
	return (struct segment){
		.from_s = low > 0 ? z->at_s[low - 1] : INT64_MIN,
		.until_s = low < z->count ? z->at_s[low] : INT64_MAX,
		.offset_s = low > 0 ? z->offset_s[low - 1] : z->before_s,
	};
}

static int64_t local_seconds(const struct zone *z, int64_t t_s)
{
	return t_s + zone_segment(z, t_s).offset_s;
}

static int64_t local_day(const struct zone *z, int64_t t_ms)
{
	return floor_div(local_seconds(z, seconds_of(t_ms)), DAY_S);
}

/* The earliest instant whose local time is `local_s` or later. Before local_s - OFFSET_MAX_S there is none. */
static int64_t earliest_ms(const struct zone *z, int64_t local_s)
{
	int64_t t_s = local_s - OFFSET_MAX_S;
	for (;;) {
		struct segment s = zone_segment(z, t_s);
		int64_t found_s = local_s - s.offset_s;
		if (found_s < t_s)
			found_s = t_s;
		if (found_s < s.until_s)
			return found_s * 1000;
		t_s = s.until_s;
	}
}

int32_t zone_offset_s(const struct zone *z, int64_t t_ms)
{
	return zone_segment(z, seconds_of(t_ms)).offset_s;
}

int64_t zone_day_start(const struct zone *z, int64_t t_ms)
{
	return zone_day_shift(z, t_ms, 0);
}

int64_t zone_day_shift(const struct zone *z, int64_t t_ms, int days)
{
	return earliest_ms(z, (local_day(z, t_ms) + days) * DAY_S);
}

int64_t zone_month_start(const struct zone *z, int64_t t_ms)
{
	int64_t year;
	int month, day;
	civil_from_days(local_day(z, t_ms), &year, &month, &day);
	return earliest_ms(z, civil_days(year, month, 1) * DAY_S);
}

int64_t zone_days_between(const struct zone *z, int64_t from_ms, int64_t to_ms)
{
	return local_day(z, to_ms) - local_day(z, from_ms);
}

int64_t zone_day_number(const struct zone *z, int64_t t_ms)
{
	return local_day(z, t_ms);
}

void day_to_date(int32_t number, int *year, int *month, int *day)
{
	int64_t y;
	civil_from_days(number, &y, month, day);
	*year = (int)y;
}

int32_t day_from_date(int year, int month, int day)
{
	return (int32_t)civil_days(year, month, day);
}

static int second_of_day(const struct zone *z, int64_t t_ms)
{
	int64_t local_s = local_seconds(z, seconds_of(t_ms));
	return (int)(local_s - floor_div(local_s, DAY_S) * DAY_S);
}

int zone_minute_of_day(const struct zone *z, int64_t t_ms)
{
	return second_of_day(z, t_ms) / 60;
}

int zone_weekday(const struct zone *z, int64_t t_ms)
{
	int64_t since_monday = local_day(z, t_ms) + 3; /* 1 January 1970 was a Thursday */
	return (int)(since_monday - floor_div(since_monday, 7) * 7) + 1;
}

struct zone_civil zone_civil(const struct zone *z, int64_t t_ms)
{
	int64_t year;
	struct zone_civil c;
	civil_from_days(local_day(z, t_ms), &year, &c.month, &c.day);
	int second = second_of_day(z, t_ms);
	c.year = (int)year;
	c.hour = second / 3600;
	c.minute = second / 60 % 60;
	c.second = second % 60;
	return c;
}
