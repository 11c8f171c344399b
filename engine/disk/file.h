/* disk/file.h: the thin layer through which the journal touches files, so that a test can replace it: cut at every
 * barrier, drop, reorder and tear what was not synced (tests/crash). The real one is file_system().
 *
 * All return ERR_OK or a negative code with the last error set (path and errno in it). */
#ifndef NUDGED_DISK_FILE_H
#define NUDGED_DISK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file; /* one open file; what it is belongs to the layer */

struct file_layer {
	void *self;
	/* ERR_MISSING where it is not there and `create` is false */
	int (*open)(void *self, const char *path, bool create, struct file **out);
	void (*close)(void *self, struct file *f);
	int (*size)(void *self, struct file *f, uint64_t *out);
	/* *got < len only at the end */
	int (*read)(void *self, struct file *f, uint64_t offset, void *to, size_t len, size_t *got);
	int (*write)(void *self, struct file *f, uint64_t offset, const void *from, size_t len);
	int (*sync)(void *self, struct file *f);                                  /* fdatasync; a barrier for this file */
	int (*sync_folder)(void *self, const char *path);                         /* after create, rename, remove */
	int (*make_folder)(void *self, const char *path);                         /* one that exists is fine */
	/* An exclusive lock for this process, held until the file is closed or the process ends; the file is created
	 * and holds the process id. ERR_CONFLICT: "in use by process N". */
	int (*lock)(void *self, const char *path, struct file **out);
	int (*rename)(void *self, const char *from, const char *to);
	int (*remove)(void *self, const char *path);
	/* names but "." and "..", in no order, until `each` returns non-zero (which is then returned) */
	int (*list)(void *self, const char *folder, int (*each)(void *arg, const char *name), void *arg);
	int (*free_bytes)(void *self, const char *folder, uint64_t *out);         /* statvfs: available to us */
	/* Has what was written there on its way to the device when it returns, so that a later sync has little to do. It is
	 * no barrier, and makes nothing durable. NULL: the layer has none. */
	int (*push)(void *self, struct file *f, uint64_t offset, size_t len);
};

const struct file_layer *file_system(void);

#endif
