/* shard/explainer.c: see explainer.h. Questions wait in a bounded queue and are answered one at a time: each may read much
 * of the journal. What the thread knows (packs, newest entries, a machine) is made when the first one comes. Tables of
 * reports (reports.h) wait in the same queue. */
#include "shard/explainer.h"
#include "shard/parts.h"
#include "shard/reports.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/thread.h"
#include "history/explain.h"

#include <stdlib.h>
#include <time.h>

#define WAITING_MAX 16u
#define NICE 10 /* shards, journal and store come first */
#define ENVELOPE_BYTES 64u

struct explainer {
	pthread_t thread;
	struct queue *queue;
	_Atomic bool stop;
	_Atomic unsigned waiting;
	struct history history;
	bool open;
	struct bytes told;
};

static void fail(struct work *w)
{
	const struct error *e = error_last();
	w->failed = true;
	w->ack.error_code = e->code;
	w->ack.error_field = arena_slice(&w->arena, slice_of(e->field));
	w->ack.error_text = arena_slice(&w->arena, slice_of(e->text));
}

static int explain(struct engine *e, struct explainer *x, struct work *w)
{
	struct request_explain q;
	int result = explain_decode(&q, w->raw, &w->arena);
	if (result == ERR_OK && !x->open)
		result = history_open(&x->history, e->journal, e->store, e->base);
	x->open |= result == ERR_OK;
	bytes_clear(&x->told);
	journal_wait(e->journal, journal_last(e->journal)); /* what was answered a moment ago is to be found */
	if (result == ERR_OK)
		result = history_explain(&x->history, &q, engine_now_ms(e), &x->told);
	if (result == ERR_OK && x->told.len + ENVELOPE_BYTES > LIMIT_FRAME_BYTES)
		result = error_set(ERR_LIMIT, NULL,
				   "the explanation has %zu bytes, more than a frame (limit_frame_bytes %u): nudgectl explain "
				   "--data DIR tells it without one",
				   x->told.len, LIMIT_FRAME_BYTES);
	if (result == ERR_OK)
		response_explanation(&w->answer, w->explain.request_id, bytes_slice(&x->told));
	return result;
}

static void answer(struct engine *e, struct explainer *x, struct work *w)
{
	if ((w->kind == WORK_REPORT ? report_make_table(w) : explain(e, x, w)) != ERR_OK)
		fail(w);
	w->kind = WORK_EXPLAINED;
	while (!queue_push(w->home->queue, w)) {
		if (atomic_load(&x->stop)) { /* its loop may not run any more */
			work_abandon(w);
			return;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void *run(void *arg)
{
	struct engine *e = arg;
	struct explainer *x = e->explainer;
	void *items[WAITING_MAX];
	thread_step_back(NICE);
	while (!atomic_load(&x->stop)) {
		size_t n = queue_wait(x->queue, items, WAITING_MAX);
		for (size_t i = 0; i < n; i++) {
			if (!items[i])
				continue; /* woken to stop */
			if (atomic_load(&x->stop))
				work_abandon(items[i]);
			else
				answer(e, x, items[i]);
			atomic_fetch_sub(&x->waiting, 1);
		}
	}
	return NULL;
}

bool explainer_submit(struct engine *e, struct work *w)
{
	struct explainer *x = e->explainer;
	if (atomic_fetch_add(&x->waiting, 1) >= WAITING_MAX || atomic_load(&x->stop)) {
		atomic_fetch_sub(&x->waiting, 1);
		return false;
	}
	bool pushed = queue_push(x->queue, w);
	CHECK(pushed); /* it has room for all that may wait */
	return true;
}

int explainer_start(struct engine *e)
{
	struct explainer *x = must_calloc(1, sizeof(*x));
	int result = queue_create(&x->queue, WAITING_MAX * 2);
	if (result != ERR_OK) {
		free(x);
		return result;
	}
	e->explainer = x;
	if (pthread_create(&x->thread, NULL, run, e) != 0) {
		queue_destroy(x->queue);
		free(x);
		e->explainer = NULL;
		return error_errno("cannot start the explaining thread");
	}
	pthread_setname_np(x->thread, "explain");
	return ERR_OK;
}

void explainer_stop(struct engine *e)
{
	struct explainer *x = e->explainer;
	void *items[WAITING_MAX];
	size_t n;
	if (!x)
		return;
	atomic_store(&x->stop, true);
	queue_push(x->queue, NULL);
	pthread_join(x->thread, NULL);
	while ((n = queue_pop_all(x->queue, items, WAITING_MAX)))
		for (size_t i = 0; i < n; i++)
			work_abandon(items[i]);
	queue_destroy(x->queue);
	if (x->open)
		history_finish(&x->history);
	bytes_finish(&x->told);
	free(x);
	e->explainer = NULL;
}
