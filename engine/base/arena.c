/* base/arena.c: a chain of blocks, newest first, each filled from its start. The first block stays over resets, so that
 * a request or an entry of usual size costs no malloc at all.
 *
 *     a->block -> [next | size | bytes ...] -> [...] -> [the first block]
 *                                 ^at   ^end
 *
 * Each new block is at least twice the size of the one before it, so that a large request takes few of them. */
#include "base/arena.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_FIRST_BYTES 4096u
#define ARENA_BLOCK_MAX_BYTES (1024u * 1024u)

struct arena_block {
	struct arena_block *next; /* the one before it; NULL: the first */
	size_t size;
	_Alignas(ARENA_ALIGN) char data[];
};

void arena_init(struct arena *a, size_t budget)
{
	*a = (struct arena){ .budget = budget };
}

void arena_finish(struct arena *a)
{
	while (a->block) {
		struct arena_block *next = a->block->next;
		free(a->block);
		a->block = next;
	}
	a->at = a->end = NULL;
	a->used = 0;
}

/* The newest block, from its start. */
static void begin(struct arena *a)
{
	a->at = a->block->data;
	a->end = a->at + a->block->size;
}

void arena_reset(struct arena *a)
{
	while (a->block && a->block->next) {
		struct arena_block *next = a->block->next;
		free(a->block);
		a->block = next;
	}
	if (a->block)
		begin(a);
	a->used = 0;
}

static void arena_add_block(struct arena *a, size_t least)
{
	size_t size = a->block ? a->block->size * 2 : a->first_bytes ? a->first_bytes : ARENA_FIRST_BYTES;
	if (size > ARENA_BLOCK_MAX_BYTES)
		size = ARENA_BLOCK_MAX_BYTES;
	if (size < least)
		size = least;
	/* malloc aligns to 16 bytes, and the header is a multiple of 16 */
	struct arena_block *block = must_malloc(sizeof(*block) + size);
	block->next = a->block;
	block->size = size;
	a->block = block;
	begin(a);
}

void *arena_alloc_slow(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 4) {
		CHECK(a->budget != 0);
		return NULL;
	}
	size_t rounded = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	if (rounded == 0)
		rounded = ARENA_ALIGN;
	if (a->budget && (a->used > a->budget || rounded > a->budget - a->used))
		return NULL;
	if ((size_t)(a->end - a->at) < rounded)
		arena_add_block(a, rounded);
	void *p = a->at;
	a->at += rounded;
	a->used += rounded;
	return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(count, size, &all)) {
		CHECK(a->budget != 0);
		return NULL;
	}
	void *p = arena_alloc(a, all);
	if (p)
		memset(p, 0, all);
	return p;
}

struct slice arena_slice(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.len + 1);
	if (!p)
		return (struct slice){ NULL, 0 };
	if (s.len)
		memcpy(p, s.data, s.len);
	p[s.len] = '\0';
	return (struct slice){ p, s.len };
}

struct slice arena_printf(struct arena *a, const char *format, ...)
{
	CHECK(format != NULL);
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	CHECK(len >= 0);
	char *p = arena_alloc(a, (size_t)len + 1);
	if (p)
		vsnprintf(p, (size_t)len + 1, format, again);
	va_end(again);
	return (struct slice){ p, p ? (size_t)len : 0 };
}
