/* shard/models.h: copies of what actions have learned, and of what was given away, for decisions. Private to this folder. */
#ifndef NUDGED_SHARD_MODELS_H
#define NUDGED_SHARD_MODELS_H

#include "base/bytes.h"
#include "state/record.h"

struct engine;
struct shard;

struct models {
	struct record **copies; /* one an action of the pack; NULL: it has learned nothing */
	unsigned count, known;
	struct record *spent;   /* NULL: nothing was given away, or the pack has no budget */
};

void models_finish(struct models *m, struct strpool *pool);
const struct record *const *models_at_hand(const struct models *m); /* NULL: nothing is learned yet */
/* Takes the copies anew. No loop runs. */
void models_load(struct engine *e);
/* Takes those of the packs that are about to be installed, while all shards stand; then each installs its own. */
void models_prepare(struct engine *e);
void models_swap(struct shard *s);
/* Does an effect of that kind on that subject concern copies? */
bool models_follow(const struct shard *s, uint8_t kind, const struct subject *subject);
/* By the owner of what is copied: the entry `seq` was such an effect on it, or EFFECT_FORGET. */
void models_tell(struct shard *s, const struct subject *subject, uint8_t kind, struct slice body, uint64_t seq);
/* models_told.c: GetModels, from the copies. ERR_MISSING: the pack has no such action. */
int models_answer(struct shard *s, uint64_t request_id, struct slice action, struct bytes *out);

#endif
