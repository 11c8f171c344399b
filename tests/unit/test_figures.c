/* The daemon's figures over time, sampled by hand with a clock of our own: what came in each interval, percentiles of the
 * interval's own requests, rings that forget, and the largest answer. */
#include "wire_help.h"

#include "base/check.h"
#include "base/log.h"
#include "shard/parts.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>

struct world {
	char dir[64];
	struct engine *engine;
	struct figures_seen seen;
	struct bytes answer;
	Nudge__V1__Response *response;
};

static void open_world(struct world *w, unsigned shards)
{
	struct engine_config config = { .data = w->dir, .shards = shards, .cache_bytes = MIB, .segment_bytes = MIB,
					.reserve_bytes = 1, .version = "test" };
	snprintf(w->dir, sizeof(w->dir), "/tmp/nudged-figures-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(engine_open(&w->engine, &config, NULL, NULL), ERR_OK);
	w->seen = (struct figures_seen){ .now_ms = 1000000, .now_ns = 7 };
	engine_sample(w->engine, &w->seen);
}

static void close_world(struct world *w)
{
	char command[96];
	if (w->response)
		nudge__v1__response__free_unpacked(w->response, NULL);
	bytes_finish(&w->answer);
	engine_close(w->engine);
	snprintf(command, sizeof(command), "rm -r %s", w->dir);
	assert_int_equal(system(command), 0);
}

static void sample(struct world *w, int64_t after_ms)
{
	w->seen.now_ms += after_ms;
	w->seen.now_ns += (uint64_t)after_ms * 1000000u;
	engine_sample(w->engine, &w->seen);
}

static const Nudge__V1__History *ask(struct world *w, int64_t since_ms, int64_t step_ms)
{
	struct slice body;
	size_t used, need;
	if (w->response)
		nudge__v1__response__free_unpacked(w->response, NULL);
	bytes_clear(&w->answer);
	assert_int_equal(engine_history(w->engine, 3, since_ms, step_ms, &w->answer), ERR_OK);
	assert_int_equal(frame_next(bytes_slice(&w->answer), &body, &used, &need), FRAME_READY);
	w->response = nudge__v1__response__unpack(NULL, body.len, (const uint8_t *)body.data);
	assert_non_null(w->response);
	assert_int_equal(w->response->request_id, 3);
	assert_int_equal(w->response->body_case, NUDGE__V1__RESPONSE__BODY_HISTORY);
	return w->response->history;
}

static const double *figure(const Nudge__V1__History *h, const char *name, const char *shard)
{
	for (size_t i = 0; i < h->n_figures; i++)
		if (strcmp(h->figures[i]->name, name) == 0 && strcmp(h->figures[i]->shard, shard) == 0) {
			assert_int_equal(h->figures[i]->n_values, h->n_ends_ms);
			return h->figures[i]->values;
		}
	fail_msg("there is no figure %s", name);
	return NULL;
}

static void each_interval_has_its_own(void **state)
{
	struct world w = { 0 };
	open_world(&w, 2);
	struct shard_counts *one = &w.engine->shards[0]->counts, *two = &w.engine->shards[1]->counts;
	const Nudge__V1__History *h = ask(&w, 0, 0);
	assert_true(h->sampled && h->n_ends_ms == 0 && h->step_ms == FIGURES_STEP_MS);
	counter_add(&one->accepted, 3);
	counter_add(&two->accepted, 4);
	histogram_add(&one->publish_ns, 1000000);
	w.seen.shard_cpu_ns[1] = 2500000000u;
	sample(&w, 5000);
	counter_add(&two->accepted, 5);
	histogram_add(&two->publish_ns, 8000000);
	sample(&w, 10000);
	sample(&w, 5000);
	h = ask(&w, 0, 5000);
	assert_int_equal(h->n_ends_ms, 3);
	assert_int_equal(h->ends_ms[0], 1005000);
	assert_int_equal(h->spans_ms[1], 10000);
	const double *events = figure(h, "events", "");
	assert_true(events[0] == 7 && events[1] == 5 && events[2] == 0);
	events = figure(h, "shard_events", "1");
	assert_true(events[0] == 4 && events[1] == 5);
	const double *busy = figure(h, "shard_busy", "1");
	assert_true(busy[0] == 50 && busy[1] == 0);
	const double *longest = figure(h, "publish_max", "");
	assert_true(longest[0] >= 1000 && longest[0] < 1125 && longest[1] >= 8000 && longest[1] < 9000 && longest[2] == 0);
	h = ask(&w, 1005000, 0);
	assert_int_equal(h->n_ends_ms, 0); /* so long ago that only minutes are told, and none is over */
	h = ask(&w, 1005000, FIGURES_STEP_MS);
	assert_int_equal(h->n_ends_ms, 2);
	close_world(&w);
}

static void only_two_steps_are_kept(void **state)
{
	struct world w = { 0 };
	open_world(&w, 1);
	bytes_clear(&w.answer);
	assert_int_equal(engine_history(w.engine, 1, 0, 1000, &w.answer), ERR_INVALID);
	assert_string_equal(error_last()->field, "step_ms");
	assert_int_equal(w.answer.len, 0);
	close_world(&w);
}

/* A day and an hour more, on the largest daemon: what is older is forgotten, minutes have all that their samples had, and
 * the answer is one frame. */
static void rings_forget(void **state)
{
	struct world w = { 0 };
	open_world(&w, LIMIT_SHARDS);
	double all = 0;
	unsigned samples = FIGURES_LONG_KEPT * FIGURES_LONG_STEP_MS / FIGURES_STEP_MS + 720;
	for (unsigned i = 0; i < samples; i++) {
		counter_add(&w.engine->shards[i % LIMIT_SHARDS]->counts.accepted, i);
		sample(&w, FIGURES_STEP_MS);
	}
	const Nudge__V1__History *h = ask(&w, 0, FIGURES_STEP_MS);
	assert_int_equal(h->n_ends_ms, FIGURES_KEPT);
	assert_true(figure(h, "events", "")[FIGURES_KEPT - 1] == samples - 1);
	assert_true(figure(h, "events", "")[0] == samples - FIGURES_KEPT);
	h = ask(&w, 0, FIGURES_LONG_STEP_MS);
	assert_int_equal(h->n_ends_ms, FIGURES_LONG_KEPT);
	assert_int_equal(h->ends_ms[1] - h->ends_ms[0], FIGURES_LONG_STEP_MS);
	for (unsigned i = 0; i < FIGURES_LONG_KEPT; i++)
		all += figure(h, "events", "")[i];
	double before = 720; /* samples of the hour that is forgotten: 0, 1 … 719 */
	assert_true(all == (double)samples * (samples - 1) / 2 - before * (before - 1) / 2);
	assert_true(w.answer.len > LIMIT_FRAME_BYTES / 2);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_interval_has_its_own),
		cmocka_unit_test(only_two_steps_are_kept),
		cmocka_unit_test(rings_forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
