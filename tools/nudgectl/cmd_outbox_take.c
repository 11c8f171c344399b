/* nudgectl/cmd_outbox_take.c: a sender takes a nudge from the outbox; and says that it has offered it. */
#include "alert_reader.h"

#include <string.h>

static const char *by;
static bool offered;

/* The outcome `offered`, of the decision behind it: telling it twice is a duplicate. */
static int tell_offered(struct context *c, const Nudge__V1__Alert *a, const char *name)
{
	char id[64];
	const Nudge__V1__Choice *choice = a->nudge && a->nudge->n_choices ? a->nudge->choices[0] : NULL;
	Nudge__V1__Outcome ask = NUDGE__V1__OUTCOME__INIT;
	Nudge__V1__Response *answer;
	if (!choice)
		return report_failed("%s says of no action what it offers; tell it with `nudgectl outcome`", name);
	snprintf(id, sizeof(id), "outbox-%.40s", name);
	ask.id = id;
	ask.source = (char *)"outbox";
	ask.customer = a->customer;
	ask.member = a->member;
	ask.action = choice->action;
	ask.channel = a->to;
	ask.decision = a->nudge->decision;
	ask.kind = (char *)"offered";
	int code = context_ask(c, NUDGE_OUTCOME, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__Ack *ack = answer->outcome_recorded->ack;
	bool duplicate = ack && ack->result == NUDGE__V1__ACK__RESULT__DUPLICATE;
	if (!ack || (ack->result != NUDGE__V1__ACK__RESULT__ACCEPTED && !duplicate))
		code = report_failed("refused: %s", ack && ack->error ? ack->error->reason : "the answer is empty");
	else if (!c->json)
		printf("%s offered%s: %s to %s\n", name, duplicate ? " (was told before)" : "", choice->action, a->customer);
	nudge_free(answer);
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__Response *answer;
	int code = alert_acknowledge(c, "outbox take", argv[0], &by, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__Alert *a = answer->acknowledged->alert;
	if (!a || strcmp(a->kind, "nudge") != 0)
		code = report_failed("%s is an alert for people, not a nudge to be sent", argv[0]);
	else if (c->json)
		code = print_message(answer->acknowledged);
	else if (!offered)
		printf("%s taken by %s: %s\n", argv[0], by, a->text);
	if (code == EXIT_DONE && offered)
		code = tell_offered(c, a, argv[0]);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "by", OPTION_TEXT, &by, "WHO", "the sender ($USER)" },
	{ "offered", OPTION_FLAG, &offered, NULL, "it has been sent: the outcome `offered` is told with it" },
	{ 0 },
};

const struct command cmd_outbox_take = {
	.name = "outbox take",
	.examples = "nudgectl outbox take 4711-0 --by sms-gateway",
	.args = "ID",
	.summary = "take a nudge from the outbox, or with --offered say that it was sent",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "What is taken is no longer listed, and does not expire; one that has expired, or never was, is refused. One "
		   "sender serves a channel: take, send, and run it again with --offered. Both may be repeated, after a crash too. "
		   "What customers answer is told with `nudgectl outcome`, naming the decision.",
};
