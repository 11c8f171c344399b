/* shard/control.c: the control thread: global changes, one at a time. A global change is an entry published while all
 * shards stand between two entries; each shard makes it its own before it applies anything else.
 *
 *     check the pack here, in a VM of our own, and run its tests  ->  each shard loads it beside its active one (WORK_PREPARE)
 *     ->  all shards stand (WORK_PAUSE)  ->  entry  ->  all swap and go on  ->  durable, noted in the store, answered
 *
 * A pack that is refused never reaches a shard. Shards stand for microseconds: loading was done before. */
#include "shard/control.h"
#include "shard/parts.h"
#include "shard/reports.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "history/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAITING_MAX 16u

struct control {
	pthread_t thread;
	struct queue *queue;
	_Atomic bool stop;
	_Atomic unsigned waiting;
};

void activation_destroy(struct activation *a)
{
	if (!a)
		return;
	bundle_finish(&a->bundle);
	bundle_finish(&a->tests);
	bytes_finish(&a->bytes);
	warms_finish(&a->warms);
	free((char *)a->aside.data);
	free(a);
}

void engine_set_pack_text(struct engine *e, const char *name, const char *hash, int64_t since_ms)
{
	pthread_mutex_lock(&e->lock);
	snprintf(e->pack_name, sizeof(e->pack_name), "%s", name);
	snprintf(e->pack_hash, sizeof(e->pack_hash), "%s", hash);
	e->pack_since_ms = since_ms;
	pthread_mutex_unlock(&e->lock);
}

int shard_install_pack(struct shard *s, const struct bundle *bundle)
{
	struct pack *pack;
	int result = pack_load(&pack, bundle, s->machine.pool);
	if (result == ERR_OK)
		machine_set_pack(&s->machine, pack);
	return result;
}

void activation_fail(struct activation *a)
{
	a->error = *error_last();
	a->result = a->error.code;
}

/* Shards that stand, or have loaded: counted on the activation. */
static void arrive(struct activation *a)
{
	pthread_mutex_lock(&a->lock);
	a->arrived++;
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

static void await_all(struct engine *e, struct activation *a)
{
	pthread_mutex_lock(&a->lock);
	while (a->arrived < e->shard_count)
		pthread_cond_wait(&a->moved, &a->lock);
	a->arrived = 0;
	pthread_mutex_unlock(&a->lock);
}

static void send_all(struct engine *e, struct activation *a, enum work_kind kind)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct work w = { .kind = kind, .home = e->shards[i], .activation = a };
		struct work *h = work_to_heap(&w);
		while (!queue_push(e->shards[i]->queue, h))
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	await_all(e, a);
}

void prepare_work(struct shard *s, struct work *w)
{
	struct activation *a = w->activation;
	pack_destroy(s->next_pack);
	s->next_pack = NULL;
	if (pack_load(&s->next_pack, &a->bundle, s->machine.pool) != ERR_OK) {
		pthread_mutex_lock(&a->lock);
		activation_fail(a);
		pthread_mutex_unlock(&a->lock);
	}
	work_destroy(w);
	arrive(a);
}

void pause_work(struct shard *s, struct work *w)
{
	struct activation *a = w->activation;
	work_destroy(w);
	arrive(a);
	pthread_mutex_lock(&a->lock);
	while (!a->released)
		pthread_cond_wait(&a->moved, &a->lock);
	bool publish = a->result == ERR_OK;
	pthread_mutex_unlock(&a->lock);
	if (publish && a->is_aside)
		machine_set_aside(&s->machine, a->aside);
	else if (publish)
		reports_keep_pack(s, machine_swap_pack(&s->machine, s->next_pack)), models_swap(s);
	else if (!a->is_aside)
		pack_destroy(s->next_pack);
	if (!a->is_aside)
		s->next_pack = NULL;
	arrive(a);
}

void activated_work(struct shard *s, struct work *w)
{
	work_done(s, w); /* it is home: the control thread has filled in the answer */
}

/* From before the entry is published until the store has its note. All shards stand: the sequence is at least this. */
static void await_note(struct engine *e, uint64_t seq)
{
	uint64_t none = 0;
	atomic_compare_exchange_strong(&e->note_pending, &none, seq);
}

/* An older one may be pending still, since its note failed: that stays until recovery makes it good. */
void control_noted(struct engine *e, uint64_t seq)
{
	if (atomic_load(&e->note_pending) == seq)
		atomic_store(&e->note_pending, 0);
}

int control_publish(struct engine *e, struct activation *a)
{
	struct bytes body = { 0 }, about = { 0 };
	struct entry entry = { .kind = a->is_aside ? ENTRY_ASIDE : ENTRY_ACTIVATE };
	if (a->is_aside) {
		entry.aside.rule = a->aside;
	} else {
		entry.activate.name = slice_of(a->name);
		entry.activate.bundle = bytes_slice(&a->bytes);
		struct past line = past_of(a);
		past_about_encode(&line, &about);
		entry.activate.about = bytes_slice(&about);
	}
	entry_body_encode(&entry, &body);
	int result;
	while ((result = journal_reserve(e->journal, 1, body.len)) == ERR_BUSY)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (result == ERR_OK) {
		(void)fault_hit(activate_before_publish);
		await_note(e, journal_last(e->journal) + 1);
		struct journal_entry je = { .kind = entry.kind,
					    .received_at_ms = engine_now_ms(e),
					    .body = bytes_slice(&body) };
		journal_append(e->journal, &je, NULL, NULL);
		journal_kick(e->journal);
		a->seq = je.seq;
		a->time_ms = je.received_at_ms;
	}
	bytes_finish(&about);
	bytes_finish(&body);
	return result;
}

void control_prepare(struct engine *e, struct activation *a)
{
	send_all(e, a, WORK_PREPARE);
}

void control_stand_and_publish(struct engine *e, struct activation *a)
{
	send_all(e, a, WORK_PAUSE);
	if (control_publish(e, a) != ERR_OK)
		activation_fail(a);
	else if (!a->is_aside)
		models_prepare(e);
	pthread_mutex_lock(&a->lock);
	a->released = true;
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
	await_all(e, a); /* nobody looks at the activation any more */
}

static void set_aside(struct engine *e, struct activation *a)
{
	control_stand_and_publish(e, a);
	if (a->result != ERR_OK)
		return;
	atomic_fetch_add(&e->asides, 1);
	atomic_fetch_add(&e->asides_in_force, 1);
	log_id(LOG_ID_RULE_ASIDE);
	log_field(LOG_RULE, "%.*s", SLICE_ARG(a->aside));
	log_warn("rule %.*s keeps failing and is set aside until the next activation; `nudgectl rules stats` shows its "
		 "last error",
		 SLICE_ARG(a->aside));
	journal_wait(e->journal, a->seq);
	if (storer_note_aside(e, a->seq, a->aside) == ERR_OK)
		control_noted(e, a->seq);
	else
		log_error("the store did not take it (%s); recovery will read it from the journal", error_last()->text);
}

static void answer(struct activation *a)
{
	struct work *w = a->reply_to;
	if (a->result != ERR_OK) {
		w->failed = true;
		w->ack.error_code = a->error.code;
		w->ack.error_field = arena_slice(&w->arena, slice_of(a->error.field));
		w->ack.error_text = arena_slice(&w->arena, slice_of(a->error.text));
	}
	while (!queue_push(w->home->queue, w))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void change(struct engine *e, struct activation *a)
{
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->moved, NULL);
	if (a->is_aside)
		set_aside(e, a);
	else
		activation_run(e, a);
	pthread_cond_destroy(&a->moved);
	pthread_mutex_destroy(&a->lock);
}

static void *run(void *arg)
{
	struct engine *e = arg;
	void *items[WAITING_MAX];
	while (!atomic_load(&e->control->stop)) {
		size_t n = queue_wait(e->control->queue, items, WAITING_MAX);
		for (size_t i = 0; i < n; i++) {
			struct activation *a = items[i];
			if (!a)
				continue;
			change(e, a);
			atomic_fetch_sub(&e->control->waiting, 1);
			if (a->on_done) {
				a->on_done(a); /* the waiter owns it now */
				continue;
			}
			if (a->reply_to)
				answer(a);
			activation_destroy(a);
		}
	}
	return NULL;
}

bool control_submit(struct engine *e, struct activation *a)
{
	struct control *c = e->control;
	if (atomic_fetch_add(&c->waiting, 1) >= WAITING_MAX || atomic_load(&c->stop)) {
		atomic_fetch_sub(&c->waiting, 1);
		return false;
	}
	return queue_push(c->queue, a);
}

int control_start(struct engine *e)
{
	struct control *c = must_calloc(1, sizeof(*c));
	int result = queue_create(&c->queue, WAITING_MAX * 2);
	if (result != ERR_OK) {
		free(c);
		return result;
	}
	e->control = c;
	if (pthread_create(&c->thread, NULL, run, e) != 0)
		return error_errno("cannot start the control thread");
	pthread_setname_np(c->thread, "control");
	return ERR_OK;
}

void control_stop(struct engine *e)
{
	struct control *c = e->control;
	if (!c || atomic_exchange(&c->stop, true))
		return;
	queue_push(c->queue, NULL);
	pthread_join(c->thread, NULL);
}

void control_destroy(struct engine *e)
{
	struct control *c = e->control;
	void *items[WAITING_MAX];
	size_t n;
	if (!c)
		return;
	control_stop(e);
	while ((n = queue_pop_all(c->queue, items, WAITING_MAX)))
		for (size_t i = 0; i < n; i++)
			activation_destroy(items[i]);
	queue_destroy(c->queue);
	free(c);
	e->control = NULL;
}

int engine_check_folder(const char *folder)
{
	struct bundle bundle = { 0 };
	struct pack *pack = NULL;
	struct strpool *pool = strpool_create();
	int result = bundle_read(&bundle, folder);
	if (result == ERR_OK)
		result = bundle_resolve_zone(&bundle);
	if (result == ERR_OK)
		result = pack_load(&pack, &bundle, pool);
	if (result == ERR_OK)
		pack_destroy(pack);
	bundle_finish(&bundle);
	strpool_destroy(pool);
	return result;
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool is_done;
};

static void wake_waiter(struct activation *a)
{
	struct waiter *w = a->waiter;
	pthread_mutex_lock(&w->lock);
	w->is_done = true;
	pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->lock);
}

int engine_activate_folder(struct engine *e, const char *folder, bool *changed)
{
	struct waiter waiter = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	struct activation *a = must_calloc(1, sizeof(*a));
	a->uid = -1;
	a->origin = PAST_FOLDER;
	a->waiter = &waiter;
	a->on_done = wake_waiter;
	int result = bundle_read(&a->bundle, folder);
	if (result == ERR_OK)
		result = bundle_read_tests(&a->tests, folder);
	if (result == ERR_OK && !control_submit(e, a))
		result = error_set(ERR_BUSY, NULL, "other activations are waiting");
	if (result == ERR_OK) {
		pthread_mutex_lock(&waiter.lock);
		while (!waiter.is_done)
			pthread_cond_wait(&waiter.done, &waiter.lock);
		pthread_mutex_unlock(&waiter.lock);
		*changed = a->seq != 0;
		if (a->result != ERR_OK)
			result = error_set(a->error.code, a->error.field, "%s", a->error.text);
	}
	activation_destroy(a);
	return result;
}
