/* nudgectl/stages.h: where the daemon's time goes, for people. */
#ifndef NUDGECTL_STAGES_H
#define NUDGECTL_STAGES_H

#include <nudge.h>

void stages_show(const Nudge__V1__Status *s);

#endif
