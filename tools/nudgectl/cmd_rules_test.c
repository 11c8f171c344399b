/* nudgectl/cmd_rules_test.c: runs a pack's tests here, with the engine's own library and no daemon, and says what they
 * have seen of the pack. */
#include "ask.h"
#include "report.h"

#include "base/error.h"
#include "workbench/tests.h"

#include <stdlib.h>
#include <string.h>

static const char *pattern;
static bool coverage;
static double threshold = -1;

/* For people. */

/* "tests/x.lua:12" of a message that begins so. */
static int place_length(const char *message)
{
	const char *colon = strstr(message, ".lua:");
	return colon ? (int)(colon - message + 5 + (int)strspn(colon + 5, "0123456789")) : 0;
}

static void show_part(const char *head, const char *text)
{
	if (*text)
		text_flow(stdout, printf("    %-10s", head), 14, text);
}

static void show_failure(const struct test_result *r)
{
	int place = place_length(r->message);
	if (r->wanted && *r->wanted) {
		show_part("expected", r->wanted);
		show_part("came", r->came);
		show_part("why", r->why);
		if (place)
			printf("    %-10s%.*s\n", "at", place, r->message);
	} else {
		show_part("because", r->message);
	}
	if (!r->story || !*r->story)
		return;
	printf("    the story so far\n");
	for (char *line = r->story, *end; *line; line = end) {
		size_t len = strcspn(line, "\n");
		end = line + len + (line[len] == '\n');
		fputs("      ", stdout);
		text_put(stdout, line, len);
		fputc('\n', stdout);
	}
}

static void show_result(const struct test_result *r)
{
	static const struct {
		const char *word;
		enum style style;
	} states[] = {
		[TEST_PASSED] = { "ok", STYLE_GREEN },
		[TEST_FAILED] = { "FAILED", STYLE_RED },
		[TEST_TODO] = { "todo", STYLE_YELLOW },
	};
	printf("%s%-6s%s  ", style_on(stdout, states[r->state].style), states[r->state].word, style_off(stdout));
	text_put(stdout, r->name, strlen(r->name));
	if (r->idle)
		printf("  %sexpects nothing%s", style_on(stdout, STYLE_YELLOW), style_off(stdout));
	if (r->state != TEST_PASSED || r->idle)
		printf("  %s%s:%d%s", style_on(stdout, STYLE_DIM), r->file, r->line, style_off(stdout));
	fputc('\n', stdout);
	if (r->state == TEST_FAILED)
		show_failure(r);
}

static double percent(unsigned seen, unsigned of)
{
	return of ? 100.0 * seen / of : 100;
}

static const char *unseen_outcomes(const struct condition_seen *c, char out[64])
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ OUTCOME_PASS, "to pass" },
		{ OUTCOME_HOLD, "to hold" },
		{ OUTCOME_UNKNOWN, "unknown" },
	};
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (c->wanted & ~c->seen & words[i].bit) {
			if (*out)
				strcat(out, ", ");
			strcat(out, words[i].word);
		}
	return out;
}

static void show_unseen(const struct coverage *c)
{
	char words[64];
	for (unsigned f = 0; f < c->file_count; f++)
		for (unsigned line = 0, first, last; coverage_unseen_lines(c, f, &line, &first, &last);) {
			printf("  %s:%u", c->files[f].path, first);
			if (last > first)
				printf("-%u", last);
			printf(" never seen\n");
		}
	for (unsigned i = 0; i < c->condition_count; i++) {
		const struct condition_seen *s = &c->conditions[i];
		if (s->wanted & ~s->seen)
			printf("  %s:%d %s%s%s: %s never seen %s\n", s->file, s->line, s->of, *s->name ? " " : "",
			       s->name, s->what, unseen_outcomes(s, words));
	}
}

static void show_coverage(const struct coverage *c)
{
	struct coverage_sum sum;
	coverage_sum(c, &sum);
	show_unseen(c);
	printf("coverage: %u of %u lines (%.1f%%), %u of %u outcomes of conditions (%.1f%%)\n", sum.lines_seen,
	       sum.lines, percent(sum.lines_seen, sum.lines), sum.outcomes_seen, sum.outcomes,
	       percent(sum.outcomes_seen, sum.outcomes));
}

static void show_run(const struct test_run *run)
{
	for (unsigned i = 0; i < run->count; i++)
		show_result(&run->results[i]);
	if (run->covered)
		show_coverage(&run->coverage);
	printf("%u passed, %s%u failed%s", run->passed, run->failed ? style_on(stdout, STYLE_RED) : "", run->failed,
	       run->failed ? style_off(stdout) : "");
	if (run->todo)
		printf(", %u todo", run->todo);
	printf("\n");
}

/* For machines. */

static void put_text(json_t *o, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(o, name, json_string(text));
}

static json_t *result_json(const struct test_result *r)
{
	static const char *const states[] = { "passed", "failed", "todo" };
	json_t *o = json_pack("{ss ss si ss sb}", "name", r->name, "file", r->file, "line", r->line, "result",
			      states[r->state], "expects_nothing", r->idle);
	put_text(o, "message", r->message);
	put_text(o, "expected", r->wanted);
	put_text(o, "came", r->came);
	put_text(o, "why", r->why);
	put_text(o, "story", r->story);
	return o;
}

static json_t *coverage_json(const struct coverage *c)
{
	struct coverage_sum sum;
	json_t *lines = json_array(), *conditions = json_array();
	coverage_sum(c, &sum);
	for (unsigned f = 0; f < c->file_count; f++)
		for (unsigned line = 0, first, last; coverage_unseen_lines(c, f, &line, &first, &last);)
			json_array_append_new(lines, json_pack("{ss si si}", "file", c->files[f].path, "first",
							       (int)first, "last", (int)last));
	for (unsigned i = 0; i < c->condition_count; i++) {
		const struct condition_seen *s = &c->conditions[i];
		unsigned missing = s->wanted & ~s->seen;
		if (missing)
			json_array_append_new(conditions,
					      json_pack("{ss si ss ss ss sb sb sb}", "file", s->file, "line", s->line,
							"of", s->of, "name", s->name, "condition", s->what, "pass",
							(missing & OUTCOME_PASS) != 0, "hold",
							(missing & OUTCOME_HOLD) != 0, "unknown",
							(missing & OUTCOME_UNKNOWN) != 0));
	}
	return json_pack("{si si sf si si sf so so}", "lines", (int)sum.lines, "lines_seen", (int)sum.lines_seen,
			 "lines_percent", percent(sum.lines_seen, sum.lines), "outcomes", (int)sum.outcomes,
			 "outcomes_seen", (int)sum.outcomes_seen, "outcomes_percent",
			 percent(sum.outcomes_seen, sum.outcomes), "lines_never_seen", lines, "outcomes_never_seen",
			 conditions);
}

static int print_run(const struct test_run *run)
{
	json_t *tests = json_array();
	for (unsigned i = 0; i < run->count; i++)
		json_array_append_new(tests, result_json(&run->results[i]));
	json_t *all = json_pack("{si si si so}", "passed", (int)run->passed, "failed", (int)run->failed, "todo",
				(int)run->todo, "tests", tests);
	if (run->covered)
		json_object_set_new(all, "coverage", coverage_json(&run->coverage));
	return print_json(all);
}

/* Both. */

static bool below_threshold(const struct test_run *run)
{
	struct coverage_sum sum;
	if (threshold < 0)
		return false;
	coverage_sum(&run->coverage, &sum);
	return percent(sum.lines_seen, sum.lines) < threshold || percent(sum.outcomes_seen, sum.outcomes) < threshold;
}

static int read_pack(const char *folder, struct bundle *pack, struct bundle *tests)
{
	if (bundle_read(pack, folder) != ERR_OK || bundle_resolve_zone(pack) != ERR_OK ||
	    bundle_read_tests(tests, folder) != ERR_OK)
		return report_failed("%s", error_last()->text);
	if (!tests->count)
		return report_failed("%s has no tests: they are Lua files in %s/tests", folder, folder);
	return EXIT_DONE;
}

static int judge(struct context *c, const struct test_run *run)
{
	int code = EXIT_DONE;
	if (c->json)
		code = print_run(run);
	else
		show_run(run);
	if (!run->count)
		return report_failed(pattern ? "no test's name or file matches \"%s\""
					     : "the files in tests/ declare no "
					       "test%s",
				     pattern ? pattern : "");
	if (below_threshold(run))
		return report_failed("the tests have seen less than %g%% of the pack's lines or outcomes", threshold);
	return run->failed ? EXIT_FAILED : code;
}

static int run(struct context *c, int argc, char **argv)
{
	struct bundle pack = { 0 }, tests = { 0 };
	struct test_run tested;
	struct test_options options = { .pattern = pattern, .coverage = coverage || threshold >= 0 };
	int code = read_pack(argv[0], &pack, &tests);
	if (code == EXIT_DONE && tests_run(&tested, &pack, &tests, &options) != ERR_OK) {
		code = report_failed("%s", error_last()->text);
	} else if (code == EXIT_DONE) {
		code = judge(c, &tested);
		tests_finish(&tested);
	}
	bundle_finish(&pack);
	bundle_finish(&tests);
	return code;
}

static const struct option_spec options_list[] = {
	{ "run", OPTION_TEXT, &pattern, "PATTERN",
	  "only tests whose name or file has this part, or matches it with * and ?" },
	{ "coverage", OPTION_FLAG, &coverage, NULL, "what of the pack the tests have seen, and what never" },
	{ "threshold", OPTION_NUMBER, &threshold, "N",
	  "fail where less than N percent of lines or of outcomes was seen" },
	{ 0 },
};

const struct command cmd_rules_test = {
	.name = "rules test",
	.examples = "nudgectl rules test rules/welcome\n"
		    "nudgectl rules test rules/telecom --run father --coverage",
	.args = "DIR",
	.summary = "run a pack's own tests, here and without a daemon",
	.min_args = 1,
	.max_args = 1,
	.options = options_list,
	.run = run,
	.details =
		"Tests are Lua files in DIR/tests: each tells a customer's story on a clock of its own and says what "
		"it "
		"expects (rules/README.md, \"Tests\"). A test that fails shows the story so far, what was expected, "
		"what "
		"came, and why: the condition that did not hold with the values it read, the gate at which an action "
		"fell. Coverage counts the lines of conditions, functions and declarations, and the outcomes of every "
		"condition: seen to pass, to hold, and to be unknown where it can be. The last line is \"N passed, N "
		"failed\"; the exit code is 1 where a test failed. With --json: passed, failed, todo, tests (name, expects_nothing, "
		"file, line, "
		"result, and of one that failed message, expected, came, why, story) and coverage.",
};
