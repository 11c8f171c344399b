/* decide/eval.c: logic, comparison and arithmetic over three values, and the facts' cache. What reads state is in
 * eval_read.c and eval_series.c, what calls Lua in eval_call.c. */
#include "decide/eval.h"

#include "base/check.h"
#include "decide/stage.h"

#include <math.h>
#include <stdlib.h>

/* Facts may stand on facts: trees are bounded by LIMIT_TERM_DEPTH each, the walk through all of them by this (the C
 * stack). */
#define WALK_DEPTH (16 * LIMIT_TERM_DEPTH)

struct eval *eval_create(struct machine *m)
{
	struct eval *e = must_calloc(1, sizeof(*e));
	e->m = m;
	e->stage = must_calloc(1, sizeof(*e->stage));
	return e;
}

void eval_destroy(struct eval *e)
{
	if (!e)
		return;
	eval_let_go(e);
	free(e->facts);
	free(e->calling_facts);
	free(e->stage);
	bytes_finish(&e->text);
	bytes_finish(&e->trail);
	free(e);
}

static uint8_t term_flags(const struct eval *e, const struct pack *p, const struct term *t)
{
	uint8_t flags = 0;
	if (!t)
		return 0;
	switch (t->op) {
	case TERM_FACT:
		return e->facts[t->fact].flags;
	case TERM_ASKED:
		return FACT_ASKED;
	case TERM_ATTR:
		flags = t->scope == SCOPE_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : FACT_BOUND;
		break;
	case TERM_SERIES:
		flags = p->series[t->series.index].about == ABOUT_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : FACT_BOUND;
		for (unsigned i = 0; t->series.key && i < p->series[t->series.index].by_count; i++)
			flags |= term_flags(e, p, t->series.key[i]);
		break;
	case TERM_CASE:
		flags = p->cases[t->open_case.index].about == ABOUT_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : 0;
		break;
	case TERM_OPEN_ALERT: case TERM_NAME: case TERM_ANY_MEMBER:
		flags = FACT_BOUND;
		break;
	case TERM_CALL: /* function(c) may read anything */
		flags = t->call.context ? FACT_CALLS | FACT_BOUND | FACT_ASKED : FACT_CALLS;
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < t->child_count; i++)
		flags |= term_flags(e, p, t->children[i]);
	return t->op == TERM_ANY_MEMBER ? flags & ~FACT_OF_MEMBER : flags;
}

void eval_set_pack(struct eval *e, const struct pack *pack)
{
	free(e->facts);
	e->facts = must_calloc(pack->fact_count + 1, sizeof(*e->facts));
	free(e->calling_facts);
	e->calling_facts = must_calloc(pack->fact_count + 1, sizeof(*e->calling_facts));
	e->calling_fact_count = 0;
	e->stamp = 0;
	/* A fact stands on facts declared before it, whose flags are then known. */
	for (unsigned i = 0; i < pack->fact_count; i++) {
		e->facts[i].flags = term_flags(e, pack, pack->facts[i].term);
		if (e->facts[i].flags & FACT_CALLS)
			e->calling_facts[e->calling_fact_count++] = i;
	}
}

void eval_start(struct eval *e, const struct apply_input *in)
{
	e->subject = e->customer = e->agent = e->area = NULL;
	e->event = NULL;
	e->ask = NULL;
	e->action = NULL;
	e->foreign = NULL;
	e->member = 0;
	e->touched = NULL;
	e->touched_count = e->touched_cap = 0;
	e->replay = in && in->replay;
	vm_relax(e->m->pack->vm, e->replay);
	e->skip = e->replay ? in->aborted : (struct aborted_calls){ 0 };
	e->skip_next = e->call_count = 0;
	e->aborted_calls = NULL;
	e->aborted_count = e->aborted_cap = 0;
	e->aborted = e->calling = false;
	e->depth = 0;
	bytes_clear(&e->trail);
	eval_fresh(e);
}

struct str *eval_hold(struct eval *e, struct slice text)
{
	if (text.len == 0)
		return NULL;
	CHECK(e->held_count < sizeof(e->held) / sizeof(e->held[0]));
	return e->held[e->held_count++] = strpool_take(e->m->pool, text);
}

void eval_let_go(struct eval *e)
{
	while (e->held_count)
		strpool_drop(e->m->pool, e->held[--e->held_count]);
}

void eval_fresh(struct eval *e)
{
	if (++e->stamp == 0) { /* the stamps went round: old slots must not look new */
		for (unsigned i = 0; i < e->m->pack->fact_count; i++)
			e->facts[i].stamp = 0;
		e->stamp = 1;
	}
}

struct value eval_fact(struct eval *e, unsigned fact)
{
	struct fact_slot *slot = &e->facts[fact];
	bool bound = slot->flags & FACT_BOUND, asked = slot->flags & FACT_ASKED;
	if (slot->stamp == e->stamp && (!bound || slot->member == e->member) && (!asked || slot->action == e->action)) {
		if (bound)
			e->member = slot->bound;
		e->aborted |= slot->aborted;
		return slot->value;
	}
	bool aborted_before = e->aborted;
	uint8_t member = e->member;
	e->aborted = false;
	struct value v = eval_term(e, e->m->pack->facts[fact].term);
	slot->value = v;
	slot->member = member;
	slot->bound = e->member;
	slot->action = e->action;
	slot->aborted = e->aborted;
	slot->stamp = e->stamp;
	e->aborted |= aborted_before;
	return v;
}

static struct value number_of(double n)
{
	return isfinite(n) ? value_number(n) : value_unknown();
}

/* A child. Four in ten are literals, which need no call. */
static inline struct value eval_part(struct eval *e, const struct term *t)
{
	return t->op == TERM_LITERAL && e->depth < WALK_DEPTH ? t->literal : eval_term(e, t);
}

static struct value eval_arithmetic(struct eval *e, const struct term *t)
{
	struct value a = eval_part(e, t->children[0]);
	if (a.kind != VALUE_NUMBER)
		return value_unknown();
	if (t->op == TERM_NEG)
		return value_number(-a.number);
	for (unsigned i = 1; i < t->child_count; i++) {
		struct value b = eval_part(e, t->children[i]);
		if (b.kind != VALUE_NUMBER)
			return value_unknown();
		switch (t->op) {
		case TERM_ADD:
			a.number += b.number;
			break;
		case TERM_SUB:
			a.number -= b.number;
			break;
		case TERM_MUL:
			a.number *= b.number;
			break;
		case TERM_DIV:
			if (b.number == 0)
				return value_unknown();
			a.number /= b.number;
			break;
		case TERM_MIN:
			a.number = b.number < a.number ? b.number : a.number;
			break;
		default:
			a.number = b.number > a.number ? b.number : a.number;
			break;
		}
	}
	return number_of(a.number);
}

static struct value compare_numbers(struct eval *e, const struct term *t)
{
	struct value a = eval_part(e, t->children[0]);
	struct value b = eval_part(e, t->children[1]);
	if (a.kind != VALUE_NUMBER || b.kind != VALUE_NUMBER)
		return value_unknown();
	switch (t->op) {
	case TERM_ABOVE:
		return value_bool(a.number > b.number);
	case TERM_BELOW:
		return value_bool(a.number < b.number);
	case TERM_AT_LEAST:
		return value_bool(a.number >= b.number);
	case TERM_AT_MOST:
		return value_bool(a.number <= b.number);
	default:
		break;
	}
	struct value c = eval_part(e, t->children[2]);
	if (c.kind != VALUE_NUMBER)
		return value_unknown();
	return value_bool(a.number >= b.number && a.number <= c.number);
}

static struct value compare_equal(struct eval *e, const struct term *t)
{
	struct value a = eval_part(e, t->children[0]);
	bool unknown = false;
	if (a.kind == VALUE_UNKNOWN)
		return a;
	for (unsigned i = 1; i < t->child_count; i++) {
		struct value b = eval_part(e, t->children[i]);
		if (b.kind == VALUE_UNKNOWN)
			unknown = true;
		else if (value_equal(a, b))
			return value_bool(t->op != TERM_IS_NOT);
	}
	return unknown ? value_unknown() : value_bool(t->op == TERM_IS_NOT);
}

/* all: stops at the first false; any and no: at the first true. Else unknown as soon as one child was. */
static struct value eval_logic(struct eval *e, const struct term *t)
{
	bool stop_at = t->op != TERM_ALL, unknown = false;
	for (unsigned i = 0; i < t->child_count; i++) {
		struct value v = eval_part(e, t->children[i]);
		if (v.kind != VALUE_BOOL)
			unknown = true;
		else if (v.boolean == stop_at)
			return value_bool(t->op == TERM_ANY);
	}
	return unknown ? value_unknown() : value_bool(t->op != TERM_ANY);
}

/* The member bound already is asked first: who calls about their own line should not be answered about another's. */
static struct value eval_any_member(struct eval *e, const struct term *t)
{
	const struct record *r = e->customer;
	uint8_t first = e->member;
	bool unknown = false;
	if (!r)
		return value_unknown();
	for (unsigned i = 0; i <= r->member_count; i++) {
		uint8_t member = i == 0 ? first : (uint8_t)i;
		if (member == 0 || (i > 0 && member == first))
			continue;
		const struct member *who = &r->members[member - 1];
		if (who->left_ms && who->left_ms <= e->now_ms)
			continue;
		e->member = member;
		struct value v = eval_part(e, t->children[0]);
		e->member = member;
		if (eval_is_true(v))
			return v;
		unknown |= v.kind != VALUE_BOOL;
	}
	e->member = first;
	return unknown ? value_unknown() : value_bool(false);
}

static struct value eval_or_else(struct eval *e, const struct term *t)
{
	struct value v = eval_part(e, t->children[0]);
	return v.kind != VALUE_UNKNOWN ? v : eval_part(e, t->children[1]);
}

static struct value eval_inner(struct eval *e, const struct term *t)
{
	switch (t->op) {
	case TERM_FACT:
		return eval_fact(e, t->fact);
	case TERM_CALL:
		return eval_call(e, t);
	case TERM_ADD: case TERM_SUB: case TERM_MUL: case TERM_DIV: case TERM_NEG: case TERM_MIN: case TERM_MAX:
		return eval_arithmetic(e, t);
	case TERM_ABOVE: case TERM_BELOW: case TERM_AT_LEAST: case TERM_AT_MOST: case TERM_BETWEEN:
		return compare_numbers(e, t);
	case TERM_IS: case TERM_IS_NOT: case TERM_ONE_OF:
		return compare_equal(e, t);
	case TERM_KNOWN:
		return value_bool(eval_term(e, t->children[0]).kind != VALUE_UNKNOWN);
	case TERM_OR_ELSE:
		return eval_or_else(e, t);
	case TERM_ALL: case TERM_ANY: case TERM_NO:
		return eval_logic(e, t);
	case TERM_ANY_MEMBER:
		return eval_any_member(e, t);
	default:
		return eval_leaf(e, t);
	}
}

struct value eval_term(struct eval *e, const struct term *t)
{
	if (!t || e->depth >= WALK_DEPTH)
		return value_unknown();
	if (t->op == TERM_LITERAL)
		return t->literal;
	e->depth++;
	struct value v = eval_inner(e, t);
	e->depth--;
	return v;
}
