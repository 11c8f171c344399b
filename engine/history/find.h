/* history/find.h: a decision's entry in the journal, by its id. Ids are (boot, counter): a boot's entries lie together, and
 * counters ascend but for what shards made at the same time. So it is a search, not a scan. */
#ifndef NUDGED_HISTORY_FIND_H
#define NUDGED_HISTORY_FIND_H

#include "history/recall.h"

/* ERR_MISSING: it is not in what is kept of the journal. */
int find_decision(struct history *h, uint64_t boot, uint64_t count, uint64_t *seq);
/* The entry by which this one's effect or nudge came, among the next few: 0 where there is none. */
int find_caused(struct history *h, uint64_t source_seq, uint32_t index, uint64_t *seq);

#endif
