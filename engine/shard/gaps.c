/* shard/gaps.c: see recovery.h. Two sets of numbers by open addressing: erased entries, and subjects that have a gap. */
#include "shard/recovery.h"

#include "base/check.h"

#include <stdlib.h>

struct set {
	uint64_t *items; /* 0: free */
	size_t count, cap;
};

struct gaps {
	struct set erased, subjects;
};

static uint64_t *place(const struct set *s, uint64_t n)
{
	size_t at = (size_t)(n * 0x9e3779b97f4a7c15ull) & (s->cap - 1);
	while (s->items[at] && s->items[at] != n)
		at = (at + 1) & (s->cap - 1);
	return &s->items[at];
}

static bool has(const struct set *s, uint64_t n)
{
	return s->count && n && *place(s, n) == n;
}

static void add(struct set *s, uint64_t n)
{
	if (!n || has(s, n))
		return;
	if (2 * s->count >= s->cap) {
		struct set old = *s;
		s->cap = old.cap ? 2 * old.cap : 64;
		s->items = must_calloc(s->cap, sizeof(s->items[0]));
		for (size_t i = 0; i < old.cap; i++)
			if (old.items[i])
				*place(s, old.items[i]) = old.items[i];
		free(old.items);
	}
	*place(s, n) = n;
	s->count++;
}

void gaps_destroy(struct gaps *g)
{
	if (!g)
		return;
	free(g->erased.items);
	free(g->subjects.items);
	free(g);
}

void gaps_erased(struct gaps **g, uint64_t seq)
{
	if (!*g)
		*g = must_calloc(1, sizeof(**g));
	add(&(*g)->erased, seq);
}

bool gaps_behind(struct gaps *g, uint64_t subject, uint64_t prev_seq)
{
	if (!g)
		return false;
	if (has(&g->erased, prev_seq))
		add(&g->subjects, subject);
	return has(&g->subjects, subject);
}

uint64_t gaps_subjects(const struct gaps *g)
{
	return g ? g->subjects.count : 0;
}
