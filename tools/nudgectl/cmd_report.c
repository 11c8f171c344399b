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

/* Amounts have their currency as unit, and come in its smallest unit: three capitals. */
static bool is_money(const Nudge__V1__ReportColumn *c)
{
	return strlen(c->unit) == 3 && strspn(c->unit, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
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
	else if (is_money(c))
		snprintf(out, size, "%s", money_text(a->number, c->unit));
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

/* One block: columns side by side, behind those that say what the row is about. */
static void print_block(const Nudge__V1__Report *r, size_t keys, const size_t *columns, size_t count)
{
	struct table t;
	struct bytes heads = { 0 };
	for (size_t k = 0; k < keys; k++)
		bytes_printf(&heads, "%s%s%s", k ? "|" : "", strcmp(r->columns[k]->unit, "days") == 0 ? ">" : "", r->columns[k]->name);
	for (size_t k = 0; k < count; k++)
		bytes_printf(&heads, "%s>%s", heads.len ? "|" : "", r->columns[columns[k]]->name);
	table_init(&t, heads.data);
	for (size_t i = 0; i < r->n_rows; i++) {
		for (size_t k = 0; k < keys; k++)
			add_cell(&t, r, i, k);
		for (size_t k = 0; k < count; k++)
			add_cell(&t, r, i, columns[k]);
	}
	table_print(&t, 0);
	table_finish(&t);
	bytes_finish(&heads);
}

static bool is_unknown(const Nudge__V1__Report *r, size_t column)
{
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i]->cells[column]->value_case != NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET)
			return false;
	return true;
}

/* What tells a row from the next: what the report is by, and what follows it at once as text or days (a contract's
 * horizon, a survey's measure). */
static bool is_label(const Nudge__V1__Report *r, size_t column)
{
	if (r->columns[column]->key || strcmp(r->columns[column]->unit, "days") == 0)
		return true;
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i]->cells[column]->value_case != NUDGE__V1__ATTRIBUTE__VALUE_TEXT)
			return false;
	return true;
}

static void add_name(struct bytes *to, const char *name)
{
	bytes_printf(to, "%s%s", to->len ? ", " : "", name);
}

static void print_names(const char *before, struct bytes *names)
{
	struct bytes line = { 0 };
	if (names->len) {
		bytes_printf(&line, "%s%s", before, names->data);
		text_wrap(stdout, 0, line.data);
	}
	bytes_finish(&line);
	bytes_finish(names);
}

/* What a number is in, where its name and look do not say it. */
static void print_units(const Nudge__V1__Report *r)
{
	static const char *const plain[] = { "", "count", "share", "points", "days", "answers", "mood", "ms" };
	struct bytes all = { 0 };
	for (size_t i = 0; i < r->n_columns; i++) {
		const char *unit = r->columns[i]->unit;
		bool said = is_unknown(r, i);
		for (size_t k = 0; k < sizeof(plain) / sizeof(plain[0]); k++)
			said |= strcmp(unit, plain[k]) == 0;
		for (size_t k = 0; k < i; k++)
			said |= strcmp(unit, r->columns[k]->unit) == 0 && !is_unknown(r, k);
		if (said)
			continue;
		struct bytes names = { 0 };
		for (size_t k = i; k < r->n_columns; k++)
			if (strcmp(unit, r->columns[k]->unit) == 0 && !is_unknown(r, k))
				add_name(&names, r->columns[k]->name);
		bytes_printf(&all, "%s%s in %s", all.len ? "; " : "", names.data,
			     strcmp(unit, "money") == 0 ? "the currency's smallest unit" : unit);
		bytes_finish(&names);
	}
	print_names("", &all);
}

/* As many columns beside each other as fit; the others beneath, with the rows' names again. Where not all fit, those of
 * which nothing is known are only named. */
static void print_blocks(const Nudge__V1__Report *r)
{
	size_t keys = 0, count = 0;
	int key_width = 0, most = report_width(stdout), all = 0;
	while (keys < r->n_columns && is_label(r, keys))
		key_width += column_width(r, keys++);
	for (size_t i = keys; i < r->n_columns; i++)
		all += column_width(r, i);
	bool fit = key_width + all <= most + 2;
	size_t *shown = must_malloc((r->n_columns + 1) * sizeof(*shown));
	struct bytes unknown = { 0 };
	for (size_t i = keys; i < r->n_columns; i++)
		if (fit || !is_unknown(r, i))
			shown[count++] = i;
		else
			add_name(&unknown, r->columns[i]->name);
	for (size_t from = 0, to; from < count; from = to) {
		int width = key_width;
		for (to = from; to < count && keys + to - from < TABLE_COLUMNS_MAX; to++) {
			width += column_width(r, shown[to]);
			if (width > most + 2 && to > from)
				break;
		}
		if (from)
			fputc('\n', stdout);
		print_block(r, keys, &shown[from], to - from);
	}
	free(shown);
	print_names("nothing known yet: ", &unknown);
	print_units(r);
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
	printf("%s%s%s", style_on(stdout, STYLE_BOLD), r->name, style_off(stdout));
	struct bytes about = { 0 };
	bytes_printf(&about, ": %s", r->about);
	text_flow(stdout, text_width(r->name), 2, about.data);
	bytes_finish(&about);
	printf("%s%s to %s, pack %s%s\n", style_on(stdout, STYLE_DIM), r->since_ms ? time_text(r->since_ms) : "all that is kept",
	       time_text(r->until_ms), r->pack, style_off(stdout));
	if (!r->n_rows)
		printf("nothing has been counted %sin this time\n", where && *where ? "of these " : "");
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
		   "CSV empty; a column of which nothing is known is only named where the table is too wide. With --define, and always "
		   "in --json (columns), each number is defined. Money is shown in the pack's currency; in JSON and CSV it is in its "
		   "smallest unit.\n\n"
		   "With --json: an object with report, about, pack, since_ms, until_ms, columns (name, unit, help, key), rows (objects "
		   "by the columns' names; shares from 0 to 1, money in minor units), notes and more (rows left out).",
	.examples = "nudgectl report\n"
		    "nudgectl report agents --since 2026-01-01\n"
		    "nudgectl report relationship --by topic,month --where channel=call --define\n"
		    "nudgectl report campaigns --by total --csv",
};
