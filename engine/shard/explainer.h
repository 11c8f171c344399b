/* shard/explainer.h: the thread that answers why. It reads the journal and the stores, as nudgectl does beside the daemon,
 * and disturbs no shard. Private to this folder. */
#ifndef NUDGED_SHARD_EXPLAINER_H
#define NUDGED_SHARD_EXPLAINER_H

#include "shard/engine.h"

struct work;

int explainer_start(struct engine *e);
void explainer_stop(struct engine *e); /* before the journal and the stores are closed */
/* Owns the work, which goes home when it is answered. False: too many wait, and it is the caller's still. */
bool explainer_submit(struct engine *e, struct work *w);

#endif
