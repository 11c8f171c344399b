/* shard/eraser.h: a customer erased while the daemon runs (what goes, and how: history/erase.h). Private to this folder. One
 * at a time, by a thread of its own; events, queries and other customers do not wait for it.
 *
 *     asked for      DIR/ERASING says so, synced: from here on a crash forgets it no more, the next start goes on. No segment is
 *                    let go, and nothing folded into the base store, until it is done
 *     looked for     in the journal and the stores, as they are
 *     wiped          by the shard of each, with an entry (EFFECT_WIPE): the record is empty. From the first one on there is no way
 *                    back: what fails is tried again
 *     taken out      by the shards of others, with entries: alerts on agents, links of aliases, words in reports. What came
 *                    meanwhile is looked for again, until nothing of theirs has
 *     settled        a note of who asked is journaled; the store covers it, the decision log has passed it. From here on
 *                    nothing reads the entries any more, whatever happens
 *     planned        in DIR/ERASING: from here on the next start would finish it before it opens anything
 *     carried out    blanked in the journal, both stores in new files, the decision log's lines overwritten
 *
 * The journal says what was wiped when, so that recovery and replay come to the same at any moment, and a start that goes on
 * knows what has been wiped. Somebody who comes again under the same name meanwhile is new, and stays: whose an entry is, and
 * what it did to others, is told by whether it came before the one that wiped the record. */
#ifndef NUDGED_SHARD_ERASER_H
#define NUDGED_SHARD_ERASER_H

#include "history/erase.h"
#include "shard/engine.h"

struct work;

/* The answer goes home with `reply` (WORK_ERASED, on the heap; taken over where this succeeds). ERR_BUSY: another one is
 * being erased. A loop's thread. */
int eraser_begin(struct engine *e, struct slice customer, struct slice by, int64_t uid, struct work *reply);
void eraser_resume(struct engine *e); /* what was asked for before a crash or a stop */
void eraser_stop(struct engine *e);   /* the thread ends; the next start goes on */
struct eraser *eraser_create(struct engine *e);
void eraser_destroy(struct eraser *x); /* NULL-safe */
bool eraser_holds(const struct engine *e); /* segments and the base store stay as they are */
bool eraser_runs(const struct engine *e);
/* Where none runs: how the last one ended, as its result and last error. */
int eraser_ended(const struct engine *e, struct erase_report *out);

#endif
