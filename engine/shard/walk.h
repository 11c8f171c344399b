/* shard/walk.h: a walk over all stored customers, in the background, after a pack was activated: who is a member of its
 * segments, who is in its campaigns, though no event of theirs may ever come. Private to this folder.
 *
 *     the store has every record up to the activation  ->  a thread goes through its customers in the order of hash slots, a
 *     few at a time  ->  each one's owner looks, between two entries, whether anything would change; only then there is an
 *     entry (EFFECT_LOOK), and with it whatever follows: alerts, offers
 *
 * A customer who comes later is looked at by their first event. What changed a record is in the journal like everything
 * else, and looking once more changes nothing, so a crash costs nothing: META (`walk`) says for which activation and which
 * hash slots are done, and the next start goes on there. */
#ifndef NUDGED_SHARD_WALK_H
#define NUDGED_SHARD_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* For the activation of that sequence. One that runs must be stopped. Noted; begins where the loops run, else then. From the
 * control thread. */
void walk_begin(struct engine *e, uint64_t pack_seq);
void walk_resume(struct engine *e); /* one that a crash or stop cut off, or that was begun before the loops ran */
void walk_stop(struct engine *e);   /* it ends, unfinished */
void walk_destroy(struct engine *e);
double walk_percent(struct engine *e); /* of the one that runs; 0: none. Any thread */

#endif
