/* nudgectl/cmd_report.c: reports: what was measured, as a table, JSON or CSV. Which reports there are, and what each is
 * about, comes from the engine's own list, so that the help is true. */
#include "ask.h"
#include "table.h"

#include "base/check.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t since, until;
static const char *by;
static const char *where;
static uint64_t limit;
static bool csv, define;

static const struct option_spec options[] = {
	{ "since", OPTION_TIME, &since, "TIME", "from this day on; default: all that is kept" },
	{ "until", OPTION_TIME, &until, "TIME", "days before this; default: now" },
	{ "by", OPTION_TEXT, &by, "NAME[,NAME]", "what a row is about, up to three names; or total" },
	{ "where", OPTION_TEXT, &where, "NAME=TEXT[,...]", "only these" },
	{ "limit", OPTION_COUNT, &limit, "N", "rows at most; default 1000" },
	{ "csv", OPTION_FLAG, &csv, NULL, "comma-separated, with a line of names" },
	{ "define", OPTION_FLAG, &define, NULL, "say how each number is defined, beneath the table" },
	{ NULL },
};

static bool is_share(const Nudge__V1__ReportColumn *c)
{
	return strcmp(c->unit, "share") == 0;
}

/* As people read it; machines get the number as it is. */
static void cell_text(const Nudge__V1__ReportColumn *c, const Nudge__V1__Attribute *a, char *out, size_t size)
{
	if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT)
		snprintf(out, size, "%s", a->text);
	else if (a->value_case != NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
		snprintf(out, size, "%s", a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_FLAG ? (a->flag ? "yes" : "no") : "-");
	else if (is_share(c))
		snprintf(out, size, "%.1f%%", 100 * a->number);
	else if (strcmp(c->unit, "ms") == 0)
		snprintf(out, size, "%s", time_short((int64_t)a->number));
	else if (a->number == floor(a->number) && fabs(a->number) < 1e15)
		snprintf(out, size, "%s%s", a->number < 0 ? "-" : "", count_text((uint64_t)fabs(a->number)));
	else
		snprintf(out, size, "%.*f", fabs(a->number) < 10 ? 3 : 1, a->number);
}

static json_t *cell_json(const Nudge__V1__Attribute *a)
{
	switch (a->value_case) {
	case NUDGE__V1__ATTRIBUTE__VALUE_TEXT:
		return json_string(a->text);
	case NUDGE__V1__ATTRIBUTE__VALUE_FLAG:
		return json_boolean(a->flag);
	case NUDGE__V1__ATTRIBUTE__VALUE_NUMBER:
		return a->number == floor(a->number) && fabs(a->number) < 9e15 ? json_integer((json_int_t)a->number)
									       : json_real(a->number);
	default:
		return json_null();
	}
}

static int print_as_json(const Nudge__V1__Report *r)
{
	json_t *j = json_pack("{ss ss ss sI sI}", "report", r->name, "about", r->about, "pack", r->pack, "since_ms",
			      (json_int_t)r->since_ms, "until_ms", (json_int_t)r->until_ms);
	json_t *columns = json_array(), *rows = json_array(), *notes = json_array();
	for (size_t i = 0; i < r->n_columns; i++)
		json_array_append_new(columns, json_pack("{ss ss ss sb}", "name", r->columns[i]->name, "unit", r->columns[i]->unit,
							 "help", r->columns[i]->help, "key", r->columns[i]->key));
	for (size_t i = 0; i < r->n_rows; i++) {
		json_t *row = json_object();
		for (size_t k = 0; k < r->rows[i]->n_cells && k < r->n_columns; k++)
			json_object_set_new(row, r->columns[k]->name, cell_json(r->rows[i]->cells[k]));
		json_array_append_new(rows, row);
	}
	for (size_t i = 0; i < r->n_notes; i++)
		json_array_append_new(notes, json_string(r->notes[i]));
	json_object_set_new(j, "columns", columns);
	json_object_set_new(j, "rows", rows);
	json_object_set_new(j, "notes", notes);
	json_object_set_new(j, "more", json_integer((json_int_t)r->more));
	return print_json(j);
}

static void put_field(const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;
	printf("%s", quote ? "\"" : "");
	for (; *text; text++)
		printf("%s%c", *text == '"' ? "\"" : "", *text);
	printf("%s", quote ? "\"" : "");
}

static void print_as_csv(const Nudge__V1__Report *r)
{
	for (size_t i = 0; i < r->n_columns; i++) {
		printf("%s", i ? "," : "");
		put_field(r->columns[i]->name);
	}
	printf("\n");
	for (size_t i = 0; i < r->n_rows; i++) {
		for (size_t k = 0; k < r->rows[i]->n_cells; k++) {
			const Nudge__V1__Attribute *a = r->rows[i]->cells[k];
			printf("%s", k ? "," : "");
			if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT)
				put_field(a->text);
			else if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
				printf("%.17g", a->number);
			else if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_FLAG)
				printf("%s", a->flag ? "true" : "false");
		}
		printf("\n");
	}
}

static int column_width(const Nudge__V1__Report *r, size_t at)
{
	char text[256];
	int width = text_width(r->columns[at]->name);
	for (size_t i = 0; i < r->n_rows; i++) {
		cell_text(r->columns[at], r->rows[i]->cells[at], text, sizeof(text));
		int w = text_width(text);
		width = w > width ? w : width;
	}
	return width + 2;
}

static void add_cell(struct table *t, const Nudge__V1__Report *r, size_t row, size_t column)
{
	char text[256];
	cell_text(r->columns[column], r->rows[row]->cells[column], text, sizeof(text));
	table_add_styled(t, r->columns[column]->key ? STYLE_BOLD : STYLE_PLAIN, "%s", text);
}

/* The columns from..to, behind those that say what the row is about. */
static void print_block(const Nudge__V1__Report *r, size_t keys, size_t from, size_t to)
{
	struct table t;
	struct bytes heads = { 0 };
	for (size_t k = 0; k < keys; k++)
		bytes_printf(&heads, "%s%s", k ? "|" : "", r->columns[k]->name);
	for (size_t k = from; k < to; k++)
		bytes_printf(&heads, "%s>%s", heads.len ? "|" : "", r->columns[k]->name);
	table_init(&t, heads.data);
	for (size_t i = 0; i < r->n_rows; i++) {
		for (size_t k = 0; k < keys; k++)
			add_cell(&t, r, i, k);
		for (size_t k = from; k < to; k++)
			add_cell(&t, r, i, k);
	}
	table_print(&t, 0);
	table_finish(&t);
	bytes_finish(&heads);
}

/* As many columns beside each other as fit; the others beneath, with the rows' names again. */
static void print_blocks(const Nudge__V1__Report *r)
{
	size_t keys = 0;
	int key_width = 0, most = report_width(stdout);
	while (keys < r->n_columns && r->columns[keys]->key)
		key_width += column_width(r, keys++);
	for (size_t from = keys, to; from < r->n_columns; from = to) {
		int width = key_width;
		for (to = from; to < r->n_columns && keys + to - from < TABLE_COLUMNS_MAX; to++) {
			width += column_width(r, to);
			if (width > most + 2 && to > from)
				break;
		}
		if (from > keys)
			printf("\n");
		print_block(r, keys, from, to);
	}
}

static void print_definitions(const Nudge__V1__Report *r)
{
	printf("\n");
	for (size_t i = 0; i < r->n_columns; i++) {
		const Nudge__V1__ReportColumn *c = r->columns[i];
		if (c->key)
			continue;
		printf("%s%s%s%s%s%s\n", style_on(stdout, STYLE_BOLD), c->name, style_off(stdout), *c->unit ? " (" : "", c->unit,
		       *c->unit ? ")" : "");
		text_wrap(stdout, 4, c->help);
	}
}

static void show(const Nudge__V1__Report *r)
{
	printf("%s%s%s: %s\n", style_on(stdout, STYLE_BOLD), r->name, style_off(stdout), r->about);
	printf("%s%s to %s, pack %s%s\n", style_on(stdout, STYLE_DIM), r->since_ms ? time_text(r->since_ms) : "all that is kept",
	       time_text(r->until_ms), r->pack, style_off(stdout));
	if (!r->n_rows)
		printf("nothing has been counted in this time\n");
	else
		print_blocks(r);
	if (r->more)
		printf("%s more: --limit\n", plural_text(r->more, "row", "rows"));
	for (size_t i = 0; i < r->n_notes; i++)
		text_wrap(stdout, 0, r->notes[i]);
	if (define)
		print_definitions(r);
}

static int list_reports(void)
{
	struct table t;
	table_init(&t, "report|about|by");
	for (unsigned i = 0; reports[i]; i++) {
		const struct report_decl *d = reports[i];
		struct bytes names = { 0 };
		for (unsigned k = 0; k < sizeof(d->by) / sizeof(d->by[0]) && d->by[k]; k++)
			bytes_printf(&names, "%s, ", d->by[k]);
		bytes_printf(&names, "total");
		table_add_styled(&t, STYLE_BOLD, "%s", d->name);
		table_add(&t, "%s", d->help);
		table_add(&t, "%s", names.data);
		bytes_finish(&names);
	}
	table_print(&t, 0);
	table_finish(&t);
	return EXIT_DONE;
}

/* "agent=linh,topic=bill": texts lie in `text`, which is cut up. False: after having said what is wrong. */
static bool where_parse(char *text, Nudge__V1__Attribute *attrs, Nudge__V1__Attribute **list, size_t *count)
{
	*count = 0;
	for (char *at = text; at && *at;) {
		char *next = strchr(at, ','), *equals = strchr(at, '=');
		if (next)
			*next++ = '\0';
		if (!equals || *count == REPORT_WHERE) {
			report_usage(equals ? "--where takes %u conditions at most" : "--where is NAME=TEXT, up to %u of them", REPORT_WHERE);
			return false;
		}
		*equals = '\0';
		nudge__v1__attribute__init(&attrs[*count]);
		attrs[*count].name = at;
		attrs[*count].value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
		attrs[*count].text = equals + 1;
		list[*count] = &attrs[*count];
		++*count;
		at = next;
	}
	return true;
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetReport ask = NUDGE__V1__GET_REPORT__INIT;
	Nudge__V1__Attribute attrs[REPORT_WHERE], *list[REPORT_WHERE];
	Nudge__V1__Response *answer;
	if (!argc)
		return list_reports();
	if (csv && c->json)
		return report_usage("--csv and --json exclude each other");
	char *text = must_strdup(where ? where : "");
	if (!where_parse(text, attrs, list, &ask.n_where)) {
		free(text);
		return EXIT_USAGE;
	}
	ask.name = argv[0];
	ask.since_ms = since;
	ask.until_ms = until;
	ask.by = text_or_empty(by);
	ask.where = list;
	ask.limit = (uint32_t)(limit > UINT32_MAX ? UINT32_MAX : limit);
	int code = context_ask(c, NUDGE_GET_REPORT, &ask, &answer);
	free(text);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_as_json(answer->report);
	else if (csv)
		print_as_csv(answer->report);
	else
		show(answer->report);
	nudge_free(answer);
	return code;
}

const struct command cmd_report = {
	.name = "report",
	.args = "[NAME]",
	.summary = "what was measured: relationship, agents, churn …",
	.options = options,
	.min_args = 0,
	.max_args = 1,
	.run = run,
	.details = "Without a NAME: which reports there are, and what their rows may be by; day and month are days and months of "
		   "the pack's zone. Reports are made from sums that are kept as events arrive, not by reading history, so they are "
		   "there at once and cost little. What is not known, or stands on too little to tell, is shown as -, in JSON null, in "
		   "CSV empty. With --define, and always in --json (columns), each number is defined.\n\n"
		   "With --json: an object with report, about, pack, since_ms, until_ms, columns (name, unit, help, key), rows (objects "
		   "by the columns' names; shares from 0 to 1, money in minor units), notes and more (rows left out).",
	.examples = "nudgectl report",
};
