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
 * Memory: a cell of which all but its count follows from the window's newest time is in the window itself; others are
 * one block without slack worth speaking of, which grows by an eighth and shrinks when three quarters are unused. */
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
	bool value = window_has_value(w);
	if (!window_is(w, WINDOW_EXACT))
		return value ? 32 : 8;
	if (w->wide)
		return value ? 40 : 16;
	return value ? 16 : 8;
}

int64_t window_floor(int64_t t_ms, int64_t unit_ms)
{
	return t_ms / unit_ms - (t_ms % unit_ms != 0 && t_ms < 0);
}

/* Whether a key is that of the newest event: told without a division. */
static bool is_newest_key(const struct window *w, int64_t key)
{
	int64_t into_ms = window_newest_ms(w) - key * window_unit_ms(w);
	return into_ms >= 0 && into_ms < window_unit_ms(w);
}

/* Cells like these may be in the window itself. Of a day the first instant can not be told without the zone. */
static bool is_plain(const struct window *w)
{
	return !window_has_value(w) && !w->wide && !window_is(w, WINDOW_DAY);
}

struct cell window_load(const struct window *w, unsigned i)
{
	struct cell c = { .count = 1 };
	if (!w->apart) {
		c.key = window_floor(window_newest_ms(w), window_unit_ms(w));
		c.count = w->events;
		return c;
	}
	const char *p = w->block->cells + i * cell_bytes(w);
	if (!window_is(w, WINDOW_EXACT)) {
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
	if (!window_has_value(w))
		return c;
	memcpy(&c.sum, p, 8);
	c.min = c.max = c.sum;
	if (!window_is(w, WINDOW_EXACT) || w->wide) {
		memcpy(&c.min, p + 8, 8);
		memcpy(&c.max, p + 16, 8);
	}
	return c;
}

static void set_cap(struct window *w, unsigned cap)
{
	size_t size = malloc_fit(sizeof(struct window_block) + cap * cell_bytes(w));
	w->block = must_realloc(w->apart ? w->block : NULL, size);
	w->block->cap = (size - sizeof(struct window_block)) / cell_bytes(w);
}

/* From in the window itself to a block. */
static void set_apart(struct window *w)
{
	int64_t newest_ms = window_newest_ms(w);
	struct cell c = window_load(w, 0);
	set_cap(w, w->count + 1u);
	w->block->newest_ms = newest_ms;
	w->apart = true;
	if (w->count)
		window_store(w, 0, &c);
}

static void store_inside(struct window *w, const struct cell *c)
{
	w->events = c->count;
	if (w->events == c->count && is_newest_key(w, c->key))
		return;
	set_apart(w);
	window_store(w, 0, c);
}

void window_store(struct window *w, unsigned i, const struct cell *c)
{
	if (!w->apart) {
		store_inside(w, c);
		return;
	}
	char *p = w->block->cells + i * cell_bytes(w);
	if (!window_is(w, WINDOW_EXACT)) {
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
	if (!window_has_value(w))
		return;
	memcpy(p, &c->sum, 8);
	if (!window_is(w, WINDOW_EXACT) || w->wide) {
		memcpy(p + 8, &c->min, 8);
		memcpy(p + 16, &c->max, 8);
	}
}

/* What is hashed to intern it has no byte that was not set. */
static size_t describe(struct window_of *of, uint32_t series, uint8_t member, const struct window_spec *spec)
{
	*of = (struct window_of){ .series = series, .member = member, .keeping = spec->keeping,
				  .has_value = spec->has_value };
	if (spec->keeping == WINDOW_DAY)
		of->unit_s = 1;
	else if (spec->keeping == WINDOW_GRAIN)
		of->unit_s = spec->grain_ms < 2000 ? 1 : (uint32_t)(spec->grain_ms / 1000);
	return offsetof(struct window_of, key);
}

struct str *window_of_take(struct strpool *pool, uint32_t series, uint8_t member, struct slice key,
			   const struct window_spec *spec)
{
	union {
		struct window_of of;
		char bytes[sizeof(struct window_of) + LIMIT_KEY_BYTES];
	} text;
	size_t len = describe(&text.of, series, member, spec);
	CHECK(key.len <= LIMIT_KEY_BYTES);
	if (key.len)
		memcpy(text.bytes + len, key.data, key.len);
	return strpool_take(pool, (struct slice){ text.bytes, len + key.len });
}

void window_init(struct window *w, struct str *of)
{
	*w = (struct window){ .of = of };
}

void window_finish(struct window *w)
{
	if (w->apart)
		free(w->block);
	window_init(w, w->of);
}

/* What it is of lies behind it, in no pool. */
struct window *window_create(const struct window_spec *spec)
{
	struct window *w = must_calloc(1, sizeof(*w) + sizeof(struct str) + sizeof(struct window_of));
	struct str *of = (struct str *)(w + 1);
	of->len = (uint32_t)describe((struct window_of *)(void *)of->data, 0, 0, spec);
	window_init(w, of);
	return w;
}

void window_destroy(struct window *w)
{
	if (!w)
		return;
	window_finish(w);
	free(w);
}

void window_make_room(struct window *w, unsigned i)
{
	CHECK(w->count < LIMIT_WINDOW_CELLS && i <= w->count);
	if (!w->apart && (w->count > 0 || !is_plain(w)))
		set_apart(w);
	if (w->apart) {
		size_t size = cell_bytes(w);
		if (w->count == w->block->cap)
			set_cap(w, w->count + w->count / 8u + 1u);
		char *cells = w->block->cells;
		memmove(cells + (i + 1) * size, cells + i * size, (w->count - i) * size);
	}
	w->count++;
}

void window_settle(struct window *w)
{
	if (!w->apart || w->count > 1 || !is_plain(w))
		return;
	struct window_block *block = w->block;
	struct window inside = { .of = w->of, .first_ms = w->first_ms, .count = w->count };
	uint64_t lasted_ms = (uint64_t)(block->newest_ms - w->first_ms);
	struct cell c = w->count ? window_load(w, 0) : (struct cell){ 0 };
	inside.lasted_ms = lasted_ms;
	inside.events = c.count;
	if (inside.lasted_ms != lasted_ms || inside.events != c.count || (w->count && !is_newest_key(&inside, c.key)))
		return;
	free(block);
	*w = inside;
}

static void remove_cells(struct window *w, unsigned at, unsigned n)
{
	w->count -= n;
	if (!w->apart)
		return;
	size_t size = cell_bytes(w);
	char *cells = w->block->cells;
	memmove(cells + at * size, cells + (at + n) * size, (w->count - at) * size);
	window_settle(w);
	if (w->apart && w->block->cap > 8 && w->count < w->block->cap / 4)
		set_cap(w, w->count * 2u + 2u);
}

void window_set_times(struct window *w, int64_t first_ms, int64_t newest_ms)
{
	uint64_t lasted_ms = (uint64_t)(newest_ms - first_ms);
	if (!w->apart) {
		struct window inside = *w;
		inside.lasted_ms = lasted_ms;
		if (inside.lasted_ms == lasted_ms)
			w->lasted_ms = lasted_ms;
		else
			set_apart(w);
	}
	w->first_ms = first_ms;
	if (w->apart)
		w->block->newest_ms = newest_ms;
}

void window_widen(struct window *w)
{
	if (w->wide || !window_is(w, WINDOW_EXACT))
		return;
	struct window wide = { .of = w->of, .first_ms = w->first_ms, .wide = true };
	set_cap(&wide, w->count + 1u);
	wide.apart = true;
	wide.count = w->count;
	wide.block->newest_ms = window_newest_ms(w);
	for (unsigned i = 0; i < w->count; i++) {
		struct cell c = window_load(w, i);
		window_store(&wide, i, &c);
	}
	window_finish(w);
	*w = wide;
}

unsigned window_after(const struct window *w, int64_t t_ms)
{
	int64_t unit_ms = window_unit_ms(w);
	unsigned low = 0, high = w->count;
	if (high == 0 || window_load(w, high - 1).key * unit_ms <= t_ms)
		return high;
	if (window_load(w, 0).key * unit_ms > t_ms)
		return 0;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (window_load(w, mid).key * unit_ms <= t_ms)
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

/* Cells that began at this time or before have expired once `newest_ms` was seen. Day cells are kept two days longer: the
 * span of a daily mean begins with a whole day, up to 26 h before the same clock time. */
static int64_t expired_ms(const struct window *w, int64_t keep_ms, int64_t newest_ms)
{
	if (window_is(w, WINDOW_DAY) && keep_ms < INT64_MAX - 2 * DAY_MS)
		keep_ms += 2 * DAY_MS;
	if (newest_ms < INT64_MIN + keep_ms)
		return INT64_MIN;
	return newest_ms - keep_ms;
}

static bool key_of(const struct window *w, const struct zone *z, int64_t time_ms, int64_t *key)
{
	if (time_ms > LIMIT_TIME_MAX_MS || time_ms < -LIMIT_TIME_MAX_MS)
		return false;
	if (window_is(w, WINDOW_DAY)) {
		CHECK(z != NULL);
		time_ms = zone_day_start(z, time_ms);
	}
	*key = window_floor(time_ms, window_unit_ms(w));
	return window_is(w, WINDOW_EXACT) || (*key >= STEP_MIN && *key <= STEP_MAX);
}

/* One more in the cell in the window itself. */
static unsigned add_inside(struct window *w, const struct cell *c, struct window_undo *undo)
{
	struct cell old = { .key = c->key, .count = w->events }, sum = join(&old, c);
	memcpy(undo->before, &old, sizeof(old));
	undo->added = false;
	window_store(w, 0, &sum);
	return 0;
}

/* Puts the cell in its place, joining it with one of the same step. Returns the index. */
static unsigned insert(struct window *w, int64_t keep_ms, const struct cell *c, struct window_undo *undo)
{
	unsigned at = window_after(w, c->key * window_unit_ms(w));
	if (!window_is(w, WINDOW_EXACT) && at > 0) {
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
		at = window_after(w, c->key * window_unit_ms(w));
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
	if (window_has_value(w))
		c.sum = c.min = c.max = value;
	if (!key_of(w, z, time_ms, &c.key))
		return false;
	bool empty = w->count == 0;
	int64_t first_ms = empty || time_ms < w->first_ms ? time_ms : w->first_ms;
	int64_t newest_ms = empty || time_ms > window_newest_ms(w) ? time_ms : window_newest_ms(w);
	int64_t gone_ms = expired_ms(w, spec->keep_ms, newest_ms);
	if (c.key * window_unit_ms(w) <= gone_ms)
		return false;
	bool same = !w->apart && w->count && is_newest_key(w, c.key); /* then it has not expired either */
	unsigned gone = same || empty ? 0 : window_after(w, gone_ms);
	if (gone > 0)
		remove_cells(w, 0, gone);
	if (!same && !w->apart && w->count)
		set_apart(w); /* the cell in the window itself would take on the new one's key */
	window_set_times(w, first_ms, newest_ms);
	if (same && !w->apart && !window_is(w, WINDOW_EXACT))
		undo->cell = add_inside(w, &c, undo);
	else
		undo->cell = insert(w, spec->keep_ms, &c, undo);
	undo->valid = true;
	return true;
}

void window_merge(struct window *into, const struct window *from)
{
	struct window_undo ignored;
	if (from->count == 0 || window_of(into)->keeping != window_of(from)->keeping ||
	    window_has_value(into) != window_has_value(from) || window_unit_ms(into) != window_unit_ms(from))
		return;
	int64_t first_ms = from->first_ms, newest_ms = window_newest_ms(from);
	if (into->count > 0 && into->first_ms < first_ms)
		first_ms = into->first_ms;
	if (into->count > 0 && window_newest_ms(into) > newest_ms)
		newest_ms = window_newest_ms(into);
	if (!into->apart)
		set_apart(into);
	window_set_times(into, first_ms, newest_ms);
	for (unsigned i = 0; i < from->count; i++) {
		struct cell c = window_load(from, i);
		if (c.count > 1)
			window_widen(into);
		insert(into, INT64_MAX, &c, &ignored);
	}
	window_settle(into);
}

struct window_spec window_shape(const struct window *w)
{
	const struct window_of *of = window_of(w);
	return (struct window_spec){
		.keeping = of->keeping, .grain_ms = window_unit_ms(w), .keep_ms = INT64_MAX, .has_value = of->has_value,
	};
}

int64_t window_first_ms(const struct window *w)
{
	return w->first_ms;
}

int64_t window_newest_ms(const struct window *w)
{
	return w->apart ? w->block->newest_ms : (int64_t)(w->first_ms + w->lasted_ms);
}

size_t window_bytes(const struct window *w)
{
	return w->apart ? malloc_fit(sizeof(struct window_block) + w->block->cap * cell_bytes(w)) + 8 : 0;
}
