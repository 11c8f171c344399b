/* Input that means harm: it gets an error, in bounded memory, and never more. Random mutations are tests/fuzz's. */
#include "wire_help.h"

#include "wire/frame.h"
#include "wire/request.h"

#include <stdlib.h>

static struct arena arena;
static struct request r;
static struct event e;

static int start(void **state)
{
	arena_init(&arena, LIMIT_FRAME_BYTES * LIMIT_FRAME_ARENA_FACTOR);
	return 0;
}

static int stop(void **state)
{
	arena_finish(&arena);
	return 0;
}

/* One field of bytes around what is in `b`, in front of it: content is built from the inside out, backwards. */
static size_t wrap(char *end, size_t len, uint8_t tag)
{
	char prefix[6] = { (char)tag };
	size_t n = 1;
	for (size_t rest = len; n == 1 || rest; rest >>= 7)
		prefix[n++] = (char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
	memcpy(end - len - n, prefix, n);
	return len + n;
}

static void nested_20000_deep(void **state)
{
	static char block[LIMIT_FRAME_BYTES];
	static const uint8_t tags[] = { 0x1a, 0x0a, 0x5a, 0x12, 0x7a, 0xfa };
	char *end = block + sizeof(block);
	for (size_t t = 0; t < sizeof(tags); t++) {
		size_t len = 0;
		for (int depth = 0; depth < 20000; depth++)
			len = wrap(end, len, tags[t]);
		struct slice deep = { end - len, len };
		assert_true(request_decode(&r, deep, &arena) < 0);
		assert_true(event_decode(&e, deep, &arena, NOW_MS) < 0);
		/* and inside a Publish that is right */
		len = wrap(end, len, 0x0a);
		len = wrap(end, len, 0x1a);
		memcpy(end - len - 2, "\x08\x01", 2);
		arena_reset(&arena);
		assert_int_equal(request_decode(&r, (struct slice){ end - len - 2, len + 2 }, &arena), ERR_OK);
		assert_int_equal(r.publish.count, 1);
		assert_true(event_decode(&e, r.publish.events[0], &arena, NOW_MS) < 0);
		assert_true(arena.used < 65536);
	}
}

/* A frame that is nothing but empty nested messages: two bytes each on the wire. */
static void a_million_of_nothing(void **state)
{
	static const uint8_t bodies[] = { 0x1a, 0x5a, 0x22 }; /* publish, activate_pack, recommend */
	static const uint8_t fields[] = { 0x0a, 0x12, 0x7a };
	static char block[LIMIT_FRAME_BYTES];
	char *end = block + sizeof(block);
	for (size_t k = 0; k < 3; k++) {
		size_t len = 1000000;
		for (size_t i = 0; i < len; i += 2) {
			end[-(long)len + (long)i] = (char)fields[k];
			end[-(long)len + (long)i + 1] = 0;
		}
		len = wrap(end, len, bodies[k]);
		memcpy(end - len - 2, "\x08\x05", 2);
		arena_reset(&arena);
		assert_int_equal(request_decode(&r, (struct slice){ end - len - 2, len + 2 }, &arena), ERR_LIMIT);
		assert_int_equal(r.id, 5);
		assert_true(arena.used < 65536);
	}
}

static Nudge__V1__Request *sample(void)
{
	static Nudge__V1__Attribute mood = NUDGE__V1__ATTRIBUTE__INIT, topic = NUDGE__V1__ATTRIBUTE__INIT;
	static Nudge__V1__Attribute *attrs[] = { &mood, &topic };
	static Nudge__V1__Event event = NUDGE__V1__EVENT__INIT, *events[] = { &event, &event };
	static Nudge__V1__Publish publish = NUDGE__V1__PUBLISH__INIT;
	static Nudge__V1__Request request = NUDGE__V1__REQUEST__INIT;
	mood.name = "mood";
	mood.value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
	mood.number = 0.25;
	topic.name = "topic";
	topic.value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
	topic.text = "bill";
	event.id = "e";
	event.source = "s";
	event.customer = "c";
	event.type = "call.ended";
	event.time_ms = NOW_MS;
	event.attributes = attrs;
	event.n_attributes = 2;
	publish.events = events;
	publish.n_events = 2;
	request.request_id = 300;
	request.body_case = NUDGE__V1__REQUEST__BODY_PUBLISH;
	request.publish = &publish;
	return &request;
}

static void decode_all(struct slice frame)
{
	arena_reset(&arena);
	if (request_decode(&r, frame, &arena) == ERR_OK && r.kind == REQUEST_PUBLISH)
		for (size_t i = 0; i < r.publish.count; i++)
			(void)event_decode(&e, r.publish.events[i], &arena, NOW_MS);
}

/* Each on a block of exactly its size, so that a sanitizer sees a byte too many being read. */
static void cut_anywhere(void **state)
{
	struct bytes b = { 0 };
	wire_pack(&sample()->base, &b);
	for (size_t len = 0; len < b.len; len++) {
		char *copy = malloc(len ? len : 1);
		memcpy(copy, b.data, len);
		decode_all((struct slice){ copy, len });
		assert_true(len < 3 || request_decode(&r, (struct slice){ copy, len }, &arena) < 0);
		free(copy);
	}
	bytes_finish(&b);
}

static void every_byte_every_value(void **state)
{
	struct bytes b = { 0 };
	wire_pack(&sample()->base, &b);
	for (size_t at = 0; at < b.len; at++) {
		char was = b.data[at];
		for (unsigned v = 0; v < 256; v++) {
			b.data[at] = (char)v;
			decode_all(bytes_slice(&b));
		}
		b.data[at] = was;
	}
	bytes_finish(&b);
}

/* The arena's budget is the last line: decoding says so and stops. */
static void a_spent_arena_is_an_error(void **state)
{
	struct arena small;
	struct bytes b = { 0 };
	arena_init(&small, 16);
	assert_non_null(arena_alloc(&small, 16));
	assert_refused(request_decode(&r, wire_pack(&sample()->base, &b), &small), ERR_LIMIT, "events",
		       "limit_frame_arena_factor");
	decode_all(bytes_slice(&b));
	assert_refused(event_decode(&e, r.publish.events[0], &small, NOW_MS), ERR_LIMIT, "attributes",
		       "limit_frame_arena_factor");
	struct slice out;
	assert_int_equal(alias_normalize(SLICE("a@b"), &small, &out), ERR_LIMIT);
	bytes_finish(&b);
	arena_finish(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_20000_deep),
		cmocka_unit_test(a_million_of_nothing),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(every_byte_every_value),
		cmocka_unit_test(a_spent_arena_is_an_error),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
