/* shard/walk.c: see walk.h. */
#include "shard/walk.h"

#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/thread.h"
#include "history/apply.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BATCH_CUSTOMERS 64u
#define LOOK_INDEX (UINT32_MAX - 1) /* as an effect of the activation's entry: no other effect has this index */
#define NICE 10

enum looked { LOOKED, LOOK_AGAIN, LOOK_FAILED };

struct walk {
	struct engine *engine;
	pthread_t thread;
	bool started;
	_Atomic bool stop, runs;
	uint64_t pack_seq;
	unsigned next_slot;   /* hash slots before it are done */
	_Atomic unsigned told_slot;
	struct subject batch[BATCH_CUSTOMERS];
	unsigned batch_count;
	/* with shards */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned out;         /* works that are not answered yet */
	bool again, failed;   /* one of them was to be asked again, or failed */
	uint64_t changed;     /* customers for whom there was an entry */
};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* Of a shard. */

static void answer(struct work *w, enum looked looked, bool changed)
{
	struct walk *walk = w->look.walk;
	pthread_mutex_lock(&walk->lock);
	walk->out--;
	walk->again |= looked == LOOK_AGAIN;
	walk->failed |= looked == LOOK_FAILED;
	walk->changed += changed;
	pthread_cond_broadcast(&walk->moved);
	pthread_mutex_unlock(&walk->lock);
	work_destroy(w);
}

static enum looked look_at(struct shard *s, const struct work *w, bool *changed)
{
	struct slot *slot;
	if (cache_get(&s->cache, &w->look.subject, false, &slot) != ERR_OK)
		return LOOK_FAILED;
	if (!slot || slot->record->rare->redirect || record_is_blank(slot->record))
		return LOOKED; /* an entry would bring back the name of who is erased meanwhile */
	arena_reset(&s->machine.arena);
	if (!machine_look_wanted(&s->machine, slot->record, s->now_ms))
		return LOOKED;
	if (slot->more->pending || reserve_one(s, ENTRY_SLACK_BYTES) != ERR_OK)
		return LOOK_AGAIN; /* what is on its way for them comes first; or the disk is behind */
	struct entry entry = { .kind = ENTRY_EFFECT };
	entry.effect.source_seq = w->look.walk->pack_seq;
	entry.effect.index = LOOK_INDEX;
	entry.effect.kind = EFFECT_LOOK;
	arena_reset(&s->machine.arena);
	struct apply_input in = { .received_at_ms = s->now_ms };
	CHECK(effect_apply(&s->machine, slot->record, &entry, &in, &s->applied) == ERR_OK);
	entry.aborted = s->applied.aborted;
	(void)fault_hit(walk_before_publish);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = &s->applied,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = 2 * ENTRY_SLACK_BYTES };
	(void)commit_entry(s, &c);
	*changed = true;
	return LOOKED;
}

void look_work(struct shard *s, struct work *w)
{
	bool changed = false;
	enum looked looked = w->look.subject.kind == SUBJECT_NONE ? sweep_covers(s, w->look.walk->pack_seq) ? LOOKED : LOOK_AGAIN
								    : look_at(s, w, &changed);
	answer(w, looked, changed);
}

/* Of the thread. */

static void send(struct walk *walk, struct shard *to, const struct subject *subject)
{
	struct work w = { .kind = WORK_LOOK, .home = to };
	w.look.walk = walk;
	if (subject)
		w.look.subject = *subject;
	struct work *h = work_to_heap(&w);
	pthread_mutex_lock(&walk->lock);
	walk->out++;
	pthread_mutex_unlock(&walk->lock);
	while (!queue_push(to->queue, h))
		pause_ms(1);
}

/* True: some are to be asked again. */
static bool await(struct walk *walk)
{
	pthread_mutex_lock(&walk->lock);
	while (walk->out)
		pthread_cond_wait(&walk->moved, &walk->lock);
	bool again = walk->again;
	walk->again = false;
	pthread_mutex_unlock(&walk->lock);
	return again;
}

static void await_store(struct walk *walk)
{
	struct engine *e = walk->engine;
	bool again = true;
	while (again && !atomic_load(&walk->stop)) {
		for (unsigned i = 0; i < e->shard_count; i++)
			send(walk, e->shards[i], NULL);
		again = await(walk);
		if (again)
			pause_ms(50);
	}
}

static int add_one(void *arg, struct slice key, struct slice value)
{
	struct walk *walk = arg;
	struct subject subject;
	int result = subject_from_key(key, &subject);
	if (result != ERR_OK)
		return result;
	if ((uint8_t)key.data[0] != walk->next_slot || subject.kind != SUBJECT_CUSTOMER ||
	    walk->batch_count == BATCH_CUSTOMERS)
		return 1;
	walk->batch[walk->batch_count++] = subject;
	return 0;
}

/* Looking again at one who was looked at finds nothing: a whole batch is asked again. */
static void look_at_batch(struct walk *walk)
{
	struct engine *e = walk->engine;
	uint64_t before = walk->changed;
	bool again = true;
	while (again && !atomic_load(&walk->stop)) {
		for (unsigned i = 0; i < walk->batch_count; i++)
			send(walk, engine_owner(e, &walk->batch[i]), &walk->batch[i]);
		again = await(walk);
		if (again)
			pause_ms(2);
	}
	if (walk->changed == before)
		return;
	journal_kick(e->journal); /* no faster than the disk: events find room beside it */
	journal_wait(e->journal, journal_last(e->journal));
}

static int note(struct walk *walk, bool done)
{
	struct bytes value = { 0 };
	bytes_put_u64(&value, walk->pack_seq);
	bytes_put_u16(&value, (uint16_t)walk->next_slot);
	int result = storer_note_walk(walk->engine, done ? (struct slice){ 0 } : bytes_slice(&value));
	bytes_finish(&value);
	return result;
}

/* The customers of one hash slot: keys are slot, kind, id, and customers are the first kind. */
static int walk_slot(struct walk *walk)
{
	struct bytes from = { 0 };
	int result = ERR_OK;
	bytes_put_u8(&from, (uint8_t)walk->next_slot);
	do {
		walk->batch_count = 0;
		result = store_scan(walk->engine->store, STORE_RECORDS, bytes_slice(&from), add_one, walk);
		if (result < 0)
			break;
		result = ERR_OK;
		look_at_batch(walk);
		if (walk->batch_count) {
			bytes_clear(&from);
			subject_key(&walk->batch[walk->batch_count - 1], &from);
			bytes_put_u8(&from, 0); /* behind it */
		}
	} while (walk->batch_count == BATCH_CUSTOMERS && !atomic_load(&walk->stop));
	bytes_finish(&from);
	return result;
}

static void *run(void *arg)
{
	struct walk *walk = arg;
	int result = ERR_OK;
	thread_step_back(NICE);
	await_store(walk);
	while (result == ERR_OK && walk->next_slot < HASH_SLOTS && !atomic_load(&walk->stop)) {
		result = walk_slot(walk);
		if (result != ERR_OK || atomic_load(&walk->stop))
			break;
		atomic_store(&walk->told_slot, ++walk->next_slot);
		if (walk->next_slot < HASH_SLOTS)
			result = note(walk, false);
	}
	bool done = result == ERR_OK && !walk->failed && !atomic_load(&walk->stop);
	if (done)
		result = note(walk, true);
	if (result != ERR_OK || walk->failed)
		log_error("segments: not all customers were looked at (%s); the next start goes on",
			  result != ERR_OK ? error_last()->text : "a record could not be read");
	else if (done)
		log_info("segments: all customers were looked at, %llu changed", (unsigned long long)walk->changed);
	atomic_store(&walk->runs, false);
	return NULL;
}

static struct walk *create(struct engine *e, uint64_t pack_seq, unsigned next_slot)
{
	struct walk *walk = must_calloc(1, sizeof(*walk));
	walk->engine = e;
	walk->pack_seq = pack_seq;
	walk->next_slot = next_slot;
	pthread_mutex_init(&walk->lock, NULL);
	pthread_cond_init(&walk->moved, NULL);
	return walk;
}

static void destroy(struct walk *walk)
{
	if (!walk)
		return;
	pthread_cond_destroy(&walk->moved);
	pthread_mutex_destroy(&walk->lock);
	free(walk);
}

static void start(struct engine *e, struct walk *walk)
{
	pthread_mutex_lock(&e->lock);
	struct walk *old = e->walk;
	e->walk = walk;
	pthread_mutex_unlock(&e->lock);
	destroy(old);
	atomic_store(&walk->runs, true);
	walk->started = pthread_create(&walk->thread, NULL, run, walk) == 0;
	if (!walk->started) {
		atomic_store(&walk->runs, false);
		log_error("segments: no thread to look at the customers there are; the next start goes on");
		return;
	}
	pthread_setname_np(walk->thread, "walk");
}

void walk_begin(struct engine *e, uint64_t pack_seq)
{
	struct walk *walk = create(e, pack_seq, 0);
	if (note(walk, false) != ERR_OK)
		log_warn("segments: a crash would cut off the look at all customers for good: %s", error_last()->text);
	if (e->looping)
		start(e, walk);
	else
		destroy(walk);
}

void walk_resume(struct engine *e)
{
	struct bytes value = { 0 };
	if (!e->past.count || store_get(e->store, STORE_META, SLICE("walk"), &value) != ERR_OK)
		return;
	struct reader r = reader_of(bytes_slice(&value));
	uint64_t pack_seq = reader_u64(&r);
	unsigned next_slot = reader_u16(&r);
	bytes_finish(&value);
	if (!r.bad && next_slot < HASH_SLOTS)
		start(e, create(e, pack_seq, next_slot));
}

void walk_stop(struct engine *e)
{
	struct walk *walk = e->walk;
	if (!walk || !walk->started)
		return;
	atomic_store(&walk->stop, true);
	pthread_join(walk->thread, NULL);
	walk->started = false;
}

void walk_destroy(struct engine *e)
{
	destroy(e->walk);
	e->walk = NULL;
}

double walk_percent(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	const struct walk *walk = e->walk;
	double percent = walk && atomic_load(&walk->runs) ? 1 + 99.0 * atomic_load(&walk->told_slot) / HASH_SLOTS : 0;
	pthread_mutex_unlock(&e->lock);
	return percent;
}
