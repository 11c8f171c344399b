/* nudgectl/stages.c: `status --stages`: one table for each kind of item, then the journal's batches and syncs.
 *
 * A stage's share is of its own thread's time an item: shards and the journal's thread work beside each other. */
#include "stages.h"

#include "ask.h"
#include "table.h"

#include <string.h>

/* One kind of item, and what else belongs to its way: an event is an entry of the journal and brings an answer. */
struct group {
	const char *title, *none;
	const char *items[3];
};

static const struct group groups[] = {
	{ "an event", "no event has been measured yet", { "event", "answer", "entry" } },
	{ "a recommendation", "no recommendation has been measured yet", { "recommendation", "answer" } },
	{ "a stored record", "no record has been stored yet", { "record" } },
};

static bool belongs(const struct group *g, const Nudge__V1__Stage *s)
{
	for (size_t i = 0; i < 3 && g->items[i]; i++)
		if (s->items && strcmp(g->items[i], s->item) == 0)
			return true;
	return false;
}

static double thread_us(const Nudge__V1__Status *s, const struct group *g, const char *thread)
{
	double sum = 0;
	for (size_t i = 0; i < s->n_stages; i++)
		if (belongs(g, s->stages[i]) && strcmp(s->stages[i]->thread, thread) == 0)
			sum += s->stages[i]->us;
	return sum;
}

static bool was_measured(const Nudge__V1__Status *s, const struct group *g)
{
	for (size_t i = 0; i < s->n_stages; i++)
		if (s->stages[i]->items && strcmp(s->stages[i]->item, g->items[0]) == 0)
			return true;
	return false;
}

static void show_group(const Nudge__V1__Status *s, const struct group *g)
{
	struct table t;
	if (!was_measured(s, g)) {
		printf("%s: %s\n", g->title, g->none);
		return;
	}
	table_init(&t, "stage|thread|>us|>share|what");
	for (size_t i = 0; i < s->n_stages; i++) {
		const Nudge__V1__Stage *stage = s->stages[i];
		double all = thread_us(s, g, stage->thread);
		if (!belongs(g, stage))
			continue;
		table_add_styled(&t, STYLE_BOLD, "%s", stage->name);
		table_add(&t, "%s", *stage->thread ? stage->thread : "(waits)");
		table_add(&t, "%.2f", stage->us);
		if (*stage->thread && all > 0)
			table_add(&t, "%.0f%%", 100 * stage->us / all);
		else
			table_add(&t, "%s", "");
		table_add_styled(&t, STYLE_DIM, "%s", stage->about);
	}
	printf("%s%s%s: %.2f us on a shard\n", style_on(stdout, STYLE_BOLD), g->title, style_off(stdout),
	       thread_us(s, g, "shard"));
	table_print(&t, 2);
	table_finish(&t);
}

static double gauge(const Nudge__V1__Status *s, const char *name, const char *which)
{
	char whole[64];
	snprintf(whole, sizeof(whole), "%s_%s", name, which);
	for (size_t i = 0; i < s->n_gauges; i++)
		if (strcmp(s->gauges[i]->name, whole) == 0)
			return s->gauges[i]->value;
	return -1; /* not measured */
}

static void show_batches(const Nudge__V1__Status *s)
{
	static const char *const rows[][2] = { { "entries", "batch_entries" }, { "bytes", "batch_bytes" }, { "sync, us", "sync" } };
	static const char *const figures[] = { "mean", "p50", "p99", "max" };
	struct table t;
	table_init(&t, "journal, a batch|>mean|>p50|>p99|>max");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		table_add_styled(&t, STYLE_BOLD, "%s", rows[i][0]);
		for (size_t k = 0; k < sizeof(figures) / sizeof(*figures); k++) {
			double value = gauge(s, rows[i][1], figures[k]);
			if (value < 0)
				table_add(&t, "%s", "");
			else
				table_add(&t, "%s", count_text((uint64_t)(value + 0.5)));
		}
	}
	table_print(&t, 2);
	table_finish(&t);
}

void stages_show(const Nudge__V1__Status *s)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		show_group(s, &groups[i]);
		printf("\n");
	}
	show_batches(s);
}
