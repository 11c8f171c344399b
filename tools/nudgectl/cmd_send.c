/* nudgectl/cmd_send.c: JSON lines to events and outcomes, many under way at once. */
#include "pipeline.h"
#include "progress.h"
#include "report.h"

#include "base/error.h"
#include "wire/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PACE_STEPS 200 /* how smoothly --over goes */

static bool keep_going;
static uint64_t over_seconds;

struct sending {
	struct pipeline pipeline;
	struct context *c;
	FILE *in;
	const char *name;
	double size; /* bytes, 0 where nobody knows */
	uint64_t line, bad, unsent; /* bad: lines that are no event or outcome; unsent: lines behind where it stopped */
	bool stopped;
	char why[900]; /* what is wrong with the line */
};

__attribute__((format(printf, 2, 3)))
static bool bad_line(struct sending *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(s->why, sizeof(s->why), format, args);
	va_end(args);
	return false;
}

/* An object with `kind` is an outcome (only they have one), any other an event. *code is that of sending it. */
static bool send_object(struct sending *s, json_t *j, int *code)
{
	ProtobufCMessage *m = NULL;
	bool outcome = json_object_get(j, "kind") != NULL;
	const ProtobufCMessageDescriptor *d = outcome ? &nudge__v1__outcome__descriptor : &nudge__v1__event__descriptor;
	if (message_from_json(&m, d, j) != ERR_OK)
		return bad_line(s, "no %s: %s", outcome ? "outcome" : "event", error_last()->text);
	*code = outcome ? pipeline_outcome(&s->pipeline, (Nudge__V1__Outcome *)m, s->line)
			: pipeline_event(&s->pipeline, (Nudge__V1__Event *)m, s->line);
	return true;
}

static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n") == len;
}

/* False where the line is no event or outcome: `why` says so. */
static bool send_line(struct sending *s, const char *text, size_t len, int *code)
{
	json_error_t e;
	if (is_blank(text, len))
		return true;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		return bad_line(s, "not JSON: %s", e.text);
	bool good = json_is_object(j) ? send_object(s, j, code)
				      : bad_line(s, "not a JSON object: each line is one event or outcome");
	json_decref(j);
	return good;
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

/* Of a file all of it is there to be counted; a pipe may have no end. */
static void count_unsent(struct sending *s, char **text, size_t *cap)
{
	ssize_t len;
	while (s->size > 0 && (len = getline(text, cap, s->in)) >= 0)
		s->unsent += !is_blank(*text, (size_t)len);
}

static int take_line(struct sending *s, struct progress *progress, const char *text, size_t len)
{
	int code = EXIT_DONE;
	s->line++;
	if (send_line(s, text, len, &code))
		return code;
	s->bad++;
	s->stopped = !keep_going;
	progress_finish(progress); /* what it says stays; the bar comes back beneath */
	if (keep_going)
		report_failed("line %llu passed over: %s", (unsigned long long)s->line, s->why);
	return EXIT_DONE;
}

static int send_file(struct sending *s)
{
	struct progress progress;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	uint64_t at = 0;
	int code = EXIT_DONE;
	double next = 0;
	progress_init(&progress, "sending", "events");
	progress.eager = over_seconds > 0;
	while (code == EXIT_DONE && !s->stopped && (len = getline(&text, &cap, s->in)) >= 0) {
		at += (uint64_t)len;
		code = take_line(s, &progress, text, (size_t)len);
		double part = s->size > 0 ? (double)at / s->size : -1;
		if (code == EXIT_DONE)
			code = keep_pace(&s->pipeline, &progress, part, &next);
		progress.refused = s->pipeline.refused + s->bad;
		progress_show(&progress, s->pipeline.answered, part);
	}
	int drained = pipeline_drain(&s->pipeline); /* what was read before a bad line is settled too */
	if (code == EXIT_DONE)
		code = drained;
	progress_finish(&progress);
	if (s->stopped)
		count_unsent(s, &text, &cap);
	if (ferror(s->in) && code == EXIT_DONE)
		code = report_failed("cannot read %s: %s", s->name, strerror(errno));
	free(text);
	return code;
}

static void tell_stop(const struct sending *s)
{
	const char *rest = s->size > 0 ? plural_text(s->unsent, "line", "lines") : "what follows was";
	report_failed("stopped at line %llu: %s; %s not sent; --keep-going passes over such lines",
		      (unsigned long long)s->line, s->why, rest);
}

static int summarize(const struct sending *s)
{
	const struct pipeline *p = &s->pipeline;
	if (s->c->json) {
		json_t *j = pipeline_json(p);
		json_object_set_new(j, "bad_lines", json_integer((json_int_t)s->bad));
		if (s->stopped)
			json_object_set_new(j, "stopped_at_line", json_integer((json_int_t)s->line));
		print_json(j);
	} else {
		printf("%s accepted, %s duplicate, %s refused", count_text(p->accepted), count_text(p->duplicates),
		       count_text(p->refused));
		if (s->bad && !s->stopped)
			printf(", %s passed over", plural_text(s->bad, "line", "lines"));
		pipeline_put_alerts(p);
		printf("\n");
	}
	pipeline_tell(p, "at line");
	if (s->stopped)
		tell_stop(s);
	return p->refused || s->bad ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	struct sending s = { .c = c, .name = argv[0], .in = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "r") };
	struct stat st;
	if (!s.in)
		return report_failed("cannot open %s: %s", argv[0], strerror(errno));
	s.size = fstat(fileno(s.in), &st) == 0 && S_ISREG(st.st_mode) ? (double)st.st_size : 0;
	int code = EXIT_DONE;
	if (over_seconds && s.size <= 0)
		code = report_usage("--over needs a file: of a pipe nobody knows how long it is");
	else
		code = pipeline_init(&s.pipeline, c);
	if (code == EXIT_DONE) {
		code = send_file(&s);
		int counted = summarize(&s);
		code = code == EXIT_DONE ? counted : code;
	}
	pipeline_finish(&s.pipeline);
	if (s.in != stdin)
		fclose(s.in);
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
	.examples = "nudgectl send week.jsonl",
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
		   "\"c-17\", \"action\": \"family-messages\", "
		   "\"channel\": \"call\", \"kind\": \"accepted\"}.\nSending the same line again is safe: ids tell duplicates. Exit code 1 "
		   "where anything was refused.",
};
