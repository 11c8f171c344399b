/* nudgectl/cmd_customer_show.c: what is known of a customer. */
#include "ask.h"
#include "relationship.h"
#include "table.h"

static const char *alias;

static size_t value_text(char *out, size_t size, const Nudge__V1__Attribute *a)
{
	switch (a ? a->value_case : NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET) {
	case NUDGE__V1__ATTRIBUTE__VALUE_TEXT:
		return (size_t)snprintf(out, size, "%s", a->text);
	case NUDGE__V1__ATTRIBUTE__VALUE_NUMBER:
		return (size_t)snprintf(out, size, "%.15g", a->number);
	case NUDGE__V1__ATTRIBUTE__VALUE_FLAG:
		return (size_t)snprintf(out, size, "%s", a->flag ? "yes" : "no");
	default:
		return (size_t)snprintf(out, size, "unknown");
	}
}

static void value_cell(struct table *t, const Nudge__V1__Attribute *a)
{
	char text[1100];
	value_text(text, sizeof(text), a);
	table_add(t, "%s", text);
}

/* Facts are reckoned: what is seen of them is as exact as the reasons of a recommendation are. */
static void fact_cell(struct table *t, const Nudge__V1__Attribute *a)
{
	if (a && a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
		table_add(t, "%s", number_short(a->number));
	else
		value_cell(t, a);
}

static void section(struct table *t, const char *name)
{
	if (t->used) {
		printf("\n%s%s%s\n", style_on(stdout, STYLE_BOLD), name, style_off(stdout));
		table_print(t, 1);
	}
	table_finish(t);
}

static void held_rows(struct table *t, const char *member, size_t count, Nudge__V1__Held *const *held)
{
	for (size_t i = 0; i < count; i++) {
		table_add(t, "%s", member);
		table_add(t, "%s", held[i]->attribute ? held[i]->attribute->name : "");
		value_cell(t, held[i]->attribute);
		table_add(t, "%s", time_short(held[i]->time_ms));
	}
}

static void show_attributes(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "member|attribute|value|since");
	held_rows(&t, "", c->n_attributes, c->attributes);
	for (size_t i = 0; i < c->n_members; i++) {
		const Nudge__V1__Member *m = c->members[i];
		if (!m->n_attributes) {
			table_add(&t, "%s", m->id);
			for (int column = 0; column < 3; column++)
				table_add(&t, "%s", "");
		}
		held_rows(&t, m->id, m->n_attributes, m->attributes);
	}
	section(&t, "attributes");
}

static void show_facts(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "member|fact|value");
	for (size_t i = 0; i < c->n_facts; i++) {
		table_add(&t, "%s", c->facts[i]->member);
		table_add(&t, "%s", c->facts[i]->name);
		fact_cell(&t, c->facts[i]->value);
	}
	section(&t, "facts");
}

static void show_cases(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "case|key|member|agent|state|opened|due|closed");
	for (size_t i = 0; i < c->n_cases; i++) {
		const Nudge__V1__Case *k = c->cases[i];
		table_add(&t, "%s", k->name);
		table_add(&t, "%s", k->key);
		table_add(&t, "%s", k->member);
		table_add(&t, "%s", k->agent);
		table_add_styled(&t, k->missed ? STYLE_RED : STYLE_PLAIN, "%s%s", k->state,
				 k->missed ? ", missed" : "");
		table_add(&t, "%s", time_short(k->opened_ms));
		table_add(&t, "%s", time_short(k->due_ms));
		table_add(&t, "%s", time_short(k->closed_ms));
	}
	section(&t, "cases");
}

static void show_alerts(const Nudge__V1__Customer *c, int64_t now_ms)
{
	struct table t;
	table_init(&t, "id|time|state|kind|rule|member|text");
	for (size_t i = 0; i < c->n_alerts; i++) {
		const Nudge__V1__Alert *a = c->alerts[i];
		table_add(&t, "%llu-%u", (unsigned long long)a->seq, a->index);
		table_add(&t, "%s", time_short(a->time_ms));
		const char *state = alert_state(a, now_ms);
		table_add_styled(&t, alert_state_style(state), "%s", state);
		table_add(&t, "%s", a->kind);
		table_add(&t, "%s", a->rule);
		table_add(&t, "%s", a->member);
		table_add(&t, "%s", a->text);
	}
	section(&t, "alerts and nudges");
}

static void show_series(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "series|member|key|>count|>sum|>min|>max|first|last");
	for (size_t i = 0; i < c->n_series; i++) {
		const Nudge__V1__Series *s = c->series[i];
		table_add(&t, "%s", s->name);
		table_add(&t, "%s", s->member);
		table_add(&t, "%s", s->key);
		table_add(&t, "%s", count_text(s->count));
		table_add(&t, "%.6g", s->sum);
		table_add(&t, "%.6g", s->min);
		table_add(&t, "%.6g", s->max);
		table_add(&t, "%s", time_short(s->first_ms));
		table_add(&t, "%s", time_short(s->last_ms));
	}
	section(&t, "series");
}

static void show_outcomes(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "time|action|kind|channel|member|agent|decision");
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const Nudge__V1__PastOutcome *o = c->outcomes[i];
		table_add(&t, "%s", time_short(o->time_ms));
		table_add(&t, "%s", o->action);
		table_add(&t, "%s", o->kind);
		table_add(&t, "%s", o->channel);
		table_add(&t, "%s", o->member);
		table_add(&t, "%s", o->agent);
		table_add(&t, "%s", o->decision);
	}
	section(&t, "outcomes");
}

static void show_names(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "alias|member|from|to");
	for (size_t i = 0; i < c->n_aliases; i++) {
		table_add(&t, "%s", c->aliases[i]->alias);
		table_add(&t, "%s", c->aliases[i]->member);
		table_add(&t, "%s", time_short(c->aliases[i]->from_ms));
		table_add(&t, "%s", time_short(c->aliases[i]->to_ms));
	}
	section(&t, "aliases");
	table_init(&t, "due|case|key|member");
	for (size_t i = 0; i < c->n_timers; i++) {
		table_add(&t, "%s", time_short(c->timers[i]->due_ms));
		table_add(&t, "%s", c->timers[i]->case_name);
		table_add(&t, "%s", c->timers[i]->key);
		table_add(&t, "%s", c->timers[i]->member);
	}
	section(&t, "timers");
}

static void fields_text(char *out, size_t size, const Nudge__V1__Moment *m)
{
	size_t len = 0;
	for (size_t i = 0; i < m->n_fields && len < size; i++) {
		len += (size_t)snprintf(out + len, size - len, "%s%s=", i ? " " : "", m->fields[i]->name);
		if (len < size)
			len += value_text(out + len, size - len, m->fields[i]);
	}
}

static void show_timeline(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "time|type|channel|member|agent|contact|fields");
	for (size_t i = 0; i < c->n_timeline; i++) {
		const Nudge__V1__Moment *m = c->timeline[i];
		char fields[512] = "";
		fields_text(fields, sizeof(fields), m);
		table_add(&t, "%s", time_short(m->time_ms));
		table_add(&t, "%s", m->type);
		table_add(&t, "%s", m->channel);
		table_add(&t, "%s", m->member);
		table_add(&t, "%s", m->agent);
		table_add(&t, "%s", m->contact);
		table_add(&t, "%s", fields);
	}
	section(&t, "timeline");
}

static void show(const Nudge__V1__Customer *c, int64_t now_ms)
{
	printf("%s %s%s%s, current to entry %llu\n", c->kind, style_on(stdout, STYLE_BOLD), c->id, style_off(stdout),
	       (unsigned long long)c->seq);
	if (*c->merged_from)
		printf("%s was merged into it\n", c->merged_from);
	if (c->late_events)
		printf("%s came too late for every window\n", plural_text(c->late_events, "event", "events"));
	relationship_show(c->relationship, c->expects, c->n_expects);
	show_names(c);
	show_attributes(c);
	origins_show(c);
	show_facts(c);
	show_cases(c);
	show_alerts(c, now_ms);
	show_outcomes(c);
	show_series(c);
	show_timeline(c);
}

static int run(struct context *c, char *customer)
{
	Nudge__V1__ReadCustomer ask = NUDGE__V1__READ_CUSTOMER__INIT;
	ask.customer = text_or_empty(customer);
	ask.alias = text_or_empty(alias);
	Nudge__V1__Response *answer;
	int code = context_ask(c, NUDGE_READ_CUSTOMER, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_message(answer->customer);
	else
		show(answer->customer, answer->customer->n_alerts ? context_clock(c) : 0);
	nudge_free(answer);
	return code;
}

static int run_customer(struct context *c, int argc, char **argv)
{
	if (!argc == !alias)
		return report_usage("name the customer, or --alias, but not both");
	return run(c, argc ? argv[0] : NULL);
}

static const struct option_spec options[] = {
	{ "alias", OPTION_TEXT, &alias, "ALIAS", "instead of CUSTOMER: a phone number in E.164, an email address …" },
	{ 0 },
};

const struct command cmd_customer_show = {
	.name = "customer show",
	.examples = "nudgectl customer show household-nguyen",
	.args = "CUSTOMER",
	.summary = "all that is known of a customer",
	.max_args = 1,
	.options = options,
	.run = run_customer,
};
