/* nudgectl/cmd_rules_activate.c: sends a pack's folder to the daemon, which loads, checks and journals it. */
#include "activation.h"
#include "progress.h"

#include "base/check.h"
#include "base/error.h"
#include "script/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MS 200

static const char *name, *by;
static bool backfill, no_wait;

static void put_file(Nudge__V1__File *to, const struct bundle_file *from)
{
	nudge__v1__file__init(to);
	to->path = from->path;
	to->content.data = (uint8_t *)from->content.data;
	to->content.len = from->content.len;
}

/* The tests go with it: the daemon runs them before it takes the pack. */
static int activate(struct context *c, const struct bundle *pack, const struct bundle *tests, Nudge__V1__Response **answer)
{
	Nudge__V1__ActivatePack ask = NUDGE__V1__ACTIVATE_PACK__INIT;
	unsigned count = pack->count + tests->count;
	Nudge__V1__File *files = must_calloc(count + 1, sizeof(*files));
	Nudge__V1__File **list = must_calloc(count + 1, sizeof(*list));
	for (unsigned i = 0; i < count; i++) {
		put_file(&files[i], i < pack->count ? &pack->files[i] : &tests->files[i - pack->count]);
		list[i] = &files[i];
	}
	ask.files = list;
	ask.n_files = count;
	ask.name = text_or_empty(name);
	ask.by = (char *)activation_by(by);
	ask.backfill = backfill;
	int code = context_ask(c, NUDGE_ACTIVATE_PACK, &ask, answer);
	free(list);
	free(files);
	return code;
}

static double part_done(const Nudge__V1__Backfill *b)
{
	bool reading = strcmp(b->state, "reading") == 0;
	double all = b->all > b->first_seq ? (double)(b->all - b->first_seq) : 1;
	double read = b->done > b->first_seq ? (double)(b->done - b->first_seq) / all : 0;
	return reading ? 0.6 * (read < 1 ? read : 1) : 0.6 + 0.4 * (double)b->slots / 256;
}

/* What became of it, as the exit code. */
static int ended(const struct context *c, const Nudge__V1__Backfill *b)
{
	if (strcmp(b->state, "failed") == 0)
		return report_failed("the new series are not filled: %s", b->error);
	if (strcmp(b->state, "stopped") == 0)
		return report_failed("the new series are not filled whole: another activation came, or the daemon was stopped");
	if (!c->json && b->first_seq > 1)
		printf("The journal begins at entry %llu: what came before is not known.\n", (unsigned long long)b->first_seq);
	if (!c->json)
		printf("Filled from entry %llu on: %s.\n", (unsigned long long)b->first_seq,
		       plural_text(b->subjects, "customer, agent or area", "customers, agents and areas"));
	return EXIT_DONE;
}

static int wait_for_it(struct context *c)
{
	Nudge__V1__GetRules ask = NUDGE__V1__GET_RULES__INIT;
	struct progress progress;
	progress_init(&progress, "filling", "subjects");
	ask.history = true;
	ask.limit = 1;
	for (;;) {
		Nudge__V1__Response *answer;
		int code = context_ask(c, NUDGE_GET_RULES, &ask, &answer);
		if (code != EXIT_DONE)
			return code;
		const Nudge__V1__Backfill *b = answer->rules->backfill;
		bool going = b && (strcmp(b->state, "reading") == 0 || strcmp(b->state, "filling") == 0);
		if (going)
			progress_show(&progress, b->subjects, part_done(b));
		else
			progress_finish(&progress);
		if (!going)
			code = b ? ended(c, b) : report_failed("the daemon knows of no filling any more");
		nudge_free(answer);
		if (!going)
			return code;
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000 }, NULL);
	}
}

static int run(struct context *c, int argc, char **argv)
{
	struct bundle b = { 0 }, tests = { 0 };
	if (bundle_read(&b, argv[0]) != ERR_OK || bundle_read_tests(&tests, argv[0]) != ERR_OK) {
		bundle_finish(&b);
		return report_failed("%s", error_last()->text);
	}
	if (!b.count) {
		bundle_finish(&b);
		return report_failed("there are no .lua files in %s; a pack is a folder with a pack.lua", argv[0]);
	}
	Nudge__V1__Response *answer;
	int code = activate(c, &b, &tests, &answer);
	bundle_finish(&b);
	bundle_finish(&tests);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__PackActivated *p = answer->pack_activated;
	if (c->json) {
		code = print_whole(p);
	} else {
		activation_show(p);
		activation_put_new(p, p->filling);
	}
	if (p->filling && !no_wait)
		code = wait_for_it(c);
	else if (backfill && !p->filling)
		report_note("There was nothing to fill: no series or case of the pack is younger than the journal.");
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "name", OPTION_TEXT, &name, "NAME", "what to call it in the history (the pack's own name)" },
	{ "by", OPTION_TEXT, &by, "NAME", "who does it, for the history (your user's name and host)" },
	{ "backfill", OPTION_FLAG, &backfill, NULL, "fill new series and cases from the journal, and wait until that is done" },
	{ "no-wait", OPTION_FLAG, &no_wait, NULL, "do not wait for it: `nudgectl rules history` tells" },
	{ 0 },
};

const struct command cmd_rules_activate = {
	.name = "rules activate",
	.examples = "nudgectl rules activate rules/telecom",
	.args = "DIR",
	.summary = "make a folder of rules the active pack",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "The pack goes live at one point of the journal. One that does not compile or declares nonsense is "
		   "refused with file "
		   "and line, and so is one whose tests fail: the daemon runs them first (nudgectl rules test DIR runs them "
		   "here). The old one stays then. Series whose definition is unchanged keep their data.\n"
		   "New series and cases begin empty. With --backfill they are filled from the journal, in the background while the "
		   "daemon goes on: exactly as if the pack had been active from the oldest entry kept. Rules do not fire on what is "
		   "filled in, and tallies, which rules count, begin empty; contacts, contracts, who leaves, surveys and the "
		   "relationship's trend count from the activation on, and what was to be known of before is imported again. It may "
		   "be given for the active pack too. A crash or restart of the daemon does not end it; another activation does.",
};
