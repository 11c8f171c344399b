/* nudgectl/offline.h: a data directory, read without the daemon or beside it: its journal, its store, its base store. */
#ifndef NUDGECTL_OFFLINE_H
#define NUDGECTL_OFFLINE_H

#include "disk/journal.h"
#include "history/recall.h"

struct context;

struct offline {
	struct journal *journal;
	struct journal_found found;
	struct store *store, *base; /* NULL where the directory has none */
	struct history history;
};

/* EXIT_DONE, or EXIT_FAILED after having said why. Reads the journal through once, with a bar where that takes long. */
int offline_open(struct offline *o, const char *dir);
/* Where the data is: as it was named, else as the daemon says. To be freed. EXIT_DONE, or EXIT_FAILED after having said
 * why. */
int offline_folder(struct context *c, const char *named, char **out);
void offline_close(struct offline *o);

#endif
