/* shard/figures_read.h: which figures there are, and how each is read. Private to figures*.c.
 *
 * A row of the history is made from two readings: what grew between them is counted, of what is measured the
 * difference of two histograms is told, all else is as the later reading has it. */
#ifndef NUDGED_SHARD_FIGURES_READ_H
#define NUDGED_SHARD_FIGURES_READ_H

#include "base/metrics.h"
#include "shard/figures.h"
#include "wire/history.h"

enum { TIMED_PUBLISH, TIMED_RECOMMEND, TIMED_SYNC, TIMED };
#define FIGURES_TOTALS 17u /* that only grow */
#define FIGURES_LEVELS 18u /* as they are now */

/* Columns of all together, then two a shard. */
#define FIGURES_MAX (FIGURES_TOTALS + 4u * TIMED + 2u + FIGURES_LEVELS + 2u * LIMIT_SHARDS)

struct reading {
	uint64_t ns;
	int64_t ms;
	uint64_t totals[FIGURES_TOTALS];
	double levels[FIGURES_LEVELS];
	uint64_t cpu_ns, shard_events[LIMIT_SHARDS], shard_cpu_ns[LIMIT_SHARDS];
	struct histogram timed[TIMED]; /* ns */
};

size_t figures_list(unsigned shards, struct wire_figure out[FIGURES_MAX]); /* how many there are */
void figures_read(struct engine *e, const struct figures_seen *seen, struct reading *out);
/* A value for each figure of the list. */
void figures_row(const struct reading *from, const struct reading *to, unsigned shards, double *out);

#endif
