/* nudgectl/explained.h: explanations for people: conditions with what became of them, actions and rules whole. */
#ifndef NUDGECTL_EXPLAINED_H
#define NUDGECTL_EXPLAINED_H

#include <nudge.h>

/* Every action: its gates and policies, its score, what would have made it win. Nothing where there are none. */
void explained_actions(const Nudge__V1__Recommendation *r);
void explained_rules(const Nudge__V1__Explanation *x);
void explanation_show(const Nudge__V1__Explanation *x);

/* cmd_recommend.c */
void recommendation_show(const Nudge__V1__Recommendation *r);
/* To three places, halves upwards: as the daemon writes the same score into reasons. */
double shown_score(double score);

#endif
