/* disk/journal_retire.c: the oldest segments go. One at a time, each removal synced before the next: if two were
 * under way at a power cut, the disk might keep the older and lose the newer, and a gap is damage. */
#include "disk/journal_parts.h"

#include "base/error.h"
#include "base/fault.h"

#include <stdlib.h>

/* Takes the oldest segment off the list if it may go. 0: none. */
static uint64_t take_oldest(struct journal *j, uint64_t seq, uint64_t keep_bytes)
{
	uint64_t index = 0, rest = 0;
	pthread_mutex_lock(&j->list_lock);
	struct segment_list *l = &j->list;
	for (size_t i = 1; i < l->count; i++)
		rest += l->items[i].end - SEGMENT_HEAD_BYTES;
	if (l->count > 1 && l->items[0].last_seq <= seq && rest >= keep_bytes) {
		index = l->items[0].index;
		free(l->items[0].marks);
		memmove(l->items, l->items + 1, --l->count * sizeof(*l->items));
	}
	pthread_mutex_unlock(&j->list_lock);
	return index;
}

uint64_t journal_retirable(struct journal *j, uint64_t seq, uint64_t keep_bytes)
{
	uint64_t rest = 0, last = 0;
	pthread_mutex_lock(&j->list_lock);
	struct segment_list *l = &j->list;
	for (size_t i = l->count; i > 1; i--) {
		rest += l->items[i - 1].end - SEGMENT_HEAD_BYTES;
		if (l->items[i - 2].last_seq > seq || rest < keep_bytes)
			continue;
		last = l->items[i - 2].last_seq;
		break;
	}
	pthread_mutex_unlock(&j->list_lock);
	return last;
}

uint64_t journal_oldest_last(struct journal *j)
{
	pthread_mutex_lock(&j->list_lock);
	uint64_t last = j->list.count ? j->list.items[0].last_seq : 0;
	pthread_mutex_unlock(&j->list_lock);
	return last;
}

int journal_retire(struct journal *j, uint64_t seq, uint64_t keep_bytes)
{
	uint64_t index;
	while ((index = take_oldest(j, seq, keep_bytes)) != 0) {
		if (fault_hit(journal_retire_segment))
			return error_set(ERR_IO, NULL, "fault point journal_retire_segment");
		char *path = segment_path(j->folder, index);
		int r = j->files->remove(j->files->self, path);
		free(path);
		if (r == ERR_OK)
			r = j->files->sync_folder(j->files->self, j->folder);
		if (r < 0)
			return r;
	}
	return ERR_OK;
}
