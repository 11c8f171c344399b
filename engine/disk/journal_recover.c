/* disk/journal_recover.c: what is found at open, and what is done about it.
 *
 * 1. Walk all segments in order, batch by batch, checking hash, chain, digests and sequence.
 * 2. Where the chain ends, look behind it, in this segment and all later ones. A valid batch there means that something
 *    durable was damaged: refuse. Otherwise what lies there is the one batch that was in flight: drop it whole.
 * 3. Unless only reading: overwrite what was dropped with zeroes, so that it can never be read again, and write
 *    the last valid batch once more and sync it. The page cache may show a batch that the disk does not have (a failed
 *    or missing sync before a kill); nothing may be built on it before it is there.
 *
 * A segment ends where no batch begins and the next segment's first batch fits the chain.
 *
 * Who only reads may do so beside the process that writes, which lets the oldest segments go: the walk then begins anew
 * at the first one that is still there. What was walked before is gone too, so nothing is walked twice. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "disk/folder.h"

#include <inttypes.h>
#include <stdlib.h>

struct walk {
	struct journal *j;
	uint64_t *indices;
	size_t count;
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
	uint64_t opening;          /* the segment opened last, or that could not be */
	uint64_t done;             /* bytes of the segments behind us */
	struct journal_found *found;

	bool any;                  /* a batch was seen: next_seq and chain hold */
	uint64_t next_seq;
	struct hash128 chain;
	size_t at;                 /* where the chain ends: which of the indices, and the offset in it */
	uint64_t offset;
	struct bytes last;         /* the last valid batch's bytes */
	uint64_t last_offset;
	size_t last_at;
};

struct names {
	uint64_t *indices;
	size_t count, cap;
};

static int note_name(void *arg, const char *name)
{
	struct names *n = arg;
	uint64_t index;
	if (!segment_index_of(name, &index))
		return ERR_OK;
	if (n->count == n->cap) {
		n->cap = n->cap ? n->cap * 2 : 16;
		n->indices = must_realloc(n->indices, n->cap * sizeof(*n->indices));
	}
	n->indices[n->count++] = index;
	return ERR_OK;
}

static int compare_indices(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static bool has_gap(const uint64_t *indices, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (indices[i] != indices[i - 1] + 1)
			return true;
	return false;
}

int segment_indices(const struct file_layer *files, const char *folder, uint64_t **out, size_t *count)
{
	struct names n = { 0 };
	int r = ERR_OK, tries = 0;
	do { /* a folder that is being changed may be listed with a gap: look again before believing it */
		n.count = 0;
		r = files->list(files->self, folder, note_name, &n);
		if (n.count)
			qsort(n.indices, n.count, sizeof(*n.indices), compare_indices);
	} while (r == ERR_OK && has_gap(n.indices, n.count) && tries++ < 3);
	*out = n.indices;
	*count = n.count;
	return r;
}

static int no_gap(const struct walk *w)
{
	for (size_t i = 1; i < w->count; i++)
		if (w->indices[i] != w->indices[i - 1] + 1)
			return error_set(ERR_CORRUPT, NULL, "%s: segment %" PRIu64 " is missing, %" PRIu64 " is there", w->j->folder,
					 w->indices[i - 1] + 1, w->indices[i]);
	return ERR_OK;
}

/* Whether a valid batch continues the chain. The oldest segment kept may begin anywhere, segment 1 at the beginning. */
static bool fits(const struct walk *w, size_t at, const struct batch *b)
{
	uint64_t seq = w->any ? w->next_seq : 1;
	if (!w->any && w->indices[0] > 1)
		return at == 0 && b->offset == SEGMENT_HEAD_BYTES && b->head.first_seq > 0;
	return b->head.first_seq == seq && b->head.prev.low == w->chain.low && b->head.prev.high == w->chain.high;
}

static void accept_batch(struct walk *w, size_t at, const struct batch *b)
{
	if (!w->any)
		w->found->first_seq = b->head.first_seq;
	w->any = true;
	w->next_seq = b->head.first_seq + b->head.count;
	w->chain = b->head.hash;
	w->found->last_seq = w->next_seq - 1;
	w->found->bytes += b->bytes.len;
	bytes_clear(&w->last);
	bytes_put(&w->last, b->bytes.data, b->bytes.len);
	w->last_offset = b->offset;
	w->last_at = at;
	segment_list_add(&w->j->list, w->indices[at], &b->head, b->offset);
}

static int open_segment(struct walk *w, struct batch_window *window, size_t at)
{
	w->opening = w->indices[at];
	return batch_window_open(window, w->j->files, w->j->folder, w->j->id, w->opening);
}

/* Takes the batches of one segment from its start. Stops (ERR_OK) at the first place where the chain does not go on. */
static int walk_segment(struct walk *w, struct batch_window *window, size_t at)
{
	struct batch b;
	uint64_t offset = SEGMENT_HEAD_BYTES, told = 0;
	int r;
	while ((r = batch_read(window, offset, true, &b)) == 1 && fits(w, at, &b)) {
		accept_batch(w, at, &b);
		offset += b.bytes.len;
		w->at = at;
		w->offset = offset;
		if (w->progress && offset - told >= MARK_EVERY_BYTES) {
			told = offset;
			w->progress(w->arg, w->done + offset, w->done + (w->count - at) * w->j->segment_bytes);
		}
	}
	return r < 0 ? r : ERR_OK;
}

/* Behind the end of the chain: refuses if a valid batch is there, else counts what is not zero. `again`: the place is a
 * batch's now (another process is writing), the walk may go on. */
static int look_behind(struct walk *w, bool *again)
{
	*again = false;
	for (size_t at = w->at; at < w->count; at++) {
		struct batch_window window;
		struct batch b;
		uint64_t from = at == w->at ? w->offset : SEGMENT_HEAD_BYTES, found = 0;
		int r = open_segment(w, &window, at);
		if (r == ERR_OK)
			r = batch_search(&window, from, &found);
		if (r == 1 && w->j->options.read_only && at <= w->at + 1 && batch_read(&window, from, true, &b) == 1)
			*again = fits(w, at, &b);
		batch_window_finish(&window);
		if (r < 0 || *again)
			return r < 0 ? r : ERR_OK;
		if (r == 1)
			return error_set(ERR_CORRUPT, NULL, "%s: damage in segment %" PRIu64 " at offset %" PRIu64
					 ": sequence %" PRIu64 " was expected there, and a valid batch lies behind it, in segment %"
					 PRIu64 " at offset %" PRIu64 "; restore the folder from a backup", w->j->folder,
					 w->indices[w->at], w->offset, w->any ? w->next_seq : 1, w->indices[at], found);
	}
	return ERR_OK;
}

static int walk_all(struct walk *w)
{
	for (size_t at = 0; at < w->count; at++) {
		struct batch_window window;
		uint64_t seen = w->next_seq;
		int r = open_segment(w, &window, at);
		if (r == ERR_OK)
			r = walk_segment(w, &window, at);
		w->done += window.size;
		batch_window_finish(&window);
		if (r < 0)
			return r;
		if (at > 0 && w->next_seq == seen)
			break; /* the chain ends before this one */
	}
	if (w->progress)
		w->progress(w->arg, w->done, w->done);
	if (w->count && !w->any && w->indices[0] > 1)
		return error_set(ERR_CORRUPT, NULL, "%s: segment %" PRIu64 ", offset %u: damaged, with none before it",
				 w->j->folder, w->indices[0], SEGMENT_HEAD_BYTES);
	return ERR_OK;
}

/* First and last sector that is not zero from `from` on. False: all is zero. */
static int find_junk(struct batch_window *w, uint64_t from, uint64_t *begin, uint64_t *end)
{
	static const char zero[SECTOR_BYTES];
	*begin = *end = 0;
	for (uint64_t at = from; at < w->size; at += SECTOR_BYTES) {
		struct slice s;
		int r = batch_bytes(w, at, SECTOR_BYTES, &s);
		if (r < 0)
			return r;
		if (s.len == 0 || memcmp(s.data, zero, s.len) == 0)
			continue;
		if (*end == 0)
			*begin = at;
		*end = at + s.len;
	}
	return ERR_OK;
}

/* Zeroes behind the chain's end in one segment, and in the one that holds it the last batch again. Then one sync. */
static int mend_segment(struct walk *w, size_t at, struct batch_window *window)
{
	const struct file_layer *files = w->j->files;
	uint64_t begin, end;
	bool last = w->any && at == w->last_at;
	int r = find_junk(window, at == w->at ? w->offset : SEGMENT_HEAD_BYTES, &begin, &end);
	w->found->dropped_bytes += end - begin;
	if (r < 0 || w->j->options.read_only)
		return r;
	if (end > begin) {
		log_warn("journal: segment %" PRIu64 " offset %" PRIu64 ": an incomplete last batch is dropped, %" PRIu64 " bytes",
			 w->indices[at], begin, end - begin);
		char *zero = must_calloc(1, end - begin);
		r = files->write(files->self, window->file, begin, zero, end - begin);
		free(zero);
	}
	if (r == ERR_OK && last)
		r = files->write(files->self, window->file, w->last_offset, w->last.data, w->last.len);
	if (r == ERR_OK && (last || end > begin))
		r = files->sync(files->self, window->file);
	return r;
}

/* Keeps the segment with the chain's end open as the current one and the one behind it as the next; later ones hold
 * nothing and go (the newest first, so that no gap can appear). */
static int mend(struct walk *w)
{
	struct journal *j = w->j;
	for (size_t at = w->count; at-- > w->at;) {
		struct batch_window window;
		int r = open_segment(w, &window, at);
		if (r == ERR_OK)
			r = mend_segment(w, at, &window);
		bool keep = !j->options.read_only && (at == w->at || (at == w->at + 1 && window.size == j->segment_bytes));
		if (r == ERR_OK && keep) {
			*(at == w->at ? &j->current : &j->next) = window.file;
			if (at == w->at)
				j->current_bytes = window.size;
			window.file = NULL;
		}
		batch_window_finish(&window);
		if (r == ERR_OK && !keep && !j->options.read_only) {
			char *path = segment_path(j->folder, w->indices[at]);
			r = j->files->remove(j->files->self, path);
			free(path);
			if (r == ERR_OK)
				r = j->files->sync_folder(j->files->self, j->folder);
		}
		if (r < 0)
			return r;
	}
	return ERR_OK;
}

static int remove_unfinished(void *arg, const char *name)
{
	struct journal *j = arg;
	size_t len = strlen(name);
	if (len < 4 || strcmp(name + len - 4, ".tmp") != 0)
		return ERR_OK;
	char *path = folder_path(j->folder, name);
	int r = j->files->remove(j->files->self, path);
	free(path);
	return r == ERR_MISSING ? ERR_OK : r;
}

static int recover(struct walk *w)
{
	struct journal *j = w->j;
	bool again;
	int r = no_gap(w);
	do {
		segment_list_finish(&j->list);
		w->any = false;
		w->next_seq = w->at = w->done = 0;
		w->offset = SEGMENT_HEAD_BYTES;
		w->chain = (struct hash128){ 0, 0 };
		w->found->bytes = w->found->first_seq = w->found->last_seq = 0;
		r = r < 0 ? r : walk_all(w);
		again = false;
		if (r == ERR_OK)
			r = look_behind(w, &again);
	} while (r == ERR_OK && again);
	if (r == ERR_OK)
		r = mend(w);
	if (r == ERR_OK && !j->options.read_only && fault_hit(recover_after_last_batch))
		r = error_set(ERR_IO, NULL, "fault point recover_after_last_batch");
	if (r < 0)
		return r;
	j->current_index = w->count ? w->indices[w->at] : 0;
	j->next_index = j->current_index + 1;
	j->offset = w->offset;
	j->chain = w->chain;
	return ERR_OK;
}

/* Only reading: segment w->opening went between the listing and its opening, as the oldest ones do. */
static bool was_retired(struct walk *w)
{
	uint64_t *indices = NULL;
	size_t count = 0;
	struct error why = *error_last();
	bool retired = segment_indices(w->j->files, w->j->folder, &indices, &count) == ERR_OK && count > 0 &&
		       indices[0] > w->opening;
	if (retired) {
		free(w->indices);
		w->indices = indices;
		w->count = count;
		return true;
	}
	free(indices);
	error_set(why.code, why.field[0] ? why.field : NULL, "%s", why.text);
	return false;
}

int journal_recover(struct journal *j, void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg,
		    struct journal_found *found)
{
	struct walk w = { .j = j, .progress = progress, .arg = arg, .found = found };
	int r = j->options.read_only ? ERR_OK : j->files->list(j->files->self, j->folder, remove_unfinished, j);
	if (r == ERR_OK)
		r = segment_indices(j->files, j->folder, &w.indices, &w.count);
	if (r == ERR_OK)
		r = recover(&w);
	while (r == ERR_MISSING && j->options.read_only && was_retired(&w))
		r = recover(&w);
	if (r == ERR_OK && w.count == 0 && !j->options.read_only) {
		r = segment_create(j, 1, &j->current);
		j->current_index = 1;
		j->current_bytes = j->segment_bytes;
	}
	if (r == ERR_OK)
		j->room_left = j->current_bytes - (j->current ? j->offset : j->current_bytes);
	free(w.indices);
	bytes_finish(&w.last);
	return r;
}
