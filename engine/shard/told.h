/* shard/told.h: the history of activations, and what the active pack keeps since when, as answers. Private to this
 * folder. */
#ifndef NUDGED_SHARD_TOLD_H
#define NUDGED_SHARD_TOLD_H

#include "script/pack.h"
#include "shard/shard.h"
#include "wire/request.h"
#include "wire/response.h"

struct engine;

/* GetRules with history or series. */
void told_history(struct shard *s, const struct request *r, struct bytes *out);
/* GetRules with words: spelled.c. */
void told_words(struct shard *s, uint64_t request_id, struct bytes *out);
/* Series, tallies and cases in the pack's order, behind the engine's lock; lent from pack and arena. */
struct wire_warm *told_declared(const struct engine *e, const struct pack *p, struct arena *arena, size_t *count);

#endif
