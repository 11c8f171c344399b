/* nudgectl/cmd_recommend.c: what an agent sees when this customer is on the line. */
#include "ask.h"
#include "explained.h"
#include "relationship.h"
#include "strain.h"
#include "table.h"

#include <math.h>
#include <string.h>

static struct {
	const char *member, *agent, *channel, *intent, *topic, *lang, *alias;
	double mood;
	uint64_t limit, deadline_ms;
	int64_t at_ms;
	bool explain;
} v = { .mood = NAN };

double shown_score(double score)
{
	return round(score * 1000) / 1000;
}

static void parts_text(char *out, size_t size, double score, double propensity, double value, double context,
		       double lever)
{
	snprintf(out, size, "%.3f = propensity %.3f x value %.3f x context %.2f x lever %.2f", shown_score(score),
		 shown_score(propensity), shown_score(value), context, lever);
}

static void put_next(const Nudge__V1__NextStep *next)
{
	char text[4096];
	printf("    %sif %s%s ", style_on(stdout, STYLE_DIM), next->outcome, style_off(stdout));
	put_text(next_text(next, text, sizeof(text)), 8 + text_width(next->outcome));
}

/* "price 120000, until 2026-04-05 09:00; offered on call 2026-03-22 09:00" */
static void put_offer(const Nudge__V1__Offer *o, const char *name)
{
	char text[1024];
	size_t len = 0;
	for (size_t i = 0; i < o->n_terms && len < sizeof(text); i++) {
		const Nudge__V1__Attribute *t = o->terms[i];
		char value[128];
		if (t->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT)
			snprintf(value, sizeof(value), "%s", t->text);
		else if (t->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
			snprintf(value, sizeof(value), "%.15g", t->number);
		else
			snprintf(value, sizeof(value), "%s", t->flag ? "yes" : "no");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s, ", t->name, value);
	}
	if (len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, o->made_ms ? "until %s; offered on %s %s" : "until %s if offered now",
			 time_short(o->until_ms), o->channel, time_short(o->made_ms));
	printf("    %soffer%s %s", style_on(stdout, STYLE_DIM), style_off(stdout), name);
	put_text(text, 10 + text_width(name));
}

static void put_choice(const Nudge__V1__Choice *choice, size_t rank)
{
	char name[160], parts[160], score[256];
	parts_text(parts, sizeof(parts), choice->score, choice->propensity, choice->value, choice->context,
		   choice->lever);
	snprintf(name, sizeof(name), " %zu  %s", rank, choice->action);
	snprintf(score, sizeof(score), "%s  [%s%s%s]", parts, choice->goal, *choice->group ? ", " : "", choice->group);
	printf("\n%s%s%s", style_on(stdout, rank == 1 ? STYLE_GREEN : STYLE_BOLD), name, style_off(stdout));
	int column = text_width(name) + 2;
	bool beneath = report_is_terminal(stdout) && column + text_width(score) > report_width(stdout);
	printf("%s", beneath ? "\n    " : "  ");
	put_text(score, beneath ? 4 : column);
	if (*choice->say) {
		printf("    %ssay%s\n", style_on(stdout, STYLE_BLUE), style_off(stdout));
		text_wrap(stdout, 6, choice->say);
	}
	for (size_t i = 0; i < choice->n_reasons; i++) {
		printf("    %s%s%s", style_on(stdout, STYLE_DIM), i ? "    " : "why ", style_off(stdout));
		put_text(choice->reasons[i], 8);
	}
	if (choice->offer)
		put_offer(choice->offer, "");
	for (size_t i = 0; i < choice->n_next; i++)
		put_next(choice->next[i]);
}

static void put_left_out(const Nudge__V1__Recommendation *r)
{
	struct table t;
	if (!r->n_left_out)
		return;
	table_init(&t, "left out|gate|why");
	for (size_t i = 0; i < r->n_left_out; i++) {
		const Nudge__V1__LeftOut *l = r->left_out[i];
		table_add(&t, "%s", l->action);
		table_add_styled(&t, l->unknown ? STYLE_YELLOW : STYLE_PLAIN, "%s%s", l->gate,
				 l->unknown ? " (unknown)" : "");
		if (strcmp(l->gate, "rank") == 0) {
			char parts[160];
			parts_text(parts, sizeof(parts), l->score, l->propensity, l->value, l->context, l->lever);
			table_add(&t, "%s, %s", parts, l->reason);
		} else {
			table_add(&t, "%s%s%s", l->reason, l->until_ms ? "; until " : "",
				  l->until_ms ? time_short(l->until_ms) : "");
		}
	}
	printf("\n");
	table_print(&t, 1);
	table_finish(&t);
}

/* The label once, over the texts that follow it. */
static void put_list(const char *label, enum style style, char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_labelled(i ? "" : label, style, texts[i]);
}

static void put_guidance(const Nudge__V1__Recommendation *r)
{
	char relationship[2048];
	if (r->relationship)
		put_labelled("score", STYLE_BOLD, relationship_text(r->relationship, relationship, sizeof(relationship)));
	put_list("expects", STYLE_BOLD, r->expects, r->n_expects);
	if (r->strain && (*r->strain->level || r->strain->n_parts))
		strain_show(r->strain);
	if (*r->opening)
		put_labelled("begin", STYLE_BLUE, r->opening);
	for (size_t i = 0; i < r->n_conversation; i++)
		put_labelled(i ? "" : "before", STYLE_BOLD, r->conversation[i]->text);
	put_list("rule", STYLE_BOLD, r->guidelines, r->n_guidelines);
	put_list("not", STYLE_RED, r->avoid, r->n_avoid);
}

void recommendation_show(const Nudge__V1__Recommendation *r)
{
	char text[256];
	snprintf(text, sizeof(text), " on %s, %s%s%s", r->channel, time_text(r->time_ms), *r->decision ? ", decision " : "",
		 r->decision);
	printf("%s%s%s", style_on(stdout, STYLE_BOLD), r->customer, style_off(stdout));
	put_text(text, text_width(r->customer));
	if (r->fallback)
		printf(" %sfallback: %s%s\n", style_on(stdout, STYLE_YELLOW), r->fallback_reason, style_off(stdout));
	if (r->control)
		printf(" %scontrol group%s: what was learned is left aside\n", style_on(stdout, STYLE_YELLOW), style_off(stdout));
	put_guidance(r);
	for (size_t i = 0; i < r->n_cautions; i++) {
		printf(" %s!%s ", style_on(stdout, STYLE_YELLOW), style_off(stdout));
		put_text(r->cautions[i], 3);
	}
	if (!r->n_choices)
		printf(" Nothing to recommend%s.\n", r->n_left_out ? "" : "; --explain says why");
	for (size_t i = 0; i < r->n_choices; i++)
		put_choice(r->choices[i], i + 1);
	if (r->n_offers)
		printf("\n %soffers to keep%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	for (size_t i = 0; i < r->n_offers; i++) {
		char name[160];
		snprintf(name, sizeof(name), "%s: ", r->offers[i]->action);
		put_offer(r->offers[i], name);
	}
	if (r->n_answers)
		printf("\n %squick answers%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	for (size_t i = 0; i < r->n_answers; i++) {
		printf("  %s%s%s\n", style_on(stdout, STYLE_BLUE), r->answers[i]->question, style_off(stdout));
		text_wrap(stdout, 4, r->answers[i]->text);
	}
	put_left_out(r);
	explained_actions(r);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__Recommend ask = NUDGE__V1__RECOMMEND__INIT;
	if (!argc == !v.alias)
		return report_usage("name the customer, or --alias, but not both");
	if (!isnan(v.mood) && (v.mood < -1 || v.mood > 1))
		return report_usage("--mood is from -1 (furious) to 1 (delighted)");
	if (v.limit > UINT32_MAX || v.deadline_ms > UINT32_MAX)
		return report_usage("--limit and --deadline are small numbers");
	ask.customer = argc ? argv[0] : text_or_empty(NULL);
	ask.alias = text_or_empty(v.alias);
	ask.member = text_or_empty(v.member);
	ask.agent = text_or_empty(v.agent);
	ask.channel = text_or_empty(v.channel);
	ask.intent = text_or_empty(v.intent);
	ask.topic = text_or_empty(v.topic);
	ask.language = text_or_empty(v.lang);
	ask.has_mood = !isnan(v.mood);
	ask.mood = ask.has_mood ? v.mood : 0;
	ask.limit = (uint32_t)v.limit;
	ask.deadline_ms = (uint32_t)v.deadline_ms;
	ask.time_ms = v.at_ms;
	ask.explain = v.explain;
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_RECOMMEND, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_whole(answer->recommendation);
	else
		recommendation_show(answer->recommendation);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "alias", OPTION_TEXT, &v.alias, "ALIAS", "instead of CUSTOMER: a phone number in E.164, an email address …" },
	{ "member", OPTION_TEXT, &v.member, "ID", "the person or line that is in contact" },
	{ "agent", OPTION_TEXT, &v.agent, "ID", "who serves them" },
	{ "channel", OPTION_TEXT, &v.channel, "NAME", "call (the default), sms, web, shop …" },
	{ "intent", OPTION_TEXT, &v.intent, "INTENT", "what they came for, e.g. bill/why-higher" },
	{ "topic", OPTION_TEXT, &v.topic, "TOPIC", "what the contact is about" },
	{ "mood", OPTION_NUMBER, &v.mood, "-1..1", "how they feel" },
	{ "lang", OPTION_TEXT, &v.lang, "LANGUAGE", "of the words, e.g. en (the pack's first)" },
	{ "limit", OPTION_COUNT, &v.limit, "N", "how many actions (3)" },
	{ "deadline", OPTION_COUNT, &v.deadline_ms, "MS",
	  "milliseconds; what is not ready by then is the pack's fallback" },
	{ "at", OPTION_TIME, &v.at_ms, "TIME", "decide as of this instant (now)" },
	{ "explain", OPTION_FLAG, &v.explain, NULL, "also every action, with each of its gates and policies, the values read, and what would have made it win" },
	{ 0 },
};

const struct command cmd_recommend = {
	.name = "recommend",
	.examples = "nudgectl recommend household-nguyen --member father --intent messages/usage --explain",
	.args = "CUSTOMER",
	.summary = "what to do now for a customer, what to say, and why",
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "Changes nothing. The decision's id names it in `nudgectl outcome --decision`.",
};
