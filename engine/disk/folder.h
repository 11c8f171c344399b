/* disk/folder.h: the data directory and what marks it as ours: a small text file that names what the folder is, its
 * format and a random identity. Journal and store each have one in their own folder; DIR itself gets one too, so that
 * `--data /home/somebody` is refused before anything is written there. */
#ifndef NUDGED_DISK_FOLDER_H
#define NUDGED_DISK_FOLDER_H

#include "base/hash.h"
#include "base/slice.h"
#include "disk/file.h"

#define FOLDER_MARK "NUDGED"
#define FOLDER_ERASING "ERASING" /* a file of a data directory: a customer is being erased (history/erase.h) */
#define FOLDER_FORMAT 1u /* of DIR, the journal and the store alike */

/* Opens DIR/name ("journal", "state"): makes and marks DIR and the folder where they are missing and locks the folder
 * for this process (*lock, to be closed). A folder without a mark is only taken when it is empty (but for hidden files,
 * lost+found, *.tmp, *.sock, *.log and *.pid): else ERR_FOREIGN. In use: ERR_CONFLICT. Read-only: nothing is made nor
 * locked, and what is not there is ERR_MISSING. */
int folder_open(const struct file_layer *files, const char *dir, const char *name, bool read_only,
		struct hash128 *identity, struct file **lock, bool *created);

/* Reads FOLDER's mark: 1 and the identity; 0 where there is none; ERR_FOREIGN where it is not `what`'s, ERR_VERSION
 * for a later format, ERR_CORRUPT where its checksum fails. */
int folder_mark_read(const struct file_layer *files, const char *folder, const char *what, struct hash128 *identity);
/* "DIR/name", to be freed. */
char *folder_path(const char *dir, const char *name);
char *folder_above(const char *dir); /* in which it is; to be freed */
/* DIR/name has this content, durably, or is as it was: written as "name.tmp", synced, renamed. */
int folder_put(const struct file_layer *files, const char *dir, const char *name, struct slice content);

#endif
