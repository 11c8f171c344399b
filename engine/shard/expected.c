/* shard/expected.c: recovery's table of effects and nudges that replayed entries caused and the journal has not shown
 * yet. What is left at the end was cut off by the crash and is emitted then, each exactly once. */
#include "shard/parts.h"
#include "shard/recovery.h"
#include "shard/work.h"

#include "base/check.h"

#include <stdlib.h>

struct expected {
	struct work **buckets; /* chained by work.next */
	size_t bucket_count, count;
};

static size_t place(const struct expected *x, uint64_t seq, uint32_t index)
{
	uint64_t key[2] = { seq, index };
	return hash64((struct slice){ (const char *)key, sizeof(key) }, 0) & (x->bucket_count - 1);
}

struct expected *expected_create(void)
{
	struct expected *x = must_calloc(1, sizeof(*x));
	x->bucket_count = 256;
	x->buckets = must_calloc(x->bucket_count, sizeof(x->buckets[0]));
	return x;
}

void expected_destroy(struct expected *x)
{
	struct work **left;
	if (!x)
		return;
	size_t count = expected_drain(x, &left);
	for (size_t i = 0; i < count; i++)
		work_destroy(left[i]);
	free(left);
	free(x->buckets);
	free(x);
}

static void insert(struct expected *x, struct work *w)
{
	size_t i = place(x, w->effect.source_seq, w->effect.index);
	w->next = x->buckets[i];
	x->buckets[i] = w;
}

static void widen(struct expected *x)
{
	struct work **old = x->buckets;
	size_t old_count = x->bucket_count;
	x->bucket_count *= 4;
	x->buckets = must_calloc(x->bucket_count, sizeof(x->buckets[0]));
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct work *w = old[i];
			old[i] = w->next;
			insert(x, w);
		}
	}
	free(old);
}

void expected_add(struct expected *x, struct work *w)
{
	if (x->count >= x->bucket_count)
		widen(x);
	insert(x, w);
	x->count++;
}

struct work *expected_take(struct expected *x, uint64_t source_seq, uint32_t index)
{
	struct work **at = &x->buckets[place(x, source_seq, index)];
	while (*at && ((*at)->effect.source_seq != source_seq || (*at)->effect.index != index))
		at = &(*at)->next;
	struct work *w = *at;
	if (w) {
		*at = w->next;
		w->next = NULL;
		x->count--;
	}
	return w;
}

static int by_source(const void *a, const void *b)
{
	const struct work *x = *(struct work *const *)a, *y = *(struct work *const *)b;
	if (x->effect.source_seq != y->effect.source_seq)
		return x->effect.source_seq < y->effect.source_seq ? -1 : 1;
	return (x->effect.index > y->effect.index) - (x->effect.index < y->effect.index);
}

size_t expected_drain(struct expected *x, struct work ***out)
{
	size_t n = 0;
	*out = must_malloc((x->count + 1) * sizeof(**out));
	for (size_t i = 0; i < x->bucket_count; i++) {
		while (x->buckets[i]) {
			struct work *w = x->buckets[i];
			x->buckets[i] = w->next;
			w->next = NULL;
			(*out)[n++] = w;
		}
	}
	CHECK(n == x->count);
	x->count = 0;
	qsort(*out, n, sizeof(**out), by_source);
	return n;
}
