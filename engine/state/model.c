/* state/model.c: see model.h. */
#include "state/model.h"

#include "base/limits.h"
#include "state/codec.h"
#include "state/inside.h"

#include <math.h>

static struct model *model_own(struct record *r)
{
	struct rare *rare = record_rare(r);
	if (!rare->model)
		rare->model = must_calloc(1, sizeof(*rare->model));
	return rare->model;
}

const struct model *record_model(const struct record *r)
{
	return r ? r->rare->model : NULL;
}

void model_destroy(struct model *m, struct strpool *pool)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->cell_count; i++)
		strpool_drop(pool, m->cells[i].segment);
	free(m->cells);
	free(m);
}

size_t model_bytes(const struct model *m)
{
	return m ? sizeof(*m) + m->cell_cap * sizeof(*m->cells) : 0;
}

static int64_t step_of(int64_t time_ms, int64_t step_ms)
{
	int64_t step = time_ms / step_ms;
	return step - (time_ms % step_ms < 0);
}

/* Where the segment is, or would be. */
static unsigned place_of(const struct model *m, struct slice segment, bool *found)
{
	unsigned low = 0, high = m->cell_count;
	while (low < high) {
		unsigned at = (low + high) / 2;
		int order = slice_compare(str_slice(m->cells[at].segment), segment);
		if (order == 0) {
			*found = true;
			return at;
		}
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	*found = false;
	return low;
}

const struct model_cell *model_segment(const struct model *m, struct slice segment)
{
	bool found;
	if (!m || !segment.len)
		return NULL;
	unsigned at = place_of(m, segment, &found);
	return found ? &m->cells[at] : NULL;
}

/* NULL: there are too many already. */
static struct model_cell *cell_of(struct model *m, struct strpool *pool, struct slice segment)
{
	bool found;
	unsigned at = place_of(m, segment, &found);
	if (found)
		return &m->cells[at];
	if (m->cell_count >= LIMIT_MODEL_SEGMENTS)
		return NULL;
	ARRAY_INSERT(m->cells, m->cell_count, m->cell_cap, at, LIMIT_MODEL_SEGMENTS);
	m->cells[at] = (struct model_cell){ .segment = text_take(pool, segment) };
	return &m->cells[at];
}

/* Buckets move up so that the first is of this step. */
static void cell_advance(struct model_cell *c, int64_t step)
{
	if (c->all_trials == 0) {
		c->newest = step;
		return;
	}
	if (step <= c->newest)
		return;
	uint64_t by = (uint64_t)step - (uint64_t)c->newest;
	unsigned n = by < MODEL_BUCKETS ? (unsigned)by : MODEL_BUCKETS;
	memmove(c->trials + n, c->trials, (MODEL_BUCKETS - n) * sizeof(c->trials[0]));
	memmove(c->accepted + n, c->accepted, (MODEL_BUCKETS - n) * sizeof(c->accepted[0]));
	memset(c->trials, 0, n * sizeof(c->trials[0]));
	memset(c->accepted, 0, n * sizeof(c->accepted[0]));
	c->newest = step;
}

/* False: older than what is remembered. It counts among all there ever were, in whatever order it came. */
static bool cell_add(struct model_cell *c, int64_t step, uint32_t trials, uint32_t accepted)
{
	cell_advance(c, step);
	c->all_trials += trials;
	c->all_accepted += accepted;
	uint64_t back = (uint64_t)c->newest - (uint64_t)step;
	if (back >= MODEL_BUCKETS)
		return false;
	c->trials[back] += trials;
	c->accepted[back] += accepted;
	return true;
}

/* The same outcomes in steps of another width: each bucket goes to where its middle lies. */
static void cell_rescale(struct model_cell *c, int64_t from_ms, int64_t to_ms)
{
	struct model_cell old = *c;
	*c = (struct model_cell){ .segment = old.segment };
	for (unsigned i = 0; i < MODEL_BUCKETS; i++) {
		if (!old.trials[i])
			continue;
		int64_t middle = (old.newest - (int64_t)i) * from_ms + from_ms / 2;
		cell_add(c, step_of(middle, to_ms), old.trials[i], old.accepted[i]);
	}
	c->all_trials = old.all_trials;
	c->all_accepted = old.all_accepted;
}

static int64_t step_ms_of(const struct model_prior *prior)
{
	int64_t ms = prior->half_life_ms / MODEL_STEPS_A_HALF_LIFE;
	return ms > 0 ? ms : 1;
}

/* As this pack wants it. */
static void model_fit(struct model *m, struct strpool *pool, const struct model_prior *prior)
{
	int64_t step_ms = step_ms_of(prior);
	if (m->by != prior->by) {
		for (unsigned i = 0; i < m->cell_count; i++)
			strpool_drop(pool, m->cells[i].segment);
		m->cell_count = 0;
		m->by = prior->by;
	}
	if (m->step_ms && m->step_ms != step_ms) {
		cell_rescale(&m->own, m->step_ms, step_ms);
		for (unsigned i = 0; i < m->cell_count; i++)
			cell_rescale(&m->cells[i], m->step_ms, step_ms);
	}
	m->step_ms = step_ms;
}

static void note_calibration(struct model *m, const struct model_prior *prior, const struct model_outcome *o)
{
	struct model_belief b;
	model_believe(m, prior, o->segment, o->time_ms, &b);
	double p = belief_mean(&b);
	unsigned bin = (unsigned)(p * MODEL_BINS);
	struct model_bin *at = &m->bins[bin < MODEL_BINS ? bin : MODEL_BINS - 1];
	at->trials++;
	at->accepted += o->accepted;
	at->expected_ppm += (uint64_t)(p * 1e6 + 0.5);
}

void model_learn(struct record *r, struct strpool *pool, const struct model_prior *prior, const struct model_outcome *o)
{
	struct model *m = model_own(r);
	model_fit(m, pool, prior);
	note_calibration(m, prior, o);
	int64_t step = step_of(o->time_ms, m->step_ms);
	if (!m->since_ms || o->time_ms < m->since_ms)
		m->since_ms = o->time_ms;
	m->control_trials += o->control;
	m->control_accepted += o->control && o->accepted;
	m->late += !cell_add(&m->own, step, 1, o->accepted);
	if (!o->segment.len || o->by != m->by)
		return;
	struct model_cell *c = cell_of(m, pool, o->segment);
	if (c)
		(void)cell_add(c, step, 1, o->accepted);
	else
		m->crowded++;
}

void model_forget(struct record *r, struct strpool *pool, int64_t time_ms)
{
	struct rare *rare = record_rare(r);
	model_destroy(rare->model, pool);
	rare->model = must_calloc(1, sizeof(*rare->model));
	rare->model->since_ms = time_ms;
}

/* 2^(-k/4) */
static double weight(unsigned k)
{
	static const double quarters[MODEL_STEPS_A_HALF_LIFE] = { 1.0, 0x1.ae89f995ad3adp-1, 0x1.6a09e667f3bcdp-1,
								  0x1.306fe0a31b715p-1 };
	return ldexp(quarters[k % MODEL_STEPS_A_HALF_LIFE], -(int)(k / MODEL_STEPS_A_HALF_LIFE));
}

void model_counts(const struct model *m, const struct model_cell *c, int64_t now_ms, double *trials, double *accepted)
{
	*trials = *accepted = 0;
	if (!m || !c || !m->step_ms)
		return;
	int64_t now = step_of(now_ms, m->step_ms);
	uint64_t age = now > c->newest ? (uint64_t)now - (uint64_t)c->newest : 0;
	for (unsigned i = 0; i < MODEL_BUCKETS && age + i < MODEL_BUCKETS; i++) {
		if (!c->trials[i])
			continue;
		double w = weight((unsigned)age + i);
		*trials += w * c->trials[i];
		*accepted += w * c->accepted[i];
	}
}

double belief_mean(const struct model_belief *b)
{
	double sum = b->alpha + b->beta;
	return sum > 0 ? b->alpha / sum : 0;
}

void model_believe(const struct model *m, const struct model_prior *prior, struct slice segment, int64_t now_ms,
		   struct model_belief *out)
{
	double n, s;
	model_counts(m, m ? &m->own : NULL, now_ms, &n, &s);
	*out = (struct model_belief){ prior->start * prior->evidence + s, (1 - prior->start) * prior->evidence + (n - s), n };
	if (out->alpha + out->beta <= 0) /* no evidence of any kind: the start as it stands */
		*out = (struct model_belief){ prior->start, 1 - prior->start, 0 };
	if (!segment.len)
		return;
	double mean = belief_mean(out);
	const struct model_cell *c = m && m->by == prior->by ? model_segment(m, segment) : NULL;
	model_counts(m, c, now_ms, &n, &s);
	*out = (struct model_belief){ mean * prior->strength + s, (1 - mean) * prior->strength + (n - s), n };
	if (out->alpha + out->beta <= 0)
		*out = (struct model_belief){ mean, 1 - mean, 0 };
}

static void put_cell(const struct model_cell *c, struct bytes *out)
{
	unsigned used = 0;
	bytes_put_string(out, str_slice(c->segment));
	bytes_put_varint(out, c->all_trials);
	bytes_put_varint(out, c->all_accepted);
	bytes_put_zigzag(out, c->newest);
	for (unsigned i = 0; i < MODEL_BUCKETS; i++)
		used = c->trials[i] ? i + 1 : used;
	bytes_put_varint(out, used);
	for (unsigned i = 0; i < used; i++) {
		bytes_put_varint(out, c->trials[i]);
		bytes_put_varint(out, c->accepted[i]);
	}
}

void model_encode(const struct model *m, struct bytes *out, bool digest)
{
	bytes_put_zigzag(out, m->since_ms);
	bytes_put_zigzag(out, m->step_ms);
	bytes_put_u32(out, m->by);
	bytes_put_varint(out, m->control_trials);
	bytes_put_varint(out, m->control_accepted);
	put_cell(&m->own, out);
	bytes_put_varint(out, m->cell_count);
	for (unsigned i = 0; i < m->cell_count; i++)
		put_cell(&m->cells[i], out);
	if (digest)
		return;
	bytes_put_varint(out, m->late);
	bytes_put_varint(out, m->crowded);
	for (unsigned i = 0; i < MODEL_BINS; i++) {
		bytes_put_varint(out, m->bins[i].trials);
		bytes_put_varint(out, m->bins[i].accepted);
		bytes_put_varint(out, m->bins[i].expected_ppm);
	}
}

/* The step and counts of buckets are bounded, so that nothing that is added to them later overflows. */
static bool take_cell(struct model_cell *c, struct reader *in, struct strpool *pool)
{
	struct slice segment = reader_string(in);
	if (segment.len > LIMIT_KEY_BYTES)
		return false;
	c->segment = text_opt(pool, segment);
	c->all_trials = codec_varint(in);
	c->all_accepted = codec_varint(in);
	c->newest = codec_zigzag(in);
	uint64_t used = codec_varint(in), last = 1;
	if (in->bad || used > MODEL_BUCKETS || c->newest > LIMIT_TIME_MAX_MS || c->newest < -LIMIT_TIME_MAX_MS)
		return false;
	for (unsigned i = 0; i < used; i++) {
		uint64_t trials = codec_varint(in), accepted = codec_varint(in);
		if (trials > UINT32_MAX || accepted > trials)
			return false;
		c->trials[i] = (uint32_t)trials;
		c->accepted[i] = (uint32_t)accepted;
		last = trials;
	}
	return !in->bad && last > 0 && c->all_accepted <= c->all_trials;
}

static bool take_cells(struct model *m, struct reader *in, struct strpool *pool)
{
	uint64_t count = codec_varint(in);
	if (in->bad || count > LIMIT_MODEL_SEGMENTS)
		return false;
	for (unsigned i = 0; i < count; i++) {
		ARRAY_INSERT(m->cells, m->cell_count, m->cell_cap, i, LIMIT_MODEL_SEGMENTS);
		m->cells[i] = (struct model_cell){ 0 };
		if (!take_cell(&m->cells[i], in, pool) || !m->cells[i].segment ||
		    (i > 0 && slice_compare(str_slice(m->cells[i - 1].segment), str_slice(m->cells[i].segment)) >= 0))
			return false;
	}
	return true;
}

static bool take_model(struct model *m, struct reader *in, struct strpool *pool)
{
	m->since_ms = codec_zigzag(in);
	m->step_ms = codec_zigzag(in);
	m->by = reader_u32(in);
	m->control_trials = codec_varint(in);
	m->control_accepted = codec_varint(in);
	if (in->bad || m->step_ms < 0 || m->step_ms > LIMIT_SPAN_MS || !take_cell(&m->own, in, pool) || m->own.segment ||
	    !take_cells(m, in, pool))
		return false;
	m->late = codec_varint(in);
	m->crowded = codec_varint(in);
	for (unsigned i = 0; i < MODEL_BINS; i++) {
		m->bins[i].trials = codec_varint(in);
		m->bins[i].accepted = codec_varint(in);
		m->bins[i].expected_ppm = codec_varint(in);
	}
	return !in->bad;
}

struct model *model_decode(struct reader *in, struct strpool *pool)
{
	struct model *m = must_calloc(1, sizeof(*m));
	if (take_model(m, in, pool))
		return m;
	model_destroy(m, pool);
	return NULL;
}
