/* disk/folder.h: the data directory and what marks it as ours: a small text file that names what the folder is, its
 * format and a random identity. Journal and store each have one in their own folder; DIR itself gets one too, so that
 * `--data /home/somebody` is refused before anything is written there. */
#ifndef NUDGED_DISK_FOLDER_H
#define NUDGED_DISK_FOLDER_H

#include "base/hash.h"
#include "disk/file.h"

#define FOLDER_MARK "NUDGED"
#define FOLDER_FORMAT 1u /* of DIR, the journal and the store alike */

/* Makes DIR where it is missing and marks it. A folder that has no mark is only taken when it is empty (but for hidden
 * files, lost+found, *.sock, *.log and *.pid): else ERR_FOREIGN. */
int folder_claim(const struct file_layer *files, const char *dir);

/* Reads FOLDER's mark: 1 and the identity; 0 where there is none; ERR_FOREIGN where it is not `what`'s, ERR_VERSION for a
 * later format, ERR_CORRUPT where its checksum fails. */
int folder_mark_read(const struct file_layer *files, const char *folder, const char *what, struct hash128 *identity);
/* Writes it, durably, under a new identity. */
int folder_mark_write(const struct file_layer *files, const char *folder, const char *what, struct hash128 *identity);

/* True for names that may lie in an unmarked folder without making it somebody else's. */
bool folder_name_is_harmless(const char *name);
/* "DIR/name", to be freed. */
char *folder_path(const char *dir, const char *name);

#endif
