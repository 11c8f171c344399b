/* base/strpool.c: an open-addressing table of pointers with linear probing. Removal shifts followers back instead of
 * leaving tombstones, so that a pool through which many strings pass does not slow down.
 *
 * A string is looked up several times an event, and nearly all are short: up to 16 bytes are read as two words (which
 * overlap, or are filled up) that are the string, given its length. So hashing is one multiplication and comparing is
 * two comparisons, without a call. */
#include "base/strpool.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

#define STRPOOL_FIRST 64u

struct strpool {
	struct str **cells;
	size_t mask, count;
};

struct strpool *strpool_create(void)
{
	struct strpool *pool = must_malloc(sizeof(*pool));
	pool->cells = must_calloc(STRPOOL_FIRST, sizeof(*pool->cells));
	pool->mask = STRPOOL_FIRST - 1;
	pool->count = 0;
	return pool;
}

void strpool_destroy(struct strpool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i <= pool->mask; i++)
		free(pool->cells[i]);
	free(pool->cells);
	free(pool);
}

#define SHORT_BYTES 16u

struct words {
	uint64_t first, last;
};

static inline uint64_t load(const char *p, size_t len)
{
	uint64_t w = 0;
	memcpy(&w, p, len);
	return w;
}

static inline struct words words_of(const char *p, size_t len)
{
	if (len >= 8)
		return (struct words){ load(p, 8), load(p + len - 8, 8) };
	if (len >= 4)
		return (struct words){ load(p, 4), load(p + len - 4, 4) };
	if (len == 0)
		return (struct words){ 0, 0 };
	return (struct words){ (uint8_t)p[0] | (uint64_t)(uint8_t)p[len / 2] << 8, (uint8_t)p[len - 1] };
}

/* The two words and the length, multiplied so that each bit of the product hangs on all of them. */
static uint32_t hash_of(struct slice text)
{
	if (text.len > SHORT_BYTES)
		return (uint32_t)hash64(text, 0);
	struct words w = words_of(text.data, text.len);
	unsigned __int128 product = (unsigned __int128)(w.first ^ 0x9e3779b97f4a7c15ull) *
				    (w.last ^ 0xc2b2ae3d27d4eb4full ^ (uint64_t)text.len << 56);
	uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);
	return (uint32_t)(folded ^ folded >> 32);
}

static inline bool same(const struct str *s, struct slice text)
{
	if (s->len != text.len)
		return false;
	if (text.len > SHORT_BYTES)
		return memcmp(s->data, text.data, text.len) == 0;
	struct words a = words_of(s->data, text.len), b = words_of(text.data, text.len);
	return a.first == b.first && a.last == b.last;
}

/* The cell that holds the text, or the empty one where it would go. */
static inline size_t find(const struct strpool *pool, struct slice text, uint32_t hash)
{
	size_t i = hash & pool->mask;
	for (; pool->cells[i]; i = (i + 1) & pool->mask) {
		const struct str *s = pool->cells[i];
		if (s->hash == hash && same(s, text))
			break;
	}
	return i;
}

static void grow(struct strpool *pool)
{
	size_t size = pool->mask + 1;
	struct str **old = pool->cells;
	pool->cells = must_calloc(size * 2, sizeof(*pool->cells));
	pool->mask = size * 2 - 1;
	for (size_t i = 0; i < size; i++) {
		if (!old[i])
			continue;
		size_t at = old[i]->hash & pool->mask;
		while (pool->cells[at])
			at = (at + 1) & pool->mask;
		pool->cells[at] = old[i];
	}
	free(old);
}

struct str *strpool_find(const struct strpool *pool, struct slice text)
{
	return pool->cells[find(pool, text, hash_of(text))];
}

struct str *strpool_take(struct strpool *pool, struct slice text)
{
	uint32_t hash = hash_of(text);
	size_t i = find(pool, text, hash);
	if (pool->cells[i])
		return str_ref(pool->cells[i]);
	CHECK(text.len < UINT32_MAX);
	struct str *s = must_malloc(sizeof(*s) + text.len + 1);
	s->hash = hash;
	s->refs = 1;
	s->len = (uint32_t)text.len;
	if (text.len)
		memcpy(s->data, text.data, text.len);
	s->data[text.len] = '\0';
	pool->cells[i] = s;
	pool->count++;
	if (pool->count * 4 > (pool->mask + 1) * 3)
		grow(pool);
	return s;
}

struct str *str_ref(struct str *s)
{
	if (s) {
		CHECK(s->refs < UINT32_MAX);
		s->refs++;
	}
	return s;
}

/* Empties cell `hole` and closes the gap: a follower moves back unless its own place lies between hole and itself. */
static void close_gap(struct strpool *pool, size_t hole)
{
	for (size_t i = (hole + 1) & pool->mask; pool->cells[i]; i = (i + 1) & pool->mask) {
		size_t home = pool->cells[i]->hash & pool->mask;
		if (((i - home) & pool->mask) >= ((i - hole) & pool->mask)) {
			pool->cells[hole] = pool->cells[i];
			hole = i;
		}
	}
	pool->cells[hole] = NULL;
}

void strpool_drop(struct strpool *pool, struct str *s)
{
	if (!s)
		return;
	CHECK(s->refs > 0);
	if (--s->refs)
		return;
	size_t i = s->hash & pool->mask;
	while (pool->cells[i] != s) {
		CHECK(pool->cells[i] != NULL); /* else it is another pool's */
		i = (i + 1) & pool->mask;
	}
	close_gap(pool, i);
	pool->count--;
	free(s);
}

size_t strpool_count(const struct strpool *pool)
{
	return pool->count;
}
