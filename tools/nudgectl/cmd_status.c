/* nudgectl/cmd_status.c: how the daemon is. */
#include "ask.h"
#include "table.h"

static void line(const char *what, const char *value, enum style style)
{
	printf("  %s%-14s%s %s%s%s\n", style_on(stdout, STYLE_DIM), what, style_off(stdout), style_on(stdout, style),
	       value, style_off(stdout));
}

static void show_traffic(const Nudge__V1__Status *s)
{
	char text[256];
	snprintf(text, sizeof(text), "%s accepted, %s duplicate, %s refused", count_text(s->events_accepted),
		 count_text(s->events_duplicate), count_text(s->events_refused));
	line("events", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s raised, %s open", count_text(s->alerts_raised), count_text(s->alerts_open));
	line("alerts", text, STYLE_PLAIN);
	line("decisions", count_text(s->recommendations), STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s, %s following alerts", count_text(s->connections), count_text(s->followers));
	line("connections", text, STYLE_PLAIN);
}

static void show_storage(const Nudge__V1__Status *s)
{
	char text[256];
	snprintf(text, sizeof(text), "%s to %s, durable to %s, %s", count_text(s->journal_first),
		 count_text(s->journal_last), count_text(s->journal_durable), size_text((double)s->journal_bytes));
	line("journal", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s records, covers the journal to %s, %s to be stored",
		 count_text(s->records_stored), count_text(s->store_mark), count_text(s->records_dirty));
	line("store", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s records, %s, %s timers, %s effects in flight", count_text(s->records_cached),
		 size_text((double)s->cache_bytes), count_text(s->timers), count_text(s->effects_pending));
	line("memory", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s free%s", size_text((double)s->free_bytes),
		 s->storage_refusing ? ": too little, events are refused; make room" : "");
	line("disk", text, s->storage_refusing ? STYLE_RED : STYLE_PLAIN);
}

static void show_gauges(const Nudge__V1__Status *s)
{
	struct table t;
	table_init(&t, "measured|>value|unit");
	for (size_t i = 0; i < s->n_gauges; i++) {
		table_add_styled(&t, STYLE_DIM, "%s", s->gauges[i]->name);
		table_add(&t, "%.6g", s->gauges[i]->value);
		table_add(&t, "%s", s->gauges[i]->unit);
	}
	printf("\n");
	table_print(&t, 2);
	table_finish(&t);
}

static void show(const struct context *c, const Nudge__V1__Status *s)
{
	char text[256];
	printf("%snudged %s%s at %s\n", style_on(stdout, STYLE_BOLD), s->version, style_off(stdout), c->address);
	snprintf(text, sizeof(text), "%s, boot %016llx, %u shard%s", duration_text((double)s->uptime_ms / 1000),
		 (unsigned long long)s->boot_id, s->shards, s->shards == 1 ? "" : "s");
	line("up", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s%s", time_text(s->now_ms),
		 *s->clock && s->clock[0] == 'e' ? " (simulated: follows the events)" : "");
	line("clock", text, STYLE_PLAIN);
	snprintf(text, sizeof(text), "%s %.12s", *s->pack ? s->pack : "none; see `nudgectl help rules activate`",
		 s->pack_hash);
	line("pack", text, *s->pack ? STYLE_PLAIN : STYLE_YELLOW);
	if (s->rules_aside) {
		snprintf(text, sizeof(text), "%s set aside since they kept failing; see `nudgectl rules stats`",
			 count_text(s->rules_aside));
		line("rules", text, STYLE_RED);
	}
	show_traffic(s);
	show_storage(s);
	show_gauges(s);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetStatus ask = NUDGE__V1__GET_STATUS__INIT;
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_GET_STATUS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_whole(answer->status);
	else
		show(c, answer->status);
	nudge_free(answer);
	return code;
}

const struct command cmd_status = {
	.name = "status",
	.args = "",
	.summary = "how the daemon is: traffic, journal, store, memory",
	.run = run,
};
