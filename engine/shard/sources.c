/* shard/sources.c: which entries of this shard have effects that are not in the journal yet: a ring in order of
 * sequence. The oldest one bounds the low-water mark, since recovery must see it again to know what a crash cut off. */
#include "shard/effects.h"
#include "shard/parts.h"

#include "base/check.h"

#include <stdlib.h>

static struct source *at(const struct shard *s, size_t i)
{
	return &s->sources[(s->source_head + i) & (s->source_cap - 1)];
}

void sources_add(struct shard *s, uint64_t seq, unsigned effects)
{
	if (s->source_count == s->source_cap) {
		size_t cap = s->source_cap ? s->source_cap * 2 : 64;
		struct source *wider = must_malloc(cap * sizeof(wider[0]));
		for (size_t i = 0; i < s->source_count; i++)
			wider[i] = *at(s, i);
		free(s->sources);
		s->sources = wider;
		s->source_cap = cap;
		s->source_head = 0;
	}
	s->source_count++;
	*at(s, s->source_count - 1) = (struct source){ seq, effects };
}

void sources_done(struct shard *s, uint64_t seq)
{
	size_t low = 0, high = s->source_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (at(s, middle)->seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	CHECK(low < s->source_count && at(s, low)->seq == seq && at(s, low)->left);
	at(s, low)->left--;
	while (s->source_count && at(s, 0)->left == 0) {
		s->source_head = (s->source_head + 1) & (s->source_cap - 1);
		s->source_count--;
	}
}

uint64_t sources_oldest(const struct shard *s)
{
	return s->source_count ? at(s, 0)->seq : UINT64_MAX;
}
