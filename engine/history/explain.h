/* history/explain.h: why: a customer at a moment, a past decision, an entry of the journal. The past is recomputed
 * (history/recall.h), compared with what was recorded, and told as an Explanation message; the daemon and nudgectl, with a
 * data directory, answer with the same bytes. */
#ifndef NUDGED_HISTORY_EXPLAIN_H
#define NUDGED_HISTORY_EXPLAIN_H

#include "history/recall.h"
#include "wire/request.h"

/* Appends an Explanation message. ERR_MISSING, ERR_AMBIGUOUS, ERR_INVALID, … with what to do. now_ms: for a moment
 * without a time; 0: that of the newest entry. */
int history_explain(struct history *h, const struct request_explain *q, int64_t now_ms, struct bytes *out);

#endif
