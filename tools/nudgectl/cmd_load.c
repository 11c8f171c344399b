/* nudgectl/cmd_load.c: a snapshot of a CRM, row by row, through a pack's mapping to events: profiles whose attributes have
 * their own times, members, aliases, contracts. What cannot be loaded is told by row and passed over; what was acknowledged
 * is remembered, so that a load that was stopped goes on there; and it takes only a share of the daemon's time. */
#include "event_message.h"
#include "load_errors.h"
#include "load_progress.h"
#include "load_source.h"
#include "pipeline.h"
#include "progress.h"
#include "report.h"

#include "base/check.h"
#include "base/error.h"
#include "script/mapping.h"
#include "wire/json.h"
#include "wire/request.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TYPES_MAX 16
#define SKIP_REASONS 32
#define LINE_BITS 40 /* a place in the input is file << LINE_BITS | line: refusals come later than the next rows */
#define PATIENCE_MS 60000
#define LOOK_BACK_ROWS 100

static const char *map_path, *errors_path, *progress_path;
static bool dry_run;
static int64_t as_of_ms;
static double share_percent = 50;
static uint64_t max_errors = 1000;
static volatile sig_atomic_t stopped;

struct counted {
	char name[96];
	uint64_t count;
};

struct load {
	struct context *c;
	char **files;
	unsigned file_count, file; /* file: the one that is read */
	double size_bytes, done_bytes; /* 0: not known */
	struct mapping *map;
	struct load_source source;
	struct load_errors errors;
	struct load_progress progress;
	struct pipeline pipeline;
	struct progress bar;
	struct arena arena;
	struct bytes packed;
	uint64_t rows, resumed, sent, left_out;
	unsigned look_back; /* so many rows before the last settled one are sent once more too */
	struct counted types[TYPES_MAX], skips[SKIP_REASONS];
	unsigned type_count, skip_count;
};

static void on_signal(int number)
{
	stopped = number;
}

static void count_name(struct counted *all, unsigned *count, unsigned most, struct slice name)
{
	char text[sizeof(all->name)];
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
	unsigned i = 0;
	while (i < *count && strcmp(all[i].name, text) != 0)
		i++;
	if (i == *count && *count == most)
		snprintf(all[--i].name, sizeof(text), "others");
	else if (i == *count)
		snprintf(all[(*count)++].name, sizeof(text), "%s", text);
	all[i].count++;
}

/* The value that a field of the error is about, to find the column that it came from. */
static struct value blamed(const Nudge__V1__Event *e, const char *field, struct slice *attribute)
{
	size_t i;
	const char *const names[] = { "id", "source", "customer", "alias", "member", "agent", "contact", "type", "channel" };
	const char *const texts[] = { e->id, e->source, e->customer, e->alias, e->member, e->agent, e->contact, e->type, e->channel };
	if (sscanf(field, "attributes[%zu]", &i) == 1 && i < e->n_attributes) {
		if (strstr(field, "].time_ms")) /* its time came from another column */
			return value_unknown();
		const Nudge__V1__Attribute *a = e->attributes[i];
		*attribute = slice_of(a->name);
		bool text = a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
		return text ? value_string(slice_of(a->text)) : value_unknown();
	}
	if (strncmp(field, "attributes.", 11) == 0) {
		*attribute = slice_of(field + 11);
		return value_unknown();
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(field, names[i]) == 0)
			return value_string(slice_of(texts[i]));
	return value_unknown();
}

/* A row that is bad where it stands. e: NULL where it became no event. */
static void bad_row(struct load *l, const Nudge__V1__Event *e, const char *code, const char *field, const char *text)
{
	char name_text[96];
	struct slice attribute = { NULL, 0 }, name = { NULL, 0 };
	struct value v = e ? blamed(e, field, &attribute) : l->map ? value_string(mapping_blames(l->map)) : value_unknown();
	unsigned column = load_source_column(&l->source, attribute, v, &name);
	snprintf(name_text, sizeof(name_text), "%.*s", SLICE_ARG(name));
	progress_finish(&l->bar); /* what is said stays; the bar comes back beneath */
	load_errors_add(&l->errors, &(struct load_error){
		.path = l->source.path, .line = l->source.line, .column = column, .column_name = name_text, .code = code,
		.field = field, .text = text, .customer = e ? e->customer : "", .type = e ? e->type : "" });
}

/* The daemon's refusals, which come when other rows are being read. */
static void refused(void *arg, const Nudge__V1__Event *e, uint64_t place, const Nudge__V1__Error *why)
{
	struct load *l = arg;
	unsigned file = (unsigned)(place >> LINE_BITS);
	const char *field = why ? why->field : "", *dot = strstr(field, "].");
	progress_finish(&l->bar);
	load_errors_add(&l->errors, &(struct load_error){
		.path = l->files[file], .line = place & ((1ull << LINE_BITS) - 1), .column_name = "",
		.code = why ? why->code : "unknown", .field = dot ? dot + 2 : field, .text = why ? why->reason : "",
		.customer = e->customer, .type = e->type });
}

/* The daemon's own checks, here and now, while the row is at hand. */
static bool event_fine(struct load *l, const Nudge__V1__Event *e)
{
	struct event decoded;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	bytes_clear(&l->packed);
	size_t size = nudge__v1__event__get_packed_size(e);
	nudge__v1__event__pack(e, (uint8_t *)bytes_grow(&l->packed, size));
	/* a daemon may have another clock: only a try judges times by this machine's */
	int64_t now_ms = dry_run ? (int64_t)now.tv_sec * 1000 : -1;
	if (event_decode(&decoded, bytes_slice(&l->packed), &l->arena, now_ms) == ERR_OK)
		return true;
	const struct error *why = error_last();
	bad_row(l, e, error_name(why->code), why->field, why->text);
	return false;
}

static int send_event(struct load *l, Nudge__V1__Event *e)
{
	if (!event_fine(l, e)) {
		nudge__v1__event__free_unpacked(e, NULL);
		return EXIT_DONE;
	}
	l->sent++;
	count_name(l->types, &l->type_count, TYPES_MAX, slice_of(e->type));
	if (!dry_run)
		return pipeline_event(&l->pipeline, e, (uint64_t)l->file << LINE_BITS | l->source.line);
	int code = print_json_line(json_from_message(&e->base));
	nudge__v1__event__free_unpacked(e, NULL);
	return code;
}

/* Without a mapping a row is an event already. */
static int send_object(struct load *l)
{
	ProtobufCMessage *m;
	if (message_from_json(&m, &nudge__v1__event__descriptor, l->source.object) == ERR_OK)
		return send_event(l, (Nudge__V1__Event *)m);
	bad_row(l, NULL, "invalid", error_last()->field, error_last()->text);
	return EXIT_DONE;
}

static int send_row(struct load *l)
{
	struct mapped mapped;
	struct slice values[LOAD_FIELDS_MAX];
	const struct load_source *s = &l->source;
	int rc, code = EXIT_DONE;
	if (!l->map)
		return send_object(l);
	if (s->json) {
		rc = mapping_object(l->map, s->fields, s->count, &l->arena, &mapped);
	} else {
		for (unsigned i = 0; i < s->count; i++)
			values[i] = s->fields[i].value.string;
		rc = mapping_row(l->map, values, s->count, &l->arena, &mapped);
	}
	if (rc != ERR_OK) {
		bad_row(l, NULL, "rule", "", error_last()->text);
		return EXIT_DONE;
	}
	if (mapped.skipped) {
		l->left_out++;
		count_name(l->skips, &l->skip_count, SKIP_REASONS, mapped.reason);
	}
	for (unsigned i = 0; i < mapped.count && code == EXIT_DONE; i++)
		code = send_event(l, event_message(&mapped.events[i]));
	return code;
}

/* Rows are settled in their order: those before the first of which the pipeline still has something. */
static void remember_rows(struct load *l, bool now)
{
	uint64_t place = (uint64_t)l->file << LINE_BITS | l->source.line;
	if (dry_run || (!now && l->rows % 256 != 0))
		return;
	uint64_t least = pipeline_unsettled(&l->pipeline);
	if (least > place || least == UINT64_MAX) {
		load_progress_save(&l->progress, l->rows, now);
		return;
	}
	/* what is under way is a few thousand rows at most: those of this file before the first of them are settled */
	if (least >> LINE_BITS == l->file && l->source.line - (least & ((1ull << LINE_BITS) - 1)) < l->rows) {
		uint64_t open_rows = l->source.line - (least & ((1ull << LINE_BITS) - 1)) + 1; /* a row has a line at least */
		load_progress_save(&l->progress, l->rows > open_rows ? l->rows - open_rows : 0, now);
	}
}

static void show(struct load *l)
{
	double part = csv_part(&l->source.csv);
	if (l->size_bytes > 0 && part >= 0)
		part = (l->done_bytes + part * l->source.csv.size_bytes) / l->size_bytes;
	l->bar.refused = l->errors.rows;
	progress_show(&l->bar, l->rows, l->size_bytes > 0 ? part : -1);
}

enum after { AFTER_DONE, AFTER_LOOK_BACK, AFTER_ANEW, AFTER_STOP };

/* The last row that was settled is sent once more: a daemon that has it answers so. Where nothing came of that row (the
 * mapping left it out, or all of it was refused) it tells nothing, and those before it are asked too. */
static int judge_known(struct load *l, uint64_t accepted, uint64_t duplicates, enum after *after)
{
	int code = pipeline_drain(&l->pipeline);
	bool looked_back = l->look_back > 0;
	if (l->pipeline.duplicates > duplicates)
		*after = AFTER_DONE;
	else if (l->pipeline.accepted > accepted || looked_back)
		*after = AFTER_ANEW;
	else
		*after = AFTER_LOOK_BACK;
	return code;
}

static int take_row(struct load *l, enum load_row got)
{
	if (got == LOAD_ROW)
		return send_row(l);
	if (l->rows >= l->resumed) /* else it was told before */
		bad_row(l, NULL, "invalid", "", l->source.error);
	return EXIT_DONE;
}

static enum after load_rows(struct load *l, int *code)
{
	enum load_row got;
	uint64_t accepted = l->pipeline.accepted, duplicates = l->pipeline.duplicates;
	for (;;) {
		arena_reset(&l->arena);
		bool skip = l->rows + 1 + l->look_back < l->resumed;
		enum after known = AFTER_DONE;
		got = load_source_next(&l->source, &l->arena, skip);
		if (got == LOAD_END || got == LOAD_LOST || stopped)
			break;
		l->rows++;
		if (!skip)
			*code = take_row(l, got);
		if (*code == EXIT_DONE && l->rows == l->resumed)
			*code = judge_known(l, accepted, duplicates, &known);
		if (*code != EXIT_DONE || l->errors.stop)
			return AFTER_STOP;
		if (known != AFTER_DONE)
			return known;
		if (l->rows > l->resumed)
			remember_rows(l, false);
		show(l);
	}
	if (got == LOAD_LOST) {
		*code = report_failed("%s: %s; what follows was not read", l->source.path, l->source.error);
	}
	return stopped || got == LOAD_LOST ? AFTER_STOP : AFTER_DONE;
}

static int open_file(struct load *l)
{
	struct slice names[LOAD_FIELDS_MAX];
	struct load_source *s = &l->source;
	if (!load_source_open(s, l->files[l->file]))
		return report_failed("%s: %s", l->files[l->file], s->error);
	if (!l->map && !s->json)
		return report_usage("%s is CSV: --map MAP.lua says what its columns mean (nudgectl help load)", s->path);
	for (unsigned i = 0; i < s->heading_count; i++)
		names[i] = slice_of(s->headings[i]);
	if (l->map && !s->json && mapping_columns(l->map, names, s->heading_count) != ERR_OK)
		return report_failed("%s: %s", s->path, error_last()->text);
	const char *nearest, *slip = l->map && !s->json ? mapping_slip(l->map, &nearest) : NULL;
	if (slip)
		report_note("%s: the mapping does not know the column \"%s\": is it \"%s\"?", s->path, slip, nearest);
	return EXIT_DONE;
}

static enum after load_files(struct load *l, int *code)
{
	enum after after = AFTER_DONE;
	l->done_bytes = 0;
	for (l->file = 0; l->file < l->file_count && after == AFTER_DONE; l->file++) {
		*code = open_file(l);
		after = *code == EXIT_DONE ? load_rows(l, code) : AFTER_STOP;
		l->done_bytes += l->source.csv.size_bytes;
		if (after != AFTER_DONE)
			break;
		load_source_close(&l->source);
	}
	return after;
}

/* The first row is the next; what was counted on the way here is counted again. */
static void from_the_top(struct load *l)
{
	load_source_close(&l->source);
	l->rows = l->sent = l->left_out = 0;
	l->type_count = l->skip_count = 0;
	memset(l->types, 0, sizeof(l->types));
	memset(l->skips, 0, sizeof(l->skips));
}

static void begin_anew(struct load *l)
{
	report_note("the daemon does not know what this load had sent before (has it other data?): from the beginning");
	from_the_top(l);
	l->resumed = 0;
	l->progress.rows = 0;
}

static int load_all(struct load *l)
{
	int code = EXIT_DONE;
	arena_init(&l->arena, 0);
	progress_init(&l->bar, dry_run ? "checking" : "loading", "rows");
	enum after after = load_files(l, &code);
	if (after == AFTER_LOOK_BACK && code == EXIT_DONE) {
		from_the_top(l);
		l->look_back = LOOK_BACK_ROWS;
		after = load_files(l, &code);
	}
	if (after == AFTER_ANEW && code == EXIT_DONE) {
		begin_anew(l);
		after = load_files(l, &code);
	}
	if (!dry_run) {
		int drained = pipeline_drain(&l->pipeline); /* what was sent before it stopped is settled too */
		code = code == EXIT_DONE ? drained : code;
		if (drained == EXIT_DONE && after == AFTER_STOP && l->rows > l->resumed)
			remember_rows(l, true);
		if (code == EXIT_DONE && after == AFTER_DONE)
			load_progress_done(&l->progress);
	}
	progress_finish(&l->bar);
	load_source_close(&l->source);
	arena_finish(&l->arena);
	if (code == EXIT_DONE && l->errors.stop)
		code = report_failed("stopped after %s that cannot be loaded: is it the right mapping? "
				     "(--max-errors; 0: none are too many)", plural_text(l->errors.rows, "row", "rows"));
	if (code == EXIT_DONE && stopped)
		code = report_failed("stopped; the same command goes on where it was");
	return code == EXIT_DONE && l->errors.rows ? EXIT_FAILED : code;
}

static json_t *counts_json(const struct counted *all, unsigned count)
{
	json_t *j = json_object();
	for (unsigned i = 0; i < count; i++)
		json_object_set_new(j, all[i].name, json_integer((json_int_t)all[i].count));
	return j;
}

static void summarize_json(const struct load *l, double seconds)
{
	json_t *j = pipeline_json(&l->pipeline);
	json_object_set_new(j, "rows", json_integer((json_int_t)l->rows));
	json_object_set_new(j, "resumed_at_row", json_integer((json_int_t)l->resumed));
	json_object_set_new(j, "events", json_integer((json_int_t)l->sent));
	json_object_set_new(j, "types", counts_json(l->types, l->type_count));
	json_object_set_new(j, "skipped", json_integer((json_int_t)l->left_out));
	json_object_set_new(j, "skips", counts_json(l->skips, l->skip_count));
	json_object_set_new(j, "errors", json_integer((json_int_t)l->errors.rows));
	json_object_set_new(j, "seconds", json_real(seconds));
	print_json(j);
}

static void summarize(const struct load *l)
{
	const struct pipeline *p = &l->pipeline;
	double seconds = progress_seconds(&l->bar);
	uint64_t here = l->rows - (l->resumed < l->rows ? l->resumed : l->rows);
	if (l->c->json && !dry_run) {
		summarize_json(l, seconds);
		return;
	}
	FILE *to = dry_run ? stderr : stdout;
	fprintf(to, "%s", plural_text(l->rows, "row", "rows"));
	if (l->resumed)
		fprintf(to, ", %s of them loaded before", count_text(l->resumed));
	if (dry_run)
		fprintf(to, ": %s, %s that cannot be loaded; nothing was sent\n", plural_text(l->sent, "event", "events"),
			count_text(l->errors.rows));
	else
		fprintf(to, ": %s accepted, %s duplicate, %s that cannot be loaded; %s, %s rows/s\n",
			plural_text(p->accepted, "event", "events"), count_text(p->duplicates), count_text(l->errors.rows),
			duration_text(seconds), count_text((uint64_t)((double)here / (seconds > 0 ? seconds : 1))));
	for (unsigned i = 0; i < l->type_count; i++)
		fprintf(to, "  %-18s %s\n", l->types[i].name, count_text(l->types[i].count));
	for (unsigned i = 0; i < l->skip_count; i++)
		fprintf(to, "  skipped %s: %s\n", count_text(l->skips[i].count), l->skips[i].name);
}

/* Before anything is begun. */
static int check_files(const struct load *l)
{
	for (unsigned i = 0; i < l->file_count; i++)
		if (strcmp(l->files[i], "-") != 0 && access(l->files[i], R_OK) != 0)
			return report_failed("cannot open %s: %s", l->files[i], strerror(errno));
	return EXIT_DONE;
}

static void measure(struct load *l)
{
	struct stat st;
	for (unsigned i = 0; i < l->file_count; i++) {
		if (strcmp(l->files[i], "-") == 0 || stat(l->files[i], &st) != 0 || !S_ISREG(st.st_mode)) {
			l->size_bytes = 0;
			return;
		}
		l->size_bytes += (double)st.st_size;
	}
}

static int prepare(struct load *l)
{
	int code = check_files(l);
	if (code != EXIT_DONE)
		return code;
	measure(l);
	if (!(share_percent > 0 && share_percent <= 100))
		return report_usage("--share goes from 1 to 100 percent");
	if (map_path && mapping_open(&l->map, map_path, as_of_ms) != ERR_OK)
		return report_failed("the mapping: %s", error_last()->text);
	if (!load_errors_open(&l->errors, errors_path, max_errors))
		return EXIT_FAILED;
	if (dry_run)
		return code;
	code = pipeline_init(&l->pipeline, l->c);
	pipeline_share(&l->pipeline, share_percent / 100);
	l->pipeline.patience_ms = PATIENCE_MS;
	l->pipeline.refused_event = refused;
	l->pipeline.arg = l;
	load_progress_open(&l->progress, progress_path, l->files, l->file_count, map_path, as_of_ms, l->c->address);
	l->resumed = l->progress.rows;
	if (code == EXIT_DONE && l->resumed)
		report_note("going on behind row %s, where the load was stopped (%s)", count_text(l->resumed), l->progress.path);
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	struct load *l = must_calloc(1, sizeof(*l));
	l->c = c;
	l->files = argv;
	l->file_count = (unsigned)argc;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	int code = prepare(l);
	if (code == EXIT_DONE) {
		code = load_all(l);
		summarize(l);
	}
	int closed = load_errors_close(&l->errors, errors_path);
	pipeline_finish(&l->pipeline);
	load_progress_close(&l->progress);
	mapping_close(l->map);
	bytes_finish(&l->packed);
	free(l);
	return code == EXIT_DONE ? closed : code;
}

static const struct option_spec options[] = {
	{ "map", OPTION_TEXT, &map_path, "MAP.lua",
	  "the mapping from a row to events, as `import` takes it; packs ship theirs as crm.lua" },
	{ "as-of", OPTION_TIME, &as_of_ms, "TIME", "when rows are true that do not say it themselves" },
	{ "share", OPTION_NUMBER, &share_percent, "PERCENT", "of the daemon's time at most so much, 1 to 100 (default 50)" },
	{ "errors", OPTION_TEXT, &errors_path, "FILE", "write rows that cannot be loaded there, as JSON lines" },
	{ "max-errors", OPTION_COUNT, &max_errors, "N", "stop after so many of them (default 1000; 0: never)" },
	{ "progress", OPTION_TEXT, &progress_path, "FILE", "remember there how far it came (default: FILE.loading beside the first file)" },
	{ "dry-run", OPTION_FLAG, &dry_run, NULL, "send nothing, ask no daemon: check every row, print the events as JSON lines" },
	{ 0 },
};

const struct command cmd_load = {
	.name = "load",
	.examples = "nudgectl load snapshot.csv.gz --map rules/telecom/crm.lua --errors bad-rows.jsonl",
	.args = "FILE…",
	.summary = "load a CRM's snapshot: profiles, members, aliases, contracts",
	.min_args = 1,
	.max_args = 1000,
	.options = options,
	.run = run,
	.details = "Files are CSV whose first row names the columns, or JSON lines, plain or gzip; - is standard input. Which columns there "
		   "must be, the mapping says in `columns`, and which there may be in `optional`; others are passed over, and their order "
		   "does not matter. With rules/telecom/crm.lua only `household` must be there, so that this is a snapshot:\n\n"
		   "  household,household_name,line,phone,first_name,message_plan,message_plan_since,updated\n"
		   "  h-1,Nguyen,daughter,+84901234567,Linh,basic,2026-05-01,2026-06-01\n"
		   "  h-2,Pham,,,,,,2026-06-01\n\n"
		   "Times are UTC: 2026-05-01, 2026-05-01 10:30 or 2026-05-01T10:30:00Z. --dry-run says what is wrong with it. The "
		   "mapping's row(r) gives what a row says: an event or a list of them. In profile.updated, "
		   "attributes may be { value = r.plan, time = r.plan_since }: true since then. An older value never overwrites a "
		   "newer one, in whatever order and however often snapshots are loaded; `removed` says that a value is not "
		   "known any more. Without a mapping each line is an event, as for `send`.\nRows that cannot be loaded "
		   "are told with line and column and passed over. A load that was stopped goes on where it was, with the "
		   "same command; where the daemon goes away it waits a minute for it. A load takes at most --share of the "
		   "daemon's time, so that live traffic does not wait behind it.\nExit code 1 where a row could not be loaded or "
		   "the load was stopped.",
};
