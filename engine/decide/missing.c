/* decide/missing.c: what a gate that stayed shut is missing, for people: "outage_minutes is 0, needs at least 60".
 *
 * A part is wanted true, or false below `no`. Where every part is wanted (all, none of) those that fail are told, else
 * all of them, as alternatives. Each part is read with the member bound that the gate read it with. */
#include "decide/deciding.h"

#include "decide/text.h"

#include <math.h>

enum within { WITHIN_NOTHING, WITHIN_EVERY, WITHIN_ALTERNATIVES };

static void missing(struct deciding *d, const struct term *t, bool wanted, enum within within, struct bytes *out);

static void put(struct bytes *out, const char *text)
{
	bytes_put(out, text, strlen(text));
}

static void put_value(struct value v, bool duration, struct bytes *out)
{
	char buffer[32];
	if (v.kind == VALUE_BOOL)
		put(out, v.boolean ? "yes" : "no");
	else if (v.kind == VALUE_NUMBER && duration && fabs(v.number) < 1e12)
		bytes_printf(out, "%.*s",
			     SLICE_ARG(span_text((struct span){ SPAN_EXACT, llround(v.number) * 1000 }, buffer)));
	else
		value_explain(v, out);
}

static bool is_arithmetic(const struct term *t)
{
	return t->op >= TERM_ADD && t->op <= TERM_MAX;
}

/* What a comparison holds its subject against. */
static void put_bound(struct deciding *d, const struct term *t, struct bytes *out)
{
	if (t->op == TERM_LITERAL && t->literal.kind == VALUE_BOOL)
		put_value(t->literal, false, out);
	else
		term_render(t, d->m->pack, explain_leaf, d->e, out);
}

/* "lines is 1": the name, or a sum with its parts, and what it comes to. */
static void put_subject(struct deciding *d, const struct term *t, bool duration, struct bytes *out)
{
	struct value v = eval_term(d->e, t);
	while (t->op == TERM_OR_ELSE)
		t = t->children[0];
	term_render(t, d->m->pack, is_arithmetic(t) ? explain_leaf : NULL, d->e, out);
	put(out, " is ");
	put_value(v, duration, out);
}

static void comparison(struct deciding *d, const struct term *t, bool wanted, struct bytes *out)
{
	static const char *const needs[][2] = {
		[TERM_ABOVE - TERM_ABOVE] = { "at most ", "more than " },
		[TERM_BELOW - TERM_ABOVE] = { "at least ", "less than " },
		[TERM_AT_LEAST - TERM_ABOVE] = { "less than ", "at least " },
		[TERM_AT_MOST - TERM_ABOVE] = { "more than ", "at most " },
		[TERM_BETWEEN - TERM_ABOVE] = { "not to lie between ", "to lie between " },
		[TERM_IS - TERM_ABOVE] = { "not to be ", "to be " },
		[TERM_IS_NOT - TERM_ABOVE] = { "to be ", "not to be " },
		[TERM_ONE_OF - TERM_ABOVE] = { "to be none of ", "to be one of " },
		[TERM_HAS - TERM_ABOVE] = { "not to have ", "to have " },
	};
	put_subject(d, t->children[0], t->children[1]->duration, out);
	bytes_printf(out, ", needs %s", needs[t->op - TERM_ABOVE][wanted]);
	for (unsigned i = 1; i < t->child_count; i++) {
		if (i > 1)
			put(out, t->op == TERM_BETWEEN ? " and " : ", ");
		put_bound(d, t->children[i], out);
	}
}

/* The parts of all, any and no. */
static void parts(struct deciding *d, const struct term *t, bool wanted, enum within within, struct bytes *out)
{
	struct eval *e = d->e;
	bool part_wanted = t->op == TERM_NO ? !wanted : wanted;
	enum within inner = (t->op == TERM_ANY) != wanted ? WITHIN_EVERY : WITHIN_ALTERNATIVES;
	struct bytes told = { 0 };
	unsigned count = 0;
	for (unsigned i = 0; i < t->child_count; i++) {
		uint8_t before = e->member;
		struct value v = eval_term(e, t->children[i]);
		uint8_t after = e->member;
		if (inner == WITHIN_EVERY && v.kind == VALUE_BOOL && v.boolean == part_wanted)
			continue;
		if (count++)
			put(&told, inner == WITHIN_EVERY ? "; " : "; or ");
		e->member = before;
		missing(d, t->children[i], part_wanted, t->child_count == 1 ? within : inner, &told);
		e->member = after;
	}
	bool brackets = count > 1 && within != WITHIN_NOTHING && within != inner;
	bytes_printf(out, brackets ? "(%.*s)" : "%.*s", SLICE_ARG(bytes_slice(&told)));
	bytes_finish(&told);
}

static void missing(struct deciding *d, const struct term *t, bool wanted, enum within within, struct bytes *out)
{
	const struct pack *p = d->m->pack;
	if (t->op == TERM_ALL || t->op == TERM_ANY || t->op == TERM_NO) {
		parts(d, t, wanted, within, out);
		return;
	}
	if (t->op == TERM_ANY_MEMBER) { /* of a condition that nobody met there are no values to show */
		put(out, wanted ? "needs a member for whom " : "needs no member for whom ");
		term_text(t->children[0], p, out);
		return;
	}
	if (member_is_private(d, d->e->member)) {
		put(out, wanted ? "needs: " : "needs not: ");
		term_text(t, p, out);
		return;
	}
	if (t->op >= TERM_ABOVE && t->op <= TERM_HAS) {
		comparison(d, t, wanted, out);
	} else if (t->op == TERM_KNOWN) {
		put_subject(d, t->children[0], false, out);
		put(out, wanted ? ", needs to be known" : ", needs to be unknown");
	} else { /* a yes or no of its own: a case, an alert, a fact, an attribute, a function */
		struct value v = eval_term(d->e, t);
		term_text(t, p, out);
		put(out, ": ");
		put_value(v, false, out);
		put(out, wanted ? ", needs yes" : ", needs no");
	}
}

void explain_missing(struct deciding *d, const struct term *t, struct bytes *out)
{
	missing(d, t, true, WITHIN_NOTHING, out);
}
