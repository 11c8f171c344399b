/* disk/journal_copy.h: a journal's segments copied into another folder while a daemon writes them and lets the oldest go.
 * Every batch is checked as it is copied, and the chain from batch to batch. */
#ifndef NUDGED_DISK_JOURNAL_COPY_H
#define NUDGED_DISK_JOURNAL_COPY_H

#include "disk/journal.h"
#include "disk/pace.h"

struct journal_copy;

/* Opens the segments that are there now: they stay readable, also where the daemon lets them go meanwhile. *last: the newest
 * entry that was there when it began to look. */
int journal_copy_open(struct journal_copy **out, const char *dir, uint64_t *last);
/* Opens what has been begun since: often, until nothing later is needed, or a daemon that keeps little may let one go
 * unseen. */
int journal_copy_pin(struct journal_copy *c);
void journal_copy_close(struct journal_copy *c); /* NULL-safe */
struct hash128 journal_copy_id(const struct journal_copy *c);
uint64_t journal_copy_bytes(const struct journal_copy *c); /* of the segments, as far as they are known */

/* Writes DIR/journal: the segments with entries behind `skip`, up to the batch with entry `need`: no further, or under load
 * it might never end. The rest of its segment is a hole of zeroes. */
int journal_copy_to(struct journal_copy *c, const char *dir, uint64_t skip, uint64_t need, struct pace *pace,
		    struct journal_found *found);

#endif
