/* disk/journal_read.c: reading entries in order, also while the journal is being written. A reader has its own open
 * file and window; it asks the journal's list where a sequence is, once a segment, and never reads beyond what is
 * durable. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdlib.h>

struct journal_reader {
	struct journal *j;
	uint64_t next_seq;          /* to be given */
	struct batch_window window; /* window.file NULL: no segment is open */
	uint64_t offset;            /* of the batch to read next */
	uint64_t segment_last;      /* the newest sequence that the open segment was known to hold */
	struct slice entries;       /* of the current batch, not given yet */
	uint64_t entry_seq, entries_left;
	struct slice batch;         /* the current one whole, as long as the window lends it: for going back in it */
	uint64_t batch_first, batch_count;
	bool sought;                /* next_seq is elsewhere: where is to be looked up */
};

int journal_reader_open(struct journal_reader **out, struct journal *j, uint64_t from)
{
	struct journal_reader *r = must_calloc(1, sizeof(*r));
	uint64_t first = journal_first(j);
	r->j = j;
	r->next_seq = from > first ? from : first;
	*out = r;
	return ERR_OK;
}

void journal_reader_close(struct journal_reader *r)
{
	if (!r)
		return;
	batch_window_finish(&r->window);
	free(r);
}

static int not_kept(const struct journal_reader *r)
{
	return error_set(ERR_MISSING, NULL, "entry %" PRIu64 " is not kept any more: the journal begins at entry %" PRIu64,
			 r->next_seq, journal_first(r->j));
}

/* A segment of the list is not there: it went meanwhile, as the oldest ones do. Who only reads must look to know what is
 * left; who writes has taken it off the list already. Negative: it did not go, it is missing. */
static int note_retired(struct journal_reader *r, uint64_t index)
{
	struct journal *j = r->j;
	struct error why = *error_last();
	uint64_t *indices = NULL;
	size_t count = 0;
	bool gone = segment_indices(j->files, j->folder, &indices, &count) == ERR_OK && count > 0 && indices[0] > index;
	if (gone && j->options.read_only) {
		pthread_mutex_lock(&j->list_lock);
		segment_list_drop_before(&j->list, indices[0]);
		pthread_mutex_unlock(&j->list_lock);
	}
	free(indices);
	return gone ? not_kept(r) : error_set(why.code, NULL, "%s", why.text);
}

/* Makes the segment that holds next_seq the open one, at a batch at or before it. */
static int go_to_segment(struct journal_reader *r)
{
	uint64_t index = 0, last = 0, offset = 0;
	pthread_mutex_lock(&r->j->list_lock);
	const struct segment *s = segment_list_find(&r->j->list, r->next_seq, &offset);
	if (s) {
		index = s->index;
		last = s->last_seq;
	}
	pthread_mutex_unlock(&r->j->list_lock);
	if (!index)
		return not_kept(r);
	r->segment_last = last;
	bool sought = r->sought;
	r->sought = false;
	if (sought)
		r->offset = offset;
	if (r->window.file && r->window.index == index)
		return ERR_OK; /* it has grown since */
	batch_window_finish(&r->window);
	r->offset = offset;
	int found = batch_window_open(&r->window, r->j->files, r->j->folder, r->j->id, index);
	if (found < 0)
		batch_window_finish(&r->window);
	return found == ERR_MISSING ? note_retired(r, index) : found;
}

static int next_batch(struct journal_reader *r)
{
	struct batch b;
	int found = ERR_OK;
	r->batch_count = 0;
	if (!r->window.file || r->sought || r->next_seq > r->segment_last)
		found = go_to_segment(r);
	if (found == ERR_OK)
		found = batch_read(&r->window, r->offset, true, &b);
	if (found < 0)
		return found;
	if (found == 0 || b.head.first_seq > r->next_seq)
		return error_set(ERR_CORRUPT, NULL, "segment %" PRIu64 ", offset %" PRIu64 ": the batch with sequence %" PRIu64
				 " is damaged", r->window.index, r->offset, r->next_seq);
	r->offset += b.bytes.len;
	r->entries = r->batch = b.entries;
	r->entry_seq = r->batch_first = b.head.first_seq;
	r->entries_left = r->batch_count = b.head.count;
	return ERR_OK;
}

void journal_seek(struct journal_reader *r, uint64_t seq)
{
	if (seq == r->next_seq)
		return;
	if (r->batch_count && seq >= r->batch_first && seq < r->batch_first + r->batch_count) {
		r->entries = r->batch;
		r->entry_seq = r->batch_first;
		r->entries_left = r->batch_count;
	} else {
		r->entries_left = 0;
		r->sought = true;
	}
	r->next_seq = seq;
}

int journal_next(struct journal_reader *r, struct journal_entry *out)
{
	for (;;) {
		while (r->entries_left) {
			CHECK(batch_next_entry(&r->entries, out)); /* batch_read walked them */
			out->seq = r->entry_seq++;
			r->entries_left--;
			if (out->seq != r->next_seq)
				continue; /* before `from` */
			r->next_seq++;
			return 1;
		}
		if (r->next_seq > journal_durable(r->j))
			return 0;
		int found = next_batch(r);
		if (found < 0)
			return found;
	}
}
