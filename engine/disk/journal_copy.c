/* disk/journal_copy.c: see journal_copy.h. A file that is open can be read when its name has gone, so opening all segments
 * at first is all that is needed for nothing to be lost; later ones are opened as they appear.
 *
 * A segment ends where no batch begins; then the next one goes on with the sequence. What this one got between our look and
 * that one comes first: so it is looked at once more. */
#include "disk/journal_copy.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "disk/batch.h"
#include "disk/folder.h"
#include "disk/journal_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define LOOKS 200u /* at what is being written, LOOK_NS apart: entries that are on disk show within microseconds */
#define LOOK_NS 5000000
#define PUSH_BYTES (4u * MIB)

struct pinned {
	struct batch_window window;
	uint64_t first_seq; /* 0: it has no batch yet */
};

struct journal_copy {
	const struct file_layer *files;
	char *folder;
	struct hash128 id;
	struct pinned *segments;
	size_t count;

	struct file *to; /* the segment being written */
	uint64_t offset, pushed;
	bool any;
	uint64_t next_seq;
	struct hash128 chain;
};

static int pin(struct journal_copy *c, uint64_t index)
{
	struct batch b;
	c->segments = must_realloc(c->segments, (c->count + 1) * sizeof(*c->segments));
	struct pinned *p = &c->segments[c->count];
	*p = (struct pinned){ 0 };
	int r = batch_window_open(&p->window, c->files, c->folder, c->id, index);
	if (r == ERR_OK)
		r = batch_read(&p->window, SEGMENT_HEAD_BYTES, false, &b);
	if (r == 1)
		p->first_seq = b.head.first_seq;
	if (r < 0) {
		batch_window_finish(&p->window);
		return r;
	}
	bytes_finish(&p->window.data); /* many are open, one is read */
	p->window.at = 0;
	c->count++;
	return ERR_OK;
}

static void unpin(struct journal_copy *c)
{
	while (c->count)
		batch_window_finish(&c->segments[--c->count].window);
}

/* All that are listed; from the front again where one went before it was open. */
static int pin_all(struct journal_copy *c)
{
	uint64_t *indices = NULL;
	size_t count = 0;
	int r;
	do {
		unpin(c);
		free(indices);
		indices = NULL;
		r = segment_indices(c->files, c->folder, &indices, &count);
		for (size_t i = 0; i < count && r == ERR_OK; i++)
			r = i && indices[i] != indices[i - 1] + 1
				    ? error_set(ERR_CORRUPT, NULL, "%s: segment %" PRIu64 " is missing", c->folder, indices[i - 1] + 1)
				    : pin(c, indices[i]);
		if (r == ERR_MISSING && count) { /* gone: is there still one with this number at the front? */
			uint64_t *now = NULL, first = indices[c->count];
			size_t left = 0;
			if (segment_indices(c->files, c->folder, &now, &left) == ERR_OK && left && now[0] <= first)
				r = error_set(ERR_CORRUPT, NULL, "%s: segment %" PRIu64 " cannot be opened", c->folder, first);
			free(now);
		}
	} while (r == ERR_MISSING && count);
	free(indices);
	return r;
}

/* The journal's end, about now: nothing before it was missed. */
static int find_last(struct journal_copy *c, uint64_t *last)
{
	struct batch b;
	uint64_t offset = SEGMENT_HEAD_BYTES;
	size_t i = c->count;
	int r;
	*last = 0;
	while (i && !c->segments[i - 1].first_seq)
		i--;
	if (!i)
		return ERR_OK;
	while ((r = batch_read(&c->segments[i - 1].window, offset, true, &b)) == 1) {
		offset += b.bytes.len;
		*last = b.head.first_seq + b.head.count - 1;
	}
	return r;
}

int journal_copy_pin(struct journal_copy *c)
{
	int r = ERR_OK;
	while (c->count && r == ERR_OK)
		r = pin(c, c->segments[c->count - 1].window.index + 1);
	return r == ERR_MISSING ? ERR_OK : r;
}

int journal_copy_open(struct journal_copy **out, const char *dir, uint64_t *last)
{
	struct journal_copy *c = must_calloc(1, sizeof(*c));
	c->files = file_system();
	c->folder = folder_path(dir, "journal");
	int r = folder_mark_read(c->files, c->folder, "journal", &c->id);
	if (r == 0)
		r = error_set(ERR_MISSING, NULL, "%s: there is no journal here", c->folder);
	if (r > 0)
		r = pin_all(c);
	if (r == ERR_OK)
		r = find_last(c, last);
	if (r < 0) {
		journal_copy_close(c);
		c = NULL;
	}
	*out = c;
	return r;
}

void journal_copy_close(struct journal_copy *c)
{
	if (!c)
		return;
	unpin(c);
	if (c->to)
		c->files->close(c->files->self, c->to);
	free(c->segments);
	free(c->folder);
	free(c);
}

struct hash128 journal_copy_id(const struct journal_copy *c)
{
	return c->id;
}

uint64_t journal_copy_bytes(const struct journal_copy *c)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < c->count; i++)
		bytes += c->segments[i].window.size;
	return bytes;
}

static int put(struct journal_copy *c, const void *bytes, size_t len, struct pace *pace)
{
	int r = c->files->write(c->files->self, c->to, c->offset, bytes, len);
	c->offset += len;
	/* dirty pages go out as they come: a flood of them at the end would stand in the daemon's way */
	if (r == ERR_OK && c->offset - c->pushed >= PUSH_BYTES && c->files->push) {
		r = c->files->push(c->files->self, c->to, c->pushed, (size_t)(c->offset - c->pushed));
		c->pushed = c->offset;
	}
	if (r == ERR_OK)
		pace_took(pace, len);
	return r;
}

static int begin_segment(struct journal_copy *c, struct batch_window *w, const char *folder, struct pace *pace)
{
	struct slice head;
	char *path = segment_path(folder, w->index);
	int r = c->files->open(c->files->self, path, true, &c->to);
	c->offset = c->pushed = 0;
	if (r == ERR_OK)
		r = batch_bytes(w, 0, SEGMENT_HEAD_BYTES, &head);
	if (r == ERR_OK)
		r = put(c, head.data, head.len, pace);
	free(path);
	return r;
}

static int end_segment(struct journal_copy *c, const struct batch_window *w)
{
	static const char zero[SECTOR_BYTES];
	int r = ERR_OK;
	if (c->offset < w->size)
		r = c->files->write(c->files->self, c->to, w->size - SECTOR_BYTES, zero, SECTOR_BYTES);
	if (r == ERR_OK)
		r = c->files->sync(c->files->self, c->to);
	c->files->close(c->files->self, c->to);
	c->to = NULL;
	return r;
}

static bool follows(const struct journal_copy *c, const struct batch *b)
{
	if (!c->any)
		return true;
	return b->head.first_seq == c->next_seq && b->head.prev.low == c->chain.low && b->head.prev.high == c->chain.high;
}

static bool is_enough(const struct journal_copy *c, uint64_t need)
{
	return c->any ? c->next_seq > need : !need;
}

/* The batches from where we are in this segment, until it is enough. 0: no batch begins here. */
static int copy_batches(struct journal_copy *c, struct batch_window *w, uint64_t need, struct pace *pace,
			struct journal_found *found)
{
	struct batch b;
	int r = ERR_OK;
	while (!is_enough(c, need) && (r = batch_read(w, c->offset, true, &b)) == 1) {
		if (!follows(c, &b))
			return error_set(ERR_CORRUPT, NULL, "segment %" PRIu64 ", offset %" PRIu64
					 ": the batch does not follow entry %" PRIu64, w->index, c->offset, c->next_seq - 1);
		if (!c->any)
			found->first_seq = b.head.first_seq;
		c->any = true;
		c->next_seq = b.head.first_seq + b.head.count;
		c->chain = b.head.hash;
		found->last_seq = c->next_seq - 1;
		found->bytes += b.bytes.len;
		r = put(c, b.bytes.data, b.bytes.len, pace);
		if (r < 0)
			return r;
	}
	return r;
}

/* Whether segment i + 1 has begun: 1. It is opened where it has appeared since. */
static int next_begins(struct journal_copy *c, size_t i, struct batch *b)
{
	if (i + 1 == c->count) {
		int r = pin(c, c->segments[i].window.index + 1);
		if (r < 0)
			return r == ERR_MISSING ? 0 : r;
	}
	return batch_read(&c->segments[i + 1].window, SEGMENT_HEAD_BYTES, true, b);
}

/* All of a segment. *more: the next one goes on. */
static int copy_segment(struct journal_copy *c, size_t i, uint64_t need, struct pace *pace, struct journal_found *found,
			bool *more)
{
	*more = false;
	for (unsigned looks = 0; looks < LOOKS; looks++) {
		struct batch next;
		/* looked at first: then what this segment has is all it will ever have */
		int begun = next_begins(c, i, &next);
		int r = begun < 0 ? begun : copy_batches(c, &c->segments[i].window, need, pace, found);
		if (r < 0 || is_enough(c, need))
			return r < 0 ? r : ERR_OK;
		if (begun == 1 && (follows(c, &next) || looks + 1 == LOOKS)) {
			*more = true;
			return ERR_OK;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	return error_set(ERR_CORRUPT, NULL, "%s: entry %" PRIu64 " was the last to be found, and entry %" PRIu64
			 " should be there: let a daemon that keeps little history be copied faster, else look with nudgectl "
			 "journal verify", c->folder, c->next_seq ? c->next_seq - 1 : 0, need);
}

int journal_copy_to(struct journal_copy *c, const char *dir, uint64_t skip, uint64_t need, struct pace *pace,
		    struct journal_found *found)
{
	char *folder = folder_path(dir, "journal");
	bool more = c->count > 0;
	size_t from = 0;
	int r = ERR_OK;
	*found = (struct journal_found){ 0 };
	while (from + 1 < c->count && c->segments[from + 1].first_seq && c->segments[from + 1].first_seq <= skip + 1)
		from++;
	for (size_t i = from; more && r == ERR_OK; i++) {
		r = begin_segment(c, &c->segments[i].window, folder, pace);
		if (r == ERR_OK)
			r = copy_segment(c, i, need, pace, found, &more);
		if (r == ERR_OK)
			r = end_segment(c, &c->segments[i].window);
		batch_window_finish(&c->segments[i].window);
	}
	if (r == ERR_OK)
		r = c->files->sync_folder(c->files->self, folder);
	free(folder);
	return r;
}
