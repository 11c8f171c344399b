/* shard/erase.h: the erasure of one customer, for a data directory that no daemon has open (shard/eraser.h does the work). */
#ifndef NUDGED_SHARD_ERASE_H
#define NUDGED_SHARD_ERASE_H

#include "history/erase.h"
#include "shard/engine.h"

/* config: of one shard. ERR_CONFLICT: a daemon has it open, or the customer was merged into another. ERR_MISSING: nothing is
 * held of them. */
int engine_erase(const struct engine_config *config, struct slice customer, struct slice by, int64_t uid,
		 struct erase_report *out);
/* Journals who asked, and waits for it: returns the note's sequence. */
uint64_t engine_journal_erased(struct engine *e, struct slice by, int64_t uid);
/* What an interrupted one left undone, before the directory is opened. ERR_OK too where there is nothing; *finished: there was something. */
int engine_finish_erasing(const char *data, bool *finished, struct erase_report *out);

#endif
