/* shard/activate.c: a pack becomes the active one, or an earlier one again. In the control thread; the standing and the
 * entry are control.c's.
 *
 *     what is asked for: files that came, or a pack that was active before (the store keeps it, and its tests)
 *     ->  checked whole, in a machine of its own  ->  tested  ->  live from one entry on  ->  noted: the store, the history
 */
#include "shard/backfill.h"
#include "shard/control.h"
#include "shard/finder.h"
#include "shard/parts.h"
#include "shard/told.h"
#include "shard/walk.h"
#include "shard/work.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/printable.h"

#include <stdio.h>
#include <stdlib.h>

struct past past_of(const struct activation *a)
{
	struct past line = { .seq = a->seq,
			     .time_ms = a->time_ms,
			     .uid = a->uid,
			     .origin = a->origin,
			     .back_to = a->back_to,
			     .rules = a->rules,
			     .actions = a->actions,
			     .series_kept = a->series_kept,
			     .series_new = a->series_new,
			     .tests = a->tests_passed,
			     .untested = a->untested,
			     .backfill = a->backfill };
	snprintf(line.hash, sizeof(line.hash), "%s", a->hash_text);
	snprintf(line.name, sizeof(line.name), "%s", a->name);
	snprintf(line.by, sizeof(line.by), "%s", a->by);
	return line;
}

static int stored_bundle(struct engine *e, const char *what, const char *hash, struct bundle *out)
{
	struct bytes key = { 0 }, value = { 0 };
	bytes_printf(&key, "%s:%s", what, hash);
	int result = store_get(e->store, STORE_META, bytes_slice(&key), &value);
	if (result == ERR_OK)
		result = bundle_decode(out, bytes_slice(&value));
	bytes_finish(&key);
	bytes_finish(&value);
	return result;
}

/* What was active before, as it was: with the time zone's table of then. */
static int take_from_past(struct engine *e, struct activation *a)
{
	/* Only this thread adds lines. */
	const struct past *line = pasts_find(&e->past, a->to);
	if (!line)
		return error_last()->code;
	if (strcmp(line->hash, e->pack_hash) == 0)
		return error_set(ERR_CONFLICT, "to", "%s %.12s is the active pack already", line->name, line->hash);
	int result = stored_bundle(e, "bundle", line->hash, &a->bundle);
	if (result == ERR_MISSING)
		return error_set(ERR_MISSING, "to",
				 "the pack %s %.12s of entry %llu is not kept any more: only the %u that were active last "
				 "are (limit_packs_kept); activate its folder",
				 line->name, line->hash, (unsigned long long)line->seq, LIMIT_PACKS_KEPT);
	if (result != ERR_OK)
		return result;
	result = stored_bundle(e, "tests", line->hash, &a->tests);
	a->untested = result == ERR_MISSING;
	a->back_to = line->seq;
	if (!a->name[0])
		snprintf(a->name, sizeof(a->name), "%s", line->name);
	return a->untested ? ERR_OK : result;
}

static void count_declarations(struct engine *e, struct activation *a, const struct pack *new)
{
	/* Only this thread has packs swapped, so the first shard's may be read. */
	const struct pack *old = e->shards[0]->machine.pack;
	a->rules = new->rule_count;
	a->actions = new->action_count;
	a->walks = new->segment_count || (old && old->segment_count);
	a->series_kept = a->series_new = 0;
	for (unsigned i = 0; i < new->series_count; i++) {
		bool kept = old && pack_series_by_id(old, new->series[i].id);
		a->series_kept += kept;
		a->series_new += !kept;
	}
}

/* Checked whole before any shard hears of it. */
static struct pack *check_pack(struct engine *e, struct activation *a, struct strpool *pool)
{
	struct pack *pack;
	int result = ERR_OK;
	if (a->origin == PAST_ROLLBACK) {
		result = take_from_past(e, a);
	} else {
		bundle_take_tests(&a->bundle, &a->tests);
		result = bundle_resolve_zone(&a->bundle);
	}
	if (result != ERR_OK || pack_load(&pack, &a->bundle, pool) != ERR_OK) {
		activation_fail(a);
		return NULL;
	}
	count_declarations(e, a, pack);
	bundle_encode(&a->bundle, &a->bytes);
	snprintf(a->hash_text, sizeof(a->hash_text), "%s", pack->hash_text);
	if (!a->name[0])
		snprintf(a->name, sizeof(a->name), "%.*s", SLICE_ARG(str_slice(pack->name)));
	return pack;
}

static void go_live(struct engine *e, struct activation *a)
{
	if (e->looping) {
		control_prepare(e, a);
		if (a->result == ERR_OK)
			control_stand_and_publish(e, a);
		return;
	}
	for (unsigned i = 0; i < e->shard_count; i++)
		if (shard_install_pack(e->shards[i], &a->bundle) != ERR_OK)
			activation_fail(a);
	if (a->result == ERR_OK && control_publish(e, a) != ERR_OK)
		activation_fail(a);
	models_load(e);
}

void engine_remember(struct engine *e, const struct past *line, const struct warms *warms)
{
	pthread_mutex_lock(&e->lock);
	pasts_add(&e->past, line);
	warms_finish(&e->warms);
	warms_copy(&e->warms, warms);
	known_actions_of(&e->known_actions, e->shards[0]->machine.pack); /* only this thread has packs swapped */
	pthread_mutex_unlock(&e->lock);
}

int engine_load_warms(struct engine *e, const struct past *line, const struct warms *old)
{
	struct bytes key = { 0 }, value = { 0 };
	struct warms warms = { 0 };
	bytes_printf(&key, "warm:%020llu", (unsigned long long)line->seq);
	int result = e->store ? store_get(e->store, STORE_META, bytes_slice(&key), &value) : ERR_MISSING;
	if (result == ERR_MISSING) {
		warms_of(&warms, e->shards[0]->machine.pack, old, line->seq, line->time_ms);
		result = ERR_OK;
	} else if (result == ERR_OK && !warms_decode(&warms, bytes_slice(&value))) {
		result = error_set(ERR_CORRUPT, NULL, "the store's note of what is warm does not decode");
	}
	bytes_finish(&key);
	bytes_finish(&value);
	if (result == ERR_OK)
		engine_remember(e, line, &warms);
	warms_finish(&warms);
	return result;
}

static void note(struct engine *e, struct activation *a, const struct pack *pack)
{
	struct past line = past_of(a);
	struct bytes tests = { 0 };
	warms_of(&a->warms, pack, &e->warms, a->seq, a->time_ms);
	journal_wait(e->journal, a->seq);
	(void)fault_hit(activate_after_publish);
	engine_remember(e, &line, &a->warms);
	if (!a->untested)
		bundle_encode(&a->tests, &tests);
	if (storer_note_activation(e, &line, bytes_slice(&a->bytes), bytes_slice(&tests)) == ERR_OK)
		control_noted(e, a->seq);
	else
		log_error("the store did not take the activation (%s); recovery will read it from the journal",
			  error_last()->text);
	bytes_finish(&tests);
	engine_set_pack_text(e, a->name, a->hash_text, a->time_ms);
	finder_search(e, &pack->search);
	log_id(LOG_ID_PACK_ACTIVE);
	log_field(LOG_PACK, "%s", a->hash_text);
	log_field(LOG_SEQ, "%llu", (unsigned long long)a->seq);
	log_info("pack %s %s is active from entry %llu: %u %s, %u %s, %u series kept, %u new%s%s%s", a->name, a->hash_text,
		 (unsigned long long)a->seq, a->rules, word_of(a->rules, "rule", "rules"), a->actions,
		 word_of(a->actions, "action", "actions"), a->series_kept, a->series_new,
		 a->origin == PAST_ROLLBACK ? " (rolled back)" : "", *a->by ? "; by " : "", a->by);
}

/* The loops must run: what is filled in goes through them. */
static void begin_to_fill(struct engine *e, struct activation *a)
{
	if (a->backfill && e->looping)
		a->filling = backfill_runs(e) || backfill_start(e);
}

static void run_checked(struct engine *e, struct activation *a, const struct pack *pack)
{
	/* Who asks for the active pack anew wants the rules back that were set aside; SIGHUP may come from a rotation of
	 * logs, and wants nothing of a folder that has not changed. */
	bool asides = a->origin != PAST_FOLDER && e->looping && atomic_load(&e->asides_in_force);
	if (strcmp(a->hash_text, e->pack_hash) == 0 && !asides) {
		begin_to_fill(e, a);
		return; /* it is the active one, no rule wants to come back: nothing to do, nothing is lost */
	}
	if (activation_test(a) != ERR_OK) {
		activation_fail(a);
		return;
	}
	go_live(e, a);
	if (a->result != ERR_OK)
		return;
	atomic_store(&e->asides_in_force, 0);
	a->stopped_filling = backfill_stop(e, true);
	note(e, a, pack);
	walk_stop(e);
	if (a->walks)
		walk_begin(e, a->seq);
	begin_to_fill(e, a);
}

/* While the pack is at hand: its names are in the answer. */
static void tell(struct engine *e, struct activation *a, const struct pack *pack)
{
	struct arena arena;
	struct wire_activated w = { .name = slice_of(a->name),
				    .hash = slice_of(a->hash_text),
				    .seq = a->seq,
				    .rules = a->rules,
				    .actions = a->actions,
				    .series_kept = a->series_kept,
				    .series_new = a->series_new,
				    .tests = a->tests_passed,
				    .untested = a->untested,
				    .filling = a->filling,
				    .stopped_filling = a->stopped_filling,
				    .back_to = a->back_to };
	arena_init(&arena, 0);
	pthread_mutex_lock(&e->lock);
	w.declared = told_declared(e, pack, &arena, &w.declared_count);
	pthread_mutex_unlock(&e->lock);
	response_activated(&a->reply_to->answer, a->request_id, &w);
	arena_finish(&arena);
}

void activation_run(struct engine *e, struct activation *a)
{
	struct strpool *pool = strpool_create();
	struct pack *pack = check_pack(e, a, pool);
	if (pack)
		run_checked(e, a, pack);
	if (pack && a->result == ERR_OK && a->reply_to)
		tell(e, a, pack);
	pack_destroy(pack);
	strpool_destroy(pool);
}
