/* shard/wipe.h: what recovery, too, does with an entry of EFFECT_WIPE. Private to this folder. */
#ifndef NUDGED_SHARD_WIPE_H
#define NUDGED_SHARD_WIPE_H

#include "shard/shard.h"
#include "state/subject.h"

/* Nobody who follows or lists alerts is shown what it took out. */
void wipe_told(struct shard *s, const struct subject *record, struct slice body);

#endif
