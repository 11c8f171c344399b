/* workbench/check_gates.c: conditions that can never hold, or always do, and comparisons of what cannot be compared. It
 * asks check_domain.c what values each side can have; what it cannot tell, it does not tell.
 *
 * A condition of several parts that must all hold is looked at as a whole too: bounds on one and the same term are
 * narrowed from part to part, and where nothing is left the parts contradict each other. An action's three gates count
 * as one such condition. */
#include "workbench/check_parts.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "workbench/coverage.h"

#include <math.h>
#include <stdio.h>

enum verdict { OPEN, NEVER, ALWAYS };

static enum verdict judge(struct check *c, const struct context *x, const struct term *t);

static struct tell_place place(const struct term *t)
{
	return (struct tell_place){ t->file, t->line, NULL };
}

static bool told_of(const struct check *c, const char *code, const struct term *t)
{
	for (unsigned i = 0; i < c->out->count; i++) {
		const struct finding *f = &c->out->list[i];
		if (f->line == t->line && strcmp(f->code, code) == 0 && strcmp(f->file, t->file) == 0)
			return true;
	}
	return false;
}

static enum verdict never(struct check *c, const struct term *t, const char *why, const char *mend)
{
	if (told_of(c, "gap-never-known", t)) /* the loader knows what to do about it */
		return NEVER;
	tell(c, FINDING_ERROR, "never-holds", place(t), mend, "`%s` can never hold: %s", text_of(c, t), why);
	return NEVER;
}

static enum verdict always(struct check *c, const struct term *t, const char *why)
{
	tell(c, FINDING_WARNING, "always-holds", place(t), "correct the bound, or leave the condition out",
	     "`%s` always holds: %s", text_of(c, t), why);
	return ALWAYS;
}

static const char *why_text(struct check *c, const struct term *t, const struct domain *d)
{
	return arena_printf(&c->arena, "%s %s", text_of(c, t), domain_text(c, d)).data;
}

/* The series behind a gap, through facts and arithmetic; NULL: there is none. */
static const struct term *gap_within(const struct check *c, const struct term *t)
{
	const struct term *part, *found = NULL;
	if (t->op == TERM_SERIES && t->series.aggregate == AGGREGATE_SINCE)
		return t;
	for (unsigned i = 0; !found && (part = term_part(t, c->pack, i)) != NULL; i++)
		found = gap_within(c, part);
	return found;
}

static const char *mend_never(struct check *c, const struct term *t, const struct domain *d)
{
	const struct term *gap = gap_within(c, t);
	if (gap && !isinf(d->high))
		return arena_printf(&c->arena,
				    "say keep = \"ever\" in series \"%s\": its gaps are not known beyond what it keeps",
				    c->pack->series[gap->series.index].name->data)
			.data;
	return "correct the bound";
}

static bool numeric(const struct domain *d)
{
	return d->type == SCHEMA_NUMBER || d->type == SCHEMA_TIME || d->type == SCHEMA_ANY;
}

static enum verdict wrong_type(struct check *c, const struct term *t, const char *what, const char *mend)
{
	tell(c, FINDING_ERROR, "wrong-type", place(t), mend, "`%s`: %s", text_of(c, t), what);
	return OPEN;
}

#define SECONDS_LEAST 1e8 /* 1973, of seconds; of milliseconds the second of January 1970 */
#define SECONDS_MOST 1e11

/* The difference of two points in time, which nothing has divided yet. */
static bool is_difference(struct check *c, const struct context *x, const struct term *t)
{
	while (t->op == TERM_FACT || t->op == TERM_OR_ELSE)
		t = t->op == TERM_FACT ? c->pack->facts[t->fact].term : t->children[0];
	if (t->op != TERM_SUB)
		return false;
	return domain_of(c, x, t->children[0]).type == SCHEMA_TIME && domain_of(c, x, t->children[1]).type == SCHEMA_TIME;
}

/* What is compared with a constant in another unit than its own; NULL: nothing. */
static const char *other_unit(struct check *c, const struct context *x, const struct term *left, const struct domain *a,
			      const struct term *right, const char **mend)
{
	if (right->op != TERM_LITERAL || right->literal.kind != VALUE_NUMBER)
		return NULL;
	double n = right->literal.number;
	*mend = "take the seconds in between: (x - now()) / 1000";
	if (a->type == SCHEMA_TIME && right->duration)
		return "a point in time is compared with a length of time";
	if (right->duration && is_difference(c, x, left))
		return "the difference of two points in time is in milliseconds, and is compared with seconds";
	*mend = "write milliseconds";
	if (a->type == SCHEMA_TIME && n >= SECONDS_LEAST && n <= SECONDS_MOST)
		return "a point in time is UTC milliseconds, and is compared with what looks like seconds";
	return NULL;
}

/* a OP b of numbers. */
static enum verdict judge_order(struct check *c, const struct context *x, const struct term *t)
{
	const struct term *left = t->children[0], *right = t->children[1];
	struct domain a = domain_of(c, x, left), b = domain_of(c, x, right);
	if (!numeric(&a) || !numeric(&b)) {
		bool of_left = !numeric(&a);
		return wrong_type(c, t, why_text(c, of_left ? left : right, of_left ? &a : &b),
				  "compare it with :is, or one_of");
	}
	const char *mend, *unit = other_unit(c, x, left, &a, right, &mend);
	if (unit)
		return wrong_type(c, t, unit, mend);
	bool strict = t->op == TERM_ABOVE || t->op == TERM_BELOW, up = t->op == TERM_ABOVE || t->op == TERM_AT_LEAST;
	double most = up ? a.high : b.high, least = up ? b.low : a.low; /* holds only if most > least */
	double low = up ? a.low : b.low, high = up ? b.high : a.high;   /* holds surely if low > high */
	if (most < least || (strict && most == least))
		return never(c, t, why_text(c, a.fixed ? right : left, a.fixed ? &b : &a), mend_never(c, left, &a));
	if ((low > high || (!strict && low == high)) && !isinf(low) && !isinf(high))
		return always(c, t, why_text(c, a.fixed ? right : left, a.fixed ? &b : &a));
	return OPEN;
}

static enum verdict judge_between(struct check *c, const struct context *x, const struct term *t)
{
	struct domain a = domain_of(c, x, t->children[0]), low = domain_of(c, x, t->children[1]),
		      high = domain_of(c, x, t->children[2]);
	if (!numeric(&a))
		return wrong_type(c, t, why_text(c, t->children[0], &a), "compare it with :is, or one_of");
	if (a.high < low.low || a.low > high.high || low.low > high.high)
		return never(c, t, why_text(c, t->children[0], &a), mend_never(c, t->children[0], &a));
	if (!isinf(a.low) && !isinf(a.high) && a.low >= low.high && a.high <= high.low)
		return always(c, t, why_text(c, t->children[0], &a));
	return OPEN;
}

static bool value_in(const struct domain *d, const struct value *v)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->one_of[i].kind == v->kind &&
		    (v->kind == VALUE_STRING ? slice_equal(d->one_of[i].string, v->string)
					     : d->one_of[i].number == v->number))
			return true;
	return d->count == 0;
}

static const char *mend_value(struct check *c, const struct domain *d, const struct value *v)
{
	const char **names = arena_calloc(&c->arena, d->count + 1, sizeof(*names));
	for (unsigned i = 0, n = 0; i < d->count; i++)
		if (d->one_of[i].kind == VALUE_STRING)
			names[n++] = arena_slice(&c->arena, d->one_of[i].string).data;
	if (v->kind != VALUE_STRING)
		return "correct the value, or add it to one_of";
	return mend_by_name(c, arena_slice(&c->arena, v->string).data, names, "correct the value, or add it to one_of");
}

/* Whether a term can be equal to a literal. Says why not. */
static bool can_be(struct check *c, const struct term *t, const struct term *term, const struct domain *d,
		   const struct term *literal)
{
	const struct value *v = &literal->literal;
	bool text = v->kind == VALUE_STRING, count = v->kind == VALUE_NUMBER;
	bool other = (text && d->type != SCHEMA_STRING) ||
		     (count && d->type != SCHEMA_NUMBER && d->type != SCHEMA_TIME) ||
		     (v->kind == VALUE_BOOL && d->type != SCHEMA_BOOLEAN);
	if (d->type == SCHEMA_ANY || literal->hole)
		return true;
	if (other) {
		wrong_type(c, t,
			   arena_printf(&c->arena, "%s %s, and %s is not", text_of(c, term), domain_text(c, d),
					text_of(c, literal))
				   .data,
			   "compare it with what it can be");
		return false;
	}
	if (!value_in(d, v)) {
		tell(c, FINDING_ERROR, "impossible-value", place(t), mend_value(c, d, v), "`%s`: %s is never %s: it %s",
		     text_of(c, t), text_of(c, term), text_of(c, literal), domain_text(c, d));
		return false;
	}
	if (count && (v->number < d->low || v->number > d->high)) {
		tell(c, FINDING_ERROR, "impossible-value", place(t), "correct the value", "`%s`: %s is never %s: it %s",
		     text_of(c, t), text_of(c, term), text_of(c, literal), domain_text(c, d));
		return false;
	}
	return true;
}

static enum verdict judge_equal(struct check *c, const struct context *x, const struct term *t)
{
	const struct term *a = t->children[0], *b = t->children[1];
	struct domain da = domain_of(c, x, a), db = domain_of(c, x, b);
	bool possible = true;
	if (b->op == TERM_LITERAL)
		possible = can_be(c, t, a, &da, b);
	else if (a->op == TERM_LITERAL)
		possible = can_be(c, t, b, &db, a);
	else if (da.type != SCHEMA_ANY && db.type != SCHEMA_ANY && da.type != db.type &&
		 !(numeric(&da) && numeric(&db))) {
		wrong_type(c, t, arena_printf(&c->arena, "%s, and %s", why_text(c, a, &da), why_text(c, b, &db)).data,
			   "compare it with what it can be");
		possible = false;
	}
	if (possible)
		return OPEN;
	return t->op == TERM_IS ? NEVER : ALWAYS;
}

static enum verdict judge_one_of(struct check *c, const struct context *x, const struct term *t)
{
	struct domain d = domain_of(c, x, t->children[0]);
	unsigned possible = 0;
	for (unsigned i = 1; i < t->child_count; i++)
		possible += t->children[i]->op != TERM_LITERAL || can_be(c, t, t->children[0], &d, t->children[i]);
	return possible ? OPEN : NEVER;
}

/* :has looks for a word in a text. */
static enum verdict judge_has(struct check *c, const struct context *x, const struct term *t)
{
	struct domain d = domain_of(c, x, t->children[0]);
	if (d.type == SCHEMA_ANY || d.type == SCHEMA_STRING)
		return OPEN;
	return wrong_type(c, t, why_text(c, t->children[0], &d), "compare it with :is");
}

static enum verdict judge_alert(struct check *c, const struct term *t)
{
	const struct pack *p = c->pack;
	int i = pack_rule(p, t->name);
	if (i >= 0 && !p->rules[i].has_alert && p->rules[i].run == TERM_NO_FUNCTION)
		return never(c, t, "that rule raises no alert", "give the rule alert = { … }, or name another");
	return OPEN;
}

static enum verdict judge_list(struct check *c, const struct context *x, const struct term *t)
{
	unsigned nevers = 0, alwayses = 0, n = t->child_count;
	for (unsigned i = 0; i < n; i++) {
		enum verdict v = judge(c, x, t->children[i]);
		nevers += v == NEVER;
		alwayses += v == ALWAYS;
	}
	if (t->op == TERM_ALL)
		return nevers ? NEVER : alwayses == n ? ALWAYS : OPEN;
	if (t->op == TERM_ANY)
		return alwayses ? ALWAYS : nevers == n ? NEVER : OPEN;
	return alwayses ? NEVER : nevers == n ? ALWAYS : OPEN;
}

static enum verdict judge_series(struct check *c, const struct term *t)
{
	bool of_one = t->series.aggregate == AGGREGATE_RUN || t->series.aggregate == AGGREGATE_DISTINCT;
	if (t->series.all_keys && of_one && c->pack->series[t->series.index].by_count)
		return never(c, t, "over all keys it is never known", "choose one by :with { … }");
	return OPEN;
}

/* What a function gives may be nil, which nobody can tell. */
static bool calls(const struct check *c, const struct term *t)
{
	const struct term *part;
	if (t->op == TERM_CALL)
		return true;
	for (unsigned i = 0; (part = term_part(t, c->pack, i)) != NULL; i++)
		if (calls(c, part))
			return true;
	return false;
}

static enum verdict judge_known(struct check *c, const struct term *t)
{
	const struct term *of = t->children[0];
	if (of->hole || calls(c, of) || term_may_be_unknown(c->pack, of, true))
		return OPEN;
	return always(c, t, "it is never unknown");
}

/* Values within a condition: what can never be known makes it one that never holds. */
static void judge_values(struct check *c, const struct context *x, const struct term *t)
{
	if (t->op == TERM_SERIES)
		judge_series(c, t);
}

static enum verdict judge(struct check *c, const struct context *x, const struct term *t)
{
	switch (t->op) {
	case TERM_ABOVE:
	case TERM_BELOW:
	case TERM_AT_LEAST:
	case TERM_AT_MOST:
		return judge_order(c, x, t);
	case TERM_BETWEEN:
		return judge_between(c, x, t);
	case TERM_IS:
	case TERM_IS_NOT:
		return judge_equal(c, x, t);
	case TERM_ONE_OF:
		return judge_one_of(c, x, t);
	case TERM_HAS:
		return judge_has(c, x, t);
	case TERM_KNOWN:
		return judge_known(c, t);
	case TERM_ALL:
	case TERM_ANY:
	case TERM_NO:
		return judge_list(c, x, t);
	case TERM_ANY_MEMBER:
		return judge(c, x, t->children[0]);
	case TERM_FACT:
		return judge(c, x, c->pack->facts[t->fact].term);
	case TERM_ASKED:
		if (x->action && !x->action->ask_count && !x->action->group)
			return never(c, t, "the action has neither asks nor group, so nothing asks for it",
				     "give it asks = { \"topic\" }");
		return OPEN;
	case TERM_OPEN_ALERT:
		return judge_alert(c, t);
	default:
		return OPEN;
	}
}

/* Contradictions. */

#define BOUNDS_MAX 64
struct bound {
	const char *text;        /* of the term that is bounded */
	struct domain left;      /* what the parts before leave of it */
	bool above, below;       /* the ends are not among it */
	const struct term *last; /* the part that narrowed it */
};
struct bounds {
	struct bound list[BOUNDS_MAX];
	unsigned count;
	bool told;
};

static struct bound *bound_of(struct check *c, const struct context *x, struct bounds *all, const struct term *t)
{
	while (t->op == TERM_FACT)
		t = c->pack->facts[t->fact].term;
	const char *text = text_of(c, t);
	for (unsigned i = 0; i < all->count; i++)
		if (strcmp(all->list[i].text, text) == 0)
			return &all->list[i];
	if (all->count == BOUNDS_MAX)
		return NULL;
	struct bound *b = &all->list[all->count++];
	*b = (struct bound){ .text = text, .left = domain_of(c, x, t) };
	return b;
}

static void narrow(struct bound *b, double low, bool above, double high, bool below)
{
	if (low > b->left.low || (low == b->left.low && above)) {
		b->left.low = low;
		b->above = above;
	}
	if (high < b->left.high || (high == b->left.high && below)) {
		b->left.high = high;
		b->below = below;
	}
}

static void keep_values(struct check *c, struct bound *b, const struct term *t)
{
	struct value *list = arena_calloc(&c->arena, t->child_count, sizeof(*list));
	unsigned n = 0;
	for (unsigned i = 1; i < t->child_count; i++)
		if (t->children[i]->op == TERM_LITERAL && value_in(&b->left, &t->children[i]->literal))
			list[n++] = t->children[i]->literal;
	b->left.one_of = list;
	b->left.count = n;
}

static void drop_value(struct check *c, struct bound *b, const struct value *v)
{
	struct domain one = { .one_of = v, .count = 1 };
	struct value *list = arena_calloc(&c->arena, b->left.count + 1, sizeof(*list));
	unsigned n = 0;
	for (unsigned i = 0; i < b->left.count; i++)
		if (!value_in(&one, &b->left.one_of[i]))
			list[n++] = b->left.one_of[i];
	b->left.one_of = list;
	b->left.count = n;
}

/* False where nothing is left. Only comparisons with constants narrow. */
static bool narrow_by(struct check *c, struct bound *b, const struct term *t)
{
	const struct term *right = t->op == TERM_KNOWN ? NULL : t->children[1];
	bool text = right && right->literal.kind == VALUE_STRING, closed = b->left.count > 0;
	double n = right && right->literal.kind == VALUE_NUMBER ? right->literal.number : 0;
	if (!right || right->op != TERM_LITERAL || right->hole)
		return true;
	switch (t->op) {
	case TERM_ABOVE:
	case TERM_AT_LEAST:
		narrow(b, n, t->op == TERM_ABOVE, HUGE_VAL, false);
		break;
	case TERM_BELOW:
	case TERM_AT_MOST:
		narrow(b, -HUGE_VAL, false, n, t->op == TERM_BELOW);
		break;
	case TERM_BETWEEN:
		narrow(b, n, false, t->children[2]->op == TERM_LITERAL ? t->children[2]->literal.number : HUGE_VAL,
		       false);
		break;
	case TERM_IS:
	case TERM_ONE_OF:
		if (text) {
			keep_values(c, b, t);
			return b->left.count > 0;
		}
		if (t->op == TERM_IS && right->literal.kind == VALUE_NUMBER)
			narrow(b, n, false, n, false);
		break;
	default:
		if (text && closed) {
			drop_value(c, b, &right->literal);
			return b->left.count > 0;
		}
	}
	return b->left.low < b->left.high || (b->left.low == b->left.high && !b->above && !b->below);
}

static void collect(struct check *c, const struct context *x, struct bounds *all, const struct term *t)
{
	while (t->op == TERM_FACT)
		t = c->pack->facts[t->fact].term;
	if (t->op == TERM_ALL)
		for (unsigned i = 0; i < t->child_count; i++)
			collect(c, x, all, t->children[i]);
	if (t->op < TERM_ABOVE || t->op > TERM_ONE_OF || t->children[0]->op == TERM_LITERAL || all->told)
		return;
	struct bound *b = bound_of(c, x, all, t->children[0]);
	if (!b)
		return;
	const struct term *before = b->last;
	bool left = narrow_by(c, b, t);
	b->last = t;
	if (left || !before)
		return; /* one part alone that leaves nothing is told by judge */
	all->told = true;
	tell(c, FINDING_ERROR, "contradiction", place(t), "write any { … } if either is enough, or correct one of them",
	     "`%s` and `%s` (%s:%d) can never hold together", text_of(c, t), text_of(c, before), before->file,
	     before->line);
}

static void contradictions(struct check *c, const struct context *x, const struct term *t)
{
	struct bounds all = { .count = 0 };
	if (t->op == TERM_ALL)
		collect(c, x, &all, t);
	for (unsigned i = 0; i < t->child_count && t->op >= TERM_ALL; i++)
		contradictions(c, x, t->children[i]);
}

static void judge_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, judge_values);
	if (!r->gate)
		return;
	judge(c, x, r->term);
	contradictions(c, x, r->term);
}

static void collect_gates(struct check *c, const struct context *x, struct bounds *all,
			  const struct term *const gates[3])
{
	for (size_t k = 0; k < 3; k++)
		if (gates[k])
			collect(c, x, all, gates[k]);
}

/* With the gates of its goal and group, which are asked before its own. */
static void judge_actions(struct check *c)
{
	for (unsigned i = 0; i < c->pack->action_count; i++) {
		const struct action_decl *a = &c->pack->actions[i];
		const struct term *const gates[] = { a->eligible, a->applicable, a->suitable };
		struct context x = { .decision = true, .action = a };
		struct bounds all = { .count = 0 };
		for (unsigned k = 0; k < a->above_count; k++) {
			const struct gates *g = &c->pack->above[a->above[k]].gates;
			const struct term *const above[] = { g->eligible, g->applicable, g->suitable };
			collect_gates(c, &x, &all, above);
		}
		collect_gates(c, &x, &all, gates);
	}
}

void check_gates(struct check *c)
{
	each_root(c, judge_root);
	judge_actions(c);
}
