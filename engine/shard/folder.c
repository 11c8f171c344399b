/* shard/folder.c: see folder.h. The thread sleeps until there is a segment to go: while nothing is let go, it costs
 * nothing. Then it works behind everything else, and the segment waits for it. */
#include "shard/backfill.h"
#include "shard/eraser.h"
#include "shard/folder.h"
#include "shard/parts.h"

#include "base/check.h"
#include "base/log.h"
#include "base/thread.h"
#include "history/base.h"

#include <stdlib.h>
#include <time.h>

#define NICE 19 /* shards, journal and store come first */
#define AGAIN_S 5 /* after an error: a full disk, most likely */

struct folder {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	uint64_t mark; /* asked for, not done */
	_Atomic bool stop, busy;
	struct base_fold *fold;
};

int folder_open_base(struct engine *e)
{
	return e->config.base ? store_open_named(&e->base, e->data, "base", 0, false) : ERR_OK;
}

void folder_retire(struct engine *e, uint64_t seq)
{
	uint64_t tail = journal_tail_bytes(e->journal, atomic_load(&e->mark));
	if (store_sync(e->store) != ERR_OK ||
	    journal_retire(e->journal, seq, e->config.journal_keep_bytes + tail) != ERR_OK)
		log_warn("old journal segments stay: %s", error_last()->text);
}

/* A segment is in the base store, for good, before it goes; and only then the next: what the base store is ahead of the
 * journal nobody can explain who has a past before it. Nothing goes while a backfill runs, which reads the journal from
 * its beginning: that is asked for again later. */
static int fold(struct engine *e, struct folder *f, uint64_t mark)
{
	uint64_t tail = journal_tail_bytes(e->journal, mark);
	uint64_t to = journal_retirable(e->journal, mark, e->config.journal_keep_bytes + tail), seq, before = 0;
	while (!backfill_runs(e) && !eraser_holds(e) && (seq = journal_oldest_last(e->journal)) > before && seq <= to) {
		int result = base_fold_to(f->fold, seq, &f->stop);
		if (result == ERR_OK)
			result = store_sync(e->base);
		if (result != ERR_OK)
			return result;
		if (!backfill_runs(e) && !eraser_holds(e)) /* it may have begun in between */
			folder_retire(e, seq);
		before = seq;
	}
	return ERR_OK;
}

/* 0: to stop. */
static uint64_t await(struct folder *f, bool again)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += AGAIN_S;
	pthread_mutex_lock(&f->lock);
	while (!atomic_load(&f->stop) && (again || !f->mark))
		if (!again)
			pthread_cond_wait(&f->asked, &f->lock);
		else if (pthread_cond_timedwait(&f->asked, &f->lock, &until) != 0)
			again = false;
	uint64_t mark = atomic_load(&f->stop) ? 0 : f->mark;
	pthread_mutex_unlock(&f->lock);
	return mark;
}

static void done(struct folder *f, uint64_t mark)
{
	pthread_mutex_lock(&f->lock);
	if (f->mark == mark)
		f->mark = 0;
	pthread_mutex_unlock(&f->lock);
}

static void *run(void *arg)
{
	struct engine *e = arg;
	struct folder *f = e->folder;
	int result = ERR_OK;
	uint64_t mark;
	thread_step_back(NICE);
	while ((mark = await(f, result != ERR_OK)) != 0) {
		atomic_store(&f->busy, true);
		result = fold(e, f, mark);
		atomic_store(&f->busy, false);
		if (result == ERR_OK)
			done(f, mark);
		else if (result != ERR_CLOSED)
			log_warn("the base store does not take what is to go from the journal, which stays: %s",
				 error_last()->text);
	}
	return NULL;
}

bool folder_ask(struct engine *e, uint64_t mark)
{
	struct folder *f = e->folder;
	if (!f)
		return false;
	pthread_mutex_lock(&f->lock);
	f->mark = mark;
	pthread_cond_signal(&f->asked);
	pthread_mutex_unlock(&f->lock);
	return true;
}

bool folder_is_busy(const struct engine *e)
{
	return e->folder && atomic_load(&e->folder->busy);
}

/* What went before there was a base store cannot be brought back: then there is none. */
static int open_fold(struct engine *e, struct base_fold **out)
{
	int result = base_fold_open(out, e->journal, e->store, e->base);
	if (result != ERR_MISSING)
		return result;
	log_warn("no base store is kept: %s. Explanations reach back to the journal's first entry", error_last()->text);
	store_close(e->base);
	e->base = NULL;
	return ERR_OK;
}

int folder_start(struct engine *e)
{
	struct base_fold *fold = NULL;
	if (!e->base)
		return ERR_OK;
	int result = open_fold(e, &fold);
	if (result != ERR_OK || !fold)
		return result;
	struct folder *f = must_calloc(1, sizeof(*f));
	f->fold = fold;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->asked, NULL);
	e->folder = f;
	CHECK(pthread_create(&f->thread, NULL, run, e) == 0);
	pthread_setname_np(f->thread, "fold");
	return ERR_OK;
}

void folder_stop(struct engine *e)
{
	struct folder *f = e->folder;
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	atomic_store(&f->stop, true);
	pthread_cond_signal(&f->asked);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	base_fold_close(f->fold);
	pthread_cond_destroy(&f->asked);
	pthread_mutex_destroy(&f->lock);
	free(f);
	e->folder = NULL;
}
