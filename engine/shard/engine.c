/* shard/engine.c: opening, running and closing the whole: journal, store, feed, shards and their threads. */
#include "shard/backfill.h"
#include "shard/walk.h"
#include "shard/control.h"
#include "shard/erase.h"
#include "shard/eraser.h"
#include "shard/explainer.h"
#include "shard/finder.h"
#include "shard/folder.h"
#include "shard/decision_log.h"
#include "shard/parts.h"
#include "shard/recovery.h"
#include "shard/sweep.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "history/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define SWEEP_MS_DEFAULT 30000u

struct progress {
	engine_progress *say;
	void *arg;
};

static void journal_progress(void *arg, uint64_t done, uint64_t all)
{
	struct progress *p = arg;
	if (p->say)
		p->say(p->arg, "checking the journal", done, all);
}

static void on_durable(void *arg, uint64_t seq)
{
	struct engine *e = arg;
	for (unsigned i = 0; i < e->shard_count; i++)
		shard_durable(e->shards[i]);
}

static struct engine *engine_create(const struct engine_config *config)
{
	struct engine *e = must_calloc(1, sizeof(*e));
	e->config = *config;
	e->data = must_strdup(config->data);
	e->config.data = e->data;
	e->shard_count = config->shards ? config->shards : 1;
	if (!e->config.cache_bytes)
		e->config.cache_bytes = CACHE_BYTES_DEFAULT;
	if (!e->config.tail_bytes)
		e->config.tail_bytes = LIMIT_TAIL_BYTES;
	if (!e->config.sweep_ms)
		e->config.sweep_ms = SWEEP_MS_DEFAULT;
	pthread_mutex_init(&e->lock, NULL);
	e->feed = feed_create();
	e->eraser = eraser_create(e);
	e->figures = figures_create();
	e->started_ns = clock_mono_ns();
	return e;
}

static int make_shards(struct engine *e)
{
	e->shards = must_calloc(e->shard_count, sizeof(e->shards[0]));
	for (unsigned i = 0; i < e->shard_count; i++) {
		e->shards[i] = shard_create(e, i);
		if (!e->shards[i])
			return error_last()->code;
		e->shards[i]->machine.keep_gates = e->config.decision_log != NULL;
	}
	return ERR_OK;
}

static void engine_free(struct engine *e)
{
	for (unsigned i = 0; e->shards && i < e->shard_count; i++)
		shard_destroy(e->shards[i]);
	control_destroy(e);
	free(e->shards);
	store_close(e->store);
	store_close(e->base);
	feed_destroy(e->feed);
	figures_destroy(e->figures);
	backfill_destroy(e);
	walk_destroy(e);
	eraser_destroy(e->eraser);
	finder_destroy(e);
	pasts_finish(&e->past);
	warms_finish(&e->warms);
	known_actions_finish(&e->known_actions);
	pthread_mutex_destroy(&e->lock);
	free(e->data);
	free(e);
}

static int open_journal(struct engine *e, bool read_only, struct progress *p, struct journal_found *found)
{
	struct journal_options options = { .segment_bytes = e->config.segment_bytes,
					   .reserve_bytes = e->config.reserve_bytes,
					   .read_only = read_only,
					   .on_durable = on_durable,
					   .arg = e };
	int result = journal_open(&e->journal, e->data, &options, journal_progress, p, found);
	if (result == ERR_OK && found->dropped_bytes)
		log_warn("dropped %llu bytes of a last batch that was cut off: nothing in it was acknowledged",
			 (unsigned long long)found->dropped_bytes);
	return result;
}

int engine_open(struct engine **out, const struct engine_config *config, engine_progress *progress, void *arg)
{
	struct engine *e = engine_create(config);
	struct progress p = { progress, arg };
	struct journal_found found;
	if (mkdir(e->data, 0750) != 0 && errno != EEXIST) {
		error_errno("cannot create the data directory %s (is the folder it lies in there, and may this user write to it?)",
			    e->data);
		engine_free(e);
		return ERR_IO;
	}
	struct erase_report erased;
	int result = engine_finish_erasing(e->data, &e->erased_first, &erased);
	if (result == ERR_OK)
		result = open_journal(e, false, &p, &found);
	if (result == ERR_OK)
		result = store_open(&e->store, e->data, 0, false);
	if (result == ERR_OK)
		result = folder_open_base(e);
	if (result == ERR_OK)
		result = make_shards(e);
	if (result == ERR_OK)
		result = recover(e, &found, progress, arg);
	if (result != ERR_OK) {
		journal_close(e->journal);
		engine_free(e);
		return result;
	}
	finder_search(e, &e->shards[0]->machine.pack->search);
	*out = e;
	return ERR_OK;
}

static int journal_boot(struct engine *e)
{
	struct bytes body = { 0 };
	e->boot_id = clock_random() | 1;
	struct entry entry = { .kind = ENTRY_BOOT };
	entry.boot.boot_id = e->boot_id;
	entry.boot.time_ms = engine_now_ms(e);
	entry_body_encode(&entry, &body);
	int result;
	while ((result = journal_reserve(e->journal, 1, body.len)) == ERR_BUSY)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* a crash left the segment nearly full */
	if (result == ERR_STORAGE) { /* a full disk at start: queries are answered; the reserve has room for this */
		journal_take(e->journal, 1, body.len);
		result = ERR_OK;
	}
	if (result == ERR_OK) {
		struct journal_entry je = { .kind = ENTRY_BOOT,
					    .received_at_ms = entry.boot.time_ms,
					    .body = bytes_slice(&body) };
		journal_append(e->journal, &je, NULL, NULL);
		journal_kick(e->journal);
		journal_wait(e->journal, je.seq);
		(void)fault_hit(boot_after_id);
	}
	bytes_finish(&body);
	return result;
}

int engine_run(struct engine *e)
{
	int result = journal_start(e->journal);
	if (result == ERR_OK)
		result = journal_boot(e);
	if (result == ERR_OK)
		result = folder_start(e);
	if (result == ERR_OK)
		result = explainer_start(e);
	if (result == ERR_OK)
		result = storer_start(e);
	if (result == ERR_OK)
		result = finder_start(e);
	if (result == ERR_OK)
		result = control_start(e);
	if (result == ERR_OK)
		result = decision_log_start(e);
	e->started_ms = engine_now_ms(e);
	for (unsigned i = 0; i < e->shard_count; i++) {
		e->shards[i]->swept_ns = clock_mono_ns(); /* recovery may have taken longer than a pause */
		counter_set(&e->shards[i]->machine.unheard, 0); /* what recovery applied was counted when it came */
		counter_set(&e->shards[i]->machine.items_lost, 0);
	}
	e->running = result == ERR_OK;
	return result;
}

void engine_loops_run(struct engine *e)
{
	e->looping = true;
	eraser_resume(e); /* a backfill waits for it */
	backfill_resume(e);
	walk_resume(e);
}

void engine_stop_changes(struct engine *e)
{
	control_stop(e);
	(void)backfill_stop(e, false);
	walk_stop(e);
	eraser_stop(e);
}

void engine_stop(struct engine *e)
{
	if (!e)
		return;
	control_stop(e);
	explainer_stop(e);
	finder_stop(e);
	storer_stop(e);
	folder_stop(e);
	if (e->running && sweep_all(e) != ERR_OK)
		log_warn("the store was not brought up to date (%s): nothing is lost, the journal has everything, and the next start reads more "
			 "of it", error_last()->text);
	if (e->running) {
		journal_kick(e->journal);
		journal_wait(e->journal, journal_last(e->journal));
	}
	decision_log_stop(e);
	journal_close(e->journal);
	store_close(e->store);
	store_close(e->base);
	e->journal = NULL;
	e->store = NULL;
	e->base = NULL;
	e->running = false;
}

void engine_close(struct engine *e)
{
	engine_stop(e);
	if (e)
		engine_free(e);
}

unsigned engine_shard_count(const struct engine *e)
{
	return e->shard_count;
}

struct shard *engine_shard(struct engine *e, unsigned index)
{
	return e->shards[index];
}

int64_t engine_now_ms(const struct engine *e)
{
	if (e->config.simulated_clock)
		return atomic_load(&((struct engine *)e)->clock_ms);
	return clock_wall_ms();
}

void engine_pack_text(struct engine *e, char name[LIMIT_ID_BYTES + 1], char hash[33])
{
	pthread_mutex_lock(&e->lock);
	memcpy(name, e->pack_name, sizeof(e->pack_name));
	memcpy(hash, e->pack_hash, sizeof(e->pack_hash));
	pthread_mutex_unlock(&e->lock);
}

void engine_count_connections(struct engine *e, int connections)
{
	atomic_fetch_add(&e->connections, connections);
}

int engine_replay(const struct engine_config *config, engine_progress *progress, void *arg, struct replay_report *out)
{
	struct engine *e = engine_create(config);
	struct progress p = { progress, arg };
	struct journal_found found;
	int result = open_journal(e, true, &p, &found);
	if (result == ERR_OK)
		result = make_shards(e);
	if (result == ERR_OK)
		result = replay_all(e, &found, progress, arg, out);
	journal_close(e->journal);
	engine_free(e);
	return result;
}

void engine_set_slow(struct engine *e, uint64_t request_ns, uint64_t rule_ns)
{
	atomic_store(&e->slow_request_ns, request_ns);
	for (unsigned i = 0; i < e->shard_count; i++)
		atomic_store(&e->shards[i]->machine.slow_rule_ns, rule_ns);
}

/* A shard that is poked takes the poke away as soon as it comes round. Somebody else may poke it again at once: so it is
 * looked at more than once. */
bool engine_is_alive(struct engine *e, uint32_t within_ms)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		uint64_t until_ns = clock_mono_ns() + within_ms * 1000000ull;
		shard_poke(e->shards[i]);
		while (atomic_load(&e->shards[i]->poked)) {
			if (clock_mono_ns() > until_ns)
				return false;
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		}
	}
	return true;
}
