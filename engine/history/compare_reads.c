/* history/compare_reads.c: may a pack's decisions read agents, or areas? Told from its declarations, so rather yes than
 * no: a function that is given the whole context may read anything. */
#include "history/compare_parts.h"
#include "script/guidance.h"

struct walk {
	const struct pack *pack;
	bool agent, area;
};

static void about(struct walk *w, uint8_t about)
{
	w->agent |= about == ABOUT_AGENT;
	w->area |= about == ABOUT_AREA;
}

static void scope(struct walk *w, uint8_t scope)
{
	w->agent |= scope == SCOPE_AGENT;
	w->area |= scope == SCOPE_AREA;
}

/* A term's facts written out are bounded when it is loaded (limit_term_size). */
static void walk(struct walk *w, const struct term *t)
{
	if (!t || (w->agent && w->area))
		return;
	if (t->op == TERM_ATTR || t->op == TERM_OPEN_ALERT) {
		scope(w, t->scope);
	} else if (t->op == TERM_SERIES) {
		const struct series_decl *s = &w->pack->series[t->series.index];
		about(w, s->about);
		for (unsigned i = 0; t->series.key && i < s->by_count; i++)
			walk(w, t->series.key[i]);
	} else if (t->op == TERM_CASE) {
		about(w, w->pack->cases[t->open_case.index].about);
	} else if (t->op == TERM_FACT) {
		walk(w, w->pack->facts[t->fact].term);
	} else if (t->op == TERM_CALL && t->call.context) {
		w->agent = w->area = true;
	}
	for (unsigned i = 0; i < t->child_count; i++)
		walk(w, t->children[i]);
}

static void walk_phrase(struct walk *w, const struct phrase *p)
{
	for (unsigned i = 0; p->by_language && i < w->pack->language_count; i++)
		for (unsigned k = 0; k < p->by_language[i].count; k++)
			walk(w, p->by_language[i].parts[k].term);
}

void pack_foreign_reads(const struct pack *p, bool *agent, bool *area)
{
	struct walk w = { .pack = p };
	walk(&w, p->balance);
	for (unsigned i = 0; i < p->above_count; i++) {
		const struct gates *g = &p->above[i].gates;
		walk(&w, g->eligible);
		walk(&w, g->applicable);
		walk(&w, g->suitable);
	}
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		const struct term *terms[] = { a->eligible, a->applicable, a->suitable, a->customer_value, a->business_value };
		for (size_t k = 0; k < sizeof(terms) / sizeof(terms[0]); k++)
			walk(&w, terms[k]);
		for (unsigned k = 0; k < a->context_count; k++)
			walk(&w, a->contexts[k].when);
		walk_phrase(&w, &a->say);
	}
	for (unsigned i = 0; i < p->policy_count; i++) {
		walk(&w, p->policies[i].unless);
		walk(&w, p->policies[i].except);
		walk_phrase(&w, &p->policies[i].say);
	}
	for (unsigned i = 0; i < p->answer_count; i++)
		walk_phrase(&w, &p->answers[i].text);
	for (unsigned i = 0; p->guidance && i < p->guidance->said_count; i++) {
		walk(&w, p->guidance->said[i].when);
		walk_phrase(&w, &p->guidance->said[i].say);
	}
	if (p->guidance && p->guidance->strain.file)
		walk(&w, p->guidance->strain.fact_term);
	*agent = w.agent;
	*area = w.area;
}

bool pack_nudges(const struct pack *p)
{
	for (unsigned i = 0; i < p->rule_count; i++)
		if (p->rules[i].has_nudge || p->rules[i].run != TERM_NO_FUNCTION)
			return true;
	return false;
}
