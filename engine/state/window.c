/* state/window.c: adding to a window.
 *
 * The newest end is where nearly all adds go, so a place is sought from there; expiry cuts at the oldest end.
 *
 * Joining. A full window (LIMIT_WINDOW_CELLS) joins the oldest two neighbours that lie in the same 256th of the time it
 * keeps. At most 257 such parts have cells, so there is always such a pair, half of the cells stay as they were, and
 * a span's older edge is never off by more than a 256th of keep_ms. (Joining simply the two oldest cells would pile up
 * one cell that never expires, and counts that grow for ever.) Windows kept for longer than a year use a year's 256th,
 * and join the two oldest where no pair is left.
 *
 * Memory: the first cell is in the window itself; more are one block without slack worth speaking of, which grows by a
 * quarter and shrinks when three quarters are unused. */
#include "state/window.h"

#include "base/check.h"
#include "base/limits.h"
#include "state/window_cells.h"

#include <stdlib.h>

#define DAY_MS (24 * 3600 * 1000LL)
#define YEAR_MS (366 * DAY_MS)
#define JOIN_PARTS 256

static size_t cell_bytes(const struct window *w)
{
	if (w->keeping != WINDOW_EXACT)
		return w->has_value ? 32 : 8;
	if (w->wide)
		return w->has_value ? 40 : 16;
	return w->has_value ? 16 : 8;
}

static const char *cells_of(const struct window *w)
{
	return w->cap ? w->cells : w->one;
}

int64_t window_floor(int64_t t_ms, int64_t unit_ms)
{
	return t_ms / unit_ms - (t_ms % unit_ms != 0 && t_ms < 0);
}

struct cell window_load(const struct window *w, unsigned i)
{
	const char *p = cells_of(w) + i * cell_bytes(w);
	struct cell c = { .count = 1 };
	if (w->keeping != WINDOW_EXACT) {
		uint32_t step[2];
		memcpy(step, p, 8);
		c.key = (int64_t)step[0] - STEP_BIAS;
		c.count = step[1];
		p += 8;
	} else {
		memcpy(&c.key, p, 8);
		p += 8;
		if (w->wide) {
			memcpy(&c.count, p, 8);
			p += 8;
		}
	}
	if (!w->has_value)
		return c;
	memcpy(&c.sum, p, 8);
	c.min = c.max = c.sum;
	if (w->keeping != WINDOW_EXACT || w->wide) {
		memcpy(&c.min, p + 8, 8);
		memcpy(&c.max, p + 16, 8);
	}
	return c;
}

void window_store(struct window *w, unsigned i, const struct cell *c)
{
	char *p = (char *)cells_of(w) + i * cell_bytes(w);
	if (w->keeping != WINDOW_EXACT) {
		uint64_t count = c->count < STEP_COUNT_MAX ? c->count : STEP_COUNT_MAX;
		uint32_t step[2] = { (uint32_t)(c->key + STEP_BIAS), (uint32_t)count };
		memcpy(p, step, 8);
		p += 8;
	} else {
		memcpy(p, &c->key, 8);
		p += 8;
		if (w->wide) {
			memcpy(p, &c->count, 8);
			p += 8;
		}
	}
	if (!w->has_value)
		return;
	memcpy(p, &c->sum, 8);
	if (w->keeping != WINDOW_EXACT || w->wide) {
		memcpy(p + 8, &c->min, 8);
		memcpy(p + 16, &c->max, 8);
	}
}

void window_init(struct window *w, const struct window_spec *spec)
{
	*w = (struct window){ .keeping = spec->keeping, .has_value = spec->has_value };
	if (spec->keeping == WINDOW_DAY)
		w->unit_s = 1;
	else if (spec->keeping == WINDOW_GRAIN)
		w->unit_s = spec->grain_ms < 2000 ? 1 : (uint32_t)(spec->grain_ms / 1000);
}

void window_finish(struct window *w)
{
	if (w->cap)
		free(w->cells);
	w->cap = w->count = 0;
}

struct window *window_create(const struct window_spec *spec)
{
	struct window *w = must_malloc(sizeof(*w));
	window_init(w, spec);
	return w;
}

void window_destroy(struct window *w)
{
	if (!w)
		return;
	window_finish(w);
	free(w);
}

static void set_cap(struct window *w, unsigned cap)
{
	size_t size = cell_bytes(w);
	if (w->cap) {
		w->cells = must_realloc(w->cells, cap * size);
	} else {
		char *cells = must_malloc(cap * size);
		memcpy(cells, w->one, w->count * size); /* one cell of 8 bytes, or none */
		w->cells = cells;
	}
	w->cap = (uint16_t)cap;
}

void window_make_room(struct window *w, unsigned i)
{
	CHECK(w->count < LIMIT_WINDOW_CELLS && i <= w->count);
	size_t size = cell_bytes(w);
	bool inside = w->cap == 0 && w->count == 0 && size <= sizeof(w->one);
	if (w->count == w->cap + (inside ? 1u : 0u) || (w->cap == 0 && !inside)) {
		unsigned cap = w->cap + w->cap / 4u + 3u;
		set_cap(w, cap < LIMIT_WINDOW_CELLS ? cap : LIMIT_WINDOW_CELLS);
	}
	char *cells = (char *)cells_of(w);
	memmove(cells + (i + 1) * size, cells + i * size, (w->count - i) * size);
	w->count++;
}

static void remove_cells(struct window *w, unsigned at, unsigned n)
{
	size_t size = cell_bytes(w);
	char *cells = (char *)cells_of(w);
	memmove(cells + at * size, cells + (at + n) * size, (w->count - at - n) * size);
	w->count = (uint16_t)(w->count - n);
	if (w->cap > 8 && w->count < w->cap / 4)
		set_cap(w, w->count * 2u + 2u);
}

void window_widen(struct window *w)
{
	if (w->wide || w->keeping != WINDOW_EXACT)
		return;
	struct window wide = *w;
	wide.wide = true;
	wide.cap = w->cap ? w->cap : 3;
	wide.cells = must_malloc(wide.cap * cell_bytes(&wide));
	for (unsigned i = 0; i < w->count; i++) {
		struct cell c = window_load(w, i);
		window_store(&wide, i, &c);
	}
	window_finish(w);
	*w = wide;
}

unsigned window_after(const struct window *w, int64_t key)
{
	unsigned low = 0, high = w->count;
	if (high == 0 || window_load(w, high - 1).key <= key)
		return high;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (window_load(w, mid).key <= key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct cell join(const struct cell *older, const struct cell *newer)
{
	return (struct cell){
		.key = newer->key,
		.count = older->count + newer->count,
		.sum = older->sum + newer->sum,
		.min = window_least(older->min, newer->min),
		.max = window_most(older->max, newer->max),
	};
}

static void join_oldest(struct window *w, int64_t keep_ms)
{
	int64_t part_ms = (keep_ms < YEAR_MS ? keep_ms : YEAR_MS) / JOIN_PARTS;
	int64_t part = part_ms / window_unit_ms(w) > 0 ? part_ms / window_unit_ms(w) : 1;
	unsigned at = 0;
	int64_t before = window_floor(window_load(w, 0).key, part);
	for (unsigned i = 1; i < w->count; i++) {
		int64_t now = window_floor(window_load(w, i).key, part);
		if (now == before) {
			at = i - 1;
			break;
		}
		before = now;
	}
	window_widen(w);
	struct cell older = window_load(w, at), newer = window_load(w, at + 1);
	struct cell joined = join(&older, &newer);
	window_store(w, at + 1, &joined);
	remove_cells(w, at, 1);
}

/* Cells with this key or an older one have expired once `newest_ms` was seen. Day cells are kept two days longer: the
 * span of a daily mean begins with a whole day, up to 26 h before the same clock time. */
static int64_t expired_key(const struct window *w, int64_t keep_ms, int64_t newest_ms)
{
	if (w->keeping == WINDOW_DAY && keep_ms < INT64_MAX - 2 * DAY_MS)
		keep_ms += 2 * DAY_MS;
	if (newest_ms < INT64_MIN + keep_ms)
		return INT64_MIN;
	return window_floor(newest_ms - keep_ms, window_unit_ms(w));
}

static bool key_of(const struct window *w, const struct zone *z, int64_t time_ms, int64_t *key)
{
	if (time_ms > LIMIT_TIME_MAX_MS || time_ms < -LIMIT_TIME_MAX_MS)
		return false;
	if (w->keeping == WINDOW_DAY) {
		CHECK(z != NULL);
		time_ms = zone_day_start(z, time_ms);
	}
	*key = window_floor(time_ms, window_unit_ms(w));
	return w->keeping == WINDOW_EXACT || (*key >= STEP_MIN && *key <= STEP_MAX);
}

/* Puts the cell in its place, joining it with one of the same step. Returns the index. */
static unsigned insert(struct window *w, int64_t keep_ms, const struct cell *c, struct window_undo *undo)
{
	unsigned at = window_after(w, c->key);
	if (w->keeping != WINDOW_EXACT && at > 0) {
		struct cell old = window_load(w, at - 1);
		if (old.key == c->key) {
			struct cell sum = join(&old, c);
			window_store(w, at - 1, &sum);
			memcpy(undo->before, &old, sizeof(old));
			undo->added = false;
			return at - 1;
		}
	}
	if (w->count == LIMIT_WINDOW_CELLS) {
		join_oldest(w, keep_ms);
		at = window_after(w, c->key);
	}
	window_make_room(w, at);
	window_store(w, at, c);
	undo->added = true;
	return at;
}

bool window_add(struct window *w, const struct window_spec *spec, const struct zone *z, int64_t time_ms, double value,
		struct window_undo *undo)
{
	struct window_undo ignored;
	if (!undo)
		undo = &ignored;
	undo->valid = false;
	struct cell c = { .count = 1 };
	if (w->has_value)
		c.sum = c.min = c.max = value;
	if (!key_of(w, z, time_ms, &c.key))
		return false;
	bool empty = w->count == 0;
	int64_t newest_ms = empty || time_ms > w->newest_ms ? time_ms : w->newest_ms;
	int64_t expired = expired_key(w, spec->keep_ms, newest_ms);
	if (c.key <= expired)
		return false;
	unsigned gone = empty || window_load(w, 0).key > expired ? 0 : window_after(w, expired);
	if (gone > 0)
		remove_cells(w, 0, gone);
	undo->cell = insert(w, spec->keep_ms, &c, undo);
	undo->valid = true;
	if (empty || time_ms < w->first_ms)
		w->first_ms = time_ms;
	w->newest_ms = newest_ms;
	return true;
}

void window_merge(struct window *into, const struct window *from)
{
	struct window_undo ignored;
	if (from->count == 0 || into->keeping != from->keeping || into->has_value != from->has_value ||
	    window_unit_ms(into) != window_unit_ms(from))
		return;
	if (into->count == 0 || from->first_ms < into->first_ms)
		into->first_ms = from->first_ms;
	if (into->count == 0 || from->newest_ms > into->newest_ms)
		into->newest_ms = from->newest_ms;
	for (unsigned i = 0; i < from->count; i++) {
		struct cell c = window_load(from, i);
		if (c.count > 1)
			window_widen(into);
		insert(into, INT64_MAX, &c, &ignored);
	}
}

struct window_spec window_shape(const struct window *w)
{
	return (struct window_spec){
		.keeping = w->keeping, .grain_ms = window_unit_ms(w), .keep_ms = INT64_MAX, .has_value = w->has_value,
	};
}

int64_t window_first_ms(const struct window *w)
{
	return w->first_ms;
}

int64_t window_newest_ms(const struct window *w)
{
	return w->newest_ms;
}

size_t window_bytes(const struct window *w)
{
	return w->cap ? w->cap * cell_bytes(w) + 8 : 0; /* 8: what malloc adds */
}
