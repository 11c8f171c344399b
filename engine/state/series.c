/* state/series.c: the windows of a record, sorted by series, member and key, so that one is found by bisection and the
 * keys of one series and member lie side by side.
 *
 * Where a bound is reached, the window whose newest event is the oldest goes; of equals the first in order. */
#include "base/limits.h"
#include "state/inside.h"

void window_drop(struct series_window *w, struct strpool *pool)
{
	strpool_drop(pool, w->key);
	window_finish(&w->window);
}

int window_order(const struct series_window *w, uint32_t series, uint8_t member, struct slice key)
{
	if (w->series != series)
		return w->series < series ? -1 : 1;
	if (w->member != member)
		return w->member < member ? -1 : 1;
	return slice_compare(str_slice(w->key), key);
}

static unsigned place_of(const struct record *r, uint32_t series, uint8_t member, struct slice key, bool *found)
{
	unsigned low = 0, high = r->window_count;
	*found = false;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		int order = window_order(&r->windows[mid], series, member, key);
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
	unsigned oldest = low;
	for (unsigned i = low + 1; i < high; i++) {
		if (window_newest_ms(&r->windows[i].window) < window_newest_ms(&r->windows[oldest].window))
			oldest = i;
	}
	window_drop(&r->windows[oldest], pool);
	ARRAY_REMOVE(r->windows, r->window_count, oldest);
}

static bool same_series(const struct series_window *w, uint32_t series, uint8_t member)
{
	return w->series == series && w->member == member;
}

static void make_place(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, unsigned at)
{
	unsigned low = at, high = at;
	while (low > 0 && same_series(&r->windows[low - 1], series, member))
		low--;
	while (high < r->window_count && same_series(&r->windows[high], series, member))
		high++;
	if (high - low >= LIMIT_WINDOW_KEYS)
		evict(r, pool, low, high);
	else if (r->window_count >= LIMIT_WINDOWS)
		evict(r, pool, 0, r->window_count);
}

struct window *record_window(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, struct slice key,
			     const struct window_spec *create)
{
	bool found;
	if (key.len > LIMIT_KEY_BYTES)
		key.len = LIMIT_KEY_BYTES;
	unsigned at = place_of(r, series, member, key, &found);
	if (found)
		return &r->windows[at].window;
	if (!create)
		return NULL;
	CHECK(member <= r->member_count);
	make_place(r, pool, series, member, at);
	at = place_of(r, series, member, key, &found);
	ARRAY_INSERT(r->windows, r->window_count, r->window_cap, at, LIMIT_WINDOWS);
	struct series_window *w = &r->windows[at];
	*w = (struct series_window){ .series = series, .member = member, .key = text_opt(pool, key) };
	window_init(&w->window, create);
	return &w->window;
}
