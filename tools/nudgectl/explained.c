/* nudgectl/explained.c: see explained.h. One line a condition: a mark, its name, its text with the values read; beneath it
 * what it needs, where it is not passed. */
#include "explained.h"

#include "report.h"
#include "table.h"

#include <math.h>
#include <string.h>

static enum style state_style(const char *state)
{
	if (strcmp(state, "passed") == 0 || strcmp(state, "fired") == 0)
		return STYLE_GREEN;
	if (strcmp(state, "unknown") == 0 || strcmp(state, "once") == 0)
		return STYLE_YELLOW;
	return strcmp(state, "held") == 0 || strcmp(state, "failed") == 0 ? STYLE_RED : STYLE_DIM;
}

/* Behind `at` columns that are used; wrapped there on a terminal, whole in a pipe. */
static void put_text(const char *text, int at, int indent)
{
	if (report_is_terminal(stdout)) {
		text_flow(stdout, at, indent, text);
		return;
	}
	text_put(stdout, text, strlen(text));
	printf("\n");
}

static void put_condition(const char *name, const Nudge__V1__Condition *c, int indent)
{
	char line[4096];
	printf("%*s%s%-8s%s ", indent, "", style_on(stdout, state_style(c->state)), c->state, style_off(stdout));
	snprintf(line, sizeof(line), "%s%s%s", name, *c->text ? "  " : "", c->text);
	put_text(line, indent + 9, indent + 9);
	if (*c->missing) {
		printf("%*s%sneeds%s ", indent + 9, "", style_on(stdout, STYLE_DIM), style_off(stdout));
		put_text(c->missing, indent + 15, indent + 15);
	}
}

static void put_score(const Nudge__V1__ExplainedAction *a, double balance)
{
	char text[256];
	snprintf(text, sizeof(text), "%.3f = propensity %.3f x value %.3f x context %.2f x lever %.2f",
		 shown_score(a->score), shown_score(a->propensity), shown_score(a->value), a->context, a->lever);
	printf("    score    ");
	put_text(text, 13, 13);
	snprintf(text, sizeof(text), "value %.3f = %.2f x %.3f%s for the customer + %.2f x %.3f%s for the business",
		 shown_score(a->value), balance, a->customer_value, a->customer_unknown ? " (unknown)" : "", 1 - balance,
		 a->business_value, a->business_unknown ? " (unknown)" : "");
	printf("             ");
	put_text(text, 13, 13);
}

static void put_action(const Nudge__V1__ExplainedAction *a, double balance)
{
	printf("\n %s%s%s", style_on(stdout, STYLE_BOLD), a->action, style_off(stdout));
	if (a->rank)
		printf("  chosen as number %u", a->rank);
	else
		printf("  left out at %s", a->gate);
	printf("%s%s\n", *a->member ? ", for " : "", a->member);
	for (size_t i = 0; i < a->n_gates; i++)
		if (strcmp(a->gates[i]->state, "open") != 0)
			put_condition(a->gates[i]->name, a->gates[i], 4);
	for (size_t i = 0; i < a->n_policies; i++) {
		char name[256];
		if (strcmp(a->policies[i]->state, "open") == 0)
			continue;
		snprintf(name, sizeof(name), "policy: %s:", a->policies[i]->name);
		put_condition(name, a->policies[i], 4);
	}
	for (size_t i = 0; i < a->n_contexts; i++) {
		char name[64];
		snprintf(name, sizeof(name), "context %s", a->contexts[i]->name);
		put_condition(name, a->contexts[i], 4);
	}
	put_score(a, balance);
	if (*a->to_win) {
		printf("    %sto win%s   ", style_on(stdout, STYLE_BLUE), style_off(stdout));
		put_text(a->to_win, 13, 13);
	}
}

void explained_actions(const Nudge__V1__Recommendation *r)
{
	if (!r->n_actions)
		return;
	printf("\n %severy action, whole%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	for (size_t i = 0; i < r->n_actions; i++)
		put_action(r->actions[i], r->balance);
}

static void put_rule(const Nudge__V1__ExplainedRule *r)
{
	char head[1024];
	printf("\n %s%s%s", style_on(stdout, STYLE_BOLD), r->rule, style_off(stdout));
	printf("  %s%s%s", style_on(stdout, state_style(r->came)), r->came, style_off(stdout));
	size_t len = (size_t)snprintf(head, sizeof(head), "%s%s%s%s", *r->on ? ", on " : "", r->on,
				      *r->member ? ", for " : "", r->member);
	if (*r->subject && len < sizeof(head))
		snprintf(head + len, sizeof(head) - len, ", on the record of %s %s (entry %llu)", r->about, r->subject,
			 (unsigned long long)r->entry);
	put_text(head, 3 + text_width(r->rule) + text_width(r->came), 4);
	if (*r->why) {
		printf("    %swhy%s      ", style_on(stdout, STYLE_DIM), style_off(stdout));
		put_text(r->why, 13, 13);
	}
	if (r->when && strcmp(r->when->state, "open") != 0)
		put_condition("when", r->when, 4);
	if (*r->reason && !(r->when && strcmp(r->when->missing, r->reason) == 0)) {
		printf("    %sbut%s      ", style_on(stdout, STYLE_YELLOW), style_off(stdout));
		put_text(r->reason, 13, 13);
	}
	for (size_t i = 0; i < r->n_did; i++) {
		printf("    %sdid%s      ", style_on(stdout, STYLE_GREEN), style_off(stdout));
		put_text(r->did[i], 13, 13);
	}
}

void explained_rules(const Nudge__V1__Explanation *x)
{
	if (!x->n_rules) {
		printf("\n No rule of the pack heard of it.\n");
		return;
	}
	for (size_t i = 0; i < x->n_rules; i++)
		put_rule(x->rules[i]);
}

static void put_state(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "member|fact|value");
	for (size_t i = 0; i < c->n_facts; i++) {
		const Nudge__V1__Attribute *a = c->facts[i]->value;
		if (!a || a->value_case == NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET)
			continue;
		table_add(&t, "%s", c->facts[i]->member);
		table_add(&t, "%s", c->facts[i]->name);
		if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_TEXT)
			table_add(&t, "%s", a->text);
		else if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_NUMBER)
			table_add(&t, "%s", number_short(a->number));
		else
			table_add(&t, "%s", a->flag ? "yes" : "no");
	}
	if (t.used) {
		printf("\n%sknown then%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
		table_print(&t, 1);
	}
	table_finish(&t);
}

static void put_open_alerts(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "id|since|kind|rule|member|open alert");
	for (size_t i = 0; i < c->n_alerts; i++) {
		const Nudge__V1__Alert *a = c->alerts[i];
		if (strcmp(a->state, "open") != 0 || a->historical)
			continue;
		table_add(&t, "%llu-%u", (unsigned long long)a->seq, a->index);
		table_add(&t, "%s", time_short(a->time_ms));
		table_add(&t, "%s", a->kind);
		table_add(&t, "%s", a->rule);
		table_add(&t, "%s", a->member);
		table_add(&t, "%s", a->text);
	}
	if (t.used) {
		printf("\n");
		table_print(&t, 1);
	}
	table_finish(&t);
}

static void put_head(const Nudge__V1__Explanation *x)
{
	const Nudge__V1__Recomputed *r = x->recomputed;
	char text[512];
	printf("%s %s%s%s", x->subject_kind, style_on(stdout, STYLE_BOLD), x->subject, style_off(stdout));
	snprintf(text, sizeof(text), " as of %s, entry %llu, with pack %s (active from entry %llu on%s)",
		 time_text(x->time_ms), (unsigned long long)x->as_of_seq, x->pack, (unsigned long long)x->pack_seq,
		 x->rules_aside ? ", with rules set aside" : "");
	put_text(text, text_width(x->subject_kind) + 1 + text_width(x->subject), 1);
	if (*x->merged_from)
		printf(" %s had been merged into it\n", x->merged_from);
	if (r) {
		printf(" %s%s%s ", style_on(stdout, r->identical ? STYLE_GREEN : STYLE_RED),
		       r->identical ? "proven:" : "DIFFERS:", style_off(stdout));
		put_text(r->verdict, r->identical ? 9 : 10, 1);
	}
	for (size_t i = 0; i < x->n_notes; i++) {
		printf(" %s!%s ", style_on(stdout, STYLE_YELLOW), style_off(stdout));
		put_text(x->notes[i], 3, 3);
	}
}

static void put_entry(const Nudge__V1__PastEntry *e)
{
	printf("\n%sentry %llu%s  %s, received at %s\n", style_on(stdout, STYLE_BOLD), (unsigned long long)e->seq,
	       style_off(stdout), e->what, time_text(e->received_at_ms));
	if (e->event) {
		char text[512];
		snprintf(text, sizeof(text), "%s of %s at %s%s%s%s%s%s%s", e->event->type, e->event->source,
			 time_text(e->event->time_ms ? e->event->time_ms : e->received_at_ms),
			 *e->event->member ? ", member " : "", e->event->member, *e->event->agent ? ", agent " : "",
			 e->event->agent, *e->event->channel ? ", on " : "", e->event->channel);
		printf("    event    ");
		put_text(text, 13, 13);
	}
	for (size_t i = 0; i < e->n_nudges; i++) {
		printf("    nudge    ");
		put_text(e->nudges[i], 13, 13);
	}
	for (size_t i = 0; i < e->n_effects; i++) {
		printf("    effect   ");
		put_text(e->effects[i], 13, 13);
	}
}

static void put_decision(const Nudge__V1__PastDecision *d)
{
	printf("\n%sdecision %s%s  entry %llu", style_on(stdout, STYLE_BOLD), d->id, style_off(stdout),
	       (unsigned long long)d->seq);
	if (d->nudge)
		printf(", a nudge that rule %s asked for in entry %llu", d->rule, (unsigned long long)d->source_seq);
	printf("\n    recorded ");
	for (size_t i = 0; i < d->n_choices; i++)
		printf("%s%s %.3f", i ? ", " : "", d->choices[i]->action, shown_score(d->choices[i]->score));
	printf("%s\n", d->n_choices ? "" : "nothing was recommended");
	if (d->foreign_reads)
		printf("    it read %s of other subjects, which are recorded with it\n",
		       plural_text(d->foreign_reads, "value", "values"));
}

void explanation_show(const Nudge__V1__Explanation *x)
{
	put_head(x);
	if (x->entry)
		put_entry(x->entry);
	if (x->entry)
		explained_rules(x);
	if (x->decision)
		put_decision(x->decision);
	if (x->state && !x->entry) {
		put_state(x->state);
		put_open_alerts(x->state);
	}
	if (x->recommendation) {
		printf("\n%s\n", x->decision ? "recomputed, with reasons:" : "what would have been recommended:");
		recommendation_show(x->recommendation);
	}
}
