/* bench/micro_path.c: the stages of the path in memory: frame, decode, window, apply, decide, encode. */
#include "micro.h"

#include "base/error.h"
#include "wire/frame.h"
#include "wire/request.h"

#include <err.h>

static struct slice body_of(struct slice stream)
{
	struct slice body;
	size_t used, need;
	if (frame_next(stream, &body, &used, &need) != FRAME_READY)
		errx(1, "a frame of the workload: %s", error_last()->text);
	return body;
}

static void run_frame(struct micro *m, unsigned count)
{
	struct arena arena;
	struct request r;
	arena_init(&arena, 0);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		arena_reset(&arena);
		request_decode(&r, body_of(m->events[i % MICRO_FRAMES]), &arena);
		m->sink += r.id;
	}
	micro_end();
	arena_finish(&arena);
}

static struct event *decode_all(struct micro *m, struct arena *arena, struct slice *raw)
{
	struct event *events = arena_alloc(arena, MICRO_FRAMES * sizeof(*events));
	struct request r;
	for (unsigned i = 0; i < MICRO_FRAMES; i++) {
		if (request_decode(&r, body_of(m->events[i]), arena) != ERR_OK ||
		    event_decode(&events[i], r.publish.events[0], arena, -1) != ERR_OK)
			errx(1, "an event of the workload: %s", error_last()->text);
		if (raw)
			raw[i] = r.publish.events[0];
	}
	return events;
}

static void run_decode(struct micro *m, unsigned count)
{
	static struct slice raw[MICRO_FRAMES];
	struct arena arena, all;
	struct event e;
	arena_init(&arena, 0);
	arena_init(&all, 0);
	decode_all(m, &all, raw);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		arena_reset(&arena);
		event_decode(&e, raw[i % MICRO_FRAMES], &arena, -1);
		m->sink += e.id_hash;
	}
	micro_end();
	arena_finish(&arena);
	arena_finish(&all);
}

/* An hour of texts in steps of five minutes: one added, the hour summed. */
static void run_window(struct micro *m, unsigned count)
{
	struct window_spec spec = { .keeping = WINDOW_GRAIN, .grain_ms = 300000, .keep_ms = 3600000 };
	struct window *w = window_create(&spec);
	struct window_undo undo;
	struct window_sums sums;
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		int64_t now = 1800000000000ll + (int64_t)i * 977;
		window_add(w, &spec, m->machine.pack->zone, now, 0, &undo);
		window_sum(w, &spec, now - 3600000, now, NULL, &sums);
		m->sink += sums.count;
	}
	micro_end();
	window_destroy(w);
}

static void run_apply(struct micro *m, unsigned count)
{
	static struct applied applied;
	static uint64_t seq = 1u << 20;
	static int64_t now_ms = 1800003600000ll;
	struct arena all;
	arena_init(&all, 0);
	struct event *events = decode_all(m, &all, NULL);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		struct event *e = &events[i % MICRO_FRAMES];
		struct record *r = m->records[i % MICRO_CUSTOMERS];
		struct apply_input in = { .received_at_ms = now_ms += 350 }; /* 40 events an hour each */
		e->time_ms = now_ms;
		e->id_hash += 0x9e3779b97f4a7c15u; /* another event than the last time round */
		if (seen_ask(r, e->id_hash, e->content_hash, e->time_ms) != SEEN_NEW)
			errx(1, "an event that is no new one");
		arena_reset(&m->machine.arena);
		machine_apply_event(&m->machine, r, e, &in, &applied);
		r->seq = ++seq;
		applied_set_seq(&applied, r->seq);
		m->sink += applied.outcome;
	}
	micro_end();
	arena_finish(&all);
}

static void run_decide(struct micro *m, unsigned count)
{
	static struct decision d;
	struct arena arena;
	arena_init(&arena, 0);
	struct request *asked = arena_alloc(&arena, MICRO_FRAMES * sizeof(*asked));
	for (unsigned i = 0; i < MICRO_FRAMES; i++)
		request_decode(&asked[i], body_of(m->requests[i]), &arena);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		const struct request_recommend *q = &asked[i % MICRO_FRAMES].recommend;
		struct decide_subjects subjects = { .customer = m->records[i % MICRO_CUSTOMERS] };
		struct foreign_reads foreign = { 0 };
		struct ask ask = { .member = q->member, .channel = q->channel, .intent = q->intent, .mood = q->mood,
				   .has_mood = q->has_mood, .now_ms = 1800007200000ll };
		arena_reset(&m->machine.arena);
		machine_decide(&m->machine, &subjects, &ask, &foreign, &d);
		m->sink += d.choice_count;
	}
	micro_end();
	arena_finish(&arena);
}

static void run_encode(struct micro *m, unsigned count)
{
	struct bytes b = { 0 };
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		bytes_clear(&b);
		record_encode(m->records[i % MICRO_CUSTOMERS], &b);
		m->sink += b.len;
	}
	micro_end();
	bytes_finish(&b);
}

static void run_load(struct micro *m, unsigned count)
{
	struct bytes b = { 0 };
	struct record *r;
	record_encode(m->records[0], &b);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		if (record_decode(&r, m->machine.pool, bytes_slice(&b)) != ERR_OK)
			errx(1, "a record: %s", error_last()->text);
		record_destroy(r, m->machine.pool);
	}
	micro_end();
	bytes_finish(&b);
}

static void run_digest(struct micro *m, unsigned count)
{
	micro_begin();
	for (unsigned i = 0; i < count; i++)
		m->sink += record_digest(m->records[i % MICRO_CUSTOMERS]).low;
	micro_end();
}

const struct stage_decl stages_path[] = {
	{ "frame", "frame found, request decoded", run_frame, 400000 },
	{ "decode", "one event decoded, checked and hashed", run_decode, 400000 },
	{ "window", "added to a sliding hour, the hour summed", run_window, 400000 },
	{ "apply", "one event applied: duplicates, timeline, series, rules", run_apply, 200000 },
	{ "decide", "20 actions: gates, scores, ranking, words, reasons", run_decide, 40000 },
	{ "encode", "a record to bytes, for the store", run_encode, 100000 },
	{ "load", "a record from bytes, and freed", run_load, 100000 },
	{ "digest", "a record's digest", run_digest, 100000 },
	{ 0 },
};
