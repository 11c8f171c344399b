/* state/window_codec.c: a window as bytes.
 *
 *   flags     1 byte: keeping (2 bits), 4 has values, 8 joined (exact, and some cell holds several events)
 *   unit      varint, only grain: grain_ms
 *   count     varint; where 0, that is all
 *   first, newest   zigzag ms
 *   cells     key: zigzag for the first, then varint distance to the one before;
 *             count: varint, only grain, day and joined; values: 8 bytes, or sum, min, max where count > 1
 *
 * One state has one encoding: whether an exact window is wide in memory does not show, only whether it must be. */
#include "base/check.h"
#include "base/limits.h"
#include "state/codec.h"
#include "state/window_cells.h"

#include <stdlib.h>

#define FLAG_VALUE 4
#define FLAG_JOINED 8

static bool has_joined(const struct window *w)
{
	for (unsigned i = 0; w->wide && i < w->count; i++) {
		if (window_load(w, i).count > 1)
			return true;
	}
	return false;
}

void window_encode(const struct window *w, const struct window_spec *spec, struct bytes *out)
{
	bool joined = has_joined(w);
	int64_t before = 0;
	bool value = window_has_value(w), exact = window_is(w, WINDOW_EXACT);
	bytes_put_u8(out, (uint8_t)(window_of(w)->keeping | (value ? FLAG_VALUE : 0) | (joined ? FLAG_JOINED : 0)));
	if (window_is(w, WINDOW_GRAIN))
		bytes_put_varint(out, (uint64_t)window_unit_ms(w));
	bytes_put_varint(out, w->count);
	if (w->count == 0)
		return;
	bytes_put_zigzag(out, w->first_ms);
	bytes_put_zigzag(out, window_newest_ms(w));
	for (unsigned i = 0; i < w->count; i++) {
		struct cell c = window_load(w, i);
		if (i == 0)
			bytes_put_zigzag(out, c.key);
		else
			bytes_put_varint(out, (uint64_t)c.key - (uint64_t)before);
		before = c.key;
		if (joined || !exact)
			bytes_put_varint(out, c.count);
		if (!value)
			continue;
		bytes_put_f64(out, c.sum);
		if (c.count > 1) {
			bytes_put_f64(out, c.min);
			bytes_put_f64(out, c.max);
		}
	}
}

/* Keys ascend, and only exact windows may have equal ones. */
static bool next_key(const struct window *w, int64_t before, uint64_t step, int64_t *key)
{
	if (step > (uint64_t)INT64_MAX - (uint64_t)before && before >= 0)
		return false;
	if (step > INT64_MAX || (step == 0 && !window_is(w, WINDOW_EXACT)))
		return false;
	*key = before + (int64_t)step;
	return true;
}

static bool read_cell(struct reader *r, const struct window *w, unsigned i, int64_t before, bool joined, struct cell *c)
{
	*c = (struct cell){ .count = 1 };
	if (i == 0)
		c->key = codec_zigzag(r);
	else if (!next_key(w, before, codec_varint(r), &c->key))
		return false;
	if (!window_is(w, WINDOW_EXACT) && (c->key < STEP_MIN || c->key > STEP_MAX))
		return false;
	if (c->key > LIMIT_TIME_MAX_MS / window_unit_ms(w) || c->key < -LIMIT_TIME_MAX_MS / window_unit_ms(w) - 1)
		return false;
	if (joined || !window_is(w, WINDOW_EXACT))
		c->count = codec_varint(r);
	if (c->count == 0 || (!window_is(w, WINDOW_EXACT) && c->count > STEP_COUNT_MAX))
		return false;
	if (window_has_value(w)) {
		c->sum = c->min = c->max = reader_f64(r);
		if (c->count > 1) {
			c->min = reader_f64(r);
			c->max = reader_f64(r);
		}
	}
	return !r->bad;
}

static bool read_cells(struct reader *r, struct window *w, unsigned count, bool joined)
{
	int64_t before = 0;
	w->wide = joined;
	for (unsigned i = 0; i < count; i++) {
		struct cell c;
		if (!read_cell(r, w, i, before, joined, &c))
			return false;
		before = c.key;
		window_make_room(w, i);
		window_store(w, i, &c);
	}
	return !joined || has_joined(w);
}

bool window_read_shape(struct reader *r, struct window_spec *spec, bool *joined)
{
	uint8_t flags = reader_u8(r);
	*spec = (struct window_spec){ .keeping = flags & 3, .has_value = (flags & FLAG_VALUE) != 0 };
	*joined = (flags & FLAG_JOINED) != 0;
	if (flags > 15 || spec->keeping > WINDOW_DAY || (*joined && spec->keeping != WINDOW_EXACT))
		r->bad = true;
	if (!r->bad && spec->keeping == WINDOW_GRAIN) {
		uint64_t grain = codec_varint(r);
		if (grain < 1000 || grain > LIMIT_SPAN_MS || grain % 1000 != 0)
			r->bad = true;
		spec->grain_ms = (int64_t)grain;
	}
	return !r->bad;
}

static bool read_window(struct reader *r, struct window *w, bool joined)
{
	uint64_t count = codec_varint(r);
	if (r->bad || count > LIMIT_WINDOW_CELLS || count > reader_left(r))
		return false;
	if (count == 0)
		return !joined;
	int64_t first_ms = codec_zigzag(r), newest_ms = codec_zigzag(r);
	if (first_ms > newest_ms || first_ms < -LIMIT_TIME_MAX_MS || newest_ms > LIMIT_TIME_MAX_MS)
		return false;
	window_set_times(w, first_ms, newest_ms);
	return read_cells(r, w, (unsigned)count, joined);
}

bool window_read_cells(struct reader *r, struct window *w, bool joined)
{
	if (!read_window(r, w, joined))
		r->bad = true;
	return !r->bad;
}

struct window *window_decode(struct reader *r)
{
	struct window_spec spec;
	bool joined;
	if (!window_read_shape(r, &spec, &joined))
		return NULL;
	struct window *w = window_create(&spec);
	if (window_read_cells(r, w, joined))
		return w;
	window_destroy(w);
	return NULL;
}
