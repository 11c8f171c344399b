/* workbench/fit.h: whether what a test sends and asks for is what the pack declares. ERR_OK, or an error with what the
 * test is told and the nearest name. `pack` is its source: what stands in it anywhere is taken as meant. */
#ifndef NUDGED_WORKBENCH_FIT_H
#define NUDGED_WORKBENCH_FIT_H

#include "workbench/story.h"

int fit_event(struct story *s, const struct test_event *given);
int fit_ask(struct story *s, const struct bundle *pack, const struct test_ask *given);
/* Of a customer, member, agent or area. */
int fit_attr_name(struct story *s, const struct bundle *pack, struct slice name);

#endif
