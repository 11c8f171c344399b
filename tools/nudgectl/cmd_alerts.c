/* nudgectl/cmd_alerts.c: what people must know now: the open alerts, or each as it becomes durable. */
#include "ask.h"
#include "table.h"

#include "wire/json.h"

#include <string.h>

#define PAGE_ALERTS 200

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

struct list {
	struct table table;
	json_t *all; /* with --json */
	int64_t now_ms;
};

/* Adds what a page has; the point after the last one goes to *next. */
static int take_page(struct context *c, struct list *l, uint64_t *left, struct point *next, bool *more)
{
	Nudge__V1__ListAlerts ask = NUDGE__V1__LIST_ALERTS__INIT;
	Nudge__V1__Response *answer;
	ask.to = (char *)(to ? to : "");
	ask.limit = *left < PAGE_ALERTS ? (uint32_t)*left : PAGE_ALERTS;
	ask.after_seq = next->seq;
	ask.after_index = next->index;
	int code = context_ask(c, NUDGE_LIST_ALERTS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__AlertList *list = answer->alert_list;
	for (size_t i = 0; i < list->n_alerts; i++) {
		if (is_wanted(list->alerts[i]) && c->json)
			json_array_append_new(l->all, json_from_message(&list->alerts[i]->base));
		else if (is_wanted(list->alerts[i]))
			add_row(&l->table, list->alerts[i], l->now_ms);
		*next = (struct point){ list->alerts[i]->seq, list->alerts[i]->index };
	}
	*left -= list->n_alerts < *left ? list->n_alerts : *left;
	*more = list->more && list->n_alerts > 0 && *left > 0;
	nudge_free(answer);
	return EXIT_DONE;
}

static int list_open(struct context *c)
{
	int code = context_connect(c);
	if (code != EXIT_DONE)
		return code;
	struct list l = { .all = json_array(), .now_ms = c->json ? 0 : context_clock(c) };
	struct point next = after;
	uint64_t left = limit;
	bool more = true;
	table_init(&l.table, "id|time|state|severity|to|about|rule|text");
	while (more && code == EXIT_DONE)
		code = take_page(c, &l, &left, &next, &more);
	if (code == EXIT_DONE && c->json) {
		code = print_json(json_incref(l.all));
	} else if (code == EXIT_DONE) {
		table_print(&l.table, 0);
		if (!l.table.used)
			printf("No open alerts.\n");
	}
	table_finish(&l.table);
	json_decref(l.all);
	return code;
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

static int show_pushed(const struct context *c, const Nudge__V1__Alert *a)
{
	if (c->json) {
		int code = print_json_line(json_from_message(&a->base));
		return code == EXIT_DONE && fflush(stdout) ? EXIT_FAILED : code;
	}
	put_pushed(a);
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int start_following(struct context *c, const struct point *from, bool from_now)
{
	Nudge__V1__Follow ask = NUDGE__V1__FOLLOW__INIT;
	Nudge__V1__Response *answer;
	ask.after_seq = from->seq;
	ask.after_index = from->index;
	ask.from_now = from_now;
	ask.to = (char *)(to ? to : "");
	int code = context_ask(c, NUDGE_FOLLOW, &ask, &answer);
	if (code == EXIT_DONE)
		nudge_free(answer);
	return code;
}

static int follow_alerts(struct context *c)
{
	struct point last = after;
	int code = start_following(c, &after, !after.seq);
	while (code == EXIT_DONE) {
		Nudge__V1__Response *pushed = NULL;
		int result = nudge_receive(c->nudge, -1, &pushed);
		if (result == NUDGE_TIMEOUT)
			continue;
		if (result != NUDGE_OK) {
			context_lost(c, result, "following alerts");
			fprintf(stderr, "To go on from here: nudgectl alerts --follow --after %llu-%u\n",
				(unsigned long long)last.seq, last.index);
			return EXIT_FAILED;
		}
		if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ALERT) {
			code = is_wanted(pushed->alert) ? show_pushed(c, pushed->alert) : EXIT_DONE;
			last = (struct point){ pushed->alert->seq, pushed->alert->index };
		} else if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_MISSED) {
			struct point resume = { pushed->missed->resume_seq, pushed->missed->resume_index };
			fprintf(stderr, "nudgectl: reading was too slow, %llu alerts were held back; catching up\n",
				(unsigned long long)pushed->missed->count);
			code = start_following(c, &resume, false);
		} else if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ERROR) { /* what was allowed is no more */
			code = report_failed("refused (%s): %s", pushed->error->code, pushed->error->reason);
		}
		nudge_free(pushed);
	}
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	return follow ? follow_alerts(c) : list_open(c);
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
