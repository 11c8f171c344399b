/* shard/told.c: the history of activations, and what the active pack keeps since when, as answers. On a loop's thread. */
#include "shard/told.h"
#include "shard/backfill.h"
#include "shard/control.h"
#include "shard/parts.h"

#include "script/kept.h"
#include "wire/response.h"

#define PAST_DEFAULT 100u

static struct slice origin_name(uint8_t origin)
{
	static const char *const names[] = { "", "client", "folder", "rollback" };
	return slice_of(origin <= PAST_ROLLBACK ? names[origin] : "");
}

/* Newest first; the strings are lent from the lines. Behind the lock. */
static struct wire_past *past_lines(const struct engine *e, size_t limit, struct arena *arena, size_t *count)
{
	const struct pasts *p = &e->past;
	size_t most = limit && limit < LIMIT_PAST_LINES ? limit : limit ? LIMIT_PAST_LINES : PAST_DEFAULT;
	*count = p->count < most ? p->count : most;
	struct wire_past *out = arena_calloc(arena, *count + 1, sizeof(*out));
	for (size_t i = 0; i < *count; i++) {
		size_t at = p->count - 1 - i;
		const struct past *line = &p->items[at];
		out[i] = (struct wire_past){ .name = slice_of(line->name),
					     .hash = slice_of(line->hash),
					     .by = slice_of(line->by),
					     .origin = origin_name(line->origin),
					     .time_ms = line->time_ms,
					     .uid = line->uid,
					     .seq = line->seq,
					     .back_to = line->back_to,
					     .rules = line->rules,
					     .actions = line->actions,
					     .series_kept = line->series_kept,
					     .series_new = line->series_new,
					     .tests = line->tests,
					     .untested = line->untested,
					     .active = i == 0,
					     .undone = pasts_undone(p, at),
					     .kept = !line->pruned,
					     .backfill = line->backfill };
	}
	return out;
}

static struct slice declared_kind(uint8_t kind)
{
	static const char *const kinds[] = { "", "series", "tally", "case" };
	return kind < WARM_KEPT ? slice_of(kinds[kind]) : kept_kind_name(kind - WARM_KEPT);
}

static struct wire_warm declared_of(const struct engine *e, uint8_t kind, uint32_t id, struct slice name, uint8_t about)
{
	static const char *const abouts[] = { "customer", "member", "agent", "area" };
	const struct warm *w = warms_find(&e->warms, kind, id);
	struct wire_warm out = { .name = name, .kind = declared_kind(kind), .about = slice_of(abouts[about]) };
	if (w) {
		out.since_ms = w->since_ms;
		out.since_seq = w->since_seq;
		out.keep_ms = w->keep_ms;
		out.is_new = w->fresh;
		out.filled = w->filled;
		out.filling = backfill_runs(e) && backfill_fills(e, w);
	} else if (e->past.count) { /* activated by a build that did not note it */
		out.since_ms = e->past.items[e->past.count - 1].time_ms;
		out.since_seq = e->past.items[e->past.count - 1].seq;
	}
	return out;
}

struct wire_warm *told_declared(const struct engine *e, const struct pack *p, struct arena *arena, size_t *count)
{
	struct kept kept[KEPT_MAX];
	unsigned kept_count = pack_kept(p, kept);
	struct wire_warm *out = arena_calloc(arena, p->series_count + p->case_count + kept_count + 1, sizeof(*out));
	*count = 0;
	for (unsigned i = 0; i < p->series_count; i++) {
		const struct series_decl *s = &p->series[i];
		out[(*count)++] = declared_of(e, s->tally ? WARM_TALLY : WARM_SERIES, s->id, str_slice(s->name), s->about);
	}
	for (unsigned i = 0; i < p->case_count; i++)
		out[(*count)++] = declared_of(e, WARM_CASE, p->cases[i].id, str_slice(p->cases[i].name), p->cases[i].about);
	for (unsigned i = 0; i < kept_count; i++)
		out[(*count)++] = declared_of(e, (uint8_t)(WARM_KEPT + kept[i].kind), kept[i].id, kept[i].name, ABOUT_CUSTOMER);
	return out;
}

void told_history(struct shard *s, const struct request *r, struct bytes *out)
{
	struct engine *e = s->engine;
	const struct pack *p = s->machine.pack;
	size_t lines = 0, declared = 0;
	struct wire_past *past = NULL;
	struct wire_warm *warm = NULL;
	pthread_mutex_lock(&e->lock);
	if (r->rules.history)
		past = past_lines(e, r->rules.limit, &s->arena, &lines);
	if (r->rules.series)
		warm = told_declared(e, p, &s->arena, &declared);
	struct wire_backfill fill;
	bool told = backfill_told(e, &fill);
	response_history(out, r->id, str_slice(p->name), slice_of(p->hash_text), past, lines, warm, declared,
			 told ? &fill : NULL);
	pthread_mutex_unlock(&e->lock);
}
