/* state/event.h: one interaction, as the layers above the wire see it. All slices are lent (from the frame or the
 * journal entry) and valid while one entry is applied. Empty (len 0) means absent. */
#ifndef NUDGED_STATE_EVENT_H
#define NUDGED_STATE_EVENT_H

#include "state/value.h"

struct event_attr {
	struct slice name;
	struct value value; /* unknown: it is not known any more (profile.updated alone) */
};

struct event {
	struct slice id, source;      /* the id is unique per source */
	struct slice customer, alias; /* exactly one of the two as received; customer is filled in by the resolver */
	struct slice member, agent, contact, type, channel;
	int64_t time_ms;              /* when it happened; the server's received_at where the sender gave none */
	const struct event_attr *attrs; /* names unique; "area", "mood", "intent", "topic" have meanings of their own */
	size_t attr_count;
	/* profile.updated: since when each of attrs is true; 0: since the event. NULL: none says so, and all have values */
	const int64_t *attr_times;
	uint64_t id_hash;             /* hash64 of source, 0, id */
	uint64_t content_hash;        /* hash64 of the event as received: the same id with other bytes is refused */
};

/* NULL where the event has no such attribute. */
const struct event_attr *event_attr(const struct event *e, struct slice name);

/* Types that the engine itself understands; packs may have rules on them too.
 *   profile.updated     each attribute becomes an attribute of the customer, or of the member where one is named; an
 *                       attribute may have a time of its own, and may say that it is not known any more
 *   alias.added         attribute `alias` names this customer (and member, where given) from the event's time on
 *   alias.removed       … and no longer
 *   identity.merged     attribute `into`: this customer's history joins that one's; the id redirects
 *   member.joined, member.left
 * Types that the engine makes from its own state; only rules see them, a sender may not use them:
 *   case.NAME.opened, case.NAME.closed, case.NAME.missed
 *   outcome.KIND (shown, offered, accepted, rejected, later, ignored, overruled) with attributes action, channel, decision,
 *   reason, revenue, cost, until */
#define EVENT_PROFILE_UPDATED "profile.updated"
#define EVENT_ALIAS_ADDED "alias.added"
#define EVENT_ALIAS_REMOVED "alias.removed"
#define EVENT_IDENTITY_MERGED "identity.merged"
#define EVENT_MEMBER_JOINED "member.joined"
#define EVENT_MEMBER_LEFT "member.left"

#endif
