/* base/arena.h: memory for the length of one request or one entry: taken in steps, given back at once.
 * With a budget, arena_alloc returns NULL beyond it (for sizes that input decides); without, it never does. */
#ifndef NUDGED_BASE_ARENA_H
#define NUDGED_BASE_ARENA_H

#include "base/slice.h"

#define ARENA_ALIGN ((size_t)16)

struct arena_block;
struct arena {
	struct arena_block *block; /* the newest */
	char *at, *end;            /* what is left of it */
	size_t used, budget;       /* bytes handed out since the last reset; 0 = no budget */
	size_t first_bytes; /* of the first block; 0: 4 KiB. May be set after arena_init, where there are many arenas */
};

void arena_init(struct arena *a, size_t budget);
void arena_finish(struct arena *a);
void arena_reset(struct arena *a);                    /* keeps the first block */
void *arena_alloc_slow(struct arena *a, size_t size);
/* 16-byte aligned, not cleared. In line while the newest block has room and nothing is counted against a budget. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1); /* 0 where size is 0, or beyond reason */
	if (a->budget || rounded - 1 >= (size_t)(a->end - a->at))
		return arena_alloc_slow(a, size);
	char *p = a->at;
	a->at += rounded;
	a->used += rounded;
	return p;
}
void *arena_calloc(struct arena *a, size_t count, size_t size);
struct slice arena_slice(struct arena *a, struct slice s); /* a copy, NUL-terminated for convenience */
struct slice arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
