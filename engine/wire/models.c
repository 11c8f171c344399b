/* wire/models.c: Models and ModelReset, framed. */
#include "wire/models.h"

#include "wire/envelope.h"

static void put_cell(struct bytes *out, uint32_t field, const struct wire_cell *c)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, c->segment);
	put_number(out, 2, c->trials);
	put_number(out, 3, c->accepted);
	put_double(out, 4, c->recent_trials);
	put_double(out, 5, c->recent_accepted);
	put_double(out, 6, c->propensity);
	put_double(out, 7, c->deviation);
	put_double(out, 8, c->evidence);
	put_end(out, mark);
}

static void put_bin(struct bytes *out, uint32_t field, const struct model_bin *b)
{
	size_t mark = put_begin(out, field);
	put_number(out, 1, b->trials);
	put_number(out, 2, b->accepted);
	put_double(out, 3, b->trials ? (double)b->expected_ppm / 1e6 / (double)b->trials : 0);
	put_end(out, mark);
}

static void put_model(struct bytes *out, uint32_t field, const struct wire_model *m)
{
	size_t mark = put_begin(out, field);
	put_text(out, 1, m->action);
	put_text(out, 2, m->goal);
	put_double(out, 3, m->start);
	put_double(out, 4, m->evidence);
	put_double(out, 5, m->strength);
	put_number(out, 6, (uint64_t)m->half_life_ms);
	put_double(out, 7, m->explore);
	put_texts(out, 8, m->by, m->by_count);
	put_number(out, 9, (uint64_t)m->since_ms);
	put_number(out, 10, m->seq);
	put_cell(out, 11, &m->own);
	for (size_t i = 0; i < m->segment_count; i++)
		put_cell(out, 12, &m->segments[i]);
	put_number(out, 13, m->control_trials);
	put_number(out, 14, m->control_accepted);
	put_number(out, 15, m->late);
	put_number(out, 16, m->crowded);
	for (unsigned i = 0; i < MODEL_BINS; i++)
		put_bin(out, 17, &m->bins[i]);
	put_end(out, mark);
}

void response_models(struct bytes *out, uint64_t request_id, const struct wire_models *m)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_MODELS);
	put_text(out, 1, m->pack);
	put_text(out, 2, m->hash);
	put_double(out, 3, m->explore);
	put_double(out, 4, m->control);
	put_number(out, 5, (uint64_t)m->time_ms);
	for (size_t i = 0; i < m->count; i++)
		put_model(out, 6, &m->models[i]);
	envelope_end(out, e);
}

void response_model_reset(struct bytes *out, uint64_t request_id, const struct wire_model *forgotten, uint64_t seq)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_MODEL_RESET);
	put_model(out, 1, forgotten);
	put_number(out, 2, seq);
	envelope_end(out, e);
}
