/* history/apply.h: an entry's payload applied to its subject's record, the same way live, in recovery and wherever
 * history is gone through again. `in` brings what the entry brought: when it was received, and on replay the calls that
 * were aborted. What is decoded on the way is in the machine's arena. */
#ifndef NUDGED_HISTORY_APPLY_H
#define NUDGED_HISTORY_APPLY_H

#include "decide/decision.h"
#include "disk/journal.h"
#include "history/entry.h"
#include "wire/request.h"

/* A recorded event as rules see it: times and names filled in. *untimed (may be NULL): it was sent without a time. Lent by
 * the entry and the arena. */
int entry_event(struct event *out, const struct entry *entry, int64_t received_at_ms, struct arena *arena, bool *untimed);
/* ERR_CORRUPT where an event that another record accepted does not decode. */
int effect_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
		 struct applied *out);
struct outcome_input outcome_input_of(const struct request_outcome *o, int64_t received_at_ms);
/* What a recorded outcome says, lent by it and the arena. An error is that of its decoding. */
int outcome_input_decode(struct outcome_input *out, const struct entry *entry, int64_t received_at_ms,
			 struct arena *arena);
void timer_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
		 struct applied *out);
/* The record's part of a decision that changes it (decision_changes): what the customer is exposed to; and of a nudge an alert,
 * in out. No alert where nothing was suitable, or its words could not be filled in: half a message is not sent. */
void decision_apply(struct machine *m, struct record *r, const struct decision_record *d, const struct apply_input *in,
		    struct applied *out);

/* One entry of one subject's history, whatever its kind, on its record as it was before: what came of it is in out, and the
 * record is current to it. An entry that changes nothing (a recommendation) leaves both as they are: *changed false. */
int entry_apply(struct machine *m, struct record *r, const struct journal_entry *je, const struct entry *entry,
		struct applied *out, bool *changed);

#endif
