/* shard/eraser.c: see eraser.h. */
#include "shard/eraser.h"
#include "shard/backfill.h"
#include "shard/decision_log.h"
#include "shard/erase.h"
#include "shard/folder.h"
#include "shard/parts.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NICE 10
#define ROUNDS_MAX 100u  /* of looking again since somebody joined them meanwhile */
#define AGAIN_MS 5000u /* after the disk refused */

enum step { STEP_WIPE, STEP_TAKE_OUT, STEP_SETTLE, STEP_FORGET };

struct eraser {
	struct engine *engine;
	unsigned threads; /* that have not ended */
	_Atomic bool stop, runs, holds;
	struct erase_asked asked;
	struct erase_report report;
	struct erase_plan *plan;
	struct work *reply;  /* NULL: nobody waits */
	uint64_t request_id;
	uint64_t seq; /* of the note */
	/* with shards */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned out;
	int failed; /* of one of the works; its text */
	struct error error;
	bool again;
};

/* Of a shard. */

static void mark_dirty(struct shard *s, struct slot *slot)
{
	bool was = slot->dirty;
	cache_dirty(&s->cache, slot);
	if (!was) /* no entry of its own changed it: the store misses nothing of it before now */
		slot->dirty_seq = journal_last(s->engine->journal) + 1;
	cache_measure(&s->cache, slot);
}

static bool is_asked(const struct work *w)
{
	return slice_equal(subject_id(&w->erase.subject), slice_of(w->erase.eraser->asked.customer));
}

/* What it knew is gone; its sequence says to a recovery that it has its entries. */
static int wipe(struct shard *s, struct work *w, bool *again)
{
	struct slot *slot;
	uint64_t seq = 0;
	int result = cache_get(&s->cache, &w->erase.subject, false, &slot);
	if (result != ERR_OK)
		return result;
	if (slot && slot->record->rare->redirect && is_asked(w))
		return error_set(ERR_CONFLICT, "customer", "%s was merged into %.*s: erase that one, and this goes with it",
				 w->erase.eraser->asked.customer, SLICE_ARG(str_slice(slot->record->rare->redirect)));
	if (slot && slot->more->pending) {
		*again = true; /* what it told others is on its way */
		return ERR_OK;
	}
	if (slot) {
		struct record *blank = record_create(&w->erase.subject);
		blank->seq = seq = slot->record->seq;
		blank->renamed = true; /* it is found by nothing any more */
		record_destroy(slot->record, s->machine.pool);
		slot->record = blank;
		mark_dirty(s, slot);
	}
	feed_forget_subject(s->engine->feed, &w->erase.subject);
	w->erase.seq = seq;
	return ERR_OK;
}

static bool take_alerts(struct shard *s, const struct erase_plan *plan, struct record *r)
{
	bool changed = false;
	for (unsigned i = r->rare->alert_count; i-- > 0;) {
		const struct alert *a = &r->rare->alerts[i];
		if (!erase_plan_has(plan, a->seq))
			continue;
		feed_forget(s->engine->feed, a->seq, a->index);
		alerts_forget(r, s->machine.pool, i);
		changed = true;
	}
	return changed;
}

static bool take_links(struct shard *s, const struct erase_plan *plan, struct record *r)
{
	struct subject customer;
	bool changed = false;
	for (size_t at = 0; erase_plan_next(plan, &at, &customer) && customer.kind == SUBJECT_CUSTOMER;)
		changed |= links_forget(r, s->machine.pool, subject_id(&customer));
	return changed;
}

static int take_out(struct shard *s, struct work *w)
{
	const struct erase_plan *plan = w->erase.eraser->plan;
	struct slot *slot;
	int result = cache_get(&s->cache, &w->erase.subject, false, &slot);
	if (result != ERR_OK || !slot)
		return result;
	bool links = w->erase.subject.kind == SUBJECT_ALIAS;
	if (links ? take_links(s, plan, slot->record) : take_alerts(s, plan, slot->record))
		mark_dirty(s, slot);
	return ERR_OK;
}

/* Nothing of what it had is in the journal: it need not be passed over any more. */
static void forget(struct shard *s, struct work *w)
{
	struct slot *slot = cache_peek(&s->cache, &w->erase.subject);
	if (slot && record_is_blank(slot->record))
		cache_drop(&s->cache, slot);
}

void erase_work(struct shard *s, struct work *w)
{
	struct eraser *x = w->erase.eraser;
	bool again = false;
	int result = ERR_OK;
	if (w->erase.step == STEP_WIPE)
		result = wipe(s, w, &again);
	else if (w->erase.step == STEP_TAKE_OUT)
		result = take_out(s, w);
	else if (w->erase.step == STEP_SETTLE)
		again = !sweep_covers(s, x->seq);
	else
		forget(s, w);
	pthread_mutex_lock(&x->lock);
	if (w->erase.step == STEP_WIPE && result == ERR_OK && !again)
		erase_plan_wiped(x->plan, &w->erase.subject, w->erase.seq);
	if (result != ERR_OK && !x->failed) {
		x->failed = result;
		x->error = *error_last();
	}
	x->again |= again;
	x->out--;
	pthread_cond_broadcast(&x->moved);
	pthread_mutex_unlock(&x->lock);
	work_destroy(w);
}

/* Of the thread. */

static void pause_ms(const struct eraser *x, unsigned ms)
{
	for (unsigned i = 0; i < ms && !atomic_load(&x->stop); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static int stopped(const struct eraser *x)
{
	return atomic_load(&x->stop) ? error_set(ERR_CLOSED, NULL, "the daemon stops: %s is erased when it starts again",
						 x->asked.customer) : ERR_OK;
}

static void send(struct eraser *x, struct shard *to, enum step step, const struct subject *subject)
{
	struct work w = { .kind = WORK_ERASE, .home = to };
	w.erase.eraser = x;
	w.erase.step = (uint8_t)step;
	if (subject)
		w.erase.subject = *subject;
	struct work *h = work_to_heap(&w);
	pthread_mutex_lock(&x->lock);
	x->out++;
	pthread_mutex_unlock(&x->lock);
	while (!queue_push(to->queue, h))
		pause_ms(x, 1);
}

static int await(struct eraser *x, bool *again)
{
	pthread_mutex_lock(&x->lock);
	while (x->out)
		pthread_cond_wait(&x->moved, &x->lock);
	*again = x->again;
	int failed = x->failed;
	if (failed)
		error_set(failed, x->error.field, "%s", x->error.text);
	x->again = false;
	x->failed = ERR_OK;
	pthread_mutex_unlock(&x->lock);
	return failed;
}

/* To the shards of all whom the plan names, of this kind or not of it, until each has done it. */
static int go_round(struct eraser *x, enum step step, bool customers)
{
	struct subject subject;
	bool again = true;
	int result = ERR_OK;
	while (again && result == ERR_OK && (result = stopped(x)) == ERR_OK) {
		for (size_t at = 0; erase_plan_next(x->plan, &at, &subject);)
			if ((subject.kind == SUBJECT_CUSTOMER) == customers)
				send(x, engine_owner(x->engine, &subject), step, &subject);
		result = await(x, &again);
		if (again)
			pause_ms(x, 2);
	}
	return result;
}

/* Looks for what is theirs, and has their records wiped; *again: somebody joined them meanwhile. */
static int look_and_wipe(struct eraser *x, bool *again)
{
	struct engine *e = x->engine;
	struct erase_sources from = { .dir = e->data, .journal = e->journal, .state = e->store, .base = e->base };
	*again = false;
	erase_plan_destroy(x->plan);
	int result = erase_plan_make(&x->plan, &from, slice_of(x->asked.customer), journal_durable(e->journal), &x->report);
	if (result == ERR_OK)
		result = go_round(x, STEP_WIPE, true);
	if (result != ERR_OK)
		return result;
	uint64_t to = journal_last(e->journal);
	journal_kick(e->journal);
	journal_wait(e->journal, to);
	return erase_plan_extend(x->plan, to, again);
}

/* Alerts on others that their records let go of since. */
static bool was_theirs(void *arg, uint64_t seq, const struct subject *subject)
{
	return (subject->kind == SUBJECT_AGENT || subject->kind == SUBJECT_AREA) && erase_plan_has(arg, seq);
}

static int settle(struct eraser *x)
{
	struct engine *e = x->engine;
	bool again = true;
	int result = ERR_OK;
	x->seq = engine_journal_erased(e, slice_of(x->asked.by), x->asked.uid);
	while (again && result == ERR_OK && (result = stopped(x)) == ERR_OK) {
		for (unsigned i = 0; i < e->shard_count; i++)
			send(x, e->shards[i], STEP_SETTLE, NULL);
		result = await(x, &again);
		if (again)
			pause_ms(x, 20);
	}
	if (result == ERR_OK)
		result = store_sync(e->store);
	while (result == ERR_OK && !decision_log_passed(e, x->seq) && (result = stopped(x)) == ERR_OK)
		pause_ms(x, 20);
	while (result == ERR_OK && folder_is_busy(e) && (result = stopped(x)) == ERR_OK)
		pause_ms(x, 1);
	return result;
}

static void alone(void *arg, bool begin)
{
	storer_alone(arg, begin);
}

/* From here on it is done, however often that takes. */
static int carry_out(struct eraser *x)
{
	struct engine *e = x->engine;
	struct erase_live live = { .state = e->store, .base = e->base, .alone = alone, .arg = e };
	int result;
	for (;;) {
		result = go_round(x, STEP_FORGET, true);
		if (result == ERR_OK)
			result = go_round(x, STEP_FORGET, false);
		if (result == ERR_OK)
			result = erase_carry_out(e->data, &live, &x->report);
		if (result == ERR_OK || stopped(x) != ERR_OK)
			return result == ERR_OK ? ERR_OK : stopped(x);
		log_warn("erasing a customer: %s; it is tried again", error_last()->text);
		pause_ms(x, AGAIN_MS);
	}
}

static int erase(struct eraser *x)
{
	struct engine *e = x->engine;
	const char *log = e->config.decision_log;
	bool again = true;
	int result = erase_ask(e->data, &x->asked);
	(void)fault_hit(erase_asked);
	for (unsigned i = 0; result == ERR_OK && again && i < ROUNDS_MAX; i++)
		result = look_and_wipe(x, &again);
	if (result == ERR_OK && again)
		result = error_set(ERR_BUSY, "customer", "%s keeps being joined by others: ask again", x->asked.customer);
	if (result == ERR_OK)
		result = go_round(x, STEP_TAKE_OUT, false);
	if (result == ERR_OK)
		feed_forget_those(e->feed, was_theirs, x->plan);
	(void)fault_hit(erase_wiped);
	if (result == ERR_OK) {
		atomic_store(&x->holds, true);
		result = settle(x);
	}
	(void)fault_hit(erase_settled);
	if (result == ERR_OK)
		result = erase_plan_write(x->plan, log && strcmp(log, "-") != 0 ? log : NULL, true);
	if (result == ERR_OK)
		result = carry_out(x);
	else if (result != ERR_CLOSED)
		(void)erase_withdraw(e->data);
	atomic_store(&x->holds, false);
	return result;
}

static void fill_answer(const struct eraser *x, struct work *w, int result)
{
	const struct error *error = error_last();
	const struct erase_report *r = &x->report;
	const struct wire_erased erased = {
		.entries = r->entries,
		.customers = r->customers,
		.aliases = r->aliases,
		.records = r->records,
		.alerts = r->alerts,
		.log_lines = r->log_lines,
		.mentions = r->mentions,
		.seq = x->seq,
	};
	if (result == ERR_OK) {
		response_erased(&w->answer, x->request_id, &erased);
		return;
	}
	w->failed = true;
	w->ack.error_code = error->code;
	w->ack.error_field = arena_slice(&w->arena, slice_of(error->field));
	w->ack.error_text = arena_slice(&w->arena, slice_of(error->text));
}

static void say(const struct eraser *x, int result)
{
	log_id(LOG_ID_ERASED);
	log_field(LOG_SEQ, "%llu", (unsigned long long)x->seq);
	if (result == ERR_OK)
		log_info("a customer was erased: %llu entries of the journal, %llu records, %llu lines of the decision log",
			 (unsigned long long)x->report.entries, (unsigned long long)x->report.records,
			 (unsigned long long)x->report.log_lines);
	else if (result != ERR_MISSING)
		log_warn("erasing a customer: %s", error_last()->text);
}

/* The next one may begin before the answer is on its way: who gets it may ask at once. */
static void *run(void *arg)
{
	struct eraser *x = arg;
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	int result = erase(x);
	struct work *reply = x->reply;
	say(x, result);
	if (reply)
		fill_answer(x, reply, result);
	erase_plan_destroy(x->plan);
	x->plan = NULL;
	memset(x->asked.customer, 0, sizeof(x->asked.customer)); /* whom it was about need not be remembered */
	atomic_store(&x->runs, false);
	while (reply && !queue_push(reply->home->queue, reply))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	pthread_mutex_lock(&x->lock);
	x->threads--;
	pthread_cond_broadcast(&x->moved);
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

/* From outside. */

struct eraser *eraser_create(struct engine *e)
{
	struct eraser *x = must_calloc(1, sizeof(*x));
	x->engine = e;
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->moved, NULL);
	return x;
}

void eraser_destroy(struct eraser *x)
{
	if (!x)
		return;
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->moved);
	free(x);
}

/* Loops may ask at the same moment: who sets `runs` has it. */
static int begin(struct eraser *x, const struct erase_asked *asked, struct work *reply)
{
	const struct engine *e = x->engine;
	bool idle = false;
	pthread_t thread;
	if (atomic_load(&x->stop))
		return error_set(ERR_CLOSED, NULL, "the daemon stops");
	if (!atomic_compare_exchange_strong(&x->runs, &idle, true))
		return error_set(ERR_BUSY, NULL, "another customer is being erased; ask again when that is done");
	if (reply && backfill_runs(e)) { /* it has read what is to go; one that comes later waits for us */
		atomic_store(&x->runs, false);
		return error_set(ERR_BUSY, NULL, "the pack's new series are being filled from the journal; ask again when that "
						 "is done (nudgectl rules history)");
	}
	x->asked = *asked;
	x->reply = reply;
	x->request_id = reply ? reply->explain.request_id : 0;
	x->report = (struct erase_report){ 0 };
	pthread_mutex_lock(&x->lock);
	bool started = pthread_create(&thread, NULL, run, x) == 0;
	x->threads += started;
	pthread_mutex_unlock(&x->lock);
	if (started) {
		pthread_setname_np(thread, "eraser");
		pthread_detach(thread);
		return ERR_OK;
	}
	atomic_store(&x->runs, false);
	return error_set(ERR_BUSY, NULL, "no thread to erase with can be started");
}

int eraser_begin(struct engine *e, struct slice customer, struct slice by, int64_t uid, struct work *reply)
{
	struct erase_asked asked = { .uid = uid };
	snprintf(asked.customer, sizeof(asked.customer), "%.*s", SLICE_ARG(customer));
	snprintf(asked.by, sizeof(asked.by), "%.*s", SLICE_ARG(by));
	return begin(e->eraser, &asked, reply);
}

void eraser_resume(struct engine *e)
{
	struct erase_asked asked;
	erase_tidy(e->data);
	int result = erase_asked(e->data, &asked);
	if (result == ERR_MISSING)
		return;
	if (result == ERR_OK)
		result = begin(e->eraser, &asked, NULL);
	if (result == ERR_OK)
		log_info("a customer was to be erased when the daemon stopped: that goes on");
	else
		log_error("a customer was to be erased when the daemon stopped: %s", error_last()->text);
}

void eraser_stop(struct engine *e)
{
	struct eraser *x = e->eraser;
	atomic_store(&x->stop, true);
	pthread_mutex_lock(&x->lock);
	while (x->threads)
		pthread_cond_wait(&x->moved, &x->lock);
	pthread_mutex_unlock(&x->lock);
}

bool eraser_holds(const struct engine *e)
{
	return atomic_load(&e->eraser->holds);
}

bool eraser_runs(const struct engine *e)
{
	return atomic_load(&e->eraser->runs);
}
