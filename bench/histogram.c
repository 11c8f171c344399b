/* bench/histogram.c: see histogram.h. Below 64 ns a bucket is a nanosecond; above, the bucket is the position of the
 * highest bit and the six bits after it. */
#include "histogram.h"

#define SUB (1u << HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t ns)
{
	if (ns < SUB)
		return (unsigned)ns;
	unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
	unsigned bucket = (shift << HISTOGRAM_SUB_BITS) + (unsigned)(ns >> shift);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t greatest_of(unsigned bucket)
{
	if (bucket < SUB)
		return bucket;
	unsigned shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
	uint64_t top = bucket - ((uint64_t)shift << HISTOGRAM_SUB_BITS);
	return ((top + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->buckets[bucket_of(ns)]++;
	h->count++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

uint64_t histogram_at(const struct histogram *h, double fraction)
{
	uint64_t wanted = (uint64_t)(fraction * (double)h->count), seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen > wanted || (seen == h->count && seen))
			return greatest_of(i) < h->max_ns ? greatest_of(i) : h->max_ns;
	}
	return 0;
}
