/* script/utc.h: calendar text to UTC milliseconds, without a clock or a time zone. For mappings. */
#ifndef NUDGED_SCRIPT_UTC_H
#define NUDGED_SCRIPT_UTC_H

#include <stdbool.h>
#include <stdint.h>

struct utc_parts {
	int year, month, day, hour, minute, second;
};

/* False where the calendar has no such instant (13th month, 30 February, hour 24), or before 1970. */
bool utc_from_parts(const struct utc_parts *p, int64_t *out_ms);
/* "1999-08-01" and "0:10:10" (or "0:10"); nothing may follow. */
bool utc_parse(const char *date, const char *time, int64_t *out_ms);

#endif
