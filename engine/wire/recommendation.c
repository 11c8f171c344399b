/* wire/recommendation.c: a Recommendation, framed as an answer, or bare for the journal and inside a nudge's alert. */
#include "wire/response.h"

#include "wire/decision.h"
#include "wire/envelope.h"

void next_encode(const struct wire_next *n, struct bytes *out)
{
	put_text(out, 1, n->outcome);
	put_text(out, 2, n->say);
	put_text(out, 3, n->action);
}

static void put_offer(struct bytes *out, uint32_t field, const struct wire_offer *o)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, o->action);
	for (size_t i = 0; i < o->term_count; i++)
		put_attribute(out, 2, o->terms[i].name, o->terms[i].value);
	put_number(out, 3, (uint64_t)o->until_ms);
	put_number(out, 4, (uint64_t)o->made_ms);
	put_text(out, 5, o->channel);
	put_end(out, mark);
}

void choice_encode(struct bytes *out, uint32_t field, const struct wire_choice *c)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, c->action);
	put_text(out, 2, c->goal);
	put_text(out, 3, c->group);
	put_double(out, 4, c->score);
	put_double(out, 5, c->propensity);
	put_double(out, 6, c->value);
	put_double(out, 7, c->context);
	put_double(out, 8, c->lever);
	put_text(out, 9, c->say);
	put_texts(out, 10, c->reasons, c->reason_count);
	put_number(out, 11, c->drawn);
	for (size_t i = 0; i < c->next_count; i++) {
		size_t next = put_begin(out, 12);
		next_encode(&c->next[i], out);
		put_end(out, next);
	}
	if (c->offer)
		put_offer(out, 13, c->offer);
	put_end(out, mark);
}

static void put_answer(struct bytes *out, const struct wire_answer *a)
{
	size_t mark = put_begin(out, 4);
	put_text(out, 1, a->question);
	put_text(out, 2, a->text);
	put_end(out, mark);
}

static void put_left_out(struct bytes *out, const struct wire_left_out *l)
{
	size_t mark = put_begin(out, 5);
	put_text(out, 1, l->action);
	put_text(out, 2, l->gate);
	put_text(out, 3, l->reason);
	put_number(out, 4, l->unknown);
	put_double(out, 5, l->score);
	put_double(out, 6, l->propensity);
	put_double(out, 7, l->value);
	put_double(out, 8, l->context);
	put_double(out, 9, l->lever);
	put_number(out, 10, (uint64_t)l->until_ms);
	put_end(out, mark);
}

void condition_encode(struct bytes *out, uint32_t field, const struct wire_condition *c)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, c->name);
	put_text(out, 2, c->state);
	put_text(out, 3, c->text);
	put_text(out, 4, c->missing);
	for (size_t i = 0; i < c->value_count; i++) {
		size_t value = put_begin(out, 5);
		put_text(out, 1, c->values[i].name);
		put_text(out, 2, c->values[i].member);
		put_attribute(out, 3, c->values[i].name, c->values[i].value);
		put_end(out, value);
	}
	put_end(out, mark);
}

static void put_conditions(struct bytes *out, uint32_t field, const struct wire_condition *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		condition_encode(out, field, &items[i]);
}

static void put_explained(struct bytes *out, const struct wire_explained *x)
{
	size_t mark = put_begin(out, 13);
	put_text(out, 1, x->action);
	put_text(out, 2, x->goal);
	put_text(out, 3, x->group);
	put_number(out, 4, x->rank);
	put_text(out, 5, x->gate);
	put_text(out, 6, x->member);
	put_conditions(out, 7, x->gates, x->gate_count);
	put_conditions(out, 8, x->policies, x->policy_count);
	put_conditions(out, 9, x->contexts, x->context_count);
	put_double(out, 10, x->score);
	put_double(out, 11, x->propensity);
	put_double(out, 12, x->value);
	put_double(out, 13, x->context);
	put_double(out, 14, x->lever);
	put_double(out, 15, x->customer_value);
	put_double(out, 16, x->business_value);
	put_number(out, 17, x->customer_unknown);
	put_number(out, 18, x->business_unknown);
	put_text(out, 19, x->to_win);
	put_end(out, mark);
}

static void put_told(struct bytes *out, const struct wire_told *t)
{
	size_t mark = put_begin(out, 18);
	put_text(out, 1, t->text);
	put_number(out, 2, (uint64_t)t->time_ms);
	put_text(out, 3, t->contact);
	put_end(out, mark);
}

void strain_encode(struct bytes *out, uint32_t field, const struct wire_strain *s)
{
	size_t mark = put_begin(out, field);
	put_double(out, 1, s->score);
	put_text(out, 2, s->level);
	put_text(out, 3, s->suggestion);
	for (size_t i = 0; i < s->part_count; i++) {
		size_t part = put_begin(out, 4);
		put_text(out, 1, s->parts[i].name);
		put_double(out, 2, s->parts[i].points);
		put_text(out, 3, s->parts[i].say);
		put_end(out, part);
	}
	put_number(out, 5, s->actions);
	put_end(out, mark);
}

void recommendation_encode(const struct wire_recommendation *r, struct bytes *out)
{
	char decision[DECISION_TEXT_BYTES];
	if (r->decision_boot || r->decision_count)
		put_text(out, 1, decision_format(r->decision_boot, r->decision_count, decision));
	put_text(out, 2, r->customer);
	for (size_t i = 0; i < r->choice_count; i++)
		choice_encode(out, 3, &r->choices[i]);
	for (size_t i = 0; i < r->answer_count; i++)
		put_answer(out, &r->answers[i]);
	for (size_t i = 0; i < r->left_out_count; i++)
		put_left_out(out, &r->left_out[i]);
	put_number(out, 6, r->fallback);
	put_text(out, 7, r->fallback_reason);
	put_text(out, 8, r->pack_hash);
	put_number(out, 9, r->as_of_seq);
	put_number(out, 10, (uint64_t)r->time_ms);
	put_text(out, 11, r->channel);
	put_texts(out, 12, r->cautions, r->caution_count);
	for (size_t i = 0; i < r->action_count; i++)
		put_explained(out, &r->actions[i]);
	if (r->action_count)
		put_double(out, 14, r->balance);
	put_number(out, 15, r->control);
	for (size_t i = 0; i < r->offer_count; i++)
		put_offer(out, 16, &r->offers[i]);
	put_text(out, 17, r->opening);
	for (size_t i = 0; i < r->told_count; i++)
		put_told(out, &r->told[i]);
	put_texts(out, 19, r->guidelines, r->guideline_count);
	put_texts(out, 20, r->avoid, r->avoid_count);
	if (r->strain)
		strain_encode(out, 21, r->strain);
	if (r->relationship)
		relationship_encode(out, 22, r->relationship);
	put_texts(out, 23, r->expects, r->expect_count);
}

void response_recommendation(struct bytes *out, uint64_t request_id, const struct wire_recommendation *r)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RECOMMENDATION);
	recommendation_encode(r, out);
	envelope_end(out, e);
}

void response_explanation(struct bytes *out, uint64_t request_id, struct slice explanation)
{
	size_t frame = put_begin(out, 0);
	put_number(out, 1, request_id);
	put_text_always(out, RESPONSE_EXPLANATION, explanation);
	put_end(out, frame);
}
