/* nudgectl/cmd_alert_ack.c: somebody has taken care of an alert. */
#include "alert_reader.h"

static const char *by;

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__Response *answer;
	int code = alert_acknowledge(c, "alert ack", argv[0], &by, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__Alert *a = answer->acknowledged->alert;
	if (c->json)
		code = print_message(answer->acknowledged);
	else
		printf("%s acknowledged by %s%s%s\n", argv[0], by, a ? ": " : "", a ? a->text : "");
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "by", OPTION_TEXT, &by, "WHO", "who took care of it ($USER)" },
	{ 0 },
};

const struct command cmd_alert_ack = {
	.name = "alert ack",
	.args = "ID",
	.summary = "acknowledge an alert (its id is SEQ-INDEX)",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
