/* nudgectl/cmd_outcome.c: what became of a recommendation. */
#include "ask.h"
#include "report.h"

#include "base/clock.h"
#include "base/hash.h"

static struct {
	const char *decision, *member, *agent, *channel, *id, *source, *lang, *reason, *currency;
	int64_t at_ms, until_ms;
	uint64_t revenue, cost;
} v = { .source = "nudgectl", .channel = "call" };

static int show(const struct context *c, const Nudge__V1__OutcomeRecorded *recorded, const char *id)
{
	const Nudge__V1__Ack *ack = recorded->ack;
	bool refused = !ack || (ack->result != NUDGE__V1__ACK__RESULT__ACCEPTED &&
				ack->result != NUDGE__V1__ACK__RESULT__DUPLICATE);
	if (c->json)
		print_message(recorded);
	if (refused)
		return report_failed("refused: %s", ack && ack->error ? ack->error->reason : "the answer is empty");
	if (!c->json)
		printf("%s %s\n", id,
		       ack->result == NUDGE__V1__ACK__RESULT__DUPLICATE ? "was recorded before" : "recorded");
	if (*recorded->warning)
		report_note("warning: %s", recorded->warning);
	if (!c->json && recorded->next) {
		char text[4096];
		printf("next: %s\n", next_text(recorded->next, text, sizeof(text)));
	}
	return EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__Outcome ask = NUDGE__V1__OUTCOME__INIT;
	char id[64];
	/* one outcome of a kind a decision and action: telling it twice is a duplicate. Without a decision nothing tells two apart
	 * but time */
	if (v.decision)
		snprintf(id, sizeof(id), "%.41s:%.10s:%08x", v.decision, argv[2], (unsigned)hash64(slice_of(argv[1]), 0));
	else
		snprintf(id, sizeof(id), "%llx-%08llx", (unsigned long long)clock_wall_ms(),
			 (unsigned long long)clock_random() & 0xffffffff);
	ask.id = (char *)(v.id ? v.id : id);
	ask.source = text_or_empty(v.source);
	ask.customer = argv[0];
	ask.action = argv[1];
	ask.kind = argv[2];
	ask.decision = text_or_empty(v.decision);
	ask.member = text_or_empty(v.member);
	ask.agent = text_or_empty(v.agent);
	ask.channel = text_or_empty(v.channel);
	ask.language = text_or_empty(v.lang);
	ask.time_ms = v.at_ms;
	ask.reason = text_or_empty(v.reason);
	ask.until_ms = v.until_ms;
	Nudge__V1__Money money = NUDGE__V1__MONEY__INIT;
	money.revenue = (int64_t)v.revenue;
	money.cost = (int64_t)v.cost;
	money.currency = text_or_empty(v.currency);
	if (v.revenue || v.cost)
		ask.money = &money;
	if (ask.money && !v.currency)
		return report_usage("--revenue and --cost need --currency too: the pack's, such as EUR");
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_OUTCOME, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	code = show(c, answer->outcome_recorded, ask.id);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "decision", OPTION_TEXT, &v.decision, "ID", "the decision it is of, as `recommend` shows it" },
	{ "member", OPTION_TEXT, &v.member, "ID", "the person or line concerned" },
	{ "agent", OPTION_TEXT, &v.agent, "ID", "who offered it" },
	{ "channel", OPTION_TEXT, &v.channel, "NAME", "where (call)" },
	{ "id", OPTION_TEXT, &v.id, "ID", "unique per source (made up; with --decision of decision, kind and action)" },
	{ "source", OPTION_TEXT, &v.source, "NAME", "who says so (nudgectl)" },
	{ "lang", OPTION_TEXT, &v.lang, "LANGUAGE", "of the words of what comes next (the customer's)" },
	{ "reason", OPTION_TEXT, &v.reason, "TEXT", "why, in a word that can be counted (above all of overruled)" },
	{ "until", OPTION_TIME, &v.until_ms, "TIME", "of later: when they want to be asked again" },
	{ "revenue", OPTION_COUNT, &v.revenue, "N", "what it brought, in the smallest unit of the currency" },
	{ "cost", OPTION_COUNT, &v.cost, "N", "what it cost, in the same" },
	{ "currency", OPTION_TEXT, &v.currency, "ISO", "of both; must be the pack's" },
	{ "at", OPTION_TIME, &v.at_ms, "TIME", "when (now)" },
	{ 0 },
};

const struct command cmd_outcome = {
	.name = "outcome",
	.examples = "nudgectl outcome household-nguyen family-messages accepted --agent linh",
	.args = "CUSTOMER ACTION KIND",
	.summary = "tell what became of a recommendation",
	.min_args = 3,
	.max_args = 3,
	.options = options,
	.run = run,
	.details = "KIND is shown (to the agent), offered (to the customer), accepted, rejected, later,"
		   " ignored, or overruled (by the agent; say the reason). Where the "
		   "pack says what comes next after it, that is shown.",
};
