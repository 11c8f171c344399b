/* nudgectl/cmd_send.c: JSON lines to events and outcomes, many under way at once. */
#include "pipeline.h"
#include "progress.h"
#include "report.h"

#include "base/error.h"
#include "wire/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PACE_STEPS 200 /* how smoothly --over goes */

static bool keep_going;
static uint64_t over_seconds;

/* An object with `kind` is an outcome (only they have one), any other an event. */
static int send_object(struct pipeline *p, json_t *j, uint64_t line)
{
	ProtobufCMessage *m = NULL;
	bool outcome = json_object_get(j, "kind") != NULL;
	const ProtobufCMessageDescriptor *d = outcome ? &nudge__v1__outcome__descriptor : &nudge__v1__event__descriptor;
	if (message_from_json(&m, d, j) != ERR_OK) {
		const struct error *e = error_last();
		return report_failed("line %llu is no %s: %s%s%s", (unsigned long long)line,
				     outcome ? "outcome" : "event", e->field, *e->field ? ": " : "", e->text);
	}
	return outcome ? pipeline_outcome(p, (Nudge__V1__Outcome *)m, line)
		       : pipeline_event(p, (Nudge__V1__Event *)m, line);
}

static int send_line(struct pipeline *p, const char *text, size_t len, uint64_t line)
{
	if (strspn(text, " \t\r\n") == len)
		return EXIT_DONE;
	json_error_t e;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		return report_failed("line %llu is not JSON: %s", (unsigned long long)line, e.text);
	if (!json_is_object(j)) {
		json_decref(j);
		return report_failed("line %llu is not a JSON object: each line is one event or outcome",
				     (unsigned long long)line);
	}
	int code = send_object(p, j, line);
	json_decref(j);
	return code;
}

/* Waits until as much of the time is over as of the file is sent. What was sent is answered before each wait. */
static int keep_pace(struct pipeline *p, const struct progress *progress, double part, double *next)
{
	if (!over_seconds || part < *next)
		return EXIT_DONE;
	*next = part + 1.0 / PACE_STEPS;
	int code = pipeline_drain(p);
	double wait = part * (double)over_seconds - progress_seconds(progress);
	if (code == EXIT_DONE && wait > 0) {
		struct timespec pause = { (time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9) };
		nanosleep(&pause, NULL);
	}
	return code;
}

/* bad: lines that were no event and were passed over. */
static int send_file(struct pipeline *p, FILE *in, double size, uint64_t *bad)
{
	struct progress progress;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	uint64_t line = 0, at = 0;
	int code = EXIT_DONE;
	double next = 0;
	progress_init(&progress, "sending", "events");
	progress.eager = over_seconds > 0;
	while (code == EXIT_DONE && (len = getline(&text, &cap, in)) >= 0) {
		at += (uint64_t)len;
		uint64_t before = p->sent;
		code = send_line(p, text, (size_t)len, ++line);
		/* a line that could not be sent is the line's fault only while the connection is good */
		if (code != EXIT_DONE && keep_going && p->sent == before) {
			(*bad)++;
			code = EXIT_DONE;
		}
		double part = size > 0 ? (double)at / size : -1;
		if (code == EXIT_DONE)
			code = keep_pace(p, &progress, part, &next);
		progress_show(&progress, p->answered, part);
	}
	int drained = pipeline_drain(p); /* what was read before a bad line is settled too */
	if (code == EXIT_DONE)
		code = drained;
	progress_finish(&progress);
	if (ferror(in) && code == EXIT_DONE)
		code = report_failed("cannot read: %s", strerror(errno));
	free(text);
	return code;
}

static int summarize(const struct context *c, const struct pipeline *p, uint64_t bad)
{
	if (c->json) {
		json_t *j = pipeline_json(p);
		json_object_set_new(j, "bad_lines", json_integer((json_int_t)bad));
		print_json(j);
	} else {
		printf("%s accepted, %s duplicate, %s refused", count_text(p->accepted), count_text(p->duplicates),
		       count_text(p->refused));
		if (bad)
			printf(", %s line%s passed over", count_text(bad), bad == 1 ? "" : "s");
		if (p->alerts)
			printf(", %s alert%s raised", count_text(p->alerts), p->alerts == 1 ? "" : "s");
		printf("\n");
	}
	pipeline_tell(p, "at line");
	return p->refused || bad ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	FILE *in = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "r");
	struct stat st;
	struct pipeline p;
	uint64_t bad = 0;
	if (!in)
		return report_failed("cannot open %s: %s", argv[0], strerror(errno));
	double size = fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode) ? (double)st.st_size : 0;
	if (over_seconds && size <= 0) {
		if (in != stdin)
			fclose(in);
		return report_usage("--over needs a file: of a pipe nobody knows how long it is");
	}
	int code = pipeline_init(&p, c);
	if (code == EXIT_DONE) {
		code = send_file(&p, in, size, &bad);
		int counted = summarize(c, &p, bad);
		code = code == EXIT_DONE ? counted : code;
	}
	pipeline_finish(&p);
	if (in != stdin)
		fclose(in);
	return code;
}

static const struct option_spec options[] = {
	{ "keep-going", OPTION_FLAG, &keep_going, NULL,
	  "pass over lines that are no event or outcome, instead of stopping" },
	{ "over", OPTION_COUNT, &over_seconds, "SECONDS", "spread the file over so long, to watch what happens" },
	{ 0 },
};

const struct command cmd_send = {
	.name = "send",
	.args = "FILE|-",
	.summary = "publish events and outcomes from JSON lines",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "One object a line, with the names of nudge.proto. An event: {\"id\": \"e1\", \"source\": \"pbx\", "
		   "\"customer\": \"c-17\", \"type\": "
		   "\"call.ended\", \"time\": \"2026-01-31T10:00:00Z\", \"attributes\": {\"topic\": \"bill\"}}; "
		   "time_ms in UTC milliseconds does as "
		   "well. A line with `kind` is an outcome: {\"id\": \"o1\", \"source\": \"crm\", \"customer\": "
		   "\"c-17\", \"action\": \"family-plan\", "
		   "\"kind\": \"accepted\"}.\nSending the same line again is safe: ids tell duplicates. Exit code 1 "
		   "where anything was refused.",
};
