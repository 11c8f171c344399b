/* shard/backfill.c: see backfill.h: the thread, its beginning and its end. Handing over is in fill.c. */
#include "shard/backfill.h"
#include "shard/backfill_parts.h"
#include "shard/control.h"
#include "shard/eraser.h"
#include "shard/parts.h"
#include "shard/sweep.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/thread.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES_A_LOOK 1024u /* between two looks at whether to stop, and at memory */
#define SETTLE_ROUNDS 40u
#define NICE 10 /* behind the daemon's own threads */

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static bool wanted(const struct engine *e, const struct warm *w)
{
	return !w->filled && warm_is_fillable(w) && w->since_seq > journal_first(e->journal) + 1;
}

static struct backfill *create(struct engine *e)
{
	struct backfill *b = must_calloc(1, sizeof(*b));
	b->engine = e;
	b->series = must_calloc(e->warms.count + 1, sizeof(b->series[0]));
	b->cases = must_calloc(e->warms.count + 1, sizeof(b->cases[0]));
	for (size_t i = 0; i < e->warms.count; i++) {
		const struct warm *w = &e->warms.items[i];
		if (!wanted(e, w))
			continue;
		if (w->kind == WARM_CASE)
			b->cases[b->fill.cases.count++] = w->id;
		else
			b->series[b->fill.series.count++] = w->id;
	}
	b->fill.series.ids = b->series;
	b->fill.cases.ids = b->cases;
	b->pack_seq = e->past.count ? e->past.items[e->past.count - 1].seq : 0;
	b->merges_from = UINT64_MAX;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->moved, NULL);
	arena_init(&b->arena, 0);
	return b;
}

static void destroy(struct backfill *b)
{
	if (!b)
		return;
	shadow_destroy(b->shadow);
	journal_reader_close(b->reader);
	arena_finish(&b->arena);
	bytes_finish(&b->body);
	free(b->asked);
	free(b->series);
	free(b->cases);
	pthread_cond_destroy(&b->moved);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

int backfill_note(struct backfill *b)
{
	struct bytes value = { 0 };
	bytes_put_u64(&value, b->pack_seq);
	bytes_put_u64(&value, b->derive_to);
	bytes_put_zigzag(&value, b->derive_to_ms);
	bytes_put_u64(&value, b->merges_from);
	bytes_put_u16(&value, (uint16_t)b->next_slot);
	int result = storer_note_backfill(b->engine, bytes_slice(&value), 0);
	bytes_finish(&value);
	return result;
}

static bool note_read(struct backfill *b, struct slice value)
{
	struct reader r = reader_of(value);
	uint64_t pack_seq = reader_u64(&r);
	b->derive_to = reader_u64(&r);
	b->derive_to_ms = reader_zigzag(&r);
	b->merges_from = reader_u64(&r);
	b->next_slot = reader_u16(&r);
	return !r.bad && pack_seq == b->pack_seq && (b->fill.series.count || b->fill.cases.count);
}

/* Everything that is on disk. */
int backfill_catch_up(struct backfill *b)
{
	struct ahead_item item = { 0 };
	int result = ERR_OK;
	for (unsigned n = 1; result == ERR_OK; n++) {
		int found = journal_next(b->reader, &item.je);
		if (found <= 0)
			return found;
		arena_reset(&b->arena);
		result = ahead_item_decode(&item, &b->arena);
		if (result == ERR_OK)
			result = shadow_apply(b->shadow, &item);
		b->at = item.je.seq;
		if (n % ENTRIES_A_LOOK)
			continue;
		counter_set(&b->done, b->at);
		if (atomic_load(&b->stop))
			return ERR_OK;
		if (result == ERR_OK)
			result = shadow_spill(b->shadow, false);
	}
	return result;
}

static int open_all(struct backfill *b)
{
	struct engine *e = b->engine;
	struct bundle bundle = { 0 };
	struct bytes key = { 0 }, value = { 0 };
	uint64_t first = journal_first(e->journal);
	b->first_seq = first;
	b->fill.keep_older = first > 1;
	bytes_printf(&key, "bundle:%s", e->past.items[e->past.count - 1].hash);
	int result = store_get(e->store, STORE_META, bytes_slice(&key), &value);
	if (result == ERR_OK)
		result = bundle_decode(&bundle, bytes_slice(&value));
	if (result == ERR_OK)
		result = shadow_create(&b->shadow, e->data, &bundle, &b->fill, b->derive_to, b->derive_to_ms);
	if (result == ERR_OK)
		result = journal_reader_open(&b->reader, e->journal, first);
	bundle_finish(&bundle);
	bytes_finish(&key);
	bytes_finish(&value);
	return result;
}

/* Merges on their way arrive within moments. */
static int settle(struct backfill *b)
{
	int result = ERR_OK;
	for (unsigned i = 0; result == ERR_OK && shadow_pending(b->shadow) && i < SETTLE_ROUNDS && !atomic_load(&b->stop); i++) {
		pause_ms(50);
		result = backfill_catch_up(b);
	}
	if (result == ERR_OK)
		result = shadow_settle(b->shadow);
	return result == ERR_OK ? backfill_hand_over(b, false) : result;
}

static int read_history(struct backfill *b)
{
	int result = ERR_OK;
	while (result == ERR_OK && b->at < b->derive_to && !atomic_load(&b->stop)) {
		result = backfill_catch_up(b);
		if (result == ERR_OK && b->at < b->derive_to)
			pause_ms(5);
	}
	if (result == ERR_OK)
		result = shadow_spill(b->shadow, true);
	return result;
}

static int go_through(struct backfill *b)
{
	int result = open_all(b);
	if (result == ERR_OK)
		result = read_history(b);
	if (result != ERR_OK || atomic_load(&b->stop))
		return result;
	if (b->merges_from == UINT64_MAX)
		b->merges_from = b->at;
	shadow_watch_merges(b->shadow, b->merges_from);
	atomic_store(&b->state, BACKFILL_FILLING);
	result = backfill_note(b);
	(void)fault_hit(backfill_before_filling);
	if (result == ERR_OK)
		result = backfill_hand_over(b, true);
	if (result == ERR_OK && !atomic_load(&b->stop))
		result = settle(b);
	return result;
}

/* From then on they have all there is. */
static int finish(struct backfill *b)
{
	struct engine *e = b->engine;
	struct journal_reader *r;
	struct journal_entry first = { 0 };
	if (journal_reader_open(&r, e->journal, b->first_seq) == ERR_OK) {
		(void)journal_next(r, &first);
		journal_reader_close(r);
	}
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->warms.count; i++) {
		struct warm *w = &e->warms.items[i];
		if (!backfill_fills(e, w))
			continue;
		w->filled = true;
		w->since_seq = b->first_seq;
		w->since_ms = first.received_at_ms;
	}
	pthread_mutex_unlock(&e->lock);
	return storer_note_backfill(e, (struct slice){ 0 }, b->pack_seq);
}

static void *run(void *arg)
{
	struct backfill *b = arg;
	thread_step_back(NICE);
	while (eraser_runs(b->engine) && !atomic_load(&b->stop)) /* what is erased must not come back from what was read */
		pause_ms(20);
	int result = go_through(b);
	bool stopped = atomic_load(&b->stop);
	if (result == ERR_OK && !stopped)
		result = finish(b);
	if (result != ERR_OK)
		b->error = *error_last();
	shadow_destroy(b->shadow);
	b->shadow = NULL;
	atomic_store(&b->state, result != ERR_OK ? BACKFILL_FAILED : stopped ? BACKFILL_STOPPED : BACKFILL_DONE);
	atomic_store(&b->engine->backfilling, false);
	if (result != ERR_OK)
		log_error("backfill: %s; the pack's new series go on with what they have, `nudgectl rules activate DIR "
			  "--backfill` tries again",
			  b->error.text);
	else if (!stopped)
		log_info("backfill: %llu subjects have their history from entry %llu on",
			 (unsigned long long)counter_get(&b->subjects), (unsigned long long)b->first_seq);
	return NULL;
}

static bool start(struct engine *e, struct backfill *b)
{
	pthread_mutex_lock(&e->lock);
	struct backfill *old = e->backfill;
	e->backfill = b;
	pthread_mutex_unlock(&e->lock);
	destroy(old);
	atomic_store(&b->state, BACKFILL_READING);
	atomic_store(&e->backfilling, true);
	b->started = pthread_create(&b->thread, NULL, run, b) == 0;
	if (!b->started) {
		atomic_store(&e->backfilling, false);
		atomic_store(&b->state, BACKFILL_FAILED);
		error_errno("cannot start a thread");
		b->error = *error_last();
		return false;
	}
	pthread_setname_np(b->thread, "backfill");
	log_info("backfill: %u series and %u %s are filled from the journal, entries %llu to %llu", b->fill.series.count,
		 b->fill.cases.count, word_of(b->fill.cases.count, "case", "cases"),
		 (unsigned long long)journal_first(e->journal), (unsigned long long)b->derive_to);
	return true;
}

bool backfill_start(struct engine *e)
{
	struct backfill *b = create(e);
	if (!b->fill.series.count && !b->fill.cases.count) {
		destroy(b);
		return false;
	}
	b->derive_to = journal_last(e->journal);
	b->derive_to_ms = engine_now_ms(e);
	if (backfill_note(b) != ERR_OK)
		log_warn("backfill: a crash would cut it off for good: %s", error_last()->text);
	return start(e, b);
}

void backfill_resume(struct engine *e)
{
	struct bytes value = { 0 };
	if (!e->past.count || store_get(e->store, STORE_META, SLICE("backfill"), &value) != ERR_OK)
		return;
	struct backfill *b = create(e);
	if (note_read(b, bytes_slice(&value)))
		(void)start(e, b);
	else
		destroy(b);
	bytes_finish(&value);
}

bool backfill_runs(const struct engine *e)
{
	return atomic_load(&e->backfilling);
}

bool backfill_stop(struct engine *e, bool forget)
{
	struct backfill *b = e->backfill;
	if (!b || !b->started)
		return false;
	atomic_store(&b->stop, true);
	pthread_join(b->thread, NULL);
	b->started = false;
	bool ran = atomic_load(&b->state) == BACKFILL_STOPPED;
	if (forget && ran && storer_note_backfill(e, (struct slice){ 0 }, 0) != ERR_OK)
		log_warn("backfill: %s", error_last()->text);
	return ran;
}

void backfill_destroy(struct engine *e)
{
	destroy(e->backfill);
	e->backfill = NULL;
}

bool backfill_fills(const struct engine *e, const struct warm *w)
{
	const struct backfill *b = e->backfill;
	const struct id_list *list = w->kind == WARM_CASE ? &b->fill.cases : &b->fill.series;
	for (unsigned i = 0; warm_is_fillable(w) && i < list->count; i++)
		if (list->ids[i] == w->id)
			return true;
	return false;
}

bool backfill_told(const struct engine *e, struct wire_backfill *out)
{
	static const char *const states[] = { "", "reading", "filling", "done", "stopped", "failed" };
	struct backfill *b = e->backfill;
	int state = b ? atomic_load(&b->state) : BACKFILL_NONE;
	if (state == BACKFILL_NONE)
		return false;
	*out = (struct wire_backfill){ .state = slice_of(states[state]),
				       .seq = b->pack_seq,
				       .first_seq = journal_first(e->journal),
				       .done = counter_get(&b->done),
				       .all = b->derive_to,
				       .slots = counter_get(&b->slots),
				       .subjects = counter_get(&b->subjects),
				       .error = slice_of(state == BACKFILL_FAILED ? b->error.text : "") };
	return true;
}

/* Reading takes about as long as filling. */
double backfill_percent(struct engine *e)
{
	struct wire_backfill b;
	double percent = 0;
	pthread_mutex_lock(&e->lock);
	if (backfill_runs(e) && backfill_told(e, &b)) {
		double read = b.done > b.first_seq ? (double)(b.done - b.first_seq) : 0;
		double all = b.all > b.first_seq ? (double)(b.all - b.first_seq) : 1;
		percent = 1 + 49 * (read < all ? read / all : 1) + 50 * (double)b.slots / HASH_SLOTS;
	}
	pthread_mutex_unlock(&e->lock);
	return percent < 100 ? percent : 100;
}
