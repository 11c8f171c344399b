/* workbench/check_order.c: rules run in the order of their declaration, and each sees what those before it wrote on the
 * same event. One that reads what a later one writes sees it as it was before: often that is wanted, sometimes it is
 * not. */
#include "workbench/check_parts.h"

static bool meet(const struct rule_decl *a, const struct rule_decl *b)
{
	for (unsigned i = 0; i < a->on_count; i++)
		for (unsigned k = 0; k < b->on_count; k++)
			if (a->on[i] == b->on[k] || is_any_type(a->on[i]) || is_any_type(b->on[k]))
				return true;
	return false;
}

static bool of_one_record(const struct rule_decl *a, const struct rule_decl *b)
{
	bool customer = a->about == ABOUT_CUSTOMER || a->about == ABOUT_MEMBER;
	return a->about == b->about || (customer && (b->about == ABOUT_CUSTOMER || b->about == ABOUT_MEMBER));
}

/* attr "x" is of whom the rule is about. */
static unsigned scope_in(const struct rule_decl *r, unsigned scope)
{
	static const uint8_t own[] = { SCOPE_CUSTOMER, SCOPE_MEMBER, SCOPE_AGENT, SCOPE_AREA };
	return scope == SCOPE_SUBJECT ? own[r->about] : scope;
}

/* It writes what is read, in the record that is read. */
static bool concerns(const struct rule_decl *r, const struct rule_decl *later, const struct write *w, const struct term *t)
{
	if (!meet(r, later) || !of_one_record(r, later))
		return false;
	return t->op == TERM_SERIES || scope_in(later, later->sets[w->which].scope) == scope_in(r, t->scope);
}

static void check_read(struct check *c, const struct context *x, const struct term *t)
{
	const struct pack *p = c->pack;
	const struct rule_decl *r = x->rule;
	if (!r || (t->op != TERM_ATTR && t->op != TERM_SERIES))
		return;
	const struct written *of = t->op == TERM_ATTR ? attr_written(c, t->name) : &c->tallies[t->series.index];
	for (unsigned i = of ? of->first : 0; i && !findings_full(c->out, FINDING_HINT); i = c->writes[i - 1].next) {
		const struct rule_decl *later = &p->rules[c->writes[i - 1].rule];
		if (later <= r || !concerns(r, later, &c->writes[i - 1], t))
			continue;
		tell(c, FINDING_HINT, "later-rule", (struct tell_place){ r->file, r->line, NULL },
		     "declare it after that rule, if it is to see what this event changes",
		     "rule \"%s\" reads %s%s%s, which rule \"%s\" (%s:%d) changes later on the same event",
		     r->name->data, t->op == TERM_ATTR ? "the attribute \"" : "tally \"",
		     t->op == TERM_ATTR ? t->name->data : p->series[t->series.index].name->data, "\"",
		     later->name->data, later->file, later->line);
	}
}

static void check_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, check_read);
}

void check_order(struct check *c)
{
	each_root(c, check_root);
}
