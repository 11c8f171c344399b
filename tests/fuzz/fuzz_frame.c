/* Fuzz target: a connection's byte stream: frames, requests, and each published event by itself, in an arena with the
 * daemon's own budget. Beside the absence of crashes: what is taken keeps its bounds, and every refusal says something.
 */
#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "wire/frame.h"
#include "wire/request.h"

#define NOW_MS 1767225600000ll

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(int rc)
{
	CHECK(rc < 0 && error_last()->code == rc && error_last()->text[0]);
}

static void one_event(struct slice bytes, struct arena *arena)
{
	struct event e;
	int rc = event_decode(&e, bytes, arena, NOW_MS);
	if (rc != ERR_OK) {
		check_refusal(rc);
		return;
	}
	CHECK(e.id.len && e.id.len <= LIMIT_ID_BYTES && e.source.len && e.type.len);
	CHECK((e.customer.len > 0) != (e.alias.len > 0));
	CHECK(e.time_ms >= 0 && e.time_ms <= NOW_MS + LIMIT_SKEW_MS);
	CHECK(e.attr_count <= LIMIT_ATTRIBUTES);
	for (size_t i = 0; i < e.attr_count; i++)
		CHECK(e.attrs[i].value.kind != VALUE_UNKNOWN && e.attrs[i].name.len);
}

static void one_request(struct slice body)
{
	struct arena arena;
	struct request r;
	arena_init(&arena, body.len * LIMIT_FRAME_ARENA_FACTOR + 4096);
	struct slice named[4];
	unsigned found = request_glance(body, named, 4);
	CHECK(found <= 4);
	for (unsigned i = 0; i < found; i++)
		CHECK(named[i].len >= 1 && named[i].data >= body.data &&
		      named[i].data + named[i].len <= body.data + body.len);
	int rc = request_decode(&r, body, &arena);
	if (rc != ERR_OK) {
		check_refusal(rc);
	} else {
		CHECK(r.id != 0 && r.kind >= REQUEST_HELLO && r.kind <= REQUEST_UNFOLLOW);
		for (size_t i = 0; r.kind == REQUEST_PUBLISH && i < r.publish.count; i++)
			one_event(r.publish.events[i], &arena);
		struct slice alias;
		if (r.kind == REQUEST_RESOLVE_ALIAS)
			(void)alias_normalize(r.resolve.alias, &arena, &alias);
	}
	CHECK(arena.used <= arena.budget);
	arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	while (in.len) {
		struct slice body;
		size_t used, need = 0;
		enum frame_result result = frame_next(in, &body, &used, &need);
		if (result == FRAME_MORE)
			CHECK(need > in.len);
		if (result != FRAME_READY)
			break;
		CHECK(used <= in.len && used > 0);
		one_request(body);
		in = (struct slice){ in.data + used, in.len - used };
	}
	return 0;
}
