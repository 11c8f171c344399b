/* state/zone_rule.h: the footer of a TZif file: a POSIX TZ string ("EST5EDT,M3.2.0,M11.1.0"), which says what the
 * zone does after its table's last transition. Only zone.c includes this. */
#ifndef NUDGED_STATE_ZONE_RULE_H
#define NUDGED_STATE_ZONE_RULE_H

#include "base/slice.h"

#include <stdint.h>

enum zone_rule_form { RULE_JULIAN, RULE_DAY, RULE_MONTH }; /* Jn (no 29 February), n (from 0), Mm.w.d */

struct zone_change {
	enum zone_rule_form form;
	int day, month, week; /* RULE_MONTH: day is the weekday, 0 Sunday; week 5 is the last */
	int32_t time_s;       /* after local midnight; -167 h to 167 h */
};

struct zone_rule {
	bool valid, has_dst;
	int32_t standard_s, dst_s; /* seconds east of UTC */
	struct zone_change to_dst, to_standard;
};

bool zone_rule_parse(struct slice text, struct zone_rule *out); /* false: not a TZ string */
/* The two changes of a year as instants (UTC seconds), in order; the offset that each brings. */
void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t at_s[2], int32_t offset_s[2]);

/* Days since 1970 of a civil date and back (proleptic Gregorian). */
int64_t civil_days(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
