/* nudgectl/cmd_agent_show.c: an agent's own view: how strained, how their contacts went, what goes well, what to learn.
 * Others are in it as a whole ("the others"), never by name. */
#include "strain.h"
#include "table.h"

#include "wire/json.h"

#include <math.h>
#include <string.h>

static int64_t since;
static bool all;

/* A cell of a report's row by its column's name; NULL: not there, or not known. */
static const Nudge__V1__Attribute *cell(const Nudge__V1__Report *r, size_t row, const char *column)
{
	for (size_t i = 0; i < r->n_columns && row < r->n_rows; i++)
		if (strcmp(r->columns[i]->name, column) == 0 && i < r->rows[row]->n_cells)
			return r->rows[row]->cells[i];
	return NULL;
}

static double number(const Nudge__V1__Report *r, size_t row, const char *column)
{
	const Nudge__V1__Attribute *a = cell(r, row, column);
	return a && a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER ? a->number : NAN;
}

static const char *text(const Nudge__V1__Report *r, size_t row, const char *column)
{
	const Nudge__V1__Attribute *a = cell(r, row, column);
	return a && a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT ? a->text : "";
}

static int ask_report(struct context *c, const char *name, const char *by, const char *agent, Nudge__V1__Response **out)
{
	Nudge__V1__GetReport ask = NUDGE__V1__GET_REPORT__INIT;
	Nudge__V1__Attribute where = NUDGE__V1__ATTRIBUTE__INIT, *list = &where;
	where.name = (char *)"agent";
	where.value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
	where.text = (char *)agent;
	ask.name = (char *)name;
	ask.by = (char *)by;
	ask.since_ms = since;
	ask.where = &list;
	ask.n_where = 1;
	return context_ask(c, NUDGE_GET_REPORT, &ask, out);
}

static void share_cell(struct table *t, double n)
{
	if (isnan(n))
		table_add(t, "-");
	else
		table_add(t, "%.1f%%", 100 * n);
}

static void mood_cell(struct table *t, double n)
{
	if (isnan(n))
		table_add(t, "-");
	else
		table_add(t, "%+.2f", n);
}

static void heading(const char *words)
{
	printf("\n%s%s%s\n", style_on(stdout, STYLE_BOLD), words, style_off(stdout));
}

static void show_contacts(const Nudge__V1__Report *r)
{
	struct table t;
	table_init(&t, "topic|>served|>resolved at first|>mood at end|>mood change|>promises|>kept");
	for (size_t i = 0; i < r->n_rows; i++) {
		table_add(&t, "%s", text(r, i, "topic"));
		table_add(&t, "%.0f", number(r, i, "served"));
		share_cell(&t, number(r, i, "fcr"));
		mood_cell(&t, number(r, i, "mood_end"));
		mood_cell(&t, number(r, i, "mood_change"));
		table_add(&t, "%.0f", number(r, i, "promises"));
		share_cell(&t, number(r, i, "kept"));
	}
	heading("your contacts");
	table_print(&t, 1);
	table_finish(&t);
	if (!r->n_rows)
		printf(" none has been counted in this time\n");
}

/* Rows with that verdict, of both measures. Returns how many. */
static unsigned verdicts(const Nudge__V1__Report *r, const char *verdict)
{
	unsigned found = 0;
	char line[512];
	for (size_t i = 0; i < r->n_rows; i++) {
		const char *topic = text(r, i, "topic");
		if (strcmp(text(r, i, "repeats_verdict"), verdict) == 0) {
			snprintf(line, sizeof(line), "%s: %.1f%% of your customers came back, %.1f%% of the others' (difference "
				 "%+.1f points, from %+.1f to %+.1f)", topic, 100 * number(r, i, "repeats"),
				 100 * number(r, i, "repeats_peers"), 100 * number(r, i, "repeats_difference"),
				 100 * number(r, i, "repeats_low"), 100 * number(r, i, "repeats_high"));
			printf(" ");
			put_text(line, 1);
			found++;
		}
		if (strcmp(text(r, i, "mood_change_verdict"), verdict) == 0) {
			snprintf(line, sizeof(line), "%s: mood changes by %+.2f in your conversations, by %+.2f in the others' (difference "
				 "%+.2f, from %+.2f to %+.2f)", topic, number(r, i, "mood_change"), number(r, i, "mood_change_peers"),
				 number(r, i, "mood_change_difference"), number(r, i, "mood_change_low"),
				 number(r, i, "mood_change_high"));
			printf(" ");
			put_text(line, 1);
			found++;
		}
	}
	return found;
}

static unsigned compared(const Nudge__V1__Report *r)
{
	unsigned n = 0;
	for (size_t i = 0; i < r->n_rows; i++)
		n += strcmp(text(r, i, "repeats_verdict"), "too few") != 0 || strcmp(text(r, i, "mood_change_verdict"), "too few") != 0;
	return n;
}

static void show_learning(const Nudge__V1__Report *r)
{
	unsigned topics = compared(r);
	heading("what goes well: thank you");
	if (!verdicts(r, "better"))
		printf(" nothing stands out from the others yet\n");
	heading("what could be learned");
	if (!verdicts(r, "worse"))
		printf(" nothing that the evidence shows\n");
	printf("\n");
	if (!topics)
		text_wrap(stdout, 0, "Nothing could be compared yet: it takes 30 contacts about a topic, and 30 of the others.");
	else
		for (size_t i = 0; i < r->n_notes; i++)
			text_wrap(stdout, 0, r->notes[i]);
}

static void show_alerts(const Nudge__V1__Customer *a, int64_t now_ms)
{
	bool any = false;
	for (size_t i = 0; i < a->n_alerts; i++) {
		if (strcmp(alert_state(a->alerts[i], now_ms), "open") != 0)
			continue;
		if (!any)
			heading("open alerts");
		any = true;
		printf(" ");
		put_text(a->alerts[i]->text, 1);
	}
}

static void show_facts(const Nudge__V1__Customer *a)
{
	struct table t;
	table_init(&t, "fact|value");
	for (size_t i = 0; i < a->n_facts; i++) {
		const Nudge__V1__Attribute *v = a->facts[i]->value;
		if (!v || v->value_case == NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET)
			continue;
		table_add(&t, "%s", a->facts[i]->name);
		if (v->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
			table_add(&t, "%.15g", v->number);
		else
			table_add(&t, "%s", v->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT ? v->text : v->flag ? "yes" : "no");
	}
	for (size_t i = 0; i < a->n_attributes; i++) {
		const Nudge__V1__Attribute *v = a->attributes[i]->attribute;
		table_add(&t, "%s", v ? v->name : "");
		table_add(&t, "%s", v && v->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT ? v->text : "");
	}
	heading("facts and attributes");
	table_print(&t, 1);
	table_finish(&t);
}

static int print_both(const Nudge__V1__Customer *agent, const Nudge__V1__Report *results, const Nudge__V1__Report *learning)
{
	json_t *j = json_from_message((const void *)agent);
	json_object_set_new(j, "results", json_from_message((const void *)results));
	json_object_set_new(j, "learning", json_from_message((const void *)learning));
	return print_json(j);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__ReadCustomer ask = NUDGE__V1__READ_CUSTOMER__INIT;
	Nudge__V1__Response *agent, *results = NULL, *learning = NULL;
	ask.agent = argv[0];
	int code = context_ask(c, NUDGE_READ_CUSTOMER, &ask, &agent);
	if (code != EXIT_DONE)
		return code;
	code = ask_report(c, "agents", "topic", argv[0], &results);
	if (code == EXIT_DONE)
		code = ask_report(c, "learning", "agent", argv[0], &learning);
	if (code == EXIT_DONE && c->json) {
		code = print_both(agent->customer, results->report, learning->report);
	} else if (code == EXIT_DONE) {
		printf("agent %s%s%s\n", style_on(stdout, STYLE_BOLD), agent->customer->id, style_off(stdout));
		if (agent->customer->strain)
			strain_show(agent->customer->strain);
		show_contacts(results->report);
		show_learning(learning->report);
		show_alerts(agent->customer, agent->customer->n_alerts ? context_clock(c) : 0);
		if (all)
			show_facts(agent->customer);
	}
	if (learning)
		nudge_free(learning);
	if (results)
		nudge_free(results);
	nudge_free(agent);
	return code;
}

static const struct option_spec options[] = {
	{ "since", OPTION_TIME, &since, "TIME", "contacts from this day on; default: all that are counted" },
	{ "all", OPTION_FLAG, &all, NULL, "also facts and attributes" },
	{ 0 },
};

const struct command cmd_agent_show = {
	.name = "agent show",
	.args = "AGENT",
	.summary = "an agent's own results: strain, contacts, what goes well, what to learn",
	.details = "Compares with the other agents on the same topic, from 30 contacts on either side on, with intervals, and judges "
		   "all of an agent's comparisons together, so that chance accuses hardly anybody (`nudgectl report learning --define`). "
		   "Nobody else is named.\n\nWith --json: what is known of the agent, with `results` (the report agents by topic) and "
		   "`learning` (the report learning), both of this agent alone.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
