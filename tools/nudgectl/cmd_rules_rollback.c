/* nudgectl/cmd_rules_rollback.c: the pack that was active before becomes the active one again. */
#include "activation.h"

static const char *to, *by;

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__ActivatePack ask = NUDGE__V1__ACTIVATE_PACK__INIT;
	Nudge__V1__Response *answer;
	ask.rollback = true;
	ask.to = text_or_empty(to);
	ask.by = (char *)activation_by(by);
	int code = context_ask(c, NUDGE_ACTIVATE_PACK, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json) {
		code = print_whole(answer->pack_activated);
	} else {
		activation_show(answer->pack_activated);
		activation_put_new(answer->pack_activated, false);
	}
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "to", OPTION_TEXT, &to, "HASH|SEQ", "to this one of `nudgectl rules history` (the one before)" },
	{ "by", OPTION_TEXT, &by, "NAME", "who does it, for the history (your user's name and host)" },
	{ 0 },
};

const struct command cmd_rules_rollback = {
	.name = "rules rollback",
	.args = "",
	.summary = "go back to the pack that was active before",
	.options = options,
	.run = run,
	.details = "The one before is the last one that was active and differs from the present one; so going back twice goes "
		   "forward again. The daemon keeps the packs that were active last, with their tests, which run first as on "
		   "any activation. Data goes by definition: what both packs declare keeps what it has, also what came in "
		   "between; what only the earlier one declares is new: it finds its old data, with a gap, as far as a "
		   "customer's record still holds it. What rules did in between is not undone.",
	.examples = "nudgectl rules rollback",
};
