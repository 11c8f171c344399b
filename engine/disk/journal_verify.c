/* disk/journal_verify.c: looks at everything and goes on behind damage, so that one run tells all there is to tell. It
 * takes no lock and writes nothing; it may run beside the daemon. Then what was not there a moment ago may be there now:
 * a place that looked broken is read once more before anything behind it counts, and a segment's end once more when the
 * next segment turns out to have begun. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/folder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct verify {
	const struct file_layer *files;
	char *folder;
	struct hash128 id;
	struct journal_check *out;
	void (*say)(void *arg, const char *text);
	void *arg;
	int problems;
	int unreadable; /* a code where a segment may not be read: nothing can be said of the whole */
	bool any;
	uint64_t first_index; /* the oldest segment that is there; 0: none so far */
	uint64_t next_seq;
	struct hash128 chain;
	uint64_t left_index, left_offset; /* the segment before, and where we stopped in it; 0: caught up */
	uint64_t tail_index, tail_offset;
	char tail[sizeof(((struct error *)0)->text)]; /* broken, and nothing valid behind it so far: perhaps a legal tail */
};

__attribute__((format(printf, 2, 3)))
static void problem(struct verify *v, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->problems++;
	if (v->say)
		v->say(v->arg, text);
}

/* The oldest segment begins with a batch, and the very first with the first: else a start refuses (journal_recover.c). */
static bool may_be_first(const struct verify *v, uint64_t index, const struct batch *b)
{
	return index == v->first_index && b->offset == SEGMENT_HEAD_BYTES && (index > 1 || b->head.first_seq == 1);
}

static void check_batch(struct verify *v, uint64_t index, const struct batch *b)
{
	const struct batch_head *h = &b->head;
	if (v->tail[0] && (v->tail_index != index || v->tail_offset != b->offset))
		problem(v, "%s, and a valid batch lies behind it", v->tail);
	else if (!v->any && !may_be_first(v, index, b))
		problem(v, "segment %" PRIu64 ", offset %" PRIu64 ": what comes before sequence %" PRIu64 " is missing", index,
			b->offset, h->first_seq);
	v->tail[0] = '\0';
	if (v->any && h->first_seq != v->next_seq)
		problem(v, "segment %" PRIu64 ", offset %" PRIu64 ": sequence %" PRIu64 " follows %" PRIu64, index, b->offset,
			h->first_seq, v->next_seq - 1);
	else if ((v->any || h->first_seq == 1) && (h->prev.low != v->chain.low || h->prev.high != v->chain.high))
		problem(v, "segment %" PRIu64 ", offset %" PRIu64 ": the chain is broken before sequence %" PRIu64, index, b->offset,
			h->first_seq);
	if (!v->any)
		v->out->first_seq = h->first_seq;
	v->any = true;
	v->next_seq = h->first_seq + h->count;
	v->chain = h->hash;
	v->out->last_seq = v->next_seq - 1;
	v->out->batches++;
	v->out->entries += h->count;
	v->out->bytes += b->bytes.len;
	v->out->blanked += b->blanked;
}

static bool zero_from(struct batch_window *w, uint64_t from)
{
	static const char zero[SECTOR_BYTES];
	struct slice s;
	for (uint64_t at = from; at < w->size; at += SECTOR_BYTES)
		if (batch_bytes(w, at, SECTOR_BYTES, &s) < 0 || memcmp(s.data, zero, s.len) != 0)
			return false;
	return true;
}

static int check_segment(struct verify *v, struct batch_window *w, uint64_t *offset);

/* A segment has begun whose first batch does not follow: what the one before it got since we left it comes first. */
static int catch_up(struct verify *v)
{
	struct batch_window w;
	uint64_t index = v->left_index;
	v->left_index = 0;
	int r = batch_window_open(&w, v->files, v->folder, v->id, index);
	if (r == ERR_OK)
		r = check_segment(v, &w, &v->left_offset);
	batch_window_finish(&w);
	return r == ERR_MISSING ? ERR_OK : r;
}

/* From *offset on, which is moved to where no batch begins any more. */
static int check_segment(struct verify *v, struct batch_window *w, uint64_t *offset)
{
	struct batch b;
	uint64_t found = 0;
	for (;;) {
		int r = batch_read(w, *offset, true, &b);
		if (r == 1 && v->left_index && (!v->any || b.head.first_seq != v->next_seq))
			r = catch_up(v) < 0 ? error_last()->code : 1;
		if (r < 0)
			return r;
		if (r == 1) {
			check_batch(v, w->index, &b);
			*offset += b.bytes.len;
			continue;
		}
		struct error why = *error_last();
		if (*offset >= w->size || zero_from(w, *offset))
			return ERR_OK;
		if (!v->tail[0]) {
			memcpy(v->tail, why.text, sizeof(why.text));
			v->tail_index = w->index;
			v->tail_offset = *offset;
		}
		r = batch_search(w, *offset + SECTOR_BYTES, &found);
		if (r <= 0)
			return r;
		r = batch_read(w, *offset, true, &b);
		if (r == 0)
			*offset = found;
		if (r < 0)
			return r;
	}
}

/* Segment `index` went since the folder was listed, as the oldest ones do: what is left begins anew behind it. */
static bool was_retired(struct verify *v, uint64_t index)
{
	uint64_t *indices = NULL;
	size_t count = 0;
	bool gone = segment_indices(v->files, v->folder, &indices, &count) == ERR_OK && count > 0 && indices[0] > index;
	free(indices);
	if (!gone)
		return false;
	v->any = false;
	v->first_index = v->left_index = 0;
	return true;
}

static void check_whole_segment(struct verify *v, uint64_t index)
{
	struct batch_window w;
	uint64_t offset = SEGMENT_HEAD_BYTES;
	int r = batch_window_open(&w, v->files, v->folder, v->id, index);
	if (r != ERR_MISSING && !v->first_index)
		v->first_index = index;
	if (r == ERR_OK)
		r = check_segment(v, &w, &offset);
	batch_window_finish(&w);
	struct error why = *error_last();
	if (r == ERR_MISSING && was_retired(v, index))
		return;
	if (r == ERR_IO)
		v->unreadable = r;
	if (r < 0 && r != ERR_IO)
		problem(v, "%s", why.text);
	v->left_index = index;
	v->left_offset = offset;
	v->out->segments++;
}

int journal_verify(const char *dir, const struct file_layer *files, struct journal_check *out,
		   void (*say)(void *arg, const char *text), void *arg)
{
	struct verify v = { .files = files ? files : file_system(), .folder = folder_path(dir, "journal"), .out = out,
			    .say = say, .arg = arg };
	uint64_t *indices = NULL;
	size_t count = 0;
	*out = (struct journal_check){ 0 };
	int r = folder_mark_read(v.files, v.folder, "journal", &v.id);
	if (r == 0)
		r = error_set(ERR_MISSING, NULL, "%s: there is no journal here", v.folder);
	if (r > 0)
		r = segment_indices(v.files, v.folder, &indices, &count);
	/* a mark that is there and broken is damage; one that is not there, or another's, is no journal to be checked */
	if (r == ERR_CORRUPT)
		problem(&v, "%s", error_last()->text);
	else if (r < 0)
		v.unreadable = r;
	for (size_t i = 0; i < count && !v.unreadable; i++) {
		if (i && indices[i] != indices[i - 1] + 1)
			problem(&v, "segment %" PRIu64 " is missing", indices[i - 1] + 1);
		check_whole_segment(&v, indices[i]);
	}
	if (count && indices[0] > 1 && !v.any && !v.unreadable) /* as at a start: journal_recover.c */
		problem(&v, "segment %" PRIu64 ", offset %u: no entry is there, and no segment before it", indices[0],
			SEGMENT_HEAD_BYTES);
	if (v.tail[0] && say && !v.unreadable) {
		char text[1024];
		snprintf(text, sizeof(text), "note: %s; nothing lies behind it: an incomplete last batch, dropped at the "
			 "next start", v.tail);
		say(arg, text);
	}
	free(indices);
	free(v.folder);
	return v.unreadable ? v.unreadable : v.problems;
}
