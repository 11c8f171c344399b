/* state/surveys.h: what the texts and numbers of an ITEM_SURVEY mean: somebody was asked a survey's question about a
 * contact, and perhaps answered. Its key is the contact (where none is named: the event that asked, or answered), its
 * declaration the survey's identity, its time when they were asked (where nobody asked: when they answered). All of it
 * is counted in LEDGER_SURVEYS, in the day of that time. */
#ifndef NUDGED_STATE_SURVEYS_H
#define NUDGED_STATE_SURVEYS_H

#include "state/items.h"
#include "state/ledgers.h"

enum survey_state { /* on disk */
	SURVEY_ASKED = 1,
	SURVEY_ANSWERED = 2,
	SURVEY_UNASKED = 3,   /* answered, and nothing is known of anybody having asked */
	SURVEY_POPULATION = 4 /* no question: the customer as one of those that the survey speaks for. Key empty */
};
enum survey_text { SURVEY_AGENT, SURVEY_TOPIC, SURVEY_CHANNEL, SURVEY_SEGMENT };
enum survey_number {
	SURVEY_ANSWERED_MS,
	SURVEY_SCORE,       /* millionths */
	SURVEY_CORRECTIONS, /* how often the answer was given anew */
};

/* Of LEDGER_SURVEYS. The kind is script/relations.h's survey_kind_name: what `top` and `bottom` mean hangs on it. */
enum survey_dim { SURVEYS_SURVEY, SURVEYS_SEGMENT, SURVEYS_AGENT, SURVEYS_TOPIC, SURVEYS_CHANNEL, SURVEYS_KIND, SURVEYS_DIMS };
enum survey_sum { /* on disk */
	SURVEYS_ASKED,
	SURVEYS_ANSWERED,
	SURVEYS_UNASKED,   /* of those answered: nothing is known of a question */
	SURVEYS_TOP,       /* promoters; satisfied; agreeing */
	SURVEYS_BOTTOM,    /* detractors */
	SURVEYS_SUM,       /* of scores, millionths */
	SURVEYS_SQUARES,   /* of their squares, millionths */
	SURVEYS_CORRECTED, /* answers that were given anew: the newest counts */
};
_Static_assert(SURVEYS_DIMS <= LEDGER_DIMS, "dimensions fit a key");
/* Of LEDGER_SURVEYED. */
enum surveyed_dim { SURVEYED_SURVEY, SURVEYED_SEGMENT };
enum surveyed_sum { SURVEYED_CUSTOMERS };

#endif
