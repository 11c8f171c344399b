/* script/utc.c: see utc.h. Days are counted from the civil date by arithmetic (H. Hinnant's days_from_civil). */
#include "script/utc.h"

#include <stdio.h>

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Years begin in March here, so that the leap day is a year's last. */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, year_of_era = y % 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

bool utc_from_parts(const struct utc_parts *p, int64_t *out_ms)
{
	if (p->year < 1970 || p->year > 9999 || p->month < 1 || p->month > 12 || p->day < 1 ||
	    p->day > month_days(p->year, p->month) || p->hour < 0 || p->hour > 23 || p->minute < 0 || p->minute > 59 ||
	    p->second < 0 || p->second > 59)
		return false;
	int64_t seconds =
		days_since_1970(p->year, p->month, p->day) * 86400 + p->hour * 3600 + p->minute * 60 + p->second;
	*out_ms = seconds * 1000;
	return true;
}

bool utc_parse(const char *date, const char *time, int64_t *out_ms)
{
	struct utc_parts p = { 0 };
	int date_end = -1, time_end = -1, short_end = -1;
	if (sscanf(date, "%4d-%2d-%2d%n", &p.year, &p.month, &p.day, &date_end) != 3 || date[date_end])
		return false;
	if (sscanf(time, "%2d:%2d%n:%2d%n", &p.hour, &p.minute, &short_end, &p.second, &time_end) < 2 || short_end < 0)
		return false;
	const char *rest = time + (time_end > 0 ? time_end : short_end);
	return (*rest == '\0' || (rest[0] == 'Z' && rest[1] == '\0')) && utc_from_parts(&p, out_ms);
}
