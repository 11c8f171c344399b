/* tests/crash/image_disk.h: a disk in memory behind disk/file.h that remembers every write, sync and change of names,
 * and builds the disks that a power cut could leave behind.
 *
 * What may be lost: a write until its file was synced afterwards, a name until its folder was. What is lost is chosen
 * at random by write, by sector of 512 bytes, or by byte; so later writes may be there and earlier ones not. */
#ifndef NUDGED_TESTS_CRASH_IMAGE_DISK_H
#define NUDGED_TESTS_CRASH_IMAGE_DISK_H

#include "base/bytes.h"
#include "disk/file.h"

enum image_loss {
	LOSE_ALL,     /* nothing that was not synced is there */
	LOSE_NOTHING, /* the page cache made it, as after kill -9 */
	LOSE_WRITES,
	LOSE_SECTORS,
	LOSE_BYTES,
	IMAGE_LOSSES
};

struct disk;

struct disk *disk_create(void);
void disk_destroy(struct disk *d);
const struct file_layer *disk_layer(struct disk *d);

/* Operations so far: the places at which a cut is possible. */
size_t disk_ops(struct disk *d);
/* From the operation with this number on, all fail: the process is gone (SIZE_MAX: never). */
void disk_kill_at(struct disk *d, size_t op);
/* A new disk: what is left of the first `cut` operations. */
struct disk *disk_image(struct disk *d, size_t cut, enum image_loss loss, uint64_t seed);

/* The batches that were written and still are on the disk, unharmed: for damage done on purpose. */
struct disk_batch {
	const char *path;
	uint64_t offset, first_seq;
	size_t len, used; /* with and without padding */
};
size_t disk_batches(struct disk *d, struct disk_batch *out, size_t max);
char *disk_bytes(struct disk *d, const char *path, uint64_t offset);

uint64_t image_random(uint64_t *state); /* splitmix64 */

#endif
