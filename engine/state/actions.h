/* state/actions.h: what the ledgers of actions count. Numbers are on disk: append.
 *
 * LEDGER_ACTIONS, an action's day: outcomes in the cell of the arm "" (or "control", of the pack's control group), in
 * the day of the outcome; what came after in the cells of the arms "recommended" and "withheld", in the day on which the
 * customer was first to be recommended it, of all such customers of that day. LEDGER_REASONS: what was said with outcomes.
 * LEDGER_SPENT: what was given away, by month. */
#ifndef NUDGED_STATE_ACTIONS_H
#define NUDGED_STATE_ACTIONS_H

#include "state/ledgers.h"

enum action_dim { ACTION_DIM_ACTION, ACTION_DIM_ARM, ACTION_DIM_CHANNEL, ACTION_DIM_AGENT, ACTION_DIM_GOAL, ACTION_DIM_GROUP,
		  ACTION_DIMS };
/* So many days after: of how many customers, how many contacts … Changes of mood and their squares are in millionths. */
enum action_after { AFTER_CONTACTED, AFTER_CONTACTS, AFTER_CONTACTS_SQUARED, AFTER_COMPLAINED, AFTER_LOST, AFTER_MOODS,
		    AFTER_MOOD, AFTER_MOOD_SQUARED, AFTER_COUNT };
enum action_measure {
	ACTIONS_EXPOSED,     /* customers */
	ACTIONS_OUTCOMES,    /* and one for each kind of outcome that was there at first, less OUTCOME_SHOWN */
	ACTIONS_REVENUE = ACTIONS_OUTCOMES + 7, /* minor units, of what was accepted */
	ACTIONS_COST,
	ACTIONS_AFTER_30,
	ACTIONS_AFTER_90 = ACTIONS_AFTER_30 + AFTER_COUNT,
	ACTIONS_MEASURES = ACTIONS_AFTER_90 + AFTER_COUNT
};
#define ARM_TEXT_CONTROL "control"
#define ARM_TEXT_RECOMMENDED "recommended"
#define ARM_TEXT_WITHHELD "withheld"

enum reason_dim { REASON_DIM_ACTION, REASON_DIM_OUTCOME, REASON_DIM_REASON, REASON_DIM_AGENT, REASON_DIM_GOAL, REASON_DIM_GROUP,
		  REASON_DIMS };
enum reason_measure { REASONS_SAID };

enum spent_dim { SPENT_DIM_MONTH, SPENT_DIM_GOAL, SPENT_DIM_GROUP, SPENT_DIM_ACTION, SPENT_DIMS };
enum spent_measure { SPENT_MONEY, SPENT_OFFERS };

#endif
