/* watch.h: nudged --watch DIR: a pack that is being written. It is checked, tested and activated at start and again on
 * every save, in a thread of its own; what is to be said goes to standard output. One that is wrong leaves the former
 * one active. */
#ifndef NUDGED_WATCH_H
#define NUDGED_WATCH_H

#include "shard/engine.h"

struct watch;

int watch_start(struct watch **out, struct engine *e, const char *folder);
void watch_stop(struct watch *w); /* waits for a reload that is under way. NULL-safe */

/* A data directory for as long as the process runs, to be freed; NULL and the last error where none can be made. */
char *watch_scratch_create(void);
void watch_scratch_remove(const char *folder);

#endif
