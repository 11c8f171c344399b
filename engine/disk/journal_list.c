/* disk/journal_list.c: the segments kept, in order, each with sparse marks (sequence, offset): 4 KiB of memory a 64 MiB
 * segment, so that reading from a sequence skips at most 256 KiB. */
#include "disk/journal_parts.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void segment_list_finish(struct segment_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].marks);
	free(l->items);
	*l = (struct segment_list){ 0 };
}

static struct segment *last_or_new(struct segment_list *l, uint64_t index)
{
	if (l->count && l->items[l->count - 1].index == index)
		return &l->items[l->count - 1];
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->items = must_realloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->count] = (struct segment){ .index = index };
	return &l->items[l->count++];
}

void segment_list_add(struct segment_list *l, uint64_t index, const struct batch_head *head, uint64_t offset)
{
	struct segment *s = last_or_new(l, index);
	if (s->mark_count == 0 || offset - s->marks[s->mark_count - 1].offset >= MARK_EVERY_BYTES) {
		if (s->mark_count == s->mark_cap) {
			s->mark_cap = s->mark_cap ? s->mark_cap * 2 : 16;
			s->marks = must_realloc(s->marks, s->mark_cap * sizeof(*s->marks));
		}
		s->marks[s->mark_count++] = (struct mark){ head->first_seq, offset };
	}
	if (s->first_seq == 0)
		s->first_seq = head->first_seq;
	s->last_seq = head->first_seq + head->count - 1;
	s->end = offset + batch_padded(head->length);
}

void segment_list_drop_before(struct segment_list *l, uint64_t index)
{
	size_t gone = 0;
	while (gone < l->count && l->items[gone].index < index)
		free(l->items[gone++].marks);
	if (!gone)
		return;
	l->count -= gone;
	memmove(l->items, l->items + gone, l->count * sizeof(*l->items));
}

const struct segment *segment_list_find(const struct segment_list *l, uint64_t seq, uint64_t *offset)
{
	size_t low = 0, high = l->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (l->items[middle].last_seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->count || l->items[low].first_seq > seq)
		return NULL;
	const struct segment *s = &l->items[low];
	size_t from = 0, to = s->mark_count;
	while (to - from > 1) {
		size_t middle = (from + to) / 2;
		if (s->marks[middle].seq <= seq)
			from = middle;
		else
			to = middle;
	}
	*offset = s->marks[from].offset;
	return s;
}
