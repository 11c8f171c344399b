/* nudgectl/cmd_rules.c: the active pack's rules, and how they do. */
#include "ask.h"
#include "table.h"

static int ask_rules(struct context *c, bool stats, Nudge__V1__Response **out)
{
	Nudge__V1__GetRules ask = NUDGE__V1__GET_RULES__INIT;
	ask.stats = stats;
	return context_ask(c, NUDGE_GET_RULES, &ask, out);
}

static void joined(char *out, size_t size, char *const *names, size_t count)
{
	size_t len = 0;
	*out = '\0';
	for (size_t i = 0; i < count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? " " : "", names[i]);
}

static void put_head(const Nudge__V1__Rules *r)
{
	printf("pack %s%s%s %.12s, %s", style_on(stdout, STYLE_BOLD), r->pack, style_off(stdout), r->hash,
	       plural_text(r->n_rules, "rule", "rules"));
}

static json_t *rule_json(const Nudge__V1__Rule *r)
{
	json_t *on = json_array();
	for (size_t i = 0; i < r->n_on; i++)
		json_array_append_new(on, json_string(r->on[i]));
	return json_pack("{ss ss so ss sI sI sI sI sf sb ss}", "name", r->name, "about", r->about, "on", on, "why", r->why,
			 "matched", (json_int_t)r->matched, "fired", (json_int_t)r->fired, "unknown",
			 (json_int_t)r->unknown, "failed",
			 (json_int_t)r->failed, "time_us", (double)r->time_ns / 1000, "aside", r->aside, "last_error",
			 r->last_error);
}

static int print_rules(const Nudge__V1__Rules *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_rules; i++)
		json_array_append_new(list, rule_json(r->rules[i]));
	return print_json(list);
}

static void show_list(const Nudge__V1__Rules *r)
{
	struct table t;
	table_init(&t, "rule|about|on|why");
	for (size_t i = 0; i < r->n_rules; i++) {
		char on[256];
		joined(on, sizeof(on), r->rules[i]->on, r->rules[i]->n_on);
		table_add_styled(&t, STYLE_BOLD, "%s", r->rules[i]->name);
		table_add(&t, "%s", r->rules[i]->about);
		table_add(&t, "%s", on);
		table_add(&t, "%s", r->rules[i]->why);
	}
	put_head(r);
	printf("\n");
	table_print(&t, 0);
	table_finish(&t);
}

static const char *time_or_none(double us)
{
	return us > 0 ? microseconds_text(us) : "-";
}

static void show_stats(const Nudge__V1__Rules *r)
{
	struct table t;
	table_init(&t, "rule|>matched|>fired|>unknown|>failed|>time|>each|state");
	for (size_t i = 0; i < r->n_rules; i++) {
		const Nudge__V1__Rule *rule = r->rules[i];
		table_add_styled(&t, STYLE_BOLD, "%s", rule->name);
		table_add(&t, "%s", count_text(rule->matched));
		table_add(&t, "%s", count_text(rule->fired));
		table_add(&t, "%s", count_text(rule->unknown));
		table_add_styled(&t, rule->failed ? STYLE_RED : STYLE_PLAIN, "%s", count_text(rule->failed));
		table_add(&t, "%s", time_or_none((double)rule->time_ns / 1e3));
		table_add(&t, "%s", time_or_none(rule->matched ? (double)rule->time_ns / 1e3 / (double)rule->matched : 0));
		table_add_styled(&t, rule->aside ? STYLE_RED : STYLE_PLAIN, "%s%s%s",
				 rule->aside ? "set aside" : "active", *rule->last_error ? ": " : "", rule->last_error);
	}
	put_head(r);
	printf(", counting since %s\n", r->since_ms ? time_text(r->since_ms) : "the daemon's start");
	table_print(&t, 0);
	table_finish(&t);
}

static int run(struct context *c, bool stats)
{
	Nudge__V1__Response *answer;
	int code = ask_rules(c, stats, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_rules(answer->rules);
	else if (stats)
		show_stats(answer->rules);
	else
		show_list(answer->rules);
	nudge_free(answer);
	return code;
}

static int run_list(struct context *c, int argc, char **argv)
{
	return run(c, false);
}

static int run_stats(struct context *c, int argc, char **argv)
{
	return run(c, true);
}

const struct command cmd_rules_list = {
	.name = "rules list",
	.args = "",
	.summary = "the active pack's rules and why each exists",
	.run = run_list,
};

const struct command cmd_rules_stats = {
	.name = "rules stats",
	.args = "",
	.summary = "per rule: matched, fired, unknown, failed, time",
	.run = run_stats,
	.details = "matched counts events of the rule's types, fired those whose condition held (and once_per "
		   "allowed), unknown those whose condition reads something that is not known, failed those "
		   "whose Lua was stopped. With --json: a list of objects with name, about, on, why, matched, fired, "
		   "unknown, failed, time_us, aside "
		   "and last_error.",
};
