/* shard/finder.h: the thread that looks customers up in the store, and keeps the words of their names there
 * (find/index.h). Private to this folder.
 *
 * Queries come first; between them it makes the words of what sweeps have noted. Where the words are not those of the active
 * pack's `search`, or another build made them or wrote records without them, it goes through all stored customers in the
 * background and notes what differs. META (`words`) says for what they are made and how far that is. */
#ifndef NUDGED_SHARD_FINDER_H
#define NUDGED_SHARD_FINDER_H

#include "disk/store.h"
#include "script/search.h"
#include "shard/engine.h"

struct work;

/* The same as META's `newest`, put with it by builds that keep the words. Where they differ another one has been here. */
#define FINDER_NEWEST "words newest"

int finder_start(struct engine *e);
void finder_stop(struct engine *e);
void finder_destroy(struct engine *e);
/* By what customers are found from now on. Any thread; before finder_start it is only noted. */
void finder_search(struct engine *e, const struct search *by);
/* Owns the work, which goes to the first shard when it is done. False: too many wait, and it is the caller's still. */
bool finder_submit(struct engine *e, struct work *w);
void finder_wake(struct engine *e); /* something was noted. Any thread */
unsigned finder_percent(struct engine *e); /* of the stored customers whose words are those of the active pack. Any thread */

/* Somebody is about to be erased: what was gathered to be flushed may name them, and is gathered anew. With the storer's lock. */
void finder_forget(struct engine *e);

/* In a chunk's transaction: what a customer is found by. Made by another `search` than now it is made anew, of the record. */
int finder_note(struct engine *e, struct store_write *w, struct slice key, struct slice document, uint64_t search,
		struct slice record);

#endif
