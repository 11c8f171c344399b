/* disk/batch.h: the bytes of a batch and of a segment's header, and a window over a segment's file through which whole
 * batches are read and checked. The drawing is at the top of journal.c. */
#ifndef NUDGED_DISK_BATCH_H
#define NUDGED_DISK_BATCH_H

#include "base/hash.h"
#include "disk/journal.h"

#define SECTOR_BYTES 512u         /* batches begin at its multiples, so that no two share a sector */
#define SEGMENT_HEAD_BYTES SECTOR_BYTES
#define BATCH_HEAD_BYTES 64u
#define ENTRY_HASHED_BYTES 40u    /* an entry's head: in the chain's hash */
#define ENTRY_HEAD_BYTES 56u      /* with the salt and the state, which are not */
#define JOURNAL_FORMAT 1u

struct batch_head {
	uint64_t segment, first_seq;
	uint32_t count, length;       /* length: head and entries, without the padding */
	struct hash128 prev, hash;
};

static inline uint64_t batch_padded(uint64_t length)
{
	return (length + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
}

void segment_head_encode(char out[SEGMENT_HEAD_BYTES], struct hash128 id, uint64_t index, uint64_t segment_bytes);
/* ERR_CORRUPT, ERR_VERSION or ERR_FOREIGN (another journal's) with the last error set. */
int segment_head_check(const char in[SEGMENT_HEAD_BYTES], struct hash128 id, uint64_t index, uint64_t *segment_bytes);

/* Everything of an entry but the body; draws no salt itself. */
void entry_head_encode(char out[ENTRY_HEAD_BYTES], const struct journal_entry *e, uint64_t salt);
/* The entry at the start of `rest`, which is moved behind it. False: the structure is broken. Does not check the
 * digest. */
bool batch_next_entry(struct slice *rest, struct journal_entry *e);

/* Completes the batch in data[0 .. head->length): writes the head and its hash (left in head->hash). `scratch` is
 * reused. */
void batch_seal(char *data, struct batch_head *head, struct hash128 id, struct bytes *scratch);

/* A window over one segment's file. */
struct batch_window {
	const struct file_layer *files;
	struct file *file;
	struct hash128 id;
	uint64_t index, size;         /* of the segment, of the file */
	struct bytes data, scratch;
	uint64_t at;                  /* file offset of data */
};

struct batch {
	struct batch_head head;
	uint64_t offset;
	uint32_t blanked;
	struct slice entries;         /* lent until the next call */
	struct slice bytes;           /* the same with head and padding, as on disk */
};

/* Opens segment `index` of FOLDER and checks its head. batch_window_finish may be called whatever came of it. */
int batch_window_open(struct batch_window *w, const struct file_layer *files, const char *folder, struct hash128 id,
		      uint64_t index);
void batch_window_finish(struct batch_window *w);
/* 1: a whole and valid batch at `offset`; 0: none (last error says why); negative: could not read. With `fresh`, what
 * is not valid is read from the file once more: a live journal may have written it meanwhile. */
int batch_read(struct batch_window *w, uint64_t offset, bool fresh, struct batch *out);
/* The next offset >= `from` with a valid batch: 1 and *found; 0 none; negative: could not read. */
int batch_search(struct batch_window *w, uint64_t from, uint64_t *found);
/* Bytes at `offset` through the window, fewer at the end of the file. */
int batch_bytes(struct batch_window *w, uint64_t offset, size_t len, struct slice *out);

/* "FOLDER/0000000000000001.segment", to be freed. */
char *segment_path(const char *folder, uint64_t index);
bool segment_index_of(const char *name, uint64_t *index);

#endif
