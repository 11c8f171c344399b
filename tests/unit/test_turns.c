/* tests/unit/test_turns.c: a loop with two connections, driven round by round: whoever sends much has no more of a round
 * than whoever sends little. Turns end at the first look at the clock here, so that the count of frames does not depend on
 * the machine. */
#include "base/error.h"
#include "net/loop.h"
#include "shard/engine.h"
#include "wire/frame.h"

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
	conn_open(l, ends[0]);
	return ends[1];
}

static int set_up(void **state)
{
	struct world *w = *state = calloc(1, sizeof(*w));
	strcpy(w->folder, "/tmp/nudged-turns-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	struct engine_config config = { .data = w->folder, .shards = 1, .reserve_bytes = 1, .segment_bytes = 1 << 20,
					.version = "test" };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_has_its_turn_and_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_floods_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_has_no_turn_any_more, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
