/* nudgectl/cmd_journal_verify.c: reads a data directory's journal whole: checksums, chain, gaps. Offline; changes
 * nothing. */
#include "ask.h"
#include "report.h"

#include "base/error.h"
#include "disk/journal.h"

struct problems {
	bool json;
	json_t *list;
};

static void say(void *arg, const char *text)
{
	struct problems *p = arg;
	json_array_append_new(p->list, json_string(text));
	if (!p->json)
		fprintf(stderr, "%sdamaged%s  %s\n", style_on(stderr, STYLE_RED), style_off(stderr), text);
}

static int run(struct context *c, int argc, char **argv)
{
	struct journal_check found = { 0 };
	struct problems problems = { c->json, json_array() };
	int count = journal_verify(argv[0], NULL, &found, say, &problems);
	if (count < 0) {
		json_decref(problems.list);
		return report_failed("%s cannot be checked: %s", argv[0], error_last()->text);
	}
	if (c->json) {
		print_json(json_pack("{si so sI sI sI sI sI sI sI}", "problems", count, "found", problems.list,
				     "segments", (json_int_t)found.segments, "batches", (json_int_t)found.batches,
				     "entries", (json_int_t)found.entries, "first_seq", (json_int_t)found.first_seq,
				     "last_seq", (json_int_t)found.last_seq, "bytes", (json_int_t)found.bytes,
				     "blanked", (json_int_t)found.blanked));
		return count ? EXIT_FAILED : EXIT_DONE;
	}
	json_decref(problems.list);
	printf("%s (%s to %s) in %s and %s, %s", plural_text(found.entries, "entry", "entries"), count_text(found.first_seq),
	       count_text(found.last_seq), plural_text(found.batches, "batch", "batches"),
	       plural_text(found.segments, "segment", "segments"), size_text((double)found.bytes));
	if (found.blanked)
		printf(", %s blanked", count_text(found.blanked));
	printf(": %s%s%s\n", style_on(stdout, count ? STYLE_RED : STYLE_GREEN), count ? "damaged" : "good",
	       style_off(stdout));
	return count ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_journal_verify = {
	.name = "journal verify",
	.args = "DIR",
	.summary = "check a data directory's journal: checksums, chain, gaps",
	.min_args = 1,
	.max_args = 1,
	.run = run,
	.details = "DIR is what nudged has as --data. Nothing is changed. Exit code 1 where anything is damaged, or where it cannot be checked.",
};
