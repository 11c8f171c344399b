/* shard/storer.c: the store thread: commits the shards' chunks, each after the journal has what it needs on disk, moves
 * the low-water mark, and lets old journal segments go.
 *
 * What the store's META table holds: `journal` (whose store it is), `mark` (low-water), `newest` (entry that a record knows), `shard marks` are only in memory; `activation:SEQ` and
 * `bundle:HASH` (which pack was active from which sequence), `tests:HASH`, `warm:SEQ` (past.h, warm.h), `aside:SEQ` (rules
 * set aside). */
#include "shard/backfill.h"
#include "shard/eraser.h"
#include "shard/finder.h"
#include "shard/folder.h"
#include "shard/parts.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct storer {
	pthread_t thread;
	struct queue *queue;
	uint64_t marks[LIMIT_SHARDS];
	bool failed[LIMIT_SHARDS]; /* a chunk of the shard's sweep was not committed: its end moves no mark */
	pthread_mutex_t lock; /* of writing to the store: chunks and notes */
	_Atomic bool stop;
};

/* Retiring needs a synced store, which costs two flushes: not before a segment's worth could go. */
static uint64_t sync_every_bytes(const struct engine *e)
{
	return e->config.segment_bytes ? e->config.segment_bytes : JOURNAL_SEGMENT_BYTES;
}

static int put_number(struct store_write *w, struct slice key, uint64_t n)
{
	struct bytes value = { 0 };
	bytes_put_u64(&value, n);
	int result = store_put(w, STORE_META, key, bytes_slice(&value));
	bytes_finish(&value);
	return result;
}

int chunk_write(struct engine *e, struct store_chunk *c, uint64_t engine_mark)
{
	struct store_write *w;
	int result = store_begin(e->store, &w);
	if (result != ERR_OK)
		return result;
	result = chunk_apply(e, c, w);
	if (result == ERR_OK && c->durable_first > e->newest_stored)
		result = put_number(w, SLICE("newest"), c->durable_first);
	if (result == ERR_OK && c->durable_first > e->newest_stored)
		result = put_number(w, SLICE(FINDER_NEWEST), c->durable_first);
	if (result == ERR_OK && engine_mark) {
		(void)fault_hit(store_before_mark);
		result = put_number(w, SLICE("mark"), engine_mark);
	}
	if (result != ERR_OK) {
		store_abort(w);
		return result;
	}
	result = store_commit(w);
	if (result == ERR_OK && c->durable_first > e->newest_stored)
		e->newest_stored = c->durable_first;
	return result;
}

static uint64_t lowest(const struct engine *e, const struct storer *t)
{
	uint64_t low = UINT64_MAX;
	for (unsigned i = 0; i < e->shard_count; i++)
		low = t->marks[i] < low ? t->marks[i] : low;
	return low;
}

/* The mark does not pass a global change that is not noted in the store: recovery reads it from the journal then. */
uint64_t mark_before_notes(const struct engine *e, uint64_t mark)
{
	uint64_t pending = atomic_load(&e->note_pending);
	return pending && mark >= pending ? pending - 1 : mark;
}

/* At the end of a shard's sweep: where the engine's mark may move to. It never goes back: what was stored stays stored. */
static uint64_t new_mark(struct engine *e, struct storer *t, const struct store_chunk *c)
{
	unsigned shard = c->shard->index;
	if (!t->failed[shard] && c->mark > t->marks[shard])
		t->marks[shard] = c->mark;
	t->failed[shard] = false;
	uint64_t mark = mark_before_notes(e, lowest(e, t));
	return mark > atomic_load(&e->mark) ? mark : 0;
}

static void retire(struct engine *e, uint64_t mark)
{
	uint64_t kept = journal_tail_bytes(e->journal, 0), tail = journal_tail_bytes(e->journal, mark);
	if (kept - tail < e->config.journal_keep_bytes + sync_every_bytes(e) || backfill_runs(e) || eraser_holds(e))
		return;
	if (!folder_ask(e, mark))
		folder_retire(e, mark);
}

static void commit(struct engine *e, struct storer *t, struct store_chunk *c)
{
	uint64_t mark = 0;
	pthread_mutex_lock(&t->lock);
	if (c->last)
		mark = new_mark(e, t, c);
	uint64_t from_ns = clock_mono_ns();
	c->result = c->count || mark ? chunk_write(e, c, mark) : ERR_OK;
	counter_add(&e->store_commits.ns, clock_mono_ns() - from_ns);
	counter_add(&e->store_commits.items, c->count);
	pthread_mutex_unlock(&t->lock);
	if (c->result != ERR_OK) {
		/* The mark that this would have brought is not lost: each sweep's end computes it anew. */
		if (c->last)
			t->marks[c->shard->index] = atomic_load(&e->mark);
		else
			t->failed[c->shard->index] = true;
		/* A full disk surfaces here too: records stay dirty, the journal keeps them, and the next sweep tries
		 * again. */
		log_error("store: %s; records stay in memory and in the journal", error_last()->text);
		return;
	}
	if (c->notes)
		finder_wake(e);
	if (mark) {
		atomic_store(&e->mark, mark);
		retire(e, mark);
	}
}

static void *run(void *arg)
{
	struct engine *e = arg;
	struct storer *t = e->storer;
	void *items[64];
	while (!atomic_load(&t->stop)) {
		size_t n = queue_wait(t->queue, items, 64);
		for (size_t i = 0; i < n; i++) {
			struct store_chunk *c = items[i];
			if (!c)
				continue; /* woken to stop */
			/* The store never runs ahead of the journal: its mark may cover entries of others, or of no record. */
			journal_wait(e->journal, c->last && c->mark > c->durable_first ? c->mark : c->durable_first);
			commit(e, t, c);
			struct work w = { .kind = WORK_STORED, .home = c->shard, .chunk = c };
			struct work *h = work_to_heap(&w);
			while (!queue_push(c->shard->queue, h))
				usleep(1000); /* the shard is behind by thousands of works: so may the store be */
		}
	}
	return NULL;
}

int storer_start(struct engine *e)
{
	struct storer *t = must_calloc(1, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	int result = queue_create(&t->queue, 4096);
	if (result != ERR_OK) {
		free(t);
		return result;
	}
	for (unsigned i = 0; i < e->shard_count; i++)
		t->marks[i] = atomic_load(&e->mark);
	e->storer = t;
	if (pthread_create(&t->thread, NULL, run, e) != 0)
		return error_errno("cannot start the store thread");
	pthread_setname_np(t->thread, "store");
	return ERR_OK;
}

void storer_send(struct engine *e, struct store_chunk *c)
{
	bool sent = queue_push(e->storer->queue, c);
	CHECK(sent); /* at most CHUNKS_OUT_MAX a shard are out */
}

void storer_stop(struct engine *e)
{
	struct storer *t = e->storer;
	if (!t)
		return;
	atomic_store(&t->stop, true);
	queue_push(t->queue, NULL);
	pthread_join(t->thread, NULL);
	void *items[64];
	size_t n;
	while ((n = queue_pop_all(t->queue, items, 64)))
		for (size_t i = 0; i < n; i++)
			chunk_destroy(items[i]);
	queue_destroy(t->queue);
	pthread_mutex_destroy(&t->lock);
	free(t);
	e->storer = NULL;
}

static int put_named(struct store_write *w, const char *what, const char *name, struct slice value)
{
	struct bytes key = { 0 };
	bytes_printf(&key, "%s:%s", what, name);
	int result = store_put(w, STORE_META, bytes_slice(&key), value);
	bytes_finish(&key);
	return result;
}

static int put_numbered(struct store_write *w, const char *what, uint64_t seq, struct slice value)
{
	char name[24];
	snprintf(name, sizeof(name), "%020llu", (unsigned long long)seq);
	return put_named(w, what, name, value);
}

struct note {
	const struct past *line;
	struct slice bundle, tests;
	uint64_t seq;
	struct slice rule; /* or the value of the backfill, or of the walk */
};

static int put_activation(struct engine *e, struct store_write *w, const struct note *n)
{
	struct bytes value = { 0 };
	past_encode(n->line, &value);
	int result = put_numbered(w, "activation", n->line->seq, bytes_slice(&value));
	if (result == ERR_OK && n->bundle.len)
		result = put_named(w, "bundle", n->line->hash, n->bundle);
	if (result == ERR_OK && n->tests.len)
		result = put_named(w, "tests", n->line->hash, n->tests);
	bytes_clear(&value);
	warms_encode(&e->warms, &value);
	if (result == ERR_OK)
		result = put_numbered(w, "warm", n->line->seq, bytes_slice(&value));
	bytes_clear(&value);
	known_actions_encode(&e->known_actions, &value);
	if (result == ERR_OK)
		result = store_put(w, STORE_META, SLICE("actions"), bytes_slice(&value));
	bytes_finish(&value);
	uint64_t mark = atomic_load(&e->mark), first = journal_first(e->journal);
	return result == ERR_OK ? pasts_prune(&e->past, w, mark < first ? mark : first) : result;
}

static int put_aside(struct engine *e, struct store_write *w, const struct note *n)
{
	return put_numbered(w, "aside", n->seq, n->rule);
}

/* Taken with the lock while chunks are being written by the thread; without a thread (start) there is nobody to lock
 * out. */
static int note(struct engine *e, int (*put)(struct engine *e, struct store_write *w, const struct note *n),
		const struct note *n)
{
	struct store_write *w;
	if (e->storer)
		pthread_mutex_lock(&e->storer->lock);
	int result = store_begin(e->store, &w);
	if (result == ERR_OK) {
		result = put(e, w, n);
		if (result == ERR_OK)
			result = store_commit(w);
		else
			store_abort(w);
	}
	if (e->storer)
		pthread_mutex_unlock(&e->storer->lock);
	return result;
}

int storer_note_activation(struct engine *e, const struct past *line, struct slice bundle, struct slice tests)
{
	const struct note n = { .line = line, .bundle = bundle, .tests = tests };
	return note(e, put_activation, &n);
}

int storer_note_aside(struct engine *e, uint64_t seq, struct slice rule)
{
	const struct note n = { .seq = seq, .rule = rule };
	return note(e, put_aside, &n);
}

int storer_write(struct engine *e, int (*make)(void *what, struct store_write *w), void *what)
{
	struct store_write *w;
	pthread_mutex_lock(&e->storer->lock);
	int result = store_begin(e->store, &w);
	if (result == ERR_OK) {
		result = make(what, w);
		if (result == ERR_OK)
			result = store_commit(w);
		else
			store_abort(w);
	}
	pthread_mutex_unlock(&e->storer->lock);
	return result;
}

static int put_walk(struct engine *e, struct store_write *w, const struct note *n)
{
	return n->rule.len ? store_put(w, STORE_META, SLICE("walk"), n->rule) : store_delete(w, STORE_META, SLICE("walk"));
}

int storer_note_walk(struct engine *e, struct slice value)
{
	const struct note n = { .rule = value };
	return note(e, put_walk, &n);
}

static int put_backfill(struct engine *e, struct store_write *w, const struct note *n)
{
	struct bytes value = { 0 };
	int result = n->rule.len ? store_put(w, STORE_META, SLICE("backfill"), n->rule) :
				   store_delete(w, STORE_META, SLICE("backfill"));
	if (result == ERR_OK && n->seq) {
		warms_encode(&e->warms, &value);
		result = put_numbered(w, "warm", n->seq, bytes_slice(&value));
	}
	bytes_finish(&value);
	return result;
}

int storer_note_backfill(struct engine *e, struct slice value, uint64_t done_seq)
{
	const struct note n = { .seq = done_seq, .rule = value };
	return note(e, put_backfill, &n);
}

void storer_alone(struct engine *e, bool begin)
{
	if (begin)
		pthread_mutex_lock(&e->storer->lock);
	finder_forget(e); /* and at the end: what it gathered meanwhile is as it was before */
	if (!begin)
		pthread_mutex_unlock(&e->storer->lock);
}
