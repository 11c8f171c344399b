/* shard/commit.h: from applied to published: an entry goes to the journal, and what it caused is handed on. Private to
 * this folder. */
#ifndef NUDGED_SHARD_COMMIT_H
#define NUDGED_SHARD_COMMIT_H

#include "history/entry.h"
#include "shard/cache.h"
#include "shard/shard.h"
#include "wire/response.h"

struct commit {
	struct slot *slot;
	const struct entry *entry; /* about the slot's subject: its own need not be set */
	struct applied *applied; /* NULL: nothing came of it */
	int64_t received_at_ms;
	struct slice raw, member; /* for effects that carry the source event on */
	bool untimed;             /* it does not say when it happened: when it was received */
	struct slice nudge;       /* an encoded Recommendation: for the alert of a nudge */
	bool changes_record;
	bool unhurried;          /* nobody waits for it: the disk may get it with what comes next (shard_settle) */
	uint64_t reserved_bytes; /* what was reserved for the body */
};
/* Appends the entry (its space was reserved) and hands on what it caused. Returns its sequence. */
uint64_t commit_entry(struct shard *s, struct commit *c);
/* The same for recovery: the entry is in the journal. */
void commit_replayed(struct shard *s, struct commit *c, uint64_t seq);
void alert_to_wire(const struct record *r, const struct alert *a, struct wire_alert *out);
int reserve_one(struct shard *s, size_t body_bytes); /* for the shard's own entries */
#define ENTRY_SLACK_BYTES 512u                       /* of a body beside its payload: subject, trailer, head */

#endif
