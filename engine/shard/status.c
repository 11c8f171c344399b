/* shard/status.c: the daemon's measurements as one answer. Counters are atomics that the shards' threads write. */
#include "shard/eraser.h"
#include "shard/backfill.h"
#include "shard/walk.h"
#include "shard/parts.h"

#include "base/clock.h"
#include "shard/decision_log.h"
#include "shard/finder.h"
#include "shard/profile.h"

#include <limits.h>
#include <stdlib.h>

static uint64_t sum(const struct engine *e, size_t offset)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < e->shard_count; i++)
		total += counter_get((const counter *)((const char *)&e->shards[i]->counts + offset));
	return total;
}

#define SUM(field) sum(e, offsetof(struct shard_counts, field))

static uint64_t sum_machines(const struct engine *e, size_t offset)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < e->shard_count; i++)
		total += counter_get((const counter *)((const char *)&e->shards[i]->machine + offset));
	return total;
}

#define SUM_MACHINES(field) sum_machines(e, offsetof(struct machine, field))

static double microseconds(const struct engine *e, size_t offset, double percent)
{
	struct histogram all = { 0 };
	for (unsigned i = 0; i < e->shard_count; i++)
		histogram_merge(&all, (const struct histogram *)((const char *)&e->shards[i]->counts + offset));
	return (double)histogram_percentile(&all, percent) / 1000.0;
}

#define MICROSECONDS(field, percent) microseconds(e, offsetof(struct shard_counts, field), percent)

static double mean(uint64_t sum, uint64_t count)
{
	return count ? (double)sum / (double)count : 0;
}

static void fill_journal(struct engine *e, struct wire_status *out, struct journal_stats *j)
{
	journal_stats(e->journal, j);
	out->journal_last = journal_last(e->journal);
	out->journal_durable = journal_durable(e->journal);
	out->journal_first = journal_first(e->journal);
	out->journal_bytes = journal_tail_bytes(e->journal, 0);
	out->free_bytes = j->free_bytes;
}

static size_t log_gauges(struct engine *e, struct wire_gauge *out)
{
	struct decision_log_stats log;
	decision_log_stats(e, &log);
	const struct wire_gauge all[] = {
		{ "decision_log_lines", "lines", (double)log.lines },
		{ "decision_log_errors", "errors", (double)log.errors },
		{ "decision_log_missed", "entries", (double)log.missed },
		{ "decision_log_behind", "entries", (double)log.behind },
	};
	memcpy(out, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

static size_t access_gauges(struct engine *e, struct wire_gauge *out)
{
	struct access_stats stats;
	access_stats(e->config.access, &stats);
	const struct wire_gauge all[] = {
		{ "requests_denied", "requests", (double)stats.denied },
		{ "tokens", "tokens", (double)stats.tokens },
		{ "tokens_refused", "files", (double)stats.stale },
	};
	memcpy(out, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

#define GAUGES_MAX 64u

static size_t fill_gauges(struct engine *e, const struct journal_stats *j, const struct store_stats *st,
			  struct wire_gauge out[GAUGES_MAX])
{
	const struct wire_gauge all[] = {
		{ "publish_p50", "us", MICROSECONDS(publish_ns, 50) },
		{ "publish_p99", "us", MICROSECONDS(publish_ns, 99) },
		{ "recommend_p50", "us", MICROSECONDS(recommend_ns, 50) },
		{ "recommend_p99", "us", MICROSECONDS(recommend_ns, 99) },
		{ "model_lag_p50", "us", MICROSECONDS(model_ns, 50) },
		{ "model_lag_p99", "us", MICROSECONDS(model_ns, 99) },
		{ "sync_p50", "us", (double)j->sync_ns_p50 / 1000.0 },
		{ "sync_p99", "us", (double)j->sync_ns_p99 / 1000.0 },
		{ "sync_mean", "us", mean(j->sync_ns, j->syncs) / 1000.0 },
		{ "sync_max", "us", (double)j->sync_ns_max / 1000.0 },
		{ "batch_entries_p50", "entries", (double)j->batch_entries_p50 },
		{ "batch_entries_p99", "entries", (double)j->batch_entries_p99 },
		{ "batch_entries_mean", "entries", mean(j->entries, j->batches) },
		{ "batch_bytes_p50", "bytes", (double)j->batch_bytes_p50 },
		{ "batch_bytes_p99", "bytes", (double)j->batch_bytes_p99 },
		{ "batch_bytes_mean", "bytes", mean(j->bytes, j->batches) },
		{ "journal_tail", "bytes", (double)journal_tail_bytes(e->journal, atomic_load(&e->mark)) },
		{ "journal_segments", "segments", (double)j->segments },
		{ "queries", "requests", (double)SUM(queries) },
		{ "erasing", "customers", eraser_runs(e) },
		{ "events_unheard", "events", (double)SUM_MACHINES(unheard) },
		{ "items_lost", "items", (double)SUM_MACHINES(items_lost) },
		{ "timers_fired", "timers", (double)SUM(timers_fired) },
		{ "nudges", "decisions", (double)SUM(nudges) },
		{ "alerts_historical", "alerts", (double)SUM(historical) },
		{ "effects", "entries", (double)SUM(effects) },
		{ "fallbacks", "decisions", (double)SUM(fallbacks) },
		{ "decisions_unrecorded", "decisions", (double)SUM(unrecorded) },
		{ "records_written", "records", (double)SUM(stored) },
		{ "store_bytes", "bytes", (double)st->used_bytes },
		{ "backfill", "percent", backfill_percent(e) },
		{ "segments_walk", "percent", walk_percent(e) },
		{ "names_indexed", "percent", finder_percent(e) },
		{ "names_waiting", "customers", (double)st->renamed },
		{ "names_words", "rows", (double)st->words },
	};
	size_t count = sizeof(all) / sizeof(all[0]);
	memcpy(out, all, sizeof(all));
	count += e->decision_log ? log_gauges(e, out + count) : 0;
	count += e->config.access ? access_gauges(e, out + count) : 0;
	return e->config.outer ? count + e->config.outer(e->config.outer_arg, out + count, GAUGES_MAX - count) : count;
}

static void fill_shards(const struct engine *e, struct wire_shard *out)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		const struct shard_counts *c = &e->shards[i]->counts;
		out[i] = (struct wire_shard){
			.events = counter_get(&c->accepted),
			.queries = counter_get(&c->queries),
			.recommendations = counter_get(&c->recommendations),
			.records = counter_get(&c->cached),
			.cache_bytes = counter_get(&c->cache_bytes),
			.dirty = counter_get(&c->dirty),
			.effects_pending = counter_get(&c->effects_pending),
			.timers = counter_get(&c->timers),
		};
	}
}

static void fill_open(struct engine *e, int64_t now_ms, struct wire_status *out)
{
	uint64_t open[FEED_SEVERITIES];
	feed_open_counts(e->feed, now_ms, open);
	for (unsigned i = 0; i < FEED_SEVERITIES; i++)
		out->alerts_open += open[i];
	out->open_low = open[FEED_LOW];
	out->open_medium = open[FEED_MEDIUM];
	out->open_high = open[FEED_HIGH];
	out->open_critical = open[FEED_CRITICAL];
	out->open_nudges = open[FEED_NUDGE];
}

bool engine_storage_short(const struct engine *e)
{
	struct journal_stats j = { 0 };
	uint64_t reserve = e->config.reserve_bytes ? e->config.reserve_bytes : STORAGE_RESERVE_BYTES;
	journal_stats(e->journal, &j);
	return journal_is_full(e->journal) || j.free_bytes < reserve;
}

void engine_latencies(const struct engine *e, struct histogram *publish, struct histogram *recommend, struct histogram *model)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		const struct shard_counts *c = &e->shards[i]->counts;
		histogram_merge(publish, &c->publish_ns);
		histogram_merge(recommend, &c->recommend_ns);
		histogram_merge(model, &c->model_ns);
	}
}

void engine_status(struct engine *e, uint64_t request_id, int64_t now_ms, struct bytes *out)
{
	struct journal_stats j = { 0 };
	struct store_stats st = { 0 };
	struct wire_status status = {
		.version = slice_of(e->config.version),
		.uptime_ms = (int64_t)((clock_mono_ns() - e->started_ns) / 1000000u),
		.boot_id = e->boot_id,
		.shards = e->shard_count,
		.now_ms = now_ms,
		.clock = e->config.simulated_clock ? SLICE("events") : SLICE("system"),
		.events_accepted = SUM(accepted),
		.events_duplicate = SUM(duplicate),
		.events_refused = SUM(refused),
		.recommendations = SUM(recommendations),
		.alerts_raised = SUM(alerts),
		.connections = (uint64_t)atomic_load(&e->connections),
		.followers = (uint64_t)atomic_load(&e->follower_count),
		.store_mark = atomic_load(&e->mark),
		.records_cached = SUM(cached),
		.cache_bytes = SUM(cache_bytes),
		.records_dirty = SUM(dirty),
		.effects_pending = SUM(effects_pending),
		.timers = SUM(timers),
		.storage_refusing = journal_is_full(e->journal),
		.rules_aside = atomic_load(&e->asides),
		.recovery = e->recovery,
	};
	fill_open(e, now_ms, &status);
	char data[PATH_MAX];
	if (realpath(e->data, data))
		status.data = slice_of(data);
	fill_journal(e, &status, &j);
	if (store_stats(e->store, &st) == ERR_OK)
		status.records_stored = st.records;
	struct wire_gauge gauges[GAUGES_MAX];
	status.gauges = gauges;
	status.gauge_count = fill_gauges(e, &j, &st, gauges);
	struct wire_shard shards[LIMIT_SHARDS];
	status.each_shard = shards;
	status.each_count = e->shard_count;
	fill_shards(e, shards);
	struct wire_stage stages[PROFILE_STAGES];
	status.stages = stages;
	status.stage_count = profile_fill(e, &j, stages);
	pthread_mutex_lock(&e->lock);
	status.pack = slice_of(e->pack_name);
	status.pack_hash = slice_of(e->pack_hash);
	response_status(out, request_id, &status);
	pthread_mutex_unlock(&e->lock);
}
