/* shard/profile.h: the stage profile for status. Private to this folder. */
#ifndef NUDGED_SHARD_PROFILE_H
#define NUDGED_SHARD_PROFILE_H

#include "base/stages.h"
#include "disk/journal.h"
#include "wire/response.h"

struct engine;

#define PROFILE_STAGES (STAGES + 3u) /* the journal's thread has two, the store's one */

/* Fills all of out; returns how many: PROFILE_STAGES. */
size_t profile_fill(const struct engine *e, const struct journal_stats *j, struct wire_stage *out);

#endif
