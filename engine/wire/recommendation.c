/* wire/recommendation.c: a Recommendation, framed as an answer, or bare for the journal and inside a nudge's alert. */
#include "wire/response.h"

#include "wire/decision.h"
#include "wire/envelope.h"

static void put_choice(struct bytes *out, const struct wire_choice *c)
{
	size_t mark = put_begin(out, 3);
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
	put_end(out, mark);
}

void recommendation_encode(const struct wire_recommendation *r, struct bytes *out)
{
	char decision[DECISION_TEXT_BYTES];
	if (r->decision_boot || r->decision_count)
		put_text(out, 1, decision_format(r->decision_boot, r->decision_count, decision));
	put_text(out, 2, r->customer);
	for (size_t i = 0; i < r->choice_count; i++)
		put_choice(out, &r->choices[i]);
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
}

void response_recommendation(struct bytes *out, uint64_t request_id, const struct wire_recommendation *r)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RECOMMENDATION);
	recommendation_encode(r, out);
	envelope_end(out, e);
}
