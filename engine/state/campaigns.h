/* state/campaigns.h: what the items of segments and campaigns mean (state/items.h), and what their ledgers count.
 *
 * A membership (ITEM_SEGMENT): decl the segment's id, key its name, time since when.
 * A customer in a campaign (ITEM_CAMPAIGN): decl the campaign's id, key its name, time when they came into it. What is
 * counted of it lies in the cell (campaign, segment, channel) of that day, whatever happens to it later. */
#ifndef NUDGED_STATE_CAMPAIGNS_H
#define NUDGED_STATE_CAMPAIGNS_H

#include "state/items.h"

enum campaign_state { /* on disk */
	CAMPAIGN_WAITING = 1, /* for its hours or its turn; a timer says when it is looked at next */
	CAMPAIGN_ASKED = 2,   /* a decision is on its way */
	CAMPAIGN_HELD = 3,    /* a gate or policy held it back; it is decided anew later */
	CAMPAIGN_SENT = 4,    /* in the outbox */
	CAMPAIGN_TAKEN = 5,   /* a sender has it, or has offered it */
	CAMPAIGN_HOLDOUT = 6, /* gets nothing: measured against */
	CAMPAIGN_OVER = 7,    /* left the segment, or the campaign's time was over, before anything was sent */
};
#define CAMPAIGNS_KEPT 2u /* times in one campaign that a record knows of */

enum campaign_text { CAMPAIGN_SEGMENT, CAMPAIGN_CHANNEL, CAMPAIGN_ACTION, CAMPAIGN_HELD_BY }; /* on disk */
enum campaign_number { /* on disk */
	CAMPAIGN_BOOT, CAMPAIGN_COUNT, /* the decision */
	CAMPAIGN_SENT_MS,
	CAMPAIGN_SAID,      /* bits: outcomes that were counted, 1 << enum outcome_kind; CAMPAIGN_SUCCEEDED */
	CAMPAIGN_TRIES,     /* decisions that held it back */
	CAMPAIGN_TURN_MS,   /* when its turn is, where offers are paced; 0: not asked for */
};
#define CAMPAIGN_SUCCEEDED 1

/* Measures of LEDGER_CAMPAIGNS; dims campaign, segment, channel, reason (of `held` alone). */
enum campaign_measure { /* on disk */
	CAMPAIGNS_IN, CAMPAIGNS_HOLDOUT, CAMPAIGNS_SENT, CAMPAIGNS_OFFERED, CAMPAIGNS_ACCEPTED, CAMPAIGNS_REJECTED,
	CAMPAIGNS_LATER, CAMPAIGNS_IGNORED, CAMPAIGNS_OVERRULED, CAMPAIGNS_EXPIRED, CAMPAIGNS_OVER, CAMPAIGNS_HELD,
	CAMPAIGNS_SUCCESS, CAMPAIGNS_HOLDOUT_SUCCESS, CAMPAIGNS_REVENUE, CAMPAIGNS_COST,
};
/* Of LEDGER_SEGMENTS (what is true now) and LEDGER_SEGMENT_MOVES (a day's); dims segment. */
enum segment_measure { SEGMENTS_MEMBERS };
enum segment_move { SEGMENT_ENTERED, SEGMENT_LEFT };

#endif
