/* decide/eval_typed.c: arithmetic, comparison and logic, each evaluated as what it is: a number or a condition. Both fit
 * registers, where a struct value travels through memory at every node. Values are made only where texts are compared
 * and at leaves. */
#include "decide/eval.h"

#include <math.h>

static const struct number unknown_number = { 0, false };

static inline struct number number_of(const struct value *v)
{
	return v->kind == VALUE_NUMBER ? (struct number){ v->number, true } : unknown_number;
}

static inline enum ternary truth_of(const struct value *v)
{
	return v->kind == VALUE_BOOL ? (enum ternary)v->boolean : TERNARY_UNKNOWN;
}

/* A part of a term. Most are literals and facts, which need no call. */
static inline struct number number_part(struct eval *e, const struct term *t)
{
	if (t->op == TERM_LITERAL)
		return number_of(&t->literal);
	if (t->op == TERM_FACT)
		return number_of(eval_fact_lent(e, t->fact));
	return eval_number(e, t);
}

static inline enum ternary truth_part(struct eval *e, const struct term *t)
{
	if (t->op == TERM_LITERAL)
		return truth_of(&t->literal);
	if (t->op == TERM_FACT)
		return truth_of(eval_fact_lent(e, t->fact));
	return eval_truth(e, t);
}

/* Not finite where there is no result. */
static double arithmetic(uint8_t op, double a, double b)
{
	switch (op) {
	case TERM_ADD:
		return a + b;
	case TERM_SUB:
		return a - b;
	case TERM_MUL:
		return a * b;
	case TERM_DIV:
		return b == 0 ? NAN : a / b;
	case TERM_MIN:
		return b < a ? b : a;
	default:
		return b > a ? b : a;
	}
}

struct number eval_number(struct eval *e, const struct term *t)
{
	if (t->op < TERM_ADD || t->op > TERM_MAX) {
		struct value room;
		return number_of(eval_lent(e, t, &room));
	}
	struct number a = number_part(e, t->children[0]);
	if (!a.known)
		return a;
	if (t->op == TERM_NEG)
		return (struct number){ -a.n, true };
	struct number b = number_part(e, t->children[1]);
	if (!b.known)
		return b;
	double n = arithmetic(t->op, a.n, b.n);
	return isfinite(n) ? (struct number){ n, true } : unknown_number;
}

static enum ternary compare_numbers(struct eval *e, const struct term *t)
{
	struct number a = number_part(e, t->children[0]);
	struct number b = number_part(e, t->children[1]);
	if (!a.known || !b.known)
		return TERNARY_UNKNOWN;
	switch (t->op) {
	case TERM_ABOVE:
		return (enum ternary)(a.n > b.n);
	case TERM_BELOW:
		return (enum ternary)(a.n < b.n);
	case TERM_AT_LEAST:
		return (enum ternary)(a.n >= b.n);
	case TERM_AT_MOST:
		return (enum ternary)(a.n <= b.n);
	default:
		break;
	}
	struct number c = number_part(e, t->children[2]);
	return c.known ? (enum ternary)(a.n >= b.n && a.n <= c.n) : TERNARY_UNKNOWN;
}

static enum ternary compare_equal(struct eval *e, const struct term *t)
{
	/* Copied: computing the other side may compute a fact anew that lends this one. */
	struct value a = eval_term(e, t->children[0]);
	bool unknown = false;
	if (a.kind == VALUE_UNKNOWN)
		return TERNARY_UNKNOWN;
	for (unsigned i = 1; i < t->child_count; i++) {
		struct value room;
		const struct value *b = eval_lent(e, t->children[i], &room);
		if (b->kind == VALUE_UNKNOWN)
			unknown = true;
		else if (value_equal(a, *b))
			return (enum ternary)(t->op != TERM_IS_NOT);
	}
	return unknown ? TERNARY_UNKNOWN : (enum ternary)(t->op == TERM_IS_NOT);
}

/* all: stops at the first false; any and no: at the first true. Else unknown as soon as one child was. */
static enum ternary logic(struct eval *e, const struct term *t)
{
	enum ternary stop_at = t->op == TERM_ALL ? TERNARY_FALSE : TERNARY_TRUE;
	bool unknown = false;
	for (unsigned i = 0; i < t->child_count; i++) {
		enum ternary v = truth_part(e, t->children[i]);
		if (v == stop_at)
			return (enum ternary)(t->op == TERM_ANY);
		unknown |= v == TERNARY_UNKNOWN;
	}
	return unknown ? TERNARY_UNKNOWN : (enum ternary)(t->op != TERM_ANY);
}

/* The member bound already is asked first: who calls about their own line should not be answered about another's. */
static enum ternary any_member(struct eval *e, const struct term *t)
{
	const struct record *r = e->customer;
	uint8_t first = e->member;
	bool unknown = false;
	if (!r)
		return TERNARY_UNKNOWN;
	for (unsigned i = 0; i <= r->member_count; i++) {
		uint8_t member = i == 0 ? first : (uint8_t)i;
		if (member == 0 || (i > 0 && member == first))
			continue;
		const struct member *who = &r->members[member - 1];
		if (who->left_ms && who->left_ms <= e->now_ms)
			continue;
		e->member = member;
		enum ternary v = truth_part(e, t->children[0]);
		e->member = member;
		if (v == TERNARY_TRUE)
			return v;
		unknown |= v == TERNARY_UNKNOWN;
	}
	e->member = first;
	return unknown ? TERNARY_UNKNOWN : TERNARY_FALSE;
}

enum ternary eval_truth(struct eval *e, const struct term *t)
{
	switch (t->op) {
	case TERM_ABOVE: case TERM_BELOW: case TERM_AT_LEAST: case TERM_AT_MOST: case TERM_BETWEEN:
		return compare_numbers(e, t);
	case TERM_IS: case TERM_IS_NOT: case TERM_ONE_OF:
		return compare_equal(e, t);
	case TERM_ALL: case TERM_ANY: case TERM_NO:
		return logic(e, t);
	case TERM_ANY_MEMBER:
		return any_member(e, t);
	default:
		break;
	}
	struct value room;
	const struct value *v = eval_lent(e, t->op == TERM_KNOWN ? t->children[0] : t, &room);
	return t->op == TERM_KNOWN ? (enum ternary)(v->kind != VALUE_UNKNOWN) : truth_of(v);
}
