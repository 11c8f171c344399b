/* bench/histogram.h: latencies counted in log-linear buckets: 64 to each power of two, so a figure read back is at most
 * 1.6% above what was measured, from 1 ns to 18 minutes, in 18 KiB and without a sort. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BUCKETS ((40 - HISTOGRAM_SUB_BITS + 2) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t count, max_ns;
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The value that `fraction` (0 to 1) of all are at or below; 0 where nothing was counted. */
uint64_t histogram_at(const struct histogram *h, double fraction);

#endif
