/* decide/eval_term.c: what a term is worth: a function for each of its operations.
 *
 * A term is asked for a number, for a condition or for any value, and answers in what it natively is: numbers and
 * conditions travel in registers, where a struct value takes its way through memory at every node. What is asked of it
 * that it is not goes by way of its value: a condition is no number, which is an unknown one.
 *
 * Parts are evaluated from left to right, and no further than it takes: Lua calls are numbered in that order, and
 * any_member binds whom the parts after it are about. */
#include "decide/eval.h"

#include <math.h>

struct evaluator {
	struct value (*value)(struct eval *e, const struct term *t);
	struct number (*number)(struct eval *e, const struct term *t);
	enum ternary (*truth)(struct eval *e, const struct term *t);
};
static const struct evaluator evaluators[];

static const struct number unknown_number = { 0, false };

static inline struct number number_of(const struct value *v)
{
	return v->kind == VALUE_NUMBER ? (struct number){ v->number, true } : unknown_number;
}

static inline enum ternary truth_of(const struct value *v)
{
	return v->kind == VALUE_BOOL ? (enum ternary)v->boolean : TERNARY_UNKNOWN;
}

struct value eval_term(struct eval *e, const struct term *t)
{
	return t ? evaluators[t->op].value(e, t) : value_unknown();
}

/* The parts of a term. Most are literals and facts, which need no call. */
static inline struct number number_part(struct eval *e, const struct term *t)
{
	if (t->op == TERM_LITERAL)
		return number_of(&t->literal);
	if (t->op == TERM_FACT)
		return number_of(eval_fact_lent(e, t->fact));
	return evaluators[t->op].number(e, t);
}

static inline enum ternary truth_part(struct eval *e, const struct term *t)
{
	if (t->op == TERM_FACT)
		return truth_of(eval_fact_lent(e, t->fact));
	return evaluators[t->op].truth(e, t);
}

/* Lent by the pack, the occasion or the facts' cache where it can be, until a fact is computed next; else put into
 * *room. */
static inline const struct value *lent_part(struct eval *e, const struct term *t, struct value *room)
{
	if (t->op == TERM_LITERAL)
		return &t->literal;
	if (t->op == TERM_FACT)
		return eval_fact_lent(e, t->fact);
	if (t->op == TERM_REQUEST)
		return eval_request_read(e, t->read);
	if (t->op == TERM_EVENT)
		return eval_event_read(e, t->read);
	*room = evaluators[t->op].value(e, t);
	return room;
}

struct number eval_number(struct eval *e, const struct term *t)
{
	return number_part(e, t);
}

enum ternary eval_truth(struct eval *e, const struct term *t)
{
	return truth_part(e, t);
}

/* One kind of answer by way of another. */
static struct number number_by_value(struct eval *e, const struct term *t)
{
	struct value room;
	return number_of(lent_part(e, t, &room));
}

static enum ternary truth_by_value(struct eval *e, const struct term *t)
{
	struct value room;
	return truth_of(lent_part(e, t, &room));
}

static struct value value_by_number(struct eval *e, const struct term *t)
{
	struct number n = evaluators[t->op].number(e, t);
	return n.known ? value_number(n.n) : value_unknown();
}

static struct value value_by_truth(struct eval *e, const struct term *t)
{
	return value_of_ternary(evaluators[t->op].truth(e, t));
}

static inline struct number if_finite(double n)
{
	return isfinite(n) ? (struct number){ n, true } : unknown_number;
}

#define ARITHMETIC(name, result) \
	static struct number name(struct eval *e, const struct term *t) \
	{ \
		struct number a = number_part(e, t->children[0]); \
		if (!a.known) \
			return a; \
		struct number b = number_part(e, t->children[1]); \
		return b.known ? if_finite(result) : b; \
	}

ARITHMETIC(add, a.n + b.n)
ARITHMETIC(subtract, a.n - b.n)
ARITHMETIC(multiply, a.n * b.n)
ARITHMETIC(divide, b.n == 0 ? NAN : a.n / b.n)
ARITHMETIC(least, b.n < a.n ? b.n : a.n)
ARITHMETIC(most, b.n > a.n ? b.n : a.n)

static struct number negative(struct eval *e, const struct term *t)
{
	struct number a = number_part(e, t->children[0]);
	a.n = -a.n;
	return a;
}

/* Both sides are computed, whatever the first one is. */
#define COMPARISON(name, sign) \
	static enum ternary name(struct eval *e, const struct term *t) \
	{ \
		struct number a = number_part(e, t->children[0]); \
		struct number b = number_part(e, t->children[1]); \
		return a.known && b.known ? (enum ternary)(a.n sign b.n) : TERNARY_UNKNOWN; \
	}

COMPARISON(above, >)
COMPARISON(below, <)
COMPARISON(at_least, >=)
COMPARISON(at_most, <=)

static enum ternary between(struct eval *e, const struct term *t)
{
	struct number a = number_part(e, t->children[0]);
	struct number low = number_part(e, t->children[1]);
	if (!a.known || !low.known)
		return TERNARY_UNKNOWN;
	struct number high = number_part(e, t->children[2]);
	return high.known ? (enum ternary)(a.n >= low.n && a.n <= high.n) : TERNARY_UNKNOWN;
}

/* is, is not, one of: the first among the others. */
static enum ternary among(struct eval *e, const struct term *t)
{
	enum ternary found = t->op == TERM_IS_NOT ? TERNARY_FALSE : TERNARY_TRUE;
	struct value a, room;
	const struct value *first = lent_part(e, t->children[0], &a);
	bool unknown = false;
	if (first->kind == VALUE_UNKNOWN)
		return TERNARY_UNKNOWN;
	if (t->children[0]->op == TERM_FACT) { /* which what follows may compute anew, for another member */
		a = *first;
		first = &a;
	}
	for (unsigned i = 1; i < t->child_count; i++) {
		const struct value *b = lent_part(e, t->children[i], &room);
		if (b->kind == VALUE_UNKNOWN)
			unknown = true;
		else if (value_equal(*first, *b))
			return found;
	}
	return unknown ? TERNARY_UNKNOWN : (enum ternary)!found;
}

static bool parts_words(char c)
{
	return c == ',' || c == ';' || c == ' ';
}

static bool lists_word(struct slice text, struct slice word)
{
	for (size_t at = 0; at < text.len;) {
		size_t from = at;
		while (at < text.len && !parts_words(text.data[at]))
			at++;
		if (slice_equal((struct slice){ text.data + from, at - from }, word))
			return true;
		at++;
	}
	return false;
}

static enum ternary has(struct eval *e, const struct term *t)
{
	struct value room, word_room;
	struct value list = *lent_part(e, t->children[0], &room); /* a copy: the word may be computed in its place */
	if (list.kind == VALUE_UNKNOWN)
		return TERNARY_UNKNOWN;
	const struct value *word = lent_part(e, t->children[1], &word_room);
	if (word->kind == VALUE_UNKNOWN)
		return TERNARY_UNKNOWN;
	return (enum ternary)(list.kind == VALUE_STRING && word->kind == VALUE_STRING &&
			      lists_word(list.string, word->string));
}

static enum ternary known(struct eval *e, const struct term *t)
{
	struct value room;
	return (enum ternary)(lent_part(e, t->children[0], &room)->kind != VALUE_UNKNOWN);
}

static struct value or_else(struct eval *e, const struct term *t)
{
	struct value v = eval_term(e, t->children[0]);
	return v.kind != VALUE_UNKNOWN ? v : eval_term(e, t->children[1]);
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
		int64_t left_ms = record_member_left_ms(r, member);
		if (left_ms && left_ms <= e->now_ms)
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

static struct value literal(struct eval *e, const struct term *t)
{
	return t->literal;
}

static struct value fact(struct eval *e, const struct term *t)
{
	return *eval_fact_lent(e, t->fact);
}

#define VALUE(function) { function, number_by_value, truth_by_value }
#define NUMBER(function) { value_by_number, function, truth_by_value }
#define TRUTH(function) { value_by_truth, number_by_value, function }
static const struct evaluator evaluators[] = {
	[TERM_LITERAL] = VALUE(literal),
	[TERM_ATTR] = VALUE(leaf_attr),
	[TERM_EVENT] = VALUE(leaf_event),
	[TERM_REQUEST] = VALUE(leaf_request),
	[TERM_NAME] = VALUE(leaf_name),
	[TERM_SERIES] = VALUE(leaf_series),
	[TERM_CASE] = VALUE(leaf_case),
	[TERM_CONTACTS] = VALUE(leaf_contacts),
	[TERM_OPEN_ALERT] = VALUE(leaf_open_alert),
	[TERM_CONTRACT] = VALUE(leaf_contract),
	[TERM_OUTCOMES] = VALUE(leaf_outcomes),
	[TERM_TENURE] = VALUE(leaf_tenure),
	[TERM_NOW] = VALUE(leaf_now),
	[TERM_ASKED] = VALUE(leaf_asked),
	[TERM_IN_SEGMENT] = VALUE(leaf_in_segment),
	[TERM_RELATIONSHIP] = VALUE(leaf_relationship),
	[TERM_FACT] = VALUE(fact),
	[TERM_CALL] = VALUE(eval_call),
	[TERM_ADD] = NUMBER(add),
	[TERM_SUB] = NUMBER(subtract),
	[TERM_MUL] = NUMBER(multiply),
	[TERM_DIV] = NUMBER(divide),
	[TERM_NEG] = NUMBER(negative),
	[TERM_MIN] = NUMBER(least),
	[TERM_MAX] = NUMBER(most),
	[TERM_ABOVE] = TRUTH(above),
	[TERM_BELOW] = TRUTH(below),
	[TERM_AT_LEAST] = TRUTH(at_least),
	[TERM_AT_MOST] = TRUTH(at_most),
	[TERM_BETWEEN] = TRUTH(between),
	[TERM_IS] = TRUTH(among),
	[TERM_IS_NOT] = TRUTH(among),
	[TERM_ONE_OF] = TRUTH(among),
	[TERM_HAS] = TRUTH(has),
	[TERM_KNOWN] = TRUTH(known),
	[TERM_OR_ELSE] = VALUE(or_else),
	[TERM_ALL] = TRUTH(logic),
	[TERM_ANY] = TRUTH(logic),
	[TERM_NO] = TRUTH(logic),
	[TERM_ANY_MEMBER] = TRUTH(any_member),
};
