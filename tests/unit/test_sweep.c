/* The write-behind of one shard, driven by hand: what a sweep stores, what changes meanwhile, what is evicted. */
#include "wire_help.h"

#include "base/check.h"
#include "base/log.h"
#include "shard/parts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CUSTOMERS 40u /* of one hash slot: more than a tick takes */

struct world {
	char dir[64];
	struct engine *engine;
	struct shard *shard;
	struct session session;
	struct bytes packed;
	char names[CUSTOMERS][16];
	unsigned events;
};

static void flush(struct session *s)
{
	bytes_clear(&s->out);
}

static void nothing(struct session *s)
{
}

static void send_request(struct world *w, Nudge__V1__Request *r)
{
	bytes_clear(&w->packed);
	struct slice frame = wire_pack(&r->base, &w->packed);
	enum shard_take took;
	while ((took = shard_frame(w->shard, &w->session, frame)) == SHARD_PAUSE) {
		usleep(1000); /* the journal's next segment is being prepared */
		shard_wake(w->shard);
	}
	assert_int_equal(took, SHARD_TOOK);
}

static void open_world(struct world *w)
{
	struct engine_config config = { .data = w->dir, .shards = 1, .cache_bytes = 1, .sweep_ms = 1, .segment_bytes = MIB,
					.reserve_bytes = 1, .version = "test" };
	assert_int_equal(engine_open(&w->engine, &config, NULL, NULL), ERR_OK);
	assert_int_equal(engine_run(w->engine), ERR_OK);
	w->shard = engine_shard(w->engine, 0);
	w->session = (struct session){ .flush = flush, .resume = nothing, .release = nothing };
	shard_session_open(w->shard, &w->session);
	Nudge__V1__Hello hello = NUDGE__V1__HELLO__INIT;
	Nudge__V1__Request r = NUDGE__V1__REQUEST__INIT;
	hello.version = 1;
	r.request_id = 1;
	r.body_case = NUDGE__V1__REQUEST__BODY_HELLO;
	r.hello = &hello;
	send_request(w, &r);
	shard_settle(w->shard);
}

static void close_world(struct world *w)
{
	engine_close(w->engine);
	bytes_finish(&w->session.out);
}

static int set_up(void **state)
{
	struct world *w = must_calloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/nudged-sweep-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	unsigned found = 0;
	for (unsigned n = 0; found < CUSTOMERS; n++) {
		int len = snprintf(w->names[found], sizeof(w->names[found]), "c%u", n);
		struct subject subject = subject_of(SUBJECT_CUSTOMER, (struct slice){ w->names[found], (size_t)len });
		found += subject_slot(&subject) == 7;
	}
	open_world(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	struct world *w = *state;
	close_world(w);
	bytes_finish(&w->packed);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	CHECK(system(command) == 0);
	free(w);
	return 0;
}

static void publish(struct world *w, const char *customer)
{
	char id[16];
	Nudge__V1__Event e = NUDGE__V1__EVENT__INIT, *events[] = { &e };
	Nudge__V1__Publish p = NUDGE__V1__PUBLISH__INIT;
	Nudge__V1__Request r = NUDGE__V1__REQUEST__INIT;
	snprintf(id, sizeof(id), "e%u", w->events++);
	e.id = id;
	e.source = "test";
	e.customer = (char *)(uintptr_t)customer;
	e.type = "call.ended";
	p.n_events = 1;
	p.events = events;
	r.request_id = w->events + 1;
	r.body_case = NUDGE__V1__REQUEST__BODY_PUBLISH;
	r.publish = &p;
	send_request(w, &r);
}

/* One event for each customer, all of them durable. */
static void publish_all(struct world *w)
{
	for (unsigned i = 0; i < CUSTOMERS; i++)
		publish(w, w->names[i]);
	shard_settle(w->shard);
	struct pollfd woken = { .fd = shard_fd(w->shard), .events = POLLIN };
	while (w->session.in_flight) {
		if (shard_rest(w->shard))
			poll(&woken, 1, -1);
		shard_wake(w->shard);
	}
}

/* A tick, and what it gave the store thread comes back. */
static void tick(struct world *w)
{
	struct pollfd woken = { .fd = shard_fd(w->shard), .events = POLLIN };
	usleep(2000);
	shard_tick(w->shard);
	while (w->shard->sweep.chunks_out) {
		if (shard_rest(w->shard))
			poll(&woken, 1, -1);
		shard_wake(w->shard);
	}
}

static void tick_until_clean(struct world *w)
{
	unsigned ticks = 0;
	while (w->shard->cache.dirty_count || w->shard->sweep.active || w->shard->cache.count) {
		tick(w);
		assert_true(ticks++ < 100);
	}
}

static uint64_t stored(const struct world *w)
{
	return counter_get(&w->shard->counts.stored);
}

static void test_all_stored_and_evicted(void **state)
{
	struct world *w = *state;
	publish_all(w);
	assert_int_equal(w->shard->cache.count, CUSTOMERS);
	tick_until_clean(w);
	assert_int_equal(stored(w), CUSTOMERS);
}

/* Records that change after the sweep took their list and before it stored them are listed again and clean: the next one
 * must leave them alone, as they may be evicted at any time. */
static void test_changed_while_taken(void **state)
{
	struct world *w = *state;
	w->shard->cache.limit_bytes = MIB; /* no hurry */
	publish_all(w);
	tick(w);
	uint64_t first = stored(w);
	assert_in_range(first, 1, CUSTOMERS - 1);
	publish_all(w);
	w->shard->cache.limit_bytes = 1;
	tick_until_clean(w);
	assert_int_equal(stored(w), CUSTOMERS + first);
}

/* Memory full of records that the store does not have: the next sweep does not wait for its time. */
static void test_full_cache_hurries(void **state)
{
	struct world *w = *state;
	w->shard->engine->config.sweep_ms = 3600000;
	w->shard->cache.limit_bytes = MIB;
	publish_all(w);
	usleep(150000);
	for (unsigned i = 0; i < 4; i++)
		tick(w);
	assert_int_equal(stored(w), 0);
	w->shard->cache.limit_bytes = 1;
	for (unsigned i = 0; i < 4; i++)
		tick(w);
	assert_int_equal(stored(w), CUSTOMERS);
}

/* What was stored is what is read back. */
static void test_read_back(void **state)
{
	struct world *w = *state;
	uint64_t last[CUSTOMERS];
	publish_all(w);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(w->names[i]));
		last[i] = cache_peek(&w->shard->cache, &subject)->record->seq;
	}
	tick_until_clean(w);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(w->names[i]));
		struct slot *slot;
		assert_int_equal(cache_get(&w->shard->cache, &subject, false, &slot), ERR_OK);
		assert_non_null(slot);
		assert_int_equal(slot->record->seq, last[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_stored_and_evicted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changed_while_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_cache_hurries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_back, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
