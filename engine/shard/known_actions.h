/* shard/known_actions.h: the names of all actions that packs have had here, of the active one and of those before it. An
 * outcome may come long after its action was given up, and is taken; one whose action nobody ever had is a client's
 * mistake, and told where it comes in, before anything is journaled. What is in the journal is never asked again. Private
 * to this folder.
 *
 * Kept in the store's META table (`actions`, strings one after the other, as here), written with each activation.
 * A store from before this has no such row: then the packs that it keeps are asked. */
#ifndef NUDGED_SHARD_KNOWN_ACTIONS_H
#define NUDGED_SHARD_KNOWN_ACTIONS_H

#include "base/bytes.h"

struct arena;
struct engine;
struct pack;
struct shard;

struct known_actions {
	struct slice *names; /* whose last activation is longest ago first; at most LIMIT_KNOWN_ACTIONS */
	size_t count, cap;
};

void known_actions_add(struct known_actions *k, struct slice name); /* once more: as the newest */
bool known_actions_has(const struct known_actions *k, struct slice name);
void known_actions_encode(const struct known_actions *k, struct bytes *out);
bool known_actions_decode(struct known_actions *k, struct slice value); /* adds */
void known_actions_finish(struct known_actions *k);

/* Of a pack that is active now. Behind the engine's lock. */
void known_actions_of(struct known_actions *k, const struct pack *p);
/* At start: what the store knows. */
int known_actions_load(struct engine *e);

/* The last error: the pack has no such action, and the nearest that it has. Returns `code`. */
int no_such_action(const struct pack *p, int code, struct slice name, struct arena *arena);
/* Whether an outcome may name it. On the shard's thread. */
int check_action(struct shard *s, struct slice name);

#endif
