/* decide/counting.h: what an entry counts for reports. Amounts are added up while the entry is applied and leave it as
 * EFFECT_COUNT effects, one a ledger's record. They may be negative: what was counted of a thing is a function of the
 * record, and whatever changes the thing counts the difference, in the day and cell of the thing itself. */
#ifndef NUDGED_DECIDE_COUNTING_H
#define NUDGED_DECIDE_COUNTING_H

#include "decide/applying.h"
#include "state/ledgers.h"

/* `dims`: as many as the ledger has; they are copied. time_ms: whose local day it is counted in. 0 counts nothing. */
void count_add(struct applying *a, enum ledger_id ledger, int64_t time_ms, const struct slice *dims, unsigned measure,
	       int64_t amount);
/* The same in two steps, for what counts many measures of one cell. */
struct counted_cell *count_cell(struct applying *a, enum ledger_id ledger, int64_t time_ms, const struct slice *dims);
void cell_add(struct counted_cell *cell, unsigned measure, int64_t amount);
/* At the entry's end. */
void counting_finish(struct applying *a);
/* What EFFECT_COUNT does to a ledger's record. */
void apply_count_effect(struct applying *a, struct slice body);
/* Moods, scores and shares are counted in millionths. */
int64_t in_millionths(double value);

#endif
