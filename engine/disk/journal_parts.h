/* disk/journal_parts.h: what the files of the journal share, and nobody else may include.
 *
 *     journal.c          open, close, reserve, append, wait, numbers
 *     journal_write.c    the journal thread: seal, write, sync, tell
 *     journal_prepare.c  the preparing thread: the next segment, free space
 *     journal_recover.c  what is found at open
 *     journal_list.c     the segments kept, and where in them a sequence is
 *     journal_read.c, journal_retire.c, journal_verify.c
 *
 * Locks, never held together but in this order: `lock` (appenders and the journal thread), `prepare_lock` (the journal
 * thread and the preparing one), `list_lock` (who asks where a sequence is). */
#ifndef NUDGED_DISK_JOURNAL_PARTS_H
#define NUDGED_DISK_JOURNAL_PARTS_H

#include "base/metrics.h"
#include "disk/batch.h"
#include "disk/journal.h"

#include <pthread.h>
#include <stdatomic.h>

/* Where in a segment a sequence begins a batch: one mark every 256 KiB, so that a reader need not start at
 * its front. */
#define MARK_EVERY_BYTES (256u * 1024u)
struct mark {
	uint64_t seq, offset;
};

struct segment {
	uint64_t index, first_seq, last_seq; /* 0, 0: no batch yet */
	uint64_t end;                        /* offset behind its last batch */
	struct mark *marks;
	size_t mark_count, mark_cap;
};

struct segment_list {
	struct segment *items;
	size_t count, cap;
};

void segment_list_finish(struct segment_list *l);
/* Notes a durable batch of segment `index` (a new one is added at the end). */
void segment_list_add(struct segment_list *l, uint64_t index, const struct batch_head *head, uint64_t offset);
/* Those before segment `index` are gone. */
void segment_list_drop_before(struct segment_list *l, uint64_t index);
/* The segment with `seq`; NULL: none. *offset: a batch start at or before it. */
const struct segment *segment_list_find(const struct segment_list *l, uint64_t seq, uint64_t *offset);

struct buffer {
	char *data; /* room for the batch's head, entries up to the journal's buffer_bytes, padding */
	size_t len;
	uint32_t count;
	uint64_t first_seq;
};

enum room { ROOM_THERE, ROOM_SOON, ROOM_NONE };

struct journal {
	const struct file_layer *files;
	struct journal_options options;
	char *folder;
	struct hash128 id;
	struct file *lock_file;
	uint64_t segment_bytes;
	size_t batch_bytes;  /* what may be reserved of one batch, with its head */
	size_t buffer_bytes; /* all of it: the rest is for what is taken without asking */

	pthread_mutex_t lock;
	pthread_cond_t wake, synced;
	struct buffer buffers[2], *filling;
	bool kicked, stop, started;
	_Atomic size_t used; /* of the filling buffer: entries and reservations, heads included */
	_Atomic uint64_t last_seq, durable_seq;
	atomic_bool dead;
	pthread_t writer;

	/* the journal thread's own */
	struct file *current;
	uint64_t current_index, current_bytes, offset;
	struct hash128 chain;
	struct bytes scratch;
	counter batches, entries, bytes, syncs, sync_ns, sync_ns_max, write_ns;
	struct histogram sync_times, batch_entries, batch_sizes;

	pthread_mutex_t prepare_lock;
	pthread_cond_t prepare, prepared;
	struct file *next; /* the segment behind the current one, ready to be written; NULL: not yet */
	uint64_t next_index, room_left; /* room_left: of the current segment */
	bool prepare_stop, prepare_failed;
	pthread_t preparer;
	_Atomic uint64_t free_bytes;
	uint64_t asked_ns; /* when the writer last had it looked up */
	_Atomic int room;
	uint64_t full_said_ns; /* when it was said last that there is none */
	bool full_said;        /* … and not yet that there is some again */

	pthread_mutex_t list_lock;
	struct segment_list list;
};

int journal_recover(struct journal *j, void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg,
		    struct journal_found *found);
/* Indices of the segments in FOLDER, ascending, to be freed. */
int segment_indices(const struct file_layer *files, const char *folder, uint64_t **out, size_t *count);

void *journal_write_run(void *arg);
void *journal_prepare_run(void *arg);
/* Creates segment `index`: zeroed, headed, synced, under its name, its name synced too. */
int segment_create(struct journal *j, uint64_t index, struct file **out);
void journal_room_update(struct journal *j); /* prepare_lock is held */
void journal_ask_free(struct journal *j);

#endif
