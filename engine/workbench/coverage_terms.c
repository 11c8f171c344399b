/* workbench/coverage_terms.c: walks through terms: what can be unknown, which lines they stand on, and which parts an
 * evaluation reaches. */
#include "workbench/coverage.h"

#include "decide/watch.h"

static bool any_part_unknown(const struct pack *p, const struct term *t, bool member_bound)
{
	for (unsigned i = 0; i < t->child_count; i++)
		if (term_may_be_unknown(p, t->children[i], member_bound))
			return true;
	return false;
}

static bool some_part_known(const struct pack *p, const struct term *t, bool member_bound)
{
	for (unsigned i = 0; i < t->child_count; i++)
		if (!term_may_be_unknown(p, t->children[i], member_bound))
			return true;
	return false;
}

static bool series_may_be_unknown(const struct pack *p, const struct term *t, bool member_bound)
{
	const struct series_decl *s = &p->series[t->series.index];
	if (s->about == ABOUT_MEMBER && !member_bound)
		return true;
	for (unsigned i = 0; t->series.key && i < s->by_count; i++)
		if (term_may_be_unknown(p, t->series.key[i], member_bound))
			return true;
	if (s->by_count && !t->series.all_keys && !t->series.key)
		return true;
	switch (t->series.aggregate) {
	case AGGREGATE_COUNT:
	case AGGREGATE_SUM:
	case AGGREGATE_RUN:
	case AGGREGATE_DISTINCT:
		return false;
	default:
		return true;
	}
}

static bool event_may_be_unknown(const struct term *t)
{
	static const char *const always[] = { "type", "customer", "id", "source", "time" };
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (strcmp(t->name->data, always[i]) == 0)
			return false;
	return true;
}

static bool nonzero(const struct term *t)
{
	return t->op == TERM_LITERAL && t->literal.kind == VALUE_NUMBER && t->literal.number != 0;
}

/* Where it cannot be told (a Lua function may return nil) it is taken not to be. */
bool term_may_be_unknown(const struct pack *p, const struct term *t, bool member_bound)
{
	switch (t->op) {
	case TERM_ATTR:
	case TERM_NAME:
		return true;
	case TERM_EVENT:
		return event_may_be_unknown(t);
	case TERM_REQUEST:
		return strcmp(t->name->data, "time") != 0;
	case TERM_SERIES:
		return series_may_be_unknown(p, t, member_bound);
	case TERM_CASE:
		return t->open_case.aggregate == CASE_AGE || t->open_case.aggregate == CASE_TURNAROUND;
	case TERM_CONTACTS:
		return t->contacts.aggregate >= CONTACTS_MEAN_WAIT && t->contacts.aggregate <= CONTACTS_MOOD_TREND;
	case TERM_CONTRACT:
		return t->contract.aggregate != CONTRACT_COUNT_ACTIVE && t->contract.aggregate != CONTRACT_IS_ACTIVE &&
		       t->contract.aggregate != CONTRACT_IN_LAST && t->contract.aggregate != CHURN_IS_LOST;
	case TERM_FACT:
		return term_may_be_unknown(p, p->facts[t->fact].term, member_bound);
	case TERM_LITERAL:
	case TERM_OPEN_ALERT:
	case TERM_OUTCOMES:
	case TERM_IN_SEGMENT:
	case TERM_TENURE:
	case TERM_NOW:
	case TERM_ASKED:
	case TERM_CALL:
	case TERM_KNOWN:
		return false;
	case TERM_OR_ELSE:
		return term_may_be_unknown(p, t->children[1], member_bound);
	case TERM_ANY_MEMBER:
		return term_may_be_unknown(p, t->children[0], true);
	case TERM_DIV:
		return !nonzero(t->children[1]) || term_may_be_unknown(p, t->children[0], member_bound);
	case TERM_RELATIONSHIP: /* known as soon as one part is */
		return !some_part_known(p, t, member_bound);
	default:
		return any_part_unknown(p, t, member_bound);
	}
}

/* Literals stand beside what they are compared with. */
void coverage_count_term(struct coverage *c, const struct term *t)
{
	const struct pack *p = c->m->pack;
	if (t->op == TERM_LITERAL)
		return;
	coverage_count_line(c, t->file, t->line);
	for (unsigned i = 0; i < t->child_count; i++)
		coverage_count_term(c, t->children[i]);
	if (t->op == TERM_FACT)
		coverage_count_term(c, p->facts[t->fact].term);
}

static void see_term(struct coverage *c, struct eval *e, const struct term *t);

static void see_parts(struct coverage *c, struct eval *e, const struct term *t)
{
	bool logic = t->op == TERM_ALL || t->op == TERM_ANY || t->op == TERM_NO, stop_at = t->op != TERM_ALL;
	for (unsigned i = 0; i < t->child_count; i++) {
		see_term(c, e, t->children[i]);
		if (!logic && t->op != TERM_OR_ELSE)
			continue;
		struct value v = eval_term(e, t->children[i]);
		if (logic ? v.kind == VALUE_BOOL && v.boolean == stop_at : v.kind != VALUE_UNKNOWN)
			return;
	}
}

static void see_term(struct coverage *c, struct eval *e, const struct term *t)
{
	if (t->op == TERM_LITERAL)
		return;
	coverage_line(c, t->file, t->line);
	if (t->op == TERM_FACT)
		see_term(c, e, c->m->pack->facts[t->fact].term);
	else
		see_parts(c, e, t);
}

void coverage_see_term(struct coverage *c, const struct term *t, uint8_t member)
{
	struct eval *e = c->m->eval;
	struct looking before;
	look_begin(e, member, &before);
	see_term(c, e, t);
	look_end(e, &before);
}
