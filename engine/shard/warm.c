/* shard/warm.c: see warm.h. */
#include "shard/warm.h"

#include "base/check.h"
#include "script/kept.h"

#include <stdlib.h>

enum { FLAG_FRESH = 1, FLAG_FILLED = 2 };

#define WARMS_MAX (2 * LIMIT_SERIES)

/* Series and tallies have their ids in common; each other kind has its own. */
static uint8_t family(uint8_t kind)
{
	return kind == WARM_TALLY ? WARM_SERIES : kind;
}

const struct warm *warms_find(const struct warms *w, uint8_t kind, uint32_t id)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].id == id && family(w->items[i].kind) == family(kind))
			return &w->items[i];
	return NULL;
}

static struct warm warm_of(const struct warms *old, struct warm fresh)
{
	const struct warm *before = old ? warms_find(old, fresh.kind, fresh.id) : NULL;
	if (!before)
		return fresh;
	struct warm w = *before;
	int64_t reaches_ms = fresh.since_ms - before->keep_ms;
	w.fresh = false;
	w.keep_ms = fresh.keep_ms;
	if (fresh.keep_ms > before->keep_ms && reaches_ms > w.since_ms)
		w.since_ms = reaches_ms;
	return w;
}

void warms_of(struct warms *out, const struct pack *p, const struct warms *old, uint64_t seq, int64_t time_ms)
{
	struct kept kept[KEPT_MAX];
	unsigned kept_count = pack_kept(p, kept);
	*out = (struct warms){ must_calloc(p->series_count + p->case_count + kept_count + 1, sizeof(out->items[0])), 0 };
	for (unsigned i = 0; i < p->series_count; i++) {
		const struct series_decl *s = &p->series[i];
		out->items[out->count++] =
			warm_of(old, (struct warm){ s->id, s->tally ? WARM_TALLY : WARM_SERIES, true, false, time_ms,
						    s->window.keep_ms, seq });
	}
	for (unsigned i = 0; i < p->case_count; i++)
		out->items[out->count++] =
			warm_of(old, (struct warm){ p->cases[i].id, WARM_CASE, true, false, time_ms, 0, seq });
	for (unsigned i = 0; i < kept_count; i++) {
		uint8_t kind = (uint8_t)(WARM_KEPT + kept[i].kind);
		struct warm fresh = { kept[i].id, kind, true, false, time_ms, 0, seq };
		struct warm *w = &out->items[out->count++];
		*w = warm_of(old, fresh);
		w->keep_ms = kept[i].looks_ms; /* what is kept is the same, however far back somebody looks */
	}
}

void warms_copy(struct warms *out, const struct warms *from)
{
	*out = (struct warms){ must_calloc(from->count + 1, sizeof(from->items[0])), from->count };
	if (from->count)
		memcpy(out->items, from->items, from->count * sizeof(from->items[0]));
}

void warms_finish(struct warms *w)
{
	free(w->items);
	*w = (struct warms){ 0 };
}

void warms_encode(const struct warms *w, struct bytes *out)
{
	bytes_put_varint(out, w->count);
	for (size_t i = 0; i < w->count; i++) {
		const struct warm *one = &w->items[i];
		bytes_put_u32(out, one->id);
		bytes_put_u8(out, one->kind);
		bytes_put_u8(out, (one->fresh ? FLAG_FRESH : 0) | (one->filled ? FLAG_FILLED : 0));
		bytes_put_zigzag(out, one->since_ms);
		bytes_put_zigzag(out, one->keep_ms);
		bytes_put_varint(out, one->since_seq);
	}
}

bool warms_decode(struct warms *out, struct slice in)
{
	struct reader r = reader_of(in);
	uint64_t count = reader_varint(&r);
	*out = (struct warms){ 0 };
	if (r.bad || count > WARMS_MAX || count > reader_left(&r))
		return false;
	out->items = must_calloc(count + 1, sizeof(out->items[0]));
	for (; out->count < count && !r.bad; out->count++) {
		struct warm *one = &out->items[out->count];
		one->id = reader_u32(&r);
		one->kind = reader_u8(&r);
		uint8_t flags = reader_u8(&r);
		one->fresh = flags & FLAG_FRESH;
		one->filled = flags & FLAG_FILLED;
		one->since_ms = reader_zigzag(&r);
		one->keep_ms = reader_zigzag(&r);
		one->since_seq = reader_varint(&r);
	}
	if (r.bad)
		warms_finish(out);
	return !r.bad;
}
