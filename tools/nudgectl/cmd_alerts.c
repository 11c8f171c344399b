/* nudgectl/cmd_alerts.c: what people must know now: the open alerts, or each as it becomes durable. */
#include "alert_reader.h"

#include <string.h>

static bool follow;
static const char *to, *customer;
static struct point after;
static uint64_t limit = 1000;

static enum style severity_style(const char *severity)
{
	if (strcmp(severity, "high") == 0 || strcmp(severity, "critical") == 0)
		return STYLE_RED;
	return strcmp(severity, "medium") == 0 ? STYLE_YELLOW : STYLE_PLAIN;
}

static bool is_wanted(const Nudge__V1__Alert *a)
{
	return !customer || strcmp(a->customer, customer) == 0;
}

static void add_row(struct table *t, const Nudge__V1__Alert *a, int64_t now_ms)
{
	const char *state = alert_state(a, now_ms);
	bool nudge = strcmp(a->kind, "nudge") == 0;
	table_add(t, "%llu-%u", (unsigned long long)a->seq, a->index);
	table_add(t, "%s", time_short(a->time_ms));
	table_add_styled(t, alert_state_style(state), "%s", state);
	table_add_styled(t, nudge ? STYLE_GREEN : severity_style(a->severity), "%s", nudge ? "nudge" : a->severity);
	table_add(t, "%s", a->to);
	table_add(t, "%s%s%s", a->customer, *a->member ? "/" : "", a->member);
	table_add_styled(t, STYLE_BOLD, "%s", a->rule);
	table_add(t, "%s", a->text);
}

/* On one line, or with the text beneath where the terminal is too narrow for it. */
static void put_pushed(const Nudge__V1__Alert *a)
{
	bool nudge = strcmp(a->kind, "nudge") == 0;
	const char *severity = nudge ? "nudge" : a->severity, *slash = *a->member ? "/" : "", *time = time_short(a->time_ms);
	int column = printf("%llu-%u  %s  ", (unsigned long long)a->seq, a->index, time);
	fputs(style_on(stdout, nudge ? STYLE_GREEN : severity_style(a->severity)), stdout);
	column += printf("%s", severity);
	fputs(style_off(stdout), stdout);
	column += printf("  %s%s%s  ", a->customer, slash, a->member);
	fputs(style_on(stdout, STYLE_BOLD), stdout);
	column += printf("%s", a->rule);
	fputs(style_off(stdout), stdout);
	column += printf("  ");
	if (!report_is_terminal(stdout) || column + text_width(a->text) <= report_width(stdout)) {
		text_put(stdout, a->text, strlen(a->text));
		putchar('\n');
		return;
	}
	putchar('\n');
	text_wrap(stdout, 4, a->text);
}

static int run(struct context *c, int argc, char **argv)
{
	struct alert_reader reader = {
		.command = "alerts",
		.to = to,
		.after = after,
		.limit = limit,
		.titles = "id|time|state|severity|to|about|rule|text",
		.none = "No open alerts.",
		.is_wanted = is_wanted,
		.add_row = add_row,
		.put = put_pushed,
	};
	return follow ? alert_reader_follow(&reader, c) : alert_reader_list(&reader, c);
}

static const struct option_spec options[] = {
	{ "follow", OPTION_FLAG, &follow, NULL, "print alerts and nudges as they come, until interrupted" },
	{ "to", OPTION_TEXT, &to, "WHOM", "only those to this recipient, e.g. care or agent:anna" },
	{ "customer", OPTION_TEXT, &customer, "ID", "only those about this customer" },
	{ "after", OPTION_POINT, &after, "SEQ-INDEX", "only those behind this one; with --follow: resume there" },
	{ "limit", OPTION_COUNT, &limit, "N", "at most so many (1000)" },
	{ 0 },
};

const struct command cmd_alerts = {
	.name = "alerts",
	.examples = "nudgectl alerts --to care --limit 20",
	.args = "",
	.summary = "open alerts, or with --follow each as it comes",
	.options = options,
	.run = run,
	.details = "With --json: a list; with --follow one object a line. Followed alerts are durable, and none is "
		   "left out: where reading "
		   "is too slow, the daemon says so and the tool catches up.",
};
