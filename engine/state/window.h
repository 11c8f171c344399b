/* state/window.h: what happened when, for one series, member and key: an ordered array of cells that rules ask for
 * counts and aggregates over a span of time. The whole window lives in one customer's record, so it is small.
 *
 * Three ways to keep cells, fixed by the series' spec:
 *   exact    one cell an event (two at the same millisecond are two cells): any span is exact to the millisecond,
 *            `previous`, `run` and `distinct` work
 *   grain    one cell for each step of grain_ms since 1970 that had events; a span's older edge is exact to one grain:
 *            a span of k grains covers the step of `now` and the k-1 before it
 *   day      one cell a local day: for calendar spans
 * When LIMIT_WINDOW_CELLS is reached the oldest two neighbours within the same 256th of keep_ms are joined: from then
 * on a span's older edge is exact to that 256th, in the older half of the cells. Cells older than keep_ms before the
 * newest are dropped on add, never on query (a query changes nothing). Day cells stay for two days more, so that a
 * daily mean over keep_ms finds its first day whole; of the other keepings, ask for a day more than the mean spans.
 *
 * Late events land in their own place if that is still inside keep_ms of the newest, else window_add says so. */
#ifndef NUDGED_STATE_WINDOW_H
#define NUDGED_STATE_WINDOW_H

#include "base/bytes.h"
#include "base/strpool.h"
#include "state/span.h"

#include <stddef.h>

enum window_keeping { WINDOW_EXACT, WINDOW_GRAIN, WINDOW_DAY };

struct window_spec {
	enum window_keeping keeping;
	int64_t grain_ms; /* whole seconds: what is over is left out; at least one */
	int64_t keep_ms;  /* the longest span that the pack asks for */
	bool has_value;   /* cells carry sum, min, max of a value (a number, never NaN); else only counts */
};

/* What a window is of and how it keeps it: interned, since all customers have windows of the same series. */
struct window_of {
	uint32_t series; /* identity of the declaration: 32 bits of the hash of its definition */
	uint32_t unit_s; /* of keys, in seconds; 0: exact, milliseconds */
	uint8_t member, keeping, has_value;
	char key[];      /* `by` values joined with \x1f; empty where the series has none */
};

/* One window, side by side with the others of its record: only window*.c look beyond `of`. Most windows hold one cell,
 * which then is in the window itself where its key is that of the newest event: a count is all there is to know. */
struct window {
	struct str *of;
	int64_t first_ms : 48;
	uint64_t count : 10, wide : 1, apart : 1;
	union {
		struct window_block *block; /* apart */
		struct {
			uint64_t lasted_ms : 40, events : 24; /* newest_ms - first_ms; of the only cell */
		};
	};
};
static inline const struct window_of *window_of(const struct window *w)
{
	return (const struct window_of *)(const void *)w->of->data;
}
static inline struct slice window_key(const struct window *w)
{
	return (struct slice){ window_of(w)->key, w->of->len - offsetof(struct window_of, key) };
}
struct str *window_of_take(struct strpool *pool, uint32_t series, uint8_t member, struct slice key,
			   const struct window_spec *spec);

void window_init(struct window *w, struct str *of); /* takes the reference */
void window_finish(struct window *w);               /* leaves `of` to the caller */
struct window *window_create(const struct window_spec *spec); /* one on its own */
void window_destroy(struct window *w); /* NULL-safe */

/* What the newest add did, so that a term with before = "this" can leave it out. Good until the next add. Where the add
 * found the window full, the joining that made room stays: sums over the joined cells are the same. */
struct window_undo {
	bool valid;
	uint32_t cell;       /* index of the cell that was added or changed */
	bool added;          /* the cell is new */
	char before[48];     /* the cell's bytes before; window.c knows the shape */
};

/* Returns false where the event is too late to be kept (the caller counts it). `z` is for WINDOW_DAY. */
bool window_add(struct window *w, const struct window_spec *spec, const struct zone *z, int64_t time_ms, double value,
		struct window_undo *undo);

/* Leaves out the newest cell at or before to_ms; of exact windows, the newest event. Not valid where there is none. */
struct window_undo window_newest(const struct window *w, int64_t to_ms);

struct window_sums {
	uint64_t count;
	double sum, min, max;       /* 0 where count is 0 */
	int64_t first_ms, last_ms;  /* times of the oldest and newest cell in the span; 0 where empty */
	double latest;              /* value of the newest (exact windows; else the mean of the newest cell) */
};
/* Over (from_ms, to_ms]; `without` (may be NULL) leaves that add out. */
void window_sum(const struct window *w, const struct window_spec *spec, int64_t from_ms, int64_t to_ms,
		const struct window_undo *without, struct window_sums *out);
/* Run and distinct are 0 without values. Of joined cells they count what is sure: all of a cell or nothing; its least
 * and greatest value.
 * Exact windows. Length of the run of newest values, at or before to_ms, for which low <= value <= high. */
uint64_t window_run(const struct window *w, double low, double high, int64_t to_ms, const struct window_undo *without);
uint64_t window_distinct(const struct window *w, int64_t from_ms, int64_t to_ms, const struct window_undo *without);
/* Mean per local day (of counts, or of values' sums with has_value and of_values) over the `days` whole local days
 * before the day of now, or up to and including it; days without events count as zero, days before the window's first
 * event do not. Returns false (unknown) where fewer than at_least_days such days exist. */
bool window_daily_mean(const struct window *w, const struct window_spec *spec, const struct zone *z, int64_t now_ms,
		       unsigned days, bool before_today, unsigned at_least_days, bool of_values, double *out);

/* time of the first event ever added: how long there has been a habit */
int64_t window_first_ms(const struct window *w);
int64_t window_newest_ms(const struct window *w); /* both 0 where nothing was ever added */
/* Cells of a window of the same series join; one of another shape changes nothing. */
void window_merge(struct window *into, const struct window *from);
struct window_spec window_shape(const struct window *w); /* keeping, grain and has_value; how long is not known to it */
void window_encode(const struct window *w, const struct window_spec *spec, struct bytes *out); /* canonical */
/* In two steps, since a window needs to know what it is of: its shape, then its cells into a window of that shape that
 * was just initialised. False and r->bad where broken: the window is then still to be finished. */
bool window_read_shape(struct reader *r, struct window_spec *spec, bool *joined);
bool window_read_cells(struct reader *r, struct window *w, bool joined);
struct window *window_decode(struct reader *r);    /* one on its own; NULL where broken */
size_t window_bytes(const struct window *w);       /* memory beside the struct */

#endif
