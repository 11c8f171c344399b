/* nudgectl/cmd_replay.c: a candidate pack over recorded history, here and without a daemon; what differs is shown by
 * replay_text.c and replay_json.c. */
#include "ask.h"
#include "progress.h"
#include "replay.h"
#include "report.h"

#include "base/error.h"

static struct {
	const char *journal, *rules;
	int64_t from_ms, to_ms;
	uint64_t jobs, examples;
	bool fail;
} v = { .from_ms = INT64_MIN, .to_ms = INT64_MAX, .examples = 3 };

#define EXAMPLES_MAX 1000000u

static void show_progress(void *arg, uint64_t done, uint64_t all)
{
	progress_show(arg, done, all ? (double)done / (double)all : -1);
}

static int check_options(void)
{
	if (!v.journal || !v.rules)
		return report_usage("usage: nudgectl replay --journal DIR --rules DIR: DIR is what nudged has as --data, "
				    "and the folder of the pack to try");
	if (v.from_ms > v.to_ms)
		return report_usage("--from lies behind --to: nothing is between them");
	if (v.examples > EXAMPLES_MAX)
		return report_usage("--examples is at most %u", EXAMPLES_MAX);
	return EXIT_DONE;
}

static int compare(struct compare_report **out, const struct bundle *pack, double *seconds)
{
	struct progress bar;
	progress_init(&bar, "replaying", "entries");
	struct compare_options options = { .data = v.journal,
					   .pack = pack,
					   .from_ms = v.from_ms,
					   .to_ms = v.to_ms,
					   .jobs = v.jobs > UINT32_MAX ? UINT32_MAX : (unsigned)v.jobs,
					   .examples = (unsigned)v.examples,
					   .progress = show_progress,
					   .arg = &bar };
	int result = compare_run(out, &options);
	progress_finish(&bar);
	*seconds = progress_seconds(&bar);
	return result == ERR_OK ? EXIT_DONE : report_failed("%s", error_last()->text);
}

static int run(struct context *c, int argc, char **argv)
{
	struct bundle pack = { 0 };
	struct compare_report *report = NULL;
	double seconds = 0;
	int code = check_options();
	if (code != EXIT_DONE)
		return code;
	if (bundle_read(&pack, v.rules) != ERR_OK || bundle_resolve_zone(&pack) != ERR_OK)
		code = report_failed("%s", error_last()->text);
	if (code == EXIT_DONE)
		code = compare(&report, &pack, &seconds);
	if (code == EXIT_DONE && c->json)
		code = replay_print_json(report);
	else if (code == EXIT_DONE)
		replay_print_text(report, v.journal, seconds);
	if (code == EXIT_DONE && v.fail && report->different)
		code = EXIT_FAILED;
	compare_report_destroy(report);
	bundle_finish(&pack);
	return code;
}

static const struct option_spec options_list[] = {
	{ "journal", OPTION_TEXT, &v.journal, "DIR", "the history: a data directory, as nudged has it with --data" },
	{ "rules", OPTION_TEXT, &v.rules, "DIR", "the candidate: the folder of a pack" },
	{ "from", OPTION_TIME, &v.from_ms, "TIME", "the candidate takes over then: what came before is as it was" },
	{ "to", OPTION_TIME, &v.to_ms, "TIME", "what was received later is left out" },
	{ "jobs", OPTION_COUNT, &v.jobs, "N", "threads; as many as there are cores where this is not given" },
	{ "examples", OPTION_COUNT, &v.examples, "N", "of each difference at most N examples; 3 where not given" },
	{ "fail-on-difference", OPTION_FLAG, &v.fail, NULL, "exit with 1 where anything differs, as diff does" },
	{ 0 },
};

const struct command cmd_replay = {
	.name = "replay",
	.args = "",
	.summary = "what a pack would have changed, run over recorded history",
	.max_args = 0,
	.options = options_list,
	.run = run,
	.details =
		"Runs the candidate over the journal beside the packs that were active, and tells where they differ: "
		"alerts and nudges gained, lost and changed, recommendations with another first choice, order, score or "
		"words, the customers whom it concerns, and who gets how many alerts. Nothing is changed; the daemon may be "
		"running. With the pack that was active nothing differs.\n"
		"What came from outside is history for both: events, requests, outcomes, acknowledgements. Effects, due "
		"times and nudges are each pack's own. The candidate takes over like an activation, at the first activation "
		"of the history or at --from, and keeps the series, cases and tallies whose definition is unchanged. What "
		"would have become of an action that was never shown is unknown: a recorded outcome of an action that the "
		"candidate would not have shown is not applied to it but counted, and so is every action that only the "
		"candidate shows. Times are when the daemon received an entry.\n"
		"It also checks that this build comes to what was recorded, and says so where it does not. Examples name "
		"entry, customer, time and decision, for `nudgectl explain`. The exit code is 0 whether or not anything "
		"differs; with --fail-on-difference 1 where something does. rules/README.md, \"Try a change on real history\", "
		"tells more.\n"
		"With --json: different (true, false), candidate and packs (name, hash, activated_by, time_ms), first_seq, "
		"last_seq, first_ms, last_ms, took_over_seq (0: it was active all along), totals (counts of all that is below), "
		"rules (rule, in_history, in_candidate; fired_, alerts_ and nudges_ with before, after, lost, gained, changed; "
		"closed_otherwise; "
		"examples lost, gained, changed), renamed (rule, now, alerts), actions (action, in_history, in_candidate; first_, "
		"shown_ and nudges_ with before, after, lost, gained; outcomes, outcomes_unknown, unknown_by_kind; examples lost, "
		"gained, unknown), recipients (to or channel, before, after), decisions (first, list, scores, words: examples), "
		"baseline (reproduced, entries, decisions, entries_differing, decisions_differing, first_seq), dropped_bytes (at "
		"the journal's end, not whole), failures (calls, first_seq, text). Each example has seq (0 for a due time of the "
		"candidate's), time_ms, subject_kind, subject, member, decision, before, after.",
};
