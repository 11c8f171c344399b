/* nudgectl/cmd_import.c: rows of a CSV file through a pack's Lua mapping to events. */
#include "csv.h"
#include "event_message.h"
#include "pipeline.h"
#include "progress.h"
#include "report.h"

#include "base/check.h"
#include "base/error.h"
#include "script/mapping.h"
#include "wire/json.h"

#include <stdlib.h>
#include <string.h>

#define SKIP_REASONS 32

static const char *map_path;
static bool dry_run;

struct skip {
	char reason[96];
	uint64_t count;
};

struct import {
	struct context *c;
	const char *path;
	struct csv csv;
	struct mapping *map;
	struct pipeline pipeline;
	uint64_t rows, skipped, events;
	struct skip skips[SKIP_REASONS];
	unsigned skip_count;
};

static void count_skip(struct import *in, struct slice reason)
{
	char text[sizeof(in->skips[0].reason)];
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(reason));
	in->skipped++;
	for (unsigned i = 0; i < in->skip_count; i++) {
		if (strcmp(in->skips[i].reason, text) == 0) {
			in->skips[i].count++;
			return;
		}
	}
	/* the last place gathers what is too various to be told apart */
	if (in->skip_count == SKIP_REASONS) {
		struct skip *rest = &in->skips[SKIP_REASONS - 1];
		snprintf(rest->reason, sizeof(rest->reason), "other reasons");
		rest->count++;
		return;
	}
	struct skip *s = &in->skips[in->skip_count++];
	memcpy(s->reason, text, sizeof(text));
	s->count = 1;
}

static int print_event(Nudge__V1__Event *e)
{
	int code = print_json_line(json_from_message(&e->base));
	nudge__v1__event__free_unpacked(e, NULL);
	return code;
}

static int import_row(struct import *in, struct arena *arena)
{
	struct mapped mapped;
	unsigned long long line = in->csv.record_line;
	int code = EXIT_DONE;
	arena_reset(arena);
	if (mapping_row(in->map, in->csv.fields, in->csv.count, arena, &mapped) != ERR_OK)
		return report_failed("%s, line %llu: %s", in->path, line, error_last()->text);
	in->rows++;
	if (mapped.skipped) {
		count_skip(in, mapped.reason);
		return EXIT_DONE;
	}
	in->events += mapped.count;
	for (unsigned i = 0; i < mapped.count && code == EXIT_DONE; i++) {
		Nudge__V1__Event *e = event_message(&mapped.events[i]);
		code = dry_run ? print_event(e) : pipeline_event(&in->pipeline, e, in->csv.record_line);
	}
	return code;
}

static int read_headings(struct import *in)
{
	int got = csv_next(&in->csv);
	if (got <= 0)
		return report_failed("%s: %s", in->path,
				     got ? in->csv.error : "the file is empty; its first row must name the columns");
	if (mapping_columns(in->map, in->csv.fields, in->csv.count) != ERR_OK)
		return report_failed("%s: %s", in->path, error_last()->text);
	return EXIT_DONE;
}

static int import_rows(struct import *in)
{
	struct arena arena;
	struct progress progress;
	int got = 0, code = read_headings(in);
	arena_init(&arena, 0);
	progress_init(&progress, "importing", "rows");
	while (code == EXIT_DONE && (got = csv_next(&in->csv)) > 0) {
		code = import_row(in, &arena);
		progress.refused = in->pipeline.refused;
		progress_show(&progress, in->rows, csv_part(&in->csv));
	}
	if (code == EXIT_DONE && got < 0)
		code = report_failed("%s: %s", in->path, in->csv.error);
	if (!dry_run) {
		int drained = pipeline_drain(&in->pipeline); /* what was sent before a bad row is settled too */
		code = code == EXIT_DONE ? drained : code;
	}
	progress_finish(&progress);
	arena_finish(&arena);
	return code;
}

static void summarize(const struct import *in)
{
	const struct pipeline *p = &in->pipeline;
	FILE *to = dry_run ? stderr : stdout;
	if (in->c->json && !dry_run) {
		json_t *j = pipeline_json(p), *skips = json_object();
		for (unsigned i = 0; i < in->skip_count; i++)
			json_object_set_new(skips, in->skips[i].reason, json_integer((json_int_t)in->skips[i].count));
		json_object_set_new(j, "rows", json_integer((json_int_t)in->rows));
		json_object_set_new(j, "skipped", json_integer((json_int_t)in->skipped));
		json_object_set_new(j, "skips", skips);
		print_json(j);
		return;
	}
	fprintf(to, "%s: ", plural_text(in->rows, "row", "rows"));
	if (dry_run)
		fprintf(to, "%s, %s skipped; nothing was sent\n", plural_text(in->events, "event", "events"),
			count_text(in->skipped));
	else
		fprintf(to, "%s accepted, %s duplicate, %s refused, %s skipped", count_text(p->accepted),
			count_text(p->duplicates), count_text(p->refused), count_text(in->skipped));
	if (!dry_run) {
		pipeline_put_alerts(p);
		printf("\n");
	}
	for (unsigned i = 0; i < in->skip_count; i++)
		fprintf(to, "  skipped %s: %s\n", count_text(in->skips[i].count), in->skips[i].reason);
}

static int run(struct context *c, int argc, char **argv)
{
	struct import *in = must_calloc(1, sizeof(*in));
	in->c = c;
	in->path = argv[0];
	int code = EXIT_DONE;
	if (!map_path)
		code = report_usage("import needs --map MAP.lua, e.g. --map rules/bank/import.lua");
	else if (mapping_open(&in->map, map_path, 0) != ERR_OK)
		code = report_failed("the mapping: %s", error_last()->text);
	else if (!csv_open(&in->csv, in->path))
		code = report_failed("cannot open %s: %s", in->path, in->csv.error);
	else if (!dry_run)
		code = pipeline_init(&in->pipeline, c);
	if (code == EXIT_DONE) {
		code = import_rows(in);
		summarize(in);
		pipeline_tell(&in->pipeline, "at line");
		if (code == EXIT_DONE && in->pipeline.refused)
			code = EXIT_FAILED;
	}
	pipeline_finish(&in->pipeline);
	mapping_close(in->map);
	csv_close(&in->csv);
	free(in);
	return code;
}

static const struct option_spec options[] = {
	{ "map", OPTION_TEXT, &map_path, "MAP.lua",
	  "the mapping from a row to an event; packs ship theirs as import.lua" },
	{ "dry-run", OPTION_FLAG, &dry_run, NULL, "send nothing: print the events as JSON lines" },
	{ 0 },
};

const struct command cmd_import = {
	.name = "import",
	.args = "FILE --map MAP.lua",
	.summary = "publish the rows of a CSV file (plain or gzip)",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "The first row names the columns. Each other row goes through the mapping's function row(r), which "
		   "returns an event or nil and "
		   "the reason to skip it. Rows are sent in the file's order, many under way at once. Since events "
		   "keep their ids, an import "
		   "that was cut off is resumed by running it again: what was applied is counted as duplicate.\nExit "
		   "code 1 where "
		   "anything was refused.",
};
