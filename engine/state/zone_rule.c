/* state/zone_rule.c: parsing and evaluating POSIX TZ strings (RFC 8536, 3.3, with version 3's wider hours), and the
 * calendar arithmetic under it. Input is hostile until parsed: every number is bounded as it is read. */
#include "state/zone_rule.h"

#define DAY_S 86400

/* Howard Hinnant's days_from_civil: years start in March, so that leap days come last; 400-year eras. */
int64_t civil_days(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static char peek(const struct slice *in)
{
	return in->len ? in->data[0] : '\0';
}

static bool skip(struct slice *in, char c)
{
	if (peek(in) != c || in->len == 0)
		return false;
	in->data++;
	in->len--;
	return true;
}

static bool read_number(struct slice *in, int low, int high, int *out)
{
	int n = 0, digits = 0;
	while (in->len && in->data[0] >= '0' && in->data[0] <= '9' && digits < 4) {
		n = n * 10 + (in->data[0] - '0');
		skip(in, in->data[0]);
		digits++;
	}
	*out = n;
	return digits > 0 && n >= low && n <= high;
}

static bool read_name(struct slice *in)
{
	size_t n = 0;
	bool quoted = skip(in, '<');
	while (n < in->len && n < 32) {
		char c = in->data[n];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool more = quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-');
		if (!letter && !more)
			break;
		n++;
	}
	in->data += n;
	in->len -= n;
	return n >= 3 && (!quoted || skip(in, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(struct slice *in, int hours_max, int32_t *out)
{
	int hours, minutes = 0, seconds = 0;
	bool minus = skip(in, '-');
	if (!minus)
		skip(in, '+');
	if (!read_number(in, 0, hours_max, &hours))
		return false;
	if (skip(in, ':') && !read_number(in, 0, 59, &minutes))
		return false;
	if (skip(in, ':') && !read_number(in, 0, 59, &seconds))
		return false;
	*out = hours * 3600 + minutes * 60 + seconds;
	if (minus)
		*out = -*out;
	return true;
}

static bool read_change(struct slice *in, struct zone_change *out)
{
	*out = (struct zone_change){ .time_s = 2 * 3600 };
	if (!skip(in, ','))
		return false;
	if (skip(in, 'M')) {
		out->form = RULE_MONTH;
		if (!read_number(in, 1, 12, &out->month) || !skip(in, '.') || !read_number(in, 1, 5, &out->week) ||
		    !skip(in, '.') || !read_number(in, 0, 6, &out->day))
			return false;
	} else if (skip(in, 'J')) {
		out->form = RULE_JULIAN;
		if (!read_number(in, 1, 365, &out->day))
			return false;
	} else {
		out->form = RULE_DAY;
		if (!read_number(in, 0, 365, &out->day))
			return false;
	}
	return !skip(in, '/') || read_time(in, 167, &out->time_s);
}

bool zone_rule_parse(struct slice in, struct zone_rule *out)
{
	*out = (struct zone_rule){ .valid = true };
	if (!read_name(&in) || !read_time(&in, 24, &out->standard_s))
		return false;
	out->standard_s = -out->standard_s; /* POSIX counts west */
	if (in.len == 0)
		return true;
	out->has_dst = true;
	out->dst_s = out->standard_s + 3600;
	if (!read_name(&in))
		return false;
	if (peek(&in) != ',') {
		if (!read_time(&in, 24, &out->dst_s))
			return false;
		out->dst_s = -out->dst_s;
	}
	return read_change(&in, &out->to_dst) && read_change(&in, &out->to_standard) && in.len == 0;
}

static int64_t change_day(const struct zone_change *c, int64_t year)
{
	int64_t first = civil_days(year, 1, 1);
	if (c->form == RULE_DAY)
		return first + c->day;
	if (c->form == RULE_JULIAN)
		return first + c->day - 1 + (is_leap(year) && c->day >= 60);
	int64_t month = civil_days(year, c->month, 1);
	int64_t after = c->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, c->month + 1, 1);
	int weekday = (int)(((month + 4) % 7 + 7) % 7); /* 1 January 1970 was a Thursday; 0 Sunday */
	int64_t day = month + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
	return day < after ? day : day - 7;
}

void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t at_s[2], int32_t offset_s[2])
{
	int64_t dst = change_day(&r->to_dst, year) * DAY_S + r->to_dst.time_s - r->standard_s;
	int64_t standard = change_day(&r->to_standard, year) * DAY_S + r->to_standard.time_s - r->dst_s;
	int first = dst <= standard ? 0 : 1;
	at_s[first] = dst;
	offset_s[first] = r->dst_s;
	at_s[1 - first] = standard;
	offset_s[1 - first] = r->standard_s;
}
