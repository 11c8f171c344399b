/* state/zone.h: calendar days and months of a time zone, from the bytes of a TZif file (RFC 8536, version 2 or later,
 * with its footer for years beyond the table). The bytes travel in the pack's activation entry: two machines with
 * different tzdata must not replay a journal differently. Pure: no files, no globals. */
#ifndef NUDGED_STATE_ZONE_H
#define NUDGED_STATE_ZONE_H

#include "base/slice.h"

#include <stdint.h>

struct zone;

int zone_create(struct zone **out, struct slice tzif); /* ERR_INVALID: not a TZif file */
struct zone *zone_create_utc(void);
void zone_destroy(struct zone *z); /* NULL-safe */

int32_t zone_offset_s(const struct zone *z, int64_t t_ms);          /* seconds east of UTC at that instant */
/* the instant the local day of t began (its first instant where midnight is skipped) */
int64_t zone_day_start(const struct zone *z, int64_t t_ms);
/* the start of the local day `days` after (or before) that of t */
int64_t zone_day_shift(const struct zone *z, int64_t t_ms, int days);
int64_t zone_month_start(const struct zone *z, int64_t t_ms);
/* local days from one to the other; 0 on the same day */
int64_t zone_days_between(const struct zone *z, int64_t from_ms, int64_t to_ms);
/* the local day as a number: days since 1970-01-01 of the local calendar */
int64_t zone_day_number(const struct zone *z, int64_t t_ms);
/* that number as a date, and back; of any calendar alike */
void day_to_date(int32_t number, int *year, int *month, int *day);
int32_t day_from_date(int year, int month, int day);
int zone_minute_of_day(const struct zone *z, int64_t t_ms);         /* 0 … 1439, local */
int zone_weekday(const struct zone *z, int64_t t_ms);               /* 1 Monday … 7 Sunday, local */
struct zone_civil { int year, month, day, hour, minute, second; };
struct zone_civil zone_civil(const struct zone *z, int64_t t_ms);   /* for words: "21 Aug 1999, 14:03" */

#endif
