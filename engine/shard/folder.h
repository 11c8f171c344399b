/* shard/folder.h: the thread that folds what is to go from the journal into the base store, and then lets it go. Private to
 * this folder. */
#ifndef NUDGED_SHARD_FOLDER_H
#define NUDGED_SHARD_FOLDER_H

#include "shard/engine.h"

/* Opens DIR/base where the configuration asks for it; without it what went is gone. */
int folder_open_base(struct engine *e);
int folder_start(struct engine *e);
void folder_stop(struct engine *e); /* before the journal and the stores are closed */
/* Any thread: what the store covers up to `mark` may go, but for the bytes to be kept. False: nothing is folded here, and
 * the caller lets it go. */
bool folder_ask(struct engine *e, uint64_t mark);
bool folder_is_busy(const struct engine *e); /* it folds just now */
/* Lets the segments go that may, up to this entry. */
void folder_retire(struct engine *e, uint64_t seq);

#endif
