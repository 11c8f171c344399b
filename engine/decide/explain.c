/* decide/explain.c: why: the conditions of what was chosen, and the gate at which everything else fell, each with the
 * values read. What a gate that stayed shut is missing is put into words by missing.c. */
#include "decide/sharing.h"
#include "decide/learn.h"
#include "decide/spending.h"
#include "decide/text.h"

#define REASONS_MAX 16

void explain_leaf(void *arg, const struct term *leaf, struct bytes *out)
{
	struct eval *e = arg;
	uint8_t member = e->member;
	struct value v = eval_term(e, leaf);
	e->member = member;
	if (v.kind == VALUE_BOOL) {
		bytes_printf(out, v.boolean ? " (yes)" : " (no)");
		return;
	}
	bytes_put_u8(out, ' ');
	value_explain(v, out);
}

static struct slice taken(struct eval *e, struct bytes *b)
{
	struct slice s = arena_slice(&e->m->arena, bytes_slice(b));
	bytes_finish(b);
	return s;
}

/* A condition with the values read, from the pieces made at load where it has them. */
static struct slice rendered(struct eval *e, const struct term *t, bool with_values)
{
	const struct term_text *text = t->text;
	struct bytes *b = &e->text;
	if (text && !with_values)
		return text->whole;
	bytes_clear(b);
	if (!text) {
		term_render(t, e->m->pack, with_values ? explain_leaf : NULL, e, b);
		return arena_slice(&e->m->arena, bytes_slice(b));
	}
	for (unsigned i = 0; i < text->part_count; i++) {
		bytes_put(b, text->parts[i].text.data, text->parts[i].text.len);
		if (text->parts[i].leaf)
			explain_leaf(e, text->parts[i].leaf, b);
	}
	return arena_slice(&e->m->arena, bytes_slice(b));
}

static void reason_add(struct choice *c, struct slice reason)
{
	if (reason.len && c->reason_count < REASONS_MAX)
		c->reasons[c->reason_count++] = reason;
}

/* A true condition: every part of `all`, the part of `any` that was true. */
static void reasons_of(struct deciding *d, struct choice *c, const struct term *t)
{
	uint8_t member = d->e->member;
	if (t->op == TERM_ALL) {
		for (unsigned i = 0; i < t->child_count; i++)
			reasons_of(d, c, t->children[i]);
		return;
	}
	if (t->op == TERM_ANY) {
		for (unsigned i = 0; i < t->child_count; i++) {
			bool held = eval_is_true(eval_term(d->e, t->children[i]));
			d->e->member = member;
			if (held) {
				reasons_of(d, c, t->children[i]);
				return;
			}
		}
	}
	bool visible = !member_is_private(d, member) || (shares_anything(d->e) && term_may_be_seen(d->e, t));
	reason_add(c, rendered(d->e, t, visible));
}

static void level_reasons(struct deciding *d, struct choice *c, const struct level_decl *l)
{
	for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
		d->e->member = c->member;
		if (level_term(l, g))
			reasons_of(d, c, level_term(l, g));
	}
}

void explain_choices(struct deciding *d)
{
	for (unsigned i = 0; i < d->out->choice_count; i++) {
		struct choice *c = &d->out->choices[i];
		const struct score *score = &d->verdicts[d->best[i]].score;
		c->reasons = arena_alloc(&d->m->arena, REASONS_MAX * sizeof(*c->reasons));
		d->e->action = c->action;
		for (unsigned k = 0; k < c->action->above_count; k++)
			level_reasons(d, c, &d->m->pack->above[c->action->above[k]]);
		for (enum gate g = GATE_ELIGIBLE; g <= GATE_SUITABLE; g++) {
			const struct term *t = gate_term(c->action, g);
			d->e->member = c->member;
			if (t)
				reasons_of(d, c, t);
		}
		reason_add(c, propensity_reason(d, c->action, score));
		if (score->customer_unknown)
			reason_add(c, SLICE("customer value unknown: counted as 0"));
		if (score->business_unknown)
			reason_add(c, SLICE("business value unknown: counted as 0"));
	}
	d->e->action = NULL;
}

/* "consent_sms is unknown" */
static void explain_leaf_value(struct eval *e, const struct term *leaf, struct bytes *out)
{
	term_text(leaf, e->m->pack, out);
	struct value v = eval_term(e, leaf);
	bytes_printf(out, " is ");
	if (v.kind == VALUE_BOOL)
		bytes_printf(out, v.boolean ? "yes" : "no");
	else
		value_explain(v, out);
}

static struct slice policy_reason(struct deciding *d, const struct policy_decl *p, const struct action_decl *a)
{
	if (p->unless && eval_is_true(eval_term(d->e, p->unless))) {
		struct bytes b = { 0 };
		if (p->kind == POLICY_CONSENT) {
			bytes_printf(&b, "%.*s: ", SLICE_ARG(p->text));
			explain_leaf_value(d->e, p->unless->children[0]->children[0], &b);
			return taken(d->e, &b);
		}
		bytes_printf(&b, "held back while ");
		term_render(p->unless, d->m->pack, explain_leaf, d->e, &b);
		return taken(d->e, &b);
	}
	if (p->kind != POLICY_BUDGET)
		return p->text;
	struct bytes b = { 0 };
	bytes_printf(&b, "%.*s: ", SLICE_ARG(p->text));
	budget_text(d, p, a, &b);
	return taken(d->e, &b);
}

static struct slice reason_for(struct deciding *d, const struct action_decl *a, const struct verdict *v)
{
	const struct decision *out = d->out;
	struct bytes b = { 0 };
	d->e->action = a;
	d->e->member = v->member;
	switch (v->gate) {
	case GATE_CHANNEL:
		bytes_printf(&b, "not for channel %.*s; only", SLICE_ARG(d->channel));
		for (unsigned i = 0; i < a->channel_count; i++)
			bytes_printf(&b, "%s %s", i ? "," : "", a->channels[i]->data);
		return taken(d->e, &b);
	case GATE_GOAL:
		return arena_printf(&d->m->arena, "asked for%s%.*s%s%.*s only", d->ask->goal.len ? " goal " : "",
				    SLICE_ARG(d->ask->goal), d->ask->action.len ? " action " : "",
				    SLICE_ARG(d->ask->action));
	case GATE_POLICY:
		return policy_reason(d, &d->m->pack->policies[v->policy], a);
	case GATE_HOLDOUT:
		return arena_printf(&d->m->arena, "held out: this customer is one of the %.3g %% who are not recommended it unless "
				    "they ask, so that what it does can be told", 100 * a->holdout);
	case GATE_RANK:
		if (out->choice_count) {
			const struct choice *last = &out->choices[out->choice_count - 1];
			bytes_printf(&b, "behind %s with ", last->action->name->data);
			value_explain(value_number(last->score), &b);
		}
		return taken(d->e, &b);
	default:
		if (v->above) {
			const struct level_decl *l = &d->m->pack->above[v->above - 1];
			bytes_printf(&b, "%s %s: ", l->group ? "group" : "goal", l->name->data);
		}
		explain_missing(d, verdict_term(d, a, v), &b);
		return taken(d->e, &b);
	}
}

static int64_t until_of(struct deciding *d, const struct action_decl *a, const struct verdict *v)
{
	d->e->action = a;
	d->e->member = v->member;
	return action_until(d, a);
}

static void score_parts(const struct score *score, struct left_out *l)
{
	l->score = score->total;
	l->propensity = score->propensity;
	l->value = score->value;
	l->context = score->context;
	l->lever = score->lever;
}

void explain_left_out(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	struct decision *out = d->out;
	out->left_out = arena_alloc(&d->m->arena, (p->action_count + 1) * sizeof(*out->left_out));
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct verdict *v = &d->verdicts[i];
		if (v->gate == GATE_OPEN)
			continue;
		out->left_out[out->left_out_count++] = (struct left_out){
			.action = &p->actions[i],
			.gate = gate_name((enum gate)v->gate),
			.reason = reason_for(d, &p->actions[i], v),
			.unknown = v->unknown,
		};
		if (v->gate == GATE_POLICY)
			out->left_out[out->left_out_count - 1].until_ms = until_of(d, &p->actions[i], v);
		if (v->gate == GATE_RANK || v->gate == GATE_HOLDOUT)
			score_parts(&v->score, &out->left_out[out->left_out_count - 1]);
	}
	d->e->action = NULL;
}
