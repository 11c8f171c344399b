/* nudgectl/cmd_status.c: how the daemon is. */
#include "ask.h"
#include "stages.h"
#include "table.h"

#include <string.h>
#include <time.h>

#define BACKFILL "backfill" /* a gauge that stands in the pack's line */
#define CERTIFICATE "tls_certificate_expires" /* one that has a line of its own */

static void line(const char *what, const char *value, enum style style)
{
	printf("  %s%-14s%s %s", style_on(stdout, STYLE_DIM), what, style_off(stdout), style_on(stdout, style));
	text_flow(stdout, 17, 17, value);
	fputs(style_off(stdout), stdout);
}

static void show_traffic(const Nudge__V1__Status *s)
{
	char text[256];
	snprintf(text, sizeof(text), "since start %s accepted, %s duplicate, %s refused", count_text(s->events_accepted),
		 count_text(s->events_duplicate), count_text(s->events_refused));
	line("events", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s open; since start %s raised", count_text(s->alerts_open),
		 count_text(s->alerts_raised));
	line("alerts", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "since start %s", count_text(s->recommendations));
	line("decisions", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s, %s following alerts", count_text(s->connections), count_text(s->followers));
	line("connections", text, STYLE_PLAIN);
}

static void show_storage(const Nudge__V1__Status *s)
{
	char text[256];
	snprintf(text, sizeof(text), "%s to %s, durable to %s, %s", count_text(s->journal_first),
		 count_text(s->journal_last), count_text(s->journal_durable), size_text((double)s->journal_bytes));
	line("journal", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s, covers the journal to %s, %s to be stored",
		 plural_text(s->records_stored, "record", "records"), count_text(s->store_mark),
		 count_text(s->records_dirty));
	line("store", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s, %s, %s, %s in flight", plural_text(s->records_cached, "record", "records"),
		 size_text((double)s->cache_bytes), plural_text(s->timers, "timer", "timers"),
		 plural_text(s->effects_pending, "effect", "effects"));
	line("memory", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s free%s", size_text((double)s->free_bytes),
		 s->storage_refusing ? ": too little, events are refused; make room" : "");
	line("disk", text, s->storage_refusing ? STYLE_RED : STYLE_PLAIN);
}

/* Of the gauges, those that only grow while the daemon runs. */
static bool is_counter(const char *name)
{
	static const char *const names[] = { "queries", "events_unheard", "items_lost", "timers_fired", "nudges", "effects", "fallbacks",
					     "decisions_unrecorded",
					     "records_written", "alerts_historical", "decision_log_lines",
					     "decision_log_errors", "decision_log_missed", "requests_denied", "limited_rate",
					     "limited_connections", "limited_failures", "limited_users", "tls_handshakes",
					     "tls_handshakes_failed" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "publish" of "publish_p50"; false where the gauge is no such figure. */
static bool figure_of(const char *name, const char *which, char *out, size_t size)
{
	size_t len = strlen(name), end = strlen(which);
	if (len <= end || strcmp(name + len - end, which) != 0)
		return false;
	snprintf(out, size, "%.*s", (int)(len - end), name);
	return true;
}

static void value_cell(struct table *t, double value, const char *unit)
{
	if (strcmp(unit, "us") == 0)
		table_add(t, "%s", value > 0 ? microseconds_text(value) : "-");
	else if (strcmp(unit, "bytes") == 0)
		table_add(t, "%s", size_text(value));
	else if (strcmp(unit, "percent") == 0)
		table_add(t, "%.3g %%", value);
	else if (value >= 0 && value < 1e18 && value == (double)(uint64_t)value)
		table_add(t, "%s", count_text((uint64_t)value));
	else
		table_add(t, "%.6g", value);
}

static const Nudge__V1__Gauge *gauge_named(const Nudge__V1__Status *s, const char *name, const char *which)
{
	char stem[64];
	for (size_t i = 0; i < s->n_gauges; i++)
		if (figure_of(s->gauges[i]->name, which, stem, sizeof(stem)) && strcmp(stem, name) == 0)
			return s->gauges[i];
	return NULL;
}

static void show_percentiles(const Nudge__V1__Status *s)
{
	struct table t;
	table_init(&t, "half within, 99% within|>p50|>p99");
	for (size_t i = 0; i < s->n_gauges; i++) {
		const Nudge__V1__Gauge *g = s->gauges[i], *high;
		char stem[64];
		if (!figure_of(g->name, "_p50", stem, sizeof(stem)))
			continue;
		table_add_styled(&t, STYLE_DIM, "%s", stem);
		value_cell(&t, g->value, g->unit);
		high = gauge_named(s, stem, "_p99");
		value_cell(&t, high ? high->value : 0, g->unit);
	}
	if (t.used)
		printf("\n");
	table_print(&t, 2);
	table_finish(&t);
}

/* One of several figures of the same thing: it has a place in show_percentiles, or with --stages. */
static bool is_figure(const char *name)
{
	static const char *const ends[] = { "_p50", "_p99", "_mean", "_max" };
	char stem[64];
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (figure_of(name, ends[i], stem, sizeof(stem)))
			return true;
	return false;
}

static void show_others(const Nudge__V1__Status *s, const char *heads, bool counters)
{
	struct table t;
	table_init(&t, heads);
	for (size_t i = 0; i < s->n_gauges; i++) {
		const Nudge__V1__Gauge *g = s->gauges[i];
		if (is_figure(g->name) || is_counter(g->name) != counters || strcmp(g->name, BACKFILL) == 0 ||
		    strcmp(g->name, CERTIFICATE) == 0)
			continue;
		table_add_styled(&t, STYLE_DIM, "%s", g->name);
		value_cell(&t, g->value, g->unit);
	}
	if (t.used)
		printf("\n");
	table_print(&t, 2);
	table_finish(&t);
}

static void show_gauges(const Nudge__V1__Status *s)
{
	show_percentiles(s);
	show_others(s, "since start|>count", true);
	show_others(s, "now|>value", false);
}

static double value_of(const Nudge__V1__Status *s, const char *name)
{
	for (size_t i = 0; i < s->n_gauges; i++)
		if (strcmp(s->gauges[i]->name, name) == 0)
			return s->gauges[i]->value;
	return 0;
}

#define CERTIFICATE_NEAR_DAYS 30

/* Only where there is one. */
static void show_certificate(const Nudge__V1__Status *s)
{
	char text[200];
	int64_t expires_ms = (int64_t)value_of(s, CERTIFICATE) * 1000, now_ms = (int64_t)time(NULL) * 1000, days = (expires_ms - now_ms) / 86400000;
	bool refused = value_of(s, "tls_certificate_refused") > 0, over = expires_ms <= now_ms; /* its clock may be simulated */
	if (!expires_ms)
		return;
	snprintf(text, sizeof(text), "certificate %s %s%s", over ? "EXPIRED" : "until", time_text(expires_ms),
		 refused ? "; the files as they are now are refused: see the log" : "");
	line("tls", text, over || refused ? STYLE_RED : days < CERTIFICATE_NEAR_DAYS ? STYLE_YELLOW : STYLE_PLAIN);
}

static void show(const struct context *c, const Nudge__V1__Status *s)
{
	char text[256];
	printf("%snudged %s%s at %s\n", style_on(stdout, STYLE_BOLD), s->version, style_off(stdout), c->address);
	snprintf(text, sizeof(text), "%s, boot %llu, %u shard%s", duration_text((double)s->uptime_ms / 1000),
		 (unsigned long long)s->boot_id, s->shards, s->shards == 1 ? "" : "s");
	line("up", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s%s", time_text(s->now_ms),
		 *s->clock && s->clock[0] == 'e' ? " (simulated: follows the events)" : "");
	line("clock", text, STYLE_PLAIN);
	int len = snprintf(text, sizeof(text), "%s %.12s", *s->pack ? s->pack : "none; see `nudgectl help rules activate`",
			   s->pack_hash);
	double filled = value_of(s, BACKFILL);
	if (filled > 0)
		snprintf(text + len, sizeof(text) - (size_t)len, ", new series being filled from the journal: %.0f%%", filled);
	line("pack", text, *s->pack ? STYLE_PLAIN : STYLE_YELLOW);
	if (s->rules_aside) {
		snprintf(text, sizeof(text), "%s set aside since they kept failing; see `nudgectl rules stats`",
			 count_text(s->rules_aside));
		line("rules", text, STYLE_RED);
	}
	show_traffic(s);
	show_storage(s);
	show_certificate(s);
	show_gauges(s);
}

/* It is not up yet: that is its status, and no success. */
static int show_recovering(const struct context *c)
{
	if (c->json)
		print_json(json_pack("{s:b, s:s}", "recovering", 1, "detail", nudge_error(c->nudge)));
	else
		printf("nudged at %s is %s%s%s\n", c->address, style_on(stdout, STYLE_YELLOW), nudge_error(c->nudge), style_off(stdout));
	return EXIT_FAILED;
}

static bool with_stages;

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetStatus ask = NUDGE__V1__GET_STATUS__INIT;
	Nudge__V1__Response *answer;
	c->at_once = true;
	int code = context_connect(c);
	if (code != EXIT_DONE && c->nudge)
		return show_recovering(c);
	if (code == EXIT_DONE)
		code = context_ask(c, NUDGE_GET_STATUS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_whole(answer->status);
	else if (with_stages)
		stages_show(answer->status);
	else
		show(c, answer->status);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "stages", OPTION_FLAG, &with_stages, NULL, "where the time goes: microseconds by stage, batches, syncs" },
	{ 0 },
};

const struct command cmd_status = {
	.name = "status",
	.args = "",
	.summary = "how the daemon is: traffic, journal, store, memory",
	.run = run,
	.options = options,
	.details = "events_unheard are those of types that nothing in the active pack is on, and that the engine does not know "
		   "either: they are kept, but a misspelt type is among them. items_lost are contacts, cases, contracts, survey answers, "
		   "memberships of segments and campaigns, exposures and scores that were forgotten, or not kept, since a customer has at most "
		   "256 of them together. With --stages: the mean time that an event, a recommendation and a stored record spend in each stage. One "
		   "request in 61 looks at the clock between its stages; the journal and the store measure every batch. With "
		   "--json all of the status is printed, its stages too. A daemon that recovers says how far it is "
		   "(--json: {\"recovering\": true, \"detail\": TEXT}), and the exit code is 1; the other commands wait for it, a "
		   "minute at most.",
	.examples = "nudgectl status --stages",
};
