/* state/window_cells.h: how a window's cells lie in memory. Only window*.c include this.
 *
 * A cell is worked on as `struct cell` and kept in the smallest shape that holds what the window promises:
 *
 *   exact, narrow       key 8                                   one event: count 1
 *   exact, narrow       key 8, value 8                          with values
 *   exact, wide         key 8, count 8 [, sum 8, min 8, max 8]  from the first joining on: a cell may hold many events
 *   grain and day       step 4, count 4 [, sum 8, min 8, max 8]
 *   in the window       count 24 bits: one cell without values, narrow or grain, with the key that newest_ms has
 *
 * A cell's key: exact: the event's time in ms. Grain: time / grain_ms. Day: the local day's first instant in seconds.
 * Keys ascend; only exact windows have equal ones. A joined cell has the key of its newest event. */
#ifndef NUDGED_STATE_WINDOW_CELLS_H
#define NUDGED_STATE_WINDOW_CELLS_H

#include "state/window.h"

struct cell {
	int64_t key;
	uint64_t count;
	double sum, min, max; /* 0 in windows without values */
};
_Static_assert(sizeof(struct cell) <= sizeof(((struct window_undo *)0)->before), "an undo holds a cell");

/* Cells that are not in the window itself, and what goes with them. */
struct window_block {
	int64_t newest_ms : 48;
	uint64_t cap : 16;
	char cells[];
};

static inline int64_t window_unit_ms(const struct window *w)
{
	uint32_t unit_s = window_of(w)->unit_s;
	return unit_s ? unit_s * 1000LL : 1;
}
static inline bool window_is(const struct window *w, enum window_keeping keeping)
{
	return window_of(w)->keeping == keeping;
}
static inline bool window_has_value(const struct window *w)
{
	return window_of(w)->has_value;
}

/* Steps are kept as 32 bits: seconds (days, grains of a second) reach from 1969-12-30 (local days that began before
 * 1970 in UTC) to 2106, coarser grains farther. */
#define STEP_BIAS 172800
#define STEP_MIN (-(int64_t)STEP_BIAS)
#define STEP_MAX ((int64_t)UINT32_MAX - STEP_BIAS)
#define STEP_COUNT_MAX UINT32_MAX

struct cell window_load(const struct window *w, unsigned i);
void window_store(struct window *w, unsigned i, const struct cell *c);
/* Of a window without cells yet, or one whose cells are apart. */
void window_set_times(struct window *w, int64_t first_ms, int64_t newest_ms);
void window_settle(struct window *w); /* gives a block back that is not needed */
/* Makes place for a cell at i (not filled in). The count must be below LIMIT_WINDOW_CELLS. */
void window_make_room(struct window *w, unsigned i);
void window_widen(struct window *w);
unsigned window_after(const struct window *w, int64_t t_ms); /* index of the first cell that began after this time */
int64_t window_floor(int64_t t_ms, int64_t unit_ms);

/* Not fmin and fmax, which may give either zero of 0 and -0. */
static inline double window_least(double a, double b)
{
	return b < a ? b : a;
}
static inline double window_most(double a, double b)
{
	return b > a ? b : a;
}

#endif
