/* disk/journal.h: the one durable, ordered record of everything that changes the daemon's state. It knows bytes and
 * sequence numbers, no customers. See DESIGN "The one idea"; the byte layout is at the top of journal.c.
 *
 * Writing: many threads append; one journal thread writes and syncs. A batch forms by itself: it is what was appended
 * while the previous batch was being synced (no timers). A batch is written only after the previous fdatasync returned.
 * An error of write or fdatasync ends the process (journal_fatal in the log): memory already holds what the disk
 * may not.
 *
 * Reading: at open, then by journal_reader while the daemon runs, up to the durable sequence. */
#ifndef NUDGED_DISK_JOURNAL_H
#define NUDGED_DISK_JOURNAL_H

#include "base/bytes.h"
#include "disk/file.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;

/* One entry. `head` is what stays readable and hashed for ever; `body` (which holds whom it is about and the payload)
 * is hashed by a salted digest, so that it can be blanked later and the chain still verifies. */
struct journal_entry {
	uint64_t seq;        /* given by journal_append; the first is 1; no gaps */
	uint64_t prev_seq;   /* the previous entry of the same subject; 0: none. One customer's history is a walk */
	int64_t received_at_ms;
	uint64_t outcome;    /* hash of what applying it caused */
	uint8_t kind;        /* the caller's */
	uint8_t slot;        /* hash slot of the subject */
	bool blanked;        /* reading only: the body was erased; it is then empty */
	struct slice body;   /* at most LIMIT_ENTRY_BYTES */
};

struct journal_options {
	const struct file_layer *files;  /* NULL: file_system() */
	uint64_t segment_bytes;          /* 0: JOURNAL_SEGMENT_BYTES */
	uint64_t reserve_bytes;          /* 0: STORAGE_RESERVE_BYTES */
	bool read_only;                  /* for tools: no lock, no thread; an incomplete tail is told, not dropped */
	/* Called by the journal thread after each sync with the newest durable sequence (to wake the loops). Or
	 * NULL. */
	void (*on_durable)(void *arg, uint64_t seq);
	/* Called instead of _exit(70) after an error of write or sync, for tests; the journal is dead after it:
	 * nothing more becomes durable, journal_reserve says ERR_IO, journal_wait returns. NULL: the process ends. */
	void (*on_fatal)(void *arg);
	void *arg;
};

struct journal_found {
	uint64_t first_seq, last_seq; /* 0, 0: empty */
	uint64_t bytes;               /* of entries and headers */
	uint64_t dropped_bytes;       /* an invalid last batch, dropped whole */
	bool created;
};

/* Opens or creates DIR/journal; verifies every header and the hash chain, payload digests too; drops an invalid last
 * batch; refuses damage that has a valid later batch behind it (ERR_CORRUPT, with segment and offset), a directory that
 * is not a journal (ERR_FOREIGN), a later format (ERR_VERSION). Rewrites the last batch and syncs it before it returns,
 * since the page cache may hold what the disk does not. `progress` (may be NULL) hears bytes done and in all. */
int journal_open(struct journal **out, const char *dir, const struct journal_options *options,
		 void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg, struct journal_found *found);
/* Waits for what was appended to be durable, then stops the thread. NULL-safe. */
void journal_close(struct journal *j);

/* Starts the journal thread. Before it, journal_append must not be called. */
int journal_start(struct journal *j);

struct hash128 journal_id(const struct journal *j); /* drawn when it was made */

/* Makes sure that `bytes` of bodies (and `entries` headers) can be appended and will find room on disk. ERR_BUSY: the
 * buffer is full, the disk is behind; ERR_STORAGE: free space is under the reserve. A reservation is used up by
 * appends and given back by journal_release. Any thread. */
int journal_reserve(struct journal *j, size_t entries, size_t bytes);
/* Takes room that was not asked for: what must be said although the disk is short (its reserve has room for little
 * things) or behind. A fifth of the buffer is kept for it: little things only. */
void journal_take(struct journal *j, size_t entries, size_t bytes);
/* The same for things that may be many: waits for the disk once most of that fifth is taken. */
void journal_take_waiting(struct journal *j, size_t entries, size_t bytes);
void journal_release(struct journal *j, size_t entries, size_t bytes);

/* Publishes one entry: claims the next sequence, stores it in e->seq and copies the body. Any thread, never fails
 * (the space was reserved: one entry and its body are taken from the reservation). `then` (may be NULL) runs under
 * the journal's lock, so in order of sequence: what must be handed on in that order (alerts to the feed) is handed on
 * there. */
void journal_append(struct journal *j, struct journal_entry *e, void (*then)(void *arg, const struct journal_entry *e),
		    void *arg);
/* Tells the journal thread that a burst of appends is over; without it, it would sync after each. Any thread. */
void journal_kick(struct journal *j);

uint64_t journal_last(const struct journal *j);    /* newest appended sequence */
uint64_t journal_durable(const struct journal *j); /* newest sequence on disk */
void journal_wait(struct journal *j, uint64_t seq);/* blocks until durable: for stop, activation, tools */
uint64_t journal_first(const struct journal *j);   /* oldest sequence kept; where all is empty, the one to come */
/* Bytes of entries behind `seq`: the tail that a recovery from there would read. Right to about 256 KiB. */
uint64_t journal_tail_bytes(const struct journal *j, uint64_t seq);

/* Removes whole segments all of whose entries are at or below `seq` (the low-water mark; the caller promises that the
 * store is synced to it), always keeping the last one and at least `keep_bytes`. */
int journal_retire(struct journal *j, uint64_t seq, uint64_t keep_bytes);

/* The newest entry of what journal_retire would remove; 0: nothing. */
uint64_t journal_retirable(struct journal *j, uint64_t seq, uint64_t keep_bytes);
uint64_t journal_oldest_last(struct journal *j); /* the newest entry of the oldest segment; 0: there is none */

/* The log's shape for status and metrics. */
struct journal_stats {
	uint64_t batches, entries, bytes, syncs, sync_ns, segments, free_bytes;
	uint64_t write_ns; /* sealing and writing, without syncing */
	uint64_t sync_ns_p50, sync_ns_p99, sync_ns_max, batch_entries_p50, batch_entries_p99, batch_bytes_p50,
		batch_bytes_p99;
};
void journal_stats(const struct journal *j, struct journal_stats *out);
bool journal_is_full(const struct journal *j); /* it refuses with ERR_STORAGE; ends by itself when space returns */
struct histogram;
void journal_sync_times(const struct journal *j, struct histogram *into); /* added to it, ns */

/* Reading in order from `from` (clamped to the oldest kept), up to what is durable. Body and entry are lent until the
 * next call. journal_next: 1 an entry, 0 the end (call again later for more), negative an error; ERR_MISSING where the
 * entry to come was let go meanwhile (journal_first then tells what is left: who need not have all goes on from there by
 * journal_seek). One thread a reader. */
struct journal_reader;
int journal_reader_open(struct journal_reader **out, struct journal *j, uint64_t from);
int journal_next(struct journal_reader *r, struct journal_entry *out);
/* The next entry is this one: for walks from entry to entry, which may go back. What is not kept any more is ERR_MISSING
 * from journal_next; what is not durable yet its end. */
void journal_seek(struct journal_reader *r, uint64_t seq);
void journal_reader_close(struct journal_reader *r);

/* Checks everything and describes each problem through `say`. Returns the number of problems, or a negative code where it
 * cannot be checked: it is not there, is not a journal of this format, or may not be read. For `journal verify`. */
struct journal_check {
	uint64_t segments, batches, entries, first_seq, last_seq, bytes, blanked;
};
int journal_verify(const char *dir, const struct file_layer *files, struct journal_check *out,
		   void (*say)(void *arg, const char *text), void *arg);

#endif
