/* nudgectl/cmd_explain.c: why did it decide so, and what was known then: asked of the daemon, or of its data directory. */
#include "ask.h"
#include "explained.h"
#include "offline.h"

#include "base/error.h"
#include "history/explain.h"

#include <math.h>
#include <stdlib.h>

static struct {
	const char *alias, *decision, *event, *source, *data, *member, *agent, *channel, *intent, *topic, *lang;
	double mood;
	uint64_t limit, entry, as_of;
	int64_t at_ms;
} v = { .mood = NAN };

static int show(struct context *c, const Nudge__V1__Explanation *x)
{
	int code = EXIT_DONE;
	if (c->json)
		code = print_whole(x);
	else
		explanation_show(x);
	if (code == EXIT_DONE && x->recomputed && !x->recomputed->identical)
		code = x->decision && x->decision->fallback && !x->recomputed->differing ? EXIT_DONE : EXIT_FAILED;
	return code;
}

static int ask_daemon(struct context *c, const Nudge__V1__Explain *ask)
{
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_EXPLAIN, ask, &answer);
	if (code != EXIT_DONE)
		return code;
	code = show(c, answer->explanation);
	nudge_free(answer);
	return code;
}

static int told_here(struct context *c, struct bytes *told)
{
	Nudge__V1__Explanation *x =
		nudge__v1__explanation__unpack(NULL, told->len, (const uint8_t *)(told->data ? told->data : ""));
	if (!x)
		return report_failed("the explanation cannot be read");
	int code = show(c, x);
	nudge__v1__explanation__free_unpacked(x, NULL);
	return code;
}

/* The same request, checked as the daemon would, and answered by the same code. */
static int ask_folder(struct context *c, const Nudge__V1__Explain *ask)
{
	struct offline o;
	struct bytes packed = { 0 }, told = { 0 };
	struct request_explain q;
	struct arena arena;
	size_t size = nudge__v1__explain__get_packed_size(ask);
	nudge__v1__explain__pack(ask, (uint8_t *)bytes_grow(&packed, size));
	arena_init(&arena, 0);
	int code = EXIT_DONE;
	if (explain_decode(&q, bytes_slice(&packed), &arena) != ERR_OK)
		code = report_failed("refused (%s): %s", error_name(error_last()->code), error_last()->text);
	else
		code = offline_open(&o, v.data);
	if (code == EXIT_DONE) {
		if (history_explain(&o.history, &q, 0, &told) == ERR_OK)
			code = told_here(c, &told);
		else
			code = report_failed("refused (%s): %s", error_name(error_last()->code), error_last()->text);
		offline_close(&o);
	}
	bytes_finish(&packed);
	bytes_finish(&told);
	arena_finish(&arena);
	return code;
}

static void fill_ask(Nudge__V1__Recommend *ask, char *customer)
{
	ask->customer = text_or_empty(customer);
	ask->alias = text_or_empty(v.alias);
	ask->member = text_or_empty(v.member);
	ask->agent = text_or_empty(v.agent);
	ask->channel = text_or_empty(v.channel);
	ask->intent = text_or_empty(v.intent);
	ask->topic = text_or_empty(v.topic);
	ask->language = text_or_empty(v.lang);
	ask->has_mood = !isnan(v.mood);
	ask->mood = ask->has_mood ? v.mood : 0;
	ask->limit = (uint32_t)v.limit;
	ask->time_ms = v.at_ms;
	ask->explain = true;
}

static int check(int argc)
{
	bool customer = argc || v.alias;
	if (argc && v.alias)
		return report_usage("name the customer, or --alias, but not both");
	if (v.event && !customer && !v.decision && !v.entry)
		return report_usage("--event is looked for in a customer's history: name the customer too (or --alias): "
				    "nudgectl explain CUSTOMER --event %s", v.event);
	if (customer + (v.decision != NULL) + (v.entry > 0) != 1)
		return report_usage("name a customer (or --alias), or a --decision, or an --entry: one of them");
	if (v.event && !customer)
		return report_usage("--event is an event of a customer; a --decision or an --entry is asked for without it");
	if (v.source && !v.event)
		return report_usage("--source says whose --event is meant");
	if ((v.at_ms || v.as_of) && (!customer || v.event))
		return report_usage("--at and --as-of are for a customer's state; a decision or an event has a time of its own");
	if (v.at_ms && v.as_of)
		return report_usage("--at is a time, --as-of an entry: one of them");
	if (!isnan(v.mood) && (v.mood < -1 || v.mood > 1))
		return report_usage("--mood is from -1 (furious) to 1 (delighted)");
	if (v.limit > UINT32_MAX)
		return report_usage("--limit is a small number");
	return EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__Explain ask = NUDGE__V1__EXPLAIN__INIT;
	Nudge__V1__Recommend whose = NUDGE__V1__RECOMMEND__INIT;
	int code = check(argc);
	if (code != EXIT_DONE)
		return code;
	if (argc || v.alias) {
		fill_ask(&whose, argc ? argv[0] : NULL);
		ask.ask = &whose;
	}
	ask.decision = text_or_empty(v.decision);
	ask.event = text_or_empty(v.event);
	ask.source = text_or_empty(v.source);
	ask.entry = v.entry;
	ask.as_of_seq = v.as_of;
	return v.data ? ask_folder(c, &ask) : ask_daemon(c, &ask);
}

static const struct option_spec options[] = {
	{ "at", OPTION_TIME, &v.at_ms, "TIME", "what was known by then, and would have been recommended (now)" },
	{ "as-of", OPTION_COUNT, &v.as_of, "SEQ", "the same after this entry of the journal" },
	{ "decision", OPTION_TEXT, &v.decision, "ID", "a past recommendation or nudge, by its id" },
	{ "event", OPTION_TEXT, &v.event, "ID", "what the customer's event with this id did; of several the newest" },
	{ "source", OPTION_TEXT, &v.source, "NAME", "of this source" },
	{ "entry", OPTION_COUNT, &v.entry, "SEQ", "what this entry of the journal did: an event, effect, timer, outcome" },
	{ "data", OPTION_TEXT, &v.data, "DIR", "read a data directory, without the daemon or beside it" },
	{ "alias", OPTION_TEXT, &v.alias, "ALIAS", "instead of CUSTOMER: whose it was then" },
	{ "member", OPTION_TEXT, &v.member, "ID", "the person or line that is in contact" },
	{ "agent", OPTION_TEXT, &v.agent, "ID", "who serves them" },
	{ "channel", OPTION_TEXT, &v.channel, "NAME", "call (the default), sms, web, shop …" },
	{ "intent", OPTION_TEXT, &v.intent, "INTENT", "what they came for" },
	{ "topic", OPTION_TEXT, &v.topic, "TOPIC", "what the contact is about" },
	{ "mood", OPTION_NUMBER, &v.mood, "-1..1", "how they feel" },
	{ "lang", OPTION_TEXT, &v.lang, "LANGUAGE", "of the words (the pack's first)" },
	{ "limit", OPTION_COUNT, &v.limit, "N", "how many actions (3)" },
	{ 0 },
};

const struct command cmd_explain = {
	.name = "explain",
	.args = "[CUSTOMER]",
	.summary = "why: a customer as of then, a past decision, what an event did",
	.max_args = 1,
	.options = options,
	.run = run,
	.details =
		"The past is recomputed from the customer's own entries in the journal, with the packs and the rules set aside "
		"that were in force at each, and compared with what was recorded when they were accepted; the first lines "
		"say how that came out. A decision is made anew with what it had read of others, and compared bit by bit.\n"
		"\n"
		"What was known at a time is what had been received by then. Where old segments of the journal were let go, "
		"the past goes back to where the base store begins (nudged --base).\n"
		"\n"
		"Exit code 1 where something does not come out as recorded.",
};
