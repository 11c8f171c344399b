/* shard/figures_read.c: the daemon's counters read from outside the shards, and what became of them between two
 * readings. */
#include "shard/figures_read.h"

#include "base/check.h"
#include "base/process.h"
#include "disk/store.h"
#include "shard/parts.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct named {
	const char *name, *unit, *about;
};

/* --- what only grows: told as how much came in an interval --- */

static const struct {
	struct named is;
	size_t at; /* of the shards' counts; 0: read below */
} totals[] = {
#define SHARDS(field) offsetof(struct shard_counts, field)
	{ { "events", "events", "Events taken: applied, and on disk." }, SHARDS(accepted) },
	{ { "duplicates", "events", "Events that had been taken before." }, SHARDS(duplicate) },
	{ { "refusals", "events", "Events that were refused." }, SHARDS(refused) },
	{ { "queries", "requests", "Requests that change nothing, recommendations among them." }, SHARDS(queries) },
	{ { "recommendations", "requests", "Recommendations answered." }, SHARDS(recommendations) },
	{ { "alerts", "alerts", "Alerts and nudges raised." }, SHARDS(alerts) },
	{ { "nudges", "decisions", "Nudges decided." }, SHARDS(nudges) },
	{ { "timers_fired", "timers", "Timers that fell due." }, SHARDS(timers_fired) },
	{ { "effects", "entries", "Effects on other subjects: agents, models, areas." }, SHARDS(effects) },
	{ { "fallbacks", "decisions", "Recommendations that were not ready in time." }, SHARDS(fallbacks) },
	{ { "records_written", "records", "Records written to the store." }, SHARDS(stored) },
#undef SHARDS
#define OF_SHARDS 11u
	{ { "journal_bytes", "bytes", "Written to the journal." }, 0 },
	{ { "journal_entries", "entries", "Entries written to the journal." }, 0 },
	{ { "batches", "batches", "Batches in which they were written: each is one write and one sync." }, 0 },
	{ { "denied", "requests", "Requests that their token does not allow." }, 0 },
	{ { "http_requests", "requests", "Requests over HTTP." }, 0 },
	{ { "rules_aside", "rules", "Rules set aside since they kept failing." }, 0 },
};
_Static_assert(sizeof(totals) / sizeof(totals[0]) == FIGURES_TOTALS, "as many totals as there is room for");

static uint64_t sum(const struct engine *e, size_t at)
{
	uint64_t all = 0;
	for (unsigned i = 0; i < e->shard_count; i++)
		all += counter_get((const counter *)((const char *)&e->shards[i]->counts + at));
	return all;
}

static void read_totals(struct engine *e, const struct figures_seen *seen, const struct journal_stats *j, uint64_t *out)
{
	struct access_stats rights = { 0 };
	if (e->config.access)
		access_stats(e->config.access, &rights);
	const uint64_t others[] = {
		j->bytes, j->entries, j->batches, rights.denied, seen->http_requests, atomic_load(&e->asides),
	};
	_Static_assert(OF_SHARDS + sizeof(others) / sizeof(others[0]) == FIGURES_TOTALS, "a value for each total");
	for (unsigned i = 0; i < OF_SHARDS; i++)
		out[i] = sum(e, totals[i].at);
	memcpy(out + OF_SHARDS, others, sizeof(others));
}

/* --- what is as it is --- */

static const struct named levels[] = {
	{ "memory", "bytes", "Memory of the process." },
	{ "records", "records", "Customers, agents and areas in memory." },
	{ "record_bytes", "bytes", "Memory that they take." },
	{ "records_dirty", "records", "Of them, those that the store does not have as they are." },
	{ "effects_pending", "entries", "Effects that are on their way to other subjects." },
	{ "timers", "timers", "Timers to come." },
	{ "connections", "connections", "Clients on the protobuf sockets." },
	{ "http_connections", "connections", "Connections over HTTP." },
	{ "followers", "followers", "Followers of alerts, those over HTTP among them." },
	{ "journal_kept", "bytes", "Size of the journal." },
	{ "journal_tail", "bytes", "The journal that the store does not cover: what a start after a crash replays." },
	{ "store_bytes", "bytes", "Size of the store." },
	{ "free_bytes", "bytes", "Free space on the journal's disk." },
	{ "open_critical", "alerts", "Open alerts of severity critical." },
	{ "open_high", "alerts", "Open alerts of severity high." },
	{ "open_medium", "alerts", "Open alerts of severity medium." },
	{ "open_low", "alerts", "Open alerts of severity low." },
	{ "open_nudges", "alerts", "Nudges that nobody has taken up yet." },
};
_Static_assert(sizeof(levels) / sizeof(levels[0]) == FIGURES_LEVELS, "as many levels as there is room for");

static void read_levels(struct engine *e, const struct figures_seen *seen, const struct journal_stats *j, double *out)
{
	struct store_stats store = { 0 };
	uint64_t open[FEED_SEVERITIES] = { 0 };
	(void)store_stats(e->store, &store); /* where it cannot be told, it is 0 */
	feed_open_counts(e->feed, engine_now_ms(e), open);
	const double all[] = {
		process_resident_bytes(),
		(double)sum(e, offsetof(struct shard_counts, cached)),
		(double)sum(e, offsetof(struct shard_counts, cache_bytes)),
		(double)sum(e, offsetof(struct shard_counts, dirty)),
		(double)sum(e, offsetof(struct shard_counts, effects_pending)),
		(double)sum(e, offsetof(struct shard_counts, timers)),
		atomic_load(&e->connections),
		(double)seen->http_connections,
		atomic_load(&e->follower_count),
		(double)journal_tail_bytes(e->journal, 0),
		(double)journal_tail_bytes(e->journal, atomic_load(&e->mark)),
		(double)store.used_bytes,
		(double)j->free_bytes,
		(double)open[FEED_CRITICAL],
		(double)open[FEED_HIGH],
		(double)open[FEED_MEDIUM],
		(double)open[FEED_LOW],
		(double)open[FEED_NUDGE],
	};
	_Static_assert(sizeof(all) / sizeof(all[0]) == FIGURES_LEVELS, "a value for each level");
	memcpy(out, all, sizeof(all));
}

static uint64_t cpu_ns(void)
{
	struct timespec t = { 0 };
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void figures_read(struct engine *e, const struct figures_seen *seen, struct reading *out)
{
	struct journal_stats j = { 0 };
	struct histogram model = { 0 };
	journal_stats(e->journal, &j);
	*out = (struct reading){ .ns = seen->now_ns, .ms = seen->now_ms, .cpu_ns = cpu_ns() };
	read_totals(e, seen, &j, out->totals);
	read_levels(e, seen, &j, out->levels);
	engine_latencies(e, &out->timed[TIMED_PUBLISH], &out->timed[TIMED_RECOMMEND], &model);
	journal_sync_times(e->journal, &out->timed[TIMED_SYNC]);
	for (unsigned i = 0; i < e->shard_count; i++) {
		out->shard_events[i] = counter_get(&e->shards[i]->counts.accepted);
		out->shard_cpu_ns[i] = seen->shard_cpu_ns[i];
	}
}

/* --- the list, and a row --- */

static const struct named times[] = {
	{ "publish_p50", "us", "From a request with events to its answer, on disk: half took at most that." },
	{ "publish_p99", "us", "… 99% took at most that." },
	{ "publish_p999", "us", "… 99.9% took at most that." },
	{ "publish_max", "us", "… the longest." },
	{ "recommend_p50", "us", "From a request for a recommendation to its answer: half took at most that." },
	{ "recommend_p99", "us", "… 99% took at most that." },
	{ "recommend_p999", "us", "… 99.9% took at most that." },
	{ "recommend_max", "us", "… the longest." },
	{ "sync_p50", "us", "Syncing a batch of the journal to the disk: half took at most that." },
	{ "sync_p99", "us", "… 99% took at most that." },
	{ "sync_p999", "us", "… 99.9% took at most that." },
	{ "sync_max", "us", "… the longest." },
};
static const double percents[4] = { 50, 99, 99.9, 100 };
_Static_assert(sizeof(times) / sizeof(times[0]) == 4 * TIMED, "four percentiles of each");

static const struct named means[] = {
	{ "batch_mean", "entries", "Entries in a batch of the journal, mean: many where the disk is what waits." },
	{ "cpu", "percent", "Time of the processors, of one of them: 200 is two at work all the time." },
};
static const struct named each_shard[] = {
	{ "shard_events", "events", "Events taken by this shard." },
	{ "shard_busy", "percent", "Time that this shard's thread was at work." },
};

static size_t add(struct wire_figure *out, size_t at, const struct named *n, const char *kind, int shard)
{
	out[at] = (struct wire_figure){ n->name, n->unit, kind, n->about, shard };
	return at + 1;
}

size_t figures_list(unsigned shards, struct wire_figure out[FIGURES_MAX])
{
	size_t n = 0;
	for (unsigned i = 0; i < FIGURES_TOTALS; i++)
		n = add(out, n, &totals[i].is, "count", -1);
	for (unsigned i = 0; i < 4 * TIMED; i++)
		n = add(out, n, &times[i], "percentile", -1);
	for (unsigned i = 0; i < 2; i++)
		n = add(out, n, &means[i], "mean", -1);
	for (unsigned i = 0; i < FIGURES_LEVELS; i++)
		n = add(out, n, &levels[i], "level", -1);
	for (unsigned i = 0; i < shards; i++) {
		n = add(out, n, &each_shard[0], "count", (int)i);
		n = add(out, n, &each_shard[1], "mean", (int)i);
	}
	return n;
}

static double part(uint64_t of, uint64_t whole)
{
	return whole ? (double)of / (double)whole : 0;
}

void figures_row(const struct reading *from, const struct reading *to, unsigned shards, double *out)
{
	uint64_t span_ns = to->ns - from->ns, grown[FIGURES_TOTALS];
	for (unsigned i = 0; i < FIGURES_TOTALS; i++)
		*out++ = (double)(grown[i] = to->totals[i] - from->totals[i]);
	for (unsigned t = 0; t < TIMED; t++) {
		struct histogram between = to->timed[t];
		histogram_subtract(&between, &from->timed[t]);
		for (unsigned i = 0; i < 4; i++)
			*out++ = (double)histogram_percentile(&between, percents[i]) / 1000.0;
	}
	*out++ = part(grown[OF_SHARDS + 1], grown[OF_SHARDS + 2]); /* entries, batches */
	*out++ = 100 * part(to->cpu_ns - from->cpu_ns, span_ns);
	memcpy(out, to->levels, sizeof(to->levels));
	out += FIGURES_LEVELS;
	for (unsigned i = 0; i < shards; i++) {
		*out++ = (double)(to->shard_events[i] - from->shard_events[i]);
		*out++ = 100 * part(to->shard_cpu_ns[i] - from->shard_cpu_ns[i], span_ns);
	}
}
