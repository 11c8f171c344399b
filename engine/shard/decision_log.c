/* shard/decision_log.c: see decision_log.h. The thread: reads what became durable, makes lines of it, writes them; where
 * the log left off is decision_log_place.c's. */
#include "shard/decision_log.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/thread.h"
#include "disk/line_file.h"
#include "history/log_line.h"
#include "shard/decision_log_place.h"
#include "shard/parts.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 50      /* at the journal, where nothing is left to be read */
#define RETRY_EVERY_MS 1000   /* after an error */
#define SAVE_EVERY_NS 1000000000ull
#define STOP_WITHIN_NS 5000000000ull
#define LINES_BYTES (64u * KIB) /* written at once */
#define ALERTS_BYTES (64u * KIB)
#define NICE 10 /* whoever answers customers goes first */

struct decision_log {
	struct engine *e;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	_Atomic uint64_t stop_ns; /* when it was told to stop; 0: it was not */
	_Atomic bool reopen;
	struct line_file *file;
	struct journal_reader *reader;
	struct log_start at; /* next: the entry to be read next */
	struct log_pack pack;
	struct arena arena;
	struct bytes lines; /* made and not written yet */
	unsigned line_count;
	struct bytes alerts; /* from the feed */
	struct reader alerts_left;
	struct wire_alert alert; /* the next of them */
	bool has_alert, failing;
	struct feed_place place;
	uint64_t alerts_to; /* the feed has no other up to here */
	uint64_t saved, saved_ns;
	counter written, errors, missed, done; /* done: the last entry all of which is written */
};

/* Waiting, and being told to stop. */

static bool stopping(const struct decision_log *d)
{
	return atomic_load(&d->stop_ns) != 0;
}

static bool out_of_time(void *arg)
{
	const struct decision_log *d = arg;
	uint64_t stop_ns = atomic_load(&d->stop_ns);
	return stop_ns && clock_mono_ns() > stop_ns + STOP_WITHIN_NS;
}

static void rest(struct decision_log *d, unsigned ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&d->lock);
	while (!stopping(d) && pthread_cond_timedwait(&d->wake, &d->lock, &until) == 0)
		;
	pthread_mutex_unlock(&d->lock);
}

/* Said once, until it works again. */
static void complain(struct decision_log *d)
{
	counter_add(&d->errors, 1);
	if (!d->failing)
		log_error("the decision log: %s; it is tried again every second, and goes on where it stopped",
			  error_last()->text);
	d->failing = true;
}

static void missed(struct decision_log *d, const char *what, uint64_t count)
{
	counter_add(&d->missed, count);
	log_missed(&d->lines, what, count, d->at.next);
	d->line_count++;
	log_warn("the decision log is behind what is kept: it has missed %llu %s", (unsigned long long)count, what);
}

/* Writing. */

static void save(struct decision_log *d, bool now)
{
	uint64_t done = counter_get(&d->done), now_ns = clock_mono_ns();
	if (done == d->saved || (!now && now_ns < d->saved_ns + SAVE_EVERY_NS))
		return;
	d->saved_ns = now_ns;
	if (line_file_sync(d->file) == ERR_OK && log_place_save(d->e->data, done) == ERR_OK)
		d->saved = done;
	else
		complain(d);
}

/* False: it is not written, and there is no time left to try again. */
static bool flush(struct decision_log *d)
{
	while (d->lines.len || atomic_load(&d->reopen)) {
		int result = atomic_exchange(&d->reopen, false) ? line_file_reopen(d->file) : ERR_OK;
		if (result == ERR_OK && d->lines.len)
			result = line_file_write(d->file, bytes_slice(&d->lines));
		if (result != ERR_OK) {
			complain(d);
			if (stopping(d))
				return false;
			rest(d, RETRY_EVERY_MS);
			continue;
		}
		counter_add(&d->written, d->line_count);
		bytes_clear(&d->lines);
		d->line_count = 0;
		if (d->failing)
			log_info("the decision log is written again");
		d->failing = false;
	}
	atomic_store(&d->done, d->at.next - 1);
	save(d, false);
	return true;
}

/* Reading. */

static void fetch_alerts(struct decision_log *d)
{
	uint64_t durable = journal_durable(d->e->journal);
	bytes_clear(&d->alerts);
	uint64_t gone = feed_read(d->e->feed, &d->place, durable, SLICE(""), ALERTS_BYTES, &d->alerts);
	d->alerts_left = reader_of(bytes_slice(&d->alerts));
	if (gone)
		missed(d, "alerts", gone);
	if (!d->alerts.len)
		d->alerts_to = durable;
}

/* The next alert of an entry up to `seq`; lent until the next call. NULL: none. */
static const struct wire_alert *next_alert(struct decision_log *d, uint64_t seq)
{
	while (!d->has_alert) {
		if (!reader_left(&d->alerts_left)) {
			if (d->alerts_to >= seq)
				return NULL;
			fetch_alerts(d);
			continue;
		}
		struct slice message = reader_take(&d->alerts_left, reader_u32(&d->alerts_left));
		d->has_alert = alert_decode(&d->alert, message) == ERR_OK;
	}
	if (d->alert.seq > seq)
		return NULL;
	d->has_alert = false;
	return &d->alert;
}

static bool is_logged(const struct decision_log *d, const struct wire_alert *a)
{
	return a->seq < d->at.logged.seq || (a->seq == d->at.logged.seq && a->index <= d->at.logged.index);
}

static struct log_entry log_entry_of(struct decision_log *d, const struct journal_entry *je, const struct entry *entry)
{
	return (struct log_entry){ .at = je,
				   .entry = entry,
				   .pack = d->pack.pack,
				   .pack_name = slice_of(d->pack.name),
				   .arena = &d->arena };
}

/* Alerts of entries that the journal let go before this one: all that is left of them. */
static const struct wire_alert *older_alerts(struct decision_log *d, uint64_t seq)
{
	const struct wire_alert *a;
	while ((a = next_alert(d, seq)) != NULL && a->seq < seq) {
		const struct journal_entry je = { .seq = a->seq, .received_at_ms = a->time_ms };
		struct log_entry at = log_entry_of(d, &je, NULL);
		if (is_logged(d, a))
			continue;
		log_alert(&d->lines, &at, a);
		d->line_count++;
	}
	return a;
}

static void put_decision(struct decision_log *d, const struct log_entry *at, const struct wire_alert *sent)
{
	struct decision_record r;
	if (at->entry->decision.bytes.len == 0 || decision_decode(&r, at->entry->decision.bytes, &d->arena) != ERR_OK)
		return; /* of a later format */
	log_decision(&d->lines, at, &r, sent);
	d->line_count++;
}

static void take_entry(struct decision_log *d, const struct journal_entry *je)
{
	struct entry entry;
	const struct wire_alert *a = older_alerts(d, je->seq);
	bool decision = je->kind == ENTRY_DECISION && je->seq > d->at.logged.seq;
	if ((!a && !decision && je->kind != ENTRY_ACTIVATE) || je->blanked)
		return;
	arena_reset(&d->arena);
	bool whole = entry_body_decode(&entry, je->kind, je->body, &d->arena) == ERR_OK;
	struct log_entry at = log_entry_of(d, je, whole ? &entry : NULL);
	if (whole && je->kind == ENTRY_ACTIVATE && log_pack_load(&d->pack, entry.activate.name, entry.activate.bundle) != ERR_OK)
		complain(d);
	if (whole && decision)
		put_decision(d, &at, a);
	for (; a && !decision; a = next_alert(d, je->seq)) {
		if (is_logged(d, a))
			continue;
		log_alert(&d->lines, &at, a);
		d->line_count++;
	}
}

/* To the oldest entry that is kept, with the pack that was active there. */
static void catch_up(struct decision_log *d)
{
	uint64_t first = journal_first(d->e->journal);
	if (d->at.next >= first)
		return;
	uint64_t gone = first - d->at.next;
	d->at.next = first;
	missed(d, "entries", gone);
	if (log_pack_find(&d->pack, d->e, first) != ERR_OK)
		complain(d);
}

static int read_on(struct decision_log *d)
{
	struct journal_entry je;
	int found = 1;
	while (found == 1 && d->lines.len < LINES_BYTES) {
		if (!d->reader) {
			catch_up(d);
			journal_reader_open(&d->reader, d->e->journal, d->at.next);
		}
		found = journal_next(d->reader, &je);
		if (found == 1) {
			take_entry(d, &je);
			d->at.next = je.seq + 1;
		}
	}
	return found;
}

static void *run(void *arg)
{
	struct decision_log *d = arg;
	bool writes = true;
	thread_step_back(NICE);
	while (writes) {
		bool last_look = stopping(d);
		int found = read_on(d);
		if (found < 0) { /* let go under our eyes, or it cannot be read */
			journal_reader_close(d->reader);
			d->reader = NULL;
			if (d->at.next >= journal_first(d->e->journal))
				complain(d);
		}
		writes = flush(d) && !out_of_time(d);
		if (found == 1)
			continue;
		if (last_look)
			break;
		rest(d, found < 0 ? RETRY_EVERY_MS : LOOK_EVERY_MS);
	}
	save(d, true);
	return NULL;
}

/* From outside. */

static void destroy(struct decision_log *d)
{
	journal_reader_close(d->reader);
	line_file_close(d->file);
	log_pack_finish(&d->pack);
	arena_finish(&d->arena);
	bytes_finish(&d->lines);
	bytes_finish(&d->alerts);
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int open_log(struct decision_log *d)
{
	const struct engine_config *c = &d->e->config;
	struct line_file_options options = { .path = c->decision_log,
					     .file_bytes = c->decision_log_bytes,
					     .keep = c->decision_log_keep,
					     .give_up = out_of_time,
					     .arg = d };
	struct bytes last = { 0 };
	int result = line_file_open(&d->file, &options);
	if (result == ERR_OK)
		result = line_file_last(d->file, &last);
	if (result == ERR_OK)
		result = log_place_find(&d->at, d->e, bytes_slice(&last));
	if (result == ERR_OK)
		result = log_pack_find(&d->pack, d->e, d->at.next);
	bytes_finish(&last);
	return result;
}

int decision_log_start(struct engine *e)
{
	pthread_condattr_t monotonic;
	if (!e->config.decision_log)
		return ERR_OK;
	struct decision_log *d = must_calloc(1, sizeof(*d));
	d->e = e;
	arena_init(&d->arena, 0);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&d->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int result = open_log(d);
	d->place = (struct feed_place){ .seq = d->at.next - 1, .index = UINT32_MAX };
	atomic_store(&d->done, d->at.next - 1);
	uint64_t from = d->at.next; /* the thread's from now on */
	if (result == ERR_OK && pthread_create(&d->thread, NULL, run, d) != 0)
		result = error_errno("cannot start the decision log's thread");
	if (result != ERR_OK) {
		destroy(d);
		return error_prefix("the decision log");
	}
	pthread_setname_np(d->thread, "decision log");
	e->decision_log = d;
	log_info("the decision log goes on at entry %llu", (unsigned long long)from);
	return ERR_OK;
}

void decision_log_stop(struct engine *e)
{
	struct decision_log *d = e->decision_log;
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	atomic_store(&d->stop_ns, clock_mono_ns());
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	uint64_t behind = journal_durable(e->journal) - counter_get(&d->done);
	if (behind)
		log_warn("the decision log is %llu %s behind; it goes on there at the next start", (unsigned long long)behind,
			 word_of(behind, "entry", "entries"));
	e->decision_log = NULL;
	destroy(d);
}

void engine_reopen_logs(struct engine *e)
{
	if (e->decision_log)
		atomic_store(&e->decision_log->reopen, true);
}

void decision_log_stats(const struct engine *e, struct decision_log_stats *out)
{
	const struct decision_log *d = e->decision_log;
	*out = (struct decision_log_stats){ 0 };
	if (!d)
		return;
	uint64_t durable = journal_durable(e->journal), done = counter_get(&d->done);
	*out = (struct decision_log_stats){ .lines = counter_get(&d->written),
					    .errors = counter_get(&d->errors),
					    .missed = counter_get(&d->missed),
					    .behind = durable > done ? durable - done : 0 };
}

bool decision_log_passed(const struct engine *e, uint64_t seq)
{
	return !e->decision_log || counter_get(&e->decision_log->done) >= seq;
}
