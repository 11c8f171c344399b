/* shard/backfill.h: series and cases that a pack declares newly are filled from the journal, in the background. Private to
 * this folder.
 *
 *     a thread of its own goes through the journal from its first entry (shadow.h)  ->  when it has caught up, subject by
 *     subject, in the order of hash slots: an EFFECT_FILL for its owner, who applies it between two entries
 *
 * Exact without joining anything: the thread says up to which entry it has seen everything (`as_of`). The owner takes what
 * it brings if its record is no newer, as the record's own series would be the same; else it says "again", and the thread
 * reads on. A subject that never rests is waited for: its shard stands while the thread reads its last entries.
 *
 * What changed a record is in the journal like everything else, so recovery and replay need nothing of this. A crash cuts
 * off the thread only: what it was about is in META (`backfill`), and it begins anew, but for the hash slots that it had
 * filled. Journal segments stay while it runs. */
#ifndef NUDGED_SHARD_BACKFILL_H
#define NUDGED_SHARD_BACKFILL_H

#include "shard/shard.h"
#include "shard/warm.h"
#include "wire/response.h"

struct engine;

/* Begins to fill what the active pack declares and was not there from the beginning. False: there is nothing. Any that
 * runs must be stopped. From the control thread, while loops run. */
bool backfill_start(struct engine *e);
/* One that a crash or stop cut off goes on. Where the loops begin to run. */
void backfill_resume(struct engine *e);
/* It ends, unfinished; where `forget`, for good. True: there was one running. */
bool backfill_stop(struct engine *e, bool forget);
void backfill_destroy(struct engine *e);
bool backfill_runs(const struct engine *e);
/* Behind the engine's lock; lent as long. False: there was none since the start. */
bool backfill_told(const struct engine *e, struct wire_backfill *out);
double backfill_percent(struct engine *e); /* of the one that runs; 0: none. Any thread */
bool backfill_fills(const struct engine *e, const struct warm *w); /* the same */

#endif
