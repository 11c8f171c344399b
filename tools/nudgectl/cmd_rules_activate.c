/* nudgectl/cmd_rules_activate.c: sends a pack's folder to the daemon, which loads, checks and journals it. */
#include "activation.h"

#include "base/check.h"
#include "base/error.h"
#include "script/bundle.h"

#include <stdlib.h>

static const char *name, *by;

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
	int code = context_ask(c, NUDGE_ACTIVATE_PACK, &ask, answer);
	free(list);
	free(files);
	return code;
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
		activation_put_new(p, false);
	}
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "name", OPTION_TEXT, &name, "NAME", "what to call it in the history (the pack's own name)" },
	{ "by", OPTION_TEXT, &by, "NAME", "who does it, for the history (your user's name and host)" },
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
		   "here). The old one stays then. Series whose definition is unchanged keep their data.",
};
