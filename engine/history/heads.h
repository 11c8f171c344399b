/* history/heads.h: the newest entry of any subject, without asking its shard. The store knows it up to its low-water
 * mark; behind that the journal's tail is read, once, and remembered. Global entries found on the way go to the packs. */
#ifndef NUDGED_HISTORY_HEADS_H
#define NUDGED_HISTORY_HEADS_H

#include "disk/journal.h"
#include "disk/store.h"
#include "history/packs.h"
#include "state/subject.h"

struct heads;

/* store NULL: the whole journal is the tail. */
struct heads *heads_create(struct journal *journal, struct store *store, struct packs *packs);
void heads_destroy(struct heads *h); /* NULL-safe */
/* What became durable since. */
int heads_refresh(struct heads *h);
uint64_t heads_last(const struct heads *h); /* the newest entry that heads_refresh has seen */
/* *seq: its newest entry, 0 where nothing is known of it. Blanked ones are seen only when the store knows them. */
int heads_find(struct heads *h, const struct subject *subject, uint64_t *seq);

#endif
