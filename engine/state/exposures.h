/* state/exposures.h: what an item of the kind ITEM_EXPOSURE says: that this customer was to be recommended an action, and
 * was (or was held out, so that the two can be compared); and what came after. One an action: its declaration is the
 * action's name, hashed. The numbers count what happened within 30 and 90 days of its time. */
#ifndef NUDGED_STATE_EXPOSURES_H
#define NUDGED_STATE_EXPOSURES_H

#include "state/items.h"

#define EXPOSURE_DAYS 90 /* in which an action's next recommendation is none of its own */

enum exposure_arm { ARM_NONE, ARM_RECOMMENDED, ARM_WITHHELD }; /* on disk: the item's state */
enum exposure_text { EXPOSURE_CHANNEL, EXPOSURE_AGENT, EXPOSURE_GOAL, EXPOSURE_GROUP };
enum exposure_flag { EXPOSURE_MOOD_KNOWN = 1, EXPOSURE_LOST_30 = 2, EXPOSURE_LOST_90 = 4 };
enum exposure_number {
	EXPOSURE_FLAGS,
	EXPOSURE_MOOD, /* the last one before it, in millionths */
	EXPOSURE_CONTACTS_30, EXPOSURE_COMPLAINTS_30, EXPOSURE_MOODS_30, EXPOSURE_MOOD_SUM_30,
	EXPOSURE_CONTACTS_90, EXPOSURE_COMPLAINTS_90, EXPOSURE_MOODS_90, EXPOSURE_MOOD_SUM_90,
};

#endif
