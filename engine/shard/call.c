/* shard/call.c: requests being answered: held until their parts are done and what they changed is on disk, then sent.
 */
#include "shard/call.h"

#include "access/roles.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#include <stdlib.h>

/* An acknowledgement and the names of the rules it fired. Hundreds of calls wait for the disk at once: 4 KiB each would
 * push everything else out of the CPU's caches. */
#define CALL_ARENA_BYTES 512u
#define SLOW_LOG_NS 1000000000u
#define KEEP_ANSWER_BYTES (16u * KIB) /* of a call that is used again */

struct call *call_create(struct shard *s, struct session *session, const struct request *r)
{
	struct call *c = s->free_calls;
	if (c) {
		s->free_calls = c->next;
	} else {
		c = must_calloc(1, sizeof(*c));
		arena_init(&c->arena, 0);
		c->arena.first_bytes = CALL_ARENA_BYTES;
	}
	c->next = NULL;
	c->session = session;
	c->request_id = r->id;
	c->kind = r->kind;
	c->hold_seq = c->held_ns = 0;
	c->failed = false;
	c->started_ns = s->now_ns;
	c->waiting = 1;
	session->in_flight++;
	return c;
}

static void call_recycle(struct shard *s, struct call *c)
{
	while (c->parts) {
		struct work *w = c->parts;
		c->parts = w->next;
		work_destroy(w);
	}
	c->session = NULL;
	c->acks = NULL;
	c->ack_count = 0;
	arena_reset(&c->arena);
	if (c->answer.cap > KEEP_ANSWER_BYTES)
		bytes_finish(&c->answer);
	bytes_clear(&c->answer);
	c->next = s->free_calls;
	s->free_calls = c;
}

void call_destroy(struct call *c)
{
	while (c->parts) {
		struct work *w = c->parts;
		c->parts = w->next;
		work_destroy(w);
	}
	if (c->session && --c->session->in_flight == 0 && c->session->closed)
		c->session->release(c->session);
	arena_finish(&c->arena);
	bytes_finish(&c->answer);
	free(c);
}

void session_output(struct shard *s, struct session *session)
{
	if (session->dirty || session->closed)
		return;
	session->dirty = true;
	session->next_dirty = s->dirty;
	s->dirty = session;
}

/* It waited since held_ns; its answer was encoded since then. Each of its events did wait so long. */
static void measure(struct shard *s, const struct call *c, uint64_t from_ns)
{
	struct stages *stages = &s->machine.stages;
	stages_add(stages, STAGE_HOLD, (from_ns - c->held_ns) * c->ack_count, c->ack_count);
	stages_add(stages, STAGE_ANSWER, clock_mono_ns() - from_ns, c->ack_count);
}

/* Where all are slow, one a second tells it; the count tells the rest. */
static void note_slow(struct engine *e, const struct call *c, uint64_t took, uint64_t now_ns)
{
	uint64_t before = atomic_load(&e->slow_logged_ns), count = atomic_fetch_add(&e->slow_requests, 1) + 1;
	if ((before && now_ns - before < SLOW_LOG_NS) || !atomic_compare_exchange_strong(&e->slow_logged_ns, &before, now_ns))
		return;
	log_id(LOG_ID_SLOW_REQUEST);
	log_field(LOG_REQUEST, "%s", kind_name(c->kind));
	log_warn("slow request: %s took %.1f ms (id %llu, %u parts); %llu slow ones so far. `nudgectl status --stages` says where the "
		 "time goes", kind_name(c->kind), (double)took / 1e6, (unsigned long long)c->request_id,
		 c->ack_count ? c->ack_count : 1, (unsigned long long)count);
}

static void answer(struct shard *s, struct call *c, uint64_t now_ns)
{
	struct session *session = c->session;
	uint64_t from_ns = c->held_ns ? clock_mono_ns() : 0;
	(void)fault_hit(reply_before_send);
	if (!session->closed) {
		if (c->kind == REQUEST_PUBLISH)
			response_published(&session->out, c->request_id, c->acks, c->ack_count);
		else if (c->kind == REQUEST_OUTCOME)
			response_outcome(&session->out, c->request_id, c->acks);
		else
			bytes_put(&session->out, c->answer.data, c->answer.len);
		session_output(s, session);
	}
	s->unsent += c->ack_count ? c->ack_count : 1;
	if (c->held_ns)
		measure(s, c, from_ns);
	uint64_t took = now_ns - c->started_ns;
	uint64_t slow_ns = atomic_load_explicit(&s->engine->slow_request_ns, memory_order_relaxed);
	if (slow_ns && took > slow_ns && c->kind != REQUEST_ERASE) /* that reads the whole journal, and is logged with its time */
		note_slow(s->engine, c, took, now_ns);
	if (c->kind == REQUEST_PUBLISH)
		histogram_add(&s->counts.publish_ns, took);
	else if (c->kind == REQUEST_RECOMMEND)
		histogram_add(&s->counts.recommend_ns, took);
	call_recycle(s, c);
	if (--session->in_flight == 0 && session->closed)
		session->release(session);
}

void call_part_done(struct shard *s, struct call *c)
{
	if (c->waiting)
		return;
	if (c->hold_seq == 0 || (!s->hold && c->hold_seq <= journal_durable(s->engine->journal))) {
		answer(s, c, clock_mono_ns());
		return;
	}
	c->next = NULL;
	if (s->hold_tail)
		s->hold_tail->next = c;
	else
		s->hold = c;
	s->hold_tail = c;
}

void hold_release(struct shard *s)
{
	uint64_t durable = s->durable_seen = journal_durable(s->engine->journal);
	if (!s->hold || s->hold->hold_seq > durable)
		return;
	uint64_t now_ns = clock_mono_ns();
	while (s->hold && s->hold->hold_seq <= durable) {
		struct call *c = s->hold;
		s->hold = c->next;
		if (!s->hold)
			s->hold_tail = NULL;
		__builtin_prefetch(s->hold);
		answer(s, c, now_ns);
	}
}

void call_error(struct shard *s, struct session *session, uint64_t request_id)
{
	response_error(&session->out, request_id, error_last());
	session_output(s, session);
}
