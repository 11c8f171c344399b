/* state/scores.h: what the texts and numbers of an ITEM_SCORE mean: the relationship score as it was when it had moved.
 * Between two of them it stood within a point of the first. Its declaration is the relationship's identity: scores of
 * another definition are not compared. */
#ifndef NUDGED_STATE_SCORES_H
#define NUDGED_STATE_SCORES_H

#include "state/items.h"
#include "state/ledgers.h"

#define SCORE_PARTS 7u /* of one relationship, at most: a number each */
#define SCORE_UNKNOWN (-1)

enum score_state { SCORE_PAST, SCORE_COUNTED }; /* on disk. counted: it is the one that LEDGER_SCORES has */
enum score_text { SCORE_SEGMENT };
enum score_number {
	SCORE_VALUE,     /* 0 to 100 points, in millionths */
	SCORE_GROWTH,    /* growth potential a month, minor units */
	SCORE_LOOKED_MS, /* when it was looked at last without having moved; 0: not since */
	SCORE_PART,      /* the first of them, each 0 to 1 in millionths, or SCORE_UNKNOWN */
};
_Static_assert(SCORE_PART + SCORE_PARTS <= ITEM_NUMBERS, "parts fit");

/* Of LEDGER_SCORES and LEDGER_SCORE_MOVES; scores in millionths of a point, growth in minor units. */
enum scores_dim { SCORES_SEGMENT, SCORES_BAND };
enum scores_sum { SCORES_CUSTOMERS, SCORES_SCORE, SCORES_GROWTH };
enum moves_dim { MOVES_SEGMENT };
enum moves_sum { MOVES_FIRST, MOVES_UP, MOVES_DOWN, MOVES_POINTS_UP, MOVES_POINTS_DOWN };

#endif
