/* base/metrics.h: counters that one thread writes and any thread may read (relaxed atomics), and log-linear histograms
 * of nanoseconds: 64 powers of two with 8 steps each, so that a percentile is right within 12.5%. */
#ifndef NUDGED_BASE_METRICS_H
#define NUDGED_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

static inline void counter_add(counter *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline void counter_set(counter *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}
static inline uint64_t counter_get(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#define HISTOGRAM_BUCKETS 512
struct histogram {
	counter buckets[HISTOGRAM_BUCKETS];
	counter count, sum;
};

void histogram_add(struct histogram *h, uint64_t value);
/* The value at or below which `percent` of the values lie: the upper end of its bucket. 0 where empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);
/* How many values there are of at most that; exact where it is 2^n - 1. */
uint64_t histogram_at_most(const struct histogram *h, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* What came between two states of one histogram: `earlier` is taken off. */
void histogram_subtract(struct histogram *from, const struct histogram *earlier);

#endif
