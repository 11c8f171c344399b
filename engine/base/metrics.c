/* base/metrics.c: log-linear buckets. Values below 8 have a bucket each; above, a power of two has 8 steps:
 *
 *     bucket = (exponent - 2) * 8 + the three bits after the leading one        (exponent 3 .. 63: buckets 8 .. 495) */
#include "base/metrics.h"

static unsigned bucket_of(uint64_t value)
{
	if (value < 8)
		return (unsigned)value;
	unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
	return (exponent - 2) * 8 + (unsigned)((value >> (exponent - 3)) & 7);
}

static uint64_t bucket_end(unsigned bucket)
{
	if (bucket < 8)
		return bucket;
	unsigned exponent = bucket / 8 + 2;
	/* the last bucket's end wraps to 2^64 - 1, as it should */
	return ((uint64_t)(8 + bucket % 8 + 1) << (exponent - 3)) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	counter_add(&h->buckets[bucket_of(value)], 1);
	counter_add(&h->sum, value);
	counter_add(&h->count, 1);
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	/* summed here, not taken from h->count: another thread may be adding */
	uint64_t all = 0, seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += counter_get(&h->buckets[i]);
	if (all == 0)
		return 0;
	uint64_t rank = (uint64_t)((double)all * percent / 100.0 + 0.999999);
	if (rank < 1)
		rank = 1;
	if (rank > all)
		rank = all;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += counter_get(&h->buckets[i]);
		if (seen >= rank)
			return bucket_end(i);
	}
	return UINT64_MAX;
}

uint64_t histogram_at_most(const struct histogram *h, uint64_t value)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && bucket_end(i) <= value; i++) {
		count += counter_get(&h->buckets[i]);
		if (bucket_end(i) == UINT64_MAX)
			break; /* no value is beyond */
	}
	return count;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_add(&into->buckets[i], counter_get(&from->buckets[i]));
	counter_add(&into->count, counter_get(&from->count));
	counter_add(&into->sum, counter_get(&from->sum));
}

void histogram_subtract(struct histogram *from, const struct histogram *earlier)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_set(&from->buckets[i], counter_get(&from->buckets[i]) - counter_get(&earlier->buckets[i]));
	counter_set(&from->count, counter_get(&from->count) - counter_get(&earlier->count));
	counter_set(&from->sum, counter_get(&from->sum) - counter_get(&earlier->sum));
}
