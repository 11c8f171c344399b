/* state/span.c: lengths of time as text. Only the length is kept, so "1d" and "24h" are the same span and read the
 * same in explanations ("24 hours"). */
#include "state/span.h"

#include "base/error.h"
#include "base/limits.h"

#include <stdio.h>

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* A local day or month is that much longer where clocks go back in it: 1 h nearly everywhere, 2 h in Troll. */
#define CLOCKS_BACK_MS (2 * HOUR_MS)

static int64_t unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return SECOND_MS;
	case 'm':
		return MINUTE_MS;
	case 'h':
		return HOUR_MS;
	case 'd':
		return DAY_MS;
	case 'w':
		return 7 * DAY_MS;
	default:
		return 0;
	}
}

static int span_refuse(struct slice text)
{
	return error_set(ERR_INVALID, NULL,
			 "\"%.*s\" is not a span: a whole number from 1 and s, m, h, d or w (\"90s\", \"24h\", \"7d\", "
			 "at most %lld days), or \"today\", \"month\", \"ever\"",
			 (int)(text.len > 40 ? 40 : text.len), text.data ? text.data : "",
			 (long long)(LIMIT_SPAN_MS / DAY_MS));
}

int span_parse(struct slice text, struct span *out)
{
	*out = (struct span){ .kind = SPAN_TODAY };
	if (slice_equal(text, SLICE("today")) || slice_equal(text, SLICE("day")))
		return ERR_OK;
	if (slice_equal(text, SLICE("month"))) {
		out->kind = SPAN_MONTH;
		return ERR_OK;
	}
	if (slice_equal(text, SLICE("ever"))) {
		out->kind = SPAN_EVER;
		return ERR_OK;
	}
	if (text.len < 2 || text.len > 12)
		return span_refuse(text);
	int64_t number = 0;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return span_refuse(text);
		number = number * 10 + (text.data[i] - '0');
	}
	int64_t unit = unit_ms(text.data[text.len - 1]);
	if (unit == 0 || number == 0 || number > LIMIT_SPAN_MS / unit)
		return span_refuse(text);
	*out = (struct span){ .kind = SPAN_EXACT, .ms = number * unit };
	return ERR_OK;
}

int64_t span_from(struct span s, const struct zone *z, int64_t now_ms)
{
	switch (s.kind) {
	case SPAN_TODAY:
		return zone_day_start(z, now_ms) - 1;
	case SPAN_MONTH:
		return zone_month_start(z, now_ms) - 1;
	case SPAN_EXACT:
		return now_ms - s.ms;
	default:
		return INT64_MIN;
	}
}

int64_t span_keep_ms(struct span s)
{
	switch (s.kind) {
	case SPAN_TODAY:
		return DAY_MS + CLOCKS_BACK_MS;
	case SPAN_MONTH:
		return 31 * DAY_MS + CLOCKS_BACK_MS;
	case SPAN_EXACT:
		return s.ms;
	default:
		return INT64_MAX;
	}
}

struct slice span_text(struct span s, char buffer[32])
{
	static const struct { int64_t ms, from_ms; const char *name; } units[] = {
		{ DAY_MS, 2 * DAY_MS, "day" }, { HOUR_MS, HOUR_MS, "hour" }, { MINUTE_MS, MINUTE_MS, "minute" },
		{ SECOND_MS, SECOND_MS, "second" }, { 1, 0, "ms" },
	};

	if (s.kind == SPAN_TODAY)
		return SLICE("today");
	if (s.kind != SPAN_EXACT)
		return s.kind == SPAN_MONTH ? SLICE("this month") : SLICE("ever");
	size_t i = 0;
	while (s.ms % units[i].ms != 0 || s.ms < units[i].from_ms)
		i++;
	long long number = s.ms / units[i].ms;
	const char *plural = number == 1 || units[i].ms == 1 ? "" : "s";
	int len = snprintf(buffer, 32, "%lld %s%s", number, units[i].name, plural);
	return (struct slice){ buffer, (size_t)len };
}
