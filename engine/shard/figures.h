/* shard/figures.h: the daemon's own figures over the last hour and the last day, so that whoever opens a view of it sees
 * what went before at once. They are kept in memory, in two rings of fixed size (base/limits.h), and begin anew with the
 * daemon.
 *
 * Somebody outside the shards takes the samples (the HTTP gateway's thread): from counters that any thread may read, so
 * no shard does anything for it. What is counted is told by interval, percentiles are those of the interval's own
 * requests (the difference of two histograms), everything else as it was at the interval's end. */
#ifndef NUDGED_SHARD_FIGURES_H
#define NUDGED_SHARD_FIGURES_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdbool.h>

struct engine;
struct figures;

/* What only net knows, as totals since the start but for what is said to be now. */
struct figures_seen {
	int64_t now_ms;   /* the system's clock */
	uint64_t now_ns;  /* monotonic */
	uint64_t http_requests, http_connections; /* connections: now */
	uint64_t shard_cpu_ns[LIMIT_SHARDS];
};

struct figures *figures_create(void);
void figures_destroy(struct figures *f); /* NULL-safe */

/* Takes a sample; to be called every FIGURES_STEP_MS. The first call begins. One thread. */
void engine_sample(struct engine *e, const struct figures_seen *seen);
/* Appends the framed History. ERR_INVALID where no such step is kept. Any thread. */
int engine_history(struct engine *e, uint64_t request_id, int64_t since_ms, int64_t step_ms, struct bytes *out);

#endif
