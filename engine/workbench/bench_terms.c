/* workbench/bench_terms.c: walks through terms as evaluating them does (decide/eval_term.c): which parts it reaches,
 * and how many. */
#include "workbench/bench.h"

#include "base/check.h"

static unsigned count(struct bench *b, struct eval *e, const struct term *t);

static void note_reached(struct bench *b, unsigned fact, uint8_t member)
{
	if (b->reached_count == b->reached_cap) {
		b->reached_cap = b->reached_cap ? 2 * b->reached_cap : 32;
		b->reached = must_realloc(b->reached, b->reached_cap * sizeof(*b->reached));
	}
	b->reached[b->reached_count++] = (struct reached_fact){ fact, member };
}

static bool is_truth(struct value v, bool truth)
{
	return v.kind == VALUE_BOOL && v.boolean == truth;
}

/* Does the evaluation go on after this part, which came to v? */
static bool goes_on(const struct term *t, unsigned part, struct value v)
{
	switch (t->op) {
	case TERM_ALL:
		return !is_truth(v, false);
	case TERM_ANY:
	case TERM_NO:
		return !is_truth(v, true);
	case TERM_OR_ELSE:
		return v.kind == VALUE_UNKNOWN;
	case TERM_ADD:
	case TERM_SUB:
	case TERM_MUL:
	case TERM_DIV:
	case TERM_MIN:
	case TERM_MAX:
		return v.kind == VALUE_NUMBER;
	case TERM_IS:
	case TERM_IS_NOT:
	case TERM_ONE_OF:
		return part > 0 || v.kind != VALUE_UNKNOWN;
	default:
		return true;
	}
}

static unsigned count_parts(struct bench *b, struct eval *e, const struct term *t)
{
	unsigned n = 0;
	for (unsigned i = 0; i < t->child_count; i++) {
		n += count(b, e, t->children[i]);
		if (!goes_on(t, i, eval_term(e, t->children[i])))
			break;
	}
	return n;
}

static unsigned count_keys(struct bench *b, struct eval *e, const struct term *t)
{
	unsigned n = 0;
	for (unsigned i = 0; t->series.key && i < b->m->pack->series[t->series.index].by_count; i++)
		n += count(b, e, t->series.key[i]);
	return n;
}

static bool is_there(const struct eval *e, unsigned member)
{
	int64_t left_ms = record_member_left_ms(e->customer, (uint8_t)member);
	return !left_ms || left_ms > e->now_ms;
}

/* Members in turn, the one bound already first, until it holds for one. */
static unsigned count_members(struct bench *b, struct eval *e, const struct term *t)
{
	uint8_t first = e->member;
	unsigned n = 0;
	for (unsigned i = 0; e->customer && i <= e->customer->member_count; i++) {
		unsigned member = i == 0 ? first : i;
		if (member == 0 || (i > 0 && member == first) || !is_there(e, member))
			continue;
		b->part++; /* facts are cached for one member */
		e->member = (uint8_t)member;
		n += count(b, e, t->children[0]);
		e->member = (uint8_t)member;
		if (eval_truth(e, t->children[0]) == TERNARY_TRUE)
			break;
	}
	e->member = first;
	return n;
}

static unsigned count_fact(struct bench *b, struct eval *e, unsigned fact)
{
	if (b->counted[fact] == b->part)
		return 0;
	b->counted[fact] = b->part;
	note_reached(b, fact, e->member);
	return count(b, e, b->m->pack->facts[fact].term);
}

unsigned bench_count_prepared(struct bench *b, struct eval *e)
{
	unsigned n = 0;
	for (unsigned i = e->calling_fact_count; i > 0; i--)
		n += count_fact(b, e, e->calling_facts[i - 1]);
	return n;
}

static unsigned count(struct bench *b, struct eval *e, const struct term *t)
{
	switch (t->op) {
	case TERM_LITERAL:
		return 0;
	case TERM_FACT:
		return 1 + count_fact(b, e, t->fact);
	case TERM_CALL:
		return 1 + (t->call.context ? bench_count_prepared(b, e) : count_parts(b, e, t));
	case TERM_ANY_MEMBER:
		return 1 + count_members(b, e, t);
	case TERM_SERIES:
		return 1 + count_keys(b, e, t);
	default:
		return 1 + count_parts(b, e, t);
	}
}

unsigned bench_count_terms(struct bench *b, struct eval *e, const struct term *t)
{
	return t ? count(b, e, t) : 0;
}

void bench_each_fact(struct bench *b, const struct term *t, void (*each)(struct bench *b, unsigned fact))
{
	if (!t)
		return;
	if (t->op == TERM_FACT) {
		each(b, t->fact);
		bench_each_fact(b, b->m->pack->facts[t->fact].term, each);
	}
	for (unsigned i = 0; t->op == TERM_SERIES && t->series.key && i < b->m->pack->series[t->series.index].by_count;
	     i++)
		bench_each_fact(b, t->series.key[i], each);
	for (unsigned i = 0; i < t->child_count; i++)
		bench_each_fact(b, t->children[i], each);
}
