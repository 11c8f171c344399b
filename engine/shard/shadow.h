/* shard/shadow.h: what records would have of some series and cases, had the pack been active from the journal's first
 * entry on: a machine of its own that goes through the journal and keeps those alone. Private to this folder.
 *
 * Records beyond a bound of memory lie in a store of their own, DIR/backfill, which is gone when it is done. */
#ifndef NUDGED_SHARD_SHADOW_H
#define NUDGED_SHARD_SHADOW_H

#include "history/read_ahead.h"
#include "script/bundle.h"
#include "shard/cache.h"

struct shadow;

/* Events up to `derive_to` (which was then) reach agents and areas when they happen; of later ones the journal has the effects, since the
 * pack is active by then. */
int shadow_create(struct shadow **out, const char *data, const struct bundle *bundle, const struct fill *fill,
		  uint64_t derive_to, int64_t derive_to_ms);
void shadow_destroy(struct shadow *s); /* NULL-safe */
int shadow_apply(struct shadow *s, const struct ahead_item *item);
int shadow_spill(struct shadow *s, bool all); /* to disk: where memory is over the bound, or everything */
/* The next subjects behind `key` (which moves on), at most `most`. Negative: an error. All must be on disk. */
int shadow_next(struct shadow *s, struct bytes *key, struct subject *out, unsigned most);
/* A subject's part as an effect's body, in `out`; empty where there is nothing. */
int shadow_body(struct shadow *s, const struct subject *subject, const struct fill *fill, struct bytes *out);
/* Subjects that others were merged into by entries behind `seq`: they are to be filled again. Lent until the next call
 * that applies; taken. */
void shadow_watch_merges(struct shadow *s, uint64_t seq);
size_t shadow_take_merged(struct shadow *s, struct subject **out);
/* Merges whose effects the journal has not shown yet. */
size_t shadow_pending(const struct shadow *s);
/* They will not come: the pack that was active had nothing to merge there. Done now. */
int shadow_settle(struct shadow *s);

#endif
