/* workbench/coverage.c: conditions and lines, and how many were seen. */
#include "workbench/coverage.h"

#include "base/check.h"
#include "decide/watch.h"

#include <stdlib.h>

#define LINE_COUNTS 1u
#define LINE_SEEN 2u
#define LINES_MAX 1000000

static struct file_lines *file_of(struct coverage *c, const char *path)
{
	for (unsigned i = 0; i < c->file_count; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return &c->files[i];
	c->files = must_realloc(c->files, (c->file_count + 1) * sizeof(*c->files));
	c->files[c->file_count] = (struct file_lines){ .path = must_strdup(path) };
	return &c->files[c->file_count++];
}

static void mark(struct coverage *c, const char *path, int line, unsigned bits)
{
	if (!path || line <= 0 || line > LINES_MAX)
		return;
	struct file_lines *f = file_of(c, path);
	if ((unsigned)line >= f->count) {
		unsigned count = 2 * (unsigned)line;
		f->lines = must_realloc(f->lines, count);
		memset(f->lines + f->count, 0, count - f->count);
		f->count = count;
	}
	f->lines[line] |= (uint8_t)bits;
}

void coverage_count_line(struct coverage *c, const char *file, int line)
{
	mark(c, file, line, LINE_COUNTS);
}

void coverage_line(struct coverage *c, const char *file, int line)
{
	mark(c, file, line, LINE_SEEN);
}

static void function_line(void *arg, const char *file, int line)
{
	coverage_count_line(arg, file, line);
}

static void function_ran(void *arg, const char *file, int line)
{
	coverage_line(arg, file, line);
}

/* Conditions: where each is in the list. */

static struct condition_seen *of_rule(const struct coverage *c, const struct rule_decl *rule, unsigned which)
{
	return &c->conditions[2 * (unsigned)(rule - c->m->pack->rules) + which];
}

static struct condition_seen *of_gate(const struct coverage *c, const struct action_decl *a, unsigned gate)
{
	return &c->conditions[2 * c->m->pack->rule_count + 3 * (unsigned)(a - c->m->pack->actions) + gate];
}

static struct condition_seen *of_policy(const struct coverage *c, const struct policy_decl *p, unsigned which)
{
	const struct pack *pack = c->m->pack;
	return &c->conditions[2 * pack->rule_count + 3 * pack->action_count + 3 * (unsigned)(p - pack->policies) +
			      which];
}

static struct condition_seen *of_level(const struct coverage *c, const struct level_decl *l, unsigned gate)
{
	const struct pack *p = c->m->pack;
	return &c->conditions[2 * p->rule_count + 3 * p->action_count + 3 * p->policy_count +
			      3 * (unsigned)(l - p->above) + gate];
}

/* Where a condition is written: on its first part that has a line. */
static void want(struct coverage *c, struct condition_seen *out, const struct condition_seen *like,
		 const struct term *t, bool member_bound)
{
	*out = *like;
	out->wanted = OUTCOME_PASS | OUTCOME_HOLD;
	if (!t)
		return;
	if (t->line > 0) {
		out->file = t->file;
		out->line = t->line;
	}
	if (term_may_be_unknown(c->m->pack, t, member_bound))
		out->wanted |= OUTCOME_UNKNOWN;
	coverage_count_term(c, t);
}

static void want_rules(struct coverage *c)
{
	const struct pack *p = c->m->pack;
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		struct condition_seen like = { "rule", r->name->data, "when", r->file, r->line, 0, 0 };
		coverage_count_line(c, r->file, r->line);
		if (r->when || r->when_function != TERM_NO_FUNCTION)
			want(c, of_rule(c, r, 0), &like, r->when, r->about == ABOUT_MEMBER);
		like.what = "once_per";
		if (r->once)
			want(c, of_rule(c, r, 1), &like, NULL, false);
	}
}

static const char *const gate_names[] = { "eligible", "applicable", "suitable" };

static void want_actions(struct coverage *c)
{
	const struct pack *p = c->m->pack;
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		const struct term *const gates[] = { a->eligible, a->applicable, a->suitable };
		coverage_count_line(c, a->file, a->line);
		for (unsigned g = 0; g < 3; g++) {
			struct condition_seen like = { "action", a->name->data, gate_names[g], a->file, a->line, 0, 0 };
			if (gates[g])
				want(c, of_gate(c, a, g), &like, gates[g], false);
		}
	}
}

static void want_levels(struct coverage *c)
{
	const struct pack *p = c->m->pack;
	for (unsigned i = 0; i < p->above_count; i++) {
		const struct level_decl *l = &p->above[i];
		const struct term *const gates[] = { l->gates.eligible, l->gates.applicable, l->gates.suitable };
		for (unsigned g = 0; g < 3; g++) {
			struct condition_seen like = {
				l->group ? "group" : "goal", l->name->data, gate_names[g], l->file, l->line, 0, 0
			};
			if (gates[g])
				want(c, of_level(c, l, g), &like, gates[g], false);
		}
	}
}

static void want_policies(struct coverage *c)
{
	const struct pack *p = c->m->pack;
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		struct condition_seen like = { "policy", "", "unless", d->file, d->line, 0, 0 };
		coverage_count_line(c, d->file, d->line);
		if (d->unless)
			want(c, of_policy(c, d, 0), &like, d->unless, false);
		like.what = "except";
		if (d->except)
			want(c, of_policy(c, d, 1), &like, d->except, false);
		like.what = !d->at_most ? "after" : d->after_count ? "after, at_most" : "at_most";
		if (d->after_count || d->at_most)
			want(c, of_policy(c, d, 2), &like, NULL, false);
	}
}

void coverage_init(struct coverage *c, struct machine *m)
{
	const struct pack *p = m->pack;
	*c = (struct coverage){ .m = m };
	c->condition_count = 2 * p->rule_count + 3 * (p->action_count + p->policy_count + p->above_count);
	c->conditions = must_calloc(c->condition_count + 1, sizeof(*c->conditions));
	want_rules(c);
	want_actions(c);
	want_policies(c);
	want_levels(c);
	vm_each_line(p->vm, function_line, c);
	vm_trace(p->vm, function_ran, c);
}

void coverage_finish(struct coverage *c)
{
	if (c->m)
		vm_trace(c->m->pack->vm, NULL, NULL);
	for (unsigned i = 0; i < c->file_count; i++) {
		free((char *)c->files[i].path);
		free(c->files[i].lines);
	}
	free(c->files);
	free(c->conditions);
	*c = (struct coverage){ 0 };
}

static unsigned outcome_of(struct value held)
{
	return held.kind == VALUE_BOOL ? (held.boolean ? OUTCOME_PASS : OUTCOME_HOLD) : OUTCOME_UNKNOWN;
}

static void see(struct coverage *c, struct condition_seen *seen, const struct term *t, uint8_t member, unsigned outcome)
{
	seen->seen |= outcome;
	if (t)
		coverage_see_term(c, t, member);
}

void coverage_rule(struct coverage *c, const struct rule_decl *rule, uint8_t member, struct value held)
{
	see(c, of_rule(c, rule, 0), rule->when, member, outcome_of(held));
}

void coverage_once(struct coverage *c, const struct rule_decl *rule, bool allowed)
{
	if (rule->once)
		of_rule(c, rule, 1)->seen |= allowed ? OUTCOME_PASS : OUTCOME_HOLD;
}

void coverage_let_through(struct coverage *c, const struct action_decl *a, struct slice channel)
{
	for (unsigned i = 0; i < a->policy_count; i++) {
		const struct policy_decl *p = &c->m->pack->policies[a->policies[i]];
		if (!p->channel || slice_equal(str_slice(p->channel), channel))
			of_policy(c, p, 2)->seen |= OUTCOME_PASS;
	}
}

static bool holds_now(struct coverage *c, const struct term *t, uint8_t member)
{
	struct looking before;
	look_begin(c->m->eval, member, &before);
	bool holds = t && eval_is_true(eval_term(c->m->eval, t));
	look_end(c->m->eval, &before);
	return holds;
}

void coverage_gate(struct coverage *c, const struct action_decl *a, const struct term *gate, uint8_t member,
		   struct value held)
{
	unsigned number = gate == a->eligible ? 0 : gate == a->applicable ? 1 : 2;
	see(c, of_gate(c, a, number), gate, member, outcome_of(held));
}

void coverage_level(struct coverage *c, const struct level_decl *l, const struct term *gate, uint8_t member,
		    struct value held)
{
	unsigned number = gate == l->gates.eligible ? 0 : gate == l->gates.applicable ? 1 : 2;
	see(c, of_level(c, l, number), gate, member, outcome_of(held));
}

void coverage_policy(struct coverage *c, const struct policy_decl *p, const struct term *condition, uint8_t member,
		     struct value held)
{
	unsigned outcome = outcome_of(held);
	if (!condition) { /* it held an action back */
		coverage_line(c, p->file, p->line);
		if (!holds_now(c, p->unless, member)) /* then it was for what became of earlier offers */
			of_policy(c, p, 2)->seen |= OUTCOME_HOLD;
		return;
	}
	if (condition == p->unless && outcome != OUTCOME_UNKNOWN)
		outcome = outcome == OUTCOME_PASS ? OUTCOME_HOLD : OUTCOME_PASS;
	see(c, of_policy(c, p, condition == p->except), condition, member, outcome);
}

static unsigned ones(unsigned bits)
{
	return (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1);
}

void coverage_sum(const struct coverage *c, struct coverage_sum *out)
{
	*out = (struct coverage_sum){ 0 };
	for (unsigned i = 0; i < c->condition_count; i++) {
		out->outcomes += ones(c->conditions[i].wanted);
		out->outcomes_seen += ones(c->conditions[i].wanted & c->conditions[i].seen);
	}
	for (unsigned i = 0; i < c->file_count; i++)
		for (unsigned line = 0; line < c->files[i].count; line++) {
			uint8_t bits = c->files[i].lines[line];
			out->lines += (bits & LINE_COUNTS) != 0;
			out->lines_seen += bits == (LINE_COUNTS | LINE_SEEN);
		}
}

/* Lines between that do not count join two that were not seen. */
bool coverage_unseen_lines(const struct coverage *c, unsigned file, unsigned *line, unsigned *first, unsigned *last)
{
	const struct file_lines *f = &c->files[file];
	while (*line < f->count && f->lines[*line] != LINE_COUNTS)
		(*line)++;
	if (*line >= f->count)
		return false;
	*first = *last = *line;
	for (; *line < f->count; (*line)++) {
		if (f->lines[*line] == LINE_COUNTS)
			*last = *line;
		else if (f->lines[*line] & LINE_COUNTS)
			break;
	}
	return true;
}
