/* nudgectl/cmd_rules_bench.c: what each rule, fact and action of a pack costs, and which is the dearest. */
#include "ask.h"
#include "bench_events.h"
#include "progress.h"
#include "report.h"
#include "table.h"

#include "base/clock.h"
#include "base/error.h"
#include "workbench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STORY_EVENTS 500u /* of each story, where nothing is said */
#define SHOWN_PART 0.9    /* of the time: the rest is not listed */
#define DEAR_NS 10000.0   /* a call: more than the daemon itself spends on an event */

static const char *events, *pattern;
static bool all_rows;

struct benched {
	struct bench bench;
	struct test_run run; /* of stories */
	struct world *world; /* of a file of events */
	struct play play;
	uint64_t each;                 /* events of each story; 0: of a file */
	const struct bench_row **rows; /* those that were asked: facts last, by what they took */
	unsigned count, facts_from;
	double total_ns; /* facts aside: they are in what stands on them */
};

/* Rows in order. */

static int by_cost(const void *x, const void *y)
{
	const struct bench_row *a = *(const struct bench_row *const *)x, *b = *(const struct bench_row *const *)y;
	if ((a->kind == BENCH_FACT) != (b->kind == BENCH_FACT))
		return a->kind == BENCH_FACT ? 1 : -1;
	return a->total_ns != b->total_ns ? (a->total_ns < b->total_ns ? 1 : -1) : (a > b) - (a < b);
}

static void sort_rows(struct benched *b)
{
	bench_settle(&b->bench);
	b->rows = calloc(b->bench.row_count + 1, sizeof(*b->rows));
	for (unsigned i = 0; b->rows && i < b->bench.row_count; i++)
		if (b->bench.rows[i].ns.all)
			b->rows[b->count++] = &b->bench.rows[i];
	if (b->rows)
		qsort(b->rows, b->count, sizeof(*b->rows), by_cost);
	while (b->facts_from < b->count && b->rows[b->facts_from]->kind != BENCH_FACT)
		b->total_ns += b->rows[b->facts_from++]->total_ns;
}

static const char *const kinds[] = {
	[BENCH_RULE] = "rule",   [BENCH_ACTION] = "action", [BENCH_POLICY] = "policy", [BENCH_GOAL] = "goal",
	[BENCH_GROUP] = "group", [BENCH_BALANCE] = "pack",  [BENCH_FACT] = "fact",
};

/* For people. */

/* "85 ns", and from a microsecond on as everywhere. The buffers rotate: enough for one line. */
static const char *time_taken(double ns)
{
	static char buffers[8][24];
	static unsigned next;
	if (ns >= 1000)
		return microseconds_text(ns / 1e3);
	char *out = buffers[next++ % 8];
	snprintf(out, sizeof(buffers[0]), "%.0f ns", ns);
	return out;
}

static const char *count_or_none(uint32_t n)
{
	return n ? count_text(n) : "-";
}

static void add_row(struct table *t, const struct bench_row *r, double total_ns)
{
	table_add_styled(t, STYLE_BOLD, "%s %s%s%s", kinds[r->kind], r->name, *r->part ? ": " : "", r->part);
	table_add(t, "%s", count_text(r->ns.all));
	table_add(t, "%s", count_or_none(samples_percentile(&r->terms, 0.5)));
	table_add(t, "%s", count_or_none(samples_percentile(&r->instructions, 0.5)));
	table_add(t, "%s", count_or_none(samples_percentile(&r->instructions, 0.99)));
	table_add(t, "%s", time_taken(samples_percentile(&r->ns, 0.5)));
	table_add(t, "%s", time_taken(samples_percentile(&r->ns, 0.99)));
	table_add(t, "%s", count_or_none(samples_percentile(&r->bytes, 0.5)));
	table_add(t, "%s", time_taken(r->total_ns));
	table_add(t, "%.1f%%", total_ns > 0 ? 100 * r->total_ns / total_ns : 0);
	table_add_styled(t, STYLE_DIM, "%s:%d", r->file, r->line);
}

static void show_rows(const struct benched *b, unsigned from, unsigned to, const char *what)
{
	char heads[160];
	struct table t;
	double sum = 0, shown = 0;
	unsigned i = from;
	for (unsigned k = from; k < to; k++)
		sum += b->rows[k]->total_ns;
	snprintf(heads, sizeof(heads), "%s|>calls|>terms|>VM instr|>VM p99|>time|>time p99|>bytes|>total|>share|where", what);
	table_init(&t, heads);
	for (; i < to && (all_rows || shown < SHOWN_PART * sum); i++) {
		add_row(&t, b->rows[i], b->total_ns);
		shown += b->rows[i]->total_ns;
	}
	printf("\n");
	table_print(&t, 0);
	table_finish(&t);
	if (i < to)
		printf("%sand %u more, which took %.1f%% of all this together: --all%s\n", style_on(stdout, STYLE_DIM),
		       to - i, sum > 0 ? 100 * (sum - shown) / sum : 0, style_off(stdout));
}

static void show_whole(const char *what, const struct samples *s)
{
	if (s->all)
		printf("%-10s  %s measured: median %s, 99th percentile %s\n", what, count_text(s->all),
		       time_taken(samples_percentile(s, 0.5)), time_taken(samples_percentile(s, 0.99)));
}

static void show_verdict(const struct benched *b)
{
	const struct bench_row *worst = NULL;
	unsigned dear = 0;
	for (unsigned i = 0; i < b->facts_from; i++) {
		dear += b->rows[i]->mean_ns >= DEAR_NS;
		if (!worst || b->rows[i]->mean_ns > worst->mean_ns)
			worst = b->rows[i];
	}
	if (!dear)
		printf("\nNothing here is dear: no rule, action or policy takes %s a call.\n", time_taken(DEAR_NS));
	else
		printf("\n%s %s or more a call, most of all %s%s %s: %s%s at %s:%d, %s.\n",
		       plural_text(dear, "part takes", "parts take"), time_taken(DEAR_NS), style_on(stdout, STYLE_BOLD),
		       kinds[worst->kind], worst->name, worst->part, style_off(stdout), worst->file, worst->line,
		       time_taken(worst->mean_ns));
}

static void show_dearest(struct benched *b)
{
	const struct bench_row *r = bench_dearest(&b->bench), *fact = r ? bench_dearest_fact(&b->bench, r) : NULL;
	if (!r)
		return;
	show_verdict(b);
	printf("Dearest of all calls together: %s%s %s: %s%s at %s:%d took %.0f%% of what rules and actions took, "
	       "%s a call.\n", style_on(stdout, STYLE_BOLD), kinds[r->kind], r->name, r->part, style_off(stdout), r->file, r->line,
	       100 * r->total_ns / b->total_ns, time_taken(r->mean_ns));
	if (fact)
		printf("Most of that is fact %s at %s:%d, %s.\n", fact->name, fact->file, fact->line,
		       time_taken(fact->mean_ns));
}

static void show_method(const struct benched *b)
{
	char text[900], each[120];
	if (b->each)
		snprintf(each, sizeof(each),
			 "Every story was told once to warm up, then until it had had %s events, twice",
			 count_text(b->each));
	else
		snprintf(each, sizeof(each),
			 "The events were played twice, with a decision for the customer of every %uth",
			 EVENTS_A_DECISION);
	snprintf(text, sizeof(text),
		 "How: %s: once whole events and decisions against the clock, once their parts. Each time the engine "
		 "asked "
		 "a part, it was evaluated again in the same state, by itself, with the facts it stands on computed "
		 "anew: "
		 "facts that several parts share count in each, so the parts are more than the whole. VM instructions "
		 "and bytes are counted in a run without the clock; terms are those evaluated in C, which have no "
		 "instructions. The clock's own %u ns are taken off every sample; in totals, one above "
		 "the 99th percentile, or four times the 90th, counts as that, since something else ran then.",
		 each, (unsigned)b->bench.clock_ns);
	printf("\n%s", style_on(stdout, STYLE_DIM));
	text_wrap(stdout, 0, text);
	printf("%s", style_off(stdout));
}

static void show(struct benched *b)
{
	const struct pack *p = b->bench.m->pack;
	printf("pack %s%s%s %.12s", style_on(stdout, STYLE_BOLD), p->name->data, style_off(stdout), p->hash_text);
	if (b->each)
		printf(", %s", plural_text(b->run.passed + b->run.failed, "story", "stories"));
	if (b->run.failed)
		printf(", %u of %s", b->run.failed, b->run.failed == 1 ? "a test that fails" : "tests that fail");
	printf("\n");
	show_whole("events", &b->bench.event_ns);
	show_whole("decisions", &b->bench.decision_ns);
	if (b->facts_from)
		show_rows(b, 0, b->facts_from, "rules, actions, policies");
	if (b->facts_from < b->count)
		show_rows(b, b->facts_from, b->count, "facts, in the above");
	show_dearest(b);
	show_method(b);
}

/* For machines. */

static json_t *samples_json(const struct samples *s, double unit)
{
	return json_pack("{sf sf sf}", "mean", samples_mean(s) / unit, "median", samples_percentile(s, 0.5) / unit,
			 "p99", samples_percentile(s, 0.99) / unit);
}

static json_t *row_json(const struct bench_row *r, double total_ns)
{
	return json_pack("{ss ss ss ss si sI so so so so sf sf}", "kind", kinds[r->kind], "name", r->name, "part",
			 r->part, "file", r->file, "line", r->line, "calls", (json_int_t)r->ns.all, "terms",
			 samples_json(&r->terms, 1), "instructions", samples_json(&r->instructions, 1), "us",
			 samples_json(&r->ns, 1e3), "bytes", samples_json(&r->bytes, 1), "total_us", r->total_ns / 1e3,
			 "share", total_ns > 0 ? r->total_ns / total_ns : 0);
}

static int print_bench(struct benched *b)
{
	const struct bench_row *r = bench_dearest(&b->bench), *fact = r ? bench_dearest_fact(&b->bench, r) : NULL;
	json_t *rows = json_array();
	for (unsigned i = 0; i < b->count; i++)
		json_array_append_new(rows, row_json(b->rows[i], b->total_ns));
	json_t *all = json_pack("{ss ss sI sI so sI so so}", "pack", b->bench.m->pack->name->data, "hash",
				b->bench.m->pack->hash_text, "clock_ns", (json_int_t)b->bench.clock_ns, "events",
				(json_int_t)b->bench.event_ns.all, "event_us", samples_json(&b->bench.event_ns, 1e3),
				"decisions", (json_int_t)b->bench.decision_ns.all, "decision_us",
				samples_json(&b->bench.decision_ns, 1e3), "parts", rows);
	if (r)
		json_object_set_new(all, "dearest", row_json(r, b->total_ns));
	if (fact)
		json_object_set_new(all, "dearest_fact", row_json(fact, b->total_ns));
	return print_json(all);
}

/* Both. */

static int bench_file(struct benched *b, const struct bundle *pack)
{
	FILE *in = strcmp(events, "-") == 0 ? stdin : fopen(events, "r");
	if (!in)
		return report_failed("cannot open %s: %s", events, strerror(errno));
	int code = play_read(&b->play, in, events);
	if (in != stdin)
		fclose(in);
	if (code != EXIT_DONE)
		return code;
	b->world = world_create();
	if (world_load(b->world, pack) != ERR_OK)
		return report_failed("%s", error_last()->text);
	bench_attach(&b->bench, b->world, BENCH_ENTRIES);
	play_to(&b->play, b->world);
	bench_attach(&b->bench, b->world, BENCH_PARTS);
	play_to(&b->play, b->world);
	return EXIT_DONE;
}

/* A file of tests that does not load stands among the results by its own path. */
static bool does_not_load(const struct test_result *r)
{
	return strcmp(r->name, r->file) == 0;
}

static bool any_story(const struct test_run *run)
{
	for (unsigned i = 0; i < run->count; i++)
		if (run->results[i].state != TEST_TODO && !does_not_load(&run->results[i]))
			return true;
	return false;
}

static int no_story(const struct benched *b, const char *folder)
{
	unsigned broken = 0;
	for (unsigned i = 0; i < b->run.count; i++) {
		const struct test_result *r = &b->run.results[i];
		if (!does_not_load(r))
			continue;
		broken++;
		report_failed("%s%s%s", strstr(r->message, ".lua:") ? "" : r->file,
			      strstr(r->message, ".lua:") ? "" : ": ", r->message);
	}
	if (broken)
		report_note("No story could be told. Mend the tests, or play events instead: --events FILE");
	else if (b->run.todo)
		report_failed("there is no story to be told: all tests that %s are todo",
			      pattern ? "--run chooses" : "the pack has");
	else if (pattern)
		report_failed("no test's name or file matches \"%s\"", pattern);
	else
		report_failed("the tests of %s have no stories that could be told; --events FILE plays events instead",
			      folder);
	return EXIT_FAILED;
}

static int bench_stories(struct benched *b, const char *folder, const struct bundle *pack)
{
	struct bundle tests = { 0 };
	int code = EXIT_DONE;
	if (bundle_read_tests(&tests, folder) != ERR_OK)
		return report_failed("%s", error_last()->text);
	if (!tests.count)
		code = report_failed("%s has no tests whose stories could be told; --events FILE plays events instead",
				     folder);
	else if (bench_tests(&b->bench, &b->run, pack, &tests, pattern, b->each) != ERR_OK)
		code = report_failed("%s", error_last()->text);
	else if (!any_story(&b->run))
		code = no_story(b, folder);
	bundle_finish(&tests);
	return code;
}

static int measure(struct benched *b, const char *folder)
{
	struct bundle pack = { 0 };
	char *end = NULL;
	errno = 0;
	b->each = events ? strtoull(events, &end, 10) : STORY_EVENTS;
	if (events && (end == events || *end))
		b->each = 0;
	else if (!b->each || errno || (events && strchr(events, '-')))
		return report_usage("--events takes how many events each story is to have, or a file of events");
	if (pattern && !b->each)
		return report_usage("--run chooses among the tests' stories; with --events FILE there are none");
	int code = EXIT_DONE;
	if (bundle_read(&pack, folder) != ERR_OK || bundle_resolve_zone(&pack) != ERR_OK)
		code = report_failed("%s", error_last()->text);
	else
		code = b->each ? bench_stories(b, folder, &pack) : bench_file(b, &pack);
	bundle_finish(&pack);
	return code;
}

static void tick(void *arg, uint64_t events_so_far)
{
	progress_show(arg, events_so_far, -1);
}

static int run(struct context *c, int argc, char **argv)
{
	struct benched b = { 0 };
	struct progress progress;
	progress_init(&progress, "measuring", "events");
	bench_init(&b.bench, clock_mono_ns);
	b.bench.tick = tick;
	b.bench.tick_arg = &progress;
	int code = measure(&b, argv[0]);
	progress_finish(&progress);
	if (code == EXIT_DONE) {
		sort_rows(&b);
		if (c->json)
			code = print_bench(&b);
		else
			show(&b);
	}
	free(b.rows);
	bench_finish(&b.bench);
	play_finish(&b.play);
	tests_finish(&b.run);
	world_destroy(b.world);
	return code;
}

static const struct option_spec options[] = {
	{ "events", OPTION_TEXT, &events, "N|FILE",
	  "how many events each story is to have (500), or a file of events as `nudgectl send` takes it" },
	{ "run", OPTION_TEXT, &pattern, "PATTERN",
	  "only stories of tests whose name or file has this part, or matches it with * and ?" },
	{ "all", OPTION_FLAG, &all_rows, NULL, "list also what took next to nothing" },
	{ 0 },
};

const struct command cmd_rules_bench = {
	.name = "rules bench",
	.examples = "nudgectl rules bench rules/telecom\n"
		    "nudgectl simulate --households 3 --days 30 | nudgectl rules bench rules/telecom --events -",
	.args = "DIR",
	.summary = "what each rule, fact and action of a pack costs, here and without a daemon",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details =
		"The stories of the pack's tests are told again and again, or a file of events is played, in this "
		"process. "
		"For each rule (condition, effect, function), action (gates, value, context, words), policy and fact: "
		"how "
		"often it was asked, terms evaluated in C, Lua VM instructions, time and bytes of a call, in the "
		"median and "
		"the 99th percentile, and what all calls took. The dearest is named with file and line. How it is "
		"measured "
		"is said beneath. With --json: pack, hash, clock_ns, events, event_us, decisions, "
		"decision_us, parts (kind, name, "
		"part, file, line, calls, terms, instructions, us, bytes, total_us, share), dearest and dearest_fact.",
};
