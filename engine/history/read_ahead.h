/* history/read_ahead.h: the journal for whoever goes through all of it, read, checked and decoded by a thread of its own
 * ahead of the one that applies it. */
#ifndef NUDGED_HISTORY_READ_AHEAD_H
#define NUDGED_HISTORY_READ_AHEAD_H

#include "disk/journal.h"
#include "history/entry.h"

/* One journal entry, ready to be applied. */
struct ahead_item {
	struct journal_entry je;
	struct entry entry; /* nothing where the entry is blanked */
	struct event event; /* ENTRY_EVENT: as rules see it, times and names filled in */
	bool untimed;       /* it was sent without a time */
	uint64_t hash;      /* of its subject; 0: a global or blanked entry */
};

struct read_ahead;
/* je is filled in; its body lasts as long as the item. The rest of the item is in the arena. ERR_CORRUPT */
int ahead_item_decode(struct ahead_item *item, struct arena *arena);
/* Begins to read at `from`. The journal is open, and nobody of this process appends to it. page_items: how many
 * entries are handed out at once, at most; 0: some dozens. ERR_IO: no thread is to be had. */
int read_ahead_open(struct read_ahead **out, struct journal *j, uint64_t from, unsigned page_items);
/* The next entries in order, lent until the next call. 1; 0: the end; negative: the journal's error, or ERR_CORRUPT for an
 * entry that does not decode; what came before it was handed out. */
int read_ahead_next(struct read_ahead *r, struct ahead_item **items, unsigned *count);
void read_ahead_close(struct read_ahead *r); /* NULL-safe; also before the end */

#endif
