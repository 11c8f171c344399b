/* net/http_metrics.c: /metrics, in the text format of Prometheus. What it says is what `nudgectl status` and `rules
 * stats` say, read from the same answers: a measurement that is added there appears here by itself. Units are base
 * units (seconds, bytes, ratios), names end in them, counters in _total. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Bounds of a histogram's buckets: powers of two, which are borders of the histogram's own; 8 us to 8.6 s. */
#define BUCKET_FIRST 13u
#define BUCKET_LAST 33u

/* One at a time, for all who asked before it was begun: whoever asks all the time does not keep the shards at it. */
#define TOLD_AT_ONCE 16u
struct scrape {
	struct http *http;
	struct http_exchange *who[TOLD_AT_ONCE];
	unsigned count;
	json_t *status; /* NULL: not here yet */
	struct bytes out;
};

/* Status's fields. What is not here is no measurement, or below. */
static const struct metric {
	const char *field, *name, *type;
	double scale;
	const char *help;
} metrics[] = {
	{ "uptime_ms", "nudged_uptime_seconds", "gauge", 1e-3, "Time since the daemon started." },
	{ "shards", "nudged_shards", "gauge", 1, "Apply threads." },
	{ "recommendations", "nudged_recommendations_total", "counter", 1, "Recommendations answered." },
	{ "alerts_raised", "nudged_alerts_raised_total", "counter", 1, "Alerts and nudges raised." },
	{ "alerts_open", "nudged_alerts_open", "gauge", 1, "Alerts that are open and not expired." },
	{ "connections", "nudged_connections", "gauge", 1, "Clients on the protobuf sockets." },
	{ "followers", "nudged_followers", "gauge", 1, "Followers of alerts, those over HTTP included." },
	{ "journal_last", "nudged_journal_last_entry", "gauge", 1, "Sequence of the newest entry." },
	{ "journal_durable", "nudged_journal_durable_entry", "gauge", 1,
	  "Sequence of the newest entry that is on disk." },
	{ "journal_first", "nudged_journal_first_entry", "gauge", 1, "Sequence of the oldest entry that is kept." },
	{ "journal_bytes", "nudged_journal_bytes", "gauge", 1, "Size of the journal." },
	{ "store_mark", "nudged_store_mark_entry", "gauge", 1, "The store covers the journal up to this sequence." },
	{ "records_cached", "nudged_records_cached", "gauge", 1, "Records in memory." },
	{ "cache_bytes", "nudged_cache_bytes", "gauge", 1, "Memory of the records in memory." },
	{ "records_stored", "nudged_records_stored", "gauge", 1, "Records in the store." },
	{ "records_dirty", "nudged_records_dirty", "gauge", 1,
	  "Records in memory that the store does not have as they are." },
	{ "free_bytes", "nudged_disk_free_bytes", "gauge", 1, "Free space where the journal is." },
	{ "storage_refusing", "nudged_storage_refusing", "gauge", 1,
	  "1 while events are refused for want of disk space." },
	{ "rules_aside", "nudged_rules_set_aside_total", "counter", 1, "Rules set aside since they kept failing." },
	{ "effects_pending", "nudged_effects_pending", "gauge", 1, "Effects on other subjects that are on their way." },
	{ "timers", "nudged_timers_pending", "gauge", 1, "Timers that are to come." },
};

/* Of Status's gauges: those that only grow. */
static const char *const growing =
	"queries events_unheard items_lost timers_fired nudges alerts_historical effects fallbacks decisions_unrecorded "
	"records_written decision_log_lines decision_log_errors decision_log_missed requests_denied tls_handshakes tls_handshakes_failed";
/* … and those that are percentiles of what is a histogram here. */
static const char *const told_better =
	"publish_p50 publish_p99 recommend_p50 recommend_p99 model_lag_p50 model_lag_p99";

static void put_head(struct bytes *out, const char *name, const char *type, const char *help)
{
	bytes_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(struct bytes *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			bytes_printf(out, "\\%c", *text);
		else if (*text == '\n')
			bytes_printf(out, "\\n");
		else
			bytes_put_u8(out, (uint8_t)*text);
	}
}

static double number(json_t *j)
{
	if (json_is_boolean(j))
		return json_is_true(j);
	return json_is_string(j) ? strtod(json_string_value(j), NULL) : json_number_value(j);
}

static double field(json_t *object, const char *name)
{
	return number(json_object_get(object, name));
}

static const char *text(json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s ? s : "";
}

static void put_status(struct bytes *out, json_t *status)
{
	static const char *const results[] = { "accepted", "duplicate", "refused" };
	static const struct {
		const char *label, *field;
	} severities[] = { { "low", "open_low" },
			   { "medium", "open_medium" },
			   { "high", "open_high" },
			   { "critical", "open_critical" },
			   { "nudge", "open_nudges" } };
	char name[64];
	put_head(out, "nudged_events_total", "counter", "Events, by what became of them.");
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "events_%s", results[i]);
		bytes_printf(out, "nudged_events_total{result=\"%s\"} %.17g\n", results[i], field(status, name));
	}
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		put_head(out, metrics[i].name, metrics[i].type, metrics[i].help);
		bytes_printf(out, "%s %.17g\n", metrics[i].name, field(status, metrics[i].field) * metrics[i].scale);
	}
	put_head(out, "nudged_alerts_open_by_severity", "gauge", "Alerts that are open and not expired, by severity.");
	for (unsigned i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		bytes_printf(out, "nudged_alerts_open_by_severity{severity=\"%s\"} %.17g\n", severities[i].label,
			     field(status, severities[i].field));
	put_head(out, "nudged_build_info", "gauge", "1, with the version.");
	bytes_printf(out, "nudged_build_info{version=\"%s\"} 1\n", text(status, "version"));
	put_head(out, "nudged_pack_info", "gauge", "1, with the active pack.");
	bytes_printf(out, "nudged_pack_info{pack=\"");
	put_label(out, text(status, "pack"));
	bytes_printf(out, "\",hash=\"%s\"} 1\n", text(status, "pack_hash"));
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t a = strlen(name), b = strlen(suffix);
	return a >= b && strcmp(name + a - b, suffix) == 0;
}

#define LIMITED "limited_"

static bool is_limited(const char *plain)
{
	return strncmp(plain, LIMITED, strlen(LIMITED)) == 0;
}

/* limited_rate and the like: one counter, by the reason. */
static void put_limited(struct bytes *out, json_t *gauges)
{
	size_t i;
	json_t *g;
	put_head(out, "nudged_limited_total", "counter", "Times that a client was slowed or refused for a limit of its own, by the reason.");
	json_array_foreach(gauges, i, g)
		if (is_limited(text(g, "name")))
			bytes_printf(out, "nudged_limited_total{reason=\"%s\"} %.17g\n", text(g, "name") + strlen(LIMITED), field(g, "value"));
}

static void put_gauges(struct bytes *out, json_t *gauges)
{
	size_t i;
	json_t *g;
	json_array_foreach(gauges, i, g)
	{
		const char *plain = text(g, "name"), *unit = text(g, "unit"), *suffix = "";
		double scale = 1;
		bool grows = http_names_have(growing, plain);
		char name[128], help[160];
		if (http_names_have(told_better, plain) || is_limited(plain))
			continue;
		if (strcmp(unit, "us") == 0)
			suffix = "_seconds", scale = 1e-6;
		else if (strcmp(unit, "bytes") == 0)
			suffix = ends_in(plain, "_bytes") || strstr(plain, "_bytes_") ? "" : "_bytes";
		else if (strcmp(unit, "percent") == 0)
			suffix = "_ratio", scale = 1e-2;
		else if (strcmp(unit, "timestamp") == 0)
			suffix = "_timestamp_seconds";
		snprintf(name, sizeof(name), "nudged_%s%s%s", plain, suffix, grows ? "_total" : "");
		snprintf(help, sizeof(help), "%s of nudgectl status, in %s.", plain,
			 *suffix == '_' ? suffix + 1 : unit);
		put_head(out, name, grows ? "counter" : "gauge", help);
		bytes_printf(out, "%s %.17g\n", name, field(g, "value") * scale);
	}
}

static void put_stage_lines(struct bytes *out, json_t *stages, const char *name, bool seconds)
{
	size_t i;
	json_t *s;
	json_array_foreach(stages, i, s)
	{
		double items = field(s, "items"), value = seconds ? items * field(s, "us") * 1e-6 : items;
		bytes_printf(out, "%s{stage=\"", name);
		put_label(out, text(s, "name"));
		bytes_printf(out, "\",item=\"%s\",thread=\"%s\"} %.17g\n", text(s, "item"), text(s, "thread"), value);
	}
}

static void put_stages(struct bytes *out, json_t *stages)
{
	put_head(out, "nudged_stage_seconds_total", "counter",
		 "Time of the items that were measured, by stage: a sample on the shards, all on other threads.");
	put_stage_lines(out, stages, "nudged_stage_seconds_total", true);
	put_head(out, "nudged_stage_items_total", "counter", "Items that were measured, by stage.");
	put_stage_lines(out, stages, "nudged_stage_items_total", false);
}

static void put_rules(struct bytes *out, json_t *rules)
{
	static const struct metric per_rule[] = {
		{ "matched", "nudged_rule_matched_total", "counter", 1, "Events of the rule's types." },
		{ "fired", "nudged_rule_fired_total", "counter", 1, "Times that the rule's condition held." },
		{ "failed", "nudged_rule_failed_total", "counter", 1, "Times that the rule's Lua failed." },
		{ "unknown", "nudged_rule_unknown_total", "counter", 1,
		  "Times that something the rule reads was not known." },
		{ "time_ns", "nudged_rule_seconds_total", "counter", 1e-9, "Time spent in the rule." },
		{ "aside", "nudged_rule_aside", "gauge", 1, "1 where the rule is set aside." },
	};
	size_t i;
	json_t *r;
	for (size_t m = 0; m < sizeof(per_rule) / sizeof(per_rule[0]); m++) {
		put_head(out, per_rule[m].name, per_rule[m].type, per_rule[m].help);
		json_array_foreach(rules, i, r)
		{
			bytes_printf(out, "%s{rule=\"", per_rule[m].name);
			put_label(out, text(r, "name"));
			bytes_printf(out, "\",about=\"%s\"} %.17g\n", text(r, "about"),
				     field(r, per_rule[m].field) * per_rule[m].scale);
		}
	}
}

static void put_histogram(struct bytes *out, const char *name, const char *help, const struct histogram *h)
{
	put_head(out, name, "histogram", help);
	for (unsigned power = BUCKET_FIRST; power <= BUCKET_LAST; power++)
		bytes_printf(out, "%s_bucket{le=\"%.9g\"} %llu\n", name, (double)(1ull << power) * 1e-9,
			     (unsigned long long)histogram_at_most(h, (1ull << power) - 1));
	uint64_t all = histogram_at_most(h, UINT64_MAX);
	bytes_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.17g\n%s_count %llu\n", name, (unsigned long long)all,
		     name, (double)counter_get(&h->sum) * 1e-9, name, (unsigned long long)all);
}

static void put_latencies(struct bytes *out, const struct http *h)
{
	struct histogram publish = { 0 }, recommend = { 0 }, model = { 0 };
	engine_latencies(h->engine, &publish, &recommend, &model);
	put_histogram(out, "nudged_publish_duration_seconds", "From a request with events to its answer, on disk.",
		      &publish);
	put_histogram(out, "nudged_recommend_duration_seconds", "From a request for a recommendation to its answer.",
		      &recommend);
	put_histogram(out, "nudged_model_lag_seconds", "From an outcome learned to every shard knowing it.", &model);
	put_histogram(out, "nudged_http_request_duration_seconds",
		      "From a request over HTTP, read whole, to its answer.", &h->seconds);
}

static void put_requests(struct bytes *out, const struct http *h)
{
	const unsigned *codes = http_codes();
	put_head(out, "nudged_http_requests_total", "counter", "Requests over HTTP, by route and status.");
	for (unsigned r = 0; r <= http_route_count; r++)
		for (unsigned i = 0; i < HTTP_CODES; i++)
			if (h->counts[r].codes[i])
				bytes_printf(
					out,
					"nudged_http_requests_total{method=\"%s\",route=\"%s\",code=\"%u\"} %llu\n",
					r < http_route_count ? http_routes[r].method : "",
					r < http_route_count ? http_routes[r].path : "", codes[i],
					(unsigned long long)h->counts[r].codes[i]);
}

static void put_gateway(struct bytes *out, const struct http *h)
{
	const struct {
		const char *name, *type, *help;
		double value;
	} all[] = {
		{ "nudged_http_connections", "gauge", "Connections over HTTP.", h->peers_in },
		{ "nudged_http_held_bytes", "gauge", "What they have sent of requests that are not whole yet.",
		  (double)h->held_bytes },
		{ "nudged_http_answering_bytes", "gauge", "Bodies of requests that are being answered.",
		  (double)h->body_bytes },
		{ "nudged_http_streams", "gauge", "Event streams.", h->follower_count },
		{ "nudged_http_waiting_requests", "gauge", "Questions that the shards are to answer.", h->asked_count },
		{ "nudged_http_aside_requests", "gauge", "Large bodies, and long answers to them, that the second thread has.",
		  http_aside_count(h) },
		{ "nudged_http_evicted_total", "counter", "Connections closed to make room.", (double)h->evicted },
		{ "nudged_http_late_total", "counter", "Requests that took too long to arrive, or to be answered.",
		  (double)h->late },
		{ "nudged_http_denied_total", "counter", "Requests that were not allowed.", (double)h->denied },
	};
	put_requests(out, h);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		put_head(out, all[i].name, all[i].type, all[i].help);
		bytes_printf(out, "%s %.17g\n", all[i].name, all[i].value);
	}
}

/* As all of Prometheus' own libraries call them. The start is one moment for ever: who counts restarts looks whether it
 * changes. */
static void put_process(struct bytes *out, const struct http *h)
{
	struct rusage used;
	struct rlimit files = { 0 };
	getrusage(RUSAGE_SELF, &used);
	getrlimit(RLIMIT_NOFILE, &files);
	double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
	put_head(out, "process_cpu_seconds_total", "counter", "Time on the processors.");
	bytes_printf(out, "process_cpu_seconds_total %.17g\n", cpu);
	put_head(out, "process_resident_memory_bytes", "gauge", "Memory.");
	bytes_printf(out, "process_resident_memory_bytes %.17g\n", process_resident_bytes());
	put_head(out, "process_open_fds", "gauge", "Open files.");
	bytes_printf(out, "process_open_fds %u\n", process_open_files());
	put_head(out, "process_max_fds", "gauge", "Files that may be open.");
	bytes_printf(out, "process_max_fds %llu\n", (unsigned long long)files.rlim_cur);
	put_head(out, "process_start_time_seconds", "gauge", "When the daemon started, in seconds since 1970.");
	bytes_printf(out, "process_start_time_seconds %.3f\n", (double)h->started_ms * 1e-3);
}

static void put_recovering(struct bytes *out, const struct http *h)
{
	const char *stage = atomic_load(&h->starting->stage);
	put_head(out, "nudged_recovering", "gauge", "1 while the daemon recovers and answers nothing else, 0 once it serves.");
	bytes_printf(out, "nudged_recovering %d\n", !h->server);
	if (h->server)
		return;
	put_head(out, "nudged_recovery_ratio", "gauge", "How much of the recovery's stage is done. While it recovers only.");
	bytes_printf(out, "nudged_recovery_ratio{stage=\"");
	put_label(out, stage ? stage : "starting");
	bytes_printf(out, "\"} %.17g\n", starting_part(h->starting));
}

/* What is known without the shards. */
static void put_own(struct bytes *out, const struct http *h)
{
	put_recovering(out, h);
	put_gateway(out, h);
	put_process(out, h);
}

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void tell_while_recovering(struct http_exchange *x)
{
	struct bytes out = { 0 };
	put_own(&out, x->http);
	http_reply(x, 200, METRICS_TYPE, bytes_slice(&out));
	bytes_finish(&out);
}

static void begin(struct http *h);

static void end(struct scrape *s)
{
	struct http *h = s->http;
	json_decref(s->status);
	bytes_finish(&s->out);
	free(s);
	h->scraping = false;
	begin(h);
}

static bool failed(struct scrape *s, const struct json_answer *a)
{
	struct error why = *error_last();
	if (a && a->kind && strcmp(a->kind, "error") != 0)
		return false;
	for (unsigned i = 0; i < s->count; i++) {
		error_set(why.code, why.field, "%s", why.text);
		if (a)
			http_problem_of(s->who[i], a->body);
		else
			http_problem_last(s->who[i]);
	}
	end(s);
	return true;
}

static void on_rules(void *arg, struct json_answer *a)
{
	struct scrape *s = arg;
	if (failed(s, a))
		return;
	struct http *h = s->http;
	put_status(&s->out, s->status);
	put_latencies(&s->out, h);
	put_gauges(&s->out, json_object_get(s->status, "gauges"));
	put_limited(&s->out, json_object_get(s->status, "gauges"));
	put_stages(&s->out, json_object_get(s->status, "stages"));
	put_rules(&s->out, json_object_get(a->body, "rules"));
	put_own(&s->out, h);
	for (unsigned i = 0; i < s->count; i++)
		http_reply(s->who[i], 200, METRICS_TYPE, bytes_slice(&s->out));
	end(s);
}

static int ask(struct scrape *s, const char *kind, http_then *then)
{
	struct http_question q = { .kind = kind, .fields = json_object(), .shard = -1 };
	int result = http_ask(s->http, &q, then, s);
	json_decref(q.fields);
	return result;
}

static void on_status(void *arg, struct json_answer *a)
{
	struct scrape *s = arg;
	if (failed(s, a))
		return;
	s->status = json_incref(a->body);
	if (ask(s, "get_rules", on_rules) != ERR_OK)
		failed(s, NULL);
}

/* The next, for those who wait. */
static void begin(struct http *h)
{
	if (h->scraping || !h->scrapers)
		return;
	struct scrape *s = must_calloc(1, sizeof(*s));
	s->http = h;
	h->scraping = true;
	while (h->scrapers && s->count < TOLD_AT_ONCE) {
		s->who[s->count++] = h->scrapers;
		h->scrapers = h->scrapers->next;
	}
	if (ask(s, "get_status", on_status) != ERR_OK)
		failed(s, NULL);
}

void http_metrics(struct http_exchange *x)
{
	struct http_exchange **at = &x->http->scrapers;
	if (!x->http->server) {
		tell_while_recovering(x);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = x;
	begin(x->http);
}
