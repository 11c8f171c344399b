/* shard/eraser.c: see eraser.h. */
#include "shard/eraser_parts.h"
#include "shard/backfill.h"
#include "shard/decision_log.h"
#include "shard/erase.h"
#include "shard/folder.h"
#include "shard/sweep.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NICE 10
#define ROUNDS_MAX 100u  /* of looking again since somebody joined them meanwhile */
#define AGAIN_MS 5000u /* after the disk refused */

/* Of the thread. */

static void pause_ms(const struct eraser *x, unsigned ms)
{
	for (unsigned i = 0; i < ms && !atomic_load(&x->stop); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static int stopped(const struct eraser *x)
{
	return atomic_load(&x->stop) ? error_set(ERR_CLOSED, NULL, "the daemon stops: this customer is erased when it starts again") :
				       ERR_OK;
}

static void send(struct eraser *x, struct shard *to, enum erase_step step, const struct subject *subject, size_t at)
{
	struct work w = { .kind = WORK_ERASE, .home = to };
	w.erase.eraser = x;
	w.erase.step = (uint8_t)step;
	w.erase.at = at;
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

/* Whom a step is for. */
static bool is_for(const struct eraser *x, enum erase_step step, struct subject *subject)
{
	bool customer = subject->kind == SUBJECT_CUSTOMER;
	if (step == STEP_STILL && subject->kind == SUBJECT_ALIAS) {
		*subject = subject_prospect(subject_id(subject));
		return true;
	}
	if (step == STEP_WIPE)
		return customer && erase_plan_bound(x->plan, subject) == ERASE_NOT_WIPED;
	if (step == STEP_UNLINK)
		return subject->kind == SUBJECT_ALIAS;
	if (step == STEP_TAKE_OUT)
		return !customer && subject->kind != SUBJECT_ALIAS;
	return step == STEP_FORGET || (step == STEP_LINKS && customer);
}

/* To the shards of whom the plan names, from one on up to another, until each has done it. */
static int go_round_some(struct eraser *x, enum erase_step step, size_t from, size_t to)
{
	struct subject subject;
	size_t count = 0;
	bool again = true;
	int result = ERR_OK;
	while (erase_plan_next(x->plan, &count, &subject))
		;
	x->done = must_calloc(count + 1, sizeof(*x->done));
	while (again && result == ERR_OK && (result = stopped(x)) == ERR_OK) {
		for (size_t at = from; at < to && erase_plan_next(x->plan, &at, &subject);)
			if (!x->done[at - 1] && is_for(x, step, &subject))
				send(x, engine_owner(x->engine, &subject), step, &subject, at - 1);
		result = await(x, &again);
		if (again)
			pause_ms(x, 2);
	}
	free(x->done);
	x->done = NULL;
	return result;
}

static int go_round(struct eraser *x, enum erase_step step)
{
	return go_round_some(x, step, 0, SIZE_MAX);
}

/* Who was asked for comes first: where that one is refused, nobody is touched. And once: who comes again is somebody new. */
static int wipe_all(struct eraser *x)
{
	int result = go_round_some(x, STEP_WIPE, 0, 1);
	return result == ERR_OK ? go_round_some(x, STEP_WIPE, 1, SIZE_MAX) : result;
}

static bool same_links(const struct kept_link *a, size_t count, const struct kept_link *all, size_t all_count)
{
	bool same = true;
	for (size_t i = 0; i < count && same; i++) {
		same = false;
		for (size_t k = 0; k < all_count && !same; k++)
			same = slice_equal(a[i].alias, all[k].alias) && slice_equal(a[i].link.customer, all[k].link.customer) &&
			       slice_equal(a[i].link.member, all[k].link.member) && a[i].link.from_ms == all[k].link.from_ms &&
			       a[i].link.to_ms == all[k].link.to_ms;
	}
	return same;
}

/* Somebody new may have got one of their names while it was taken from them: looked at before and after. */
static int take_out_all(struct eraser *x)
{
	bool again = true;
	eraser_forget_kept(x);
	int result = go_round(x, STEP_TAKE_OUT);
	if (result == ERR_OK)
		result = go_round(x, STEP_LINKS);
	while (result == ERR_OK && again) {
		result = go_round(x, STEP_UNLINK);
		struct kept_link *before = x->kept;
		size_t count = x->kept_count;
		x->kept = NULL;
		x->kept_count = 0;
		if (result == ERR_OK)
			result = go_round(x, STEP_LINKS);
		again = count != x->kept_count || !same_links(x->kept, x->kept_count, before, count);
		kept_links_destroy(before, count);
	}
	return result == ERR_OK ? go_round(x, STEP_STILL) : result;
}

/* Looks for what is theirs, and has it wiped; *again: somebody joined them meanwhile. */
static int look_and_wipe(struct eraser *x, bool *again)
{
	struct engine *e = x->engine;
	struct erase_sources from = { .dir = e->data, .journal = e->journal, .state = e->store, .base = e->base };
	*again = false;
	erase_plan_destroy(x->plan);
	int result = erase_plan_make(&x->plan, &from, slice_of(x->asked.customer), x->asked.since, journal_durable(e->journal),
				     &x->report);
	if (result == ERR_OK)
		result = wipe_all(x);
	(void)fault_hit(erase_records);
	if (result == ERR_OK)
		result = take_out_all(x);
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
	if (!x->seq)
		x->seq = engine_journal_erased(e, slice_of(x->asked.by), x->asked.uid);
	while (again && result == ERR_OK && (result = stopped(x)) == ERR_OK) {
		for (unsigned i = 0; i < e->shard_count; i++)
			send(x, e->shards[i], STEP_SETTLE, NULL, 0);
		result = await(x, &again);
		if (again)
			pause_ms(x, 20);
	}
	if (result == ERR_OK)
		result = store_sync(e->store);
	while (result == ERR_OK && !decision_log_passed(e, x->seq) && (result = stopped(x)) == ERR_OK)
		pause_ms(x, 20);
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
		result = go_round(x, STEP_FORGET);
		if (result == ERR_OK)
			result = erase_carry_out(e->data, &live, &x->report);
		if (result == ERR_OK || stopped(x) != ERR_OK)
			return result == ERR_OK ? ERR_OK : stopped(x);
		log_warn("erasing a customer: %s; it is tried again", error_last()->text);
		pause_ms(x, AGAIN_MS);
	}
}

static int until_planned(struct eraser *x)
{
	struct engine *e = x->engine;
	const char *log = e->config.decision_log;
	bool again = true;
	int result = ERR_OK;
	for (unsigned i = 0; result == ERR_OK && again && i < ROUNDS_MAX; i++)
		result = look_and_wipe(x, &again);
	if (result == ERR_OK && again)
		result = error_set(ERR_BUSY, NULL, "this customer keeps being joined by others: ask again");
	if (result == ERR_OK)
		feed_forget_those(e->feed, was_theirs, x->plan);
	if (fault_hit(erase_wiped) && result == ERR_OK)
		result = error_set(ERR_IO, NULL, "fault point erase_wiped");
	if (result == ERR_OK)
		result = settle(x);
	(void)fault_hit(erase_settled);
	return result == ERR_OK ? erase_plan_write(x->plan, log && strcmp(log, "-") != 0 ? log : NULL) : result;
}

static bool may_pass(int result)
{
	return result == ERR_IO || result == ERR_STORAGE || result == ERR_BUSY || result == ERR_MEMORY;
}

/* Nothing is folded into the base store from here on: what it has is theirs, not of somebody new. */
static int await_folder(struct eraser *x)
{
	int result = ERR_OK;
	while (folder_is_busy(x->engine) && (result = stopped(x)) == ERR_OK)
		pause_ms(x, 1);
	return result;
}

/* Once a record is wiped there is no way back. */
static int erase(struct eraser *x)
{
	int result = x->resumed ? ERR_OK : erase_ask(x->engine->data, &x->asked);
	(void)fault_hit(erase_asked);
	if (result == ERR_OK)
		result = await_folder(x);
	if (result == ERR_OK)
		result = until_planned(x);
	while (may_pass(result) && atomic_load(&x->wiped) && !atomic_load(&x->stop)) {
		log_warn("erasing a customer: %s; it is tried again", error_last()->text);
		pause_ms(x, AGAIN_MS);
		result = stopped(x);
		if (result == ERR_OK)
			result = until_planned(x);
	}
	if (result == ERR_OK)
		result = carry_out(x);
	else if (!atomic_load(&x->stop))
		(void)erase_withdraw(x->engine->data);
	if (!atomic_load(&x->stop)) /* else the next start goes on */
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

/* A log outlives them: it does not name them. */
static void say(const struct eraser *x, int result, uint64_t began_ns)
{
	const struct erase_report *r = &x->report;
	log_id(LOG_ID_ERASED);
	log_field(LOG_SEQ, "%llu", (unsigned long long)x->seq);
	if (result == ERR_OK)
		log_info("a customer was erased in %.1f s: %llu %s of the journal, %llu %s, %llu %s of the decision log",
			 (double)(clock_mono_ns() - began_ns) / 1e9, (unsigned long long)r->entries,
			 word_of(r->entries, "entry", "entries"), (unsigned long long)r->records,
			 word_of(r->records, "record", "records"), (unsigned long long)r->log_lines,
			 word_of(r->log_lines, "line", "lines"));
	else if (result != ERR_MISSING)
		log_warn("erasing a customer: %s", error_last()->field[0] ? error_name(result) : error_last()->text);
}

/* The next one may begin before the answer is on its way: who gets it may ask at once. */
static void *run(void *arg)
{
	struct eraser *x = arg;
	uint64_t began_ns = clock_mono_ns();
	thread_step_back(NICE);
	int result = erase(x);
	struct work *reply = x->reply;
	x->result = result;
	x->why = *error_last();
	say(x, result, began_ns);
	if (reply)
		fill_answer(x, reply, result);
	erase_plan_destroy(x->plan);
	x->plan = NULL;
	eraser_forget_kept(x);
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
	x->resumed = !reply;
	x->reply = reply;
	x->seq = 0;
	atomic_store(&x->wiped, false);
	atomic_store(&x->holds, true);
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
	atomic_store(&x->holds, false);
	atomic_store(&x->runs, false);
	return error_set(ERR_BUSY, NULL, "no thread to erase with can be started");
}

int eraser_begin(struct engine *e, struct slice customer, struct slice by, int64_t uid, struct work *reply)
{
	struct erase_asked asked = { .uid = uid, .since = journal_last(e->journal) };
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
	if (result == ERR_OK && asked.since > journal_last(e->journal))
		asked.since = journal_last(e->journal); /* an older build asked: what it wiped is not in the journal */
	if (result == ERR_OK)
		result = begin(e->eraser, &asked, NULL);
	if (result == ERR_OK)
		log_info("a customer was to be erased when the daemon stopped: that goes on");
	else
		log_error("a customer was to be erased when the daemon stopped: %s", error_last()->text);
	if (result != ERR_OK) {
		e->eraser->result = result;
		e->eraser->why = *error_last();
	}
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

int eraser_ended(const struct engine *e, struct erase_report *out)
{
	const struct eraser *x = e->eraser;
	*out = x->report;
	return x->result == ERR_OK ? ERR_OK : error_set(x->result, x->why.field, "%s", x->why.text);
}
