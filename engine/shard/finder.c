/* shard/finder.c: see finder.h. */
#include "shard/finder.h"
#include "shard/find.h"
#include "shard/parts.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "find/document.h"
#include "find/fold.h"
#include "find/index.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NICE 10 /* shards, journal and store come first */

#define LOOK_CUSTOMERS 256u    /* of a step through all of them: some 5 ms */
/* Many flushed at once write a page of the table once for all (find/index.h), and meanwhile queries look through what is
 * noted. So it waits until nothing new comes, but not for long, nor for very many. */
#define FLUSH_BYTES (64u * MIB)
#define NOTED_MAX 100000u
#define QUIET_NS 250000000u
#define NOTED_NS 10000000000u
#define LOOK_AGAIN_MS 50
#define PAUSE_NS_MAX 20000000u /* between two transactions: as long as one took, and no more than this */
#define RETRY_NS 1000000000u   /* after the store refused */
#define LAYOUT_VERSION 1u      /* of documents and rows */

struct finder {
	pthread_t thread;
	struct queue *queue;
	_Atomic bool stop, noted;
	_Atomic uint64_t noted_ns; /* when something was noted last */
	_Atomic bool forget;       /* what is being flushed was gathered before somebody was erased */
	uint64_t since_ns;         /* the thread's: since when something is; 0: nothing */
	_Atomic unsigned waiting;
	/* behind the lock */
	pthread_mutex_t lock;
	struct search search;
	char *names; /* what search.names lend from */
	bool changed;
	/* the thread's */
	struct search own;
	char *own_names;
	struct strpool *pool;
	struct bytes key, document;
	unsigned next_slot; /* hash slots before it are done; HASH_SLOTS: all */
	bool slot_begun;    /* key: the customer to go on behind */
	_Atomic unsigned told_slot;
	_Atomic uint64_t hash; /* of what documents are to be made by */
	uint64_t looked, retry_ns;
};

static struct finder *finder_of(struct engine *e)
{
	if (!e->finder) {
		e->finder = must_calloc(1, sizeof(*e->finder));
		pthread_mutex_init(&e->finder->lock, NULL);
	}
	return e->finder;
}

static char *copy_search(struct search *to, const struct search *from)
{
	char *names = must_calloc(LIMIT_SEARCH, LIMIT_ATTRIBUTE_NAME_BYTES);
	*to = *from;
	for (unsigned i = 0; i < from->count; i++) {
		char *own = names + (size_t)i * LIMIT_ATTRIBUTE_NAME_BYTES;
		memcpy(own, from->names[i].data, from->names[i].len);
		to->names[i].data = own;
	}
	return names;
}

void finder_search(struct engine *e, const struct search *by)
{
	struct finder *f = finder_of(e);
	pthread_mutex_lock(&f->lock);
	f->changed |= !f->names || by->hash != f->search.hash;
	free(f->names);
	f->names = copy_search(&f->search, by);
	atomic_store(&f->hash, by->hash);
	pthread_mutex_unlock(&f->lock);
	finder_wake(e);
}

/* Noting. */

static int note_now(struct finder *f, struct store_write *w, struct slice key, struct slice record, const struct search *by,
		    struct strpool *pool, struct bytes *document)
{
	struct record *r;
	int result = record_decode(&r, pool, record);
	if (result != ERR_OK)
		return result;
	bytes_clear(document);
	document_make(document, r, by);
	record_destroy(r, pool);
	return index_note(w, key, bytes_slice(document));
}

int finder_note(struct engine *e, struct store_write *w, struct slice key, struct slice document, uint64_t search,
		struct slice record)
{
	struct finder *f = e->finder;
	if (!f || search == atomic_load(&f->hash))
		return index_note(w, key, document);
	struct strpool *pool = strpool_create();
	struct bytes made = { 0 };
	pthread_mutex_lock(&f->lock);
	int result = note_now(f, w, key, record, &f->search, pool, &made);
	pthread_mutex_unlock(&f->lock);
	bytes_finish(&made);
	strpool_destroy(pool);
	return result;
}

/* The state in META. */

static uint64_t version(void)
{
	return fold_version() + LAYOUT_VERSION;
}

static int put_state(void *what, struct store_write *w)
{
	struct finder *f = what;
	struct bytes value = { 0 };
	bytes_put_u64(&value, version());
	bytes_put_u64(&value, f->own.hash);
	bytes_put_u16(&value, (uint16_t)f->next_slot);
	int result = store_put(w, STORE_META, SLICE("words"), bytes_slice(&value));
	bytes_finish(&value);
	return result;
}

static int begin_anew(void *what, struct store_write *w)
{
	struct bytes newest = { 0 };
	struct slice now;
	int result = index_empty(w);
	if (result == ERR_OK)
		result = store_peek(w, STORE_META, SLICE("newest"), &now);
	if (result == ERR_OK) {
		bytes_put(&newest, now.data, now.len);
		result = store_put(w, STORE_META, SLICE(FINDER_NEWEST), bytes_slice(&newest));
	}
	bytes_finish(&newest);
	return result == ERR_OK || result == ERR_MISSING ? put_state(what, w) : result;
}

static uint64_t newest_of(struct engine *e, struct slice key)
{
	struct bytes value = { 0 };
	uint64_t newest = 0;
	if (store_get(e->store, STORE_META, key, &value) == ERR_OK) {
		struct reader r = reader_of(bytes_slice(&value));
		newest = reader_u64(&r);
	}
	bytes_finish(&value);
	return newest;
}

/* Where the words are as the build before left them they are gone on with. */
static int resume(struct engine *e, struct finder *f)
{
	struct bytes value = { 0 };
	int result = store_get(e->store, STORE_META, SLICE("words"), &value);
	struct reader r = reader_of(bytes_slice(&value));
	uint64_t made_by = reader_u64(&r), search = reader_u64(&r);
	unsigned slot = reader_u16(&r);
	bool known = result == ERR_OK && !r.bad && made_by == version() && slot <= HASH_SLOTS &&
		     newest_of(e, SLICE("newest")) == newest_of(e, SLICE(FINDER_NEWEST));
	bytes_finish(&value);
	if (result != ERR_OK && result != ERR_MISSING)
		return result;
	f->next_slot = known && search == f->own.hash ? slot : 0;
	f->slot_begun = false;
	atomic_store(&f->told_slot, f->next_slot);
	if (known && f->next_slot)
		return ERR_OK;
	return storer_write(e, known ? put_state : begin_anew, f);
}

/* Takes over what documents are to be made by. */
static int take_search(struct engine *e, struct finder *f)
{
	pthread_mutex_lock(&f->lock);
	bool changed = f->changed;
	f->changed = false;
	if (changed) {
		free(f->own_names);
		f->own_names = copy_search(&f->own, &f->search);
	}
	pthread_mutex_unlock(&f->lock);
	int result = changed ? resume(e, f) : ERR_OK;
	if (result != ERR_OK) {
		pthread_mutex_lock(&f->lock);
		f->changed = true;
		pthread_mutex_unlock(&f->lock);
	}
	return result;
}

/* Looking at all stored customers. */

struct looking {
	struct finder *finder;
	struct store_write *w;
	unsigned count;
	struct bytes last;
	struct engine *engine;
};

static int look_at(void *arg, struct slice key, struct slice value)
{
	struct looking *l = arg;
	struct finder *f = l->finder;
	struct subject subject;
	int result = subject_from_key(key, &subject);
	if (result != ERR_OK)
		return result;
	if ((uint8_t)key.data[0] != f->next_slot || subject.kind != SUBJECT_CUSTOMER)
		return 1;
	bytes_clear(&l->last);
	bytes_put(&l->last, key.data, key.len);
	result = note_now(f, l->w, key, value, &f->own, f->pool, &f->document);
	if (result != ERR_OK)
		return result;
	f->looked++;
	return ++l->count == LOOK_CUSTOMERS;
}

/* The customers of one hash slot, a step of them: keys are slot, kind, id, and customers are the first kind. Nobody else
 * writes meanwhile, so what is read is what this transaction begins with. */
static int look_step(void *what, struct store_write *w)
{
	struct looking *l = what;
	struct finder *f = l->finder;
	l->w = w;
	if (!f->slot_begun) {
		bytes_clear(&f->key);
		bytes_put_u8(&f->key, (uint8_t)f->next_slot);
	}
	int result = store_scan(l->engine->store, STORE_RECORDS, bytes_slice(&f->key), look_at, l);
	if (result < 0)
		return result;
	bool through = l->count < LOOK_CUSTOMERS;
	f->next_slot += through;
	f->slot_begun = !through;
	bytes_clear(&f->key);
	bytes_put(&f->key, l->last.data, l->last.len);
	bytes_put_u8(&f->key, 0); /* behind it */
	return through ? put_state(f, w) : ERR_OK;
}

static void answer_waiting(struct engine *e, struct finder *f);

static void pause_after(struct engine *e, struct finder *f, uint64_t from_ns)
{
	uint64_t took = clock_mono_ns() - from_ns;
	struct timespec pause = { .tv_nsec = (long)(took < PAUSE_NS_MAX ? took : PAUSE_NS_MAX) };
	answer_waiting(e, f);
	if (!atomic_load(&f->stop))
		nanosleep(&pause, NULL);
	answer_waiting(e, f);
}

static int look_some(struct engine *e, struct finder *f)
{
	struct looking l = { .finder = f, .engine = e };
	unsigned slot = f->next_slot;
	uint64_t from_ns = clock_mono_ns();
	int result = storer_write(e, look_step, &l);
	if (result != ERR_OK) { /* nothing of it was written */
		f->next_slot = slot;
		f->slot_begun = false;
	}
	bytes_finish(&l.last);
	atomic_store(&f->told_slot, f->next_slot);
	if (result == ERR_OK && l.count)
		pause_after(e, f, from_ns);
	if (result == ERR_OK && f->next_slot == HASH_SLOTS && f->looked) {
		log_info("words: %llu stored customers can be found by name", (unsigned long long)f->looked);
		f->looked = 0;
	}
	return result;
}

/* Making words of what was noted. */

void finder_forget(struct engine *e)
{
	if (e->finder)
		atomic_store(&e->finder->forget, true);
}

struct flush_step {
	struct finder *finder;
	int (*make)(void *what, struct store_write *w);
	void *what;
};

/* With the lock that whoever erases has taken before. */
static int flush_step(void *arg, struct store_write *w)
{
	struct flush_step *s = arg;
	return atomic_load(&s->finder->forget) ? ERR_CLOSED : s->make(s->what, w);
}

static int flush_write(void *arg, int (*make)(void *what, struct store_write *w), void *what)
{
	struct engine *e = arg;
	struct finder *f = e->finder;
	uint64_t from_ns = clock_mono_ns();
	if (atomic_load(&f->stop))
		return ERR_CLOSED; /* the next start goes on */
	struct flush_step one = { f, make, what };
	int result = storer_write(e, flush_step, &one);
	pause_after(e, f, from_ns);
	return result;
}

static int flush(struct engine *e, struct finder *f)
{
	const struct index_writer by = { flush_write, e };
	uint64_t customers = 0;
	int result;
	f->since_ns = 0;
	do {
		atomic_store(&f->noted, false);
		atomic_store(&f->forget, false);
		result = index_flush(e->store, &by, FLUSH_BYTES, &customers);
	} while (result == ERR_OK && customers && !atomic_load(&f->stop));
	if (result != ERR_CLOSED)
		return result;
	atomic_store(&f->noted, true); /* it is gone on with */
	return ERR_OK;
}

static bool many_noted(struct engine *e)
{
	struct store_stats stats;
	return store_stats(e->store, &stats) == ERR_OK && stats.renamed >= NOTED_MAX;
}

static bool time_to_flush(struct engine *e, struct finder *f)
{
	uint64_t now_ns = clock_mono_ns();
	if (!atomic_load(&f->noted))
		return false;
	if (!f->since_ns)
		f->since_ns = now_ns;
	return now_ns - atomic_load(&f->noted_ns) > QUIET_NS || now_ns - f->since_ns > NOTED_NS || many_noted(e);
}

/* One step of what goes on in the background. True: there is more to do. */
static bool work_on(struct engine *e, struct finder *f)
{
	if (f->retry_ns && clock_mono_ns() < f->retry_ns)
		return true;
	int result = take_search(e, f);
	bool looks = f->next_slot < HASH_SLOTS;
	if (result == ERR_OK && (looks ? many_noted(e) : time_to_flush(e, f)))
		result = flush(e, f);
	if (result == ERR_OK && looks) {
		result = look_some(e, f);
		atomic_store(&f->noted, true);
	}
	f->retry_ns = 0;
	if (result != ERR_OK) {
		log_error("words: %s; they are made later", error_last()->text);
		f->retry_ns = clock_mono_ns() + RETRY_NS;
		atomic_store(&f->noted, true);
		return true;
	}
	return f->next_slot < HASH_SLOTS || atomic_load(&f->noted);
}

/* Answering. */

static void push_to(struct finder *f, struct shard *to, struct work *w)
{
	while (!queue_push(to->queue, w)) {
		if (atomic_load(&f->stop)) { /* its loop may not run any more */
			work_abandon(w);
			return;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void answer(struct engine *e, struct finder *f, struct work *w)
{
	if (atomic_load(&f->stop)) {
		work_abandon(w);
	} else {
		find_in_store(e, w);
		push_to(f, w->find.failed ? w->home : e->shards[0], w);
	}
	atomic_fetch_sub(&f->waiting, 1);
}

static void answer_all(struct engine *e, struct finder *f, void **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (items[i]) /* else it was only woken */
			answer(e, f, items[i]);
}

static void answer_waiting(struct engine *e, struct finder *f)
{
	void *items[LIMIT_FIND_WAITING];
	answer_all(e, f, items, queue_pop_all(f->queue, items, LIMIT_FIND_WAITING));
}

/* Until something comes, or there may be something to do again. */
static void wait_a_little(struct finder *f)
{
	struct pollfd fd = { .fd = queue_fd(f->queue), .events = POLLIN };
	if (poll(&fd, 1, LOOK_AGAIN_MS) > 0)
		queue_clear_fd(f->queue);
}

static void *run(void *arg)
{
	struct engine *e = arg;
	struct finder *f = e->finder;
	void *items[LIMIT_FIND_WAITING];
	bool more = true;
	thread_step_back(NICE);
	while (!atomic_load(&f->stop)) {
		if (more)
			answer_waiting(e, f);
		else
			answer_all(e, f, items, queue_wait(f->queue, items, LIMIT_FIND_WAITING));
		if (atomic_load(&f->stop))
			break;
		more = work_on(e, f);
		if (more && (f->retry_ns || f->next_slot == HASH_SLOTS))
			wait_a_little(f);
	}
	return NULL;
}

bool finder_submit(struct engine *e, struct work *w)
{
	struct finder *f = e->finder;
	if (atomic_fetch_add(&f->waiting, 1) >= LIMIT_FIND_WAITING || atomic_load(&f->stop)) {
		atomic_fetch_sub(&f->waiting, 1);
		return false;
	}
	bool pushed = queue_push(f->queue, w);
	if (!pushed)
		atomic_fetch_sub(&f->waiting, 1);
	return pushed;
}

void finder_wake(struct engine *e)
{
	struct finder *f = e->finder;
	if (!f || !f->queue)
		return;
	atomic_store(&f->noted_ns, clock_mono_ns());
	if (atomic_exchange(&f->noted, true))
		return;
	(void)queue_push(f->queue, NULL); /* full: it is awake */
}

unsigned finder_percent(struct engine *e)
{
	struct finder *f = e->finder;
	return f ? atomic_load(&f->told_slot) * 100 / HASH_SLOTS : 0;
}

int finder_start(struct engine *e)
{
	struct finder *f = finder_of(e);
	int result = queue_create(&f->queue, LIMIT_FIND_WAITING * 2);
	if (result != ERR_OK)
		return result;
	f->pool = strpool_create();
	atomic_store(&f->noted, true);
	result = take_search(e, f);
	if (result == ERR_OK && pthread_create(&f->thread, NULL, run, e) != 0)
		result = error_errno("cannot start the finding thread");
	if (result != ERR_OK) {
		queue_destroy(f->queue);
		f->queue = NULL;
		return result;
	}
	pthread_setname_np(f->thread, "find");
	return ERR_OK;
}

void finder_stop(struct engine *e)
{
	struct finder *f = e->finder;
	if (!f || !f->queue)
		return;
	atomic_store(&f->stop, true);
	queue_push(f->queue, NULL);
	pthread_join(f->thread, NULL);
	answer_waiting(e, f); /* they are abandoned */
}

void finder_destroy(struct engine *e)
{
	struct finder *f = e->finder;
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	if (f->queue)
		queue_destroy(f->queue);
	if (f->pool)
		strpool_destroy(f->pool);
	bytes_finish(&f->key);
	bytes_finish(&f->document);
	free(f->names);
	free(f->own_names);
	free(f);
	e->finder = NULL;
}
