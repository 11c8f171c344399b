/* decide/wipe.h: what EFFECT_WIPE takes out of a record when a customer is erased (shard/wipe.c), by the record's kind:
 *
 *     customer     everything: as if it had never been, but for its sequence. No body
 *     alias        varint n, n customers who never owned it | varint n, n links that stay: customer, member, from, to zigzag.
 *                  Of whom any stays, those are all there are
 *     agent, area  varint n, n alerts: sequence, index varint
 *
 * It is an entry like any other, so that recovery and replay agree with what the daemon knew; then its own body is blanked
 * with those that it is about. What stays is of somebody new, and that is an entry of its own, of one customer, which lies there
 * until that one is erased. It says all that they have: what came before it may be blank by then, or the one who went, not.
 * Who never owned an alias is an entry each, too: where somebody new of that name had it for a while (and was merged into
 * another since), theirs is not blanked: the link that it takes is not either. */
#ifndef NUDGED_DECIDE_WIPE_H
#define NUDGED_DECIDE_WIPE_H

#include "base/bytes.h"

#include <stddef.h>

struct wiped_link {
	struct slice customer, member;
	int64_t from_ms, to_ms;
};
void wipe_links_encode(struct bytes *out, const struct slice *customers, size_t customer_count, const struct wiped_link *kept,
		       size_t kept_count);

struct wiped_alert {
	uint64_t seq;
	uint32_t index;
};
void wipe_alerts_encode(struct bytes *out, const struct wiped_alert *alerts, size_t count);
/* *at: 0 before the first. False: no more. */
bool wipe_alerts_next(struct slice body, size_t *at, struct wiped_alert *out);
/* Whether an alias's body names a customer for whom `theirs` says so: as one who never owned it, or (stays) who does. */
bool wipe_links_name(struct slice body, bool (*theirs)(const void *arg, struct slice customer, bool stays), const void *arg);

#endif
