/* nudgectl/activation.h: what activating and going back have in common: who asks, and what came of it. */
#ifndef NUDGECTL_ACTIVATION_H
#define NUDGECTL_ACTIVATION_H

#include "ask.h"

/* USER@HOST of this process, where `given` is NULL; lent until the next call. */
const char *activation_by(const char *given);
/* What became active, and what came of its tests. */
void activation_show(const Nudge__V1__PackActivated *p);
/* The names of what the pack before did not have. */
void activation_put_new(const Nudge__V1__PackActivated *p, bool filling);

#endif
