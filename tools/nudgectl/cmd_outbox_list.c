/* nudgectl/cmd_outbox_list.c: what waits to be sent: nudges that were decided, with the words to send and the decision that
 * their outcomes are of. With --follow each as it becomes durable, for a sender to take. */
#include "ask.h"
#include "table.h"

#include "wire/json.h"

#include <string.h>

#define PAGE_NUDGES 200

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

static void add_row(struct table *t, const Nudge__V1__Alert *a)
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

static int take_page(struct context *c, struct table *table, json_t *all, uint64_t *left, struct point *next, bool *more)
{
	Nudge__V1__ListAlerts ask = NUDGE__V1__LIST_ALERTS__INIT;
	Nudge__V1__Response *answer;
	ask.to = (char *)(channel ? channel : "");
	ask.limit = PAGE_NUDGES;
	ask.after_seq = next->seq;
	ask.after_index = next->index;
	int code = context_ask(c, NUDGE_LIST_ALERTS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__AlertList *list = answer->alert_list;
	for (size_t i = 0; i < list->n_alerts && *left; i++) {
		*next = (struct point){ list->alerts[i]->seq, list->alerts[i]->index };
		if (!is_wanted(list->alerts[i]))
			continue;
		--*left;
		if (c->json)
			json_array_append_new(all, json_from_message(&list->alerts[i]->base));
		else
			add_row(table, list->alerts[i]);
	}
	*more = list->more && list->n_alerts > 0 && *left > 0;
	nudge_free(answer);
	return EXIT_DONE;
}

static int list_open(struct context *c)
{
	int code = context_connect(c);
	if (code != EXIT_DONE)
		return code;
	struct table table;
	json_t *all = json_array();
	struct point next = after;
	uint64_t left = limit;
	bool more = true;
	table_init(&table, "id|time|expires|channel|to|of|action|text");
	while (more && code == EXIT_DONE)
		code = take_page(c, &table, all, &left, &next, &more);
	if (code == EXIT_DONE && c->json) {
		code = print_json(json_incref(all));
	} else if (code == EXIT_DONE) {
		table_print(&table, 0);
		if (!table.used)
			printf("Nothing waits to be sent.\n");
	}
	table_finish(&table);
	json_decref(all);
	return code;
}

static int start_following(struct context *c, const struct point *from, bool from_now)
{
	Nudge__V1__Follow ask = NUDGE__V1__FOLLOW__INIT;
	Nudge__V1__Response *answer;
	ask.after_seq = from->seq;
	ask.after_index = from->index;
	ask.from_now = from_now;
	ask.to = (char *)(channel ? channel : "");
	int code = context_ask(c, NUDGE_FOLLOW, &ask, &answer);
	if (code == EXIT_DONE)
		nudge_free(answer);
	return code;
}

static int show(const struct context *c, const Nudge__V1__Alert *a)
{
	const Nudge__V1__Choice *choice = choice_of(a);
	if (c->json) {
		int code = print_json_line(json_from_message(&a->base));
		return code == EXIT_DONE && fflush(stdout) ? EXIT_FAILED : code;
	}
	printf("%llu-%u  %s  %s  %s%s%s  %s  ", (unsigned long long)a->seq, a->index, time_short(a->time_ms), a->to, a->customer,
	       *a->member ? "/" : "", a->member, choice ? choice->action : "?");
	text_put(stdout, a->text, strlen(a->text));
	putchar('\n');
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int follow_nudges(struct context *c)
{
	struct point last = after;
	int code = start_following(c, &after, !after.seq);
	while (code == EXIT_DONE) {
		Nudge__V1__Response *pushed = NULL;
		int result = nudge_receive(c->nudge, -1, &pushed);
		if (result == NUDGE_TIMEOUT)
			continue;
		if (result != NUDGE_OK) {
			context_lost(c, result, "following the outbox");
			fprintf(stderr, "To go on from here: nudgectl outbox list --follow --after %llu-%u\n",
				(unsigned long long)last.seq, last.index);
			return EXIT_FAILED;
		}
		if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ALERT) {
			code = is_wanted(pushed->alert) ? show(c, pushed->alert) : EXIT_DONE;
			last = (struct point){ pushed->alert->seq, pushed->alert->index };
		} else if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_MISSED) {
			struct point resume = { pushed->missed->resume_seq, pushed->missed->resume_index };
			code = start_following(c, &resume, false);
		} else if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ERROR) { /* what was allowed is no more */
			code = report_failed("refused (%s): %s", pushed->error->code, pushed->error->reason);
		}
		nudge_free(pushed);
	}
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	return follow ? follow_nudges(c) : list_open(c);
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
