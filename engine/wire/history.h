/* wire/history.h: the daemon's figures over time, as they are answered. */
#ifndef NUDGED_WIRE_HISTORY_H
#define NUDGED_WIRE_HISTORY_H

#include "base/bytes.h"

struct wire_figure {
	const char *name, *unit, *kind, *about;
	int shard; /* -1: of all together */
};

/* Rows one after another in the order of time, a row has a value a figure. */
struct wire_history {
	int64_t step_ms, keep_ms, started_ms, now_ms;
	bool sampled;
	const int64_t *ends_ms;
	const uint32_t *spans_ms;
	const double *values;
	size_t count;
	const struct wire_figure *figures;
	size_t figure_count;
};

void response_history_of_figures(struct bytes *out, uint64_t request_id, const struct wire_history *h);

#endif
