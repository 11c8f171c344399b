/* nudgectl/strain.h: how strained an agent is, as `recommend` and `agent show` tell it. */
#ifndef NUDGECTL_STRAIN_H
#define NUDGECTL_STRAIN_H

#include "ask.h"

#define LABEL_WIDTH 9

/* Behind the first `at` columns of a line; wrapped there on a terminal, whole in a pipe. */
void put_text(const char *text, int at);
/* " begin   Good morning, …": what is said to the agent, behind a label. */
void put_labelled(const char *label, enum style style, const char *text);
void strain_show(const Nudge__V1__Strain *s);

#endif
