/* nudgectl/cmd_digest.c: the hash of what rules can read: the same state has the same digest, whatever way led to it.
 */
#include "ask.h"

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetDigest ask = NUDGE__V1__GET_DIGEST__INIT;
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_GET_DIGEST, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_message(answer->digest);
	else
		printf("%s\n", answer->digest->digest);
	nudge_free(answer);
	return code;
}

const struct command cmd_digest = {
	.name = "digest",
	.args = "",
	.summary = "a hash of the daemon's whole state",
	.run = run,
	.details = "Live, recovered and replayed agree, with any number of shards. With --json also the number of "
		   "records and the "
		   "journal's sequence it is of.",
};
