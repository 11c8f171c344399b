/* script/segments.h: what a pack declares for many customers at once: segments (a named condition over a customer's
 * state, membership kept up to date) and campaigns (a segment, an action, a channel, hours). Part of pack.h. */
#ifndef NUDGED_SCRIPT_SEGMENTS_H
#define NUDGED_SCRIPT_SEGMENTS_H

#include "base/limits.h"
#include "script/term.h"

struct segment_decl {
	struct str *name, *why;
	uint32_t id;            /* 32 bits of the hash of the name: memberships outlive a changed condition */
	struct term *when;      /* over the customer's state */
	struct str **on; unsigned on_count; /* event types after which it is looked at: as declared, else what it stands on */
	bool on_given;
	int64_t again_ms;       /* looked at again after so long, whatever happens; 0: only on events */
	struct str *entered_type, *left_type; /* "segment.NAME.entered", ".left": what rules are on */
	const char *file; int line;
};

struct campaign_decl {
	struct str *name, *why;
	uint32_t id;            /* 32 bits of the hash of the name */
	struct str *rule;       /* "campaign:NAME": what its nudges are of */
	struct str *segment_name, *action, *goal, *channel; /* action or goal */
	unsigned segment;       /* index into pack->segments */
	uint16_t open_from, open_to; /* minutes of the day in the pack's zone; equal: at any time */
	const char *from, *to;  /* dates, as written; NULL: none */
	int64_t from_ms, to_ms; /* the same in the pack's zone, the last day included; 0: none */
	unsigned per_day;       /* offers a day, at most; 0: as they come */
	int64_t again_ms;       /* a customer comes into it again after so long; 0: once */
	int64_t expires_ms;     /* of an offer in the outbox that nobody took */
	double holdout;         /* share of customers who get nothing, by a hash of their id: to measure against */
	struct str **success; unsigned success_count; /* event types that are what it is for; none: its offers accepted */
	int64_t within_ms;      /* … within so long of coming into it */
	struct str *to_attr, *to_value; /* the member it is addressed to: with that attribute's value; NULL: the customer */
	const char *file; int line;
};

/* Who may see what of another member: share { "message_plan", with = "payer" }. */
struct share_decl {
	struct str **names; unsigned name_count; /* attributes, facts, rules (for alerts), event types (for the timeline) */
	struct str *attr;       /* the asking member's attribute … */
	struct str **with; unsigned with_count; /* … has one of these values */
	const char *file; int line;
};

struct pack;
void segments_free(struct pack *p);
const struct segment_decl *pack_segment(const struct pack *p, const struct str *name);      /* NULL: none */
const struct segment_decl *pack_segment_by_id(const struct pack *p, uint32_t id);           /* NULL: none */
const struct campaign_decl *pack_campaign(const struct pack *p, const struct str *name);    /* NULL: none */
const struct campaign_decl *pack_campaign_by_id(const struct pack *p, uint32_t id);         /* NULL: none */
#define CAMPAIGN_RULE "campaign:" /* before a campaign's name: what its nudges are of */
uint32_t campaign_id_of(struct slice name);

#endif
