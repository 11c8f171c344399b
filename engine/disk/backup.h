/* disk/backup.h: a data directory's copy as of one entry of its journal, made beside a living daemon or without one; and
 * its way back into an empty directory.
 *
 * A backup is a folder of the same shape as the data directory (so that what reads one reads the other) and one file more,
 * which is written last and makes it whole:
 *
 *     DIR/BACKUP       text: what it is of, and each file with its size and sum
 *     DIR/NUDGED       marks and identities, as they are in the data directory
 *     DIR/journal/     segments, from the first one that is kept to the last batch that was there
 *     DIR/state/data.mdb, DIR/base/data.mdb        compacted, each as of one moment
 *
 * One sequence: the stores are copied before the journal's end is, which is then at or behind all that they know; so a start
 * on it is a recovery like any other, and ends at the journal's last entry. */
#ifndef NUDGED_DISK_BACKUP_H
#define NUDGED_DISK_BACKUP_H

#include "base/hash.h"
#include "base/limits.h"
#include "disk/pace.h"

#include <stdbool.h>
#include <stddef.h>

#define BACKUP_FILE "BACKUP"         /* in a backup, when it is whole */
#define UNFINISHED_FILE "UNFINISHED" /* … from when it is begun until then */
#define RESTORING_FILE "RESTORING"   /* in a data directory that is being restored */

struct backup_file {
	char name[64]; /* "journal/0000000000000001.segment" */
	uint64_t bytes, sum;
};

struct backup {
	struct hash128 journal;
	uint64_t first_seq, last_seq; /* of its journal */
	uint64_t mark, base_mark;     /* what the stores cover; base_mark 0: it has no base store */
	int64_t made_ms;
	uint64_t bytes;               /* of all files */
	struct backup_file *files;
	size_t count;
};

void backup_finish(struct backup *b);

/* Copies. DIR must not be there, or be empty (ERR_CONFLICT). It is no backup until backup_seal has ended well. */
int backup_copy(struct backup *out, const char *data, const char *dir, struct pace *pace);
/* Reads every file back for its sum and writes DIR/BACKUP. */
int backup_seal(struct backup *b, const char *dir, int64_t now_ms, struct pace *pace);

/* Reads DIR/BACKUP. ERR_MISSING: DIR is no backup, or one that was not finished; ERR_CORRUPT, ERR_VERSION. */
int backup_read(struct backup *out, const char *dir);
/* What a backup that was interrupted has left, or one that is being made. */
bool backup_is_unfinished(const char *dir);
/* Compares each file with its sum, and tells of each that differs. Returns how many do, or a negative code. */
int backup_check(const struct backup *b, const char *dir, struct pace *pace, void (*say)(void *arg, const char *text),
		 void *arg);

/* Copies a backup into a data directory that is not there yet, is empty, or has in it what an interrupted restore left.
 * Each file's sum is checked on the way. Nothing is overwritten: else ERR_CONFLICT. */
int backup_restore(struct backup *out, const char *from, const char *data, struct pace *pace);

/* backup.c, for restore.c */
int backup_sum(const char *dir, const char *name, struct pace *pace, uint64_t *bytes, uint64_t *sum);
uint64_t backup_sum_piece(uint64_t sum, const void *piece, size_t len);
#define BACKUP_PIECE_BYTES (1u * MIB) /* sums are of such pieces: part of the format */

#endif
