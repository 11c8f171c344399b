/* tests/unit/test_turns.c: a loop with two connections, driven round by round: whoever sends much has no more of a round
 * than whoever sends little, and who waits for the disk is woken when it is done. Turns end at the first look at the clock here, so that the count of frames does not depend on
 * the machine. */
#include "base/error.h"
#include "net/loop.h"
#include "shard/engine.h"
#include "wire/frame.h"
#include "wire/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define FLOOD 64u
#define TURN_FRAMES 8u /* between two looks at the clock */
static const char hello[] = "\x06\x08\x01\x12\x02\x08\x01"; /* Request { request_id: 1, hello { version: 1 } } */
#define HELLO_BYTES (sizeof(hello) - 1)

struct world {
	char folder[32];
	struct engine *engine;
	struct loop loop;
	int many, few; /* the clients' ends */
};

static int connected(struct loop *l)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	atomic_fetch_add(&l->conn_count, 1);
	conn_open(l, &(struct arrival){ .stream = { .fd = ends[0] } });
	return ends[1];
}

static int set_up(void **state)
{
	struct world *w = *state = calloc(1, sizeof(*w));
	strcpy(w->folder, "/tmp/nudged-turns-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	struct engine_config config = { .data = w->folder, .shards = 1, .reserve_bytes = 1, .segment_bytes = 16 << 20,
					.sweep_ms = 3600000, .version = "test" }; /* no timer helps who is not woken */
	assert_int_equal(engine_open(&w->engine, &config, NULL, NULL), ERR_OK);
	assert_int_equal(engine_run(w->engine), ERR_OK);
	assert_int_equal(loop_create(&w->loop, engine_shard(w->engine, 0)), ERR_OK);
	w->loop.turn_ns = 0;
	w->many = connected(&w->loop);
	w->few = connected(&w->loop);
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[64];
	while (w->loop.conns)
		conn_close(w->loop.conns);
	loop_destroy(&w->loop);
	engine_close(w->engine);
	close(w->few);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void say_hello(int client, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(write(client, hello, HELLO_BYTES), HELLO_BYTES);
}

static unsigned answers(int client)
{
	static char in[1 << 16];
	ssize_t n = read(client, in, sizeof(in));
	struct slice rest = { in, n > 0 ? (size_t)n : 0 }, frame;
	size_t used, need;
	unsigned count = 0;
	for (; frame_next(rest, &frame, &used, &need) == FRAME_READY; count++)
		rest = (struct slice){ rest.data + used, rest.len - used };
	assert_int_equal(rest.len, 0);
	return count;
}

static void a_flood_has_its_turn_and_no_more(void **state)
{
	struct world *w = *state;
	say_hello(w->many, FLOOD);
	say_hello(w->few, 1);
	loop_round(&w->loop);
	assert_int_equal(answers(w->many), TURN_FRAMES);
	assert_int_equal(answers(w->few), 1);
	for (unsigned got = TURN_FRAMES; got < FLOOD; got += TURN_FRAMES) {
		say_hello(w->few, 1); /* comes in between, and is answered before the flood ends */
		loop_round(&w->loop);
		assert_int_equal(answers(w->many), TURN_FRAMES);
		assert_int_equal(answers(w->few), 1);
	}
	assert_null(w->loop.turns);
	close(w->many);
}

static void two_floods_take_turns(void **state)
{
	struct world *w = *state;
	say_hello(w->many, FLOOD);
	say_hello(w->few, FLOOD);
	for (unsigned got = 0; got < FLOOD; got += TURN_FRAMES) {
		loop_round(&w->loop);
		assert_int_equal(answers(w->many), TURN_FRAMES);
		assert_int_equal(answers(w->few), TURN_FRAMES);
	}
	close(w->many);
}

static void who_leaves_has_no_turn_any_more(void **state)
{
	struct world *w = *state;
	say_hello(w->many, FLOOD);
	say_hello(w->few, FLOOD);
	loop_round(&w->loop);
	assert_non_null(w->loop.turns);
	close(w->many);
	loop_round(&w->loop); /* its answers find nobody */
	assert_int_equal(w->loop.conn_count, 1);
	for (unsigned got = 0; got < FLOOD;) {
		unsigned count = answers(w->few);
		assert_true(count > 0);
		got += count;
		if (got < FLOOD)
			loop_round(&w->loop);
	}
	assert_null(w->loop.turns);
}

static void send_event(int client, unsigned number)
{
	struct bytes event = { 0 }, publish = { 0 }, request = { 0 }, frame = { 0 };
	char id[16];
	snprintf(id, sizeof(id), "e%u", number);
	struct event e = { .id = slice_of(id), .source = SLICE("test"), .customer = SLICE("c1"), .type = SLICE("call.ended"),
			   .time_ms = 1767225600000ll };
	event_encode(&e, &event);
	bytes_put_u8(&publish, 0x0a); /* Publish.events */
	bytes_put_string(&publish, bytes_slice(&event));
	bytes_put(&request, "\x08\x01\x1a", 3); /* request_id 1, publish */
	bytes_put_string(&request, bytes_slice(&publish));
	bytes_put_string(&frame, bytes_slice(&request));
	assert_int_equal(write(client, frame.data, frame.len), frame.len);
	bytes_finish(&event), bytes_finish(&publish), bytes_finish(&request), bytes_finish(&frame);
}

/* It rests when the journal has the event on disk, or is awake still, as it comes: it is answered in the next round either
 * way. One more is for an edge that came too late to matter. */
static void who_waits_for_the_disk_is_woken(void **state)
{
	struct world *w = *state;
	say_hello(w->many, 1);
	loop_round(&w->loop);
	assert_int_equal(answers(w->many), 1);
	for (unsigned i = 0; i < 300; i++) {
		unsigned rounds = 0;
		send_event(w->many, i);
		do {
			loop_round(&w->loop);
			assert_true(rounds++ < 4);
		} while (answers(w->many) == 0);
	}
	close(w->many);
}

/* Nobody tells a shard that is awake: it looks itself before it rests. */
static void who_is_awake_sees_what_the_disk_did(void **state)
{
	struct world *w = *state;
	say_hello(w->many, 1);
	loop_round(&w->loop);
	assert_int_equal(answers(w->many), 1);
	send_event(w->many, 0);
	loop_round(&w->loop);
	usleep(200000); /* on disk by now, with nobody told */
	loop_round(&w->loop); /* does not wait, but answers */
	assert_int_equal(answers(w->many), 1);
	close(w->many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_has_its_turn_and_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_floods_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_has_no_turn_any_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_for_the_disk_is_woken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_awake_sees_what_the_disk_did, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
