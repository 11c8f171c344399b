/* workbench/check_unused.c: what nothing reads, nobody reaches and nobody tests. Only of a pack of which nothing was
 * refused: what is missing may be what would have used it. */
#include "workbench/check_parts.h"

#include "script/settings.h"
#include "base/arena.h"

static void note_term(struct check *c, const struct context *x, const struct term *t)
{
	if (t->op == TERM_SERIES)
		c->series_used[t->series.index] = true;
	else if (t->op == TERM_CASE)
		c->case_used[t->open_case.index] = true;
	else if (t->op == TERM_FACT)
		c->fact_used[t->fact] = true;
}

static void note_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, note_term);
}

static bool mentioned(const struct check *c, const struct str *name)
{
	return names_count(&c->dotted, str_slice(name)) > 1 || names_count(&c->texts, str_slice(name));
}

/* fact.x = … is one mention by itself. */
static void unused_facts(struct check *c)
{
	for (unsigned i = 0; i < c->pack->fact_count; i++) {
		const struct fact_decl *f = &c->pack->facts[i];
		if (!c->fact_used[i] && !mentioned(c, f->name))
			tell(c, FINDING_HINT, "unused-fact", (struct tell_place){ f->term->file, f->term->line, NULL },
			     "use it, or remove it",
			     "no condition, action or words read fact \"%s\"; it is only shown with the customer",
			     f->name->data);
	}
}

static void note_learned_by(struct check *c)
{
	for (unsigned i = 0; i < c->pack->action_count; i++) {
		const struct action_decl *a = &c->pack->actions[i];
		for (unsigned k = 0; k < a->by_count; k++) {
			int fact = pack_fact(c->pack, a->by[k]);
			if (fact >= 0)
				c->fact_used[fact] = true;
			names_add(&c->attrs, str_slice(a->by[k]));
		}
	}
}

static void note_churn_by(struct check *c)
{
	const struct churn_decl *d = c->pack->churn;
	for (unsigned i = 0; d && i < d->by_count; i++) {
		int fact = pack_fact(c->pack, d->by[i]);
		if (fact >= 0)
			c->fact_used[fact] = true;
		names_add(&c->attrs, str_slice(d->by[i]));
	}
}

static void note_adds(struct check *c)
{
	for (unsigned i = 0; i < c->pack->rule_count; i++)
		for (unsigned k = 0; k < c->pack->rules[i].add_count; k++)
			c->series_fed[c->pack->rules[i].adds[k].series] = true;
}

static void unused_series(struct check *c)
{
	for (unsigned i = 0; i < c->pack->series_count; i++) {
		const struct series_decl *s = &c->pack->series[i];
		struct tell_place at = { s->file, s->line, NULL };
		if (s->tally && !c->series_fed[i] && !c->adds)
			tell(c, FINDING_WARNING, "unused-tally", at, "let a rule add to it: add = { tally, 1 }",
			     "no rule adds to tally \"%s\": it is always 0", s->name->data);
		if (!c->series_used[i])
			tell(c, FINDING_WARNING, s->tally ? "unused-tally" : "unused-series", at,
			     "read it in a fact, or remove it: keeping it costs memory of every customer",
			     "nothing reads %s \"%s\"", s->tally ? "tally" : "series", s->name->data);
	}
}

static bool case_heard(const struct check *c, const struct case_decl *d)
{
	for (unsigned i = 0; i < c->pack->rule_count; i++) {
		const struct rule_decl *r = &c->pack->rules[i];
		for (unsigned k = 0; k < r->on_count + r->alert.close_count; k++) {
			const struct str *type = k < r->on_count ? r->on[k] : r->alert.closes[k - r->on_count];
			if (type == d->opened_type || type == d->closed_type || type == d->missed_type)
				return true;
		}
	}
	return false;
}

static void unused_cases(struct check *c)
{
	for (unsigned i = 0; i < c->pack->case_count; i++) {
		const struct case_decl *d = &c->pack->cases[i];
		if (!c->case_used[i] && !case_heard(c, d))
			tell(c, FINDING_WARNING, "unused-case", (struct tell_place){ d->file, d->line, NULL },
			     "read it (:is_open(), .missed …), or remove it", "nothing asks for case \"%s\"",
			     d->name->data);
	}
}

static void unused_events(struct check *c)
{
	for (unsigned i = 0; i < c->pack->event_count; i++) {
		const struct event_decl *e = &c->pack->events[i];
		if (e != c->profile && !names_count(&c->types, str_slice(e->type)) &&
		    !names_count(&c->types, SLICE("*")))
			tell(c, FINDING_HINT, "unused-event", (struct tell_place){ e->file, e->line, NULL },
			     "nothing to do, if it only goes into the timeline",
			     "no rule, series, case or timeline is on \"%s\"", e->type->data);
	}
}

static bool attr_read(const struct check *c, const struct str *name)
{
	return names_count(&c->attrs, str_slice(name)) || names_count(&c->dotted, str_slice(name));
}

static void note_words(struct check *c, const struct context *x, const struct term *t)
{
	if (t->op == TERM_NAME)
		names_add(&c->attrs, str_slice(t->name));
}

static void note_words_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, note_words);
}

/* The engine itself reads `area` and `since`. */
static void unused_attributes(struct check *c)
{
	each_root(c, note_words_root);
	for (unsigned i = 0; i < c->pack->rule_count; i++) {
		const struct rule_decl *r = &c->pack->rules[i];
		for (unsigned k = 0; k < r->set_count; k++) {
			const struct str *name = r->sets[k].name;
			bool engine = strcmp(name->data, "area") == 0 || strcmp(name->data, "since") == 0;
			if (!engine && !attr_read(c, name))
				tell(c, FINDING_HINT, "unused-attribute",
				     (struct tell_place){ r->file, r->line, name->data },
				     "nothing to do, if people look at it",
				     "rule \"%s\" sets \"%s\", which nothing in the pack reads", r->name->data,
				     name->data);
		}
	}
}

/* A mapping for `nudgectl import` lies beside a pack and is no part of it. */
static bool is_mapping(const struct bundle_file *f)
{
	return f->content.len && memmem(f->content.data, f->content.len, "function row(", 13);
}

static void unused_files(struct check *c)
{
	for (unsigned i = 0; i < c->bundle->count; i++) {
		const struct bundle_file *f = &c->bundle->files[i];
		if (!c->loaded->loaded[i] && !is_mapping(f) && strcmp(f->path, SETTINGS_FILE) != 0)
			tell(c, FINDING_WARNING, "unused-file", (struct tell_place){ f->path, 1, NULL },
			     strncmp(f->path, "test/", 5) == 0 ?
				     "move it to tests/, where tests are" :
				     arena_printf(&c->arena, "require \"%.*s\", or remove it", (int)strlen(f->path) - 4,
						  f->path)
					     .data,
			     "no file requires it, so nothing in it is part of the pack");
	}
}

static bool serves(const struct action_decl *a, const struct str *channel)
{
	for (unsigned i = 0; i < a->channel_count; i++)
		if (a->channels[i] == channel)
			return true;
	return a->channel_count == 0;
}

static void unreachable_nudges(struct check *c)
{
	const struct pack *p = c->pack;
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		bool reached = !r->has_nudge;
		for (unsigned k = 0; k < p->action_count && !reached; k++) {
			const struct action_decl *a = &p->actions[k];
			reached = serves(a, r->nudge.channel) && (!r->nudge.goal || r->nudge.goal == a->goal) &&
				  (!r->nudge.action || r->nudge.action == a->name);
		}
		if (!reached)
			tell(c, FINDING_ERROR, "unreachable-nudge", (struct tell_place){ r->file, r->line, "nudge" },
			     "add the channel to the action's channels, or correct the nudge",
			     "rule \"%s\": no action that the nudge may choose goes by the channel \"%s\"",
			     r->name->data, r->nudge.channel->data);
	}
}

static void empty_policies(struct check *c)
{
	const struct pack *p = c->pack;
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		bool covers = false;
		for (unsigned k = 0; k < p->action_count && !covers; k++) {
			const struct action_decl *a = &p->actions[k];
			covers = (!d->goal || d->goal == a->goal) && (!d->group || d->group == a->group) &&
				 (!d->action || d->action == a->name) && (!d->channel || serves(a, d->channel));
		}
		if (!covers)
			tell(c, FINDING_WARNING, "policy-covers-nothing", (struct tell_place){ d->file, d->line, NULL },
			     "correct what it names, or remove it",
			     "no action fits all that this policy names, so it holds nothing back");
	}
}

static bool says(const struct bundle_file *f, const char *text)
{
	return f->content.len && memmem(f->content.data, f->content.len, text, strlen(text));
}

static bool has_finding(const struct check *c, const char *file)
{
	for (unsigned i = 0; i < c->out->count; i++)
		if (strcmp(c->out->list[i].file, file) == 0)
			return true;
	return false;
}

/* A file that returns something is there for others. */
static void files_without_tests(struct check *c)
{
	for (unsigned i = 0; i < c->tests->count; i++) {
		const struct bundle_file *f = &c->tests->files[i];
		if (!says(f, "test") && !says(f, "todo") && !says(f, "return") && !has_finding(c, f->path))
			tell(c, FINDING_WARNING, "no-tests", (struct tell_place){ f->path, 1, NULL },
			     "write test(\"…\", function() … end), or remove it", "the file declares no test");
	}
}

void check_unused(struct check *c)
{
	if (c->tests->count == 0)
		tell(c, FINDING_WARNING, "no-tests", (struct tell_place){ "pack.lua", 1, NULL },
		     "tell a customer's story in tests/NAME.lua (rules/README.md, \"Tests\")",
		     "the pack has no tests, so nothing says what it is meant to do");
	files_without_tests(c);
	if (!c->loaded->whole)
		return;
	each_root(c, note_root);
	note_adds(c);
	note_churn_by(c);
	note_learned_by(c);
	relations_note(c);
	unused_facts(c);
	unused_series(c);
	unused_cases(c);
	unused_events(c);
	unused_attributes(c);
	unused_files(c);
	unreachable_nudges(c);
	empty_policies(c);
}
