/* decide/segments.h: what an entry does about many: memberships of segments, and customers in campaigns. Files
 * apply_segments.c, apply_campaigns.c, pace.c. */
#ifndef NUDGED_DECIDE_SEGMENTS_H
#define NUDGED_DECIDE_SEGMENTS_H

#include "decide/applying.h"
#include "decide/decision.h"
#include "state/campaigns.h"

/* The segments (bits) are looked at: who enters, who leaves; what follows for series, rules and campaigns. Of an entry at
 * its end. */
void apply_segments(struct applying *a, uint64_t segments);
static inline uint64_t all_segments(const struct pack *p)
{
	return p->segment_count ? ~0ull >> (LIMIT_SEGMENTS - p->segment_count) : 0;
}
bool is_member(const struct record *r, const struct segment_decl *s);
/* The record is about to be emptied: it joins another, where its memberships are counted again. */
void segments_gone(struct applying *a);
/* It has joined: `before` are the memberships (segment ids) that this record had. */
struct memberships {
	uint32_t ids[LIMIT_ITEMS];
	unsigned count;
};
void memberships_of(const struct record *r, struct memberships *out);
void segments_joined(struct applying *a, const struct memberships *before);
/* A timer: looked at again. */
void apply_segment_again(struct applying *a, struct slice name);
/* EFFECT_LOOK: all of them, and campaigns; what the pack no longer declares goes. */
void apply_look(struct applying *a);

/* apply_campaigns.c. Campaigns are of the real now, that of the entry's receipt: an import offers nobody anything of last
 * year. */
void campaigns_entered(struct applying *a, unsigned segment);
void campaigns_left(struct applying *a, unsigned segment);
void apply_campaign_due(struct applying *a, struct slice name);
void apply_turn_effect(struct applying *a, struct slice body);
void campaigns_outcome(struct applying *a, const struct outcome_input *o);
void campaigns_success(struct applying *a, uint64_t campaigns); /* an event that they are for */
/* Members who are not in a campaign yet, or wait in one without a timer or for hours that are wider now: a look is for them. */
bool campaigns_want(const struct machine *m, const struct record *r, int64_t now_ms);
void campaigns_look(struct applying *a);
void campaign_acknowledged(struct record *r, const struct alert *alert);
void campaigns_joined(struct applying *a); /* another record has joined this one */
/* sharing.c: the member whose attribute has that value, the first of several; 0: nobody who is there. */
uint8_t member_with(const struct record *r, const struct str *attr, struct slice value, int64_t now_ms);

/* pace.c: EFFECT_TICKET on the ledger of turns. */
void pace_ask(struct applying *a, const struct campaign_decl *c);
void apply_ticket_effect(struct applying *a, struct slice body);
/* From then on within the campaign's dates and hours; 0: never again. */
int64_t campaign_open_ms(const struct pack *p, const struct campaign_decl *c, int64_t now_ms);

#endif
