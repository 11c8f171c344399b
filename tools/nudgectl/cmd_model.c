/* nudgectl/cmd_model.c: what actions have learned: shown, exported, forgotten. */
#include "ask.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *by;
static bool yes;

static const char *half_life_text(const Nudge__V1__Model *m)
{
	return duration_text((double)m->half_life_ms / 1000);
}

/* How much of what is believed comes from outcomes: 0 where only the pack's estimate speaks. */
static double maturity(const Nudge__V1__Model *m)
{
	double all = m->own->recent_trials + m->evidence;
	return all > 0 ? m->own->recent_trials / all : 0;
}

/* Mean distance of what was expected from what came, weighted by outcomes; NAN: none. */
static double calibration_error(const Nudge__V1__Model *m)
{
	double sum = 0, all = 0;
	for (size_t i = 0; i < m->n_calibration; i++) {
		const Nudge__V1__ModelBin *b = m->calibration[i];
		all += (double)b->trials;
		if (b->trials)
			sum += fabs(b->expected * (double)b->trials - (double)b->accepted);
	}
	return all > 0 ? sum / all : NAN;
}

static void add_rate(struct table *t, uint64_t accepted, uint64_t trials)
{
	if (trials)
		table_add(t, "%.3f", (double)accepted / (double)trials);
	else
		table_add(t, "-");
}

static void show_all(const Nudge__V1__Models *all)
{
	struct table t;
	printf("pack %s%s%s %.12s: explores in %.1f%% of decisions, control group of %.1f%% of customers\n",
	       style_on(stdout, STYLE_BOLD), all->pack, style_off(stdout), all->hash, 100 * all->explore, 100 * all->control);
	table_init(&t, "action|>start|>propensity|>+-|>outcomes|>accepted|>recent|>maturity|>off by|segments");
	for (size_t i = 0; i < all->n_models; i++) {
		const Nudge__V1__Model *m = all->models[i];
		double error = calibration_error(m);
		table_add_styled(&t, STYLE_BOLD, "%s", m->action);
		table_add(&t, "%.3f", m->start);
		table_add(&t, "%.3f", m->own->propensity);
		table_add(&t, "%.3f", m->own->deviation);
		table_add(&t, "%s", count_text(m->own->trials));
		table_add(&t, "%s", count_text(m->own->accepted));
		table_add(&t, "%.1f", m->own->recent_trials);
		table_add(&t, "%.0f%%", 100 * maturity(m));
		if (isnan(error))
			table_add(&t, "-");
		else
			table_add(&t, "%.3f", error);
		char names[256] = "";
		size_t len = 0;
		for (size_t k = 0; k < m->n_by && len < sizeof(names); k++)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", k ? ", " : "", m->by[k]);
		if (m->n_by)
			table_add(&t, "%zu by %s", m->n_segments, names);
		else
			table_add(&t, "-");
	}
	table_print(&t, 0);
	table_finish(&t);
}

static void add_cell(struct table *t, const char *name, const Nudge__V1__ModelCell *c)
{
	table_add_styled(t, STYLE_BOLD, "%s", name);
	table_add(t, "%s", count_text(c->trials));
	table_add(t, "%s", count_text(c->accepted));
	add_rate(t, c->accepted, c->trials);
	table_add(t, "%.1f", c->recent_trials);
	table_add(t, "%.3f", c->propensity);
	table_add(t, "%.3f", c->deviation);
}

static void show_calibration(const Nudge__V1__Model *m)
{
	struct table t;
	char range[32];
	table_init(&t, "expected|>outcomes|>expected on average|>accepted");
	for (size_t i = 0; i < m->n_calibration; i++) {
		const Nudge__V1__ModelBin *b = m->calibration[i];
		if (!b->trials)
			continue;
		snprintf(range, sizeof(range), "%.1f to %.1f", (double)i / 10, (double)(i + 1) / 10);
		table_add(&t, "%s", range);
		table_add(&t, "%s", count_text(b->trials));
		table_add(&t, "%.3f", b->expected);
		add_rate(&t, b->accepted, b->trials);
	}
	if (t.used)
		printf("\ncalibration: what was expected of each outcome just before it was learned, and what came (off by %.3f)\n",
		       calibration_error(m));
	table_print(&t, 1);
	table_finish(&t);
}

static void show_control(const Nudge__V1__Model *m)
{
	uint64_t rest = m->own->trials - m->control_trials, rest_accepted = m->own->accepted - m->control_accepted;
	if (!m->control_trials || !rest)
		return;
	printf("\ncontrol group: %.3f accepted of %s outcomes; the others: %.3f of %s\n",
	       (double)m->control_accepted / (double)m->control_trials, count_text(m->control_trials),
	       (double)rest_accepted / (double)rest, count_text(rest));
}

static void show_one(const Nudge__V1__Model *m)
{
	struct table t;
	printf("%s%s%s [%s]: starts at %.3f, worth %g outcomes; half of what it knows counts after %s",
	       style_on(stdout, STYLE_BOLD), m->action, style_off(stdout), m->goal, m->start, m->evidence, half_life_text(m));
	if (m->explore > 0)
		printf("; tried in %.1f%% of decisions", 100 * m->explore);
	printf("\n");
	if (!m->own->trials) {
		printf("Nothing learned yet%s%s: no offer of it was accepted, rejected or ignored.\n",
		       m->since_ms ? " since " : "", m->since_ms ? time_text(m->since_ms) : "");
		return;
	}
	printf("learned from %s since %s; %.0f%% of the belief comes from outcomes\n", plural_text(m->own->trials, "outcome", "outcomes"),
	       time_text(m->since_ms), 100 * maturity(m));
	if (m->late || m->crowded)
		printf("%s too old to count; %s of segments beyond the limit, counted for the action only\n",
		       count_text(m->late), count_text(m->crowded));
	printf("\n");
	table_init(&t, "segment|>outcomes|>accepted|>rate|>recent|>propensity|>+-");
	add_cell(&t, "all", m->own);
	for (size_t i = 0; i < m->n_segments; i++)
		add_cell(&t, m->segments[i]->segment, m->segments[i]);
	table_print(&t, 1);
	table_finish(&t);
	show_calibration(m);
	show_control(m);
}

static int ask_models(struct context *c, const char *action, Nudge__V1__Response **answer)
{
	Nudge__V1__GetModels ask = NUDGE__V1__GET_MODELS__INIT;
	ask.action = text_or_empty(action);
	return context_ask(c, NUDGE_GET_MODELS, &ask, answer);
}

static int run_show(struct context *c, int argc, char **argv)
{
	Nudge__V1__Response *answer;
	int code = ask_models(c, argc ? argv[0] : NULL, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_whole(answer->models);
	else if (argc)
		show_one(answer->models->models[0]);
	else
		show_all(answer->models);
	nudge_free(answer);
	return code;
}

static void put_field(const char *text)
{
	bool quote = strpbrk(text, ",\"\n") != NULL;
	printf("%s", quote ? "\"" : "");
	for (; *text; text++)
		printf("%s%c", *text == '"' ? "\"" : "", *text);
	printf("%s", quote ? "\"" : "");
}

static void export_cell(const Nudge__V1__Model *m, const char *segment, const Nudge__V1__ModelCell *c)
{
	put_field(m->action);
	printf(",");
	put_field(segment);
	printf(",%llu,%llu,%.17g,%.17g,%.17g,%.17g,%.17g\n", (unsigned long long)c->trials, (unsigned long long)c->accepted,
	       c->recent_trials, c->recent_accepted, c->propensity, c->deviation, c->evidence);
}

static int run_export(struct context *c, int argc, char **argv)
{
	Nudge__V1__Response *answer;
	int code = ask_models(c, argc ? argv[0] : NULL, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json) {
		code = print_whole(answer->models);
		nudge_free(answer);
		return code;
	}
	printf("action,segment,trials,accepted,recent_trials,recent_accepted,propensity,deviation,evidence\n");
	for (size_t i = 0; i < answer->models->n_models; i++) {
		const Nudge__V1__Model *m = answer->models->models[i];
		export_cell(m, "", m->own);
		for (size_t k = 0; k < m->n_segments; k++)
			export_cell(m, m->segments[k]->segment, m->segments[k]);
	}
	nudge_free(answer);
	return code;
}

static int run_reset(struct context *c, int argc, char **argv)
{
	Nudge__V1__ResetModel ask = NUDGE__V1__RESET_MODEL__INIT;
	Nudge__V1__Response *answer;
	const char *user = getenv("USER");
	if (!yes)
		return report_usage("model reset forgets what %s has learned, for good: look at `nudgectl model show %s`, then add --yes",
				    argv[0], argv[0]);
	ask.action = argv[0];
	ask.by = (char *)(by ? by : user && *user ? user : "nudgectl");
	int code = context_ask(c, NUDGE_RESET_MODEL, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__Model *m = answer->model_reset->forgotten;
	if (c->json)
		code = print_whole(answer->model_reset);
	else
		printf("%s forgets %s in %s (it believed %.3f) and begins again at %.3f, from entry %llu\n", m->action,
		       plural_text(m->own->trials, "outcome", "outcomes"), plural_text(m->n_segments, "segment", "segments"),
		       m->own->propensity, m->start, (unsigned long long)answer->model_reset->seq);
	nudge_free(answer);
	return code;
}

static const struct option_spec reset_options[] = {
	{ "by", OPTION_TEXT, &by, "WHO", "who wants it forgotten ($USER)" },
	{ "yes", OPTION_FLAG, &yes, NULL, "do it: there is no way back" },
	{ 0 },
};

const struct command cmd_model_show = {
	.name = "model show",
	.args = "[ACTION]",
	.summary = "what actions have learned from outcomes",
	.max_args = 1,
	.run = run_show,
	.details =
		"An offer that was accepted, rejected or ignored is an outcome to learn from; shown, offered and later are not. "
		"propensity is what a decision expects now, +- the belief's standard deviation; recent is how many outcomes "
		"there are when older ones count less (half after each half-life); maturity is the share of the belief that comes "
		"from outcomes and not from the pack's start.\n"
		"\n"
		"Calibration holds each outcome against what was expected just before it was learned, in ten bins; `off by` is the "
		"mean distance of the two, weighted by outcomes. With --json: the Models message, whole.",
	.examples = "nudgectl model show\nnudgectl model show family-messages",
};

const struct command cmd_model_export = {
	.name = "model export",
	.args = "[ACTION]",
	.summary = "the same as CSV, one line an action and segment",
	.max_args = 1,
	.run = run_export,
	.details = "A line with an empty segment is the action's own, all segments together. With --json: the Models message, whole.",
	.examples = "nudgectl model export",
};

const struct command cmd_model_reset = {
	.name = "model reset",
	.args = "ACTION",
	.summary = "forget what an action has learned",
	.min_args = 1,
	.max_args = 1,
	.options = reset_options,
	.run = run_reset,
	.details =
		"For an action that has become another one: new words, a new price. It forgets its outcomes, segments and "
		"calibration, and begins again at the pack's start; customers' own histories and contact policies keep theirs. The "
		"reset is journaled with who asked; what was forgotten is in the answer.",
};
