/* base/bucket.c: see bucket.h. What has come in since is added when somebody asks: nothing ticks. */
#include "base/bucket.h"

#define SECOND_NS 1e9

static void fill(struct bucket *b, struct bucket_size size, uint64_t now_ns)
{
	if (now_ns > b->at_ns) {
		b->level += (double)(now_ns - b->at_ns) * size.per_s / SECOND_NS;
		b->at_ns = now_ns;
	}
	if (b->level > size.burst)
		b->level = size.burst;
}

void bucket_init(struct bucket *b, struct bucket_size size, uint64_t now_ns)
{
	*b = (struct bucket){ size.burst, now_ns };
}

uint64_t bucket_wait_ns(struct bucket *b, struct bucket_size size, uint64_t now_ns)
{
	fill(b, size, now_ns);
	return b->level >= 1 ? 0 : (uint64_t)((1 - b->level) * SECOND_NS / size.per_s) + 1;
}

void bucket_take(struct bucket *b, uint64_t count)
{
	b->level -= (double)count;
}

bool bucket_is_full(struct bucket *b, struct bucket_size size, uint64_t now_ns)
{
	fill(b, size, now_ns);
	return b->level >= size.burst;
}
