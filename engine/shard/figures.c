/* shard/figures.c: two rings of rows, each with the reading that its next row begins at. */
#include "shard/figures.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "shard/figures_read.h"
#include "shard/parts.h"

#include <stdlib.h>

/* An answer with the day of the largest daemon, with the names and texts of its figures, is one frame. */
_Static_assert(FIGURES_LONG_KEPT * (FIGURES_MAX * 8u + 12u) + FIGURES_MAX * 256u < LIMIT_FRAME_BYTES, "History fits a frame");

struct ring {
	uint32_t step_ms, cap, count, head; /* head: where the next row goes */
	struct reading last;
	int64_t *ends_ms;
	uint32_t *spans_ms;
	double *values;
};

enum { SHORT, LONG, RINGS };

struct figures {
	pthread_mutex_t lock; /* of what is answered; samples are made by one thread */
	bool begun;
	struct reading now;
	size_t columns;
	struct wire_figure list[FIGURES_MAX];
	double row[FIGURES_MAX];
	struct ring rings[RINGS];
};

static void ring_init(struct ring *r, uint32_t step_ms, uint32_t cap)
{
	*r = (struct ring){ .step_ms = step_ms, .cap = cap };
}

struct figures *figures_create(void)
{
	struct figures *f = must_calloc(1, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	ring_init(&f->rings[SHORT], FIGURES_STEP_MS, FIGURES_KEPT);
	ring_init(&f->rings[LONG], FIGURES_LONG_STEP_MS, FIGURES_LONG_KEPT);
	return f;
}

void figures_destroy(struct figures *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < RINGS; i++) {
		free(f->rings[i].ends_ms);
		free(f->rings[i].spans_ms);
		free(f->rings[i].values);
	}
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Nothing is read yet: what was counted between the start and the first call belongs to the first row. */
static void begin(struct figures *f, const struct engine *e, const struct figures_seen *seen)
{
	struct reading none = { .ns = seen->now_ns, .ms = seen->now_ms };
	memcpy(none.shard_cpu_ns, seen->shard_cpu_ns, sizeof(none.shard_cpu_ns)); /* recovery's */
	pthread_mutex_lock(&f->lock);
	f->columns = figures_list(e->shard_count, f->list);
	for (unsigned i = 0; i < RINGS; i++) {
		struct ring *r = &f->rings[i];
		r->last = none;
		r->ends_ms = must_calloc(r->cap, sizeof(r->ends_ms[0]));
		r->spans_ms = must_calloc(r->cap, sizeof(r->spans_ms[0]));
		r->values = must_calloc((size_t)r->cap * f->columns, sizeof(r->values[0]));
	}
	f->begun = true;
	pthread_mutex_unlock(&f->lock);
}

/* Half a step early is in time: a timer is late by a little, never early. */
static bool is_due(const struct ring *r, uint64_t now_ns)
{
	return now_ns - r->last.ns >= (r->step_ms - FIGURES_STEP_MS / 2) * 1000000ull;
}

static void add(struct figures *f, struct ring *r, unsigned shards)
{
	figures_row(&r->last, &f->now, shards, f->row);
	pthread_mutex_lock(&f->lock);
	r->ends_ms[r->head] = f->now.ms;
	r->spans_ms[r->head] = (uint32_t)((f->now.ns - r->last.ns) / 1000000u);
	memcpy(r->values + r->head * f->columns, f->row, f->columns * sizeof(f->row[0]));
	r->head = (r->head + 1) % r->cap;
	r->count += r->count < r->cap;
	pthread_mutex_unlock(&f->lock);
	r->last = f->now;
}

void engine_sample(struct engine *e, const struct figures_seen *seen)
{
	struct figures *f = e->figures;
	if (!f->begun) {
		begin(f, e, seen);
		return;
	}
	figures_read(e, seen, &f->now);
	for (unsigned i = 0; i < RINGS; i++)
		if (is_due(&f->rings[i], seen->now_ns))
			add(f, &f->rings[i], e->shard_count);
}

/* The rows that end after `since_ms`, oldest first, as one piece of memory each. */
struct rows {
	size_t count;
	int64_t *ends_ms;
	uint32_t *spans_ms;
	double *values;
};

static void copy_rows(const struct figures *f, const struct ring *r, int64_t since_ms, struct rows *out)
{
	out->ends_ms = must_calloc(r->count + 1, sizeof(out->ends_ms[0]));
	out->spans_ms = must_calloc(r->count + 1, sizeof(out->spans_ms[0]));
	out->values = must_calloc(r->count * f->columns + 1, sizeof(out->values[0]));
	for (uint32_t i = 0; i < r->count; i++) {
		uint32_t at = (r->head + r->cap - r->count + i) % r->cap;
		if (r->ends_ms[at] <= since_ms)
			continue;
		out->ends_ms[out->count] = r->ends_ms[at];
		out->spans_ms[out->count] = r->spans_ms[at];
		memcpy(out->values + out->count * f->columns, r->values + at * f->columns,
		       f->columns * sizeof(f->row[0]));
		out->count++;
	}
}

static const struct ring *ring_for(const struct figures *f, int64_t since_ms, int64_t step_ms, int64_t now_ms)
{
	const struct ring *fine = &f->rings[SHORT], *coarse = &f->rings[LONG];
	if (step_ms == 0)
		return since_ms == 0 || since_ms >= now_ms - (int64_t)fine->step_ms * fine->cap ? fine : coarse;
	return step_ms == fine->step_ms ? fine : step_ms == coarse->step_ms ? coarse : NULL;
}

int engine_history(struct engine *e, uint64_t request_id, int64_t since_ms, int64_t step_ms, struct bytes *out)
{
	struct figures *f = e->figures;
	int64_t now_ms = clock_wall_ms();
	const struct ring *r = ring_for(f, since_ms, step_ms, now_ms);
	struct rows rows = { 0 };
	if (!r)
		return error_set(ERR_INVALID, "step_ms",
				 "samples are kept every %u ms for an hour and every %u ms for a day: ask for one of these",
				 FIGURES_STEP_MS, FIGURES_LONG_STEP_MS);
	pthread_mutex_lock(&f->lock);
	copy_rows(f, r, since_ms, &rows);
	struct wire_history h = {
		.step_ms = r->step_ms,
		.keep_ms = (int64_t)r->step_ms * r->cap,
		.started_ms = now_ms - (int64_t)((clock_mono_ns() - e->started_ns) / 1000000u),
		.now_ms = now_ms,
		.sampled = f->begun,
		.figures = f->list,
		.figure_count = f->columns,
	};
	pthread_mutex_unlock(&f->lock);
	h.ends_ms = rows.ends_ms;
	h.spans_ms = rows.spans_ms;
	h.values = rows.values;
	h.count = rows.count;
	response_history_of_figures(out, request_id, &h); /* f->list does not change any more */
	free(rows.ends_ms);
	free(rows.spans_ms);
	free(rows.values);
	return ERR_OK;
}
