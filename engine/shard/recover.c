/* shard/recover.c: from the store's low-water mark and the journal behind it to the state as it was; and --replay, the
 * same from nothing. Recovery ends with what a crash cut off: effects and nudges that entries caused and the journal
 * does not show. */
#include "shard/control.h"
#include "history/erase.h"
#include "history/read_ahead.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/recovery.h"
#include "shard/timers.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/printable.h"

#include <stdio.h>
#include <stdlib.h>

static const char empty_pack[] = "pack { name = \"empty\" }\n";

struct history { /* what the store's META says about packs at the mark */
	struct engine *engine;
	uint64_t mark;
	struct past last; /* the one in force; its sequence is 0 where there is none */
};

/* The key lies in the store's page, with nothing between it and the value: only its own digits count. */
static uint64_t number_behind(struct slice key, struct slice prefix)
{
	uint64_t n = 0;
	for (size_t i = prefix.len; i < key.len && key.data[i] >= '0' && key.data[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(key.data[i] - '0');
	return n;
}

static int find_activation(void *arg, struct slice key, struct slice value)
{
	struct history *h = arg;
	struct past line;
	struct slice prefix = SLICE("activation:");
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return 1;
	uint64_t seq = number_behind(key, prefix);
	if (seq > h->mark)
		return 1;
	if (!past_decode(&line, seq, value))
		return error_set(ERR_CORRUPT, NULL, "the store's note of the activation at entry %llu does not decode",
				 (unsigned long long)seq);
	pasts_add(&h->engine->past, &line);
	h->last = line;
	return 0;
}

struct aside_scan {
	struct engine *engine;
	const struct history *history;
};

static int find_aside(void *arg, struct slice key, struct slice value)
{
	struct aside_scan *scan = arg;
	struct slice prefix = SLICE("aside:");
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return 1;
	uint64_t seq = number_behind(key, prefix);
	if (seq > scan->history->mark)
		return 1;
	if (seq > scan->history->last.seq) {
		atomic_fetch_add(&scan->engine->asides_in_force, 1);
		for (unsigned i = 0; i < scan->engine->shard_count; i++)
			machine_set_aside(&scan->engine->shards[i]->machine, value);
	}
	return 0;
}

static int install_everywhere(struct engine *e, const struct bundle *bundle)
{
	int result = ERR_OK;
	for (unsigned i = 0; i < e->shard_count && result == ERR_OK; i++)
		result = shard_install_pack(e->shards[i], bundle);
	return result;
}

int install_empty_pack(struct engine *e)
{
	struct bundle bundle = { 0 };
	int result = bundle_add(&bundle, SLICE("pack.lua"), slice_of(empty_pack));
	if (result == ERR_OK)
		result = install_everywhere(e, &bundle);
	bundle_finish(&bundle);
	if (result == ERR_OK)
		engine_set_pack_text(e, "empty", e->shards[0]->machine.pack->hash_text, 0);
	return result;
}

/* The pack that was active at the mark, and the rules set aside since. */
static int install_stored_pack(struct engine *e, const struct history *h)
{
	struct bundle bundle = { 0 };
	struct bytes key = { 0 }, value = { 0 };
	bytes_printf(&key, "bundle:%s", h->last.hash);
	int result = store_get(e->store, STORE_META, bytes_slice(&key), &value);
	if (result == ERR_OK)
		result = bundle_decode(&bundle, bytes_slice(&value));
	if (result == ERR_OK)
		result = install_everywhere(e, &bundle);
	bundle_finish(&bundle);
	bytes_finish(&key);
	bytes_finish(&value);
	if (result != ERR_OK)
		return error_prefix("the pack %s that was active does not load", h->last.name);
	engine_set_pack_text(e, h->last.name, h->last.hash, h->last.time_ms);
	result = engine_load_warms(e, &h->last, NULL);
	if (result != ERR_OK)
		return result;
	struct aside_scan scan = { e, h };
	result = store_scan(e->store, STORE_META, SLICE("aside:"), find_aside, &scan);
	return result < 0 ? result : ERR_OK;
}

static int read_number(struct engine *e, struct slice key, uint64_t *out)
{
	struct bytes value = { 0 };
	int result = store_get(e->store, STORE_META, key, &value);
	struct reader r = reader_of(bytes_slice(&value));
	*out = result == ERR_OK ? reader_u64(&r) : 0;
	bytes_finish(&value);
	return result == ERR_MISSING ? ERR_OK : result;
}

static int claim(struct engine *e, struct slice key, struct slice id)
{
	struct store_write *w;
	int result = store_begin(e->store, &w);
	if (result != ERR_OK)
		return result;
	result = store_put(w, STORE_META, key, id);
	if (result == ERR_OK)
		return store_commit(w);
	store_abort(w);
	return result;
}

/* A store belongs to one journal, and says to which. */
static int check_belongs(struct engine *e)
{
	char id[33];
	struct bytes value = { 0 };
	struct slice key = SLICE("journal");
	hash128_hex(journal_id(e->journal), id);
	int result = store_get(e->store, STORE_META, key, &value);
	if (result == ERR_MISSING)
		result = claim(e, key, slice_of(id));
	else if (result == ERR_OK && !slice_equal(bytes_slice(&value), slice_of(id)))
		result = error_set(ERR_CORRUPT, NULL,
				   "the store is of another journal (%.*s, this one is %s). Restore both from one backup",
				   SLICE_ARG(bytes_slice(&value)), id);
	bytes_finish(&value);
	return result;
}

static int check_ends_meet(const struct engine *e, uint64_t mark, const struct journal_found *found)
{
	uint64_t newest = e->newest_stored > mark ? e->newest_stored : mark;
	if (newest > found->last_seq)
		return error_set(ERR_CORRUPT, NULL,
				 "the store knows the journal up to entry %llu, but the journal ends at %llu: its end is "
				 "missing or damaged. "
				 "Restore both from one backup",
				 (unsigned long long)newest, (unsigned long long)found->last_seq);
	if (found->first_seq > mark + 1)
		return error_set(ERR_CORRUPT, NULL,
				 "the journal begins at entry %llu, but the store covers only up to %llu: the store is "
				 "not the one of this "
				 "journal. Restore both from one backup",
				 (unsigned long long)found->first_seq, (unsigned long long)mark);
	return ERR_OK;
}

static int load_due(void *arg, struct slice key, struct slice value)
{
	struct engine *e = arg;
	struct subject subject;
	uint64_t fire = 0;
	if (key.len <= 8)
		return error_set(ERR_CORRUPT, NULL, "the store's due index has a broken key");
	for (unsigned i = 0; i < 8; i++)
		fire = fire << 8 | (uint8_t)key.data[i];
	int result = subject_from_key((struct slice){ key.data + 8, key.len - 8 }, &subject);
	if (result != ERR_OK)
		return result;
	timers_load(engine_owner(e, &subject), (int64_t)fire, &subject);
	return 0;
}

static enum subject_kind kind_from_name(struct slice name)
{
	for (int kind = SUBJECT_CUSTOMER; kind <= SUBJECT_LEDGER; kind++)
		if (slice_equal(name, slice_of(subject_kind_name(kind))))
			return kind;
	return SUBJECT_NONE;
}

static int load_outbox(void *arg, struct slice key, struct slice value)
{
	struct engine *e = arg;
	struct wire_alert alert;
	int result = alert_decode(&alert, value);
	if (result != ERR_OK)
		return result;
	enum subject_kind kind = kind_from_name(alert.subject_kind);
	if (kind == SUBJECT_NONE || !alert.subject.len || alert.subject.len > LIMIT_ALIAS_BYTES)
		return error_set(ERR_CORRUPT, NULL, "the store's outbox has an alert of nobody");
	struct subject subject = subject_of(kind, alert.subject);
	feed_add(e->feed, &alert, &subject);
	return 0;
}

static int note_ledger(void *arg, struct slice key, struct slice value)
{
	struct engine *e = arg;
	struct subject subject;
	if (subject_from_key(key, &subject) != ERR_OK || subject.kind != SUBJECT_LEDGER)
		return 1;
	cache_note_ledger(&engine_owner(e, &subject)->cache, &subject);
	return 0;
}

/* Which days of ledgers the store has: their keys lie together in each hash slot. */
static int load_ledgers(struct engine *e)
{
	int result = 0;
	for (unsigned slot = 0; slot < HASH_SLOTS && result >= 0; slot++) {
		const char from[] = { (char)slot, SUBJECT_LEDGER };
		result = store_scan(e->store, STORE_RECORDS, (struct slice){ from, sizeof(from) }, note_ledger, e);
	}
	return result < 0 ? result : ERR_OK;
}

static int find_bundle(void *arg, struct slice key, struct slice value)
{
	struct pasts *p = arg;
	struct slice prefix = SLICE("bundle:");
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return 1;
	pasts_kept(p, (struct slice){ key.data + prefix.len, key.len - prefix.len });
	return 0;
}

static int load_stored(struct engine *e, uint64_t mark)
{
	struct history h = { .engine = e, .mark = mark };
	int result = store_scan(e->store, STORE_META, SLICE("activation:"), find_activation, &h);
	if (result < 0)
		return result;
	for (size_t i = 0; i < e->past.count; i++)
		e->past.items[i].pruned = true;
	result = store_scan(e->store, STORE_META, SLICE("bundle:"), find_bundle, &e->past);
	if (result < 0)
		return result;
	result = known_actions_load(e);
	if (result == ERR_OK)
		result = h.last.seq ? install_stored_pack(e, &h) : install_empty_pack(e);
	if (result == ERR_OK)
		result = store_scan(e->store, STORE_DUE, SLICE(""), load_due, e);
	if (result == ERR_OK)
		result = store_scan(e->store, STORE_OUTBOX, SLICE(""), load_outbox, e);
	if (result == ERR_OK)
		result = load_ledgers(e);
	return result;
}

#define PROGRESS_ENTRIES 4096u

/* The records of the next items lie apart in memory: asked for together, before they are applied one by one. */
static void fetch_records(struct engine *e, const struct ahead_item *items, unsigned count)
{
	uint64_t hashes[CACHE_AHEAD_MAX];
	for (unsigned at = 0; at < e->shard_count; at++) {
		unsigned found = 0;
		for (unsigned i = 0; i < count; i++)
			if (items[i].hash && subject_shard(items[i].je.slot, e->shard_count) == at)
				hashes[found++] = items[i].hash;
		cache_ahead(&e->shards[at]->cache, hashes, found);
	}
}

static int replay_items(struct engine *e, struct ahead_item *items, unsigned count, struct replay_checks *checks)
{
	for (unsigned i = 0; i < count; i++) {
		if (i % CACHE_AHEAD_MAX == 0)
			fetch_records(e, items + i, count - i < CACHE_AHEAD_MAX ? count - i : CACHE_AHEAD_MAX);
		int result = replay_entry(e, &items[i], checks);
		if (result != ERR_OK)
			return result;
		if (items[i].je.received_at_ms > atomic_load(&e->clock_ms))
			atomic_store(&e->clock_ms, items[i].je.received_at_ms);
	}
	return ERR_OK;
}

static int replay_from(struct engine *e, uint64_t from, uint64_t last, struct replay_checks *checks,
		       engine_progress *progress, void *arg)
{
	struct read_ahead *ahead;
	struct ahead_item *items;
	unsigned count;
	uint64_t told = 0;
	int result = read_ahead_open(&ahead, e->journal, from, 0);
	while (result == ERR_OK && (result = read_ahead_next(ahead, &items, &count)) == 1) {
		result = replay_items(e, items, count, checks);
		if (checks->report.entries - told < PROGRESS_ENTRIES)
			continue;
		told = checks->report.entries;
		for (unsigned i = 0; i < e->shard_count; i++)
			cache_evict(&e->shards[i]->cache, PROGRESS_ENTRIES);
		if (progress)
			progress(arg, "replaying the journal", checks->report.last_seq - from + 1, last - from + 1);
	}
	read_ahead_close(ahead);
	if (progress && last >= from && result == ERR_OK)
		progress(arg, "replaying the journal", last - from + 1, last - from + 1);
	return result;
}

/* What the crash cut off goes to the inboxes, in order of source: the first thing that the loops do. */
static void emit_cut_off(struct engine *e)
{
	struct work **left;
	(void)fault_hit(recover_before_effects);
	size_t count = expected_drain(e->expected, &left);
	for (size_t i = 0; i < count; i++) {
		struct shard *s = engine_owner(e, &left[i]->effect.source);
		left[i]->home = s;
		inbox_add(s, left[i]);
	}
	if (count)
		log_info("%zu effects and nudges that were cut off will be emitted now", count);
	free(left);
}

/* Time goes on from the newest entry, also where the store has it already and nothing is replayed. */
static int take_up_clock(struct engine *e, const struct journal_found *found)
{
	struct journal_reader *r;
	struct journal_entry last;
	if (!found->last_seq)
		return ERR_OK;
	int result = journal_reader_open(&r, e->journal, found->last_seq);
	if (result != ERR_OK)
		return result;
	result = journal_next(r, &last);
	if (result == 1 && last.received_at_ms > atomic_load(&e->clock_ms))
		atomic_store(&e->clock_ms, last.received_at_ms);
	journal_reader_close(r);
	return result < 0 ? result : ERR_OK;
}

int recover(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg)
{
	uint64_t mark;
	struct erase_asked asked;
	/* Who was being erased is wiped without an entry that says so: until the stores have that, what came since was decided
	 * without what the store still knows. It is erased with the rest, soon (shard/eraser.h). */
	bool erasing = e->erased_first || erase_asked(e->data, &asked) == ERR_OK;
	struct replay_checks checks = { .strict = !erasing };
	int result = check_belongs(e);
	if (result == ERR_OK)
		result = read_number(e, SLICE("mark"), &mark);
	if (result == ERR_OK)
		result = read_number(e, SLICE("newest"), &e->newest_stored);
	if (result == ERR_OK)
		result = check_ends_meet(e, mark, found);
	if (result == ERR_OK)
		result = load_stored(e, mark);
	if (result != ERR_OK)
		return result;
	atomic_store(&e->mark, mark);
	e->expected = expected_create();
	result = replay_from(e, mark + 1, found->last_seq, &checks, progress, arg);
	if (result == ERR_OK)
		result = take_up_clock(e, found);
	if (result == ERR_OK) {
		(void)fault_hit(recover_before_effects);
		models_load(e);
		emit_cut_off(e);
	}
	expected_destroy(e->expected);
	checks.report.gaps = gaps_subjects(checks.gaps);
	gaps_destroy(checks.gaps);
	e->expected = NULL;
	for (unsigned i = 0; i < e->shard_count; i++)
		if (atomic_load(&e->clock_ms) > e->shards[i]->now_ms)
			e->shards[i]->now_ms = atomic_load(&e->clock_ms);
	e->recovery = (struct wire_recovery){
		.took_ms = (int64_t)((clock_mono_ns() - e->started_ns) / 1000000u),
		.stored_seq = mark,
		.last_seq = found->last_seq,
		.applied = checks.applied,
		.skipped = checks.skipped,
		.dropped_bytes = found->dropped_bytes,
	};
	if (checks.report.outcome_mismatches)
		log_warn("%llu %s out otherwise than when accepted, from entry %llu on: a customer was being erased then",
			 (unsigned long long)checks.report.outcome_mismatches,
			 word_of(checks.report.outcome_mismatches, "entry comes", "entries come"),
			 (unsigned long long)checks.report.first_mismatch_seq);
	if (result == ERR_OK && found->last_seq) {
		log_id(LOG_ID_RECOVERED);
		log_info("recovered: store up to entry %llu, journal up to %llu, %llu %s applied, %llu %s in the store already",
			 (unsigned long long)mark, (unsigned long long)found->last_seq, (unsigned long long)checks.applied,
			 word_of(checks.applied, "entry", "entries"), (unsigned long long)checks.skipped,
			 word_of(checks.skipped, "was", "were"));
	}
	return result;
}

static void add_digest(void *arg, struct slot *slot)
{
	struct replay_report *r = arg;
	if (record_is_empty(slot->record))
		return;
	r->digest = digest_add(r->digest, record_digest(slot->record));
	r->records++;
}

int replay_all(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg,
	       struct replay_report *out)
{
	struct replay_checks checks = { .decisions = true };
	int result = ERR_OK;
	if (found->first_seq > 1)
		result = error_set(ERR_MISSING, NULL,
				   "the journal begins at entry %llu: older segments were let go (journal_keep), so a "
				   "fresh state cannot be made from it",
				   (unsigned long long)found->first_seq);
	if (result == ERR_OK)
		result = install_empty_pack(e);
	if (result != ERR_OK)
		return result;
	e->expected = expected_create();
	result = replay_from(e, 1, found->last_seq, &checks, progress, arg);
	expected_destroy(e->expected);
	checks.report.gaps = gaps_subjects(checks.gaps);
	gaps_destroy(checks.gaps);
	e->expected = NULL;
	for (unsigned i = 0; i < e->shard_count; i++)
		cache_each(&e->shards[i]->cache, add_digest, &checks.report);
	*out = checks.report;
	return result;
}
