/* state/window_query.c: asking a window. Nothing here changes it.
 *
 * A span (from, to] in time is the cells that began in it. `without` leaves the newest add
 * out: its cell is skipped where the add made it, else read as it was before. */
#include "state/window.h"

#include "base/check.h"
#include "base/limits.h"
#include "state/window_cells.h"

#include <stdlib.h>

struct range {
	unsigned low, high; /* [low, high) */
};

static struct range range_of(const struct window *w, int64_t from_ms, int64_t to_ms)
{
	struct range r = { 0, 0 };
	if (w->count == 0 || to_ms <= from_ms)
		return r;
	r.high = window_after(w, to_ms);
	if (r.high > 0)
		r.low = window_after(w, from_ms);
	return r;
}

/* False where `without` leaves nothing of the cell. */
static bool load_without(const struct window *w, unsigned i, const struct window_undo *without, struct cell *out)
{
	if (!without || !without->valid || without->cell != i) {
		*out = window_load(w, i);
		return true;
	}
	if (without->added)
		return false;
	memcpy(out, without->before, sizeof(*out));
	return true;
}

/* Exact windows that hold only times need no loop. */
static void sum_times(const struct window *w, struct range r, const struct window_undo *without,
		      struct window_sums *out)
{
	bool skip = without && without->valid && without->cell >= r.low && without->cell < r.high;
	out->count = r.high - r.low - (skip ? 1 : 0);
	if (out->count == 0)
		return;
	unsigned last = r.high - 1;
	out->first_ms = window_load(w, skip && without->cell == r.low ? r.low + 1 : r.low).key;
	out->last_ms = window_load(w, skip && without->cell == last ? last - 1 : last).key;
}

struct window_undo window_newest(const struct window *w, int64_t to_ms)
{
	struct range r = range_of(w, INT64_MIN, to_ms);
	return (struct window_undo){ .valid = r.high > 0, .cell = r.high - (r.high > 0), .added = true };
}

void window_sum(const struct window *w, const struct window_spec *spec, int64_t from_ms, int64_t to_ms,
		const struct window_undo *without, struct window_sums *out)
{
	*out = (struct window_sums){ 0 };
	struct range r = range_of(w, from_ms, to_ms);
	if (window_is(w, WINDOW_EXACT) && !window_has_value(w) && !w->wide) {
		sum_times(w, r, without, out);
		return;
	}
	for (unsigned i = r.low; i < r.high; i++) {
		struct cell c;
		if (!load_without(w, i, without, &c))
			continue;
		if (out->count == 0) {
			out->first_ms = c.key * window_unit_ms(w);
			out->min = c.min;
			out->max = c.max;
		}
		out->count += c.count;
		out->sum += c.sum;
		out->min = window_least(out->min, c.min);
		out->max = window_most(out->max, c.max);
		out->last_ms = c.key * window_unit_ms(w);
		out->latest = c.sum / (double)c.count;
	}
}

uint64_t window_run(const struct window *w, double low, double high, int64_t to_ms, const struct window_undo *without)
{
	uint64_t run = 0;
	if (!window_has_value(w))
		return 0;
	for (unsigned i = range_of(w, INT64_MIN, to_ms).high; i-- > 0;) {
		struct cell c;
		if (!load_without(w, i, without, &c))
			continue;
		if (!(c.min >= low && c.max <= high))
			break;
		run += c.count;
	}
	return run;
}

static int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* A joined cell counts its smallest and largest value: what it surely had. */
uint64_t window_distinct(const struct window *w, int64_t from_ms, int64_t to_ms, const struct window_undo *without)
{
	double values[2 * LIMIT_WINDOW_CELLS];
	unsigned n = 0;
	if (!window_has_value(w))
		return 0;
	struct range r = range_of(w, from_ms, to_ms);
	for (unsigned i = r.low; i < r.high; i++) {
		struct cell c;
		if (!load_without(w, i, without, &c))
			continue;
		values[n++] = c.min;
		if (c.count > 1)
			values[n++] = c.max;
	}
	qsort(values, n, sizeof(*values), compare_values);
	uint64_t distinct = n > 0;
	for (unsigned i = 1; i < n; i++)
		distinct += values[i] > values[i - 1];
	return distinct;
}

bool window_daily_mean(const struct window *w, const struct window_spec *spec, const struct zone *z, int64_t now_ms,
		       unsigned days, bool before_today, unsigned at_least_days, bool of_values, double *out)
{
	*out = 0;
	if (w->count == 0 || days > LIMIT_SPAN_MS / (24 * 3600 * 1000LL))
		return false;
	int64_t lived = zone_days_between(z, w->first_ms, now_ms) + (before_today ? 0 : 1);
	int64_t n = lived < (int64_t)days ? lived : (int64_t)days;
	if (n < 1 || n < (int64_t)at_least_days)
		return false;
	int back = (int)n - (before_today ? 0 : 1);
	int64_t from_ms = zone_day_shift(z, now_ms, -back) - 1;
	int64_t to_ms = before_today ? zone_day_start(z, now_ms) - 1 : now_ms;
	struct window_sums sums;
	window_sum(w, spec, from_ms, to_ms, NULL, &sums);
	*out = (of_values ? sums.sum : (double)sums.count) / (double)n;
	return true;
}
