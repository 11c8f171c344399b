/* decide/explain_condition.c: one condition, wherever it stands: what became of it, its text with the values read, what it
 * is missing, and the values by name. Also for the conditions of rules, seen while an entry is applied. */
#include "decide/deciding.h"
#include "decide/explained.h"

#include "decide/text.h"

#include <stdio.h>

#define VALUES_MAX 64u

struct collecting {
	struct deciding *d;
	struct explained_condition *into;
};

/* A term_leaf that writes nothing: each leaf once, by the name that explanations give it. */
static void collect(void *arg, const struct term *leaf, struct bytes *out)
{
	struct collecting *c = arg;
	struct deciding *d = c->d;
	struct explained_condition *x = c->into;
	struct bytes name = { 0 };
	uint8_t member = d->e->member;
	term_text(leaf, d->m->pack, &name);
	bool known = x->value_count >= VALUES_MAX;
	for (unsigned i = 0; i < x->value_count && !known; i++)
		known = slice_equal(x->values[i].name, bytes_slice(&name));
	if (!known) {
		struct value v = eval_term(d->e, leaf);
		if (v.kind == VALUE_STRING)
			v.string = arena_slice(&d->m->arena, v.string);
		x->values[x->value_count++] =
			(struct explained_value){ arena_slice(&d->m->arena, bytes_slice(&name)), v };
	}
	d->e->member = member;
	bytes_finish(&name);
}

/* Values are those of the member for whom the condition was asked; told only to who may hear them. */
void explain_values(struct deciding *d, const struct term *t, struct explained_condition *out)
{
	struct bytes ignored = { 0 };
	struct collecting c = { d, out };
	uint8_t member = d->e->member;
	if (!out->values)
		out->values = arena_alloc(&d->m->arena, VALUES_MAX * sizeof(*out->values));
	if (!member_is_private(d, member))
		term_render(t, d->m->pack, collect, &c, &ignored);
	d->e->member = member;
	bytes_finish(&ignored);
}

static struct slice text_of(struct deciding *d, const struct term *t)
{
	struct bytes b = { 0 };
	uint8_t member = d->e->member;
	term_render(t, d->m->pack, member_is_private(d, member) ? NULL : explain_leaf, d->e, &b);
	d->e->member = member;
	struct slice s = arena_slice(&d->m->arena, bytes_slice(&b));
	bytes_finish(&b);
	return s;
}

void explain_condition(struct deciding *d, const struct term *t, struct explained_condition *out)
{
	static const char *const states[] = { "held", "passed", "unknown" };
	struct eval *e = d->e;
	uint8_t member = e->member;
	*out = (struct explained_condition){ .state = "open" };
	if (!t)
		return;
	enum ternary held = eval_truth(e, t);
	uint8_t bound = e->member; /* by any_member, where it is true: its values are those of that member */
	out->state = states[held];
	out->text = text_of(d, t);
	explain_values(d, t, out);
	if (held != TERNARY_TRUE) {
		struct bytes b = { 0 };
		e->member = member;
		explain_missing(d, t, &b);
		out->missing = arena_slice(&d->m->arena, bytes_slice(&b));
		bytes_finish(&b);
	}
	e->member = bound;
}
