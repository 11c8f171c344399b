/* state/series.c: the windows of a record, sorted by series, member and key, so that one is found by bisection and the
 * keys of one series and member lie side by side.
 *
 * Where a bound is reached, the window whose newest event is the oldest goes; of equals the first in order. */
#include "base/limits.h"
#include "state/inside.h"

void window_drop(struct window *w, struct strpool *pool)
{
	window_finish(w);
	strpool_drop(pool, w->of);
}

int window_order(const struct window *w, uint32_t series, uint8_t member, struct slice key)
{
	const struct window_of *of = window_of(w);
	if (of->series != series)
		return of->series < series ? -1 : 1;
	if (of->member != member)
		return of->member < member ? -1 : 1;
	return slice_compare(window_key(w), key);
}

/* What windows are of is shared by all customers, so that following their pointers seldom leaves the CPU's caches. */
static unsigned place_of(const struct record *r, uint32_t series, uint8_t member, struct slice key, bool *found)
{
	const struct window *windows = record_windows(r);
	unsigned low = 0, high = r->window_count;
	*found = false;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		int order = window_order(&windows[mid], series, member, key);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Pushes out the longest untouched of windows [low, high). */
static void evict(struct record *r, struct strpool *pool, unsigned low, unsigned high)
{
	struct window *windows = windows_of(r);
	unsigned oldest = low;
	for (unsigned i = low + 1; i < high; i++) {
		if (window_newest_ms(&windows[i]) < window_newest_ms(&windows[oldest]))
			oldest = i;
	}
	window_drop(&windows[oldest], pool);
	body_remove(r, &windows[oldest], sizeof(*windows));
	r->window_count--;
}

static bool same_series(const struct window *w, uint32_t series, uint8_t member)
{
	return window_of(w)->series == series && window_of(w)->member == member;
}

static void make_place(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, unsigned at)
{
	const struct window *windows = record_windows(r);
	unsigned low = at, high = at;
	while (low > 0 && same_series(&windows[low - 1], series, member))
		low--;
	while (high < r->window_count && same_series(&windows[high], series, member))
		high++;
	if (high - low >= LIMIT_WINDOW_KEYS)
		evict(r, pool, low, high);
	else if (r->window_count >= LIMIT_WINDOWS)
		evict(r, pool, 0, r->window_count);
}

struct window *window_insert(struct record *r, unsigned at, struct str *of)
{
	CHECK(r->window_count < LIMIT_WINDOWS);
	struct window *w = body_insert(r, windows_of(r) + at, sizeof(*w));
	r->window_count++;
	window_init(w, of);
	return w;
}

struct window *record_window(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, struct slice key,
			     const struct window_spec *create)
{
	bool found;
	if (key.len > LIMIT_KEY_BYTES)
		key.len = LIMIT_KEY_BYTES;
	unsigned at = place_of(r, series, member, key, &found);
	if (found)
		return &windows_of(r)[at];
	if (!create)
		return NULL;
	CHECK(member <= r->member_count);
	make_place(r, pool, series, member, at);
	at = place_of(r, series, member, key, &found);
	return window_insert(r, at, window_of_take(pool, series, member, key, create));
}
