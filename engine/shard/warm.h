/* shard/warm.h: since when each series, case and tally of the active pack, and what else it keeps, has its data: it is
 * warm for a span once that much time has passed since. Private to this folder.
 *
 * What the pack just before had as well keeps its time. What is new is warm since its activation, or, once it was filled
 * from the journal (backfill), since the oldest entry kept. A series that now keeps more than before has, as of its
 * activation, what it kept then. In META as `warm:SEQ`, by the activation's sequence; rows of activations that recovery
 * cannot begin at go. */
#ifndef NUDGED_SHARD_WARM_H
#define NUDGED_SHARD_WARM_H

#include "base/bytes.h"
#include "script/pack.h"

enum warm_kind { /* on disk */
	WARM_SERIES = 1,
	WARM_TALLY = 2,
	WARM_CASE = 3,
	WARM_KEPT = 4, /* and those of enum kept_kind behind it: nothing fills them */
};

struct warm {
	uint32_t id; /* the declaration's identity */
	uint8_t kind;
	bool fresh;  /* it came with the active pack */
	bool filled; /* from the journal */
	int64_t since_ms, keep_ms;
	uint64_t since_seq;
};

struct warms {
	struct warm *items; /* series and tallies, then cases, in the pack's order; then the rest */
	size_t count;
};

static inline bool warm_is_fillable(const struct warm *w)
{
	return w->kind == WARM_SERIES || w->kind == WARM_CASE;
}

/* For a pack that is activated at that entry and time, where `old` was the table before. */
void warms_of(struct warms *out, const struct pack *p, const struct warms *old, uint64_t seq, int64_t time_ms);
const struct warm *warms_find(const struct warms *w, uint8_t kind, uint32_t id); /* NULL: not there */
void warms_copy(struct warms *out, const struct warms *from);
void warms_finish(struct warms *w);
void warms_encode(const struct warms *w, struct bytes *out);
bool warms_decode(struct warms *out, struct slice in);

#endif
