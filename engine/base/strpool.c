/* base/strpool.c: an open-addressing table of pointers with linear probing. Removal shifts followers back instead of
 * leaving tombstones, so that a pool through which many strings pass does not slow down. */
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

/* The cell that holds the text, or the empty one where it would go. */
static size_t find(const struct strpool *pool, struct slice text, uint32_t hash)
{
	size_t i = hash & pool->mask;
	for (; pool->cells[i]; i = (i + 1) & pool->mask) {
		const struct str *s = pool->cells[i];
		if (s->hash == hash && slice_equal(str_slice(s), text))
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
	return pool->cells[find(pool, text, (uint32_t)hash64(text, 0))];
}

struct str *strpool_take(struct strpool *pool, struct slice text)
{
	uint32_t hash = (uint32_t)hash64(text, 0);
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
