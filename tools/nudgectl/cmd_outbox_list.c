/* nudgectl/cmd_outbox_list.c: what waits to be sent: nudges that were decided, with the words to send and the decision that
 * their outcomes are of. With --follow each as it becomes durable, for a sender to take. */
#include "alert_reader.h"

#include <string.h>

static bool follow;
static const char *channel, *campaign;
static struct point after;
static uint64_t limit = 1000;

static const Nudge__V1__Choice *choice_of(const Nudge__V1__Alert *a)
{
	return a->nudge && a->nudge->n_choices ? a->nudge->choices[0] : NULL;
}

/* Open, not expired, of that campaign where one is asked for. */
static bool is_wanted(const Nudge__V1__Alert *a)
{
	const char *colon = strchr(a->rule, ':');
	if (strcmp(a->kind, "nudge") != 0 || strcmp(a->state, "open") != 0)
		return false;
	return !campaign || (colon && strncmp(a->rule, "campaign:", 9) == 0 && strcmp(colon + 1, campaign) == 0);
}

static void add_row(struct table *t, const Nudge__V1__Alert *a, int64_t now_ms)
{
	const Nudge__V1__Choice *choice = choice_of(a);
	table_add(t, "%llu-%u", (unsigned long long)a->seq, a->index);
	table_add(t, "%s", time_short(a->time_ms));
	table_add(t, "%s", a->expires_ms ? time_short(a->expires_ms) : "-");
	table_add(t, "%s", a->to);
	table_add(t, "%s%s%s", a->customer, *a->member ? "/" : "", a->member);
	table_add(t, "%s", a->rule);
	table_add_styled(t, STYLE_BOLD, "%s", choice ? choice->action : "?");
	table_add(t, "%s", a->text);
}

static void put_pushed(const Nudge__V1__Alert *a)
{
	const Nudge__V1__Choice *choice = choice_of(a);
	printf("%llu-%u  %s  %s  %s%s%s  %s  ", (unsigned long long)a->seq, a->index, time_short(a->time_ms), a->to, a->customer,
	       *a->member ? "/" : "", a->member, choice ? choice->action : "?");
	text_put(stdout, a->text, strlen(a->text));
	putchar('\n');
}

static int run(struct context *c, int argc, char **argv)
{
	struct alert_reader reader = {
		.command = "outbox list",
		.to = channel,
		.after = after,
		.limit = limit,
		.titles = "id|time|expires|channel|to|of|action|text",
		.none = "Nothing waits to be sent.",
		.is_wanted = is_wanted,
		.add_row = add_row,
		.put = put_pushed,
	};
	return follow ? alert_reader_follow(&reader, c) : alert_reader_list(&reader, c);
}

static const struct option_spec options[] = {
	{ "follow", OPTION_FLAG, &follow, NULL, "print each as it comes, until interrupted" },
	{ "channel", OPTION_TEXT, &channel, "NAME", "only those of this channel, e.g. sms" },
	{ "campaign", OPTION_TEXT, &campaign, "NAME", "only those of this campaign" },
	{ "after", OPTION_POINT, &after, "SEQ-INDEX", "only those behind this one; with --follow: resume there" },
	{ "limit", OPTION_COUNT, &limit, "N", "at most so many (1000)" },
	{ 0 },
};

const struct command cmd_outbox_list = {
	.name = "outbox list",
	.examples = "nudgectl outbox list --channel sms --follow --json",
	.args = "",
	.summary = "what waits to be sent on outbound channels, or with --follow each as it comes",
	.options = options,
	.run = run,
	.details = "A sender follows its channel, takes each (`outbox take ID`: it is not listed again), "
		   "sends it, and says so (`outbox take ID --offered`). Delivery is at least once, by id. "
		   "What nobody takes by its time expires; a campaign decides anew then.",
};
