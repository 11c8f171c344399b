/* history/tell.c: see tell.h. */
#include "history/tell.h"

#include "decide/relationship.h"
#include "state/scores.h"

void tell_condition(const struct explained_condition *c, struct arena *arena, struct wire_condition *out)
{
	struct wire_fact *values = arena_alloc(arena, (c->value_count + 1) * sizeof(values[0]));
	for (unsigned i = 0; i < c->value_count; i++)
		values[i] = (struct wire_fact){ .name = c->values[i].name, .value = c->values[i].value };
	*out = (struct wire_condition){ .name = c->name,
					.state = slice_of(c->state),
					.text = c->text,
					.missing = c->missing,
					.values = values,
					.value_count = c->value_count };
}

static const struct wire_condition *tell_conditions(const struct explained_condition *items, unsigned count,
						    struct arena *arena)
{
	struct wire_condition *out = arena_alloc(arena, (count + 1) * sizeof(out[0]));
	for (unsigned i = 0; i < count; i++)
		tell_condition(&items[i], arena, &out[i]);
	return out;
}

static void tell_action(const struct explained_action *x, struct arena *arena, struct wire_explained *out)
{
	*out = (struct wire_explained){
		.action = str_slice(x->action->name),
		.goal = str_slice(x->action->goal),
		.group = str_slice(x->action->group),
		.rank = x->rank,
		.gate = slice_of(x->gate),
		.member = x->member,
		.to_win = x->to_win,
		.gates = tell_conditions(x->gates, x->gate_count, arena),
		.gate_count = x->gate_count,
		.policies = tell_conditions(x->policies, x->policy_count, arena),
		.policy_count = x->policy_count,
		.contexts = tell_conditions(x->contexts, x->context_count, arena),
		.context_count = x->context_count,
		.score = x->score,
		.propensity = x->propensity,
		.value = x->value,
		.context = x->context,
		.lever = x->lever,
		.customer_value = x->customer_value,
		.business_value = x->business_value,
		.customer_unknown = x->customer_unknown,
		.business_unknown = x->business_unknown,
	};
}

void tell_actions(const struct decision *d, struct arena *arena, struct wire_recommendation *out)
{
	if (!d->explained_count)
		return;
	struct wire_explained *actions = arena_alloc(arena, d->explained_count * sizeof(actions[0]));
	for (unsigned i = 0; i < d->explained_count; i++)
		tell_action(&d->explained[i], arena, &actions[i]);
	out->actions = actions;
	out->action_count = d->explained_count;
	out->balance = d->balance;
}

static const struct wire_next *tell_next(const struct choice *c, struct arena *arena)
{
	struct wire_next *next = arena_alloc(arena, (c->next_count + 1) * sizeof(next[0]));
	for (unsigned i = 0; i < c->next_count; i++)
		next[i] = (struct wire_next){ .outcome = slice_of(outcome_name((enum outcome_kind)c->next[i].kind)),
					      .say = c->next[i].say,
					      .action = c->next[i].action ? str_slice(c->next[i].action->name)
									  : SLICE("") };
	return next;
}

static struct wire_offer tell_offer(const struct offer *o, struct arena *arena)
{
	struct event_attr *terms = arena_alloc(arena, (o->term_count + 1) * sizeof(terms[0]));
	for (unsigned i = 0; i < o->term_count; i++)
		terms[i] = (struct event_attr){ o->terms[i].name, o->terms[i].value };
	return (struct wire_offer){ .action = str_slice(o->action->name), .channel = o->channel, .terms = terms,
				    .term_count = o->term_count, .made_ms = o->made_ms, .until_ms = o->until_ms };
}

static const struct wire_offer *tell_offers(const struct offer *const *offers, unsigned count, struct arena *arena)
{
	struct wire_offer *out = arena_alloc(arena, (count + 1) * sizeof(out[0]));
	for (unsigned i = 0; i < count; i++)
		out[i] = tell_offer(offers[i], arena);
	return out;
}

static const struct wire_choice *tell_choices(const struct decision *d, struct arena *arena)
{
	struct wire_choice *choices = arena_alloc(arena, (d->choice_count + 1) * sizeof(choices[0]));
	for (unsigned i = 0; i < d->choice_count; i++) {
		const struct choice *c = &d->choices[i];
		choices[i] = (struct wire_choice){
			.action = str_slice(c->action->name),
			.goal = str_slice(c->action->goal),
			.group = str_slice(c->action->group),
			.say = c->say,
			.score = c->score,
			.propensity = c->propensity,
			.drawn = c->drawn,
			.value = c->value,
			.context = c->context,
			.lever = c->lever,
			.reasons = c->reasons,
			.reason_count = c->reason_count,
			.next = tell_next(c, arena),
			.next_count = c->next_count,
			.offer = c->offer ? tell_offers(&c->offer, 1, arena) : NULL,
		};
	}
	return choices;
}

static const struct wire_left_out *tell_left_out(const struct decision *d, struct arena *arena)
{
	struct wire_left_out *left = arena_alloc(arena, (d->left_out_count + 1) * sizeof(left[0]));
	for (unsigned i = 0; i < d->left_out_count; i++) {
		const struct left_out *l = &d->left_out[i];
		left[i] = (struct wire_left_out){ .until_ms = l->until_ms,
						  .action = str_slice(l->action->name),
						  .gate = slice_of(l->gate),
						  .reason = l->reason,
						  .unknown = l->unknown,
						  .score = l->score,
						  .propensity = l->propensity,
						  .value = l->value,
						  .context = l->context,
						  .lever = l->lever };
	}
	return left;
}

static const struct wire_told *tell_told(const struct decision *d, struct arena *arena)
{
	struct wire_told *out = arena_alloc(arena, (d->told_count + 1) * sizeof(out[0]));
	for (unsigned i = 0; i < d->told_count; i++)
		out[i] = (struct wire_told){ d->told[i].text, d->told[i].contact, d->told[i].time_ms };
	return out;
}

const struct wire_strain *tell_strain(const struct told_strain *s, struct arena *arena)
{
	if (!s)
		return NULL;
	struct wire_strain *out = arena_alloc(arena, sizeof(*out));
	struct wire_strain_part *parts = arena_alloc(arena, (s->part_count + 1) * sizeof(parts[0]));
	for (unsigned i = 0; i < s->part_count; i++)
		parts[i] = (struct wire_strain_part){ s->parts[i].name, s->parts[i].say, s->parts[i].points };
	*out = (struct wire_strain){ .score = s->score, .level = s->level, .suggestion = s->say, .parts = parts,
				     .part_count = s->part_count, .actions = s->actions };
	return out;
}

static struct wire_trend trend_of(struct relationship_change c)
{
	return (struct wire_trend){ c.known, c.by };
}

static struct wire_relationship *tell_relationship(const struct relationship_view *v, struct arena *arena)
{
	if (!v)
		return NULL;
	struct wire_relationship *out = arena_alloc(arena, sizeof(*out));
	struct wire_relationship_part *parts = arena_alloc(arena, (v->part_count + 1) * sizeof(parts[0]));
	for (unsigned i = 0; i < v->part_count; i++) {
		const struct relationship_part_view *p = &v->parts[i];
		parts[i] = (struct wire_relationship_part){ .name = p->name, .weight = p->weight, .known = p->known,
							    .value = p->value, .month = trend_of(p->month),
							    .contact = trend_of(p->contact) };
	}
	*out = (struct wire_relationship){ .known = v->known, .score = v->score, .share = v->share,
					   .month = trend_of(v->month), .contact = trend_of(v->contact),
					   .since_ms = v->since_ms, .contact_ms = v->contact_ms,
					   .growth_known = v->growth_known, .growth = v->growth, .currency = v->currency,
					   .parts = parts, .part_count = v->part_count };
	return out;
}

void tell_decision(const struct decision *d, struct arena *arena, struct wire_recommendation *out)
{
	struct wire_answer *answers = arena_alloc(arena, (d->answer_count + 1) * sizeof(answers[0]));
	for (unsigned i = 0; i < d->answer_count; i++)
		answers[i] = (struct wire_answer){ d->answers[i].question, d->answers[i].text };
	*out = (struct wire_recommendation){
		.fallback = d->fallback,
		.control = d->control,
		.fallback_reason = slice_of(d->fallback_reason),
		.choices = tell_choices(d, arena),
		.choice_count = d->choice_count,
		.answers = answers,
		.answer_count = d->answer_count,
		.left_out = tell_left_out(d, arena),
		.left_out_count = d->left_out_count,
		.offers = tell_offers(d->offers, d->offer_count, arena),
		.offer_count = d->offer_count,
		.cautions = d->cautions,
		.caution_count = d->caution_count,
		.opening = d->opening,
		.told = tell_told(d, arena),
		.told_count = d->told_count,
		.guidelines = d->guidelines,
		.guideline_count = d->guideline_count,
		.avoid = d->avoid,
		.avoid_count = d->avoid_count,
		.relationship = tell_relationship(d->relationship, arena),
		.expects = d->expected,
		.expect_count = d->expected_count,
		.strain = tell_strain(d->strain, arena),
	};
	tell_actions(d, arena, out);
}

/* The scores that are kept of the pack's relationship as it is now. */
static const struct wire_past_score *past_scores(struct machine *m, const struct record *r, size_t *count)
{
	struct items kept = items_of(r, ITEM_SCORE, m->pack->relations->relationship.id);
	struct wire_past_score *out = arena_alloc(&m->arena, (kept.count + 1) * sizeof(out[0]));
	for (unsigned i = 0; i < kept.count; i++)
		out[i] = (struct wire_past_score){ kept.items[i].time_ms, (double)kept.items[i].numbers[SCORE_VALUE] / 1e6 };
	*count = kept.count;
	return out;
}

void tell_customer(struct machine *m, const struct record *r, int64_t now_ms, struct wire_names *out)
{
	struct relationship_view v;
	struct slice *expected = arena_alloc(&m->arena, LIMIT_EXPECTED * sizeof(*expected));
	unsigned count;
	if (!machine_relationship(m, r, now_ms, &v, expected, &count))
		return;
	if (v.part_count) {
		struct wire_relationship *told = tell_relationship(&v, &m->arena);
		told->past = past_scores(m, r, &told->past_count);
		out->relationship = told;
	}
	out->expects = expected;
	out->expect_count = count;
}
