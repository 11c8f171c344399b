/* shard/models.h: copies of what actions have learned, for decisions. Private to this folder. */
#ifndef NUDGED_SHARD_MODELS_H
#define NUDGED_SHARD_MODELS_H

#include "state/record.h"

struct engine;
struct shard;

struct models {
	struct record **copies; /* one an action of the pack; NULL: it has learned nothing */
	unsigned count, known;
};

void models_finish(struct models *m, struct strpool *pool);
const struct record *const *models_at_hand(const struct models *m); /* NULL: nothing is learned yet */
/* Takes the copies anew. No loop runs. */
void models_load(struct engine *e);
/* Takes those of the packs that are about to be installed, while all shards stand; then each installs its own. */
void models_prepare(struct engine *e);
void models_swap(struct shard *s);
/* By the owner of an action's model: it has learned `body`, by the entry `seq`. */
void models_tell(struct shard *s, const struct subject *action, struct slice body, uint64_t seq);

#endif
